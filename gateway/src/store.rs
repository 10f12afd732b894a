//! Snapshots of an engine, and a server's data directory taken up again: the newest good snapshot, then what the journal has after it.

mod keeper;
mod lock;
mod recover;
mod saved;
#[cfg(test)]
mod tests;

pub use keeper::{KeeperOptions, Segments, Snapshots};
pub use lock::Lock;
pub use recover::{DataOptions, Recovered, Report, recover};
pub use saved::{Saved, SnapshotFile, look_at, snapshots, write_snapshot};

pub use crate::journal::RecoverError;

use std::path::{Path, PathBuf};

/// Where a data directory has its journal.
pub fn journal_of(data: &Path) -> PathBuf {
    data.join("journal")
}

/// Where a data directory has its snapshots.
pub fn snapshots_of(data: &Path) -> PathBuf {
    data.join("snapshots")
}
