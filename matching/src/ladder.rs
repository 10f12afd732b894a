//! One side's price levels: a flat array over a window of prices, a bitmap to skip empty ones, a map for far ones.
//!
//! Both sides use the same code: a level's key is its price for bids and minus its price for asks, so the best level
//! is always the one with the highest key. A band's prices all fit the window; without a band the window
//! follows the best price, and levels outside it wait in an ordered map.

use crate::bitmap::Bitmap;
use crate::slab::NIL;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The orders at one price, first in first out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Level {
    pub(crate) head: u32,
    pub(crate) tail: u32,
    pub(crate) qty: u64,
}

impl Level {
    pub(crate) const EMPTY: Level = Level { head: NIL, tail: NIL, qty: 0 };
}

/// No level: worse than any key.
pub(crate) const NO_KEY: i32 = i32::MIN;

/// One side of the book.
pub(crate) struct Ladder {
    /// Levels of the window, by key less `base`.
    levels: Box<[Level]>,
    bits: Bitmap,
    /// Lowest key of the window.
    base: i32,
    /// Best key, in the window or not.
    best: i32,
    /// Levels outside the window, on either side of it.
    far: BTreeMap<i32, Level>,
    /// Best key in `far`.
    far_best: i32,
    /// Levels that the last move of the window carried about, less what far levels opened since have paid for.
    debt: usize,
}

impl Ladder {
    /// Levels of a window where no band bounds it.
    const WINDOW: usize = 1 << 16;

    /// A ladder whose window holds keys `low..=high` if three storeys of bits can, or follows the best price.
    pub(crate) fn new(low: i32, high: i32) -> Ladder {
        let width = (i64::from(high) - i64::from(low) + 1) as usize;
        let size = if width <= Bitmap::MAX { width } else { Self::WINDOW };
        Ladder {
            levels: vec![Level::EMPTY; size].into(),
            bits: Bitmap::new(size),
            base: low,
            best: NO_KEY,
            far: BTreeMap::new(),
            far_best: NO_KEY,
            debt: 0,
        }
    }

    /// A key's place in the window; at or beyond its end for one outside.
    #[inline]
    fn index(&self, key: i32) -> usize {
        // Keys and bases lie less than 2^32 - 2^18 apart, so that the difference cannot come round into the window.
        key.wrapping_sub(self.base) as u32 as usize
    }

    /// The best key, or [`NO_KEY`].
    #[inline]
    pub(crate) fn best(&self) -> i32 {
        self.best
    }

    /// The level at `key`, empty or not, if it lies in the window: the window's bounds are the array's.
    #[inline]
    pub(crate) fn near(&mut self, key: i32) -> Option<&mut Level> {
        let index = self.index(key);
        self.levels.get_mut(index)
    }

    /// Makes an empty level of the window, to which the caller has added an order, one that holds orders.
    #[inline]
    pub(crate) fn mark(&mut self, key: i32) {
        let index = self.index(key);
        self.bits.set(index);
        self.best = self.best.max(key);
    }

    /// The level at `key`, made if need be; the caller puts an order there.
    #[inline]
    pub(crate) fn open(&mut self, key: i32) -> &mut Level {
        let index = self.index(key);
        if index >= self.levels.len() && !self.move_window(key) {
            return self.open_far(key);
        }
        let index = self.index(key);
        if self.levels[index].tail == NIL {
            self.mark(key);
        }
        &mut self.levels[index]
    }

    #[cold]
    fn open_far(&mut self, key: i32) -> &mut Level {
        self.far_best = self.far_best.max(key);
        self.best = self.best.max(key);
        self.far.entry(key).or_insert(Level::EMPTY)
    }

    /// The level at `key`, which holds orders.
    #[inline]
    pub(crate) fn level(&mut self, key: i32) -> &mut Level {
        let index = self.index(key);
        if index < self.levels.len() { &mut self.levels[index] } else { self.far_level(key) }
    }

    #[cold]
    fn far_level(&mut self, key: i32) -> &mut Level {
        match self.far.get_mut(&key) {
            Some(level) => level,
            None => plimsoll_types::broken(format_args!("no level at key {key}")),
        }
    }

    /// The level at `key`, if it holds orders.
    #[inline]
    pub(crate) fn peek(&self, key: i32) -> Option<&Level> {
        match self.levels.get(self.index(key)) {
            Some(level) => (level.tail != NIL).then_some(level),
            None => self.far.get(&key),
        }
    }

    /// Forgets the level at `key`, from which the last order has gone.
    #[inline]
    pub(crate) fn close(&mut self, key: i32) {
        let index = self.index(key);
        if index >= self.levels.len() {
            return self.close_far(key);
        }
        debug_assert_eq!(self.levels[index], Level::EMPTY);
        self.bits.clear(index);
        if key == self.best {
            self.best = self.window_below(index).max(self.far_best);
        }
    }

    #[cold]
    fn close_far(&mut self, key: i32) {
        self.far.remove(&key);
        if key == self.far_best {
            self.far_best = self.far.last_key_value().map_or(NO_KEY, |(&key, _)| key);
        }
        if key == self.best {
            self.best = self.window_below(self.levels.len()).max(self.far_best);
        }
    }

    /// The next key below `key` that holds orders, or [`NO_KEY`].
    #[inline]
    pub(crate) fn below(&self, key: i32) -> i32 {
        let inside = (i64::from(key) - i64::from(self.base)).clamp(0, self.levels.len() as i64);
        let next = self.window_below(inside as usize);
        if self.far_best == NO_KEY {
            return next;
        }
        let far = self.far.range(..key).next_back().map_or(NO_KEY, |(&key, _)| key);
        next.max(far)
    }

    /// The highest key of the window below the one at `index` that holds orders, or [`NO_KEY`].
    #[inline]
    fn window_below(&self, index: usize) -> i32 {
        self.bits.below(index).map_or(NO_KEY, |index| self.base + index as i32)
    }

    /// Moves the window if it should: to hold a new best price, or where the best price has left it or come near its foot. Not
    /// before the last move is paid for. Whether it then holds `key`, a level about to be made.
    ///
    /// Cost: O(levels of the window), up to a few nanoseconds each; every level made outside pays for eight, so that however
    /// prices jump about, such a level costs O(log levels) on average. A price that walks crosses a quarter of the window between two moves.
    #[cold]
    fn move_window(&mut self, key: i32) -> bool {
        self.debt = self.debt.saturating_sub(8);
        let size = self.levels.len() as i64;
        let best = i64::from(self.best.max(key));
        let (base, depth) = (best - size * 3 / 4, best - i64::from(self.base));
        let due = key > self.best || depth < size / 4 || depth >= size;
        let holds = base <= i64::from(key) && i64::from(key) < base + size;
        if due && holds && self.debt == 0 {
            self.rebase(base.clamp(-(1 << 30), 1 << 30) as i32);
        }
        self.index(key) < self.levels.len()
    }

    fn rebase(&mut self, base: i32) {
        let mut moved = Vec::new();
        let mut index = self.levels.len();
        while let Some(found) = self.bits.below(index) {
            let level = std::mem::replace(&mut self.levels[found], Level::EMPTY);
            moved.push((self.base + found as i32, level));
            self.bits.clear(found);
            index = found;
        }
        self.base = base;
        let keys = i64::from(base)..i64::from(base) + self.levels.len() as i64;
        let near = self.far.range(base..).take_while(|(key, _)| keys.contains(&i64::from(**key)));
        moved.extend(near.map(|(&key, &level)| (key, level)));
        self.debt = moved.len();
        for (key, level) in moved {
            let index = self.index(key);
            if index < self.levels.len() {
                self.levels[index] = level;
                self.bits.set(index);
                self.far.remove(&key);
            } else {
                self.far.insert(key, level);
            }
        }
        self.far_best = self.far.last_key_value().map_or(NO_KEY, |(&key, _)| key);
    }

    /// Gives every level to another ladder, best first, so that a window there need not move.
    pub(crate) fn pour(&self, into: &mut Ladder) {
        for (key, level) in self.iter() {
            *into.open(key) = *level;
        }
    }

    /// Levels from the best, with their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, &Level)> {
        let mut key = self.best;
        std::iter::from_fn(move || {
            if key == NO_KEY {
                return None;
            }
            let found = self.peek(key).map(|level| (key, level));
            key = self.below(key);
            found
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(ladder: &Ladder) -> Vec<i32> {
        ladder.iter().map(|(key, _)| key).collect()
    }

    fn fill(ladder: &mut Ladder, key: i32) {
        *ladder.open(key) = Level { head: 1, tail: 1, qty: key as u64 };
    }

    fn empty(ladder: &mut Ladder, key: i32) {
        *ladder.level(key) = Level::EMPTY;
        ladder.close(key);
    }

    #[test]
    fn a_banded_ladder_never_moves() {
        let mut ladder = Ladder::new(-1100, -900);
        for key in [-1000, -1100, -900, -950] {
            fill(&mut ladder, key);
        }
        assert_eq!(keys(&ladder), [-900, -950, -1000, -1100]);
        assert!(ladder.far.is_empty());
        empty(&mut ladder, -900);
        assert_eq!(ladder.best(), -950);
    }

    #[test]
    fn a_window_follows_the_best_price_and_forgets_nothing() {
        let mut ladder = Ladder::new(1, 1 << 30);
        let mut expected = std::collections::BTreeSet::new();
        let mut state = 9u64;
        let mut far = 0;
        for step in 0..60_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let draw = (state >> 33) as i32;
            let centre = 500_000 + 40_000 * ((step / 4_000) % 7) - 90_000 * ((step / 9_000) % 3);
            // Now and then prices from all over the domain, so that the best one lies far outside the window for a while.
            let wild = if step / 5_000 % 2 == 0 { 50 } else { 3 };
            let key = if draw % wild == 0 { draw % (1 << 30) + 1 } else { centre + draw % 3_000 };
            if expected.contains(&key) || draw % 3 == 0 {
                let victim = if draw % 2 == 0 { expected.last().copied() } else { Some(key) };
                if let Some(victim) = victim.filter(|v| expected.remove(v)) {
                    empty(&mut ladder, victim);
                }
            } else {
                expected.insert(key);
                fill(&mut ladder, key);
            }
            assert_eq!(ladder.best(), expected.last().copied().unwrap_or(NO_KEY), "step {step}");
            far += u32::from(ladder.index(ladder.best()) >= ladder.levels.len());
            let below = expected.range(..key).next_back().copied().unwrap_or(NO_KEY);
            assert_eq!(ladder.below(key), below, "step {step}");
            if step % 997 == 0 {
                assert!(keys(&ladder).iter().eq(expected.iter().rev()), "step {step}");
                assert!(ladder.iter().all(|(key, level)| level.qty == key as u64));
            }
        }
        assert!(far > 1_000, "{far}");
    }
}
