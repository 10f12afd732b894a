//! Where results are written: a file under another name until it is whole, which a failure cannot leave cut in the middle.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Something to write to that can forget its end.
pub trait Medium: Write + Send {
    /// Cuts off what lies beyond `len` bytes and goes on from there.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

impl Medium for File {
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)?;
        self.seek(SeekFrom::Start(len)).map(drop)
    }
}

/// Makes the mediums of a run, by the names of its files.
pub type Make<'a> = dyn Fn(&Path) -> io::Result<Box<dyn Medium>> + 'a;

/// Begins a file.
pub fn file(path: &Path) -> io::Result<Box<dyn Medium>> {
    Ok(Box::new(File::create(path)?))
}

/// A result being written: bytes go out at once, and count once they are kept.
pub struct Part {
    medium: Box<dyn Medium>,
    part: PathBuf,
    name: PathBuf,
    /// Bytes written so far.
    written: u64,
    /// Bytes up to the last whole batch.
    kept: u64,
}

impl Part {
    /// Begins `name` as `name.part`.
    ///
    /// Errors: a file that cannot be made.
    pub fn create(name: PathBuf, make: &Make<'_>) -> io::Result<Part> {
        let part = Part::path_of(&name);
        Ok(Part { medium: make(&part)?, part, name, written: 0, kept: 0 })
    }

    /// Where `name` is until it is whole.
    pub fn path_of(name: &Path) -> PathBuf {
        let mut part = name.to_owned().into_os_string();
        part.push(".part");
        PathBuf::from(part)
    }

    /// Where it is until it is whole.
    pub fn path(&self) -> &Path {
        &self.part
    }

    /// What was written since the last call is a whole batch and stays.
    pub fn keep(&mut self) {
        self.kept = self.written;
    }

    /// Forgets what was written since the last whole batch.
    pub fn forget(&mut self) -> io::Result<()> {
        self.written = self.kept;
        self.medium.truncate(self.kept)
    }

    /// Gives the file its name.
    pub fn publish(self) -> io::Result<()> {
        drop(self.medium);
        fs::rename(&self.part, &self.name)
    }

    /// Leaves nothing behind.
    pub fn discard(self) {
        drop(self.medium);
        let _ = fs::remove_file(&self.part);
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.medium.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.medium.flush()
    }
}
