//! The same commands through the engine and through the naive model: events and states are equal.
//!
//! `PLIMSOLL_DIFF_COMMANDS` says how many commands (700,000; from there on everything must be met), `PLIMSOLL_SEED` with which seed to begin (1),
//! `PLIMSOLL_DIFF_FEATURES` what beyond plain trading runs may use (all; names as in `model/features.rs`, or none).
//! Seeds that once failed stand in `differential/seeds.txt` and run first. The long run:
//!
//!     PLIMSOLL_DIFF_COMMANDS=20000000 cargo test --release --test differential -- --nocapture

#[path = "differential/compare.rs"]
mod compare;
mod model;

use model::Model;
use model::coverage::Coverage;
use model::features::Features;
use model::novel;
use plimsoll_exchange::Exchange;
use plimsoll_types::{Command, Event, EventKind, ExchangeSpec, OrderRef, Ts};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What an ordinary run makes; a run of [`FULL`] must meet everything.
const COMMANDS: u64 = 700_000;
const FULL: u64 = 700_000;
/// Corners that only longer runs come to; those have tests of their own.
const RARE: [&str; 3] = [
    "corner: no giver",
    "corner: several accounts above the limit",
    "corner: triggered stop has gone",
];
const COMMANDS_A_SEED: u64 = 250;

/// A configuration and what happens under it.
struct Script {
    spec: ExchangeSpec,
    commands: Vec<(Ts, Command)>,
}

/// Both sides and the commands so far.
struct Pair {
    engine: Exchange,
    model: Model,
    engine_events: Vec<Event>,
    model_events: Vec<Event>,
}

impl Pair {
    fn new(spec: &ExchangeSpec) -> Pair {
        let (engine, model) = (Exchange::new(spec.clone()), Model::new(spec));
        Pair { engine, model, engine_events: Vec::new(), model_events: Vec::new() }
    }

    /// One command through both; what differs, in words.
    fn apply(&mut self, ts: Ts, command: &Command, states: States) -> Result<(), String> {
        self.engine_events.clear();
        self.model_events.clear();
        if self.names_unknown_handle(command) {
            return Ok(());
        }
        self.engine.apply(ts, command, &mut self.engine_events);
        self.model.apply(ts, command, &mut self.model_events);
        self.model.learn(&self.engine_events);
        self.engine_events.iter_mut().for_each(forget_handle);
        if self.engine_events != self.model_events {
            return Err(difference(&self.engine_events, &self.model_events));
        }
        match states {
            States::Compare => compare::states(&self.engine.view(), &self.model),
            States::Skip => Ok(()),
        }
    }

    /// A handle whose order a shrunk script has dropped: nobody was given it, so nobody may send it.
    fn names_unknown_handle(&self, command: &Command) -> bool {
        match command {
            Command::Cancel { order: OrderRef::Handle(instrument, handle), .. }
            | Command::Replace { order: OrderRef::Handle(instrument, handle), .. } => {
                !self.model.handles.contains_key(&(*instrument, *handle))
            }
            _ => false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum States {
    Compare,
    Skip,
}

/// The model has no handles.
fn forget_handle(event: &mut Event) {
    if let EventKind::Accepted { handle, .. }
    | EventKind::Replaced { handle, .. }
    | EventKind::Triggered { handle, .. } = &mut event.kind
    {
        *handle = None;
    }
}

/// The first event that differs, with those before it.
fn difference(engine: &[Event], model: &[Event]) -> String {
    let same = engine.iter().zip(model).take_while(|(e, m)| e == m).count();
    let mut text = String::new();
    for event in &engine[..same] {
        text += &format!("    both   {event:?}\n");
    }
    let rest = |events: &[Event]| events.iter().skip(same).take(6).cloned().collect::<Vec<_>>();
    for event in rest(engine) {
        text += &format!("    ENGINE {event:?}\n");
    }
    for event in rest(model) {
        text += &format!("    MODEL  {event:?}\n");
    }
    text
}

/// A panic of either side, or what differs.
fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
        Err(format!("    PANIC {}\n", text.unwrap_or_default()))
    })
}

/// Runs a script; the place of the command at which the sides differ, and how.
fn replay(script: &Script) -> Result<(), (usize, String)> {
    let mut pair = Pair::new(&script.spec);
    for (place, (ts, command)) in script.commands.iter().enumerate() {
        guarded(|| pair.apply(*ts, command, States::Compare)).map_err(|text| (place, text))?;
    }
    Ok(())
}

/// A run: commands are made as the model goes along.
fn run_seed(run: &Run, coverage: &mut Coverage) -> Result<(), Box<Script>> {
    let (spec, mut driver) = novel::run_of(run.seed, run.features.clone());
    let mut script = Script { spec, commands: Vec::new() };
    let mut pair = Pair::new(&script.spec);
    for place in 0..COMMANDS_A_SEED {
        let (ts, command) = driver.next(&pair.model);
        script.commands.push((ts, command.clone()));
        let states = if place % 10 == 9 { States::Compare } else { States::Skip };
        if guarded(|| pair.apply(ts, &command, states)).is_err() {
            return Err(Box::new(script));
        }
        coverage.count(&pair.model_events);
    }
    coverage.count_corners(&pair.model);
    Ok(())
}

/// Drops commands, in ever smaller chunks, while the sides still differ.
fn shrink(script: &mut Script) {
    if let Err((place, _)) = replay(script) {
        script.commands.truncate(place + 1);
    }
    let mut chunk = script.commands.len().div_ceil(2);
    loop {
        let mut dropped = false;
        let mut from = 0;
        while from < script.commands.len() {
            let to = (from + chunk).min(script.commands.len());
            let mut shorter = script.commands.clone();
            shorter.drain(from..to);
            let shorter = Script { spec: script.spec.clone(), commands: shorter };
            match replay(&shorter) {
                Err((place, _)) => {
                    *script = shorter;
                    script.commands.truncate(place + 1);
                    dropped = true;
                }
                Ok(()) => from = to,
            }
        }
        if chunk == 1 && !dropped {
            return;
        }
        chunk = chunk.div_ceil(2).max(1);
    }
}

/// Shrinks a failing script and says all that is needed to work on it.
fn report(run: &Run, mut script: Script) -> ! {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    shrink(&mut script);
    std::panic::set_hook(loud);
    let (_, text) = replay(&script).expect_err("the shrunk script still fails");
    let mut commands = String::new();
    for (ts, command) in &script.commands {
        commands += &format!("    {ts:>4} {command:?}\n");
    }
    let Run { seed, features } = run;
    let features = features.names();
    panic!(
        "engine and model differ at seed {seed}\nconfiguration:\n    {:?}\ncommands, shrunk:\n{commands}at the last one:\n{text}\
         replay with:\n    PLIMSOLL_DIFF_RUN='{seed} {features}' cargo test --test differential\n\
         and add the line '{seed} {features}' to tests/differential/seeds.txt",
        script.spec
    );
}

fn environment(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// What runs: a seed and the features it uses.
struct Run {
    seed: u64,
    features: Features,
}

impl Run {
    fn of_seed(seed: u64, features: &Features) -> Run {
        Run { seed, features: novel::features_of(seed, features) }
    }

    /// From a line such as `154 stops,settle`.
    fn parse(line: &str) -> Option<Run> {
        let mut words = line.split('#').next()?.split_whitespace();
        let seed = words.next()?.parse().expect("a seed");
        Some(Run { seed, features: Features::parse(words.next().expect("features")) })
    }
}

fn runs(commands: u64) -> Vec<Run> {
    if let Ok(line) = std::env::var("PLIMSOLL_DIFF_RUN") {
        return vec![Run::parse(&line).expect("a seed and its features")];
    }
    let features = Features::from_environment();
    let first = environment("PLIMSOLL_SEED");
    let failed = include_str!("differential/seeds.txt").lines();
    let mut runs: Vec<Run> =
        if first.is_none() { failed.filter_map(Run::parse).collect() } else { Vec::new() };
    let first = first.unwrap_or(1);
    let seeds = first..first + commands.div_ceil(COMMANDS_A_SEED);
    runs.extend(seeds.map(|seed| Run::of_seed(seed, &features)));
    runs
}

#[test]
fn engine_and_model_agree() {
    let commands = environment("PLIMSOLL_DIFF_COMMANDS").unwrap_or(COMMANDS);
    let mut coverage = Coverage::default();
    for run in runs(commands) {
        if let Err(script) = run_seed(&run, &mut coverage) {
            report(&run, *script);
        }
    }
    println!("{}", coverage.table());
    if commands >= FULL && std::env::var("PLIMSOLL_DIFF_RUN").is_err() {
        let mut gaps = coverage.gaps(1, &Features::from_environment());
        gaps.retain(|gap| !RARE.contains(&gap.as_str()));
        assert!(gaps.is_empty(), "never met: {gaps:?}");
    }
}
