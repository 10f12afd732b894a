//! One instrument's book: price-time matching, self-match prevention, call auctions.
//!
//! Invariant: this crate knows no money, no balance, no other instrument, no file, no clock. An order's
//! owner is a number to it, and what a fill means is its [`Sink`]'s business.

mod auction;
mod audit;
mod bitmap;
mod book;
mod call;
mod ladder;
mod matcher;
mod meeting;
mod peaks;
mod resting;
mod saved;
mod shares;
mod sink;
mod slab;
pub mod stops;
mod trial;

pub use auction::{AuctionPrice, AuctionSide, auction_price};
pub use audit::Damage;
pub use book::Book;
pub use matcher::{Stop, Taken, Taker};
pub use resting::{NewResting, Removed, Resting};
pub use saved::SavedBook;
pub use sink::{Gone, Maker, Sink};
