//! The feed folded back into books: what a client keeps, and the server itself, which makes its snapshots of it.

use super::book::{BookOrder, FeedBook, Inconsistent};
use super::messages::{
    Add, BandChange, ControlMessage, FeedMessage, Listing, Mark, Mode, PhaseChange, Restriction,
    Settlement, SnapshotEnd, Subscribe, channel,
};
use super::packet::{Packer, PacketView, packet_head};
use crate::binary::codes;
use crate::binary::layout::{Malformed, Message};
use plimsoll_types::Side;
use std::collections::BTreeMap;
use zerocopy::IntoBytes;

/// Why a packet could not be folded in. After it the books are worth nothing until a snapshot comes, but for a [`Gap`](FoldError::Gap).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldError {
    /// The bytes are no packet of the feed.
    Malformed,
    /// Messages are missing: ask for them again from `expected` on. The books stand where they stood.
    Gap {
        /// Number of the message that should have come.
        expected: u64,
        /// Number of the one that came.
        found: u64,
    },
    /// Another run of the server: ask for a snapshot.
    Session {
        /// The run that the books are of.
        expected: u64,
        /// The run that the packet is of.
        found: u64,
    },
    /// A message names an instrument that is not there, or lists one that is.
    Instrument(u16),
    /// A message says what cannot be of a book.
    Book(Inconsistent),
    /// A snapshot broke off, or is not the number of orders it says.
    Snapshot,
}

impl std::fmt::Display for FoldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FoldError::Malformed => f.write_str("the bytes are no packet of the feed"),
            FoldError::Gap { expected, found } => {
                write!(f, "message {found} came where {expected} should have")
            }
            FoldError::Session { expected, found } => {
                write!(f, "a packet of session {found} came into session {expected}")
            }
            FoldError::Instrument(instrument) => {
                write!(f, "instrument {instrument} is unknown, or listed twice")
            }
            FoldError::Book(what) => what.fmt(f),
            FoldError::Snapshot => f.write_str("the snapshot is not whole"),
        }
    }
}

impl std::error::Error for FoldError {}

impl From<Malformed> for FoldError {
    fn from(_: Malformed) -> FoldError {
        FoldError::Malformed
    }
}

impl From<Inconsistent> for FoldError {
    fn from(what: Inconsistent) -> FoldError {
        FoldError::Book(what)
    }
}

/// Every book, as far as the feed has been heard. Memory: that of what stands in the books.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    books: BTreeMap<u16, FeedBook>,
    session: u64,
    /// Number of the next message; 0 = nothing has come.
    next: u64,
    /// Orders that came in a snapshot that has not ended.
    snapshot: Option<u64>,
    whole: bool,
    command: u64,
}

impl Fold {
    /// Nothing heard yet: it begins with message 1, or with a snapshot.
    pub fn new() -> Fold {
        Fold::default()
    }

    /// Which run of the server it is of; 0 before the first packet.
    pub fn session(&self) -> u64 {
        self.session
    }

    /// Number of the next message: what to ask for after a broken connection.
    pub fn next(&self) -> u64 {
        self.next.max(1)
    }

    /// What to ask for on a new connection: the stream from where it broke off, or a snapshot where there is nothing whole to go on from.
    pub fn subscription(&mut self) -> Subscribe {
        if self.snapshot.is_some() {
            *self = Fold::new();
        }
        let mode = if self.next == 0 { Mode::Snapshot } else { Mode::From };
        Subscribe {
            head: Subscribe::head(),
            mode: mode as u8,
            session: self.session.into(),
            from: self.next.into(),
            to: 0.into(),
        }
    }

    /// Whether the books are those of the exchange after a command, and not in the midst of one.
    pub fn is_whole(&self) -> bool {
        self.whole && self.snapshot.is_none()
    }

    /// Number of the last command that is in the books, as the journal counts; 0 = as the server began.
    pub fn command(&self) -> u64 {
        self.command
    }

    /// The books, by instrument.
    pub fn books(&self) -> impl Iterator<Item = (u16, &FeedBook)> {
        self.books.iter().map(|(instrument, book)| (*instrument, book))
    }

    /// An instrument's book.
    pub fn book(&self, instrument: u16) -> Option<&FeedBook> {
        self.books.get(&instrument)
    }

    /// The instrument of a symbol.
    pub fn find(&self, symbol: &str) -> Option<u16> {
        let mut all = self.books.iter();
        all.find(|(_, book)| book.listing.symbol.text() == symbol).map(|(number, _)| *number)
    }

    /// Folds a packet in, and hands each new message to `each` with its number (0 in a snapshot) after it has had its effect.
    ///
    /// Messages that had come before are passed over. Errors: [`FoldError`].
    pub fn packet(
        &mut self,
        packet: &PacketView<'_>,
        mut each: impl FnMut(u64, &FeedMessage, &Fold),
    ) -> Result<(), FoldError> {
        match packet.channel {
            channel::STREAM => self.stream(packet, &mut each),
            channel::SNAPSHOT => self.snapshot(packet, &mut each),
            channel::CONTROL => self.control(packet),
            _ => Err(FoldError::Malformed),
        }
    }

    fn check_session(&mut self, found: u64) -> Result<(), FoldError> {
        if self.next == 0 || self.session == found {
            self.session = found;
            return Ok(());
        }
        Err(FoldError::Session { expected: self.session, found })
    }

    fn stream(
        &mut self,
        packet: &PacketView<'_>,
        each: &mut impl FnMut(u64, &FeedMessage, &Fold),
    ) -> Result<(), FoldError> {
        if self.snapshot.is_some() {
            return Err(FoldError::Snapshot);
        }
        self.check_session(packet.session)?;
        let expected = self.next();
        if packet.sequence > expected {
            return Err(FoldError::Gap { expected, found: packet.sequence });
        }
        let mut number = packet.sequence;
        for message in packet.messages() {
            if number == self.next() {
                let message = message?;
                if let Some(message) = &message {
                    self.whole = matches!(message, FeedMessage::Whole(_));
                    self.message(message)?;
                }
                self.next = number.checked_add(1).ok_or(FoldError::Malformed)?;
                if let Some(message) = &message {
                    each(number, message, self);
                }
            }
            number = number.checked_add(1).ok_or(FoldError::Malformed)?;
        }
        Ok(())
    }

    fn snapshot(
        &mut self,
        packet: &PacketView<'_>,
        each: &mut impl FnMut(u64, &FeedMessage, &Fold),
    ) -> Result<(), FoldError> {
        let next = packet.sequence.checked_add(1).ok_or(FoldError::Malformed)?;
        if self.snapshot.is_none() || next != self.next {
            self.books.clear();
            (self.session, self.next) = (packet.session, next);
            self.snapshot = Some(0);
        }
        if packet.session != self.session {
            return Err(FoldError::Snapshot);
        }
        for message in packet.messages() {
            let Some(message) = message? else { continue };
            self.message(&message)?;
            if let (FeedMessage::Add(_), Some(orders)) = (&message, &mut self.snapshot) {
                *orders += 1;
            }
            each(0, &message, self);
        }
        Ok(())
    }

    fn control(&mut self, packet: &PacketView<'_>) -> Result<(), FoldError> {
        for message in packet.controls() {
            if let Some(ControlMessage::SnapshotEnd(end)) = message? {
                if self.snapshot.take() != Some(end.orders.get()) {
                    return Err(FoldError::Snapshot);
                }
                (self.whole, self.command) = (true, end.command.get());
            }
        }
        Ok(())
    }

    /// What one message does.
    fn message(&mut self, message: &FeedMessage) -> Result<(), FoldError> {
        match message {
            FeedMessage::Listing(m) => {
                let instrument = m.instrument.get();
                if self.books.contains_key(&instrument) {
                    return Err(FoldError::Instrument(instrument));
                }
                self.books.insert(instrument, FeedBook::new(*m));
            }
            FeedMessage::Delisting(m) => {
                let instrument = m.instrument.get();
                self.books.remove(&instrument).ok_or(FoldError::Instrument(instrument))?;
            }
            FeedMessage::Add(m) => {
                let order = order(m.order, m.qty, m.price, m.side)?;
                self.book_mut(m.instrument)?.add(order, m.before.get())?;
            }
            FeedMessage::Refill(m) => {
                let order = order(m.order, m.qty, m.price, m.side)?;
                self.book_mut(m.instrument)?.add(order, 0)?;
            }
            FeedMessage::Replace(m) => {
                let order = order(m.order, m.qty, m.price, m.side)?;
                let book = self.book_mut(m.instrument)?;
                book.remove(m.old.get())?;
                book.add(order, 0)?;
            }
            FeedMessage::Reduce(m) => {
                self.book_mut(m.instrument)?.set(m.order.get(), m.left.get())?;
            }
            FeedMessage::Delete(m) => {
                self.book_mut(m.instrument)?.remove(m.order.get())?;
            }
            FeedMessage::Trade(m) => {
                let book = self.book_mut(m.instrument)?;
                for (order, left) in [(m.maker, m.maker_left), (m.taker, m.taker_left)] {
                    if order.get() != 0 {
                        book.set(order.get(), left.get())?;
                    }
                }
                book.last = Some(m.price.get());
            }
            FeedMessage::Whole(m) => self.command = m.command.get(),
            other => self.state(other)?,
        }
        Ok(())
    }

    /// What concerns a market and no order.
    fn state(&mut self, message: &FeedMessage) -> Result<(), FoldError> {
        match message {
            FeedMessage::PhaseChange(m) => {
                let book = self.book_mut(m.instrument)?;
                (book.phase, book.indicative) = (m.phase, None);
            }
            FeedMessage::BandChange(m) => {
                self.book_mut(m.instrument)?.band = Some((m.down.get(), m.up.get()));
            }
            FeedMessage::Restriction(m) => {
                self.book_mut(m.instrument)?.permission = m.permission;
            }
            FeedMessage::Mark(m) => self.book_mut(m.instrument)?.mark = Some(m.price.get()),
            FeedMessage::Index(m) => self.book_mut(m.instrument)?.index = Some(m.price.get()),
            FeedMessage::Settlement(m) => {
                self.book_mut(m.instrument)?.settlement = Some(m.price.get());
            }
            FeedMessage::Indicative(m) => self.book_mut(m.instrument)?.indicative = Some(*m),
            FeedMessage::Auction(m) => self.book_mut(m.instrument)?.indicative = None,
            FeedMessage::Bust(m) => {
                self.book_mut(m.instrument)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn book_mut(
        &mut self,
        instrument: zerocopy::little_endian::U16,
    ) -> Result<&mut FeedBook, FoldError> {
        let instrument = instrument.get();
        self.books.get_mut(&instrument).ok_or(FoldError::Instrument(instrument))
    }

    /// The books as packets of a snapshot, ended. Cost: O(orders).
    pub fn to_snapshot(&self) -> Vec<u8> {
        let last = self.next() - 1;
        let mut out = Packer::snapshot(self.session, last);
        let mut orders = 0;
        for book in self.books.values() {
            write_state(book, &mut out);
            for side in [Side::Buy, Side::Sell] {
                for order in book.orders(side) {
                    orders += 1;
                    write_order(book, &order, &mut out);
                }
            }
        }
        let mut bytes = out.take();
        if bytes.is_empty() {
            // A market without instruments is a snapshot too.
            let head = packet_head(channel::SNAPSHOT, self.session, last, (0, 0));
            bytes.extend_from_slice(head.as_bytes());
        }
        let mut end = Packer::control(self.session, self.next());
        let (head, orders, command) = (SnapshotEnd::head(), u64::into(orders), self.command.into());
        end.add(SnapshotEnd { head, orders, command });
        bytes.extend_from_slice(&end.take());
        bytes
    }
}

/// An order as messages have it.
fn order(
    order: zerocopy::little_endian::U64,
    qty: zerocopy::little_endian::U64,
    price: zerocopy::little_endian::U32,
    side: u8,
) -> Result<BookOrder, FoldError> {
    let side = codes::side(side).ok_or(FoldError::Malformed)?;
    Ok(BookOrder { order: order.get(), qty: qty.get(), price: price.get(), side })
}

fn write_state(book: &FeedBook, out: &mut Packer) {
    let Listing { instrument, ts, .. } = book.listing;
    out.add(book.listing);
    out.add(PhaseChange { head: PhaseChange::head(), instrument, ts, phase: book.phase });
    if let Some((down, up)) = book.band {
        let (down, up) = (down.into(), up.into());
        out.add(BandChange { head: BandChange::head(), instrument, ts, down, up });
    }
    if book.permission != codes::of_permission(plimsoll_types::Permission::Normal) {
        let permission = book.permission;
        out.add(Restriction { head: Restriction::head(), instrument, ts, permission });
    }
    if let Some(price) = book.mark {
        out.add(Mark { head: Mark::head(), instrument, ts, price: price.into() });
    }
    if let Some(price) = book.index {
        let head = super::messages::Index::head();
        out.add(super::messages::Index { head, instrument, ts, price: price.into() });
    }
    if let Some(price) = book.settlement {
        let (head, price) = (Settlement::head(), price.into());
        out.add(Settlement { head, instrument, ts, price, one_sided: 0 });
    }
    if let Some(indicative) = book.indicative {
        out.add(indicative);
    }
}

fn write_order(book: &FeedBook, order: &BookOrder, out: &mut Packer) {
    out.add(Add {
        head: Add::head(),
        instrument: book.listing.instrument,
        ts: book.listing.ts,
        order: order.order.into(),
        before: 0.into(),
        qty: order.qty.into(),
        price: order.price.into(),
        side: codes::of_side(order.side),
    });
}
