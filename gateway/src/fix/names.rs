//! Names and steps as the sessions need them, kept up with the batches: whose an account is, what a symbol means.

use crate::batch::Batch;
use crate::follower::Follower;
use crate::inbound::UserId;
use crate::users::{Reach, User};
use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, EventKind, InstrumentId, InstrumentSpec, Label, Step};
use std::collections::HashMap;

/// What of an instrument is written into messages.
#[derive(Clone, Debug)]
pub struct Instrument {
    /// Its name.
    pub symbol: Label,
    /// Price step.
    pub tick: Step,
    /// Quantity step.
    pub lot: Step,
    /// Money per 1.0 of price per 1.0 of quantity.
    pub multiplier: Step,
    /// Whether it is traded.
    pub listed: bool,
}

impl Instrument {
    fn of(spec: &InstrumentSpec) -> Instrument {
        Instrument {
            symbol: spec.symbol,
            tick: spec.tick_size,
            lot: spec.lot_size,
            multiplier: spec.multiplier,
            listed: true,
        }
    }
}

/// Names, kept up.
pub struct Names {
    /// Accounts that users reach by name, and others that a user of all has asked for.
    accounts: HashMap<AccountId, Label>,
    by_name: HashMap<Label, AccountId>,
    /// Who is told of an account's orders, whoever entered them.
    watchers: HashMap<Label, Vec<UserId>>,
    /// Owners of isolated positions.
    pockets: HashMap<AccountId, AccountId>,
    instruments: Vec<Instrument>,
    symbols: HashMap<Label, InstrumentId>,
    /// Places of a money unit.
    pub money_decimals: u32,
    /// The currency.
    pub currency: String,
}

impl Names {
    /// Those of the exchange as it stands.
    pub fn new(users: &[User], exchange: &Exchange) -> Names {
        let spec = exchange.spec();
        let mut names = Names {
            accounts: HashMap::new(),
            by_name: HashMap::new(),
            watchers: HashMap::new(),
            pockets: HashMap::new(),
            instruments: Vec::new(),
            symbols: HashMap::new(),
            money_decimals: spec.money_decimals,
            currency: spec.currency.to_string(),
        };
        for (n, user) in users.iter().enumerate() {
            let Reach::Accounts(accounts) = &user.reach else { continue };
            for account in accounts {
                names.watchers.entry(*account).or_default().push(UserId(n as u32 + 1));
                if let Some(id) = exchange.account_id(account) {
                    names.know(id, *account);
                }
            }
        }
        for account in (0..exchange.account_count() as u32).map(AccountId) {
            let owner = exchange.owner(account);
            if owner != account {
                names.pockets.insert(account, owner);
            }
        }
        for (n, spec) in spec.instruments.iter().enumerate() {
            names.list(InstrumentId(n as u16), spec);
            // A symbol that is gone, or listed anew since, means another or none.
            let id = exchange.instrument_id(&spec.symbol);
            if id != Some(InstrumentId(n as u16)) {
                names.delist(InstrumentId(n as u16));
            }
        }
        names
    }

    /// Takes what a batch tells of accounts and instruments that came into being.
    pub fn hear(&mut self, batch: &Batch) {
        for new in &batch.accounts {
            if new.owner != new.account {
                self.pockets.insert(new.account, new.owner);
            } else if self.watchers.contains_key(&new.name) {
                self.know(new.account, new.name);
            }
        }
        for (id, spec) in &batch.instruments {
            self.list(*id, spec);
        }
    }

    /// Takes an event that ends an instrument.
    pub fn hear_event(&mut self, kind: &EventKind) {
        if let EventKind::Delisted { instrument } = kind {
            self.delist(*instrument);
        }
    }

    fn know(&mut self, id: AccountId, name: Label) {
        self.accounts.insert(id, name);
        self.by_name.insert(name, id);
    }

    fn list(&mut self, id: InstrumentId, spec: &InstrumentSpec) {
        if id.index() == self.instruments.len() {
            self.instruments.push(Instrument::of(spec));
            self.symbols.insert(spec.symbol, id);
        }
    }

    fn delist(&mut self, id: InstrumentId) {
        let Some(instrument) = self.instruments.get_mut(id.index()) else { return };
        instrument.listed = false;
        if self.symbols.get(&instrument.symbol) == Some(&id) {
            self.symbols.remove(&instrument.symbol);
        }
    }

    /// The account whose the number is: itself, or the owner of an isolated position.
    pub fn owner(&self, account: AccountId) -> AccountId {
        self.pockets.get(&account).copied().unwrap_or(account)
    }

    /// An account's name, where somebody here is interested in it.
    pub fn account_name(&self, account: AccountId) -> Option<Label> {
        self.accounts.get(&account).copied()
    }

    /// Who is told of an account's orders whoever entered them.
    pub fn watchers(&self, account: AccountId) -> &[UserId] {
        let name = self.accounts.get(&account);
        name.and_then(|name| self.watchers.get(name)).map_or(&[], Vec::as_slice)
    }

    /// Accounts that are watched, with their names.
    pub fn watched(&self) -> impl Iterator<Item = (AccountId, Label)> {
        self.accounts.iter().map(|(id, name)| (*id, *name))
    }

    /// The number of an account of any name, for a user who reaches all.
    pub fn find(&mut self, name: &Label, follower: &Follower) -> Option<AccountId> {
        if let Some(id) = self.by_name.get(name) {
            return Some(*id);
        }
        let id = follower.read(|exchange| exchange.account_id(name))?;
        self.know(id, *name);
        Some(id)
    }

    /// An instrument by its symbol, if it is traded.
    pub fn instrument(&self, symbol: &Label) -> Option<InstrumentId> {
        self.symbols.get(symbol).copied()
    }

    /// What is known of an instrument that events or orders name.
    pub fn terms(&self, id: InstrumentId) -> Option<&Instrument> {
        self.instruments.get(id.index())
    }

    /// All instruments that are traded.
    pub fn listed(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.iter().filter(|instrument| instrument.listed)
    }
}
