//! Zero-intelligence traders: limit orders, market orders and cancels come at constant rates, wherever the price is.
//!
//! Source: Daniels, Farmer, Gillemot, Iori and Smith (2003) for the rates; Cont, Stoikov and Talreja (2010) for placement by a
//! power law of the distance from the opposite best price, and Mike and Farmer (2008) for its tail.

use super::own::OwnOrders;
use super::{Agent, World};
use crate::prng::{Odds, Prng};
use crate::scenario::reader::{SECOND, Section};
use plimsoll_text::Error;
use plimsoll_types::{AccountId, Command, Event, Price, Ratio, Side, Ts};
use std::sync::Arc;

/// How far through the touch a market order goes at most, ticks.
const THROUGH: i64 = 1_000;
/// The longest time between two actions, however low the rates.
const WAIT_MAX: Ts = 24 * 3_600 * SECOND;

/// Zero-intelligence traders of one instrument.
#[derive(Clone, Debug)]
pub struct Zero {
    /// How many.
    pub accounts: u32,
    /// Limit orders a second of each, both sides together.
    pub limit: Ratio,
    /// Market orders a second of each, both sides together.
    pub market: Ratio,
    /// Cancels a second of each resting order: 1 / its mean life.
    pub cancel: Ratio,
    /// Orders one of them leaves in the book at most.
    pub orders: u32,
    /// Distance from the opposite best price, less 1 tick.
    distance: Arc<Odds>,
    /// Lots of an order, less 1.
    lots: Arc<Odds>,
    /// How long its commands take to the exchange, nanoseconds.
    pub latency: Ts,
}

/// Reads `[flow.zero]`.
pub fn zero(mut section: Section<'_>) -> Result<Zero, Error> {
    let reach = section.whole("reach", Some(200), 1..100_001)? as u64;
    let placement = section.share("placement", Some("1.5"), ["0.1", "10"])?;
    let lots = section.whole("lots", Some(1), 1..1_000_001)? as u64;
    let tail = section.share("tail", Some("1.5"), ["0.1", "10"])?;
    let rate = ["0", "1000000"];
    let zero = Zero {
        accounts: section.whole("accounts", None, 1..100_001)? as u32,
        limit: section.share("limit", None, rate)?,
        market: section.share("market", None, rate)?,
        cancel: section.share("cancel", None, rate)?,
        orders: section.whole("orders", Some(1_000), 1..100_001)? as u32,
        distance: Arc::new(Odds::tail(reach, 1, placement)),
        lots: Arc::new(sizes(lots, tail)),
        latency: section.duration("latency", Some("0ns"))?,
    };
    if zero.limit == Ratio::ZERO && zero.market == Ratio::ZERO {
        return Err(section.complaint("limit", "some orders: limit or market above 0", "none"));
    }
    section.finish()?;
    Ok(zero)
}

/// Lots of an order, less 1: beyond x lots lie x^-tail of all orders, up to `most`.
pub fn sizes(most: u64, tail: Ratio) -> Odds {
    Odds::tail(most, 1, Ratio::from_nano(tail.nano() + Ratio::SCALE))
}

/// What comes next.
#[derive(Clone, Copy)]
enum Next {
    Limit,
    Market,
    /// The so-manieth of its resting orders goes.
    Cancel(u64),
}

/// A zero-intelligence trader.
pub struct ZeroTrader {
    own: OwnOrders,
    prng: Prng,
    plan: Zero,
    next: Option<Next>,
}

impl ZeroTrader {
    /// The `member`-th of them.
    pub fn new(account: AccountId, plan: Zero, seed: u64, member: u64) -> ZeroTrader {
        let prng = Prng::new(seed, "zero", member);
        ZeroTrader { own: OwnOrders::new(account), prng, plan, next: None }
    }

    /// Draws what comes next and how long it takes: three Poisson clocks, the third as fast as there are orders to cancel.
    ///
    /// An order that is gone by then leaves its cancel without effect, which is exactly the thinning that the lower rate asks for.
    fn draw(&mut self) -> Ts {
        let [limit, market, cancel] =
            [self.plan.limit, self.plan.market, self.plan.cancel].map(|rate| rate.nano() as u64);
        let resting = self.own.iter().len() as u64;
        let all = limit + market + cancel * resting;
        let at = self.prng.below(all);
        self.next = Some(match at {
            _ if at < limit => Next::Limit,
            _ if at < limit + market => Next::Market,
            _ => Next::Cancel((at - limit - market) / cancel.max(1)),
        });
        let mean = u128::from(SECOND) * Ratio::SCALE as u128 / u128::from(all.max(1));
        self.prng.wait(mean.min(u128::from(WAIT_MAX)) as u64)
    }

    fn limit(&mut self, world: &World<'_>, side: Side, lots: u64) -> Option<Command> {
        let distance = 1 + self.plan.distance.draw(&mut self.prng) as i64;
        if self.own.iter().len() >= self.plan.orders as usize {
            return None;
        }
        let anchor = world.best(side.opposite()).unwrap_or(world.mark());
        let ticks = anchor.ticks() - side.sign() * distance;
        let account = self.own.account();
        world.admits(ticks).then(|| world.limit(account, side, Price::clamped(ticks), lots))
    }
}

impl Agent for ZeroTrader {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        if world.is_shut() {
            return Some(world.now + self.draw());
        }
        let side = if self.prng.bits() >> 63 == 0 { Side::Buy } else { Side::Sell };
        let lots = 1 + self.plan.lots.draw(&mut self.prng);
        match self.next {
            None => {}
            Some(Next::Limit) => out.extend(self.limit(world, side, lots)),
            Some(Next::Market) => out.extend(world.take(self.own.account(), side, lots, THROUGH)),
            Some(Next::Cancel(nth)) => {
                let order = self.own.iter().nth(nth as usize);
                out.extend(order.map(|order| self.own.cancel(world.instrument, order)));
            }
        }
        Some(world.now + self.draw())
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        self.own.heard(event);
        None
    }
}
