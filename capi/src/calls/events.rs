//! Events on their way out.

use super::hand_over;
use crate::event::Event;
use crate::gate;
use crate::layout::Engine;
use crate::pointers::{Place, Room};
use crate::status::{Status, answer};
use std::ffi::c_char;

/// Takes waiting events as records, oldest first, up to `capacity` of them, and writes how many to `count`.
///
/// They are the caller's copy; what was taken is gone from the engine. Fewer than `capacity` means that none wait now. Events wait
/// until they are drained, for as long as it takes and as much memory: drain after every command, or every few.
/// Cost: O(records). Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE (`event_size` is not sizeof(plimsoll_event)), _BAD_VALUE, engine errors.
///
/// # Safety
///
/// `events` may be written for `capacity` items of `event_size` bytes, or is NULL with 0; `count` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_events_drain(
    engine: Engine,
    events: *mut Event,
    capacity: usize,
    event_size: usize,
    count: *mut usize,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let mut room = unsafe { Room::of_items(events, capacity, event_size, "plimsoll_event") }?;
        // SAFETY: the caller's contract.
        let mut count = unsafe { Place::new(count, "count") }?;
        let taken =
            gate::with(engine, |engine| Ok(engine.drain(|place, event| room.put(place, event))))?;
        count.set(taken);
        Ok(Status::Ok)
    })
}

/// Takes waiting events as text, one JSON object a line as docs/schema/event.schema.json says, as many whole lines as fit; ended by a zero
/// byte. `length` gets the bytes written without it: 0 means that none wait.
///
/// A bare book writes the same fields with prices in ticks, quantities in lots and accounts by number. Cost: O(bytes).
/// Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _TOO_SMALL where not even the next line fits: `length` gets the bytes it needs, and the
/// event still waits.
///
/// # Safety
///
/// `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plimsoll_events_drain_text(
    engine: Engine,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Status {
    answer(|| {
        // SAFETY: the caller's contract.
        let room = unsafe { Room::new(text.cast::<u8>(), capacity, "text") }?;
        // SAFETY: the caller's contract.
        let mut length = unsafe { Place::new(length, "length") }?;
        let taken = gate::with(engine, |engine| Ok(engine.drain_text(capacity.saturating_sub(1))))?;
        match taken {
            Ok(lines) => hand_over(&lines, room, Some(length)),
            Err((fault, needed)) => {
                length.set(needed + 1);
                Err(fault)
            }
        }
    })
}

/// Forgets all waiting events. For those who only read the book.
///
/// Cost: O(events). Errors: engine errors.
#[unsafe(no_mangle)]
pub extern "C" fn plimsoll_events_discard(engine: Engine) -> Status {
    answer(|| {
        gate::with(engine, |engine| {
            engine.queue.discard();
            Ok(Status::Ok)
        })
    })
}
