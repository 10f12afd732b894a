//! Decimals of the record as whole units.

use crate::decimal::write_scaled;

/// Largest amount that is read, without sign: what an exchange writes stays under it, and sums of it fit.
pub(super) const UNITS_MAX: i128 = 10i128.pow(32);

/// A decimal as whole units of 10^-`decimals`; `None` where it is none, has more places, or passes 10^32 units.
pub fn fixed(text: &str, decimals: u32) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    if whole.is_empty() || fraction.is_empty() {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = decimals.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let mut units = 0i128;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        units = units.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let units = units.checked_mul(10i128.checked_pow(missing)?)?;
    let units = if negative { -units } else { units };
    (units.abs() <= UNITS_MAX).then_some(units)
}

/// An amount of 10^-`decimals` as text, without zeros at its end.
pub fn money_text(units: i128, decimals: u32) -> String {
    let mut out = Vec::new();
    write_scaled(&mut out, units, decimals);
    out.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_to_the_unit_or_not_at_all() {
        assert_eq!(fixed("12.5", 2), Some(1250));
        assert_eq!(fixed("-0.50", 1), Some(-5));
        assert_eq!(fixed("7", 0), Some(7));
        // Past what commands may say: an exchange's own sums grow that far.
        assert_eq!(fixed("123456789012345678901234", 2), Some(12_345_678_901_234_567_890_123_400));
        for wrong in ["", "-", ".5", "5.", "1e3", "0.001", "+1", "1.2.3", "9".repeat(40).as_str()] {
            assert_eq!(fixed(wrong, 2), None, "{wrong}");
        }
    }

    #[test]
    fn an_amount_prints_as_it_was_read() {
        for text in ["0", "-12.05", "3", "0.01"] {
            assert_eq!(money_text(fixed(text, 2).expect("a decimal"), 2), text);
        }
    }
}
