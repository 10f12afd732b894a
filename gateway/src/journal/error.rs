//! Why a data directory is not what it should be.

use super::scan::Bad;
use plimsoll_types::Ts;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a server does not start over a data directory: with the file, and the place in it.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecoverError {
    /// The disk said no.
    Disk {
        /// In which file.
        file: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// What had been synced is not good any more.
    Damaged {
        /// In which file.
        file: PathBuf,
        /// The first byte of what is bad.
        offset: u64,
        /// In what way.
        bad: Bad,
    },
    /// A segment's header is damaged, or it is no segment.
    NoSegment {
        /// Which file.
        file: PathBuf,
    },
    /// Another format version.
    Version {
        /// Which file.
        file: PathBuf,
        /// Which version.
        version: u32,
    },
    /// Written under another configuration.
    OtherConfiguration {
        /// Which file.
        file: PathBuf,
    },
    /// Records are not there.
    Missing {
        /// The segment after them; the directory where there is none.
        file: PathBuf,
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// Two segments have records of the same numbers.
    Overlap {
        /// The later one.
        file: PathBuf,
        /// Its first record.
        first: u64,
        /// The last of the one before it.
        last: u64,
    },
    /// A record cannot have come after the one before it.
    OutOfPlace {
        /// In which file.
        file: PathBuf,
        /// Its number.
        number: u64,
        /// Its time.
        ts: Ts,
    },
    /// Another server has the directory.
    Locked {
        /// The lock's file.
        file: PathBuf,
    },
}

impl RecoverError {
    pub(crate) fn disk(file: &Path) -> impl FnOnce(io::Error) -> RecoverError {
        move |source| RecoverError::Disk { file: file.to_owned(), source }
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bad::Checksum => f.write_str("a wrong checksum or a cut"),
            Bad::Unreadable => f.write_str("no command of this version"),
            Bad::Number { expected, found } => write!(f, "number {found} in place of {expected}"),
        }
    }
}

impl fmt::Display for RecoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecoverError::Disk { file, source } => write!(f, "{}: {source}", file.display()),
            RecoverError::Damaged { file, offset, bad } => write!(
                f,
                "{}: byte {offset}: expected what had been synced, found {bad}",
                file.display()
            ),
            RecoverError::NoSegment { file } => {
                write!(f, "{}: byte 0: expected a journal segment's header", file.display())
            }
            RecoverError::Version { file, version } => {
                write!(f, "{}: expected format version 1, found {version}", file.display())
            }
            RecoverError::OtherConfiguration { file } => write!(
                f,
                "{}: expected the configuration it was written under, found another",
                file.display()
            ),
            RecoverError::Missing { file, from, to } => {
                write!(f, "{}: records {from} to {to} are missing before it", file.display())
            }
            RecoverError::Overlap { file, first, last } => write!(
                f,
                "{}: begins with record {first}, which the segment before it has too: that ends with {last}",
                file.display()
            ),
            RecoverError::OutOfPlace { file, number, ts } => write!(
                f,
                "{}: record {number} at time {ts} does not follow the one before it",
                file.display()
            ),
            RecoverError::Locked { file } => {
                write!(f, "{}: another server has this directory", file.display())
            }
        }
    }
}

impl std::error::Error for RecoverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RecoverError::Disk { source, .. } => Some(source),
            _ => None,
        }
    }
}
