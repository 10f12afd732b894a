//! The ledger recounted: money to the unit, positions to zero.

use crate::account::Position;
use crate::ledger::Risk;
use plimsoll_types::{AccountId, InstrumentId, Money};

/// What a recount found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imbalance {
    /// Money appeared (above zero) or vanished.
    Money(Money),
    /// An instrument's longs and shorts differ by so many lots.
    Lots(InstrumentId, i64),
    /// An account's frozen amount is below zero.
    Frozen(AccountId),
    /// An account would have carried more lots than it holds.
    Carried(AccountId, InstrumentId),
    /// A position's cost is not what its lots add up to, or a leg holds lots of the other side.
    Costs(AccountId, InstrumentId),
    /// Margins in force are not what accounts of their own and the instruments ask for.
    OwnMargins,
}

impl Risk {
    /// Checks conservation: sum of equities + fund + fees = deposits - withdrawals + debts taken over, and longs = shorts.
    ///
    /// Cost: O(accounts + positions). Source: SEMANTICS 3.
    pub fn audit(&self) -> Result<(), Imbalance> {
        let mut worth: i128 = self.accounts.iter().map(|account| account.cash).sum();
        for (index, contract) in self.contracts.iter().enumerate() {
            let instrument = InstrumentId(index as u16);
            let lots: i64 = self.members(instrument).map(|id| self.position(id).lots).sum();
            if lots != 0 {
                return Err(Imbalance::Lots(instrument, lots));
            }
            worth += Money::of_lots(contract.mark, lots, contract.tick_value).units();
        }
        if let Some(index) = self.accounts.iter().position(|account| account.frozen < 0) {
            return Err(Imbalance::Frozen(AccountId(index as u32)));
        }
        let carries_more = |held: &&Position| held.carried > held.lots.unsigned_abs();
        if let Some(held) = self.positions.iter().find(carries_more) {
            return Err(Imbalance::Carried(held.account, held.instrument));
        }
        if let Some(held) = self.positions.iter().find(|held| !self.costs_are_sound(held)) {
            return Err(Imbalance::Costs(held.account, held.instrument));
        }
        if !self.own_is_sound() {
            return Err(Imbalance::OwnMargins);
        }
        let house = &self.house;
        let assets = Money::new(worth) + house.fund + house.fees;
        let owed = house.deposits - house.withdrawals + house.written_off;
        if assets != owed {
            return Err(Imbalance::Money(assets - owed));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::Side;

    #[test]
    fn planted_losses_are_found() {
        let plant = |harm: fn(&mut Risk)| {
            let mut risk = risk();
            let (_, buyer) = open(&mut risk, 9_000);
            let (_, seller) = open(&mut risk, 9_000);
            risk.book(fill(buyer, Side::Buy, 1001, 2));
            risk.book(fill(seller, Side::Sell, 1001, 2));
            assert_eq!(risk.audit(), Ok(()));
            harm(&mut risk);
            risk.audit()
        };
        assert!(matches!(plant(|r| r.accounts[0].cash += 1), Err(Imbalance::Money(_))));
        assert!(matches!(plant(|r| r.positions[1].lots += 1), Err(Imbalance::Lots(_, 1))));
        assert!(matches!(plant(|r| r.accounts[1].frozen = -1), Err(Imbalance::Frozen(_))));
        assert!(matches!(plant(|r| r.positions[1].carried = 3), Err(Imbalance::Carried(..))));
        assert!(matches!(plant(|r| r.positions[1].own = true), Err(Imbalance::OwnMargins)));
        let in_two_places = |r: &mut Risk| {
            r.positions[0].make_costs(&mut r.costs);
            r.positions[0].gain = 1;
        };
        assert!(matches!(plant(in_two_places), Err(Imbalance::Costs(..))));
        assert!(matches!(plant(|r| r.house.fund += Money::new(1)), Err(Imbalance::Money(_))));
    }
}
