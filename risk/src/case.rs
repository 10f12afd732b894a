//! A liquidation case: what it wants, what it planned, what it has out.

use crate::line::Line;
use crate::tiers::Standing;
use plimsoll_types::{
    AccountId, Band, CaseId, Handle, InstrumentId, LiquidationTarget, Qty, Side, Ts,
};
use serde::{Deserialize, Serialize};

/// When a case is done: the target met and the triggering tier left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// Met where the measure is not past it.
    pub target: Line,
    /// Met where the measure does not stand at it. `None` for an account that was flat with a loss.
    pub release: Option<Line>,
}

impl Goal {
    /// Whether an account's standing meets the goal. Without margin there is nothing to restore: met.
    #[inline]
    pub fn is_met(&self, standing: &Standing) -> bool {
        !self.target.is_passed(standing)
            && !self.release.is_some_and(|line| line.is_reached(standing))
    }
}

/// A batch that queues at the limit price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestingBatch {
    /// In what.
    pub instrument: InstrumentId,
    /// Which side.
    pub side: Side,
    /// Where.
    pub handle: Handle,
    /// Lots it still has.
    pub left: Qty,
    /// Lots traded since the last check.
    pub unchecked: Qty,
    /// The band it was sent under.
    pub band: Option<Band>,
}

/// An open case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its number.
    pub id: CaseId,
    /// Whose.
    pub account: AccountId,
    /// When it is done.
    pub goal: Goal,
    /// Batches sent.
    pub batches: u32,
    /// When the last batch went out.
    pub last_batch: Option<Ts>,
    /// Whether it waits.
    pub parked: bool,
    /// Its batch in the queue.
    pub resting: Option<RestingBatch>,
    /// The plan last announced, less what has traded since.
    pub plan: Vec<LiquidationTarget>,
}

impl Case {
    /// A new case, which has done nothing yet.
    pub fn new(id: CaseId, account: AccountId, goal: Goal) -> Case {
        Case {
            id,
            account,
            goal,
            batches: 0,
            last_batch: None,
            parked: false,
            resting: None,
            plan: Vec::new(),
        }
    }

    /// When its next batch may go out.
    pub fn due(&self, interval: Ts) -> Ts {
        self.last_batch.map_or(0, |last| last.saturating_add(interval))
    }

    /// Takes traded lots off the plan.
    pub fn traded(&mut self, instrument: InstrumentId, side: Side, qty: Qty) {
        let wanted = |target: &&mut LiquidationTarget| {
            target.instrument == instrument && target.side == side
        };
        if let Some(target) = self.plan.iter_mut().find(wanted) {
            target.qty = target.qty.saturating_sub(qty);
        }
        self.plan.retain(|target| !target.qty.is_zero());
    }

    /// Lots of the plan still to trade.
    pub fn remaining(&self) -> Qty {
        self.plan.iter().fold(Qty::ZERO, |sum, target| sum + target.qty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::{Basis, MeasureKind, Money, Ratio};

    #[test]
    fn a_goal_is_the_safer_of_target_and_release() {
        let line = |percent: i64| {
            let share = Ratio::from_nano(percent * 10_000_000);
            Line::new(MeasureKind::MarginOverEquity, Basis::Initial, share)
        };
        let met = |target, release, margin| {
            Goal { target: line(target), release: Some(line(release)) }
                .is_met(&Standing { margins: [Money::new(margin); 2], equity: Money::new(100) })
        };
        assert!(met(90, 120, 90) && !met(90, 120, 91));
        assert!(!met(100, 100, 100), "a target at its trigger asks for a little more");
        assert!(met(100, 100, 99));
        assert!(met(100, 80, 79) && !met(100, 80, 80));
    }
}
