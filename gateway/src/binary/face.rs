//! The binary server without a thread of its own: the engine's looks at its sockets.

use super::server::BinaryServer;
use crate::batch::Batch;
use crate::inbound::{Busy, Inbound};
use crate::one_thread::Face;
use crate::pipeline::Outlet;
use plimsoll_types::Ts;
use std::sync::Arc;
use std::time::Duration;

/// Commands read and not yet handed to the engine; nothing more is read while there are any, so it takes many sessions at once to get there.
const BACKLOG: usize = 16_384;

impl Outlet for BinaryServer {
    fn deliver(&mut self, batch: &Arc<Batch>) {
        BinaryServer::deliver(self, batch);
    }
}

impl Face for BinaryServer {
    fn poll(&mut self, now: Ts, inbound: &mut Vec<Inbound>) -> bool {
        let mut moved = false;
        if self.backlog.is_empty() {
            // What does not fit waits here, and nothing more is read meanwhile: the sender's socket fills up.
            let mut backlog = std::mem::take(&mut self.backlog);
            moved = BinaryServer::poll(self, now, &mut |one| {
                if inbound.len() < inbound.capacity() {
                    inbound.push(one);
                } else if backlog.len() < BACKLOG {
                    backlog.push_back(one);
                } else {
                    return Err(Busy);
                }
                Ok(())
            });
            self.backlog = backlog;
            return moved;
        }
        while inbound.len() < inbound.capacity()
            && let Some(one) = self.backlog.pop_front()
        {
            inbound.push(one);
            moved = true;
        }
        moved
    }

    fn flush(&mut self) {
        BinaryServer::flush(self);
    }

    fn wait(&mut self, most: Duration) {
        self.sleep(most);
    }

    fn end(&mut self) {
        self.stop();
    }

    fn waker(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let waker = BinaryServer::waker(self);
        Some(Box::new(move || waker.wake()))
    }
}
