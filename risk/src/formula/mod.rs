//! The formulas of the risk chain, apart from whose money they are used on: the engine and the calculators share them.
//!
//! Integers where whole lots or money units are shared out; [`Number`] where an equation is solved, in money units by the
//! engine and in decimals by the calculators. Invariant: nothing here knows an account, an instrument or a rounding that
//! its name or first line does not say.

pub mod deleverage;
pub mod funding;
pub mod least;
pub mod number;
pub mod price;
pub mod reduction;
pub mod remainder;

pub use number::{Fraction, Number, TooLarge};
