//! What the engine has handed out and the sessions' thread has not looked at: bounded, never waited for.

use crate::batch::Batch;
use crate::pipeline::Outlet;
use crossbeam_queue::ArrayQueue;
use mio::Waker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Batches on their way.
#[derive(Debug)]
pub struct Inbox {
    batches: ArrayQueue<Arc<Batch>>,
    /// A batch found no room.
    lost: AtomicBool,
    asleep: AtomicBool,
    stopping: AtomicBool,
    waker: Waker,
}

impl Inbox {
    /// Room for so many batches; `waker` wakes the thread that takes them.
    pub fn new(backlog: usize, waker: Waker) -> Inbox {
        Inbox {
            batches: ArrayQueue::new(backlog.max(1)),
            lost: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            waker,
        }
    }

    /// The next batch.
    pub fn take(&self) -> Option<Arc<Batch>> {
        self.batches.pop()
    }

    /// Whether a batch was lost since this was asked last.
    pub fn has_lost(&self) -> bool {
        self.lost.swap(false, Ordering::AcqRel)
    }

    /// The thread is about to wait; `false` where there is something to do instead.
    pub fn may_sleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        self.batches.is_empty() && !self.is_stopping()
    }

    /// The thread waits no more.
    pub fn awake(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }

    /// Asks the thread to end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Whether the thread was asked to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn wake(&self) {
        // A thread that cannot be woken wakes by itself within a second.
        let _ = self.waker.wake();
    }
}

/// Hands batches over.
pub struct FixOutlet {
    inbox: Arc<Inbox>,
}

impl FixOutlet {
    /// To this inbox.
    pub fn new(inbox: Arc<Inbox>) -> FixOutlet {
        FixOutlet { inbox }
    }
}

impl Outlet for FixOutlet {
    fn deliver(&mut self, batch: &Arc<Batch>) {
        if self.inbox.batches.push(batch.clone()).is_err() {
            self.inbox.lost.store(true, Ordering::Release);
        }
        // A system call only where the thread waits.
        if self.inbox.asleep.swap(false, Ordering::SeqCst) {
            self.inbox.wake();
        }
    }
}
