//! Messages out: a body field by field, then version, length, header and checksum around it.

use super::frame::{SOH, checksum};
use super::tag;
use super::time::write_time;
use plimsoll_text::decimal;
use plimsoll_types::Ts;
use std::fmt::{Display, Write};

/// A message's type, one or two letters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kind([u8; 2]);

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", String::from_utf8_lossy(self.as_bytes()))
    }
}

impl Kind {
    /// Heartbeat.
    pub const HEARTBEAT: Kind = Kind(*b"0\0");
    /// TestRequest.
    pub const TEST_REQUEST: Kind = Kind(*b"1\0");
    /// ResendRequest.
    pub const RESEND_REQUEST: Kind = Kind(*b"2\0");
    /// Reject.
    pub const REJECT: Kind = Kind(*b"3\0");
    /// SequenceReset.
    pub const SEQUENCE_RESET: Kind = Kind(*b"4\0");
    /// Logout.
    pub const LOGOUT: Kind = Kind(*b"5\0");
    /// Logon.
    pub const LOGON: Kind = Kind(*b"A\0");
    /// ExecutionReport.
    pub const EXECUTION_REPORT: Kind = Kind(*b"8\0");
    /// OrderCancelReject.
    pub const ORDER_CANCEL_REJECT: Kind = Kind(*b"9\0");
    /// OrderMassCancelReport.
    pub const MASS_CANCEL_REPORT: Kind = Kind(*b"r\0");
    /// BusinessMessageReject.
    pub const BUSINESS_REJECT: Kind = Kind(*b"j\0");
    /// MarketDataSnapshotFullRefresh.
    pub const MD_SNAPSHOT: Kind = Kind(*b"W\0");
    /// MarketDataIncrementalRefresh.
    pub const MD_INCREMENT: Kind = Kind(*b"X\0");
    /// MarketDataRequestReject.
    pub const MD_REJECT: Kind = Kind(*b"Y\0");
    /// SecurityList.
    pub const SECURITY_LIST: Kind = Kind(*b"y\0");
    /// RequestForPositionsAck.
    pub const POSITIONS_ACK: Kind = Kind(*b"AO");
    /// PositionReport.
    pub const POSITION_REPORT: Kind = Kind(*b"AP");
    /// CollateralReport.
    pub const COLLATERAL_REPORT: Kind = Kind(*b"BA");
    /// CollateralInquiryAck.
    pub const COLLATERAL_ACK: Kind = Kind(*b"BG");

    /// A type of one or two bytes.
    pub fn read(bytes: &[u8]) -> Option<Kind> {
        match bytes {
            [one] => Some(Kind([*one, 0])),
            [one, two] => Some(Kind([*one, *two])),
            _ => None,
        }
    }

    /// The letters.
    pub fn as_bytes(&self) -> &[u8] {
        if self.0[1] == 0 { &self.0[..1] } else { &self.0 }
    }

    /// Whether it is sent again where it is asked for; others are passed over by a gap fill: what keeps the session, and
    /// market data, which nobody wants late.
    pub fn is_kept(self) -> bool {
        let passing = [
            Kind::HEARTBEAT,
            Kind::TEST_REQUEST,
            Kind::RESEND_REQUEST,
            Kind::SEQUENCE_RESET,
            Kind::LOGOUT,
            Kind::LOGON,
            Kind::MD_SNAPSHOT,
            Kind::MD_INCREMENT,
        ];
        !passing.contains(&self)
    }
}

/// The fields of a message behind its header.
#[derive(Clone, Debug, Default)]
pub struct Body(Vec<u8>);

impl Body {
    /// An empty one.
    pub fn new() -> Body {
        Body(Vec::with_capacity(256))
    }

    /// Adds a field. Bytes that would end it, or that no terminal shows, become `?`.
    pub fn add(&mut self, tag: u32, value: impl Display) -> &mut Body {
        let begin = self.begin(tag);
        // Writing to a vector does not fail.
        let _ = write!(Bytes(&mut self.0), "{value}");
        for byte in &mut self.0[begin..] {
            if *byte < b' ' {
                *byte = b'?';
            }
        }
        self.0.push(SOH);
        self
    }

    /// Adds a field, where there is a value.
    pub fn maybe(&mut self, tag: u32, value: Option<impl Display>) -> &mut Body {
        match value {
            Some(value) => self.add(tag, value),
            None => self,
        }
    }

    /// Adds a field that `write` writes: digits.
    pub fn with(&mut self, tag: u32, write: impl FnOnce(&mut Vec<u8>)) -> &mut Body {
        self.begin(tag);
        write(&mut self.0);
        self.0.push(SOH);
        self
    }

    /// Adds a time.
    pub fn time(&mut self, tag: u32, at: Ts) -> &mut Body {
        self.add(tag, write_time(at))
    }

    /// Adds what another body has.
    pub fn append(&mut self, other: &Body) -> &mut Body {
        self.0.extend_from_slice(&other.0);
        self
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn begin(&mut self, tag: u32) -> usize {
        decimal::write_whole(&mut self.0, u64::from(tag));
        self.0.push(b'=');
        self.0.len()
    }
}

struct Bytes<'a>(&'a mut Vec<u8>);

impl Write for Bytes<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Who writes to whom.
#[derive(Clone, Debug)]
pub struct Parties {
    /// We.
    pub sender: String,
    /// They.
    pub target: String,
}

/// What of a message's header changes.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// MsgSeqNum.
    pub seq: u64,
    /// SendingTime.
    pub at: Ts,
    /// Where it is sent again: when it was sent first.
    pub first: Option<Ts>,
}

/// Appends a whole message.
pub fn write_message(
    out: &mut Vec<u8>,
    kind: Kind,
    header: Header,
    parties: &Parties,
    body: &[u8],
) {
    let mut head = Body(Vec::with_capacity(96));
    head.with(tag::MSG_TYPE, |out| out.extend_from_slice(kind.as_bytes()))
        .add(tag::SENDER_COMP_ID, &parties.sender)
        .add(tag::TARGET_COMP_ID, &parties.target)
        .add(tag::MSG_SEQ_NUM, header.seq);
    if header.first.is_some() {
        head.add(tag::POSS_DUP_FLAG, 'Y');
    }
    head.time(tag::SENDING_TIME, header.at);
    if let Some(first) = header.first {
        head.time(tag::ORIG_SENDING_TIME, first);
    }
    let begin = out.len();
    out.extend_from_slice(b"8=FIX.4.4\x019=");
    decimal::write_whole(out, (head.0.len() + body.len()) as u64);
    out.push(SOH);
    out.extend_from_slice(&head.0);
    out.extend_from_slice(body);
    let sum = checksum(&out[begin..]);
    let _ = write!(Bytes(out), "10={sum:03}\x01");
}
