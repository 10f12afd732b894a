//! A folder is one run's at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// A folder that nobody else writes results to until this is dropped, or the process ends, however it ends.
///
/// On systems where a folder cannot be locked it is a wish.
#[derive(Debug, Default)]
pub struct Claim {
    _locked: Option<File>,
}

impl Claim {
    /// Claims a folder that exists.
    ///
    /// Errors: another run has it.
    pub fn on(folder: &Path) -> io::Result<Claim> {
        let Ok(opened) = File::open(folder) else { return Ok(Claim::default()) };
        match opened.try_lock() {
            Ok(()) => Ok(Claim { _locked: Some(opened) }),
            Err(TryLockError::WouldBlock) => {
                Err(io::Error::other("one that another run is writing to"))
            }
            Err(TryLockError::Error(_)) => Ok(Claim::default()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_runs_at_a_time() {
        let folder = std::env::temp_dir().join(format!("plimsoll-claim-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let first = Claim::on(&folder).expect("free");
        let second = Claim::on(&folder).expect_err("taken");
        assert!(second.to_string().contains("another run"), "{second}");
        drop(first);
        assert!(Claim::on(&folder).is_ok());
        std::fs::remove_dir_all(&folder).expect("an empty folder");
    }
}
