//! A session: numbers, heartbeats, gaps, resends, logon and logout. Messages and time in, messages out; no socket, no clock.
//!
//! Everything sent goes through the store, and a cursor walks over it: live messages, messages sent again and those that waited
//! while the client was away are all the same walk, so a slow reader keeps nothing but its place.
//! Source: FIX 4.4, volume 2, "FIX session protocol".

mod walk;

use super::message::{Message, Refusal};
use super::store::Store;
use super::tag;
use super::time::read_time;
use super::write::{Body, Kind, Parties};
use plimsoll_types::Ts;

const SECOND: Ts = 1_000_000_000;

/// How long the other side may take to answer our Logout, nanoseconds.
const LOGOUT_PATIENCE: Ts = 2 * SECOND;

/// How long resends may take before they are asked for again, nanoseconds.
const RESEND_PATIENCE: Ts = 10 * SECOND;

/// A user's session; it outlives connections.
#[derive(Debug)]
pub struct Session {
    parties: Parties,
    store: Store,
    link: Option<Link>,
    /// How far a sender's clock may be from ours.
    skew: Option<Ts>,
}

/// What of a session lasts as long as its connection.
#[derive(Debug)]
struct Link {
    /// Zero = none.
    heartbeat: Ts,
    last_in: Ts,
    last_out: Ts,
    /// When an answer was asked for that has not come.
    tested: Option<Ts>,
    /// Number of the message to write next.
    cursor: u64,
    /// Number of the first message never written on this connection or an earlier one.
    fresh: u64,
    /// Last message asked for again; `None` = all.
    again_until: Option<u64>,
    /// When resends were asked for that have not begun to come.
    asked: Option<Ts>,
    /// Until when the other side may answer our Logout.
    closing: Option<Ts>,
    /// Nothing more is read; what is written goes out and then the connection ends.
    over: bool,
}

/// What became of a message received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It was the session's own, or refused.
    Handled,
    /// It is in its place and means something to the exchange.
    Application,
}

impl Session {
    /// A session that nobody is connected to.
    pub fn new(parties: Parties, store: Store, skew: Option<Ts>) -> Session {
        Session { parties, store, link: None, skew }
    }

    /// What is kept of it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Writes what is kept to its file, except that messages from number `unanswered` on were received.
    ///
    /// Errors: as [`Store::flush`].
    pub fn flush(&mut self, unanswered: Option<u64>) -> std::io::Result<()> {
        self.store.flush(unanswered)
    }

    /// Whether its connection, once what is written has gone out, ends.
    pub fn is_over(&self) -> bool {
        self.link.as_ref().is_none_or(|link| link.over)
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    /// The connection is gone.
    pub fn disconnect(&mut self) {
        self.link = None;
    }

    /// A connection whose user is proved, with its Logon. `heartbeat` in seconds.
    pub fn log_on(&mut self, logon: &Message<'_>, heartbeat: u64, now: Ts) {
        let reset = logon.is_set(tag::RESET_SEQ_NUM_FLAG);
        if reset {
            self.store.reset();
        }
        let next_out = self.store.next_out();
        self.link = Some(Link {
            heartbeat: heartbeat * SECOND,
            last_in: now,
            last_out: now,
            tested: None,
            cursor: next_out,
            fresh: next_out,
            again_until: None,
            asked: None,
            closing: None,
            over: false,
        });
        let (seq, expected) = (logon.whole(tag::MSG_SEQ_NUM), self.store.next_in());
        match seq {
            Some(seq) if seq >= expected => {
                if let Err(refusal) = self.check(logon, now) {
                    self.log_out(refusal.text, now);
                    return self.end();
                }
                self.answer_logon(heartbeat, reset, now);
                match seq == expected {
                    true => self.store.expect(seq + 1),
                    false => self.ask_for_resends(now),
                }
            }
            // A Logon that comes twice is the first connection's.
            _ => self.too_low(seq, now),
        }
    }

    fn answer_logon(&mut self, heartbeat: u64, reset: bool, now: Ts) {
        let mut body = Body::new();
        body.add(tag::ENCRYPT_METHOD, 0).add(tag::HEART_BT_INT, heartbeat);
        if reset {
            body.add(tag::RESET_SEQ_NUM_FLAG, 'Y');
        }
        self.send(Kind::LOGON, &body, now);
    }

    /// Takes a message.
    pub fn receive(&mut self, message: &Message<'_>, now: Ts) -> Received {
        let Some(link) = &mut self.link else { return Received::Handled };
        if link.over {
            return Received::Handled;
        }
        (link.last_in, link.tested) = (now, None);
        match self.place(message, now) {
            true => self.act(message, now),
            false => Received::Handled,
        }
    }

    /// Whether the message is ours and comes at its place; then the next one is expected.
    fn place(&mut self, message: &Message<'_>, now: Ts) -> bool {
        if !message.begins_well() || message.raw(tag::BEGIN_STRING) != Some(b"FIX.4.4") {
            self.log_out("BeginString must be FIX.4.4, then BodyLength, then MsgType", now);
            return false;
        }
        let Some(seq) = message.whole(tag::MSG_SEQ_NUM) else {
            self.log_out("MsgSeqNum is missing", now);
            return false;
        };
        let kind = Kind::read(message.kind());
        let is_reset = kind == Some(Kind::SEQUENCE_RESET) && !message.is_set(tag::GAP_FILL_FLAG);
        if is_reset {
            self.sequence_reset(message, seq, now);
            return false;
        }
        let expected = self.store.next_in();
        if seq > expected {
            self.too_high(message, kind, now);
            return false;
        }
        if seq < expected {
            // What is sent again has been acted on.
            if !message.is_set(tag::POSS_DUP_FLAG) {
                let reset = kind == Some(Kind::LOGON) && message.is_set(tag::RESET_SEQ_NUM_FLAG);
                if reset && seq == 1 {
                    return true;
                }
                self.too_low(Some(seq), now);
            }
            return false;
        }
        self.store.expect(seq + 1);
        if let Some(link) = &mut self.link {
            link.asked = None;
        }
        true
    }

    fn too_high(&mut self, message: &Message<'_>, kind: Option<Kind>, now: Ts) {
        match kind {
            // Answered at once, or two sides that both miss something wait for each other.
            Some(Kind::RESEND_REQUEST) => self.send_again(message, now),
            Some(Kind::LOGOUT) => return self.answer_logout(now),
            _ => {}
        }
        let Some(link) = &self.link else { return };
        // What was asked for once covers all that is under way.
        if link.asked.is_none_or(|asked| now.saturating_sub(asked) > RESEND_PATIENCE) {
            self.ask_for_resends(now);
        }
    }

    fn ask_for_resends(&mut self, now: Ts) {
        let mut body = Body::new();
        body.add(tag::BEGIN_SEQ_NO, self.store.next_in()).add(tag::END_SEQ_NO, 0);
        self.send(Kind::RESEND_REQUEST, &body, now);
        if let Some(link) = &mut self.link {
            link.asked = Some(now);
        }
    }

    fn too_low(&mut self, seq: Option<u64>, now: Ts) {
        let expected = self.store.next_in();
        match seq {
            Some(seq) => {
                let text = format!("MsgSeqNum too low, expecting {expected} but received {seq}");
                self.log_out(&text, now);
            }
            None => self.log_out("MsgSeqNum is missing", now),
        }
        self.end();
    }

    /// What a message at its place does to the session.
    fn act(&mut self, message: &Message<'_>, now: Ts) -> Received {
        if let Err(refusal) = self.check(message, now) {
            self.reject(message, refusal, now);
            if matches!(refusal.reason, 9 | 10) {
                self.log_out(refusal.text, now);
            }
            return Received::Handled;
        }
        match Kind::read(message.kind()) {
            Some(Kind::HEARTBEAT | Kind::REJECT) => {}
            Some(Kind::TEST_REQUEST) => match message.raw(tag::TEST_REQ_ID) {
                Some(id) => {
                    let mut body = Body::new();
                    body.add(tag::TEST_REQ_ID, String::from_utf8_lossy(id));
                    self.send(Kind::HEARTBEAT, &body, now);
                }
                None => self.reject(message, Refusal::missing(tag::TEST_REQ_ID), now),
            },
            Some(Kind::RESEND_REQUEST) => self.send_again(message, now),
            Some(Kind::SEQUENCE_RESET) => {
                let seq = message.whole(tag::MSG_SEQ_NUM).unwrap_or_default();
                self.sequence_reset(message, seq, now);
            }
            Some(Kind::LOGOUT) => self.answer_logout(now),
            Some(Kind::LOGON) => self.log_on_again(message, now),
            _ => return Received::Application,
        }
        Received::Handled
    }

    fn check(&self, message: &Message<'_>, now: Ts) -> Result<(), Refusal> {
        let names = [
            (tag::SENDER_COMP_ID, &self.parties.target),
            (tag::TARGET_COMP_ID, &self.parties.sender),
        ];
        for (tag, name) in names {
            if message.required(tag)? != name.as_bytes() {
                let text = "CompID is not the session's";
                return Err(Refusal { reason: 9, tag: Some(tag), text });
            }
        }
        let sent = message.required(tag::SENDING_TIME)?;
        let sent = read_time(sent).ok_or(Refusal::format(tag::SENDING_TIME))?;
        let text = "SendingTime is too far from the time here";
        let off = Refusal { reason: 10, tag: Some(tag::SENDING_TIME), text };
        if self.skew.is_some_and(|skew| sent.abs_diff(now) > skew) {
            return Err(off);
        }
        if message.is_set(tag::POSS_DUP_FLAG) {
            let first = message.required(tag::ORIG_SENDING_TIME)?;
            let first = read_time(first).ok_or(Refusal::format(tag::ORIG_SENDING_TIME))?;
            if first > sent {
                return Err(Refusal { text: "OrigSendingTime is after SendingTime", ..off });
            }
        }
        match message.fault() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// Numbers go on from NewSeqNo; they never go back but by a Logon.
    fn sequence_reset(&mut self, message: &Message<'_>, seq: u64, now: Ts) {
        match message.whole(tag::NEW_SEQ_NO) {
            None => self.reject(message, Refusal::missing(tag::NEW_SEQ_NO), now),
            Some(next) if next >= self.store.next_in() && next > seq => self.store.expect(next),
            Some(next) if !message.is_set(tag::GAP_FILL_FLAG) && next >= self.store.next_in() => {
                self.store.expect(next);
            }
            Some(_) => {
                let text = "NewSeqNo would run back";
                self.reject(message, Refusal { text, ..Refusal::value(tag::NEW_SEQ_NO) }, now);
            }
        }
    }

    fn send_again(&mut self, message: &Message<'_>, now: Ts) {
        let (begin, end) = (message.whole(tag::BEGIN_SEQ_NO), message.whole(tag::END_SEQ_NO));
        let (Some(begin), Some(end)) = (begin, end) else {
            let missing = if begin.is_none() { tag::BEGIN_SEQ_NO } else { tag::END_SEQ_NO };
            return self.reject(message, Refusal::missing(missing), now);
        };
        let Some(link) = &mut self.link else { return };
        if begin == 0 || begin >= link.fresh || (end != 0 && end < begin) {
            return;
        }
        link.cursor = begin;
        link.again_until = (end != 0).then_some(end);
    }

    fn log_on_again(&mut self, logon: &Message<'_>, now: Ts) {
        let heartbeat = self.link.as_ref().map_or(0, |link| link.heartbeat / SECOND);
        if logon.is_set(tag::RESET_SEQ_NUM_FLAG) && logon.whole(tag::MSG_SEQ_NUM) == Some(1) {
            self.log_on(logon, heartbeat, now);
        } else {
            let text = "this session is logged on";
            self.reject(logon, Refusal { reason: 99, tag: None, text }, now);
        }
    }

    fn answer_logout(&mut self, now: Ts) {
        if self.link.as_ref().is_some_and(|link| link.closing.is_none()) {
            self.send(Kind::LOGOUT, &Body::new(), now);
        }
        self.end();
    }

    /// Ends the session from our side: a Logout, then some time for its answer.
    pub fn log_out(&mut self, text: &str, now: Ts) {
        let Some(link) = &mut self.link else { return };
        if link.closing.is_some() || link.over {
            return;
        }
        link.closing = Some(now + LOGOUT_PATIENCE);
        let mut body = Body::new();
        body.add(tag::TEXT, text);
        self.send(Kind::LOGOUT, &body, now);
    }

    /// Nothing more is read or made; what was made goes out.
    pub fn end(&mut self) {
        if let Some(link) = &mut self.link {
            link.over = true;
        }
    }

    /// Refuses a message as such.
    pub fn reject(&mut self, message: &Message<'_>, refusal: Refusal, now: Ts) {
        let mut body = Body::new();
        body.add(tag::REF_SEQ_NUM, message.whole(tag::MSG_SEQ_NUM).unwrap_or_default())
            .maybe(tag::REF_TAG_ID, refusal.tag);
        if let Some(kind) = Kind::read(message.kind()) {
            body.add(tag::REF_MSG_TYPE, String::from_utf8_lossy(kind.as_bytes()));
        }
        body.add(tag::SESSION_REJECT_REASON, refusal.reason).add(tag::TEXT, refusal.text);
        self.send(Kind::REJECT, &body, now);
    }

    /// Puts a message behind the others; it waits where nobody is connected.
    pub fn send(&mut self, kind: Kind, body: &Body, now: Ts) {
        self.store.append(kind, now, body.as_bytes());
    }

    /// Time passes: heartbeats, questions whether anybody is there, and an end to waiting.
    pub fn tick(&mut self, now: Ts) {
        let Some(link) = &mut self.link else { return };
        if link.closing.is_some_and(|until| now >= until) {
            link.over = true;
        }
        if link.over || link.closing.is_some() || link.heartbeat == 0 {
            return;
        }
        let patience = link.heartbeat + link.heartbeat / 5;
        if link.tested.is_some_and(|at| now.saturating_sub(at) > patience) {
            self.log_out("no answer to a TestRequest", now);
            return self.end();
        }
        if link.tested.is_none() && now.saturating_sub(link.last_in) > patience {
            link.tested = Some(now);
            let mut body = Body::new();
            body.add(tag::TEST_REQ_ID, now);
            return self.send(Kind::TEST_REQUEST, &body, now);
        }
        if now.saturating_sub(link.last_out) >= link.heartbeat {
            self.send(Kind::HEARTBEAT, &Body::new(), now);
        }
    }
}
