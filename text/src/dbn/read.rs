//! The records of a DBN file.

use super::zstd::{Frames, is_zstd};
use super::{Action, DECIMALS, Entry, Recording};
use crate::lobster::common_step;
use crate::recorded::lines::name;
use crate::recorded::{Listing, Tally};
use crate::r#where::Error;
use dbn::decode::dbn::fsm::{DbnFsm, ProcessResult};
use dbn::{FlagSet, MboMsg, Metadata, RecordRef, Schema, VersionUpgradePolicy, v1, v2, v3};
use plimsoll_types::{Label, Side};
use std::collections::{BTreeSet, HashMap};
use std::io::Read;

/// Most bytes of metadata read: a million symbols or so.
const METADATA_MAX: u32 = 256 << 20;

/// Bytes before the metadata: `DBN`, the version, the length.
const PRELUDE: usize = 8;

/// Highest price read, either way: sums of two stay inside 63 bits.
const PRICE_MAX: i64 = i64::MAX / 4;

/// Most books that a configuration numbers.
const BOOKS_MAX: usize = u16::MAX as usize;

/// What is wrong, and in which record if in one.
type Wrong = (Error, Option<u64>);

pub(super) fn read(bytes: &[u8]) -> Result<Recording, Wrong> {
    if is_zstd(bytes) {
        return stream(Frames::new(bytes));
    }
    if bytes.starts_with(b"DBN") {
        return stream(bytes);
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(8)]).into_owned();
    let found = if bytes.is_empty() { "nothing" } else { &start };
    Err((Error::new("file", "DBN, plain or in Zstandard frames", found), None))
}

fn stream(mut bytes: impl Read) -> Result<Recording, Wrong> {
    let mut fsm = fsm();
    let (mut reader, mut metadata) = (Reader::default(), None);
    let damaged = |what: &str, record: u64| {
        (Error::new("record", "an undamaged DBN record", what), Some(record))
    };
    fill_prelude(&mut bytes, &mut fsm)?;
    loop {
        let record = reader.records + 1;
        match fsm.process() {
            ProcessResult::ReadMore(_) => {
                let read = bytes.read(fsm.space());
                match read.map_err(|error| damaged(&error.to_string(), record))? {
                    0 => break,
                    count => fsm.fill(count),
                }
            }
            ProcessResult::Metadata(read) => metadata = Some(read),
            ProcessResult::Record(()) => {
                reader.records = record;
                let version = metadata.as_ref().map_or(0, |metadata: &Metadata| metadata.version);
                let last = fsm.last_record().ok_or_else(|| damaged("none", record))?;
                reader.record(last, version).map_err(|error| (error, Some(record)))?;
            }
            ProcessResult::Err(error) if metadata.is_some() => {
                return Err(damaged(&error.to_string(), record));
            }
            ProcessResult::Err(error) => {
                return Err((Error::new("metadata", "that of DBN", &error.to_string()), None));
            }
        }
    }
    let Some(metadata) = metadata else {
        return Err((Error::new("metadata", "that of DBN", "the end of the file"), None));
    };
    if !fsm.data().is_empty() {
        return Err(damaged("the end of the file inside it", reader.records + 1));
    }
    reader.finish(&metadata).map_err(|error| (error, None))
}

/// A decoder that leaves records as they are: those we read are the same in every version but definitions.
fn fsm() -> DbnFsm {
    DbnFsm::builder()
        .upgrade_policy(VersionUpgradePolicy::AsIs)
        .build()
        .unwrap_or_else(|_| DbnFsm::new(DbnFsm::DEFAULT_BUF_SIZE, 0))
}

/// Hands the decoder the first bytes, once the length they tell of the metadata is known to be sound: it reserves as
/// much memory as they ask for.
fn fill_prelude(bytes: &mut impl Read, fsm: &mut DbnFsm) -> Result<(), Wrong> {
    let mut prelude = [0; PRELUDE];
    bytes.read_exact(&mut prelude).map_err(|error| {
        let found = match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "the end of the file".to_owned(),
            _ => error.to_string(),
        };
        (Error::new("metadata", "that of DBN", &found), None)
    })?;
    let length = u32::from_le_bytes([prelude[4], prelude[5], prelude[6], prelude[7]]);
    if &prelude[..3] == b"DBN" && length > METADATA_MAX {
        let expected = format!("at most {METADATA_MAX} bytes of metadata");
        return Err((Error::new("metadata", expected, &length.to_string()), None));
    }
    fsm.write_all(&prelude);
    Ok(())
}

/// What is known of a book while the file is read.
struct BookSeen {
    publisher: u16,
    instrument: u32,
    /// When its first record was received: the day by which symbols are mapped, also where that record is of a
    /// snapshot that was taken before.
    received: u64,
    step: i64,
    lowest: i64,
    highest: i64,
    /// Best prices of the first event with both sides.
    opening: [Option<i64>; 2],
    opened: bool,
}

#[derive(Default)]
struct Reader {
    records: u64,
    entries: Vec<Entry>,
    books: Vec<BookSeen>,
    places: HashMap<(u16, u32), u16>,
    /// Tick sizes of definitions.
    ticks: HashMap<(u16, u32), i64>,
    tally: Tally,
}

impl Reader {
    fn record(&mut self, record: RecordRef<'_>, version: u8) -> Result<(), Error> {
        if !record.has::<MboMsg>() {
            self.tally.add("other_records", 1);
            let header = record.header();
            if let Some(tick) = tick_of_definition(record, version) {
                self.ticks.insert((header.publisher_id, header.instrument_id), tick);
            }
            return Ok(());
        }
        let message = record.try_get::<MboMsg>().map_err(|_| {
            Error::new(
                "length",
                "56 bytes of an MBO record",
                &record.header().record_size().to_string(),
            )
        })?;
        self.message(message)
    }

    fn message(&mut self, message: &MboMsg) -> Result<(), Error> {
        let flags = message.flags;
        self.count(flags);
        let action = match message.action as u8 {
            b'A' => Action::Add,
            b'C' => Action::Cancel,
            b'M' => Action::Modify,
            b'R' => Action::Clear,
            b'T' => Action::Trade,
            b'F' => Action::Fill,
            b'N' => {
                self.tally.add("records_without_action", 1);
                return Ok(());
            }
            other => return Err(Error::new("action", "A, C, M, R, T, F or N", &letter(other))),
        };
        let side = match message.side as u8 {
            b'B' => Some(Side::Buy),
            b'A' => Some(Side::Sell),
            b'N' => None,
            other => return Err(Error::new("side", "A, B or N", &letter(other))),
        };
        if flags.is_tob() || flags.is_mbp() {
            // Levels, not orders.
            self.tally.add("aggregated_records", 1);
            return Ok(());
        }
        let enters = matches!(action, Action::Add | Action::Modify);
        if enters && side.is_none() {
            return Err(Error::new("side", "A or B for an order", "N"));
        }
        let priced = enters || matches!(action, Action::Trade | Action::Fill);
        if enters && message.price == dbn::UNDEF_PRICE {
            self.tally.add("orders_without_price", 1);
            return Ok(());
        }
        if priced && message.price.abs_diff(0) > PRICE_MAX.abs_diff(0) {
            let expected = format!("a price within {PRICE_MAX} billionths");
            return Err(Error::new("price", expected, &message.price.to_string()));
        }
        let counted = matches!(action, Action::Add | Action::Fill | Action::Trade);
        if message.size == dbn::UNDEF_ORDER_SIZE || (counted && message.size == 0) {
            return Err(Error::new("size", "a quantity above 0", &message.size.to_string()));
        }
        let ts = match message.hd.ts_event {
            ts if ts <= i64::MAX as u64 => ts,
            _ => 0,
        };
        let book = self.book(message)?;
        if action == Action::Add {
            self.books[usize::from(book)].open(side, message.price);
        }
        if flags.is_last() {
            let seen = &mut self.books[usize::from(book)];
            seen.opened |= seen.opening.iter().all(Option::is_some);
        }
        if priced {
            self.books[usize::from(book)].price(message.price);
        }
        self.entries.push(Entry {
            ts,
            order: message.order_id,
            price: message.price,
            qty: message.size,
            book,
            action,
            side,
            last: flags.is_last(),
            place: self.records,
        });
        Ok(())
    }

    fn count(&mut self, flags: FlagSet) {
        let named = [
            ("snapshot_records", flags.is_snapshot()),
            ("maybe_bad_book_records", flags.is_maybe_bad_book()),
        ];
        for (name, is) in named {
            self.tally.add(name, u64::from(is));
        }
    }

    fn book(&mut self, message: &MboMsg) -> Result<u16, Error> {
        let key = (message.hd.publisher_id, message.hd.instrument_id);
        if let Some(place) = self.places.get(&key) {
            return Ok(*place);
        }
        if self.books.len() == BOOKS_MAX {
            let found = key.1.to_string();
            return Err(Error::new("instrument_id", "at most 65,535 instruments", &found));
        }
        let place = self.books.len() as u16;
        self.places.insert(key, place);
        self.books.push(BookSeen {
            publisher: key.0,
            instrument: key.1,
            received: message.ts_recv,
            step: 0,
            lowest: i64::MAX,
            highest: i64::MIN,
            opening: [None; 2],
            opened: false,
        });
        Ok(place)
    }

    fn finish(self, metadata: &Metadata) -> Result<Recording, Error> {
        if self.books.is_empty() {
            return Err(match metadata.schema.filter(|schema| *schema != Schema::Mbo) {
                Some(other) => Error::new("schema", "mbo, market by order", other.as_str()),
                None => Error::new("record", "at least one MBO record of an order", "none"),
            });
        }
        let names = names(&self.books, metadata);
        let mut books = Vec::with_capacity(self.books.len());
        for (seen, symbol) in self.books.iter().zip(&names) {
            let defined = self.ticks.get(&(seen.publisher, seen.instrument)).copied();
            let tick = defined.filter(|tick| seen.step % tick == 0).unwrap_or(seen.step);
            let (lowest, highest) = match seen.lowest <= seen.highest {
                true => (seen.lowest, seen.highest),
                // A book of which nothing but its emptying is told.
                false => (tick.max(1), tick.max(1)),
            };
            let middle = match seen.opening {
                [Some(bid), Some(ask)] => (bid + ask) / 2,
                [bid, ask] => bid.or(ask).unwrap_or(lowest),
            };
            books.push(Listing::new(name(symbol), DECIMALS, tick, (lowest, highest), middle)?);
        }
        let prefix = |seen: &BookSeen| format!("{}-{}-", seen.publisher, seen.instrument);
        let prefixes = match self.books.as_slice() {
            [_] => vec![String::new()],
            books => books.iter().map(prefix).collect(),
        };
        let Reader { entries, records, tally, .. } = self;
        Ok(Recording { books, prefixes, entries, records, tally })
    }
}

impl BookSeen {
    fn price(&mut self, price: i64) {
        self.step = common_step(self.step, price);
        (self.lowest, self.highest) = (self.lowest.min(price), self.highest.max(price));
    }

    fn open(&mut self, side: Option<Side>, price: i64) {
        if self.opened {
            return;
        }
        let [bid, ask] = &mut self.opening;
        match side {
            Some(Side::Buy) => *bid = Some(bid.map_or(price, |best| best.max(price))),
            Some(Side::Sell) => *ask = Some(ask.map_or(price, |best| best.min(price))),
            None => {}
        }
    }
}

/// The tick size that a definition tells, if the record is one.
fn tick_of_definition(record: RecordRef<'_>, version: u8) -> Option<i64> {
    let tick = match version {
        1 => record.try_get::<v1::InstrumentDefMsg>().ok()?.min_price_increment,
        2 => record.try_get::<v2::InstrumentDefMsg>().ok()?.min_price_increment,
        _ => record.try_get::<v3::InstrumentDefMsg>().ok()?.min_price_increment,
    };
    (tick > 0 && tick < PRICE_MAX).then_some(tick)
}

/// The symbols of the books: as the metadata maps them, with the numbers of instrument and publisher where two would
/// be the same or a name is too long; the number of the instrument where there is no name.
fn names(books: &[BookSeen], metadata: &Metadata) -> Vec<String> {
    let map = metadata.symbol_map().unwrap_or_default();
    let name = |seen: &BookSeen| match map.get_for_ts(seen.received, seen.instrument) {
        Some(symbol) if !symbol.is_empty() => symbol.clone(),
        _ => seen.instrument.to_string(),
    };
    let plain: Vec<String> = books.iter().map(name).collect();
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for name in &plain {
        *counts.entry(name).or_default() += 1;
    }
    let sound = |name: &String| name.len() <= Label::MAX_LEN && counts[name.as_str()] == 1;
    let long = |name: &String, seen: &BookSeen| {
        // Two numbers of at most ten and five digits, and two points.
        let start = &name[..name.floor_char_boundary(Label::MAX_LEN - 17)];
        format!("{start}.{}.{}", seen.instrument, seen.publisher)
    };
    let mut names: Vec<String> = plain
        .iter()
        .zip(books)
        .map(|(name, seen)| if sound(name) { name.clone() } else { long(name, seen) })
        .collect();
    if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        names =
            books.iter().map(|seen| format!("{}.{}", seen.instrument, seen.publisher)).collect();
    }
    names
}

fn letter(byte: u8) -> String {
    char::from(byte).to_string()
}
