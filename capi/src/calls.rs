//! The functions C sees, a file a subject.
//!
//! Each follows the same order: pointers and sizes, the handle, then what the call is about. The first that is wrong is answered.

pub mod engines;
pub mod events;
pub mod library;
pub mod orders;
pub mod reading;
pub mod texts;

use crate::pointers::{Place, Room};
use crate::status::{Fault, Status};

/// Hands text to a caller: the text, a zero byte, and its length without it; or, where it does not fit, the bytes it needs.
fn hand_over(
    text: &[u8],
    mut room: Room<'_, u8>,
    length: Option<Place<'_, usize>>,
) -> Result<Status, Fault> {
    let fits = text.len() < room.capacity();
    if let Some(mut length) = length {
        length.set(if fits { text.len() } else { text.len() + 1 });
    }
    if !fits {
        let text = format!("{} bytes are needed, there are {}", text.len() + 1, room.capacity());
        return Err(Fault::new(Status::TooSmall, text));
    }
    room.put_all(text);
    room.put(text.len(), 0);
    Ok(Status::Ok)
}
