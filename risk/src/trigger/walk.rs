//! Random portfolios under random changes of every kind, held against a scan and against the law of the index.
//!
//! `PLIMSOLL_WALK_STEPS` says how many steps (100,000), `PLIMSOLL_SEED` with which seed to begin (1).

use super::world::{Op, World};
use crate::bounds::tests::Draw;

const STEPS: u64 = 100_000;
const STEPS_A_SEED: u64 = 400;

/// What went wrong where, or how many accounts changed their tier.
fn run(seed: u64, ops: &[Op]) -> Result<u64, (usize, String)> {
    let mut world = World::new(seed);
    for (place, op) in ops.iter().enumerate() {
        world.apply(op);
        world.look(place as u64).map_err(|text| (place, text))?;
    }
    Ok(world.crossed)
}

/// Drops steps, in ever smaller pieces, while it still goes wrong.
fn shrink(seed: u64, ops: &mut Vec<Op>) {
    let mut piece = ops.len();
    while piece > 0 {
        let mut from = 0;
        while from < ops.len() {
            let mut fewer = ops.clone();
            fewer.drain(from..(from + piece).min(ops.len()));
            match run(seed, &fewer) {
                Err((place, _)) => {
                    fewer.truncate(place + 1);
                    *ops = fewer;
                }
                Ok(_) => from += piece,
            }
        }
        piece /= 2;
    }
}

fn environment(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn suspects_are_those_a_scan_finds_and_boxes_prove_their_tiers() {
    let steps = environment("PLIMSOLL_WALK_STEPS", STEPS);
    let first = environment("PLIMSOLL_SEED", 1);
    let mut crossed = 0;
    for seed in first..first + steps.div_ceil(STEPS_A_SEED) {
        let mut draw = Draw(seed ^ 0x5EED);
        let mut ops: Vec<Op> = (0..STEPS_A_SEED).map(|_| Op::any(&mut draw)).collect();
        match run(seed, &ops) {
            Ok(found) => crossed += found,
            Err((place, _)) => {
                ops.truncate(place + 1);
                shrink(seed, &mut ops);
                let (_, text) = run(seed, &ops).expect_err("what is left still goes wrong");
                let told: Vec<String> = ops.iter().map(|op| format!("    {op:?}\n")).collect();
                panic!(
                    "seed {seed}: {text}\nsteps, shrunk:\n{}replay with:\n    PLIMSOLL_SEED={seed} \
                     PLIMSOLL_WALK_STEPS=1 cargo test -p plimsoll-risk trigger::walk",
                    told.concat()
                );
            }
        }
    }
    assert!(crossed > steps / 20, "{crossed} crossings in {steps} steps are too few to mean much");
}
