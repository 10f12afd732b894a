//! Who bears a loss that nobody pays: those with a profit, by it. Source: SEMANTICS 7.

use crate::formula::remainder::apportion;
use crate::ledger::Risk;
use plimsoll_types::{AccountId, Money};
use std::collections::BTreeMap;

impl Risk {
    /// What each account with a profit today bears of `need`, in account order: at most its profit and its equity, in whole units by largest remainder.
    ///
    /// Profit today = unrealised + realised since the last settlement, pockets' with their account's. Cost: O(accounts x positions).
    pub(crate) fn bearers(&self, need: Money, debtor: AccountId) -> Vec<(AccountId, Money)> {
        let mut profits: BTreeMap<AccountId, i128> = BTreeMap::new();
        for id in (0..self.accounts.len() as u32).map(AccountId) {
            let owner = self.owner_of(id);
            if owner != self.owner_of(debtor) && Some(id) != self.fund_account {
                *profits.entry(owner).or_default() += self.profit_today(id).units();
            }
        }
        // Nobody bears more than it has, or its loss would be shared out in turn, without an end.
        for (&owner, profit) in &mut profits {
            *profit = (*profit).min(self.standing(owner).equity.units());
        }
        profits.retain(|_, profit| *profit > 0);
        let weights: Vec<u128> = profits.values().map(|profit| profit.unsigned_abs()).collect();
        let total = need.units().max(0).unsigned_abs().min(weights.iter().sum());
        let shares = apportion(total, &weights).into_iter().map(|share| Money::new(share as i128));
        profits.into_keys().zip(shares).filter(|(_, share)| *share > Money::ZERO).collect()
    }

    fn profit_today(&self, id: AccountId) -> Money {
        let unrealised = self.standing(id).equity - self.balance(id);
        unrealised + self.unsettled(id).profit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::Side;

    #[test]
    fn winners_bear_by_their_profit_to_the_unit() {
        let mut risk = risk();
        let (debtor, loser) = open(&mut risk, 0);
        let mut win = |ticks: i64| {
            let (id, winner) = open(&mut risk, 1_000);
            // Bought from the loser so far under the mark of 1000, at 10 a tick and lot.
            risk.book_free(fill(winner, Side::Buy, 1000 - ticks, 1));
            risk.book_free(fill(loser, Side::Sell, 1000 - ticks, 1));
            id
        };
        let (a, b, c) = (win(1), win(0), win(2));
        let borne = |need| risk.bearers(Money::new(need), debtor);
        let units = |n| Money::new(n);
        assert_eq!(borne(20), [(a, units(7)), (c, units(13))]);
        assert_eq!(borne(1), [(c, units(1))]);
        assert_eq!(borne(90), [(a, units(10)), (c, units(20))], "at most what they have won");
        assert!(borne(0).is_empty() && risk.profit_today(b) == Money::ZERO);
        risk.pay_in(c, Money::new(-1_015));
        let left = risk.bearers(units(20), debtor);
        assert_eq!(left, [(a, units(10)), (c, units(5))], "no more than it has");
        risk.fund_account = Some(c);
        assert_eq!(risk.bearers(units(20), debtor), [(a, units(10))]);
    }
}
