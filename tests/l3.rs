//! Recorded markets through `convert`, an L3 file and a run: with nobody else in the market, what was recorded comes out.
//!
//! The data is not part of the repository; without it a test says so and passes.
#![cfg(feature = "arrow")]

mod recorded;
#[path = "recorded/shanghai.rs"]
mod shanghai;

use plimsoll_exchange::Exchange;
use plimsoll_sim::l3::Row;
use plimsoll_sim::l3::read::Recording;
use plimsoll_sim::{Ending, Outcome, Scenario, Stage, run};
use plimsoll_text::recorded::Action;
use plimsoll_types::{Event, EventKind, Money, OrderId};
use recorded::recorded;
use serde_json::Value;
use shanghai::{Fill, INPUTS, expected};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn out(name: &str) -> PathBuf {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("l3");
    fs::create_dir_all(&out).expect("a folder for the outputs");
    out.join(name)
}

fn plimsoll(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(arguments).output().expect("it runs")
}

/// Converts to an L3 file and gives the report.
fn convert(format: &str, input: &Path, output: &Path) -> Value {
    let (input, output) = (input.to_string_lossy(), output.to_string_lossy());
    let done = plimsoll(&["convert", format, &input, &output, "--json", "--quiet"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

/// Every row of a file.
fn rows(file: &Path) -> (Recording, Vec<Row>) {
    let mut recording = Recording::open(file).expect("an L3 file");
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    for at in 0..recording.batches() {
        recording.batch(at, &mut batch).expect("a whole batch");
        all.append(&mut batch);
    }
    assert_eq!(all.len() as u64, recording.rows());
    (recording, all)
}

/// A scenario in which a file's instruments are played alone.
fn scenario(file: &Path, more: &str) -> String {
    let recording = Recording::open(file).expect("an L3 file");
    let name = file.file_name().expect("a name").to_string_lossy();
    let mut text =
        format!("[simulation]\ntitle = \"x\"\nexchange = \"{name}\"\nsample = \"1s\"\n{more}\n");
    for symbol in recording.symbols() {
        text.push_str(&format!("[[flow]]\nsymbol = \"{symbol}\"\nl3 = {{ file = \"{name}\" }}\n"));
    }
    text
}

fn play(file: &Path, stage: &mut dyn Stage) -> Outcome {
    let place = out("scenario.toml");
    let scenario = Scenario::read(&place.to_string_lossy(), &scenario(file, "")).expect("good");
    let outcome = run(&scenario, 1, stage).expect("runs");
    assert_eq!(outcome.ending, Ending::Complete);
    assert_eq!(outcome.imbalance, Money::ZERO);
    outcome
}

/// A stage that keeps fills, and the numbers of orders in the order in which they were accepted.
#[derive(Default)]
struct Kept {
    accepted: Vec<u64>,
    fills: Vec<(String, EventKind)>,
}

impl Stage for Kept {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        for event in events {
            match event.kind {
                EventKind::Accepted { id: OrderId::Number(number), .. } => {
                    self.accepted.push(number);
                }
                EventKind::Trade { instrument, .. } => {
                    let symbol = exchange.spec().instruments[instrument.index()].symbol;
                    self.fills.push((symbol.to_string(), event.kind.clone()));
                }
                EventKind::Rejected { .. } => panic!("{event:?}"),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Kept {
    /// The fills, orders by their numbers at the venue.
    fn fills(&self, rows: &[Row]) -> BTreeMap<String, Vec<Fill>> {
        let entering = rows.iter().filter(|row| matches!(row.action, Action::Add | Action::Take));
        let ids: Vec<u64> = entering.map(|row| row.order.expect("an order")).collect();
        assert_eq!(ids.len(), self.accepted.len());
        let ids: HashMap<u64, u64> = self.accepted.iter().copied().zip(ids).collect();
        let id = |id: &OrderId| match id {
            OrderId::Number(number) => ids[number].to_string(),
            other => panic!("{other}"),
        };
        let mut fills = BTreeMap::<String, Vec<Fill>>::new();
        for (symbol, kind) in &self.fills {
            fills.entry(symbol.clone()).or_default().extend(Fill::of(kind, id));
        }
        fills
    }
}

#[test]
fn a_day_played_alone_gives_the_exchanges_fills_in_order() {
    let Some(input) = recorded(INPUTS) else { return };
    let file = out("day.l3");
    convert("csv", &input, &file);
    let (recording, rows) = rows(&file);
    assert_eq!(recording.symbols().len(), 3);
    let mut kept = Kept::default();
    let outcome = play(&file, &mut kept);
    let expected = expected(&input);
    let actual = kept.fills(&rows);
    for (symbol, expected) in &expected {
        let differs = expected.iter().zip(&actual[symbol]).position(|((_, a), b)| a != b);
        assert_eq!(differs, None, "the first fill of {symbol} that differs");
        assert_eq!(actual[symbol].len(), expected.len(), "fills of {symbol}");
    }
    let replayed = outcome.recorded.expect("a recording");
    assert_eq!(replayed.rows, recording.rows());
    let gone = (replayed.cancels_gone, replayed.rejected, replayed.executions);
    assert_eq!(gone, (0, 0, 0), "inputs name takers, no executions");
    assert!(replayed.drift.samples > 500, "{:?}", replayed.drift);
    assert_eq!((replayed.drift.apart, replayed.drift.ticks_max), (0, 0));
}

/// Plays a scenario's text through the command line; its summary and its events.
fn simulate(name: &str, text: &str) -> (Value, String) {
    let (file, folder) = (out(&format!("{name}.toml")), out(name));
    fs::write(&file, text).expect("written");
    let (file, folder) = (file.to_string_lossy(), folder.to_string_lossy());
    let tables = ["--tables", "none", "--json", "--quiet"];
    let done = plimsoll(&[&["simulate", &*file, "--out", &*folder], &tables[..]].concat());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let summary: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!((&summary["conservation"], &summary["complete"]), (&"0".into(), &true.into()));
    (summary, fs::read_to_string(out(name).join("events.jsonl")).expect("events"))
}

#[test]
fn the_command_line_gives_the_recorded_fills_and_drifts_with_orders_of_ones_own_only() {
    let Some(input) = recorded(INPUTS) else { return };
    let file = out("alone.l3");
    convert("csv", &input, &file);
    let (summary, events) = simulate("alone", &scenario(&file, ""));
    let mut fills = BTreeMap::<String, Vec<(String, String, i64, u64)>>::new();
    for line in events.lines().filter(|line| line.contains("\"event\":\"trade\"")) {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let word = |key: &str| event[key].as_str().expect("a word").to_owned();
        let taker = if word("side") == "buy" { "B" } else { "S" };
        let (kind, taker) =
            if word("kind") == "auction" { ("auction", "-") } else { ("cont", taker) };
        let cents = (word("price").parse::<f64>().expect("a price") * 100.0).round() as i64;
        let qty = word("qty").parse().expect("shares");
        let fill = (kind.to_owned(), taker.to_owned(), cents, qty);
        fills.entry(word("symbol")).or_default().push(fill);
    }
    let expected: BTreeMap<String, Vec<_>> = expected(&input)
        .into_iter()
        .map(|(symbol, fills)| {
            let fills = fills.into_iter().map(|(_, f)| (f.kind, f.taker, f.cents, f.qty));
            (symbol, fills.collect())
        })
        .collect();
    assert!(fills == expected, "{} trades", summary["trades"]);
    let drift = |summary: &Value, key: &str| summary["recorded"][key].as_u64().expect("a number");
    assert!(drift(&summary, "drift_samples") > 500);
    assert_eq!((drift(&summary, "drift_samples_apart"), drift(&summary, "cancels_gone")), (0, 0));
    // Somebody buys a part of what stands there an hour after the first order.
    let symbol = expected.keys().next().expect("a stock");
    let own = format!(
        "[[at]]\nafter = \"1h\"\ncmd = \"open_account\"\naccount = \"own\"\nprofile = \"unlimited\"\n\
         [[at]]\nafter = \"1h\"\ncmd = \"order\"\naccount = \"own\"\nid = \"o1\"\nsymbol = \"{symbol}\"\n\
         side = \"buy\"\ntype = \"market\"\nqty = \"20000\"\n"
    );
    let (summary, events) = simulate("with-own", &(scenario(&file, "") + &own));
    assert!(events.contains("\"taker\":\"own\""));
    assert!(drift(&summary, "drift_samples_apart") > 0 && drift(&summary, "drift_lots_max") > 0);
}

#[test]
fn every_execution_that_convert_reproduces_meets_its_order_again() {
    let lobster = "lobster/AAPL_2012-06-21_34200000_57600000_message_10.csv";
    let dbn = "cme_mbo/esh4-glbx-mdp3-20231225.mbo.dbn.zst";
    for (format, input, all) in [("lobster", lobster, 98), ("dbn", dbn, 6230)] {
        let Some(input) = recorded(input) else { continue };
        let file = out(&format!("{format}.l3"));
        let report = convert(format, &input, &file);
        assert_eq!(report["executions"]["reproduced"], all, "{format}");
        let (recording, rows) = rows(&file);
        let executions = rows.iter().filter(|row| row.action == Action::Execute).count() as u64;
        // The rest are parts of executions that an iceberg or an order without a name stands for.
        assert!(executions >= all, "{format}: {executions}");
        let replayed = play(&file, &mut Kept::default()).recorded.expect("a recording");
        assert_eq!(replayed.rows, recording.rows(), "{format}");
        let met = (replayed.executions, replayed.executions_met, replayed.lots_missed);
        assert_eq!(met, (executions, executions, 0), "{format}: {replayed:?}");
        let gone = (replayed.cancels_gone, replayed.rejected, replayed.lots_met_others);
        assert_eq!(gone, (0, 0, 0), "{format}: {replayed:?}");
        assert_eq!((replayed.drift.apart, replayed.drift.samples > 0), (0, true), "{format}");
    }
}

#[test]
fn a_file_that_is_none_is_one_line_and_exit_2() {
    let Some(input) = recorded(INPUTS) else { return };
    let (good, bad) = (out("good.l3"), out("bad.l3"));
    convert("csv", &input, &good);
    let text = scenario(&good, "").replace("good.l3", "bad.l3");
    fs::write(out("bad.toml"), text).expect("written");
    let bytes = fs::read(&good).expect("a file");
    let version = {
        // The version stands in the schema twice: before the batches and in the footer.
        let mut bytes = bytes.clone();
        let key = b"plimsoll.l3";
        let places: Vec<usize> =
            (0..bytes.len() - key.len()).filter(|at| bytes[*at..].starts_with(key)).collect();
        assert_eq!(places.len(), 2);
        bytes[places[1]] = b'q';
        bytes
    };
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 4;
    for (what, bytes, words) in [
        ("cut", bytes[..bytes.len() / 2].to_vec(), "expected an L3 file with its footer"),
        ("other", b"sym,seq,time,phase".to_vec(), "which begins with ARROW1"),
        ("empty", Vec::new(), "which begins with ARROW1"),
        ("version", version, "expected version 1 of the L3 format"),
        ("flipped", flipped, "expected the bytes that were written"),
    ] {
        fs::write(&bad, bytes).expect("written");
        let (place, to) = (out("bad.toml"), out("never"));
        let done = plimsoll(&[
            "simulate",
            &place.to_string_lossy(),
            "--out",
            &to.to_string_lossy(),
            "--quiet",
        ]);
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{what}: {error}");
        assert_eq!(error.lines().count(), 1, "{what}: {error}");
        assert!(error.contains("bad.l3") && error.contains(words), "{what}: {error}");
    }
}
