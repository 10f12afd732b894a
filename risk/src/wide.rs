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

/// `a x b` in 256 bits, as (high, low).
pub(crate) fn product_wide(a: u128, b: u128) -> (u128, u128) {
    let mask = u128::from(u64::MAX);
    let (a1, a0, b1, b0) = (a >> 64, a & mask, b >> 64, b & mask);
    let middle = ((a0 * b0) >> 64) + ((a1 * b0) & mask) + ((a0 * b1) & mask);
    let high = a1 * b1 + ((a1 * b0) >> 64) + ((a0 * b1) >> 64) + (middle >> 64);
    (high, a.wrapping_mul(b))
}

/// `a x b / d` rounded down, with its remainder; exact through 256 bits. `None` where the quotient passes 128 bits or `d` is 0.
///
/// Cost: one division where the product fits 128 bits, else 128 steps of long division.
pub(crate) fn mul_div(a: u128, b: u128, d: u128) -> Option<(u128, u128)> {
    if let Some(product) = a.checked_mul(b) {
        let quotient = product.checked_div(d)?;
        return Some((quotient, product - quotient * d));
    }
    let (mut rest, low) = product_wide(a, b);
    if rest >= d {
        return None;
    }
    let mut quotient = 0u128;
    for bit in (0..128).rev() {
        let carry = rest >> 127;
        rest = (rest << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry == 1 || rest >= d {
            rest = rest.wrapping_sub(d);
            quotient |= 1;
        }
    }
    Some((quotient, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_products_are_exact() {
        assert_eq!(product_wide(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(product_wide(1 << 100, 1 << 100), (1 << 72, 0));
        assert_eq!(product_wide(7, 6), (0, 42));
    }

    #[test]
    fn a_product_is_divided_exactly() {
        assert_eq!(mul_div(7, 3, 2), Some((10, 1)));
        assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX), Some((u128::MAX, 0)));
        assert_eq!(mul_div(u128::MAX, u128::MAX - 1, u128::MAX), Some((u128::MAX - 1, 0)));
        // 10^36 x 10^36 / (10^36 + 1) = 10^36 - 1, and 1 is left.
        let (big, one) = (10u128.pow(36), 1);
        assert_eq!(mul_div(big, big, big + one), Some((big - one, one)));
        assert_eq!(mul_div(u128::MAX, 2, 1), None);
        assert_eq!(mul_div(1, 1, 0), None);
        assert_eq!(mul_div(u128::MAX, 2, 0), None);
    }

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
