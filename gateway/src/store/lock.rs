//! One server a directory.

use crate::journal::RecoverError;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// Held as long as a server has its data directory. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the directory.
    ///
    /// Errors: [`RecoverError::Locked`] where another process has it, [`RecoverError::Disk`].
    pub fn take(data: &Path) -> Result<Lock, RecoverError> {
        let path = data.join("lock");
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(RecoverError::disk(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(RecoverError::Locked { file: path }),
            Err(TryLockError::Error(source)) => Err(RecoverError::Disk { file: path, source }),
        }
    }
}
