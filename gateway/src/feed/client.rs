//! One reader of the feed, as the server has it: what it asked for, and how far it has been sent.
//!
//! A reader owns next to nothing: packets stand in the window and a snapshot is shared, so that a thousand of them cost little. One that
//! falls out of the window is cut off.

use super::messages::{
    ControlMessage, Mode, Refusal, Refused, ReplayEnd, Request, SessionEnd, Subscribe, Welcome,
    channel,
};
use super::packet::{Packer, packet_head};
use super::window::{Window, tail_of};
use crate::binary::layout::{Head, Message};
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::time::Instant;
use zerocopy::IntoBytes;

/// Packets written at once.
const SLICES: usize = 32;

/// Bytes after which the next reader has its turn.
const TURN: usize = 1 << 20;

/// What a reader is being sent after what it has of its own.
#[derive(Debug)]
enum Sending {
    /// Nothing: it has not asked.
    Nothing,
    /// A snapshot, so many bytes of it already, then the stream behind message `then - 1`.
    Snapshot { bytes: Arc<[u8]>, at: usize, then: u64 },
    /// Packets from a number on, so many bytes of the first already.
    Packets { number: u64, at: usize, to: u64 },
}

/// How a reader stands after something was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// All is sent.
    Idle,
    /// It takes no more for now.
    Full,
    /// It takes more, and others shall have their turn first.
    Hungry,
    /// It is to be closed.
    Over,
}

/// What a request asks for that only the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    Nothing,
    Snapshot,
}

#[derive(Debug)]
pub(super) struct Client<S> {
    pub(super) socket: S,
    /// A request that has not come whole.
    asked: Vec<u8>,
    /// Control messages, heartbeats, the tail of a packet.
    own: Vec<u8>,
    sending: Sending,
    /// When it was last sent anything; when it came.
    pub(super) heard_of: Instant,
    /// Whether its socket takes more, as far as is known.
    pub(super) may_write: bool,
}

impl<S: Read + Write> Client<S> {
    pub(super) fn new(socket: S, now: Instant) -> Client<S> {
        Client {
            socket,
            asked: Vec::new(),
            own: Vec::new(),
            sending: Sending::Nothing,
            heard_of: now,
            may_write: true,
        }
    }

    /// Whether it is being sent the stream, or something before it.
    pub(super) fn is_reading(&self) -> bool {
        !matches!(self.sending, Sending::Nothing)
    }

    /// Reads what it says. Everything it may say is one request at a time.
    ///
    /// Errors: whatever ends it: a closed socket, bytes that are no request, a request while one is carried out.
    pub(super) fn read(&mut self, window: &Window, session: u64) -> io::Result<Wants> {
        let (mut bytes, mut wants) = ([0; 256], Wants::Nothing);
        loop {
            let taken = match self.socket.read(&mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(taken) => taken,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(wants),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            for &byte in &bytes[..taken] {
                if self.is_reading() || wants == Wants::Snapshot {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                self.asked.push(byte);
                // What cannot become a request is not waited out.
                let head = Subscribe::head();
                let known = self.asked.len().min(size_of::<Head>());
                if self.asked[..known] != head.as_bytes()[..known] {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                if self.asked.len() == size_of::<Subscribe>() {
                    let asked = std::mem::take(&mut self.asked);
                    let request = Request::read(&asked).map_err(|_| io::ErrorKind::InvalidData)?;
                    let Request::Subscribe(request) = request;
                    wants = self.subscribe(&request, window, session);
                }
            }
        }
    }

    fn subscribe(&mut self, request: &Subscribe, window: &Window, session: u64) -> Wants {
        let (from, to, next) = (request.from.get(), request.to.get(), window.next());
        let refusal = match request.mode {
            mode if mode == Mode::Snapshot as u8 => return Wants::Snapshot,
            mode if mode == Mode::Live as u8 => {
                self.stream_from(next, 0, window, session);
                return Wants::Nothing;
            }
            mode if mode != Mode::From as u8 => Refusal::Mode,
            _ if ![0, session].contains(&request.session.get()) => Refusal::Session,
            _ if from < window.oldest() => Refusal::TooOld,
            _ if from > next || to >= next || (to != 0 && to < from) => Refusal::TooNew,
            _ => {
                self.stream_from(from, to, window, session);
                return Wants::Nothing;
            }
        };
        let (oldest, head) = (window.oldest().into(), Refused::head());
        let (reason, next) = (refusal as u8, next.into());
        self.say(Refused { head, reason, oldest, next }, window, session);
        Wants::Nothing
    }

    fn stream_from(&mut self, from: u64, to: u64, window: &Window, session: u64) {
        self.welcome(window, session);
        let mut number = window.packet_of(from);
        if let Some(packet) = window.packet(number).filter(|packet| packet.first < from) {
            self.own.extend_from_slice(&tail_of(packet, from));
            number += 1;
        }
        self.sending = Sending::Packets { number, at: 0, to };
    }

    /// Sends a snapshot made after message `then - 1`.
    pub(super) fn snapshot_from(
        &mut self,
        bytes: Arc<[u8]>,
        then: u64,
        window: &Window,
        session: u64,
    ) {
        self.welcome(window, session);
        self.sending = Sending::Snapshot { bytes, at: 0, then };
    }

    fn welcome(&mut self, window: &Window, session: u64) {
        let (oldest, next) = (window.oldest().into(), window.next().into());
        self.say(Welcome { head: Welcome::head(), oldest, next }, window, session);
    }

    fn say<M: Message + Into<ControlMessage>>(
        &mut self,
        message: M,
        window: &Window,
        session: u64,
    ) {
        let mut packer = Packer::control(session, window.next());
        packer.add(message);
        self.own.extend_from_slice(&packer.take());
    }

    /// Says that the session is over, where something else is not in the midst of being sent.
    pub(super) fn say_end(&mut self, window: &Window, session: u64) {
        let midway = match &self.sending {
            Sending::Nothing => false,
            Sending::Snapshot { .. } => true,
            Sending::Packets { number, at, .. } => *at > 0 || *number < window.end(),
        };
        if !midway {
            let last = (window.next() - 1).into();
            self.say(SessionEnd { head: SessionEnd::head(), last }, window, session);
        }
    }

    /// Says that nothing happens, if it has been sent all there is.
    pub(super) fn beat(&mut self, window: &Window, session: u64) {
        let idle = match self.sending {
            Sending::Packets { number, at, .. } => at == 0 && number >= window.end(),
            Sending::Nothing | Sending::Snapshot { .. } => false,
        };
        if idle && self.own.is_empty() {
            let beat = packet_head(channel::STREAM, session, window.next(), (0, 0));
            self.own.extend_from_slice(beat.as_bytes());
        }
    }

    /// Writes as much as its socket takes.
    pub(super) fn write(&mut self, window: &Window, session: u64, now: Instant) -> Standing {
        let mut sent = 0;
        while sent < TURN {
            if self.is_lost(window) {
                return Standing::Over;
            }
            let written = match self.write_some(window) {
                Ok(Some(0)) => return Standing::Over,
                Ok(Some(written)) => written,
                Ok(None) if self.ends_replay(window, session) => continue,
                Ok(None) => return Standing::Idle,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Standing::Full,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Standing::Over,
            };
            self.heard_of = now;
            self.has_taken(written, window);
            sent += written;
        }
        Standing::Hungry
    }

    /// Ends a replay that has an end and has come to it.
    fn ends_replay(&mut self, window: &Window, session: u64) -> bool {
        let Sending::Packets { number, to, .. } = self.sending else { return false };
        let sent = number.checked_sub(1).and_then(|number| window.packet(number));
        let last = sent.map_or(window.oldest() - 1, |packet| packet.last());
        if to == 0 || last < to {
            return false;
        }
        self.sending = Sending::Nothing;
        self.say(ReplayEnd { head: ReplayEnd::head(), last: last.into() }, window, session);
        true
    }

    /// One write of what comes next; `None` where nothing does.
    fn write_some(&mut self, window: &Window) -> io::Result<Option<usize>> {
        if !self.own.is_empty() {
            return self.socket.write(&self.own).map(Some);
        }
        match &self.sending {
            Sending::Nothing => Ok(None),
            Sending::Snapshot { bytes, at, .. } => self.socket.write(&bytes[*at..]).map(Some),
            Sending::Packets { number, at, to } => {
                let (number, at, to) = (*number, *at, *to);
                let mut slices = [IoSlice::new(&[]); SLICES];
                let mut filled = 0;
                while filled < SLICES
                    && let Some(packet) = window.packet(number + filled as u64)
                    && (to == 0 || packet.first <= to)
                {
                    let from = if filled == 0 { at } else { 0 };
                    slices[filled] = IoSlice::new(&packet.bytes[from..]);
                    filled += 1;
                }
                if filled == 0 {
                    return Ok(None);
                }
                self.socket.write_vectored(&slices[..filled]).map(Some)
            }
        }
    }

    /// Its socket has taken so many bytes.
    fn has_taken(&mut self, mut written: usize, window: &Window) {
        if !self.own.is_empty() {
            self.own.drain(..written);
            return;
        }
        match &mut self.sending {
            Sending::Nothing => {}
            Sending::Snapshot { bytes, at, then } => {
                *at += written;
                if *at == bytes.len() {
                    let (then, number) = (*then, window.packet_of(*then));
                    let packet = window.packet(number).filter(|packet| packet.first < then);
                    let tail = packet.map(|packet| tail_of(packet, then));
                    let number = number + u64::from(tail.is_some());
                    self.own.extend(tail.into_iter().flatten());
                    self.sending = Sending::Packets { number, at: 0, to: 0 };
                }
            }
            Sending::Packets { number, at, .. } => {
                while written > 0
                    && let Some(packet) = window.packet(*number)
                {
                    let left = packet.bytes.len() - *at;
                    if written < left {
                        *at += written;
                        return;
                    }
                    (written, *number, *at) = (written - left, *number + 1, 0);
                }
            }
        }
    }

    /// Whether it is slower than the market: what it should have next is no longer kept.
    pub(super) fn is_lost(&self, window: &Window) -> bool {
        match self.sending {
            Sending::Nothing => false,
            Sending::Snapshot { then, .. } => then < window.oldest(),
            Sending::Packets { number, .. } => window.has_dropped(number),
        }
    }
}
