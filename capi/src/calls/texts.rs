//! Names and decimals in text, and back to integers.
//!
//! Text out: ended by a zero byte; `length`, which may be NULL, gets its length without it, or where `capacity` is too small the bytes needed.

use super::hand_over;
use crate::engine;
use crate::gate;
use crate::layout::{Engine, Wide};
use crate::pointers::{self, Place, Plain, Room};
use crate::status::{Fault, Status, answer};
use std::ffi::c_char;

/// Reads text with an engine's steps and hands the number over.
///
/// # Safety
///
/// `text` points to `len` readable bytes; `out` is NULL or may be written.
unsafe fn number<T: Plain>(
    handle: Engine,
    (text, len): (*const c_char, usize),
    (out, what): (*mut T, &str),
    read: impl FnOnce(&engine::Engine, &str) -> Result<T, Fault>,
) -> Status {
    answer(|| {
        // SAFETY: handed on.
        let mut place = unsafe { Place::new(out, what) }?;
        // SAFETY: handed on.
        let text = unsafe { pointers::text(text, len, "text") }?;
        place.set(gate::with(handle, |engine| read(engine, text))?);
        Ok(Status::Ok)
    })
}

/// Writes text with an engine's steps and hands it over.
///
/// # Safety
///
/// `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
unsafe fn words(
    handle: Engine,
    (text, capacity): (*mut c_char, usize),
    length: *mut usize,
    write: impl FnOnce(&engine::Engine) -> Result<Vec<u8>, Fault>,
) -> Status {
    answer(|| {
        // SAFETY: handed on.
        let room = unsafe { Room::new(text.cast::<u8>(), capacity, "text") }?;
        // SAFETY: handed on.
        let length = unsafe { Place::new(length, "length") }.ok();
        let written = gate::with(handle, |engine| write(engine))?;
        hand_over(&written, room, length)
    })
}

/// Ticks of a price in decimals, such as "4999.5", exactly. Cost: no allocation.
///
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, _NOT_UTF8, engine errors, _NOT_FOUND, _BAD_TEXT (no decimal, off the tick, out of range).
///
/// # Safety
///
/// `text` points to `len` readable bytes; `ticks` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_price_parse(
    engine: Engine,
    instrument: u32,
    text: *const c_char,
    len: usize,
    ticks: *mut i64,
) -> Status {
    let read = |engine: &engine::Engine, text: &str| engine.price_in(instrument, text);
    // SAFETY: the caller's contract.
    unsafe { number(engine, (text, len), (ticks, "ticks"), read) }
}

/// Lots of a quantity in decimals, above zero, exactly. Otherwise as plimsoll_price_parse.
///
/// # Safety
///
/// `text` points to `len` readable bytes; `lots` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_qty_parse(
    engine: Engine,
    instrument: u32,
    text: *const c_char,
    len: usize,
    lots: *mut u64,
) -> Status {
    let read = |engine: &engine::Engine, text: &str| engine.qty_in(instrument, text);
    // SAFETY: the caller's contract.
    unsafe { number(engine, (text, len), (lots, "lots"), read) }
}

/// Money units of an amount in decimals, of either sign, exactly. Errors: as plimsoll_price_parse, and _WRONG_ENGINE (a bare book).
///
/// # Safety
///
/// `text` points to `len` readable bytes; `money` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_money_parse(
    engine: Engine,
    text: *const c_char,
    len: usize,
    money: *mut Wide,
) -> Status {
    let read = |engine: &engine::Engine, text: &str| engine.money_in(text);
    // SAFETY: the caller's contract.
    unsafe { number(engine, (text, len), (money, "money"), read) }
}

/// A price in decimals. 64 bytes are always enough. Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _NOT_FOUND, _BAD_VALUE (not 1 to 2^30
/// ticks), _TOO_SMALL.
///
/// # Safety
///
/// `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_price_text(
    engine: Engine,
    instrument: u32,
    ticks: i64,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Status {
    let write = |engine: &engine::Engine| engine.price_out(instrument, ticks);
    // SAFETY: the caller's contract.
    unsafe { words(engine, (text, capacity), length, write) }
}

/// A quantity in decimals. Otherwise as plimsoll_price_text.
///
/// # Safety
///
/// `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_qty_text(
    engine: Engine,
    instrument: u32,
    lots: u64,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Status {
    let write = |engine: &engine::Engine| engine.qty_out(instrument, lots);
    // SAFETY: the caller's contract.
    unsafe { words(engine, (text, capacity), length, write) }
}

/// An amount of money in decimals. Errors: as plimsoll_price_text, and _WRONG_ENGINE (a bare book).
///
/// # Safety
///
/// `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_money_text(
    engine: Engine,
    money: Wide,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Status {
    let write = |engine: &engine::Engine| engine.money_out(money);
    // SAFETY: the caller's contract.
    unsafe { words(engine, (text, capacity), length, write) }
}

/// An account's name; 40 bytes are always enough. Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _WRONG_ENGINE (a bare book), _NOT_FOUND,
/// _TOO_SMALL.
///
/// # Safety
///
/// `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_account_name(
    engine: Engine,
    account: u32,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Status {
    let write = |engine: &engine::Engine| Ok(engine.account_name(account)?.as_bytes().to_vec());
    // SAFETY: the caller's contract.
    unsafe { words(engine, (text, capacity), length, write) }
}
