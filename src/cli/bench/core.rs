//! Matching alone: the canonical flows over one book.

use super::Amount;
use super::timing::{Run, histogram};
use plimsoll::workload::{self, FLOWS, Flow, Stream, Tally};
use plimsoll_matching::Book;
use std::time::Instant;

/// Measures every flow.
pub(crate) fn measure(amount: Amount) -> Vec<Run> {
    FLOWS.iter().map(|flow| measure_flow(flow, amount)).collect()
}

/// Measures one flow: a warm-up run, the counted runs, and a run timed operation by operation.
pub(crate) fn measure_flow(flow: &Flow, amount: Amount) -> Run {
    amount.say(&format!(
        "core {}: {} orders resting, {} operations",
        flow.name, flow.resting, amount.ops
    ));
    let stream = workload::stream(flow, amount.ops, 10_000, 1);
    let mut rates = Vec::new();
    let mut fills = 0;
    for run in 0..=amount.runs {
        let mut book = filled(flow, &stream);
        let mut tally = Tally::default();
        let start = Instant::now();
        for op in &stream.ops {
            workload::apply(&mut book, op, &mut tally);
        }
        let seconds = start.elapsed().as_secs_f64();
        std::hint::black_box((&book, tally));
        fills = tally.fills;
        if run > 0 {
            rates.push(stream.ops.len() as f64 / seconds);
        }
    }
    let mut latencies = histogram();
    let mut book = filled(flow, &stream);
    let mut tally = Tally::default();
    let mut last = Instant::now();
    for op in &stream.ops {
        workload::apply(&mut book, op, &mut tally);
        let now = Instant::now();
        let _ = latencies.record((now - last).as_nanos() as u64);
        last = Instant::now();
    }
    Run::new(flow.name.to_owned(), (stream.ops.len(), flow.resting), fills, rates, latencies)
}

fn filled(flow: &Flow, stream: &Stream) -> Book {
    let mut book = workload::new_book(flow);
    let mut tally = Tally::default();
    for op in &stream.setup {
        workload::apply(&mut book, op, &mut tally);
    }
    book
}
