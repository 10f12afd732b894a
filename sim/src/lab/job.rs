//! A job: a scenario with its seed in one text, and the result of its run, kept as a small file of its own.

use super::metrics::{METRICS, Values, measure};
use super::watch::Watch;
use crate::outcome::Ending;
use crate::scenario::Scenario;
use plimsoll_text::Error;
use serde_json::{Map, Value, json};
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
/// Errors: a text that is no scenario, data that cannot be read, a run whose books do not add up.
pub fn carry_out(
    name: &str,
    text: &str,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Finished>, Trouble> {
    let scenario = Scenario::read(name, text)?;
    let mut watch = Watch::new(stop);
    let outcome = crate::run(&scenario, scenario.seed, &mut watch)
        .map_err(|error| if error.file.is_empty() { error.in_file(name) } else { error })?;
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
        values: measure(&scenario, &outcome, &watch),
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
}
