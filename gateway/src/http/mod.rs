//! REST and WebSocket: the exchange for programs that speak HTTP. docs/HTTP.md is its manual.
//!
//! One thread of its own with everything on it. Reads come from the follower; commands go into the engine's queue and are
//! answered when the follower has carried them out too, so that a read after an own write sees it.
//!
//! Invariant: nothing here waits for the engine but the request that asked, and nothing a client sends grows without a bound.

mod books;
mod desk;
mod hub;
mod json;
mod kill;
mod look;
mod openapi;
mod orders;
mod patient;
mod query;
mod reply;
mod routes;
mod serve;
mod sight;
mod sign;
mod stream;
mod subscribe;
#[cfg(test)]
mod tests;
mod topics;
mod window;

pub use openapi::text as openapi_text;
pub use sign::sign;

use crate::batch::Durability;
use crate::clock::Clock;
use crate::follower::{Follower, Listener};
use crate::intake::Intake;
use crate::users::User;
use desk::Desk;
use hub::{Ear, Hub};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How the server is to behave.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where it listens; port 0 = any.
    pub address: SocketAddr,
    /// What the journal promises, for those who ask before the first command.
    pub durability: Durability,
    /// Whether books, trades, marks and instruments are for everybody, or for keys that may read.
    pub open_market_data: bool,
    /// Whether administration is taken from other machines too.
    pub remote_admin: bool,
    /// How old a signed request may be, milliseconds.
    pub window_ms: u64,
    /// How long a request waits for its outcome.
    pub patience: Duration,
    /// How long a request may take to come in, and how long a peer may take nothing of what is sent to it.
    pub read_patience: Duration,
    /// Most bytes of a body.
    pub body_max: usize,
    /// Most connections at a time; more wait to be accepted.
    pub connections: usize,
    /// Messages a stream may lag behind before it is cut off.
    pub stream_queue: usize,
    /// How often changes of books are told.
    pub book_interval: Duration,
    /// How often a stream is asked whether it is there; silence for two of these ends it.
    pub ping: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            durability: Durability::None,
            open_market_data: true,
            remote_admin: false,
            window_ms: 5_000,
            patience: Duration::from_secs(5),
            read_patience: Duration::from_secs(10),
            body_max: 64 << 10,
            connections: 1_024,
            stream_queue: 1_024,
            book_interval: Duration::from_millis(10),
            ping: Duration::from_secs(15),
        }
    }
}

/// A server that has its address and does not answer yet.
pub struct Http {
    socket: TcpListener,
    address: SocketAddr,
    options: Options,
    users: Arc<[User]>,
    clock: Clock,
    hub: Arc<Hub>,
}

impl Http {
    /// Takes the address.
    ///
    /// Errors: it cannot be had.
    pub fn bind(options: Options, users: Arc<[User]>, clock: Clock) -> io::Result<Http> {
        let socket = TcpListener::bind(options.address)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let hub = Arc::new(Hub::new(options.durability));
        Ok(Http { socket, address, options, users, clock, hub })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has to hear the follower's batches, all of them from the first.
    pub fn listener(&self) -> Box<dyn Listener> {
        Box::new(Ear(self.hub.clone()))
    }

    /// Starts answering.
    ///
    /// Errors: the system has no thread or no poll to give.
    pub fn start(self, intake: Intake, follower: Follower) -> io::Result<HttpServer> {
        let Http { socket, address, options, users, clock, hub } = self;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        follower.read(|exchange| hub.window.lock().begin(exchange));
        let desk = Arc::new(Desk::new(options, users, clock, hub, (intake, follower)));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("http".into()).spawn(move || {
            runtime.block_on(serve::run(socket, desk, stopped));
        })?;
        Ok(HttpServer { address, stop: Some(stop), thread: Some(thread) })
    }
}

/// A server that answers; stops when dropped.
pub struct HttpServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HttpServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all sessions and the thread.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
