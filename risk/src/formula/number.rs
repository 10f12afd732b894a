//! What an equation of the risk chain is solved in: money units for the engine, decimals for people; exact or not at all.

use crate::wide::mul_div;
use plimsoll_types::{ceil_div, floor_div};
use rust_decimal::Decimal;
use std::fmt;

/// A result that its type cannot hold exactly: over 127 bits, or over 28 digits of a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of more digits than can be held exactly")
    }
}

impl std::error::Error for TooLarge {}

/// A number whose sums and products are exact or refused; quotients name their rounding.
pub trait Number: Copy + Ord {
    /// Nothing.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// A count.
    fn of(count: u64) -> Self;
    /// `self + other`.
    fn plus(self, other: Self) -> Result<Self, TooLarge>;
    /// `self - other`.
    fn minus(self, other: Self) -> Result<Self, TooLarge>;
    /// `self x other`.
    fn times(self, other: Self) -> Result<Self, TooLarge>;
    /// `self / divisor` rounded down to a whole number; `divisor` is above zero.
    fn floor_quotient(self, divisor: Self) -> Result<i128, TooLarge>;
    /// `self / divisor` rounded up to a whole number; `divisor` is above zero.
    fn ceil_quotient(self, divisor: Self) -> Result<i128, TooLarge>;

    /// The same number without sign.
    fn absolute(self) -> Result<Self, TooLarge> {
        if self < Self::ZERO { Self::ZERO.minus(self) } else { Ok(self) }
    }
}

impl Number for i128 {
    const ZERO: i128 = 0;
    const ONE: i128 = 1;

    fn of(count: u64) -> i128 {
        i128::from(count)
    }

    fn plus(self, other: i128) -> Result<i128, TooLarge> {
        self.checked_add(other).ok_or(TooLarge)
    }

    fn minus(self, other: i128) -> Result<i128, TooLarge> {
        self.checked_sub(other).ok_or(TooLarge)
    }

    fn times(self, other: i128) -> Result<i128, TooLarge> {
        self.checked_mul(other).ok_or(TooLarge)
    }

    fn floor_quotient(self, divisor: i128) -> Result<i128, TooLarge> {
        if divisor > 0 { Ok(floor_div(self, divisor)) } else { Err(TooLarge) }
    }

    fn ceil_quotient(self, divisor: i128) -> Result<i128, TooLarge> {
        // The least i128 has no opposite to round down.
        if divisor > 0 && self > i128::MIN { Ok(ceil_div(self, divisor)) } else { Err(TooLarge) }
    }
}

impl Number for Decimal {
    const ZERO: Decimal = Decimal::ZERO;
    const ONE: Decimal = Decimal::ONE;

    fn of(count: u64) -> Decimal {
        Decimal::from(count)
    }

    // The library's own sums and products round where 28 digits do not do; these refuse.
    fn plus(self, other: Decimal) -> Result<Decimal, TooLarge> {
        let (a, b) = (self.normalize(), other.normalize());
        let scale = a.scale().max(b.scale());
        let lift =
            |n: Decimal| n.mantissa().checked_mul(10i128.pow(scale - n.scale())).ok_or(TooLarge);
        decimal(lift(a)?.checked_add(lift(b)?).ok_or(TooLarge)?, scale)
    }

    fn minus(self, other: Decimal) -> Result<Decimal, TooLarge> {
        self.plus(-other)
    }

    fn times(self, other: Decimal) -> Result<Decimal, TooLarge> {
        let (a, b) = (self.normalize(), other.normalize());
        let product = a.mantissa().checked_mul(b.mantissa()).ok_or(TooLarge)?;
        decimal(product, a.scale() + b.scale())
    }

    fn floor_quotient(self, divisor: Decimal) -> Result<i128, TooLarge> {
        let (whole, rest) = quotient(self, divisor)?;
        let above = i128::from(rest > 0);
        Ok(if self < Decimal::ZERO { -whole - above } else { whole })
    }

    fn ceil_quotient(self, divisor: Decimal) -> Result<i128, TooLarge> {
        (-self).floor_quotient(divisor)?.checked_neg().ok_or(TooLarge)
    }
}

/// `mantissa x 10^-scale` if a decimal holds it.
fn decimal(mut mantissa: i128, mut scale: u32) -> Result<Decimal, TooLarge> {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| TooLarge)
}

/// |n / d| as whole part and a remainder above zero where there is one; `d` is above zero.
fn quotient(n: Decimal, d: Decimal) -> Result<(i128, u128), TooLarge> {
    let (whole, rest, _) = long_division(n, d)?;
    Ok((i128::try_from(whole).map_err(|_| TooLarge)?, rest))
}

/// |n / d| as whole part, remainder and the divisor that the remainder is of.
fn long_division(n: Decimal, d: Decimal) -> Result<(u128, u128, u128), TooLarge> {
    let (n, d) = (n.normalize(), d.normalize());
    if d <= Decimal::ZERO {
        return Err(TooLarge);
    }
    let (over, under) = (n.mantissa().unsigned_abs(), d.mantissa().unsigned_abs());
    let power = |places: u32| 10u128.pow(places);
    let (lift, divisor) = if d.scale() >= n.scale() {
        (power(d.scale() - n.scale()), Some(under))
    } else {
        (1, under.checked_mul(power(n.scale() - d.scale())))
    };
    let divisor = divisor.ok_or(TooLarge)?;
    let (whole, rest) = mul_div(over, lift, divisor).ok_or(TooLarge)?;
    Ok((whole, rest, divisor))
}

/// A quotient not yet rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction<N> {
    /// Over.
    pub numerator: N,
    /// Under; above zero.
    pub denominator: N,
}

impl<N: Number> Fraction<N> {
    /// Rounded down to a whole number.
    pub fn floor(&self) -> Result<i128, TooLarge> {
        self.numerator.floor_quotient(self.denominator)
    }

    /// Rounded up to a whole number.
    pub fn ceil(&self) -> Result<i128, TooLarge> {
        self.numerator.ceil_quotient(self.denominator)
    }

    /// Counted in steps: `1.5` in steps of `0.1` is 15.
    pub fn in_steps(&self, step: N) -> Result<Fraction<N>, TooLarge> {
        Ok(Fraction { numerator: self.numerator, denominator: self.denominator.times(step)? })
    }

    /// Whether it lies above zero.
    pub fn is_positive(&self) -> bool {
        self.numerator > N::ZERO
    }
}

impl Fraction<Decimal> {
    /// Rounded to so many places, a half away from zero.
    pub fn half_up(&self, places: u32) -> Result<Decimal, TooLarge> {
        let unit = Decimal::try_from_i128_with_scale(1, places).map_err(|_| TooLarge)?;
        let (whole, rest, divisor) = long_division(self.numerator, self.denominator.times(unit)?)?;
        let units = whole.checked_add(u128::from(rest >= divisor - rest)).ok_or(TooLarge)?;
        let rounded = decimal(i128::try_from(units).map_err(|_| TooLarge)?, places)?;
        Ok(if self.numerator < Decimal::ZERO { Decimal::ZERO - rounded } else { rounded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(d("0.1").plus(d("999999999999999.2")), Ok(d("999999999999999.3")));
        assert_eq!(d("1456.84").times(d("3683.979")), Ok(d("5366967.96636")));
        assert_eq!(d("2.50").times(d("0.40")).unwrap().to_string(), "1");
        assert_eq!(d("0.0000000000000001").times(d("0.0000000000000001")), Err(TooLarge));
        assert_eq!(d("123456789012345.678").times(d("987654321.987654321")), Err(TooLarge));
        assert_eq!(d("79228162514264337593543950335").plus(d("0.1")), Err(TooLarge));
        assert_eq!(Decimal::MAX.plus(Decimal::ONE), Err(TooLarge));
        assert_eq!(i128::MAX.plus(1), Err(TooLarge));
        assert_eq!(d("-3").absolute(), Ok(d("3")));
    }

    #[test]
    fn quotients_round_as_they_say() {
        for (n, by, floor, ceil) in
            [("7", "2", 3, 4), ("-7", "2", -4, -3), ("6", "0.002", 3000, 3000), ("0.1", "30", 0, 1)]
        {
            assert_eq!(d(n).floor_quotient(d(by)), Ok(floor), "{n} / {by}");
            assert_eq!(d(n).ceil_quotient(d(by)), Ok(ceil), "{n} / {by}");
        }
        assert_eq!((7i128.floor_quotient(2), (-7i128).ceil_quotient(2)), (Ok(3), Ok(-3)));
        assert_eq!(d("1").floor_quotient(d("0")), Err(TooLarge));
        let least = d("0.0000000000000000000000000001");
        assert_eq!(Decimal::MAX.floor_quotient(least), Err(TooLarge));
        assert_eq!(Decimal::MIN.ceil_quotient(least), Err(TooLarge));
        assert_eq!(i128::MIN.ceil_quotient(1), Err(TooLarge));
    }

    #[test]
    fn a_fraction_rounds_half_away_from_zero() {
        let round = |n, by, places| {
            Fraction { numerator: d(n), denominator: d(by) }.half_up(places).unwrap().to_string()
        };
        assert_eq!(round("2", "3", 2), "0.67");
        assert_eq!(round("1", "8", 2), "0.13");
        assert_eq!(round("-1", "8", 2), "-0.13");
        assert_eq!(round("1", "3", 0), "0");
        assert_eq!(round("-1", "3", 0), "0", "no sign on zero");
        assert_eq!(round("100", "1", 4), "100", "no zeros at the end");
        assert_eq!(round("1", "7", 18), "0.142857142857142857");
        let steps = Fraction { numerator: d("3"), denominator: d("2") }.in_steps(d("0.4")).unwrap();
        assert_eq!((steps.floor(), steps.ceil()), (Ok(3), Ok(4)));
    }
}
