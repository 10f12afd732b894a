//! `plimsoll convert itch` from a file on disk to commands, to an L3 file and through a run; a file cut short leaves nothing.

// The unit tests of the format write more kinds of messages than are needed here.
#[allow(dead_code)]
#[path = "../text/src/itch/tests/encoder.rs"]
mod encoder;

use encoder::Encoder;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("itch").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("made");
    folder
}

fn plimsoll(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_plimsoll");
    Command::new(program).current_dir(folder).args(arguments).output().expect("it starts")
}

fn json_of(done: &Output) -> Value {
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

/// Two executions at the front of the queue, one at a price of its own; a cut, a replace, a delete.
fn session() -> Vec<u8> {
    let mut day = Encoder::default();
    day.message(b'S', &[b"O"]).listed().state(b'T');
    day.add(1, b'B', 100, 100_0000).add_of_member(2, b'B', 50, 100_0000).add(3, b'S', 70, 100_0500);
    day.executed(1, 40).cancel(1, 20).replace(3, 4, 30, 100_0200);
    day.executed_at(4, 10, b'Y', 100_0200).delete(2);
    day.bytes
}

#[test]
fn a_session_becomes_commands_that_replay_to_its_executions() {
    let folder = folder("lines");
    fs::write(folder.join("day.itch"), session()).expect("written");
    let report =
        plimsoll(&folder, &["convert", "itch", "day.itch", "day.jsonl", "--json", "--quiet"]);
    let report = json_of(&report);
    let executions = &report["executions"];
    assert_eq!((&executions["recorded"], &executions["reproduced"]), (&2.into(), &2.into()));
    assert_eq!((&report["records"], &report["instruments"]), (&11.into(), &json!(["ACME"])));
    let commands = fs::read_to_string(folder.join("day.jsonl")).expect("commands");
    assert_eq!(report["commands"], commands.lines().count());
    let arguments = ["replay", "day.toml", "day.jsonl", "--state", "s.json", "--events", "e.jsonl"];
    let replay = json_of(&plimsoll(&folder, &[&arguments[..], &["--json"]].concat()));
    assert_eq!((&replay["trades"], &replay["rejected"]), (&2.into(), &0.into()));
    let state = fs::read_to_string(folder.join("s.json")).expect("a state");
    let state: Value = serde_json::from_str(&state).expect("JSON");
    let book = &state["books"]["ACME"];
    assert_eq!(
        (&book["bids"], &book["asks"]),
        (&json!([["100", "40"]]), &json!([["100.02", "20"]]))
    );
}

#[cfg(feature = "arrow")]
#[test]
fn a_session_becomes_an_l3_file_that_a_run_plays() {
    use plimsoll_sim::l3::read::Recording;
    use plimsoll_text::recorded::Action;
    let folder = folder("l3");
    fs::write(folder.join("day.itch"), session()).expect("written");
    let report = plimsoll(&folder, &["convert", "itch", "day.itch", "day.l3", "--json", "--quiet"]);
    assert_eq!(json_of(&report)["executions"]["reproduced"], 2);
    let mut recording = Recording::open(&folder.join("day.l3")).expect("an L3 file");
    let mut rows = Vec::new();
    recording.batch(0, &mut rows).expect("a batch");
    let executions = rows.iter().filter(|row| row.action == Action::Execute);
    assert_eq!(executions.count(), 2, "{rows:?}");
    assert_eq!(rows.len() as u64, recording.rows());
    fs::write(
        folder.join("run.toml"),
        "[simulation]\ntitle = \"x\"\nexchange = \"day.l3\"\nsample = \"10ms\"\n[flow]\nl3 = { file = \"day.l3\" }\n",
    )
    .expect("written");
    let run = plimsoll(&folder, &["simulate", "run.toml", "--out", "out", "--json", "--quiet"]);
    let summary = json_of(&run);
    let recorded = &summary["recorded"];
    assert_eq!((&summary["trades"], &recorded["executions"]), (&2.into(), &2.into()));
    assert_eq!((&recorded["executions_missed"], &recorded["rejected"]), (&0.into(), &0.into()));
}

#[test]
fn a_file_cut_in_the_middle_is_one_line_and_leaves_nothing() {
    let folder = folder("cut");
    let bytes = session();
    // Inside the execution of order 1: orders have been converted by then.
    let cut = bytes.len() * 6 / 10;
    fs::write(folder.join("day.itch"), &bytes[..cut]).expect("written");
    for output in ["day.jsonl", "day.l3"] {
        let done = plimsoll(&folder, &["convert", "itch", "day.itch", output]);
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains("day.itch: byte ") && error.contains("cut short"), "{error}");
        let left: Vec<_> = fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(left, ["day.itch"], "{output}");
    }
    // What an earlier conversion left is not touched either.
    fs::write(folder.join("day.jsonl"), "mine").expect("written");
    let done = plimsoll(&folder, &["convert", "itch", "day.itch", "day.jsonl", "--quiet"]);
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(fs::read_to_string(folder.join("day.jsonl")).expect("still there"), "mine");
}
