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
        self.seq += 1;
        self.events.push(Event { seq: self.seq, ts: self.now, kind });
    }
}
