//! Liquidation prices of one position. Source: RULES 1.6.

use crate::formula::price::{Bracket, Holding, MarginOn};
use crate::formula::{Fraction, Number, TooLarge};
use plimsoll_types::Side;
use rust_decimal::Decimal;
use std::fmt;

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

/// [`liquidation_price`] with maintenance by brackets, solved again while the answer's notional lies in another one.
///
/// `holding.rate` and `holding.deduct` come on top of the bracket's. Brackets go up; their rates rise and stay below one, and their
/// deductions keep maintenance continuous: d_n = floor_n x (r_n - r_(n-1)) + d_(n-1). With maintenance on the entry the bracket is that
/// of the entry's notional. Source: RULES 1.6.
pub fn liquidation_price_in(
    holding: &Holding<Decimal>,
    brackets: &[Bracket<Decimal>],
) -> Result<Option<Fraction<Decimal>>, TooLarge> {
    if holding.margin_on == MarginOn::Mark {
        return Ok(holding.line()?.price_in(brackets)?.filter(Fraction::is_positive));
    }
    let notional = holding.qty.times(holding.multiplier)?.times(holding.entry)?;
    let home = brackets.iter().find(|bracket| notional <= bracket.up_to).or(brackets.last());
    let Some(home) = home else { return liquidation_price(holding) };
    let (rate, deduct) = (holding.rate.plus(home.rate)?, holding.deduct.plus(home.deduct)?);
    liquidation_price(&Holding { rate, deduct, ..*holding })
}

/// What is wrong with a list of brackets; the places count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BracketFault {
    /// It ends no higher than the one before.
    Order(usize),
    /// Its rate lies under the one before, or is not below one.
    Rate(usize),
    /// Its deduction breaks maintenance in two; this one would keep it continuous.
    Deduct(usize, Decimal),
    /// Its deduction takes more digits than a decimal has.
    TooLarge(usize),
}

impl fmt::Display for BracketFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BracketFault::Order(n) => {
                write!(f, "bracket {n}: expected an end above the last one's, found a lower one")
            }
            BracketFault::Rate(n) => {
                write!(
                    f,
                    "bracket {n}: expected a rate not under the last one's and below 1, found another"
                )
            }
            BracketFault::Deduct(n, deduct) => {
                write!(
                    f,
                    "bracket {n}: expected the deduction {deduct}, which keeps maintenance continuous, found another"
                )
            }
            BracketFault::TooLarge(n) => {
                write!(f, "bracket {n}: expected numbers of fewer digits, found longer ones")
            }
        }
    }
}

impl std::error::Error for BracketFault {}

/// Proves that brackets go up, that rates do not fall and stay below one, and that maintenance is continuous from nothing:
/// d_1 = 0, d_n = floor_n x (r_n - r_(n-1)) + d_(n-1). Source: RULES 1.6.
pub fn prove_brackets(brackets: &[Bracket<Decimal>]) -> Result<(), BracketFault> {
    let mut last: Option<&Bracket<Decimal>> = None;
    for (n, bracket) in brackets.iter().enumerate() {
        let (place, floor) = (n + 1, last.map_or(Decimal::ZERO, |last| last.up_to));
        let (rate, deduct) = last.map_or((bracket.rate, Decimal::ZERO), |l| (l.rate, l.deduct));
        if bracket.up_to <= floor {
            return Err(BracketFault::Order(place));
        }
        if bracket.rate < rate || bracket.rate >= Decimal::ONE {
            return Err(BracketFault::Rate(place));
        }
        let step = bracket.rate.minus(rate).and_then(|step| floor.times(step));
        let expected = step.and_then(|step| step.plus(deduct));
        let expected = expected.map_err(|_| BracketFault::TooLarge(place))?;
        if bracket.deduct != expected {
            return Err(BracketFault::Deduct(place, expected));
        }
        last = Some(bracket);
    }
    Ok(())
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
    fn brackets() -> [Bracket<Decimal>; 3] {
        [
            Bracket { up_to: d("1000"), rate: d("0.01"), deduct: d("0") },
            Bracket { up_to: d("5000"), rate: d("0.02"), deduct: d("10") },
            Bracket { up_to: Decimal::MAX, rate: d("0.10"), deduct: d("410") },
        ]
    }

    /// Maintenance of a notional, by its bracket.
    fn maintenance(notional: Decimal) -> Decimal {
        let brackets = brackets();
        let bracket = brackets.iter().find(|bracket| notional <= bracket.up_to).unwrap();
        notional * bracket.rate - bracket.deduct
    }

    #[test]
    fn rules_1_6_brackets_are_continuous_or_named() {
        assert_eq!(prove_brackets(&brackets()), Ok(()));
        let with = |n: usize, change: fn(&mut Bracket<Decimal>)| {
            let mut list = brackets();
            change(&mut list[n]);
            prove_brackets(&list)
        };
        let expected = Err(BracketFault::Deduct(2, d("10")));
        assert_eq!(with(1, |bracket| bracket.deduct = d("9")), expected);
        assert_eq!(
            with(0, |bracket| bracket.deduct = d("1")),
            Err(BracketFault::Deduct(1, d("0")))
        );
        assert_eq!(with(1, |bracket| bracket.up_to = d("1000")), Err(BracketFault::Order(2)));
        assert_eq!(with(2, |bracket| bracket.rate = d("0.01")), Err(BracketFault::Rate(3)));
        assert_eq!(with(2, |bracket| bracket.rate = d("1")), Err(BracketFault::Rate(3)));
        let long = "0.0199999999999999999999999999";
        let mut list = brackets();
        (list[0].up_to, list[1].rate) = (d("1000.5"), d(long));
        assert_eq!(prove_brackets(&list), Err(BracketFault::TooLarge(2)));
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
    fn rules_1_6_maintenance_on_the_entry_keeps_the_entrys_bracket() {
        // 2,000 at entry: 2 % less 10 is 30, of a wallet of 1,500: equity is 30 at 100 - 1,470 / 20.
        let holding = Holding {
            margin_on: MarginOn::Entry,
            ..Holding::alone(Side::Buy, d("20"), d("100"), d("1500"))
        };
        let price = liquidation_price_in(&holding, &brackets()).unwrap().unwrap();
        assert_eq!(price.half_up(2).unwrap(), d("26.5"), "though 530 lies in the first bracket");
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
