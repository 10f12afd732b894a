//! What accounts had realised, and the fees they had paid, when they were last settled.
//!
//! Nothing is kept of an account that never was. Amounts that fit 64 bits, which all but the largest do, cost 24 bytes an
//! account; the others stand in a map.

use crate::settlement::DayResult;
use crate::trigger::bits::Bits;
use plimsoll_types::{AccountId, Money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Results at the last settlement, by account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Settled {
    /// [profit, by_trade, fees]; accounts behind the last have none.
    #[serde(with = "crate::exact")]
    rows: Vec<[i64; 3]>,
    /// Those of rows that begin with [`LARGE`].
    large: BTreeMap<AccountId, DayResult>,
}

/// First of a row that stands in the map.
const LARGE: i64 = i64::MIN;

impl Settled {
    /// An account's; zero where it was never settled.
    #[inline]
    pub(crate) fn get(&self, id: AccountId) -> DayResult {
        match self.rows.get(id.index()) {
            None => DayResult::default(),
            Some([LARGE, ..]) => self.large.get(&id).copied().unwrap_or_default(),
            Some(row) => {
                let [profit, by_trade, fees] = row.map(|amount| Money::new(amount.into()));
                DayResult { profit, by_trade, fees }
            }
        }
    }

    /// Bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.len() * size_of::<[i64; 3]>()
            + self.large.len() * (size_of::<AccountId>() + size_of::<DayResult>())
    }

    /// Sets an account's, one of `accounts`.
    pub(crate) fn set(&mut self, id: AccountId, result: DayResult, accounts: usize) {
        if id.index() >= self.rows.len() {
            if result == DayResult::default() {
                return;
            }
            if self.rows.capacity() < accounts {
                self.rows.reserve(accounts - self.rows.len());
            }
            self.rows.resize(id.index() + 1, [0; 3]);
        }
        let row = &mut self.rows[id.index()];
        if row[0] == LARGE {
            self.large.remove(&id);
        }
        let small = |amount: Money| i64::try_from(amount.units()).ok().filter(|&n| n != LARGE);
        let amounts = [result.profit, result.by_trade, result.fees].map(small);
        *row = match amounts {
            [Some(profit), Some(by_trade), Some(fees)] => [profit, by_trade, fees],
            _ => {
                self.large.insert(id, result);
                [LARGE, 0, 0]
            }
        };
    }
}

/// Accounts whose results may have changed since they were last settled.
#[derive(Clone, Default)]
pub(crate) struct Stirred {
    bits: Bits,
    room: usize,
}

impl Stirred {
    /// Makes room for so many accounts; by doubling, since each time costs O(accounts / 64).
    #[inline]
    pub(crate) fn make_room(&mut self, accounts: usize) {
        if accounts > self.room {
            self.room = accounts.max(2 * self.room).max(64);
            self.bits.grow(self.room);
        }
    }

    pub(crate) fn set(&mut self, id: AccountId) {
        self.bits.set(id.index());
    }

    pub(crate) fn clear(&mut self, id: AccountId) {
        self.bits.clear(id.index());
    }

    /// The first of them from `id` on.
    #[inline]
    pub(crate) fn next(&self, id: AccountId) -> Option<AccountId> {
        self.bits.next(id.index()).map(|index| AccountId(index as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(profit: i128) -> DayResult {
        DayResult { profit: Money::new(profit), by_trade: Money::new(-7), fees: Money::new(3) }
    }

    #[test]
    fn amounts_of_any_size_come_back() {
        let mut settled = Settled::default();
        let (small, large) = (AccountId(1), AccountId(3));
        let edge = i128::from(i64::MIN);
        for profit in [5, edge + 1, edge, edge - 1, 10i128.pow(30), -5, 0] {
            settled.set(large, result(profit), 4);
            settled.set(small, result(1), 4);
            assert_eq!(settled.get(large), result(profit));
            assert_eq!(settled.get(small), result(1));
        }
        assert!(settled.large.is_empty(), "what fits again leaves the map");
    }

    #[test]
    fn an_account_that_never_was_settled_costs_nothing() {
        let mut settled = Settled::default();
        settled.set(AccountId(9), DayResult::default(), 10);
        assert_eq!((settled.get(AccountId(9)), settled.rows.capacity()), (DayResult::default(), 0));
    }
}
