//! The engine's thread: takes what waits, carries it out, hands the batch on.

use crate::batch::Batch;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::inbound::{Inbound, Once, UserId};
use crate::intake::Intake;
use plimsoll_types::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Most commands of a batch.
const BATCH: usize = 256;

/// Where batches go: a protocol's sessions, market data, a follower. Called in order, by one thread, and must not wait.
pub trait Outlet: Send {
    /// Takes a batch that may be told.
    fn deliver(&mut self, batch: &Arc<Batch>);
}

/// A running engine.
pub struct Pipeline {
    intake: Intake,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Engine>,
}

impl Pipeline {
    /// Starts the engine's thread.
    pub fn start(
        engine: Engine,
        clock: Clock,
        intake: Intake,
        outlets: Vec<Box<dyn Outlet>>,
    ) -> Pipeline {
        let stop = Arc::new(AtomicBool::new(false));
        let (queue, stopping) = (intake.clone(), stop.clone());
        let thread = std::thread::spawn(move || run(engine, clock, &queue, outlets, &stopping));
        Pipeline { intake, stop, thread }
    }

    /// The way in.
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Stops the engine after what waits, and gives it back.
    pub fn stop(self) -> Option<Engine> {
        self.stop.store(true, Ordering::Release);
        self.thread.join().ok()
    }
}

fn run(
    mut engine: Engine,
    clock: Clock,
    intake: &Intake,
    mut outlets: Vec<Box<dyn Outlet>>,
    stop: &AtomicBool,
) -> Engine {
    loop {
        let mut batch = Batch::default();
        while batch.outcomes.len() < BATCH
            && let Some(inbound) = intake.take()
        {
            engine.carry_out(&inbound, &mut batch);
        }
        let now = clock.now();
        if batch.outcomes.is_empty() && engine.exchange().next_due().is_some_and(|due| due <= now) {
            let (user, once, command) = (UserId::SERVER, Once::Unmarked, Command::Time);
            engine.carry_out(&Inbound { received: now, user, once, tag: 0, command }, &mut batch);
        }
        if batch.outcomes.is_empty() {
            if stop.load(Ordering::Acquire) {
                return engine;
            }
            std::thread::yield_now();
            continue;
        }
        let batch = Arc::new(batch);
        outlets.iter_mut().for_each(|outlet| outlet.deliver(&batch));
    }
}
