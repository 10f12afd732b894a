//! Section 4: stops wait, are triggered, and enter.

use super::book::Order;
use super::{Model, account_id, instrument_id, sign, ticks};
use plimsoll_types::*;

/// Whether a last price triggers a stop: at or above for a buy, at or below for a sell.
fn reached(stop: &Order, last: i128) -> bool {
    sign(stop.side) * (last - stop.trigger.expect("it waits")) >= 0
}

impl Model {
    /// A stop waits, behind all others; it may be triggered at once.
    pub fn wait(&mut self, instrument: usize, mut order: Order) {
        self.entries += 1;
        order.entry = self.entries;
        order.place = self.entries;
        order.shown = 0;
        self.note_open(&mut order);
        let entry = order.entry;
        let at_once = self.books[instrument].last.is_some_and(|last| reached(&order, ticks(last)));
        self.books[instrument].stops.push(order);
        if at_once && self.books[instrument].phase == Phase::Continuous {
            self.saw("stop triggered on entry");
            self.enqueue(instrument, entry);
        }
    }

    fn enqueue(&mut self, instrument: usize, entry: u64) {
        let stops = self.books[instrument].stops.iter_mut();
        let stop = stops.into_iter().find(|stop| stop.entry == entry);
        stop.expect("it waits").queued = true;
        self.queue.push_back((instrument, entry));
    }

    /// A price triggers stops: buys by trigger upwards, then sells by trigger downwards, ties by entry.
    pub fn trigger_stops(&mut self, instrument: usize, price: i128) {
        let stops = self.books[instrument].stops.iter();
        let mut triggered: Vec<Order> =
            stops.filter(|stop| !stop.queued && reached(stop, price)).cloned().collect();
        triggered.sort_by_key(|stop| {
            (-sign(stop.side), sign(stop.side) * stop.trigger.expect("it waits"), stop.entry)
        });
        if triggered.len() > 1 {
            self.saw("several stops triggered by one price");
        }
        for stop in triggered {
            self.enqueue(instrument, stop.entry);
        }
    }

    /// By the last trade's price, where trading begins.
    pub fn trigger_by_last(&mut self, instrument: usize) {
        if let Some(last) = self.books[instrument].last {
            self.trigger_stops(instrument, ticks(last));
        }
    }

    /// Section 8, step 0: triggered stops enter, first in first out, until none is left.
    pub fn enter_stops(&mut self) {
        let mut entered = 0;
        while let Some((instrument, entry)) = self.queue.pop_front() {
            let book = &mut self.books[instrument];
            let Some(stop) = book.stops.iter_mut().find(|stop| stop.entry == entry) else {
                self.saw("triggered stop has gone");
                continue;
            };
            if book.phase != Phase::Continuous {
                stop.queued = false;
                self.saw("triggered stop goes on waiting");
                continue;
            }
            let mut order = book.remove(entry);
            order.trigger = None;
            order.queued = false;
            order.issue = Some(self.issued.len());
            self.emit(EventKind::Triggered {
                account: account_id(order.account),
                id: order.id,
                instrument: instrument_id(instrument),
                handle: None,
            });
            self.protect(instrument, &mut order);
            match self.check_triggered(instrument, &mut order) {
                Ok(()) => self.work_order(instrument, order),
                Err(reason) => {
                    let reason = CancelReason::Refused(reason);
                    self.cancelled(instrument, &order, order.qty, reason);
                }
            }
            entered += 1;
            if entered == 2 {
                self.saw("several stops enter");
            }
        }
    }

    fn check_triggered(&mut self, instrument: usize, order: &mut Order) -> Result<(), Reject> {
        self.check_room(instrument, order.account, order.side, order.qty, 0)?;
        self.check_rights(order.account, instrument)?;
        self.check_order(instrument, order, None)
    }
}
