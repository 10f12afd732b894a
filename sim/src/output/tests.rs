//! Tables and lines say the same of every kind of event; a failing disk leaves whole files.

mod kinds;
#[cfg(feature = "parquet")]
mod parquet;
mod reading;

use super::*;
use crate::medium::{self, Medium};
use crate::run::Stage;
use crate::scenario::{BUILT_IN, Scenario};
use reading::{Folder, Table};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The built-in scenario, smaller and shorter.
fn small() -> Scenario {
    lasting("duration = \"2m\"")
}

fn lasting(duration: &str) -> Scenario {
    let changes = [
        ("accounts = 3000", "accounts = 150"),
        ("duration = \"20m\"", duration),
        ("initial = \"10000000\"", "initial = \"500000\""),
    ];
    let mut text = BUILT_IN.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the built-in scenario no longer holds {from}");
        text = text.replace(from, to);
    }
    Scenario::read("small.toml", &text).expect("good")
}

fn plan<'a>(folder: &'a Path, scenario: &'a Scenario) -> Plan<'a> {
    Plan {
        folder,
        events: EventsAs::Jsonl,
        tables: TablesAs::Arrow,
        scenario: &scenario.title,
        seed: 1,
        spec: &scenario.exchange,
        later: &[],
    }
}

struct Into(Output);

impl Stage for Into {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        self.0.push(exchange, events)
    }
}

fn carry_out(scenario: &Scenario, output: Output) -> Outcome {
    let mut stage = Into(output);
    let mut outcome = crate::run(scenario, 1, &mut stage).expect("the scenario runs");
    drop(stage.0.close(&mut outcome));
    outcome
}

#[test]
fn a_runs_tables_say_what_its_lines_say() {
    let folder = Folder::new("agree");
    let scenario = lasting("duration = \"8m\"");
    let outcome = carry_out(&scenario, Output::create(&plan(&folder.0, &scenario)).expect("made"));
    assert_eq!(outcome.ending, Ending::Complete);
    let counts = reading::compare(&folder.0);
    assert_eq!(counts.values().sum::<u64>(), outcome.events);
    for kind in ["trade", "accepted", "cancelled", "mark", "tier", "case", "deposit", "opened"] {
        assert!(counts.get(kind).is_some_and(|count| *count > 0), "no {kind}: {counts:?}");
    }
    let left: Vec<_> = std::fs::read_dir(&folder.0).expect("there").flatten().collect();
    assert!(left.iter().all(|file| !file.path().to_string_lossy().ends_with(".part")));
}

/// The built-in scenario, smaller and shorter, with a market maker in it.
fn with_a_maker() -> Scenario {
    let text = BUILT_IN.replace("accounts = 3000", "accounts = 150");
    let text = text.replace("duration = \"20m\"", "duration = \"2m\"");
    let maker = "[[strategy]]\nkind = \"maker\"\naccount = \"own\"\nprofile = \"client\"\ndeposit = \"500000\"\nspread = 1\nlots = 3\nlimit = 30\n";
    Scenario::read("maker.toml", &(text + maker)).expect("good")
}

#[test]
fn the_curves_of_a_run_stand_in_tables() {
    let folder = Folder::new("curves");
    let scenario = with_a_maker();
    let output = Output::create_with(&plan(&folder.0, &scenario), &medium::file, 50);
    let outcome = carry_out(&scenario, output.expect("made"));
    assert_eq!(outcome.ending, Ending::Complete);
    // Two places of money, one of prices: tick 0.2.
    let money = |money: plimsoll_types::Money| money.units() as f64 / 100.0;
    let number = |value: &serde_json::Value| {
        value.as_str().and_then(|text| text.parse::<f64>().ok()).expect("a decimal")
    };
    let rows = reading::curves(&folder.0, "samples");
    assert!(rows.len() >= 120 && rows.len() == outcome.samples.len());
    for (row, sample) in rows.iter().zip(&outcome.samples) {
        assert_eq!((&row["ts"], &row["symbol"]), (&sample.ts.into(), &"IX".into()));
        assert!((number(&row["mark"]) - sample.mark.ticks() as f64 * 0.2).abs() < 1e-6);
        assert_eq!(row.contains_key("bid"), sample.bid.is_some());
        assert_eq!(number(&row["bid_depth"]), sample.bid_depth as f64);
        assert_eq!(number(&row["fund"]), money(sample.fund));
    }
    let rows = reading::curves(&folder.0, "strategies");
    let own = &outcome.strategies[0];
    assert!(rows.len() >= 120 && rows.len() == own.samples.len());
    assert!(own.samples.iter().any(|sample| sample.lots != 0), "it trades");
    for (row, sample) in rows.iter().zip(&own.samples) {
        assert_eq!((&row["ts"], &row["account"]), (&sample.ts.into(), &own.account.0.into()));
        assert_eq!(
            (&row["lots"], number(&row["equity"])),
            (&sample.lots.into(), money(sample.equity))
        );
        assert_eq!(
            row.get("distance_ticks"),
            sample.distance.map(serde_json::Value::from).as_ref()
        );
    }
}

#[test]
fn every_kind_of_event_has_its_columns() {
    let folder = Folder::new("kinds");
    let scenario = kinds::scenario();
    let (exchange, later, events) = kinds::events(&scenario);
    let plan = Plan { later: &later, ..plan(&folder.0, &scenario) };
    let mut output = Output::create(&plan).expect("made");
    output.push(&exchange, &events).expect("written");
    let (written, result) = output.finish().expect("there were files");
    assert_eq!((written, result.is_ok()), (events.len() as u64, true));
    let counts = reading::compare(&folder.0);
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for event in &events {
        *expected.entry(kinds::word(&event.kind).to_owned()).or_default() += 1;
    }
    assert_eq!(counts, expected);
    assert_eq!(expected.len(), kinds::KINDS);
}

/// A file whose disk fails once so many writes have been made, or for good.
struct Failing {
    file: Box<dyn Medium>,
    left: Arc<AtomicU64>,
    for_good: bool,
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 1 || (left == 0 && self.for_good) {
            self.left.store(0, Ordering::Relaxed);
            // Half of it gets there, as on a disk that fills up.
            let _ = self.file.write(&bytes[..bytes.len() / 2]);
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the disk is full"));
        }
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Medium for Failing {
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }
}

fn fail_at(
    write: u64,
    for_good: bool,
) -> (Arc<AtomicU64>, impl Fn(&Path) -> io::Result<Box<dyn Medium>>) {
    let left = Arc::new(AtomicU64::new(write));
    let make = {
        let left = Arc::clone(&left);
        move |path: &Path| -> io::Result<Box<dyn Medium>> {
            let file = medium::file(path)?;
            Ok(Box::new(Failing { file, left: Arc::clone(&left), for_good }))
        }
    };
    (left, make)
}

#[test]
fn a_disk_that_fails_leaves_whole_files() {
    let scenario = small();
    let whole = Folder::new("whole");
    let plan_whole = plan(&whole.0, &scenario);
    let (left, make) = fail_at(u64::MAX, false);
    let output = Output::create_with(&plan_whole, &make, 256).expect("made");
    let began = u64::MAX - left.load(Ordering::Relaxed);
    carry_out(&scenario, output);
    let writes = u64::MAX - left.load(Ordering::Relaxed);
    let lines = std::fs::read(whole.0.join("events.jsonl")).expect("there");
    let tables = reading::tables(&whole.0);
    for step in 1..=16 {
        let write = began + (writes - began) * step / 16;
        let folder = Folder::new(&format!("full-{step}"));
        let plan = plan(&folder.0, &scenario);
        let (_, make) = fail_at(write, false);
        let output = Output::create_with(&plan, &make, 256).expect("made");
        let outcome = carry_out(&scenario, output);
        assert_eq!(outcome.ending, Ending::Failed("the disk is full".to_owned()), "write {write}");
        let kept = std::fs::read(folder.0.join("events.jsonl")).expect("there");
        assert!(lines.starts_with(&kept) && kept.last().is_none_or(|last| *last == b'\n'));
        let kept_lines = kept.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(outcome.events, kept_lines, "write {write}");
        for (name, table) in reading::tables(&folder.0) {
            assert!(tables[&name].begins_with(&table), "{name} after write {write}");
        }
    }
}

#[test]
fn a_disk_that_fails_for_good_leaves_readable_parts() {
    let scenario = small();
    let folder = Folder::new("gone");
    let plan = plan(&folder.0, &scenario);
    let (_, make) = fail_at(400, true);
    let output = Output::create_with(&plan, &make, 256).expect("made");
    let outcome = carry_out(&scenario, output);
    assert_eq!(outcome.ending, Ending::Failed("the disk is full".to_owned()));
    // Without its footer a file is what a kill leaves: a stream behind eight bytes.
    let rows: usize = reading::parts(&folder.0).iter().map(Table::rows).sum();
    assert!(rows > 0);
}

#[test]
fn a_run_that_does_not_begin_leaves_nothing() {
    let scenario = small();
    let folder = Folder::new("nothing");
    Output::create(&plan(&folder.0, &scenario)).expect("made").discard();
    let (_, make) = fail_at(12, false);
    assert!(Output::create_with(&plan(&folder.0, &scenario), &make, 256).is_err());
    let left: Vec<PathBuf> =
        std::fs::read_dir(&folder.0).expect("there").flatten().map(|file| file.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn nothing_asked_for_is_nothing_written() {
    let scenario = small();
    let folder = Folder::new("none");
    let plan =
        Plan { events: EventsAs::Nothing, tables: TablesAs::Nothing, ..plan(&folder.0, &scenario) };
    let outcome = carry_out(&scenario, Output::create(&plan).expect("made"));
    assert_eq!(outcome.ending, Ending::Complete);
    assert_eq!(std::fs::read_dir(&folder.0).expect("there").count(), 0);
}
