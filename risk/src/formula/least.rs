//! The least lots whose closing meets a target. Source: RULES 1.5.

use super::number::{Number, TooLarge};

/// What trying one number of lots found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// The target is met.
    Met,
    /// It is not, and cannot be before so many lots more (1 or above).
    NotBefore(u64),
    /// It is not, and no larger number does.
    Never,
}

/// The least of `first..=last` that meets a target, by trying upwards; `None` where none does.
///
/// Whether more lots meet a target is not monotonic (each costs), so no bisection; `attempt` may jump over numbers
/// that it knows cannot. Cost: one try a jump. Source: RULES 1.5.
pub fn search<E>(
    first: u64,
    last: u64,
    mut attempt: impl FnMut(u64) -> Result<Try, E>,
) -> Result<Option<u64>, E> {
    let mut n = first;
    while n <= last {
        match attempt(n)? {
            Try::Met => return Ok(Some(n)),
            Try::NotBefore(more) => match n.checked_add(more.max(1)) {
                Some(next) => n = next,
                None => return Ok(None),
            },
            Try::Never => return Ok(None),
        }
    }
    Ok(None)
}

/// An account whose lots all release the same margin and cost the same to close.
///
/// Units: money; `target` (margin / equity) in parts of `one`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account<N> {
    /// Margin M, not below zero.
    pub margin: N,
    /// Equity E.
    pub equity: N,
    /// Margin m that a closed lot releases, not below zero.
    pub margin_a_lot: N,
    /// What closing a lot costs, c: fee and loss against the mark; below zero where it gains.
    pub cost_a_lot: N,
    /// The target of margin / equity, above zero.
    pub target: N,
    /// What a target of one is: 1, or 10^9.
    pub one: N,
}

impl<N: Number> Account<N> {
    /// The least n of 0 to `lots` with (M - n m) / (E - n c) <= target; `None` where none does: all of it goes.
    ///
    /// Never as a quotient: `one x (M - n m) <= target x (E - n c)`, with a margin of at least nothing; so equity at or below zero
    /// never meets it while margin is left, and without margin it must not be below zero.
    /// Cost: a few tries, whatever the number of lots. Source: RULES 1.5.
    pub fn least(&self, lots: u64) -> Result<Option<u64>, TooLarge> {
        search(0, lots, |n| self.attempt(N::of(n)))
    }

    fn attempt(&self, n: N) -> Result<Try, TooLarge> {
        let margin = self.margin.minus(n.times(self.margin_a_lot)?)?.max(N::ZERO);
        let equity = self.equity.minus(n.times(self.cost_a_lot)?)?;
        let way = self.one.times(margin)?.minus(self.target.times(equity)?)?;
        if way <= N::ZERO {
            return Ok(Try::Met);
        }
        // Both sides are linear in n up to the lot that leaves no margin, and from there on again.
        let step = if margin > N::ZERO {
            self.one.times(self.margin_a_lot)?.minus(self.target.times(self.cost_a_lot)?)?
        } else {
            N::ZERO.minus(self.target.times(self.cost_a_lot)?)?
        };
        let there = jump(way, step)?;
        let turn = jump(margin, self.margin_a_lot)?;
        Ok([there, turn].into_iter().flatten().min().map_or(Try::Never, Try::NotBefore))
    }
}

/// How many steps of `step` cover `way`; `None` where either is not above zero.
fn jump<N: Number>(way: N, step: N) -> Result<Option<u64>, TooLarge> {
    if way <= N::ZERO || step <= N::ZERO {
        return Ok(None);
    }
    Ok(Some(u64::try_from(way.ceil_quotient(step)?).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::super::remainder::tests::draws;
    use super::*;
    use rust_decimal::Decimal;

    #[test]
    fn rules_1_5_three_four_and_six_lots() {
        for (target, lots) in [("1.00", 3), ("0.90", 4), ("0.80", 6)] {
            let account = Account {
                margin: Decimal::from(100_000),
                equity: Decimal::from(90_000),
                margin_a_lot: Decimal::from(5_000),
                cost_a_lot: Decimal::from(60),
                target: target.parse().unwrap(),
                one: Decimal::ONE,
            };
            assert_eq!(account.least(20), Ok(Some(lots)), "target {target}");
        }
    }

    #[test]
    fn rules_1_5_where_closing_cannot_reach_the_target_there_is_no_least() {
        let account = |equity, cost_a_lot| Account {
            margin: 100i128,
            equity,
            margin_a_lot: 10,
            cost_a_lot,
            target: 900_000_000,
            one: 1_000_000_000,
        };
        assert_eq!(account(50, 6).least(10), Ok(None), "equity runs out first");
        assert_eq!(account(50, 5).least(10), Ok(Some(10)), "nothing left of either");
        assert_eq!(account(-5, -1).least(10), Ok(Some(10)), "closing gains");
        assert_eq!(account(200, 5).least(10), Ok(Some(0)), "already there");
        assert_eq!(account(50, 0).least(4), Ok(None), "too few lots");
        assert_eq!(account(50, 0).least(u64::MAX), Ok(Some(6)));
        assert_eq!(account(i128::MAX, 1).least(1), Err(TooLarge));
    }

    #[test]
    fn jumping_finds_what_counting_finds() {
        let mut draw = draws(5);
        let mut kinds = [0u32; 3];
        for _ in 0..20_000 {
            let account = Account {
                margin: i128::from(draw(300)),
                equity: i128::from(draw(300)) - 60,
                margin_a_lot: i128::from(draw(20)),
                cost_a_lot: i128::from(draw(16)) - 5,
                target: i128::from(1 + draw(20)),
                one: 10,
            };
            let lots = draw(40);
            let counted = (0..=lots).find(|&n| {
                let n = i128::from(n);
                let margin = (account.margin - n * account.margin_a_lot).max(0);
                10 * margin <= account.target * (account.equity - n * account.cost_a_lot)
            });
            assert_eq!(account.least(lots), Ok(counted), "{account:?} {lots}");
            let decimal = Account {
                margin: Decimal::from(account.margin),
                equity: Decimal::from(account.equity),
                margin_a_lot: Decimal::from(account.margin_a_lot),
                cost_a_lot: Decimal::from(account.cost_a_lot),
                target: Decimal::new(account.target as i64, 1),
                one: Decimal::ONE,
            };
            assert_eq!(decimal.least(lots), Ok(counted));
            kinds[counted.map_or(0, |n| if n == 0 { 1 } else { 2 })] += 1;
        }
        assert!(kinds.iter().all(|count| *count > 1_000), "{kinds:?}");
    }
}
