//! Matching with inline risk: the canonical base flow through the whole exchange.

use super::Amount;
use super::core::measure_flow;
use super::timing::{Run, histogram};
use plimsoll::exchange_flow;
use plimsoll::workload::{self, FLOWS};
use plimsoll_exchange::Exchange;
use plimsoll_types::{Command, Event, EventKind, InstrumentId};
use std::time::Instant;

/// One number of accounts.
pub(crate) struct Point {
    pub(crate) accounts: u32,
    pub(crate) matching_only: Run,
    pub(crate) with_risk: Run,
}

impl Point {
    /// Rate with risk over rate without.
    pub(crate) fn ratio(&self) -> f64 {
        self.with_risk.rate() / self.matching_only.rate()
    }
}

/// How far the loop looks ahead in its input, commands: the engine thread of a gateway does the same in its queue.
const NEAR: usize = 4;
const FAR: usize = 8;

/// So many commands are carried out before their events are read, as by an engine that hands them on by the batch.
const BATCH: usize = 32;

/// Numbers of accounts.
const ACCOUNTS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Measures each number of accounts.
pub(crate) fn measure(amount: Amount) -> Vec<Point> {
    let matching_only = measure_flow(&FLOWS[0], amount);
    ACCOUNTS
        .iter()
        .map(|&accounts| measure_point(accounts, matching_only.clone(), amount))
        .collect()
}

fn measure_point(accounts: u32, matching_only: Run, amount: Amount) -> Point {
    let flow = &FLOWS[0];
    amount.say(&format!("risk: {accounts} accounts, {} operations", amount.ops));
    let stream = workload::stream(flow, amount.ops, accounts, 1);
    let (setup, commands) = exchange_flow::commands(&stream, flow);
    // What matching alone makes of the same stream: with risk nothing may be refused or trade otherwise.
    let mut book = workload::new_book(flow);
    let mut expected = workload::Tally::default();
    for op in stream.setup.iter().chain(&stream.ops) {
        workload::apply(&mut book, op, &mut expected);
    }
    let resting = book.live();
    drop((book, stream));
    let mut events: Vec<Event> = Vec::with_capacity(1 << 16);
    let filled = |events: &mut Vec<Event>| -> Exchange {
        let mut exchange = exchange_flow::exchange(flow, accounts);
        for command in &setup {
            exchange.apply(0, command, events);
            events.clear();
        }
        exchange
    };
    let (mut rates, mut fills) = (Vec::new(), 0);
    for run in 0..=amount.runs {
        let mut exchange = filled(&mut events);
        let mut trades = 0;
        let start = Instant::now();
        for (ts, command) in commands.iter().enumerate() {
            exchange.foresee(commands.get(ts + NEAR), commands.get(ts + FAR));
            exchange.apply(ts as u64, command, &mut events);
            if ts % BATCH == BATCH - 1 {
                trades += count_trades(&events);
                events.clear();
            }
        }
        trades += count_trades(&events);
        events.clear();
        let seconds = start.elapsed().as_secs_f64();
        plimsoll_types::invariant!(
            trades == expected.fills && exchange.open_orders(InstrumentId(0)) == resting,
            "the exchange traded {trades} times and the book alone {}",
            expected.fills
        );
        fills = trades;
        if run > 0 {
            rates.push(commands.len() as f64 / seconds);
        }
    }
    let mut latencies = histogram();
    let mut exchange = filled(&mut events);
    let mut last = Instant::now();
    for (ts, command) in commands.iter().enumerate() {
        exchange.foresee(commands.get(ts + NEAR), commands.get(ts + FAR));
        exchange.apply(ts as u64, command, &mut events);
        let now = Instant::now();
        let _ = latencies.record((now - last).as_nanos() as u64);
        events.clear();
        last = Instant::now();
    }
    let name = format!("accounts-{accounts}");
    let with_risk = Run::new(name, (commands.len(), flow.resting), fills, rates, latencies);
    Point { accounts, matching_only, with_risk }
}

fn count_trades(events: &[Event]) -> u64 {
    events.iter().filter(|event| matches!(event.kind, EventKind::Trade { .. })).count() as u64
}

/// Commands are what the exchange takes; kept small so that a stream of them fits.
const _: () = assert!(std::mem::size_of::<Command>() <= 128);
