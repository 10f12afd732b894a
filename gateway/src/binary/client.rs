//! A small blocking client: connect, log in, enter orders, hear what happens, come back where one left off.

use super::codes::{EndReason, LoginReason};
use super::events::Happened;
use super::layout::{HEAD, Malformed, Message, Text, flags};
use super::messages::{
    AccountEntry, Answered, CancelAll, CancelOrder, ClientHeartbeat, EnterOrder, FromServer,
    InstrumentEntry, LoginAccepted, Logout, Refused, ReplaceOrder,
};
use super::{SecondLogin, proof};
use plimsoll_types::{AccountId, InstrumentId, NewOrder, OrderRef, Price, Qty, Side};
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};
use zerocopy::IntoBytes;

/// How far a client has heard: what it comes back with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The first event wanted; 0 = what happens from now on.
    pub next_event: u64,
    /// Messages of that event that it has had already.
    pub parts: u16,
}

/// What a client hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "plain bytes on their way")]
#[non_exhaustive]
pub enum Reply {
    /// Something happened to one of its accounts.
    Happened(Happened),
    /// The gateway did not take a message.
    Refused(Refused),
    /// A message's answer where no event is one.
    Answered(Answered),
    /// An account came into being.
    Account(AccountEntry),
    /// An instrument was listed.
    Instrument(InstrumentEntry),
    /// The session is over; nothing more will come.
    Ended(Option<EndReason>),
}

/// Why a client cannot go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// The connection.
    Io(io::Error),
    /// The server sent what this protocol does not know.
    Malformed,
    /// The login was refused.
    Login {
        /// Why.
        reason: Option<LoginReason>,
        /// Of too old: the oldest event that can be asked for.
        oldest_event: u64,
    },
    /// A user's name must have 1 to 39 bytes.
    Name,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Io(error) => write!(f, "the connection: {error}"),
            ClientError::Malformed => Malformed.fmt(f),
            ClientError::Login { reason: Some(reason), oldest_event: 0 } => {
                write!(f, "the login was refused: {}", reason.as_str())
            }
            ClientError::Login { reason, oldest_event } => {
                let reason = reason.map_or("unknown", LoginReason::as_str);
                write!(f, "the login was refused: {reason}; the oldest event is {oldest_event}")
            }
            ClientError::Name => f.write_str("a user's name has 1 to 39 bytes"),
        }
    }
}

impl std::error::Error for ClientError {}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> ClientError {
        ClientError::Io(error)
    }
}

impl From<Malformed> for ClientError {
    fn from(_: Malformed) -> ClientError {
        ClientError::Malformed
    }
}

/// A session with a server.
pub struct Client {
    stream: TcpStream,
    /// Bytes that came; those before `begin` are done with.
    inbox: Vec<u8>,
    begin: usize,
    /// Number of the last message sent.
    sequence: u64,
    position: Position,
    welcome: LoginAccepted,
    accounts: Vec<AccountEntry>,
    instruments: Vec<InstrumentEntry>,
    said: Instant,
    heartbeat: Duration,
    is_spinning: bool,
}

impl Client {
    /// Connects and logs in; takes over from another session of the user. With a [`Position`] it goes on from there.
    ///
    /// Errors: [`ClientError`]; of a position too far back, [`ClientError::Login`] names the oldest there is.
    pub fn connect(
        address: impl ToSocketAddrs,
        user: &str,
        secret: &[u8],
        position: Position,
    ) -> Result<Client, ClientError> {
        let name = plimsoll_types::Label::new(user).ok_or(ClientError::Name)?;
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut inbox = Vec::new();
        let FromServer::Challenge(challenge) = wait(&mut stream, &mut inbox)? else {
            return Err(ClientError::Malformed);
        };
        let name = Text::of(&name);
        let login = proof::login(
            &challenge.nonce,
            &name,
            secret,
            position.next_event,
            SecondLogin::TakesOver,
        );
        stream.write_all(login.as_bytes())?;
        let welcome = match wait(&mut stream, &mut inbox)? {
            FromServer::LoginAccepted(welcome) => welcome,
            FromServer::LoginRejected(rejected) => {
                return Err(ClientError::Login {
                    reason: LoginReason::of(rejected.reason),
                    oldest_event: rejected.oldest_event.get(),
                });
            }
            _ => return Err(ClientError::Malformed),
        };
        let mut client = Client {
            stream,
            inbox,
            begin: 0,
            sequence: welcome.last_sequence.get(),
            position: match position.next_event {
                0 => Position { next_event: welcome.last_event.get() + 1, parts: 0 },
                _ => position,
            },
            welcome,
            accounts: Vec::new(),
            instruments: Vec::new(),
            said: Instant::now(),
            heartbeat: Duration::from_millis(u64::from(welcome.heartbeat_ms.get())),
            is_spinning: false,
        };
        client.read_tables()?;
        Ok(client)
    }

    fn read_tables(&mut self) -> Result<(), ClientError> {
        let entries = self.welcome.accounts.get() as usize;
        let entries = entries + usize::from(self.welcome.instruments.get());
        while self.accounts.len() + self.instruments.len() < entries {
            match wait(&mut self.stream, &mut self.inbox)? {
                FromServer::AccountEntry(entry) => self.accounts.push(entry),
                FromServer::InstrumentEntry(entry) => self.instruments.push(entry),
                _ => return Err(ClientError::Malformed),
            }
        }
        Ok(())
    }

    /// What the login was answered with.
    pub fn welcome(&self) -> &LoginAccepted {
        &self.welcome
    }

    /// The user's account of a name.
    pub fn account(&self, name: &str) -> Option<AccountId> {
        let entry = self.accounts.iter().find(|entry| entry.name.text() == name)?;
        Some(AccountId(entry.account.get()))
    }

    /// The instrument of a symbol.
    pub fn instrument(&self, symbol: &str) -> Option<InstrumentId> {
        let entry = self.instruments.iter().find(|entry| entry.symbol.text() == symbol)?;
        Some(InstrumentId(entry.instrument.get()))
    }

    /// The instruments.
    pub fn instruments(&self) -> &[InstrumentEntry] {
        &self.instruments
    }

    /// How far it has heard: to come back with after a broken connection.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Enters an order. Gives the message's number, which answers name.
    pub fn enter(&mut self, order: &NewOrder) -> Result<u64, ClientError> {
        let sequence = self.next_sequence();
        self.send(EnterOrder::of(sequence, order))?;
        Ok(sequence)
    }

    /// Cancels an order.
    pub fn cancel(&mut self, account: AccountId, order: &OrderRef) -> Result<u64, ClientError> {
        let sequence = self.next_sequence();
        self.send(CancelOrder::of(sequence, account, order))?;
        Ok(sequence)
    }

    /// Cancels an account's orders.
    pub fn cancel_all(
        &mut self,
        account: AccountId,
        instrument: Option<InstrumentId>,
        side: Option<Side>,
    ) -> Result<u64, ClientError> {
        let sequence = self.next_sequence();
        self.send(CancelAll::of(sequence, account, instrument, side))?;
        Ok(sequence)
    }

    /// Changes an order's price and total open quantity.
    pub fn replace(
        &mut self,
        account: AccountId,
        order: &OrderRef,
        price: Price,
        qty: Qty,
    ) -> Result<u64, ClientError> {
        let sequence = self.next_sequence();
        self.send(ReplaceOrder::of(sequence, account, order, (price, qty), None))?;
        Ok(sequence)
    }

    /// Its connection, for those who read and write messages themselves; what it had read ahead is lost.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Asks for the end of the session; [`Reply::Ended`] follows.
    pub fn logout(&mut self) -> Result<(), ClientError> {
        self.send(Logout { head: Logout::head() })
    }

    /// Takes another number for the next message: to send again what may not have arrived, under the number it had.
    pub fn set_sequence(&mut self, last: u64) {
        self.sequence = last;
    }

    /// Number of the last message sent.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Sends a message as it is.
    pub fn send<M: Message>(&mut self, message: M) -> Result<(), ClientError> {
        let mut rest = message.as_bytes();
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Ok(count) => rest = &rest[count..],
                Err(error) if is_for_now(&error) => std::hint::spin_loop(),
                Err(error) => return Err(error.into()),
            }
        }
        self.said = Instant::now();
        Ok(())
    }

    /// Never sleeps any more: [`Client::next`] looks once.
    pub fn spin(&mut self) -> Result<(), ClientError> {
        self.stream.set_nonblocking(true)?;
        self.is_spinning = true;
        Ok(())
    }

    /// What came next; `None` where nothing did for `patience`. Heartbeats are sent and heard on the way, so call it now and then.
    pub fn next(&mut self, patience: Duration) -> Result<Option<Reply>, ClientError> {
        let until = Instant::now() + patience;
        loop {
            while let Some(message) = take(&self.inbox, &mut self.begin)? {
                if let Some(reply) = self.heard(message) {
                    return Ok(Some(reply));
                }
            }
            self.inbox.drain(..self.begin);
            self.begin = 0;
            if self.said.elapsed() >= self.heartbeat {
                self.send(ClientHeartbeat { head: ClientHeartbeat::head() })?;
            }
            let left = until.saturating_duration_since(Instant::now());
            if !self.is_spinning {
                if left.is_zero() {
                    return Ok(None);
                }
                let wait = left.min(self.heartbeat).max(Duration::from_millis(1));
                self.stream.set_read_timeout(Some(wait))?;
            }
            match fill(&mut self.stream, &mut self.inbox) {
                Ok(0) => return Ok(Some(Reply::Ended(None))),
                Ok(_) => {}
                Err(error) if is_for_now(&error) && self.is_spinning => return Ok(None),
                Err(error) if is_for_now(&error) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return Ok(Some(Reply::Ended(None)));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn heard(&mut self, message: Heard) -> Option<Reply> {
        match message {
            Heard::Happened(event) => {
                let stamp = event.stamp();
                let (seq, part) = (stamp.seq.get(), stamp.part.get());
                let Position { next_event, parts } = self.position;
                if seq < next_event || seq == next_event && part < parts {
                    return None;
                }
                self.position = match event.head().flags & flags::MORE {
                    0 => Position { next_event: seq + 1, parts: 0 },
                    _ => Position { next_event: seq, parts: part + 1 },
                };
                Some(Reply::Happened(event))
            }
            Heard::Answer(FromServer::ServerHeartbeat(beat)) => {
                if beat.last_event.get() >= self.position.next_event {
                    let next_event = beat.last_event.get() + 1;
                    self.position = Position { next_event, parts: 0 };
                }
                None
            }
            Heard::Answer(FromServer::Refused(refused)) => Some(Reply::Refused(refused)),
            Heard::Answer(FromServer::Answered(answered)) => Some(Reply::Answered(answered)),
            Heard::Answer(FromServer::AccountEntry(entry)) => {
                self.accounts.push(entry);
                Some(Reply::Account(entry))
            }
            Heard::Answer(FromServer::InstrumentEntry(entry)) => {
                self.instruments.push(entry);
                Some(Reply::Instrument(entry))
            }
            Heard::Answer(FromServer::EndOfSession(end)) => {
                Some(Reply::Ended(EndReason::of(end.reason)))
            }
            Heard::Answer(_) => None,
        }
    }
}

/// Either kind of message.
enum Heard {
    Happened(Happened),
    Answer(FromServer),
}

/// Takes the next whole message that begins at `begin`.
fn take(inbox: &[u8], begin: &mut usize) -> Result<Option<Heard>, Malformed> {
    let rest = &inbox[*begin..];
    let Some((head, _)) = rest.split_first_chunk::<HEAD>() else { return Ok(None) };
    let length = usize::from(u16::from_le_bytes([head[0], head[1]]));
    let is_event = Happened::length_of(head[2]).is_some();
    if Happened::length_of(head[2]).or(FromServer::length_of(head[2])) != Some(length) {
        return Err(Malformed);
    }
    let Some(message) = rest.get(..length) else { return Ok(None) };
    *begin += length;
    Ok(Some(match is_event {
        true => Heard::Happened(Happened::read(message)?),
        false => Heard::Answer(FromServer::read(message)?),
    }))
}

/// The next message of a login, taken off the inbox.
fn wait(stream: &mut TcpStream, inbox: &mut Vec<u8>) -> Result<FromServer, ClientError> {
    let mut begin = 0;
    loop {
        if let Some(message) = take(inbox, &mut begin)? {
            inbox.drain(..begin);
            return match message {
                Heard::Answer(answer) => Ok(answer),
                Heard::Happened(_) => Err(ClientError::Malformed),
            };
        }
        if fill(stream, inbox)? == 0 {
            return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
        }
    }
}

fn fill(stream: &mut TcpStream, inbox: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 8 << 10];
    let count = stream.read(&mut buffer)?;
    inbox.extend_from_slice(&buffer[..count]);
    Ok(count)
}

fn is_for_now(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
