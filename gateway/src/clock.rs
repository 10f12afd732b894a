//! The server's clock: wall time at the start, then the monotonic clock, so that it never runs back.

use plimsoll_types::Ts;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970, never falling while the server runs.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    at_start: Ts,
}

impl Clock {
    /// Reads the wall clock once. A wall clock before 1970 counts as 1970.
    #[expect(clippy::disallowed_methods, reason = "here time becomes a command's stamp")]
    pub fn new() -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at_start = Ts::try_from(since.as_nanos()).unwrap_or(0).min(Ts::MAX / 4);
        Clock { started: Instant::now(), at_start }
    }

    /// Now. Cost: about 25 ns.
    #[inline]
    pub fn now(&self) -> Ts {
        self.at_start + self.started.elapsed().as_nanos() as Ts
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new()
    }
}
