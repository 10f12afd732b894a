//! Which levels hold orders: a bitmap in three storeys, 64 ways each, one instruction a storey.

/// Bits for up to 64^3 levels.
pub(crate) struct Bitmap {
    ground: Box<[u64]>,
    middle: Box<[u64]>,
    top: u64,
}

impl Bitmap {
    /// The most bits three storeys hold.
    pub(crate) const MAX: usize = 64 * 64 * 64;

    pub(crate) fn new(bits: usize) -> Bitmap {
        let ground = bits.div_ceil(64);
        Bitmap {
            ground: vec![0; ground].into(),
            middle: vec![0; ground.div_ceil(64)].into(),
            top: 0,
        }
    }

    #[inline]
    pub(crate) fn set(&mut self, bit: usize) {
        self.ground[bit >> 6] |= 1 << (bit & 63);
        self.middle[bit >> 12] |= 1 << (bit >> 6 & 63);
        self.top |= 1 << (bit >> 12);
    }

    #[inline]
    pub(crate) fn clear(&mut self, bit: usize) {
        let word = &mut self.ground[bit >> 6];
        *word &= !(1 << (bit & 63));
        if *word == 0 {
            let word = &mut self.middle[bit >> 12];
            *word &= !(1 << (bit >> 6 & 63));
            if *word == 0 {
                self.top &= !(1 << (bit >> 12));
            }
        }
    }

    /// The highest set bit strictly below `bit`.
    #[inline]
    pub(crate) fn below(&self, bit: usize) -> Option<usize> {
        let word = self.ground.get(bit >> 6).copied().unwrap_or(0) & low(bit & 63);
        if word != 0 {
            return Some(bit >> 6 << 6 | highest(word));
        }
        let word = self.middle.get(bit >> 12).copied().unwrap_or(0) & low(bit >> 6 & 63);
        if word != 0 {
            return Some(self.descend_middle(bit >> 12 << 6 | highest(word)));
        }
        let word = self.top & low_clamped(bit >> 12);
        if word != 0 {
            let middle = highest(word);
            return Some(self.descend_middle(middle << 6 | highest(self.middle[middle])));
        }
        None
    }

    #[inline]
    fn descend_middle(&self, ground: usize) -> usize {
        ground << 6 | highest(self.ground[ground])
    }
}

/// A mask of the bits strictly below `bit` (0 to 63).
#[inline]
fn low(bit: usize) -> u64 {
    (1 << bit) - 1
}

/// The same where `bit` may be 64.
#[inline]
fn low_clamped(bit: usize) -> u64 {
    if bit >= 64 { u64::MAX } else { low(bit) }
}

/// Index of the highest bit of a word that is not zero.
#[inline]
fn highest(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_finds_what_a_scan_finds() {
        let bits = 64 * 64 * 3;
        let mut map = Bitmap::new(bits);
        let set = [0usize, 1, 63, 64, 4095, 4096, 9000, bits - 1];
        for &bit in &set {
            map.set(bit);
        }
        for bit in 0..=bits {
            assert_eq!(map.below(bit), set.iter().copied().filter(|&s| s < bit).max(), "{bit}");
        }
        for &bit in &set {
            assert_eq!(map.below(bit + 1), Some(bit));
            map.clear(bit);
            assert_ne!(map.below(bit + 1), Some(bit));
        }
        assert_eq!(map.below(bits), None);
    }

    #[test]
    fn the_largest_map_reaches_its_last_bit() {
        let mut map = Bitmap::new(Bitmap::MAX);
        map.set(Bitmap::MAX - 1);
        assert_eq!(map.below(Bitmap::MAX), Some(Bitmap::MAX - 1));
        assert_eq!(map.below(Bitmap::MAX - 1), None);
    }
}
