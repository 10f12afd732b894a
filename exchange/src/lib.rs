//! The deterministic exchange: one command in, events out.
//!
//! Invariant: no file, socket, thread, wall clock, random number or hash order. Same commands in, same bytes out.

mod accounts;
mod alarms;
mod attend;
mod audit;
mod batch;
mod booking;
mod bust;
mod by_order;
mod calendar;
mod cases;
mod checks;
mod corridor;
mod day;
mod days;
mod deleverage;
mod entry;
mod exchange;
mod foresee;
mod funding;
mod ids;
mod index;
mod indicative;
mod isolated;
mod last_hour;
mod legs;
mod limit_state;
mod listing;
mod lives;
mod log;
mod look;
mod market;
mod orders;
mod own_margins;
mod parked;
mod pass;
mod phases;
mod plain;
mod position_limits;
mod promise;
mod queue;
mod reduction;
mod replace;
mod rests;
mod schedules;
mod settling;
mod snapshot;
mod standing;
mod stops;
mod takeover;
mod tape;
mod timers;
mod uncross;
pub mod view;
mod viewing;
mod written;

pub use exchange::Exchange;
pub use snapshot::{RestoreError, check_snapshot, configuration_hash};
pub use view::{
    AccountView, BookView, MarketView, OrderView, PositionView, StandingOrder, StateView,
};
