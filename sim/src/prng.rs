//! Random numbers by counting: each stream depends only on (seed, group, member), so that one more agent disturbs nobody else.
//!
//! Everything is integer arithmetic, the logarithm included: the last bit is the same on every platform.

use crate::fixed::falling_power_q42;
use plimsoll_types::Ratio;

/// The odd number of SplitMix64: 2^64 / golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// ln 2 in 16 binary places.
const LN_2_Q16: u128 = 45_426;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Prng {
    key: u64,
    count: u64,
}

/// The finaliser of SplitMix64: every input bit reaches every output bit.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

impl Prng {
    /// The stream of `member` of `group` under `seed`.
    // Inlined into a loop with its name unrolled, this is a chain of shifts that LLVM 22's vectoriser looks at in
    // exponential time: a release build of the command line did not end in half an hour.
    #[inline(never)]
    pub fn new(seed: u64, group: &str, member: u64) -> Prng {
        let named = group.bytes().fold(mix(seed ^ STEP), |key, byte| {
            mix(key.wrapping_add(u64::from(byte)).wrapping_mul(STEP))
        });
        Prng { key: mix(named ^ mix(member.wrapping_add(1).wrapping_mul(STEP))), count: 0 }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.count = self.count.wrapping_add(1);
        mix(self.key.wrapping_add(self.count.wrapping_mul(STEP)))
    }

    /// A number from 0 to `n - 1`; 0 where `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// True with this probability.
    pub fn chance(&mut self, share: Ratio) -> bool {
        (self.below(Ratio::SCALE as u64) as i64) < share.nano()
    }

    /// A waiting time with this mean: exponential, at least 1.
    pub fn wait(&mut self, mean: u64) -> u64 {
        let nats_q32 = u128::from(neg_log2_q16(self.bits())) * LN_2_Q16;
        (((u128::from(mean) * nats_q32) >> 32) as u64).max(1)
    }

    /// A bell-shaped number around 0 with standard deviation `deviation`: the sum of twelve uniform ones.
    pub fn bell(&mut self, deviation: i64) -> i64 {
        let sum: i64 = (0..12).map(|_| (self.bits() >> 48) as i64).sum();
        (sum - 6 * 0xFFFF) * deviation / 0x1_0000
    }
}

/// `-log2(bits / 2^64)` in 16 binary places, digit by digit by squaring.
fn neg_log2_q16(bits: u64) -> u64 {
    let bits = bits | 1;
    let zeros = u64::from(bits.leading_zeros());
    let mut mantissa = bits << zeros;
    let mut fraction = 0;
    for _ in 0..16 {
        let square = (u128::from(mantissa) * u128::from(mantissa)) >> 63;
        fraction <<= 1;
        if square >> 64 != 0 {
            fraction |= 1;
            mantissa = (square >> 1) as u64;
        } else {
            mantissa = square as u64;
        }
    }
    ((zeros + 1) << 16) - fraction
}

/// A discrete distribution, drawn from by a table of running sums.
#[derive(Clone, Debug)]
pub struct Odds {
    sums: Vec<u64>,
}

impl Odds {
    /// Outcome `k` with weight `weights[k]`.
    pub fn new(weights: impl IntoIterator<Item = u64>) -> Odds {
        let mut total = 0;
        let sums = weights
            .into_iter()
            .map(|weight| {
                total += weight;
                total
            })
            .collect();
        Odds { sums }
    }

    /// 0 to `n - 1`, `k` with weight 1 / (k + flat)^2: a power law with a rounded head.
    pub fn power_law(n: u64, flat: u64) -> Odds {
        Odds::new((0..n).map(|k| 1_000_000_000 / (k + flat.max(1)).pow(2)))
    }

    /// 0 to `n - 1`, `k` with weight (k + flat)^-exponent: a power law whose head is as wide as `flat`.
    ///
    /// Weights are held in 42 binary places; what would weigh less than the last of them is never drawn. `n` up to 2^20.
    pub fn tail(n: u64, flat: u64, exponent: Ratio) -> Odds {
        let flat = flat.max(1);
        Odds::new((0..n).map(|k| falling_power_q42(k + flat, flat, exponent)))
    }

    /// Draws an outcome.
    pub fn draw(&self, prng: &mut Prng) -> u64 {
        let at = prng.below(self.sums.last().copied().unwrap_or(0));
        self.sums.partition_point(|&sum| sum <= at) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_and_differs_from_its_neighbours() {
        let draw = |seed, group, member| {
            let mut prng = Prng::new(seed, group, member);
            [prng.bits(), prng.bits(), prng.bits()]
        };
        assert_eq!(draw(1, "maker", 0), draw(1, "maker", 0));
        assert_ne!(draw(1, "maker", 0), draw(1, "maker", 1));
        assert_ne!(draw(1, "maker", 0), draw(1, "noise", 0));
        assert_ne!(draw(1, "maker", 0), draw(2, "maker", 0));
    }

    #[test]
    fn these_numbers_are_the_same_on_every_platform() {
        let mut prng = Prng::new(7, "golden", 3);
        let drawn = [prng.below(1000), prng.wait(1000), prng.between(5, 9), prng.bell(100) as u64];
        let mut again = Prng::new(7, "golden", 3);
        assert_eq!(
            drawn,
            [again.below(1000), again.wait(1000), again.between(5, 9), again.bell(100) as u64]
        );
        assert_eq!(neg_log2_q16(1 << 63), 1 << 16);
        assert_eq!(neg_log2_q16(1 << 62), 2 << 16);
        assert_eq!(neg_log2_q16(3 << 62), 27_200);
    }

    #[test]
    fn waits_and_bells_keep_their_mean() {
        let mut prng = Prng::new(1, "test", 0);
        let n = 20_000;
        let waits: u64 = (0..n).map(|_| prng.wait(1_000_000)).sum();
        assert!((970_000..1_030_000).contains(&(waits / n)), "{}", waits / n);
        let bells: Vec<i64> = (0..n).map(|_| prng.bell(1000)).collect();
        let mean = bells.iter().sum::<i64>() / n as i64;
        let variance = bells.iter().map(|b| b * b).sum::<i64>() / n as i64;
        assert!(mean.abs() < 30 && (950_000..1_050_000).contains(&variance), "{mean} {variance}");
    }

    #[test]
    fn odds_never_draw_what_weighs_nothing() {
        let odds = Odds::new([0, 3, 0, 1]);
        let mut prng = Prng::new(1, "test", 1);
        let mut seen = [0u32; 4];
        for _ in 0..4000 {
            seen[odds.draw(&mut prng) as usize] += 1;
        }
        assert!(seen[0] == 0 && seen[2] == 0 && seen[1] > 2 * seen[3], "{seen:?}");
        let law = Odds::power_law(50, 2);
        assert!((0..1000).all(|_| law.draw(&mut prng) < 50));
    }

    #[test]
    fn a_tail_falls_with_its_exponent() {
        // Weights (k + 1)^-2.5: P(X >= 9) / P(X >= 99) is about 10^1.5 = 32.
        let odds = Odds::tail(100_000, 1, Ratio::from_nano(2_500_000_000));
        let mut prng = Prng::new(1, "test", 2);
        let draws: Vec<u64> = (0..400_000).map(|_| odds.draw(&mut prng)).collect();
        let beyond = |k| draws.iter().filter(|&&draw| draw >= k).count();
        let ratio = beyond(9) as f64 / beyond(99) as f64;
        assert!((25.0..40.0).contains(&ratio), "{ratio}");
        assert!(draws.iter().any(|&draw| draw > 1_000));
    }
}
