//! The liquidation calculators: the engine's formulas on decimals, for people and programs.
//!
//! Every function is exact: what it returns is a decimal, a whole number or a [`Fraction`] that its caller rounds, or
//! [`TooLarge`] where 28 digits do not hold it. The formulas are those of [`crate::formula`], which the engine uses as well.
//!
//! ```
//! use plimsoll_risk::calc;
//! use plimsoll_risk::formula::price::Holding;
//! use plimsoll_types::Side;
//! use rust_decimal::Decimal;
//!
//! // RULES 1.6: 5x isolated, 1 bought at 10 with 2 of margin, 1 % maintenance.
//! let mut position = Holding::alone(Side::Buy, Decimal::ONE, Decimal::from(10), Decimal::from(2));
//! position.rate = Decimal::new(1, 2);
//! position.deduct = Decimal::new(1, 2);
//! let price = calc::liquidation_price(&position).unwrap().unwrap();
//! assert_eq!(price.half_up(4).unwrap(), Decimal::new(80_707, 4));
//! ```

mod account;
mod price;
mod shares;

pub use crate::formula::price::{Bracket, Holding, MarginOn};
pub use crate::formula::{Fraction, TooLarge};
pub use account::{Degrees, Loss, all_lots, available, loss, lots_to_close, risk_degrees};
pub use price::{BracketFault, liquidation_price, liquidation_price_in, on_tick, prove_brackets};
pub use shares::{Candidate, Deleveraged, deleverage};

/// Exchange forced reduction in whole lots: see [`crate::formula::reduction::forced_reduction`].
pub use crate::formula::reduction::{Reduced, forced_reduction};
