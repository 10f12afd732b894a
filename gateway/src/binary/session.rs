//! One connection: its bytes on the way in and out, and how far it has got.

use super::codes::EndReason;
use super::kept::Place;
use super::layout::{HEAD, Malformed, Message};
use super::messages::{EndOfSession, FromClient};
use crate::inbound::UserId;
use plimsoll_types::Ts;

/// The longest message of a client.
const LONGEST: usize = 160;

/// How far a connection has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has been challenged.
    Fresh,
    /// It is a user's session.
    In(UserId),
    /// What is left is sent, then it is closed.
    Ending,
    /// It is closed as it is.
    Cut,
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    /// How far it has got.
    pub stage: Stage,
    /// What its challenge was.
    pub nonce: [u8; 32],
    /// A message that has not come whole.
    partial: [u8; LONGEST],
    partial_len: usize,
    /// What is to be sent; what is before `sent` was.
    outbox: Vec<u8>,
    sent: usize,
    /// When it was last heard of.
    pub heard: Ts,
    /// When it was last told something.
    pub said: Ts,
    /// Where it stands in what is kept for its user.
    pub place: Option<Place>,
    /// Whether it waits in the list of those with something to send.
    pub listed: bool,
}

impl Session {
    /// A connection that came now.
    pub fn new(nonce: [u8; 32], now: Ts) -> Session {
        Session {
            stage: Stage::Fresh,
            nonce,
            partial: [0; LONGEST],
            partial_len: 0,
            outbox: Vec::new(),
            sent: 0,
            heard: now,
            said: now,
            place: None,
            listed: false,
        }
    }

    /// Whose session it is.
    #[inline]
    pub fn user(&self) -> Option<UserId> {
        match self.stage {
            Stage::In(user) => Some(user),
            _ => None,
        }
    }

    /// Takes the next whole message off `bytes`; `Ok(None)` when there is none yet, what there is of it is kept.
    ///
    /// Errors: [`Malformed`], as soon as a head says so.
    #[inline]
    pub fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<FromClient>, Malformed> {
        if self.partial_len == 0
            && let Some(length) = length(bytes)?
            && let Some((message, rest)) = bytes.split_at_checked(length)
        {
            *bytes = rest;
            return FromClient::read(message).map(Some);
        }
        self.gather(bytes)
    }

    /// Puts a message together that comes in pieces.
    fn gather(&mut self, bytes: &mut &[u8]) -> Result<Option<FromClient>, Malformed> {
        loop {
            let wanted = match length(&self.partial[..self.partial_len])? {
                Some(length) if length == self.partial_len => {
                    self.partial_len = 0;
                    return FromClient::read(&self.partial[..length]).map(Some);
                }
                Some(length) => length,
                None => HEAD,
            };
            let take = (wanted - self.partial_len).min(bytes.len());
            if take == 0 {
                return Ok(None);
            }
            let (piece, rest) = bytes.split_at(take);
            self.partial[self.partial_len..][..take].copy_from_slice(piece);
            self.partial_len += take;
            *bytes = rest;
        }
    }

    /// Adds a message to what is to be sent.
    #[inline]
    pub fn say<M: Message>(&mut self, message: M, now: Ts) {
        self.say_bytes(message.as_bytes(), now);
    }

    /// Adds whole messages to what is to be sent.
    #[inline]
    pub fn say_bytes(&mut self, bytes: &[u8], now: Ts) {
        if self.sent == self.outbox.len() {
            self.outbox.clear();
            self.sent = 0;
        }
        self.outbox.extend_from_slice(bytes);
        self.said = now;
    }

    /// Says good-bye; what was to be sent still is.
    pub fn end(&mut self, reason: EndReason, now: Ts) {
        if matches!(self.stage, Stage::Ending | Stage::Cut) {
            return;
        }
        self.say(EndOfSession { head: EndOfSession::head(), reason: reason as u8 }, now);
        self.stage = Stage::Ending;
        self.heard = now;
    }

    /// What is to be sent.
    #[inline]
    pub fn outgoing(&self) -> &[u8] {
        &self.outbox[self.sent..]
    }

    /// So many bytes of it were.
    #[inline]
    pub fn sent(&mut self, bytes: usize) {
        self.sent += bytes;
        if self.sent == self.outbox.len() {
            self.outbox.clear();
            self.sent = 0;
        } else if self.sent > self.outbox.len() / 2 {
            self.outbox.drain(..self.sent);
            self.sent = 0;
        }
    }
}

/// Bytes of the message that `bytes` begin with; `None` where its head is not there yet.
#[inline]
fn length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some((head, _)) = bytes.split_first_chunk::<HEAD>() else { return Ok(None) };
    let length = usize::from(u16::from_le_bytes([head[0], head[1]]));
    match FromClient::length_of(head[2]) {
        Some(right) if right == length && head[3] == 0 => Ok(Some(length)),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::messages::client_layouts;

    #[test]
    fn every_message_of_a_client_has_room() {
        for layout in client_layouts() {
            assert!(layout.bytes <= LONGEST, "{layout:?}");
        }
    }

    #[test]
    fn what_was_sent_goes_from_the_front_alone() {
        let mut session = Session::new([0; 32], 0);
        session.say_bytes(&[1; 10], 1);
        session.sent(3);
        session.say_bytes(&[2; 10], 2);
        assert_eq!(session.outgoing(), [[1; 7].as_slice(), &[2; 10]].concat());
        session.sent(12);
        assert_eq!(session.outgoing(), [2; 5]);
        session.sent(5);
        assert_eq!(session.outgoing(), [0u8; 0]);
    }
}
