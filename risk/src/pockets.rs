//! Which accounts are pockets, whose, and of which position.

use plimsoll_types::{AccountId, InstrumentId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A pocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    pocket: AccountId,
    owner: AccountId,
    instrument: InstrumentId,
}

/// All pockets, found by their number and by whose they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pockets {
    /// By number, as they were opened.
    #[serde(with = "crate::exact")]
    list: Vec<Entry>,
    /// A cache.
    #[serde(skip)]
    of: BTreeMap<(AccountId, InstrumentId), AccountId>,
}

impl Pockets {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whose pocket an account is, and of which position. Cost: O(log pockets).
    pub(crate) fn owner(&self, pocket: AccountId) -> Option<(AccountId, InstrumentId)> {
        let place = self.list.binary_search_by_key(&pocket, |entry| entry.pocket).ok()?;
        Some((self.list[place].owner, self.list[place].instrument))
    }

    /// The pocket of an account's position. Cost: O(log pockets).
    pub(crate) fn find(&self, owner: AccountId, instrument: InstrumentId) -> Option<AccountId> {
        self.of.get(&(owner, instrument)).copied()
    }

    /// Takes a pocket in that was just opened: no other has a higher number.
    pub(crate) fn push(&mut self, pocket: AccountId, owner: AccountId, instrument: InstrumentId) {
        self.list.push(Entry { pocket, owner, instrument });
        self.of.insert((owner, instrument), pocket);
    }

    /// Makes the cache that no snapshot holds.
    pub(crate) fn after_restore(&mut self) {
        self.of = self.list.iter().map(|e| ((e.owner, e.instrument), e.pocket)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pockets_are_found_both_ways_and_again_after_a_restore() {
        let mut pockets = Pockets::default();
        let at = |n| (AccountId(n / 2), InstrumentId(n as u16 % 2));
        for n in 0..10 {
            pockets.push(AccountId(100 + 3 * n), at(n).0, at(n).1);
        }
        pockets.of.clear();
        pockets.after_restore();
        for n in 0..10 {
            let pocket = AccountId(100 + 3 * n);
            assert_eq!(pockets.owner(pocket), Some(at(n)));
            assert_eq!(pockets.find(at(n).0, at(n).1), Some(pocket));
            assert_eq!(pockets.owner(AccountId(101 + 3 * n)), None);
        }
        assert_eq!(pockets.find(AccountId(0), InstrumentId(2)), None);
    }
}
