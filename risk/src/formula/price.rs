//! Prices at which an account's equity meets a line: liquidation and bankruptcy. Source: RULES 1.6, 5.4.

use super::number::{Fraction, Number, TooLarge};
use plimsoll_types::Side;

/// An account's line as an equation in one instrument's price p, everything else held fixed:
///
/// `margin_weight x (fixed + rate x |exposure| x p) = equity_weight x (cash + exposure x p)`
///
/// Units: money, and money per price for the exposure; `rate` in parts of `one`. Source: RULES 1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<N> {
    /// side x quantity x multiplier: what one of price adds to equity.
    pub exposure: N,
    /// Equity at a price of zero: wallet + others' result - exposure x entry.
    pub cash: N,
    /// Margin that does not move with the price.
    pub fixed: N,
    /// The share of notional that does, a fee in the line among it.
    pub rate: N,
    /// What a rate of one is: 1, or 10^9.
    pub one: N,
    /// Weight of the margin's side.
    pub margin_weight: N,
    /// Weight of the equity's side.
    pub equity_weight: N,
}

impl<N: Number> Line<N> {
    /// The price that solves it:
    /// `(equity_weight x cash - margin_weight x fixed) / (margin_weight x rate x |exposure| - equity_weight x exposure)`.
    ///
    /// `None` where the account does not come closer to its line as the price moves against it. It may lie at zero or below:
    /// then no price reaches the line. Exact: the caller rounds. Cost: ten multiplications. Source: RULES 1.6.
    pub fn price(&self) -> Result<Option<Fraction<N>>, TooLarge> {
        let (m, e) = (self.margin_weight, self.equity_weight);
        let slope = m
            .times(self.rate)?
            .times(self.exposure.absolute()?)?
            .minus(e.times(self.one)?.times(self.exposure)?)?;
        let fixed = e.times(self.cash)?.minus(m.times(self.fixed)?)?.times(self.one)?;
        // The worse side lies below for a long, above for a short.
        if self.exposure > N::ZERO && slope < N::ZERO {
            let (numerator, denominator) = (N::ZERO.minus(fixed)?, N::ZERO.minus(slope)?);
            Ok(Some(Fraction { numerator, denominator }))
        } else if self.exposure < N::ZERO && slope > N::ZERO {
            Ok(Some(Fraction { numerator: fixed, denominator: slope }))
        } else {
            Ok(None)
        }
    }
}

/// A step of a margin that grows with the notional: `rate x notional - deduct`, up to a notional. Source: RULES 1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket<N> {
    /// The largest notional it covers; the last bracket goes on beyond its own.
    pub up_to: N,
    /// Share of the whole notional, in parts of `one`.
    pub rate: N,
    /// What comes off again.
    pub deduct: N,
}

impl<N: Number> Line<N> {
    /// The price that solves it where brackets add their rate and take off their deduction, solved again while the answer lies in another bracket.
    ///
    /// Brackets are continuous and their rates rise, so the way to the line is convex in the price and there is one answer: from the
    /// lowest bracket upwards each solution lies on the same side of it, nearer than the one before.
    /// Cost: at most one solution a bracket and one more. Source: RULES 1.6.
    pub fn price_in(&self, brackets: &[Bracket<N>]) -> Result<Option<Fraction<N>>, TooLarge> {
        let Some((last, closed)) = brackets.split_last() else { return self.price() };
        let mut bracket = closed.first().unwrap_or(last);
        for _ in 0..=brackets.len() {
            let rate = self.rate.plus(bracket.rate)?;
            let fixed = self.fixed.minus(bracket.deduct)?;
            let Some(found) = (Line { rate, fixed, ..*self }).price()? else { return Ok(None) };
            let notional = self.exposure.absolute()?.times(found.numerator)?;
            let mut home = last;
            for candidate in closed {
                if notional <= candidate.up_to.times(found.denominator)? {
                    home = candidate;
                    break;
                }
            }
            if home == bracket {
                return Ok(Some(found));
            }
            bracket = home;
        }
        Ok(None)
    }
}

/// The line at which equity is nothing after closing, the closing fee included.
///
/// `equity` is the position's share of the account's equity at `mark`: all of it where it is alone or isolated, else split by
/// maintenance margin ([`super::remainder::apportion_signed`]). `fee` in parts of `one`. Source: RULES 5.4.
pub fn bankruptcy<N: Number>(
    exposure: N,
    equity: N,
    mark: N,
    fee: N,
    one: N,
) -> Result<Line<N>, TooLarge> {
    Ok(Line {
        exposure,
        cash: equity.minus(exposure.times(mark)?)?,
        fixed: N::ZERO,
        rate: fee,
        one,
        margin_weight: N::ONE,
        equity_weight: N::ONE,
    })
}

/// Which notional maintenance margin is a share of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarginOn {
    /// Quantity x mark: it moves with the price.
    #[default]
    Mark,
    /// Quantity x entry: it stays.
    Entry,
}

/// One position and the account around it. Units: money and prices as people write them; rates in parts of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding<N> {
    /// Long or short.
    pub side: Side,
    /// Quantity, above zero.
    pub qty: N,
    /// Money per 1 of price per 1 of quantity.
    pub multiplier: N,
    /// Entry price.
    pub entry: N,
    /// Wallet balance, unrealised results left out.
    pub wallet: N,
    /// Unrealised result of the account's other positions.
    pub other_pnl: N,
    /// Maintenance margin of the account's other positions.
    pub other_maintenance: N,
    /// Maintenance as a share of notional.
    pub rate: N,
    /// What a bracket takes off it.
    pub deduct: N,
    /// Maintenance as an amount for the whole position.
    pub maintenance_amount: N,
    /// Fee of closing as a share of notional, inside the line.
    pub fee_rate: N,
    /// Which notional `rate` is of.
    pub margin_on: MarginOn,
}

impl<N: Number> Holding<N> {
    /// A position alone: nothing else in the account, no maintenance and no fee yet.
    pub fn alone(side: Side, qty: N, entry: N, wallet: N) -> Holding<N> {
        Holding {
            side,
            qty,
            multiplier: N::ONE,
            entry,
            wallet,
            other_pnl: N::ZERO,
            other_maintenance: N::ZERO,
            rate: N::ZERO,
            deduct: N::ZERO,
            maintenance_amount: N::ZERO,
            fee_rate: N::ZERO,
            margin_on: MarginOn::Mark,
        }
    }

    /// The line maintenance = equity:
    /// `T + A - d + r x |x| x (p or entry) + f x |x| x p = W + U + x (p - entry)`, x = side x quantity x multiplier.
    ///
    /// Source: RULES 1.6.
    pub fn line(&self) -> Result<Line<N>, TooLarge> {
        let notional_a_price = self.qty.times(self.multiplier)?;
        let exposure = match self.side {
            Side::Buy => notional_a_price,
            Side::Sell => N::ZERO.minus(notional_a_price)?,
        };
        let cash = self.wallet.plus(self.other_pnl)?.minus(exposure.times(self.entry)?)?;
        let fixed = self.other_maintenance.plus(self.maintenance_amount)?.minus(self.deduct)?;
        let (fixed, rate) = match self.margin_on {
            MarginOn::Mark => (fixed, self.rate.plus(self.fee_rate)?),
            MarginOn::Entry => {
                let on_entry = self.rate.times(notional_a_price)?.times(self.entry)?;
                (fixed.plus(on_entry)?, self.fee_rate)
            }
        };
        let (margin_weight, equity_weight) = (N::ONE, N::ONE);
        Ok(Line { exposure, cash, fixed, rate, one: N::ONE, margin_weight, equity_weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn alone(side: Side, qty: &str, entry: &str, wallet: &str) -> Holding<Decimal> {
        Holding::alone(side, d(qty), d(entry), d(wallet))
    }

    fn price(holding: Holding<Decimal>, places: u32) -> String {
        let price = holding.line().unwrap().price().unwrap().unwrap();
        price.half_up(places).unwrap().to_string()
    }

    #[test]
    fn rules_1_6_a_future_with_maintenance_as_an_amount() {
        let at = |entry, multiplier, wallet| Holding {
            multiplier: d(multiplier),
            maintenance_amount: d("40000"),
            ..alone(Side::Buy, "1", entry, wallet)
        };
        assert_eq!(price(at("4200", "200", "100000"), 2), "3900");
        assert_eq!(price(at("4150", "300", "120000"), 2), "3883.33");
    }

    #[test]
    fn rules_1_6_a_perpetual_in_a_cross_account() {
        let cross = Holding {
            rate: d("0.10"),
            deduct: d("135365"),
            other_maintenance: d("71200.81"),
            other_pnl: d("-56354.57"),
            ..alone(Side::Buy, "3683.979", "1456.84", "1535443.01")
        };
        assert_eq!(price(cross, 2), "1153.26");
        let isolated = Holding { other_maintenance: d("0"), other_pnl: d("0"), ..cross };
        assert_eq!(price(isolated, 2), "1114.78");
    }

    #[test]
    fn rules_1_6_isolated_on_both_sides_with_deduction_or_with_a_fee() {
        for (side, deducted, with_fee) in
            [(Side::Buy, "8.0707", "8.0857"), (Side::Sell, "11.8911", "11.8741")]
        {
            let position = Holding { rate: d("0.01"), ..alone(side, "1", "10", "2") };
            assert_eq!(price(Holding { deduct: d("0.01"), ..position }, 4), deducted);
            assert_eq!(price(Holding { fee_rate: d("0.0006"), ..position }, 4), with_fee);
        }
    }

    #[test]
    fn rules_1_6_maintenance_on_the_entry_or_on_the_mark() {
        let on = |margin_on| Holding {
            rate: d("0.005"),
            margin_on,
            ..alone(Side::Buy, "1", "10000", "1000")
        };
        assert_eq!(price(on(MarginOn::Entry), 2), "9050");
        assert_eq!(price(on(MarginOn::Mark), 2), "9045.23");
    }

    #[test]
    fn rules_1_6_solved_again_while_the_answer_lies_in_another_bracket() {
        // Brackets of 5,000 and 20,000: d = 0; 5,000 x (0.02 - 0.01) = 50; 20,000 x (0.05 - 0.02) + 50 = 650.
        let brackets = [("5000", "0.01", "0"), ("20000", "0.02", "50"), ("1000000", "0.05", "650")]
            .map(|(up_to, rate, deduct)| Bracket {
                up_to: d(up_to),
                rate: d(rate),
                deduct: d(deduct),
            });
        // 100 at 100, of a wallet of W: long W + 100 (p - 100) = r x 100 p - d, short W - 100 (p - 100) = r x 100 p - d.
        for (side, wallet, home) in [
            (Side::Buy, "1000", 1),
            (Side::Buy, "7000", 0),
            (Side::Sell, "1000", 1),
            (Side::Sell, "15000", 2),
        ] {
            let position = alone(side, "100", "100", wallet);
            let solved = position.line().unwrap().price_in(&brackets).unwrap().unwrap();
            let Bracket { rate, deduct, .. } = brackets[home];
            let by_hand = Holding { rate, deduct, ..position }.line().unwrap().price().unwrap();
            assert_eq!(solved.half_up(6), by_hand.unwrap().half_up(6), "{side:?} {wallet}");
        }
    }

    #[test]
    fn rules_1_6_integers_and_decimals_solve_the_same_equation() {
        for (side, whole) in [(Side::Buy, 904_522), (Side::Sell, 1_094_527)] {
            let decimal = Holding { rate: d("0.005"), ..alone(side, "1", "10000", "1000") };
            let line = Line {
                exposure: i128::from(side.sign()),
                cash: 100_000 - i128::from(side.sign()) * 1_000_000,
                fixed: 0,
                rate: 5_000_000,
                one: 1_000_000_000,
                margin_weight: 1,
                equity_weight: 1,
            };
            let cents = line.price().unwrap().unwrap();
            assert_eq!(cents.floor().unwrap(), whole);
            let exact = decimal.line().unwrap().price().unwrap().unwrap();
            assert_eq!(exact.in_steps(d("0.01")).unwrap().floor(), cents.floor());
        }
    }

    #[test]
    fn where_no_price_against_the_account_brings_it_closer_there_is_none() {
        let all_margin = Holding { rate: d("1"), ..alone(Side::Buy, "1", "10", "2") };
        assert_eq!(all_margin.line().unwrap().price(), Ok(None));
        let rich = alone(Side::Buy, "1", "10", "20").line().unwrap().price().unwrap().unwrap();
        assert!(!rich.is_positive(), "no price takes 20 from a long bought at 10");
        let huge = alone(Side::Buy, "100000000000000.1", "100000000000000.5", "1");
        assert_eq!(huge.line(), Err(TooLarge));
    }

    #[test]
    fn rules_5_4_at_the_bankruptcy_price_nothing_is_left_after_the_fee() {
        // 10 bought, worth 1,000 at a mark of 100, equity 50, fee 1 %: 10 p - 950 = 0.1 p.
        let line = bankruptcy(d("10"), d("50"), d("100"), d("0.01"), d("1")).unwrap();
        let found = line.price().unwrap().unwrap();
        assert_eq!(found.half_up(4).unwrap(), d("95.9596"));
        let short = bankruptcy(-10i128, 50, 100, 0, 1).unwrap().price().unwrap().unwrap();
        assert_eq!((short.floor(), short.ceil()), (Ok(105), Ok(105)));
        let under = bankruptcy(10i128, -50, 100, 0, 1).unwrap().price().unwrap().unwrap();
        assert_eq!(under.floor(), Ok(105), "a long already under water goes above the mark");
    }
}
