//! The trigger index: for every position the marks inside which nothing can happen to its account, and who is rung when a mark leaves them.
//!
//! Everything here is a cache: it says whom to ask, never what is so, and stands in no snapshot and no hash. The law it keeps:
//! while every mark lies in the boxes of an account's positions, and nothing else of the account changes, its tier stays.

#[cfg(test)]
mod adversary;
pub(crate) mod arm;
pub(crate) mod audit;
pub(crate) mod bits;
pub(crate) mod boxes;
mod chunks;
mod draw;
pub(crate) mod ladder;
pub(crate) mod plain;
#[cfg(test)]
mod portfolio;
pub(crate) mod sharing;
#[cfg(test)]
mod walk;
#[cfg(test)]
mod world;
