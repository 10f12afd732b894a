//! Engines made and ended: new, from a snapshot, to a snapshot, freed.

use super::hand_over;
use crate::bare::Bare;
use crate::engine::{Engine, Kind, unreadable};
use crate::gate;
use crate::layout::{self, BookOptions, Hash};
use crate::pointers::{self, Place, Room};
use crate::status::{Fault, Status, answer};
use plimsoll_exchange::Exchange;
use plimsoll_text::read_config;
use plimsoll_types::{Band, ExchangeSpec, Price};
use std::ffi::c_char;

/// Most resting orders a book makes room for at once.
const ORDERS_MAX: u32 = 1 << 26;

fn specification(config: &str) -> Result<ExchangeSpec, Fault> {
    read_config("configuration", config).map_err(unreadable("configuration"))
}

/// Makes a whole exchange from the text of an EXCHANGE.toml: `len` bytes of UTF-8 at `config`, read and not kept.
///
/// The new handle is written to `engine`; the caller frees it with plimsoll_free. Cost: O(configuration); a few MiB an instrument.
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, _NOT_UTF8, _BAD_TEXT (plimsoll_last_error names line and field), _UNSUPPORTED,
/// _TOO_MANY_ENGINES. `engine` is then left as it was.
///
/// # Safety
///
/// `config` points to `len` readable bytes; `engine` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_exchange_new(
    config: *const c_char,
    len: usize,
    engine: *mut layout::Engine,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut engine = unsafe { Place::new(engine, "engine") }?;
        // SAFETY: the caller's contract.
        let config = unsafe { pointers::text(config, len, "config") }?;
        let exchange = Exchange::new(specification(config)?);
        engine.set(gate::open(Engine::new(Kind::Exchange(Box::new(exchange))))?);
        Ok(Status::Ok)
    })
}

/// Takes a snapshot of an exchange up again under the configuration it was taken under.
///
/// The new engine has the state, the handles of orders and the hash of the old one, and no events to drain. Cost: O(accounts + orders).
/// Errors: as plimsoll_exchange_new; PLIMSOLL_STATUS_BAD_SNAPSHOT where the bytes are damaged, of another format version or
/// of another configuration. A snapshot carries a checksum, no signature: take up only what comes from a place you trust.
///
/// # Safety
///
/// `config` points to `config_len` readable bytes, `snapshot` to `snapshot_len`; `engine` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_exchange_restore(
    config: *const c_char,
    config_len: usize,
    snapshot: *const u8,
    snapshot_len: usize,
    engine: *mut layout::Engine,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut engine = unsafe { Place::new(engine, "engine") }?;
        // SAFETY: the caller's contract.
        let config = unsafe { pointers::text(config, config_len, "config") }?;
        // SAFETY: the caller's contract.
        let snapshot = unsafe { pointers::bytes(snapshot, snapshot_len, "snapshot") }?;
        let exchange = Exchange::restore(specification(config)?, snapshot)
            .map_err(|error| Fault::new(Status::BadSnapshot, error.to_string()))?;
        engine.set(gate::open(Engine::new(Kind::Exchange(Box::new(exchange))))?);
        Ok(Status::Ok)
    })
}

/// Makes a bare book: one instrument, number 0, matching and nothing else, with a price band or without.
///
/// The new handle is written to `engine`; the caller frees it with plimsoll_free. Cost: memory for the band's prices, 32 bytes a
/// tick up to 2^18 ticks, 2 MiB beyond and without a band; 40 bytes an order made room for.
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, _BAD_VALUE (a band that is none, too many orders), _TOO_MANY_ENGINES.
///
/// # Safety
///
/// `options` is NULL or points to a plimsoll_book_options; `engine` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_book_new(
    options: *const BookOptions,
    engine: *mut layout::Engine,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut engine = unsafe { Place::new(engine, "engine") }?;
        // SAFETY: the caller's contract.
        let options = unsafe { pointers::read(options) }?;
        let (band, orders) = book_terms(&options)?;
        engine.set(gate::open(Engine::new(Kind::Bare(Box::new(Bare::new(band, orders)))))?);
        Ok(Status::Ok)
    })
}

fn book_terms(options: &BookOptions) -> Result<(Option<Band>, usize), Fault> {
    let bad = |text| Err(Fault::new(Status::BadValue, text));
    if options.reserved != 0 {
        return bad("reserved: expected 0");
    }
    if options.orders > ORDERS_MAX {
        return bad("orders: expected at most 2^26");
    }
    let band = match (options.down, options.up) {
        (0, 0) => None,
        (down, up) => match (Price::new(down), Price::new(up)) {
            (Some(down), Some(up)) if down <= up => Some(Band { down, up }),
            _ => return bad("down and up: expected 1 to 2^30 ticks, down not above up, or both 0"),
        },
    };
    Ok((band, options.orders as usize))
}

/// Takes a snapshot of a bare book up again, its band included.
///
/// Cost: O(orders). Errors: PLIMSOLL_STATUS_NULL_POINTER, _BAD_SNAPSHOT, _TOO_MANY_ENGINES; see plimsoll_exchange_restore.
///
/// # Safety
///
/// `snapshot` points to `len` readable bytes; `engine` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_book_restore(
    snapshot: *const u8,
    len: usize,
    engine: *mut layout::Engine,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut engine = unsafe { Place::new(engine, "engine") }?;
        // SAFETY: the caller's contract.
        let snapshot = unsafe { pointers::bytes(snapshot, len, "snapshot") }?;
        let bare = Bare::restore(snapshot).map_err(|text| Fault::new(Status::BadSnapshot, text))?;
        engine.set(gate::open(Engine::new(Kind::Bare(Box::new(bare))))?);
        Ok(Status::Ok)
    })
}

/// Ends an engine and gives its memory back. Its handle is stale from then on; events nobody drained are lost.
///
/// The only call that takes a broken engine. Errors: PLIMSOLL_STATUS_STALE_ENGINE (also a second time), _BUSY.
#[unsafe(no_mangle)]
pub extern "C" fn plimsoll_free(engine: layout::Engine) -> Status {
    answer(|| gate::close(engine).map(|()| Status::Ok))
}

/// Writes the whole state, but not the events that wait, to `buffer`, and its length to `length`.
///
/// Where `capacity` is too small nothing is written but the length needed: call with 0 and NULL to ask for it. Cost: O(accounts + orders),
/// each time. Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _TOO_SMALL.
///
/// # Safety
///
/// `buffer` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_snapshot(
    engine: layout::Engine,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut room = unsafe { Room::new(buffer, capacity, "buffer") }?;
        // SAFETY: the caller's contract.
        let mut length = unsafe { Place::new(length, "length") }?;
        let bytes = gate::with(engine, |engine| Ok(engine.snapshot()))?;
        length.set(bytes.len());
        if !room.put_all(&bytes) {
            let text = format!("{} bytes are needed, there are {capacity}", bytes.len());
            return Err(Fault::new(Status::TooSmall, text));
        }
        Ok(Status::Ok)
    })
}

/// The hash of the whole state: equal states, equal hashes. Cost: O(accounts + orders).
///
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors.
///
/// # Safety
///
/// `hash` is NULL or points to a plimsoll_hash whose `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_state_hash(engine: layout::Engine, hash: *mut Hash) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut place = unsafe { Place::sized(hash) }?;
        let hash = gate::with(engine, |engine| Ok(engine.state_hash()))?;
        place.set(Hash { high: (hash >> 64) as u64, low: hash as u64, ..Hash::blank() });
        Ok(Status::Ok)
    })
}

/// Writes the state of an exchange as JSON (docs/FORMATS.md), ended by a zero byte; `length` gets the length without it, or where
/// `capacity` is too small the bytes needed. `length` may be NULL.
///
/// Cost: O(accounts + orders), each time. Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _WRONG_ENGINE (a bare book), _TOO_SMALL.
///
/// # Safety
///
/// `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_state_text(
    engine: layout::Engine,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let room = unsafe { Room::new(text.cast::<u8>(), capacity, "text") }?;
        // SAFETY: the caller's contract.
        let length = unsafe { Place::new(length, "length") }.ok();
        let state = gate::with(engine, |engine| engine.state_text())?;
        hand_over(&state, room, length)
    })
}
