//! Two exchanges, one that finds breaches by the trigger index and one that asks every account: the same events, tiers and bytes.
//!
//! `PLIMSOLL_DETECTOR_COMMANDS` says how many commands (200,000), `PLIMSOLL_SEED` with which seed to begin (1),
//! `PLIMSOLL_DIFF_FEATURES` what beyond plain trading runs may use (all). Seeds that once failed stand in
//! `detectors/seeds.txt` and run first. The long run:
//!
//!     PLIMSOLL_DETECTOR_COMMANDS=5000000 cargo test --release --test detectors -- --nocapture

#[path = "detectors/markets.rs"]
mod markets;
mod model;
#[path = "detectors/pair.rs"]
mod pair;
#[path = "detectors/wide.rs"]
mod wide;

use model::Model;
use model::features::Features;
use model::novel;
use pair::{Pair, Script, Step, guarded, replay, shrink};
use wide::Wide;

const COMMANDS: u64 = 200_000;
const COMMANDS_A_SEED: u64 = 250;

/// What runs: a seed and the features it uses.
struct Run {
    seed: u64,
    features: Features,
}

/// What a run came past.
#[derive(Default)]
struct Met {
    tiers: u64,
    cases: u64,
    swaps: u64,
}

/// From a line such as `154 stops,settle`.
fn parse(line: &str) -> Option<Run> {
    let mut words = line.split('#').next()?.split_whitespace();
    let seed = words.next()?.parse().expect("a seed");
    Some(Run { seed, features: Features::parse(words.next().expect("features")) })
}

fn environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn runs(commands: u64) -> Vec<Run> {
    if let Ok(line) = std::env::var("PLIMSOLL_DETECTOR_RUN") {
        return vec![parse(&line).expect("a seed and its features")];
    }
    let features = Features::from_environment();
    let first = environment("PLIMSOLL_SEED");
    let failed = include_str!("detectors/seeds.txt").lines();
    let mut runs: Vec<Run> =
        if first.is_none() { failed.filter_map(parse).collect() } else { Vec::new() };
    let first = first.unwrap_or(1);
    let seeds = first..first + commands.div_ceil(COMMANDS_A_SEED);
    runs.extend(seeds.map(|seed| Run { seed, features: novel::features_of(seed, &features) }));
    runs
}

/// A run: commands are made as the model goes along, which says what might mean something.
fn run_seed(run: &Run, met: &mut Met) -> Result<(), Box<Script>> {
    let (mut spec, mut driver) = novel::run_of(run.seed, run.features.clone());
    let mut wide = Wide::new(run.seed, &run.features, &mut spec, &driver);
    let mut script = Script { spec, steps: Vec::new() };
    let (mut pair, mut model) = (Pair::new(&script.spec), Model::new(&script.spec));
    let mut steered = Vec::new();
    for _ in 0..COMMANDS_A_SEED {
        let (ts, command) = driver.next(&model);
        let step = wide.step(&model, ts, command);
        script.steps.push(step.clone());
        if guarded(|| pair.step(script.steps.len() as u64, &step)).is_err() {
            return Err(Box::new(script));
        }
        if let Step::Command(ts, command) = step {
            steered.clear();
            model.apply(ts, &command, &mut steered);
            model.learn(pair.events());
        } else {
            met.swaps += 1;
        }
    }
    met.tiers += pair.tiers;
    met.cases += pair.cases;
    Ok(())
}

/// Shrinks a failing script and says all that is needed to work on it.
fn report(run: &Run, mut script: Script) -> ! {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    shrink(&mut script);
    std::panic::set_hook(loud);
    let (_, text) = replay(&script).expect_err("the shrunk script still fails");
    let steps: Vec<String> = script.steps.iter().map(|step| format!("    {step:?}\n")).collect();
    let Run { seed, features } = run;
    let features = features.names();
    panic!(
        "index and scan differ at seed {seed}\nconfiguration:\n    {:?}\nsteps, shrunk:\n{}at the last one:\n{text}\
         replay with:\n    PLIMSOLL_DETECTOR_RUN='{seed} {features}' cargo test --test detectors\n\
         and add the line '{seed} {features}' to tests/detectors/seeds.txt",
        script.spec,
        steps.concat()
    );
}

#[test]
fn index_and_scan_are_one_exchange() {
    let commands = environment("PLIMSOLL_DETECTOR_COMMANDS").unwrap_or(COMMANDS);
    let mut met = Met::default();
    for run in runs(commands) {
        if let Err(script) = run_seed(&run, &mut met) {
            report(&run, *script);
        }
    }
    println!("{commands} commands: {} tiers, {} cases, {} swaps", met.tiers, met.cases, met.swaps);
    if std::env::var("PLIMSOLL_DETECTOR_RUN").is_err() && commands >= COMMANDS {
        let few = met.tiers < commands / 50 || met.cases < commands / 200 || met.swaps < 100;
        assert!(!few, "too little happens for this to mean much");
    }
}
