//! What a segment file begins with, and the marks between its records.

use crate::record::{self, Head, MARK};
use plimsoll_types::Ts;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Bytes before the first mark.
pub const HEADER_BYTES: usize = 64;

/// Bytes of a mark.
pub(crate) const MARK_BYTES: usize = record::HEADER;

const MAGIC: &[u8; 8] = b"PLIMJRNL";
const VERSION: u32 = 1;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Number of its first record.
    pub first: u64,
    /// Hash of the configuration its commands were carried out under.
    pub configuration: u64,
    /// Drawn for this segment: its marks carry it, so that no text a client sends can pass for one.
    pub salt: u64,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoHeader {
    /// Too short, not a journal's, or damaged.
    Damaged,
    /// Another format version.
    Version(u32),
}

impl SegmentHeader {
    pub(crate) fn new(first: u64, configuration: u64) -> SegmentHeader {
        // Each `RandomState` has keys of its own, drawn from the system's randomness.
        let salt = RandomState::new().build_hasher().finish();
        SegmentHeader { first, configuration, salt }
    }

    pub(crate) fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.configuration.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.salt.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<SegmentHeader, NoHeader> {
        let header = bytes.first_chunk::<HEADER_BYTES>().ok_or(NoHeader::Damaged)?;
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&header[at..at + 8]);
            u64::from_le_bytes(word)
        };
        if header[..8] != MAGIC[..] || word(56) >> 32 != u64::from(crc32c::crc32c(&header[..60])) {
            return Err(NoHeader::Damaged);
        }
        match word(8) as u32 {
            VERSION => {
                Ok(SegmentHeader { configuration: word(16), first: word(24), salt: word(32) })
            }
            version => Err(NoHeader::Version(version)),
        }
    }
}

/// What a mark is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkKind {
    /// Records written together follow.
    Group = 0,
    /// Nothing waits: it says that all before it is synced.
    Seal = 1,
    /// The segment ends here.
    End = 2,
}

/// A mark: how far the file was known to be synced when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub kind: MarkKind,
    /// Number of the last record before it.
    pub last: u64,
    /// Where it stands in the file.
    pub at: u64,
    /// Bytes of the file, from its beginning, that were synced.
    pub synced: u64,
}

impl Mark {
    pub(crate) fn bytes(&self, salt: u64) -> [u8; MARK_BYTES] {
        let (number, ts, user, value) = (self.last, self.at as Ts, salt, self.synced);
        let head = Head { number, ts, user, value, kind: self.kind as u8, code: MARK, flags: 0 };
        let mut bytes = head.bytes(MARK_BYTES);
        record::seal(&mut bytes);
        bytes
    }

    /// The mark that a sound frame at offset `at` is; `None` where it is a record, or a mark of another place or file.
    pub(crate) fn read(frame: &[u8], at: u64, salt: u64) -> Option<Mark> {
        let (head, body) = Head::read(frame)?;
        let kind = match head.kind {
            0 => MarkKind::Group,
            1 => MarkKind::Seal,
            2 => MarkKind::End,
            _ => return None,
        };
        let is_mark = head.code == MARK && body.is_empty() && head.user == salt && head.ts == at;
        is_mark.then_some(Mark { kind, last: head.number, at, synced: head.value })
    }
}
