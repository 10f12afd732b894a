//! What happened, as everybody may hear it: events become the feed's messages.
//!
//! Events name orders by account and id; the feed numbers them anew. An order is shown when it has come to rest: its trades on the
//! way there name only the orders it met. Where an order rests follows from its events, but for three things that they leave out: what is left
//! of some market orders, stops at market that rest, and orders that go first at a limit price. Those are looked up in the exchange
//! when the batch is over; until then they trade unseen.

use super::messages::{Add, Delete, Reduce, Refill, Replace, Trade, Whole};
use super::orders::{Incoming, Key, Market, Order, Orders, Place, UNSEEN};
use super::packet::Packer;
use crate::batch::Batch;
use crate::binary::codes::{of_side, of_trade};
use crate::binary::layout::Message;
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, Event, EventKind, Handle, InstrumentId, OrderId, Price, TradeKind, Ts,
};

/// Turns batches into messages.
#[derive(Debug)]
pub struct Builder {
    pub(super) markets: Vec<Market>,
    pub(super) orders: Orders,
    /// The order that the last events were about, on its way into the book.
    incoming: Option<Incoming>,
    /// Orders to be looked up when the batch is over.
    pub(super) unknown: Vec<Key>,
    /// The feed's last number for an order.
    last_number: u64,
    arrivals: u64,
}

/// A price as messages have it.
pub(super) fn ticks(price: Price) -> u32 {
    price.ticks() as u32
}

pub(super) fn ticks_or_none(price: Option<Price>) -> u32 {
    price.map_or(0, ticks)
}

impl Builder {
    /// Begins with what stands in `exchange`, told as if it came now: instruments, then their orders in line.
    pub fn begin(exchange: &Exchange, out: &mut Packer) -> Builder {
        let spec = exchange.spec();
        let mut builder = Builder {
            markets: spec.instruments.iter().map(Market::new).collect(),
            orders: Orders::new(),
            incoming: None,
            unknown: Vec::new(),
            last_number: 0,
            arrivals: 0,
        };
        let ts = exchange.now();
        for n in 0..spec.instruments.len() {
            let instrument = InstrumentId(n as u16);
            builder.take_over(exchange, instrument, ts, out);
        }
        out.add(Whole { head: Whole::head(), ts: ts.into(), command: 0.into() });
        builder
    }

    /// Adds what a batch brought; `exchange` stands right after it.
    ///
    /// Cost: O(events); where an order went first at a limit price, O(orders there) more.
    pub fn batch(&mut self, exchange: &Exchange, batch: &Batch, out: &mut Packer) {
        let before = out.next();
        for (_, events) in batch.each() {
            for event in events {
                self.event(exchange, event, out);
            }
            self.settle(out);
        }
        self.look_up(exchange, out);
        if out.next() != before {
            let (ts, command) = (exchange.now().into(), batch.last.into());
            out.add(Whole { head: Whole::head(), ts, command });
        }
    }

    /// The feed's number of an order that it shows: how a client finds its own order in the feed.
    pub fn number(&self, account: AccountId, id: OrderId) -> Option<u64> {
        self.orders.get(&(account, id)).map(|order| order.number).filter(|&number| number != UNSEEN)
    }

    #[inline]
    fn event(&mut self, exchange: &Exchange, event: &Event, out: &mut Packer) {
        let ts = event.ts;
        match event.kind {
            EventKind::Accepted {
                account,
                id,
                instrument,
                side,
                price,
                qty,
                trigger,
                display,
                handle,
                ..
            } => {
                self.settle(out);
                let Some(handle) = handle else { return };
                let order = Order {
                    instrument: instrument.0,
                    side,
                    price,
                    open: qty.lots(),
                    shown: 0,
                    display: display.lots(),
                    number: UNSEEN,
                    arrival: 0,
                    place: Place::Waits,
                };
                match trigger {
                    Some(_) => self.orders.insert((account, id), order),
                    None => self.enters((account, id), order, (handle, UNSEEN), ts, out),
                }
            }
            EventKind::Triggered { account, id, handle, .. } => {
                self.settle(out);
                let order = self.orders.remove(&(account, id));
                if let (Some(order), Some(handle)) = (order, handle) {
                    self.enters((account, id), order, (handle, UNSEEN), ts, out);
                }
            }
            EventKind::Trade { .. } => self.trade(event, out),
            EventKind::Cancelled { account, id, qty, .. } => {
                self.cancelled((account, id), qty.lots(), ts, out);
            }
            EventKind::Replaced { account, id, price, qty, kept_priority, handle, .. } => {
                let key = (account, id);
                if kept_priority {
                    self.cut(&key, qty.lots(), ts, out);
                } else {
                    self.replaced(key, price, qty.lots(), handle, ts, out);
                }
            }
            EventKind::Refilled { account, id, qty, .. } => {
                self.refilled(&(account, id), qty.lots(), ts, out);
            }
            _ => self.market_event(exchange, event, out),
        }
    }

    /// An order that will rest is on its way.
    fn enters(
        &mut self,
        key: Key,
        order: Order,
        (handle, old): (Handle, u64),
        ts: Ts,
        out: &mut Packer,
    ) {
        let order = Order { arrival: self.new_arrival(), ..order };
        self.incoming = Some(Incoming { key, order, handle, traded: None, old, ts });
        let gathers = self.markets[usize::from(order.instrument)].phase.gathers();
        if gathers || matches!(key.1, OrderId::Liquidation { .. }) {
            // It trades with nobody on its way; a later event may be the auction's, in which it is a taker as well.
            self.settle(out);
        }
    }

    /// The incoming order has come to rest.
    #[inline]
    pub(super) fn settle(&mut self, out: &mut Packer) {
        let Some(incoming) = self.incoming.take() else { return };
        let Incoming { key, mut order, old, ts, .. } = incoming;
        order.place = self.markets[usize::from(order.instrument)].place_of(&incoming);
        order.shown = order.peak();
        match order.place {
            Place::Seen => self.show(&mut order, old, ts, out),
            place => {
                delete(order.instrument, old, ts, out);
                if place == Place::AtMarket {
                    self.queue_at_market(key, &order);
                } else {
                    self.unknown.push(key);
                }
            }
        }
        self.orders.insert(key, order);
    }

    pub(super) fn queue_at_market(&mut self, key: Key, order: &Order) {
        let market = &mut self.markets[usize::from(order.instrument)];
        market.at_market.insert(order.arrival, key);
    }

    pub(super) fn new_arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    pub(super) fn new_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Shows an order behind the others at its price; `old` = where the feed shows it still.
    #[inline]
    pub(super) fn show(&mut self, order: &mut Order, old: u64, ts: Ts, out: &mut Packer) {
        order.number = self.new_number();
        let (instrument, ts, number) = (order.instrument.into(), ts.into(), order.number.into());
        let (qty, price, side) =
            (order.shown.into(), ticks_or_none(order.price).into(), of_side(order.side));
        if old == UNSEEN {
            let (head, before) = (Add::head(), UNSEEN.into());
            out.add(Add { head, instrument, ts, order: number, before, qty, price, side });
        } else {
            let (head, old) = (Replace::head(), old.into());
            out.add(Replace { head, instrument, ts, old, order: number, qty, price, side });
        }
    }

    /// An order has lost its place and enters again.
    fn replaced(
        &mut self,
        key: Key,
        price: Option<Price>,
        open: u64,
        handle: Option<Handle>,
        ts: Ts,
        out: &mut Packer,
    ) {
        self.settle(out);
        let Some(order) = self.take_order(&key) else { return };
        match (order.place, handle) {
            (Place::Waits, _) => self.orders.insert(key, Order { price, open, ..order }),
            (_, Some(handle)) => {
                let fresh = Order { price, open, number: UNSEEN, ..order };
                self.enters(key, fresh, (handle, order.number), ts, out);
            }
            (_, None) => delete(order.instrument, order.number, ts, out),
        }
    }

    fn take_order(&mut self, key: &Key) -> Option<Order> {
        let order = self.orders.remove(key)?;
        if order.place == Place::AtMarket {
            self.markets[usize::from(order.instrument)].at_market.remove(&order.arrival);
        }
        Some(order)
    }

    /// An order has `left` lots open, at its place.
    fn cut(&mut self, key: &Key, left: u64, ts: Ts, out: &mut Packer) {
        if let Some(incoming) = self.incoming.as_mut().filter(|incoming| incoming.key == *key) {
            incoming.order.open = left;
            return;
        }
        let Some(order) = self.orders.get_mut(key) else { return };
        // What is hidden goes first.
        let shown = order.shown.min(left);
        let changed = order.shown != shown;
        (order.open, order.shown) = (left, shown);
        if order.number != UNSEEN && changed {
            let (instrument, order) = (order.instrument.into(), order.number.into());
            let (ts, left) = (ts.into(), shown.into());
            out.add(Reduce { head: Reduce::head(), instrument, ts, order, left });
        }
    }

    fn cancelled(&mut self, key: Key, lots: u64, ts: Ts, out: &mut Packer) {
        if self.incoming.as_ref().is_some_and(|incoming| incoming.key == key) {
            self.settle(out);
        }
        let Some(order) = self.orders.get_mut(&key) else { return };
        if lots < order.open {
            let left = order.open - lots;
            return self.cut(&key, left, ts, out);
        }
        if let Some(order) = self.take_order(&key) {
            delete(order.instrument, order.number, ts, out);
        }
    }

    fn refilled(&mut self, key: &Key, shown: u64, ts: Ts, out: &mut Packer) {
        let Some(order) = self.orders.get_mut(key) else { return };
        order.shown = shown;
        if order.number != UNSEEN {
            let (head, instrument, ts) = (Refill::head(), order.instrument.into(), ts.into());
            let (qty, price) = (shown.into(), ticks_or_none(order.price).into());
            let (number, side) = (order.number.into(), of_side(order.side));
            out.add(Refill { head, instrument, ts, order: number, qty, price, side });
        }
    }

    #[inline]
    fn trade(&mut self, event: &Event, out: &mut Packer) {
        let EventKind::Trade {
            instrument,
            price,
            qty,
            maker,
            maker_id,
            taker,
            taker_id,
            side,
            kind,
            ..
        } = event.kind
        else {
            return;
        };
        let lots = qty.lots();
        let hits = self.hits(((maker, maker_id), (taker, taker_id)), (price, lots), kind, out);
        let ((maker, maker_left), (taker, taker_left)) = hits;
        out.add(Trade {
            head: Trade::head(),
            instrument: instrument.0.into(),
            ts: event.ts.into(),
            trade: event.seq.into(),
            qty: lots.into(),
            maker: maker.into(),
            maker_left: maker_left.into(),
            taker: taker.into(),
            taker_left: taker_left.into(),
            price: ticks(price).into(),
            side: of_side(side),
            source: of_trade(kind),
        });
    }

    /// What a trade does to the orders of the book: the number of each and what it shows then.
    #[inline]
    fn hits(
        &mut self,
        (maker, taker): (Key, Key),
        (price, lots): (Price, u64),
        kind: TradeKind,
        out: &mut Packer,
    ) -> ((u64, u64), (u64, u64)) {
        let nobody = (UNSEEN, 0);
        if let Some(incoming) = self.incoming.as_mut().filter(|incoming| incoming.key == taker) {
            let old = std::mem::replace(&mut incoming.old, UNSEEN);
            delete(incoming.order.instrument, old, incoming.ts, out);
            incoming.order.open = incoming.order.open.saturating_sub(lots);
            incoming.traded = Some(price);
            return (self.hit(&maker, lots, Showing::Less).unwrap_or(nobody), nobody);
        }
        self.settle(out);
        match kind {
            // The id is the case's, or that of the other side: no order of theirs.
            TradeKind::Deleverage => (nobody, nobody),
            TradeKind::Reduction => {
                (self.hit(&maker, lots, Showing::Anew).unwrap_or(nobody), nobody)
            }
            TradeKind::Normal => (self.hit(&maker, lots, Showing::Less).unwrap_or(nobody), nobody),
            TradeKind::Auction | TradeKind::Liquidation => {
                // Only in an auction does the later order rest as well.
                let taker = self.hit(&taker, lots, Showing::Anew);
                let showing = if taker.is_some() { Showing::Anew } else { Showing::Less };
                (self.hit(&maker, lots, showing).unwrap_or(nobody), taker.unwrap_or(nobody))
            }
        }
    }

    /// Takes traded lots off an order that rests.
    #[inline]
    fn hit(&mut self, key: &Key, lots: u64, showing: Showing) -> Option<(u64, u64)> {
        let order = self.orders.get_mut(key)?;
        order.open = order.open.saturating_sub(lots);
        order.shown = match showing {
            Showing::Less => order.shown.saturating_sub(lots),
            Showing::Anew => order.peak(),
        };
        let hit = (order.number, if order.number == UNSEEN { 0 } else { order.shown });
        if order.open == 0 {
            self.take_order(key);
        }
        Some(hit)
    }
}

/// How an order that traded goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Showing {
    /// It shows so much less.
    Less,
    /// It shows as much of what is left as it may, as after an auction.
    Anew,
}

/// Says that an order goes, if it was seen.
#[inline]
pub(super) fn delete(instrument: u16, number: u64, ts: Ts, out: &mut Packer) {
    if number != UNSEEN {
        let (instrument, ts, order) = (instrument.into(), ts.into(), number.into());
        out.add(Delete { head: Delete::head(), instrument, ts, order });
    }
}
