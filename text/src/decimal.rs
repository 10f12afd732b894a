//! Decimals at the border: text to exact ticks, lots, money units and ratios, and back; never through a float.

use plimsoll_types::{Money, Price, Qty, Ratio, Reject, Step};
use rust_decimal::Decimal;

/// Most digits before the point: every decimal lies below 10^15 in absolute value.
const WHOLE_DIGITS_MAX: usize = 15;

/// Most places of a step, so that value / step always fits 128 bits: 10^15 x 10^18 < 2^127.
const STEP_DECIMALS_MAX: u32 = 18;

/// Why a text is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// Something else stands there; an exponent or a leading plus among it.
    Malformed,
    /// At or above 10^15 in absolute value.
    TooBig,
    /// More digits than 28 in all can hold.
    TooLong,
}

impl DecimalError {
    /// What would have been read, for an error line.
    pub fn expected(self) -> &'static str {
        match self {
            DecimalError::Malformed => "a decimal such as \"12.5\", without exponent",
            DecimalError::TooBig => "a decimal below 10^15 in absolute value",
            DecimalError::TooLong => "a decimal of at most 28 digits",
        }
    }
}

/// Reads a decimal exactly: an optional minus, digits, optionally a point and digits. Zeros at its end are dropped.
///
/// Cost: no allocation.
/// Errors: [`DecimalError`]; whatever is returned lies below 10^15 and has at most 28 digits.
#[inline]
pub fn parse(text: &[u8]) -> Result<Decimal, DecimalError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let whole = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let (whole, rest) = digits.split_at(whole);
    let fraction = match rest {
        [] => rest,
        [b'.', fraction @ ..] if !fraction.is_empty() => fraction,
        _ => return Err(DecimalError::Malformed),
    };
    let leading_zero = whole.len() > 1 && whole[0] == b'0';
    if whole.is_empty() || leading_zero || !fraction.iter().all(u8::is_ascii_digit) {
        return Err(DecimalError::Malformed);
    }
    if whole.len() > WHOLE_DIGITS_MAX {
        return Err(DecimalError::TooBig);
    }
    let kept = fraction.iter().rposition(|b| *b != b'0').map_or(0, |last| last + 1);
    let fraction = &fraction[..kept];
    let mantissa = mantissa(whole, fraction)?;
    let signed = if negative { -mantissa } else { mantissa };
    let scale = u32::try_from(fraction.len()).map_err(|_| DecimalError::TooLong)?;
    Decimal::try_from_i128_with_scale(signed, scale).map_err(|_| DecimalError::TooLong)
}

#[inline]
fn mantissa(whole: &[u8], fraction: &[u8]) -> Result<i128, DecimalError> {
    if whole.len() + fraction.len() <= 18 {
        let add = |sum: i64, digit: &u8| sum * 10 + i64::from(digit - b'0');
        return Ok(i128::from(whole.iter().chain(fraction).fold(0, add)));
    }
    if fraction.len() > 28 {
        return Err(DecimalError::TooLong);
    }
    // At most 15 + 28 digits: 10^43 passes 128 bits, so the sum is checked.
    whole
        .iter()
        .chain(fraction)
        .try_fold(0i128, |sum, digit| sum.checked_mul(10)?.checked_add(i128::from(digit - b'0')))
        .ok_or(DecimalError::TooLong)
}

/// How often `step` goes into `value`; `None` where that is no whole number.
///
/// A decimal without zeros at its end and with more places than the step is no multiple of it, so the division
/// is one of at most 10^33 by the step's digits.
#[inline]
pub(crate) fn steps(value: Decimal, step: Step) -> Option<i128> {
    let value = value.normalize();
    let places = step.decimals.checked_sub(value.scale())?;
    let numerator = value.mantissa().checked_mul(10i128.checked_pow(places)?)?;
    let divisor = i128::from(step.mantissa);
    if let (Ok(n), Ok(d)) = (i64::try_from(numerator), i64::try_from(divisor)) {
        return (n.checked_rem(d)? == 0).then(|| i128::from(n / d));
    }
    (numerator.checked_rem(divisor)? == 0).then(|| numerator / divisor)
}

/// A price in ticks.
///
/// Rejects: [`Reject::PriceOffTick`], [`Reject::PriceOutOfRange`], in this order.
#[inline]
pub fn price(value: Decimal, tick: Step) -> Result<Price, Reject> {
    let ticks = steps(value, tick).ok_or(Reject::PriceOffTick)?;
    let ticks = i64::try_from(ticks).map_err(|_| Reject::PriceOutOfRange)?;
    Price::new(ticks).ok_or(Reject::PriceOutOfRange)
}

/// A quantity in lots.
///
/// Rejects: [`Reject::QuantityNotPositive`], [`Reject::QuantityOffLot`], [`Reject::QuantityTooLarge`], in this order.
#[inline]
pub fn quantity(value: Decimal, lot: Step) -> Result<Qty, Reject> {
    if value.is_zero() || value.is_sign_negative() {
        return Err(Reject::QuantityNotPositive);
    }
    let lots = steps(value, lot).ok_or(Reject::QuantityOffLot)?;
    let lots = u64::try_from(lots).map_err(|_| Reject::QuantityTooLarge)?;
    if lots > Qty::MAX.lots() {
        return Err(Reject::QuantityTooLarge);
    }
    Ok(Qty::new(lots))
}

/// Money in units of 10^-`decimals`; `None` where it has more places.
#[inline]
pub fn money(value: Decimal, decimals: u32) -> Option<Money> {
    steps(value, Step { mantissa: 1, decimals }).map(Money::new)
}

/// A positive amount of money in units of 10^-`decimals`.
///
/// Rejects: [`Reject::AmountNotPositive`], [`Reject::AmountOffUnit`], in this order.
#[inline]
pub fn amount(value: Decimal, decimals: u32) -> Result<Money, Reject> {
    if value.is_zero() || value.is_sign_negative() {
        return Err(Reject::AmountNotPositive);
    }
    money(value, decimals).ok_or(Reject::AmountOffUnit)
}

/// A share, rate or threshold; `None` where it is negative, above a million or has over nine places.
#[inline]
pub fn ratio(value: Decimal) -> Option<Ratio> {
    let nano = steps(value, Step { mantissa: 1, decimals: Ratio::DECIMALS })?;
    let nano = i64::try_from(nano).ok()?;
    (0..=Ratio::MAX.nano()).contains(&nano).then_some(Ratio::from_nano(nano))
}

/// A positive step: tick size, lot size, multiplier; `None` where it is not positive or has over 18 digits or places.
pub fn step(value: Decimal) -> Option<Step> {
    let value = value.normalize();
    let mantissa = i64::try_from(value.mantissa()).ok()?;
    let decimals = value.scale();
    (mantissa > 0 && decimals <= STEP_DECIMALS_MAX).then_some(Step { mantissa, decimals })
}

/// Prints `mantissa x 10^-decimals` without zeros at its end and without exponent.
pub fn write_scaled(out: &mut Vec<u8>, mantissa: i128, decimals: u32) {
    if mantissa < 0 {
        out.push(b'-');
    }
    let (mut digits, mut places) = (mantissa.unsigned_abs(), decimals as usize);
    while places > 0 && digits.is_multiple_of(10) {
        digits /= 10;
        places -= 1;
    }
    let mut text = [b'0'; 40];
    let start = fill_digits(&mut text, digits);
    let count = text.len() - start;
    if places == 0 {
        out.extend_from_slice(&text[start..]);
    } else if count > places {
        let point = text.len() - places;
        out.extend_from_slice(&text[start..point]);
        out.push(b'.');
        out.extend_from_slice(&text[point..]);
    } else {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (places - count), b'0');
        out.extend_from_slice(&text[start..]);
    }
}

/// Prints a whole number.
#[inline]
pub fn write_whole(out: &mut Vec<u8>, number: u64) {
    let mut text = [b'0'; 40];
    let start = fill_digits(&mut text, u128::from(number));
    out.extend_from_slice(&text[start..]);
}

/// Writes the digits of `number` at the end of `text` and tells where they start; zero is one digit.
#[inline]
fn fill_digits(text: &mut [u8; 40], mut number: u128) -> usize {
    let mut start = text.len();
    while number > u128::from(u64::MAX) {
        start -= 1;
        text[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    let mut number = number as u64;
    loop {
        start -= 1;
        text[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return start;
        }
    }
}

/// Prints `count` steps; 2^64 x 2^63 is below 2^127.
#[inline]
pub fn write_steps(out: &mut Vec<u8>, count: u64, step: Step) {
    write_scaled(out, i128::from(count) * i128::from(step.mantissa), step.decimals);
}

/// Prints a price in its instrument's decimals.
#[inline]
pub fn write_price(out: &mut Vec<u8>, price: Price, tick: Step) {
    write_steps(out, price.ticks().unsigned_abs(), tick);
}

/// Prints a quantity in its instrument's decimals.
#[inline]
pub fn write_qty(out: &mut Vec<u8>, qty: Qty, lot: Step) {
    write_steps(out, qty.lots(), lot);
}

/// Prints money of so many decimals.
#[inline]
pub fn write_money(out: &mut Vec<u8>, money: Money, decimals: u32) {
    write_scaled(out, money.units(), decimals);
}

#[cfg(test)]
#[path = "decimal_tests.rs"]
mod tests;
