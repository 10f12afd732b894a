//! The sockets of the sessions: nonblocking, read by whoever turns the crank.
//!
//! Sessions with traffic of late are read directly; the others are looked at all together by the system's poll now and then, so that
//! a thousand idle sessions cost one call.

use super::messages::Challenge;
use super::sessions::{Rules, SessionId, Sessions, Submit};
use super::{Past, Roster};
use crate::batch::Batch;
use crate::inbound::Inbound;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use plimsoll_types::Ts;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);

/// Bytes read of a session before the others have their turn.
pub(super) const TURN: usize = 8 << 10;

/// Sessions that are read directly at most before traffic of late no longer counts.
const HOT_MOST: usize = 8;

/// How the server behaves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where it listens.
    pub address: SocketAddr,
    /// How sessions behave.
    pub rules: Rules,
    /// Most connections at a time; more are closed as they come.
    pub connections: usize,
    /// How long a session counts as having traffic, nanoseconds: so long it is read without asking the system's poll first.
    pub hot: Ts,
    /// How often the others are looked at while there are such, nanoseconds.
    pub look: Ts,
}

impl Options {
    /// What is usual, at an address.
    pub fn at(address: SocketAddr) -> Options {
        let rules = Rules::default();
        Options { address, rules, connections: 4096, hot: 50_000, look: 20_000 }
    }
}

struct Connection {
    stream: TcpStream,
    /// When bytes last came.
    active: Ts,
    is_hot: bool,
    /// The system takes no more bytes now.
    is_blocked: bool,
    /// Nothing more will be sent.
    is_shut: bool,
}

/// Wakes a server that sleeps in its poll.
#[derive(Clone)]
pub struct Waker {
    waker: Arc<mio::Waker>,
    state: Arc<Sleep>,
}

#[derive(Default)]
struct Sleep {
    rung: AtomicBool,
    asleep: AtomicBool,
}

impl Waker {
    /// Ends its sleep, or has it not fall asleep. Cost: two stores; a system call where it sleeps.
    #[inline]
    pub fn wake(&self) {
        // The sleeper says that it sleeps and then looks whether it was rung for: one of the two sees the other.
        self.state.rung.store(true, Ordering::SeqCst);
        if self.state.asleep.load(Ordering::SeqCst) {
            // A waker that fails has nobody left to wake.
            let _ = self.waker.wake();
        }
    }
}

/// The server: sockets and sessions.
pub struct BinaryServer {
    options: Options,
    address: SocketAddr,
    listener: Option<TcpListener>,
    poll: Poll,
    events: Events,
    waker: Waker,
    sessions: Sessions,
    /// By session.
    connections: Vec<Option<Connection>>,
    open: usize,
    /// Sessions that are read directly.
    hot: Vec<SessionId>,
    next_look: Ts,
    now: Ts,
    buffer: Box<[u8]>,
    /// Commands that wait for the engine in one thread.
    pub(super) backlog: VecDeque<Inbound>,
}

impl BinaryServer {
    /// Listens. Nobody is answered before it is polled.
    ///
    /// Errors: those of binding the address.
    pub fn bind(options: Options, roster: Roster) -> io::Result<BinaryServer> {
        let mut listener = TcpListener::bind(options.address)?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Arc::new(mio::Waker::new(poll.registry(), WAKER)?);
        Ok(BinaryServer {
            address: listener.local_addr()?,
            listener: Some(listener),
            poll,
            events: Events::with_capacity(256),
            waker: Waker { waker, state: Arc::default() },
            sessions: Sessions::new(options.rules, roster),
            connections: Vec::new(),
            open: 0,
            hot: Vec::new(),
            next_look: 0,
            now: 0,
            buffer: vec![0; TURN].into(),
            backlog: VecDeque::new(),
            options,
        })
    }

    /// Tells users of what recovery carried out; to be called before it is polled.
    pub fn remember(&mut self, past: Past) {
        self.sessions.remember(past);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What wakes it from [`BinaryServer::sleep`].
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Connections that are open.
    pub fn count(&self) -> usize {
        self.open
    }

    /// Reads what came, at most 8 KiB of each session, and submits its commands. Gives whether anything came. Never waits.
    pub fn poll(&mut self, now: Ts, submit: Submit<'_>) -> bool {
        self.now = now;
        let mut moved = false;
        if self.hot.is_empty() || now >= self.next_look {
            self.next_look = now + self.options.look;
            moved |= self.look(Some(Duration::ZERO));
        }
        let mut n = 0;
        while let Some(id) = self.hot.get(n).copied() {
            let (came, stays) = self.read(id, submit);
            moved |= came;
            if stays {
                n += 1;
            } else {
                self.hot.swap_remove(n);
                if let Some(connection) = self.connections[id].as_mut() {
                    connection.is_hot = false;
                }
            }
        }
        if now >= self.sessions.next_tick() {
            self.sessions.tick(now, submit);
            // Whom there was no descriptor for may have one now; the poll does not say it again.
            self.accept();
        }
        self.flush();
        moved
    }

    /// Makes the messages of a batch that came out of the engine.
    pub fn deliver(&mut self, batch: &Batch) {
        self.sessions.deliver(batch, self.now);
    }

    /// Writes what there is for the sessions, as far as the system takes it.
    pub fn flush(&mut self) {
        while let Some(id) = self.sessions.next_ready() {
            if self.sessions.is_over(id) || self.write(id).is_err() {
                self.close(id);
            }
        }
    }

    /// Sleeps until something comes or somebody wakes it, `most` at the longest.
    pub fn sleep(&mut self, most: Duration) {
        if !self.hot.is_empty() || !self.backlog.is_empty() {
            return;
        }
        let state = self.waker.state.clone();
        state.asleep.store(true, Ordering::SeqCst);
        if !state.rung.swap(false, Ordering::SeqCst) {
            let tick = self.sessions.next_tick().saturating_sub(self.now);
            self.look(Some(most.min(Duration::from_nanos(tick))));
        }
        state.asleep.store(false, Ordering::SeqCst);
    }

    /// Says good-bye to everybody and listens no more.
    pub fn stop(&mut self) {
        self.listener = None;
        self.sessions.stop(self.now);
        self.flush();
    }

    /// Asks the system which sockets have something.
    fn look(&mut self, most: Option<Duration>) -> bool {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        if self.poll.poll(&mut events, most).is_err() {
            // A signal; there is always a next time.
            self.events = events;
            return false;
        }
        let moved = !events.is_empty();
        for event in &events {
            match event.token() {
                LISTENER => self.accept(),
                WAKER => {}
                Token(id) => {
                    let Some(connection) = self.connections.get_mut(id).and_then(Option::as_mut)
                    else {
                        continue;
                    };
                    if !connection.is_hot {
                        connection.is_hot = true;
                        self.hot.push(id);
                    }
                    if event.is_writable() && connection.is_blocked {
                        connection.is_blocked = false;
                        self.sessions.list(id);
                    }
                }
            }
        }
        self.events = events;
        moved
    }

    fn accept(&mut self) {
        while let Some(listener) = &self.listener {
            match listener.accept() {
                Ok((stream, _)) if self.open < self.options.connections => self.welcome(stream),
                // Closed as it comes.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Nobody more; or no more descriptors, and then the next look tries again.
                Err(_) => return,
            }
        }
    }

    fn welcome(&mut self, mut stream: TcpStream) {
        let mut nonce = [0; size_of::<Challenge>() - std::mem::offset_of!(Challenge, nonce)];
        // Without chance there is no safe challenge.
        if getrandom::fill(&mut nonce).is_err() || stream.set_nodelay(true).is_err() {
            return;
        }
        let id = self.sessions.open(nonce, self.now);
        let both = Interest::READABLE | Interest::WRITABLE;
        if self.poll.registry().register(&mut stream, Token(id), both).is_err() {
            self.sessions.close(id);
            return;
        }
        let connection = Connection {
            stream,
            active: self.now,
            is_hot: false,
            is_blocked: false,
            is_shut: false,
        };
        if id == self.connections.len() {
            self.connections.push(Some(connection));
        } else {
            self.connections[id] = Some(connection);
        }
        self.open += 1;
    }

    /// Reads a session's turn. Gives whether bytes came, and whether it is worth reading again soon.
    #[inline]
    fn read(&mut self, id: SessionId, submit: Submit<'_>) -> (bool, bool) {
        let Some(connection) = self.connections[id].as_mut() else { return (false, false) };
        match connection.stream.read(&mut self.buffer) {
            Ok(0) => {
                self.close(id);
                (true, false)
            }
            Ok(count) => {
                connection.active = self.now;
                self.sessions.receive(id, self.now, &self.buffer[..count], submit);
                (true, true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let idle = self.now.saturating_sub(connection.active);
                (false, idle < self.options.hot && self.hot.len() <= HOT_MOST)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => (false, true),
            Err(_) => {
                self.close(id);
                (true, false)
            }
        }
    }

    #[inline]
    fn write(&mut self, id: SessionId) -> io::Result<()> {
        let Some(connection) = self.connections.get_mut(id).and_then(Option::as_mut) else {
            return Ok(());
        };
        while !connection.is_blocked {
            let outgoing = self.sessions.outgoing(id);
            if outgoing.is_empty() {
                break;
            }
            match connection.stream.write(outgoing) {
                Ok(count) => self.sessions.sent(id, count, self.now),
                Err(error) if error.kind() == ErrorKind::WouldBlock => connection.is_blocked = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.sessions.is_done(id) && !connection.is_shut {
            // It is closed when the other side has closed too: closing now could take back what was just sent.
            connection.is_shut = true;
            return connection.stream.shutdown(Shutdown::Write);
        }
        Ok(())
    }

    fn close(&mut self, id: SessionId) {
        self.sessions.close(id);
        if let Some(mut connection) = self.connections.get_mut(id).and_then(Option::take) {
            self.open -= 1;
            // The socket is closed below, and leaves the poll with that.
            let _ = self.poll.registry().deregister(&mut connection.stream);
        }
    }
}
