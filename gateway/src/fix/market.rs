//! Market data over FIX: snapshots and what changed since, a price level at a time, and trades.
//!
//! Levels are conflated: what is sent is the difference between the book as it was sent last and as it stands, so a slow reader
//! gets fewer messages and never a wrong book. Who needs every change takes the feed (docs/FEED.md).

use super::desk::{Desk, Reply, Stop};
use super::message::{Message, Refusal, read_whole};
use super::names::Names;
use super::tag;
use super::write::{Body, Kind};
use crate::batch::Batch;
use plimsoll_text::decimal;
use plimsoll_types::{EventKind, InstrumentId, Label, Price, Qty, Side};
use std::collections::BTreeMap;

/// Most subscriptions of a session.
const SUBSCRIPTIONS: usize = 64;

/// Most levels of a side, also where all are asked for.
const DEPTH: usize = 1_000;

/// Trades of one instrument that wait to be told; older ones are left out.
const TRADES: usize = 1_000;

type Levels = BTreeMap<Price, Qty>;

/// What a subscriber wants, and what it was sent last.
#[derive(Debug)]
struct Subscription {
    request: Label,
    instrument: InstrumentId,
    depth: usize,
    sides: [bool; 2],
    trades: bool,
    full: bool,
    sent: [Levels; 2],
    /// Price, quantity and number of trades not told yet.
    waiting: Vec<(Price, Qty, u64)>,
    dirty: bool,
}

/// A session's subscriptions.
#[derive(Debug, Default)]
pub struct Subscriptions {
    all: Vec<Subscription>,
}

impl Subscriptions {
    /// Takes a MarketDataRequest.
    pub fn request(&mut self, desk: &Desk, message: &Message<'_>) -> Result<Vec<Reply>, Stop> {
        let request = message.label(tag::MD_REQ_ID)?;
        let kind = message.byte(tag::SUBSCRIPTION_REQUEST_TYPE)?;
        let kind = kind.ok_or(Refusal::missing(tag::SUBSCRIPTION_REQUEST_TYPE))?;
        if kind == b'2' {
            self.all.retain(|subscription| subscription.request != request);
            return Ok(Vec::new());
        }
        let refused = |reason: char, text: &str| {
            let mut body = Body::new();
            body.add(tag::MD_REQ_ID, request).add(tag::MD_REQ_REJ_REASON, reason);
            body.add(tag::TEXT, text);
            Ok(vec![(Kind::MD_REJECT, body)])
        };
        if kind != b'0' && kind != b'1' {
            return refused('4', "SubscriptionRequestType is 0, 1 or 2");
        }
        if self.all.iter().any(|subscription| subscription.request == request) {
            return refused('1', "this MDReqID is in use");
        }
        let wanted = match wanted(desk, message, request) {
            Ok(wanted) => wanted,
            Err((reason, text)) => return refused(reason, text),
        };
        if kind == b'1' && self.all.len() + wanted.len() > SUBSCRIPTIONS {
            return refused('2', "a session has 64 subscriptions at most");
        }
        let mut replies = Vec::new();
        desk.catch_up();
        for mut subscription in wanted {
            subscription.sent = subscription.levels(desk);
            replies.extend(subscription.snapshot(&desk.names));
            if kind == b'1' {
                self.all.push(subscription);
            }
        }
        Ok(replies)
    }

    /// Whether a difference waits to be looked for.
    pub fn is_dirty(&self) -> bool {
        self.all.iter().any(|subscription| subscription.dirty)
    }

    /// Takes what a batch did to the books: which may have changed, and the trades.
    pub fn hear(&mut self, batch: &Batch) {
        if self.all.is_empty() {
            return;
        }
        // A command changes books in many ways; whichever it was, the difference will show.
        self.all.iter_mut().for_each(|subscription| subscription.dirty = true);
        for event in &batch.events {
            if let EventKind::Trade { instrument, price, qty, .. } = event.kind {
                let concerned = |it: &&mut Subscription| it.trades && it.instrument == instrument;
                for subscription in self.all.iter_mut().filter(concerned) {
                    if subscription.waiting.len() < TRADES {
                        subscription.waiting.push((price, qty, event.seq));
                    }
                }
            }
        }
    }

    /// What changed since it was last sent. To be asked once readers see the batches that were heard of.
    pub fn changes(&mut self, desk: &Desk) -> Vec<Reply> {
        let dirty = self.all.iter_mut().filter(|subscription| subscription.dirty);
        dirty.flat_map(|subscription| subscription.changes(desk)).collect()
    }
}

fn wanted(
    desk: &Desk,
    message: &Message<'_>,
    request: Label,
) -> Result<Vec<Subscription>, (char, &'static str)> {
    let depth = match message.raw(tag::MARKET_DEPTH).and_then(read_whole) {
        Some(0) => DEPTH,
        Some(depth) if depth <= DEPTH as u64 => depth as usize,
        _ => return Err(('5', "MarketDepth is 0 (all) to 1000")),
    };
    let full = match message.raw(tag::MD_UPDATE_TYPE) {
        None | Some(b"1") => false,
        Some(b"0") => true,
        Some(_) => return Err(('6', "MDUpdateType is 0 or 1")),
    };
    let (mut sides, mut trades) = ([false; 2], false);
    for entry in message.all(tag::MD_ENTRY_TYPE) {
        match entry {
            b"0" => sides[0] = true,
            b"1" => sides[1] = true,
            b"2" => trades = true,
            _ => return Err(('8', "MDEntryType is 0 (bid), 1 (offer) or 2 (trade)")),
        }
    }
    let mut wanted = Vec::new();
    for symbol in message.all(tag::SYMBOL) {
        let symbol = std::str::from_utf8(symbol).ok().and_then(Label::new);
        let instrument = symbol.and_then(|symbol| desk.names.instrument(&symbol));
        let instrument = instrument.ok_or(('0', "no instrument has this symbol"))?;
        wanted.push(Subscription {
            request,
            instrument,
            depth,
            sides,
            trades,
            full,
            sent: [Levels::new(), Levels::new()],
            waiting: Vec::new(),
            dirty: false,
        });
        if wanted.len() > SUBSCRIPTIONS {
            return Err(('2', "64 symbols at most"));
        }
    }
    match wanted.is_empty() {
        true => Err(('0', "no symbol is named")),
        false => Ok(wanted),
    }
}

impl Subscription {
    /// The sides it wants, as they stand.
    fn levels(&self, desk: &Desk) -> [Levels; 2] {
        desk.follower.read(|exchange| {
            [(0, Side::Buy), (1, Side::Sell)].map(|(n, side)| {
                let mut levels = Levels::new();
                if self.sides[n] {
                    exchange.depth(self.instrument, side, self.depth, &mut |price, qty| {
                        levels.insert(price, qty);
                    });
                }
                levels
            })
        })
    }

    fn snapshot(&self, names: &Names) -> Option<Reply> {
        let terms = names.terms(self.instrument)?;
        let mut body = Body::new();
        let count = self.sent[0].len() + self.sent[1].len();
        body.add(tag::MD_REQ_ID, self.request).add(tag::SYMBOL, terms.symbol);
        body.add(tag::NO_MD_ENTRIES, count);
        for (n, levels) in self.sent.iter().enumerate() {
            let best_first: Box<dyn Iterator<Item = _>> = match n {
                0 => Box::new(levels.iter().rev()),
                _ => Box::new(levels.iter()),
            };
            for (place, (price, qty)) in best_first.enumerate() {
                body.add(tag::MD_ENTRY_TYPE, n)
                    .with(tag::MD_ENTRY_PX, |out| decimal::write_price(out, *price, terms.tick))
                    .with(tag::MD_ENTRY_SIZE, |out| decimal::write_qty(out, *qty, terms.lot))
                    .add(tag::MD_ENTRY_POSITION_NO, place + 1);
            }
        }
        Some((Kind::MD_SNAPSHOT, body))
    }

    fn changes(&mut self, desk: &Desk) -> Vec<Reply> {
        self.dirty = false;
        let Some(terms) = desk.names.terms(self.instrument) else { return Vec::new() };
        let now = self.levels(desk);
        let mut entries = Body::new();
        let mut count = 0;
        let mut entry = |action: u8, kind: usize, price: Price, qty: Option<Qty>, id: String| {
            count += 1;
            entries
                .add(tag::MD_UPDATE_ACTION, action)
                .add(tag::MD_ENTRY_TYPE, kind)
                .add(tag::MD_ENTRY_ID, id)
                .add(tag::SYMBOL, terms.symbol)
                .with(tag::MD_ENTRY_PX, |out| decimal::write_price(out, price, terms.tick));
            if let Some(qty) = qty {
                entries.with(tag::MD_ENTRY_SIZE, |out| decimal::write_qty(out, qty, terms.lot));
            }
        };
        for (price, qty, seq) in self.waiting.drain(..) {
            entry(0, 2, price, Some(qty), format!("T{seq}"));
        }
        let changed = now != self.sent;
        if !self.full {
            for (kind, letter) in [(0, 'B'), (1, 'S')] {
                let (before, after) = (&self.sent[kind], &now[kind]);
                let id = |price: &Price| format!("{letter}{}", price.ticks());
                for price in before.keys().filter(|price| !after.contains_key(price)) {
                    entry(2, kind, *price, None, id(price));
                }
                for (price, qty) in after {
                    match before.get(price) {
                        None => entry(0, kind, *price, Some(*qty), id(price)),
                        Some(old) if old != qty => entry(1, kind, *price, Some(*qty), id(price)),
                        Some(_) => {}
                    }
                }
            }
        }
        self.sent = now;
        let mut replies = Vec::new();
        if count > 0 {
            let mut body = Body::new();
            body.add(tag::MD_REQ_ID, self.request).add(tag::NO_MD_ENTRIES, count).append(&entries);
            replies.push((Kind::MD_INCREMENT, body));
        }
        if self.full && changed {
            replies.extend(self.snapshot(&desk.names));
        }
        replies
    }
}
