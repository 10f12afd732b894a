//! The files a run leaves: events as they happen, in whole batches, and summary and report at its end.

use crate::outcome::{Ending, Outcome};
use crate::report::report;
use crate::scenario::Scenario;
use crate::summary::summary;
use plimsoll_exchange::Exchange;
use plimsoll_text::write_event;
use plimsoll_types::Event;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes gathered before they are written.
const CHUNK: usize = 1 << 20;

/// `events.jsonl` while it is being written: under another name until it is whole, and always in whole batches.
pub struct EventsFile {
    file: File,
    part: PathBuf,
    name: PathBuf,
    buffer: Vec<u8>,
    /// Bytes safely written.
    written: u64,
    /// Events safely written, and those in the buffer.
    events: [u64; 2],
}

impl EventsFile {
    /// Begins `events.jsonl` in a folder, which is made if it is not there.
    ///
    /// Errors: a folder or file that cannot be written.
    pub fn create(folder: &Path) -> io::Result<EventsFile> {
        fs::create_dir_all(folder)?;
        let part = folder.join("events.jsonl.part");
        Ok(EventsFile {
            file: File::create(&part)?,
            name: folder.join("events.jsonl"),
            part,
            buffer: Vec::with_capacity(CHUNK + (CHUNK >> 2)),
            written: 0,
            events: [0, 0],
        })
    }

    /// Takes the events of one command.
    ///
    /// Errors: the disk's; what had been written before, in whole batches, stays.
    pub fn push(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        for event in events {
            write_event(&mut self.buffer, exchange, event);
        }
        self.events[1] += events.len() as u64;
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Err(error) = self.file.write_all(&self.buffer) {
            // A line cut in the middle is worse than one missing; what could not be written is not tried again.
            let _ = self.file.set_len(self.written);
            self.buffer.clear();
            self.events[1] = 0;
            return Err(error);
        }
        self.written += self.buffer.len() as u64;
        self.events = [self.events[0] + self.events[1], 0];
        self.buffer.clear();
        Ok(())
    }

    /// Leaves nothing behind: the run did not begin.
    pub fn discard(self) {
        drop(self.file);
        let _ = fs::remove_file(&self.part);
    }

    /// Writes what is left and gives the file its name; returns how many events it holds, and the disk's trouble.
    pub fn finish(mut self) -> (u64, io::Result<()>) {
        let flushed = self.flush();
        drop(self.file);
        (self.events[0], flushed.and(fs::rename(&self.part, &self.name)))
    }
}

/// Writes `summary.json`, `report.html` and `exchange.toml`, each at once or not at all; returns the summary.
///
/// Errors: the disk's.
pub fn write_results(folder: &Path, scenario: &Scenario, outcome: &Outcome) -> io::Result<Value> {
    let summary = summary(scenario, outcome);
    let mut text = serde_json::to_vec_pretty(&summary)?;
    text.push(b'\n');
    replace(&folder.join("summary.json"), &text)?;
    replace(&folder.join("report.html"), report(scenario, outcome).as_bytes())?;
    replace(&folder.join("exchange.toml"), configuration(scenario).as_bytes())?;
    Ok(summary)
}

/// The exchange by itself, as `replay` and `audit` read it: no more than one empty line in a row.
fn configuration(scenario: &Scenario) -> String {
    let mut text = String::new();
    let mut empty = true;
    for line in scenario.configuration.lines() {
        let was_empty = std::mem::replace(&mut empty, line.trim().is_empty());
        if !(empty && was_empty) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// Ends the events file of a run; where that fails the run has failed, and counts the events that the file holds.
pub fn close_events(events: EventsFile, outcome: &mut Outcome) {
    let (written, closed) = events.finish();
    if let (Err(error), Ending::Complete) = (closed, &outcome.ending) {
        outcome.ending = Ending::Failed(error.to_string());
    }
    if outcome.ending != Ending::Complete {
        outcome.events = written;
    }
}
