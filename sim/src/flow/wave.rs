//! A shock's own orders: sales or purchases at any price, and a queue at the limit price once the market stands there.

use super::own::OwnOrders;
use super::{Agent, World};
use crate::scenario::Shock;
use crate::scenario::reader::SECOND;
use plimsoll_types::{AccountId, Command, Event, Side, Ts};

/// Time between two orders of a wave.
const PACE: Ts = SECOND / 5;

/// The orders of one shock.
pub struct Wave {
    own: OwnOrders,
    shock: Shock,
    origin: Ts,
}

impl Wave {
    /// The wave of a shock in a market that opens at `origin`.
    pub fn new(account: AccountId, shock: Shock, origin: Ts) -> Wave {
        Wave { own: OwnOrders::new(account), shock, origin }
    }

    /// When it begins.
    pub fn begins(&self) -> Ts {
        self.origin + self.shock.from
    }

    /// Lots due at this step: the rate spread evenly over the steps of a second, without losing a lot.
    fn due(&self, rate: u64, now: Ts) -> u64 {
        let steps = (now - self.begins()) / PACE;
        let per_second = SECOND / PACE;
        rate * (steps + 1) / per_second - rate * steps / per_second
    }
}

impl Agent for Wave {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        if world.now >= self.origin + self.shock.to {
            out.extend(self.own.iter().map(|order| self.own.cancel(world.instrument, order)));
            return None;
        }
        let account = self.own.account();
        for (side, rate) in [(Side::Sell, self.shock.sell), (Side::Buy, self.shock.buy)] {
            out.extend(world.take(account, side, self.due(rate, world.now), self.shock.through));
        }
        if let (true, Some(band)) = (self.shock.queue > 0, world.band) {
            let waiting: u64 = self.own.iter().map(|order| order.open.lots()).sum();
            let nobody_bids = world.best(Side::Buy).is_none();
            if nobody_bids
                && world.best(Side::Sell) == Some(band.down)
                && 2 * waiting < self.shock.queue
            {
                out.push(world.limit(account, Side::Sell, band.down, self.shock.queue - waiting));
            }
        }
        Some((world.now + PACE).min(self.origin + self.shock.to))
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        self.own.heard(event);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_loses_no_lot_of_its_rate() {
        let scenario = crate::Scenario::built_in().expect("good");
        let wave = Wave::new(AccountId(0), scenario.shocks[0].clone(), SECOND);
        let steps = (0..50).map(|step| wave.begins() + step * PACE);
        assert_eq!(steps.map(|now| wave.due(7, now)).sum::<u64>(), 70);
    }
}
