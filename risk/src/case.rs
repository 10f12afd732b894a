//! A liquidation case: what it wants, what it planned, what it has out.

use crate::line::Line;
use crate::tiers::Standing;
use plimsoll_types::{
    AccountId, Band, CaseId, Handle, InstrumentId, LiquidationTarget, ProfileId, ProtectionPrice,
    Qty, Side, Ts,
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

/// What ends a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// The account back in safety.
    Safe(Goal),
    /// An order of the exchange: at most `keep` lots held of those that close with `side`.
    Lots {
        /// In what.
        instrument: InstrumentId,
        /// Side of the closing orders.
        side: Side,
        /// Lots that may stay.
        keep: u64,
    },
    /// Nothing held any more: what the fund has taken over.
    Flat,
}

/// How far a case of policy two-step is. Source: RULES 5.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// It has not planned yet.
    Unplanned,
    /// The first share is being closed: what is left of it.
    First(Vec<LiquidationTarget>),
    /// The first share is closed; the rest waits for this time.
    Cooling(Ts),
    /// Everything goes.
    Whole,
}

/// Why a batch rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestsFor {
    /// It queues at the limit price.
    Limit,
    /// It takes part in a call auction.
    Auction,
}

/// A session that a case sits out: it does not trade before phase or band of the instrument change. Source: SEMANTICS 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rolled {
    /// In what.
    pub instrument: InstrumentId,
    /// Which phase it was, counted from the start.
    pub phase_serial: u64,
    /// Under which band.
    pub band: Option<Band>,
}

/// A batch that rests.
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
    /// Why it rests.
    pub why: RestsFor,
}

/// An open case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its number.
    pub id: CaseId,
    /// Whose.
    pub account: AccountId,
    /// When it is done.
    pub purpose: Purpose,
    /// By whose profile's rules it goes about.
    pub rules: ProfileId,
    /// Its worst price.
    pub price: ProtectionPrice,
    /// How far it is, where it goes in two steps.
    pub step: Step,
    /// Batches sent.
    pub batches: u32,
    /// When the last batch went out.
    pub last_batch: Option<Ts>,
    /// Whether it waits.
    pub parked: bool,
    /// The session it sits out.
    pub rolled: Option<Rolled>,
    /// Its batch in the queue.
    pub resting: Option<RestingBatch>,
    /// The plan last announced, less what has traded since.
    pub plan: Vec<LiquidationTarget>,
    /// Lots traded in each instrument up to its last batch there or its beginning, its own since then added; empty where
    /// batches are not bounded by volume.
    pub volumes: Vec<u128>,
}

impl Case {
    /// A new case, which has done nothing yet.
    pub fn new(
        id: CaseId,
        account: AccountId,
        purpose: Purpose,
        (rules, price): (ProfileId, ProtectionPrice),
    ) -> Case {
        Case {
            id,
            account,
            purpose,
            rules,
            price,
            step: Step::Unplanned,
            volumes: Vec::new(),
            batches: 0,
            last_batch: None,
            parked: false,
            rolled: None,
            resting: None,
            plan: Vec::new(),
        }
    }

    /// When its next batch may go out.
    pub fn due(&self, interval: Ts) -> Ts {
        self.last_batch.map_or(0, |last| last.saturating_add(interval))
    }

    /// Takes lots that `side` has closed off the plan, and off a first step.
    pub fn traded(&mut self, instrument: InstrumentId, side: Side, qty: Qty) {
        take_off(&mut self.plan, instrument, side, qty);
        if let Step::First(left) = &mut self.step {
            take_off(left, instrument, side, qty);
        }
    }

    /// Own lots are not volume to take part in.
    pub fn exclude_volume(&mut self, instrument: InstrumentId, qty: Qty) {
        if let Some(volume) = self.volumes.get_mut(instrument.index()) {
            *volume += u128::from(qty.lots());
        }
    }

    /// Lots of the plan still to trade.
    pub fn remaining(&self) -> Qty {
        self.plan.iter().fold(Qty::ZERO, |sum, target| sum + target.qty)
    }
}

fn take_off(targets: &mut Vec<LiquidationTarget>, instrument: InstrumentId, side: Side, qty: Qty) {
    let meant = |t: &&mut LiquidationTarget| t.instrument == instrument && t.side == side;
    if let Some(target) = targets.iter_mut().find(meant) {
        target.qty = target.qty.saturating_sub(qty);
    }
    targets.retain(|target| !target.qty.is_zero());
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
