//! A bare book's events as lines: the exchange's fields, with prices in ticks, quantities in lots and accounts by number.

use plimsoll_text::decimal::write_whole;
use plimsoll_types::{AccountId, Event, EventKind, OrderId, Price, Qty};

/// What stands for the symbol: a bare book has one instrument.
pub(crate) const SYMBOL: &str = "BOOK";

/// Appends one event as a line, its newline included.
pub(crate) fn write_event(out: &mut Vec<u8>, event: &Event) {
    let mut line = Line { out };
    line.raw("{\"seq\":");
    write_whole(line.out, event.seq);
    line.raw(",\"ts\":");
    write_whole(line.out, event.ts);
    line.kind(&event.kind);
    line.raw("}\n");
}

struct Line<'a> {
    out: &'a mut Vec<u8>,
}

impl Line<'_> {
    /// The kinds a bare book has; see bare.rs.
    fn kind(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::Accepted { account, ref id, side, price, qty, display, .. } => {
                self.head("accepted", account, id);
                self.word("symbol", SYMBOL);
                self.word("side", side.as_str());
                self.price(price);
                self.qty(qty);
                if !display.is_zero() {
                    self.plain("display", |out| write_whole(out, display.lots()));
                }
            }
            EventKind::Refilled { account, ref id, price, qty, .. } => {
                self.head("refilled", account, id);
                self.word("symbol", SYMBOL);
                self.price(Some(price));
                self.qty(qty);
            }
            EventKind::Rejected { account, ref id, reason, .. } => {
                self.word("event", "rejected");
                if let Some(account) = account {
                    self.account("account", account);
                }
                if let Some(id) = id {
                    self.id("id", id);
                }
                self.word("reason", reason.as_str());
                self.word("detail", reason.detail());
            }
            EventKind::Cancelled { account, ref id, qty, reason, .. } => {
                self.head("cancelled", account, id);
                self.qty(qty);
                self.word("reason", reason.as_str());
            }
            EventKind::Replaced { account, ref id, price, qty, kept_priority, .. } => {
                self.head("replaced", account, id);
                self.price(price);
                self.qty(qty);
                self.raw(",\"kept_priority\":");
                self.raw(if kept_priority { "true" } else { "false" });
            }
            EventKind::Trade {
                price,
                qty,
                maker,
                ref maker_id,
                taker,
                ref taker_id,
                side,
                kind,
                ..
            } => {
                self.word("event", "trade");
                self.word("symbol", SYMBOL);
                self.price(Some(price));
                self.qty(qty);
                self.account("maker", maker);
                self.id("maker_id", maker_id);
                self.account("taker", taker);
                self.id("taker_id", taker_id);
                self.word("side", side.as_str());
                self.word("kind", kind.as_str());
            }
            _ => self.word("event", "other"),
        }
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A field whose text needs no escapes.
    fn plain(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.raw(",\"");
        self.raw(key);
        self.raw("\":\"");
        write(self.out);
        self.raw("\"");
    }

    fn word(&mut self, key: &str, word: &str) {
        self.plain(key, |out| out.extend_from_slice(word.as_bytes()));
    }

    fn head(&mut self, event: &str, account: AccountId, id: &OrderId) {
        self.word("event", event);
        self.account("account", account);
        self.id("id", id);
    }

    fn account(&mut self, key: &str, account: AccountId) {
        self.plain(key, |out| write_whole(out, u64::from(account.0)));
    }

    fn id(&mut self, key: &str, id: &OrderId) {
        let text = id.to_string();
        self.word(key, &text);
    }

    fn price(&mut self, price: Option<Price>) {
        match price {
            Some(price) => {
                self.plain("price", |out| write_whole(out, price.ticks().unsigned_abs()));
            }
            None => self.raw(",\"price\":null"),
        }
    }

    fn qty(&mut self, qty: Qty) {
        self.plain("qty", |out| write_whole(out, qty.lots()));
    }
}
