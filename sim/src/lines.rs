//! `events.jsonl` while it is being written: always whole lines.

use crate::medium::{Make, Part};
use crate::names::NameTable;
use plimsoll_text::write_event_with;
use plimsoll_types::Event;
use std::io::{self, Write};
use std::path::Path;

/// Bytes gathered before they are written.
const CHUNK: usize = 1 << 20;

/// The file of a run's events.
pub struct Lines {
    part: Part,
    buffer: Vec<u8>,
    /// Events written, and those in the buffer.
    events: [u64; 2],
}

impl Lines {
    /// Begins `events.jsonl` in a folder.
    ///
    /// Errors: a file that cannot be made.
    pub fn create(folder: &Path, make: &Make<'_>) -> io::Result<Lines> {
        Ok(Lines {
            part: Part::create(folder.join("events.jsonl"), make)?,
            buffer: Vec::with_capacity(CHUNK + (CHUNK >> 2)),
            events: [0, 0],
        })
    }

    /// Adds an event.
    ///
    /// Errors: the disk's; whole lines written before it stay, and what could not be written is not tried again.
    #[inline]
    pub fn put(&mut self, names: &NameTable, event: &Event) -> io::Result<()> {
        write_event_with(&mut self.buffer, names, event);
        self.events[1] += 1;
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.part.write_all(&self.buffer);
        self.buffer.clear();
        let [kept, gathered] = self.events;
        match written {
            Ok(()) => {
                self.part.keep();
                self.events = [kept + gathered, 0];
            }
            Err(_) => {
                self.events = [kept, 0];
                self.part.forget()?;
            }
        }
        written
    }

    /// Writes what is left and gives the file its name; returns how many events it holds, and the disk's trouble.
    pub fn finish(mut self) -> (u64, io::Result<()>) {
        let flushed = self.flush();
        (self.events[0], flushed.and(self.part.publish()))
    }

    /// Leaves nothing behind: the run did not begin.
    pub fn discard(self) {
        self.part.discard();
    }
}
