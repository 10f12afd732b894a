//! LOBSTER files as commands: Nasdaq messages of one stock, and the book after each of them.
//!
//! A message is `time,type,order id,size,price,direction`: seconds since midnight; 1 a new order, 2 a part cancelled,
//! 3 an order deleted, 4 a visible execution, 5 a hidden one, 6 a cross, 7 a halt; price x 10,000; 1 where the order
//! that rests is a buy, -1 a sell. The book file has a row for each message, the book after it: ask price, ask size,
//! bid price, bid size, level after level. Only messages that touch these levels are in the file, so orders come and
//! go further away without a word; [`Conversion`] says how that is dealt with.
//! Source: lobsterdata.com, "Output Structure".

mod convert;
mod rows;
mod sight;
#[cfg(test)]
mod tests;

pub use convert::Conversion;

use crate::recorded::lines::name;
use crate::recorded::{Listing, write_config};
use crate::r#where::Error;
use plimsoll_types::{Label, Side, Ts};
use rows::Rows;

/// Places after the point of a recorded price.
const DECIMALS: u32 = 4;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Add,
    Cancel,
    Delete,
    Execution,
    Hidden,
    Cross,
    Halt,
}

/// One message.
#[derive(Clone, Copy, Debug)]
struct Message {
    ts: Ts,
    kind: Kind,
    id: u64,
    qty: u64,
    price: i64,
    side: Side,
}

impl Message {
    /// Whether it is about an order that the book shows.
    fn is_visible(&self) -> bool {
        matches!(self.kind, Kind::Add | Kind::Cancel | Kind::Delete | Kind::Execution)
    }

    /// The order's name in commands.
    fn order(&self) -> Label {
        name(&self.id.to_string())
    }
}

/// A recording of one stock.
#[derive(Clone, Debug)]
pub struct Recording {
    listing: Listing,
    messages: Vec<Message>,
    book: Option<Rows>,
}

impl Recording {
    /// Reads a message file and, where there is one, the book file beside it; each with its name for errors.
    ///
    /// The tick is the largest step of which every visible price in both files is a multiple. The middle of the first
    /// book's best prices stands in for the previous settlement; without a book, the first visible price.
    /// Errors: the first row that is none, with line and column; a book file of another length.
    pub fn read(messages: (&str, &str), book: Option<(&str, &str)>) -> Result<Recording, Error> {
        let (file, text) = messages;
        let messages = rows::messages(file, text)?;
        let rows = book.map(|(file, text)| rows::read(file, text, &messages)).transpose()?;
        let levels = rows.iter().flat_map(Rows::prices);
        let visible = messages.iter().filter(|message| message.is_visible());
        let mut prices = visible.map(|message| message.price).chain(levels).peekable();
        let Some(&first) = prices.peek() else {
            let expected = "at least one message of type 1, 2, 3 or 4";
            return Err(Error::new("type", expected, "none").in_file(file));
        };
        let (mut tick, mut lowest, mut highest) = (0, first, first);
        for price in prices {
            tick = common_step(tick, price);
            (lowest, highest) = (lowest.min(price), highest.max(price));
        }
        let reference = rows.as_ref().and_then(Rows::first_middle).unwrap_or(first);
        let listing = Listing::new(symbol(file), DECIMALS, tick, (lowest, highest), reference)
            .map_err(|error| error.in_file(file))?;
        Ok(Recording { listing, messages, book: rows })
    }

    /// Messages read.
    pub fn messages(&self) -> usize {
        self.messages.len()
    }

    /// The stock.
    pub fn symbol(&self) -> Label {
        self.listing.symbol
    }

    /// The configuration for the commands.
    pub fn config(&self) -> String {
        write_config("USD", std::slice::from_ref(&self.listing))
    }

    /// The commands, message after message.
    pub fn convert(&self) -> Conversion<'_> {
        Conversion::new(self)
    }
}

/// The name of the book file that belongs to a message file, where its name follows the habit.
pub fn book_file(messages: &str) -> Option<String> {
    let (before, after) = messages.rsplit_once("_message_")?;
    (!after.contains(['/', '\\'])).then(|| format!("{before}_orderbook_{after}"))
}

/// The stock's symbol, by the habit of file names: `AAPL_2012-06-21_34200000_57600000_message_10.csv`.
fn symbol(file: &str) -> Label {
    let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name(stem.split(['_', '.']).next().unwrap_or(stem))
}

/// The largest number that divides both.
pub(crate) fn common_step(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}
