//! How an account's slack is shared out among its positions, so that few boxes are left without need.

/// What the ticks that a box gives a mark are in proportion to.
///
/// The default won: see docs/PERFORMANCE.md. The others are there to be measured against it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Each position has the same part of the slack.
    Equal,
    /// Each mark may move by the same share of itself.
    Worth,
    /// Each mark may move as many times as far as it moves on average.
    Movement,
    /// By movement, and narrower where a tick costs more: `(move^2 / worth of a tick)^(1/3)`, which for marks that walk at
    /// random makes the sum of `(move / ticks)^2`, how often boxes are left, the least.
    #[default]
    Fewest,
}

impl Sharing {
    /// In proportion to what: at least 1. `pace` is the average move, 64ths of a tick; `value` money units a tick; `mark` in ticks.
    #[inline]
    pub(crate) fn weight(self, pace: i64, value: i64, mark: i64) -> i64 {
        match self {
            Sharing::Equal => ((1 << 24) / value.max(1)).max(1),
            Sharing::Worth => mark,
            Sharing::Movement => pace,
            Sharing::Fewest => {
                // The cube root of 2^40 x pace^2 / value, by thirds of logarithms.
                exp2((2 * log2(pace) + (40 << 8) - log2(value)) / 3)
            }
        }
    }
}

/// The logarithm in 256ths, straight between powers of two: off by at most a twelfth of one.
#[inline]
fn log2(number: i64) -> i64 {
    let number = number.max(1);
    let whole = i64::from(number.ilog2());
    (whole << 8) + (((i128::from(number) << 8) >> whole) as i64 - 256)
}

/// The inverse of [`log2`], at least 1.
#[inline]
fn exp2(log: i64) -> i64 {
    let log = log.clamp(0, (63 << 8) - 1);
    (((256 + (i128::from(log) & 255)) << (log >> 8)) >> 8) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_turn_back() {
        for number in (0..63).flat_map(|bits| [1i64 << bits, (1 << bits) + (1 << bits) / 3]) {
            let back = exp2(log2(number));
            assert!(back <= number && back >= number - number / 256, "{number}: {back}");
        }
        assert_eq!((exp2(-1), exp2(0), log2(0)), (1, 1, 0));
    }

    #[test]
    fn the_narrowest_sum_is_a_cube_root() {
        for pace in [1i64, 5, 64, 700, 9_999, 1 << 20] {
            for value in [1i64, 3, 250, 10_000, 77_777] {
                let cube = i128::from(pace).pow(2) * (1 << 40) / i128::from(value);
                let found = i128::from(Sharing::Fewest.weight(pace, value, 1));
                let (low, high) = (found * 92 / 100, found * 108 / 100 + 1);
                assert!(low.pow(3) <= cube && cube <= high.pow(3), "{pace} {value}: {found}");
            }
        }
    }

    #[test]
    fn shares_follow_what_they_are_named_after() {
        let all = [Sharing::Equal, Sharing::Worth, Sharing::Movement, Sharing::Fewest];
        // A position eight times as large, a mark twice as high, moves twice as far.
        let ratios = all.map(|s| {
            let base = s.weight(640, 1_000, 100_000);
            [(640, 8_000, 100_000), (640, 1_000, 200_000), (1_280, 1_000, 100_000)]
                .map(|(pace, value, mark)| s.weight(pace, value, mark) * 100 / base)
        });
        assert_eq!(ratios[..3], [[12, 100, 100], [100, 200, 100], [100, 100, 200]]);
        let [size, mark, moves] = ratios[3];
        assert!(size.abs_diff(50) <= 3 && mark == 100 && moves.abs_diff(158) <= 8, "{ratios:?}");
    }
}
