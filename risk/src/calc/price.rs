//! Liquidation prices of one position. Source: RULES 1.6.

use crate::formula::price::Holding;
use crate::formula::{Fraction, Number, TooLarge};
use plimsoll_types::Side;
use rust_decimal::Decimal;

/// One bracket of maintenance by notional: `rate x notional - deduct` up to `up_to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// Upper end of the notional, itself in it; `None` for the last.
    pub up_to: Option<Decimal>,
    /// Maintenance as a share of notional.
    pub rate: Decimal,
    /// What is taken off: d_n = floor_n x (r_n - r_(n-1)) + d_(n-1), which keeps maintenance continuous.
    pub deduct: Decimal,
}

/// The price at which maintenance meets equity, the account's other positions held fixed.
///
/// With x = side x quantity x multiplier, wallet W, others' result U and maintenance T, entry e, rate r, deduction d, amount A, fee f:
/// `p = (W + U - x e - T - A + d) / ((r + f) |x| - x)`; with maintenance on the entry, `r |x| e` moves into the numerator.
/// `None` where no price above zero does it. Units: as people write them. Source: RULES 1.6.
pub fn liquidation_price(
    holding: &Holding<Decimal>,
) -> Result<Option<Fraction<Decimal>>, TooLarge> {
    Ok(holding.line()?.price()?.filter(Fraction::is_positive))
}

/// [`liquidation_price`] with maintenance by brackets: solved in each until the answer's notional lies in the bracket it was
/// solved with.
///
/// `holding.rate` and `holding.deduct` are not looked at. Continuous brackets whose rates rise and stay below one have one
/// such answer at most; of others the first in their order is given. Cost: one equation a bracket. Source: RULES 1.6.
pub fn liquidation_price_in(
    holding: &Holding<Decimal>,
    brackets: &[Bracket],
) -> Result<Option<Fraction<Decimal>>, TooLarge> {
    let mut floor = Decimal::ZERO;
    for bracket in brackets {
        let solved = Holding { rate: bracket.rate, deduct: bracket.deduct, ..*holding };
        if let Some(price) = liquidation_price(&solved)? {
            // Notional q p = q n / d, so floor < q p <= up_to reads floor x d < q x n <= up_to x d.
            let quantity = holding.qty.times(holding.multiplier)?;
            let notional = price.numerator.times(quantity)?;
            let over = notional > floor.times(price.denominator)?;
            let within = match bracket.up_to {
                Some(end) => notional <= end.times(price.denominator)?,
                None => true,
            };
            if over && within {
                return Ok(Some(price));
            }
        }
        floor = bracket.up_to.unwrap_or(floor);
    }
    Ok(None)
}

/// A price on the tick, rounded to the side that is safe for the house: up for a long, down for a short.
///
/// So the account is liquidated a tick early rather than late. `tick` is above zero. Source: RULES 1.6.
pub fn on_tick(price: Fraction<Decimal>, side: Side, tick: Decimal) -> Result<Decimal, TooLarge> {
    let ticks = price.in_steps(tick)?;
    let ticks = match side {
        Side::Buy => ticks.ceil()?,
        Side::Sell => ticks.floor()?,
    };
    Decimal::try_from_i128_with_scale(ticks, 0).map_err(|_| TooLarge)?.times(tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    /// Continuous: 10 = 1,000 x (0.02 - 0.01), 410 = 5,000 x (0.10 - 0.02) + 10.
    fn brackets() -> [Bracket; 3] {
        [
            Bracket { up_to: Some(d("1000")), rate: d("0.01"), deduct: d("0") },
            Bracket { up_to: Some(d("5000")), rate: d("0.02"), deduct: d("10") },
            Bracket { up_to: None, rate: d("0.10"), deduct: d("410") },
        ]
    }

    /// Maintenance of a notional, by its bracket.
    fn maintenance(notional: Decimal) -> Decimal {
        let inside = |bracket: &&Bracket| bracket.up_to.is_none_or(|end| notional <= end);
        let brackets = brackets();
        let bracket = brackets.iter().find(inside).unwrap();
        notional * bracket.rate - bracket.deduct
    }

    #[test]
    fn rules_1_6_it_is_solved_again_until_the_answer_lies_in_its_bracket() {
        for (side, qty, wallet, expected) in [
            (Side::Buy, "5", "50", "90.9090909091"),
            (Side::Buy, "20", "300", "86.2244897959"),
            (Side::Buy, "100", "1500", "89.8888888889"),
            (Side::Sell, "20", "2500", "221.0784313725"),
        ] {
            let holding = Holding::alone(side, d(qty), d("100"), d(wallet));
            let price = liquidation_price_in(&holding, &brackets()).unwrap().unwrap();
            let price = price.half_up(10).unwrap();
            assert_eq!(price, d(expected), "{side:?} {qty}");
            let equity = d(wallet) + d(qty) * Decimal::from(side.sign()) * (price - d("100"));
            let off = (maintenance(d(qty) * price) - equity).abs();
            assert!(off < d("0.00001"), "{side:?} {qty}: {off}");
        }
    }

    #[test]
    fn rules_1_6_on_the_tick_it_is_safe_for_the_house() {
        let price = Fraction { numerator: d("9000"), denominator: d("0.995") };
        assert_eq!(on_tick(price, Side::Buy, d("0.5")), Ok(d("9045.5")));
        assert_eq!(on_tick(price, Side::Sell, d("0.5")), Ok(d("9045")));
        let exact = Fraction { numerator: d("9045.5"), denominator: d("1") };
        assert_eq!(on_tick(exact, Side::Buy, d("0.5")), Ok(d("9045.5")));
    }

    #[test]
    fn a_position_that_nothing_endangers_has_none() {
        let rich = Holding::alone(Side::Buy, d("1"), d("10"), d("20"));
        assert_eq!(liquidation_price(&rich), Ok(None));
        assert_eq!(liquidation_price_in(&rich, &brackets()), Ok(None));
        assert_eq!(liquidation_price_in(&rich, &[]), Ok(None));
    }
}
