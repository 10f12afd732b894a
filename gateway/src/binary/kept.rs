//! A user's messages of events, as bytes, the last of them kept: what its session sends from, and what it resumes from.

use super::events::Stamp;
use super::layout::{FLAGS, HEAD};
use std::collections::VecDeque;
use zerocopy::FromBytes;

/// Bytes gathered in one piece.
const CHUNK: usize = 8 << 10;

/// Where a message begins, counted from the first ever kept: piece and byte within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    chunk: u64,
    byte: usize,
}

/// The messages, in order. Whole messages only; the oldest go when there are more bytes than may be kept.
#[derive(Debug)]
pub struct Kept {
    chunks: VecDeque<Vec<u8>>,
    /// Number of the first piece still there.
    first: u64,
    /// Bytes in all pieces.
    bytes: usize,
    /// Bytes that may be kept, the last piece not counted.
    most: usize,
    /// The last event that is not kept: those after it can be asked for.
    forgotten: u64,
}

impl Kept {
    /// Nothing yet, after event `last`; at most about `most` bytes ever.
    pub fn new(last: u64, most: usize) -> Kept {
        Kept { chunks: VecDeque::new(), first: 0, bytes: 0, most, forgotten: last }
    }

    /// Number of the oldest event that can be asked for.
    pub fn oldest(&self) -> u64 {
        self.forgotten + 1
    }

    /// Adds a message and says where it lies. Cost: one copy; an allocation in 8 KiB.
    #[inline]
    pub fn push(&mut self, message: &[u8]) -> Place {
        if self.chunks.back().is_none_or(|chunk| chunk.len() + message.len() > CHUNK) {
            self.turn();
        }
        let chunk = self.first + self.chunks.len() as u64 - 1;
        let last = self.chunks.len() - 1;
        let place = Place { chunk, byte: self.chunks[last].len() };
        self.chunks[last].extend_from_slice(message);
        self.bytes += message.len();
        place
    }

    /// Begins a new piece; forgets old ones, whose room it takes.
    #[cold]
    fn turn(&mut self) {
        let mut spare = None;
        while self.bytes > self.most
            && let Some(chunk) = self.chunks.pop_front()
        {
            self.first += 1;
            self.bytes -= chunk.len();
            self.forgotten = messages(&chunk).last().map_or(self.forgotten, |(_, seq)| seq);
            spare = Some(chunk);
        }
        let mut chunk = spare.unwrap_or_else(|| Vec::with_capacity(CHUNK));
        chunk.clear();
        self.chunks.push_back(chunk);
    }

    /// Sets bits of a message's flags.
    #[inline]
    pub fn flag(&mut self, place: Place, bits: u8) {
        if let Some(chunk) =
            place.chunk.checked_sub(self.first).and_then(|at| self.chunks.get_mut(at as usize))
        {
            chunk[place.byte + FLAGS] |= bits;
        }
    }

    /// The end: where the next message will lie, or before it.
    pub fn end(&self) -> Place {
        match self.chunks.back() {
            Some(chunk) => {
                Place { chunk: self.first + self.chunks.len() as u64 - 1, byte: chunk.len() }
            }
            None => Place { chunk: self.first, byte: 0 },
        }
    }

    /// Where the messages of event `seq` and later begin. Cost: O(log pieces + messages of a piece).
    pub fn find(&self, seq: u64) -> Place {
        let before = self
            .chunks
            .partition_point(|chunk| messages(chunk).next().is_some_and(|(_, first)| first < seq));
        // The piece before the first that begins at or after it may hold some already.
        let at = before.saturating_sub(1);
        let Some(chunk) = self.chunks.get(at) else { return self.end() };
        let byte =
            messages(chunk).find(|(_, there)| *there >= seq).map_or(chunk.len(), |(byte, _)| byte);
        Place { chunk: self.first + at as u64, byte }
    }

    /// Bytes from `place` on that lie in one piece, and where they end; empty at the end. `None` where they are forgotten.
    #[inline]
    pub fn from(&self, place: Place) -> Option<(&[u8], Place)> {
        let at = place.chunk.checked_sub(self.first)? as usize;
        match self.chunks.get(at) {
            Some(chunk) if place.byte < chunk.len() => {
                Some((&chunk[place.byte..], Place { chunk: place.chunk, byte: chunk.len() }))
            }
            Some(_) if at + 1 < self.chunks.len() => {
                let chunk = &self.chunks[at + 1];
                Some((chunk, Place { chunk: place.chunk + 1, byte: chunk.len() }))
            }
            _ => Some((&[], place)),
        }
    }
}

/// Where each message of a piece begins, and the number of its event.
fn messages(chunk: &[u8]) -> impl Iterator<Item = (usize, u64)> {
    let mut byte = 0;
    std::iter::from_fn(move || {
        let rest = chunk.get(byte..).filter(|rest| rest.len() > HEAD)?;
        let length = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
        let (stamp, _) = Stamp::read_from_prefix(&rest[HEAD..]).ok()?;
        let begin = byte;
        byte += length.max(HEAD);
        Some((begin, stamp.seq.get()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::events::LossShared;
    use crate::binary::layout::Message;
    use zerocopy::{FromZeros, IntoBytes};

    fn message(seq: u64) -> LossShared {
        let mut message = LossShared::new_zeroed();
        message.head = LossShared::head();
        message.stamp.seq = seq.into();
        message
    }

    fn rest(kept: &Kept, mut place: Place) -> Vec<u64> {
        let mut seqs = Vec::new();
        while let Some((bytes, next)) = kept.from(place) {
            if bytes.is_empty() {
                break;
            }
            seqs.extend(messages(bytes).map(|(_, seq)| seq));
            place = next;
        }
        seqs
    }

    #[test]
    fn whatever_is_kept_can_be_found_and_no_more_is_kept_than_may_be() {
        let mut kept = Kept::new(10, 3 * CHUNK);
        assert_eq!((kept.oldest(), rest(&kept, kept.find(11))), (11, vec![]));
        for n in 0..4_000u64 {
            kept.push(message(11 + 2 * n).as_bytes());
            assert!(kept.bytes <= 4 * CHUNK);
        }
        let last = 11 + 2 * 3_999;
        let oldest = kept.oldest();
        assert!(oldest > 11);
        for seq in [oldest, oldest + 1, oldest + 500, last - 1, last, last + 1] {
            let expected: Vec<u64> = (seq..=last).filter(|seq| seq % 2 == 1).collect();
            assert_eq!(rest(&kept, kept.find(seq)), expected, "from {seq}");
        }
        let begin = Place { chunk: 0, byte: 0 };
        assert_eq!(kept.from(begin), None);
    }

    #[test]
    fn a_place_at_the_end_sees_what_comes_next() {
        let mut kept = Kept::new(0, CHUNK);
        let mut place = kept.end();
        for seq in 1..1_000 {
            kept.push(message(seq).as_bytes());
            let (bytes, next) = kept.from(place).unwrap();
            assert_eq!(messages(bytes).map(|(_, seq)| seq).collect::<Vec<_>>(), [seq]);
            place = next;
        }
    }
}
