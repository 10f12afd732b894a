//! Integer divisions that name their rounding.

/// `n / d` rounded down (towards minus infinity).
///
/// Cost: one 64-bit division when both fit, a 128-bit one otherwise. `d` must be positive.
#[inline]
pub fn floor_div(n: i128, d: i128) -> i128 {
    if let (Ok(n), Ok(d)) = (i64::try_from(n), i64::try_from(d)) {
        return i128::from(n.div_euclid(d));
    }
    n.div_euclid(d)
}

/// `n / d` rounded up (towards plus infinity): margins. `d` must be positive.
#[inline]
pub fn ceil_div(n: i128, d: i128) -> i128 {
    -floor_div(-n, d)
}

/// `n / d` rounded to the nearest, a half upwards (towards plus infinity): fees, displayed ratios. `d` must be positive.
#[inline]
pub fn half_up_div(n: i128, d: i128) -> i128 {
    floor_div(2 * n + d, 2 * d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roundings_differ_only_on_remainders() {
        assert_eq!((floor_div(7, 2), ceil_div(7, 2), half_up_div(7, 2)), (3, 4, 4));
        assert_eq!((floor_div(-7, 2), ceil_div(-7, 2), half_up_div(-7, 2)), (-4, -3, -3));
        assert_eq!((floor_div(6, 2), ceil_div(6, 2), half_up_div(6, 2)), (3, 3, 3));
        assert_eq!((half_up_div(1, 3), half_up_div(2, 3)), (0, 1));
    }

    #[test]
    fn wide_values_take_the_wide_path() {
        let n = i128::from(i64::MAX) * 10 + 5;
        assert_eq!(floor_div(n, 10), i128::from(i64::MAX));
        assert_eq!(ceil_div(n, 10), i128::from(i64::MAX) + 1);
    }
}
