//! Plimsoll, an exchange in a box: the crates under one name, and the workloads of the benchmarks.
//!
//! ```
//! use plimsoll::exchange::Exchange;
//! # let spec = plimsoll::text::read_config("demo.toml", r#"
//! # [exchange]
//! # currency = "CNY"
//! # money_decimals = 2
//! # [[instrument]]
//! # symbol = "RB"
//! # kind = "future"
//! # tick_size = "1"
//! # lot_size = "1"
//! # multiplier = "10"
//! # prev_settlement = "5000"
//! # margin_initial = "0.1"
//! # margin_maintenance = "0.075"
//! # "#).unwrap();
//! let mut exchange = Exchange::new(spec);
//! let mut events = Vec::new();
//! exchange.apply(1, &plimsoll::types::Command::Time, &mut events);
//! assert_eq!(exchange.view().imbalance(), plimsoll::types::Money::ZERO);
//! ```

pub use plimsoll_exchange as exchange;
pub use plimsoll_gateway as gateway;
pub use plimsoll_matching as matching;
pub use plimsoll_risk as risk;
pub use plimsoll_sim as sim;
pub use plimsoll_text as text;
pub use plimsoll_types as types;

#[path = "../benches/challenge.rs"]
pub mod challenge;
#[path = "../benches/crowd.rs"]
pub mod crowd;
#[path = "../benches/desk.rs"]
pub mod desk;
#[path = "../benches/exchange_flow.rs"]
pub mod exchange_flow;
#[path = "../benches/population.rs"]
pub mod population;
#[path = "../benches/report.rs"]
pub mod report;
#[path = "../benches/workload.rs"]
pub mod workload;
