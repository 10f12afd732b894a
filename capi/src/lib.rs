//! The C face of Plimsoll: an exchange or a bare book behind one handle, fixed structs, error codes.
//!
//! The functions are in [`calls`], a file a subject; `include/plimsoll.h` is made from this crate by cbindgen, and
//! docs/EMBEDDING.md tells how to build, link and use it.
//!
//! From Rust one calls the engine's crates; the functions can be called all the same, as the tests do:
//!
//! ```
//! use plimsoll_capi::calls::{engines::*, orders::*, reading::*};
//! use plimsoll_capi::{Best, BookOptions, Order, Side, Status};
//!
//! let options = BookOptions { down: 90, up: 110, ..BookOptions::blank() };
//! let bid = Order { account: 1, side: Side::Buy as u8, price: 100, qty: 5, ..Order::blank() };
//! let (mut book, mut best) = (0, Best::blank());
//! // SAFETY: live structs and a place for the handle; no receipt is wanted.
//! unsafe {
//!     assert_eq!(plimsoll_book_new(&options, &mut book), Status::Ok);
//!     assert_eq!(plimsoll_order_submit(book, &bid, std::ptr::null_mut()), Status::Ok);
//!     assert_eq!(plimsoll_best_read(book, 0, &mut best), Status::Ok);
//! }
//! assert_eq!((best.bid_price, best.bid_qty), (100, 5));
//! assert_eq!(plimsoll_free(book), Status::Ok);
//! assert_eq!(plimsoll_free(book), Status::StaleEngine);
//! ```
//!
//! Invariant: no panic crosses the border, and no input causes one. `unsafe` is in `pointers.rs`, which follows the caller's
//! pointers, in `calls`, which hands them over, and in the layout promises of `layout.rs` and `event.rs`; nowhere else.

mod bare;
mod bare_snapshot;
mod bare_text;
pub mod calls;
mod chain_records;
mod decimals;
mod engine;
mod event;
mod gate;
mod layout;
mod orders;
mod pointers;
mod queue;
mod reading;
mod records;
mod status;
mod words;

pub use event::{Event, EventKind, PLIMSOLL_KEPT_PRIORITY, PLIMSOLL_NO_VALUE};
pub use layout::{
    Account, Best, BookOptions, Cancel, Engine, Hash, Info, Instrument, Level, Order,
    PLIMSOLL_ABI_VERSION, PLIMSOLL_ID_BYTES, PLIMSOLL_NONE, PLIMSOLL_POST_ONLY,
    PLIMSOLL_REDUCE_ONLY, PLIMSOLL_SESSION_END, Receipt, Replace, Wide,
};
pub use status::Status;
pub use words::{
    CancelReason, CaseState, ForcedReason, Offset, OrderType, ParkReason, Permission, Phase,
    Reject, SelfMatch, Side, TimeInForce, TradeKind,
};
