//! A disk that fails at a call it is told, and a loss of power that takes what was not synced.

use super::Random;
use crate::journal::{Disk, FileHandle};
use parking_lot::Mutex;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Weak};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The device fails; nothing is written.
    Device,
    /// The disk is full; nothing is written.
    Full,
    /// Half is written and the call says so.
    Short,
    /// Half is written and the call fails: what a disk that fills up does.
    HalfThenFull,
}

impl Fault {
    pub(crate) const ALL: [Fault; 4] =
        [Fault::Device, Fault::Full, Fault::Short, Fault::HalfThenFull];

    fn error(self) -> io::Error {
        // EIO and ENOSPC.
        io::Error::from_raw_os_error(if self == Fault::Device { 5 } else { 28 })
    }
}

/// The disk. Clones are the same one. Syncs cost nothing: what survives is decided by [`Faulty::lose_power`].
#[derive(Clone, Default)]
pub(crate) struct Faulty(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    calls: u64,
    fail: Option<(u64, Fault)>,
    /// After a failure or a loss of power the process does nothing more.
    dead: bool,
    files: Vec<Arc<Open>>,
}

struct Open {
    /// The disk has the file, so the file may not keep the disk.
    disk: Weak<Mutex<State>>,
    file: File,
    /// Written since the last sync: where, and how much.
    unsynced: Mutex<Vec<(u64, usize)>>,
}

impl Faulty {
    /// Fails at the `call`th call, from 1.
    pub(crate) fn failing_at(call: u64, fault: Fault) -> Faulty {
        let disk = Faulty::default();
        disk.0.lock().fail = Some((call, fault));
        disk
    }

    /// Whether it has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.lock().dead
    }

    /// From now on nothing works: the process is gone.
    pub(crate) fn kill(&self) {
        self.0.lock().dead = true;
    }

    /// The process is gone, and of what was not synced each 512 bytes are there or not, as chance has it.
    pub(crate) fn lose_power(&self, random: &mut Random) {
        const SECTOR: u64 = 512;
        let mut state = self.0.lock();
        state.dead = true;
        for open in &state.files {
            for (at, len) in open.unsynced.lock().iter() {
                let (mut from, end) = (*at, at + *len as u64);
                while from < end {
                    let to = (from / SECTOR * SECTOR + SECTOR).min(end);
                    if random.below(3) == 0 {
                        let zeros = vec![0; (to - from) as usize];
                        open.file.write_all_at(&zeros, from).expect("a real disk");
                    }
                    from = to;
                }
            }
        }
    }

    /// Counts a call; gives what is to go wrong with it.
    fn call(&self) -> io::Result<Option<Fault>> {
        let mut state = self.0.lock();
        if state.dead {
            return Err(io::Error::other("the process is gone"));
        }
        state.calls += 1;
        match state.fail {
            Some((call, fault)) if call == state.calls => {
                state.dead = true;
                Ok(Some(fault))
            }
            _ => Ok(None),
        }
    }

    fn plain(&self) -> io::Result<()> {
        self.call()?.map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn hold(&self, file: File) -> Arc<dyn FileHandle> {
        let disk = Arc::downgrade(&self.0);
        let open = Arc::new(Open { disk, file, unsynced: Mutex::default() });
        self.0.lock().files.push(open.clone());
        open
    }
}

impl Disk for Faulty {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn FileHandle>> {
        self.plain()?;
        Ok(self.hold(File::create(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn FileHandle>> {
        self.plain()?;
        Ok(self.hold(File::options().write(true).open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plain()?;
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.plain()?;
        fs::remove_file(path)
    }

    fn sync_names(&self, _: &Path) -> io::Result<()> {
        self.plain()
    }
}

impl Open {
    fn disk(&self) -> io::Result<Faulty> {
        self.disk.upgrade().map(Faulty).ok_or_else(|| io::Error::other("the disk is gone"))
    }
}

impl FileHandle for Open {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        let fault = self.disk()?.call()?;
        let taken = match fault {
            None => bytes.len(),
            Some(Fault::Short | Fault::HalfThenFull) => bytes.len() / 2,
            Some(fault) => return Err(fault.error()),
        };
        self.file.write_all_at(&bytes[..taken], at)?;
        self.unsynced.lock().push((at, taken));
        match fault {
            Some(Fault::HalfThenFull) => Err(Fault::Full.error()),
            _ => Ok(taken),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.disk()?.plain()?;
        self.unsynced.lock().clear();
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk()?.plain()?;
        self.file.set_len(len)
    }
}
