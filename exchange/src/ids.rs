//! Names to numbers: clients' order ids and account names. Hashed, never iterated.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use plimsoll_types::{AccountId, InstrumentId, Label};
use std::hash::BuildHasher;

const STATE: FixedState = FixedState::with_seed(0x506c_696d_736f_6c6c);

/// Where an order rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) instrument: InstrumentId,
    pub(crate) slot: u32,
}

/// Which place an account's order id stands for.
#[derive(Default)]
pub(crate) struct ClientIds {
    table: HashTable<(u64, Place)>,
}

impl ClientIds {
    fn hash(account: AccountId, id: &Label) -> u64 {
        STATE.hash_one((account.0, id.as_bytes()))
    }

    /// The place of an id; `is_it` tells whether the order at a place is that account's with that id.
    #[inline]
    pub(crate) fn find(
        &self,
        account: AccountId,
        id: &Label,
        is_it: impl Fn(Place) -> bool,
    ) -> Option<Place> {
        let hash = Self::hash(account, id);
        self.table
            .find(hash, |&(other, place)| other == hash && is_it(place))
            .map(|&(_, place)| place)
    }

    /// Adds an id that is not there.
    #[inline]
    pub(crate) fn insert(&mut self, account: AccountId, id: &Label, place: Place) {
        let hash = Self::hash(account, id);
        if self.table.len() * 3 >= self.table.capacity() {
            // Room enough that ids coming and going are tidied up in place, without allocating.
            self.table.reserve(self.table.len() * 5 + 1024, |&(hash, _)| hash);
        }
        self.table.insert_unique(hash, (hash, place), |&(hash, _)| hash);
    }

    /// Takes out the id of the order at a place.
    #[inline]
    pub(crate) fn remove(&mut self, account: AccountId, id: &Label, place: Place) {
        let hash = Self::hash(account, id);
        match self.table.find_entry(hash, |&(_, other)| other == place) {
            Ok(entry) => {
                entry.remove();
            }
            Err(_) => plimsoll_types::broken(format_args!("order id {id} is not on record")),
        }
    }
}

/// Which account a name stands for. Keeps numbers alone: names are read where they are kept, hashes worked out anew.
#[derive(Default)]
pub(crate) struct Names {
    table: HashTable<AccountId>,
}

impl Names {
    /// With room for so many accounts.
    pub(crate) fn with_capacity(accounts: usize) -> Names {
        Names { table: HashTable::with_capacity(accounts) }
    }

    /// Makes room for so many more; `name_of` tells an account's name.
    pub(crate) fn reserve<'a>(&mut self, accounts: usize, name_of: impl Fn(AccountId) -> &'a [u8]) {
        self.table.reserve(accounts, |&id| STATE.hash_one(name_of(id)));
    }

    /// The account of a name; `name_of` tells an account's.
    pub(crate) fn find<'a>(
        &self,
        name: &[u8],
        name_of: impl Fn(AccountId) -> &'a [u8],
    ) -> Option<AccountId> {
        self.table.find(STATE.hash_one(name), |&id| name_of(id) == name).copied()
    }

    /// Adds an account whose name is not there.
    pub(crate) fn insert<'a>(&mut self, id: AccountId, name_of: impl Fn(AccountId) -> &'a [u8]) {
        let hash = |&id: &AccountId| STATE.hash_one(name_of(id));
        self.table.insert_unique(hash(&id), id, hash);
    }
}
