//! The gateway: bytes in and out of an exchange. So far what every session needs first, a limit on how fast it may speak,
//! and the hand-off of events from the engine's thread to another.
//!
//! Invariant: no margin rule and no matching rule here; whatever is let through is the exchange's to judge.

pub mod ring;
pub mod throttle;

pub use ring::{Abandoned, Reader, Writer, ring};
pub use throttle::{Throttle, Wait};
