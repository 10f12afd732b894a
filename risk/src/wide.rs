//! Comparisons of products that pass 128 bits.

/// Whether `a x x >= b x y`, exactly, for any amounts. `a` and `b` must not be negative.
///
/// Cost: four multiplications, no division.
#[inline]
pub(crate) fn at_least(a: i64, x: i128, b: i64, y: i128) -> bool {
    product(a, x) >= product(b, y)
}

/// Whether `a x x > b x y`, exactly.
#[inline]
pub(crate) fn above(a: i64, x: i128, b: i64, y: i128) -> bool {
    product(a, x) > product(b, y)
}

/// `factor x value` as (high, low) words of 192 bits; ordered like the numbers.
#[inline]
fn product(factor: i64, value: i128) -> (i128, u64) {
    let low = (value as u64 as u128) * (factor as u64 as u128);
    let high = (value >> 64) * i128::from(factor) + (low >> 64) as i128;
    (high, low as u64)
}

/// `value x factor / divisor` rounded down, for any amounts; `factor` >= 0, `divisor` > 0.
pub(crate) fn scale_down(value: i128, factor: i64, divisor: i64) -> i128 {
    let (factor, divisor) = (i128::from(factor), i128::from(divisor));
    let whole = value.div_euclid(divisor);
    let rest = value.rem_euclid(divisor);
    whole.saturating_mul(factor).saturating_add(rest * factor / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_compare_beyond_128_bits() {
        let huge = i128::MAX / 3;
        assert!(at_least(1_000_000_007, huge, 1_000_000_007, huge));
        assert!(!at_least(1_000_000_006, huge, 1_000_000_007, huge));
        assert!(above(5, -huge, 6, -huge));
        assert!(at_least(5, -3, 5, -3) && !above(5, -3, 5, -3));
        assert!(above(7, 1, 3, -1));
    }

    #[test]
    fn scaling_rounds_down() {
        assert_eq!(scale_down(7, 3, 2), 10);
        assert_eq!(scale_down(-7, 3, 2), -11);
        assert_eq!(scale_down(10i128.pow(30), 1_000_000_000, 900_000_000), 10i128.pow(30) * 10 / 9);
    }
}
