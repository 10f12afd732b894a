//! Market data: every order, trade and state of every book, in sequence, in bytes. docs/FEED.md tells it byte by byte.
//!
//! Events become messages ([`builder`]), messages packets ([`packet`]), packets a stream that clients join at any point ([`server`]) and
//! fold back into books ([`fold`]).
//!
//! Invariant: no account, no client's id and no hidden lot comes in here further than the builder.

pub mod book;
pub mod builder;
mod client;
pub mod describe;
pub mod fold;
mod market;
pub mod messages;
mod orders;
pub mod packet;
mod places;
pub mod reader;
pub mod server;
mod window;

#[cfg(test)]
mod server_tests;

pub use book::{BookOrder, FeedBook, Inconsistent};
pub use builder::Builder;
pub use fold::{Fold, FoldError};
pub use packet::{Deframer, Packer, PacketView};
pub use reader::{FeedReader, ReadError};
pub use server::{FeedServer, Multicast, Options, start};
