//! A new order on its way in: every check before anything changes, then the book.

use crate::booking::{Booking, Incoming, Pass};
use crate::exchange::Exchange;
use crate::orders::Record;
use plimsoll_matching::{NewResting, Stop, Taker};
use plimsoll_risk::PositionId;
use plimsoll_types::{
    AccountId, CancelReason, EventKind, InstrumentId, MarketRemainder, Money, NewOrder, OrderId,
    OrderKind, OrderRef, Permission, Phase, Price, Qty, Reject, SelfMatch, Side, TimeInForce,
};

/// An order that has passed its checks.
#[derive(Clone, Copy)]
pub(crate) struct Ready {
    pub(crate) account: AccountId,
    pub(crate) id: OrderId,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    /// Worst price; `None` = any.
    pub(crate) limit: Option<Price>,
    pub(crate) market: bool,
    pub(crate) qty: Qty,
    /// Lots that would open.
    pub(crate) opens: u64,
    /// The price its frozen amount is counted at.
    pub(crate) frozen_at: Price,
    /// What it freezes while it is whole.
    pub(crate) frozen: Money,
    pub(crate) tif: TimeInForce,
    pub(crate) post_only: bool,
    pub(crate) reduce_only: bool,
    pub(crate) self_match: SelfMatch,
}

/// What an order that passes its checks means for its account.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// Lots that would open.
    pub(crate) opens: u64,
    /// The price its frozen amount is counted at.
    pub(crate) frozen_at: Price,
    /// What it freezes while it is whole.
    pub(crate) frozen: Money,
}

/// What is asked of an order before it may enter or change.
pub(crate) struct Wish {
    pub(crate) account: AccountId,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) limit: Option<Price>,
    pub(crate) qty: Qty,
    pub(crate) post_only: bool,
    pub(crate) reduce_only: bool,
    /// Open lots that the order gives back first (a replace).
    pub(crate) given_back: u64,
    /// Lots of the account's orders on the side that come before it; `None` = all others.
    pub(crate) ahead: Option<u64>,
    /// Frozen amount that it gives back first.
    pub(crate) unfrozen: Money,
}

impl Exchange {
    /// Enters an order. Source: SEMANTICS 4.
    #[inline]
    pub(crate) fn enter(&mut self, order: &NewOrder) -> Result<(), Reject> {
        self.check_account(order.account)?;
        self.check_instrument(order.instrument)?;
        let (limit, market) = match order.kind {
            OrderKind::Limit(price) => (Some(price), false),
            OrderKind::Market(protection) => (protection, true),
        };
        let wish = Wish {
            account: order.account,
            instrument: order.instrument,
            side: order.side,
            limit,
            qty: order.qty,
            post_only: order.post_only,
            reduce_only: order.reduce_only,
            given_back: 0,
            ahead: None,
            unfrozen: Money::ZERO,
        };
        self.check_quantity(&wish)?;
        self.check_account_may_order(order.account)?;
        self.check_phase(order)?;
        if let Some(id) = order.id
            && self.place(order.account, &OrderRef::Client(id)).is_some()
        {
            return Err(Reject::DuplicateId);
        }
        let terms = self.check_terms(&wish)?;
        if self.markets[order.instrument.index()].book.is_full() {
            return Err(Reject::Full);
        }
        let id = match order.id {
            Some(id) => OrderId::Client(id),
            None => {
                self.numbers += 1;
                OrderId::Number(self.numbers)
            }
        };
        let (account, instrument, side, qty) =
            (order.account, order.instrument, order.side, order.qty);
        let said = self.log.events.len();
        self.log.emit(EventKind::Accepted {
            account,
            id,
            instrument,
            side,
            price: limit,
            qty,
            trigger: order.trigger,
            display: order.display,
            handle: None,
        });
        let ready = Ready {
            account,
            id,
            instrument,
            side,
            limit,
            market,
            qty,
            opens: terms.opens,
            frozen_at: terms.frozen_at,
            frozen: terms.frozen,
            tif: order.tif,
            post_only: order.post_only,
            reduce_only: order.reduce_only,
            self_match: order.self_match,
        };
        self.work(&ready, Some(said));
        Ok(())
    }

    /// Quantity: above zero, and no more than an account may ever hold.
    #[inline]
    pub(crate) fn check_quantity(&self, wish: &Wish) -> Result<(), Reject> {
        if wish.qty.is_zero() {
            return Err(Reject::QuantityNotPositive);
        }
        let held = match self.risk.find_position(wish.account, wish.instrument) {
            Some(id) => {
                let position = self.risk.position(id);
                position.lots().unsigned_abs() + position.open(wish.side) - wish.given_back
            }
            None => 0,
        };
        let most = self.risk.contract(wish.instrument).lots_max;
        if wish.qty > Qty::MAX || held + wish.qty.lots() > most {
            return Err(Reject::QuantityTooLarge);
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn check_account_may_order(&self, id: AccountId) -> Result<(), Reject> {
        let account = self.risk.account(id);
        if account.case().is_some() {
            return Err(Reject::Liquidation);
        }
        if account.permission() == Permission::Frozen {
            return Err(Reject::Frozen);
        }
        Ok(())
    }

    #[inline]
    fn check_phase(&self, order: &NewOrder) -> Result<(), Reject> {
        let patient = order.tif.rests() && !order.post_only && order.min_qty.is_zero();
        match self.markets[order.instrument.index()].phase {
            Phase::Continuous => Ok(()),
            phase if phase.gathers() && patient => Ok(()),
            _ => Err(Reject::Phase),
        }
    }

    /// Band, reduce-only, close-only, post-only, margin; the lots that would open and the price they freeze at.
    #[inline]
    pub(crate) fn check_terms(&self, wish: &Wish) -> Result<Terms, Reject> {
        let market = &self.markets[wish.instrument.index()];
        if let (Some(band), Some(limit)) = (market.book.band(), wish.limit)
            && !band.contains(limit)
        {
            return Err(Reject::PriceBand);
        }
        let reducible = match self.risk.find_position(wish.account, wish.instrument) {
            Some(id) => {
                let position = self.risk.position(id);
                let others = position.open(wish.side) - wish.given_back;
                position.room(wish.side).saturating_sub(wish.ahead.unwrap_or(others))
            }
            None => 0,
        };
        let opens = wish.qty.lots().saturating_sub(reducible);
        let account = self.risk.account(wish.account);
        if opens > 0 && wish.reduce_only {
            return Err(Reject::ReduceOnly);
        }
        if opens > 0 && account.permission() == Permission::CloseOnly {
            return Err(Reject::CloseOnly);
        }
        if wish.post_only
            && let Some((best, _)) = market.book.best(wish.side.opposite())
            && wish.limit.is_none_or(|limit| limit.admits(wish.side, best))
        {
            return Err(Reject::PostOnly);
        }
        let frozen_at = wish.limit.unwrap_or_else(|| self.worst_reachable(wish));
        let mut frozen = Money::ZERO;
        if opens > 0 && !account.is_unlimited() {
            frozen = self.risk.contract(wish.instrument).frozen(frozen_at, opens);
            if frozen > wish.unfrozen && frozen > self.risk.available(wish.account) + wish.unfrozen
            {
                return Err(Reject::Margin);
            }
        }
        Ok(Terms { opens, frozen_at, frozen })
    }

    /// The worst price a market order without protection price may reach. Source: SEMANTICS 4.
    fn worst_reachable(&self, wish: &Wish) -> Price {
        let market = &self.markets[wish.instrument.index()];
        if let Some(edge) = market.edge(wish.side) {
            return edge;
        }
        let mark = self.risk.contract(wish.instrument).mark;
        if market.phase != Phase::Continuous {
            return mark;
        }
        let (mut left, mut reached) = (wish.qty, mark);
        for (price, qty) in market.book.levels(wish.side.opposite()) {
            reached = price;
            left = left.saturating_sub(qty);
            if left.is_zero() {
                break;
            }
        }
        reached
    }

    /// Matches an order that has passed its checks, rests or cancels what is left, and ends the pass.
    ///
    /// `said` is the place of its `accepted` event, to be told the handle.
    #[inline]
    pub(crate) fn work(&mut self, ready: &Ready, said: Option<usize>) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let position = self.risk.position_of(ready.account, ready.instrument);
        self.markets[ready.instrument.index()].changed = true;
        if self.markets[ready.instrument.index()].phase != Phase::Continuous {
            self.rest(ready, position, arrival, ready.qty, ready.limit, said);
            self.look();
            return;
        }
        if !self.may_trade(ready) {
            // Nothing to match: no money moves, so there is no pass to end.
            self.end_order(ready, position, arrival, (ready.qty, Stop::Limit, None), said);
            self.look();
            return;
        }
        let mut pass = self.begin_pass();
        let (left, stop, last) = self.match_order(ready, position, &mut pass);
        if !left.is_zero() {
            self.end_order(ready, position, arrival, (left, stop, last), said);
        }
        if self.risk.position(position).has_orders() {
            pass.changed.push(position);
        }
        self.finish_pass(ready.instrument, pass);
    }

    /// Whether the best opposite price is one the order may trade at.
    #[inline]
    fn may_trade(&self, ready: &Ready) -> bool {
        let best = self.markets[ready.instrument.index()].book.best(ready.side.opposite());
        best.is_some_and(|(best, _)| ready.limit.is_none_or(|limit| limit.admits(ready.side, best)))
    }

    /// Runs an order against the book; what is left, why it stopped, its last price.
    #[inline]
    pub(crate) fn match_order(
        &mut self,
        ready: &Ready,
        position: PositionId,
        pass: &mut Pass,
    ) -> (Qty, Stop, Option<Price>) {
        let taker = Taker {
            owner: ready.account.0,
            side: ready.side,
            limit: ready.limit,
            qty: ready.qty,
            self_match: ready.self_match,
        };
        let moves_mark = self.moves_mark(ready.instrument);
        let (book, keeper) = self.split(ready.instrument);
        let incoming = Some(Incoming {
            account: ready.account,
            position,
            id: ready.id,
            side: ready.side,
            limit: ready.limit,
        });
        let mut sink = Booking { keeper, incoming, pass, moves_mark };
        if ready.tif == TimeInForce::Fok && !book.could_trade(&taker, taker.qty, &mut sink) {
            return (ready.qty, Stop::Limit, None);
        }
        let taken = book.take(&taker, &mut sink);
        (taken.left, taken.stop, taken.last)
    }

    /// What becomes of the rest of an order.
    #[inline]
    fn end_order(
        &mut self,
        ready: &Ready,
        position: PositionId,
        arrival: u64,
        (left, stop, last): (Qty, Stop, Option<Price>),
        said: Option<usize>,
    ) {
        let rests = self.spec.instruments[ready.instrument.index()].market_remainder
            == MarketRemainder::Rest;
        let reason = match ready.tif {
            _ if stop == Stop::SelfMatch => Some(CancelReason::SelfMatch),
            TimeInForce::Fok => Some(CancelReason::Fok),
            _ if ready.market && !(rests && ready.tif.rests() && last.is_some()) => {
                Some(CancelReason::Market)
            }
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
            None if ready.market => {
                // It goes on as a limit order at the last price it traded at.
                let limit =
                    Ready { market: false, frozen_at: last.unwrap_or(ready.frozen_at), ..*ready };
                self.rest(&limit, position, arrival, left, last, said);
            }
            None => self.rest(ready, position, arrival, left, ready.limit, said),
        }
    }

    /// Puts what is left of an order into the book.
    #[inline]
    fn rest(
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
        let (book, mut keeper) = self.split(ready.instrument);
        let plain = NewResting::plain(ready.side, price, ready.account.0, left);
        let handle = book.rest(NewResting { reduce_only: ready.reduce_only, ..plain });
        let record = Record {
            id: ready.id,
            position,
            frozen: if opens == ready.opens && price == ready.limit {
                ready.frozen
            } else {
                keeper.frozen(ready.account, ready.frozen_at, opens)
            },
            frozen_at: ready.frozen_at,
            opens,
            arrival,
            next: 0,
            prev: 0,
            live: true,
            post_only: ready.post_only,
            reduce_only: ready.reduce_only,
            market: ready.market,
            self_match: ready.self_match,
        };
        keeper.keep(handle, ready.side, left.lots(), record);
        let market = &mut self.markets[ready.instrument.index()];
        if ready.market {
            market.waiting.push(handle);
        }
        if let Some(event) = said.and_then(|said| self.log.events.get_mut(said))
            && let EventKind::Accepted { handle: told, .. } = &mut event.kind
        {
            *told = Some(handle);
        }
    }
}
