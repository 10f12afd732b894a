//! Nasdaq TotalView-ITCH 5.0 as commands: a day's messages, each behind its length in two bytes, as Nasdaq publishes them.
//!
//! The file is read twice, message by message, and never held: once for what is traded and between which prices
//! ([`Survey`]), once for the commands ([`Conversion`]). Source: Nasdaq TotalView-ITCH 5.0 specification.
//!
//! The displayed book is what orders (A, F), executions (E, C), cancels (X, D) and replaces (U) make of it. An execution
//! becomes an order of the account "taker" as with every recording of the kind. Trades with hidden orders (P) and crosses
//! (Q) meet no displayed order: they are counted. A cross fills displayed orders by C messages that are not for print;
//! those orders are cut, for the auction's other side is not in the data. A stock that is halted, paused or quoted only
//! (H) gathers orders until it trades again.

mod convert;
mod messages;
mod survey;
#[cfg(test)]
mod tests;

pub use convert::Conversion;
pub use messages::Messages;
pub use survey::Survey;

/// Places after the point of a recorded price.
const DECIMALS: u32 = 4;
