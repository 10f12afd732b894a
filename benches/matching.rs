//! Criterion: matching alone. Add, cancel, cross and the mixed flow, without risk.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use plimsoll::matching::{Book, NewResting};
use plimsoll::types::{Handle, Price, Qty, SelfMatch, Side};
use plimsoll::workload::{self, FLOWS, Tally};
use std::hint::black_box;

const BATCH: u64 = 1_000;

fn filled() -> (Book, workload::Stream) {
    let stream = workload::stream(&FLOWS[0], 10_000, 10_000, 1);
    let mut book = workload::new_book(&FLOWS[0]);
    for op in &stream.setup {
        workload::apply(&mut book, op, &mut Tally::default());
    }
    (book, stream)
}

fn add(book: &mut Book, n: u64) -> Handle {
    let price = Price::new(workload::MIDDLE - 1 - (n % 50) as i64);
    book.rest(NewResting::plain(Side::Buy, price, n as u32, Qty::new(1 + n % 100)))
}

fn matching(c: &mut Criterion) {
    let mut group = c.benchmark_group("matching");
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function("add", |b| {
        b.iter_batched_ref(
            || filled().0,
            |book| {
                for n in 0..BATCH {
                    black_box(add(book, n));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("cancel", |b| {
        b.iter_batched_ref(
            || {
                let mut book = filled().0;
                let handles: Vec<_> = (0..BATCH).map(|n| add(&mut book, n)).collect();
                (book, handles)
            },
            |(book, handles)| {
                for &handle in handles.iter() {
                    black_box(book.cancel(handle));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("cross", |b| {
        b.iter_batched_ref(
            || filled().0,
            |book| {
                for n in 0..BATCH {
                    let taker = plimsoll::matching::Taker {
                        owner: n as u32,
                        side: Side::Buy,
                        limit: None,
                        qty: Qty::new(10),
                        self_match: SelfMatch::None,
                    };
                    black_box(book.take(&taker, &mut Tally::default()));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
    let mut group = c.benchmark_group("matching mixed");
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("base", |b| {
        b.iter_batched_ref(
            filled,
            |(book, stream)| {
                let mut tally = Tally::default();
                for op in &stream.ops {
                    black_box(workload::apply(book, op, &mut tally));
                }
                tally
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);
