//! A second engine that carries out what the first has recorded: what readers look at, so that no query ever stops the first.
//!
//! Readers share a lock with the follower's thread alone. It holds the lock for `STRETCH` commands at most, then lets go
//! of it; what readers delay is the follower, and with it what they see. docs/PERFORMANCE.md, "Readers", has the locks measured.

use crate::batch::Batch;
use crate::engine::Engine;
use crate::pipeline::Outlet;
use crate::record::Record;
use parking_lot::{Condvar, Mutex, RwLock};
use plimsoll_exchange::Exchange;
use plimsoll_types::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

/// Told of each batch after the follower has carried it out: names and decimals are there to be asked for.
pub trait Listener: Send {
    /// A batch was carried out; `exchange` stands right after it.
    fn heard(&mut self, exchange: &Exchange, batch: &Batch);
}

/// Batches that may wait for the follower. A follower that is further behind holds up whoever delivers: it never loses one.
pub const BACKLOG: usize = 16_384;

/// Commands carried out before readers have their turn.
const STRETCH: usize = 256;

/// A handle on the follower; clones look at the same one.
#[derive(Clone)]
pub struct Follower {
    shared: Arc<Shared>,
}

struct Shared {
    engine: RwLock<Engine>,
    /// Number of the last command carried out.
    number: Mutex<u64>,
    moved: Condvar,
    /// Its thread has ended: by a broken invariant, unless the outlet is gone.
    ended: AtomicBool,
}

impl Follower {
    /// Starts the follower's thread over an engine equal to the one it is to follow, whose batches must carry the commands
    /// ([`Engine::keep_log`]). Gives the handle and what takes the batches.
    ///
    /// The thread ends when the outlet is gone and everything it brought is carried out.
    pub fn start(engine: Engine, listeners: Vec<Box<dyn Listener>>) -> (Follower, FollowerOutlet) {
        let follower = Follower::new(engine);
        let outlet = follower.follow(listeners);
        (follower, outlet)
    }

    /// A follower that stands still: to be handed to those who read it before [`Follower::follow`] makes it move.
    pub fn new(engine: Engine) -> Follower {
        let number = Mutex::new(engine.number());
        let (moved, ended) = (Condvar::new(), AtomicBool::new(false));
        let shared = Shared { engine: RwLock::new(engine), number, moved, ended };
        Follower { shared: Arc::new(shared) }
    }

    /// Starts the thread. To be called once.
    pub fn follow(&self, listeners: Vec<Box<dyn Listener>>) -> FollowerOutlet {
        let (sender, batches) = sync_channel(BACKLOG);
        let own = self.clone();
        std::thread::spawn(move || {
            let _end = End(&own.shared.ended);
            own.run(&batches, listeners);
        });
        FollowerOutlet { sender }
    }

    /// Looks at the exchange as it stands after some command, whole.
    ///
    /// Cost: some 20 ns, and the wait for a stretch of commands that is just being carried out.
    pub fn read<R>(&self, look: impl FnOnce(&Exchange) -> R) -> R {
        look(self.shared.engine.read().exchange())
    }

    /// Looks at the whole engine, what it remembers of users among it: for snapshots.
    pub fn read_engine<R>(&self, look: impl FnOnce(&Engine) -> R) -> R {
        look(&self.shared.engine.read())
    }

    /// Whether its thread has ended. Where nobody has stopped the server, it found an invariant broken and has said which.
    pub fn has_ended(&self) -> bool {
        self.shared.ended.load(Ordering::Acquire)
    }

    /// Number of the last command it has carried out.
    pub fn number(&self) -> u64 {
        *self.shared.number.lock()
    }

    /// Waits until it has carried out command `number`; `false` where that took longer than `patience`.
    pub fn wait_for(&self, number: u64, patience: Duration) -> bool {
        let until = Instant::now().checked_add(patience);
        let mut there = self.shared.number.lock();
        while *there < number {
            match until {
                Some(until) if self.shared.moved.wait_until(&mut there, until).timed_out() => {
                    return *there >= number;
                }
                Some(_) => {}
                None => self.shared.moved.wait(&mut there),
            }
        }
        true
    }

    fn run(&self, batches: &Receiver<Arc<Batch>>, mut listeners: Vec<Box<dyn Listener>>) {
        let mut events = Vec::new();
        while let Ok(first) = batches.recv() {
            let mut engine = self.shared.engine.write();
            let mut next = Some(first);
            let mut done = 0;
            while let Some(batch) = next {
                done += batch.outcomes.len();
                replay(&mut engine, &batch, &mut events);
                for listener in &mut listeners {
                    listener.heard(engine.exchange(), &batch);
                }
                next = if done < STRETCH { batches.try_recv().ok() } else { None };
            }
            let number = engine.number();
            // Not handed on fairly: whoever waits would have to be woken first, some 60 us each time.
            drop(engine);
            *self.shared.number.lock() = number;
            self.shared.moved.notify_all();
        }
    }
}

/// Says that a thread has ended, however it ends.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Carries out a batch's records.
fn replay(engine: &mut Engine, batch: &Batch, events: &mut Vec<Event>) {
    let mut log = batch.log.as_slice();
    while let Some((record, rest)) = Record::read(log) {
        events.clear();
        if let Err(place) = engine.replay(&record, events) {
            plimsoll_types::broken(format_args!("the follower at {place:?}: {record:?}"));
        }
        log = rest;
    }
}

/// Takes batches to the follower.
pub struct FollowerOutlet {
    sender: SyncSender<Arc<Batch>>,
}

impl Outlet for FollowerOutlet {
    fn deliver(&mut self, batch: &Arc<Batch>) {
        // A follower that is gone has nobody who looks at it; one that is far behind holds us up rather than lose a batch.
        if let Err(TrySendError::Full(batch)) = self.sender.try_send(batch.clone()) {
            let _ = self.sender.send(batch);
        }
    }
}
