//! Recorded E-mini S&P futures of CME, order by order in Databento's format: how many of the venue's executions come
//! out of our queue, the opening auction among them, and the book that is left.
//!
//! The data is not part of the repository; without it the test says so and passes.
#![cfg(feature = "dbn")]

mod recorded;

use plimsoll_text::dbn::Recording;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SNAPSHOT: &str = "esh4-glbx-mdp3-20231224.mbo.dbn.zst";
const HOUR: &str = "esh4-glbx-mdp3-20231225.mbo.dbn.zst";

/// The folder of the recording, if it is here.
fn folder() -> Option<PathBuf> {
    let file = recorded::recorded(&format!("cme_mbo/{HOUR}"))?;
    file.parent().map(Path::to_owned)
}

fn out(name: &str) -> String {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dbn");
    fs::create_dir_all(&out).expect("a folder for the outputs");
    out.join(name).to_string_lossy().into_owned()
}

fn run(arguments: &[&str]) -> Value {
    let output =
        Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn convert(folder: &Path, file: &str, name: &str) -> Value {
    let input = folder.join(file).to_string_lossy().into_owned();
    run(&["convert", "dbn", &input, &out(name), "--json", "--quiet"])
}

#[test]
fn all_executions_but_icebergs_and_unseen_orders_come_from_the_front_of_our_queue() {
    let Some(folder) = folder() else { return };
    let report = convert(&folder, HOUR, "hour.jsonl");
    assert_eq!(report["records"], 68_792);
    assert_eq!(report["instruments"], json!(["ESH4"]));
    let executions = &report["executions"];
    assert_eq!((&executions["recorded"], &executions["reproduced"]), (&6264.into(), &6230.into()));
    let missed: Vec<(&str, u64)> = executions["missed"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|miss| {
            (miss["reason"].as_str().expect("text"), miss["count"].as_u64().expect("a count"))
        })
        .collect();
    // Seven orders of the opening never stood in the book; 27 executions took more than an iceberg showed.
    assert_eq!(missed, [("unknown_order", 7), ("hidden_quantity", 27)]);
    assert_eq!(
        report["book"],
        json!({ "agree": 47_022, "agree_by_sight": 0, "contradictions": 0, "differ": 0 })
    );
    assert_eq!((&report["rejected"], &report["unrecorded_trades"]), (&0.into(), &0.into()));
    for (what, count) in [
        ("auctions", 1),
        ("auction_orders_without_price", 7),
        ("executions_after_self_match", 105),
        ("fills_of_takers", 107),
        ("fills_out_of_order", 41),
        ("peaks_shown", 110),
        ("snapshot_records", 8725),
        ("trades", 2973),
    ] {
        assert_eq!(report["counts"][what], count, "{what}");
    }
}

#[test]
fn replay_gives_the_recorded_volume_and_the_book_that_was_left() {
    let Some(folder) = folder() else { return };
    let report = convert(&folder, HOUR, "replayed.jsonl");
    let (events, state) = (out("events.jsonl"), out("state.json"));
    let (commands, config) = (out("replayed.jsonl"), out("replayed.toml"));
    let replay =
        run(&["replay", &config, &commands, "--events", &events, "--state", &state, "--json"]);
    assert_eq!((&replay["rejected"], &replay["commands"]), (&0.into(), &report["commands"]));
    let events = fs::read_to_string(events).expect("events");
    let trades = events.lines().filter(|line| line.contains("\"event\":\"trade\""));
    let lots = trades.map(|line| {
        let event: Value = serde_json::from_str(line).expect("JSON");
        event["qty"].as_str().and_then(|qty| qty.parse::<u64>().ok()).expect("lots")
    });
    // The sizes of the 2,973 trade records.
    assert_eq!(lots.sum::<u64>(), 9_892);
    assert!(events.contains(r#""event":"auction","symbol":"ESH4","price":"4800.25","qty":"44""#));
    let state: Value =
        serde_json::from_str(&fs::read_to_string(state).expect("state")).expect("JSON");
    // What the A, C and M records leave, added up by themselves: 11,217 orders.
    assert_eq!(state["accounts"]["market"]["orders"].as_array().map(Vec::len), Some(11_217));
    let book = &state["books"]["ESH4"];
    for (side, levels, lots) in BOOK_LEFT {
        let book: Vec<u64> = book[side]
            .as_array()
            .expect("levels")
            .iter()
            .map(|level| level[1].as_str().and_then(|qty| qty.parse().ok()).expect("lots"))
            .collect();
        assert_eq!((book.len(), book.iter().sum::<u64>()), (levels, lots), "{side}");
    }
}

/// Levels and lots of the book at the end, by side, as the records leave it.
const BOOK_LEFT: [(&str, usize, u64); 2] = [("bids", 922, 22_050), ("asks", 565, 20_110)];

#[test]
fn a_snapshot_is_the_book_it_shows() {
    let Some(folder) = folder() else { return };
    let report = convert(&folder, SNAPSHOT, "snapshot.jsonl");
    assert_eq!((&report["records"], &report["commands"]), (&8725.into(), &8725.into()));
    assert_eq!(report["book"]["agree"], 1);
    assert_eq!(report["executions"]["recorded"], 0);
}

#[test]
fn a_file_cut_short_is_refused_wherever_it_is_cut() {
    let Some(folder) = folder() else { return };
    let bytes = fs::read(folder.join(SNAPSHOT)).expect("the recording is readable");
    for cut in (1..bytes.len()).step_by(997) {
        let error = Recording::read("x", &bytes[..cut]).expect_err("cut").to_string();
        assert!(error.starts_with("x:") && error.lines().count() == 1, "{cut}: {error}");
    }
}
