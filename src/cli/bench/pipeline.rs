//! The gateway's pipeline from queue to queue: a message put into the engine's way in until its outcome and events are read.
//!
//! Two threads: the engine's, and a load generator that also drains what comes out. Both spin, each on a core of its own.

mod lap;
mod report;

use super::handoff::{RoundTrip, has_two_cores};
use super::machine::Machine;
use super::{Amount, Failure};
use hdrhistogram::Histogram;
use lap::{Bed, Load, Way};
use plimsoll::workload::FLOWS;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Accounts of the exchange.
pub(crate) const ACCOUNTS: u32 = 10_000;

/// Messages of a run at most: a stream of commands has to fit memory.
const OPS_MAX: usize = 2_000_000;

/// Rates offered, messages a second.
const RATES: [u64; 4] = [100_000, 500_000, 1_000_000, 2_000_000];

/// Seconds of an open-loop run at most.
const SECONDS: u64 = 2;

/// What came of one load: all counted runs.
pub(crate) struct Point {
    pub(crate) way: Way,
    pub(crate) durable: Durable,
    pub(crate) load: Load,
    /// Messages a second that came out, of each run, sorted.
    pub(crate) rates: Vec<f64>,
    /// Latencies of each run, by p99.
    pub(crate) latencies: Vec<Histogram<u64>>,
    /// Messages a batch held on average.
    pub(crate) a_batch: f64,
    /// Messages that found the way in full and were tried again.
    pub(crate) busy: u64,
}

/// What stands between the engine and what comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durable {
    /// Nothing.
    No,
    /// The journal, every group synced before it is told.
    Synced,
    /// The journal, written and never synced.
    Written,
}

/// All of it.
pub(crate) struct Outcome {
    pub(crate) points: Vec<Point>,
    pub(crate) before: RoundTrip,
    pub(crate) after: RoundTrip,
    pub(crate) pinned: bool,
    pub(crate) ops: usize,
    pub(crate) headline: u64,
}

/// Measures the pipeline; gives the result for machines, for people, and the histograms.
///
/// In a thread of its own, which is kept on a core: threads that others start later must not inherit that.
pub(crate) fn run(amount: Amount, rate: u64, data: Option<&Path>) -> Result<Outcome, Failure> {
    let thread = std::thread::scope(|scope| {
        scope
            .spawn(|| measure(amount, rate, data))
            .join()
            .map_err(|_| Failure::run("bench pipeline: it broke"))
    });
    let mut outcome = thread??;
    outcome.after = RoundTrip::look();
    Ok(outcome)
}

fn measure(amount: Amount, rate: u64, data: Option<&Path>) -> Result<Outcome, Failure> {
    if !has_two_cores() {
        return Err(Failure::run("bench pipeline: it needs two cores, this machine offers one"));
    }
    let folder = Folder::new(data)?;
    let amount = Amount { ops: amount.ops.min(OPS_MAX), ..amount };
    let bed = Bed::new(&FLOWS[0], amount.ops, ACCOUNTS);
    let mut rates = RATES.to_vec();
    if rate > 0 && !rates.contains(&rate) {
        rates.push(rate);
    }
    let mut outcome = Outcome {
        points: Vec::new(),
        before: RoundTrip::wait_for_fast(),
        after: RoundTrip { ns: 0 },
        pinned: lap::pin_generator(),
        ops: amount.ops,
        headline: if rate > 0 { rate } else { RATES[2] },
    };
    for durable in [Durable::No, Durable::Written, Durable::Synced] {
        for way in [Way::Lane, Way::Queue] {
            if durable == Durable::No || way == Way::Lane {
                outcome.points.push(bed.measure(way, durable, Load::Most, amount, &folder)?);
            }
        }
        for &rate in &rates {
            let ops = amount.ops.min((rate * SECONDS) as usize);
            let amount = Amount { ops, ..amount };
            let load = Load::Rate(rate);
            outcome.points.push(bed.measure(Way::Lane, durable, load, amount, &folder)?);
        }
    }
    Ok(outcome)
}

/// Where journals go: a folder of the user's, or one that is removed in the end.
pub(crate) struct Folder {
    path: PathBuf,
    own: bool,
}

impl Folder {
    fn new(given: Option<&Path>) -> Result<Folder, Failure> {
        let own = given.is_none();
        let path = match given {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("plimsoll-bench-{}", std::process::id())),
        };
        std::fs::create_dir_all(&path)
            .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
        Ok(Folder { path, own })
    }

    /// A fresh directory for one run's journal.
    pub(crate) fn fresh(&self) -> Result<PathBuf, Failure> {
        let path = self.path.join("run");
        let failed = |error| Failure::run(format!("{}: {error}", path.display()));
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(failed)?;
        }
        std::fs::create_dir_all(&path).map_err(failed)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the system's folder for such things.
        let _ = std::fs::remove_dir_all(self.path.join("run"));
        if self.own {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Outcome {
    /// For machines.
    pub(crate) fn json(&self, amount: Amount, machine: &Machine) -> Value {
        report::json(self, amount, machine)
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        report::text(self)
    }

    /// The median run's latencies of each point at a fixed rate.
    pub(crate) fn histograms(&self) -> Vec<(String, &Histogram<u64>)> {
        let open = self.points.iter().filter(|point| matches!(point.load, Load::Rate(_)));
        open.map(|point| (report::name(point), point.median())).collect()
    }
}
