//! What the book tells whoever owns the money, fill by fill, inside the match loop.

use plimsoll_types::{Price, Side};

/// A resting order as it meets another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maker {
    /// Its slot.
    pub slot: u32,
    /// Its owner.
    pub owner: u32,
    /// Lots left open after this, hidden ones too.
    pub left: u64,
}

/// Why a resting order lost lots without trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It met an order of its own account.
    SelfMatch,
    /// It is reduce-only and its account has nothing left to reduce.
    ReduceOnly,
}

/// Takes fills as they happen. Generic, so that booking is inlined into matching.
///
/// A sink books; it never asks the book for anything.
pub trait Sink {
    /// Lots that `owner`'s position could give to orders on `side` at this moment; below zero where they would open.
    fn room(&mut self, owner: u32, side: Side) -> i64;

    /// The incoming order traded `qty` lots with `maker` at `price`, the maker's.
    fn fill(&mut self, maker: Maker, price: Price, qty: u64);

    /// An iceberg whose peak was used up shows `shown` lots anew, behind all others at its price.
    ///
    /// Comes after the fill that used the old peak up. `maker.left` counts what is hidden too.
    fn refilled(&mut self, maker: Maker, side: Side, price: Price, shown: u64);

    /// A call auction paired two resting orders.
    fn pair(&mut self, bid: Maker, ask: Maker, price: Price, qty: u64);

    /// `qty` lots of a resting order on `side` at `price` went without trading; with `maker.left` = 0 the order is gone.
    fn lost(&mut self, maker: Maker, side: Side, price: Option<Price>, qty: u64, why: Gone);

    /// `qty` lots of the incoming order went by self-match decrement; `left` are still to match.
    fn decremented(&mut self, qty: u64, left: u64);
}
