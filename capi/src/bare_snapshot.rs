//! A bare book as bytes, and back; its state hash is taken over the same bytes.
//!
//! `PLIMBOOK`, the format version (u32, little-endian), XXH3-128 of the payload (u128, little-endian), then the payload: postcard
//! of [`SavedBare`]. Like the exchange's snapshots it finds damage; it is no signature.

use crate::bare::{Bare, Record};
use plimsoll_matching::{Book, SavedBook};
use plimsoll_types::{Side, Ts};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

const MAGIC: &[u8; 8] = b"PLIMBOOK";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct SavedBare {
    book: SavedBook,
    records: Vec<Record>,
    seq: u64,
    now: Ts,
    numbers: u64,
}

impl Bare {
    fn payload(&self) -> Vec<u8> {
        let saved = SavedBare {
            book: self.book.save(),
            records: self.records.clone(),
            seq: self.seq,
            now: self.now,
            numbers: self.numbers,
        };
        match postcard::to_allocvec(&saved) {
            Ok(bytes) => bytes,
            Err(error) => {
                plimsoll_types::broken(format_args!("a book does not serialise: {error}"))
            }
        }
    }

    /// XXH3-128 of the book, its numbers and its time. Cost: O(orders).
    pub(crate) fn state_hash(&self) -> u128 {
        xxh3_128(&self.payload())
    }

    /// The book as bytes. Cost: O(orders).
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let payload = self.payload();
        let mut bytes = Vec::with_capacity(8 + 4 + 16 + payload.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&xxh3_128(&payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// Takes a book up again; the error says what is wrong with the bytes.
    pub(crate) fn restore(bytes: &[u8]) -> Result<Bare, &'static str> {
        const DAMAGED: &str = "the snapshot is cut short or damaged";
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or(DAMAGED)?;
        if magic != MAGIC {
            return Err("not a snapshot of a bare book");
        }
        let (version, rest) = rest.split_first_chunk::<4>().ok_or(DAMAGED)?;
        if u32::from_le_bytes(*version) != VERSION {
            return Err("the snapshot has another format version");
        }
        let (checksum, payload) = rest.split_first_chunk::<16>().ok_or(DAMAGED)?;
        if xxh3_128(payload) != u128::from_le_bytes(*checksum) {
            return Err(DAMAGED);
        }
        let saved: SavedBare = postcard::from_bytes(payload).map_err(|_| DAMAGED)?;
        if !Book::is_sound(&saved.book) {
            return Err(DAMAGED);
        }
        let book = Book::restore(saved.book);
        if book.slots() != saved.records.len() || book.audit().is_err() {
            return Err(DAMAGED);
        }
        let side = |side| book.levels(side).map(|(_, qty)| qty.lots()).sum::<u64>();
        let lots = side(Side::Buy) + side(Side::Sell);
        let SavedBare { records, seq, now, numbers, .. } = saved;
        Ok(Bare { book, records, lots, seq, now, numbers })
    }
}
