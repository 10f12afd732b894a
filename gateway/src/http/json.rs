//! JSON being written, its commas set by what stands before.

use plimsoll_types::{InstrumentSpec, Price, Qty};

/// A JSON text in the making. Keys are given as literals that need no escapes.
#[derive(Default)]
pub(super) struct Json {
    pub out: Vec<u8>,
}

impl Json {
    /// An object with what `fill` puts in.
    pub fn object(fill: impl FnOnce(&mut Json)) -> Vec<u8> {
        let mut json = Json::default();
        json.nested(b"{}", fill);
        json.out
    }

    /// An object or array, by its two brackets, as the next item.
    pub fn nested(&mut self, brackets: &[u8; 2], fill: impl FnOnce(&mut Json)) {
        self.item();
        self.out.push(brackets[0]);
        fill(self);
        self.out.push(brackets[1]);
    }

    /// Begins the next item.
    pub fn item(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':' | b',')) {
            self.out.push(b',');
        }
    }

    /// A key; its value comes next.
    pub fn key(&mut self, key: &str) -> &mut Json {
        self.item();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self
    }

    /// A value written elsewhere, whole.
    pub fn raw(&mut self, value: &[u8]) {
        self.item();
        self.out.extend_from_slice(value);
    }

    /// Any text, escaped.
    pub fn text(&mut self, text: &str) {
        self.item();
        // A string has no key that could be no string, and memory takes everything.
        let _ = serde_json::to_writer(&mut self.out, text);
    }

    /// A whole number.
    pub fn whole(&mut self, number: u64) {
        self.item();
        plimsoll_text::decimal::write_whole(&mut self.out, number);
    }

    /// A decimal, in quotes.
    pub fn decimal(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.item();
        self.out.push(b'"');
        write(&mut self.out);
        self.out.push(b'"');
    }

    /// A price, or null.
    pub fn price(&mut self, spec: &InstrumentSpec, price: Option<Price>) {
        match price {
            Some(price) => self.decimal(|out| {
                plimsoll_text::decimal::write_price(out, price, spec.tick_size);
            }),
            None => self.raw(b"null"),
        }
    }

    /// A quantity.
    pub fn qty(&mut self, spec: &InstrumentSpec, qty: Qty) {
        self.decimal(|out| plimsoll_text::decimal::write_qty(out, qty, spec.lot_size));
    }

    /// A level of a book: price and quantity.
    pub fn level(&mut self, spec: &InstrumentSpec, (price, qty): (Price, Qty)) {
        self.nested(b"[]", |json| {
            json.price(spec, Some(price));
            json.qty(spec, qty);
        });
    }
}
