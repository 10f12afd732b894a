//! A market maker: a ladder on each side of the value, shifted by its inventory, thinner and wider when liquidity goes.

use super::own::OwnOrders;
use super::{Agent, World};
use crate::prng::Prng;
use crate::scenario::Makers;
use plimsoll_types::{AccountId, Command, Event, Price, Ratio, Side, Ts};

/// A quote is wider by at most this factor, however little liquidity is left.
const WIDEST: i64 = 8;

/// A market maker.
pub struct Maker {
    own: OwnOrders,
    prng: Prng,
    plan: Makers,
    /// Place of this maker's levels on the grid, so that makers do not all stand at the same prices.
    offset: i64,
}

impl Maker {
    /// The `member`-th maker.
    pub fn new(account: AccountId, plan: Makers, seed: u64, member: u64) -> Maker {
        let offset = member as i64 % plan.spacing;
        Maker { own: OwnOrders::new(account), prng: Prng::new(seed, "maker", member), plan, offset }
    }

    /// Where it wants to stand: side, price, lots.
    fn quotes(&self, world: &World<'_>) -> Vec<(Side, Price, u64)> {
        let share = world.liquidity.nano();
        let lots = self.plan.lots as i64 * share / Ratio::SCALE;
        if lots <= 0 {
            return Vec::new();
        }
        let spacing = self.plan.spacing;
        let wider = (Ratio::SCALE / share.max(1)).clamp(1, WIDEST);
        let held = self.own.position / self.plan.inventory as i64;
        let fair = world.value - held * spacing;
        let mut quotes: Vec<(Side, Price, u64)> = Vec::new();
        for side in [Side::Buy, Side::Sell] {
            let away = -side.sign();
            let grid = (fair + away * self.plan.spread * wider).div_euclid(spacing) * spacing;
            let opposite = world.best(side.opposite());
            for level in 0..i64::from(self.plan.levels) {
                let ticks = grid + self.offset + away * level * spacing * wider;
                let Some(price) = standing(world, side, ticks) else { continue };
                // Makers wait to be taken: a level that would trade at once is left out.
                if opposite.is_some_and(|opposite| price.admits(side, opposite)) {
                    continue;
                }
                match quotes.iter_mut().find(|quote| quote.0 == side && quote.1 == price) {
                    Some(quote) => quote.2 += lots as u64,
                    None => quotes.push((side, price, lots as u64)),
                }
            }
        }
        quotes
    }
}

/// Where an order of `side` meant for `ticks` stands: a seller who would sell below limit-down queues at it;
/// a buyer who would pay less than limit-down does not buy.
fn standing(world: &World<'_>, side: Side, ticks: i64) -> Option<Price> {
    let price = world.inside(ticks);
    let better = side.sign() * (ticks - price.ticks());
    (better >= 0).then_some(price)
}

impl Agent for Maker {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        let mut quotes = self.quotes(world);
        for order in self.own.iter() {
            let wanted =
                quotes.iter_mut().find(|quote| quote.0 == order.side && quote.1 == order.price);
            match wanted {
                Some(quote) => quote.2 = quote.2.saturating_sub(order.open.lots()),
                None => out.push(self.own.cancel(world.instrument, order)),
            }
        }
        // A level is filled up again once a third of it is gone.
        let lots = self.plan.lots as i64 * world.liquidity.nano() / Ratio::SCALE;
        let missing = quotes.into_iter().filter(|quote| 3 * quote.2 as i64 > lots);
        out.extend(
            missing.map(|(side, price, lots)| world.limit(self.own.account(), side, price, lots)),
        );
        Some(world.now + self.prng.between(self.plan.every * 3 / 4, self.plan.every * 5 / 4))
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        self.own.heard(event);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_exchange::Exchange;
    use plimsoll_types::{Band, Phase};

    #[test]
    fn at_limit_down_sellers_queue_and_buyers_stay_away() {
        let scenario = crate::Scenario::built_in().expect("good");
        let exchange = Exchange::new(scenario.exchange);
        let world = World {
            exchange: &exchange,
            instrument: scenario.instrument,
            now: 0,
            value: 90,
            liquidity: Ratio::ONE,
            band: Some(Band { down: Price::clamped(100), up: Price::clamped(200) }),
            phase: Phase::Continuous,
        };
        let ticks = |side, ticks| standing(&world, side, ticks).map(Price::ticks);
        assert_eq!((ticks(Side::Sell, 93), ticks(Side::Buy, 87)), (Some(100), None));
        assert_eq!((ticks(Side::Sell, 207), ticks(Side::Buy, 203)), (None, Some(200)));
        assert_eq!((ticks(Side::Sell, 150), ticks(Side::Buy, 150)), (Some(150), Some(150)));
    }
}
