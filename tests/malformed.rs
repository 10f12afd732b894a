//! Malformed configurations, commands and recordings: each file of tests/malformed is refused in one line, and nothing
//! is written.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use toml::Table;

/// A file, the line it goes wrong in (none where the whole file is meant), and what is said about it.
struct Case {
    file: String,
    line: Option<i64>,
    says: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/malformed")
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(folder().join("cases.toml")).expect("the list of cases");
    let list: Table = text.parse().expect("the list is TOML");
    let text = |case: &toml::Value, key: &str| case[key].as_str().expect("a string").to_owned();
    let case = |case: &toml::Value| Case {
        file: text(case, "file"),
        line: case.get("line").map(|line| line.as_integer().expect("a number")),
        says: text(case, "says"),
    };
    list["case"].as_array().expect("an array").iter().map(case).collect()
}

/// The command that meets a case, with outputs in `out`.
fn command(case: &Case, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.current_dir(folder());
    let file = case.file.as_str();
    let (config, commands) = match file.split_once('/').map(|(kind, _)| kind) {
        Some(format @ ("lobster" | "dbn")) => {
            command.args(["convert", format, file]).arg(out.join("out.jsonl"));
            return command;
        }
        Some("config") => (file, "nothing.jsonl"),
        _ => ("exchange.toml", file),
    };
    command.args(["replay", config, commands, "--events"]).arg(out.join("events.jsonl"));
    command.arg("--state").arg(out.join("state.json"));
    command.arg("--snapshot").arg(out.join("snapshot"));
    command
}

/// What is wrong with how the binary answers a case, if anything.
fn complaint(case: &Case, out: &Path) -> Option<String> {
    let output = command(case, out).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = case.line.map_or(String::new(), |line| format!("{line}:"));
    let place = format!("{}:{line} ", case.file);
    let left: Vec<_> = fs::read_dir(out).expect("the output folder").collect();
    let wrong = if output.status.code() != Some(2) {
        format!("ended with {:?}", output.status.code())
    } else if said.lines().count() != 1 || !said.ends_with('\n') {
        "is not one line".to_owned()
    } else if said.contains("panicked") {
        "panicked".to_owned()
    } else if !said.starts_with(&place) {
        format!("does not begin with {place:?}")
    } else if !said[place.len()..].contains(&case.says) {
        format!("does not say {:?}", case.says)
    } else if said.len() > 1500 {
        "is too long to read".to_owned()
    } else if !output.stdout.is_empty() || !left.is_empty() {
        format!("left {left:?} and {} bytes on stdout", output.stdout.len())
    } else {
        return None;
    };
    Some(format!("{} {wrong}: {said}", case.file))
}

#[test]
fn every_malformed_file_is_refused_in_one_line() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("malformed");
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&out).expect("an output folder");
    let met = |case: &Case| cfg!(feature = "dbn") || !case.file.starts_with("dbn/");
    let complaints: Vec<String> =
        cases().iter().filter(|case| met(case)).filter_map(|case| complaint(case, &out)).collect();
    assert!(complaints.is_empty(), "{} wrong:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn every_file_is_a_case() {
    let listed: BTreeSet<String> = cases().into_iter().map(|case| case.file).collect();
    let mut found = BTreeSet::new();
    for kind in ["config", "commands", "lobster", "dbn"] {
        for entry in fs::read_dir(folder().join(kind)).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            found.insert(format!("{kind}/{}", name.to_string_lossy()));
        }
    }
    assert_eq!(listed, found);
    assert!(listed.len() >= 60);
}

#[test]
fn the_sound_exchange_is_taken() {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(folder())
        .args(["replay", "exchange.toml", "nothing.jsonl", "--quiet"])
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
}
