//! One side's price levels: a flat array over a window of prices, a bitmap to skip empty ones, a map for far ones.
//!
//! Both sides use the same code: a level's key is its price for bids and minus its price for asks, so the best level
//! is always the one with the highest key. A band's prices all fit the window; without a band the window
//! follows the best price, and levels worse than the window wait in an ordered map.

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
    levels: Box<[Level]>,
    bits: Bitmap,
    /// Lowest key of the window.
    base: i32,
    mask: u32,
    best: i32,
    far: BTreeMap<i32, Level>,
}

impl Ladder {
    /// Levels of a window where no band bounds it.
    const WINDOW: usize = 1 << 16;

    /// A ladder whose window holds keys `low..=high` if three storeys of bits can, or follows the best price.
    pub(crate) fn new(low: i32, high: i32) -> Ladder {
        let width = (i64::from(high) - i64::from(low) + 1) as usize;
        let size =
            if width <= Bitmap::MAX { width.next_power_of_two().max(64) } else { Self::WINDOW };
        Ladder {
            levels: vec![Level::EMPTY; size].into(),
            bits: Bitmap::new(size),
            base: low,
            mask: size as u32 - 1,
            best: NO_KEY,
            far: BTreeMap::new(),
        }
    }

    #[inline]
    fn size(&self) -> i64 {
        i64::from(self.mask) + 1
    }

    #[inline]
    fn index(&self, key: i32) -> usize {
        (key as u32 & self.mask) as usize
    }

    #[inline]
    fn in_window(&self, key: i32) -> bool {
        (key.wrapping_sub(self.base) as u32) <= self.mask && key >= self.base
    }

    /// The best key, or [`NO_KEY`].
    #[inline]
    pub(crate) fn best(&self) -> i32 {
        self.best
    }

    /// The level at `key`, made if need be; the caller puts an order there.
    #[inline]
    pub(crate) fn open(&mut self, key: i32) -> &mut Level {
        if !self.in_window(key) && !self.move_window(key) {
            return self.far.entry(key).or_insert(Level::EMPTY);
        }
        let index = self.index(key);
        self.bits.set(index);
        if key > self.best {
            self.best = key;
        }
        &mut self.levels[index]
    }

    /// The level at `key`, which holds orders.
    #[inline]
    pub(crate) fn level(&mut self, key: i32) -> &mut Level {
        if self.in_window(key) {
            let index = self.index(key);
            return &mut self.levels[index];
        }
        match self.far.get_mut(&key) {
            Some(level) => level,
            None => plimsoll_types::broken(format_args!("no level at key {key}")),
        }
    }

    /// The level at `key`, if it holds orders.
    pub(crate) fn peek(&self, key: i32) -> Option<&Level> {
        if self.in_window(key) {
            let index = self.index(key);
            return self.bits.get(index).then(|| &self.levels[index]);
        }
        self.far.get(&key)
    }

    /// Forgets the level at `key`, from which the last order has gone.
    #[inline]
    pub(crate) fn close(&mut self, key: i32) {
        if !self.in_window(key) {
            self.far.remove(&key);
            return;
        }
        let index = self.index(key);
        self.levels[index] = Level::EMPTY;
        self.bits.clear(index);
        if key == self.best {
            self.best = self.window_below(key);
            if self.best == NO_KEY && !self.far.is_empty() {
                self.follow_far();
            }
        }
    }

    /// The next key below `key` that holds orders, or [`NO_KEY`].
    #[inline]
    pub(crate) fn below(&self, key: i32) -> i32 {
        if self.in_window(key) {
            let next = self.window_below(key);
            if next != NO_KEY {
                return next;
            }
        }
        if self.far.is_empty() {
            return NO_KEY;
        }
        self.far.range(..key).next_back().map_or(NO_KEY, |(&key, _)| key)
    }

    /// The next key below `key` inside the window.
    #[inline]
    fn window_below(&self, key: i32) -> i32 {
        let start = self.index(self.base);
        let from = self.index(key);
        // The window is a ring that begins at `start`: first down to the array's foot, then round to its head.
        let found = match self.bits.below(from) {
            Some(bit) if from < start || bit >= start => Some(bit),
            _ if from < start => {
                self.bits.below(self.mask as usize + 1).filter(|&bit| bit >= start)
            }
            _ => None,
        };
        match found {
            Some(bit) => {
                self.base + ((bit as u32).wrapping_sub(self.base as u32) & self.mask) as i32
            }
            None => NO_KEY,
        }
    }

    /// Moves the window so that it holds `key`, if it should: always for a better price, for a worse one
    /// only where the best price has come near the window's foot.
    ///
    /// Cost: O(levels that enter or leave the window); a quarter of the window lies between two moves.
    #[cold]
    fn move_window(&mut self, key: i32) -> bool {
        let quarter = self.size() / 4;
        if key > self.best {
            self.rebase(i64::from(key) - 3 * quarter);
        } else if i64::from(self.best) - i64::from(self.base) < quarter {
            self.rebase(i64::from(self.best) - 3 * quarter);
        }
        self.in_window(key)
    }

    #[cold]
    fn follow_far(&mut self) {
        if let Some((&key, _)) = self.far.last_key_value() {
            self.rebase(i64::from(key) - 3 * (self.size() / 4));
            self.best = key;
        }
    }

    fn rebase(&mut self, base: i64) {
        let base = base.clamp(i64::from(-(1 << 30)) - self.size(), (1 << 30) + 1) as i32;
        let top = i64::from(base) + self.size();
        let mut key = self.best;
        while key != NO_KEY {
            let next = self.window_below(key);
            if key < base || i64::from(key) >= top {
                let index = self.index(key);
                self.far.insert(key, std::mem::replace(&mut self.levels[index], Level::EMPTY));
                self.bits.clear(index);
            }
            key = next;
        }
        self.base = base;
        while let Some((&key, _)) = self.far.last_key_value() {
            if !self.in_window(key) {
                break;
            }
            if let Some(level) = self.far.remove(&key) {
                let index = self.index(key);
                self.levels[index] = level;
                self.bits.set(index);
            }
        }
    }

    /// Gives every level to another ladder, worst first, so that a window there need not move down.
    pub(crate) fn pour(&self, into: &mut Ladder) {
        let levels: Vec<_> = self.iter().map(|(key, level)| (key, *level)).collect();
        for (key, level) in levels.into_iter().rev() {
            *into.open(key) = level;
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

    #[test]
    fn a_banded_ladder_never_moves() {
        let mut ladder = Ladder::new(-1100, -900);
        for key in [-1000, -1100, -900, -950] {
            ladder.open(key).qty += 1;
        }
        assert_eq!(keys(&ladder), [-900, -950, -1000, -1100]);
        assert!(ladder.far.is_empty());
        ladder.close(-900);
        assert_eq!(ladder.best(), -950);
    }

    #[test]
    fn a_window_follows_the_best_price_and_forgets_nothing() {
        let mut ladder = Ladder::new(1, 1 << 30);
        let mut expected = std::collections::BTreeSet::new();
        let mut state = 9u64;
        for step in 0..40_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let draw = (state >> 33) as i32;
            let centre = 500_000 + 40_000 * ((step / 4_000) % 7) - 90_000 * ((step / 9_000) % 3);
            let key = if draw % 50 == 0 { draw % (1 << 30) + 1 } else { centre + draw % 3_000 };
            if expected.contains(&key) || draw % 3 == 0 {
                let victim = if draw % 2 == 0 { expected.last().copied() } else { Some(key) };
                if let Some(victim) = victim.filter(|v| expected.remove(v)) {
                    ladder.close(victim);
                }
            } else {
                expected.insert(key);
                ladder.open(key).qty = key as u64;
            }
            assert_eq!(ladder.best(), expected.last().copied().unwrap_or(NO_KEY), "step {step}");
            if step % 997 == 0 {
                assert!(keys(&ladder).iter().eq(expected.iter().rev()), "step {step}");
                assert!(ladder.iter().all(|(key, level)| level.qty == key as u64));
            }
        }
    }
}
