//! No allocation on the order path once warm: a counting allocator watches a million commands.

mod counting;

use counting::allocations;
use plimsoll::types::{Command, Event, Label};
use plimsoll::{exchange_flow, workload};

const WARM_UP: usize = 500_000;
const COUNTED: usize = 1_000_000;

/// Gives every order an id of its own.
fn with_client_ids(prefix: char, commands: &mut [Command]) {
    for (n, command) in commands.iter_mut().enumerate() {
        if let Command::Order(order) = command {
            order.id = Label::new(&format!("{prefix}{n}"));
        }
    }
}

fn allocations_of(commands: &[Command], setup: &[Command]) -> u64 {
    let mut exchange = exchange_flow::exchange(&workload::FLOWS[0], 10_000);
    let mut events: Vec<Event> = Vec::with_capacity(1 << 12);
    let mut run = |commands: &[Command]| {
        for command in commands {
            exchange.apply(0, command, &mut events);
            events.clear();
        }
    };
    run(setup);
    run(&commands[..WARM_UP]);
    let before = allocations();
    run(&commands[WARM_UP..]);
    let allocations = allocations() - before;
    let resting = exchange.open_orders(plimsoll::types::InstrumentId(0)) as usize;
    assert!(resting.abs_diff(workload::FLOWS[0].resting) < 2_000, "nothing was refused: {resting}");
    allocations
}

#[test]
fn a_million_commands_allocate_nothing() {
    let flow = &workload::FLOWS[0];
    let stream = workload::stream(flow, WARM_UP + COUNTED, 10_000, 1);
    let (mut setup, mut commands) = exchange_flow::commands(&stream, flow);
    drop(stream);
    assert_eq!(allocations_of(&commands, &setup), 0, "orders named by handle");
    with_client_ids('s', &mut setup);
    with_client_ids('c', &mut commands);
    assert_eq!(allocations_of(&commands, &setup), 0, "orders with client ids");
}
