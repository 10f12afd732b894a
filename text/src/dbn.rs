//! Databento's DBN files as commands: market by order (MBO), of one or more instruments.
//!
//! A record is an action on an order: A it entered, C it was cancelled, M it was modified, F it was filled; T tells a
//! trade from the taker's side, R empties the book, N says nothing of it. T and F do not change the book: the C or M
//! after them does. So F tells what is an execution, and the C and M that follow find the book as they say already.
//! Records up to the one with the flag LAST are one event of the venue. Prices count 10^-9.
//! Source: Databento's schema MBO and its notes on GLBX.MDP3.

mod convert;
mod read;
#[cfg(test)]
mod tests;
mod zstd;

pub use convert::Conversion;

use crate::recorded::{Listing, Tally, write_config};
use crate::r#where::Error;
use plimsoll_types::{Label, Side, Ts};

/// Places after the point of a recorded price.
const DECIMALS: u32 = 9;

/// What a record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Add,
    Cancel,
    Modify,
    Clear,
    Trade,
    Fill,
}

/// A record that says something of a book.
#[derive(Clone, Copy, Debug)]
struct Entry {
    ts: Ts,
    order: u64,
    price: i64,
    qty: u32,
    /// Which book, by first appearance.
    book: u16,
    action: Action,
    side: Option<Side>,
    /// Whether the venue's event ends here.
    last: bool,
    /// Its number in the file, from 1.
    place: u64,
}

/// A recording.
#[derive(Clone, Debug)]
pub struct Recording {
    books: Vec<Listing>,
    /// What stands before an order's id in commands, by book: nothing where there is one book.
    prefixes: Vec<String>,
    entries: Vec<Entry>,
    records: u64,
    tally: Tally,
}

impl Recording {
    /// Reads a whole file, plain or in Zstandard frames; `file` is its name in errors, whose lines are numbers of
    /// records.
    ///
    /// The tick of an instrument is that of its definition, where the file has one that fits all its prices, else the
    /// largest step of which all its recorded prices are multiples. The middle of the best prices of its first event
    /// with both sides stands in for the previous settlement.
    /// Errors: no DBN, a file cut short, a record that is none.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Recording, Error> {
        read::read(bytes).map_err(|(error, record)| match record {
            Some(record) => error.at(file, record),
            None => error.in_file(file),
        })
    }

    /// Records read, of whatever kind.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Records that say something of a book: what [`Conversion::position`] counts.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// The instruments, in the order of the configuration.
    pub fn symbols(&self) -> impl Iterator<Item = Label> + '_ {
        self.books.iter().map(|listing| listing.symbol)
    }

    /// The configuration for the commands.
    pub fn config(&self) -> String {
        write_config("USD", &self.books)
    }

    /// The commands, event after event.
    pub fn convert(&self) -> Conversion<'_> {
        Conversion::new(self)
    }
}
