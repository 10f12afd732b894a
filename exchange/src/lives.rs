//! Orders whose time is over: day orders, dated orders, orders of an instrument that goes. Source: SEMANTICS 4.

use crate::exchange::Exchange;
use crate::orders::Record;
use crate::timers::Alarm;
use plimsoll_types::{CancelReason, Handle, InstrumentId, TimeInForce};

impl Exchange {
    /// Cancels the day orders of an instrument, by entry. Cost: O(slots of its book).
    pub(crate) fn expire_day_orders(&mut self, instrument: InstrumentId) {
        let day = |record: &Record| record.is_day();
        self.cancel_by_entry(instrument, CancelReason::Expired, day);
    }

    /// Cancels every order of an instrument, stops and cases' batches among them, by entry. Cost: O(slots of its book).
    pub(crate) fn cancel_everything(&mut self, instrument: InstrumentId, reason: CancelReason) {
        self.cancel_by_entry(instrument, reason, |_| true);
    }

    fn cancel_by_entry(
        &mut self,
        instrument: InstrumentId,
        reason: CancelReason,
        wanted: impl Fn(&Record) -> bool,
    ) {
        for slot in self.markets[instrument.index()].records.by_entry(wanted) {
            self.take_out(instrument, slot, reason);
        }
    }

    /// Sets the timer of a dated order that has just come to rest or to wait.
    #[inline]
    pub(crate) fn date(&mut self, instrument: InstrumentId, handle: Handle, tif: TimeInForce) {
        if let TimeInForce::Gtd(due) = tif {
            self.timers.set(due, Alarm::Expire { instrument, handle });
        }
    }
}
