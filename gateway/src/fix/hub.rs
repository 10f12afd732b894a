//! The sessions' thread: sockets, sessions, the desk.

use super::connection::{Connection, Health};
use super::desk::{Desk, Stop};
use super::dispatch::{business_reject, dispatch, prove};
use super::inbox::Inbox;
use super::market::Subscriptions;
use super::message::Message;
use super::session::{Received, Session};
use super::store::Store;
use super::write::{Body, Header, Kind, Parties, write_message};
use super::{Options, report, tag};
use crate::clock::Clock;
use crate::follower::Follower;
use crate::inbound::UserId;
use crate::intake::Intake;
use crate::throttle::Throttle;
use crate::users::{Reach, User};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use plimsoll_types::{AccountId, Ts};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);

/// Bytes that wait in front of a socket; what is more waits in the session's store.
const OUT_MOST: usize = 256 * 1024;

/// Batches looked at before the sockets have their turn.
const TURN: usize = 256;

/// How long everybody has to log out when the server stops, nanoseconds.
const GOODBYE: Ts = 1_000_000_000;

/// What there is of a user.
struct Line {
    session: Session,
    connection: Option<Token>,
    throttle: Option<Throttle>,
    market: Subscriptions,
}

/// All of it.
pub struct Hub {
    options: Options,
    clock: Clock,
    poll: Poll,
    listener: TcpListener,
    connections: BTreeMap<Token, Connection>,
    next: usize,
    lines: BTreeMap<UserId, Line>,
    desk: Desk,
    inbox: Arc<Inbox>,
    /// Cancels that found the engine's queue full.
    owed: Vec<(UserId, AccountId)>,
    /// Commands up to this one are in what was looked up, not to be taken from batches again.
    known: u64,
}

impl Hub {
    /// Binds the address and looks the exchange over.
    pub fn bind(
        options: Options,
        users: Arc<[User]>,
        intake: Intake,
        follower: Follower,
        clock: Clock,
    ) -> io::Result<(Hub, Arc<Inbox>)> {
        let mut listener = TcpListener::bind(options.address)?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let inbox = Arc::new(Inbox::new(options.backlog, waker));
        if let Some(folder) = &options.store {
            std::fs::create_dir_all(folder)?;
        }
        let desk = Desk::new(users, intake, follower, clock.now());
        let mut hub = Hub {
            options,
            clock,
            poll,
            listener,
            connections: BTreeMap::new(),
            next: 2,
            lines: BTreeMap::new(),
            desk,
            inbox: inbox.clone(),
            owed: Vec::new(),
            known: 0,
        };
        hub.resume()?;
        Ok((hub, inbox))
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Opens the sessions that have a file: reports wait in them from now on.
    fn resume(&mut self) -> io::Result<()> {
        let Some(folder) = self.options.store.clone() else { return Ok(()) };
        for n in 1..=self.desk.users.len() as u32 {
            let user = UserId(n);
            if folder.join(file_of(self.desk.user(user))).exists() {
                self.open(user)?;
            }
        }
        Ok(())
    }

    fn open(&mut self, user: UserId) -> io::Result<()> {
        let who = self.desk.user(user);
        let store = match &self.options.store {
            Some(folder) => Store::open(self.options.bounds, &folder.join(file_of(who)))?,
            None => Store::new(self.options.bounds),
        };
        let parties =
            Parties { sender: self.options.comp_id.clone(), target: who.name.to_string() };
        let line = Line {
            session: Session::new(parties, store, self.options.skew),
            connection: None,
            throttle: who.limits.rate.map(|(rate, burst)| Throttle::new(rate, burst)),
            market: Subscriptions::default(),
        };
        self.desk.recall(user, line.session.store());
        self.lines.insert(user, line);
        Ok(())
    }

    /// Runs until it is stopped.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(256);
        let mut until = None;
        loop {
            self.wait(&mut events);
            let now = self.clock.now();
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(now),
                    WAKER => {}
                    token => {
                        if let Some(connection) = self.connections.get_mut(&token) {
                            connection.readable = true;
                        }
                    }
                }
            }
            self.hear(now);
            self.read(now);
            self.publish(now);
            self.tick(now);
            self.write(now);
            if self.inbox.is_stopping() {
                let until = *until.get_or_insert_with(|| {
                    self.say_goodbye(now);
                    now + GOODBYE
                });
                if self.connections.is_empty() || now >= until {
                    return;
                }
            }
        }
    }

    fn wait(&mut self, events: &mut Events) {
        let busy = self.connections.values().any(|connection| connection.readable);
        let market = self.lines.values().any(|line| line.market.is_dirty());
        let most = match (busy, market || !self.owed.is_empty(), self.inbox.is_stopping()) {
            (true, ..) => Duration::ZERO,
            (_, true, _) => Duration::from_millis(2),
            (.., true) => Duration::from_millis(10),
            _ if self.connections.is_empty() => Duration::from_secs(1),
            _ => Duration::from_millis(50),
        };
        let most =
            if self.inbox.may_sleep() || self.inbox.is_stopping() { most } else { Duration::ZERO };
        if let Err(error) = self.poll.poll(events, Some(most))
            && error.kind() != io::ErrorKind::Interrupted
        {
            plimsoll_types::broken(format_args!("the FIX sockets cannot be polled: {error}"));
        }
        self.inbox.awake();
    }

    fn accept(&mut self, now: Ts) {
        // Whatever else goes wrong with one connection must not end the others.
        while let Ok((mut stream, _)) = self.listener.accept() {
            if self.connections.len() >= self.options.connections || self.inbox.is_stopping() {
                continue;
            }
            let token = Token(self.next);
            self.next += 1;
            let both = Interest::READABLE | Interest::WRITABLE;
            let registered = self.poll.registry().register(&mut stream, token, both);
            // Small answers must not wait for more of them.
            if registered.is_ok() && stream.set_nodelay(true).is_ok() {
                self.connections.insert(token, Connection::new(stream, now));
            }
        }
    }

    fn hear(&mut self, now: Ts) {
        if self.inbox.has_lost() {
            return self.catch_up(now);
        }
        let mut told = Vec::new();
        for _ in 0..TURN {
            let Some(batch) = self.inbox.take() else { break };
            let is_news = batch.outcomes.iter().any(|it| it.answer == crate::batch::Answer::Done);
            if batch.last < self.known || (batch.last == self.known && is_news) {
                continue;
            }
            report::hear(&mut self.desk, &batch, &mut told);
            self.lines.values_mut().for_each(|line| line.market.hear(&batch));
        }
        for (user, (kind, body)) in told {
            if let Some(line) = self.lines.get_mut(&user) {
                line.session.send(kind, &body, now);
            }
        }
    }

    /// Batches were lost: everybody is told to ask anew, and the orders are looked up.
    fn catch_up(&mut self, now: Ts) {
        while self.inbox.take().is_some() {}
        self.desk.look_up();
        self.known = self.desk.heard;
        for line in self.lines.values_mut() {
            let text = "the server fell behind and reports were lost: ask for the status of orders";
            line.session.log_out(text, now);
        }
    }

    fn read(&mut self, now: Ts) {
        let ready: Vec<Token> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.readable)
            .map(|(token, _)| *token)
            .collect();
        for token in ready {
            let Some(connection) = self.connections.get_mut(&token) else { continue };
            let health = connection.read();
            let mut framer = std::mem::take(&mut connection.framer);
            while let Some(frame) = framer.message() {
                self.take(token, &Message::read(frame), now);
            }
            match (self.connections.get_mut(&token), health) {
                (_, Health::Gone) => self.close(token),
                (Some(connection), _) => connection.framer = framer,
                (None, _) => {}
            }
        }
    }

    fn take(&mut self, token: Token, message: &Message<'_>, now: Ts) {
        let Some(connection) = self.connections.get(&token) else { return };
        if connection.ending {
            return;
        }
        let Some(user) = connection.user else { return self.log_on(token, message, now) };
        let Some(line) = self.lines.get_mut(&user) else { return };
        if line.session.receive(message, now) == Received::Application {
            self.application(user, message, now);
        }
    }

    /// The first message of a connection must be a Logon that proves who sends it. Others get no answer that tells anything.
    fn log_on(&mut self, token: Token, message: &Message<'_>, now: Ts) {
        let kind = Kind::read(message.kind());
        if kind != Some(Kind::LOGON) || !message.begins_well() {
            return self.close(token);
        }
        let (user, heartbeat) = match prove(&self.desk.users, &self.options.comp_id, message) {
            Ok(proved) => proved,
            Err(text) => return self.turn_away(token, message, text, now),
        };
        if !self.lines.contains_key(&user)
            && let Err(error) = self.open(user)
        {
            eprintln!("plimsoll: a FIX session's file: {error}");
            return self.turn_away(token, message, "the session's file cannot be read", now);
        }
        let Some(line) = self.lines.get_mut(&user) else { return };
        if let Some(old) = line.connection.replace(token)
            && let Some(connection) = self.connections.get_mut(&old)
        {
            // Whoever proves to be the user is the user: an older connection is likely dead.
            line.session.log_out("another connection has logged on", now);
            line.session.write(&mut connection.out, usize::MAX, now);
            (connection.user, connection.ending) = (None, true);
        }
        line.market = Subscriptions::default();
        line.session.log_on(message, heartbeat, now);
        if let Some(connection) = self.connections.get_mut(&token) {
            connection.user = Some(user);
        }
    }

    /// A Logout outside of any session, then the end.
    fn turn_away(&mut self, token: Token, message: &Message<'_>, text: &str, now: Ts) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        let target = message.raw(tag::SENDER_COMP_ID).unwrap_or(b"?");
        let target = String::from_utf8_lossy(target).replace(|c: char| c < ' ', "?");
        let parties = Parties { sender: self.options.comp_id.clone(), target };
        let mut body = Body::new();
        body.add(tag::TEXT, text);
        let header = Header { seq: 1, at: now, first: None };
        write_message(&mut connection.out, Kind::LOGOUT, header, &parties, body.as_bytes());
        connection.ending = true;
    }

    /// What is meant for the exchange.
    fn application(&mut self, user: UserId, message: &Message<'_>, now: Ts) {
        let Some(line) = self.lines.get_mut(&user) else { return };
        let throttled = line.throttle.as_mut().is_some_and(|throttle| throttle.take(now).is_err());
        let outcome = match throttled {
            true => {
                let text = "rate: more messages than this user may send; nothing was taken";
                Err(Stop::Business { reason: 0, text })
            }
            false => dispatch(&mut self.desk, &mut line.market, user, message, now),
        };
        match outcome {
            Ok(replies) => {
                for (kind, body) in replies {
                    line.session.send(kind, &body, now);
                }
            }
            Err(Stop::Session(refusal)) => line.session.reject(message, refusal, now),
            Err(Stop::Business { reason, text }) => {
                let body = business_reject(message, reason, text);
                line.session.send(Kind::BUSINESS_REJECT, &body, now);
            }
            Err(Stop::No(_, text)) => {
                line.session.send(Kind::BUSINESS_REJECT, &business_reject(message, 0, text), now);
            }
        }
    }

    /// Sends what changed in books, once readers see what the batches did.
    fn publish(&mut self, now: Ts) {
        if self.desk.follower.number() < self.desk.heard {
            return;
        }
        for line in self.lines.values_mut().filter(|line| line.market.is_dirty()) {
            for (kind, body) in line.market.changes(&self.desk) {
                line.session.send(kind, &body, now);
            }
        }
    }

    fn tick(&mut self, now: Ts) {
        self.lines.values_mut().for_each(|line| line.session.tick(now));
        let patience = self.options.patience;
        let late: Vec<Token> = self
            .connections
            .iter()
            .filter(|(_, it)| it.user.is_none() && now.saturating_sub(it.opened) > patience)
            .map(|(token, _)| *token)
            .collect();
        late.into_iter().for_each(|token| self.close(token));
        let desk = &mut self.desk;
        self.owed.retain(|(user, account)| !desk.cancel_all(*user, *account, now));
    }

    fn write(&mut self, now: Ts) {
        let mut over = Vec::new();
        for (user, line) in &mut self.lines {
            if let Err(error) = line.session.flush(self.desk.oldest(*user)) {
                // What is not in the file must not be told: it could not be told again.
                eprintln!("plimsoll: the file of FIX session {user:?}: {error}");
                over.extend(line.connection);
                continue;
            }
            let Some(token) = line.connection else { continue };
            let Some(connection) = self.connections.get_mut(&token) else { continue };
            if !line.session.write(&mut connection.out, OUT_MOST, now) {
                over.push(token);
            }
            connection.ending |= line.session.is_over();
        }
        for (token, connection) in &mut self.connections {
            if !connection.out.is_empty() && connection.write() == Health::Gone
                || (connection.ending && connection.out.is_empty())
            {
                over.push(*token);
            }
        }
        over.into_iter().for_each(|token| self.close(token));
    }

    fn close(&mut self, token: Token) {
        let Some(mut connection) = self.connections.remove(&token) else { return };
        // A socket that is gone cannot be taken from the poll, and need not be.
        let _ = self.poll.registry().deregister(&mut connection.stream);
        let Some(user) = connection.user else { return };
        let Some(line) = self.lines.get_mut(&user) else { return };
        line.session.disconnect();
        line.connection = None;
        line.market = Subscriptions::default();
        let who = self.desk.user(user);
        if who.cancel_on_disconnect && who.reach != Reach::All && !self.inbox.is_stopping() {
            let accounts = self.desk.own_accounts(user);
            self.owed.extend(accounts.into_iter().map(|account| (user, account)));
        }
    }

    fn say_goodbye(&mut self, now: Ts) {
        for line in self.lines.values_mut() {
            line.session.log_out("the server stops", now);
        }
        let strangers = self.connections.values_mut().filter(|it| it.user.is_none());
        strangers.for_each(|connection| connection.ending = true);
    }
}

/// The file of a user's session.
fn file_of(user: &User) -> String {
    format!("{:016x}.session", user.key())
}
