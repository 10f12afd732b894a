//! A trader without a plan: market orders and limit orders at power-law distances, the oldest cancelled for the newest.

use super::own::OwnOrders;
use super::zero::sizes;
use super::{Agent, World};
use crate::prng::{Odds, Prng};
use crate::scenario::Noise;
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_types::{AccountId, Command, Event, Price, Ratio, Side, Ts};
use std::sync::Arc;

/// How far the value must lie from the mark for nine traders of ten to be on one side: 1 / 50 of the price.
const CONVICTION: i64 = 50;

/// Reads `[flow.noise]`.
pub fn noise(mut section: Section<'_>) -> Result<Noise, Error> {
    let noise = Noise {
        accounts: section.whole("accounts", None, 1..10_001)? as u32,
        latency: section.duration("latency", Some("0s"))?,
        every: section.period("every", None)?,
        lots: section.whole("lots", None, 1..1_000_001)? as u64,
        tail: section.given_share("tail", ["0.1", "10"])?,
        market: section.share("market", None, ["0", "1"])?,
        orders: section.whole("orders", Some(4), 1..101)? as u32,
        reach: section.whole("reach", Some(50), 1..100_001)? as u64,
    };
    section.finish()?;
    Ok(noise)
}

/// The distributions that all traders of a plan draw from.
#[derive(Clone, Debug)]
pub struct NoiseTables {
    distance: Arc<Odds>,
    lots: Arc<Odds>,
}

impl NoiseTables {
    /// Those of a plan.
    pub fn new(plan: &Noise) -> NoiseTables {
        let lots = match plan.tail {
            Some(tail) => sizes(plan.lots, tail),
            None => Odds::power_law(plan.lots, 2),
        };
        NoiseTables { distance: Arc::new(Odds::power_law(plan.reach, 3)), lots: Arc::new(lots) }
    }
}

/// A trader without a plan.
pub struct NoiseTrader {
    own: OwnOrders,
    prng: Prng,
    plan: Noise,
    tables: NoiseTables,
}

impl NoiseTrader {
    /// The `member`-th of them.
    pub fn new(
        account: AccountId,
        plan: Noise,
        tables: NoiseTables,
        seed: u64,
        member: u64,
    ) -> NoiseTrader {
        let prng = Prng::new(seed, "noise", member);
        NoiseTrader { own: OwnOrders::new(account), prng, plan, tables }
    }

    /// Buys and sells alike, but for a lean towards the value.
    fn side(&mut self, world: &World<'_>) -> Side {
        let mark = world.mark().ticks();
        let lean = (world.value - mark) * CONVICTION * 400_000_000 / mark.max(1);
        let buys = 500_000_000 + lean.clamp(-400_000_000, 400_000_000);
        if self.prng.chance(Ratio::from_nano(buys)) { Side::Buy } else { Side::Sell }
    }
}

impl Agent for NoiseTrader {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        if world.is_shut() {
            return Some(world.now + self.prng.wait(self.plan.every));
        }
        let side = self.side(world);
        let lots = 1 + self.tables.lots.draw(&mut self.prng);
        if self.prng.chance(self.plan.market) {
            out.extend(world.take(self.own.account(), side, lots, 25));
        } else {
            let distance = self.tables.distance.draw(&mut self.prng) as i64;
            let anchor = world.best(side.opposite()).unwrap_or(world.mark());
            let ticks = anchor.ticks() - side.sign() * distance;
            if world.admits(ticks) {
                if self.own.iter().len() >= self.plan.orders as usize {
                    out.extend(
                        self.own.iter().next().map(|o| self.own.cancel(world.instrument, o)),
                    );
                }
                out.push(world.limit(self.own.account(), side, Price::clamped(ticks), lots));
            }
        }
        Some(world.now + self.prng.wait(self.plan.every))
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        self.own.heard(event);
        None
    }
}
