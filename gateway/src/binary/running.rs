//! The binary server in a thread of its own: batches come over a channel, commands go into the engine's queue.

use super::server::{BinaryServer, Options, Waker};
use super::{Past, Roster};
use crate::batch::Batch;
use crate::clock::Clock;
use crate::inbound::{Busy, Inbound};
use crate::pipeline::Outlet;
use crate::wait::{WaitStrategy, pin};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest sleep: a bound on how late a stop is noticed that nobody woke for.
const NAP: Duration = Duration::from_millis(100);

/// Where commands go: a lane of the engine's, or its intake.
pub type Way = Box<dyn FnMut(Inbound) -> Result<(), Busy> + Send>;

/// A server whose thread runs.
pub struct Running {
    address: SocketAddr,
    waker: Waker,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Takes batches to the server's thread. Never waits.
pub struct BinaryOutlet {
    batches: Sender<Arc<Batch>>,
    waker: Waker,
}

impl Outlet for BinaryOutlet {
    fn deliver(&mut self, batch: &Arc<Batch>) {
        // A server that has stopped has nobody to tell.
        let _ = self.batches.send(batch.clone());
        self.waker.wake();
    }
}

/// Binds the address and starts the thread. `past` is what recovery carried out, where there was one.
///
/// Errors: those of binding, before anything runs.
pub fn start(
    options: Options,
    (roster, past): (Roster, Option<Past>),
    way: Way,
    clock: Clock,
    (wait, core): (WaitStrategy, Option<usize>),
) -> io::Result<(Running, BinaryOutlet)> {
    let mut server = BinaryServer::bind(options, roster)?;
    if let Some(past) = past {
        server.remember(past);
    }
    let (address, waker) = (server.address(), server.waker());
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, batches) = channel();
    let stopping = stop.clone();
    let thread = std::thread::Builder::new().name("binary".to_owned()).spawn(move || {
        pin(core);
        run(server, &batches, way, clock, wait, &stopping);
    })?;
    let outlet = BinaryOutlet { batches: sender, waker: waker.clone() };
    Ok((Running { address, waker, stop, thread: Some(thread) }, outlet))
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says good-bye to everybody and ends the thread.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            // A thread that broke has said why.
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(
    mut server: BinaryServer,
    batches: &Receiver<Arc<Batch>>,
    mut way: Way,
    clock: Clock,
    wait: WaitStrategy,
    stop: &AtomicBool,
) {
    while !stop.load(Ordering::Acquire) {
        let mut moved = false;
        while let Ok(batch) = batches.try_recv() {
            server.deliver(&batch);
            moved = true;
        }
        if moved {
            server.flush();
        }
        moved |= server.poll(clock.now(), &mut way);
        match (moved, wait) {
            (true, _) => {}
            (false, WaitStrategy::Block) => server.sleep(NAP),
            (false, wait) => wait.once(Duration::ZERO),
        }
    }
    // What came out meanwhile is still told.
    while let Ok(batch) = batches.try_recv() {
        server.deliver(&batch);
    }
    server.stop();
}
