//! A growing set of small numbers that finds the next one fast: words of words.

/// A set of numbers. Cost: O(levels), one for every factor of 64.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    /// One bit a number; then one bit a word that is not empty; and so on up to a level of one word.
    levels: Vec<Vec<u64>>,
}

impl Bits {
    /// Makes room for numbers below `len`.
    pub(crate) fn grow(&mut self, len: usize) {
        let mut words = len.div_ceil(64).max(1);
        let mut level = 0;
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            if self.levels[level].len() < words {
                self.levels[level].resize(words, 0);
            }
            if words == 1 {
                break;
            }
            words = words.div_ceil(64);
            level += 1;
        }
        self.repair();
    }

    /// Makes every level say what the one below it holds: a level that is new knows of nothing yet.
    fn repair(&mut self) {
        for level in 1..self.levels.len() {
            for word in 0..self.levels[level - 1].len() {
                if self.levels[level - 1][word] != 0 {
                    self.levels[level][word / 64] |= 1 << (word % 64);
                }
            }
        }
    }

    /// Adds a number below the length.
    #[inline]
    pub(crate) fn set(&mut self, mut number: usize) {
        for level in &mut self.levels {
            let word = &mut level[number / 64];
            let was = *word;
            *word |= 1 << (number % 64);
            if was != 0 {
                return;
            }
            number /= 64;
        }
    }

    /// Takes a number out.
    pub(crate) fn clear(&mut self, mut number: usize) {
        for level in &mut self.levels {
            let word = &mut level[number / 64];
            *word &= !(1 << (number % 64));
            if *word != 0 {
                return;
            }
            number /= 64;
        }
    }

    /// The least number in the set that is not below `from`.
    pub(crate) fn next(&self, from: usize) -> Option<usize> {
        let mut at = from;
        let mut level = 0;
        // Upwards until a level has something beyond, then down again along its first bits.
        loop {
            let words = self.levels.get(level)?;
            let found = words.get(at / 64).map_or(0, |word| word & (u64::MAX << (at % 64)));
            if found != 0 {
                at = at / 64 * 64 + found.trailing_zeros() as usize;
                break;
            }
            at = at / 64 + 1;
            level += 1;
        }
        while level > 0 {
            level -= 1;
            at = at * 64 + self.levels[level][at].trailing_zeros() as usize;
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_is_a_set() {
        let (mut bits, mut set) = (Bits::default(), BTreeSet::new());
        assert_eq!(bits.next(0), None);
        let mut state = 5u64;
        let mut draw = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            (state >> 33) % n
        };
        let mut len = 1;
        for step in 0..40_000 {
            if step % 4_000 == 0 {
                len *= 5;
                bits.grow(len);
            }
            let number = draw(len as u64) as usize;
            if draw(3) < 2 {
                bits.set(number);
                set.insert(number);
            } else {
                bits.clear(number);
                set.remove(&number);
            }
            let from = draw(len as u64 + 70) as usize;
            assert_eq!(bits.next(from), set.range(from..).next().copied(), "{step}");
        }
    }
}
