//! A second engine that carries out what the first has recorded: what readers look at, so that no query ever stops the first.

use crate::batch::Batch;
use crate::engine::Engine;
use crate::pipeline::Outlet;
use crate::record::Record;
use parking_lot::{Condvar, Mutex, RwLock};
use plimsoll_exchange::Exchange;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Told of each batch after the follower has carried it out: names and decimals are there to be asked for.
pub trait Listener: Send {
    /// A batch was carried out; `exchange` stands right after it.
    fn heard(&mut self, exchange: &Exchange, batch: &Batch);
}

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
}

impl Follower {
    /// Starts the follower's thread over an engine equal to the one it is to follow, whose batches must carry the commands
    /// ([`Engine::keep_log`]). Gives the handle and what takes the batches.
    pub fn start(engine: Engine, listeners: Vec<Box<dyn Listener>>) -> (Follower, FollowerOutlet) {
        let number = Mutex::new(engine.number());
        let shared = Shared { engine: RwLock::new(engine), number, moved: Condvar::new() };
        let follower = Follower { shared: Arc::new(shared) };
        let (sender, batches) = channel();
        let own = follower.clone();
        std::thread::spawn(move || own.run(&batches, listeners));
        (follower, FollowerOutlet { sender })
    }

    /// Looks at the exchange as it stands after some command, whole.
    pub fn read<R>(&self, look: impl FnOnce(&Exchange) -> R) -> R {
        look(self.shared.engine.read().exchange())
    }

    /// Number of the last command it has carried out.
    pub fn number(&self) -> u64 {
        *self.shared.number.lock()
    }

    /// Waits until it has carried out command `number`; `false` where that took longer than `patience`.
    pub fn wait_for(&self, number: u64, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut there = self.shared.number.lock();
        while *there < number {
            if self.shared.moved.wait_until(&mut there, until).timed_out() {
                return *there >= number;
            }
        }
        true
    }

    fn run(&self, batches: &Receiver<Arc<Batch>>, mut listeners: Vec<Box<dyn Listener>>) {
        let mut events = Vec::new();
        while let Ok(batch) = batches.recv() {
            let mut engine = self.shared.engine.write();
            let mut log = batch.log.as_slice();
            while let Some((record, rest)) = Record::read(log) {
                events.clear();
                if let Err(place) = engine.replay(&record, &mut events) {
                    plimsoll_types::broken(format_args!("the follower at {place:?}: {record:?}"));
                }
                log = rest;
            }
            for listener in &mut listeners {
                listener.heard(engine.exchange(), &batch);
            }
            let number = engine.number();
            drop(engine);
            *self.shared.number.lock() = number;
            self.shared.moved.notify_all();
        }
    }
}

/// Takes batches to the follower.
pub struct FollowerOutlet {
    sender: Sender<Arc<Batch>>,
}

impl Outlet for FollowerOutlet {
    fn deliver(&mut self, batch: &Arc<Batch>) {
        // A follower that is gone has nobody who looks at it.
        let _ = self.sender.send(batch.clone());
    }
}
