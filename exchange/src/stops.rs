//! Stops: orders that wait for a price, and the queue in which those enter whose price came. Source: RULES 7.3, SEMANTICS 4.

use crate::entry::{Ready, Wish};
use crate::exchange::Exchange;
use crate::orders::{Record, Role, Title};
use plimsoll_risk::Aim;
use plimsoll_types::{
    AccountId, CancelReason, EventKind, Handle, InstrumentId, NewOrder, OrderId, OrderKind, Phase,
    Price, Qty, Reject,
};

/// A stop whose price came; it enters when its turn comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Triggered {
    instrument: InstrumentId,
    handle: Handle,
}

impl Exchange {
    /// Lets a stop wait, and triggers it if its price is there already.
    pub(crate) fn wait(&mut self, order: &NewOrder, id: OrderId, trigger: Price) -> Handle {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let aim = self.aim_of(order).unwrap_or(Aim::Net);
        let first = self.risk.position_of(order.account, order.instrument);
        let position = self.risk.leg_for(first, order.side, aim);
        let reduce_only = order.reduce_only && aim == Aim::Net;
        let (book, mut keeper) = self.split(order.instrument);
        let (side, owner, qty) = (order.side, order.account.0, order.qty);
        let handle = book.park(side, owner, qty, order.display, reduce_only);
        keeper.file(
            handle,
            Record {
                position,
                frozen_at: trigger,
                arrival,
                post_only: order.post_only,
                reduce_only,
                role: Role::Stop,
                aim,
                self_match: order.self_match,
                ..Record::PLAIN
            },
            &Title { id, tif: order.tif },
        );
        self.date(order.instrument, handle, order.tif);
        let market = &mut self.markets[order.instrument.index()];
        market.waits.insert(handle.slot, *order);
        market.stops.insert(order.side, trigger, arrival, handle.slot);
        if market.phase == Phase::Continuous
            && let Some(last) = market.last
        {
            self.trigger(order.instrument, last);
        }
        handle
    }

    /// Puts the stops that a trade at `price` triggers at the end of the queue. Cost: O(1) where it triggers none.
    pub(crate) fn trigger(&mut self, instrument: InstrumentId, price: Price) {
        let market = &mut self.markets[instrument.index()];
        if market.stops.is_empty() {
            return;
        }
        let mut slots = Vec::new();
        market.stops.take_triggered(price, &mut slots);
        let book = &market.book;
        self.triggered.extend(
            slots.into_iter().map(|slot| Triggered { instrument, handle: book.handle(slot) }),
        );
    }

    /// Triggered stops enter, first in, first out, until none is left.
    ///
    /// Each stop enters once, so a cascade ends.
    pub(crate) fn enter_triggered(&mut self) {
        while let Some(Triggered { instrument, handle }) = self.triggered.pop_front() {
            let market = &mut self.markets[instrument.index()];
            if market.book.find(handle).is_none() {
                // It was cancelled while it stood in the queue.
                continue;
            }
            let record = &market.records[handle.slot];
            if market.phase == Phase::Continuous {
                self.enter_stop(instrument, handle.slot);
            } else {
                let (arrival, trigger) = (record.arrival, record.frozen_at);
                let side = market.book.resting(handle.slot).side;
                market.stops.insert(side, trigger, arrival, handle.slot);
            }
        }
    }

    /// A stop becomes an order that enters now.
    fn enter_stop(&mut self, instrument: InstrumentId, slot: u32) {
        let id = self.markets[instrument.index()].records.id(slot);
        let Some(order) = self.drop_stop(instrument, slot) else { return };
        let account = order.account;
        let said = self.log.events.len();
        self.log.emit(EventKind::Triggered { account, id, instrument, handle: None });
        let (limit, market) = self.limit_of(&order);
        let aim = self.aim_of(&order).unwrap_or(Aim::Net);
        let wish = Wish::of(&order, aim, limit);
        match self.check_triggered(&wish) {
            Ok(terms) => {
                self.work(&Ready::new(&order, id, limit, market, (aim, terms)), Some(said))
            }
            Err(reason) => {
                let reason = CancelReason::Refused(reason);
                let qty = order.qty;
                self.log.emit(EventKind::Cancelled { account, id, instrument, qty, reason });
            }
        }
    }

    fn check_triggered(&self, wish: &Wish) -> Result<crate::entry::Terms, Reject> {
        self.check_quantity(wish)?;
        self.check_account_may_order(wish.account, wish.instrument)?;
        let terms = self.check_terms(wish)?;
        if self.markets[wish.instrument.index()].book.is_full() {
            return Err(Reject::Full);
        }
        Ok(terms)
    }

    /// Takes a stop out of everything it waits in; the order it was to become.
    pub(crate) fn drop_stop(&mut self, instrument: InstrumentId, slot: u32) -> Option<NewOrder> {
        let market = &mut self.markets[instrument.index()];
        let (arrival, trigger) = (market.records[slot].arrival, market.records[slot].frozen_at);
        let order = market.waits.remove(&slot)?;
        market.stops.remove(order.side, trigger, arrival);
        let (book, mut keeper) = self.split(instrument);
        book.unpark(slot);
        keeper.drop_record(slot);
        Some(order)
    }

    /// Cancels a waiting stop.
    pub(crate) fn cancel_stop(
        &mut self,
        instrument: InstrumentId,
        slot: u32,
        reason: CancelReason,
    ) {
        let id = self.markets[instrument.index()].records.id(slot);
        if let Some(order) = self.drop_stop(instrument, slot) {
            let (account, qty) = (order.account, order.qty);
            self.log.emit(EventKind::Cancelled { account, id, instrument, qty, reason });
        }
    }

    /// Changes a waiting stop: in its place where only its quantity falls, else as a new entry. The caller has checked the account.
    pub(crate) fn replace_stop(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        slot: u32,
        (price, qty, trigger): (Price, Qty, Option<Price>),
    ) -> Result<(), Reject> {
        let market = &self.markets[instrument.index()];
        let id = market.records.id(slot);
        let Some(old) = market.waits.get(&slot).copied() else {
            return Err(Reject::UnknownOrder);
        };
        let kind = match old.kind {
            OrderKind::Limit(_) => OrderKind::Limit(price),
            OrderKind::Market(_) => OrderKind::Market(Some(price)),
        };
        let order = NewOrder { kind, qty, trigger: trigger.or(old.trigger), ..old };
        self.check_stop_quantity(&order)?;
        if order.min_qty > order.qty {
            return Err(Reject::MinQty);
        }
        self.check_account_may_order(account, instrument)?;
        self.check_replace_phase(instrument)?;
        self.check_band(instrument, Some(price))?;
        let kept_priority = kind == old.kind && order.trigger == old.trigger && qty < old.qty;
        let (said, price, handle) = (self.log.events.len(), Some(price), None);
        let replaced =
            EventKind::Replaced { account, id, instrument, price, qty, kept_priority, handle };
        self.log.emit(replaced);
        if kept_priority {
            let market = &mut self.markets[instrument.index()];
            market.book.reduce(slot, old.qty - qty);
            market.waits.insert(slot, order);
        } else if self.drop_stop(instrument, slot).is_some()
            && let Some(trigger) = order.trigger
        {
            let handle = self.wait(&order, id, trigger);
            self.tell_handle(Some(said), handle);
        }
        Ok(())
    }

    /// Quantity, display, and least quantity of an order that will wait.
    pub(crate) fn check_stop_quantity(&self, order: &NewOrder) -> Result<(), Reject> {
        if order.qty.is_zero() {
            return Err(Reject::QuantityNotPositive);
        }
        let most = self.risk.contract(order.instrument).lots_max;
        if order.qty > Qty::MAX || order.qty.lots() > most {
            return Err(Reject::QuantityTooLarge);
        }
        check_display(order)
    }
}

/// Most peaks an iceberg may have: what its quantity may be of what it shows. Source: SEMANTICS 4.
pub(crate) const PEAKS_MAX: u64 = 10_000;

/// Whether an order may show only a part of itself, and that much.
#[inline]
pub(crate) fn check_display(order: &NewOrder) -> Result<(), Reject> {
    if order.display.is_zero() {
        return Ok(());
    }
    let rests = order.tif.rests() && matches!(order.kind, OrderKind::Limit(_));
    // Quantities are below 2^40: no overflow.
    if !rests || order.display.lots().saturating_mul(PEAKS_MAX) < order.qty.lots() {
        return Err(Reject::Display);
    }
    Ok(())
}
