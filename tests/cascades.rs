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
use std::panic::{AssertUnwindSafe, catch_unwind};
use watch::Watch;

/// How often each kind of thing happened.
type Counts = BTreeMap<&'static str, u64>;

/// Runs one cascade; what it broke.
fn cascade(seed: u64, counts: &mut Counts) -> Result<(), String> {
    let mut script = Script::new(seed);
    let mut exchange = Exchange::new(script.spec.clone());
    let mut watch = Watch::default();
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
    let view = exchange.view();
    if view.imbalance() != Money::ZERO {
        return Err(format!("{} too much", view.imbalance().units()));
    }
    watch.end(&view)
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

fn guarded(seed: u64, counts: &mut Counts) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| cascade(seed, counts))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.unwrap_or_else(|| "a panic".to_owned()))
    })
}

#[test]
fn laws_hold_in_every_cascade() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("PLIMSOLL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PLIMSOLL_CASCADES").unwrap_or(10_000),
    };
    let (all, mut counts) = (seeds.end - seeds.start, Counts::new());
    for seed in seeds {
        if let Err(what) = guarded(seed, &mut counts) {
            panic!("PLIMSOLL_SEED={seed} cargo test --test cascades: {what}");
        }
    }
    if all >= 10_000 {
        for what in EXPECTED {
            let seen = counts.get(what).copied().unwrap_or(0);
            assert!(seen >= 100, "{what} happened {seen} times only: {counts:?}");
        }
    }
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
