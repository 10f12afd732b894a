//! A market maker: a ladder on each side of the value, shifted by its inventory, wider after a wild stretch, thinner and wider when
//! liquidity goes, away where it holds all it may.

use super::own::OwnOrders;
use super::window::Window;
use super::{Agent, World};
use crate::prng::Prng;
use crate::scenario::Makers;
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_types::{AccountId, Command, Event, Price, Ratio, Side, Ts};

/// A quote is wider by at most this factor, however little liquidity is left.
const WIDEST: i64 = 8;

/// What a maker does when the market is wild or its inventory large.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stress {
    /// How far back it looks for the range of the mark, nanoseconds.
    pub window: Ts,
    /// Share of that range by which its best quote stands farther from the value.
    pub widen: Ratio,
    /// Range at which it takes all its quotes away until the market is calmer, ticks.
    pub pull: Option<i64>,
    /// Largest position it will take on, lots: its quotes never add up to more.
    pub limit: Option<u64>,
}

/// Reads `[flow.makers]`.
pub fn makers(mut section: Section<'_>) -> Result<Makers, Error> {
    let makers = Makers {
        accounts: section.whole("accounts", None, 1..1001)? as u32,
        latency: section.duration("latency", Some("0s"))?,
        every: section.period("every", None)?,
        spread: section.whole("spread", None, 1..100_001)?,
        spacing: section.whole("spacing", None, 1..100_001)?,
        levels: section.whole("levels", None, 1..101)? as u32,
        lots: section.whole("lots", None, 1..1_000_001)? as u64,
        inventory: section.whole("inventory", Some(1_000_000), 1..1_000_000_001)? as u64,
        stress: stress(&mut section)?,
    };
    section.finish()?;
    Ok(makers)
}

/// Reads the keys of `[flow.makers]` about stress.
fn stress(section: &mut Section<'_>) -> Result<Stress, Error> {
    let pull = section.whole("pull", Some(0), 0..1_000_000_001)?;
    let limit = section.whole("limit", Some(0), 0..1_000_000_001)?;
    let stress = Stress {
        window: section.duration("window", Some("0s"))?,
        widen: section.share("widen", Some("0"), ["0", "100"])?,
        pull: (pull > 0).then_some(pull),
        limit: (limit > 0).then_some(limit as u64),
    };
    if stress.window == 0 && (stress.pull.is_some() || stress.widen > Ratio::ZERO) {
        return Err(section.complaint("window", "a window for widen and pull", "none"));
    }
    Ok(stress)
}

impl Stress {
    /// Ticks by which the best quote moves out after a range of so many ticks; `None` where the maker goes away.
    fn wild(&self, range: i64) -> Option<i64> {
        let pulled = self.pull.is_some_and(|pull| range >= pull);
        let wider = i128::from(range) * i128::from(self.widen.nano()) / i128::from(Ratio::SCALE);
        (!pulled).then_some(wider as i64)
    }

    /// Lots that may still be quoted on a side.
    fn room(&self, side: Side, position: i64) -> u64 {
        let held = side.sign() * position;
        self.limit.map_or(u64::MAX, |limit| (limit as i64 - held).max(0) as u64)
    }
}

/// A level as the maker wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Quote {
    price: Price,
    lots: u64,
}

/// A market maker.
pub struct Maker {
    own: OwnOrders,
    prng: Prng,
    plan: Makers,
    /// Place of this maker's levels on the grid, so that makers do not all stand at the same prices.
    offset: i64,
    window: Window,
    /// Wanted purchases and sales, from the best price outwards; kept from look to look for their memory alone.
    ladders: [Vec<Quote>; 2],
}

impl Maker {
    /// The `member`-th maker.
    pub fn new(account: AccountId, plan: Makers, seed: u64, member: u64) -> Maker {
        let ladder = || Vec::with_capacity(plan.levels as usize);
        Maker {
            own: OwnOrders::new(account),
            prng: Prng::new(seed, "maker", member),
            offset: member as i64 % plan.spacing,
            window: Window::new(plan.stress.window),
            ladders: [ladder(), ladder()],
            plan,
        }
    }

    /// Works out where it wants to stand. Cost: O(levels), no allocation.
    fn quote(&mut self, world: &World<'_>, lots: u64) {
        let plan = &self.plan;
        let wild = plan.stress.wild(self.window.range());
        let share = world.liquidity.nano();
        let wider = (Ratio::SCALE / share.max(1)).clamp(1, WIDEST);
        let held = self.own.position / plan.inventory as i64;
        let fair = world.value - held * plan.spacing;
        for (ladder, side) in self.ladders.iter_mut().zip([Side::Buy, Side::Sell]) {
            ladder.clear();
            let Some(wild) = wild.filter(|_| lots > 0) else { continue };
            let away = -side.sign();
            let spread = plan.spread * wider + wild;
            let grid = (fair + away * spread).div_euclid(plan.spacing) * plan.spacing;
            let opposite = world.best(side.opposite());
            let mut room = plan.stress.room(side, self.own.position);
            for level in 0..i64::from(plan.levels) {
                let ticks = grid + self.offset + away * level * plan.spacing * wider;
                let Some(price) = standing(world, side, ticks) else { continue };
                // Makers wait to be taken: a level that would trade at once is left out.
                if opposite.is_some_and(|opposite| price.admits(side, opposite)) {
                    continue;
                }
                let lots = lots.min(room);
                room -= lots;
                match ladder.last_mut() {
                    // Only levels that were moved to the limit price meet there, one after the other.
                    Some(quote) if quote.price == price => quote.lots += lots,
                    _ if lots > 0 => ladder.push(Quote { price, lots }),
                    _ => break,
                }
            }
        }
    }
}

/// Where an order of `side` meant for `ticks` stands: a seller who would sell below limit-down queues at it;
/// a buyer who would pay less than limit-down does not buy.
fn standing(world: &World<'_>, side: Side, ticks: i64) -> Option<Price> {
    let price = world.inside(ticks);
    let better = side.sign() * (ticks - price.ticks());
    (better >= 0).then_some(price)
}

/// The level of a ladder at a price, found by halves: ladders run outwards.
fn level(ladder: &mut [Quote], side: Side, price: Price) -> Option<&mut Quote> {
    let out = |price: Price| -side.sign() * price.ticks();
    let at = ladder.partition_point(|quote| out(quote.price) < out(price));
    ladder.get_mut(at).filter(|quote| quote.price == price)
}

impl Agent for Maker {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        let again = world.now + self.prng.between(self.plan.every * 3 / 4, self.plan.every * 5 / 4);
        if world.is_shut() {
            return Some(again);
        }
        let lots = (self.plan.lots as i64 * world.liquidity.nano() / Ratio::SCALE).max(0);
        self.window.see(world.now, world.mark().ticks());
        self.quote(world, lots as u64);
        let [bids, asks] = &mut self.ladders;
        for order in self.own.iter() {
            let ladder = if order.side == Side::Buy { &mut *bids } else { &mut *asks };
            match level(ladder, order.side, order.price) {
                Some(quote) => quote.lots = quote.lots.saturating_sub(order.open.lots()),
                None => out.push(self.own.cancel(world.instrument, order)),
            }
        }
        for (ladder, side) in self.ladders.iter().zip([Side::Buy, Side::Sell]) {
            // A level is filled up again once a third of it is gone.
            let missing = ladder.iter().filter(|quote| 3 * quote.lots as i64 > lots);
            let account = self.own.account();
            out.extend(missing.map(|quote| world.limit(account, side, quote.price, quote.lots)));
        }
        Some(again)
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

    fn maker(changes: impl FnOnce(&mut Makers)) -> Maker {
        let mut plan = Makers {
            accounts: 1,
            latency: 0,
            every: 1_000,
            spread: 3,
            spacing: 2,
            levels: 100,
            lots: 12,
            inventory: 1_000,
            stress: Stress::default(),
        };
        changes(&mut plan);
        Maker::new(AccountId(0), plan, 1, 0)
    }

    /// What a maker says at once, in a market where it stands alone: side, ticks, lots.
    fn said(maker: &mut Maker, marks: &[i64]) -> Vec<(Side, i64, u64)> {
        let mut scenario = crate::Scenario::built_in().expect("good");
        scenario.exchange.instruments[0].prev_settlement = Price::clamped(marks[0]);
        let exchange = Exchange::new(scenario.exchange);
        let world = World {
            exchange: &exchange,
            instrument: scenario.instrument,
            now: 1_000,
            value: marks[0],
            liquidity: Ratio::ONE,
            band: None,
            phase: Phase::Continuous,
        };
        marks.iter().for_each(|&mark| maker.window.see(1_000, mark));
        let mut out = Vec::new();
        maker.wake(&world, &mut out);
        let said = out.into_iter().filter_map(|command| match command {
            Command::Order(order) => match order.kind {
                plimsoll_types::OrderKind::Limit(price) => {
                    Some((order.side, price.ticks(), order.qty.lots()))
                }
                _ => None,
            },
            _ => None,
        });
        said.collect()
    }

    #[test]
    fn a_hundred_levels_stand_on_each_side_and_are_found_again() {
        let mut maker = maker(|_| {});
        let said = said(&mut maker, &[25_000]);
        assert_eq!(said.len(), 200);
        assert_eq!((said[0], said[99]), ((Side::Buy, 24_996, 12), (Side::Buy, 24_798, 12)));
        assert_eq!((said[100], said[199]), ((Side::Sell, 25_002, 12), (Side::Sell, 25_200, 12)));
        for (ladder, side) in maker.ladders.iter_mut().zip([Side::Buy, Side::Sell]) {
            for at in 0..ladder.len() {
                let quote = ladder[at];
                assert_eq!(level(ladder, side, quote.price).copied(), Some(quote));
                assert_eq!(level(ladder, side, Price::clamped(quote.price.ticks() + 1)), None);
            }
        }
    }

    #[test]
    fn after_a_wild_stretch_it_stands_farther_out_and_then_nowhere() {
        let stress = |plan: &mut Makers| {
            plan.stress = Stress {
                window: 1_000_000,
                widen: Ratio::from_nano(500_000_000),
                pull: Some(80),
                limit: None,
            };
        };
        assert_eq!(said(&mut maker(stress), &[25_000])[0].1, 24_996);
        assert_eq!(said(&mut maker(stress), &[25_000, 25_040])[0].1, 24_976);
        assert_eq!(said(&mut maker(stress), &[25_000, 25_080]), []);
    }

    #[test]
    fn its_quotes_never_add_up_to_more_than_its_limit_leaves() {
        let mut maker = maker(|plan| plan.stress.limit = Some(100));
        maker.own.position = 70;
        let said = said(&mut maker, &[25_000]);
        let lots = |side| said.iter().filter(|quote| quote.0 == side).map(|quote| quote.2).sum();
        let (bought, sold): (u64, u64) = (lots(Side::Buy), lots(Side::Sell));
        // Of the 170 it may sell, the last two are too few to fill a level for.
        assert_eq!((bought, sold), (30, 168));
    }
}
