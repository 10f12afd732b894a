//! Criterion: the same operations through the whole exchange, every order checked for margin, every trade booked.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use plimsoll::exchange::Exchange;
use plimsoll::types::{Command, Event};
use plimsoll::workload::FLOWS;
use plimsoll::{exchange_flow, workload};

/// Which commands of the stream are measured.
type Wanted = fn(&Command) -> bool;

fn filled(accounts: u32, wanted: Wanted) -> (Exchange, Vec<Command>) {
    let stream = workload::stream(&FLOWS[0], 10_000, accounts, 1);
    let (setup, mut commands) = exchange_flow::commands(&stream, &FLOWS[0]);
    let mut exchange = exchange_flow::exchange(&FLOWS[0], accounts);
    let mut events = Vec::new();
    for command in &setup {
        exchange.apply(0, command, &mut events);
        events.clear();
    }
    commands.retain(wanted);
    (exchange, commands)
}

fn run(exchange: &mut Exchange, commands: &[Command], events: &mut Vec<Event>) -> u64 {
    for command in commands {
        exchange.apply(0, command, events);
        events.clear();
    }
    exchange.seq()
}

fn risk(c: &mut Criterion) {
    let mut group = c.benchmark_group("with risk, 10,000 accounts");
    let orders: Wanted = |command| matches!(command, Command::Order(_));
    let cancels: Wanted = |command| matches!(command, Command::Cancel { .. });
    for (name, wanted) in [("add and cross", orders), ("cancel", cancels), ("mixed", |_| true)] {
        let (_, commands) = filled(10_000, wanted);
        group.throughput(Throughput::Elements(commands.len() as u64));
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || (filled(10_000, wanted), Vec::with_capacity(1 << 12)),
                |((exchange, commands), events)| run(exchange, commands, events),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, risk);
criterion_main!(benches);
