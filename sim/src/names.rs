//! What the writers of a run know of accounts and instruments, on a thread where the exchange is not.

use plimsoll_exchange::Exchange;
use plimsoll_text::Names;
use plimsoll_types::{
    AccountId, Event, EventKind, ExchangeSpec, InstrumentId, InstrumentSpec, Label, ProfileId,
};

/// An account as the exchange knew it when it came.
#[derive(Clone, Copy, Debug)]
pub struct NamedAccount {
    /// Its name; of an isolated position its owner's.
    pub name: Label,
    /// Its profile.
    pub profile: ProfileId,
    /// Itself, or the owner of an isolated position.
    pub owner: AccountId,
    /// The instrument of an isolated position.
    pub isolated: Option<InstrumentId>,
}

/// Accounts and instruments that came since the last batch.
#[derive(Debug, Default)]
pub struct News {
    /// Accounts, by id, from the first unknown one.
    pub accounts: Vec<NamedAccount>,
    /// Instruments, by id, from the first unknown one.
    pub instruments: Vec<InstrumentSpec>,
}

/// How much of the exchange has been told already.
#[derive(Debug, Default)]
pub struct Told {
    accounts: usize,
    instruments: usize,
}

impl Told {
    /// Adds what is new at the exchange to `news`. Cost: two comparisons where nothing is.
    #[inline]
    pub fn update(&mut self, exchange: &Exchange, news: &mut News) {
        let instruments = &exchange.spec().instruments;
        if exchange.account_count() != self.accounts || instruments.len() != self.instruments {
            self.learn(exchange, news);
        }
    }

    #[cold]
    fn learn(&mut self, exchange: &Exchange, news: &mut News) {
        let instruments = &exchange.spec().instruments;
        news.instruments.extend_from_slice(&instruments[self.instruments..]);
        self.instruments = instruments.len();
        let accounts = exchange.account_count();
        news.accounts.extend((self.accounts..accounts).map(|id| {
            let id = AccountId(id as u32);
            NamedAccount {
                name: exchange.account_name(id),
                profile: exchange.account_profile(id),
                owner: exchange.owner(id),
                isolated: exchange.isolated(id),
            }
        }));
        self.accounts = accounts;
    }
}

/// The names behind the numbers of events, kept up to the event being written.
#[derive(Debug)]
pub struct NameTable {
    spec: ExchangeSpec,
    accounts: Vec<NamedAccount>,
}

impl NameTable {
    /// Profiles and money are those of `spec`; accounts and instruments come by [`NameTable::learn`].
    pub fn new(spec: &ExchangeSpec) -> NameTable {
        let spec = ExchangeSpec { instruments: Vec::new(), accounts: Vec::new(), ..spec.clone() };
        NameTable { spec, accounts: Vec::new() }
    }

    /// Takes in what has come.
    pub fn learn(&mut self, news: &News) {
        self.spec.instruments.extend_from_slice(&news.instruments);
        self.accounts.extend_from_slice(&news.accounts);
    }

    /// Takes in what an event changes, before it is written: a profile's name goes by the account's latest.
    #[inline]
    pub fn follow(&mut self, event: &Event) {
        if let EventKind::Profile { account, profile } = event.kind
            && let Some(known) = self.accounts.get_mut(account.index())
        {
            known.profile = profile;
        }
    }

    /// An account that has been told of.
    #[inline]
    fn account(&self, account: AccountId) -> &NamedAccount {
        match self.accounts.get(account.index()) {
            Some(known) => known,
            None => plimsoll_types::broken(format_args!("{account:?} was never told of")),
        }
    }
}

impl Names for NameTable {
    #[inline]
    fn spec(&self) -> &ExchangeSpec {
        &self.spec
    }

    #[inline]
    fn account_name(&self, account: AccountId) -> Label {
        self.account(account).name
    }

    #[inline]
    fn isolated(&self, account: AccountId) -> Option<InstrumentId> {
        self.account(account).isolated
    }

    /// An isolated position has its owner's profile.
    fn account_profile(&self, account: AccountId) -> ProfileId {
        self.account(self.account(account).owner).profile
    }
}
