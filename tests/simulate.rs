//! A whole simulated market: the same seed gives the same bytes, the books add up, and the built-in scenario tells its story.

use plimsoll_exchange::Exchange;
use plimsoll_sim::record::CaseEnd;
use plimsoll_sim::report::{report, words};
use plimsoll_sim::scenario::BUILT_IN;
use plimsoll_sim::summary::summary;
use plimsoll_sim::{Ending, Outcome, Scenario, Stage};
use plimsoll_text::write_event;
use plimsoll_types::{Event, Money};
use serde_json::Value;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Keeps the events as the file would hold them, up to a limit.
struct Kept {
    bytes: Vec<u8>,
    limit: usize,
}

impl Stage for Kept {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        if self.bytes.len() > self.limit {
            return Err(io::Error::other("the disk is full"));
        }
        for event in events {
            write_event(&mut self.bytes, exchange, event);
        }
        Ok(())
    }
}

/// The built-in scenario, smaller and shorter.
fn small_text() -> String {
    let changes = [
        ("accounts = 3000", "accounts = 200"),
        ("duration = \"20m\"", "duration = \"3m\""),
        ("initial = \"10000000\"", "initial = \"500000\""),
    ];
    let mut text = BUILT_IN.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the built-in scenario no longer holds {from}");
        text = text.replace(from, to);
    }
    let shocks = text.find("[[shock]]").expect("shocks");
    text.truncate(shocks);
    text + r#"
[[shock]]
name = "fall"
from = "20s"
to = "50s"
value = "-0.085"
liquidity = "0.3"
sell = 40

[[shock]]
name = "locked"
from = "50s"
to = "80s"
liquidity = "0.1"
queue = 200

[[shock]]
name = "recovery"
from = "80s"
to = "140s"
value = "0.07"
buy = 40
"#
}

fn run(scenario: &Scenario, seed: u64) -> (Outcome, Vec<u8>) {
    let mut kept = Kept { bytes: Vec::new(), limit: usize::MAX };
    let outcome = plimsoll_sim::run(scenario, seed, &mut kept).expect("the scenario runs");
    (outcome, kept.bytes)
}

fn small() -> Scenario {
    Scenario::read("small.toml", &small_text()).expect("good")
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let scenario = small();
    let (first, bytes) = run(&scenario, 1);
    let (again, same) = run(&scenario, 1);
    assert_eq!(first.state_hash, again.state_hash);
    assert!(bytes == same, "events differ between two runs of one seed");
    let (other, others) = run(&scenario, 2);
    assert!(other.state_hash != first.state_hash && others != bytes);
    assert_eq!((first.imbalance, other.imbalance), (Money::ZERO, Money::ZERO));
    assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count() as u64, first.events);
}

/// Adds the books up in both ways now and then.
struct Auditor(u32);

impl Stage for Auditor {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        if events.last().is_some_and(|event| event.seq % 499 == 0) {
            assert_eq!(exchange.imbalance(), exchange.view().imbalance());
            assert_eq!(exchange.state_hash(), exchange.view().hash);
            self.0 += 1;
        }
        Ok(())
    }
}

#[test]
fn the_quick_audit_says_what_the_view_says() {
    let mut auditor = Auditor(0);
    plimsoll_sim::run(&small(), 1, &mut auditor).expect("it runs");
    assert!(auditor.0 > 20, "{} audits", auditor.0);
}

#[test]
fn a_summary_has_the_contracts_keys() {
    let scenario = small();
    let (outcome, _) = run(&scenario, 1);
    let summary = summary(&scenario, &outcome);
    for key in ["seed", "commands", "events", "trades", "wall_seconds", "commands_per_second"] {
        assert!(summary[key].is_number(), "{key}");
    }
    for key in ["volume", "debt", "conservation", "state_hash"] {
        assert!(summary[key].is_string(), "{key}");
    }
    let liquidations = &summary["liquidations"];
    for key in ["cases", "restored", "parked", "waterfall", "batches", "slippage_ticks_mean"] {
        assert!(liquidations[key].is_number(), "{key}");
    }
    assert!(liquidations["lots"].is_string() && summary["adl"]["lots"] == "0");
    for key in ["start", "end", "min"] {
        assert!(summary["fund"][key].is_string(), "{key}");
    }
    assert_eq!(summary["conservation"], "0");
    assert_eq!(summary["complete"], true);
}

#[test]
fn trouble_in_the_middle_keeps_whole_batches_and_marks_the_summary() {
    let scenario = small();
    // The first disk is full while accounts are opened, the second while they trade.
    for (limit, traded) in [(100_000, false), (1_000_000, true)] {
        let mut kept = Kept { bytes: Vec::new(), limit };
        let outcome = plimsoll_sim::run(&scenario, 1, &mut kept).expect("it begins");
        assert_eq!(outcome.ending, Ending::Failed("the disk is full".to_owned()));
        assert_eq!(outcome.record.trades > 0, traded);
        assert_eq!(kept.bytes.last(), Some(&b'\n'));
        let summary = summary(&scenario, &outcome);
        assert_eq!(
            (&summary["complete"], &summary["ended"]),
            (&false.into(), &"the disk is full".into())
        );
        assert!(report(&scenario, &outcome).contains("The run ended early: the disk is full."));
    }
}

#[test]
fn the_built_in_scenario_tells_its_story() {
    let scenario = Scenario::built_in().expect("good");
    let (outcome, _) = run(&scenario, scenario.seed);
    let record = &outcome.record;
    let cases = || record.cases.values();
    let down = outcome.samples[0].band.expect("a band").down;
    let locked = words::locked_down(&outcome.samples);
    assert!(locked.first.is_some() && outcome.samples.iter().any(|sample| sample.mark == down));
    let last = outcome.samples.last().expect("samples");
    assert!(last.mark > down && last.bid.is_some() && last.ask.is_some(), "it comes back");
    assert!(record.ended(CaseEnd::Restored) > 0, "restored");
    assert!(record.ended(CaseEnd::Waterfall) > 0, "waterfall");
    assert!(cases().any(|case| case.ever_parked()), "parked");
    assert!(cases().any(|case| case.resumed > 0), "resumed");
    assert!(cases().any(|case| case.batches > 1), "in batches");
    assert!(record.debt > Money::ZERO && record.fund.now < record.fund.start, "fund and debt");
    assert_eq!((outcome.imbalance, outcome.ending.clone()), (Money::ZERO, Ending::Complete));
    let page = report(&scenario, &outcome);
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
}

#[test]
fn recorded_days_liquidate_accounts_on_real_prices() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/cffex.toml");
    let scenario = Scenario::load(&path).expect("good");
    let recorded = scenario.flows[0].recorded.as_ref().expect("recorded flow");
    if let Some(gone) = recorded.files.iter().find(|file| !file.exists()) {
        eprintln!("SKIPPED: the recorded days are not here: {}", gone.display());
        return;
    }
    let (outcome, _) = run(&scenario, scenario.seed);
    let record = &outcome.record;
    assert!((20..1000).contains(&record.cases.len()), "{} cases", record.cases.len());
    assert_eq!((outcome.imbalance, outcome.ending.clone()), (Money::ZERO, Ending::Complete));
    // 5408.4 is the last price of 2021-01-06; the limits of the three days are 5216.2, 5278.6 and 5357.0 +- 10 %.
    assert_eq!(record.mark.ticks(), 27_042);
    let mut limits: Vec<i64> =
        outcome.samples.iter().filter_map(|s| s.band).map(|band| band.up.ticks()).collect();
    limits.dedup();
    assert_eq!(limits, [28_689, 29_032, 29_463]);
}

fn plimsoll(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(arguments).output().expect("it starts")
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("made");
    folder
}

#[test]
fn the_command_writes_three_files_and_prints_a_summary() {
    let folder = folder("simulate");
    let scenario = folder.join("small.toml");
    std::fs::write(&scenario, small_text()).expect("written");
    let out = folder.join("out");
    let words = |path: &PathBuf| path.display().to_string();
    let ran =
        plimsoll(&["simulate", &words(&scenario), "--seed", "3", "--out", &words(&out), "--json"]);
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let printed: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).expect("written");
    let written: Value = serde_json::from_str(&read("summary.json")).expect("JSON");
    assert_eq!(printed, written);
    assert_eq!(written["seed"], 3);
    let events = read("events.jsonl");
    assert_eq!(events.lines().count() as u64, written["events"].as_u64().expect("a count"));
    let first: Value = serde_json::from_str(events.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["seq"], 1);
    let page = read("report.html");
    for chart in ["chart-price", "chart-heat", "chart-cases", "chart-equity", "class=\"fall\""] {
        assert!(page.contains(chart), "{chart}");
    }
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
    let table = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(table.contains("accounts by tier") && table.contains("commands a second"), "{table}");
    let quiet = plimsoll(&["simulate", &words(&scenario), "--out", &words(&out), "--quiet"]);
    assert!(quiet.status.success() && quiet.stdout.is_empty() && quiet.stderr.is_empty());
}

#[test]
fn bad_input_is_one_line_and_exit_2() {
    let folder = folder("simulate-bad");
    let out = folder.join("out").display().to_string();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let typo = write("typo.toml", small_text().replace("long = ", "lung = "));
    let gone = write(
        "gone.toml",
        include_str!("../scenarios/cffex.toml").replace("../../shared", "nowhere"),
    );
    let two = include_str!("../scenarios/crypto_two_perpetuals.toml");
    let no_capture = write("capture.toml", two.replace("../../shared", "nowhere"));
    let line = "1723161255088176367 {\"e\":\"trade\",\"T\":1723161256322,\"s\":\"X\",\"t\":1,";
    std::fs::write(folder.join("cut.txt"), line).expect("written");
    let cut = two.replace("../../shared/data/crypto/usdm_btcusdt_20240808.gz", "cut.txt");
    let cut = write("cut.toml", cut);
    let missing = folder.join("none.toml").display().to_string();
    let hasty = small_text().replace("every = \"500ms\"", "every = \"0s\"");
    let hasty = write("hasty.toml", hasty);
    let unknown = write("unknown.toml", small_text() + "\n[[shocks]]\nname = \"x\"\n");
    for (file, what) in [
        (typo, "population.lung"),
        (gone.clone(), "nowhere/data/cffex/IF2101_20210104.csv.gz"),
        (gone, "see \"Getting the data\" in docs/SCENARIO.md"),
        (no_capture.clone(), "nowhere/data/crypto/usdm_btcusdt_20240808.gz"),
        (no_capture, "see \"Getting the data\" in docs/SCENARIO.md"),
        (cut, "cut.txt:1: message: expected a whole JSON message, found a line cut off"),
        (missing, "none.toml"),
        (hasty, "flow.makers.every: expected a duration of 1ms or more, found 0 ns"),
        (unknown, "shocks: expected one of simulation, population, flow, shock,"),
    ] {
        let ran = plimsoll(&["simulate", &file, "--out", &out]);
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{said}");
        assert!(said.lines().count() == 1 && said.contains(what), "{said}");
        assert!(
            !folder.join("out/events.jsonl").exists()
                && !folder.join("out/events.jsonl.part").exists()
        );
    }
}
