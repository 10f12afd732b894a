//! The end of a matching pass: the mark, reduce-only orders, a look. Source: SEMANTICS 4.

use crate::booking::Pass;
use crate::exchange::Exchange;
use crate::orders::{Record, Role};
use plimsoll_matching::Resting;
use plimsoll_risk::PositionId;
use plimsoll_types::{CancelReason, EventKind, InstrumentId, Qty, Side};

impl Exchange {
    /// A pass that is about to begin.
    #[inline]
    pub(crate) fn begin_pass(&mut self) -> Pass {
        Pass { changed: std::mem::take(&mut self.changed), ..Pass::default() }
    }

    /// Ends a pass in an instrument.
    #[inline]
    pub(crate) fn finish_pass(&mut self, instrument: InstrumentId, mut pass: Pass) {
        for &position in &pass.changed {
            self.share_out(position);
        }
        pass.changed.clear();
        self.changed = pass.changed;
        if !pass.stops_book {
            for price in std::mem::take(&mut pass.prices) {
                self.trigger(instrument, price);
            }
        }
        if let Some(last) = pass.last {
            let market = &mut self.markets[instrument.index()];
            market.last = Some(last);
            market.traded += u128::from(pass.taken);
            market.touch();
            if let Some(corridor) = &mut market.corridor {
                corridor.traded(self.log.now, last);
            }
            if market.mark_cap.is_some() {
                pass.marked = market.capped_mark();
            }
        }
        if let Some(price) = pass.marked {
            self.risk.set_mark(instrument, price);
            self.log.emit(EventKind::Mark { instrument, price });
        }
        for (case, side, qty) in pass.case_fills {
            if let Some(open) = self.cases.get_mut(&case) {
                open.traded(instrument, side, qty);
                open.exclude_volume(instrument, qty);
                if let Some(resting) = &mut open.resting {
                    resting.left -= qty;
                    resting.unchecked += qty;
                }
                self.agenda.insert(case);
            }
        }
        if !pass.reduce_only.is_empty() {
            self.trim_reduce_only(instrument, pass.reduce_only);
        }
        if !pass.held.is_empty() {
            self.report_large(instrument, pass.held);
        }
        if pass.stops_book {
            self.interrupt(instrument);
        }
        self.look();
    }

    /// Cuts reduce-only orders that exceed what their positions can give, in account order.
    #[cold]
    fn trim_reduce_only(&mut self, instrument: InstrumentId, mut positions: Vec<PositionId>) {
        for id in &mut positions {
            *id = self.risk.home(*id);
        }
        positions.sort_unstable_by_key(|&id| self.risk.position(id).owner());
        positions.dedup();
        for position in positions {
            if self.risk.position(position).leg().is_leg() {
                self.trim_legs(instrument, position);
                continue;
            }
            for side in [Side::Buy, Side::Sell] {
                let room = self.risk.position(position).room(side);
                self.trim(instrument, (position, side), room, |order, _| order.reduce_only);
            }
        }
    }

    /// Cuts an account's orders on a side, of those that `wanted` picks, to `room` lots together, the newest first.
    pub(crate) fn trim(
        &mut self,
        instrument: InstrumentId,
        (position, side): (PositionId, Side),
        room: u64,
        wanted: impl Fn(&Resting, &Record) -> bool,
    ) {
        let market = &self.markets[instrument.index()];
        let mut total = 0;
        let mut own = Vec::new();
        let mut slot = self.risk.position(self.risk.home(position)).orders.1;
        while slot != crate::orders::NIL {
            let (order, record) = (market.book.resting(slot), &market.records[slot]);
            if order.side == side && record.role != Role::Stop && wanted(&order, record) {
                total += order.qty.lots();
                own.push((slot, order));
            }
            slot = record.prev;
        }
        // Newest first.
        for (slot, order) in own {
            if total <= room {
                return;
            }
            let excess = (total - room).min(order.qty.lots());
            total -= excess;
            if excess == order.qty.lots() {
                self.take_out(instrument, slot, CancelReason::ReduceOnly);
                continue;
            }
            let left = order.qty.lots() - excess;
            let (book, mut keeper) = self.split(instrument);
            book.reduce(slot, Qty::new(excess));
            keeper.shrink(slot, side, excess, left);
            self.share_out(position);
            let (_, keeper) = self.split(instrument);
            let (account, id) = (keeper.risk.position(position).owner(), keeper.records.id(slot));
            keeper.log.emit(EventKind::Replaced {
                account,
                id,
                instrument,
                price: order.price,
                qty: Qty::new(left),
                kept_priority: true,
                handle: None,
            });
            self.markets[instrument.index()].touch();
        }
    }
}
