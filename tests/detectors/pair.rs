//! One exchange under each detector, what both are given, and how a failing list of it is made short.

use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, Command, Detector, Event, EventKind, ExchangeSpec, Ts};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What both exchanges are given.
#[derive(Clone, Debug)]
pub enum Step {
    Command(Ts, Command),
    /// Each goes on from the other's snapshot, under its own detector.
    Swap,
    /// The one with the index goes on from its own snapshot.
    Again,
}

/// A configuration and what happens under it.
pub struct Script {
    pub spec: ExchangeSpec,
    pub steps: Vec<Step>,
}

/// An exchange with the index and one that scans.
pub struct Pair {
    specs: [ExchangeSpec; 2],
    both: [Exchange; 2],
    events: [Vec<Event>; 2],
    /// Changes of tiers, and cases opened, so far.
    pub tiers: u64,
    pub cases: u64,
}

/// Commands from one check of the index's law, and of both states, to the next.
const LAW: u64 = 4;
const STATE: u64 = 25;

impl Pair {
    pub fn new(spec: &ExchangeSpec) -> Pair {
        let specs = [Detector::Index, Detector::Scan]
            .map(|detector| ExchangeSpec { detector, ..spec.clone() });
        let both = specs.clone().map(Exchange::new);
        Pair { specs, both, events: [Vec::new(), Vec::new()], tiers: 0, cases: 0 }
    }

    /// What the last command led to.
    pub fn events(&self) -> &[Event] {
        &self.events[0]
    }

    /// One step of both; what differs, in words. `number` counts them from 1.
    pub fn step(&mut self, number: u64, step: &Step) -> Result<(), String> {
        match step {
            Step::Command(ts, command) => self.apply(*ts, command)?,
            Step::Swap | Step::Again => self.restore(step)?,
        }
        self.tiers()?;
        if number.is_multiple_of(LAW) {
            let [index, _] = &mut self.both;
            index.audit_watch(number).map_err(|wrong| format!("    LAW {wrong:?}\n"))?;
        }
        if number.is_multiple_of(STATE) {
            let [index, scan] = [0, 1].map(|side| self.both[side].state_hash());
            if index != scan {
                return Err("    the states differ in what no event told\n".to_owned());
            }
        }
        Ok(())
    }

    fn apply(&mut self, ts: Ts, command: &Command) -> Result<(), String> {
        for (exchange, events) in self.both.iter_mut().zip(&mut self.events) {
            events.clear();
            // A shortened list may have lost the command that moved the clock, never one that turns it back.
            exchange.apply(ts.max(exchange.now()), command, events);
        }
        let [index, scan] = &self.events;
        if index != scan {
            return Err(difference(index, scan));
        }
        for event in index {
            self.tiers += u64::from(matches!(event.kind, EventKind::Tier { .. }));
            self.cases += u64::from(matches!(&event.kind, EventKind::Case { step, .. }
                if matches!(step, plimsoll_types::CaseStep::Triggered { .. })));
        }
        Ok(())
    }

    fn restore(&mut self, step: &Step) -> Result<(), String> {
        let [index, scan] = [0, 1].map(|side| self.both[side].snapshot());
        if index != scan {
            return Err("    the snapshots differ\n".to_owned());
        }
        self.events.iter_mut().for_each(Vec::clear);
        for (side, bytes) in [scan, index].iter().enumerate() {
            if side == 1 && matches!(step, Step::Again) {
                break;
            }
            let restored = Exchange::restore(self.specs[side].clone(), bytes);
            self.both[side] = restored.map_err(|error| format!("    {error}\n"))?;
        }
        Ok(())
    }

    /// Every account stands in the same tier.
    fn tiers(&self) -> Result<(), String> {
        let [index, scan] = &self.both;
        for id in (0..index.account_count() as u32).map(AccountId) {
            let tiers = [index.tier(id), scan.tier(id)];
            if tiers[0] != tiers[1] {
                return Err(format!("    account {id:?} stands in tiers {tiers:?}\n"));
            }
        }
        Ok(())
    }
}

/// The first event that differs, with those before it.
fn difference(index: &[Event], scan: &[Event]) -> String {
    let same = index.iter().zip(scan).take_while(|(a, b)| a == b).count();
    let mut text = String::new();
    for event in &index[..same] {
        text += &format!("    both  {event:?}\n");
    }
    for (name, events) in [("INDEX", index), ("SCAN ", scan)] {
        for event in events.iter().skip(same).take(6) {
            text += &format!("    {name} {event:?}\n");
        }
    }
    text
}

/// A panic, or what differs.
pub fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
        Err(format!("    PANIC {}\n", text.unwrap_or_default()))
    })
}

/// Runs a script; the place of the step at which the two differ, and how.
pub fn replay(script: &Script) -> Result<(), (usize, String)> {
    let mut pair = Pair::new(&script.spec);
    for (place, step) in script.steps.iter().enumerate() {
        guarded(|| pair.step(place as u64 + 1, step)).map_err(|text| (place, text))?;
    }
    // The law at the end, whatever the number of the last step.
    let end = script.steps.len();
    guarded(|| pair.both[0].audit_watch(0).map_err(|wrong| format!("    LAW {wrong:?}\n")))
        .map_err(|text| (end.saturating_sub(1), text))
}

/// Drops steps, in ever smaller chunks, while the two still differ.
pub fn shrink(script: &mut Script) {
    let mut chunk = script.steps.len();
    while chunk > 0 {
        let mut from = 0;
        while from < script.steps.len() {
            let mut steps = script.steps.clone();
            steps.drain(from..(from + chunk).min(steps.len()));
            let mut shorter = Script { spec: script.spec.clone(), steps };
            match replay(&shorter) {
                Err((place, _)) => {
                    shorter.steps.truncate(place + 1);
                    *script = shorter;
                }
                Ok(()) => from += chunk,
            }
        }
        chunk /= 2;
    }
}
