//! Maintenance margin that grows with the notional. Source: RULES 1.6, SEMANTICS 3.1.

use crate::formula;
use crate::rate::Rate;
use plimsoll_types::{Bracket, MarginRate, Money};
use serde::{Deserialize, Serialize};

/// A bracket, compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// The largest notional it covers, inclusive.
    up_to: i128,
    rate: Rate,
    deduct: i128,
}

/// An instrument's brackets, from the lowest; none = a plain rate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Brackets(Vec<Step>);

impl Brackets {
    pub(crate) fn new(brackets: &[Bracket]) -> Brackets {
        let step = |bracket: &Bracket| Step {
            up_to: bracket.up_to.units(),
            rate: Rate::new(MarginRate { share: bracket.maintenance, per_lot: Money::ZERO }),
            deduct: bracket.deduct.units(),
        };
        Brackets(brackets.iter().map(step).collect())
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which bracket a notional lies in: the first that covers it, else the last.
    pub(crate) fn of(&self, notional: i128) -> usize {
        let last = self.0.len().saturating_sub(1);
        self.0.iter().position(|step| notional <= step.up_to).unwrap_or(last)
    }

    /// The largest notional of a bracket.
    pub(crate) fn top(&self, bracket: usize) -> Option<i128> {
        self.0.get(bracket).map(|step| step.up_to)
    }

    /// `ceil(r x N - d)`, at least nothing.
    #[inline(never)]
    pub(crate) fn margin(&self, notional: i128) -> i128 {
        match self.0.get(self.of(notional)) {
            Some(step) => (step.rate.up(notional, 0) - step.deduct).max(0),
            None => 0,
        }
    }

    /// The share that holds at a notional, nano.
    pub(crate) fn rate_at(&self, notional: i128) -> i64 {
        self.0.get(self.of(notional)).map_or(0, |step| step.rate.nano)
    }

    /// As the formula for a price takes them.
    pub(crate) fn formula(&self) -> Vec<formula::price::Bracket<i128>> {
        let step = |step: &Step| formula::price::Bracket {
            up_to: step.up_to,
            rate: i128::from(step.rate.nano),
            deduct: step.deduct,
        };
        self.0.iter().map(step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::Ratio;

    fn brackets(steps: &[(i128, i64, i128)]) -> Brackets {
        let bracket = |&(up_to, mille, deduct): &(i128, i64, i128)| Bracket {
            up_to: Money::new(up_to),
            maintenance: Ratio::from_nano(mille * 1_000_000),
            deduct: Money::new(deduct),
        };
        Brackets::new(&steps.iter().map(bracket).collect::<Vec<_>>())
    }

    #[test]
    fn rules_1_6_brackets_are_continuous() {
        // d_1 = 50,000 x (5 - 4) / 1000 = 50; d_2 = 200,000 x (10 - 5) / 1000 + 50 = 1,050.
        let steps = brackets(&[(50_000, 4, 0), (200_000, 5, 50), (i128::MAX, 10, 1_050)]);
        assert_eq!(
            [0, 49_999, 50_000, 50_001, 200_000, 200_001].map(|n| steps.of(n)),
            [0, 0, 0, 1, 1, 2]
        );
        for (notional, margin) in
            [(0, 0), (49_750, 199), (50_000, 200), (50_001, 201), (200_000, 950), (300_000, 1_950)]
        {
            assert_eq!(steps.margin(notional), margin, "{notional}");
        }
    }

    #[test]
    fn a_bracket_takes_off_no_more_than_there_is() {
        let steps = brackets(&[(i128::MAX, 10, 5)]);
        assert_eq!((steps.margin(400), steps.margin(600), steps.margin(601)), (0, 1, 2));
    }
}
