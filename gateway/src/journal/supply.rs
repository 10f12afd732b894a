//! Segment files made beforehand: full of zeros that are on the disk, so that a sync has to move data only and no book-keeping.

use super::disk::{Disk, FileHandle, write_whole};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

/// Bytes written at a time: little enough that the journal's own syncs do not wait long behind them.
const STEP: usize = 1 << 20;

/// From here on, making a file takes long enough for a thread of its own.
const LARGE: u64 = 8 << 20;

/// A file of zeros under a name that recovery removes.
pub(super) struct Blank {
    pub path: PathBuf,
    pub file: Arc<dyn FileHandle>,
}

/// Gives out blank files.
pub(super) enum Supply {
    /// Made when asked for.
    Now { maker: Maker },
    /// Made one ahead by a thread, which ends with the receiver.
    Ahead(Receiver<io::Result<Blank>>),
}

/// Makes blank files.
pub(super) struct Maker {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    bytes: u64,
    made: u64,
}

impl Supply {
    pub(super) fn new(disk: Arc<dyn Disk>, directory: &Path, bytes: u64) -> Supply {
        let mut maker = Maker { disk, directory: directory.to_owned(), bytes, made: 0 };
        if bytes < LARGE {
            return Supply::Now { maker };
        }
        let (sender, receiver) = sync_channel(0);
        std::thread::spawn(move || {
            loop {
                let blank = maker.make();
                let path = blank.as_ref().ok().map(|blank| blank.path.clone());
                if sender.send(blank).is_err() {
                    // Nobody will use it. Where it cannot be removed, the next start does it.
                    let _ = path.map(|path| maker.disk.remove(&path));
                    return;
                }
            }
        });
        Supply::Ahead(receiver)
    }

    pub(super) fn take(&mut self) -> io::Result<Blank> {
        match self {
            Supply::Now { maker } => maker.make(),
            Supply::Ahead(blanks) => {
                blanks.recv().unwrap_or_else(|_| Err(io::Error::other("no blank segments")))
            }
        }
    }
}

impl Maker {
    fn make(&mut self) -> io::Result<Blank> {
        self.made += 1;
        let path = self.directory.join(format!("blank.{}.tmp", self.made));
        let file = self.disk.create(&path)?;
        let zeros = vec![0; STEP.min(self.bytes as usize)];
        let mut at = 0;
        while at < self.bytes {
            let len = zeros.len().min((self.bytes - at) as usize);
            write_whole(&*file, &zeros[..len], at)?;
            // Nobody syncs beside the first, and whoever takes it syncs it with its header: a start does not wait for each step.
            if self.made > 1 {
                file.sync()?;
            }
            at += len as u64;
        }
        Ok(Blank { path, file })
    }
}
