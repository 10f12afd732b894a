//! A job: a scenario with its seed in one text, and the result of its run, kept as a small file of its own.

use super::metrics::{METRICS, Values, measure};
use super::watch::{Stop, Watch};
use crate::outcome::Ending;
use crate::run::Own;
use crate::run::watch::{Watched, run_watched};
use crate::scenario::Scenario;
use plimsoll_text::Error;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_128;

use super::Trouble;

/// What results are marked with: those of another program are not taken up.
const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// A job's key: the hash of its text.
pub fn key(text: &str) -> String {
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

/// What a job came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The job's key.
    pub key: String,
    /// Its seed.
    pub seed: u64,
    /// Hash of the exchange's whole state at the end.
    pub state_hash: String,
    /// What it is measured by.
    pub values: Values,
}

impl Finished {
    /// The result file: one line of JSON, the same for the same job wherever it ran.
    pub fn json(&self) -> String {
        let metrics: Map<String, Value> = METRICS
            .iter()
            .zip(&self.values)
            .map(|(metric, value)| (metric.name.to_owned(), number(*value)))
            .collect();
        let line = json!({
            "job": self.key,
            "engine": ENGINE,
            "seed": self.seed,
            "state_hash": self.state_hash,
            "metrics": metrics,
        });
        format!("{line}\n")
    }

    /// Reads a result file; `None` for what is none, or one of another program.
    pub fn read(text: &str) -> Option<Finished> {
        let line: Value = serde_json::from_str(text).ok()?;
        if line["engine"] != ENGINE {
            return None;
        }
        let metrics = line["metrics"].as_object().filter(|m| m.len() == METRICS.len())?;
        let values = METRICS.iter().map(|metric| match metrics.get(metric.name)? {
            Value::Null => Some(None),
            value => value.as_f64().map(Some),
        });
        Some(Finished {
            key: line["job"].as_str()?.to_owned(),
            seed: line["seed"].as_u64()?,
            state_hash: line["state_hash"].as_str()?.to_owned(),
            values: values.collect::<Option<_>>()?,
        })
    }
}

/// A value as JSON has it; whole ones without a point.
pub fn number(value: Option<f64>) -> Value {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => Value::from(value as i64),
        Some(value) => Value::from(value),
        None => Value::Null,
    }
}

/// Runs a job; `None` where it was asked to stop. `name` stands for it in complaints.
///
/// Errors: a text that is no scenario, data that cannot be read, a strategy that fails or does not return, a run whose books
/// do not add up.
pub fn carry_out(name: &str, text: &str, stop: &Stop) -> Result<Option<Finished>, Trouble> {
    carry_out_with(name, text, &Vec::new, stop)
}

/// The same, with strategies of one's own behind those the scenario names; the key knows nothing of them.
///
/// Errors: as [`carry_out`].
pub fn carry_out_with(
    name: &str,
    text: &str,
    own: &dyn Fn() -> Vec<Own>,
    stop: &Stop,
) -> Result<Option<Finished>, Trouble> {
    let scenario = Arc::new(Scenario::read(name, text)?);
    let limit = Duration::from_nanos(scenario.strategy_timeout);
    let mut stage = || Ok(Watch::new(stop));
    let Watched { outcome, .. } = run_watched(&scenario, scenario.seed, limit, own, &mut stage)
        .map_err(|why| Trouble::Run(format!("{name}: {why}")))?;
    let outcome =
        outcome.map_err(|error| if error.file.is_empty() { error.in_file(name) } else { error })?;
    match &outcome.ending {
        Ending::Complete => {}
        Ending::Stopped => return Ok(None),
        Ending::Failed(why) => return Err(Trouble::Run(format!("{name}: {why}"))),
    }
    if outcome.imbalance.units() != 0 {
        let left = outcome.imbalance.units();
        return Err(Trouble::Run(format!(
            "{name}: the books do not add up: {left} units are left"
        )));
    }
    Ok(Some(Finished {
        key: key(text),
        seed: scenario.seed,
        state_hash: format!("{:032x}", outcome.state_hash),
        values: measure(&scenario, &outcome),
    }))
}

/// The complaint that a changed scenario is none, told of the change instead of a line nobody has seen.
pub fn told_of(error: Error, file: &str, what: &str) -> Error {
    let field = format!("{what}: {}", error.field).into();
    Error { file: file.into(), line: None, field, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::LatencyPlan;
    use crate::strategy::plan::Seat;
    use crate::strategy::{Desk, Strategy, StrategyError, TimerId};
    use plimsoll_types::{Label, Money};

    #[test]
    fn a_result_reads_back_bit_for_bit() {
        let mut values: Values = vec![Some(1.0 / 3.0); METRICS.len()];
        (values[0], values[1], values[2]) = (None, Some(1e15 + 0.125), Some(-7.0));
        let finished = Finished { key: key("a"), seed: 3, state_hash: "0f".to_owned(), values };
        let text = finished.json();
        assert_eq!(Finished::read(&text).as_ref(), Some(&finished));
        assert_eq!(Finished::read(&text).expect("read").json(), text);
        for bad in ["", "{", "{}", &text.replace("\"debt\"", "\"dept\""), &text[..text.len() / 2]] {
            assert_eq!(Finished::read(bad), None, "{bad}");
        }
        let other = text.replace(&format!("\"engine\":\"{ENGINE}\""), "\"engine\":\"0.0.0\"");
        assert_ne!(other, text);
        assert_eq!(Finished::read(&other), None);
    }

    /// A strategy that never comes back from a timer.
    struct Endless;

    impl Strategy for Endless {
        fn on_start(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
            desk.set_timer(1_000_000_000);
            Ok(())
        }

        fn on_timer(&mut self, _: &mut Desk, _: TimerId) -> Result<(), StrategyError> {
            loop {
                std::thread::park();
            }
        }
    }

    #[test]
    fn a_strategy_that_never_returns_ends_its_job_in_one_line() {
        let text = crate::scenario::BUILT_IN
            .replacen("duration = \"20m\"", "duration = \"5s\"\nstrategy_timeout = \"500ms\"", 1)
            .replacen("accounts = 3000", "accounts = 20", 1);
        let scenario = Scenario::read("job.toml", &text).expect("good");
        let seat = Seat {
            account: Label::new("own").expect("short"),
            profile: scenario.populations[0].profile,
            deposit: Money::new(100_000_000),
            latency: LatencyPlan::default(),
        };
        let own =
            || vec![Own { seat: seat.clone(), strategy: Box::new(Endless) as Box<dyn Strategy> }];
        let stop: Stop = Arc::new(|| false);
        let Err(Trouble::Run(line)) = carry_out_with("job.toml", &text, &own, &stop) else {
            panic!("it ended well")
        };
        let expected = "job.toml: strategy own, on_timer, 09:30:01: did not return within 0.5 s";
        assert_eq!(line, expected);
        // Without it the job is a job like any other.
        let finished = carry_out("job.toml", &text, &stop).expect("it runs").expect("to its end");
        let outcome = crate::run(&scenario, scenario.seed, &mut Watch::new(&stop)).expect("runs");
        assert_eq!(finished.state_hash, format!("{:032x}", outcome.state_hash));
        let asked: Stop = Arc::new(|| true);
        assert_eq!(carry_out("job.toml", &text, &asked).expect("it runs"), None);
    }
}
