//! A server with nothing but FIX, and a client that writes raw bytes.

use plimsoll_exchange::Exchange;
use plimsoll_gateway::fix::frame::Framer;
use plimsoll_gateway::fix::{self, FixServer, Options};
use plimsoll_gateway::{
    Clock, Engine, Follower, Inbound, Intake, Limits, Memory, Once, Pipeline, Reach, Scopes, User,
    UserId, auth,
};
use plimsoll_types::{Command, Label};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long anything may take before a test says that it did not come.
const PATIENCE: Duration = Duration::from_secs(20);

const CONFIG: &str = include_str!("exchange.toml");

fn secret(name: &str) -> Vec<u8> {
    auth::sha256(name.as_bytes()).to_vec()
}

/// A user's password: the hex digits of its secret.
pub fn password(name: &str) -> String {
    auth::to_hex(&secret(name))
}

pub fn label(text: &str) -> Label {
    Label::new(text).expect("a short name")
}

fn user(name: &str, accounts: &[&str]) -> User {
    User {
        name: label(name),
        secret: secret(name).into(),
        reach: match accounts {
            [] => Reach::All,
            names => Reach::Accounts(names.iter().map(|name| label(name)).collect()),
        },
        scopes: Scopes { read: true, trade: true, admin: false },
        limits: Limits::default(),
        cancel_on_disconnect: false,
    }
}

/// `anna` and `bert` with an account each, `desk` with all, `pair` with two.
pub fn users() -> Vec<User> {
    vec![
        user("anna", &["anna"]),
        user("bert", &["bert"]),
        user("desk", &[]),
        user("pair", &["anna", "maker"]),
    ]
}

pub struct Rig {
    pub address: SocketAddr,
    pub intake: Intake,
    pub follower: Follower,
    pipeline: Pipeline,
    server: FixServer,
    users: Vec<User>,
}

fn nowhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

impl Rig {
    pub fn start() -> Rig {
        Rig::with(users(), |_| {})
    }

    pub fn with(users: Vec<User>, change: impl FnOnce(&mut Options)) -> Rig {
        let spec = plimsoll_text::read_config("exchange.toml", CONFIG).expect("a good file");
        let engine = Engine::new(Exchange::new(spec), &users, 0, Memory::new());
        Rig::over(engine, users, change)
    }

    fn over(mut engine: Engine, users: Vec<User>, change: impl FnOnce(&mut Options)) -> Rig {
        let copy = Engine::restore(engine.exchange().spec().clone(), &users, &engine.snapshot());
        let follower = Follower::new(copy.expect("a snapshot of its own"));
        engine.keep_log();
        let (clock, intake) = (Clock::new(), Intake::new(1_024));
        let mut options = Options::new(nowhere());
        change(&mut options);
        let shared: Arc<[User]> = users.clone().into();
        let (server, outlet) =
            fix::start(options, shared, intake.clone(), follower.clone(), clock).expect("a port");
        let outlets: Vec<Box<dyn plimsoll_gateway::Outlet>> =
            vec![Box::new(follower.follow(Vec::new())), outlet];
        let pipeline = Pipeline::start(engine, clock, intake.clone(), outlets);
        Rig { address: server.address(), intake, follower, pipeline, server, users }
    }

    /// Stops it and starts another over the same exchange, as after a recovery.
    pub fn restart(self, change: impl FnOnce(&mut Options)) -> Rig {
        self.restart_after(|| (), change)
    }

    /// The same; `meanwhile` runs while there is no server.
    pub fn restart_after(self, meanwhile: impl FnOnce(), change: impl FnOnce(&mut Options)) -> Rig {
        let users = self.users.clone();
        self.server.stop();
        let engine = self.pipeline.stop().expect("the engine ends well");
        meanwhile();
        Rig::over(engine, users, change)
    }

    pub fn stop(self) {
        self.server.stop();
        self.pipeline.stop();
    }

    /// A command of the server's own, in the contract's words.
    pub fn command(&self, line: &str) {
        let spec = self.follower.read(|exchange| exchange.spec().clone());
        let line = plimsoll_text::Line::read(line.as_bytes(), &spec).expect("a good line");
        let command = self.follower.read(|exchange| line.resolve(exchange));
        assert!(!matches!(command, Command::Refused { .. }), "{command:?}");
        self.submit(command);
    }

    pub fn submit(&self, command: Command) {
        let (user, once) = (UserId::SERVER, Once::Unmarked);
        let received = Clock::new().now();
        self.intake
            .submit(Inbound { received, user, once, tag: 0, command })
            .expect("room in the queue");
    }

    /// Waits until the readers' exchange is as `look` wants it.
    pub fn wait(&self, what: &str, look: impl Fn(&Exchange) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !self.follower.read(&look) {
            assert!(Instant::now() < until, "{what} did not come");
            std::thread::yield_now();
        }
    }

    pub fn client(&self, name: &str) -> Client {
        Client::connect(self.address, name)
    }

    /// A client that is logged on, numbers from one.
    pub fn logged_on(&self, name: &str) -> Client {
        let mut client = self.client(name);
        client.log_on("141=Y|");
        let logon = client.receive();
        assert!(logon.contains("|35=A|") && logon.contains("|141=Y|"), "{logon}");
        client
    }
}

pub struct Client {
    pub stream: TcpStream,
    pub name: String,
    pub seq: u64,
    framer: Framer,
}

/// Now, as FIX writes it. Far from any edge that a test looks at.
pub fn now() -> String {
    plimsoll_gateway::fix::time::write_time(Clock::new().now())
}

/// A whole message; fields are parted by `|`.
pub fn message(kind: &str, name: &str, seq: u64, fields: &str) -> Vec<u8> {
    let head = format!("35={kind}|49={name}|56=PLIMSOLL|34={seq}|52={}|", now());
    frame(&format!("{head}{fields}"))
}

/// Version, length and checksum around a body.
pub fn frame(body: &str) -> Vec<u8> {
    let mut text = format!("8=FIX.4.4|9={}|{body}", body.len()).replace('|', "\x01").into_bytes();
    let sum = text.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    text.extend_from_slice(format!("10={sum:03}\x01").as_bytes());
    text
}

/// A field of a message received.
pub fn field<'a>(message: &'a str, tag: &str) -> Option<&'a str> {
    let begin = message.find(&format!("|{tag}="))? + tag.len() + 2;
    message[begin..].split('|').next()
}

impl Client {
    pub fn connect(address: SocketAddr, name: &str) -> Client {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.set_nodelay(true).expect("no delay");
        Client { stream, name: name.to_owned(), seq: 1, framer: Framer::default() }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    pub fn log_on(&mut self, more: &str) {
        let fields = format!("98=0|108=30|553={}|554={}|{more}", self.name, password(&self.name));
        self.send("A", &fields);
    }

    pub fn send(&mut self, kind: &str, fields: &str) {
        let bytes = message(kind, &self.name, self.seq, fields);
        self.seq += 1;
        self.write(&bytes);
    }

    /// The next message, fields parted by `|`, one before the first too; `None` = the connection ended.
    pub fn next(&mut self) -> Option<String> {
        loop {
            if let Some(frame) = self.framer.message() {
                let text = String::from_utf8(frame.to_vec()).expect("text");
                return Some(format!("|{}", text.replace('\x01', "|")));
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.framer.push(&bytes[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{}: nothing came: {error}", self.name),
            }
        }
    }

    pub fn receive(&mut self) -> String {
        self.next().expect("the connection goes on")
    }

    /// The next message, which must have these fields.
    pub fn expect(&mut self, fields: &str) -> String {
        let got = self.receive();
        for wanted in fields.split('|').filter(|field| !field.is_empty()) {
            assert!(got.contains(&format!("|{wanted}|")), "{}: no {wanted} in {got}", self.name);
        }
        got
    }

    /// Nothing of what was sent so far is answered any more: a TestRequest comes back at once.
    pub fn expect_nothing(&mut self) {
        let id = format!("112=quiet{}", self.seq);
        self.send("1", &format!("{id}|"));
        self.expect(&format!("35=0|{id}"));
    }

    pub fn expect_end(&mut self) {
        if let Some(more) = self.next() {
            panic!("{}: more came: {more}", self.name);
        }
    }
}

/// A folder that is empty, for one test.
pub fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("plimsoll-fix-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}
