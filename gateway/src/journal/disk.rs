//! What the journal asks of a disk: few things, so that tests can have each of them fail.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

/// An open file.
pub trait FileHandle: Send + Sync {
    /// Writes at a place; gives how many bytes it took.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize>;
    /// Has everything written so far, and the length, outlive a loss of power. A file that nobody can open any more, because its name
    /// was removed, is an error: what is written to it is gone with the process.
    fn sync(&self) -> io::Result<()>;
    /// Cuts the file.
    fn set_len(&self, len: u64) -> io::Result<()>;
}

/// A file system.
pub trait Disk: Send + Sync {
    /// Creates a file, empty, in place of one of the same name.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn FileHandle>>;
    /// Opens a file that exists, for writing.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn FileHandle>>;
    /// Gives a file another name, in place of a file that had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Has the names in a directory outlive a loss of power.
    fn sync_names(&self, directory: &Path) -> io::Result<()>;
}

/// The system's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files;

impl Disk for Files {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn FileHandle>> {
        Ok(Arc::new(File::create(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn FileHandle>> {
        Ok(Arc::new(OpenOptions::new().write(true).open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_names(&self, directory: &Path) -> io::Result<()> {
        File::open(directory)?.sync_all()
    }
}

impl FileHandle for File {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()?;
        match self.metadata()?.nlink() {
            0 => Err(io::Error::new(io::ErrorKind::NotFound, "the file was removed")),
            _ => Ok(()),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }
}

/// Writes all of it. A write that takes only a part is a failure: of a file on a disk, that is what a full disk does.
pub(crate) fn write_whole(file: &dyn FileHandle, bytes: &[u8], at: u64) -> io::Result<()> {
    match file.write_at(bytes, at)? {
        taken if taken == bytes.len() => Ok(()),
        taken => Err(io::Error::new(
            io::ErrorKind::WriteZero,
            format!("only {taken} of {} bytes were written", bytes.len()),
        )),
    }
}
