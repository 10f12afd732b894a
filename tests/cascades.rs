//! Gap moves against thin books, over random profiles: whatever a cascade does, these laws hold after every command.
//!
//! Money is conserved, a case never turns a position or trades past its batch's price, it ends once or waits for a reason, and
//! what deleveraging takes from one side it takes from the other. `PLIMSOLL_SEED=n` runs one cascade again,
//! `PLIMSOLL_CASCADES` says how many there are (10,000).

#[path = "cascades/market.rs"]
mod market;
#[path = "model/rng.rs"]
mod rng;
#[path = "cascades/watch.rs"]
mod watch;

use market::Script;
use plimsoll_exchange::Exchange;
use plimsoll_types::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use watch::Watch;

/// How often each kind of thing happened.
type Counts = BTreeMap<&'static str, u64>;

/// Runs one cascade; what it broke.
fn cascade(seed: u64, counts: &mut Counts) -> Result<(), String> {
    let mut script = Script::new(seed);
    let mut exchange = Exchange::new(script.spec.clone());
    let mut watch = Watch::new(&script.spec);
    let mut events = Vec::new();
    while let Some((ts, command)) = script.next(&exchange) {
        events.clear();
        exchange.apply(ts, &command, &mut events);
        exchange.audit();
        for event in &events {
            watch.event(&exchange, event).map_err(|what| format!("{command:?}: {what}"))?;
            count(event, counts);
        }
        watch.positions(&exchange).map_err(|what| format!("{command:?}: {what}"))?;
        script.learn(&events);
    }
    let too_much = exchange.view().imbalance();
    if too_much != Money::ZERO {
        return Err(format!("{} too much", too_much.units()));
    }
    watch.end(exchange.open_cases())
}

/// Runs a cascade on two exchanges: `other` may do to the second what must not be noticed. Events and states are the same.
fn twins(seed: u64, other: impl Fn(&ExchangeSpec, Exchange) -> Exchange) -> Result<(), String> {
    let mut script = Script::new(seed);
    let mut exchange = Exchange::new(script.spec.clone());
    let mut twin = Exchange::new(script.spec.clone());
    let (mut events, mut again) = (Vec::new(), Vec::new());
    while let Some((ts, command)) = script.next(&exchange) {
        events.clear();
        again.clear();
        twin = other(&script.spec, twin);
        exchange.apply(ts, &command, &mut events);
        twin.apply(ts, &command, &mut again);
        if events != again {
            return Err(format!("{command:?}: {events:#?} but {again:#?}"));
        }
        if exchange.state_hash() != twin.state_hash() {
            return Err(format!("{command:?}: the states differ"));
        }
        script.learn(&events);
    }
    Ok(())
}

fn count(event: &Event, counts: &mut Counts) {
    let what = match &event.kind {
        EventKind::Case { step, .. } => match step {
            CaseStep::Triggered { reason: ForcedReason::Funds } => "opened",
            CaseStep::Triggered { .. } => "ordered",
            CaseStep::Parked { .. } => "parked",
            CaseStep::Resumed => "resumed",
            CaseStep::Restored => "restored",
            CaseStep::Waterfall => "waterfall",
            CaseStep::Closed => "closed",
            CaseStep::Planned { .. } | CaseStep::Batch { .. } | CaseStep::Checked { .. } => return,
        },
        EventKind::TakenOver { .. } => "taken over",
        EventKind::Deleveraged { .. } => "deleveraged",
        EventKind::Socialised { .. } => "socialised",
        EventKind::Debt { .. } => "debt",
        EventKind::Fund { change, case: Some(_), .. } if change.units() > 0 => "fund gained",
        EventKind::Fund { case: Some(_), .. } => "fund paid",
        EventKind::Busted { .. } => "busted",
        _ => return,
    };
    *counts.entry(what).or_default() += 1;
}

/// Stops at the first seed in which something is wrong, a panic among it.
fn all_well(seeds: Range<u64>, mut run: impl FnMut(u64) -> Result<(), String>) {
    for seed in seeds {
        let result = catch_unwind(AssertUnwindSafe(|| run(seed))).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            Err(text.unwrap_or_else(|| "a panic".to_owned()))
        });
        if let Err(what) = result {
            panic!("PLIMSOLL_SEED={seed} cargo test --test cascades: {what}");
        }
    }
}

/// The seed asked for, else so many of them.
fn seeds(of: u64) -> Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("PLIMSOLL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PLIMSOLL_CASCADES").map_or(of, |all| all * of / CASCADES),
    }
}

const CASCADES: u64 = 10_000;

#[test]
fn laws_hold_in_every_cascade() {
    let (seeds, mut counts) = (seeds(CASCADES), Counts::new());
    let all = seeds.end - seeds.start;
    all_well(seeds, |seed| cascade(seed, &mut counts));
    if all >= CASCADES {
        for what in EXPECTED {
            let seen = counts.get(what).copied().unwrap_or(0);
            assert!(seen >= 100, "{what} happened {seen} times only: {counts:?}");
        }
    }
}

#[test]
fn cases_that_all_act_after_every_command_do_the_same() {
    all_well(seeds(3_000), |seed| {
        twins(seed, |_, mut exchange| {
            exchange.put_all_cases_on_the_agenda();
            exchange
        })
    });
}

#[test]
fn an_exchange_restored_before_every_command_does_the_same() {
    all_well(seeds(500), |seed| {
        twins(seed, |spec, exchange| {
            Exchange::restore(spec.clone(), &exchange.snapshot()).expect("a whole snapshot")
        })
    });
}

/// What ten thousand cascades must have shown.
const EXPECTED: &[&str] = &[
    "opened",
    "ordered",
    "parked",
    "resumed",
    "restored",
    "waterfall",
    "closed",
    "taken over",
    "deleveraged",
    "socialised",
    "debt",
    "fund gained",
    "fund paid",
    "busted",
];
