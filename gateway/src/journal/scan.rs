//! A segment read record by record, and where it stops being good: a torn tail or damage?
//!
//! A mark says how far its file was synced before it was written. What lies before that and is bad has been promised: damage. What lies
//! after the last such place was still on its way when the machine stopped: a torn tail. Writes that were never synced may reach the disk
//! in any order, so a good group behind a bad place proves nothing by itself.

use super::segment::{MARK_BYTES, Mark, MarkKind, SegmentHeader};
use crate::journal::HEADER_BYTES;
use crate::record::{self, Record};

/// Why a place in a segment is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bad {
    /// A record or mark is cut short or its checksum is wrong.
    Checksum,
    /// Its checksum is right, but it is no command of this version.
    Unreadable,
    /// A record's number does not follow the one before it.
    Number {
        /// What should have come.
        expected: u64,
        /// What did.
        found: u64,
    },
}

/// How a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a mark that says so.
    Closed,
    /// With zeros, or with the file: the process stopped.
    Open,
    /// In the midst of something that had not been synced. So many bytes behind the last whole record are lost.
    Torn {
        /// From the end of what is good to the last byte that is not zero.
        bytes: u64,
    },
    /// Where bytes were synced that are not good any more.
    Damaged(Bad),
}

/// Reads a segment's bytes, header included.
pub struct Scan<'a> {
    bytes: &'a [u8],
    salt: u64,
    /// Where the next frame begins: all before it is good.
    at: usize,
    last: u64,
    end: Option<End>,
}

impl<'a> Scan<'a> {
    /// Begins behind the header, which has been read.
    pub fn new(header: &SegmentHeader, bytes: &'a [u8]) -> Scan<'a> {
        let at = HEADER_BYTES.min(bytes.len());
        Scan { bytes, salt: header.salt, at, last: header.first - 1, end: None }
    }

    /// Bytes from the beginning of the file that are good.
    pub fn good(&self) -> u64 {
        self.at as u64
    }

    /// Number of the last record read; one less than the segment's first before any.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// How it ends, once [`Scan::frame`] has given `None`.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// The next record's number and bytes, its checksum seen, its meaning not.
    #[inline]
    pub fn frame(&mut self) -> Option<(u64, &'a [u8])> {
        while self.end.is_none() {
            let Some((frame, _)) = record::frame(&self.bytes[self.at..]) else {
                self.end = Some(self.judge(Bad::Checksum));
                break;
            };
            let number = record::number(frame);
            if record::is_mark(frame) {
                let mark = Mark::read(frame, self.at as u64, self.salt);
                match mark {
                    Some(mark) if mark.last == self.last => {
                        self.at += frame.len();
                        if mark.kind == MarkKind::End {
                            self.end = Some(End::Closed);
                        }
                    }
                    Some(mark) => {
                        let (expected, found) = (self.last, mark.last);
                        self.end = Some(self.judge(Bad::Number { expected, found }));
                    }
                    None => self.end = Some(self.judge(Bad::Unreadable)),
                }
            } else if number != self.last + 1 {
                let (expected, found) = (self.last + 1, number);
                self.end = Some(self.judge(Bad::Number { expected, found }));
            } else {
                self.at += frame.len();
                self.last = number;
                return Some((number, frame));
            }
        }
        None
    }

    /// The next record.
    #[inline]
    pub fn record(&mut self) -> Option<Record> {
        let (number, frame) = self.frame()?;
        let record = Record::decode(frame);
        if record.is_none() {
            // A right checksum over what this version cannot read is no torn write.
            self.at -= frame.len();
            self.last = number - 1;
            self.end = Some(End::Damaged(Bad::Unreadable));
        }
        record
    }

    /// What it means that no good frame stands at the place reached.
    fn judge(&self, bad: Bad) -> End {
        let rest = &self.bytes[self.at..];
        let Some(last) = rest.iter().rposition(|byte| *byte != 0) else {
            return End::Open;
        };
        match self.later_marks().any(|mark| mark.synced > self.at as u64) {
            true => End::Damaged(bad),
            false => End::Torn { bytes: last as u64 + 1 },
        }
    }

    /// Sound marks anywhere behind the place reached, found by the segment's salt.
    fn later_marks(&self) -> impl Iterator<Item = Mark> {
        const SALT_AT: usize = 24;
        let salt = self.salt.to_le_bytes();
        let rest = &self.bytes[self.at..];
        let places = rest.windows(MARK_BYTES).enumerate();
        places.filter(move |(_, window)| window[SALT_AT..SALT_AT + 8] == salt).filter_map(
            |(place, window)| {
                let (frame, _) = record::frame(window)?;
                Mark::read(frame, (self.at + place) as u64, self.salt)
            },
        )
    }
}
