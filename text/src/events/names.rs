//! What a line needs to know beside its event.

use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, ExchangeSpec, InstrumentId, Label, ProfileId};

/// Names and steps behind the numbers of events: an exchange, or a table that was told what happened to them.
pub trait Names {
    /// Instruments, profiles and the places of money.
    fn spec(&self) -> &ExchangeSpec;

    /// The name of an account, of an isolated position its owner's.
    fn account_name(&self, account: AccountId) -> Label;

    /// The instrument of an isolated position; `None` for accounts that were opened.
    fn isolated(&self, account: AccountId) -> Option<InstrumentId>;

    /// The profile whose tiers an account's numbers mean.
    fn account_profile(&self, account: AccountId) -> ProfileId;
}

impl Names for Exchange {
    #[inline]
    fn spec(&self) -> &ExchangeSpec {
        self.spec()
    }

    #[inline]
    fn account_name(&self, account: AccountId) -> Label {
        self.account_name(account)
    }

    #[inline]
    fn isolated(&self, account: AccountId) -> Option<InstrumentId> {
        self.isolated(account)
    }

    fn account_profile(&self, account: AccountId) -> ProfileId {
        self.account_profile(account)
    }
}
