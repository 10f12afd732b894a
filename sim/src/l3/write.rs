//! Writing an L3 file, row after row.

mod columns;

use super::schema;
use super::slots::Slots;
use super::{NAMED, SLOTS_MAX, VERSION};
use crate::flow::replayed::Touch;
use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::{ArrowError, SchemaRef};
use columns::{Columns, Words};
use plimsoll_text::recorded::{Action, Input};
use plimsoll_types::{Label, Ts};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 15;

/// Level of compression.
const ZSTD_LEVEL: i32 = 3;

/// What a file says of itself.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The configuration to replay it with: an EXCHANGE.toml.
    pub exchange: &'a str,
    /// What it was made from, for people.
    pub source: &'a str,
    /// Its instruments.
    pub symbols: &'a [Label],
}

/// An L3 file being written.
pub struct Writer<W: Write> {
    file: FileWriter<Summed<W>>,
    schema: SchemaRef,
    columns: Columns,
    words: Words,
    instruments: HashMap<Label, u16>,
    slots: Slots,
    names: Vec<Label>,
    numbers: HashMap<Label, u64>,
    checksums: Vec<String>,
    rows: u64,
    times: Option<(Ts, Ts)>,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    ///
    /// Errors: the sink's; more instruments than have a code.
    pub fn new(sink: W, about: &About<'_>) -> io::Result<Writer<W>> {
        let symbols: Vec<&str> = about.symbols.iter().map(Label::as_str).collect();
        if symbols.len() > usize::from(u16::MAX) {
            return Err(io::Error::other("more than 65535 instruments"));
        }
        let metadata = [
            (schema::KEY_VERSION, VERSION.to_owned()),
            (schema::KEY_EXCHANGE, about.exchange.to_owned()),
            (schema::KEY_SOURCE, about.source.to_owned()),
            (schema::KEY_SYMBOLS, symbols.join("\n")),
        ];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value)).into();
        let schema = Arc::new(schema::schema(metadata));
        let options = IpcWriteOptions::default()
            .try_with_compression(Some(CompressionType::ZSTD))
            .and_then(|options| options.try_with_compression_level(Some(ZSTD_LEVEL)))
            .map_err(failure)?;
        let sink = Summed { sink, sum: 0 };
        let file = FileWriter::try_new_with_options(sink, &schema, options).map_err(failure)?;
        let instruments = about.symbols.iter().zip(0u16..).map(|(symbol, at)| (*symbol, at));
        Ok(Writer {
            file,
            schema,
            columns: Columns::default(),
            words: Words::new(&symbols),
            instruments: instruments.collect(),
            slots: Slots::default(),
            names: Vec::new(),
            numbers: HashMap::new(),
            checksums: Vec::new(),
            rows: 0,
            times: None,
        })
    }

    /// Adds an input, and the best of the book after it, in which it has been carried out alone.
    ///
    /// Errors: the sink's; an instrument that was not announced; more orders at once than a file may hold.
    pub fn push(&mut self, input: &Input, touch: Option<Touch>) -> io::Result<()> {
        let Some(&instrument) = self.instruments.get(&input.symbol) else {
            return Err(io::Error::other(format!("unknown instrument {}", input.symbol)));
        };
        let slot = self.slot(input, instrument);
        if self.slots.count > SLOTS_MAX {
            return Err(io::Error::other(format!("more than {SLOTS_MAX} orders at once")));
        }
        let order = input.order.map(|order| self.number(order));
        self.columns.push(input, instrument, (slot, order), touch);
        self.rows += 1;
        self.times = Some((self.times.map_or(input.ts, |(first, _)| first), input.ts));
        if self.columns.rows() >= BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    /// Notes that an order traded so many lots: one that has none left leaves the book.
    pub fn traded(&mut self, order: &Label, lots: u64) {
        self.slots.take(order, lots);
    }

    fn slot(&mut self, input: &Input, instrument: u16) -> Option<u32> {
        let Some(order) = input.order else {
            if input.action == Action::Clear {
                self.slots.clear(instrument);
            }
            return None;
        };
        match input.action {
            Action::Add => Some(self.slots.enter(order, instrument, input.qty.lots())),
            Action::Take | Action::Phase | Action::Clear => None,
            action => {
                let slot = self.slots.find(&order);
                match action {
                    Action::Cancel => self.slots.leave(&order),
                    Action::Reduce => self.slots.take(&order, input.qty.lots()),
                    Action::Replace => self.slots.change(&order, input.qty.lots()),
                    // What an execution takes is told as a trade.
                    _ => {}
                }
                slot
            }
        }
    }

    /// An order's number at its venue, or the place of its name in the list of names.
    fn number(&mut self, order: Label) -> u64 {
        let text = order.as_str();
        let plain = !text.starts_with('0') || text == "0";
        let digits = plain && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(number) = text.parse().ok().filter(|number| digits && *number < NAMED) {
            return number;
        }
        let names = &mut self.names;
        *self.numbers.entry(order).or_insert_with(|| {
            names.push(order);
            NAMED + names.len() as u64 - 1
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let arrays = self.columns.finish(&self.words).map_err(failure)?;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(failure)?;
        self.file.write(&batch).map_err(failure)?;
        let sum = std::mem::take(&mut self.file.get_mut().sum);
        self.checksums.push(format!("{sum:08x}"));
        Ok(())
    }

    /// Ends the file and gives back its sink.
    ///
    /// Errors: the sink's.
    pub fn finish(mut self) -> io::Result<W> {
        if self.columns.rows() > 0 || self.checksums.is_empty() {
            self.flush()?;
        }
        let (first, last) = self.times.unwrap_or((0, 0));
        let names: Vec<&str> = self.names.iter().map(Label::as_str).collect();
        for (key, value) in [
            (schema::KEY_ROWS, self.rows.to_string()),
            (schema::KEY_SLOTS, self.slots.count.to_string()),
            (schema::KEY_FIRST, first.to_string()),
            (schema::KEY_LAST, last.to_string()),
            (schema::KEY_NAMES, names.join("\n")),
            (schema::KEY_CHECKSUMS, self.checksums.join(" ")),
        ] {
            self.file.write_metadata(key, value);
        }
        self.file.finish().map_err(failure)?;
        Ok(self.file.into_inner().map_err(failure)?.sink)
    }
}

/// A sink, and the checksum of what has gone through since it was last asked for.
struct Summed<W> {
    sink: W,
    sum: u32,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.sink.write(bytes)?;
        self.sum = crc32c::crc32c_append(self.sum, &bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Arrow's trouble as the sink's, which it is unless we have a bug.
fn failure(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other.to_string()),
    }
}
