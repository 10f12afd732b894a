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
                let square = (pace as u64).saturating_mul(pace as u64);
                cube_root((u128::from(square) << 40) / u128::from(value.max(1).unsigned_abs()))
            }
        }
    }
}

/// Roughly: within a fiftieth from 256 on, never below 1.
#[inline]
fn cube_root(cube: u128) -> i64 {
    // 2^8 times the cube roots of 1, 2 and 4, and of 2, 4 and 8.
    const ROOTS: [i64; 4] = [256, 323, 406, 512];
    let Some(log) = cube.checked_ilog2() else { return 1 };
    let (third, rest) = (log / 3, (log % 3) as usize);
    // The eight bits after the first say how far it is to the next power of two.
    let part = ((cube << (127 - log)) >> 119) as i64 & 255;
    let root = ROOTS[rest] + (ROOTS[rest + 1] - ROOTS[rest]) * part / 256;
    ((root << third) >> 8).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_cube_root_is_right_within_a_fiftieth() {
        let mut cube = 1u128 << 24;
        while cube < 1 << 100 {
            let root = i128::from(cube_root(cube)) as u128;
            // And a whole one, to which it is cut.
            let (low, high) = (root * 49 / 50, (root + 1) * 51 / 50 + 1);
            assert!(low.pow(3) <= cube && cube <= high.pow(3), "{cube}: {root}");
            cube = cube * 9 / 8;
        }
        assert_eq!((cube_root(0), cube_root(1)), (1, 1));
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
        assert!(size.abs_diff(50) <= 1 && mark == 100 && moves.abs_diff(158) <= 3, "{ratios:?}");
    }
}
