//! FIX 4.4: order entry, market data, positions and margin over the protocol that trading systems speak. docs/FIX.md tells users.
//!
//! One thread holds all sessions: it reads sockets, keeps the session rules ([`session`]), makes commands of messages and reports
//! of what the engine hands out. Bytes and time go in, bytes come out; only `hub` knows sockets.
//!
//! Invariant: whatever bytes a peer sends, no panic, and no memory that grows with them: what is read is bounded by
//! [`frame::BODY_MAX`], what is kept by [`store::Bounds`], what waits for the engine by its queue.

mod connection;
mod desk;
mod dispatch;
mod entry;
mod execution;
pub mod frame;
mod hub;
mod inbox;
mod market;
pub mod message;
mod names;
mod orders;
mod query;
mod reasons;
mod recall;
mod report;
pub mod session;
pub mod store;
mod tag;
pub mod time;
pub mod write;

use crate::clock::Clock;
use crate::follower::Follower;
use crate::intake::Intake;
use crate::pipeline::Outlet;
use crate::users::User;
use hub::Hub;
use inbox::Inbox;
use plimsoll_types::Ts;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use store::Bounds;

/// How the acceptor is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 = any free one.
    pub address: SocketAddr,
    /// Its CompID: what clients give as TargetCompID.
    pub comp_id: String,
    /// The folder of the sessions' files; `None` = what was sent is kept in memory, and numbers begin anew with the server.
    pub store: Option<PathBuf>,
    /// How much of what was sent is kept of each session.
    pub bounds: Bounds,
    /// Most connections at a time.
    pub connections: usize,
    /// How far a sender's clock may be from ours, nanoseconds; `None` = it is not looked at.
    pub skew: Option<Ts>,
    /// How long a connection may take to log on, nanoseconds.
    pub patience: Ts,
    /// Batches that may wait for the sessions' thread before it loses its place.
    pub backlog: usize,
}

impl Options {
    /// Everything as usual, at an address.
    pub fn new(address: SocketAddr) -> Options {
        Options {
            address,
            comp_id: "PLIMSOLL".to_owned(),
            store: None,
            bounds: Bounds::default(),
            connections: 1_024,
            skew: Some(120_000_000_000),
            patience: 10_000_000_000,
            backlog: 65_536,
        }
    }
}

/// A running acceptor.
#[derive(Debug)]
pub struct FixServer {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    thread: JoinHandle<()>,
}

impl FixServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Logs everybody out and ends; waits a second at most for those who do not answer.
    pub fn stop(self) {
        self.inbox.stop();
        if self.thread.join().is_err() {
            plimsoll_types::broken(format_args!("the FIX thread panicked"));
        }
    }
}

/// Starts the acceptor. To be called before the engine moves: orders and names are those the follower shows now.
///
/// Errors: the address is taken, or is none of this machine's; the store's folder cannot be made.
pub fn start(
    options: Options,
    users: Arc<[User]>,
    intake: Intake,
    follower: Follower,
    clock: Clock,
) -> io::Result<(FixServer, Box<dyn Outlet>)> {
    let (hub, inbox) = Hub::bind(options, users, intake, follower, clock)?;
    let address = hub.address()?;
    let thread = std::thread::Builder::new().name("fix".to_owned()).spawn(move || hub.run())?;
    let outlet = Box::new(inbox::FixOutlet::new(inbox.clone()));
    Ok((FixServer { address, inbox, thread }, outlet))
}
