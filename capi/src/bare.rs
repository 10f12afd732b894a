//! A bare book: one instrument, matching and nothing else. No accounts, no money, no phases, no client ids.
//!
//! What it says it says in the exchange's events, and it refuses in the exchange's order of precedence. docs/EMBEDDING.md
//! tells the differences.

use plimsoll_matching::{Book, Gone, Maker, NewResting, Sink, Stop, Taker};
use plimsoll_types::{
    AccountId, Band, CancelReason, Event, EventKind, Handle, InstrumentId, Money, OrderId, Price,
    Qty, Reject, SelfMatch, Side, TradeKind, Ts,
};
use serde::{Deserialize, Serialize};

/// The only instrument.
const BOOK: InstrumentId = InstrumentId(0);

/// Most lots that may rest in the book, both sides together: so that no sum of them can wrap.
const LOTS_MAX: u64 = 1 << 62;

/// How often an iceberg may show what it hides. Source: SEMANTICS 4.
const PEAKS_MAX: u64 = 10_000;

/// What a resting order keeps beside its place in the book.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    number: u64,
    self_match: SelfMatch,
    post_only: bool,
}

/// How long an order lives here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// Its rest rests.
    Gtc,
    /// Its rest goes.
    Ioc,
    /// Whole or not at all.
    Fok,
}

/// An order as it comes to a bare book.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) owner: u32,
    pub(crate) side: Side,
    pub(crate) limit: Option<Price>,
    /// A market order: its rest never rests.
    pub(crate) market: bool,
    pub(crate) qty: Qty,
    /// Most lots it shows at a time; zero = all.
    pub(crate) display: Qty,
    /// Least lots to trade at once; zero = any.
    pub(crate) min_qty: Qty,
    pub(crate) life: Life,
    pub(crate) post_only: bool,
    pub(crate) self_match: SelfMatch,
}

/// One book and its record.
pub(crate) struct Bare {
    pub(crate) book: Book,
    /// By slot.
    pub(crate) records: Vec<Record>,
    /// Lots resting.
    pub(crate) lots: u64,
    pub(crate) seq: u64,
    pub(crate) now: Ts,
    /// Orders entered so far.
    pub(crate) numbers: u64,
}

/// Writes down what happens, and keeps count of the lots that rest.
struct Tape<'a> {
    events: &'a mut Vec<Event>,
    seq: &'a mut u64,
    now: Ts,
    lots: &'a mut u64,
    records: &'a [Record],
    owner: u32,
    number: u64,
    side: Side,
    limit: Option<Price>,
}

impl Tape<'_> {
    #[inline]
    fn say(&mut self, kind: EventKind) {
        *self.seq += 1;
        self.events.push(Event { seq: *self.seq, ts: self.now, kind });
    }

    #[inline]
    fn number_of(&self, slot: u32) -> OrderId {
        OrderId::Number(self.records[slot as usize].number)
    }
}

impl Sink for Tape<'_> {
    fn room(&mut self, _: u32, _: Side) -> i64 {
        0
    }

    #[inline]
    fn fill(&mut self, maker: Maker, price: Price, qty: u64) {
        *self.lots -= qty;
        let maker_id = self.number_of(maker.slot);
        self.say(EventKind::Trade {
            instrument: BOOK,
            price,
            qty: Qty::new(qty),
            maker: AccountId(maker.owner),
            maker_id,
            taker: AccountId(self.owner),
            taker_id: OrderId::Number(self.number),
            side: self.side,
            kind: TradeKind::Normal,
            maker_fee: Money::ZERO,
            taker_fee: Money::ZERO,
        });
    }

    fn refilled(&mut self, maker: Maker, _: Side, price: Price, shown: u64) {
        let (account, id) = (AccountId(maker.owner), self.number_of(maker.slot));
        self.say(EventKind::Refilled {
            account,
            id,
            instrument: BOOK,
            price,
            qty: Qty::new(shown),
        });
    }

    fn pair(&mut self, _: Maker, _: Maker, _: Price, _: u64) {}

    fn lost(&mut self, maker: Maker, _: Side, price: Option<Price>, qty: u64, _: Gone) {
        *self.lots -= qty;
        let (account, id) = (AccountId(maker.owner), self.number_of(maker.slot));
        self.say(went(account, id, price, qty, maker.left));
    }

    fn decremented(&mut self, qty: u64, left: u64) {
        let (account, id) = (AccountId(self.owner), OrderId::Number(self.number));
        let limit = self.limit;
        self.say(went(account, id, limit, qty, left));
    }
}

/// `qty` lots of an order went by self-match prevention; `left` are still open.
fn went(account: AccountId, id: OrderId, price: Option<Price>, qty: u64, left: u64) -> EventKind {
    let instrument = BOOK;
    if left == 0 {
        let (qty, reason) = (Qty::new(qty), CancelReason::SelfMatch);
        return EventKind::Cancelled { account, id, instrument, qty, reason };
    }
    let qty = Qty::new(left);
    let (kept_priority, handle) = (true, None);
    EventKind::Replaced { account, id, instrument, price, qty, kept_priority, handle }
}

impl Bare {
    /// An empty book.
    pub(crate) fn new(band: Option<Band>, orders: usize) -> Bare {
        Bare {
            book: Book::new(band, orders),
            records: Vec::with_capacity(orders),
            lots: 0,
            seq: 0,
            now: 0,
            numbers: 0,
        }
    }

    fn say(&mut self, kind: EventKind, events: &mut Vec<Event>) {
        self.seq += 1;
        events.push(Event { seq: self.seq, ts: self.now, kind });
    }

    /// Answers a command with a refusal.
    #[cold]
    pub(crate) fn refuse(
        &mut self,
        owner: u32,
        number: Option<u64>,
        reason: Reject,
        events: &mut Vec<Event>,
    ) {
        let (account, id) = (Some(AccountId(owner)), number.map(OrderId::Number));
        self.say(EventKind::Rejected { account, name: None, id, reason }, events);
    }

    /// Enters an order: its number, and its handle if it rests. Rejects as the exchange does.
    ///
    /// Cost: O(orders it meets).
    #[inline]
    pub(crate) fn enter(
        &mut self,
        entry: &Entry,
        events: &mut Vec<Event>,
    ) -> Result<(u64, Option<Handle>), Reject> {
        self.check(entry, 0)?;
        self.numbers += 1;
        let number = self.numbers;
        let said = events.len();
        self.say(
            EventKind::Accepted {
                account: AccountId(entry.owner),
                id: OrderId::Number(number),
                instrument: BOOK,
                side: entry.side,
                price: entry.limit,
                qty: entry.qty,
                trigger: None,
                display: entry.display,
                offset: None,
                handle: None,
            },
            events,
        );
        let handle = self.work(entry, number, events);
        if handle.is_some()
            && let Some(event) = events.get_mut(said)
            && let EventKind::Accepted { handle: told, .. } = &mut event.kind
        {
            *told = handle;
        }
        Ok((number, handle))
    }

    /// Takes an order out. Cost: O(1).
    #[inline]
    pub(crate) fn cancel(
        &mut self,
        owner: u32,
        handle: Handle,
        events: &mut Vec<Event>,
    ) -> Result<(), Reject> {
        let found = self.book.find(handle).filter(|order| order.owner == owner);
        let slot = found.ok_or(Reject::UnknownOrder)?.slot;
        let number = self.records[slot as usize].number;
        let gone = self.book.remove(slot);
        self.lots -= gone.qty.lots();
        self.say_cancelled(owner, number, gone.qty, CancelReason::Client, events);
        Ok(())
    }

    /// Changes an order: in its place where only its quantity falls, else anew. Its number, and its handle if it rests.
    #[inline]
    pub(crate) fn replace(
        &mut self,
        owner: u32,
        handle: Handle,
        price: i64,
        qty: Qty,
        events: &mut Vec<Event>,
    ) -> Result<(u64, Option<Handle>), Reject> {
        let found = self.book.find(handle).filter(|order| order.owner == owner);
        let old = found.ok_or(Reject::UnknownOrder)?;
        let price = Price::new(price).ok_or(Reject::PriceOutOfRange)?;
        let Record { number, self_match, post_only } = self.records[old.slot as usize];
        let entry = Entry {
            owner,
            side: old.side,
            limit: Some(price),
            market: false,
            qty,
            display: old.display,
            min_qty: Qty::ZERO,
            life: Life::Gtc,
            post_only,
            self_match,
        };
        self.check(&entry, old.qty.lots())?;
        let kept_priority = old.price == Some(price) && qty < old.qty;
        self.say(
            EventKind::Replaced {
                account: AccountId(owner),
                id: OrderId::Number(number),
                instrument: BOOK,
                price: Some(price),
                qty,
                kept_priority,
                handle: None,
            },
            events,
        );
        if kept_priority {
            self.book.reduce(old.slot, old.qty - qty);
            self.lots -= old.qty.lots() - qty.lots();
            return Ok((number, Some(handle)));
        }
        let said = events.len() - 1;
        self.book.remove(old.slot);
        self.lots -= old.qty.lots();
        let handle = self.work(&entry, number, events);
        if let Some(event) = events.get_mut(said)
            && let EventKind::Replaced { handle: told, .. } = &mut event.kind
        {
            *told = handle;
        }
        Ok((number, handle))
    }

    /// Every check of an entry, before anything changes; `given_back` lots leave the book first.
    #[inline]
    fn check(&self, entry: &Entry, given_back: u64) -> Result<(), Reject> {
        if entry.qty.is_zero() {
            return Err(Reject::QuantityNotPositive);
        }
        if entry.qty > Qty::MAX || self.lots - given_back + entry.qty.lots() > LOTS_MAX {
            return Err(Reject::QuantityTooLarge);
        }
        if !entry.display.is_zero()
            && (entry.market
                || entry.life != Life::Gtc
                || entry.qty.lots() > entry.display.lots().saturating_mul(PEAKS_MAX))
        {
            return Err(Reject::Display);
        }
        if entry.min_qty > entry.qty {
            return Err(Reject::MinQty);
        }
        if let (Some(band), Some(limit)) = (self.book.band(), entry.limit)
            && !band.contains(limit)
        {
            return Err(Reject::PriceBand);
        }
        if entry.post_only
            && let Some((best, _)) = self.book.best(entry.side.opposite())
            && entry.limit.is_none_or(|limit| limit.admits(entry.side, best))
        {
            return Err(Reject::PostOnly);
        }
        if self.book.is_full() {
            return Err(Reject::Full);
        }
        Ok(())
    }

    /// Matches an order that has passed its checks; rests or cancels what is left.
    #[inline]
    fn work(&mut self, entry: &Entry, number: u64, events: &mut Vec<Event>) -> Option<Handle> {
        let Entry { owner, side, limit, qty, self_match, .. } = *entry;
        let taker = Taker { owner, side, limit, qty, self_match };
        let mut tape = Tape {
            events,
            seq: &mut self.seq,
            now: self.now,
            lots: &mut self.lots,
            records: &self.records,
            owner,
            number,
            side,
            limit,
        };
        let (wanted, reason) = match entry.life {
            Life::Fok => (qty, CancelReason::Fok),
            _ => (entry.min_qty, CancelReason::MinQty),
        };
        if !wanted.is_zero() && !self.book.could_trade(&taker, wanted, &mut tape) {
            self.say_cancelled(owner, number, qty, reason, events);
            return None;
        }
        let taken = self.book.take(&taker, &mut tape);
        if taken.left.is_zero() {
            return None;
        }
        let reason = match entry.life {
            _ if taken.stop == Stop::SelfMatch => CancelReason::SelfMatch,
            Life::Fok => CancelReason::Fok,
            _ if entry.market => CancelReason::Market,
            Life::Ioc => CancelReason::Ioc,
            Life::Gtc => return Some(self.rest(entry, number, taken.left)),
        };
        self.say_cancelled(owner, number, taken.left, reason, events);
        None
    }

    #[inline]
    fn rest(&mut self, entry: &Entry, number: u64, left: Qty) -> Handle {
        let plain = NewResting::plain(entry.side, entry.limit, entry.owner, left);
        let handle = self.book.rest(NewResting { display: entry.display, ..plain });
        self.lots += left.lots();
        let record = Record { number, self_match: entry.self_match, post_only: entry.post_only };
        match self.records.get_mut(handle.slot as usize) {
            Some(place) => *place = record,
            // Slots are handed out in order, so the first use of one is the table's next place.
            None => self.records.push(record),
        }
        handle
    }

    fn say_cancelled(
        &mut self,
        owner: u32,
        number: u64,
        qty: Qty,
        reason: CancelReason,
        events: &mut Vec<Event>,
    ) {
        let (account, id) = (AccountId(owner), OrderId::Number(number));
        self.say(EventKind::Cancelled { account, id, instrument: BOOK, qty, reason }, events);
    }
}
