//! Recorded market data as commands: what the loaders of several formats share.
//!
//! A recording says what became of a venue's book, not what its clients sent. Every order in it comes from the account
//! [`MARKET`]; an execution, of which such data names the resting order only, becomes an immediate-or-cancel order of
//! the account [`TAKER`] on the other side, at the resting order's price, for the quantity executed. Both accounts
//! trade without margin. Such an order reproduces the execution when the order it is meant for stands first in the
//! queue at the best price; where the recording says that another stood there, the named order is cut by command
//! instead, so that one miss does not make others, and the [`Miss`] says why.

mod book;
mod config;
mod input;
pub(crate) mod lines;

pub use book::{Book, Order, Standing};
pub use config::{Listing, write_config};
pub use input::{Action, Input};

use plimsoll_types::{Label, Price, Qty, Ts};
use std::collections::BTreeMap;

/// The account that enters every recorded order.
pub const MARKET: &str = "market";

/// The account on the other side of every recorded execution.
pub const TAKER: &str = "taker";

/// An execution of a resting order, as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The resting order.
    pub order: Label,
    /// At what price. Units: ticks.
    pub price: Price,
    /// How much of it. Units: lots.
    pub qty: Qty,
    /// Line or record of the recording, from 1.
    pub place: u64,
}

/// What a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It keeps the book as recorded and trades nothing.
    Keep,
    /// It is one execution: one trade, with this order, at this price, of this quantity.
    Execution(Fill),
    /// The same, for a part of an execution that is counted as missed.
    Part(Fill),
    /// It uncrosses an auction.
    Uncross {
        /// The executions it is for.
        filled: Vec<Fill>,
        /// The same, of executions that are counted as missed.
        others: Vec<Fill>,
    },
}

/// A command made from a recording.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The command, as a line with its newline.
    pub line: Vec<u8>,
    /// What it is for.
    pub purpose: Purpose,
    /// The same, as values.
    pub input: Input,
}

/// Why a recorded execution is not one at the front of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The order is not in the book: it entered before the recording, or out of its sight.
    UnknownOrder,
    /// The same, and an order without a name holds its place.
    Placeholder,
    /// More was executed than the order showed: an iceberg.
    HiddenQuantity,
    /// The price is not the order's.
    OtherPrice,
    /// A better price stood in the book.
    BetterPrice,
    /// Another order stood before it at its price.
    NotAtFront,
    /// No resting order of this book is named: the other side was implied from another book.
    NoRestingOrder,
    /// The book was not in continuous trading.
    NotContinuous,
    /// The auction filled other orders or other quantities.
    Uncross,
    /// The recorded queue says front, the engine traded otherwise.
    Engine,
}

impl Reason {
    /// The reason in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::UnknownOrder => "unknown_order",
            Reason::Placeholder => "placeholder",
            Reason::HiddenQuantity => "hidden_quantity",
            Reason::OtherPrice => "other_price",
            Reason::BetterPrice => "better_price",
            Reason::NotAtFront => "not_at_front",
            Reason::NoRestingOrder => "no_resting_order",
            Reason::NotContinuous => "not_continuous",
            Reason::Uncross => "uncross",
            Reason::Engine => "engine",
        }
    }
}

/// A recorded execution that is not reproduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// Why.
    pub reason: Reason,
    /// Line or record of the recording, from 1.
    pub place: u64,
    /// The resting order, where one is named.
    pub order: Option<Label>,
    /// The order that stood in front, where that is the reason.
    pub front: Option<Label>,
}

/// What the recording can say of a book after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Place of the instrument in the configuration.
    pub instrument: usize,
    /// Bids from the best.
    pub bids: Vec<(Price, Qty)>,
    /// Asks from the best.
    pub asks: Vec<(Price, Qty)>,
    /// Levels a side that were looked at; where fewer are listed, there are no more.
    pub depth: usize,
    /// Orders in the book, where that is known.
    pub orders: Option<u32>,
    /// What the levels could be told from.
    pub told_by: ToldBy,
}

/// What a book's levels could be told from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToldBy {
    /// The messages so far say all of it.
    Messages,
    /// Levels came into sight of which no message had spoken; they were taken from the recorded book.
    Sight,
    /// The messages so far say otherwise; the recorded book was followed.
    Neither,
}

/// What one row or event of a recording becomes.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The commands, in order.
    pub commands: Vec<Recorded>,
    /// Executions that no command reproduces.
    pub missed: Vec<Miss>,
    /// The book afterwards.
    pub look: Option<Look>,
}

/// Counts of what a recording held and became, by name; only what occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    /// Counts `more` of `what`.
    pub fn add(&mut self, what: &'static str, more: u64) {
        if more > 0 {
            *self.0.entry(what).or_default() += more;
        }
    }

    /// How often.
    pub fn get(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(what, count)| (*what, *count))
    }
}

/// Commands being written: the time they carry and what has been counted.
#[derive(Clone, Debug, Default)]
pub struct Script {
    now: Ts,
    takers: u64,
    step: Step,
    /// Counts so far.
    pub tally: Tally,
}

impl Script {
    /// An empty script that goes on counting.
    pub fn new(tally: Tally) -> Script {
        Script { tally, ..Script::default() }
    }

    /// Later commands carry `ts`; one that lies before the last is raised to it, and counted.
    pub fn at(&mut self, ts: Ts) {
        if ts < self.now {
            self.tally.add("times_raised", 1);
        }
        self.now = self.now.max(ts);
    }

    /// The step written since the last call.
    pub fn take(&mut self, look: Option<Look>) -> Step {
        Step { look, ..std::mem::take(&mut self.step) }
    }

    /// Notes an execution that no command reproduces.
    pub fn miss(&mut self, miss: Miss) {
        self.step.missed.push(miss);
    }

    fn write(&mut self, purpose: Purpose, line: Vec<u8>, input: Input) {
        self.step.commands.push(Recorded { line, purpose, input });
    }
}
