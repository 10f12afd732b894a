//! The record read back: money and positions booked anew from event lines alone, and compared with what else is known.
//!
//! [`Books`] holds every account, what it has and how it came by it; [`Record`] is one line of the record. Nothing here decides
//! anything: the lines say what happened, this books it, and where a line also says what an amount came to, the two are
//! compared ([`Checks`]). [`compare`] holds the books against a state. Invariant: no rule of margin or of matching.

mod account;
mod book;
mod check;
mod fold;
mod look;
mod losses;
mod number;
mod record;
mod state;
mod terms;
#[cfg(test)]
mod tests;

pub use account::{Account, Flows, Position};
pub use book::{Books, CaseState, House};
pub use check::{Check, Checks, Finding};
pub use look::Standing;
pub use number::{fixed, money_text};
pub use record::{EVENTS, Record};
pub use state::{Difference, compare, entry_text};
pub use terms::{Instrument, Leg, Terms};
