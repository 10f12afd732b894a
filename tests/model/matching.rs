//! Section 4, matching: an order meets the book; a pass ends.

use super::book::Order;
use super::{Model, account_id, instrument_id, sign, to_price, to_qty};
use plimsoll_types::*;
use std::collections::{BTreeMap, BTreeSet};

/// What the end of a pass has to know.
#[derive(Clone, Debug)]
pub struct Pass {
    pub instrument: usize,
    /// Who traded.
    pub traded: BTreeSet<usize>,
    /// Price of the last trade that moves the mark.
    pub mark: Option<i128>,
    /// Price of the last trade.
    pub last: Option<i128>,
    /// Lots traded.
    pub filled: i128,
}

impl Pass {
    pub fn new(instrument: usize) -> Pass {
        Pass { instrument, traded: BTreeSet::new(), mark: None, last: None, filled: 0 }
    }
}

impl Model {
    pub fn cancelled(&mut self, place: usize, order: &Order, qty: i128, reason: CancelReason) {
        let (account, id) = (account_id(order.account), order.id);
        let (instrument, qty) = (instrument_id(place), to_qty(qty));
        self.emit(EventKind::Cancelled { account, id, instrument, qty, reason });
    }

    pub fn replaced(&mut self, place: usize, order: &Order, kept_priority: bool) {
        self.emit(EventKind::Replaced {
            account: account_id(order.account),
            id: order.id,
            instrument: instrument_id(place),
            price: order.price.map(to_price),
            qty: to_qty(order.qty),
            kept_priority,
        });
    }

    /// Takes a resting order out and says why.
    pub fn cancel_resting(&mut self, instrument: usize, entry: u64, reason: CancelReason) {
        let order = self.books[instrument].remove(entry);
        self.cancelled(instrument, &order, order.qty, reason);
    }

    /// The best opposite order the taker may trade with. In continuous trading every resting order has a price.
    fn next_maker(&self, instrument: usize, taker: &Order) -> Option<Order> {
        let maker = self.books[instrument].queue(taker.side.opposite()).into_iter().next()?;
        let price = maker.price.expect("no market order rests in continuous trading");
        taker.admits(price).then_some(maker)
    }

    /// Matches the taker until it is done or the book has nothing for it.
    pub fn match_taker(&mut self, taker: &mut Order, pass: &mut Pass) {
        let instrument = pass.instrument;
        while taker.qty > 0 {
            let Some(maker) = self.next_maker(instrument, taker) else { return };
            if maker.account == taker.account && taker.self_match != SelfMatch::None {
                self.meet_own(instrument, taker, &maker);
                continue;
            }
            let mut qty = maker.qty;
            if maker.reduce_only {
                qty = qty.min(self.accounts[maker.account].can_give(instrument, maker.side));
                self.cut_excess(instrument, &maker, qty);
            }
            qty = qty.min(taker.qty);
            if qty > 0 {
                let price = maker.price.expect("a maker in continuous trading has a price");
                self.trade(&maker, taker, price, qty, TradeKind::Normal, pass);
                taker.take(qty);
                self.fill_resting(instrument, maker.entry, qty);
            }
        }
    }

    /// What exceeds what a reduce-only order's position can give is cancelled when the order is met.
    pub fn cut_excess(&mut self, instrument: usize, order: &Order, can_give: i128) {
        if order.qty > can_give {
            self.saw("reduce-only excess at a fill");
            self.cancelled(instrument, order, order.qty - can_give, CancelReason::ReduceOnly);
            self.fill_resting(instrument, order.entry, order.qty - can_give);
        }
    }

    /// Lots leave a resting order; an empty one leaves the book.
    pub fn fill_resting(&mut self, instrument: usize, entry: u64, qty: i128) {
        let order = self.books[instrument].order_mut(entry);
        order.take(qty);
        if order.qty == 0 {
            self.books[instrument].remove(entry);
        }
    }

    /// Self-match prevention at one maker of the taker's own account.
    fn meet_own(&mut self, instrument: usize, taker: &mut Order, maker: &Order) {
        let reason = CancelReason::SelfMatch;
        let mode = taker.self_match;
        if matches!(mode, SelfMatch::CancelOldest | SelfMatch::CancelBoth) {
            self.cancel_resting(instrument, maker.entry, reason);
        }
        if matches!(mode, SelfMatch::CancelNewest | SelfMatch::CancelBoth) {
            self.cancelled(instrument, taker, taker.qty, reason);
            taker.take(taker.qty);
        }
        if mode == SelfMatch::Decrement {
            let off = taker.qty.min(maker.qty);
            let mut left = maker.clone();
            left.take(off);
            self.fill_resting(instrument, maker.entry, off);
            self.decremented(instrument, &left, off);
            taker.take(off);
            self.decremented(instrument, taker, off);
        }
    }

    fn decremented(&mut self, instrument: usize, order: &Order, off: i128) {
        if order.qty == 0 {
            self.cancelled(instrument, order, off, CancelReason::SelfMatch);
        } else {
            self.replaced(instrument, order, true);
        }
    }

    /// The event and both legs. Lots are taken off the orders by the caller.
    pub fn trade(
        &mut self,
        maker: &Order,
        taker: &Order,
        price: i128,
        qty: i128,
        kind: TradeKind,
        pass: &mut Pass,
    ) {
        let instrument = pass.instrument;
        let forced = maker.case.is_some() || taker.case.is_some();
        self.emit(EventKind::Trade {
            instrument: instrument_id(instrument),
            price: to_price(price),
            qty: to_qty(qty),
            maker: account_id(maker.account),
            maker_id: maker.id,
            taker: account_id(taker.account),
            taker_id: taker.id,
            side: taker.side,
            kind: if forced { TradeKind::Liquidation } else { kind },
        });
        if maker.account == taker.account {
            self.saw("trade with itself");
        }
        self.book_leg(maker, false, instrument, price, qty);
        self.book_leg(taker, true, instrument, price, qty);
        for case in [maker.case, taker.case].into_iter().flatten() {
            self.case_traded(case, instrument, qty);
        }
        self.books[instrument].last = Some(to_price(price));
        pass.traded.extend([maker.account, taker.account]);
        pass.last = Some(price);
        pass.filled += qty;
        if !forced || self.spec.instruments[instrument].liquidation_moves_mark {
            pass.mark = Some(price);
        }
    }

    /// Whether matching would trade the whole of a fill-or-kill order, tried out on paper.
    pub fn could_fill(&self, instrument: usize, taker: &Order) -> bool {
        let held = self.accounts.iter().enumerate();
        let mut held: BTreeMap<usize, i128> =
            held.map(|(a, account)| (a, account.lots(instrument))).collect();
        let mut left = taker.qty;
        for maker in self.books[instrument].queue(taker.side.opposite()) {
            let price = maker.price.expect("a maker in continuous trading has a price");
            if left == 0 || !taker.admits(price) {
                break;
            }
            if maker.account == taker.account {
                match taker.self_match {
                    SelfMatch::None => {}
                    SelfMatch::CancelOldest => continue,
                    SelfMatch::CancelNewest | SelfMatch::CancelBoth | SelfMatch::Decrement => {
                        return false;
                    }
                }
            }
            let mut qty = maker.qty.min(left);
            if maker.reduce_only {
                qty = qty.min((-sign(maker.side) * held[&maker.account]).max(0));
            }
            *held.get_mut(&maker.account).expect("every account") += sign(maker.side) * qty;
            *held.get_mut(&taker.account).expect("every account") += sign(taker.side) * qty;
            left -= qty;
        }
        left == 0
    }

    /// The end of a pass: mark, reduce-only trim, look.
    pub fn end_pass(&mut self, pass: &Pass) {
        let instrument = pass.instrument;
        if self.spec.instruments[instrument].mark == MarkSource::Last
            && let Some(price) = pass.mark
        {
            self.set_mark(instrument, to_price(price));
        }
        for &account in &pass.traded {
            for side in [Side::Buy, Side::Sell] {
                self.trim_reduce_only(account, instrument, side);
            }
        }
        self.look();
    }

    pub fn set_mark(&mut self, instrument: usize, price: Price) {
        self.books[instrument].mark = price;
        self.emit(EventKind::Mark { instrument: instrument_id(instrument), price });
    }

    /// Cuts the newest reduce-only orders until the rest of them fits the position.
    fn trim_reduce_only(&mut self, account: usize, instrument: usize, side: Side) {
        loop {
            let can_give = self.accounts[account].can_give(instrument, side);
            let orders = self.books[instrument].orders.iter();
            let own = orders.filter(|o| o.account == account && o.side == side && o.reduce_only);
            let own: Vec<Order> = own.cloned().collect();
            let excess = own.iter().map(|order| order.qty).sum::<i128>() - can_give;
            if excess <= 0 {
                return;
            }
            let newest = own.iter().max_by_key(|order| order.entry).expect("something exceeds");
            if newest.qty <= excess {
                self.saw("reduce-only trim cancels");
                self.cancel_resting(instrument, newest.entry, CancelReason::ReduceOnly);
            } else {
                self.saw("reduce-only trim cuts");
                self.fill_resting(instrument, newest.entry, excess);
                let cut = self.books[instrument].order_mut(newest.entry).clone();
                self.replaced(instrument, &cut, true);
            }
        }
    }
}
