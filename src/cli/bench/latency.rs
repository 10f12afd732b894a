//! Latencies by kind of operation: how long each takes by itself, and how late it is at a fixed offered rate.
//!
//! The clock is std's. A bare time-stamp counter (quanta) costs less, 10 ns against 23, but does not wait for the loads
//! before it, and so its mean over `base` comes out below the time the run took; with the fences that cure this, it costs as much.

use super::gaps::{self, Gaps, due};
use super::timing::{histogram, note};
use hdrhistogram::Histogram;
use plimsoll::workload::{self, Op, Tally};
use plimsoll_matching::Book;
use std::time::Instant;

/// Kinds of operations, as results name them.
pub(crate) const KINDS: [&str; 4] = ["add", "cancel", "replace", "cross"];

fn kind(op: &Op) -> usize {
    match op {
        Op::Add { .. } => 0,
        Op::Cancel(_) => 1,
        Op::Replace(..) => 2,
        Op::Cross { .. } => 3,
    }
}

/// Latencies of each kind, ns, the clock's own cost in them.
#[derive(Clone)]
pub(crate) struct ByKind([Histogram<u64>; 4]);

impl ByKind {
    fn new() -> ByKind {
        ByKind([histogram(), histogram(), histogram(), histogram()])
    }

    #[inline]
    fn note(&mut self, op: &Op, ns: u64) {
        note(&mut self.0[kind(op)], ns);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Histogram<u64>)> {
        KINDS.into_iter().zip(&self.0)
    }

    /// All kinds together.
    pub(crate) fn all(&self) -> Histogram<u64> {
        let mut all = histogram();
        for one in &self.0 {
            all += one;
        }
        all
    }
}

/// The share of a run that warms caches and pages up before anything is noted.
fn split(ops: &[Op]) -> (&[Op], &[Op]) {
    ops.split_at(ops.len() / 10)
}

/// Every operation by itself, one right after the other.
pub(crate) fn service(mut book: Book, ops: &[Op]) -> ByKind {
    let mut tally = Tally::default();
    let (warm, counted) = split(ops);
    for op in warm {
        workload::apply(&mut book, op, &mut tally);
    }
    let mut latencies = ByKind::new();
    for op in counted {
        let before = Instant::now();
        workload::apply(&mut book, op, &mut tally);
        let after = Instant::now();
        latencies.note(op, (after - before).as_nanos() as u64);
    }
    std::hint::black_box((&book, tally));
    latencies
}

/// A run at a fixed rate, and what the machine alone made of the same schedule right before.
#[derive(Clone)]
pub(crate) struct OpenLoop {
    pub(crate) offered: u64,
    pub(crate) achieved: f64,
    pub(crate) latencies: ByKind,
    pub(crate) gaps: Gaps,
}

/// Carries out operations when they are due, at `rate` a second, whatever the ones before took.
///
/// Each latency counts from the moment its operation was due, not from when the loop came to it: an operation that waits
/// behind a slow one has waited. That is what corrects coordinated omission.
pub(crate) fn open_loop(mut book: Book, ops: &[Op], rate: u64) -> OpenLoop {
    let mut tally = Tally::default();
    let (warm, counted) = split(ops);
    let gaps = gaps::measure(rate, counted.len() as u64);
    for op in warm {
        workload::apply(&mut book, op, &mut tally);
    }
    let mut latencies = ByKind::new();
    let start = Instant::now();
    let elapsed = || start.elapsed().as_nanos() as u64;
    for (n, op) in counted.iter().enumerate() {
        let due = due(n as u64, rate);
        while elapsed() < due {}
        workload::apply(&mut book, op, &mut tally);
        latencies.note(op, elapsed() - due);
    }
    let achieved = counted.len() as f64 / start.elapsed().as_secs_f64();
    std::hint::black_box((&book, tally));
    OpenLoop { offered: rate, achieved, latencies, gaps }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll::workload::FLOWS;

    #[test]
    fn every_counted_operation_is_noted_under_its_kind() {
        let stream = workload::stream(&FLOWS[0], 10_000, 100, 5);
        let fresh = || {
            let mut book = workload::new_book(&FLOWS[0]);
            for op in &stream.setup {
                workload::apply(&mut book, op, &mut Tally::default());
            }
            book
        };
        let counts = |kinds: &ByKind| kinds.iter().map(|(_, h)| h.len()).collect::<Vec<_>>();
        let service = service(fresh(), &stream.ops);
        let open = open_loop(fresh(), &stream.ops, 50_000_000);
        let mut expected = vec![0; 4];
        for op in &stream.ops[1_000..] {
            expected[kind(op)] += 1;
        }
        assert_eq!(counts(&service), expected);
        assert_eq!(counts(&open.latencies), expected);
        assert_eq!(service.all().len(), 9_000);
        assert_eq!(open.gaps.lateness.len(), 9_000);
        assert!(expected.iter().all(|&count| count > 300), "{expected:?}");
    }

    #[test]
    fn what_waits_behind_a_backlog_counts_as_waiting() {
        let stream = workload::stream(&FLOWS[0], 20_000, 100, 5);
        let mut book = workload::new_book(&FLOWS[0]);
        for op in &stream.setup {
            workload::apply(&mut book, op, &mut Tally::default());
        }
        // Nobody serves a thousand million a second: by the end the backlog is most of the run.
        let open = open_loop(book, &stream.ops, 1_000_000_000);
        let worst = open.latencies.all().max() as f64 / 1e9;
        let run = 18_000.0 / open.achieved;
        assert!(worst > 0.5 * run, "waited {worst} s of {run} s");
    }
}
