//! The rows of LOBSTER files: messages, and the levels after each.

use super::{Kind, Message};
use crate::r#where::Error;
use plimsoll_types::{Qty, Side, Ts};

/// Highest price read, in ten-thousandths: a hundred million dollars.
const PRICE_MAX: i64 = 1_000_000_000_000;

/// What stands where a side has no more levels.
const NO_LEVEL: i64 = 9_999_999_999;

/// Columns of a message; a seventh, the market participant, is passed over.
const COLUMNS: usize = 6;

/// The levels of one row, from the best.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    asks: Vec<(i64, u64)>,
    bids: Vec<(i64, u64)>,
}

impl Row {
    /// One side's levels.
    pub(super) fn side(&self, side: Side) -> &[(i64, u64)] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }
}

/// The book file.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// Levels a side.
    pub(super) depth: usize,
    /// A row for each message.
    pub(super) rows: Vec<Row>,
}

impl Rows {
    /// Every price in it.
    pub(super) fn prices(&self) -> impl Iterator<Item = i64> + '_ {
        self.rows.iter().flat_map(|row| row.asks.iter().chain(&row.bids)).map(|(price, _)| *price)
    }

    /// The middle of the first row's best prices.
    pub(super) fn first_middle(&self) -> Option<i64> {
        let row = self.rows.first()?;
        Some((row.asks.first()?.0 + row.bids.first()?.0) / 2)
    }
}

/// Reads the message file.
pub(super) fn messages(file: &str, text: &str) -> Result<Vec<Message>, Error> {
    let mut read = Vec::new();
    let mut now = 0;
    for (number, line) in (1u64..).zip(text.lines()) {
        let message = message(line, now).map_err(|error| error.at(file, number))?;
        now = message.ts;
        read.push(message);
    }
    match read.is_empty() {
        true => Err(Error::new("row", "at least one message", "nothing").at(file, 1)),
        false => Ok(read),
    }
}

fn message(line: &str, now: Ts) -> Result<Message, Error> {
    let mut columns = line.split(',');
    let [time, kind, id, qty, price, direction]: [&str; COLUMNS] =
        std::array::from_fn(|_| columns.next().unwrap_or(""));
    if !(COLUMNS..=COLUMNS + 1).contains(&line.split(',').count()) {
        return Err(Error::new("row", "6 columns", line));
    }
    let ts = nanoseconds(time)?;
    if ts < now {
        return Err(Error::new("time", "a time not before the last", time));
    }
    let kind = match kind {
        "1" => Kind::Add,
        "2" => Kind::Cancel,
        "3" => Kind::Delete,
        "4" => Kind::Execution,
        "5" => Kind::Hidden,
        "6" => Kind::Cross,
        "7" => Kind::Halt,
        _ => return Err(Error::new("type", "1 to 7", kind)),
    };
    let side = match direction {
        "1" => Side::Buy,
        "-1" => Side::Sell,
        _ => return Err(Error::new("direction", "1 or -1", direction)),
    };
    if kind == Kind::Halt {
        let price = match price {
            "-1" => -1,
            "0" => 0,
            "1" => 1,
            _ => return Err(Error::new("price", "-1, 0 or 1 for a halt", price)),
        };
        return Ok(Message { ts, kind, id: 0, qty: 0, price, side });
    }
    let id = match kind {
        // Executions without a visible order carry 0 or -1.
        Kind::Hidden | Kind::Cross => 0,
        _ => id.parse().map_err(|_| Error::new("order id", "a whole number", id))?,
    };
    Ok(Message { ts, kind, id, qty: quantity("size", qty)?, price: limit("price", price)?, side })
}

fn quantity(field: &str, text: &str) -> Result<u64, Error> {
    let qty = text.parse::<u64>().ok().filter(|qty| (1..=Qty::MAX.lots()).contains(qty));
    qty.ok_or_else(|| Error::new(field, "a whole number above 0 and below 2^40", text))
}

fn limit(field: &str, text: &str) -> Result<i64, Error> {
    let price = text.parse::<i64>().ok().filter(|price| (1..=PRICE_MAX).contains(price));
    price.ok_or_else(|| Error::new(field, "a price x 10,000, 1 to 10^12", text))
}

/// Seconds with up to nine places as nanoseconds.
fn nanoseconds(text: &str) -> Result<Ts, Error> {
    let wrong = || Error::new("time", "seconds since midnight, up to nine places", text);
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 6 || places.len() > 9 || !digits(whole) || !digits(places)
    {
        return Err(wrong());
    }
    let number = format!("{whole}{places:0<9}").parse::<Ts>();
    number.map_err(|_| wrong())
}

/// Reads the book file, which has a row for each message.
pub(super) fn read(file: &str, text: &str, messages: &[Message]) -> Result<Rows, Error> {
    let mut rows = Vec::with_capacity(messages.len());
    let columns = text.lines().next().unwrap_or("").split(',').count();
    for (number, line) in (1u64..).zip(text.lines()) {
        rows.push(row(line, columns).map_err(|error| error.at(file, number))?);
    }
    if rows.len() != messages.len() {
        let expected = format!("{} rows, one for each message", messages.len());
        return Err(Error::new("row", expected, &rows.len().to_string()).in_file(file));
    }
    Ok(Rows { depth: columns / 4, rows })
}

fn row(line: &str, columns: usize) -> Result<Row, Error> {
    if !columns.is_multiple_of(4) {
        return Err(Error::new("row", "4 columns a level", line));
    }
    if line.split(',').count() != columns {
        let expected = format!("{columns} columns, as in the first row");
        return Err(Error::new("row", expected, line));
    }
    let mut row = Row::default();
    let mut cells = line.split(',');
    while let (Some(ask), Some(ask_qty), Some(bid), Some(bid_qty)) =
        (cells.next(), cells.next(), cells.next(), cells.next())
    {
        level(&mut row.asks, Side::Sell, ("ask price", ask), ("ask size", ask_qty))?;
        level(&mut row.bids, Side::Buy, ("bid price", bid), ("bid size", bid_qty))?;
    }
    Ok(row)
}

fn level(
    levels: &mut Vec<(i64, u64)>,
    side: Side,
    (name, price): (&str, &str),
    (qty_name, qty): (&str, &str),
) -> Result<(), Error> {
    if price.parse::<i64>().is_ok_and(|price| price.abs() == NO_LEVEL) {
        return Ok(());
    }
    let (price, qty) = (limit(name, price)?, quantity(qty_name, qty)?);
    let behind = levels.last().is_none_or(|(last, _)| match side {
        Side::Buy => price < *last,
        Side::Sell => price > *last,
    });
    if !behind {
        return Err(Error::new(name, "levels from the best", &price.to_string()));
    }
    levels.push((price, qty));
    Ok(())
}
