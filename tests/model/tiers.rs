//! Section 6: a look at every account; tiers, permissions, margin calls, new breaches.

use super::account::Call;
use super::{Due, Model, NANO, account_id, nano};
use plimsoll_types::*;

/// What an account has, as it is or would be: margins of its positions, equity.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub initial: i128,
    pub maintenance: i128,
    pub equity: i128,
}

impl Standing {
    pub fn margin(&self, basis: Basis) -> i128 {
        match basis {
            Basis::Initial => self.initial,
            Basis::Maintenance => self.maintenance,
        }
    }
}

impl Model {
    pub fn standing(&self, account: usize) -> Standing {
        Standing {
            initial: self.margin(account, Basis::Initial),
            maintenance: self.margin(account, Basis::Maintenance),
            equity: self.equity(account),
        }
    }

    /// Whether the measure stands at a threshold or past it; no margin is past nothing.
    pub fn stands_at(&self, account: usize, threshold: Ratio, margin: i128, equity: i128) -> bool {
        margin > 0
            && match self.profile(account).measure {
                MeasureKind::MarginOverEquity => margin * NANO >= nano(threshold) * equity,
                MeasureKind::EquityOverMargin => equity * NANO <= nano(threshold) * margin,
            }
    }

    pub fn tier(&self, account: usize, tier: u8) -> &Tier {
        &self.profile(account).tiers[usize::from(tier) - 1]
    }

    /// Whether a tier (from 1) is held.
    pub fn holds(&self, account: usize, tier: u8, standing: Standing) -> bool {
        let Tier { release, basis, .. } = self.tier(account, tier);
        self.stands_at(account, *release, standing.margin(*basis), standing.equity)
    }

    fn holds_now(&self, account: usize, tier: u8) -> bool {
        self.holds(account, tier, self.standing(account))
    }

    /// Whether with that equity it would stand at a tier.
    pub fn comes_to_tier(&self, account: usize, equity: i128) -> bool {
        self.profile(account)
            .tiers
            .iter()
            .any(|tier| self.stands_at(account, tier.at, self.margin(account, tier.basis), equity))
    }

    /// The tier an account stands in now, given the one it stood in.
    fn tier_now(&self, account: usize) -> u8 {
        let standing = self.standing(account);
        let tiers = &self.profile(account).tiers;
        let present = self.accounts[account].tier;
        let mut reached = 0;
        let mut held = 0;
        for (place, tier) in tiers.iter().enumerate() {
            let number = place as u8 + 1;
            let margin = standing.margin(tier.basis);
            if self.stands_at(account, tier.at, margin, standing.equity) {
                reached = number;
            }
            if number <= present && self.stands_at(account, tier.release, margin, standing.equity) {
                held = number;
            }
        }
        if reached >= present { reached } else { held }
    }

    /// Every account with a margin is looked at, in account order.
    pub fn look(&mut self) {
        for account in 0..self.accounts.len() {
            if self.unlimited(account) {
                continue;
            }
            let (from, to) = (self.accounts[account].tier, self.tier_now(account));
            if from != to {
                self.change_tier(account, from, to);
            }
            self.look_at_flat(account);
        }
    }

    /// Without position and below zero: a breach of its own kind.
    fn look_at_flat(&mut self, account: usize) {
        let equity = self.equity(account);
        let account = &mut self.accounts[account];
        let flat_below_zero = account.positions.is_empty() && equity < 0 && account.case.is_none();
        if flat_below_zero && account.breach.is_none() {
            account.breach = Some(0);
            self.saw("flat below zero");
        } else if !flat_below_zero && account.breach == Some(0) {
            account.breach = None;
            self.saw("flat below zero withdrawn");
        }
    }

    fn change_tier(&mut self, account: usize, from: u8, to: u8) {
        self.accounts[account].tier = to;
        // Of the tier moved to, or of the one left where that is none.
        let basis = self.tier(account, if to == 0 { from } else { to }).basis;
        let margin = self.margin(account, basis);
        if basis != self.profile(account).basis {
            self.saw("a tier of the other basis");
        }
        self.emit(EventKind::Tier {
            account: account_id(account),
            from,
            to,
            measure: self.measure_with(account, margin),
            equity: Money::new(self.equity(account)),
            margin: Money::new(margin),
        });
        self.show_permission(account);
        if to > from { self.rise(account, from, to) } else { self.fall(account, to) }
    }

    fn rise(&mut self, account: usize, from: u8, to: u8) {
        let passed = &self.profile(account).tiers[usize::from(from)..usize::from(to)];
        let action = passed.last().expect("it rose").action;
        if passed.iter().any(|tier| tier.cancel_opening) {
            let (owner, only) = self.orders_of(account);
            self.cancel_where(owner, CancelReason::CancelOpening, |model, instrument, order| {
                only.is_none_or(|only| only == instrument)
                    && order.trigger.is_none()
                    && model.opening(instrument, order) > 0
            });
        }
        if self.accounts[account].case.is_some() {
            self.saw("rise within a case");
            return;
        }
        self.act_on_tier(account, to, action);
    }

    fn act_on_tier(&mut self, account: usize, tier: u8, action: Action) {
        match action {
            Action::Liquidate => self.new_breach(account, tier),
            Action::Call { .. } => self.call(account, tier),
            Action::Notify | Action::CloseOnly => {}
        }
    }

    /// The action of the tier an account stands in, as if it had just been reached.
    pub fn act_on_present_tier(&mut self, account: usize) {
        let tier = self.accounts[account].tier;
        if tier > 0 {
            self.saw("a tier's action after a case by order");
            self.act_on_tier(account, tier, self.tier(account, tier).action);
        }
    }

    /// Whose orders an account's troubles concern: its own; of a pocket its account's, in that instrument.
    pub fn orders_of(&self, account: usize) -> (usize, Option<usize>) {
        match self.accounts[account].pocket_of {
            Some((owner, instrument)) => (owner, Some(instrument)),
            None => (account, None),
        }
    }

    fn fall(&mut self, account: usize, to: u8) {
        if self.accounts[account].call.is_some_and(|call| call.tier > to) {
            self.saw("call withdrawn");
            self.drop_call(account);
        }
        if let Some(tier) = self.accounts[account].breach
            && tier > 0
            && !self.holds_now(account, tier)
        {
            self.saw("breach withdrawn");
            self.accounts[account].breach = None;
        }
        if self.accounts[account].case.is_none() {
            self.call_if_in_call_tier(account);
        }
    }

    /// A call for an account that stands in a call tier and has none outstanding.
    pub fn call_if_in_call_tier(&mut self, account: usize) {
        let tier = self.accounts[account].tier;
        if tier == 0 || self.accounts[account].call.is_some() {
            return;
        }
        if let Action::Call { .. } = self.tier(account, tier).action {
            self.saw("call on the way down");
            self.call(account, tier);
        }
    }

    fn new_breach(&mut self, account: usize, tier: u8) {
        let before = self.accounts[account].breach.unwrap_or(0);
        self.accounts[account].breach = Some(before.max(tier));
    }

    /// Issues a call for a tier; one without grace is a new breach.
    fn call(&mut self, account: usize, tier: u8) {
        let Action::Call { grace } = self.tier(account, tier).action else {
            panic!("tier {tier} is no call")
        };
        if grace == Some(0) {
            self.saw("call without grace");
            return self.new_breach(account, tier);
        }
        let mut deadline = grace.map(|grace| self.now + grace);
        let standing = self.accounts[account].call.and_then(|call| call.deadline);
        if let Some(standing) = standing
            && deadline.is_none_or(|deadline| standing <= deadline)
        {
            self.saw("earlier deadline stands");
            deadline = Some(standing);
        } else {
            self.drop_call(account);
            if let Some(deadline) = deadline {
                self.timers.push((deadline, Due::Call(account)));
            }
        }
        self.accounts[account].call = Some(Call { tier, deadline });
        let shortfall = Money::new(self.shortfall(account, tier));
        self.emit(EventKind::MarginCall { account: account_id(account), shortfall, deadline });
    }

    /// The least deposit after which the tier is no longer held, at least 1 unit.
    fn shortfall(&self, account: usize, tier: u8) -> i128 {
        let Tier { release, basis, .. } = *self.tier(account, tier);
        let (margin, equity) = (self.margin(account, basis), self.equity(account));
        let release = nano(release);
        // Held while margin x NANO >= release x equity, or equity x NANO <= release x margin: the first equity past that.
        let enough = match self.profile(account).measure {
            MeasureKind::MarginOverEquity => margin * NANO / release + 1,
            MeasureKind::EquityOverMargin => release * margin / NANO + 1,
        };
        let needed = (enough - equity).max(1);
        let with = |more| Standing { equity: equity + more, ..self.standing(account) };
        assert!(!self.holds(account, tier, with(needed)));
        assert!(needed == 1 || self.holds(account, tier, with(needed - 1)));
        needed
    }

    pub fn drop_call(&mut self, account: usize) {
        self.accounts[account].call = None;
        self.timers.retain(|(_, what)| *what != Due::Call(account));
    }

    /// A call is due and unmet.
    pub fn call_falls_due(&mut self, account: usize) {
        let call = self.accounts[account].call.expect("only an outstanding call falls due");
        assert!(self.accounts[account].case.is_none());
        self.saw("call falls due");
        self.drop_call(account);
        self.new_breach(account, call.tier);
    }

    /// The strictest of the operator's, the tiers' and a debt's permission.
    fn strictest(&self, account: usize) -> Permission {
        let mut strictest = self.accounts[account].operator;
        let stands_in = &self.profile(account).tiers[..usize::from(self.accounts[account].tier)];
        if stands_in.iter().any(|tier| tier.close_only || tier.action == Action::CloseOnly) {
            strictest = strictest.max(Permission::CloseOnly);
        }
        if self.accounts[account].debt > 0 {
            strictest = Permission::Frozen;
        }
        strictest
    }

    /// An event if the permission changed.
    pub fn show_permission(&mut self, account: usize) {
        let (before, permission) = (self.accounts[account].permission, self.strictest(account));
        self.accounts[account].permission = permission;
        let account = account_id(account);
        if permission > before {
            self.emit(EventKind::Restricted { account, permission });
        } else if permission < before {
            self.emit(EventKind::Unrestricted { account, permission });
        }
    }
}
