//! What a call answers, and the sentence that goes with it.

use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a call came to.
///
/// Everything from PLIMSOLL_STATUS_NULL_POINTER on means: nothing was done and nothing changed. plimsoll_last_error
/// says more in words. New numbers may be added at the end.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// The exchange said no: one `rejected` event carries the reason, and the receipt. Nothing else changed.
    Rejected = 1,
    /// A pointer that must not be NULL is.
    NullPointer = 2,
    /// A struct's `size`, or the size given for an array's items, is not the one this library knows.
    WrongSize = 3,
    /// The handle names no engine: never issued, or freed.
    StaleEngine = 4,
    /// Another call works on this engine at this moment.
    Busy = 5,
    /// A bug of ours stopped a call on this engine halfway. Only plimsoll_free takes it now.
    Broken = 6,
    /// The call does not exist for this kind of engine: a bare book has no accounts, an exchange needs none made.
    WrongEngine = 7,
    /// Text that is not UTF-8.
    NotUtf8 = 8,
    /// Text that cannot be read: a configuration, a command line, a decimal, an id without an end.
    BadText = 9,
    /// A number or word outside what its field takes.
    BadValue = 10,
    /// The time stamp lies before the engine's time, or beyond 2^63 - 1.
    TimeRunsBack = 11,
    /// Something this engine does not do, or not yet.
    Unsupported = 12,
    /// The buffer is too small; where the call reports a length, it reports the one it needs.
    TooSmall = 13,
    /// Not a snapshot, damaged, of another version, or taken under another configuration.
    BadSnapshot = 14,
    /// As many engines exist as there can be.
    TooManyEngines = 15,
    /// No account or instrument of this name or number.
    NotFound = 16,
}

impl Status {
    /// Every status, in the order of their numbers.
    pub const ALL: &[Status] = &[
        Status::Ok,
        Status::Rejected,
        Status::NullPointer,
        Status::WrongSize,
        Status::StaleEngine,
        Status::Busy,
        Status::Broken,
        Status::WrongEngine,
        Status::NotUtf8,
        Status::BadText,
        Status::BadValue,
        Status::TimeRunsBack,
        Status::Unsupported,
        Status::TooSmall,
        Status::BadSnapshot,
        Status::TooManyEngines,
        Status::NotFound,
    ];

    /// Its name in a word.
    pub(crate) fn text(self) -> &'static std::ffi::CStr {
        match self {
            Status::Ok => c"ok",
            Status::Rejected => c"rejected",
            Status::NullPointer => c"null pointer",
            Status::WrongSize => c"wrong struct size",
            Status::StaleEngine => c"stale engine handle",
            Status::Busy => c"engine busy",
            Status::Broken => c"engine broken",
            Status::WrongEngine => c"wrong kind of engine",
            Status::NotUtf8 => c"not UTF-8",
            Status::BadText => c"text that cannot be read",
            Status::BadValue => c"value out of range",
            Status::TimeRunsBack => c"time runs back",
            Status::Unsupported => c"not supported",
            Status::TooSmall => c"buffer too small",
            Status::BadSnapshot => c"bad snapshot",
            Status::TooManyEngines => c"too many engines",
            Status::NotFound => c"not found",
        }
    }
}

/// Why a call did nothing.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: Status,
    pub(crate) text: Cow<'static, str>,
}

impl Fault {
    #[cold]
    pub(crate) fn new(status: Status, text: impl Into<Cow<'static, str>>) -> Fault {
        Fault { status, text: text.into() }
    }
}

/// Longest sentence kept, in bytes, its end mark included.
const LAST_ERROR_MAX: usize = 512;

thread_local! {
    static LAST_ERROR: RefCell<[u8; LAST_ERROR_MAX]> = const { RefCell::new([0; LAST_ERROR_MAX]) };
}

/// Keeps a sentence for [`last_error`], cut at a character where it is long.
#[cold]
pub(crate) fn set_last_error(text: &str) {
    let mut end = text.len().min(LAST_ERROR_MAX - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    LAST_ERROR.with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            last[..end].copy_from_slice(&text.as_bytes()[..end]);
            last[end] = 0;
        }
    });
}

/// The sentence kept last in this thread, ended by a zero.
pub(crate) fn last_error() -> *const c_char {
    LAST_ERROR.with(|last| last.as_ptr().cast::<c_char>().cast_const())
}

/// Carries out a call: whatever goes wrong inside, a panic too, comes out as a status.
#[inline]
pub(crate) fn answer(call: impl FnOnce() -> Result<Status, Fault>) -> Status {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(status)) => status,
        Ok(Err(fault)) => fail(&fault),
        Err(panic) => fail(&Fault::new(Status::Broken, what_broke(panic.as_ref()))),
    }
}

#[cold]
fn fail(fault: &Fault) -> Status {
    set_last_error(&fault.text);
    fault.status
}

#[cold]
fn what_broke(panic: &(dyn Any + Send)) -> String {
    let said = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "no reason given",
    };
    format!("a bug in the library: {said}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn kept() -> String {
        // SAFETY: the text is this thread's own and ends in a zero by construction.
        unsafe { CStr::from_ptr(last_error()) }.to_string_lossy().into_owned()
    }

    #[test]
    fn numbers_are_places_and_names_are_unique() {
        let mut names: Vec<_> = Status::ALL.iter().map(|status| status.text()).collect();
        assert!(Status::ALL.iter().enumerate().all(|(place, &status)| status as usize == place));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Status::ALL.len());
    }

    #[test]
    fn a_panic_comes_out_as_a_status() {
        assert_eq!(answer(|| panic!("planted")), Status::Broken);
        assert_eq!(kept(), "a bug in the library: planted");
    }

    #[test]
    fn a_long_sentence_is_cut_between_characters() {
        set_last_error(&"ä".repeat(400));
        assert_eq!(kept(), "ä".repeat(255));
    }
}
