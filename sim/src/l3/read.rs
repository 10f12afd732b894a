//! Reading an L3 file: its head at once, its rows a batch at a time.

mod rows;

use super::{Row, SLOTS_MAX, VERSION, guard, schema};
use crate::files::whence;
use arrow_buffer::Buffer;
use arrow_ipc::Block;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_schema::Schema;
use plimsoll_text::Error;
use plimsoll_types::{Label, Ts};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// Bytes at the end of a file: the footer's length and the magic.
const TRAILER: u64 = 10;

/// An L3 file, its head read.
pub struct Recording {
    name: String,
    file: File,
    decoder: FileDecoder,
    batches: Vec<Batch>,
    exchange: String,
    source: String,
    symbols: Vec<Label>,
    names: Vec<Label>,
    rows: u64,
    slots: u32,
    first: Ts,
    last: Ts,
}

/// Where a batch lies, and what guards it.
#[derive(Clone, Copy)]
struct Batch {
    block: Block,
    /// The bytes its checksum is of.
    range: (u64, u64),
    sum: Option<u32>,
    /// The row before its first.
    row: u64,
}

impl Recording {
    /// Opens a file and reads its head.
    ///
    /// Errors: no such file, no L3 file, another version, a file that is cut short.
    pub fn open(path: &Path) -> Result<Recording, Error> {
        let name = path.display().to_string();
        let trouble = |error: Error| error.in_file(&name);
        let unreadable = |error: std::io::Error| {
            let found = format!("{error}{}", whence(&error));
            Error { found: found.into(), ..Error::new("file", "a readable file", "") }
                .in_file(&name)
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let len = file.metadata().map_err(unreadable)?.len();
        let footer = footer(&mut file, len).map_err(trouble)?;
        Recording::read(name.clone(), file, len, &footer).map_err(trouble)
    }

    fn read(name: String, file: File, len: u64, footer: &[u8]) -> Result<Recording, Error> {
        let broken = |found: &str| Error::new("footer", "that of an L3 file", found);
        let footer = arrow_ipc::root_as_footer(footer).map_err(|_| broken("a broken one"))?;
        let head = footer.schema().ok_or_else(|| broken("one without a schema"))?;
        let head = try_fb_to_schema(head).map_err(|error| broken(&error.to_string()))?;
        let version = head.metadata().get(schema::KEY_VERSION).map(String::as_str);
        if version != Some(VERSION) {
            let expected = format!("version {VERSION} of the L3 format");
            let found = version.unwrap_or("an Arrow file without a version");
            return Err(Error::new(schema::KEY_VERSION, expected, found));
        }
        check_columns(&head)?;
        let tail: HashMap<&str, &str> = footer
            .custom_metadata()
            .into_iter()
            .flatten()
            .filter_map(|pair| Some((pair.key()?, pair.value()?)))
            .collect();
        let text = |key: &str| head.metadata().get(key).cloned().unwrap_or_default();
        let mut recording = Recording {
            exchange: text(schema::KEY_EXCHANGE),
            source: text(schema::KEY_SOURCE),
            symbols: labels(schema::KEY_SYMBOLS, &text(schema::KEY_SYMBOLS))?,
            names: labels(schema::KEY_NAMES, tail.get(schema::KEY_NAMES).unwrap_or(&""))?,
            rows: number(&tail, schema::KEY_ROWS, u64::MAX)?,
            slots: number(&tail, schema::KEY_SLOTS, u64::from(SLOTS_MAX))? as u32,
            first: number(&tail, schema::KEY_FIRST, i64::MAX as u64)?,
            last: number(&tail, schema::KEY_LAST, i64::MAX as u64)?,
            decoder: FileDecoder::new(Arc::new(head), footer.version()),
            batches: Vec::new(),
            name,
            file,
        };
        let sums: Vec<Option<u32>> = match tail.get(schema::KEY_CHECKSUMS) {
            Some(sums) => sums.split(' ').map(|sum| u32::from_str_radix(sum, 16).ok()).collect(),
            None => Vec::new(),
        };
        for block in footer.dictionaries().into_iter().flatten() {
            let bytes = recording.block(block, len)?;
            let read = recording.decoder.read_dictionary(block, &bytes);
            read.map_err(|error| broken(&error.to_string()))?;
        }
        let mut end = 0;
        for (at, block) in footer.recordBatches().into_iter().flatten().enumerate() {
            let sum = sums.get(at).copied().flatten();
            let range = guard::range(block, len).filter(|range| range.0 >= end);
            let Some((_, last)) = range else { return Err(broken("batches outside the file")) };
            recording.batches.push(Batch { block: *block, range: (end, last), sum, row: 0 });
            end = last;
        }
        file_is_whole(&recording, &sums)?;
        Ok(recording)
    }

    /// The bytes of a block that is sound.
    fn block(&mut self, block: &Block, len: u64) -> Result<Buffer, Error> {
        let broken = |found: &str| Error::new("file", "an L3 file", found);
        let range = guard::range(block, len).ok_or_else(|| broken("a block outside the file"))?;
        let bytes = self.bytes(range)?;
        if !guard::is_sound(block, &bytes) {
            return Err(broken("a block that is no batch"));
        }
        Ok(Buffer::from_vec(bytes))
    }

    fn bytes(&mut self, (first, last): (u64, u64)) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; (last - first) as usize];
        let read = self.file.seek(SeekFrom::Start(first)).and_then(|_| {
            let file: &mut File = &mut self.file;
            file.read_exact(&mut bytes)
        });
        read.map_err(|error| Error::new("file", "a readable file", &error.to_string()))?;
        Ok(bytes)
    }

    /// Its name, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The EXCHANGE.toml in it.
    pub fn exchange(&self) -> &str {
        &self.exchange
    }

    /// What it was made from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its instruments, by their numbers in rows.
    pub fn symbols(&self) -> &[Label] {
        &self.symbols
    }

    /// Names of orders that are no numbers, from [`NAMED`](super::NAMED) on.
    pub fn names(&self) -> &[Label] {
        &self.names
    }

    /// Rows in it.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// One more than the highest slot of an order.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Times of the first and the last row.
    pub fn times(&self) -> (Ts, Ts) {
        (self.first, self.last)
    }

    /// Batches in it.
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    /// Checks the bytes of every batch that has a checksum, without decoding them.
    ///
    /// Errors: the first batch whose bytes are not those that were written.
    pub fn verify(&mut self) -> Result<(), Error> {
        (0..self.batches.len()).try_for_each(|at| self.packed(at).map(drop))
    }

    /// A batch as it lies in the file, once its checksum has been looked at.
    fn packed(&mut self, at: usize) -> Result<Vec<u8>, Error> {
        let Batch { range, sum, .. } = self.batches[at];
        let bytes = self.bytes(range).map_err(|error| error.in_file(&self.name))?;
        if sum.is_some_and(|sum| sum != crc32c::crc32c(&bytes)) {
            let found = format!("other bytes in batch {}", at + 1);
            let error = Error::new("crc32c", "the bytes that were written", &found);
            return Err(error.in_file(&self.name));
        }
        Ok(bytes)
    }

    /// Reads the rows of a batch into `rows`, in place of what is there.
    ///
    /// Errors: a batch that is broken; the first row that means nothing.
    pub fn batch(&mut self, at: usize, rows: &mut Vec<Row>) -> Result<(), Error> {
        let Batch { block, range, row, .. } = self.batches[at];
        let bytes = self.packed(at)?;
        let broken = |found: &str| {
            let expected = format!("batch {} to be one of an L3 file", at + 1);
            Error::new("file", expected, found).in_file(&self.name)
        };
        let skipped = (block.offset() as u64 - range.0) as usize;
        if !guard::is_sound(&block, &bytes[skipped..]) {
            return Err(broken("numbers that lie outside it"));
        }
        let buffer = Buffer::from_vec(bytes).slice(skipped);
        let batch = self.decoder.read_record_batch(&block, &buffer);
        let batch = batch.map_err(|error| broken(&error.to_string()))?;
        let batch = batch.ok_or_else(|| broken("nothing"))?;
        rows.clear();
        rows::read(&batch, &self.symbols, self.slots, rows).map_err(|(at, error)| {
            let at = format!("row {}, {}", row + at as u64 + 1, error.field);
            Error { field: at.into(), ..error }.in_file(&self.name)
        })?;
        if let Some(next) = self.batches.get_mut(at + 1) {
            next.row = row + rows.len() as u64;
        }
        Ok(())
    }
}

/// The footer's bytes.
fn footer(file: &mut File, len: u64) -> Result<Vec<u8>, Error> {
    let io = |error: std::io::Error| Error::new("file", "a readable file", &error.to_string());
    let mut magic = [0; 6];
    if len >= TRAILER {
        file.read_exact(&mut magic).map_err(io)?;
    }
    if magic != *b"ARROW1" {
        return Err(Error::new("file", "an L3 file, which begins with ARROW1", "another one"));
    }
    let cut = || Error::new("file", "an L3 file with its footer", "one that is cut short");
    let mut trailer = [0; TRAILER as usize];
    file.seek(SeekFrom::Start(len - TRAILER)).map_err(io)?;
    file.read_exact(&mut trailer).map_err(io)?;
    let length = read_footer_length(trailer).map_err(|_| cut())?;
    let start = (len - TRAILER).checked_sub(length as u64).ok_or_else(cut)?;
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(start)).map_err(io)?;
    file.read_exact(&mut bytes).map_err(io)?;
    Ok(bytes)
}

fn check_columns(head: &Schema) -> Result<(), Error> {
    let wanted = schema::fields();
    for (at, field) in wanted.iter().enumerate() {
        let expected = format!("column {} to be {} of {}", at + 1, field.name(), field.data_type());
        let Some(found) = head.fields().get(at) else {
            return Err(Error::new("columns", expected, "no such column"));
        };
        if (found.name(), found.data_type()) != (field.name(), field.data_type()) {
            let found = format!("{} of {}", found.name(), found.data_type());
            return Err(Error::new("columns", expected, &found));
        }
    }
    match head.fields().get(wanted.len()) {
        Some(more) => Err(Error::new("columns", "no more of them", more.name())),
        None => Ok(()),
    }
}

/// A checksum for each batch or none at all, and times that do not run backwards.
fn file_is_whole(recording: &Recording, sums: &[Option<u32>]) -> Result<(), Error> {
    let whole = sums.iter().all(Option::is_some) && sums.len() == recording.batches.len();
    if !whole && !sums.is_empty() {
        return Err(Error::new(schema::KEY_CHECKSUMS, "one for each batch", "others"));
    }
    if recording.symbols.is_empty() {
        return Err(Error::new(schema::KEY_SYMBOLS, "at least one instrument", "none"));
    }
    if recording.first > recording.last {
        return Err(Error::new(schema::KEY_LAST, "a time not before the first", "an earlier one"));
    }
    Ok(())
}

fn number(tail: &HashMap<&str, &str>, key: &str, most: u64) -> Result<u64, Error> {
    let text = tail.get(key).copied().unwrap_or("");
    let number = text.parse::<u64>().ok().filter(|number| *number <= most);
    number.ok_or_else(|| Error::new(key, format!("a whole number, at most {most}"), text))
}

fn labels(key: &str, text: &str) -> Result<Vec<Label>, Error> {
    let label = |line: &str| {
        Label::new(line).ok_or_else(|| Error::new(key, "names of 1 to 39 bytes, a line each", line))
    };
    text.lines().map(label).collect()
}
