//! Section 4: a pass ends.

use super::book::Order;
use super::{Model, instrument_id, to_price};
use plimsoll_types::*;
use std::collections::BTreeSet;

/// What the end of a pass has to know.
#[derive(Clone, Debug)]
pub struct Pass {
    pub instrument: usize,
    /// Who traded.
    pub traded: BTreeSet<usize>,
    /// Prices of its trades, in order.
    pub prices: Vec<i128>,
    /// Price of the last trade that moves the mark.
    pub mark: Option<i128>,
    /// Price of the last trade.
    pub last: Option<i128>,
    /// Lots traded.
    pub filled: i128,
    /// Whether the corridor stopped it, with lots left.
    pub stopped: bool,
    /// An uncross.
    pub auction: bool,
}

impl Pass {
    pub fn new(instrument: usize) -> Pass {
        Pass {
            instrument,
            traded: BTreeSet::new(),
            prices: Vec::new(),
            mark: None,
            last: None,
            filled: 0,
            stopped: false,
            auction: false,
        }
    }
}

impl Model {
    /// The end of a pass: stops, mark, reduce-only trim, a stopped book, look.
    pub fn end_pass(&mut self, pass: &Pass) {
        let instrument = pass.instrument;
        if !pass.auction && !pass.stopped {
            for &price in &pass.prices {
                self.trigger_stops(instrument, price);
            }
        }
        if self.books[instrument].spec.mark == MarkSource::Last
            && let Some(price) = pass.mark
        {
            self.set_mark(instrument, to_price(price));
        }
        for &account in &pass.traded {
            self.trim_both_sides(account, instrument);
        }
        if pass.stopped {
            self.stop_book(instrument);
        }
        self.look();
    }

    pub fn set_mark(&mut self, instrument: usize, price: Price) {
        self.books[instrument].mark = price;
        self.emit(EventKind::Mark { instrument: instrument_id(instrument), price });
    }

    pub fn trim_both_sides(&mut self, account: usize, instrument: usize) {
        for side in [Side::Buy, Side::Sell] {
            self.trim_reduce_only(account, instrument, side);
        }
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
                self.cancel_open(instrument, newest.entry, CancelReason::ReduceOnly);
            } else {
                self.saw("reduce-only trim cuts");
                self.take_off(instrument, newest.entry, excess);
                let cut = self.books[instrument].order_mut(newest.entry).clone();
                self.replaced(instrument, &cut, true);
            }
        }
    }
}
