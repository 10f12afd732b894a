//! The feed's thread: takes packets from the builder, keeps the last of them, sends them to whoever reads.
//!
//! The builder runs where the follower does and never waits for a reader; it hands packets over and rings. The thread folds them into books of its own, of
//! which it makes snapshots without asking anybody.

use super::builder::Builder;
use super::client::{Client, Standing, Wants};
use super::fold::Fold;
use super::packet::{Packer, PacketView, packet_head, split_packet};
use super::window::Window;
use crate::batch::Batch;
use crate::clock::Clock;
use crate::feed::messages::channel;
use crate::follower::Listener;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use parking_lot::Mutex;
use plimsoll_exchange::Exchange;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use zerocopy::IntoBytes;

/// How the feed is offered.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where readers connect.
    pub address: SocketAddr,
    /// Bytes of the stream kept for those who are behind; a reader further behind is cut off. 64 MiB, about 1.2 million messages.
    pub window_bytes: usize,
    /// Most readers at once; 1,024.
    pub clients: usize,
    /// How long nothing is said before a packet without messages says that; one second.
    pub heartbeat: Duration,
    /// How long a connection may be open without asking for anything; ten seconds.
    pub patience: Duration,
    /// Datagrams of the same packets; none.
    pub multicast: Option<Multicast>,
}

impl Options {
    /// What is said above, at an address.
    pub fn new(address: SocketAddr) -> Options {
        Options {
            address,
            window_bytes: 64 << 20,
            clients: 1024,
            heartbeat: Duration::from_secs(1),
            patience: Duration::from_secs(10),
            multicast: None,
        }
    }
}

/// Where datagrams go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multicast {
    /// Group and port.
    pub group: SocketAddrV4,
    /// The own address they leave by: it says which network.
    pub from: Ipv4Addr,
    /// Networks they may cross.
    pub ttl: u32,
}

/// A running feed.
pub struct FeedServer {
    address: SocketAddr,
    session: u64,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// Packets that the thread has not taken. It only copies and folds them, which is less work than making them, so they are few.
    made: Mutex<Vec<u8>>,
    waker: Waker,
    stop: AtomicBool,
    readers: AtomicUsize,
}

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// Tokens of readers begin here.
const CLIENTS: usize = 2;

/// Starts a feed that begins with what stands in `exchange`; the listener is to be told every batch from there on.
///
/// Errors: an address that cannot be had.
pub fn start(
    options: Options,
    exchange: &Exchange,
    clock: Clock,
) -> io::Result<(FeedServer, Box<dyn Listener>)> {
    let mut listener = TcpListener::bind(options.address)?;
    let address = listener.local_addr()?;
    let udp = options.multicast.map(open_multicast).transpose()?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let waker = Waker::new(poll.registry(), WAKER)?;
    // Runs of a server begin at different times: that tells them apart.
    let session = clock.now().max(1);
    let mut packer = Packer::stream(session);
    let builder = Builder::begin(exchange, &mut packer);
    let (made, stop) = (Mutex::new(packer.take()), AtomicBool::new(false));
    let shared = Arc::new(Shared { made, waker, stop, readers: AtomicUsize::new(0) });
    let source = Source { builder, packer, shared: shared.clone() };
    let server = Server {
        window: Window::new(options.window_bytes),
        options,
        session,
        poll,
        listener,
        udp,
        fold: Fold::new(),
        snapshot: None,
        clients: Vec::new(),
        free: Vec::new(),
        last_datagram: Instant::now(),
        shared: shared.clone(),
    };
    let thread =
        std::thread::Builder::new().name("plimsoll-feed".to_owned()).spawn(move || server.run())?;
    let running = FeedServer { address, session, shared, thread: Some(thread) };
    Ok((running, Box::new(source)))
}

fn open_multicast(multicast: Multicast) -> io::Result<(UdpSocket, SocketAddrV4)> {
    let socket = UdpSocket::bind((multicast.from, 0))?;
    socket.set_multicast_ttl_v4(multicast.ttl)?;
    socket.set_nonblocking(true)?;
    Ok((socket, multicast.group))
}

impl FeedServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// This run's number.
    pub fn session(&self) -> u64 {
        self.session
    }

    /// Readers connected now.
    pub fn readers(&self) -> usize {
        self.shared.readers.load(Ordering::Relaxed)
    }

    /// Tells readers that the session is over, closes them and ends the thread.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // Without a waker the thread sees it at its next heartbeat.
        let _ = self.shared.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for FeedServer {
    fn drop(&mut self) {
        self.end();
    }
}

/// The feed's end at the follower.
struct Source {
    builder: Builder,
    packer: Packer,
    shared: Arc<Shared>,
}

impl Listener for Source {
    fn heard(&mut self, exchange: &Exchange, batch: &Batch) {
        self.builder.batch(exchange, batch, &mut self.packer);
        let bytes = self.packer.take();
        if bytes.is_empty() || self.shared.stop.load(Ordering::Acquire) {
            return;
        }
        self.shared.made.lock().extend_from_slice(&bytes);
        // A thread that cannot be rung looks at its next heartbeat.
        let _ = self.shared.waker.wake();
    }
}

/// A snapshot, and the message that follows it.
struct Made {
    bytes: Arc<[u8]>,
    then: u64,
}

struct Server {
    options: Options,
    session: u64,
    poll: Poll,
    listener: TcpListener,
    udp: Option<(UdpSocket, SocketAddrV4)>,
    window: Window,
    fold: Fold,
    /// The last snapshot, for those who come soon after.
    snapshot: Option<Made>,
    clients: Vec<Option<Client<TcpStream>>>,
    free: Vec<usize>,
    last_datagram: Instant,
    shared: Arc<Shared>,
}

impl Server {
    fn run(mut self) {
        let mut events = Events::with_capacity(256);
        let mut hungry = false;
        while !self.shared.stop.load(Ordering::Acquire) {
            let idle = (self.options.heartbeat / 2).max(Duration::from_millis(1));
            let most = if hungry { Duration::ZERO } else { idle };
            match self.poll.poll(&mut events, Some(most)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            }
            let now = Instant::now();
            self.take_packets(now);
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(now),
                    WAKER => {}
                    Token(token) => {
                        let place = token - CLIENTS;
                        if let Some(Some(client)) = self.clients.get_mut(place) {
                            client.may_write |= event.is_writable();
                            if event.is_readable() || event.is_read_closed() || event.is_error() {
                                self.hear(place);
                            }
                        }
                    }
                }
            }
            hungry = self.send(now);
            let readers = self.clients.len() - self.free.len();
            self.shared.readers.store(readers, Ordering::Relaxed);
        }
        self.take_packets(Instant::now());
        self.say_goodbye();
    }

    /// Takes what the builder has made: into the own books, the window, the network.
    fn take_packets(&mut self, now: Instant) {
        let made = std::mem::take(&mut *self.shared.made.lock());
        let mut rest = made.as_slice();
        while let Ok(Some((packet, after))) = split_packet(rest) {
            let folded = PacketView::read(packet)
                .map_err(Into::into)
                .and_then(|view| self.fold.packet(&view, |_, _, _| {}).map(|()| view));
            match folded {
                Ok(view) => self.window.push(&view),
                Err(error) => {
                    plimsoll_types::broken(format_args!("the feed's own packet: {error}"))
                }
            }
            self.multicast(packet, now);
            rest = after;
        }
    }

    /// Sends a datagram. One that the system does not take is lost, as datagrams are: readers ask for it again.
    fn multicast(&mut self, packet: &[u8], now: Instant) {
        if let Some((socket, group)) = &self.udp {
            let _ = socket.send_to(packet, group);
            self.last_datagram = now;
        }
    }

    fn accept(&mut self, now: Instant) {
        // An error of one connection is not the listener's.
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                // Out of descriptors: those who wait are looked at when the next one comes.
                Err(_) => return,
            };
            let readers = self.clients.len() - self.free.len();
            if readers >= self.options.clients {
                continue;
            }
            let _ = socket.set_nodelay(true);
            let place = self.free.pop().unwrap_or_else(|| {
                self.clients.push(None);
                self.clients.len() - 1
            });
            let interest = Interest::READABLE | Interest::WRITABLE;
            match self.poll.registry().register(&mut socket, Token(place + CLIENTS), interest) {
                Ok(()) => self.clients[place] = Some(Client::new(socket, now)),
                Err(_) => self.free.push(place),
            }
        }
    }

    /// A reader has said something, or has gone.
    fn hear(&mut self, place: usize) {
        let Some(Some(client)) = self.clients.get_mut(place) else { return };
        match client.read(&self.window, self.session) {
            Ok(Wants::Nothing) => {}
            Ok(Wants::Snapshot) => {
                let made = self.snapshot();
                if let Some(Some(client)) = self.clients.get_mut(place) {
                    client.snapshot_from(made.0, made.1, &self.window, self.session);
                }
            }
            Err(_) => self.close(place),
        }
    }

    /// A snapshot, and the message that follows it: the last one made, while at most a quarter of the window has come since.
    fn snapshot(&mut self) -> (Arc<[u8]>, u64) {
        let window = &self.window;
        let kept = window.behind(window.oldest());
        let fresh = self
            .snapshot
            .as_ref()
            .filter(|made| made.then > window.oldest() && window.behind(made.then) <= kept / 4);
        if let Some(made) = fresh {
            return (made.bytes.clone(), made.then);
        }
        let made = Made { bytes: self.fold.to_snapshot().into(), then: self.fold.next() };
        let given = (made.bytes.clone(), made.then);
        self.snapshot = Some(made);
        given
    }

    /// Sends every reader what its socket takes, and closes those that are over.
    /// Whether some would take more at once.
    fn send(&mut self, now: Instant) -> bool {
        let mut hungry = false;
        for place in 0..self.clients.len() {
            let Some(client) = &mut self.clients[place] else { continue };
            let silent = now.duration_since(client.heard_of);
            if !client.is_reading() && silent > self.options.patience {
                self.close(place);
                continue;
            }
            if silent >= self.options.heartbeat {
                client.beat(&self.window, self.session);
            }
            let standing = match client.may_write {
                true => client.write(&self.window, self.session, now),
                false if client.is_lost(&self.window) => Standing::Over,
                false => Standing::Full,
            };
            client.may_write = standing != Standing::Full;
            hungry |= standing == Standing::Hungry;
            if standing == Standing::Over {
                self.close(place);
            }
        }
        if self.udp.is_some() && now.duration_since(self.last_datagram) >= self.options.heartbeat {
            let head = packet_head(channel::STREAM, self.session, self.window.next(), (0, 0));
            self.multicast(head.as_bytes(), now);
        }
        hungry
    }

    fn close(&mut self, place: usize) {
        if let Some(mut client) = self.clients[place].take() {
            let _ = self.poll.registry().deregister(&mut client.socket);
            self.free.push(place);
        }
    }

    /// Tells those who are up to date that nothing more comes.
    fn say_goodbye(&mut self) {
        let now = Instant::now();
        for client in self.clients.iter_mut().flatten() {
            client.write(&self.window, self.session, now);
            client.say_end(&self.window, self.session);
            client.write(&self.window, self.session, now);
        }
    }
}
