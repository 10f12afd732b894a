//! Risk degrees, lots to close and losses of one account. Source: RULES 1.3, 1.5, 1.7.

use crate::formula::least::Account;
use crate::formula::{Fraction, Number, TooLarge};
use plimsoll_types::Side;
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// Both definitions of the risk degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Degrees {
    /// Margin / equity; `None` without equity. Below zero where equity is, which is past every tier.
    pub margin_over_equity: Option<Fraction<Decimal>>,
    /// Equity / margin; `None` without margin.
    pub equity_over_margin: Option<Fraction<Decimal>>,
}

/// Margin over equity and equity over margin, not yet rounded; undefined as the measure of events and state is. Source: RULES 1.3.
pub fn risk_degrees(margin: Decimal, equity: Decimal) -> Degrees {
    let over = |n: Decimal, d: Decimal| match d.cmp(&Decimal::ZERO) {
        Ordering::Equal => None,
        Ordering::Greater => Some(Fraction { numerator: n, denominator: d }),
        Ordering::Less => Some(Fraction { numerator: -n, denominator: -d }),
    };
    Degrees { margin_over_equity: over(margin, equity), equity_over_margin: over(equity, margin) }
}

/// What is free: equity - margin. Source: RULES 1.1.
pub fn available(margin: Decimal, equity: Decimal) -> Result<Decimal, TooLarge> {
    equity.minus(margin)
}

/// What a forced close loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// By the price; below zero where it gains.
    pub by_price: Decimal,
    /// Price and fee together.
    pub total: Decimal,
}

/// (entry - exit) x multiplier x quantity for a long, (exit - entry) for a short; plus the fee. Source: RULES 1.7.
pub fn loss(
    side: Side,
    entry: Decimal,
    exit: Decimal,
    qty: Decimal,
    multiplier: Decimal,
    fee: Decimal,
) -> Result<Loss, TooLarge> {
    let against = match side {
        Side::Buy => entry.minus(exit)?,
        Side::Sell => exit.minus(entry)?,
    };
    let by_price = against.times(multiplier)?.times(qty)?;
    Ok(Loss { by_price, total: by_price.plus(fee)? })
}

/// All the lots an account's margin is made of: ceil(margin / margin a lot); the latter is above zero.
pub fn all_lots(margin: Decimal, margin_a_lot: Decimal) -> Result<u64, TooLarge> {
    u64::try_from(margin.ceil_quotient(margin_a_lot)?.max(0)).map_err(|_| TooLarge)
}

/// The least n with (M - n m) / (E - n c) <= target, and whether it meets it; where none of `lots` does, all of them.
///
/// See [`Account::least`]. Source: RULES 1.5.
pub fn lots_to_close(account: &Account<Decimal>, lots: u64) -> Result<(u64, bool), TooLarge> {
    Ok(account.least(lots)?.map_or((lots, false), |n| (n, true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn rules_1_3_both_degrees_and_what_is_available() {
        let degrees = risk_degrees(d("80000"), d("100000"));
        let round = |fraction: Option<Fraction<Decimal>>| fraction.unwrap().half_up(2).unwrap();
        assert_eq!(round(degrees.margin_over_equity), d("0.8"));
        assert_eq!(round(degrees.equity_over_margin), d("1.25"));
        assert_eq!(available(d("80000"), d("100000")), Ok(d("20000")));
        let under = risk_degrees(d("10"), d("-5"));
        assert_eq!(round(under.margin_over_equity), d("-2"));
        assert_eq!(round(under.equity_over_margin), d("-0.5"));
        assert_eq!(risk_degrees(d("0"), d("5")).equity_over_margin, None);
        assert_eq!(risk_degrees(d("5"), d("0")).margin_over_equity, None);
    }

    #[test]
    fn rules_1_5_lots_to_close() {
        let account = |target: &str| Account {
            margin: d("100000"),
            equity: d("90000"),
            margin_a_lot: d("5000"),
            cost_a_lot: d("60"),
            target: d(target),
            one: Decimal::ONE,
        };
        let all = all_lots(d("100000"), d("5000")).unwrap();
        assert_eq!(all, 20);
        for (target, lots) in [("1.00", 3), ("0.90", 4), ("0.80", 6)] {
            assert_eq!(lots_to_close(&account(target), all), Ok((lots, true)));
        }
        let sunk = Account { equity: d("-1"), ..account("0.90") };
        assert_eq!(lots_to_close(&sunk, all), Ok((20, false)), "all of it");
        assert_eq!(all_lots(d("100001"), d("5000")), Ok(21));
    }

    #[test]
    fn rules_1_7_rebar_falls_from_5000_to_4890() {
        let lost = |side, fee| loss(side, d("5000"), d("4890"), d("1"), d("10"), d(fee)).unwrap();
        assert_eq!(lost(Side::Buy, "0"), Loss { by_price: d("1100"), total: d("1100") });
        assert_eq!(lost(Side::Buy, "30").total, d("1130"));
        assert_eq!(lost(Side::Buy, "50").total, d("1150"));
        assert_eq!(lost(Side::Sell, "30"), Loss { by_price: d("-1100"), total: d("-1070") });
        let huge = d("999999999999999.9999");
        assert_eq!(loss(Side::Buy, huge, d("1"), huge, huge, d("0")), Err(TooLarge));
    }
}
