//! A number measured several times, and what the process takes in memory.

use serde_json::{Map, Value};
use std::time::Instant;

/// What each counted run came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figure(Vec<f64>);

impl Figure {
    /// One run that is not counted, then the counted ones.
    pub(crate) fn of(runs: usize, mut run: impl FnMut() -> f64) -> Figure {
        run();
        Figure((0..runs).map(|_| run()).collect())
    }

    /// From runs already made.
    pub(crate) fn from_runs(runs: Vec<f64>) -> Figure {
        Figure(runs)
    }

    /// The middle one; of an even number the upper.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Puts median, least and most under a name.
    pub(crate) fn put(&self, object: &mut Map<String, Value>, name: &str) {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for (name, value) in [
            (name.to_owned(), self.median()),
            (format!("{name}_min"), least),
            (format!("{name}_max"), most),
        ] {
            object.insert(name, rounded(value));
        }
    }

    /// For a table.
    pub(crate) fn text(&self) -> String {
        text(self.median())
    }
}

/// To three places. What is no number is null.
pub(crate) fn rounded(value: f64) -> Value {
    if value.is_finite() { ((value * 1000.0).round() / 1000.0).into() } else { Value::Null }
}

/// Three digits or so.
pub(crate) fn text(value: f64) -> String {
    match value {
        value if !value.is_finite() => "-".to_owned(),
        value if value.abs() >= 100.0 => format!("{value:.0}"),
        value if value.abs() >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// Below this the clock is the better measure: the system counts a thread's time in steps of some milliseconds.
const COUNTED_LEAST: f64 = 200e6;

/// Measures the time of one thread on its core: what others on a busy machine take is not counted. Where the system does not say,
/// and of what is short, the clock's.
pub(crate) struct Stopwatch {
    start: Instant,
    on_core: Option<u64>,
}

impl Stopwatch {
    /// Starts.
    pub(crate) fn start() -> Stopwatch {
        Stopwatch { on_core: on_core(), start: Instant::now() }
    }

    /// Nanoseconds since. Cost: a microsecond or two.
    pub(crate) fn ns(&self) -> f64 {
        let by_clock = self.start.elapsed().as_nanos() as f64;
        match (on_core(), self.on_core) {
            (Some(now), Some(start)) if by_clock >= COUNTED_LEAST => (now - start) as f64,
            _ => by_clock,
        }
    }
}

/// Nanoseconds that this thread has had a core.
fn on_core() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok().filter(|&ns| ns > 0)
}

/// Seconds that something takes, and what it gives.
pub(crate) fn timed<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = what();
    (start.elapsed().as_secs_f64(), result)
}

/// Bytes of memory that the process has in use now; `None` where the system does not say.
pub(crate) fn resident() -> Option<u64> {
    status("VmRSS:")
}

/// Accounts from which the process's growth says something: smaller tables lie in memory that was used before.
const GROWN_LEAST: u32 = 1_000_000;

/// By how much the process has grown since it had `before` bytes in use, where that says something of so many accounts.
pub(crate) fn grown(before: u64, accounts: u32) -> Option<u64> {
    let now = resident()?;
    (accounts >= GROWN_LEAST).then(|| now.saturating_sub(before))
}

/// The most it has had in use since [`forget_peak`].
pub(crate) fn peak() -> Option<u64> {
    status("VmHWM:")
}

/// Counts the peak anew. A system that cannot goes on with the old one.
pub(crate) fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn status(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
