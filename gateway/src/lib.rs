//! The gateway: bytes in and out of an exchange. So far what every session needs first: a limit on how fast it may speak.
//!
//! Invariant: no margin rule and no matching rule here; whatever is let through is the exchange's to judge.

pub mod throttle;

pub use throttle::{Throttle, Wait};
