//! Whole markets under both detectors: the built-in scenario and recorded days, a part of each.

use plimsoll_exchange::Exchange;
use plimsoll_sim::{Scenario, Stage};
use plimsoll_text::write_event;
use plimsoll_types::{Detector, Event};
use std::io;
use std::path::PathBuf;

/// Keeps the events as lines until there are enough.
struct Part {
    lines: Vec<u8>,
    bytes_max: usize,
}

impl Stage for Part {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        for event in events {
            write_event(&mut self.lines, exchange, event);
        }
        if self.lines.len() > self.bytes_max {
            return Err(io::Error::other("enough"));
        }
        Ok(())
    }
}

/// The same part of a scenario under both detectors ends in the same state with the same lines; how many cases it has.
fn same_under_both(mut scenario: Scenario, bytes_max: usize) -> u64 {
    let mut run = |detector| {
        scenario.exchange.detector = detector;
        let mut part = Part { lines: Vec::new(), bytes_max };
        let outcome = plimsoll_sim::run(&scenario, scenario.seed, &mut part).expect("it begins");
        (outcome.state_hash, part.lines, outcome.record.cases.len())
    };
    let (index, scan) = (run(Detector::Index), run(Detector::Scan));
    assert_eq!(index.0, scan.0, "the states differ");
    assert!(index.1 == scan.1, "the events differ");
    index.2
}

#[test]
fn a_market_that_crashes_is_the_same_under_both() {
    let mut scenario = Scenario::built_in().expect("good");
    scenario.populations[0].accounts = 500;
    let cases = same_under_both(scenario, 12_000_000);
    assert!(cases > 20, "only {cases} cases");
}

#[test]
fn a_recorded_day_is_the_same_under_both() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/cffex.toml");
    let mut scenario = Scenario::load(&path).expect("good");
    let recorded = scenario.flows[0].recorded.as_ref().expect("recorded flow");
    if let Some(gone) = recorded.files.iter().find(|file| !file.exists()) {
        eprintln!("SKIPPED: the recorded days are not here: {}", gone.display());
        return;
    }
    scenario.populations[0].accounts = 300;
    same_under_both(scenario, 6_000_000);
}
