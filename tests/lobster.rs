//! 49 recorded seconds of Nasdaq in LOBSTER's format: every visible execution at the front of our queue, and the book
//! of every row.
//!
//! The data is not part of the repository; without it the test says so and passes.

mod recorded;

use plimsoll_exchange::Exchange;
use plimsoll_text::lobster::Recording;
use plimsoll_text::recorded::ToldBy;
use plimsoll_text::{Line, read_config};
use plimsoll_types::{EventKind, InstrumentId, OrderId, Side};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MESSAGES: &str = "AAPL_2012-06-21_34200000_57600000_message_10.csv";
const BOOK: &str = "AAPL_2012-06-21_34200000_57600000_orderbook_10.csv";

/// The folder of the recording, if it is here.
fn folder() -> Option<PathBuf> {
    let file = recorded::recorded(&format!("lobster/{MESSAGES}"))?;
    file.parent().map(Path::to_owned)
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("the recording is readable")
}

/// A side of a row of the book file: prices in cents and quantities, from the best.
fn levels(row: &str, side: Side) -> Vec<(i64, u64)> {
    let cells: Vec<i64> = row.split(',').map(|cell| cell.parse().expect("a number")).collect();
    let at = if side == Side::Buy { 2 } else { 0 };
    cells.chunks(4).map(|level| (level[at] / 100, level[at + 1].unsigned_abs())).collect()
}

fn depth(exchange: &Exchange, side: Side) -> Vec<(i64, u64)> {
    let mut levels = Vec::new();
    let each = &mut |price: plimsoll_types::Price, qty: plimsoll_types::Qty| {
        levels.push((price.ticks(), qty.lots()));
    };
    exchange.depth(InstrumentId(0), side, 10, each);
    levels
}

/// A visible execution or a trade: resting order, price in cents, quantity.
type Fill = (String, i64, u64);

/// The executions that the messages tell.
fn executions(messages: &str) -> Vec<Fill> {
    let rows = messages.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let number = |text: &str| text.parse::<i64>().expect("a number");
    rows.filter(|row| row[1] == "4")
        .map(|row| (row[2].to_owned(), number(row[4]) / 100, number(row[3]).unsigned_abs()))
        .collect()
}

#[test]
fn every_row_of_the_book_and_every_visible_execution_are_the_venues() {
    let Some(folder) = folder() else { return };
    let (messages, book) = (text(&folder, MESSAGES), text(&folder, BOOK));
    let recording = Recording::read((MESSAGES, &messages), Some((BOOK, &book))).expect("good");
    assert_eq!(recording.messages(), 999);
    let spec = read_config("aapl.toml", &recording.config()).expect("a good configuration");
    let (mut exchange, mut events, mut trades) = (Exchange::new(spec), Vec::new(), Vec::new());
    let mut told = [0; 3];
    for (step, row) in recording.convert().zip(book.lines()) {
        assert!(step.missed.is_empty(), "{:?}", step.missed);
        for command in &step.commands {
            let line =
                Line::read(command.line.trim_ascii_end(), exchange.spec()).expect("a good line");
            line.carry_out(&mut exchange, &mut events);
        }
        for event in events.drain(..) {
            match event.kind {
                EventKind::Trade { maker_id: OrderId::Client(id), price, qty, .. } => {
                    trades.push((id.to_string(), price.ticks(), qty.lots()));
                }
                EventKind::Rejected { .. } => panic!("{event:?}"),
                _ => {}
            }
        }
        let told_by = step.look.expect("a row").told_by;
        told[told_by as usize] += 1;
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(depth(&exchange, side), levels(row, side), "row {row}");
        }
    }
    assert_eq!(trades, executions(&messages));
    assert_eq!(trades.len(), 98);
    // Of 999 rows, 14 show a level of which no message had spoken: it had been beyond the ten levels of the file.
    assert_eq!(
        told,
        [985, 14, 0],
        "{:?} {:?} {:?}",
        ToldBy::Messages,
        ToldBy::Sight,
        ToldBy::Neither
    );
    assert_eq!(exchange.view().imbalance(), plimsoll_types::Money::ZERO);
}

#[test]
fn without_the_book_file_what_it_told_is_missed() {
    let Some(folder) = folder() else { return };
    let messages = text(&folder, MESSAGES);
    let recording = Recording::read((MESSAGES, &messages), None).expect("good");
    let mut conversion = recording.convert();
    let missed: usize = conversion.by_ref().map(|step| step.missed.len()).sum();
    // Four executions and five cancels are of orders that no message enters.
    assert_eq!((missed, conversion.tally().get("cancels_of_unknown_orders")), (4, 5));
    assert_eq!(conversion.tally().get("executions"), 98);
}

#[test]
fn convert_reports_what_replay_repeats() {
    let Some(folder) = folder() else { return };
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lobster");
    fs::create_dir_all(&out).expect("a folder for the outputs");
    let path = |name: &str| out.join(name).to_string_lossy().into_owned();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(arguments)
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let input = folder.join(MESSAGES).to_string_lossy().into_owned();
    let commands = path("aapl.jsonl");
    let report = run(&["convert", "lobster", &input, &commands, "--json", "--quiet"]);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["executions"]["recorded"], 98);
    assert_eq!(report["executions"]["reproduced"], 98);
    assert_eq!(report["executions"]["missed"], serde_json::json!([]));
    assert_eq!(report["book"]["agree"], 985);
    assert_eq!(report["book"]["agree_by_sight"], 14);
    assert_eq!(report["book"]["differ"], 0);
    assert_eq!(report["counts"]["hidden_executions"], 61);
    assert_eq!(report["counts"]["executions_of_placed_orders"], 4);
    let replay = run(&[
        "replay",
        &path("aapl.toml"),
        &commands,
        "--events",
        &path("events.jsonl"),
        "--json",
    ]);
    let replay: Value = serde_json::from_str(&replay).expect("JSON");
    assert_eq!((&replay["trades"], &replay["rejected"]), (&98.into(), &0.into()));
    assert_eq!(replay["commands"], report["commands"]);
}
