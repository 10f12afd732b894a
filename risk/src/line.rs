//! A line of the measure: a threshold as an inequality, never as a quotient.

use crate::tiers::Standing;
use crate::wide::{above, at_least};
use plimsoll_types::{Basis, MeasureKind, Money, Ratio};
use serde::{Deserialize, Serialize};

/// "The measure stands at or past a threshold": `margin_weight x M >= equity_weight x E`, with M above zero.
///
/// Under margin/equity >= t the weights are 1 and t; under equity/margin <= t they are t and 1; both times 10^9, reduced.
/// Equity at or below zero is past every line under either. Source: RULES 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub(crate) margin_weight: i64,
    pub(crate) equity_weight: i64,
    /// Which margin M is.
    pub(crate) basis: Basis,
}

impl Line {
    /// Where no equity is left: a way to it is `-E`, whatever the margin.
    pub(crate) const LOSS: Line =
        Line { margin_weight: 0, equity_weight: 1, basis: Basis::Maintenance };

    /// The line at `threshold` of the measure taken of one of the margins.
    pub fn new(measure: MeasureKind, basis: Basis, threshold: Ratio) -> Line {
        let (threshold, one) = (threshold.nano(), Ratio::SCALE);
        let divisor = gcd(threshold, one);
        let (threshold, one) = (threshold / divisor, one / divisor);
        let (margin_weight, equity_weight) = match measure {
            MeasureKind::MarginOverEquity => (one, threshold),
            MeasureKind::EquityOverMargin => (threshold, one),
        };
        Line { margin_weight, equity_weight, basis }
    }

    /// Whether the measure stands at or past the line. Exact.
    #[inline]
    pub fn is_reached(&self, standing: &Standing) -> bool {
        let (margin, equity) = (standing.margin(self.basis), standing.equity);
        margin > Money::ZERO
            && (equity <= Money::ZERO
                || at_least(self.margin_weight, margin.units(), self.equity_weight, equity.units()))
    }

    /// Whether the measure stands strictly past the line: a target is met where it does not.
    #[inline]
    pub fn is_passed(&self, standing: &Standing) -> bool {
        let (margin, equity) = (standing.margin(self.basis), standing.equity);
        margin > Money::ZERO
            && (equity <= Money::ZERO
                || above(self.margin_weight, margin.units(), self.equity_weight, equity.units()))
    }

    /// Whether whoever stands at or past this line surely stands at or past the other.
    pub(crate) fn implies(&self, other: &Line) -> bool {
        let [mine, its] = [self.margin_weight, other.margin_weight].map(i128::from);
        self.basis == other.basis
            && its * i128::from(self.equity_weight) >= mine * i128::from(other.equity_weight)
    }
}

/// Whether equity lies below a share of a margin. Exact.
pub fn is_below(equity: Money, share: Ratio, margin: Money) -> bool {
    above(share.nano(), margin.units(), Ratio::SCALE, equity.units())
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(measure: MeasureKind, percent: i64, margin: i128, equity: i128) -> bool {
        Line::new(measure, Basis::Initial, Ratio::from_nano(percent * 10_000_000))
            .is_reached(&standing(margin, equity))
    }

    fn standing(margin: i128, equity: i128) -> Standing {
        Standing { margins: [Money::new(margin), Money::ZERO], equity: Money::new(equity) }
    }

    #[test]
    fn rules_1_3_both_measures_are_inclusive() {
        use MeasureKind::{EquityOverMargin, MarginOverEquity};
        assert!(reached(MarginOverEquity, 80, 80_000, 100_000));
        assert!(!reached(MarginOverEquity, 80, 79_999, 100_000));
        assert!(reached(EquityOverMargin, 70, 100_000, 70_000));
        assert!(!reached(EquityOverMargin, 70, 100_000, 70_001));
        for measure in [MarginOverEquity, EquityOverMargin] {
            assert!(reached(measure, 100, 1, 0), "no equity is past every line");
            assert!(reached(measure, 100, 1, -5));
            assert!(!reached(measure, 100, 0, -5), "no margin is normal");
        }
    }

    #[test]
    fn a_target_is_inclusive_on_its_own_side() {
        let share = Ratio::from_nano(900_000_000);
        let line = Line::new(MeasureKind::MarginOverEquity, Basis::Initial, share);
        assert!(!line.is_passed(&standing(90, 100)));
        assert!(line.is_passed(&standing(91, 100)));
        let other = Line { basis: Basis::Maintenance, ..line };
        assert!(!other.is_passed(&standing(91, 100)), "of the other margin there is none");
    }
}
