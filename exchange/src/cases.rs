//! Liquidation cases: opened, acting, parked, ended. Source: SEMANTICS 7.

use crate::exchange::Exchange;
use crate::market::Market;
use crate::timers::Alarm;
use plimsoll_risk::{Awaited, Case, Paid, Purpose, Rolled, Standing, Step};
use plimsoll_types::{
    AccountId, AuctionPolicy, CancelReason, CaseId, CaseStep, EventKind, ForcedReason,
    InstrumentId, LockedPolicy, Money, ParkReason, Phase, Policy, ProfileId, ProtectionPrice, Side,
    WaterfallStage,
};

/// Whether a case goes on after its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is open still.
    Open,
    /// It has ended.
    Ended,
}

/// What a new case is about.
pub(crate) struct Opening {
    pub(crate) account: AccountId,
    pub(crate) reason: ForcedReason,
    pub(crate) purpose: Purpose,
    /// By whose profile's rules it goes about.
    pub(crate) rules: ProfileId,
    pub(crate) price: ProtectionPrice,
}

impl Exchange {
    /// Opens a case for an account that breached; it acts at once.
    pub(crate) fn open_breach(&mut self, account: AccountId, trigger: u8) {
        if trigger == 0 && self.risk.standing(account).equity >= Money::ZERO {
            // What it lacked has come back since, as from a pocket of its own.
            return;
        }
        let rules = self.risk.account(account).profile();
        let opening = Opening {
            account,
            reason: ForcedReason::Funds,
            purpose: Purpose::Safe(self.risk.goal(account, trigger)),
            rules,
            price: self.risk.rules(rules).price,
        };
        self.open_case(opening, |_, _| true);
    }

    /// Opens a case; those of the account's orders that `wanted` picks go first. It acts at once.
    pub(crate) fn open_case(&mut self, opening: Opening, wanted: impl Fn(&Market, u32) -> bool) {
        let Opening { account, reason, purpose, rules, price } = opening;
        self.cases_opened += 1;
        let id = CaseId(self.cases_opened);
        self.breaches.remove(&account);
        self.risk.calls.remove(&account);
        self.risk.set_case(account, id.0);
        self.say_case(account, id, CaseStep::Triggered { reason });
        self.cancel_orders(account, CancelReason::Liquidation, wanted);
        let mut case = Case::new(id, account, purpose, (rules, price));
        if self.risk.rules(rules).volume_share.is_some() {
            case.volumes = self.markets.iter().map(|market| market.traded).collect();
        }
        self.cases.insert(id.0, case);
        self.act(id.0);
    }

    pub(crate) fn say_case(&mut self, account: AccountId, case: CaseId, step: CaseStep) {
        self.log.emit(EventKind::Case { account, case, step });
    }

    /// Lets a case act once; whether it did something.
    pub(crate) fn act(&mut self, number: u32) -> bool {
        let Some(mut case) = self.cases.remove(&number) else { return false };
        let (before, waited) = (self.log.seq, case.parked);
        self.stop_waiting(&case);
        let turn = self.turn(&mut case);
        let acted = self.log.seq != before;
        if turn == Turn::Open {
            self.start_waiting(&case);
            if acted && (waited || !case.parked) {
                // What it did may have met its goal or freed the next step: all but parking.
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
        if self.backs_up(case, standing) {
            return Turn::Open;
        }
        if self.has_met(case, &standing) {
            self.pull(case);
            self.end_restored(case, standing);
            return Turn::Ended;
        }
        if self.deleverages_early(case, standing) {
            return Turn::Open;
        }
        if case.resting.is_some() {
            if !self.may_go_on_resting(case) {
                self.pull(case);
            }
            return Turn::Open;
        }
        let interval = self.risk.rules(case.rules).interval;
        if !self.is_cooling(case) && self.log.now >= case.due(interval) {
            self.send_or_wait(case);
        }
        Turn::Open
    }

    /// Whether a case has done what it was opened for.
    pub(crate) fn has_met(&self, case: &Case, standing: &Standing) -> bool {
        match case.purpose {
            Purpose::Safe(goal) => goal.is_met(standing),
            Purpose::Lots { instrument, side, keep } => {
                self.risk.lots_to_close(case.account, instrument, side) <= keep
            }
            Purpose::Flat => false,
        }
    }

    /// Whether the rest of a case of two steps waits still. The pause begins when its first step has traded whole.
    fn is_cooling(&mut self, case: &mut Case) -> bool {
        if self.risk.first_step_is_done(case) {
            let pause = match self.risk.rules(case.rules).policy {
                Policy::TwoStep { cooldown, .. } => cooldown,
                _ => 0,
            };
            let due = self.log.now.saturating_add(pause);
            if pause > 0 {
                self.timers.set(due, Alarm::Batch { case: case.id.0 });
            }
            case.step = Step::Cooling(due);
        }
        if let Step::Cooling(due) = case.step {
            if self.log.now < due {
                return true;
            }
            case.step = Step::Whole;
        }
        false
    }

    fn end(&mut self, case: &Case, step: CaseStep) {
        self.say_case(case.account, case.id, step);
        self.risk.set_case(case.account, 0);
        self.sweep_pocket(case.account);
    }

    /// Done before it was flat. A case by order leaves the account to its tier.
    fn end_restored(&mut self, case: &Case, standing: Standing) {
        self.end(case, CaseStep::Restored);
        let tier = self.risk.account(case.account).tier();
        match case.purpose {
            Purpose::Lots { .. } => self.act_on_tier(case.account, tier, standing),
            Purpose::Safe(_) | Purpose::Flat => self.renew_call(case.account, tier, standing),
        }
    }

    /// Flat: closed, or what is owed goes down the waterfall.
    fn end_flat(&mut self, case: &Case, standing: Standing) -> Turn {
        if standing.equity >= Money::ZERO || case.purpose == Purpose::Flat {
            self.end(case, CaseStep::Closed);
            if case.purpose == Purpose::Flat {
                self.sweep_to_fund(case.account, case.id);
            }
            return Turn::Ended;
        }
        self.end(case, CaseStep::Waterfall);
        let paid = self.risk.waterfall(case);
        let balance = self.risk.house().fund;
        for paid in &paid {
            self.log.emit(match *paid {
                Paid::Fund(amount) => {
                    EventKind::Fund { change: -amount, balance, case: Some(case.id) }
                }
                Paid::Socialised(account, amount) => EventKind::Socialised { account, amount },
                Paid::Debt(amount) => {
                    EventKind::Debt { account: self.risk.owner_of(case.account), amount }
                }
            });
        }
        self.say_permission(self.risk.owner_of(case.account));
        if paid.iter().any(|paid| matches!(paid, Paid::Socialised(..))) {
            self.look();
        }
        Turn::Ended
    }

    /// Parks a case that finds nothing to trade with in `instrument`.
    pub(crate) fn park(&mut self, case: &mut Case, instrument: InstrumentId, reason: ParkReason) {
        if !case.parked {
            case.parked = true;
            let rolls = self.risk.rules(case.rules).locked == LockedPolicy::Roll;
            if rolls && reason == ParkReason::LimitLocked {
                let market = &self.markets[instrument.index()];
                let (phase_serial, band) = (market.phase_serial, market.book.band());
                case.rolled = Some(Rolled { instrument, phase_serial, band });
            }
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

    /// Whether any mark may concern a case: it has a batch in the queue, waits with several positions, or asks what others have.
    ///
    /// A parked case with one position waits for that instrument alone, and is woken by it.
    pub(crate) fn is_restless(&self, case: &Case, held: usize, equity: Money) -> bool {
        case.resting.is_some() || case.parked && held > 1 || self.asks_others(case, equity)
    }

    /// Notes for which instruments a case waits, and what marks it waits for.
    pub(crate) fn start_waiting(&mut self, case: &Case) {
        let held = self.risk.positions(case.account).filter(|p| p.lots() != 0).count();
        let equity = self.risk.standing(case.account).equity;
        let goal = match case.purpose {
            Purpose::Safe(goal) => Some(goal),
            Purpose::Lots { .. } | Purpose::Flat => None,
        };
        let calm = !self.is_restless(case, held, equity);
        let awaited = Awaited { goal, loss: self.may_hand_over(case) };
        self.risk.calm_case(case.account, calm.then_some(awaited));
        // One that asks others asks anew whenever one of its markets changes, also between two batches.
        let asks = self.asks_others(case, equity);
        if asks {
            self.asking.insert(case.id.0);
        } else if !case.parked && case.resting.is_none() {
            return;
        }
        // With several positions any change in one of the books may change the plan.
        let queues = held > 1 || asks || self.waits_for_more(case);
        // Whoever may not send a batch yet is woken by its timer, not by what comes before.
        let waits = case.parked && self.log.now >= case.due(self.risk.rules(case.rules).interval);
        for position in self.risk.positions(case.account).filter(|p| p.lots() != 0) {
            let market = &mut self.markets[position.instrument().index()];
            if queues {
                market.queueing.insert(case.id.0);
            }
            if waits {
                let side = if position.lots() > 0 { Side::Sell } else { Side::Buy };
                market.parked[side as usize].insert(case.id.0);
            }
        }
    }

    /// Whether more than something opposite in its book may let a case go on.
    fn waits_for_more(&self, case: &Case) -> bool {
        let rules = self.risk.rules(case.rules);
        rules.locked != LockedPolicy::Park || rules.auction == AuctionPolicy::Join
    }

    /// Whether a case may hand its positions over, so that it may have to ask what the fund has and who else holds what.
    fn may_hand_over(&self, case: &Case) -> bool {
        let rules = self.risk.rules(case.rules);
        matches!(case.purpose, Purpose::Safe(_))
            && (case.price == ProtectionPrice::Bankruptcy
                || rules.backstop.is_some()
                || rules.waterfall.contains(&WaterfallStage::Deleverage))
    }

    /// Whether a case asks that now. Deleveraging alone is for accounts that have lost more than they had; the rest of their
    /// cases trade like any other, and there are many of them.
    fn asks_others(&self, case: &Case, equity: Money) -> bool {
        self.may_hand_over(case)
            && (equity < Money::ZERO
                || case.price == ProtectionPrice::Bankruptcy
                || self.risk.rules(case.rules).backstop.is_some()
                || self.risk.account(case.account).is_unlimited())
    }

    fn stop_waiting(&mut self, case: &Case) {
        self.asking.remove(&case.id.0);
        for position in self.risk.positions(case.account) {
            let market = &mut self.markets[position.instrument().index()];
            market.queueing.remove(&case.id.0);
            for side in &mut market.parked {
                side.remove(case.id.0);
            }
        }
    }
}
