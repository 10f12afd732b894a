//! What is asked, and who answers.

use super::Kept;
use plimsoll_exchange::Exchange;
use plimsoll_gateway::binary::client::{Client, Position};
use plimsoll_gateway::binary::events::Accepted;
use plimsoll_gateway::binary::layout::Message;
use plimsoll_gateway::binary::messages::{CancelOrder, EnterOrder};
use plimsoll_gateway::binary::{BinaryServer, Options, Roster, Rules};
use plimsoll_gateway::journal::Policy;
use plimsoll_gateway::store::{DataOptions, Lock, recover};
use plimsoll_gateway::{
    Clock, Engine, Intake, Limits, Memory, OneThread, Reach, Recorder, Scopes, User, WaitStrategy,
    wait,
};
use plimsoll_types::{AccountId, InstrumentId, Label, NewOrder, OrderRef, Price, Qty, Side};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Bytes of the longest question: an order.
pub(super) const QUESTION: usize = size_of::<EnterOrder>();
/// Bytes of its answer.
pub(super) const ANSWER: usize = size_of::<Accepted>();

/// The core the client's thread is kept on.
pub(super) const CLIENT_CORE: usize = 0;
/// That of whoever answers.
const SERVER_CORE: usize = 1;

const SECRET: &[u8] = b"no secret: it never leaves this process";
/// The market maker of the example, without margin.
pub(super) const MAKER: AccountId = AccountId(1);

/// An order that rests, then its cancel; again and again, each with one answer.
#[derive(Default)]
pub(super) struct Questions {
    sequence: u64,
    bytes: Vec<u8>,
}

impl Questions {
    pub(super) fn next(&mut self) -> &[u8] {
        self.sequence += 1;
        self.bytes.clear();
        let name = Label::new(&format!("w{}", self.sequence.div_ceil(2)));
        let Some(name) = name else {
            plimsoll_types::broken(format_args!("a name of twenty digits at most"));
        };
        if self.sequence.is_multiple_of(2) {
            let order = OrderRef::Client(name);
            let message = CancelOrder::of(self.sequence, MAKER, &order);
            self.bytes.extend_from_slice(message.bytes());
        } else {
            let price = Price::clamped(4_900 + (self.sequence % 64) as i64);
            let order = NewOrder::limit(MAKER, InstrumentId(0), Side::Buy, price, Qty::new(1));
            let order = NewOrder { id: Some(name), ..order };
            self.bytes.extend_from_slice(EnterOrder::of(self.sequence, &order).bytes());
        }
        &self.bytes
    }
}

pub(super) fn user() -> io::Result<Arc<[User]>> {
    let name = Label::new("maker").ok_or(ErrorKind::InvalidInput)?;
    Ok(Arc::from([User {
        name,
        secret: SECRET.into(),
        reach: Reach::Accounts(vec![name]),
        scopes: Scopes { read: true, trade: true, admin: false },
        limits: Limits::default(),
        cancel_on_disconnect: false,
    }]))
}

pub(super) fn spec() -> io::Result<plimsoll_types::ExchangeSpec> {
    let text = include_str!("../../../../examples/exchange.toml");
    plimsoll_text::read_config("exchange.toml", text).map_err(io::Error::other)
}

fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// A server in its one-thread mode, and a client that is logged in.
pub(super) struct Server {
    pub(super) stream: TcpStream,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _lock: Option<Lock>,
    data: Option<PathBuf>,
}

impl Server {
    pub(super) fn start(kept: Kept) -> io::Result<Server> {
        let (users, spec) = (user()?, spec()?);
        let data = (kept != Kept::Off).then(|| {
            std::env::temp_dir().join(format!(
                "plimsoll-wire-{}-{}",
                std::process::id(),
                kept.as_str()
            ))
        });
        let mut recorder: Option<Box<dyn Recorder>> = None;
        let mut lock = None;
        let engine = match &data {
            Some(data) => {
                std::fs::create_dir_all(data)?;
                let mut options = DataOptions::new(data);
                options.journal.policy = match kept {
                    Kept::Synced => Policy::Always,
                    _ => Policy::Interval(Duration::from_millis(100)),
                };
                let found = recover(&options, &spec, &users, &mut |_, _, _| {});
                let found = found.map_err(|error| io::Error::other(error.to_string()))?;
                recorder = Some(Box::new(found.journal));
                lock = Some(found.lock);
                found.engine
            }
            None => Engine::new(Exchange::new(spec), &users, 0, Memory::new()),
        };
        // The client says nothing but its questions: no silence is too long.
        let rules = Rules { heartbeat: u64::MAX / 4, timeout: u64::MAX / 2, ..Rules::default() };
        let (hot, look) = (100_000_000, 1_000_000);
        let options = Options { hot, look, rules, ..Options::at(loopback()) };
        let face = BinaryServer::bind(options, Roster::new(&engine, users))?;
        let address = face.address();
        let one = OneThread::new(engine, Clock::new(), Intake::new(64), recorder, face, Vec::new());
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = stop.clone();
        let thread = std::thread::spawn(move || {
            wait::pin(Some(SERVER_CORE));
            if let Err(error) = one.run(&stopping, WaitStrategy::Spin) {
                eprintln!("bench: the server stopped: {error}");
            }
        });
        let client = Client::connect(address, "maker", SECRET, Position::default());
        let stream = client.map_err(|error| io::Error::other(error.to_string()))?.into_stream();
        stream.set_nonblocking(true)?;
        Ok(Server { stream, stop, thread: Some(thread), _lock: lock, data })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A thread that broke has said why.
            let _ = thread.join();
        }
        if let Some(data) = &self.data {
            // What is left is in a temporary directory.
            let _ = std::fs::remove_dir_all(data);
        }
    }
}

/// A thread that answers every question with as many bytes as the server would, spinning.
pub(super) struct Echo {
    pub(super) stream: TcpStream,
    thread: Option<JoinHandle<()>>,
}

impl Echo {
    pub(super) fn start() -> io::Result<Echo> {
        let listener = TcpListener::bind(loopback())?;
        let stream = TcpStream::connect(listener.local_addr()?)?;
        let (other, _) = listener.accept()?;
        for end in [&stream, &other] {
            end.set_nodelay(true)?;
            end.set_nonblocking(true)?;
        }
        Ok(Echo { stream, thread: Some(std::thread::spawn(move || echo(other))) })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // The other end sees the end and goes.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn echo(mut stream: TcpStream) {
    wait::pin(Some(SERVER_CORE));
    let mut buffer = [0; 8 << 10];
    let mut answer = [0; ANSWER];
    answer[..2].copy_from_slice(&(ANSWER as u16).to_le_bytes());
    loop {
        match stream.read(&mut buffer) {
            // One question at a time: whatever came is one.
            Ok(count) if count > 0 && stream.write(&answer).is_ok() => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
            _ => return,
        }
    }
}
