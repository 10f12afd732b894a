//! Syncs beside the journal's own thread, for the policy that syncs at an interval: nobody waits for the disk.

use super::disk::FileHandle;
use parking_lot::{Condvar, Mutex};
use std::io;
use std::sync::Arc;

/// A place in a segment: the segment's first record, and so many bytes of it.
pub(super) type Reached = (u64, u64);

/// A thread that syncs when told to.
pub(super) struct Syncer {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    wanted: Option<(Arc<dyn FileHandle>, Reached)>,
    busy: bool,
    reached: Option<Reached>,
    failed: Option<io::Error>,
    over: bool,
}

impl Syncer {
    pub(super) fn start() -> Syncer {
        let shared = Arc::new(Shared::default());
        let own = shared.clone();
        std::thread::spawn(move || own.run());
        Syncer { shared }
    }

    /// Asks for a sync of what `file` has now. Does not wait.
    pub(super) fn want(&self, file: &Arc<dyn FileHandle>, reached: Reached) {
        self.shared.state.lock().wanted = Some((file.clone(), reached));
        self.shared.changed.notify_all();
    }

    /// How far the last good sync reached. Errors: the first failure, once.
    pub(super) fn reached(&self) -> io::Result<Option<Reached>> {
        let mut state = self.shared.state.lock();
        match state.failed.take() {
            Some(error) => Err(error),
            None => Ok(state.reached),
        }
    }

    /// Waits until nothing is under way.
    pub(super) fn rest(&self) {
        let mut state = self.shared.state.lock();
        while state.busy || state.wanted.is_some() {
            self.shared.changed.wait(&mut state);
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.state.lock().over = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn run(&self) {
        let mut state = self.state.lock();
        loop {
            let Some((file, reached)) = state.wanted.take() else {
                if state.over {
                    return;
                }
                self.changed.wait(&mut state);
                continue;
            };
            state.busy = true;
            drop(state);
            let synced = file.sync();
            state = self.state.lock();
            state.busy = false;
            match synced {
                Ok(()) => state.reached = Some(reached),
                Err(error) => state.failed = Some(error),
            }
            self.changed.notify_all();
        }
    }
}
