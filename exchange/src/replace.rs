//! A resting order changed: in its place where only its quantity falls, else anew. Source: RULES 7.1.

use crate::entry::{Ready, Terms, Wish};
use crate::exchange::Exchange;
use crate::orders::{Role, Title};
use crate::stops::PEAKS_MAX;
use plimsoll_types::{AccountId, EventKind, InstrumentId, OrderRef, Phase, Price, Qty, Reject};

impl Exchange {
    #[inline(never)]
    pub(crate) fn replace(
        &mut self,
        account: AccountId,
        order: &OrderRef,
        price: Price,
        qty: Qty,
        trigger: Option<Price>,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        let place = self.place(account, order).ok_or(Reject::UnknownOrder)?;
        let market = &self.markets[place.instrument.index()];
        let old = market.book.resting(place.slot);
        if market.records[place.slot].role == Role::Stop {
            let wanted = (price, qty, trigger);
            return self.replace_stop(account, place.instrument, place.slot, wanted);
        }
        if trigger.is_none() && self.replace_plain(place, &old, price, qty) {
            return Ok(());
        }
        let record = &self.markets[place.instrument.index()].records[place.slot];
        let reducing = old.qty.lots() - record.opens;
        let kept_priority = old.price == Some(price) && qty < old.qty;
        let room = self.risk.position(record.position).room(old.side);
        let wish = Wish {
            account,
            instrument: place.instrument,
            side: old.side,
            aim: record.aim,
            limit: Some(price),
            qty,
            post_only: record.post_only,
            reduce_only: record.reduce_only,
            given_back: old.qty.lots(),
            ahead: kept_priority.then(|| self.lots_ahead(place.instrument, place.slot, room)),
            unfrozen: record.frozen,
        };
        let self_match = record.self_match;
        let Title { id, tif } = self.markets[place.instrument.index()].records.title(place.slot);
        self.check_quantity(&wish)?;
        if !old.display.is_zero() && old.display.lots().saturating_mul(PEAKS_MAX) < qty.lots() {
            return Err(Reject::Display);
        }
        self.check_account_may_order(account, place.instrument)?;
        if trigger.is_some() {
            return Err(Reject::Trigger);
        }
        self.check_replace_phase(place.instrument)?;
        let Terms { opens, frozen_at, frozen } = self.check_terms(&wish)?;
        let said = self.log.events.len();
        let price = Some(price);
        let instrument = place.instrument;
        let handle = None;
        let replaced =
            EventKind::Replaced { account, id, instrument, price, qty, kept_priority, handle };
        self.log.emit(replaced);
        let (book, mut keeper) = self.split(place.instrument);
        if kept_priority {
            book.reduce(place.slot, old.qty - qty);
            let position = keeper.records[place.slot].position;
            keeper.risk.order_shrinks(position, old.side, old.qty.lots(), reducing);
            keeper.risk.order_rests(position, old.side, qty.lots(), qty.lots() - opens, false);
            if wish.aim.is_today() {
                keeper.risk.promise_today(position, -((old.qty - qty).lots() as i64));
            }
            keeper.records[place.slot].frozen_at = frozen_at;
            keeper.refreeze(place.slot, opens);
            self.share_out(position);
            self.markets[place.instrument.index()].touch();
            self.look();
            return Ok(());
        }
        book.remove(place.slot);
        let position = keeper.records[place.slot].position;
        keeper.shrink(place.slot, old.side, old.qty.lots(), 0);
        self.share_out(position);
        let ready = Ready {
            account,
            id,
            instrument: place.instrument,
            side: old.side,
            aim: wish.aim,
            limit: price,
            market: false,
            qty,
            display: old.display,
            min_qty: Qty::ZERO,
            opens,
            frozen_at,
            frozen,
            tif,
            post_only: wish.post_only,
            reduce_only: wish.reduce_only,
            self_match,
        };
        self.work(&ready, Some(said));
        Ok(())
    }

    pub(crate) fn check_replace_phase(&self, instrument: InstrumentId) -> Result<(), Reject> {
        match self.markets[instrument.index()].phase {
            Phase::Halted | Phase::Closed | Phase::NoCancel => Err(Reject::Phase),
            _ => Ok(()),
        }
    }

    /// Lots of the account's resting orders on the same side that were entered before the one in a slot; no more are
    /// counted than `enough`, which is all that the position can give.
    fn lots_ahead(&self, instrument: InstrumentId, slot: u32, enough: u64) -> u64 {
        let market = &self.markets[instrument.index()];
        let side = market.book.resting(slot).side;
        let (mut lots, mut before) = (0, market.records[slot].prev);
        while lots < enough && before != crate::orders::NIL {
            let order = market.book.resting(before);
            if order.side == side && market.records[before].role != Role::Stop {
                lots += order.qty.lots();
            }
            before = market.records[before].prev;
        }
        lots
    }
}
