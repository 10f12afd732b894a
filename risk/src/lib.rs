//! Accounts, positions, margin, tiers, breach detection, liquidation plans and the loss waterfall.
//!
//! Invariant: this crate does not know how a book is built (it sees depth as numbers, through [`Liquidity`]), and
//! knows no file, socket, thread or clock.

mod account;
mod audit;
mod bankruptcy;
mod bounds;
mod bracket;
pub mod calc;
mod call;
mod calm;
mod case;
mod contract;
mod costs;
mod deleverage;
mod exact;
#[cfg(test)]
mod exhaustive;
pub mod formula;
mod funding;
mod ledger;
mod line;
mod liquidation_price;
mod margin;
mod memory;
mod names;
mod netting;
mod own;
mod pairs;
mod plain;
mod plan;
mod pocket;
mod pockets;
mod policy;
mod quote;
mod rate;
mod reduction;
mod select;
mod settled;
mod settlement;
mod socialise;
mod sound;
mod status;
mod tables;
mod tiers;
mod trigger;
mod watch;
mod waterfall;
mod wide;

pub use account::{Account, Aim, Leg, Position, PositionId};
pub use audit::Imbalance;
pub use call::Call;
pub use calm::Awaited;
pub use case::{Case, Goal, Purpose, RestingBatch, RestsFor, Rolled, Step};
pub use contract::{Contract, Role};
pub use ledger::{Fill, House, Risk};
pub use line::{Line, is_below};
pub use memory::Memory;
pub use own::Own;
pub use plain::{PlainLeaving, PlainOrder, PlainTerms};
pub use pocket::{Held, Moved};
pub use quote::{Liquidity, Quote, Worst};
pub use reduction::Stake;
pub use settlement::DayResult;
pub use tiers::Standing;
pub use trigger::audit::Unwatched;
pub use trigger::sharing::Sharing;
pub use watch::{Tuning, WatchCounts};
pub use waterfall::Paid;
