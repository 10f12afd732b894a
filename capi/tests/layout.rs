//! The structs of the border: their sizes, and that nothing lies between their fields.

use plimsoll_capi::{
    Account, Best, BookOptions, Cancel, Event, Hash, Info, Instrument, Level, Order, Receipt,
    Replace, Wide,
};
use std::mem::offset_of;

/// Each field begins where the one before it ends, and the struct ends with the last.
macro_rules! packed {
    ($struct:ident, $size:literal: $($field:ident: $type:ty),+ $(,)?) => {{
        let mut end = 0;
        $(
            assert_eq!(offset_of!($struct, $field), end, concat!(stringify!($struct), ".", stringify!($field)));
            end += size_of::<$type>();
        )+
        assert_eq!(end, size_of::<$struct>(), stringify!($struct));
        assert_eq!(end, $size, stringify!($struct));
    }};
}

#[test]
fn what_goes_in_has_no_gaps() {
    packed!(BookOptions, 32: size: u32, orders: u32, down: i64, up: i64, reserved: u64);
    packed!(Order, 128: size: u32, account: u32, ts: u64, instrument: u32, side: u8, order_type: u8, tif: u8,
        self_match: u8, flags: u32, offset: u8, reserved: [u8; 3], price: i64, qty: u64, display: u64, min_qty: u64,
        trigger: i64, expires: u64, id: [u8; 40], reserved2: u64);
    packed!(Cancel, 72: size: u32, account: u32, ts: u64, instrument: u32, reserved: u32, order: u64, id: [u8; 40]);
    packed!(Replace, 96: size: u32, account: u32, ts: u64, instrument: u32, reserved: u32, order: u64, price: i64,
        qty: u64, trigger: i64, id: [u8; 40]);
}

#[test]
fn what_comes_out_has_no_gaps() {
    packed!(Wide, 16: low: u64, high: i64);
    packed!(Level, 16: price: i64, qty: u64);
    packed!(Receipt, 40: size: u32, reject: u32, first_seq: u64, last_seq: u64, order: u64, number: u64);
    packed!(Best, 40: size: u32, reserved: u32, bid_price: i64, bid_qty: u64, ask_price: i64, ask_qty: u64);
    packed!(Hash, 24: size: u32, reserved: u32, high: u64, low: u64);
    packed!(Info, 40: size: u32, instruments: u32, accounts: u32, money_decimals: u32, ts: u64, seq: u64, waiting: u64);
    packed!(Instrument, 104: size: u32, open_orders: u32, tick_mantissa: i64, lot_mantissa: i64,
        multiplier_mantissa: i64, tick_decimals: u32, lot_decimals: u32, multiplier_decimals: u32, reserved: u32,
        tick_value: i64, mark: i64, symbol: [u8; 40]);
    packed!(Account, 48: size: u32, tier: u32, permission: u32, reserved: u32, equity: Wide, available: Wide);
    packed!(Event, 256: seq: u64, ts: u64, kind: u32, instrument: u32, account: u32, maker: u32, side: u8, flags: u8,
        code: u16, case_id: u32, n: u32, tier_from: u8, tier_to: u8, detail: u16, price: i64, other_price: i64, qty: u64,
        other_qty: u64, deadline: u64, order: u64, number: u64, maker_number: u64, values: [Wide; 4], id: [u8; 40],
        other_id: [u8; 40]);
}

#[test]
fn wide_numbers_come_back() {
    for number in [0, 1, -1, i128::MAX, i128::MIN, 1 << 64, -(1 << 64), i128::from(i64::MIN)] {
        assert_eq!(i128::from(Wide::from(number)), number);
    }
    assert_eq!(Wide::from(-1), Wide { low: u64::MAX, high: -1 });
}
