//! Accounts and money by command: open, pay in, pay out, the fund, the operator's permissions.

use crate::exchange::Exchange;
use crate::orders::Role;
use plimsoll_risk::PositionId;
use plimsoll_types::{AccountId, EventKind, Label, Money, Permission, ProfileId, Reject};

impl Exchange {
    pub(crate) fn open_account(&mut self, name: Label, profile: ProfileId) -> Result<(), Reject> {
        if profile.index() >= self.spec.profiles.len() {
            return Err(Reject::UnknownProfile);
        }
        if name.as_str().starts_with('$') || self.account_id(&name).is_some() {
            return Err(Reject::DuplicateAccount);
        }
        if !self.risk.has_room() {
            return Err(Reject::Full);
        }
        let account = self.add_account(name, profile);
        self.log.emit(EventKind::Opened { account, profile });
        Ok(())
    }

    pub(crate) fn deposit(&mut self, account: AccountId, amount: Money) -> Result<(), Reject> {
        self.check_account(account)?;
        check_amount(amount)?;
        let repaid = self.risk.deposit(account, amount);
        let balance = self.risk.balance(account);
        self.log.emit(EventKind::Deposit { account, amount, repaid, balance });
        self.say_permission(account);
        self.look();
        Ok(())
    }

    pub(crate) fn withdraw(&mut self, account: AccountId, amount: Money) -> Result<(), Reject> {
        self.check_account(account)?;
        check_amount(amount)?;
        let present = self.risk.account(account);
        if present.case().is_some() {
            return Err(Reject::Liquidation);
        }
        if present.permission() == Permission::Frozen {
            return Err(Reject::Frozen);
        }
        if !present.is_unlimited() {
            if amount > self.risk.available(account) {
                return Err(Reject::Available);
            }
            let mut standing = self.risk.standing(account);
            standing.equity -= amount;
            if self.risk.is_at_first_tier(account, standing) {
                return Err(Reject::Tier);
            }
        }
        self.risk.withdraw(account, amount);
        let balance = self.risk.balance(account);
        self.log.emit(EventKind::Withdrawal { account, amount, balance });
        self.look();
        Ok(())
    }

    pub(crate) fn add_to_fund(&mut self, amount: Money) -> Result<(), Reject> {
        check_amount(amount)?;
        self.risk.add_to_fund(amount);
        let balance = self.risk.house().fund;
        self.log.emit(EventKind::Fund { change: amount, balance, case: None });
        Ok(())
    }

    pub(crate) fn set_permission(
        &mut self,
        account: AccountId,
        permission: Permission,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        self.risk.set_operator_permission(account, permission);
        self.say_permission(account);
        Ok(())
    }

    /// Gives an account another profile: it stands in no tier, then it is looked at.
    pub(crate) fn set_profile(
        &mut self,
        account: AccountId,
        profile: ProfileId,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        let Some(new) = self.spec.profiles.get(profile.index()) else {
            return Err(Reject::UnknownProfile);
        };
        let mut holders = vec![account];
        holders.extend(self.risk.pockets(account));
        holders[1..].sort_unstable();
        if holders.iter().any(|&holder| self.risk.account(holder).case().is_some()) {
            return Err(Reject::Liquidation);
        }
        let changes_mode = new.margin_mode != self.risk.profile_of(account).margin_mode;
        if changes_mode && !(self.risk.holds_nothing(account) && self.has_no_orders(account)) {
            return Err(Reject::MarginMode);
        }
        self.log.emit(EventKind::Profile { account, profile });
        for &holder in &holders {
            self.risk.calls.remove(&holder);
            self.risk.set_profile(holder, profile);
        }
        if changes_mode {
            self.risk.rehome(account);
            let pockets: Vec<AccountId> = self.risk.pockets(account).collect();
            for pocket in pockets {
                self.risk.set_profile(pocket, profile);
            }
        }
        self.freeze_account_anew(account);
        for &holder in &holders {
            self.say_permission(holder);
        }
        self.look();
        Ok(())
    }

    fn has_no_orders(&self, account: AccountId) -> bool {
        self.risk.position_ids(account).all(|id| !self.risk.position(id).has_orders())
    }

    /// Shares out anew what an account's orders close and counts anew what they freeze.
    fn freeze_account_anew(&mut self, account: AccountId) {
        let positions: Vec<PositionId> = self.risk.position_ids(account).collect();
        for position in positions {
            self.share_out(position);
            let held = self.risk.position(position);
            let (instrument, mut slot) = (held.instrument(), held.orders.0);
            let (_, mut keeper) = self.split(instrument);
            while slot != crate::orders::NIL {
                let record = &keeper.records[slot];
                let (following, opens) = (record.next, record.opens);
                if record.role != Role::Stop {
                    keeper.refreeze(slot, opens);
                }
                slot = following;
            }
        }
    }

    /// Works an account's permission out anew and says so if it changed.
    pub(crate) fn say_permission(&mut self, account: AccountId) {
        if let Some((old, permission)) = self.risk.refresh_permission(account) {
            self.log.emit(if permission > old {
                EventKind::Restricted { account, permission }
            } else {
                EventKind::Unrestricted { account, permission }
            });
        }
    }
}

fn check_amount(amount: Money) -> Result<(), Reject> {
    if amount > Money::ZERO { Ok(()) } else { Err(Reject::AmountNotPositive) }
}
