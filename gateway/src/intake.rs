//! The way into the engine: a bounded queue that many sessions write and one engine reads. Full means no, at once.
//!
//! Beside it stand lanes: a ring of its own for a thread that brings many messages. docs/PERFORMANCE.md, "Pipeline", has the two measured.

use crate::inbound::{Busy, Inbound};
use crate::wait::Bell;
use crossbeam_queue::ArrayQueue;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A session's end of the engine's queue.
#[derive(Clone)]
pub struct Intake {
    shared: Arc<Shared>,
}

struct Shared {
    queue: ArrayQueue<Inbound>,
    /// Lanes that the engine has not taken over yet.
    lanes: Mutex<Vec<rtrb::Consumer<Inbound>>>,
    /// Nothing more is taken: the server is stopping.
    closed: AtomicBool,
    bell: Bell,
}

impl Intake {
    /// A queue for so many messages.
    pub fn new(capacity: usize) -> Intake {
        let shared = Shared {
            queue: ArrayQueue::new(capacity.max(1)),
            lanes: Mutex::default(),
            closed: AtomicBool::new(false),
            bell: Bell::default(),
        };
        Intake { shared: Arc::new(shared) }
    }

    /// Puts a message behind the others. Never waits.
    ///
    /// Rejects: [`Busy`], where the queue is full or the server is stopping.
    #[inline]
    pub fn submit(&self, inbound: Inbound) -> Result<(), Busy> {
        if self.is_closed() {
            return Err(Busy);
        }
        self.shared.queue.push(inbound).map_err(|_| Busy)?;
        self.shared.bell.ring();
        Ok(())
    }

    /// A way in for one thread alone, for `capacity` messages. The engine reads the lanes that are there when it starts.
    pub fn lane(&self, capacity: usize) -> Lane {
        let (ring, consumer) = rtrb::RingBuffer::new(capacity.max(1));
        self.shared.lanes.lock().push(consumer);
        Lane { ring, intake: self.clone() }
    }

    /// Refuses all further messages as busy. What waits is still carried out.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.bell.ring();
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }

    /// The engine's end.
    pub(crate) fn open(&self) -> Mouth {
        let lanes = std::mem::take(&mut *self.shared.lanes.lock());
        Mouth { shared: self.shared.clone(), lanes, window: Vec::with_capacity(STRETCH) }
    }

    /// What wakes the engine.
    pub(crate) fn bell(&self) -> &Bell {
        &self.shared.bell
    }
}

/// The way in of one thread that brings many messages.
pub struct Lane {
    ring: rtrb::Producer<Inbound>,
    intake: Intake,
}

impl Lane {
    /// As [`Intake::submit`].
    #[inline]
    pub fn submit(&mut self, inbound: Inbound) -> Result<(), Busy> {
        if self.intake.is_closed() {
            return Err(Busy);
        }
        self.ring.push(inbound).map_err(|_| Busy)?;
        self.intake.shared.bell.ring();
        Ok(())
    }
}

/// Most messages taken from one way in before the others have their turn.
pub(crate) const STRETCH: usize = 32;

/// The engine's end of all ways in.
pub(crate) struct Mouth {
    shared: Arc<Shared>,
    lanes: Vec<rtrb::Consumer<Inbound>>,
    /// Messages from the queue, side by side, so that one can look ahead.
    window: Vec<Inbound>,
}

impl Mouth {
    /// Hands what waits to `carry_out`, at most [`STRETCH`] messages of each way in, in stretches that lie side by side.
    ///
    /// Cost: no allocation.
    #[inline]
    pub(crate) fn take(&mut self, mut carry_out: impl FnMut(&[Inbound])) {
        for lane in &mut self.lanes {
            let count = lane.slots().min(STRETCH);
            if count == 0 {
                continue;
            }
            let Ok(chunk) = lane.read_chunk(count) else { continue };
            let (first, rest) = chunk.as_slices();
            carry_out(first);
            carry_out(rest);
            chunk.commit_all();
        }
        while self.window.len() < STRETCH
            && let Some(inbound) = self.shared.queue.pop()
        {
            self.window.push(inbound);
        }
        if !self.window.is_empty() {
            carry_out(&self.window);
            self.window.clear();
        }
    }
}
