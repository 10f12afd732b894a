//! The C functions, called as a C program calls them, with less ink.
#![allow(dead_code, reason = "each test file uses a part of it")]

use plimsoll_capi::calls::engines::{
    plimsoll_book_new, plimsoll_book_restore, plimsoll_exchange_new, plimsoll_exchange_restore,
    plimsoll_free, plimsoll_snapshot, plimsoll_state_hash,
};
use plimsoll_capi::calls::events::{plimsoll_events_drain, plimsoll_events_drain_text};
use plimsoll_capi::calls::library::plimsoll_last_error;
use plimsoll_capi::calls::orders::{
    plimsoll_line, plimsoll_order_cancel, plimsoll_order_replace, plimsoll_order_submit,
};
use plimsoll_capi::calls::reading::plimsoll_info_read;
use plimsoll_capi::{
    BookOptions, Cancel, Event, Hash, Info, Order, Receipt, Reject, Replace, Status,
};
use std::ffi::CStr;

/// The configuration and the commands of the README.
pub const CONFIG: &str = include_str!("../../../examples/exchange.toml");
pub const COMMANDS: &str = include_str!("../../../examples/liquidation.jsonl");
pub const EVENTS: &str = include_str!("../../../examples/liquidation.events.jsonl");

/// What the last failing call of this thread said.
pub fn last_error() -> String {
    // SAFETY: the text is this thread's own and ends in a zero.
    unsafe { CStr::from_ptr(plimsoll_last_error()) }.to_str().expect("UTF-8").to_owned()
}

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(n)) >> 64) as u64
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// An id field.
pub fn id(text: &str) -> [u8; 40] {
    let mut id = [0; 40];
    id[..text.len()].copy_from_slice(text.as_bytes());
    id
}

/// The text of an id field.
pub fn text(id: &[u8; 40]) -> &str {
    CStr::from_bytes_until_nul(id).expect("an end").to_str().expect("UTF-8")
}

/// An engine that is freed when the test is done with it.
pub struct Engine(pub u64);

impl Drop for Engine {
    fn drop(&mut self) {
        plimsoll_free(self.0);
    }
}

impl Engine {
    pub fn exchange(config: &str) -> Engine {
        let mut engine = 0;
        // SAFETY: text with its length; a place for the handle.
        let status =
            unsafe { plimsoll_exchange_new(config.as_ptr().cast(), config.len(), &mut engine) };
        assert_eq!(status, Status::Ok, "{}", last_error());
        Engine(engine)
    }

    pub fn exchange_from(config: &str, bytes: &[u8]) -> Result<Engine, Status> {
        let mut engine = 0;
        let (text, len) = (config.as_ptr().cast(), config.len());
        // SAFETY: text and bytes with their lengths; a place for the handle.
        let status = unsafe {
            plimsoll_exchange_restore(text, len, bytes.as_ptr(), bytes.len(), &mut engine)
        };
        if status == Status::Ok { Ok(Engine(engine)) } else { Err(status) }
    }

    pub fn book(down: i64, up: i64) -> Engine {
        let options = BookOptions { down, up, orders: 16, ..BookOptions::blank() };
        let mut engine = 0;
        // SAFETY: a live struct; a place for the handle.
        let status = unsafe { plimsoll_book_new(&options, &mut engine) };
        assert_eq!(status, Status::Ok, "{}", last_error());
        Engine(engine)
    }

    pub fn book_from(bytes: &[u8]) -> Result<Engine, Status> {
        let mut engine = 0;
        // SAFETY: bytes with their length; a place for the handle.
        let status = unsafe { plimsoll_book_restore(bytes.as_ptr(), bytes.len(), &mut engine) };
        if status == Status::Ok { Ok(Engine(engine)) } else { Err(status) }
    }

    pub fn submit(&self, order: &Order) -> (Status, Receipt) {
        let mut receipt = Receipt::blank();
        // SAFETY: live structs.
        (unsafe { plimsoll_order_submit(self.0, order, &mut receipt) }, receipt)
    }

    pub fn cancel(&self, cancel: &Cancel) -> (Status, Receipt) {
        let mut receipt = Receipt::blank();
        // SAFETY: live structs.
        (unsafe { plimsoll_order_cancel(self.0, cancel, &mut receipt) }, receipt)
    }

    pub fn replace(&self, replace: &Replace) -> (Status, Receipt) {
        let mut receipt = Receipt::blank();
        // SAFETY: live structs.
        (unsafe { plimsoll_order_replace(self.0, replace, &mut receipt) }, receipt)
    }

    pub fn line(&self, line: &str) -> (Status, Receipt) {
        let mut receipt = Receipt::blank();
        // SAFETY: text with its length; a live struct.
        let status =
            unsafe { plimsoll_line(self.0, line.as_ptr().cast(), line.len(), &mut receipt) };
        (status, receipt)
    }

    /// The order, which must be taken; its receipt.
    pub fn accept(&self, order: &Order) -> Receipt {
        let (status, receipt) = self.submit(order);
        assert_eq!(status, Status::Ok, "{}", last_error());
        receipt
    }

    /// All waiting events as records.
    pub fn records(&self) -> Vec<Event> {
        let mut all = Vec::new();
        loop {
            let (mut some, mut count) = ([Event::BLANK; 7], 0);
            // SAFETY: room for seven events; a place for the count.
            let status = unsafe {
                plimsoll_events_drain(self.0, some.as_mut_ptr(), 7, size_of::<Event>(), &mut count)
            };
            assert_eq!(status, Status::Ok, "{}", last_error());
            all.extend_from_slice(&some[..count]);
            if count < some.len() {
                return all;
            }
        }
    }

    /// All waiting events as text.
    pub fn lines(&self) -> String {
        let mut all = String::new();
        loop {
            let (mut some, mut length) = ([0u8; 700], 0);
            // SAFETY: room for 700 bytes; a place for the length.
            let status = unsafe {
                plimsoll_events_drain_text(
                    self.0,
                    some.as_mut_ptr().cast(),
                    some.len(),
                    &mut length,
                )
            };
            assert_eq!(status, Status::Ok, "{}", last_error());
            if length == 0 {
                return all;
            }
            assert_eq!(some[length], 0);
            all.push_str(std::str::from_utf8(&some[..length]).expect("UTF-8"));
        }
    }

    pub fn hash(&self) -> (u64, u64) {
        let mut hash = Hash::blank();
        // SAFETY: a live struct.
        let status = unsafe { plimsoll_state_hash(self.0, &mut hash) };
        assert_eq!(status, Status::Ok, "{}", last_error());
        (hash.high, hash.low)
    }

    pub fn info(&self) -> Info {
        let mut info = Info::blank();
        // SAFETY: a live struct.
        let status = unsafe { plimsoll_info_read(self.0, &mut info) };
        assert_eq!(status, Status::Ok, "{}", last_error());
        info
    }

    pub fn snapshot(&self) -> Vec<u8> {
        let mut length = 0;
        // SAFETY: no room, a place for the length.
        let status = unsafe { plimsoll_snapshot(self.0, std::ptr::null_mut(), 0, &mut length) };
        assert_eq!(status, Status::TooSmall);
        let mut bytes = vec![0; length];
        // SAFETY: room for as many bytes as said.
        let status =
            unsafe { plimsoll_snapshot(self.0, bytes.as_mut_ptr(), bytes.len(), &mut length) };
        assert_eq!((status, length), (Status::Ok, bytes.len()));
        bytes
    }
}

/// A limit order of an account at a time 0.
pub fn limit(account: u32, side: u8, price: i64, qty: u64) -> Order {
    Order { account, side, price, qty, ..Order::blank() }
}

/// A refusal, as status and reason.
pub fn refused(receipt: (Status, Receipt)) -> Option<Reject> {
    let every = [
        Reject::UnknownAccount,
        Reject::UnknownSymbol,
        Reject::PriceOutOfRange,
        Reject::QuantityNotPositive,
        Reject::QuantityTooLarge,
        Reject::Display,
        Reject::MinQty,
        Reject::UnknownOrder,
        Reject::DuplicateId,
        Reject::PriceBand,
        Reject::PostOnly,
        Reject::Margin,
    ];
    assert_eq!(receipt.0 == Status::Rejected, receipt.1.reject != 0, "{:?}", receipt.1);
    every.into_iter().find(|&reason| reason as u32 == receipt.1.reject)
}
