//! The library itself: version, errors and words in text.

use crate::layout::PLIMSOLL_ABI_VERSION;
use crate::status::{Status, last_error};
use crate::words::Reject;
use std::ffi::{CString, c_char};
use std::sync::OnceLock;

/// The version of the border, to be compared with PLIMSOLL_ABI_VERSION of the header. Cost: none.
#[unsafe(no_mangle)]
pub extern "C" fn plimsoll_abi_version() -> u32 {
    PLIMSOLL_ABI_VERSION
}

/// The version of the library, such as "0.1.0". The text is the library's and lives as long as it.
#[unsafe(no_mangle)]
pub extern "C" fn plimsoll_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// What the last call that failed, or was rejected, said about it: one line of UTF-8, never NULL, empty before the first.
///
/// Each thread has its own. The text is the library's; it is overwritten by the thread's next failing call and gone with the
/// thread. Cut at 511 bytes.
#[unsafe(no_mangle)]
pub extern "C" fn plimsoll_last_error() -> *const c_char {
    last_error()
}

/// A status in a few words, such as "null pointer"; "unknown status" for a number that is none. The text is the library's.
#[unsafe(no_mangle)]
pub extern "C" fn plimsoll_status_text(status: i32) -> *const c_char {
    let known = usize::try_from(status).ok().and_then(|place| Status::ALL.get(place));
    known.map_or(c"unknown status", |status| status.text()).as_ptr()
}

/// A reject in the word that events as text use, such as "price_band"; "other" for a number without one. The text is the library's.
#[unsafe(no_mangle)]
pub extern "C" fn plimsoll_reject_text(reject: u32) -> *const c_char {
    static WORDS: OnceLock<Vec<(u32, CString)>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let all = plimsoll_types::Reject::ALL.iter();
        let none = (Reject::None as u32, CString::from(c"none"));
        let numbered = all.filter_map(|reason| {
            let word = CString::new(reason.as_str()).ok()?;
            Some((Reject::from(*reason) as u32, word))
        });
        std::iter::once(none)
            .chain(numbered.filter(|(number, _)| *number != Reject::Other as u32))
            .collect()
    });
    let found = words.iter().find(|(number, _)| *number == reject);
    found.map_or(c"other".as_ptr(), |(_, word)| word.as_ptr())
}
