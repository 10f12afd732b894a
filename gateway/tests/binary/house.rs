//! A small exchange, its users, and sessions driven without a socket.

use plimsoll_exchange::Exchange;
use plimsoll_gateway::binary::codes::EndReason;
use plimsoll_gateway::binary::events::Happened;
use plimsoll_gateway::binary::layout::{HEAD, Message};
use plimsoll_gateway::binary::messages::{Challenge, FromServer};
use plimsoll_gateway::binary::{Roster, Rules, SecondLogin, SessionId, Sessions, proof};
use plimsoll_gateway::{Batch, Busy, Engine, Inbound, Limits, Reach, Scopes, User};
use plimsoll_types::{AccountId, InstrumentId, Label, NewOrder, Price, Qty, Side, Ts};
use std::collections::BTreeMap;
use std::sync::Arc;

pub const RB: InstrumentId = InstrumentId(0);
pub const ANNA: AccountId = AccountId(0);
pub const MAKER: AccountId = AccountId(1);
pub const SECRET: &[u8] = b"sixteen bytes or more";

pub fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

/// `anna` and `maker` with an account each.
pub fn users(limits: Limits) -> Vec<User> {
    let user = |name: &str| User {
        name: label(name),
        secret: SECRET.to_vec().into(),
        reach: Reach::Accounts(vec![label(name)]),
        scopes: Scopes { read: true, trade: true, admin: false },
        limits,
        cancel_on_disconnect: false,
    };
    vec![user("anna"), user("maker")]
}

pub fn engine(users: &[User]) -> Engine {
    let text = include_str!("../../../examples/exchange.toml");
    let spec = plimsoll_text::read_config("exchange.toml", text).unwrap();
    Engine::new(Exchange::new(spec), users, 0, BTreeMap::new())
}

pub fn limit(account: AccountId, id: &str, side: Side, ticks: i64, lots: u64) -> NewOrder {
    let order = NewOrder::limit(account, RB, side, Price::new(ticks).unwrap(), Qty::new(lots));
    NewOrder { id: Some(label(id)), ..order }
}

/// What came out of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)]
pub enum Out {
    Happened(Happened),
    Answer(FromServer),
}

/// Takes whole messages off `bytes`.
pub fn read_all(mut bytes: &[u8]) -> Vec<Out> {
    let mut all = Vec::new();
    while bytes.len() >= HEAD {
        let length = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        let (message, rest) = bytes.split_at(length);
        all.push(match Happened::read(message) {
            Ok(happened) => Out::Happened(happened),
            Err(_) => Out::Answer(FromServer::read(message).unwrap()),
        });
        bytes = rest;
    }
    assert!(bytes.is_empty(), "a message that is not whole");
    all
}

/// Sessions, an engine and the queue between them, in simulated time.
pub struct Rig {
    pub sessions: Sessions,
    pub engine: Engine,
    pub queue: Vec<Inbound>,
    pub room: usize,
    pub now: Ts,
    nonce: u64,
}

impl Rig {
    pub fn new(users: Vec<User>, rules: Rules) -> Rig {
        let engine = engine(&users);
        Rig::of(users, engine, rules)
    }

    /// Over an engine that has run already.
    pub fn of(users: Vec<User>, engine: Engine, rules: Rules) -> Rig {
        let users: Arc<[User]> = users.into();
        let sessions = Sessions::new(rules, Roster::new(&engine, users));
        Rig { sessions, engine, queue: Vec::new(), room: usize::MAX, now: 1, nonce: 0 }
    }

    pub fn usual() -> Rig {
        Rig::new(users(Limits::default()), Rules::default())
    }

    /// Bytes from a client.
    pub fn bytes(&mut self, id: SessionId, bytes: &[u8]) {
        let (queue, room) = (&mut self.queue, self.room);
        self.sessions.receive(id, self.now, bytes, &mut |one| {
            if queue.len() >= room {
                return Err(Busy);
            }
            queue.push(one);
            Ok(())
        });
    }

    pub fn send<M: Message>(&mut self, id: SessionId, message: M) {
        self.bytes(id, message.bytes());
    }

    /// The engine carries out what waits, in one batch.
    pub fn turn(&mut self) -> Batch {
        let mut batch = Batch::default();
        for inbound in self.queue.drain(..) {
            self.engine.carry_out(&inbound, &mut batch);
        }
        self.sessions.deliver(&batch, self.now);
        batch
    }

    /// Time passes.
    pub fn pass(&mut self, ns: Ts) {
        self.now += ns;
        let (queue, room) = (&mut self.queue, self.room);
        self.sessions.tick(self.now, &mut |one| {
            if queue.len() >= room {
                return Err(Busy);
            }
            queue.push(one);
            Ok(())
        });
    }

    /// Everything a session was told since.
    pub fn heard(&mut self, id: SessionId) -> Vec<Out> {
        let mut bytes = Vec::new();
        loop {
            let outgoing = self.sessions.outgoing(id).to_vec();
            if outgoing.is_empty() {
                return read_all(&bytes);
            }
            bytes.extend_from_slice(&outgoing);
            self.sessions.sent(id, outgoing.len(), self.now);
        }
    }

    /// A new connection and the nonce it was challenged with.
    pub fn open(&mut self) -> (SessionId, [u8; 32]) {
        self.nonce += 1;
        let mut nonce = [1; 32];
        nonce[..8].copy_from_slice(&self.nonce.to_le_bytes());
        let id = self.sessions.open(nonce, self.now);
        let heard = self.heard(id);
        let [Out::Answer(FromServer::Challenge(Challenge { nonce, .. }))] = heard[..] else {
            panic!("{heard:?}");
        };
        (id, nonce)
    }

    /// A login; gives what it was answered with.
    pub fn login(&mut self, user: &str, next_event: u64) -> (SessionId, Vec<Out>) {
        let (id, nonce) = self.open();
        let name = plimsoll_gateway::binary::layout::Text::of(&label(user));
        self.send(id, proof::login(&nonce, &name, SECRET, next_event, SecondLogin::TakesOver));
        let heard = self.heard(id);
        (id, heard)
    }

    /// A session that is up.
    pub fn session(&mut self, user: &str) -> SessionId {
        let (id, heard) = self.login(user, 0);
        assert!(matches!(heard[0], Out::Answer(FromServer::LoginAccepted(_))), "{heard:?}");
        id
    }
}

pub fn ended(reason: EndReason) -> impl Fn(&Out) -> bool {
    move |out| matches!(out, Out::Answer(FromServer::EndOfSession(end)) if end.reason == reason as u8)
}
