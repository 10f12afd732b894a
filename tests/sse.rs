//! A day of Shanghai order-by-order data against the exchange's own fills: every fill, in order, identical.
//!
//! The data is not part of the repository; without it the test says so and passes.

mod recorded;
#[path = "recorded/shanghai.rs"]
mod shanghai;

use plimsoll_exchange::Exchange;
use plimsoll_text::sse::Recording;
use plimsoll_text::{Line, read_config};
use plimsoll_types::{EventKind, OrderId};
use recorded::recorded;
use shanghai::{Fill, INPUTS, expected, unpacked};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Fills by stock, each behind the number of the input that caused it.
type Fills = BTreeMap<String, Vec<(u64, Fill)>>;

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
            let fill = Fill::of(&event.kind, OrderId::to_string);
            of_stock.extend(fill.map(|fill| (command.seq.unwrap_or(0), fill)));
        }
    }
    assert_eq!(exchange.view().imbalance(), plimsoll_types::Money::ZERO);
    fills
}

#[test]
fn every_fill_of_the_day_is_the_exchanges() {
    let Some(inputs) = recorded(INPUTS) else { return };
    let text = unpacked(&inputs);
    let recording = Recording::read("inputs.csv", &text).expect("a good recording");
    assert_eq!(recording.inputs(), 95_329);
    let (expected, actual) = (expected(&inputs), actual(&recording));
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
    let Some(inputs) = recorded(INPUTS) else { return };
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sse");
    fs::create_dir_all(&out).expect("a folder for the outputs");
    let path = |name: &str| out.join(name).to_string_lossy().into_owned();
    let input = inputs.to_string_lossy().into_owned();
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
