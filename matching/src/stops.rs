//! Orders that wait for a price: in order of triggering. Source: RULES 7.3, SEMANTICS 4.

use plimsoll_types::{Price, Side};
use std::collections::BTreeMap;

/// Triggers of waiting orders, each with the order's entry number, which breaks ties, and what `T` says of it.
///
/// Cost: O(log waiting) an order; O(1) to see that nothing is triggered.
#[derive(Clone, Debug)]
pub struct Stops<T = u32> {
    /// By trigger and entry.
    buys: BTreeMap<(i64, u64), T>,
    sells: BTreeMap<(i64, u64), T>,
    /// The lowest trigger of a buy and the highest of a sell; where there is none, out of every price's reach.
    nearest: (i64, i64),
}

impl<T> Default for Stops<T> {
    fn default() -> Stops<T> {
        Stops { buys: BTreeMap::new(), sells: BTreeMap::new(), nearest: (i64::MAX, i64::MIN) }
    }
}

impl<T: Copy> Stops<T> {
    /// Whether nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.nearest == (i64::MAX, i64::MIN)
    }

    /// Orders waiting.
    pub fn len(&self) -> usize {
        self.buys.len() + self.sells.len()
    }

    /// Waits for `trigger`. No two orders of a side may share both trigger and entry.
    pub fn insert(&mut self, side: Side, trigger: Price, entry: u64, order: T) {
        let before = self.side(side).insert((trigger.ticks(), entry), order);
        plimsoll_types::invariant!(before.is_none(), "entry numbers are given once");
        self.look();
    }

    /// Waits no longer; what was said of the order, if it waited.
    pub fn remove(&mut self, side: Side, trigger: Price, entry: u64) -> Option<T> {
        let gone = self.side(side).remove(&(trigger.ticks(), entry));
        self.look();
        gone
    }

    /// Whether a last price of `price` triggers anything: buys at or above their trigger, sells at or below.
    #[inline]
    pub fn is_triggered(&self, price: Price) -> bool {
        self.nearest.0 <= price.ticks() || price.ticks() <= self.nearest.1
    }

    /// Moves those that `price` triggers to the end of `out`: buys by trigger upwards, then sells by trigger downwards,
    /// ties by entry.
    #[inline]
    pub fn take_triggered(&mut self, price: Price, out: &mut Vec<T>) {
        if self.is_triggered(price) {
            self.drain(price.ticks(), out);
        }
    }

    #[cold]
    fn drain(&mut self, price: i64, out: &mut Vec<T>) {
        while let Some(first) = self.buys.first_entry().filter(|entry| entry.key().0 <= price) {
            out.push(first.remove());
        }
        while let Some((&(trigger, _), _)) = self.sells.last_key_value().filter(|l| l.0.0 >= price)
        {
            let rest = self.sells.split_off(&(trigger, 0));
            out.extend(rest.into_values());
        }
        self.look();
    }

    /// Waiting orders with side, trigger and entry: buys by trigger upwards, then sells likewise, ties by entry.
    pub fn iter(&self) -> impl Iterator<Item = (Side, Price, u64, T)> {
        let each = |side| {
            move |(&(trigger, entry), &order): (&(i64, u64), &T)| {
                (side, Price::clamped(trigger), entry, order)
            }
        };
        self.buys.iter().map(each(Side::Buy)).chain(self.sells.iter().map(each(Side::Sell)))
    }

    fn side(&mut self, side: Side) -> &mut BTreeMap<(i64, u64), T> {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    fn look(&mut self) {
        self.nearest = (
            self.buys.first_key_value().map_or(i64::MAX, |((trigger, _), _)| *trigger),
            self.sells.last_key_value().map_or(i64::MIN, |((trigger, _), _)| *trigger),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(ticks: i64) -> Price {
        Price::clamped(ticks)
    }

    #[test]
    fn buys_trigger_upwards_then_sells_downwards_then_by_entry() {
        let mut stops = Stops::default();
        for (side, trigger, entry) in [
            (Side::Sell, 100, 1),
            (Side::Sell, 105, 2),
            (Side::Buy, 100, 3),
            (Side::Sell, 105, 4),
            (Side::Buy, 99, 5),
            (Side::Buy, 99, 6),
            (Side::Buy, 101, 7),
            (Side::Sell, 99, 8),
        ] {
            stops.insert(side, price(trigger), entry, entry as u32);
        }
        assert!(stops.is_triggered(price(100)));
        let mut out = vec![77];
        stops.take_triggered(price(100), &mut out);
        assert_eq!(out, [77, 5, 6, 3, 2, 4, 1]);
        let waiting: Vec<_> = stops.iter().map(|(side, p, _, n)| (side, p.ticks(), n)).collect();
        assert_eq!(waiting, [(Side::Buy, 101, 7), (Side::Sell, 99, 8)]);
        assert_eq!(stops.len(), 2);
    }

    #[test]
    fn one_that_is_gone_triggers_nothing() {
        let mut stops = Stops::default();
        assert!(stops.is_empty() && !stops.is_triggered(Price::MAX));
        stops.insert(Side::Buy, price(50), 1, 1u32);
        assert!(!stops.is_empty() && !stops.is_triggered(price(49)));
        assert_eq!(stops.remove(Side::Sell, price(50), 1), None);
        assert_eq!(stops.remove(Side::Buy, price(50), 1), Some(1));
        assert!(stops.is_empty() && !stops.is_triggered(Price::MAX));
        let mut out = Vec::new();
        stops.take_triggered(price(60), &mut out);
        assert_eq!(out, []);
    }
}
