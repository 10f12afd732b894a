//! A command as the journal keeps it: who, when, how a copy is known, what. docs/JOURNAL.md draws it byte by byte.
//!
//! Orders, cancels and replaces have a fixed layout, everything else is postcard behind the same header. The form is canonical: bytes that
//! are read are the bytes that would be written.

mod hot;
#[cfg(test)]
mod tests;

use crate::inbound::Once;
use plimsoll_types::{Command, Ts};

/// Bytes before what a record says: checksum, length, number, time, user, how a copy is known, code, flags.
pub const HEADER: usize = 44;

/// The code of a journal's mark: no command, never seen outside segment files.
pub(crate) const MARK: u8 = 255;

/// The code of a command that has no layout of its own.
const OTHER: u8 = 0;

/// One carried-out command: what replay needs and nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Gapless from 1.
    pub number: u64,
    /// The time it was carried out at: never below the record's before it.
    pub ts: Ts,
    /// Whose: [`crate::users::User::key`]; 0 = the server's own.
    pub user: u64,
    /// How a copy is known.
    pub once: Once,
    /// What.
    pub command: Command,
}

impl Record {
    /// Appends a record.
    ///
    /// Cost: some twenty nanoseconds for an order, nothing allocated but what `out` grows by.
    #[inline]
    pub fn write(out: &mut Vec<u8>, number: u64, ts: Ts, user: u64, once: Once, command: &Command) {
        let begin = out.len();
        let (kind, value) = match once {
            Once::Unmarked => (0, 0),
            Once::Sequence(sequence) => (1, sequence),
            Once::Token(token) => (2, token),
        };
        let head = Head { number, ts, user, value, kind, code: OTHER, flags: 0 };
        match command {
            Command::Order(order) => hot::write_order(out, head, order),
            Command::Cancel { account, order } => hot::write_cancel(out, head, *account, order),
            Command::Replace { account, order, price, qty, trigger } => {
                hot::write_replace(out, head, (*account, order), (*price, *qty, *trigger));
            }
            _ => write_other(out, head, command),
        }
        seal(&mut out[begin..]);
    }

    /// Reads the record that `bytes` begin with, and gives what follows it. `None` where they begin with none: cut short, damaged, or a mark.
    ///
    /// Cost: some twenty nanoseconds for an order. No bytes make it panic; it allocates no more than a small multiple of them.
    #[inline]
    pub fn read(bytes: &[u8]) -> Option<(Record, &[u8])> {
        let (frame, rest) = frame(bytes)?;
        Some((Record::decode(frame)?, rest))
    }

    /// What a frame says that [`frame`] has found sound.
    #[inline]
    pub(crate) fn decode(frame: &[u8]) -> Option<Record> {
        let (head, body) = Head::read(frame)?;
        let once = match (head.kind, head.value) {
            (0, 0) => Once::Unmarked,
            (1, sequence) => Once::Sequence(sequence),
            (2, token) => Once::Token(token),
            _ => return None,
        };
        let command = match head.code {
            hot::ORDER => Command::Order(hot::read_order(head.flags, body)?),
            hot::CANCEL => hot::read_cancel(head.flags, body)?,
            hot::REPLACE => hot::read_replace(head.flags, body)?,
            OTHER if head.flags == 0 => read_other(body)?,
            _ => return None,
        };
        Some(Record { number: head.number, ts: head.ts, user: head.user, once, command })
    }
}

/// What every frame begins with, but for checksum and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub number: u64,
    pub ts: u64,
    pub user: u64,
    pub value: u64,
    pub kind: u8,
    pub code: u8,
    pub flags: u16,
}

impl Head {
    /// The head's bytes, with a hole for the checksum and the frame's length.
    #[inline]
    pub(crate) fn bytes(&self, len: usize) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[4..8].copy_from_slice(&(len as u32).to_le_bytes());
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.ts.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.user.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.value.to_le_bytes());
        bytes[40] = self.kind;
        bytes[41] = self.code;
        bytes[42..44].copy_from_slice(&self.flags.to_le_bytes());
        bytes
    }

    /// A frame's head, and the rest of the frame.
    #[inline]
    pub(crate) fn read(frame: &[u8]) -> Option<(Head, &[u8])> {
        let (bytes, body) = frame.split_first_chunk::<HEADER>()?;
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let (kind, code) = (bytes[40], bytes[41]);
        let flags = u16::from_le_bytes([bytes[42], bytes[43]]);
        let head = Head {
            number: word(8),
            ts: word(16),
            user: word(24),
            value: word(32),
            kind,
            code,
            flags,
        };
        Some((head, body))
    }
}

/// Fills in a frame's checksum.
#[inline]
pub(crate) fn seal(frame: &mut [u8]) {
    let checksum = crc32c::crc32c(&frame[4..]);
    frame[..4].copy_from_slice(&checksum.to_le_bytes());
}

/// The frame that `bytes` begin with, whole and with its checksum right, and what follows it.
#[inline]
pub(crate) fn frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = bytes.get(4..8)?;
    let len = u32::from_le_bytes([len[0], len[1], len[2], len[3]]) as usize;
    if len < HEADER {
        return None;
    }
    let (frame, rest) = bytes.split_at_checked(len)?;
    let told = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]);
    (crc32c::crc32c(&frame[4..]) == told).then_some((frame, rest))
}

/// A frame's number.
#[inline]
pub(crate) fn number(frame: &[u8]) -> u64 {
    Head::read(frame).map_or(0, |(head, _)| head.number)
}

/// Whether a frame is a journal's mark.
#[inline]
pub(crate) fn is_mark(frame: &[u8]) -> bool {
    frame.get(41) == Some(&MARK)
}

/// Rare commands: their layout is their declaration's.
#[cold]
#[inline(never)]
fn write_other(out: &mut Vec<u8>, head: Head, command: &Command) {
    let begin = out.len();
    out.extend_from_slice(&head.bytes(0));
    if let Err(error) = postcard::serialize_with_flavor(command, Appended(out)) {
        plimsoll_types::broken(format_args!("a command: {error}"));
    }
    let len = (out.len() - begin) as u32;
    out[begin + 4..begin + 8].copy_from_slice(&len.to_le_bytes());
}

#[cold]
#[inline(never)]
fn read_other(body: &[u8]) -> Option<Command> {
    match postcard::take_from_bytes(body) {
        // What has a layout of its own has no second form.
        Ok((Command::Order(_) | Command::Cancel { .. } | Command::Replace { .. }, _)) => None,
        Ok((command, [])) => Some(command),
        _ => None,
    }
}

/// Writes behind what is there.
struct Appended<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appended<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
