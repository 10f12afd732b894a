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

/// Which account a name stands for.
#[derive(Default)]
pub(crate) struct Names {
    table: HashTable<(u64, AccountId)>,
}

impl Names {
    /// The account of a name; `is_it` tells whether an account has it.
    pub(crate) fn find(
        &self,
        name: &Label,
        is_it: impl Fn(AccountId) -> bool,
    ) -> Option<AccountId> {
        let hash = STATE.hash_one(name.as_bytes());
        self.table.find(hash, |&(other, id)| other == hash && is_it(id)).map(|&(_, id)| id)
    }

    /// Adds a name that is not there.
    pub(crate) fn insert(&mut self, name: &Label, id: AccountId) {
        let hash = STATE.hash_one(name.as_bytes());
        self.table.insert_unique(hash, (hash, id), |&(hash, _)| hash);
    }
}
