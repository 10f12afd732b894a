//! The project's own format of recorded markets: an Arrow IPC file with one row an input. docs/L3.md has it field by field.
//!
//! A file holds what it takes to replay it: the exchange's configuration, the inputs in the order in which the venue
//! had them, and after each of them the best of the book that they alone make, so that whoever replays the file among
//! others can tell how far the market has been moved.

mod guard;
pub mod read;
mod schema;
mod slots;
#[cfg(test)]
mod tests;
pub mod write;

use crate::flow::replayed::Touch;
use plimsoll_text::recorded::Action;
use plimsoll_types::{Phase, Price, Qty, Side, Ts};

/// The version written, and the only one read.
pub const VERSION: &str = "1";

/// How a file's name ends.
pub const ENDING: &str = "l3";

/// One input, as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// When. Units: nanoseconds.
    pub ts: Ts,
    /// Of which instrument: its place in the file's list.
    pub instrument: u16,
    /// What it does.
    pub action: Action,
    /// The place its order has among those in the book; `None` for an order that never rests.
    pub slot: Option<u32>,
    /// The order's number at its venue; from [`NAMED`] on, the file's list of names has it.
    pub order: Option<u64>,
    /// That order's side.
    pub side: Option<Side>,
    /// Its limit, or the price of an execution. Units: ticks.
    pub price: Option<Price>,
    /// Lots: of an order that enters, of an execution, by how much `Reduce` lessens, what `Replace` leaves.
    pub qty: Qty,
    /// Which phase is entered.
    pub phase: Option<Phase>,
    /// The best of the recorded book afterwards, where the file has it.
    pub touch: Option<Touch>,
}

/// Numbers of orders from here on stand for names that are no numbers.
pub const NAMED: u64 = 1 << 63;

/// Most orders that a recorded book may hold at once.
const SLOTS_MAX: u32 = 1 << 27;

/// Most rows of one batch that are read.
const BATCH_ROWS_MAX: usize = 1 << 20;
