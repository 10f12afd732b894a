//! The way into the engine: a bounded queue that many sessions write and one engine reads. Full means no, at once.

use crate::inbound::{Busy, Inbound};
use crossbeam_queue::ArrayQueue;
use std::sync::Arc;

/// A session's end of the engine's queue.
#[derive(Clone)]
pub struct Intake {
    queue: Arc<ArrayQueue<Inbound>>,
}

impl Intake {
    /// A queue for so many messages.
    pub fn new(capacity: usize) -> Intake {
        Intake { queue: Arc::new(ArrayQueue::new(capacity.max(1))) }
    }

    /// Puts a message behind the others. Never waits.
    ///
    /// Rejects: [`Busy`], where the queue is full.
    #[inline]
    pub fn submit(&self, inbound: Inbound) -> Result<(), Busy> {
        self.queue.push(inbound).map_err(|_| Busy)
    }

    /// Takes the next message: for the engine.
    #[inline]
    pub(crate) fn take(&self) -> Option<Inbound> {
        self.queue.pop()
    }
}
