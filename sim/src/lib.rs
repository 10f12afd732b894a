//! Simulated markets: order flow, leveraged populations, shocks, and reports on what came of them.
//!
//! Invariant: what enters the exchange is a pure function of (scenario, seed), made of integers only; floats are for pictures.

pub mod claim;
pub mod deleveraging;
pub mod files;
pub mod fixed;
pub mod flow;
pub mod groups;
pub mod interrupt;
#[cfg(feature = "arrow")]
pub mod l3;
pub mod lab;
pub mod latency;
pub mod lines;
pub mod medium;
pub mod names;
pub mod outcome;
pub mod output;
pub mod path;
pub mod population;
pub mod prng;
pub mod record;
pub mod report;
pub mod run;
pub mod say;
pub mod scenario;
pub mod strategy;
pub mod summary;
#[cfg(feature = "arrow")]
pub mod tables;

pub use outcome::{Ending, Outcome};
pub use run::{Own, Stage, run, run_with};
pub use scenario::Scenario;
