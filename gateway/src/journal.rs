//! The journal: every carried-out command on disk, in order, before anybody is told what came of it.
//!
//! Segment files of records ([`crate::record`]) with marks between them that say how far all was synced: so that a tail torn by a crash,
//! which is cut, differs from damage to what was promised, which is refused. docs/JOURNAL.md draws the files byte by byte.

mod disk;
mod error;
mod scan;
mod segment;
mod supply;
mod syncer;
#[cfg(test)]
pub(crate) mod tests;
mod walk;
mod writer;

pub(crate) use disk::write_whole;
pub use disk::{Disk, FileHandle, Files};
pub use error::RecoverError;
pub use scan::{Bad, End, Scan};
pub use segment::{HEADER_BYTES, SegmentHeader};
pub(crate) use walk::numbered;
pub use walk::{About, Found, Walked, list, walk};
pub use writer::Journal;
pub(crate) use writer::end_tail;

use crate::batch::Durability;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// When what is written is synced to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Before anybody is told: what was acknowledged outlives a loss of power.
    Always,
    /// So often, by a thread of its own: what was acknowledged outlives the process; of a loss of power, all but the last stretch.
    Interval(Duration),
    /// When the system pleases, and at the end of a segment.
    Never,
}

impl Policy {
    /// What an acknowledgement may state.
    pub fn durability(self) -> Durability {
        match self {
            Policy::Always => Durability::Synced,
            Policy::Interval(_) | Policy::Never => Durability::Written,
        }
    }
}

/// How a journal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// When it is synced.
    pub policy: Policy,
    /// Bytes after which a segment ends, allocated beforehand.
    pub segment_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { policy: Policy::Always, segment_bytes: 64 << 20 }
    }
}

/// Why nothing can be recorded any more. The journal stays shut: after a failed write or sync nobody knows what the disk has.
#[derive(Debug)]
#[non_exhaustive]
pub enum JournalError {
    /// The disk said no.
    Disk {
        /// What was being done.
        doing: &'static str,
        /// In which file.
        file: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// It had failed before.
    Shut,
}

impl JournalError {
    pub(crate) fn at(doing: &'static str, file: &Path) -> impl FnOnce(io::Error) -> JournalError {
        move |source| JournalError::Disk { doing, file: file.to_owned(), source }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::Disk { doing, file, source } => {
                write!(f, "{}: could not {doing}: {source}", file.display())
            }
            JournalError::Shut => f.write_str("the journal is shut after an earlier failure"),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            JournalError::Disk { source, .. } => Some(source),
            JournalError::Shut => None,
        }
    }
}
