//! Strategies in a market that feels them: the shipped scenarios keep their word, and the same run comes of every way to start it.

#[allow(dead_code)] // its main is for the command line
#[path = "../examples/strategy.rs"]
mod example;

use plimsoll::sim::{Ending, Outcome, Scenario, Stage};
use plimsoll::types::{Event, Money};
use plimsoll_exchange::Exchange;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Nowhere;

impl Stage for Nowhere {
    fn events(&mut self, _: &Exchange, _: &[Event]) -> io::Result<()> {
        Ok(())
    }
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)
}

fn run(name: &str) -> Outcome {
    let scenario = Scenario::load(&path(name)).expect("good");
    let outcome = plimsoll::sim::run(&scenario, scenario.seed, &mut Nowhere).expect("it runs");
    assert_eq!((outcome.imbalance, outcome.ending.clone()), (Money::ZERO, Ending::Complete));
    outcome
}

fn backtest(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_plimsoll");
    Command::new(program).arg("backtest").args(arguments).output().expect("it starts")
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("made");
    folder
}

#[test]
fn the_near_maker_keeps_its_spread_and_the_far_one_is_picked_off() {
    let outcome = run("backtest_maker.toml");
    let [near, far] = &outcome.strategies[..] else { panic!("two makers") };
    assert!(near.profit() > Money::ZERO && far.profit() < Money::ZERO);
    assert!(near.fills > 0 && near.maker_lots == near.lots && far.maker_lots == far.lots);
    assert!(near.rejected < far.rejected, "what arrives late would take more often");
}

#[test]
fn the_trend_follower_is_liquidated_by_the_turn() {
    let outcome = run("backtest_trend.toml");
    let trend = &outcome.strategies[0];
    assert!(trend.samples.iter().any(|sample| sample.lots < 0), "short on the rumour");
    assert!(trend.samples.iter().any(|s| s.exposure.units() > 10 * s.equity.units()));
    assert!(trend.cases > 0 && trend.profit() < Money::ZERO, "{} cases", trend.cases);
}

#[test]
fn the_basis_traders_legs_stand_against_each_other() {
    let outcome = run("backtest_basis.toml");
    let basis = &outcome.strategies[0];
    assert_eq!((basis.cases, basis.margin_calls), (0, 0));
    assert!(basis.samples.iter().any(|sample| sample.exposure > Money::ZERO));
    let hedged = basis.samples.iter().filter(|sample| sample.lots == 0).count();
    assert!(hedged * 10 > basis.samples.len() * 9, "{hedged} of {}", basis.samples.len());
}

#[test]
fn the_hunters_trade_around_liquidations() {
    let outcome = run("backtest_hunter.toml");
    assert!(!outcome.record.cases.is_empty());
    let [joins, fades] = &outcome.strategies[..] else { panic!("two hunters") };
    assert!(joins.fills > 0 && joins.maker_lots == 0, "{} fills", joins.fills);
    assert!(fades.maker_lots > 0, "it waits for the fall");
}

#[test]
fn strategies_trade_inside_a_recorded_book_which_leaves_the_recording_by_as_much() {
    let file = path("backtest_recorded.toml");
    let mut scenario = Scenario::load(&file).expect("good");
    let capture = &scenario.flows[0].depth.as_ref().expect("recorded depth").file;
    if !capture.exists() {
        eprintln!("SKIPPED: the recording is not here: {}", capture.display());
        return;
    }
    let out = folder("backtest-recorded").display().to_string();
    let tables = ["--events", "none", "--tables", "none", "--json", "--quiet"];
    let ran = backtest(&[&[&*file.display().to_string(), "--out", &out], &tables[..]].concat());
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let summary: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_eq!((&summary["conservation"], &summary["complete"]), (&"0".into(), &true.into()));
    for sheet in summary["strategies"].as_array().expect("strategies") {
        assert!(sheet["fills"].as_u64().is_some_and(|fills| fills > 0), "{sheet}");
    }
    let count = |key: &str| summary["recorded"][key].as_u64().expect("a number");
    assert!(count("drift_samples") > 300, "{}", summary["recorded"]);
    assert!(count("drift_samples_apart") > 0 && count("drift_lots_max") > 0);
    // What the strategies took was not there for the recording's own trades and cancels.
    assert!(count("lots_met_others") > 0 && count("cancels_gone") > 0, "{}", summary["recorded"]);
    scenario.strategies.clear();
    let alone = plimsoll::sim::run(&scenario, scenario.seed, &mut Nowhere).expect("it runs");
    let alone = alone.recorded.expect("a recording");
    assert_eq!(alone.drift.samples, count("drift_samples"));
    assert_eq!((alone.drift.apart, alone.cancels_gone, alone.lots_met_others), (0, 0, 0));
}

#[test]
fn a_strategy_of_ones_own_runs_and_leaves_its_report() {
    let out = folder("backtest-own");
    example::backtest(Some(&out));
    let page = std::fs::read_to_string(out.join("report.html")).expect("written");
    assert!(page.contains("contrarian"), "the tear sheet is in it");
}

#[test]
fn rust_and_the_command_line_come_to_the_same_hash() {
    let out = folder("backtest");
    let (file, out) = (path("backtest_trend.toml"), out.display().to_string());
    let ran = backtest(&[&file.display().to_string(), "--out", &out, "--json"]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(said.contains("tear sheet") && said.contains("largest drawdown"), "{said}");
    let summary: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let outcome = run("backtest_trend.toml");
    assert_eq!(summary["state_hash"], format!("{:032x}", outcome.state_hash));
    let sheet = &summary["strategies"][0];
    assert_eq!(
        (&sheet["account"], &sheet["fills"]),
        (&"trend".into(), &outcome.strategies[0].fills.into())
    );
    assert!(sheet["profit"].is_string() && sheet["margin_use_max"].is_number());
}

#[test]
fn bad_strategies_are_one_line_and_exit_2() {
    let folder = folder("backtest-bad");
    let good = std::fs::read_to_string(path("backtest_trend.toml")).expect("there");
    let out = folder.join("out").display().to_string();
    for (n, (from, to, named)) in [
        ("kind = \"trend\"", "kind = \"guess\"", "strategy[1].kind"),
        ("leverage = \"15\"", "leverage = \"-1\"", "strategy[1].leverage"),
        ("steps = 2", "steps = 2\nstpes = 4", "strategy[1].stpes"),
        ("slow = \"40s\"", "slow = \"5s\"", "strategy[1].slow"),
        ("feed = \"2ms\"", "feed = \"2\"", "strategy[1].latency.feed"),
        ("deposit = \"2000000\"", "deposit = \"0\"", "strategy[1].deposit"),
        ("[[strategy]]", "[[strategies]]", "strategies"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(good.contains(from), "{from}");
        let file = folder.join(format!("{n}.toml"));
        std::fs::write(&file, good.replace(from, to)).expect("written");
        let ran = backtest(&[&file.display().to_string(), "--out", &out]);
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{said}");
        assert!(said.lines().count() == 1 && said.contains(named), "{said}");
    }
    let none = backtest(&[&path("default.toml").display().to_string(), "--out", &out]);
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(none.status.code() == Some(2) && said.contains("at least one strategy"), "{said}");
}
