//! Traders with an opinion of what the instrument is worth: they buy what is cheap by it and sell what is dear, some by the second,
//! some by the minute.
//!
//! Source: the fundamentalists of Lux and Marchesi (1999) and of Chiarella, Iori and Perello (2009), each with a horizon.

use super::own::OwnOrders;
use super::{Agent, World};
use crate::prng::Prng;
use crate::scenario::reader::{Section, duration};
use plimsoll_text::Error;
use plimsoll_types::{AccountId, Command, Event, Side, Ts};

/// How far through the touch an order goes, ticks.
const THROUGH: i64 = 15;
/// Part of an opinion that one look leaves of it: the rest is drawn anew. 15 / 16, so that an opinion lasts some sixteen looks.
const KEPT: i64 = 15;
/// See [`KEPT`].
const KEPT_OF: i64 = 16;
/// Binary places of an opinion.
const PLACES: u32 = 16;

/// Traders with an opinion, of one instrument.
#[derive(Clone, Debug)]
pub struct Fundamental {
    /// How many.
    pub accounts: u32,
    /// Mean time between two looks, nanoseconds; of several, the n-th trader takes the n-th in turn.
    pub every: Vec<Ts>,
    /// Standard deviation of their opinions around the value, ticks.
    pub doubt: i64,
    /// How far the mark must lie from an opinion, ticks.
    pub threshold: i64,
    /// Lots an order.
    pub lots: u64,
    /// Largest position, lots.
    pub limit: u64,
    /// How long its commands take to the exchange, nanoseconds.
    pub latency: Ts,
}

/// Reads `[flow.fundamental]`.
pub fn fundamental(mut section: Section<'_>) -> Result<Fundamental, Error> {
    let expected = "a duration in quotes, or a list of 1 to 16 of them, each above 0";
    let every = section.required("every", expected, |value| {
        let scales: Vec<Ts> = match value.as_array() {
            None => vec![duration(value.as_str()?)?],
            Some(list) => {
                let scales = list.iter().map(|scale| duration(scale.get_ref().as_str()?));
                scales.collect::<Option<_>>()?
            }
        };
        let usable = (1..=16).contains(&scales.len()) && scales.iter().all(|&scale| scale > 0);
        usable.then_some(scales)
    })?;
    let fundamental = Fundamental {
        accounts: section.whole("accounts", None, 1..10_001)? as u32,
        every,
        doubt: section.whole("doubt", Some(0), 0..1_000_001)?,
        threshold: section.whole("threshold", None, 1..1_000_001)?,
        lots: section.whole("lots", None, 1..1_000_001)? as u64,
        limit: section.whole("limit", None, 1..1_000_000_001)? as u64,
        latency: section.duration("latency", Some("0ns"))?,
    };
    section.finish()?;
    Ok(fundamental)
}

/// A trader with an opinion.
pub struct FundamentalTrader {
    own: OwnOrders,
    prng: Prng,
    plan: Fundamental,
    every: Ts,
    /// By how much it thinks the instrument worth more than the value, ticks in 16 binary places.
    opinion: i64,
}

impl FundamentalTrader {
    /// The `member`-th of them.
    pub fn new(account: AccountId, plan: Fundamental, seed: u64, member: u64) -> FundamentalTrader {
        let mut prng = Prng::new(seed, "fundamental", member);
        let every = plan.every[member as usize % plan.every.len()];
        let opinion = prng.bell(plan.doubt << PLACES);
        FundamentalTrader { own: OwnOrders::new(account), prng, plan, every, opinion }
    }

    /// Thinks again: an autoregression whose deviation stays what it was.
    fn think(&mut self) {
        // What is new must weigh sqrt(1 - (15 / 16)^2) = 0.348 of the deviation.
        let new = self.prng.bell((self.plan.doubt << PLACES) * 348 / 1_000);
        self.opinion = self.opinion * KEPT / KEPT_OF + new;
    }

    /// Signed lots it wants to hold: as many orders as the mark lies thresholds away; within one of them, what it has.
    fn wish(&self, cheap: i64) -> i64 {
        let held = self.own.position;
        let steps = cheap / self.plan.threshold;
        if steps == 0 {
            return held;
        }
        let limit = self.plan.limit as i64;
        let wish = steps.saturating_mul(self.plan.lots as i64).clamp(-limit, limit);
        // It does not sell because something that is cheap is now less so.
        if steps > 0 { wish.max(held) } else { wish.min(held) }
    }
}

impl Agent for FundamentalTrader {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        if world.is_shut() {
            return Some(world.now + self.prng.wait(self.every));
        }
        self.think();
        let cheap = world.value + (self.opinion >> PLACES) - world.mark().ticks();
        let wish = self.wish(cheap);
        let held = self.own.position;
        let side = if wish > held { Side::Buy } else { Side::Sell };
        let lots = wish.abs_diff(held).min(self.plan.lots);
        out.extend(world.take(self.own.account(), side, lots, THROUGH));
        Some(world.now + self.prng.wait(self.every))
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        self.own.heard(event);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trader(doubt: i64) -> FundamentalTrader {
        let plan = Fundamental {
            accounts: 1,
            every: vec![1_000, 5_000],
            doubt,
            threshold: 10,
            lots: 3,
            limit: 8,
            latency: 0,
        };
        FundamentalTrader::new(AccountId(0), plan, 1, 1)
    }

    #[test]
    fn it_buys_what_is_cheap_and_keeps_what_has_become_fair() {
        let mut trader = trader(0);
        assert_eq!(trader.every, 5_000);
        let wishes = [9, 10, 25, 1_000, -9, -30].map(|cheap| trader.wish(cheap));
        assert_eq!(wishes, [0, 3, 6, 8, 0, -8]);
        trader.own.position = 6;
        let wishes = [9, 10, -10].map(|cheap| trader.wish(cheap));
        assert_eq!(wishes, [6, 6, -3]);
    }

    #[test]
    fn opinions_keep_their_deviation() {
        let mut trader = trader(100);
        let n = 20_000;
        let squares: i64 = (0..n)
            .map(|_| {
                trader.think();
                (trader.opinion >> PLACES).pow(2)
            })
            .sum();
        assert!((9_000..11_000).contains(&(squares / n)), "{}", squares / n);
    }
}
