//! The columns of an L3 file and what its metadata says.

use arrow_schema::{DataType, Field, Schema};
use plimsoll_text::recorded::Action;
use plimsoll_types::{Phase, Side};
use std::collections::HashMap;

/// Metadata of the schema: the version.
pub const KEY_VERSION: &str = "plimsoll.l3";
/// Metadata of the schema: an EXCHANGE.toml.
pub const KEY_EXCHANGE: &str = "exchange";
/// Metadata of the schema: what it was made from.
pub const KEY_SOURCE: &str = "source";
/// Metadata of the schema: instruments, in the order of their codes, a line each.
pub const KEY_SYMBOLS: &str = "symbols";

/// Metadata of the footer: how many rows there are.
pub const KEY_ROWS: &str = "rows";
/// Metadata of the footer: one more than the highest slot.
pub const KEY_SLOTS: &str = "slots";
/// Metadata of the footer: time of the first row.
pub const KEY_FIRST: &str = "first_ts";
/// Metadata of the footer: time of the last row.
pub const KEY_LAST: &str = "last_ts";
/// Metadata of the footer: names of orders that are no numbers, a line each.
pub const KEY_NAMES: &str = "names";
/// Metadata of the footer: a CRC-32C for each batch, of the bytes from the end of the one before.
pub const KEY_CHECKSUMS: &str = "crc32c";

/// Places of the columns.
pub mod column {
    pub const TS: usize = 0;
    pub const INSTRUMENT: usize = 1;
    pub const ACTION: usize = 2;
    pub const SLOT: usize = 3;
    pub const ORDER: usize = 4;
    pub const SIDE: usize = 5;
    pub const PRICE: usize = 6;
    pub const QTY: usize = 7;
    pub const PHASE: usize = 8;
    pub const BID: usize = 9;
    pub const ASK: usize = 10;
    pub const BID_DEPTH: usize = 11;
    pub const ASK_DEPTH: usize = 12;
    pub const COUNT: usize = 13;

    /// Bytes of a value of each.
    pub const WIDTHS: [i64; COUNT] = [8, 2, 1, 4, 8, 1, 4, 8, 1, 4, 4, 8, 8];
}

/// A column of words, each by its code.
fn words(key: DataType) -> DataType {
    DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8))
}

/// The columns.
pub fn fields() -> Vec<Field> {
    vec![
        Field::new("ts", DataType::UInt64, false),
        Field::new("instrument", words(DataType::UInt16), false),
        Field::new("action", words(DataType::UInt8), false),
        Field::new("slot", DataType::UInt32, true),
        Field::new("order", DataType::UInt64, true),
        Field::new("side", words(DataType::UInt8), true),
        Field::new("price", DataType::Int32, true),
        Field::new("qty", DataType::UInt64, false),
        Field::new("phase", words(DataType::UInt8), true),
        Field::new("bid", DataType::Int32, true),
        Field::new("ask", DataType::Int32, true),
        Field::new("bid_depth", DataType::UInt64, true),
        Field::new("ask_depth", DataType::UInt64, true),
    ]
}

/// The schema of a file with such metadata.
pub fn schema(metadata: HashMap<String, String>) -> Schema {
    Schema::new_with_metadata(fields(), metadata)
}

/// Words of the actions, by code.
pub fn action_words() -> Vec<&'static str> {
    Action::ALL.iter().map(|action| action.as_str()).collect()
}

/// The sides, by code.
pub const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// Words of the phases, by code.
pub fn phase_words() -> Vec<&'static str> {
    Phase::ALL.iter().map(|phase| phase.as_str()).collect()
}
