//! The recorded book and what of it stands in the simulated one: levels of one side, best first.

use plimsoll_types::{Handle, Price, Side, Ts};
use std::collections::{BTreeMap, VecDeque};

/// An order that stands in the simulated book for recorded lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The exchange's running number.
    pub number: u64,
    /// Its place in the book.
    pub handle: Handle,
    /// Lots open.
    pub open: u64,
}

/// One price.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// Lots that stood here in the recording.
    pub recorded: u64,
    /// Lots that stand here in the simulation: the sum of `orders`.
    pub open: u64,
    /// In the order of their entry.
    pub orders: VecDeque<Standing>,
    /// Which recording last set it.
    pub set: u64,
    /// When the difference between `recorded` and `open` will be made up; none where nobody waits for that.
    pub due: Option<Ts>,
}

impl Level {
    /// Takes `lots` off the newest orders: what stays of the last one, the orders that go, and the lots that are not there.
    pub fn cut(&mut self, lots: u64, mut each: impl FnMut(Standing)) -> u64 {
        let mut left = lots;
        while let Some(newest) = self.orders.back_mut().filter(|_| left > 0) {
            let taken = newest.open.min(left);
            newest.open -= taken;
            self.open -= taken;
            left -= taken;
            each(*newest);
            if newest.open == 0 {
                self.orders.pop_back();
            }
        }
        left
    }

    /// Takes note that an order lost `lots`; false where it does not stand here.
    pub fn fill(&mut self, number: u64, lots: u64) -> bool {
        let Some(at) = self.orders.iter().position(|order| order.number == number) else {
            return false;
        };
        let order = &mut self.orders[at];
        let taken = order.open.min(lots);
        order.open -= taken;
        self.open -= taken;
        if order.open == 0 {
            self.orders.remove(at);
        }
        true
    }
}

/// Levels of one side by how far they are from the best price that can be: a map, as the best few are asked for all the time.
#[derive(Clone, Debug)]
pub struct Levels {
    side: Side,
    levels: BTreeMap<i64, Level>,
}

impl Levels {
    /// An empty side.
    pub fn new(side: Side) -> Levels {
        Levels { side, levels: BTreeMap::new() }
    }

    /// Higher bids and lower asks come first.
    fn key(&self, price: Price) -> i64 {
        -self.side.sign() * price.ticks()
    }

    fn price(&self, key: i64) -> Price {
        Price::clamped(-self.side.sign() * key)
    }

    /// A level, if anything is known of it.
    pub fn get_mut(&mut self, price: Price) -> Option<&mut Level> {
        self.levels.get_mut(&self.key(price))
    }

    /// A level, made where there is none.
    pub fn entry(&mut self, price: Price) -> &mut Level {
        self.levels.entry(self.key(price)).or_default()
    }

    /// Forgets a level of which nothing is left.
    pub fn tidy(&mut self, price: Price) {
        let key = self.key(price);
        if self.levels.get(&key).is_some_and(|l| l.recorded == 0 && l.open == 0 && l.due.is_none())
        {
            self.levels.remove(&key);
        }
    }

    /// Every level, best first.
    pub fn iter(&self) -> impl Iterator<Item = (Price, &Level)> {
        self.levels.iter().map(|(&key, level)| (self.price(key), level))
    }

    /// Levels with recorded lots, best first.
    pub fn recorded(&self) -> impl Iterator<Item = (Price, u64)> {
        self.iter()
            .filter(|(_, level)| level.recorded > 0)
            .map(|(price, level)| (price, level.recorded))
    }

    /// The best recorded price.
    pub fn best(&self) -> Option<Price> {
        self.recorded().next().map(|(price, _)| price)
    }

    /// Whether `price` lies nearer to the best than `other`.
    pub fn better(&self, price: Price, other: Price) -> bool {
        self.key(price) < self.key(other)
    }

    /// The level in which an order stands.
    pub fn holder(&mut self, number: u64) -> Option<(Price, &mut Level)> {
        let side = self.side;
        let (&key, level) = self
            .levels
            .iter_mut()
            .find(|(_, level)| level.orders.iter().any(|order| order.number == number))?;
        Some((Price::clamped(-side.sign() * key), level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(number: u64, open: u64) -> Standing {
        Standing { number, handle: Handle { slot: number as u32, generation: 0 }, open }
    }

    #[test]
    fn the_newest_lots_are_cut_first_and_what_is_not_there_is_told() {
        let mut level =
            Level { open: 8, orders: [standing(1, 5), standing(2, 3)].into(), ..Level::default() };
        let mut cut = Vec::new();
        assert_eq!(level.cut(4, |order| cut.push((order.number, order.open))), 0);
        assert_eq!((cut, level.open), (vec![(2, 0), (1, 4)], 4));
        assert_eq!(level.cut(9, |_| {}), 5);
    }

    #[test]
    fn bids_run_down_and_asks_up() {
        for (side, best_first) in [(Side::Buy, [12, 10]), (Side::Sell, [10, 12])] {
            let mut levels = Levels::new(side);
            for ticks in [10, 12] {
                levels.entry(Price::clamped(ticks)).recorded = 1;
            }
            let prices: Vec<i64> = levels.recorded().map(|(price, _)| price.ticks()).collect();
            assert_eq!(prices, best_first);
        }
    }
}
