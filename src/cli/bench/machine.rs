//! What a number was measured on: processor, cores, commit, the timer's own cost.

use serde_json::{Value, json};
use std::time::Instant;

/// This machine, as results name it.
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    pub(crate) commit: String,
    /// Median cost of reading the clock once, nanoseconds.
    pub(crate) timer_ns: u64,
}

impl Machine {
    pub(crate) fn look() -> Machine {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name"));
        let processor = model.and_then(|line| line.split(':').nth(1)).unwrap_or("unknown").trim();
        Machine {
            processor: processor.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            commit: commit(),
            timer_ns: timer_cost(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "processor": self.processor,
            "cores": self.cores,
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
            "optimised": !cfg!(debug_assertions),
        })
    }

    pub(crate) fn line(&self) -> String {
        let build = if cfg!(debug_assertions) { "UNOPTIMISED BUILD, " } else { "" };
        format!(
            "{build}{}, {} cores, commit {}, reading the clock costs {} ns (contained in the latencies)",
            self.processor, self.cores, self.commit, self.timer_ns
        )
    }
}

fn commit() -> String {
    let git = |args: &[&str]| {
        let output = std::process::Command::new("git").args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}+changes"),
    }
}

fn timer_cost() -> u64 {
    let mut costs: Vec<u64> = (0..1001)
        .map(|_| {
            let start = Instant::now();
            let mut last = start;
            for _ in 0..16 {
                last = Instant::now();
            }
            (last - start).as_nanos() as u64 / 16
        })
        .collect();
    costs.sort_unstable();
    costs[costs.len() / 2]
}
