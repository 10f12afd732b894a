//! Reading an engine. Nothing here changes anything.

use crate::gate;
use crate::layout::{Account, Best, Engine, Info, Instrument, Level};
use crate::pointers::{self, Place, Room};
use crate::status::{Fault, Status, answer};
use std::ffi::c_char;

/// Where an engine stands: its time, its last event, how many instruments, accounts and waiting events it has. Cost: O(1).
///
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors.
///
/// # Safety
///
/// `info` is NULL or points to a plimsoll_info whose `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_info_read(engine: Engine, info: *mut Info) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut place = unsafe { Place::sized(info) }?;
        place.set(gate::with(engine, |engine| Ok(engine.info()))?);
        Ok(Status::Ok)
    })
}

/// The number of an instrument, which orders and readings name it by: its place in the configuration, from 0. A bare book has one, 0, "BOOK".
///
/// Cost: O(instruments). Errors: PLIMSOLL_STATUS_NULL_POINTER, _NOT_UTF8, engine errors, _NOT_FOUND.
///
/// # Safety
///
/// `symbol` points to `len` readable bytes; `instrument` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_instrument_find(
    engine: Engine,
    symbol: *const c_char,
    len: usize,
    instrument: *mut u32,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut place = unsafe { Place::new(instrument, "instrument") }?;
        // SAFETY: the caller's contract.
        let symbol = unsafe { pointers::text(symbol, len, "symbol") }?;
        place.set(gate::with(engine, |engine| engine.find_instrument(symbol))?);
        Ok(Status::Ok)
    })
}

/// An instrument's symbol, steps and mark. Cost: O(1).
///
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _NOT_FOUND.
///
/// # Safety
///
/// `out` is NULL or points to a plimsoll_instrument whose `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_instrument_read(
    engine: Engine,
    instrument: u32,
    out: *mut Instrument,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut place = unsafe { Place::sized(out) }?;
        place.set(gate::with(engine, |engine| engine.instrument(instrument))?);
        Ok(Status::Ok)
    })
}

/// The number of an account, which orders and readings name it by: by opening order from 0, those of the configuration first.
///
/// Cost: one hash. Errors: PLIMSOLL_STATUS_NULL_POINTER, _NOT_UTF8, engine errors, _WRONG_ENGINE (a bare book), _NOT_FOUND.
///
/// # Safety
///
/// `name` points to `len` readable bytes; `account` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_account_find(
    engine: Engine,
    name: *const c_char,
    len: usize,
    account: *mut u32,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut place = unsafe { Place::new(account, "account") }?;
        // SAFETY: the caller's contract.
        let name = unsafe { pointers::text(name, len, "name") }?;
        place.set(gate::with(engine, |engine| engine.find_account(name))?);
        Ok(Status::Ok)
    })
}

/// An account's equity, available money, tier and permission, as the marks stand. Units: money. Cost: O(its positions).
///
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _WRONG_ENGINE (a bare book), _NOT_FOUND.
///
/// # Safety
///
/// `out` is NULL or points to a plimsoll_account whose `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_account_read(
    engine: Engine,
    account: u32,
    out: *mut Account,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut place = unsafe { Place::sized(out) }?;
        place.set(gate::with(engine, |engine| engine.account(account))?);
        Ok(Status::Ok)
    })
}

/// An account's position in an instrument: lots, above zero long, below zero short. Cost: O(its positions).
///
/// Errors: as plimsoll_account_read.
///
/// # Safety
///
/// `lots` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_position_read(
    engine: Engine,
    account: u32,
    instrument: u32,
    lots: *mut i64,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut place = unsafe { Place::new(lots, "lots") }?;
        place.set(gate::with(engine, |engine| engine.position(account, instrument))?);
        Ok(Status::Ok)
    })
}

/// The best bid and ask of an instrument and the lots there. Units: ticks, lots. Cost: O(1).
///
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _NOT_FOUND.
///
/// # Safety
///
/// `best` is NULL or points to a plimsoll_best whose `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_best_read(
    engine: Engine,
    instrument: u32,
    best: *mut Best,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut place = unsafe { Place::sized(best) }?;
        place.set(gate::with(engine, |engine| engine.best(instrument))?);
        Ok(Status::Ok)
    })
}

/// The lots that rest on a side at one price; 0 where none do. Units: ticks, lots. Cost: O(levels between the best price and it).
///
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _NOT_FOUND, _BAD_VALUE (no plimsoll_side).
///
/// # Safety
///
/// `qty` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_depth_read(
    engine: Engine,
    instrument: u32,
    side: u8,
    price: i64,
    qty: *mut u64,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut place = unsafe { Place::new(qty, "qty") }?;
        place.set(gate::with(engine, |engine| engine.depth(instrument, side, price))?);
        Ok(Status::Ok)
    })
}

/// The best levels of a side, best first, `capacity` at most, and how many to `count`. Units: ticks, lots. Cost: O(levels).
///
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE (`level_size` is not sizeof(plimsoll_level)), engine errors, _NOT_FOUND, _BAD_VALUE.
///
/// # Safety
///
/// `levels` may be written for `capacity` items of `level_size` bytes, or is NULL with 0; `count` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_levels_read(
    engine: Engine,
    instrument: u32,
    side: u8,
    levels: *mut Level,
    capacity: usize,
    level_size: usize,
    count: *mut usize,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut room = unsafe { Room::of_items(levels, capacity, level_size, "plimsoll_level") }?;
        // SAFETY: the caller's contract.
        let mut count = unsafe { Place::new(count, "count") }?;
        let taken = gate::with(engine, |engine| {
            let mut taken = 0;
            let mut put = |level| taken += usize::from(room.put(taken, level));
            engine.levels(instrument, side, capacity, &mut put)?;
            Ok::<usize, Fault>(taken)
        })?;
        count.set(taken);
        Ok(Status::Ok)
    })
}
