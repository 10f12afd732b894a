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

/// Where a data directory has the configuration it was begun with, for those who come without one.
pub fn configuration_of(data: &Path) -> PathBuf {
    data.join("exchange.toml")
}

/// Leaves the configuration's text in a data directory, unless there is one: to be called once it has been recovered under it.
///
/// Errors: [`RecoverError::Disk`].
pub fn keep_configuration(data: &Path, text: &str) -> Result<(), RecoverError> {
    let path = configuration_of(data);
    if path.exists() {
        return Ok(());
    }
    let temporary = path.with_extension("toml.tmp");
    std::fs::write(&temporary, text)
        .and_then(|()| std::fs::rename(&temporary, &path))
        .map_err(RecoverError::disk(&path))
}
