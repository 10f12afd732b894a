//! The record being written: the next sequence number, the time, the events of this command.

use plimsoll_types::{Event, EventKind, Ts};
use serde::{Deserialize, Serialize};

/// Numbers and stamps what happens.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Log {
    pub(crate) seq: u64,
    pub(crate) now: Ts,
    #[serde(skip)]
    pub(crate) events: Vec<Event>,
}

impl Log {
    #[inline]
    pub(crate) fn emit(&mut self, kind: EventKind) {
        self.emit_with(|| kind);
    }

    /// The same for the order path: the event is made where it will stand, not copied there.
    #[inline(always)]
    pub(crate) fn emit_with(&mut self, kind: impl FnOnce() -> EventKind) {
        self.seq += 1;
        let (seq, ts) = (self.seq, self.now);
        // Unlike `push` this makes room before it asks for the item.
        self.events.extend(std::iter::once_with(|| Event { seq, ts, kind: kind() }));
    }
}
