//! Takes snapshots while the server runs, and drops what they make needless.

use super::saved::{Saved, snapshots, write_snapshot};
use super::{journal_of, snapshots_of};
use crate::follower::Follower;
use crate::journal::{self, Disk, RecoverError};
use parking_lot::{Condvar, Mutex};
use plimsoll_exchange::configuration_hash;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Which segments of the journal stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Segments {
    /// All: the exchange can be replayed from its first command.
    #[default]
    All,
    /// Those that the oldest snapshot kept needs.
    SinceOldestSnapshot,
}

/// When snapshots are taken, and how many are kept.
#[derive(Clone, Debug)]
pub struct KeeperOptions {
    /// The data directory.
    pub data: PathBuf,
    /// After so many commands.
    pub commands: u64,
    /// After so long, if there were commands.
    pub every: Duration,
    /// So many are kept.
    pub kept: NonZeroUsize,
    /// Which segments are kept.
    pub segments: Segments,
}

impl KeeperOptions {
    /// Every million commands or five minutes; two are kept, and the whole journal.
    pub fn new(data: &Path) -> KeeperOptions {
        KeeperOptions {
            data: data.to_owned(),
            commands: 1_000_000,
            every: Duration::from_secs(300),
            kept: NonZeroUsize::MIN.saturating_add(1),
            segments: Segments::All,
        }
    }
}

/// A thread that takes snapshots from the follower: the live engine takes no part in it.
pub struct Snapshots {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    over: bool,
    /// Snapshots asked for, and how many of these askings are answered.
    asked: u64,
    answered: u64,
    /// What the last round came to.
    last: Option<Result<u64, String>>,
}

/// How often the thread looks whether a snapshot is due.
const LOOK: Duration = Duration::from_millis(200);

impl Snapshots {
    /// Starts the thread. A snapshot that cannot be written is told to `warn` and tried again when the next is due: the
    /// journal has everything.
    pub fn start(
        options: KeeperOptions,
        disk: Arc<dyn Disk>,
        follower: Follower,
        warn: impl Fn(&str) + Send + 'static,
    ) -> Snapshots {
        let shared =
            Arc::new(Shared { state: Mutex::new(State::default()), changed: Condvar::new() });
        let own = shared.clone();
        let thread = std::thread::spawn(move || own.run(&options, &*disk, &follower, &warn));
        Snapshots { shared, thread: Some(thread) }
    }

    /// Has a snapshot taken now, and waits for it: the number of its last command.
    ///
    /// Errors: why there is none.
    pub fn take(&self) -> Result<u64, String> {
        let mut state = self.shared.state.lock();
        state.asked += 1;
        let own = state.asked;
        self.shared.changed.notify_all();
        while state.answered < own {
            if self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
                return Err("the thread that takes snapshots has ended".to_owned());
            }
            self.shared.changed.wait_for(&mut state, LOOK);
        }
        state.last.clone().unwrap_or_else(|| Err("there was none".to_owned()))
    }

    /// Ends the thread after what it is doing.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.state.lock().over = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl Drop for Snapshots {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn run(
        &self,
        options: &KeeperOptions,
        disk: &dyn Disk,
        follower: &Follower,
        warn: &dyn Fn(&str),
    ) {
        let configuration = follower.read(|exchange| configuration_hash(&exchange.configuration()));
        let (mut number, mut at) = (follower.number(), Instant::now());
        let mut state = self.state.lock();
        while !state.over {
            let done = follower.number() - number;
            let due = done >= options.commands || (done > 0 && at.elapsed() >= options.every);
            let answering = state.asked;
            if !due && answering == state.answered {
                self.changed.wait_for(&mut state, LOOK);
                continue;
            }
            drop(state);
            let taken = take(options, disk, follower, configuration);
            match &taken {
                Ok(taken) => number = *taken,
                // The next try is a whole stretch away: a full disk is not asked again and again.
                Err(error) => {
                    warn(error);
                    number = follower.number();
                }
            }
            at = Instant::now();
            state = self.state.lock();
            state.answered = answering;
            state.last = Some(taken);
            self.changed.notify_all();
        }
    }
}

/// Takes a snapshot and drops what it makes needless. Readers of the follower may wait while it is put down; it is written
/// when they go on.
fn take(
    options: &KeeperOptions,
    disk: &dyn Disk,
    follower: &Follower,
    configuration: u64,
) -> Result<u64, String> {
    let saved = follower.read_engine(Saved::of);
    let directory = snapshots_of(&options.data);
    let written = write_snapshot(disk, &directory, configuration, &saved);
    written.map_err(|error| error.to_string())?;
    retain(disk, &options.data, options.kept, options.segments)
        .map_err(|error| error.to_string())?;
    Ok(saved.number())
}

/// Keeps the newest `kept` snapshots, and the segments asked for. Never touches the journal's last segment.
///
/// Errors: [`RecoverError::Disk`].
pub(super) fn retain(
    disk: &dyn Disk,
    data: &Path,
    kept: NonZeroUsize,
    segments: Segments,
) -> Result<(), RecoverError> {
    let (directory, journal) = (snapshots_of(data), journal_of(data));
    let mut there = snapshots(&directory)?;
    let dropped = there.len().saturating_sub(kept.get());
    for file in there.drain(..dropped) {
        disk.remove(&file.path).map_err(RecoverError::disk(&file.path))?;
    }
    let Some(oldest) = there.first() else { return Ok(()) };
    if segments == Segments::SinceOldestSnapshot && there.len() == kept.get() {
        let found = journal::list(&journal)?;
        for pair in found.windows(2) {
            if pair[1].first <= oldest.number + 1 {
                disk.remove(&pair[0].path).map_err(RecoverError::disk(&pair[0].path))?;
            }
        }
    }
    Ok(())
}
