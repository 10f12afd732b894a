//! One thread for everything on an order's way: sockets, engine, journal. For small machines, and for the shortest way.

use crate::batch::{Batch, Durability};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::inbound::Inbound;
use crate::intake::{Intake, STRETCH};
use crate::pipeline::{Core, Outlet};
use crate::recorder::{Recorder, RecorderError};
use crate::wait::{NAP_MAX, WaitStrategy};
use plimsoll_types::Ts;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A protocol that has no thread of its own: its sockets are looked at by the engine's.
pub trait Face: Outlet {
    /// Reads what has come and appends the messages, at most as many as fit without growing the vector. Gives whether anything
    /// moved. Never waits.
    fn poll(&mut self, now: Ts, inbound: &mut Vec<Inbound>) -> bool;

    /// Writes what `deliver` has made.
    fn flush(&mut self);

    /// Sleeps until a socket has something or the waker was called, `most` at the longest.
    fn wait(&mut self, most: Duration) {
        WaitStrategy::Block.once(most.min(NAP));
    }

    /// Says good-bye to everybody: everything they have to know has been delivered.
    fn end(&mut self) {
        self.flush();
    }

    /// Ends such a sleep from another thread; `None` where it ends by unparking the thread.
    fn waker(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        None
    }
}

impl Outlet for Box<dyn Face> {
    fn deliver(&mut self, batch: &Arc<Batch>) {
        (**self).deliver(batch);
    }
}

impl Face for Box<dyn Face> {
    fn poll(&mut self, now: Ts, inbound: &mut Vec<Inbound>) -> bool {
        (**self).poll(now, inbound)
    }

    fn flush(&mut self) {
        (**self).flush();
    }

    fn wait(&mut self, most: Duration) {
        (**self).wait(most);
    }

    fn end(&mut self) {
        (**self).end();
    }

    fn waker(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        (**self).waker()
    }
}

/// No protocol: everything comes by the intake.
pub struct NoFace;

impl Outlet for NoFace {
    fn deliver(&mut self, _: &Arc<Batch>) {}
}

impl Face for NoFace {
    fn poll(&mut self, _: Ts, _: &mut Vec<Inbound>) -> bool {
        false
    }

    fn flush(&mut self) {}

    fn wait(&mut self, most: Duration) {
        WaitStrategy::Block.once(most);
    }
}

/// Longest sleep where sockets cannot wake the thread, so that a message does not wait long.
const NAP: Duration = Duration::from_micros(50);

/// An engine, its journal, its outlets and one protocol in one thread.
pub struct OneThread<F: Face> {
    core: Core,
    clock: Clock,
    intake: Intake,
    recorder: Option<Box<dyn Recorder>>,
    face: F,
    outlets: Vec<Box<dyn Outlet>>,
    inbound: Vec<Inbound>,
    /// How long the journal may be left alone.
    recorder_patience: Option<Duration>,
}

impl<F: Face> OneThread<F> {
    /// Puts them together. Other protocols, with threads of their own, come in by `intake`.
    pub fn new(
        mut engine: Engine,
        clock: Clock,
        intake: Intake,
        recorder: Option<Box<dyn Recorder>>,
        face: F,
        outlets: Vec<Box<dyn Outlet>>,
    ) -> OneThread<F> {
        let durability = recorder.as_ref().map_or(Durability::None, |r| r.durability());
        if recorder.is_some() {
            engine.keep_log();
        }
        let core = Core::new(engine, clock, &intake, durability);
        let inbound = Vec::with_capacity(STRETCH);
        let recorder_patience = None;
        OneThread { core, clock, intake, recorder, face, outlets, inbound, recorder_patience }
    }

    /// The protocol.
    pub fn face(&mut self) -> &mut F {
        &mut self.face
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.core.engine
    }

    /// Looks at the sockets, the intake and the timers once and does what is to be done. Gives whether there was anything.
    ///
    /// Errors: the journal's. Nothing more may be asked of it then.
    pub fn turn(&mut self) -> Result<bool, RecorderError> {
        let mut busy = self.face.poll(self.clock.now(), &mut self.inbound);
        if !self.inbound.is_empty() {
            let batch = self.core.carry_out(&self.inbound);
            self.inbound.clear();
            busy |= self.tell(batch)?;
        }
        let batch = self.core.take();
        busy |= self.tell(batch)?;
        if !busy {
            let batch = self.core.timers();
            busy |= self.tell(batch)?;
        }
        if busy {
            self.face.flush();
        } else if let Some(recorder) = &mut self.recorder {
            self.recorder_patience = recorder.idle()?;
        }
        Ok(busy)
    }

    /// How long it may sleep: until a timer is due or the journal wants to sync, and never so long that `stop` goes unseen.
    fn patience(&self) -> Duration {
        let journal = self.recorder_patience.unwrap_or(Duration::MAX);
        self.core.until_due().min(journal).min(NAP_MAX)
    }

    /// Commits a batch and tells it.
    fn tell(&mut self, batch: Option<Arc<Batch>>) -> Result<bool, RecorderError> {
        let Some(batch) = batch else { return Ok(false) };
        if let Some(recorder) = &mut self.recorder {
            recorder.commit(std::slice::from_ref(&batch))?;
        }
        self.face.deliver(&batch);
        self.outlets.iter_mut().for_each(|outlet| outlet.deliver(&batch));
        self.core.lend(batch);
        Ok(true)
    }

    /// Turns until `stop` says so, then carries out what waits at the intake, and gives the engine back.
    ///
    /// Errors: the journal's.
    pub fn run(mut self, stop: &AtomicBool, wait: WaitStrategy) -> Result<Engine, RecorderError> {
        if wait == WaitStrategy::Block {
            match self.face.waker() {
                Some(wake) => self.intake.bell().answer_by(wake),
                None => self.intake.bell().answer(),
            }
        }
        while !stop.load(Ordering::Acquire) {
            match (self.turn()?, wait) {
                (true, _) => {}
                (false, WaitStrategy::Block) => self.face.wait(self.patience()),
                (false, wait) => wait.once(Duration::ZERO),
            }
        }
        self.finish()
    }

    /// Takes nothing more, carries out what waits at the intake and gives the engine back.
    ///
    /// Errors: the journal's.
    pub fn finish(mut self) -> Result<Engine, RecorderError> {
        self.intake.close();
        loop {
            let batch = self.core.take();
            if !self.tell(batch)? {
                self.face.end();
                return Ok(self.core.engine);
            }
        }
    }
}
