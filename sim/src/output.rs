//! Where the events of a run go: to `events.jsonl` and to tables, encoded and written on a thread of their own.
//!
//! The run hands over batches of plain events and gets empty ones back; where the disk is slower than the run, the run waits,
//! so that memory has a bound.

mod writer;

#[cfg(all(test, feature = "arrow"))]
mod tests;

use crate::claim::Claim;
use crate::files::take_summary_away;
use crate::medium::{self, Make};
use crate::names::{News, Told};
use crate::outcome::{Curves, Ending, Outcome};
use crate::run::Stage;
use plimsoll_exchange::Exchange;
use plimsoll_types::{Event, ExchangeSpec, InstrumentSpec};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use writer::{Message, Writer, Written};

/// Events handed over at a time.
const BATCH: usize = 2048;
/// Batches under way.
const BATCHES: usize = 8;

/// Rows of a batch of a table.
pub const ROWS: usize = 1 << 16;

/// Whether `events.jsonl` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventsAs {
    /// One JSON object a line.
    Jsonl,
    /// Not at all.
    Nothing,
}

/// Which tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablesAs {
    /// Arrow IPC files.
    #[cfg(feature = "arrow")]
    Arrow,
    /// Parquet files.
    #[cfg(feature = "parquet")]
    Parquet,
    /// None.
    Nothing,
}

/// What a run is to leave, and where.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The folder, made if it is not there.
    pub folder: &'a Path,
    /// `events.jsonl`.
    pub events: EventsAs,
    /// The tables.
    pub tables: TablesAs,
    /// Name of the scenario, for the tables.
    pub scenario: &'a str,
    /// Seed of the run, for the tables.
    pub seed: u64,
    /// The exchange as the run begins.
    pub spec: &'a ExchangeSpec,
    /// Instruments the run will list.
    pub later: &'a [InstrumentSpec],
}

/// Events on their way, and what has to be known to write them.
#[derive(Default)]
struct Batch {
    news: News,
    events: Vec<Event>,
}

impl Batch {
    fn with_room() -> Batch {
        // A command may bring many events, and a batch ends with a command's last.
        Batch { news: News::default(), events: Vec::with_capacity(BATCH + BATCH / 2) }
    }
}

/// The output of a run under way.
pub struct Output {
    told: Told,
    batch: Batch,
    line: Option<Line>,
    /// What the writer left when it gave up.
    given_up: Option<u64>,
    folder: PathBuf,
    claim: Claim,
}

impl Stage for Output {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        self.push(exchange, events)
    }
}

/// The way to the writer and back.
struct Line {
    full: SyncSender<Message>,
    empty: Receiver<Batch>,
    thread: JoinHandle<Written>,
}

impl Output {
    /// Begins the files of a plan.
    ///
    /// Errors: a folder or files that cannot be made; instruments whose steps no decimal column holds.
    pub fn create(plan: &Plan<'_>) -> io::Result<Output> {
        Self::create_with(plan, &medium::file, ROWS)
    }

    /// The same, with files made by `make` and so many rows in a batch of a table.
    pub(crate) fn create_with(plan: &Plan<'_>, make: &Make<'_>, rows: usize) -> io::Result<Output> {
        fs::create_dir_all(plan.folder)?;
        let claim = Claim::on(plan.folder)?;
        let line = match Writer::begin(plan, make, rows)? {
            Some(writer) => Some(Line::to(writer)?),
            None => None,
        };
        let folder = plan.folder.to_owned();
        let (told, batch) = (Told::default(), Batch::with_room());
        Ok(Output { told, batch, line, given_up: None, folder, claim })
    }

    /// Takes the events of one command, a whole batch, in order.
    ///
    /// Cost: a copy of the events; what waits for the disk is bounded, and so the run may have to wait.
    /// Errors: the disk's, a few thousand events after it happened. The files then hold what had been written before.
    #[inline]
    pub fn push(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        if self.line.is_none() {
            return Ok(());
        }
        self.told.update(exchange, &mut self.batch.news);
        self.batch.events.extend_from_slice(events);
        if self.batch.events.len() >= BATCH { self.hand_over() } else { Ok(()) }
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let Some(line) = &mut self.line else { return Ok(()) };
        let batch = std::mem::take(&mut self.batch);
        if line.full.send(Message::Batch(batch)).is_ok()
            && let Ok(empty) = line.empty.recv()
        {
            self.batch = empty;
            return Ok(());
        }
        let written = self.end(None);
        self.given_up = Some(written.events);
        written.result.and(Err(io::Error::other("the writer of events has ended too early")))
    }

    /// Sends a last word, if there is one, and waits for the writer.
    fn end(&mut self, word: Option<Message>) -> Written {
        let Some(Line { full, empty, thread }) = self.line.take() else {
            return Written { events: 0, result: Ok(()) };
        };
        if let Some(word) = word {
            // A writer that has given up tells so by what it returns.
            let _ = full.send(word);
        }
        drop((full, empty));
        match thread.join() {
            Ok(written) => written,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Writes what is left and ends the files; returns how many events were written, and the first trouble of the disk.
    /// `None` where nothing was to be written.
    pub fn finish(self) -> Option<(u64, io::Result<()>)> {
        self.finish_with(None)
    }

    /// The same, with curves for the tables.
    fn finish_with(mut self, curves: Option<Box<Curves>>) -> Option<(u64, io::Result<()>)> {
        let handed = match self.line {
            Some(_) => self.hand_over(),
            None => Ok(()),
        };
        match (self.given_up, &self.line) {
            (Some(events), _) => Some((events, handed)),
            (None, None) => None,
            (None, Some(_)) => {
                // The last run's summary would vouch for this one's files, were this cut off among them.
                let _ = take_summary_away(&self.folder);
                let written = self.end(Some(Message::Finish(curves)));
                Some((written.events, written.result))
            }
        }
    }

    /// Ends the files of a run, its curves in the tables; where that fails the run has failed. An incomplete run counts the events that were written.
    ///
    /// The folder is this run's until what is returned is dropped: summary and report are yet to come.
    pub fn close(mut self, outcome: &mut Outcome) -> Claim {
        let claim = std::mem::take(&mut self.claim);
        let curves = self.line.as_ref().map(|_| Box::new(outcome.curves()));
        let Some((written, result)) = self.finish_with(curves) else { return claim };
        if let (Err(error), Ending::Complete) = (result, &outcome.ending) {
            outcome.ending = Ending::Failed(error.to_string());
        }
        if outcome.ending != Ending::Complete {
            outcome.events = written;
        }
        claim
    }

    /// Leaves nothing behind: the run did not begin.
    pub fn discard(mut self) {
        self.end(Some(Message::Discard));
    }
}

impl Line {
    /// Starts the writer on a thread of its own.
    fn to(writer: Writer) -> io::Result<Line> {
        let (full, filled) = sync_channel(BATCHES);
        let (free, empty) = channel();
        for _ in 1..BATCHES {
            let _ = free.send(Batch::with_room());
        }
        let thread = thread::Builder::new().name("output".to_owned());
        let thread = thread.spawn(move || writer.work(&filled, &free))?;
        Ok(Line { full, empty, thread })
    }
}
