//! Logarithms and powers in integers: the last bit is the same on every platform, which no `f64::exp` promises.

use plimsoll_types::Ratio;

/// One, in 32 binary places.
pub const ONE_Q32: u64 = 1 << 32;
/// log2 e in 32 binary places.
const LOG2_E_Q32: u128 = 6_196_328_019;
/// ln 2 in 32 binary places.
const LN_2_Q32: u64 = 2_977_044_472;

/// `2^-(k / 256)` and `2^-(k / 65536)` in 62 binary places.
const ROOTS: [[u64; 256]; 2] = [roots(1), roots(9)];

/// Products of the roots `2^-(2^-first)`, `2^-(2^-(first + 1))`, ... by the bits of the index, the highest bit first.
const fn roots(first: u32) -> [u64; 256] {
    let mut bits = [0u128; 8];
    let (mut root, mut nth, mut bit) = (1u128 << 61, 0, 0);
    while bit < 8 {
        nth += 1;
        // The square root of a number in 62 places has 62 places again once it is shifted by 62 more.
        root = (root << 62).isqrt();
        if nth >= first {
            bits[7 - bit] = root;
            bit += 1;
        }
    }
    let mut table = [0u64; 256];
    let mut index = 0;
    while index < 256 {
        let (mut product, mut bit) = (1u128 << 62, 0);
        while bit < 8 {
            if index & (1 << bit) != 0 {
                product = (product * bits[bit]) >> 62;
            }
            bit += 1;
        }
        table[index] = product as u64;
        index += 1;
    }
    table
}

/// `log2 x` in 32 binary places, digit by digit by squaring; 0 of 0.
pub fn log2_q32(x: u64) -> u64 {
    let x = x.max(1);
    let zeros = x.leading_zeros();
    let mut mantissa = x << zeros;
    let mut fraction = 0;
    for _ in 0..32 {
        let square = (u128::from(mantissa) * u128::from(mantissa)) >> 63;
        let digit = (square >> 64) as u64;
        fraction = (fraction << 1) | digit;
        mantissa = (square >> digit) as u64;
    }
    (u64::from(63 - zeros) << 32) | fraction
}

/// `2^-x` in 32 binary places, of an `x` in 32 binary places; off by less than 2^-31.
pub fn exp2_neg_q32(x: u64) -> u64 {
    let whole = x >> 32;
    if whole > 32 {
        return 0;
    }
    let fraction = x & (ONE_Q32 - 1);
    let high = u128::from(ROOTS[0][(fraction >> 24) as usize]);
    let low = u128::from(ROOTS[1][(fraction >> 16 & 0xFF) as usize]);
    // What is left is below 2^-16: 2^-r = 1 - r ln 2 there, but for 2^-34.
    let rest = u128::from(ONE_Q32 - (((fraction & 0xFFFF) * LN_2_Q32) >> 32));
    let product = (((high * low) >> 62) * rest) >> 62;
    (product >> whole) as u64
}

/// `e^-(time / scale)` in 32 binary places.
///
/// Units: both of one unit, `scale` above 0. Cost: a division and four multiplications.
pub fn decay_q32(time: u64, scale: u64) -> u64 {
    // After 23 scales less than 2^-33 is left; below that the quotient needs no more than 37 bits.
    if time / scale.max(1) >= 23 {
        return 0;
    }
    let scales = (u128::from(time) << 32) / u128::from(scale.max(1));
    exp2_neg_q32(((scales * LOG2_E_Q32) >> 32) as u64)
}

/// `(n / of)^-exponent` in 42 binary places, for `n >= of >= 1`.
pub fn falling_power_q42(n: u64, of: u64, exponent: Ratio) -> u64 {
    let logarithm = u128::from(log2_q32(n).saturating_sub(log2_q32(of)));
    let x = logarithm * exponent.nano().max(0) as u128 / Ratio::SCALE as u128;
    let (whole, fraction) = ((x >> 32) as u32, x as u64 & (ONE_Q32 - 1));
    (exp2_neg_q32(fraction) << 10).checked_shr(whole).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn these_numbers_are_the_same_on_every_platform() {
        let logarithms = [1, 2, 3, 10, 1_000_003, u64::MAX].map(log2_q32);
        assert_eq!(logarithms, GOLDEN_LOGARITHMS);
        let powers = [0, 1, 1 << 16, 1 << 31, ONE_Q32, 7 * ONE_Q32 / 3, 33 * ONE_Q32];
        assert_eq!(powers.map(exp2_neg_q32), GOLDEN_POWERS);
        let decays = [0, 1, 500, 1_000, 10_000, 23_000].map(|time| decay_q32(time, 1_000));
        assert_eq!(decays, GOLDEN_DECAYS);
        let falling = [(1, 1), (2, 1), (10, 1), (10, 3), (100_000, 1)];
        let falling =
            falling.map(|(n, of)| falling_power_q42(n, of, Ratio::from_nano(1_500_000_000)));
        assert_eq!(falling, GOLDEN_FALLING);
    }

    // From the same sums in unbounded integers elsewhere.
    const GOLDEN_LOGARITHMS: [u64; 6] =
        [0, 4_294_967_296, 6_807_362_105, 14_267_572_527, 85_605_453_752, 274_877_906_943];
    const GOLDEN_POWERS: [u64; 7] =
        [4_294_967_296, 4_294_967_296, 4_294_921_870, 3_037_000_499, 2_147_483_648, 852_229_450, 0];
    const GOLDEN_DECAYS: [u64; 6] =
        [4_294_967_296, 4_290_674_476, 2_605_029_348, 1_580_030_168, 194_991, 0];
    const GOLDEN_FALLING: [u64; 5] =
        [4_398_046_511_104, 1_554_944_255_488, 139_078_442_304, 722_672_784_640, 139_078];

    #[test]
    fn they_agree_with_the_floating_ones() {
        for k in 0..40_000u64 {
            let x = k * 1_234_567;
            let exact = (-(x as f64) / ONE_Q32 as f64).exp2() * ONE_Q32 as f64;
            assert!((exp2_neg_q32(x) as f64 - exact).abs() < 3.0, "{x}");
            let exact = (-(k as f64) / 1_777.0).exp() * ONE_Q32 as f64;
            assert!((decay_q32(k, 1_777) as f64 - exact).abs() < 4.0, "{k}");
            let exact = ((k + 1) as f64).log2() * ONE_Q32 as f64;
            assert!((log2_q32(k + 1) as f64 - exact).abs() < 2.0, "{k}");
        }
    }
}
