//! Criterion: a change of a mark that crosses nobody, a walk that crosses, and trades, with 100,000 accounts watched.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plimsoll::crowd::{self, Crowd, FREE, Lines, MARK};
use plimsoll::risk::Risk;
use plimsoll::types::{AccountId, Detector, InstrumentId, Price, Side};
use plimsoll::workload::Random;

/// Operations of an iteration.
const OPS: u64 = 1_000;

fn filled(instruments: usize) -> (Crowd, Risk) {
    let crowd = Crowd { accounts: 100_000, instruments, lines: Lines::Spread };
    let mut risk = crowd.risk(Detector::Index);
    crowd::look(&mut risk, &mut Vec::new());
    (crowd, risk)
}

/// Marks anywhere within so many ticks of their start, each instrument's in turn; how many accounts they cross.
fn marks(crowd: Crowd, risk: &mut Risk, random: &mut Random, within: i64) -> u64 {
    let mut found = Vec::new();
    (0..OPS)
        .map(|n| {
            let at = MARK - within + random.below(2 * within as u64) as i64;
            let instrument = InstrumentId((n % crowd.instruments as u64) as u16);
            risk.set_mark(instrument, Price::clamped(at));
            crowd::look(risk, &mut found)
        })
        .sum()
}

/// A lot changes hands between any two accounts.
fn trades(crowd: Crowd, risk: &mut Risk, random: &mut Random) -> u64 {
    let mut found = Vec::new();
    (0..OPS)
        .map(|_| {
            let instrument = random.below(crowd.instruments as u64) as usize;
            for side in [Side::Buy, Side::Sell] {
                let account = AccountId(random.below(u64::from(crowd.accounts)) as u32);
                risk.book(crowd::fill(crowd.position(account, instrument), side, 1));
            }
            crowd::look(risk, &mut found)
        })
        .sum()
}

fn breach(c: &mut Criterion) {
    for instruments in [1, 8] {
        let name = format!("breach, 100,000 accounts, instruments: {instruments}");
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(OPS));
        let mut random = Random::new(21);
        let (crowd, mut risk) = filled(instruments);
        group.bench_function("mark, nobody crossed", |b| {
            b.iter(|| marks(crowd, &mut risk, &mut random, FREE / 2))
        });
        group.bench_function("trade", |b| b.iter(|| trades(crowd, &mut risk, &mut random)));
        group.sample_size(10);
        group.bench_function("mark, anywhere within 2,000 ticks", |b| {
            b.iter(|| marks(crowd, &mut risk, &mut random, 2_000))
        });
        group.finish();
    }
}

criterion_group!(benches, breach);
criterion_main!(benches);
