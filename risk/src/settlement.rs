//! What a settlement does to positions: profits become money of the account, lots become carried ones. Source: RULES 2.1, SEMANTICS 5.

use crate::account::PositionId;
use crate::ledger::Risk;
use plimsoll_types::{AccountId, InstrumentId, MarginPrice, Money, Price};
use serde::{Deserialize, Serialize};

/// What a day brought an account, or all days so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayResult {
    /// Realised, before fees: carried lots against the last settlement.
    pub profit: Money,
    /// The same, every lot against the price it was opened at. Source: RULES 2.2.
    pub by_trade: Money,
    /// Fees paid.
    pub fees: Money,
}

impl DayResult {
    /// Both together.
    pub(crate) fn plus(self, other: DayResult) -> DayResult {
        DayResult {
            profit: self.profit + other.profit,
            by_trade: self.by_trade + other.by_trade,
            fees: self.fees + other.fees,
        }
    }

    /// With all signs turned.
    pub(crate) fn reversed(self) -> DayResult {
        DayResult { profit: -self.profit, by_trade: -self.by_trade, fees: -self.fees }
    }
}

impl Risk {
    /// Settles a position: its cost becomes its worth at `price`, so that realised grows by the difference, and all its lots are carried.
    ///
    /// Cash stays: equity at the mark is the same before and after.
    pub fn settle_position(&mut self, id: PositionId, price: Price) {
        let position = &mut self.positions[id.0 as usize];
        let contract = &self.contracts[position.instrument.index()];
        position.settle(&mut self.costs, contract, price);
    }

    /// Notes an instrument's settlement price: carried lots may ask margin at it.
    pub fn set_prev_settlement(&mut self, instrument: InstrumentId, price: Price) {
        let contract = &mut self.contracts[instrument.index()];
        contract.prev_settlement = price;
        if contract.margin_price == MarginPrice::Settlement {
            self.distrust(instrument);
        }
    }

    /// Closes a position at `price`, without trade or fee. The other side of the market is closed likewise, so money is conserved.
    pub fn close_position(&mut self, id: PositionId, price: Price) {
        let position = &mut self.positions[id.0 as usize];
        let contract = &self.contracts[position.instrument.index()];
        let worth = Money::of_lots(price, position.lots, contract.tick_value);
        (position.lots, position.carried) = (0, 0);
        position.clear_costs(&mut self.costs);
        let account = position.account;
        self.accounts[account.index()].cash += worth.units();
        self.touch(account);
    }

    /// Whether anybody holds an instrument. Cost: O(those who ever had an order there).
    pub fn has_holders(&self, instrument: InstrumentId) -> bool {
        self.members(instrument).any(|id| self.position(id).lots != 0)
    }

    /// What an account has realised and paid in fees since it was last settled.
    pub fn unsettled(&self, id: AccountId) -> DayResult {
        let before = self.settled.get(id);
        let now = self.results(id);
        DayResult {
            profit: now.profit - before.profit,
            by_trade: now.by_trade - before.by_trade,
            fees: now.fees - before.fees,
        }
    }

    /// Counts what an account realises and pays anew from now on.
    pub fn mark_settled(&mut self, id: AccountId) {
        let settled = self.results(id);
        self.settled.set(id, settled, self.accounts.len());
    }

    /// What an account has realised and paid in fees so far.
    fn results(&self, id: AccountId) -> DayResult {
        let profit = self.realised(id);
        DayResult { profit, by_trade: profit - self.gains(id), fees: self.fees(id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::Side;

    #[test]
    fn settling_turns_floating_profit_into_realised_and_moves_no_money() {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 100_000);
        risk.book(fill(position, Side::Buy, 1000, 3));
        let before = (risk.cash(id), risk.standing(id));
        risk.settle_position(position, Price::clamped(1010));
        assert_eq!((risk.cash(id), risk.standing(id)), before);
        // 3 lots x 10 ticks x 10.
        let day = DayResult { profit: Money::new(300), ..DayResult::default() };
        assert_eq!(risk.unsettled(id), day);
        risk.mark_settled(id);
        risk.settle_position(position, Price::clamped(1008));
        assert_eq!(risk.unsettled(id).profit, Money::new(-60));
        assert_eq!(risk.balance(id), Money::new(100_240));
    }

    #[test]
    fn closing_uses_carried_lots_first() {
        let mut risk = risk();
        let (_, position) = open(&mut risk, 100_000);
        risk.book(fill(position, Side::Buy, 1000, 3));
        risk.settle_position(position, Price::clamped(1000));
        risk.book(fill(position, Side::Buy, 1000, 2));
        let carried = |risk: &Risk| risk.position(position).carried();
        assert_eq!(carried(&risk), 3);
        risk.book(fill(position, Side::Sell, 1000, 2));
        assert_eq!(carried(&risk), 1);
        risk.book(fill(position, Side::Sell, 1000, 7));
        assert_eq!((risk.position(position).lots(), carried(&risk)), (-4, 0));
    }

    #[test]
    fn a_closed_position_leaves_its_worth() {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 100_000);
        let (other, opposite) = open(&mut risk, 100_000);
        risk.book(fill(position, Side::Sell, 1000, 3));
        risk.book(fill(opposite, Side::Buy, 1000, 3));
        for position in [position, opposite] {
            risk.settle_position(position, Price::clamped(990));
            risk.close_position(position, Price::clamped(990));
        }
        assert_eq!(risk.balance(id), Money::new(100_300));
        assert_eq!(risk.balance(other), Money::new(99_700));
        assert!(risk.is_flat(id));
        assert_eq!(risk.audit(), Ok(()));
    }

    #[test]
    fn a_trade_booked_back_leaves_money_and_lots_as_they_were() {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 100_000);
        risk.book(fill(position, Side::Buy, 1003, 4));
        risk.book_free(fill(position, Side::Sell, 1003, 4));
        assert_eq!(risk.cash(id), Money::new(100_000));
        assert_eq!((risk.position(position).lots(), risk.position(position).basis), (0, 0));
    }
}
