//! An account's tier, permission and case: who may change them, and how.

use crate::ledger::Risk;
use plimsoll_types::{AccountId, Permission, ProfileId, invariant};

impl Risk {
    /// Sets an account's tier.
    pub fn set_tier(&mut self, id: AccountId, tier: u8) {
        self.accounts[id.index()].tier = tier;
        self.touch(id);
    }

    /// Sets what the operator lets an account do.
    pub fn set_operator_permission(&mut self, id: AccountId, permission: Permission) {
        self.cold_mut(id).operator = permission;
    }

    /// Says whether an account hedges.
    pub fn set_hedger(&mut self, id: AccountId, hedger: bool) {
        self.cold_mut(id).hedger = hedger;
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
