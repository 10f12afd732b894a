//! A position's box: the marks of its instrument between which it needs no look.

use crate::account::Position;

/// Marks, both ends included. Units: ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) low: i32,
    pub(crate) high: i32,
}

/// One end of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Left by a mark that falls.
    Low,
    /// Left by a mark that rises.
    High,
}

/// The ends that no mark passes.
pub(crate) const LOWEST: i32 = 1;
pub(crate) const HIGHEST: i32 = 1 << 30;

/// A box is cut back to a grid of its width's 64th part, so that it loses at most so much.
pub(crate) const GRID_BITS: u32 = 6;

impl Span {
    /// Every mark.
    pub(crate) const ALL: Span = Span { low: LOWEST, high: HIGHEST };
    /// None: not armed.
    pub(crate) const NONE: Span = Span { low: i32::MAX, high: i32::MIN };

    /// One mark alone.
    #[inline]
    pub(crate) fn at(mark: i64) -> Span {
        Span { low: mark as i32, high: mark as i32 }
    }

    #[inline]
    pub(crate) fn contains(self, mark: i64) -> bool {
        i64::from(self.low) <= mark && mark <= i64::from(self.high)
    }

    /// The box with ends of an old one kept that lie inside it and are nearly as far from the mark, so that they need not be filed anew.
    #[inline]
    pub(crate) fn or_kept(self, old: Span, mark: i64) -> Span {
        let nearly = |old: i64, new: i64| 0 <= old && old <= new && 4 * old >= 3 * new;
        let mut span = self;
        if span.low > LOWEST && nearly(mark - i64::from(old.low), mark - i64::from(span.low)) {
            span.low = old.low;
        }
        if span.high < HIGHEST && nearly(i64::from(old.high) - mark, i64::from(span.high) - mark) {
            span.high = old.high;
        }
        span
    }

    /// Cuts the lower end back to `below` ticks under a mark.
    #[inline]
    pub(crate) fn limit_low(&mut self, mark: i64, below: i64) {
        if below < mark {
            self.low = self.low.max((mark - below) as i32);
        }
    }

    /// Cuts the upper end back to `above` ticks over a mark.
    #[inline]
    pub(crate) fn limit_high(&mut self, mark: i64, above: i64) {
        if above < i64::from(HIGHEST) - mark {
            self.high = self.high.min((mark + above) as i32);
        }
    }

    /// The box with its ends drawn in to a grid that is coarser the farther they lie from the mark.
    ///
    /// Triggers then share few buckets, which stay in the cache, and one that comes a little nearer need not move.
    #[inline]
    pub(crate) fn coarse(self, mark: i64, bits: u32) -> Span {
        let mut span = self;
        if span.low > LOWEST {
            let bits = grid(mark - i64::from(span.low), bits);
            span.low = (span.low + ((1 << bits) - 1)) >> bits << bits;
        }
        if span.high < HIGHEST {
            let bits = grid(i64::from(span.high) - mark, bits);
            span.high = span.high >> bits << bits;
        }
        span
    }
}

/// Bits that an end so many ticks away does without.
#[inline]
fn grid(distance: i64, bits: u32) -> u32 {
    (u64::BITS - (distance as u64).leading_zeros()).saturating_sub(bits + 1)
}

impl Position {
    #[inline]
    pub(crate) fn span(&self) -> Span {
        Span { low: self.low, high: self.high }
    }

    /// Whether a mark that comes to `tick` leaves the box right there.
    #[inline]
    pub(crate) fn rings_at(&self, tick: i32) -> bool {
        self.low.wrapping_sub(1) == tick || self.high.wrapping_add(1) == tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::Price;

    #[test]
    fn a_coarse_box_lies_inside_and_loses_little() {
        let mut state = 3u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(7);
            let mark = 1 + ((state >> 33) as i64 & ((1 << (1 + (state >> 20 & 27))) - 1));
            let (below, above) = ((state >> 40) as i64 % mark, (state >> 11) as i64 % (1 << 26));
            let mut span = Span::ALL;
            span.limit_low(mark, below);
            span.limit_high(mark, above);
            let coarse = span.coarse(mark, GRID_BITS);
            assert!(coarse.contains(mark), "{span:?} around {mark} became {coarse:?}");
            for (fine, coarse) in [
                (mark - i64::from(span.low), mark - i64::from(coarse.low)),
                (i64::from(span.high) - mark, i64::from(coarse.high) - mark),
            ] {
                assert!(coarse <= fine && coarse >= fine - fine / 64, "{fine} became {coarse}");
            }
        }
    }

    #[test]
    fn an_end_is_kept_where_it_is_nearly_as_far() {
        let new = Span { low: 600, high: 1_400 };
        let kept = |low, high| new.or_kept(Span { low, high }, 1_000);
        assert_eq!(kept(700, 1_300), Span { low: 700, high: 1_300 });
        assert_eq!(kept(701, 1_299), new, "less than three quarters");
        assert_eq!(kept(599, 1_401), new, "beyond what is proved");
        assert_eq!(new.or_kept(Span::NONE, 1_000), new);
        assert_eq!(Span::ALL.or_kept(new, 1_000), Span::ALL, "no end is no entry");
    }

    #[test]
    fn the_ends_are_those_of_the_domain() {
        assert_eq!(i64::from(LOWEST), Price::MIN.ticks());
        assert_eq!(i64::from(HIGHEST), Price::MAX.ticks());
    }

    #[test]
    fn ends_beyond_the_domain_are_no_ends() {
        let mut span = Span::ALL;
        span.limit_low(100, 100);
        span.limit_high(100, i64::MAX);
        assert_eq!(span, Span::ALL);
        assert_eq!(span.coarse(100, GRID_BITS), Span::ALL, "what is never left is not drawn in");
        span.limit_low(100, 99);
        span.limit_low(100, 0);
        assert_eq!(span.low, 100);
        assert!(!Span::NONE.contains(1));
    }
}
