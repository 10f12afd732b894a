//! Breach detection by itself: marks, crossings and trades on the risk tables.

use super::figure::{Figure, Stopwatch, grown, resident, timed};
use crate::cli::bench::Amount;
use crate::cli::bench::timing::{histogram, note};
use hdrhistogram::Histogram;
use plimsoll::crowd::{self, Crowd, FREE, MARK, MOST};
use plimsoll::workload::Random;
use plimsoll_risk::{Memory, Risk};
use plimsoll_types::{AccountId, Detector, InstrumentId, Price, Side, invariant};
use std::time::Instant;

/// Largest step of a walk, ticks.
pub(crate) const STEP: u64 = 8;
/// Ticks of a step of the sweep.
const GAP: i64 = 600;
/// How far the sweep goes from the starting mark, ticks: a tenth of it.
const SWEEP: i64 = 60_000;
/// Accounts up to which the scan is measured.
pub(crate) const SCAN_MOST: u32 = 1_000_000;
/// How far the loop of trades looks ahead, as the engine's loop does in its queue.
const NEAR: usize = 4;
const FAR: usize = 8;

/// What came of one crowd.
pub(crate) struct Point {
    pub(crate) crowd: Crowd,
    pub(crate) quiet: Figure,
    pub(crate) scan: Option<Figure>,
    pub(crate) walk: Crossings,
    pub(crate) walk_latencies: Histogram<u64>,
    pub(crate) sweep: Crossings,
    pub(crate) trade: Figure,
    pub(crate) trade_zipf: Figure,
    pub(crate) memory: Memory,
    /// Growth of the process, bytes.
    pub(crate) resident: Option<u64>,
    pub(crate) load_seconds: f64,
}

/// What moving marks cost where accounts are crossed.
pub(crate) struct Crossings {
    pub(crate) ns_per_mark: Figure,
    pub(crate) ns_per_crossed: Figure,
    pub(crate) marks: u64,
    /// Changes of a tier.
    pub(crate) crossed: u64,
    pub(crate) rung: u64,
    pub(crate) drawn: u64,
}

impl Crossings {
    /// Of all counted runs together.
    pub(crate) fn ns(&self) -> f64 {
        self.ns_per_mark.median() * self.marks as f64
    }

    pub(crate) fn crossed_per_mark(&self) -> f64 {
        self.crossed as f64 / self.marks as f64
    }

    /// Positions rung without a change of tier, to each change.
    pub(crate) fn false_alarms(&self) -> f64 {
        (self.rung as f64 - self.crossed as f64) / self.crossed as f64
    }

    pub(crate) fn drawn_per_crossing(&self) -> f64 {
        self.drawn as f64 / self.crossed as f64
    }
}

/// Measures a crowd.
pub(crate) fn measure(crowd: Crowd, amount: Amount) -> Point {
    let before = resident();
    let mut found = Vec::new();
    let (load_seconds, mut risk) = timed(|| {
        let mut risk = crowd.risk(Detector::Index);
        crowd::look(&mut risk, &mut found);
        risk
    });
    jiggle(&mut risk, crowd, &mut found);
    let resident = before.and_then(|before| grown(before, crowd.accounts));
    let memory = risk.memory();
    let quiet = measure_quiet(&mut risk, crowd, amount, amount.ops);
    let (walk, walk_latencies) = measure_walk(&mut risk, crowd, amount, [STEP; MOST]);
    come_back(&mut risk, crowd, &mut found);
    let sweep = measure_sweep(&mut risk, crowd, amount);
    come_back(&mut risk, crowd, &mut found);
    let [trade, trade_zipf] =
        [uniform, zipf].map(|draw| measure_trades(&mut risk, crowd, amount, draw));
    drop(risk);
    let scan = (crowd.accounts <= SCAN_MOST).then(|| {
        let mut risk = crowd.risk(Detector::Scan);
        crowd::look(&mut risk, &mut found);
        // A walk of so many looks at an account that each size takes about as long.
        let marks = (amount.ops * 5 / crowd.accounts as usize).clamp(3, 1_000);
        measure_quiet(&mut risk, crowd, amount, marks)
    });
    Point {
        crowd,
        quiet,
        scan,
        walk,
        walk_latencies,
        sweep,
        trade,
        trade_zipf,
        memory,
        resident,
        load_seconds,
    }
}

/// A step of a walk: up or down, never nowhere.
fn step(random: &mut Random, largest: u64) -> i64 {
    let size = 1 + random.below(largest) as i64;
    if random.below(2) == 0 { size } else { -size }
}

/// Marks that stay where no line is.
fn quiet_marks(crowd: Crowd, marks: usize) -> Vec<(InstrumentId, Price)> {
    let mut random = Random::new(11);
    let mut at = vec![0i64; crowd.instruments];
    let reach = FREE / 3 * 2;
    (0..marks)
        .map(|_| {
            let n = random.below(crowd.instruments as u64) as usize;
            let step = step(&mut random, STEP);
            at[n] += if (at[n] + step).abs() > reach { -step } else { step };
            (InstrumentId(n as u16), Price::clamped(MARK + at[n]))
        })
        .collect()
}

fn measure_quiet(risk: &mut Risk, crowd: Crowd, amount: Amount, marks: usize) -> Figure {
    let marks = quiet_marks(crowd, marks);
    let mut found = Vec::new();
    let before = risk.watch_counts();
    let figure = Figure::of(amount.runs, || {
        let watch = Stopwatch::start();
        let mut changed = 0;
        for &(instrument, mark) in &marks {
            risk.set_mark(instrument, mark);
            changed += crowd::look(risk, &mut found);
        }
        let ns = watch.ns() / marks.len() as f64;
        invariant!(changed == 0, "{changed} accounts were crossed where no line is");
        ns
    });
    let after = risk.watch_counts();
    invariant!(after == before, "where no line is, {before:?} became {after:?}");
    figure
}

/// Runs marks as a generator gives them, once uncounted and then counted, each run until it has crossed enough.
fn measure_crossings(
    risk: &mut Risk,
    amount: Amount,
    budget: [u64; 2],
    mut next: impl FnMut() -> (InstrumentId, Price),
    mut latencies: Option<&mut Histogram<u64>>,
) -> Crossings {
    let [marks_most, crossed_most] = budget;
    let (mut per_mark, mut per_crossed, mut found) = (Vec::new(), Vec::new(), Vec::new());
    let mut before = risk.watch_counts();
    let (mut marks, mut crossed) = (0, 0);
    for run in 0..=amount.runs {
        if run == 1 {
            before = risk.watch_counts();
        }
        let (mut run_marks, mut run_crossed) = (0, 0);
        let watch = Stopwatch::start();
        while run_marks < marks_most && run_crossed < crossed_most {
            let (instrument, mark) = next();
            risk.set_mark(instrument, mark);
            run_crossed += crowd::look(risk, &mut found);
            run_marks += 1;
        }
        let ns = watch.ns();
        if run > 0 {
            per_mark.push(ns / run_marks as f64);
            per_crossed.push(ns / run_crossed as f64);
            (marks, crossed) = (marks + run_marks, crossed + run_crossed);
        }
    }
    let after = risk.watch_counts();
    if let Some(latencies) = &mut latencies {
        for _ in 0..(marks / amount.runs as u64).min(1_000_000) {
            let (instrument, mark) = next();
            let start = Instant::now();
            risk.set_mark(instrument, mark);
            crowd::look(risk, &mut found);
            note(latencies, start.elapsed().as_nanos() as u64);
        }
    }
    Crossings {
        ns_per_mark: Figure::from_runs(per_mark),
        ns_per_crossed: Figure::from_runs(per_crossed),
        marks,
        crossed,
        rung: after.rung - before.rung,
        drawn: after.drawn - before.drawn,
    }
}

/// A walk that goes wherever it goes: each step one instrument's.
pub(crate) fn measure_walk(
    risk: &mut Risk,
    crowd: Crowd,
    amount: Amount,
    steps: [u64; MOST],
) -> (Crossings, Histogram<u64>) {
    let mut random = Random::new(12);
    let mut at = vec![MARK; crowd.instruments];
    let next = || {
        let n = random.below(crowd.instruments as u64) as usize;
        at[n] = (at[n] + step(&mut random, steps[n])).clamp(MARK / 2, MARK * 2);
        (InstrumentId(n as u16), Price::clamped(at[n]))
    };
    let mut latencies = histogram();
    let budget = [amount.ops as u64, (amount.ops / 8) as u64];
    let walk = measure_crossings(risk, amount, budget, next, Some(&mut latencies));
    (walk, latencies)
}

/// Gaps through the crowd: every mark down a tenth, up two, and so on, an instrument after the other.
fn measure_sweep(risk: &mut Risk, crowd: Crowd, amount: Amount) -> Crossings {
    let (mut turn, mut way) = (0, -GAP);
    let mut at = MARK;
    let next = || {
        if turn == 0 {
            if (at + way - MARK).abs() > SWEEP {
                way = -way;
            }
            at += way;
        }
        let n = turn;
        turn = (turn + 1) % crowd.instruments;
        (InstrumentId(n as u16), Price::clamped(at))
    };
    // Once down, up and back at most.
    let marks = 4 * (SWEEP / GAP) as u64 * crowd.instruments as u64;
    measure_crossings(risk, amount, [marks, (amount.ops / 4) as u64], next, None)
}

/// Moves every mark a tick to and fro: who changed its tier a moment ago stands in the narrowest boxes until then.
fn jiggle(risk: &mut Risk, crowd: Crowd, found: &mut Vec<AccountId>) {
    for at in [MARK + 1, MARK] {
        for n in 0..crowd.instruments {
            risk.set_mark(InstrumentId(n as u16), Price::clamped(at));
            crowd::look(risk, found);
        }
    }
}

/// Brings every mark to where it started.
fn come_back(risk: &mut Risk, crowd: Crowd, found: &mut Vec<AccountId>) {
    for n in 0..crowd.instruments {
        risk.set_mark(InstrumentId(n as u16), Price::clamped(MARK));
        crowd::look(risk, found);
    }
}

/// Who trades with whom, and in what.
#[derive(Clone, Copy)]
struct Trade {
    accounts: [AccountId; 2],
    instrument: u8,
}

fn uniform(random: &mut Random, accounts: u32) -> AccountId {
    AccountId(random.below(u64::from(accounts)) as u32)
}

/// By rank, as often as 1 / rank: half of all draws fall on the 1,000 hottest of a million. Ranks lie scattered over the table.
fn zipf(random: &mut Random, accounts: u32) -> AccountId {
    let accounts = u64::from(accounts);
    loop {
        let scale = 1 << random.below(u64::from(accounts.ilog2()) + 1);
        let rank = scale - 1 + random.below(scale);
        if rank < accounts {
            return AccountId((rank * 2_654_435_761 % accounts) as u32);
        }
    }
}

/// A lot changes hands at the mark: both sides booked, both looked at.
fn measure_trades(
    risk: &mut Risk,
    crowd: Crowd,
    amount: Amount,
    draw: fn(&mut Random, u32) -> AccountId,
) -> Figure {
    let mut random = Random::new(13);
    let trades: Vec<Trade> = (0..(amount.ops / 2).max(1))
        .map(|_| Trade {
            accounts: [draw(&mut random, crowd.accounts), draw(&mut random, crowd.accounts)],
            instrument: random.below(crowd.instruments as u64) as u8,
        })
        .collect();
    let record =
        |trade: &Trade, n: usize| crowd.position(trade.accounts[n], usize::from(trade.instrument));
    let mut found = Vec::new();
    Figure::of(amount.runs, || {
        let watch = Stopwatch::start();
        for (place, trade) in trades.iter().enumerate() {
            if let Some(far) = trades.get(place + FAR) {
                far.accounts.iter().for_each(|&account| risk.foresee_account(account));
            }
            if let Some(near) = trades.get(place + NEAR) {
                (0..2).for_each(|n| risk.foresee_position(record(near, n)));
            }
            for (n, side) in [Side::Buy, Side::Sell].into_iter().enumerate() {
                risk.book(crowd::fill(record(trade, n), side, 1));
            }
            crowd::look(risk, &mut found);
        }
        watch.ns() / trades.len() as f64
    })
}
