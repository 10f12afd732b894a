//! The risk profiles of examples/profiles: each is taken, and its story happens as its events file says.
//!
//! `PLIMSOLL_BLESS=1 cargo test --test profiles` writes the events the engine gives now; read the difference before keeping it.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/profiles")
}

/// The events of a profile's story.
fn play(name: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(folder())
        .args(["replay", &format!("{name}.toml"), &format!("{name}.jsonl"), "--quiet"])
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The tiers a story comes to, in turn, and the states its cases pass through.
fn told(events: &str) -> (Vec<String>, BTreeSet<String>) {
    let (mut tiers, mut states) = (Vec::new(), BTreeSet::new());
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let word = |key: &str| event[key].as_str().expect("a word").to_owned();
        match word("event").as_str() {
            "tier" => tiers.push(word("to")),
            "case" => drop(states.insert(word("state"))),
            _ => {}
        }
    }
    (tiers, states)
}

/// Plays a story and holds it against its file; the tiers it comes to first are those in `tiers`.
fn check(name: &str, tiers: &[&str]) {
    let events = play(name);
    let (reached, states) = told(&events);
    assert_eq!(reached[..tiers.len()], *tiers, "{name}");
    assert!(states.contains("triggered"), "{name}: {states:?}");
    assert!(["restored", "waterfall", "closed"].iter().any(|end| states.contains(*end)), "{name}");
    let file = folder().join(format!("{name}.events.jsonl"));
    if std::env::var("PLIMSOLL_BLESS").is_ok() {
        return fs::write(file, events).expect("a file");
    }
    let golden = fs::read_to_string(file).expect("the story's events");
    for (number, (now, before)) in events.lines().zip(golden.lines()).enumerate() {
        assert_eq!(now, before, "{name}.events.jsonl, line {}", number + 1);
    }
    assert_eq!(events, golden, "{name}.events.jsonl ends otherwise");
}

#[test]
fn a_broker_warns_calls_and_liquidates() {
    check("broker", &["warning", "call", "warning", "call", "liquidation"]);
}

#[test]
fn a_strict_broker_takes_opening_away_first() {
    check("broker_strict", &["warning", "closing", "call"]);
}

#[test]
fn a_broker_may_watch_by_the_exchanges_margin() {
    check("broker_exchange", &["warning", "call", "normal", "liquidation"]);
}

#[test]
fn equity_over_margin_falls_into_danger() {
    check("equity_margin", &["warning", "call", "liquidation"]);
}

#[test]
fn two_margins_have_two_consequences() {
    check("two_margins", &["house", "normal", "house", "exchange"]);
}

#[test]
fn crypto_cross_steps_down_and_is_taken_over() {
    check("crypto_cross", &["warning", "liquidation"]);
}

#[test]
fn crypto_isolated_loses_no_more_than_the_position() {
    check("crypto_isolated", &["warning", "liquidation"]);
}

#[test]
fn two_steps_have_a_pause_between_them() {
    check("two_step", &["liquidation", "liquidation", "liquidation"]);
}

#[test]
fn rules_5_1_staged_disposal_and_shared_losses() {
    check("fraction", &["search", "closeout"]);
    let batches: Vec<String> = play("fraction")
        .lines()
        .filter_map(|line| {
            let event: Value = serde_json::from_str(line).expect("JSON");
            (event["state"] == "batch").then(|| event["qty"].as_str().expect("lots").to_owned())
        })
        .collect();
    assert_eq!(batches, ["1", "0.9", "0.45", "0.45"], "100, 90, 45 and 45 lots of 0.01");
}

#[test]
fn every_profile_has_its_story() {
    let endings = |ending: &str| -> BTreeSet<String> {
        let names = fs::read_dir(folder()).expect("a folder").map(|entry| {
            entry.expect("an entry").file_name().into_string().expect("a name in UTF-8")
        });
        names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
    };
    let profiles = endings(".toml");
    assert_eq!(profiles, endings(".events.jsonl"));
    let played = include_str!("profiles.rs");
    for name in &profiles {
        assert!(played.contains(&format!("check(\"{name}\"")), "{name} is not played");
    }
    assert!(profiles.len() >= 9, "{profiles:?}");
}
