//! An account's tier, permission and case: who may change them, and how.

use crate::account::Marks;
use crate::ledger::Risk;
use plimsoll_types::{AccountId, Label, Money, Permission, ProfileId, invariant};

impl Risk {
    /// Sets an account's tier.
    pub fn set_tier(&mut self, id: AccountId, tier: u8) {
        self.accounts[id.index()].tier = tier;
        self.touch(id);
    }

    /// Sets what the operator lets an account do.
    pub fn set_operator_permission(&mut self, id: AccountId, permission: Permission) {
        self.accounts[id.index()].marks.set_operator(permission);
    }

    /// Says whether an account hedges.
    pub fn set_hedger(&mut self, id: AccountId, hedger: bool) {
        self.accounts[id.index()].marks.set(Marks::HEDGER, hedger);
    }

    /// Whether an account hedges: it has no position limit and is last in a forced reduction.
    pub fn is_hedger(&self, id: AccountId) -> bool {
        self.account(id).marks.has(Marks::HEDGER)
    }

    /// An account's name; of a pocket its owner's.
    pub fn name(&self, id: AccountId) -> Label {
        match Label::new(self.names.get(self.owner_of(id))) {
            Some(name) => name,
            None => plimsoll_types::broken(format_args!("account {id:?} has no name")),
        }
    }

    /// The bytes of an account's name; of a pocket none.
    #[inline]
    pub fn name_bytes(&self, id: AccountId) -> &[u8] {
        self.names.get(id).as_bytes()
    }

    /// Deposits - withdrawals - debts repaid + what the house paid.
    pub fn paid_in(&self, id: AccountId) -> Money {
        Money::new(self.account(id).paid_in)
    }

    /// What an account owes the house.
    #[inline]
    pub fn debt(&self, id: AccountId) -> Money {
        if !self.account(id).marks.has(Marks::DEBTOR) {
            return Money::ZERO;
        }
        self.debts.get(&id).copied().unwrap_or(Money::ZERO)
    }

    /// Adds to what an account owes the house (below zero: takes off).
    pub(crate) fn add_debt(&mut self, id: AccountId, change: Money) {
        let debt = self.debt(id) + change;
        self.accounts[id.index()].marks.set(Marks::DEBTOR, debt != Money::ZERO);
        if debt == Money::ZERO {
            self.debts.remove(&id);
        } else {
            self.debts.insert(id, debt);
        }
    }

    /// Gives an account another profile; it stands in no tier then.
    pub fn set_profile(&mut self, id: AccountId, profile: ProfileId) {
        let account = &mut self.accounts[id.index()];
        account.profile = profile;
        account.tier = 0;
        account.unlimited = self.profiles[profile.index()].unlimited;
        self.touch(id);
    }

    /// Works an account's permission out anew; the new one if it changed.
    pub fn refresh_permission(&mut self, id: AccountId) -> Option<(Permission, Permission)> {
        let (old, new) = (self.account(id).permission, self.rights(id));
        self.accounts[id.index()].permission = new;
        (old != new).then_some((old, new))
    }

    /// Ties an account to a case, or frees it (0).
    pub fn set_case(&mut self, id: AccountId, case: u32) {
        invariant!(
            (self.account(id).case == 0) != (case == 0),
            "account {id:?} would be in two cases or in none twice"
        );
        self.accounts[id.index()].case = case;
        self.watch_case(id, case != 0);
        self.touch(id);
    }
}
