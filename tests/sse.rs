//! A day of Shanghai order-by-order data against the exchange's own fills: every fill, in order, identical.
//!
//! The data is not part of the repository; without it the test says so and passes.

use flate2::read::GzDecoder;
use plimsoll_exchange::Exchange;
use plimsoll_text::sse::Recording;
use plimsoll_text::{Line, read_config};
use plimsoll_types::{EventKind, OrderId, Side, TradeKind};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fill: the input that caused it, its kind, both orders, the taker's side, price in cents and quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fill {
    after_seq: u64,
    kind: String,
    buy: String,
    sell: String,
    taker: String,
    cents: i64,
    qty: u64,
}

/// Fills by stock.
type Fills = BTreeMap<String, Vec<Fill>>;

/// The folder of the recording, or `None` and a line that says what is missing.
fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("PLIMSOLL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("data/sse_l3");
    if folder.join("inputs.csv.gz").is_file() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED: no recorded data in {}; set PLIMSOLL_SHARED to where data/sse_l3 is",
        folder.display()
    );
    None
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    let file = File::open(path).expect("the recording is readable");
    GzDecoder::new(file).read_to_string(&mut text).expect("the recording is gzip");
    text
}

fn expected(folder: &Path) -> Fills {
    let mut fills = Fills::new();
    for line in unpacked(&folder.join("expected_fills.csv.gz")).lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let [symbol, after_seq, _time, kind, buy, sell, taker, cents, qty] = columns[..] else {
            panic!("9 columns: {line}");
        };
        fills.entry(symbol.to_owned()).or_default().push(Fill {
            after_seq: after_seq.parse().expect("a number"),
            kind: kind.to_owned(),
            buy: buy.to_owned(),
            sell: sell.to_owned(),
            taker: taker.to_owned(),
            cents: cents.parse().expect("a number"),
            qty: qty.parse().expect("a number"),
        });
    }
    fills
}

fn fill(after_seq: u64, event: &EventKind) -> Option<Fill> {
    let EventKind::Trade { price, qty, maker_id, taker_id, side, kind, .. } = event else {
        return None;
    };
    let (buy, sell) = match side {
        Side::Buy => (taker_id, maker_id),
        Side::Sell => (maker_id, taker_id),
    };
    let (kind, taker) = match (kind, side) {
        (TradeKind::Auction, _) => ("auction", "-"),
        (_, Side::Buy) => ("cont", "B"),
        (_, Side::Sell) => ("cont", "S"),
    };
    let id = OrderId::to_string;
    Some(Fill {
        after_seq,
        kind: kind.to_owned(),
        buy: id(buy),
        sell: id(sell),
        taker: taker.to_owned(),
        cents: price.ticks(),
        qty: qty.lots(),
    })
}

fn actual(recording: &Recording) -> Fills {
    let spec = read_config("day.toml", &recording.config()).expect("a good configuration");
    let mut exchange = Exchange::new(spec);
    let (mut fills, mut events) = (Fills::new(), Vec::new());
    for command in recording.commands() {
        let line = Line::read(command.line.trim_ascii_end(), exchange.spec()).expect("a good line");
        events.clear();
        line.carry_out(&mut exchange, &mut events);
        let of_stock = fills.entry(command.symbol.to_string()).or_default();
        for event in &events {
            let refused = matches!(event.kind, EventKind::Rejected { .. });
            assert!(!refused, "{event:?} for {}", String::from_utf8_lossy(&command.line));
            of_stock.extend(fill(command.seq.unwrap_or(0), &event.kind));
        }
    }
    assert_eq!(exchange.view().imbalance(), plimsoll_types::Money::ZERO);
    fills
}

#[test]
fn every_fill_of_the_day_is_the_exchanges() {
    let Some(folder) = folder() else { return };
    let text = unpacked(&folder.join("inputs.csv.gz"));
    let recording = Recording::read("inputs.csv", &text).expect("a good recording");
    assert_eq!(recording.inputs(), 95_329);
    let (expected, actual) = (expected(&folder), actual(&recording));
    assert_eq!(expected.values().map(Vec::len).sum::<usize>(), 51_303);
    for (symbol, expected) in &expected {
        let actual = &actual[symbol];
        for (n, (expected, actual)) in expected.iter().zip(actual).enumerate() {
            assert_eq!(actual, expected, "fill {n} of {symbol}");
        }
        assert_eq!(actual.len(), expected.len(), "fills of {symbol}");
    }
}

#[test]
fn convert_and_replay_give_the_same_number_of_fills() {
    let Some(folder) = folder() else { return };
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sse");
    fs::create_dir_all(&out).expect("a folder for the outputs");
    let path = |name: &str| out.join(name).to_string_lossy().into_owned();
    let input = folder.join("inputs.csv.gz").to_string_lossy().into_owned();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(arguments)
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let (commands, config, events) = (path("day.jsonl"), path("day.toml"), path("events.jsonl"));
    run(&["convert", "csv", &input, &commands]);
    run(&["replay", &config, &commands, "--events", &events]);
    let events = fs::read_to_string(&events).expect("events");
    assert_eq!(events.matches("\"event\":\"trade\"").count(), 51_303);
    assert_eq!(events.matches("\"event\":\"rejected\"").count(), 0);
}
