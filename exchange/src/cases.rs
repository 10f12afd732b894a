//! Liquidation cases: opened, acting, parked, ended. Source: SEMANTICS 7.

use crate::exchange::Exchange;
use plimsoll_risk::{Case, Standing};
use plimsoll_types::{
    AccountId, CancelReason, CaseId, CaseStep, EventKind, ForcedReason, InstrumentId, Money,
    ParkReason, Phase, Side, WaterfallStage,
};

/// Whether a case goes on after its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is open still.
    Open,
    /// It has ended.
    Ended,
}

impl Exchange {
    /// Opens a case for an account that breached; it acts at once.
    pub(crate) fn open_case(&mut self, account: AccountId, trigger: u8) {
        self.cases_opened += 1;
        let id = CaseId(self.cases_opened);
        let goal = self.risk.goal(account, trigger);
        self.risk.calls.remove(&account);
        self.risk.set_case(account, id.0);
        self.say_case(account, id, CaseStep::Triggered { reason: ForcedReason::Funds });
        self.cancel_orders(account, CancelReason::Liquidation, |_, _| true);
        self.cases.insert(id.0, Case::new(id, account, goal));
        self.act(id.0);
    }

    pub(crate) fn say_case(&mut self, account: AccountId, case: CaseId, step: CaseStep) {
        self.log.emit(EventKind::Case { account, case, step });
    }

    /// Lets a case act once; whether it did something.
    pub(crate) fn act(&mut self, number: u32) -> bool {
        let Some(mut case) = self.cases.remove(&number) else { return false };
        let before = self.log.seq;
        self.stop_waiting(&case);
        let turn = self.turn(&mut case);
        let acted = self.log.seq != before;
        if turn == Turn::Open {
            self.start_waiting(&case);
            if acted && !case.parked {
                // What it did may have met its goal or freed the next step.
                self.agenda.insert(number);
            }
            self.cases.insert(number, case);
        }
        acted
    }

    fn turn(&mut self, case: &mut Case) -> Turn {
        self.check_resting(case);
        let standing = self.risk.standing(case.account);
        if self.risk.is_flat(case.account) {
            self.pull(case);
            return self.end_flat(case, standing);
        }
        if case.goal.is_met(&standing) {
            self.pull(case);
            self.end(case, CaseStep::Restored);
            let tier = self.risk.account(case.account).tier();
            self.renew_call(case.account, tier, standing);
            return Turn::Ended;
        }
        if case.resting.is_some() {
            if !self.may_go_on_resting(case) {
                self.pull(case);
            }
            return Turn::Open;
        }
        let interval = self.risk.profile_of(case.account).liquidation.interval;
        if self.log.now >= case.due(interval) {
            self.send_or_wait(case);
        }
        Turn::Open
    }

    fn end(&mut self, case: &Case, step: CaseStep) {
        self.say_case(case.account, case.id, step);
        self.risk.set_case(case.account, 0);
        self.sweep_pocket(case.account);
    }

    /// Flat: closed, or what is owed goes down the waterfall.
    fn end_flat(&mut self, case: &Case, standing: Standing) -> Turn {
        if standing.equity >= Money::ZERO {
            self.end(case, CaseStep::Closed);
            return Turn::Ended;
        }
        self.end(case, CaseStep::Waterfall);
        for paid in self.risk.waterfall(case.account) {
            self.log.emit(match paid.stage {
                WaterfallStage::InsuranceFund => EventKind::Fund {
                    change: -paid.amount,
                    balance: self.risk.house().fund,
                    case: Some(case.id),
                },
                WaterfallStage::Deleverage | WaterfallStage::Socialise => continue,
                WaterfallStage::Debt => {
                    EventKind::Debt { account: case.account, amount: paid.amount }
                }
            });
        }
        self.say_permission(self.risk.owner_of(case.account));
        Turn::Ended
    }

    /// Parks a case that finds nothing to trade with.
    pub(crate) fn park(&mut self, case: &mut Case, reason: ParkReason) {
        if !case.parked {
            case.parked = true;
            self.say_case(case.account, case.id, CaseStep::Parked { reason });
        }
    }

    /// Why a case that would close with `side` in an instrument finds nothing there.
    pub(crate) fn park_reason(&self, instrument: InstrumentId, side: Side) -> ParkReason {
        let market = &self.markets[instrument.index()];
        match market.phase {
            Phase::Halted => ParkReason::Halted,
            Phase::Closed => ParkReason::Closed,
            Phase::Continuous if market.stands_at_limit(side) => ParkReason::LimitLocked,
            Phase::Continuous => ParkReason::NoLiquidity,
            Phase::Auction | Phase::PreOpen | Phase::NoCancel | Phase::Volatility => {
                ParkReason::Auction
            }
        }
    }

    /// Notes for which instruments a case waits.
    pub(crate) fn start_waiting(&mut self, case: &Case) {
        if !case.parked && case.resting.is_none() {
            return;
        }
        // With several positions any change in one of the books may change the plan.
        let held = self.risk.positions(case.account).filter(|p| p.lots() != 0).count();
        let queues = held > 1 || self.rests_when_locked(case.account);
        for position in self.risk.positions(case.account).filter(|p| p.lots() != 0) {
            let market = &mut self.markets[position.instrument().index()];
            if queues {
                market.queueing.insert(case.id.0);
            }
            if case.parked {
                let side = if position.lots() > 0 { Side::Sell } else { Side::Buy };
                market.parked[side as usize].insert(case.id.0);
            }
        }
    }

    fn stop_waiting(&mut self, case: &Case) {
        for position in self.risk.positions(case.account) {
            let market = &mut self.markets[position.instrument().index()];
            market.queueing.remove(&case.id.0);
            for side in &mut market.parked {
                side.remove(&case.id.0);
            }
        }
    }
}
