//! What must hold of a block before Arrow's decoder sees it: its numbers lie inside the file, so that none makes it panic or ask for
//! all the memory there is.

use super::BATCH_ROWS_MAX;
use super::schema::column;
use arrow_ipc::{Block, MessageHeader, RecordBatch};

/// Most bytes a column of a batch takes when unpacked: the widest has eight a row.
const COLUMN_BYTES_MAX: i64 = 8 * BATCH_ROWS_MAX as i64 + 64;

/// What everything in such a file lies on a multiple of. Units: bytes.
const ALIGNMENT: u64 = 8;

/// The least metadata: its marker, its length and a message.
const METADATA_MIN: i32 = 16;

/// Where a block lies: its first byte and the one after its last; `None` where that is not inside `len` bytes.
pub fn range(block: &Block, len: u64) -> Option<(u64, u64)> {
    let metadata = u64::try_from(block.metaDataLength()).ok()?;
    let first = u64::try_from(block.offset()).ok()?;
    let last = first.checked_add(metadata)?.checked_add(u64::try_from(block.bodyLength()).ok()?)?;
    let aligned = first.is_multiple_of(ALIGNMENT) && metadata.is_multiple_of(ALIGNMENT);
    (aligned && block.metaDataLength() >= METADATA_MIN && last <= len).then_some((first, last))
}

/// Whether the bytes of a block may be decoded.
pub fn is_sound(block: &Block, bytes: &[u8]) -> bool {
    let Some((metadata, body)) = bytes.split_at_checked(block.metaDataLength() as usize) else {
        return false;
    };
    // Newer files have a marker before the length, as old ones have not.
    let skipped = if metadata.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let Some(message) = metadata.get(skipped..) else { return false };
    let Ok(message) = arrow_ipc::root_as_message(message) else { return false };
    match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch().is_some_and(|batch| {
            // Each column has its validity and its values.
            let width = |at: usize| match at % 2 {
                0 => Some(1),
                _ => column::WIDTHS.get(at / 2).copied(),
            };
            holds(&batch, body, width)
        }),
        MessageHeader::DictionaryBatch => {
            let words = message.header_as_dictionary_batch().and_then(|words| words.data());
            // Validity, offsets of four bytes, text.
            words.is_some_and(|words| holds(&words, body, |at| [1, 4, 1].get(at).copied()))
        }
        _ => false,
    }
}

/// Whether a batch lies inside its block, each buffer a whole number of values of its `width`.
fn holds(batch: &RecordBatch<'_>, body: &[u8], width: impl Fn(usize) -> Option<i64>) -> bool {
    let rows = batch.length();
    let nodes = batch.nodes().into_iter().flatten();
    let buffers = batch.buffers().into_iter().flatten();
    let packed = batch.compression().is_some();
    let inside = |offset: i64, length: i64| {
        let first = usize::try_from(offset).ok()?;
        if !(first as u64).is_multiple_of(ALIGNMENT) {
            return None;
        }
        body.get(first..first.checked_add(usize::try_from(length).ok()?)?)
    };
    let whole = |(at, bytes): (usize, Option<&[u8]>)| {
        let length = bytes.and_then(|bytes| unpacked(bytes, packed));
        length
            .zip(width(at))
            .is_some_and(|(length, width)| length <= COLUMN_BYTES_MAX && length % width == 0)
    };
    (0..=BATCH_ROWS_MAX as i64).contains(&rows)
        && nodes
            .map(|node| (node.length(), node.null_count()))
            .all(|(length, nulls)| length == rows && (0..=rows).contains(&nulls))
        && buffers.map(|buffer| inside(buffer.offset(), buffer.length())).enumerate().all(whole)
}

/// Bytes of a column once it is unpacked; `None` where it says none that it can have.
fn unpacked(bytes: &[u8], packed: bool) -> Option<i64> {
    let stored = bytes.len() as i64;
    if !packed || bytes.is_empty() {
        return Some(stored);
    }
    match i64::from_le_bytes(*bytes.first_chunk()?) {
        // Stored as it is, behind this mark.
        -1 => Some(stored - 8),
        length => Some(length).filter(|length| *length >= 0),
    }
}
