//! What a plain order asks of its account, at one go. Source: SEMANTICS 4.

use crate::account::{Account, NIL, Position, PositionId};
use crate::contract::Contract;
use crate::ledger::Risk;
use plimsoll_types::{
    AccountId, FloatingProfit, InstrumentId, MarginPrice, Money, Permission, Price, Qty, Side,
};

/// An order for a net position that nothing but side, price and lots is to be known of.
#[derive(Clone, Copy, Debug)]
pub struct PlainOrder {
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub instrument: InstrumentId,
    /// Which side.
    pub side: Side,
    /// Limit.
    pub price: Price,
    /// Lots.
    pub qty: Qty,
    /// Open lots that it gives back first (a replace).
    pub given_back: u64,
    /// Frozen amount that it gives back first.
    pub unfrozen: Money,
}

/// A plain order that goes with all it has.
#[derive(Clone, Copy, Debug)]
pub struct PlainLeaving {
    /// Which side.
    pub side: Side,
    /// Lots it had left.
    pub lots: u64,
    /// Of them, those that would have opened.
    pub opens: u64,
    /// What it has frozen.
    pub frozen: Money,
    /// The account's orders before and after it in the instrument.
    pub neighbours: (u32, u32),
}

/// What such an order means for its account.
#[derive(Clone, Copy, Debug)]
pub struct PlainTerms {
    /// Whose lots it trades.
    pub position: PositionId,
    /// Lots that would open.
    pub opens: u64,
    /// What it freezes.
    pub frozen: Money,
}

impl Risk {
    /// What a plain order means for its account, where it may enter for all that risk has to say.
    ///
    /// `None` where it may not, or where something unusual must be looked at first: amounts beyond 64 bits are. Cost: O(the account's
    /// positions), mostly one.
    #[inline(always)]
    pub fn plain_terms(&self, order: &PlainOrder) -> Option<PlainTerms> {
        let account = self.accounts.get(order.account.index())?;
        let id = self.find_record(account.first, order.instrument)?;
        let position = &self.positions[id as usize];
        let contract = &self.contracts[order.instrument.index()];
        let unusual = account.case != 0
            || account.permission != Permission::Normal
            || position.own
            || self.has_pockets()
            || self.fund_account == Some(order.account);
        let (others, lots) = (position.open(order.side) - order.given_back, order.qty.lots());
        let held = position.lots.unsigned_abs() + others;
        if unusual || lots == 0 || order.qty > Qty::MAX || held + lots > contract.lots_max {
            return None;
        }
        let opens = lots.saturating_sub(position.room(order.side).saturating_sub(others));
        if opens == 0 || account.unlimited {
            return Some(PlainTerms { position: PositionId(id), opens, frozen: Money::ZERO });
        }
        let frozen = i128::from(contract.plainly_frozen(order.price, opens)?);
        let more = frozen - order.unfrozen.units();
        let covered =
            more <= 0 || more <= self.plainly_available(order, account, (id, position))?;
        covered.then_some(PlainTerms {
            position: PositionId(id),
            opens,
            frozen: Money::new(frozen),
        })
    }

    /// What the order's account has available, worked out at once where it has one position, margined at the mark.
    #[inline(always)]
    fn plainly_available(
        &self,
        order: &PlainOrder,
        account: &Account,
        (id, position): (u32, &Position),
    ) -> Option<i128> {
        let contract = &self.contracts[order.instrument.index()];
        if account.first != id
            || position.next != NIL
            || self.nets
            || self.floating_profit != FloatingProfit::All
            || contract.margin_price != MarginPrice::Mark
        {
            return Some(self.available(order.account).units());
        }
        let lots = position.lots.unsigned_abs();
        let worth = contract.plain_notional(contract.mark, lots)?;
        let margin = contract.initial.up_small(worth, lots)?;
        // Balance and floating result: what the lots cost cancels out.
        let worth = i128::from(worth);
        let equity = account.cash + if position.lots < 0 { -worth } else { worth };
        Some(equity - i128::from(margin) - account.frozen)
    }

    /// Counts a plain order in that now rests in `slot`; the account's order before it in the instrument.
    #[inline]
    pub fn plain_rests(&mut self, order: &PlainOrder, terms: &PlainTerms, slot: u32) -> u32 {
        let (side, lots) = (order.side as usize, order.qty.lots());
        let position = &mut self.positions[terms.position.0 as usize];
        position.open[side] += lots;
        position.promised[side] += lots - terms.opens;
        let before = std::mem::replace(&mut position.orders.1, slot);
        if before == Position::NO_ORDER {
            position.orders.0 = slot;
        }
        if terms.frozen != Money::ZERO {
            self.freeze(order.account, terms.frozen);
        }
        before
    }

    /// Counts a plain order out; whose it was.
    #[inline]
    pub fn plain_leaves(&mut self, id: PositionId, order: &PlainLeaving) -> AccountId {
        let position = &mut self.positions[id.0 as usize];
        position.open[order.side as usize] -= order.lots;
        position.promised[order.side as usize] -= order.lots - order.opens;
        let (prev, next) = order.neighbours;
        if prev == Position::NO_ORDER {
            position.orders.0 = next;
        }
        if next == Position::NO_ORDER {
            position.orders.1 = prev;
        }
        let owner = position.owner;
        if order.frozen != Money::ZERO {
            self.freeze(owner, -order.frozen);
        }
        owner
    }

    /// The first record in an instrument of a list of an account's records.
    #[inline]
    pub(crate) fn find_record(&self, first: u32, instrument: InstrumentId) -> Option<u32> {
        let mut next = first;
        while next != NIL {
            let position = &self.positions[next as usize];
            if position.instrument == instrument {
                return Some(next);
            }
            next = position.next;
        }
        None
    }
}

impl Contract {
    /// Worth of lots in 64 bits; `None` where it does not fit.
    #[inline(always)]
    pub(crate) fn plain_notional(&self, price: Price, lots: u64) -> Option<u64> {
        (price.ticks() as u64).checked_mul(self.tick_value as u64)?.checked_mul(lots)
    }

    /// Margin and the larger possible fee of lots that open, by the instrument's own rates, in 64 bits.
    #[inline(always)]
    pub(crate) fn plainly_frozen(&self, price: Price, lots: u64) -> Option<u64> {
        let notional = self.plain_notional(price, lots)?;
        let margin = self.initial.up_small(notional, lots)?;
        margin.checked_add(self.opening_fee_small(notional, lots)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::tests::{Draw, Rules, exchange, populate, trade};

    #[test]
    fn the_short_way_to_what_is_available_is_the_long_one() {
        let (mut tried, x) = (0, InstrumentId(0));
        for seed in 0..96 {
            let (rules, mut draw) = (Rules::of(seed), Draw(seed));
            let mut risk = exchange(rules, &mut draw);
            populate(&mut risk, rules, &mut draw);
            for id in (0..60).map(AccountId) {
                for ticks in [990, 1_010] {
                    let at = trade(&mut risk, &mut draw, id, x, ticks);
                    let (account, position) = (risk.account(id), risk.position(at));
                    if position.own || position.account != id {
                        continue;
                    }
                    let price = Price::clamped(ticks);
                    let order = PlainOrder {
                        account: id,
                        instrument: x,
                        side: Side::Buy,
                        price,
                        qty: Qty::new(7),
                        given_back: 0,
                        unfrozen: Money::ZERO,
                    };
                    let asked = risk.contract(x);
                    let fee = asked.opening_fee(price, 7);
                    let frozen = asked.initial_margin(price, 7) + fee;
                    let long = (risk.available(id).units(), frozen.units());
                    let frozen = risk.contract(x).plainly_frozen(price, 7).map(i128::from);
                    let short = (risk.plainly_available(&order, account, (at.0, position)), frozen);
                    assert_eq!(short, (Some(long.0), Some(long.1)), "{rules:?}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 5_000, "{tried}");
    }
}
