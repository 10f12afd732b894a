//! Trades, and what happened to orders.

use super::column::{Decimals, Flags, Ids, Listed, Texts, Words};
use super::table::event_table;
use super::universe::Universe;
use plimsoll_types::{CancelReason, Event, EventKind, Offset, Reject, TradeKind};

const SIDES: [&str; 2] = ["buy", "sell"];

event_table! {
    /// One row a trade.
    Trades(universe) {
        symbol: Listed = Listed::new(&universe.symbols),
        price: Decimals = Decimals::new(universe.places.price),
        qty: Decimals = Decimals::new(universe.places.quantity),
        maker: Ids = Ids::new(),
        maker_id: Texts = Texts::new(),
        taker: Ids = Ids::new(),
        taker_id: Texts = Texts::new(),
        side: Words = Words::new(SIDES),
        kind: Words = Words::new(KINDS.iter().map(|kind| kind.as_str())),
        maker_fee: Decimals = Decimals::new(universe.places.money),
        taker_fee: Decimals = Decimals::new(universe.places.money),
    }
}

const KINDS: [TradeKind; 5] = [
    TradeKind::Normal,
    TradeKind::Liquidation,
    TradeKind::Auction,
    TradeKind::Deleverage,
    TradeKind::Reduction,
];

impl Trades {
    /// Puts a trade; other events are none of its own.
    #[inline]
    pub fn put(&mut self, universe: &Universe, event: &Event) {
        let EventKind::Trade {
            instrument,
            price,
            qty,
            maker,
            ref maker_id,
            taker,
            ref taker_id,
            side,
            kind,
            maker_fee,
            taker_fee,
        } = event.kind
        else {
            return;
        };
        let row = self.row(event);
        self.symbol.put(row, universe.symbol(instrument));
        self.price.put(row, universe.price(instrument, price));
        self.qty.put(row, universe.quantity(instrument, qty));
        self.maker.put(row, maker.0);
        self.maker_id.put_id(row, maker_id);
        self.taker.put(row, taker.0);
        self.taker_id.put_id(row, taker_id);
        self.side.put(row, side.as_str());
        self.kind.put(row, kind.as_str());
        self.maker_fee.put(row, maker_fee.units());
        self.taker_fee.put(row, taker_fee.units());
    }
}

event_table! {
    /// One row an answer to an order or a change of it.
    Orders(universe) {
        event: Words = Words::new(["accepted", "cancelled", "rejected", "replaced", "triggered", "refilled"]),
        account: Ids = Ids::new(),
        name: Texts = Texts::new(),
        id: Texts = Texts::new(),
        symbol: Listed = Listed::new(&universe.symbols),
        side: Words = Words::new(SIDES),
        price: Decimals = Decimals::new(universe.places.price),
        qty: Decimals = Decimals::new(universe.places.quantity),
        trigger: Decimals = Decimals::new(universe.places.price),
        display: Decimals = Decimals::new(universe.places.quantity),
        offset: Words = Words::new([Offset::Open, Offset::Close, Offset::CloseToday].map(Offset::as_str)),
        reason: Words = Words::new(reasons()),
        kept_priority: Flags = Flags::new(),
    }
}

/// Why orders went or did not come, the most frequent first.
fn reasons() -> impl Iterator<Item = &'static str> {
    let cancels = CancelReason::ALL.iter().map(|reason| reason.as_str());
    cancels.chain(Reject::ALL.iter().map(|reason| reason.as_str()))
}

impl Orders {
    /// Puts what happened to an order; other events are none of its own.
    #[inline]
    pub fn put(&mut self, universe: &Universe, event: &Event) {
        let row = self.row(event);
        match event.kind {
            EventKind::Accepted {
                account,
                ref id,
                instrument,
                side,
                price,
                qty,
                trigger,
                display,
                offset,
                handle: _,
            } => {
                self.event.put(row, "accepted");
                self.account.put(row, account.0);
                self.id.put_id(row, id);
                self.symbol.put(row, universe.symbol(instrument));
                self.side.put(row, side.as_str());
                if let Some(price) = price {
                    self.price.put(row, universe.price(instrument, price));
                }
                self.qty.put(row, universe.quantity(instrument, qty));
                if let Some(trigger) = trigger {
                    self.trigger.put(row, universe.price(instrument, trigger));
                }
                if !display.is_zero() {
                    self.display.put(row, universe.quantity(instrument, display));
                }
                if let Some(offset) = offset {
                    self.offset.put(row, offset.as_str());
                }
            }
            EventKind::Cancelled { account, ref id, instrument, qty, reason } => {
                self.event.put(row, "cancelled");
                self.account.put(row, account.0);
                self.id.put_id(row, id);
                self.symbol.put(row, universe.symbol(instrument));
                self.qty.put(row, universe.quantity(instrument, qty));
                self.reason.put(row, reason.as_str());
            }
            _ => self.put_rare(row, universe, &event.kind),
        }
    }

    fn put_rare(&mut self, row: usize, universe: &Universe, kind: &EventKind) {
        match *kind {
            EventKind::Rejected { account, name, ref id, reason } => {
                self.event.put(row, "rejected");
                match (account, name) {
                    (Some(account), _) => self.account.put(row, account.0),
                    (None, Some(name)) => self.name.put(row, name.as_str()),
                    (None, None) => {}
                }
                if let Some(id) = id {
                    self.id.put_id(row, id);
                }
                self.reason.put(row, reason.as_str());
            }
            EventKind::Replaced {
                account, ref id, instrument, price, qty, kept_priority, ..
            } => {
                self.event.put(row, "replaced");
                self.account.put(row, account.0);
                self.id.put_id(row, id);
                self.symbol.put(row, universe.symbol(instrument));
                if let Some(price) = price {
                    self.price.put(row, universe.price(instrument, price));
                }
                self.qty.put(row, universe.quantity(instrument, qty));
                self.kept_priority.put(row, kept_priority);
            }
            EventKind::Triggered { account, ref id, instrument, .. } => {
                self.event.put(row, "triggered");
                self.account.put(row, account.0);
                self.id.put_id(row, id);
                self.symbol.put(row, universe.symbol(instrument));
            }
            EventKind::Refilled { account, ref id, instrument, price, qty } => {
                self.event.put(row, "refilled");
                self.account.put(row, account.0);
                self.id.put_id(row, id);
                self.symbol.put(row, universe.symbol(instrument));
                self.price.put(row, universe.price(instrument, price));
                self.qty.put(row, universe.quantity(instrument, qty));
            }
            _ => {}
        }
    }
}
