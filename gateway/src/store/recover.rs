//! A data directory taken up again.

use super::lock::Lock;
use super::saved::{SnapshotFile, snapshots};
use super::{journal_of, snapshots_of};
use crate::engine::Engine;
use crate::journal::{
    Disk, End, Files, Journal, JournalError, Options, RecoverError, end_tail, list, walk,
};
use crate::record::Record;
use crate::users::{Memory, User};
use plimsoll_exchange::{Exchange, RestoreError, configuration_hash};
use plimsoll_types::{Event, ExchangeSpec};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a server keeps what must not be lost, and how.
#[derive(Clone)]
pub struct DataOptions {
    /// The directory.
    pub data: PathBuf,
    /// How its journal is written.
    pub journal: Options,
    /// What it is written to.
    pub disk: Arc<dyn Disk>,
    /// How many of the last commands are carried out again, where they are kept, so that sessions that come back can be told of
    /// them: a session may have missed what the newest snapshot has. Half a microsecond each.
    pub resend: u64,
}

impl DataOptions {
    /// A directory with a journal written as is usual.
    pub fn new(data: &Path) -> DataOptions {
        let (data, journal) = (data.to_owned(), Options::default());
        DataOptions { data, journal, disk: Arc::new(Files), resend: 0 }
    }
}

/// What was found, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Number of the snapshot it began with; `None` = with the configuration.
    pub snapshot: Option<u64>,
    /// Records carried out after it.
    pub replayed: u64,
    /// What people should know: snapshots that were passed over, a tail that was cut.
    pub warnings: Vec<String>,
}

/// A server's state, taken up again.
pub struct Recovered {
    /// The engine, which stands after the last record.
    pub engine: Engine,
    /// The journal, ready for the next.
    pub journal: Journal,
    /// Keeps others out of the directory as long as it lives.
    pub lock: Lock,
    /// What was found.
    pub report: Report,
}

/// Takes a data directory up again, or begins one: the newest good snapshot from which [`DataOptions::resend`] commands are still to
/// be carried out, then every record after it, each told to `told` with the exchange right after it and what came of it.
///
/// A tail that was never synced and is torn is cut. Cost: see docs/PERFORMANCE.md.
/// Errors: [`RecoverError`]; nothing is changed then but that leftovers of unfinished files are gone.
pub fn recover(
    options: &DataOptions,
    spec: &ExchangeSpec,
    users: &[User],
    told: &mut dyn FnMut(&Exchange, &Record, &[Event]),
) -> Result<Recovered, RecoverError> {
    let (journal, snapshots) = (journal_of(&options.data), snapshots_of(&options.data));
    for directory in [&journal, &snapshots] {
        fs::create_dir_all(directory).map_err(RecoverError::disk(directory))?;
    }
    let lock = Lock::take(&options.data)?;
    let disk = &*options.disk;
    let mut report = Report::default();
    let configuration = configuration_hash(spec);
    let beginnings = beginnings(&journal, configuration, &snapshots, options.resend)?;
    let mut engine = begin(spec, users, beginnings, &mut report)?;
    let from = engine.number() + 1;
    let mut events = Vec::new();
    let walked = walk(&journal, Some(configuration), from, |segment, record| {
        events.clear();
        let (number, ts) = (record.number, record.ts);
        engine.replay(record, &mut events).map_err(|_| RecoverError::OutOfPlace {
            file: segment.path.clone(),
            number,
            ts,
        })?;
        told(engine.exchange(), record, &events);
        Ok(())
    })?;
    report.replayed = engine.number() + 1 - from;
    if let Some(last) = walked.segments.last() {
        if let End::Torn { bytes } = last.end {
            report.warnings.push(format!(
                "{}: byte {}: cut behind record {}: {bytes} bytes had not been synced when the server stopped",
                last.path.display(),
                last.good,
                last.last
            ));
        }
        if last.last + 1 < from {
            report.warnings.push(snapshot_has_more(&last.path, last.last, from - 1));
        }
        end_tail(disk, last)?;
    } else if from > 1 {
        report.warnings.push(snapshot_has_more(&journal, 0, from - 1));
    }
    if let Some(path) = walked.stillborn {
        disk.remove(&path).map_err(RecoverError::disk(&path))?;
    }
    for directory in [&journal, &snapshots] {
        sweep(disk, directory)?;
        disk.sync_names(directory).map_err(RecoverError::disk(directory))?;
    }
    disk.sync_names(&options.data).map_err(RecoverError::disk(&options.data))?;
    let (disk, last) = (options.disk.clone(), engine.number());
    let journal = Journal::begin(disk, &journal, configuration, last, options.journal)
        .map_err(RecoverError::from)?;
    Ok(Recovered { engine, journal, lock, report })
}

/// What people are told of a journal that has lost its end, or all of it.
fn snapshot_has_more(place: &Path, last: u64, snapshot: u64) -> String {
    let place = place.display();
    format!("{place}: ends with record {last}; the snapshot of {snapshot} has more and is taken")
}

/// Where to begin, the best first: the newest snapshot with `resend` commands after it, or where there is none the first command
/// of all, if the journal still has it; then, should that be no good, any other, the newest first.
///
/// A journal that ends before the newest snapshot has lost its end: then that snapshot is all there is.
fn beginnings(
    journal: &Path,
    configuration: u64,
    directory: &Path,
    resend: u64,
) -> Result<Vec<SnapshotFile>, RecoverError> {
    let mut files = snapshots(directory)?;
    files.reverse();
    let (Some(newest), true) = (files.first(), resend > 0) else { return Ok(files) };
    let newest = newest.number;
    let last = walk(journal, Some(configuration), newest + 1, |_, _| Ok(()))?;
    let Some(last) = last.segments.last().map(|about| about.last).filter(|&last| last >= newest)
    else {
        return Ok(files);
    };
    let kept = list(journal)?.first().map_or(u64::MAX, |segment| segment.first);
    let is_early = |number: u64| number.saturating_add(resend) <= last;
    let best = files.iter().position(|file| is_early(file.number) && file.number + 1 >= kept);
    match best {
        Some(best) => files[..=best].rotate_right(1),
        None if kept <= 1 => files.clear(),
        None => {
            let oldest = files.iter().rposition(|file| file.number + 1 >= kept);
            files[..=oldest.unwrap_or(0)].rotate_right(1);
        }
    }
    Ok(files)
}

/// The engine of the first good snapshot of `files`; a new one where there is none.
fn begin(
    spec: &ExchangeSpec,
    users: &[User],
    files: Vec<SnapshotFile>,
    report: &mut Report,
) -> Result<Engine, RecoverError> {
    for file in files {
        let bytes = fs::read(&file.path).map_err(RecoverError::disk(&file.path))?;
        match Engine::restore(spec.clone(), users, &bytes) {
            Ok(engine) if engine.number() == file.number => {
                report.snapshot = Some(file.number);
                return Ok(engine);
            }
            Err(RestoreError::OtherConfiguration) => {
                return Err(RecoverError::OtherConfiguration { file: file.path });
            }
            Ok(_) => report.warnings.push(format!(
                "{}: passed over: a snapshot of another number than its name says",
                file.path.display()
            )),
            Err(error) => {
                report.warnings.push(format!("{}: passed over: {error}", file.path.display()));
            }
        }
    }
    Ok(Engine::new(Exchange::new(spec.clone()), users, 0, Memory::new()))
}

/// Removes what a server that stopped had not finished.
fn sweep(disk: &dyn Disk, directory: &Path) -> Result<(), RecoverError> {
    for entry in fs::read_dir(directory).map_err(RecoverError::disk(directory))? {
        let path = entry.map_err(RecoverError::disk(directory))?.path();
        if path.extension().is_some_and(|ending| ending == "tmp") {
            disk.remove(&path).map_err(RecoverError::disk(&path))?;
        }
    }
    Ok(())
}

impl From<JournalError> for RecoverError {
    fn from(error: JournalError) -> RecoverError {
        match error {
            JournalError::Disk { file, source, .. } => RecoverError::Disk { file, source },
            JournalError::Shut => RecoverError::Disk {
                file: PathBuf::new(),
                source: std::io::Error::other("the journal is shut"),
            },
        }
    }
}
