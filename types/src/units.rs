//! Price, quantity, money and ratio: integers with names, and their only legal products.

use crate::instrument::Step;
use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// Nanoseconds since the epoch of the run; 0 to 2^63 - 1, never falling.
pub type Ts = u64;

/// A side of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    /// Bids; a bought position is long.
    Buy,
    /// Asks; a sold position is short.
    Sell,
}

impl Side {
    /// The other side.
    #[inline]
    pub fn opposite(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// +1 for a buy, -1 for a sell.
    #[inline]
    pub fn sign(self) -> i64 {
        match self {
            Side::Buy => 1,
            Side::Sell => -1,
        }
    }

    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Buy => "buy",
            Side::Sell => "sell",
        }
    }
}

/// A price in ticks of its instrument.
///
/// Units: ticks. Range of what may enter: 1 to [`Price::MAX`] (2^30).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Price(i32);

impl Price {
    /// The lowest price an order may carry.
    pub const MIN: Price = Price(1);
    /// The highest price an order may carry.
    pub const MAX: Price = Price(1 << 30);

    /// A price from ticks, if it lies in the domain.
    #[inline]
    pub fn new(ticks: i64) -> Option<Price> {
        (1..=i64::from(Price::MAX.0)).contains(&ticks).then_some(Price(ticks as i32))
    }

    /// A price from ticks, moved to the nearest end of the domain where it lies outside.
    #[inline]
    pub fn clamped(ticks: i64) -> Price {
        Price(ticks.clamp(1, i64::from(Price::MAX.0)) as i32)
    }

    /// The number of ticks.
    #[inline]
    pub fn ticks(self) -> i64 {
        i64::from(self.0)
    }

    /// `self` worsened for a taker of `side` by `ticks`: higher for a buyer, lower for a seller.
    #[inline]
    pub fn through(self, side: Side, ticks: i64) -> Price {
        Price::clamped(self.ticks().saturating_add(side.sign().saturating_mul(ticks)))
    }

    /// Whether a taker of `side` limited at `self` may trade at `price`.
    #[inline]
    pub fn admits(self, side: Side, price: Price) -> bool {
        match side {
            Side::Buy => price <= self,
            Side::Sell => price >= self,
        }
    }
}

/// An order's or trade's quantity.
///
/// Units: lots. Range of what may enter: 1 to [`Qty::MAX`] (2^40 - 1).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Qty(u64);

impl Qty {
    /// Nothing.
    pub const ZERO: Qty = Qty(0);
    /// The most lots one order may carry.
    pub const MAX: Qty = Qty((1 << 40) - 1);

    /// A quantity of `lots`; sums over many orders may pass [`Qty::MAX`].
    #[inline]
    pub const fn new(lots: u64) -> Qty {
        Qty(lots)
    }

    /// The number of lots.
    #[inline]
    pub const fn lots(self) -> u64 {
        self.0
    }

    /// Whether nothing is left.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self - other`, zero where that would be negative.
    #[inline]
    pub fn saturating_sub(self, other: Qty) -> Qty {
        Qty(self.0.saturating_sub(other.0))
    }

    /// The signed lots a trade of this quantity adds to a position on `side`.
    #[inline]
    pub fn signed(self, side: Side) -> i64 {
        side.sign() * self.0 as i64
    }
}

impl Add for Qty {
    type Output = Qty;
    #[inline]
    fn add(self, other: Qty) -> Qty {
        Qty(self.0 + other.0)
    }
}

impl AddAssign for Qty {
    #[inline]
    fn add_assign(&mut self, other: Qty) {
        self.0 += other.0;
    }
}

impl Sub for Qty {
    type Output = Qty;
    #[inline]
    fn sub(self, other: Qty) -> Qty {
        Qty(self.0 - other.0)
    }
}

impl SubAssign for Qty {
    #[inline]
    fn sub_assign(&mut self, other: Qty) {
        self.0 -= other.0;
    }
}

/// An amount of money, signed.
///
/// Units: 10^-`money_decimals` of the exchange's currency. 128 bits: the gross of a busy account passes 64.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Money(i128);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// An amount from money units.
    #[inline]
    pub const fn new(units: i128) -> Money {
        Money(units)
    }

    /// The number of money units.
    #[inline]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The signed worth of `lots` at `price`: price x quantity x multiplier.
    ///
    /// Units of `tick_value`: money units per tick and lot.
    #[inline]
    pub fn of_lots(price: Price, lots: i64, tick_value: i64) -> Money {
        Money(i128::from(price.ticks()) * i128::from(tick_value) * i128::from(lots))
    }
}

impl Add for Money {
    type Output = Money;
    #[inline]
    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}

impl AddAssign for Money {
    #[inline]
    fn add_assign(&mut self, other: Money) {
        self.0 += other.0;
    }
}

impl Sub for Money {
    type Output = Money;
    #[inline]
    fn sub(self, other: Money) -> Money {
        Money(self.0 - other.0)
    }
}

impl SubAssign for Money {
    #[inline]
    fn sub_assign(&mut self, other: Money) {
        self.0 -= other.0;
    }
}

impl Neg for Money {
    type Output = Money;
    #[inline]
    fn neg(self) -> Money {
        Money(-self.0)
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

/// A share, rate or threshold.
///
/// Units: 10^-9. Range of what may enter: 0 to 10^6.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Ratio(i64);

impl Ratio {
    /// Zero.
    pub const ZERO: Ratio = Ratio(0);
    /// The whole: 1.0.
    pub const ONE: Ratio = Ratio(Ratio::SCALE);
    /// What the integer is divided by.
    pub const SCALE: i64 = 1_000_000_000;
    /// Decimal places of [`Ratio::SCALE`].
    pub const DECIMALS: u32 = 9;
    /// The largest ratio that may enter: a million.
    pub const MAX: Ratio = Ratio(1_000_000 * Ratio::SCALE);

    /// A ratio from its billionths.
    #[inline]
    pub const fn from_nano(nano: i64) -> Ratio {
        Ratio(nano)
    }

    /// The number of billionths.
    #[inline]
    pub const fn nano(self) -> i64 {
        self.0
    }

    /// The sum of two ratios.
    #[inline]
    pub const fn plus(self, other: Ratio) -> Ratio {
        Ratio(self.0 + other.0)
    }
}

/// Proves that profit and loss is exact and gives the worth of one tick of one lot.
///
/// Returns money units per tick and lot, or `None` when `tick x multiplier x lot` is no whole number of
/// money units or passes 10^15 units. Source: SEMANTICS 3.
pub fn tick_value(tick: Step, lot: Step, multiplier: Step, money_decimals: u32) -> Option<i64> {
    let mantissa = i128::from(tick.mantissa)
        .checked_mul(i128::from(lot.mantissa))?
        .checked_mul(i128::from(multiplier.mantissa))?;
    let decimals = tick.decimals + lot.decimals + multiplier.decimals;
    let units = if decimals <= money_decimals {
        mantissa.checked_mul(10i128.checked_pow(money_decimals - decimals)?)?
    } else {
        let scale = 10i128.checked_pow(decimals - money_decimals)?;
        if mantissa % scale != 0 {
            return None;
        }
        mantissa / scale
    };
    (1..=1_000_000_000_000_000i128).contains(&units).then_some(units as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tick_value_is_whole_or_refused() {
        let one = Step { mantissa: 1, decimals: 0 };
        let ten = Step { mantissa: 10, decimals: 0 };
        assert_eq!(tick_value(one, one, ten, 4), Some(100_000));
        let milli = Step { mantissa: 1, decimals: 3 };
        assert_eq!(tick_value(milli, milli, one, 6), Some(1));
        assert_eq!(tick_value(milli, milli, one, 5), None);
    }

    #[test]
    fn a_price_is_worse_further_through() {
        let p = Price::clamped(100);
        assert_eq!(p.through(Side::Buy, 5).ticks(), 105);
        assert_eq!(p.through(Side::Sell, 5).ticks(), 95);
        assert_eq!(p.through(Side::Sell, i64::MAX), Price::MIN);
        assert!(
            Price::clamped(105).admits(Side::Buy, p) && !Price::clamped(105).admits(Side::Sell, p)
        );
    }
}
