//! The columnar record of a run: events sorted into tables, written batch by batch.
//!
//! A column has the name of the key in `events.jsonl` (docs/RESULTS.md). Memory is that of one batch a table, however long the run.

mod accounts;
mod cases;
mod column;
mod curves;
mod ipc;
mod market;
mod orders;
#[cfg(feature = "parquet")]
mod parquet;
mod risk;
mod table;
mod universe;

use crate::medium::{Make, Part};
use crate::names::News;
use crate::outcome::Curves;
use accounts::Accounts;
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema, SchemaRef};
use cases::Cases;
use curves::{Samples, Strategies};
use market::{Market, Marks};
use orders::{Orders, Trades};
use plimsoll_types::{Event, EventKind, ExchangeSpec, InstrumentSpec};
use risk::Risk;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use table::Rows;
use universe::Universe;

/// The tables, in the order in which their files begin.
const NAMES: [&str; 9] =
    ["trades", "orders", "risk", "cases", "marks", "market", "accounts", "samples", "strategies"];
/// Version of the layout, in every file's metadata.
pub const VERSION: &str = "1";

/// The kinds of files there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Arrow IPC.
    Arrow,
    /// Parquet.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Format::Arrow => "arrow",
            #[cfg(feature = "parquet")]
            Format::Parquet => "parquet",
        }
    }

    fn file(self, folder: &Path, table: &str) -> PathBuf {
        folder.join(format!("{table}.{}", self.extension()))
    }

    /// Begins a file of batches of so many `rows`, which Arrow need not know.
    #[cfg_attr(not(feature = "parquet"), expect(unused_variables))]
    fn begin(self, part: Part, schema: &SchemaRef, rows: usize) -> io::Result<Box<dyn Store>> {
        match self {
            Format::Arrow => Ok(Box::new(ipc::IpcFile::new(part, schema)?)),
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                Ok(Box::new(parquet::ParquetFile::new(part, Arc::clone(schema), rows)?))
            }
        }
    }
}

/// A file of batches.
trait Store: Send {
    /// Adds a batch, or nothing at all.
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()>;
    /// Where the file is while it is written.
    fn path(&self) -> PathBuf;
    /// Ends the file, which holds the whole batches written so far, and gives it its name.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// What is said of a run in every file, and where its files go.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// Name of the scenario.
    pub scenario: &'a str,
    /// Seed of the run.
    pub seed: u64,
}

/// A table and its file.
struct Filed<T> {
    table: T,
    schema: SchemaRef,
    store: Box<dyn Store>,
    rows: usize,
    batches: u64,
}

impl<T: Rows> Filed<T> {
    fn new(name: &str, table: T, begin: &Begin<'_>) -> io::Result<Filed<T>> {
        let mut metadata = begin.metadata.clone();
        metadata.insert("plimsoll.table".to_owned(), name.to_owned());
        let fields: Vec<Field> = table.fields();
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let path = begin.format.file(begin.folder, name);
        let store = begin.format.begin(Part::create(path, begin.make)?, &schema, begin.rows)?;
        Ok(Filed { table, schema, store, rows: begin.rows, batches: 0 })
    }

    /// Writes a batch if there is a whole one.
    #[inline]
    fn check(&mut self) -> io::Result<()> {
        if self.table.rows() >= self.rows { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let options = RecordBatchOptions::new().with_row_count(Some(self.table.rows()));
        let columns = self.table.take().map_err(io::Error::other)?;
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        self.store.write(&batch.map_err(io::Error::other)?)?;
        self.batches += 1;
        Ok(())
    }

    /// Writes what is left, unless the disk has `failed` already, and ends the file.
    fn finish(mut self, failed: bool) -> io::Result<()> {
        // A file without rows has a batch without rows, so that it holds the words of its columns.
        let due = !failed && (self.table.rows() > 0 || self.batches == 0);
        let flushed = if due { self.flush() } else { Ok(()) };
        flushed.and(self.store.finish())
    }
}

/// How files begin.
struct Begin<'a> {
    folder: &'a Path,
    format: Format,
    metadata: HashMap<String, String>,
    rows: usize,
    make: &'a Make<'a>,
}

/// The tables of a run while they are being written.
pub struct Tables {
    universe: Universe,
    listed: Vec<InstrumentSpec>,
    accounts_known: u32,
    trades: Filed<Trades>,
    orders: Filed<Orders>,
    risk: Filed<Risk>,
    cases: Filed<Cases>,
    marks: Filed<Marks>,
    market: Filed<Market>,
    accounts: Filed<Accounts>,
    samples: Filed<Samples>,
    strategies: Filed<Strategies>,
    failed: bool,
}

impl Tables {
    /// Begins the files. `later` are instruments that will be listed in the run; a batch has `rows` rows.
    ///
    /// Errors: files that cannot be made; steps that do not fit one decimal column (see `Universe::new`).
    pub fn create(
        about: &About<'_>,
        format: Format,
        spec: &ExchangeSpec,
        later: &[InstrumentSpec],
        rows: usize,
        make: &Make<'_>,
    ) -> io::Result<Tables> {
        let universe = Universe::new(spec, later)?;
        let tables = Self::begin(universe, about, format, spec, rows, make);
        tables.inspect_err(|_| {
            for name in NAMES {
                let _ = std::fs::remove_file(Part::path_of(&format.file(about.folder, name)));
            }
        })
    }

    fn begin(
        universe: Universe,
        about: &About<'_>,
        format: Format,
        spec: &ExchangeSpec,
        rows: usize,
        make: &Make<'_>,
    ) -> io::Result<Tables> {
        let words = [
            ("plimsoll.format", VERSION.to_owned()),
            ("plimsoll.version", env!("CARGO_PKG_VERSION").to_owned()),
            ("plimsoll.scenario", about.scenario.to_owned()),
            ("plimsoll.seed", about.seed.to_string()),
            ("plimsoll.currency", spec.currency.to_string()),
            ("plimsoll.units", UNITS.to_owned()),
        ];
        let metadata = words.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let begin = Begin { folder: about.folder, format, metadata, rows, make };
        Ok(Tables {
            trades: Filed::new("trades", Trades::new(&universe), &begin)?,
            orders: Filed::new("orders", Orders::new(&universe), &begin)?,
            risk: Filed::new("risk", Risk::new(&universe), &begin)?,
            cases: Filed::new("cases", Cases::new(&universe), &begin)?,
            marks: Filed::new("marks", Marks::new(&universe), &begin)?,
            market: Filed::new("market", Market::new(&universe), &begin)?,
            accounts: Filed::new("accounts", Accounts::new(&universe), &begin)?,
            samples: Filed::new("samples", Samples::new(&universe), &begin)?,
            strategies: Filed::new("strategies", Strategies::new(&universe), &begin)?,
            universe,
            listed: Vec::new(),
            accounts_known: 0,
            failed: false,
        })
    }

    /// Takes in accounts and instruments that came; they must come before events that name them.
    ///
    /// Errors: the disk's; an instrument listed without having been named beforehand.
    pub fn learn(&mut self, news: &News) -> io::Result<()> {
        for spec in &news.instruments {
            self.universe.list(spec)?;
            self.listed.push(spec.clone());
        }
        for account in &news.accounts {
            self.universe.open(account.profile, account.owner);
            self.accounts.table.put(&self.universe, self.accounts_known, account);
            self.accounts_known += 1;
            let checked = self.accounts.check();
            self.note(checked)?;
        }
        Ok(())
    }

    /// Puts an event where it belongs.
    ///
    /// Errors: the disk's; from then on nothing more is written.
    #[inline]
    pub fn put(&mut self, event: &Event) -> io::Result<()> {
        self.universe.follow(&event.kind);
        let checked = match event.kind {
            EventKind::Trade { .. } => {
                self.trades.table.put(&self.universe, event);
                self.trades.check()
            }
            EventKind::Accepted { .. }
            | EventKind::Cancelled { .. }
            | EventKind::Rejected { .. }
            | EventKind::Replaced { .. }
            | EventKind::Triggered { .. }
            | EventKind::Refilled { .. } => {
                self.orders.table.put(&self.universe, event);
                self.orders.check()
            }
            EventKind::Mark { .. }
            | EventKind::Index { .. }
            | EventKind::Band { .. }
            | EventKind::Phase { .. } => {
                self.marks.table.put(&self.universe, event);
                self.marks.check()
            }
            EventKind::Case { .. } => {
                self.cases.table.put(&self.universe, event);
                self.cases.check()
            }
            _ => self.put_rare(event),
        };
        self.note(checked)
    }

    fn put_rare(&mut self, event: &Event) -> io::Result<()> {
        match event.kind {
            EventKind::Margin { .. }
            | EventKind::Auction { .. }
            | EventKind::Indicative { .. }
            | EventKind::Settled { .. }
            | EventKind::Listed { .. }
            | EventKind::Delisted { .. }
            | EventKind::Expired { .. }
            | EventKind::Busted { .. }
            | EventKind::Scheduled { .. }
            | EventKind::Terms { .. }
            | EventKind::InstrumentPermission { .. } => {
                self.market.table.put(&self.universe, &self.listed, event);
                self.market.check()
            }
            EventKind::Tier { .. }
            | EventKind::MarginCall { .. }
            | EventKind::Deposit { .. }
            | EventKind::Withdrawal { .. }
            | EventKind::Settlement { .. }
            | EventKind::Funding { .. }
            | EventKind::Fund { .. }
            | EventKind::Debt { .. }
            | EventKind::Deleveraged { .. }
            | EventKind::TakenOver { .. }
            | EventKind::Socialised { .. }
            | EventKind::Reduced { .. }
            | EventKind::Restricted { .. }
            | EventKind::Unrestricted { .. }
            | EventKind::Opened { .. }
            | EventKind::Profile { .. }
            | EventKind::Leverage { .. }
            | EventKind::MarginMoved { .. }
            | EventKind::LargePosition { .. } => {
                self.risk.table.put(&self.universe, event);
                self.risk.check()
            }
            EventKind::Trade { .. }
            | EventKind::Accepted { .. }
            | EventKind::Cancelled { .. }
            | EventKind::Rejected { .. }
            | EventKind::Replaced { .. }
            | EventKind::Triggered { .. }
            | EventKind::Refilled { .. }
            | EventKind::Mark { .. }
            | EventKind::Index { .. }
            | EventKind::Band { .. }
            | EventKind::Phase { .. }
            | EventKind::Case { .. } => Ok(()),
        }
    }

    /// Puts the curves of a run that is over; those of an instrument that never came are left out.
    ///
    /// Errors: the disk's.
    pub fn curves(&mut self, curves: &Curves) -> io::Result<()> {
        for (instrument, samples) in &curves.markets {
            if !self.universe.knows(*instrument) {
                continue;
            }
            for sample in samples {
                self.samples.table.put(&self.universe, *instrument, sample);
                let checked = self.samples.check();
                self.note(checked)?;
            }
        }
        for (account, samples) in &curves.strategies {
            for sample in samples {
                self.strategies.table.put(*account, sample);
                let checked = self.strategies.check();
                self.note(checked)?;
            }
        }
        Ok(())
    }

    /// Remembers trouble.
    #[inline]
    fn note(&mut self, checked: io::Result<()>) -> io::Result<()> {
        self.failed |= checked.is_err();
        checked
    }

    /// Where the files are while they are written.
    fn paths(&self) -> [PathBuf; 9] {
        [
            self.trades.store.path(),
            self.orders.store.path(),
            self.risk.store.path(),
            self.cases.store.path(),
            self.marks.store.path(),
            self.market.store.path(),
            self.accounts.store.path(),
            self.samples.store.path(),
            self.strategies.store.path(),
        ]
    }

    /// Ends every file and gives it its name; after trouble they hold the whole batches that were written before it.
    ///
    /// Errors: the first trouble of the disk.
    pub fn finish(self) -> io::Result<()> {
        let failed = self.failed;
        [
            self.trades.finish(failed),
            self.orders.finish(failed),
            self.risk.finish(failed),
            self.cases.finish(failed),
            self.marks.finish(failed),
            self.market.finish(failed),
            self.accounts.finish(failed),
            self.samples.finish(failed),
            self.strategies.finish(failed),
        ]
        .into_iter()
        .collect()
    }

    /// Leaves nothing behind: the run did not begin.
    pub fn discard(self) {
        let paths = self.paths();
        drop(self);
        for path in paths {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Units of all columns, in words.
const UNITS: &str = "ts, deadline, at: nanoseconds since 1970-01-01 UTC; prices and money: currency; qty: as in orders; ids: numbers of accounts.arrow";
