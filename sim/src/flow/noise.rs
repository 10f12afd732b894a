//! A trader without a plan: market orders and limit orders at power-law distances, the oldest cancelled for the newest.

use super::own::OwnOrders;
use super::{Agent, World};
use crate::prng::{Odds, Prng};
use crate::scenario::Noise;
use plimsoll_types::{AccountId, Command, Event, Price, Ratio, Side, Ts};

/// How far the value must lie from the mark for nine traders of ten to be on one side: 1 / 50 of the price.
const CONVICTION: i64 = 50;

/// A trader without a plan.
pub struct NoiseTrader {
    own: OwnOrders,
    prng: Prng,
    plan: Noise,
    distance: Odds,
    lots: Odds,
}

impl NoiseTrader {
    /// The `member`-th of them.
    pub fn new(account: AccountId, plan: Noise, seed: u64, member: u64) -> NoiseTrader {
        NoiseTrader {
            own: OwnOrders::new(account),
            prng: Prng::new(seed, "noise", member),
            distance: Odds::power_law(plan.reach, 3),
            lots: Odds::power_law(plan.lots, 2),
            plan,
        }
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
        let side = self.side(world);
        let lots = 1 + self.lots.draw(&mut self.prng);
        if self.prng.chance(self.plan.market) {
            out.extend(world.take(self.own.account(), side, lots, 25));
        } else {
            let distance = self.distance.draw(&mut self.prng) as i64;
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
