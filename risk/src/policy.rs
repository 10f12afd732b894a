//! Policies: which lots of which positions a case names at a time. Source: RULES 1.5, 5; SEMANTICS 7.

use crate::bracket::Brackets;
use crate::case::{Case, Goal, Purpose, Step};
use crate::ledger::Risk;
use crate::plan::Candidate;
use plimsoll_types::{
    AccountId, InstrumentId, LiquidationTarget, Policy, Qty, Ratio, Side, ceil_div,
};

/// A policy. Candidates come in the order in which they are to be closed.
pub(crate) trait Plans {
    /// What to close now, in order.
    fn targets(&self, risk: &Risk, candidates: &[Candidate]) -> Vec<LiquidationTarget>;
}

/// The least lots that meet the goal.
struct Least<'a> {
    case: &'a Case,
    goal: Goal,
}

/// Everything.
struct Full;

/// A share of what is left of each position, all of it once it is small.
struct Fraction {
    fraction: Ratio,
    full_below: Qty,
}

/// What is left of a first share.
struct First<'a> {
    left: &'a [LiquidationTarget],
}

/// Each position down to a lower maintenance bracket.
struct StepDown {
    steps: u32,
}

/// Hands the policy of a case to `each`: the profile's, unless the case takes everything anyway.
pub(crate) fn targets(
    risk: &Risk,
    case: &Case,
    candidates: &[Candidate],
) -> Vec<LiquidationTarget> {
    let policy = &risk.profiles[case.rules.index()].liquidation.policy;
    let goal = match case.purpose {
        Purpose::Safe(goal) => goal,
        Purpose::Lots { .. } | Purpose::Flat => return Full.targets(risk, candidates),
    };
    let policy: &dyn Plans = match (policy, &case.step) {
        (Policy::Least, _) => &Least { case, goal },
        (Policy::Full, _) => &Full,
        (&Policy::Fraction { fraction, full_below }, _) => &Fraction { fraction, full_below },
        (Policy::TwoStep { .. }, Step::First(left)) => &First { left },
        (Policy::TwoStep { .. }, _) => &Full,
        (&Policy::Brackets { steps }, _) => &StepDown { steps },
    };
    policy.targets(risk, candidates)
}

/// So many lots of each; those of which nothing is wanted are left out.
fn each(candidates: &[Candidate], lots: impl Fn(&Candidate) -> u64) -> Vec<LiquidationTarget> {
    let targets = candidates.iter().map(|candidate| LiquidationTarget {
        instrument: candidate.instrument,
        side: candidate.quote.side,
        qty: Qty::new(lots(candidate).min(candidate.lots())),
    });
    targets.filter(|target| !target.qty.is_zero()).collect()
}

impl Plans for Least<'_> {
    fn targets(&self, risk: &Risk, candidates: &[Candidate]) -> Vec<LiquidationTarget> {
        risk.least_lots(self.case.account, self.goal, candidates)
    }
}

impl Plans for Full {
    fn targets(&self, _: &Risk, candidates: &[Candidate]) -> Vec<LiquidationTarget> {
        each(candidates, Candidate::lots)
    }
}

impl Plans for Fraction {
    fn targets(&self, _: &Risk, candidates: &[Candidate]) -> Vec<LiquidationTarget> {
        each(candidates, |candidate| {
            let lots = candidate.lots();
            if lots <= self.full_below.lots() { lots } else { share_up(lots, self.fraction) }
        })
    }
}

impl Plans for First<'_> {
    fn targets(&self, _: &Risk, candidates: &[Candidate]) -> Vec<LiquidationTarget> {
        each(candidates, |candidate| {
            let own = self.left.iter().find(|target| {
                target.instrument == candidate.instrument && target.side == candidate.quote.side
            });
            own.map_or(0, |target| target.qty.lots())
        })
    }
}

impl Plans for StepDown {
    fn targets(&self, risk: &Risk, candidates: &[Candidate]) -> Vec<LiquidationTarget> {
        each(candidates, |candidate| {
            let contract = risk.contract(candidate.instrument);
            let lot = contract.notional(contract.mark, 1);
            lots_to_bracket(&contract.brackets, lot, candidate.lots(), self.steps)
        })
    }
}

/// The least of `lots` lots, each worth `lot`, whose closing brings a position `steps` brackets lower; all from the lowest one.
fn lots_to_bracket(brackets: &Brackets, lot: i128, lots: u64, steps: u32) -> u64 {
    let present = brackets.of(lot * i128::from(lots));
    let top = brackets.top(present.saturating_sub(steps as usize));
    let Some(top) = top.filter(|_| present > 0) else { return lots };
    lots - u64::try_from(top / lot).unwrap_or(u64::MAX).min(lots)
}

/// ceil(lots x share).
fn share_up(lots: u64, share: Ratio) -> u64 {
    let part = ceil_div(i128::from(lots) * i128::from(share.nano()), i128::from(Ratio::SCALE));
    u64::try_from(part).unwrap_or(u64::MAX)
}

impl Risk {
    /// Decides, as a case plans for the first time, whether it goes in two steps, and how large the first one is.
    pub fn begin_steps(&self, case: &mut Case) {
        if case.step != Step::Unplanned || !matches!(case.purpose, Purpose::Safe(_)) {
            return;
        }
        let policy = &self.profiles[case.rules.index()].liquidation.policy;
        let &Policy::TwoStep { share, above, .. } = policy else { return };
        let held: Vec<_> = self.held(case.account).collect();
        let worth: u128 = held.iter().map(|&id| self.worth_of(id)).sum();
        if i128::try_from(worth).is_ok_and(|worth| worth <= above.units()) {
            case.step = Step::Whole;
            return;
        }
        let first = held.iter().map(|&id| {
            let position = self.position(id);
            let qty = Qty::new(share_up(position.lots.unsigned_abs(), share));
            let side = position.closed_with();
            LiquidationTarget { instrument: position.instrument, side, qty }
        });
        case.step = Step::First(first.filter(|target| !target.qty.is_zero()).collect());
    }

    /// Whether the first of two steps has nothing left to close, of what is held still.
    pub fn first_step_is_done(&self, case: &Case) -> bool {
        let Step::First(left) = &case.step else { return false };
        !left
            .iter()
            .any(|target| self.lots_to_close(case.account, target.instrument, target.side) > 0)
    }

    /// Lots an account holds that close with `side`.
    pub fn lots_to_close(&self, account: AccountId, instrument: InstrumentId, side: Side) -> u64 {
        let held = self.held(account).map(|id| self.position(id));
        let own = held.filter(|position| position.instrument == instrument);
        own.map(|position| position.room(side)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::{Bracket, Money};

    #[test]
    fn rules_5_3_the_least_lots_that_reach_the_lower_bracket() {
        let ends = [Money::new(100), Money::new(500), Bracket::OPEN];
        let bracket = |up_to| Bracket { up_to, maintenance: Ratio::ZERO, deduct: Money::ZERO };
        let brackets = Brackets::new(&ends.map(bracket));
        let lots = |lots, steps| lots_to_bracket(&brackets, 10, lots, steps);
        // 60 lots are worth 600: 50 of them may stay one bracket lower, 10 two lower.
        assert_eq!((lots(60, 1), lots(60, 2), lots(60, 9)), (10, 50, 50));
        assert_eq!((lots(50, 1), lots(11, 1)), (40, 1));
        assert_eq!(lots(10, 1), 10, "the lowest bracket: all of it");
        assert_eq!(lots_to_bracket(&Brackets::default(), 10, 7, 1), 7, "no brackets: all of it");
    }

    #[test]
    fn a_share_rounds_up_to_a_lot() {
        assert_eq!(share_up(5, Ratio::from_nano(200_000_000)), 1);
        assert_eq!(share_up(6, Ratio::from_nano(200_000_000)), 2);
        assert_eq!(share_up(6, Ratio::ONE), 6);
    }
}
