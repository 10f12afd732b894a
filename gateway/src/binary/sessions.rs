//! All sessions: bytes and time in, commands and bytes out. No socket, no clock, no random number.

use super::codes::{EndReason, LoginReason, Refusal};
use super::decode;
use super::kept::Kept;
use super::layout::Message;
use super::login;
use super::messages::{Challenge, FromClient, Refused, ServerHeartbeat, VERSION};
use super::past::Past;
use super::roster::Roster;
use super::session::{Session, Stage};
use crate::inbound::{Busy, Inbound, Once, UserId};
use crate::throttle::Throttle;
use plimsoll_types::{AccountId, Command, Ts};
use std::collections::BTreeSet;

/// The first byte of a tag says which protocol a command came by: this one.
pub(super) const TAG: u64 = 1 << 56;

/// The tag of a user's message by its number.
pub(super) fn tag_of(sequence: u64) -> u64 {
    TAG | sequence
}

/// What may become of a second login of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondLogin {
    /// It takes over, where the client asks for that.
    TakesOver,
    /// It is refused.
    Refused,
}

/// How sessions behave.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The server says something at least this often, and asks the same of clients. Nanoseconds.
    pub heartbeat: Ts,
    /// Silence after which a session is ended. Nanoseconds.
    pub timeout: Ts,
    /// How long a connection may take to log in. Nanoseconds.
    pub login_timeout: Ts,
    /// Bytes that may wait for one session's reader.
    pub outbox: usize,
    /// Bytes of messages kept for each user: a reader further behind is cut off, a login further back is too old.
    pub kept: usize,
    /// What becomes of a second login of a user.
    pub second_login: SecondLogin,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            heartbeat: 5_000_000_000,
            timeout: 15_000_000_000,
            login_timeout: 5_000_000_000,
            outbox: 256 << 10,
            kept: 1 << 20,
            second_login: SecondLogin::TakesOver,
        }
    }
}

/// What a user has whether it is logged in or not.
pub(super) struct Seat {
    /// Its messages; `None` of a user of all accounts before its first login.
    pub(super) kept: Option<Kept>,
    pub(super) session: Option<usize>,
    pub(super) throttle: Option<Throttle>,
    /// Whether its messages were added to in this batch.
    pub(super) touched: bool,
}

/// A connection's number; given again once it is closed.
pub type SessionId = usize;

/// The sessions of one server.
pub struct Sessions {
    pub(super) rules: Rules,
    pub(super) roster: Roster,
    pub(super) seats: Vec<Seat>,
    pub(super) sessions: Vec<Option<Session>>,
    free: Vec<SessionId>,
    /// Sessions with something to send, or to be closed.
    ready: Vec<SessionId>,
    /// Users whose messages were added to in this batch.
    pub(super) touched: Vec<UserId>,
    /// Users to be told of an event: scratch.
    pub(super) audience: Vec<UserId>,
    /// Accounts whose orders are to be cancelled at the next tick, since their user is gone.
    owed: BTreeSet<AccountId>,
    next_tick: Ts,
    /// Sessions so far.
    pub(super) logins: u64,
}

/// Where a command goes.
pub type Submit<'a> = &'a mut dyn FnMut(Inbound) -> Result<(), Busy>;

impl Sessions {
    /// No session yet.
    pub fn new(rules: Rules, roster: Roster) -> Sessions {
        let seats = (0..roster.seats() as u32).map(|n| {
            let user = roster.user(UserId(n));
            Seat {
                kept: (user.is_some() && !roster.reaches_all(UserId(n)))
                    .then(|| Kept::new(roster.last_event, rules.kept)),
                session: None,
                throttle: user
                    .and_then(|user| user.limits.rate)
                    .map(|(rate, burst)| Throttle::new(rate, burst)),
                touched: false,
            }
        });
        Sessions {
            seats: seats.collect(),
            rules,
            roster,
            sessions: Vec::new(),
            free: Vec::new(),
            ready: Vec::new(),
            touched: Vec::new(),
            audience: Vec::new(),
            owed: BTreeSet::new(),
            next_tick: 0,
            logins: 0,
        }
    }

    /// Tells users of what recovery carried out, before anybody is logged in: who was there before the server stopped goes on from there.
    pub fn remember(&mut self, past: Past) {
        let Some(before) = past.before() else { return };
        let last = self.roster.last_event;
        for kept in self.seats.iter_mut().filter_map(|seat| seat.kept.as_mut()) {
            *kept = Kept::new(before, self.rules.kept);
        }
        for batch in past.batches() {
            self.deliver(&batch, 0);
        }
        self.roster.last_event = last;
    }

    /// A connection came: it is challenged. `nonce` must be random.
    pub fn open(&mut self, nonce: [u8; 32], now: Ts) -> SessionId {
        let mut session = Session::new(nonce, now);
        session.say(Challenge { head: Challenge::head(), version: VERSION.into(), nonce }, now);
        let id = match self.free.pop() {
            Some(id) => {
                self.sessions[id] = Some(session);
                id
            }
            None => {
                self.sessions.push(Some(session));
                self.sessions.len() - 1
            }
        };
        self.list(id);
        id
    }

    /// Connections that are open.
    pub fn count(&self) -> usize {
        self.sessions.len() - self.free.len()
    }

    /// Bytes came. Whole messages are answered or submitted, the rest is kept.
    ///
    /// Cost: O(bytes), no allocation but for what is to be sent.
    pub fn receive(&mut self, id: SessionId, now: Ts, mut bytes: &[u8], submit: Submit<'_>) {
        while let Some(session) = self.sessions.get_mut(id).and_then(Option::as_mut)
            && matches!(session.stage, Stage::Fresh | Stage::In(_))
        {
            session.heard = now;
            match session.next(&mut bytes) {
                Ok(None) => break,
                Ok(Some(message)) => self.take(id, now, &message, submit),
                Err(_) => self.end(id, EndReason::Protocol, now),
            }
        }
        self.bound(id);
    }

    #[inline]
    fn take(&mut self, id: SessionId, now: Ts, message: &FromClient, submit: Submit<'_>) {
        let Some(session) = self.sessions[id].as_ref() else { return };
        match (session.stage, message) {
            (Stage::In(user), FromClient::EnterOrder(_))
            | (Stage::In(user), FromClient::CancelOrder(_))
            | (Stage::In(user), FromClient::CancelAll(_))
            | (Stage::In(user), FromClient::ReplaceOrder(_)) => {
                let sequence = decode::sequence_of(message).unwrap_or(0);
                if let Err((refusal, wait)) = self.enter(user, sequence, now, message, submit) {
                    self.refuse(id, sequence, refusal, wait, now);
                }
            }
            (Stage::In(_), FromClient::ClientHeartbeat(_)) => {}
            (Stage::In(_), FromClient::Logout(_)) => self.end(id, EndReason::Logout, now),
            (Stage::Fresh, FromClient::Login(login)) => login::take(self, id, now, login),
            _ => self.end(id, EndReason::Protocol, now),
        }
    }

    /// A numbered message: through the user's throttle, decoded, into the engine's queue.
    #[inline]
    fn enter(
        &mut self,
        user: UserId,
        sequence: u64,
        now: Ts,
        message: &FromClient,
        submit: Submit<'_>,
    ) -> Result<(), (Refusal, Ts)> {
        if let Some(throttle) = &mut self.seats[user.index()].throttle {
            throttle.take(now).map_err(|wait| (Refusal::Throttled, wait.ns))?;
        }
        let command = decode::command(message, user, &self.roster).map_err(|why| (why, 0))?;
        let once = Once::Sequence(sequence);
        let inbound = Inbound { received: now, user, once, tag: tag_of(sequence), command };
        submit(inbound).map_err(|Busy| (Refusal::Busy, 0))
    }

    #[cold]
    fn refuse(&mut self, id: SessionId, sequence: u64, reason: Refusal, wait: Ts, now: Ts) {
        let Some(session) = self.sessions[id].as_mut() else { return };
        let refused = Refused {
            head: Refused::head(),
            sequence: sequence.into(),
            reason: reason as u8,
            reserved: [0; 3],
            wait_ns: wait.into(),
        };
        session.say(refused, now);
        self.list(id);
    }

    /// Says good-bye to a session, and has its user's orders cancelled where the user wants that.
    pub fn end(&mut self, id: SessionId, reason: EndReason, now: Ts) {
        let Some(session) = self.sessions.get_mut(id).and_then(Option::as_mut) else { return };
        let user = session.user();
        session.end(reason, now);
        self.list(id);
        self.leave(id, user, reason);
    }

    /// The connection is gone.
    pub fn close(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id).and_then(Option::take) else { return };
        self.free.push(id);
        self.leave(id, session.user(), EndReason::Silent);
    }

    /// Ends a session without a word: its reader is too slow.
    fn cut(&mut self, id: SessionId) {
        let Some(session) = self.sessions[id].as_mut() else { return };
        let user = session.user();
        session.stage = Stage::Cut;
        self.list(id);
        self.leave(id, user, EndReason::Silent);
    }

    /// The user has no session any more.
    #[cold]
    fn leave(&mut self, id: SessionId, user: Option<UserId>, reason: EndReason) {
        let Some(user) = user else { return };
        let seat = &mut self.seats[user.index()];
        if seat.session == Some(id) {
            seat.session = None;
        }
        let wants = self.roster.user(user).is_some_and(|user| user.cancel_on_disconnect);
        if wants && reason != EndReason::TakenOver {
            self.owed.extend(self.roster.accounts_of(user).iter().map(|(account, _)| *account));
            self.next_tick = 0;
        }
    }

    /// Cancels orders of those who are gone, as far as the queue takes it.
    fn pay(&mut self, now: Ts, submit: Submit<'_>) {
        while let Some(account) = self.owed.first().copied() {
            let command = Command::CancelAll { account, instrument: None, side: None };
            let (user, once) = (UserId::SERVER, Once::Unmarked);
            if submit(Inbound { received: now, user, once, tag: TAG, command }).is_err() {
                return;
            }
            self.owed.pop_first();
        }
    }

    /// Cuts a session off whose reader is too slow.
    #[inline]
    pub(super) fn bound(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(id).and_then(Option::as_ref) else { return };
        if session.outgoing().len() > self.rules.outbox && session.stage != Stage::Cut {
            self.cut(id);
        }
    }

    /// Moves what is kept for a session's user into its outbox, as much as may wait there.
    #[inline]
    pub(super) fn pump(&mut self, id: SessionId, now: Ts) {
        let Some(session) = self.sessions[id].as_mut() else { return };
        let Stage::In(user) = session.stage else { return };
        let Some(kept) = &self.seats[user.index()].kept else { return };
        let Some(mut place) = session.place else { return };
        let mut moved = false;
        let mut rest = kept.from(place);
        while let Some((bytes, next)) = rest
            && !bytes.is_empty()
            && session.outgoing().len() < self.rules.outbox / 2
        {
            session.say_bytes(bytes, now);
            place = next;
            moved = true;
            rest = kept.from(place);
        }
        session.place = Some(place);
        if rest.is_none() {
            // What it was to be told next is gone: it can only come back and be told so.
            self.cut(id);
        } else if moved {
            self.list(id);
        }
    }

    /// Time passed: heartbeats, silence, what is owed. To be called now and then.
    ///
    /// Cost: nothing until [`Sessions::next_tick`], then O(sessions).
    pub fn tick(&mut self, now: Ts, submit: Submit<'_>) {
        if now < self.next_tick {
            return;
        }
        self.next_tick = now + (self.rules.heartbeat / 8).clamp(1, 100_000_000);
        self.pay(now, submit);
        for id in 0..self.sessions.len() {
            let Some(session) = self.sessions[id].as_mut() else { continue };
            let silent = now.saturating_sub(session.heard);
            match session.stage {
                Stage::Fresh | Stage::Ending if silent >= self.rules.login_timeout => {
                    session.stage = Stage::Cut;
                    self.list(id);
                }
                Stage::In(_) if silent >= self.rules.timeout => {
                    self.end(id, EndReason::Silent, now);
                }
                Stage::In(_) if now.saturating_sub(session.said) >= self.rules.heartbeat => {
                    self.pump(id, now);
                    self.beat(id, now);
                    self.bound(id);
                }
                _ => {}
            }
        }
    }

    /// When [`Sessions::tick`] has something to do.
    pub fn next_tick(&self) -> Ts {
        self.next_tick
    }

    fn beat(&mut self, id: SessionId, now: Ts) {
        let Some(session) = self.sessions[id].as_mut() else { return };
        let Some(user) = session.user() else { return };
        let behind = match (&self.seats[user.index()].kept, session.place) {
            (Some(kept), Some(place)) => kept.from(place).is_none_or(|(rest, _)| !rest.is_empty()),
            _ => false,
        };
        let last_event = if behind { 0 } else { self.roster.last_event };
        session.say(
            ServerHeartbeat { head: ServerHeartbeat::head(), last_event: last_event.into() },
            now,
        );
        self.list(id);
    }

    /// Ends every session: the server stops. Nobody's orders are cancelled for that.
    pub fn stop(&mut self, now: Ts) {
        for id in 0..self.sessions.len() {
            if let Some(session) = self.sessions[id].as_mut() {
                session.end(EndReason::Stopping, now);
                self.list(id);
            }
        }
        self.seats.iter_mut().for_each(|seat| seat.session = None);
    }

    /// Puts a session among those with something to do: it can be written to again.
    #[inline]
    pub fn list(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id).and_then(Option::as_mut)
            && !session.listed
        {
            session.listed = true;
            self.ready.push(id);
        }
    }

    /// The next session that has something to send or is to be closed; each is named once for what came since.
    #[inline]
    pub fn next_ready(&mut self) -> Option<SessionId> {
        while let Some(id) = self.ready.pop() {
            if let Some(session) = self.sessions[id].as_mut() {
                session.listed = false;
                return Some(id);
            }
        }
        None
    }

    /// What is to be sent to a session.
    #[inline]
    pub fn outgoing(&self, id: SessionId) -> &[u8] {
        self.sessions.get(id).and_then(Option::as_ref).map_or(&[], Session::outgoing)
    }

    /// So many bytes of it were sent; more is made ready where more waits.
    #[inline]
    pub fn sent(&mut self, id: SessionId, bytes: usize, now: Ts) {
        if let Some(session) = self.sessions.get_mut(id).and_then(Option::as_mut) {
            session.sent(bytes);
            self.pump(id, now);
        }
    }

    /// Whether a session has ended and all is sent: nothing more will come.
    #[inline]
    pub fn is_done(&self, id: SessionId) -> bool {
        self.stage(id) == Some(Stage::Ending) && self.outgoing(id).is_empty()
    }

    /// Whether a connection is to be closed as it is.
    #[inline]
    pub fn is_over(&self, id: SessionId) -> bool {
        matches!(self.stage(id), Some(Stage::Cut) | None)
    }

    /// How far a connection has got; `None` once it is closed.
    pub fn stage(&self, id: SessionId) -> Option<Stage> {
        self.sessions.get(id).and_then(Option::as_ref).map(|session| session.stage)
    }

    /// Refuses a login and ends the connection.
    pub(super) fn reject_login(
        &mut self,
        id: SessionId,
        reason: LoginReason,
        oldest: u64,
        now: Ts,
    ) {
        let last_event = if oldest == 0 { 0 } else { self.roster.last_event };
        let Some(session) = self.sessions[id].as_mut() else { return };
        session.say(login::rejected(reason, oldest, last_event), now);
        session.stage = Stage::Ending;
        session.heard = now;
        self.list(id);
    }
}
