//! The stage between engine and outlets: a batch is told only once it is as durable as promised.

use crate::batch::{Batch, Durability};
use crate::pipeline::Outlet;
use crate::wait::{Bell, WaitStrategy};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// What a journal or its disk says when it cannot go on.
pub type RecorderError = Box<dyn Error + Send + Sync>;

/// Makes batches durable: a journal. A passive thing; its thread is the pipeline's.
pub trait Recorder: Send {
    /// What is promised of batches that were committed.
    fn durability(&self) -> Durability;

    /// Makes batches as durable as promised: all that waited, in order, each once.
    ///
    /// Errors: whatever the disk says. It is not called again then, and these batches are never told.
    fn commit(&mut self, batches: &[Arc<Batch>]) -> Result<(), RecorderError>;

    /// Called when nothing waits. Gives how long it may be left alone; `None` = until there is something.
    ///
    /// Errors: as [`Recorder::commit`].
    fn idle(&mut self) -> Result<Option<Duration>, RecorderError> {
        Ok(None)
    }
}

/// Most batches committed together.
const TOGETHER: usize = 4096;

/// Most bytes committed together: what a group costs in latency is bounded.
const TOGETHER_BYTES: usize = 1 << 20;

/// The engine's end of the ring to the stage.
pub(crate) struct Handover {
    ring: rtrb::Producer<Arc<Batch>>,
    bell: Bell,
}

/// The stage is gone: what the engine has done since will never be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

impl Handover {
    /// Hands a batch on; waits where the stage has too many.
    pub(crate) fn send(&mut self, batch: Arc<Batch>) -> Result<(), Gone> {
        let mut waiting = batch;
        loop {
            if self.ring.is_abandoned() {
                return Err(Gone);
            }
            match self.ring.push(waiting) {
                Ok(()) => {
                    self.bell.ring();
                    return Ok(());
                }
                Err(rtrb::PushError::Full(batch)) => waiting = batch,
            }
            std::thread::yield_now();
        }
    }

    /// Whether the stage has ended by itself.
    pub(crate) fn is_gone(&self) -> bool {
        self.ring.is_abandoned()
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        self.bell.ring();
    }
}

/// The stage: runs in a thread of its own until the engine's end is gone and everything is told.
pub(crate) struct Stage {
    ring: rtrb::Consumer<Arc<Batch>>,
    bell: Bell,
    recorder: Box<dyn Recorder>,
    outlets: Vec<Box<dyn Outlet>>,
    wait: WaitStrategy,
}

impl Stage {
    /// A stage and the engine's way to it, for `capacity` batches.
    pub(crate) fn new(
        recorder: Box<dyn Recorder>,
        outlets: Vec<Box<dyn Outlet>>,
        capacity: usize,
        wait: WaitStrategy,
    ) -> (Handover, Stage) {
        let (producer, ring) = rtrb::RingBuffer::new(capacity.max(1));
        let bell = Bell::default();
        let handover = Handover { ring: producer, bell: bell.clone() };
        (handover, Stage { ring, bell, recorder, outlets, wait })
    }

    pub(crate) fn run(mut self) -> Result<(), RecorderError> {
        if self.wait == WaitStrategy::Block {
            self.bell.answer();
        }
        let mut group: Vec<Arc<Batch>> = Vec::new();
        loop {
            // In this order: what the engine sent before it went is seen.
            let ended = self.ring.is_abandoned();
            let mut bytes = 0;
            while group.len() < TOGETHER
                && bytes < TOGETHER_BYTES
                && let Ok(batch) = self.ring.pop()
            {
                bytes += batch.log.len();
                group.push(batch);
            }
            if group.is_empty() {
                if ended {
                    return Ok(());
                }
                let most = self.recorder.idle()?.unwrap_or(Duration::MAX);
                self.wait.once(most);
                continue;
            }
            self.recorder.commit(&group)?;
            for batch in group.drain(..) {
                self.outlets.iter_mut().for_each(|outlet| outlet.deliver(&batch));
            }
        }
    }
}
