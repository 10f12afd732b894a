//! A new order on its way in: checked, accepted, matched.

use crate::booking::{Booking, Incoming, Pass};
use crate::exchange::Exchange;
use plimsoll_matching::{Stop, Taker};
use plimsoll_risk::{Aim, PositionId};
use plimsoll_types::{
    AccountId, EventKind, InstrumentId, Money, NewOrder, OrderId, OrderKind, Phase, Price, Qty,
    Reject, SelfMatch, Side, TimeInForce,
};

/// An order that has passed its checks.
#[derive(Clone, Copy)]
pub(crate) struct Ready {
    pub(crate) account: AccountId,
    pub(crate) id: OrderId,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) aim: Aim,
    /// Worst price; `None` = any.
    pub(crate) limit: Option<Price>,
    pub(crate) market: bool,
    pub(crate) qty: Qty,
    pub(crate) display: Qty,
    pub(crate) min_qty: Qty,
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

impl Ready {
    /// An order as it enters.
    #[inline]
    pub(crate) fn new(
        order: &NewOrder,
        id: OrderId,
        limit: Option<Price>,
        market: bool,
        (aim, terms): (Aim, Terms),
    ) -> Ready {
        Ready {
            account: order.account,
            id,
            instrument: order.instrument,
            side: order.side,
            aim,
            limit,
            market,
            qty: order.qty,
            display: order.display,
            min_qty: order.min_qty,
            opens: terms.opens,
            frozen_at: terms.frozen_at,
            frozen: terms.frozen,
            tif: order.tif,
            post_only: order.post_only,
            // Every closing order of a leg reduces only, within lots of its own that it promises.
            reduce_only: order.reduce_only && aim == Aim::Net,
            self_match: order.self_match,
        }
    }
}

impl Ready {
    /// Whether it rests as it is where nothing stands against it.
    #[inline]
    fn is_patient(&self) -> bool {
        !self.market && self.tif.rests() && self.min_qty.is_zero()
    }
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

/// How far an order may trade: the corridor's edges before its own limit.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    limit: Option<Price>,
    /// The best opposite price lies outside the corridor: nothing may trade.
    shut: bool,
}

/// What is asked of an order before it may enter or change.
pub(crate) struct Wish {
    pub(crate) account: AccountId,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) aim: Aim,
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

impl Wish {
    /// What a new order asks for.
    #[inline]
    pub(crate) fn of(order: &NewOrder, aim: Aim, limit: Option<Price>) -> Wish {
        Wish {
            account: order.account,
            instrument: order.instrument,
            side: order.side,
            aim,
            limit,
            qty: order.qty,
            post_only: order.post_only,
            reduce_only: order.reduce_only,
            given_back: 0,
            ahead: None,
            unfrozen: Money::ZERO,
        }
    }
}

impl Exchange {
    /// Enters an order. Source: SEMANTICS 4.
    #[inline]
    pub(crate) fn enter(&mut self, order: &NewOrder) -> Result<(), Reject> {
        if self.enter_plain(order) { Ok(()) } else { self.enter_any(order) }
    }

    /// Enters an order of any kind.
    #[inline(never)]
    fn enter_any(&mut self, order: &NewOrder) -> Result<(), Reject> {
        self.check_account(order.account)?;
        self.check_instrument(order.instrument)?;
        if let Some(trigger) = order.trigger {
            return self.enter_waiting(order, trigger);
        }
        let (limit, market) = self.limit_of(order);
        let aim = self.aim_of(order);
        let wish = Wish::of(order, aim.unwrap_or(Aim::Net), limit);
        self.check_quantity(&wish)?;
        self.check_extras(order)?;
        let aim = aim?;
        self.check_account_may_order(order.account, order.instrument)?;
        self.check_phase(order)?;
        self.check_id(order)?;
        let terms = self.check_terms(&wish)?;
        self.check_full(order.instrument)?;
        let id = self.id_of(order);
        let said = self.say_accepted(order, id, limit);
        self.work(&Ready::new(order, id, limit, market, (aim, terms)), Some(said));
        Ok(())
    }

    /// Accepts a stop, which waits for its trigger.
    #[cold]
    fn enter_waiting(&mut self, order: &NewOrder, trigger: Price) -> Result<(), Reject> {
        let limit = match order.kind {
            OrderKind::Limit(price) => Some(price),
            OrderKind::Market(protection) => protection,
        };
        self.check_stop_quantity(order)?;
        self.check_extras(order)?;
        self.aim_of(order)?;
        self.check_account_may_order(order.account, order.instrument)?;
        if matches!(self.markets[order.instrument.index()].phase, Phase::Halted | Phase::Closed) {
            return Err(Reject::Phase);
        }
        self.check_id(order)?;
        self.check_band(order.instrument, limit)?;
        self.check_full(order.instrument)?;
        let id = self.id_of(order);
        let said = self.say_accepted(order, id, limit);
        let handle = self.wait(order, id, trigger);
        self.tell_handle(Some(said), handle);
        Ok(())
    }

    /// An order's limit, with the protection that its instrument gives a market order; whether it is a market order.
    #[inline]
    pub(crate) fn limit_of(&self, order: &NewOrder) -> (Option<Price>, bool) {
        match order.kind {
            OrderKind::Limit(price) => (Some(price), false),
            OrderKind::Market(Some(protection)) => (Some(protection), true),
            OrderKind::Market(None) => (self.protection(order.instrument, order.side), true),
        }
    }

    /// How far an instrument lets a market order go that does not say it itself. Source: RULES 3.6 (b).
    fn protection(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        let ticks = self.spec.instruments[instrument.index()].rules.market_protection?;
        let market = &self.markets[instrument.index()];
        if market.phase != Phase::Continuous {
            return None;
        }
        let (touch, _) = market.book.best(side.opposite())?;
        let price = touch.through(side, i64::from(ticks));
        Some(market.book.band().map_or(price, |band| price.clamp(band.down, band.up)))
    }

    #[inline]
    fn say_accepted(&mut self, order: &NewOrder, id: OrderId, price: Option<Price>) -> usize {
        let said = self.log.events.len();
        self.log.emit(EventKind::Accepted {
            account: order.account,
            id,
            instrument: order.instrument,
            side: order.side,
            price,
            qty: order.qty,
            trigger: order.trigger,
            display: order.display,
            offset: self.said_offset(order.offset),
            handle: None,
        });
        said
    }

    #[inline]
    pub(crate) fn id_of(&mut self, order: &NewOrder) -> OrderId {
        match order.id {
            Some(id) => OrderId::Client(id),
            None => {
                self.numbers += 1;
                OrderId::Number(self.numbers)
            }
        }
    }

    /// Matches an order that has passed its checks, rests or cancels what is left, and ends the pass.
    ///
    /// `said` is the place of its `accepted` event, to be told the handle.
    #[inline]
    pub(crate) fn work(&mut self, ready: &Ready, said: Option<usize>) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let first = self.risk.position_of(ready.account, ready.instrument);
        let position = self.risk.leg_for(first, ready.side, ready.aim);
        self.markets[ready.instrument.index()].touch();
        let bound = self.bound(ready);
        let gathers = self.markets[ready.instrument.index()].phase != Phase::Continuous;
        if gathers || !self.may_trade(ready, bound) {
            // Nothing to match: no money moves, so there is no pass to end.
            let stopped = !gathers && self.is_stopped(ready, ready.qty, bound);
            if gathers || ready.is_patient() {
                self.rest(ready, position, arrival, ready.qty, ready.limit, said);
            } else {
                let end = (ready.qty, Stop::Limit, None);
                self.end_order(ready, position, arrival, end, (said, stopped));
            }
            if stopped {
                self.interrupt(ready.instrument);
            }
            self.look();
            return;
        }
        let mut pass = self.begin_pass();
        let (left, stop) = self.match_order(ready, bound, position, &mut pass);
        if !left.is_zero() {
            pass.stops_book = stop == Stop::Limit && self.is_stopped(ready, left, bound);
            let end = (left, stop, pass.last);
            self.end_order(ready, position, arrival, end, (said, pass.stops_book));
        }
        if self.risk.position(position).has_orders() {
            pass.changed.push(position);
        }
        self.finish_pass(ready.instrument, pass);
    }

    /// How far an order may trade now.
    #[inline]
    pub(crate) fn bound(&mut self, ready: &Ready) -> Bound {
        let now = self.log.now;
        let market = &mut self.markets[ready.instrument.index()];
        let Some(corridor) = &mut market.corridor else {
            return Bound { limit: ready.limit, shut: false };
        };
        let band = corridor.bounds(now, market.prev_settlement);
        let (far, nearer): (Price, fn(Price, Price) -> Price) = match ready.side {
            Side::Buy => (band.up, Price::min),
            Side::Sell => (band.down, Price::max),
        };
        let best = market.book.best(ready.side.opposite());
        Bound {
            limit: Some(ready.limit.map_or(far, |limit| nearer(limit, far))),
            shut: best.is_some_and(|(best, _)| !band.contains(best)),
        }
    }

    /// Whether the best opposite price is one the order may trade at.
    #[inline]
    pub(crate) fn may_trade(&self, ready: &Ready, bound: Bound) -> bool {
        !bound.shut && self.admits_best(ready, bound.limit)
    }

    #[inline]
    fn admits_best(&self, ready: &Ready, limit: Option<Price>) -> bool {
        let best = self.markets[ready.instrument.index()].book.best(ready.side.opposite());
        best.is_some_and(|(best, _)| limit.is_none_or(|limit| limit.admits(ready.side, best)))
    }

    /// Whether what stopped an order with `left` lots is the corridor, so that it stops the book.
    #[inline]
    pub(crate) fn is_stopped(&self, ready: &Ready, left: Qty, bound: Bound) -> bool {
        let refused =
            ready.tif == TimeInForce::Fok || (left == ready.qty && !ready.min_qty.is_zero());
        let bounded = bound.shut || bound.limit != ready.limit;
        bounded && !refused && self.admits_best(ready, ready.limit)
    }

    /// Runs an order against the book down to `bound`; what is left, and why it stopped.
    #[inline]
    pub(crate) fn match_order(
        &mut self,
        ready: &Ready,
        bound: Bound,
        position: PositionId,
        pass: &mut Pass,
    ) -> (Qty, Stop) {
        let taker = Taker {
            owner: ready.account.0,
            side: ready.side,
            limit: bound.limit,
            qty: ready.qty,
            self_match: ready.self_match,
        };
        let pricing = self.pricing(ready.instrument);
        let watched = !self.markets[ready.instrument.index()].stops.is_empty();
        let (book, keeper) = self.split(ready.instrument);
        let incoming = Some(Incoming {
            account: ready.account,
            position,
            id: ready.id,
            side: ready.side,
            aim: ready.aim,
            limit: ready.limit,
        });
        let mut sink = Booking { keeper, incoming, pass, pricing, watched };
        let wanted = if ready.tif == TimeInForce::Fok { ready.qty } else { ready.min_qty };
        if !wanted.is_zero() && !book.could_trade(&taker, wanted, &mut sink) {
            return (ready.qty, Stop::Limit);
        }
        let taken = book.take(&taker, &mut sink);
        (taken.left, taken.stop)
    }
}
