//! What a settlement does to positions: profits become money of the account, lots become carried ones. Source: RULES 2.1, SEMANTICS 5.

use crate::account::{Marks, NIL, PositionId};
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

    /// Puts an account on the list of those whose results a settlement has to look at.
    #[cold]
    pub(crate) fn stir(&mut self, id: AccountId) {
        self.accounts[id.index()].marks.set(Marks::STIRRED, true);
        self.stirred.set(id);
    }

    /// Puts everybody there who may have results at all, as after a restore. Cost: O(accounts).
    pub(crate) fn stir_all(&mut self) {
        self.stirred.make_room(self.accounts.len());
        for id in (0..self.accounts.len() as u32).map(AccountId) {
            if self.account(id).first != NIL {
                self.stir(id);
            }
        }
    }

    /// Puts whoever holds an instrument there; how many there are, both legs counted. Cost: O(those who ever had an order there).
    pub fn stir_holders(&mut self, instrument: InstrumentId) -> usize {
        let mut holders = 0;
        for place in 0..self.members[instrument.index()].len() {
            let position = &self.positions[self.members[instrument.index()][place] as usize];
            let account = position.account;
            if position.lots == 0 {
                continue;
            }
            holders += 1;
            if !self.account(account).marks.has(Marks::STIRRED) {
                self.stir(account);
            }
        }
        holders
    }

    /// The first account from `id` on that a settlement has to look at: those left out have nothing unsettled.
    #[inline]
    pub fn next_stirred(&self, id: AccountId) -> Option<AccountId> {
        self.stirred.next(id)
    }

    /// Settles an account's positions in the instruments that have a price here; where they expire, closes them at it.
    ///
    /// What the account has realised and paid in fees since it was last settled, and its balance; `None` where there was
    /// nothing to settle. Cost: O(its positions).
    pub fn settle_account(
        &mut self,
        id: AccountId,
        prices: &[Option<Price>],
        expire: bool,
    ) -> Option<(DayResult, Money)> {
        let (mut settled, mut basis, mut gains, mut fees) = (false, 0, 0, 0);
        let mut next = self.account(id).first;
        while next != NIL {
            let place = PositionId(next);
            let position = self.position(place);
            next = position.next;
            // A pocket's list goes on with records that others hold.
            if position.account != id {
                continue;
            }
            if position.lots != 0
                && let Some(price) = prices[position.instrument.index()]
            {
                settled = true;
                self.settle_position(place, price);
                if expire {
                    // At what it counts as having cost now: only the result by trade knows the difference.
                    self.close_position(place, price);
                }
            }
            let position = self.position(place);
            basis += position.basis;
            fees += position.fees;
            if position.is_kept() {
                gains += self.costs(place).gain;
            }
        }
        let account = &mut self.accounts[id.index()];
        account.marks.set(Marks::STIRRED, false);
        self.stirred.clear(id);
        let balance = account.cash + basis;
        let profit = balance - account.paid_in + fees;
        let now = DayResult {
            profit: Money::new(profit),
            by_trade: Money::new(profit - gains),
            fees: Money::new(fees),
        };
        let day = now.plus(self.settled.get(id).reversed());
        if !settled && day == DayResult::default() {
            return None;
        }
        self.settled.set(id, now, self.accounts.len());
        Some((day, Money::new(balance)))
    }

    /// What an account has realised and paid in fees since it was last settled.
    pub fn unsettled(&self, id: AccountId) -> DayResult {
        let profit = self.realised(id);
        let by_trade = profit - self.gains(id);
        let now = DayResult { profit, by_trade, fees: self.fees(id) };
        now.plus(self.settled.get(id).reversed())
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
        risk.settle_account(id, &[None], false);
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

    #[test]
    fn a_settlement_looks_at_holders_and_at_whom_something_happened_to() {
        let mut risk = risk();
        let all: Vec<_> = (0..200).map(|_| open(&mut risk, 90_000)).collect();
        let price = [Some(Price::clamped(1010))];
        let settle = |risk: &mut Risk| {
            risk.stir_holders(InstrumentId(0));
            let (mut seen, mut settled) = (Vec::new(), Vec::new());
            let mut next = risk.next_stirred(AccountId(0));
            while let Some(id) = next {
                seen.push(id.0);
                if risk.settle_account(id, &price, false).is_some() {
                    settled.push(id.0);
                }
                next = risk.next_stirred(AccountId(id.0 + 1));
            }
            (seen, settled)
        };
        assert_eq!(settle(&mut risk), ((0..200).collect(), vec![]), "deposits are no result");
        for (buyer, seller) in [(150, 3), (3, 64)] {
            risk.book(fill(all[buyer].1, Side::Buy, 1000, 2));
            risk.book(fill(all[seller].1, Side::Sell, 1000, 2));
        }
        // 3 is flat again, and at the price it was in: nothing came of it.
        assert_eq!(settle(&mut risk), (vec![3, 64, 150], vec![64, 150]));
        assert_eq!(settle(&mut risk), (vec![64, 150], vec![64, 150]));
        risk.book(fill(all[150].1, Side::Sell, 1013, 2));
        risk.book(fill(all[64].1, Side::Buy, 1013, 2));
        assert_eq!(settle(&mut risk).1, [64, 150], "flat, with a result since");
        assert_eq!(settle(&mut risk), (vec![], vec![]));
        risk.after_restore(plimsoll_types::Detector::Index);
        assert_eq!(settle(&mut risk).1, Vec::<u32>::new(), "nobody is settled twice");
    }
}
