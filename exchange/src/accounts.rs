//! Accounts and money by command: open, pay in, pay out, the fund, the operator's permissions.

use crate::exchange::Exchange;
use plimsoll_types::{AccountId, EventKind, Label, Money, Permission, ProfileId, Reject};

impl Exchange {
    pub(crate) fn open_account(&mut self, name: Label, profile: ProfileId) -> Result<(), Reject> {
        if profile.index() >= self.spec.profiles.len() {
            return Err(Reject::UnknownProfile);
        }
        if name.as_str().starts_with('$') || self.account_id(&name).is_some() {
            return Err(Reject::DuplicateAccount);
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
