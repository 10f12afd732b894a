//! Section 6: a look at every account; tiers, permissions, margin calls, new breaches.

use super::account::Call;
use super::{Due, Model, NANO, account_id, nano, ticks};
use plimsoll_types::*;

impl Model {
    /// Whether the measure stands at a threshold or past it; no margin is past nothing.
    pub fn stands_at(&self, account: usize, threshold: Ratio, margin: i128, equity: i128) -> bool {
        margin > 0
            && match self.profile(account).measure {
                MeasureKind::MarginOverEquity => margin * NANO >= nano(threshold) * equity,
                MeasureKind::EquityOverMargin => equity * NANO <= nano(threshold) * margin,
            }
    }

    /// Whether a tier (from 1) is held.
    pub fn holds(&self, account: usize, tier: u8, margin: i128, equity: i128) -> bool {
        let release = self.profile(account).tiers[usize::from(tier) - 1].release;
        self.stands_at(account, release, margin, equity)
    }

    fn holds_now(&self, account: usize, tier: u8) -> bool {
        self.holds(account, tier, self.measured_margin(account), self.equity(account))
    }

    /// The tier an account stands in now, given the one it stood in.
    fn tier_now(&self, account: usize) -> u8 {
        let (margin, equity) = (self.measured_margin(account), self.equity(account));
        let tiers = &self.profile(account).tiers;
        let present = self.accounts[account].tier;
        let mut reached = 0;
        let mut held = 0;
        for (place, tier) in tiers.iter().enumerate() {
            let number = place as u8 + 1;
            if self.stands_at(account, tier.at, margin, equity) {
                reached = number;
            }
            if number <= present && self.stands_at(account, tier.release, margin, equity) {
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
        self.emit(EventKind::Tier {
            account: account_id(account),
            from,
            to,
            measure: self.measure(account),
            equity: Money::new(self.equity(account)),
            margin: Money::new(self.measured_margin(account)),
        });
        self.show_permission(account);
        if to > from { self.rise(account, from, to) } else { self.fall(account, to) }
    }

    fn rise(&mut self, account: usize, from: u8, to: u8) {
        let passed = &self.profile(account).tiers[usize::from(from)..usize::from(to)];
        let action = passed.last().expect("it rose").action;
        if passed.iter().any(|tier| tier.cancel_opening) {
            self.cancel_where(account, CancelReason::CancelOpening, |model, instrument, order| {
                order.trigger.is_none() && model.opening(instrument, order) > 0
            });
        }
        if self.accounts[account].case.is_some() {
            self.saw("rise within a case");
            return;
        }
        match action {
            Action::Liquidate => self.new_breach(account, to),
            Action::Call { .. } => self.call(account, to),
            Action::Notify | Action::CloseOnly => {}
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
        if let Action::Call { .. } = self.profile(account).tiers[usize::from(tier) - 1].action {
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
        let Action::Call { grace } = self.profile(account).tiers[usize::from(tier) - 1].action
        else {
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
        let (margin, equity) = (self.measured_margin(account), self.equity(account));
        let release = nano(self.profile(account).tiers[usize::from(tier) - 1].release);
        // Held while margin x NANO >= release x equity, or equity x NANO <= release x margin: the first equity past that.
        let enough = match self.profile(account).measure {
            MeasureKind::MarginOverEquity => margin * NANO / release + 1,
            MeasureKind::EquityOverMargin => release * margin / NANO + 1,
        };
        let needed = (enough - equity).max(1);
        assert!(!self.holds(account, tier, margin, equity + needed));
        assert!(needed == 1 || self.holds(account, tier, margin, equity + needed - 1));
        needed
    }

    pub fn drop_call(&mut self, account: usize) {
        self.accounts[account].call = None;
        self.timers.retain(|(_, what)| *what != Due::Call(account));
    }

    /// Whether the account would stand at a threshold if one mark were at `price` and the rest as it is. The position's own
    /// margin is not rounded here: a price is wanted to the tick, not to the money unit.
    fn stands_at_price(
        &self,
        account: usize,
        instrument: usize,
        threshold: Ratio,
        price: i128,
    ) -> bool {
        let basis = self.profile(account).basis;
        let lots = self.accounts[account].lots(instrument);
        let v = self.tick_value(instrument);
        let book = &self.books[instrument];
        let rate = if basis == Basis::Initial { book.initial } else { book.maintenance };
        let held = self.margin_of_lots(basis, instrument, lots.abs());
        let others = self.margin(account, basis) - held + rate.per_lot.units() * lots.abs();
        // In billionths of a money unit.
        let margin = others * NANO + nano(rate.share) * lots.abs() * price * v;
        let equity = self.equity(account) + lots * (price - ticks(book.mark)) * v;
        margin > 0
            && match self.profile(account).measure {
                MeasureKind::MarginOverEquity => margin >= nano(threshold) * equity,
                MeasureKind::EquityOverMargin => equity * NANO * NANO <= nano(threshold) * margin,
            }
    }

    /// Whether the first liquidating tier begins at this price, to the tick: a long's account stands in it a tick lower and
    /// not a tick higher, a short's the other way round.
    pub fn fits_liquidation_price(
        &self,
        account: usize,
        instrument: usize,
        price: Option<Price>,
    ) -> bool {
        let first = self.profile(account).tiers.iter().find(|tier| tier.action.liquidates());
        let Some(tier) = first else { return price.is_none() };
        if self.margin_of_lots(self.profile(account).basis, instrument, 1) == 0 {
            // Without margin nothing is reached: no price means anything.
            return true;
        }
        if self.tick_value(instrument) > 1_000_000 {
            // The ends of the domain would pass 128 bits here.
            return true;
        }
        let long = self.accounts[account].lots(instrument) > 0;
        let stands = |at: i128| self.stands_at_price(account, instrument, tier.at, at);
        let (lowest, highest) = (ticks(Price::MIN), ticks(Price::MAX));
        match price.map(ticks) {
            // The boundary lies outside the domain of prices; or a long's margin grows faster with the price than its equity
            // may bear, so that the tier lies above, and a fall leads away from it.
            None => {
                let book = &self.books[instrument];
                let initial = self.profile(account).basis == Basis::Initial;
                let share = nano(if initial { book.initial } else { book.maintenance }.share);
                let faster = match self.profile(account).measure {
                    MeasureKind::MarginOverEquity => share > nano(tier.at),
                    MeasureKind::EquityOverMargin => share * nano(tier.at) > NANO * NANO,
                };
                long && faster || stands(lowest) == stands(highest)
            }
            Some(at) if long => {
                (at == lowest || stands(at - 1)) && (at == highest || !stands(at + 1))
            }
            Some(at) => (at == lowest || !stands(at - 1)) && (at == highest || stands(at + 1)),
        }
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
