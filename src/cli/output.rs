//! What a run leaves of its events, as the command line asks for it.

use super::Failure;
use plimsoll_sim::Scenario;
use plimsoll_sim::output::{EventsAs, Output, Plan, TablesAs};
use plimsoll_types::InstrumentSpec;
use std::path::Path;

/// What a run leaves of its events.
#[derive(clap::Args)]
pub struct Record {
    /// Events as text, which `audit` reads
    #[arg(long, value_enum, default_value_t = Events::Jsonl, value_name = "FORMAT")]
    events: Events,
    /// Events as tables: trades, orders, risk, cases, marks, market, accounts (see docs/RESULTS.md)
    #[arg(long, value_enum, default_value_t = TABLES, value_name = "FORMAT")]
    tables: Tables,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Events {
    /// One JSON object a line
    Jsonl,
    /// Not at all
    None,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Tables {
    /// Arrow IPC files, which polars, pandas and DuckDB read
    #[cfg(feature = "arrow")]
    Arrow,
    /// Parquet files
    #[cfg(feature = "parquet")]
    Parquet,
    /// Not at all
    None,
}

#[cfg(feature = "arrow")]
const TABLES: Tables = Tables::Arrow;
#[cfg(not(feature = "arrow"))]
const TABLES: Tables = Tables::None;

impl Record {
    /// Whether there will be an events.jsonl.
    pub fn lines(&self) -> bool {
        self.events == Events::Jsonl
    }

    /// Begins the files of a run in a folder.
    pub fn begin(&self, folder: &Path, scenario: &Scenario, seed: u64) -> Result<Output, Failure> {
        let events = match self.events {
            Events::Jsonl => EventsAs::Jsonl,
            Events::None => EventsAs::Nothing,
        };
        let tables = match self.tables {
            #[cfg(feature = "arrow")]
            Tables::Arrow => TablesAs::Arrow,
            #[cfg(feature = "parquet")]
            Tables::Parquet => TablesAs::Parquet,
            Tables::None => TablesAs::Nothing,
        };
        let later: Vec<InstrumentSpec> = scenario.listings().cloned().collect();
        let (spec, scenario) = (&scenario.exchange, scenario.title.as_str());
        let plan = Plan { folder, events, tables, scenario, seed, spec, later: &later };
        Output::create(&plan).map_err(|error| {
            let folder = folder.display();
            Failure::input(format!("--out: expected a folder to write to, found {folder}: {error}"))
        })
    }
}
