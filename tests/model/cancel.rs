//! Section 4: orders are found, cancelled, and run out of time.

use super::book::Order;
use super::entry::Checked;
use super::{Model, account_id, instrument_id, to_price, to_qty};
use plimsoll_types::*;

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
            handle: None,
        });
    }

    /// Takes an open order out and says why.
    pub fn cancel_open(&mut self, instrument: usize, entry: u64, reason: CancelReason) {
        let order = self.books[instrument].remove(entry);
        if order.trigger.is_some() {
            self.saw("waiting stop cancelled");
        }
        self.cancelled(instrument, &order, order.qty, reason);
    }

    /// Where the account's open order of this id is. A case's batch is not the client's to address.
    pub fn find_order(&self, account: usize, id: OrderId) -> Option<(usize, u64)> {
        for (instrument, book) in self.books.iter().enumerate() {
            for order in book.open() {
                if order.account == account && order.id == id && order.case.is_none() {
                    return Some((instrument, order.entry));
                }
            }
        }
        None
    }

    pub fn named_order(&self, account: usize, order: &OrderRef) -> Result<(usize, u64), Reject> {
        match order {
            OrderRef::Client(label) => {
                self.find_order(account, OrderId::Client(*label)).ok_or(Reject::UnknownOrder)
            }
            OrderRef::Handle(instrument, handle) => {
                let entry =
                    self.handles.get(&(*instrument, *handle)).ok_or(Reject::UnknownOrder)?;
                let meant = self.books[instrument.index()].open_order(*entry);
                let own = meant.filter(|order| order.account == account && order.case.is_none());
                own.map(|order| (instrument.index(), order.entry)).ok_or(Reject::UnknownOrder)
            }
        }
    }

    /// Command `cancel`.
    pub fn cancel(&mut self, account: AccountId, order: &OrderRef) -> Checked {
        let account = self.known_account(account)?;
        let (instrument, entry) = self.named_order(account, order)?;
        if self.books[instrument].phase == Phase::NoCancel {
            return Err(Reject::Phase);
        }
        if let OrderRef::Handle(place, handle) = order
            && self.handles_of_replaced.contains(&(*place, *handle))
        {
            self.saw("by the handle of a replace");
        }
        self.cancel_open(instrument, entry, CancelReason::Client);
        Ok(())
    }

    /// Command `cancel_all`.
    pub fn cancel_all(
        &mut self,
        account: AccountId,
        instrument: Option<InstrumentId>,
        side: Option<Side>,
    ) -> Checked {
        let account = self.known_account(account)?;
        let only = instrument.map(|instrument| self.known_instrument(instrument)).transpose()?;
        if only.is_some_and(|only| self.books[only].phase == Phase::NoCancel) {
            return Err(Reject::Phase);
        }
        self.cancel_where(account, CancelReason::Client, |model, instrument, order| {
            only.is_none_or(|only| only == instrument)
                && side.is_none_or(|side| side == order.side)
                && order.case.is_none()
                && model.books[instrument].phase != Phase::NoCancel
        });
        Ok(())
    }

    /// Cancels an account's open orders that meet a condition, by instrument, then entry.
    pub fn cancel_where(
        &mut self,
        account: usize,
        reason: CancelReason,
        meant: impl Fn(&Self, usize, &Order) -> bool,
    ) {
        for instrument in 0..self.books.len() {
            self.cancel_in(instrument, reason, |model, order| {
                order.account == account && meant(model, instrument, order)
            });
        }
    }

    /// Cancels open orders of an instrument that meet a condition, by entry.
    pub fn cancel_in(
        &mut self,
        instrument: usize,
        reason: CancelReason,
        meant: impl Fn(&Self, &Order) -> bool,
    ) {
        let mut entries: Vec<u64> =
            self.books[instrument].open().map(|order| order.entry).collect();
        entries.sort_unstable();
        for entry in entries {
            // Each is judged when its turn comes: those before it may have gone.
            let order = self.books[instrument].open_order(entry).expect("it is open");
            if meant(self, order) {
                self.cancel_open(instrument, entry, reason);
            }
        }
    }

    /// Day orders go when their instrument closes or is settled.
    pub fn end_day_orders(&mut self, instrument: usize) {
        self.cancel_in(instrument, CancelReason::Expired, |_, order| order.tif == TimeInForce::Day);
    }

    /// A dated order's time is over.
    pub fn order_expires(&mut self, serial: u64) {
        for instrument in 0..self.books.len() {
            if let Some(entry) = self.books[instrument].by_serial(serial).map(|order| order.entry) {
                self.saw("dated order expires");
                self.cancel_open(instrument, entry, CancelReason::Expired);
            }
        }
    }
}
