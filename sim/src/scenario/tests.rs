//! Tests of reading scenarios.

use super::*;
use plimsoll_types::Ratio;
use plimsoll_types::{MarkSource, Phase};

/// The complaint about the built-in scenario with one change.
fn refused(from: &str, to: &str) -> String {
    assert!(BUILT_IN.contains(from), "{from}");
    let changed = BUILT_IN.replacen(from, to, 1);
    Scenario::read("s.toml", &changed).expect_err("refused").to_string()
}

/// The line of the built-in scenario that holds this text.
fn line(text: &str) -> usize {
    1 + BUILT_IN.lines().position(|line| line.contains(text)).expect("there")
}

#[test]
fn the_built_in_scenario_is_read_whole() {
    let scenario = Scenario::built_in().expect("good");
    assert_eq!(scenario.exchange.instruments[0].mark, MarkSource::Last);
    assert_eq!(scenario.exchange.instruments[0].phase, Phase::Auction);
    assert!(scenario.populations[0].accounts >= 1000 && scenario.populations[0].leverage.len() > 1);
    assert!(scenario.flows[0].makers.is_some() && scenario.flows[0].recorded.is_none());
    assert!(scenario.shocks.iter().any(|shock| shock.value < Ratio::ZERO && shock.sell > 0));
}

#[test]
fn the_recorded_scenario_is_read_whole() {
    let text = include_str!("../../../scenarios/cffex.toml");
    let scenario = Scenario::read("scenarios/cffex.toml", text).expect("good");
    let recorded = scenario.flows[0].recorded.clone().expect("recorded flow");
    assert_eq!(recorded.files.len(), 3);
    assert!(recorded.files[0].starts_with("scenarios/../../shared/data/cffex"));
    assert_eq!(scenario.exchange.instruments[0].mark, MarkSource::External);
}

#[test]
fn a_complaint_names_line_field_expected_and_found() {
    let long = refused("long = \"0.8\"", "long = \"1.8\"");
    let at = line("long = \"0.8\"");
    assert_eq!(
        long,
        format!(
            "s.toml:{at}: population.long: expected a decimal in quotes from 0 to 1, found \"1.8\""
        )
    );
    let key = refused("reach = ", "rich = ");
    let at = line("reach = ");
    assert!(key.starts_with(&format!("s.toml:{at}: flow.noise.rich: ")), "{key}");
    let class = refused("{ from = \"2\", to = \"6\"", "{ from = \"2\", to = \"1\"");
    assert!(class.contains("population.leverage[1].to: expected at least from"), "{class}");
    let missing = refused("title = ", "# title = ");
    assert!(
        missing.contains("simulation.title: expected text in quotes, found nothing"),
        "{missing}"
    );
    let profile = refused("profile = \"client\"", "profile = \"unlimited\"");
    assert!(profile.contains("population.profile: "), "{profile}");
    let shock = refused("to = \"6m15s\"", "to = \"1m\"");
    assert!(shock.contains("shock[1].to: expected a time after from"), "{shock}");
}

#[test]
fn a_complaint_about_the_exchange_keeps_its_line() {
    let multiplier = refused("multiplier = \"100\"", "multiplier = \"-1\"");
    assert!(multiplier.starts_with(&format!("s.toml:{}: ", line("multiplier = "))), "{multiplier}");
    let unknown = Scenario::read("s.toml", &format!("{BUILT_IN}\n[surprise]\nx = 1\n"));
    assert!(unknown.expect_err("refused").to_string().contains("surprise"));
}

#[test]
fn no_toml_is_told_in_one_line() {
    let broken = refused("[flow]", "[flow");
    assert!(broken.starts_with("s.toml:") && !broken.contains('\n'), "{broken}");
}

#[test]
fn an_index_that_cannot_be_told_is_refused() {
    let with = |index: &str| format!("[flow.index]\n{index}\n\n[flow.makers]");
    for (index, what) in [
        ("venues = 3", "flow.index.every: expected a duration in quotes"),
        ("every = \"1us\"", "flow.index.every: expected 1ms or more, found less"),
        ("every = \"3s\"\nvenues = 0", "flow.index.venues: expected a whole number from 1 to 101"),
        ("every = \"3s\"\nnoise = -1", "flow.index.noise: expected a whole number from 0"),
        ("every = \"3s\"\nlag = \"1s\"", "flow.index.lag: expected a known key"),
    ] {
        let said = refused("[flow.makers]", &with(index));
        assert!(said.starts_with("s.toml:") && said.contains(what), "{said}");
    }
    let recorded = include_str!("../../../scenarios/cffex.toml");
    let both = "[flow.index]\nevery = \"3s\"\n[flow.recorded]";
    let text = recorded.replacen("[flow.recorded]", both, 1);
    let said = Scenario::read("s.toml", &text).expect_err("refused").to_string();
    assert!(said.contains("flow.index: expected agents without a recording"), "{said}");
}

#[test]
fn impossible_agents_are_refused() {
    let agents = include_str!("../../../scenarios/agents.toml");
    for (from, to, what) in [
        ("cross = \"0.485\"", "cross = \"0.515\"", "flow.hawkes.same: expected same + cross"),
        ("same = \"0.485\"", "same = \"1\"", "flow.hawkes.same: expected a decimal"),
        ("rate = \"0.4\"", "rate = \"0\"", "flow.hawkes.rate: "),
        ("memory = [\"1s\",", "memory = [\"1us\",", "flow.hawkes.memory: "),
        ("placement = \"1.5\"", "placement = \"0\"", "flow.zero.placement: "),
        (
            "limit = \"0.02\"\nmarket = \"0.001\"",
            "limit = \"0\"\nmarket = \"0\"",
            "flow.zero.limit: ",
        ),
        ("window = \"1m\"", "# window", "flow.makers.window: "),
        ("tail = \"1.5\"\nmarket = \"0.2\"", "tail = \"0\"\nmarket = \"0.2\"", "flow.noise.tail: "),
        ("every = [\"5s\",", "every = [\"0s\",", "flow.fundamental.every: "),
        ("doubt = 60", "doubts = 60", "flow.fundamental.doubts: "),
    ] {
        assert!(agents.contains(from), "{from}");
        let read = Scenario::read("s.toml", &agents.replacen(from, to, 1));
        let said = read.expect_err(to).to_string();
        assert!(said.starts_with("s.toml:") && said.contains(what), "{said}");
    }
}
