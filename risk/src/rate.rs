//! A share of a notional and an amount a lot: what margin rates and fees are made of.

use plimsoll_types::{MarginRate, Money, Ratio};
use serde::{Deserialize, Serialize};

/// A share of the notional as a reduced fraction, and an amount a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub(crate) struct Rate {
    pub(crate) nano: i64,
    numerator: i64,
    denominator: i64,
    /// Notionals up to here can be multiplied by the numerator in 64 bits.
    small: i64,
    /// One over the denominator.
    inverse: Inverse,
    pub(crate) per_lot: i128,
}

/// What a snapshot keeps of a rate.
#[derive(Serialize, Deserialize)]
struct Kept {
    nano: i64,
    numerator: i64,
    denominator: i64,
    small: i64,
    per_lot: i128,
}

impl From<Kept> for Rate {
    fn from(kept: Kept) -> Rate {
        let (share, per_lot) = (Ratio::from_nano(kept.nano), Money::new(kept.per_lot));
        Rate::new(MarginRate { share, per_lot })
    }
}

impl From<Rate> for Kept {
    fn from(rate: Rate) -> Kept {
        let Rate { nano, numerator, denominator, small, per_lot, .. } = rate;
        Kept { nano, numerator, denominator, small, per_lot }
    }
}

impl Rate {
    pub(crate) fn new(rate: MarginRate) -> Rate {
        let nano = rate.share.nano();
        let mut divisor = (nano, Ratio::SCALE);
        while divisor.1 != 0 {
            divisor = (divisor.1, divisor.0 % divisor.1);
        }
        let (numerator, denominator) = (nano / divisor.0, Ratio::SCALE / divisor.0);
        Rate {
            nano,
            numerator,
            denominator,
            small: (i64::MAX - denominator) / numerator.max(1),
            inverse: Inverse::new(denominator),
            per_lot: rate.per_lot.units(),
        }
    }

    /// Rounded up once. `notional` and `lots` are not negative.
    #[inline]
    pub(crate) fn up(&self, notional: i128, lots: u64) -> i128 {
        self.share_of(notional, self.denominator - 1) + self.per_lot * i128::from(lots)
    }

    /// Rounded half up once.
    #[inline]
    pub(crate) fn half_up(&self, notional: i128, lots: u64) -> i128 {
        self.share_of(notional, self.denominator / 2) + self.per_lot * i128::from(lots)
    }

    /// Rounded up once, in 64 bits; `None` where it does not fit them.
    #[inline(always)]
    pub(crate) fn up_small(&self, notional: u64, lots: u64) -> Option<u64> {
        self.small_sum(notional, self.denominator - 1, lots)
    }

    /// Rounded half up once, in 64 bits.
    #[inline(always)]
    pub(crate) fn half_up_small(&self, notional: u64, lots: u64) -> Option<u64> {
        self.small_sum(notional, self.denominator / 2, lots)
    }

    #[inline(always)]
    fn small_sum(&self, notional: u64, lift: i64, lots: u64) -> Option<u64> {
        let share = (notional <= self.small as u64)
            .then(|| self.inverse.quotient(notional * self.numerator as u64 + lift as u64));
        share?.checked_add(u64::try_from(self.per_lot).ok()?.checked_mul(lots)?)
    }

    /// `(notional x numerator + lift) / denominator` rounded down: the lift makes it round up, or half up.
    #[inline]
    fn share_of(&self, notional: i128, lift: i64) -> i128 {
        if notional <= i128::from(self.small) {
            let product = notional as u64 * self.numerator as u64 + lift as u64;
            return i128::from(self.inverse.quotient(product));
        }
        self.share_of_large(notional, lift)
    }

    /// Too large to be multiplied whole: the part that divides evenly first.
    #[cold]
    fn share_of_large(&self, notional: i128, lift: i64) -> i128 {
        let (numerator, denominator) = (i128::from(self.numerator), i128::from(self.denominator));
        notional / denominator * numerator
            + (notional % denominator * numerator + i128::from(lift)) / denominator
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.nano == 0 && self.per_lot == 0
    }
}

/// Divides by a number that stays the same, by one multiplication: a division takes several times as long.
///
/// For a divisor `d <= 2^b` the factor is `2^(63+b) / d` rounded up, so that `factor x d = 2^(63+b) + e` with `e < d <= 2^b`. A
/// dividend `n < 2^63` times it, over `2^(63+b)`, is `n / d` and less than `1 / d` too much: rounded down, exact.
/// Source: Granlund and Montgomery, Division by Invariant Integers using Multiplication, 1994.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Inverse {
    factor: u64,
    shift: u32,
}

impl Inverse {
    fn new(divisor: i64) -> Inverse {
        let divisor = divisor as u128;
        let bits = u128::BITS - (divisor - 1).leading_zeros();
        Inverse { factor: (1u128 << (63 + bits)).div_ceil(divisor) as u64, shift: 63 + bits }
    }

    /// The dividend, which must be below 2^63, over the divisor, rounded down.
    #[inline]
    fn quotient(self, dividend: u64) -> u64 {
        debug_assert!(dividend >> 63 == 0);
        ((u128::from(dividend) * u128::from(self.factor)) >> self.shift) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_once_at_any_size() {
        use plimsoll_types::{ceil_div, half_up_div};
        for nano in [0, 1, 23_000, 120_000_000, 333_333_333, 1_000_000_000, 7_000_000_001] {
            let share = Ratio::from_nano(nano);
            let rate = Rate::new(MarginRate { share, per_lot: Money::ZERO });
            for bits in 0..90 {
                for notional in [(1i128 << bits) - 1, 1 << bits, (1 << bits) + 12_345] {
                    let product = notional * i128::from(nano);
                    assert_eq!(rate.up(notional, 9), ceil_div(product, 1_000_000_000));
                    assert_eq!(rate.half_up(notional, 9), half_up_div(product, 1_000_000_000));
                }
            }
        }
    }

    #[test]
    fn a_multiplication_divides_exactly() {
        let mut divisors: Vec<i64> = (1..=2_000).chain([1 << 29, (1 << 29) + 1]).collect();
        // Every divisor a share of billionths can come to is one of these.
        divisors.extend((1..=Ratio::SCALE / 2).filter(|d| Ratio::SCALE % d == 0));
        divisors.extend([Ratio::SCALE - 1, Ratio::SCALE, (1 << 30) - 1, 1 << 30]);
        for divisor in divisors {
            let (inverse, d) = (Inverse::new(divisor), divisor as u64);
            let last = (i64::MAX as u64 / d) * d;
            let mut multiples = vec![0, d, 7 * d, last / 3 / d * d, last - d, last];
            multiples.extend((0..63).map(|bit| (1u64 << bit) / d * d));
            for multiple in multiples {
                for dividend in [multiple.saturating_sub(1), multiple, multiple + d / 2] {
                    let dividend = dividend.min(i64::MAX as u64);
                    assert_eq!(inverse.quotient(dividend), dividend / d, "{dividend} / {d}");
                }
            }
        }
    }
}
