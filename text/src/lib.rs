//! The text border: configuration, commands, events, state and decimals; one codec for every face.
//!
//! Invariant: no socket, no thread, no rule of the market and no float here; nothing read here can panic.

pub mod audit;
pub mod calc;
pub mod commands;
pub mod config;
#[cfg(feature = "dbn")]
pub mod dbn;
pub mod decimal;
pub mod events;
pub mod feed;
pub mod itch;
mod json;
pub mod lobster;
pub mod recorded;
pub mod sse;
pub mod state;
pub mod r#where;

pub use commands::{Line, write_command};
pub use config::read_config;
pub use events::{Names, write_event, write_event_for, write_event_with};
pub use feed::Feed;
pub use state::{write_account, write_book, write_state};
pub use r#where::Error;
