//! A look at the accounts: tiers, rights, calls, breaches. Source: SEMANTICS 6.

use crate::exchange::Exchange;
use crate::timers::Alarm;
use plimsoll_risk::{Awaited, Call, Standing};
use plimsoll_types::{AccountId, Action, CancelReason, EventKind, Money, Ts};

impl Exchange {
    /// Looks at every account that may have changed its standing, in account order.
    #[inline]
    pub(crate) fn look(&mut self) {
        if self.risk.is_quiet() {
            return;
        }
        let mut suspects = std::mem::take(&mut self.suspects);
        self.risk.suspects(&mut suspects);
        for &account in &suspects {
            self.look_at(account);
        }
        self.suspects = suspects;
    }

    fn look_at(&mut self, account: AccountId) {
        let standing = self.risk.standing(account);
        let from = self.risk.account(account).tier();
        let to = self.risk.next_tier(account, standing);
        if from != to {
            self.change_tier(account, from, to, standing);
        }
        if self.risk.account(account).case().is_some() {
            self.look_at_case(account, standing);
        } else {
            let lost = standing.equity < Money::ZERO && self.risk.is_flat(account);
            match self.breaches.get(&account) {
                None if lost => self.breach(account, 0),
                Some(0) if !lost => {
                    self.breaches.remove(&account);
                }
                _ => {}
            }
        }
    }

    /// Puts an account's case on the agenda if it may have something to do.
    fn look_at_case(&mut self, account: AccountId, standing: Standing) {
        let Some(number) = self.risk.account(account).case() else { return };
        let held = self.risk.positions(account).filter(|position| position.lots() != 0).count();
        // A falling market asks most cases for nothing else: that is known without fetching them.
        if let Some(Awaited { goal: Some(goal), loss }) = self.risk.awaited(account)
            && held == 1
            && !goal.is_met(&standing)
            && !(loss && standing.equity < Money::ZERO)
        {
            return;
        }
        let Some(case) = self.cases.get(&number.0) else { return };
        if self.is_restless(case, held, standing.equity)
            || held == 0
            || self.has_met(case, &standing)
        {
            self.agenda.insert(number.0);
        }
    }

    fn change_tier(&mut self, account: AccountId, from: u8, to: u8, standing: Standing) {
        self.risk.set_tier(account, to);
        let basis = self.risk.basis_of(account, if to > 0 { to } else { from });
        self.log.emit(EventKind::Tier {
            account,
            from,
            to,
            measure: self.risk.measure_by(account, basis, standing),
            equity: standing.equity,
            margin: standing.margin(basis),
        });
        self.say_permission(account);
        if to > from {
            self.rise(account, from, to, standing);
        } else {
            self.fall(account, to, standing);
        }
    }

    fn rise(&mut self, account: AccountId, from: u8, to: u8, standing: Standing) {
        let tiers = &self.risk.profile_of(account).tiers;
        let cancels = tiers[usize::from(from)..usize::from(to)].iter().any(|t| t.cancel_opening);
        let action = tiers[usize::from(to) - 1].action;
        if cancels {
            self.cancel_orders(account, CancelReason::CancelOpening, |market, slot| {
                let record = &market.records[slot];
                record.opens > 0 && record.case().is_none()
            });
        }
        if self.risk.account(account).case().is_none() {
            self.act_on(account, to, action, standing);
        }
    }

    fn fall(&mut self, account: AccountId, to: u8, standing: Standing) {
        if self.risk.calls.get(&account).is_some_and(|call| call.tier > to) {
            self.risk.calls.remove(&account);
        }
        if self.breaches.get(&account).is_some_and(|&trigger| trigger > to) {
            self.breaches.remove(&account);
        }
        if self.risk.account(account).case().is_none() {
            self.renew_call(account, to, standing);
        }
    }

    /// Issues the call of the tier an account stands in, if it is one that calls and no call is out.
    pub(crate) fn renew_call(&mut self, account: AccountId, tier: u8, standing: Standing) {
        let Some(place) = usize::from(tier).checked_sub(1) else { return };
        let action = self.risk.profile_of(account).tiers[place].action;
        if matches!(action, Action::Call { .. }) && !self.risk.calls.contains_key(&account) {
            self.act_on(account, tier, action, standing);
        }
    }

    pub(crate) fn act_on(
        &mut self,
        account: AccountId,
        tier: u8,
        action: Action,
        standing: Standing,
    ) {
        match action {
            Action::Notify | Action::CloseOnly => {}
            Action::Liquidate | Action::Call { grace: Some(0) } => self.breach(account, tier),
            Action::Call { grace } => self.call(account, tier, grace, standing),
        }
    }

    /// An account needs a case; the worst tier that says so counts.
    pub(crate) fn breach(&mut self, account: AccountId, tier: u8) {
        let trigger = self.breaches.entry(account).or_insert(tier);
        *trigger = tier.max(*trigger);
    }

    fn call(&mut self, account: AccountId, tier: u8, grace: Option<Ts>, standing: Standing) {
        let outstanding = self.risk.calls.get(&account).copied();
        let deadline = Call::deadline(outstanding, self.log.now, grace);
        let serial = match (outstanding, deadline) {
            // The standing deadline keeps its timer.
            (Some(call), Some(_)) if call.deadline == deadline => call.serial,
            (_, Some(due)) => {
                let serial = self.timers.next_serial();
                self.timers.set(due, Alarm::Call { account, serial });
                serial
            }
            (_, None) => 0,
        };
        self.risk.calls.insert(account, Call { tier, deadline, serial });
        let shortfall = self.risk.shortfall(account, tier, standing);
        self.log.emit(EventKind::MarginCall { account, shortfall, deadline });
    }
}
