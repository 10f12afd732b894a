//! tmp
#![allow(dead_code, missing_docs)]
#[path = "../../tests/rules/days.rs"]
mod days;
#[path = "../../tests/rules/hall.rs"]
mod hall;
#[path = "../../tests/rules/reductions.rs"]
mod reductions;
