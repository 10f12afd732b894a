//! One input of a recorded market, free of any format: what a command line made from a recording says, as values.

use plimsoll_types::{Label, Phase, Price, Qty, Side, Ts};

/// What an input does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An order enters and rests if it does not trade.
    Add,
    /// An order takes what it can at once; the rest of it goes.
    Take,
    /// An order leaves the book.
    Cancel,
    /// An order loses some of its quantity and keeps its place.
    Reduce,
    /// An order gets another price or more quantity and goes to the back.
    Replace,
    /// The named order is executed: an order on the other side takes so much at its price.
    Execute,
    /// The market enters a phase; leaving an auction for continuous trading or the close uncrosses it.
    Phase,
    /// Every order of the recording leaves the book.
    Clear,
}

impl Action {
    /// Every action, in the order of their codes.
    pub const ALL: [Action; 8] = [
        Action::Add,
        Action::Take,
        Action::Cancel,
        Action::Reduce,
        Action::Replace,
        Action::Execute,
        Action::Phase,
        Action::Clear,
    ];

    /// The action in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Add => "add",
            Action::Take => "take",
            Action::Cancel => "cancel",
            Action::Reduce => "reduce",
            Action::Replace => "replace",
            Action::Execute => "execute",
            Action::Phase => "phase",
            Action::Clear => "clear",
        }
    }
}

/// One input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// When. Units: nanoseconds.
    pub ts: Ts,
    /// Of which instrument.
    pub symbol: Label,
    /// What it does.
    pub action: Action,
    /// The order that enters, or the one that is meant.
    pub order: Option<Label>,
    /// That order's side.
    pub side: Option<Side>,
    /// Its limit, or the price of an execution; `None` where it has none. Units: ticks.
    pub price: Option<Price>,
    /// Lots: of an order that enters, of an execution, by how much `Reduce` lessens, what `Replace` leaves.
    pub qty: Qty,
    /// Which phase is entered.
    pub phase: Option<Phase>,
}

impl Input {
    /// An input about a whole market.
    pub fn of_market(ts: Ts, symbol: Label, action: Action, phase: Option<Phase>) -> Input {
        Input { ts, symbol, action, order: None, side: None, price: None, qty: Qty::ZERO, phase }
    }
}
