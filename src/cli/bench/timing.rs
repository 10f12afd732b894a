//! Runs of one workload: rates over whole runs, latencies operation by operation.

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::fmt::Write;

/// Latencies from 1 ns to ten minutes, three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 600_000_000_000, 3)
        .unwrap_or_else(|error| plimsoll_types::broken(format_args!("histogram bounds: {error}")))
}

/// Notes a latency; one beyond the bounds is a broken run, never clamped.
#[inline]
pub(crate) fn note(histogram: &mut Histogram<u64>, ns: u64) {
    if histogram.record(ns).is_err() {
        plimsoll_types::broken(format_args!("a latency of {ns} ns is beyond the histogram"));
    }
}

/// Percentiles, less what the clock put into each.
pub(crate) fn percentiles(histogram: &Histogram<u64>, timer_ns: u64) -> Value {
    let at = |quantile| less(histogram.value_at_quantile(quantile), timer_ns);
    json!({
        "p50": at(0.5), "p99": at(0.99), "p99_9": at(0.999), "p99_99": at(0.9999),
        "max": less(histogram.max(), timer_ns),
    })
}

/// A latency less the clock's cost, not below zero.
pub(crate) fn less(ns: u64, timer_ns: u64) -> u64 {
    ns.saturating_sub(timer_ns)
}

/// HdrHistogram's percentile format, as its plotters read it.
pub(crate) fn distribution(histogram: &Histogram<u64>) -> String {
    let mut text = String::from("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
    let mut below = 0;
    for step in histogram.iter_quantiles(5) {
        below += step.count_since_last_iteration();
        let quantile = step.quantile_iterated_to();
        let _ = write!(text, "{:12}.000 {quantile:14.12} {below:10}", step.value_iterated_to());
        let _ = if quantile < 1.0 {
            writeln!(text, " {:14.2}", 1.0 / (1.0 - quantile))
        } else {
            writeln!(text)
        };
    }
    let _ = writeln!(
        text,
        "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]\n#[Max     = {:12}.000, Total count    = {:12}]",
        histogram.mean(),
        histogram.stdev(),
        histogram.max(),
        histogram.len()
    );
    text
}

/// What came of the runs of one workload.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) ops: usize,
    /// Orders resting.
    pub(crate) size: usize,
    pub(crate) fills: u64,
    /// Operations a second of each counted run, sorted.
    rates: Vec<f64>,
    latencies: Histogram<u64>,
}

impl Run {
    pub(crate) fn new(
        name: String,
        (ops, size): (usize, usize),
        fills: u64,
        mut rates: Vec<f64>,
        latencies: Histogram<u64>,
    ) -> Run {
        rates.sort_by(f64::total_cmp);
        Run { name, ops, size, fills, rates, latencies }
    }

    /// Median of the runs.
    pub(crate) fn rate(&self) -> f64 {
        self.rates[self.rates.len() / 2].round()
    }

    pub(crate) fn rate_min(&self) -> f64 {
        self.rates[0].round()
    }

    pub(crate) fn rate_max(&self) -> f64 {
        self.rates[self.rates.len() - 1].round()
    }

    pub(crate) fn percentiles(&self) -> Value {
        percentiles(&self.latencies, 0)
    }

    pub(crate) fn latencies(&self) -> &Histogram<u64> {
        &self.latencies
    }

    pub(crate) fn row(&self, first: &str) -> Vec<String> {
        let at = |q| self.latencies.value_at_quantile(q).to_string();
        let millions = |rate: f64| format!("{:.1}", rate / 1e6);
        vec![
            first.to_owned(),
            self.size.to_string(),
            millions(self.rate()),
            millions(self.rate_min()),
            millions(self.rate_max()),
            format!("{:.1}", 1e9 / self.rate()),
            at(0.5),
            at(0.99),
            at(0.999),
            self.latencies.max().to_string(),
        ]
    }
}
