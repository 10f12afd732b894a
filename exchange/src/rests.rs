//! What becomes of an order that has not traded whole: cancelled, or resting. Source: SEMANTICS 4.

use crate::entry::Ready;
use crate::exchange::Exchange;
use crate::orders::{Record, Role, Title};
use plimsoll_matching::{NewResting, Stop};
use plimsoll_risk::{Aim, PositionId};
use plimsoll_types::{
    CancelReason, EventKind, Handle, InstrumentId, MarketRemainder, Price, Qty, Side, TimeInForce,
};

impl Exchange {
    /// What becomes of the rest of an order.
    #[inline]
    pub(crate) fn end_order(
        &mut self,
        ready: &Ready,
        position: PositionId,
        arrival: u64,
        (left, stop, last): (Qty, Stop, Option<Price>),
        (said, stopped): (Option<usize>, bool),
    ) {
        let rest_price = || self.rest_price(ready, last);
        let reason = match ready.tif {
            _ if stop == Stop::SelfMatch => Some(CancelReason::SelfMatch),
            TimeInForce::Fok => Some(CancelReason::Fok),
            _ if last.is_none() && !stopped && !ready.min_qty.is_zero() => {
                Some(CancelReason::MinQty)
            }
            tif if stopped && tif.rests() => None,
            _ if ready.market && rest_price().is_none() => Some(CancelReason::Market),
            TimeInForce::Ioc => Some(CancelReason::Ioc),
            TimeInForce::Gtc | TimeInForce::Day | TimeInForce::Gtd(_) => None,
        };
        match reason {
            Some(reason) => self.log.emit(EventKind::Cancelled {
                account: ready.account,
                id: ready.id,
                instrument: ready.instrument,
                qty: left,
                reason,
            }),
            None if ready.market && !stopped => {
                // It goes on as a limit order.
                let price = rest_price();
                let limit =
                    Ready { market: false, frozen_at: price.unwrap_or(ready.frozen_at), ..*ready };
                self.rest(&limit, position, arrival, left, price, said);
            }
            None => self.rest(ready, position, arrival, left, ready.limit, said),
        }
    }

    /// Where what is left of a market order rests, if it does.
    fn rest_price(&self, ready: &Ready, last: Option<Price>) -> Option<Price> {
        let spec = &self.spec.instruments[ready.instrument.index()];
        if spec.market_remainder != MarketRemainder::Rest || !ready.tif.rests() {
            return None;
        }
        match spec.rules.market_protection {
            Some(_) => ready.limit,
            None => last,
        }
    }

    /// Puts what is left of an order into the book.
    #[inline]
    pub(crate) fn rest(
        &mut self,
        ready: &Ready,
        position: PositionId,
        arrival: u64,
        left: Qty,
        price: Option<Price>,
        said: Option<usize>,
    ) {
        // What closes traded first; where trades with itself left it otherwise, the end of the pass shares out anew.
        let opens = ready.opens.min(left.lots());
        let first =
            self.goes_first(ready.instrument, (position, ready.aim), (ready.side, price), left);
        let (book, mut keeper) = self.split(ready.instrument);
        let handle = book.rest(NewResting {
            side: ready.side,
            price,
            owner: ready.account.0,
            qty: left,
            display: ready.display,
            reduce_only: ready.reduce_only,
            first,
        });
        let record = Record {
            position,
            frozen: if opens == ready.opens && price == ready.limit {
                ready.frozen
            } else {
                keeper.frozen(ready.account, ready.frozen_at, opens)
            },
            frozen_at: ready.frozen_at,
            opens,
            arrival,
            post_only: ready.post_only,
            reduce_only: ready.reduce_only,
            role: if ready.market { Role::Market } else { Role::Limit },
            aim: ready.aim,
            self_match: ready.self_match,
            ..Record::PLAIN
        };
        let title = Title { id: ready.id, tif: ready.tif };
        keeper.keep(handle, ready.side, left.lots(), record, &title);
        if ready.market {
            self.markets[ready.instrument.index()].waiting.push(handle);
        }
        self.date(ready.instrument, handle, ready.tif);
        self.tell_handle(said, handle);
    }

    /// Whether an order that comes to rest at a limit price goes before others there, because it closes carried lots. Source: RULES 3.4.
    #[inline]
    pub(crate) fn goes_first(
        &self,
        instrument: InstrumentId,
        (position, aim): (PositionId, Aim),
        (side, price): (Side, Option<Price>),
        qty: Qty,
    ) -> bool {
        if !self.markets[instrument.index()].close_first {
            return false;
        }
        // The account's other orders on the side come before it, so they close first.
        let held = self.risk.position(position);
        let closes_carried = match aim {
            Aim::CloseCarried => true,
            Aim::Open | Aim::CloseToday => false,
            Aim::Net | Aim::Close => {
                held.open(side) + qty.lots() <= held.carried().min(held.room(side))
            }
        };
        price.is_some() && price == self.markets[instrument.index()].edge(side) && closes_carried
    }

    /// Tells whoever addresses orders by handle which one an order has.
    #[inline]
    pub(crate) fn tell_handle(&mut self, said: Option<usize>, handle: Handle) {
        if let Some(event) = said.and_then(|said| self.log.events.get_mut(said))
            && let EventKind::Accepted { handle: told, .. }
            | EventKind::Replaced { handle: told, .. }
            | EventKind::Triggered { handle: told, .. } = &mut event.kind
        {
            *told = Some(handle);
        }
    }
}
