//! The structs that cross the border: integers at fixed places, no padding, the same on every platform.
//!
//! Prices are in ticks, quantities in lots, money in units of 10^-money_decimals, times in nanoseconds. Every struct but
//! those that come in arrays begins with its own size: the caller sets it to `sizeof`, a call that knows another size
//! refuses. So a program built against an older header is told, not misread.

use crate::pointers::{Plain, Sized32};

/// The version of this header. plimsoll_abi_version tells the library's: they must be equal.
pub const PLIMSOLL_ABI_VERSION: u32 = 1;

/// No account or no instrument, where an event names none.
pub const PLIMSOLL_NONE: u32 = 0xffff_ffff;

/// A margin call that falls due at the end of the session, not by the clock.
pub const PLIMSOLL_SESSION_END: u64 = 0xffff_ffff_ffff_ffff;

/// Bytes of an id, its end mark included: ids, names and symbols are 1 to 39 bytes of UTF-8.
pub const PLIMSOLL_ID_BYTES: usize = 40;

/// An order flag: rejected if it would take.
pub const PLIMSOLL_POST_ONLY: u32 = 1;

/// An order flag: only ever brings its account's position closer to zero.
pub const PLIMSOLL_REDUCE_ONLY: u32 = 2;

/// A handle for one engine, an exchange or a bare book. 0 is never one.
///
/// A number, not a pointer: a freed, foreign or made-up one is recognised and refused.
pub type Engine = u64;

/// A signed 128-bit number: high x 2^64 + low. An amount of money, a share or a measure.
///
/// It fits an int64_t where `high` is 0 and `low` below 2^63, or `high` is -1 and `low` 2^63 or more.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide {
    /// The lower 64 bits.
    pub low: u64,
    /// The upper 64 bits, with the sign.
    pub high: i64,
}

/// What plimsoll_book_new makes: one instrument, no accounts, no money. 32 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookOptions {
    /// sizeof(plimsoll_book_options).
    pub size: u32,
    /// Resting orders to have room for from the start, at most 2^26. More may rest; the room then grows.
    pub orders: u32,
    /// Limit-down, ticks; with `up` 0, no band.
    pub down: i64,
    /// Limit-up, ticks, at most 2^30; with `down` 0, no band.
    pub up: i64,
    /// 0.
    pub reserved: u64,
}

/// An order to enter. 128 bytes. Set all of it to zero first: zero is the default of every field that has one.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// sizeof(plimsoll_order).
    pub size: u32,
    /// Whose: an account's number on an exchange, any number on a bare book.
    pub account: u32,
    /// When, nanoseconds; 0 to 2^63 - 1, not before the engine's time.
    pub ts: u64,
    /// In what; 0 on a bare book.
    pub instrument: u32,
    /// A plimsoll_side.
    pub side: u8,
    /// A plimsoll_order_type.
    pub order_type: u8,
    /// A plimsoll_time_in_force.
    pub tif: u8,
    /// A plimsoll_self_match.
    pub self_match: u8,
    /// PLIMSOLL_POST_ONLY, PLIMSOLL_REDUCE_ONLY, or both.
    pub flags: u32,
    /// A plimsoll_offset.
    pub offset: u8,
    /// 0.
    pub reserved: [u8; 3],
    /// Limit, ticks, 1 to 2^30; of a market order the worst price, 0 = any.
    pub price: i64,
    /// Lots, 1 to 2^40 - 1.
    pub qty: u64,
    /// Lots shown at a time (iceberg); 0 = all.
    pub display: u64,
    /// Least lots to trade at once, or it goes; 0 = any.
    pub min_qty: u64,
    /// Price that sets off a stop, ticks; else 0.
    pub trigger: i64,
    /// When it expires, nanoseconds, with PLIMSOLL_TIME_IN_FORCE_GTD; else 0.
    pub expires: u64,
    /// The account's own id, ended by a zero byte; empty = numbered by the engine. Empty on a bare book.
    pub id: [u8; PLIMSOLL_ID_BYTES],
    /// 0.
    pub reserved2: u64,
}

/// A resting order to cancel, by handle or by id. 72 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// sizeof(plimsoll_cancel).
    pub size: u32,
    /// Whose.
    pub account: u32,
    /// When, as in plimsoll_order.
    pub ts: u64,
    /// In what, where `order` is given.
    pub instrument: u32,
    /// 0.
    pub reserved: u32,
    /// The handle its receipt gave; 0 = by id.
    pub order: u64,
    /// Its id; empty = by handle. Exactly one of the two.
    pub id: [u8; PLIMSOLL_ID_BYTES],
}

/// A resting order to change, by handle or by id. 96 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replace {
    /// sizeof(plimsoll_replace).
    pub size: u32,
    /// Whose.
    pub account: u32,
    /// When, as in plimsoll_order.
    pub ts: u64,
    /// In what, where `order` is given.
    pub instrument: u32,
    /// 0.
    pub reserved: u32,
    /// The handle its receipt gave; 0 = by id.
    pub order: u64,
    /// New limit, ticks.
    pub price: i64,
    /// New total open quantity, lots.
    pub qty: u64,
    /// New trigger of a stop that waits, ticks; 0 = as it was.
    pub trigger: i64,
    /// Its id; empty = by handle. Exactly one of the two.
    pub id: [u8; PLIMSOLL_ID_BYTES],
}

/// What came of a command. 40 bytes. The events say the rest.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// sizeof(plimsoll_receipt), set by the caller.
    pub size: u32,
    /// A plimsoll_reject; 0 where the command was carried out.
    pub reject: u32,
    /// Number of the first event of the command, timers that ran before it included.
    pub first_seq: u64,
    /// Number of the last; below `first_seq` where there was none.
    pub last_seq: u64,
    /// The order's handle where it rests now; 0 where it does not.
    pub order: u64,
    /// The engine's number for an order without id; else 0.
    pub number: u64,
}

/// The best prices of an instrument. 40 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best {
    /// sizeof(plimsoll_best), set by the caller.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// Best bid, ticks; 0 = no bids.
    pub bid_price: i64,
    /// Lots there.
    pub bid_qty: u64,
    /// Best ask, ticks; 0 = no asks.
    pub ask_price: i64,
    /// Lots there.
    pub ask_qty: u64,
}

/// A price level. 16 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Ticks.
    pub price: i64,
    /// Lots.
    pub qty: u64,
}

/// A state hash: XXH3-128 of the whole state. Printed as %016llx%016llx, high first, it is the `hash` of STATE.json. 24 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash {
    /// sizeof(plimsoll_hash), set by the caller.
    pub size: u32,
    /// 0.
    pub reserved: u32,
    /// The upper 64 bits.
    pub high: u64,
    /// The lower 64 bits.
    pub low: u64,
}

/// Where an engine stands. 40 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// sizeof(plimsoll_info), set by the caller.
    pub size: u32,
    /// Instruments; numbers are 0 to this less one.
    pub instruments: u32,
    /// Accounts; numbers are 0 to this less one. 0 for a bare book.
    pub accounts: u32,
    /// Decimals of a money unit. 0 for a bare book.
    pub money_decimals: u32,
    /// Time of the last command or timer, nanoseconds.
    pub ts: u64,
    /// Number of the last event.
    pub seq: u64,
    /// Events that wait to be drained.
    pub waiting: u64,
}

/// An instrument. 104 bytes. A step is `mantissa` x 10^-`decimals`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// sizeof(plimsoll_instrument), set by the caller.
    pub size: u32,
    /// Orders resting.
    pub open_orders: u32,
    /// One tick: mantissa.
    pub tick_mantissa: i64,
    /// One lot: mantissa.
    pub lot_mantissa: i64,
    /// Money per 1.0 of price per 1.0 of quantity: mantissa. 0 on a bare book.
    pub multiplier_mantissa: i64,
    /// One tick: decimals.
    pub tick_decimals: u32,
    /// One lot: decimals.
    pub lot_decimals: u32,
    /// Multiplier: decimals.
    pub multiplier_decimals: u32,
    /// 0.
    pub reserved: u32,
    /// Money units per tick and lot. 0 on a bare book.
    pub tick_value: i64,
    /// Mark, ticks. 0 on a bare book.
    pub mark: i64,
    /// Symbol, ended by a zero byte.
    pub symbol: [u8; PLIMSOLL_ID_BYTES],
}

/// An account, as the marks stand. 48 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// sizeof(plimsoll_account), set by the caller.
    pub size: u32,
    /// Tier: 0 = normal, else 1 + its place in the profile.
    pub tier: u32,
    /// A plimsoll_permission.
    pub permission: u32,
    /// 0.
    pub reserved: u32,
    /// Equity, money units.
    pub equity: Wide,
    /// Free for orders and withdrawals, money units.
    pub available: Wide,
}

macro_rules! sized {
    ($($name:ident = $c:literal;)+) => {$(
        // SAFETY: `repr(C)`, integers and byte arrays only, `size: u32` first; tests/layout.rs adds up that there is no padding.
        unsafe impl Sized32 for $name {
            const NAME: &'static str = $c;
        }
    )+};
}

sized! {
    BookOptions = "plimsoll_book_options";
    Order = "plimsoll_order";
    Cancel = "plimsoll_cancel";
    Replace = "plimsoll_replace";
    Receipt = "plimsoll_receipt";
    Best = "plimsoll_best";
    Hash = "plimsoll_hash";
    Info = "plimsoll_info";
    Instrument = "plimsoll_instrument";
    Account = "plimsoll_account";
}

// SAFETY: `repr(C)`, two 64-bit integers.
unsafe impl Plain for Wide {}
// SAFETY: `repr(C)`, two 64-bit integers.
unsafe impl Plain for Level {}

impl From<i128> for Wide {
    fn from(number: i128) -> Wide {
        Wide { low: number as u64, high: (number >> 64) as i64 }
    }
}

impl From<Wide> for i128 {
    fn from(wide: Wide) -> i128 {
        i128::from(wide.high) << 64 | i128::from(wide.low)
    }
}

macro_rules! blank {
    ($($name:ident { $($field:ident: $value:expr),+ $(,)? })+) => {$(
        impl $name {
            /// The struct as C code starts it: its size set, all else zero.
            pub const fn blank() -> $name {
                $name { size: size_of::<$name>() as u32, $($field: $value),+ }
            }
        }
    )+};
}

blank! {
    BookOptions { orders: 0, down: 0, up: 0, reserved: 0 }
    Order {
        account: 0, ts: 0, instrument: 0, side: 0, order_type: 0, tif: 0, self_match: 0, flags: 0, offset: 0,
        reserved: [0; 3], price: 0, qty: 0, display: 0, min_qty: 0, trigger: 0, expires: 0, id: [0; 40], reserved2: 0,
    }
    Cancel { account: 0, ts: 0, instrument: 0, reserved: 0, order: 0, id: [0; 40] }
    Replace { account: 0, ts: 0, instrument: 0, reserved: 0, order: 0, price: 0, qty: 0, trigger: 0, id: [0; 40] }
    Receipt { reject: 0, first_seq: 0, last_seq: 0, order: 0, number: 0 }
    Best { reserved: 0, bid_price: 0, bid_qty: 0, ask_price: 0, ask_qty: 0 }
    Hash { reserved: 0, high: 0, low: 0 }
    Info { instruments: 0, accounts: 0, money_decimals: 0, ts: 0, seq: 0, waiting: 0 }
    Instrument {
        open_orders: 0, tick_mantissa: 0, lot_mantissa: 0, multiplier_mantissa: 0, tick_decimals: 0, lot_decimals: 0,
        multiplier_decimals: 0, reserved: 0, tick_value: 0, mark: 0, symbol: [0; 40],
    }
    Account { tier: 0, permission: 0, reserved: 0, equity: Wide { low: 0, high: 0 }, available: Wide { low: 0, high: 0 } }
}
