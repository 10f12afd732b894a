//! What the pipeline's runs come to, for machines and for people.

use super::super::machine::Machine;
use super::super::rounds::median;
use super::super::timing::percentiles;
use super::super::{Amount, common, new_table};
use super::lap::{Load, Way};
use super::{ACCOUNTS, Durable, Outcome, Point};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

impl Point {
    /// Latencies of the run in the middle, by p99.
    pub(crate) fn median(&self) -> &Histogram<u64> {
        &self.latencies[self.latencies.len() / 2]
    }

    fn offered(&self) -> Option<u64> {
        match self.load {
            Load::Most => None,
            Load::Rate(rate) => Some(rate),
        }
    }

    fn json(&self) -> Value {
        let mut object = json!({
            "journal": durable(self.durable),
            "way_in": way(self.way),
            "offered_per_second": self.offered(),
            "achieved_per_second": median(&self.rates),
            "achieved_per_second_min": self.rates.first().map(|rate| rate.round()),
            "achieved_per_second_max": self.rates.last().map(|rate| rate.round()),
            "messages_a_batch": (self.a_batch * 100.0).round() / 100.0,
            "busy": self.busy,
        });
        if self.offered().is_some() {
            object["ns"] = percentiles(self.median(), 0);
            object["ns_best"] = self.latencies.first().map(|run| percentiles(run, 0)).into();
            object["ns_worst"] = self.latencies.last().map(|run| percentiles(run, 0)).into();
        }
        object
    }

    fn row(&self) -> Vec<String> {
        let millions = |rate: f64| format!("{:.2}", rate / 1e6);
        let mut row = vec![
            durable(self.durable).to_owned(),
            way(self.way).to_owned(),
            self.offered().map_or("most".to_owned(), |rate| millions(rate as f64)),
            millions(median(&self.rates)),
            format!("{:.1}", self.a_batch),
        ];
        let closed = self.offered().is_none();
        let at = |q: f64| match closed {
            true => String::new(),
            false => self.median().value_at_quantile(q).to_string(),
        };
        row.extend([0.5, 0.99, 0.999, 0.9999, 1.0].map(at));
        let span = |runs: &[Histogram<u64>]| {
            let p99 =
                |run: Option<&Histogram<u64>>| run.map_or(0, |run| run.value_at_quantile(0.99));
            format!("{} to {}", p99(runs.first()), p99(runs.last()))
        };
        row.push(if closed { String::new() } else { span(&self.latencies) });
        row
    }
}

fn durable(durable: Durable) -> &'static str {
    match durable {
        Durable::No => "off",
        Durable::Written => "never",
        Durable::Synced => "always",
    }
}

fn way(way: Way) -> &'static str {
    match way {
        Way::Lane => "rtrb",
        Way::Queue => "ArrayQueue",
    }
}

/// A point's name in file names.
pub(crate) fn name(point: &Point) -> String {
    let load = point.offered().map_or("most".to_owned(), |rate| rate.to_string());
    format!("journal-{}-{load}", durable(point.durable))
}

pub(crate) fn json(outcome: &Outcome, amount: Amount, machine: &Machine) -> Value {
    let mut object = common("pipeline", Amount { ops: outcome.ops, ..amount }, machine);
    object.insert("accounts".into(), ACCOUNTS.into());
    object.insert("messages".into(), outcome.ops.into());
    object.insert("pinned".into(), outcome.pinned.into());
    object.insert("spinning".into(), json!(["engine", "load generator, which also drains"]));
    object.insert(
        "blocking".into(),
        json!(["journal, on the generator's core, which the generator yields"]),
    );
    let trips = json!({ "before": outcome.before.json(), "after": outcome.after.json() });
    object.insert("round_trip".into(), trips);
    let headline = outcome
        .points
        .iter()
        .find(|point| point.durable == Durable::No && point.offered() == Some(outcome.headline));
    if let Some(point) = headline
        && let Value::Object(fields) = point.json()
    {
        object.extend(fields);
    }
    object.insert("points".into(), outcome.points.iter().map(Point::json).collect());
    Value::Object(object)
}

pub(crate) fn text(outcome: &Outcome) -> String {
    let head = [
        "journal",
        "way in",
        "M offered/s",
        "M achieved/s",
        "a batch",
        "p50 ns",
        "p99 ns",
        "p99.9 ns",
        "p99.99 ns",
        "max ns",
        "p99 of the runs",
    ];
    let mut table = new_table(&head);
    outcome.points.iter().for_each(|point| {
        table.add_row(point.row());
    });
    let pinned = if outcome.pinned { "each pinned to its core" } else { "not pinned" };
    format!(
        "the pipeline, queue to queue, every order checked for margin, {ACCOUNTS} accounts; from when a message was due\n\
         two threads spin, {pinned}: the engine's, and the load generator's, which also reads what comes out;\n\
         with a journal its thread is a third one, which sleeps, and the generator yields it its core\n{table}\n\
         a cache line's round trip between the cores: {} ns before ({}), {} ns after ({})",
        outcome.before.ns,
        outcome.before.mode(),
        outcome.after.ns,
        outcome.after.mode()
    )
}
