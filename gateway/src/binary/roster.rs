//! Who may see and move which account, and what a client is told of accounts and instruments.

use super::codes;
use super::layout::{Message, Text};
use super::messages::{AccountEntry, InstrumentEntry};
use crate::batch::{Batch, NewAccount};
use crate::engine::Engine;
use crate::inbound::UserId;
use crate::users::{Reach, User};
use plimsoll_types::{AccountId, InstrumentId, InstrumentSpec, Label};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the binary protocol knows of users, accounts and instruments. Kept up by batches alone.
#[derive(Debug)]
pub struct Roster {
    users: Arc<[User]>,
    by_name: BTreeMap<Label, UserId>,
    /// Users by the names of their accounts.
    wanted: BTreeMap<Label, Vec<UserId>>,
    /// Accounts by user, in order of their numbers; with users of all left out.
    accounts: Vec<Vec<(AccountId, Label)>>,
    /// Owner by account number.
    owners: Vec<AccountId>,
    /// By owner: place in `circles`.
    circle: Vec<u32>,
    /// Users of one account; the first circle is nobody's.
    circles: Vec<Vec<UserId>>,
    /// Users of all accounts.
    everywhere: Vec<UserId>,
    instruments: Vec<InstrumentEntry>,
    /// The exchange's currency.
    pub currency: Label,
    /// Places after the point of money.
    pub money_decimals: u8,
    /// The user's number of its last message carried out, by user.
    pub sequences: Vec<u64>,
    /// Number of the exchange's last event.
    pub last_event: u64,
}

impl Roster {
    /// What holds now; to be asked before the engine moves into its thread.
    pub fn new(engine: &Engine, users: Arc<[User]>) -> Roster {
        let exchange = engine.exchange();
        let spec = exchange.spec();
        let seats = users.len() + 1;
        let mut roster = Roster {
            by_name: users.iter().zip(1..).map(|(user, n)| (user.name, UserId(n))).collect(),
            wanted: BTreeMap::new(),
            accounts: vec![Vec::new(); seats],
            owners: Vec::new(),
            circle: Vec::new(),
            circles: vec![Vec::new()],
            everywhere: Vec::new(),
            instruments: Vec::new(),
            currency: spec.currency,
            money_decimals: spec.money_decimals as u8,
            sequences: (0..seats as u32).map(|n| engine.last_sequence(UserId(n))).collect(),
            last_event: exchange.seq(),
            users,
        };
        roster.want();
        for n in 0..exchange.account_count() as u32 {
            let account = AccountId(n);
            let owner = exchange.owner(account);
            let name = exchange.account_name(owner);
            roster.add_account(&NewAccount { account, owner, name });
        }
        for (n, spec) in spec.instruments.iter().enumerate() {
            roster.add_instrument(InstrumentId(n as u16), spec);
        }
        roster
    }

    fn want(&mut self) {
        for (user, n) in self.users.iter().zip(1..) {
            match &user.reach {
                Reach::All => self.everywhere.push(UserId(n)),
                Reach::Accounts(names) => {
                    for name in names {
                        self.wanted.entry(*name).or_default().push(UserId(n));
                    }
                }
            }
        }
    }

    /// The user of a name.
    pub fn find(&self, name: &Label) -> Option<UserId> {
        self.by_name.get(name).copied()
    }

    /// A user's record; the server itself has none.
    pub fn user(&self, user: UserId) -> Option<&User> {
        self.users.get(user.index().checked_sub(1)?)
    }

    /// Users, and the server itself.
    pub fn seats(&self) -> usize {
        self.accounts.len()
    }

    /// Whether every account is the user's.
    pub fn reaches_all(&self, user: UserId) -> bool {
        self.everywhere.contains(&user)
    }

    /// The user's accounts by number and name; none are listed of a user of all.
    pub fn accounts_of(&self, user: UserId) -> &[(AccountId, Label)] {
        &self.accounts[user.index()]
    }

    /// Entries of the user's accounts.
    pub fn account_entries(&self, user: UserId) -> impl Iterator<Item = AccountEntry> {
        self.accounts_of(user).iter().map(|(account, name)| entry(*account, name))
    }

    /// Entries of all instruments.
    pub fn instruments(&self) -> &[InstrumentEntry] {
        &self.instruments
    }

    /// Whose account it is: itself, or the owner of an isolated position.
    #[inline]
    pub fn owner(&self, account: AccountId) -> AccountId {
        self.owners.get(account.index()).copied().unwrap_or(account)
    }

    /// Whether the user may act for an account. Isolated positions are not acted for: their owner is.
    #[inline]
    pub fn acts_for(&self, user: UserId, account: AccountId) -> bool {
        self.owners.get(account.index()).is_some_and(|owner| *owner == account)
            && self.sees(user, account)
    }

    /// Whether what happens to an owner is the user's to know.
    #[inline]
    pub fn sees(&self, user: UserId, owner: AccountId) -> bool {
        self.circle_of(owner).contains(&user) || self.everywhere.contains(&user)
    }

    /// Users of an owner's account, those of all left out.
    #[inline]
    pub fn circle_of(&self, owner: AccountId) -> &[UserId] {
        let circle = self.circle.get(owner.index()).copied().unwrap_or(0);
        &self.circles[circle as usize]
    }

    /// Users of all accounts.
    #[inline]
    pub fn everywhere(&self) -> &[UserId] {
        &self.everywhere
    }

    /// Learns what came into being; gives the users that have a new account, with its entry.
    #[cold]
    pub fn learn(&mut self, batch: &Batch) -> Vec<(UserId, AccountEntry)> {
        let mut news = Vec::new();
        for new in &batch.accounts {
            self.add_account(new);
            if new.owner == new.account {
                let circle = self.circle_of(new.account);
                news.extend(circle.iter().map(|user| (*user, entry(new.account, &new.name))));
            }
        }
        for (instrument, spec) in &batch.instruments {
            self.add_instrument(*instrument, spec);
        }
        news
    }

    fn add_account(&mut self, new: &NewAccount) {
        let n = new.account.index();
        while self.owners.len() <= n {
            self.owners.push(AccountId(self.owners.len() as u32));
            self.circle.push(0);
        }
        self.owners[n] = new.owner;
        if new.owner != new.account {
            return;
        }
        if let Some(users) = self.wanted.get(&new.name) {
            self.circle[n] = self.circles.len() as u32;
            for user in users {
                self.accounts[user.index()].push((new.account, new.name));
            }
            self.circles.push(users.clone());
        }
    }

    fn add_instrument(&mut self, id: InstrumentId, spec: &InstrumentSpec) {
        let entry = InstrumentEntry {
            head: InstrumentEntry::head(),
            instrument: id.0.into(),
            kind: codes::of_instrument(spec.kind),
            tick_decimals: spec.tick_size.decimals as u8,
            lot_decimals: spec.lot_size.decimals as u8,
            multiplier_decimals: spec.multiplier.decimals as u8,
            tick_size: spec.tick_size.mantissa.into(),
            lot_size: spec.lot_size.mantissa.into(),
            multiplier: spec.multiplier.mantissa.into(),
            tick_value: spec.tick_value.into(),
            symbol: Text::of(&spec.symbol),
        };
        if id.index() == self.instruments.len() {
            self.instruments.push(entry);
        } else if let Some(there) = self.instruments.get_mut(id.index()) {
            *there = entry;
        }
    }
}

fn entry(account: AccountId, name: &Label) -> AccountEntry {
    AccountEntry { head: AccountEntry::head(), account: account.0.into(), name: Text::of(name) }
}
