//! The disk fails or the power goes: nothing that was acknowledged is lost, nothing is acknowledged after a failure.

use super::*;
use crate::house::{spec, users};
use crate::store::{DataOptions, Recovered, recover};
use std::sync::Arc;
use std::time::Duration;

/// How many calls of the disk are made to fail, each in a run of its own; PLIMSOLL_FAULTS=1000 for all of the first thousand.
fn calls() -> impl Iterator<Item = u64> {
    let all = std::env::var("PLIMSOLL_FAULTS").ok().and_then(|count| count.parse().ok());
    let (last, step) = all.map_or((1_000, 23), |last: u64| (last, 1));
    // The first ones, which begin a segment, and then some of each kind.
    (1..=last).filter(move |call| *call <= 40 || call % step == 0)
}

fn started(
    scratch: &Scratch,
    disk: Arc<dyn Disk>,
    journal: Options,
) -> Result<Recovered, RecoverError> {
    let data = DataOptions { data: scratch.0.clone(), journal, disk, resend: 0 };
    recover(&data, &spec(), &users(Limits::default()), &mut |_, _, _| {})
}

/// What a restart on a sound disk finds: at least what was acknowledged, and exactly what the engine did up to there.
fn check_restart(scratch: &Scratch, story: &Story, acknowledged: u64, what: &str) -> u64 {
    let found = match started(scratch, Arc::new(Faulty::default()), small(4096)) {
        Ok(found) => found,
        Err(error) => panic!("{what}: {error}"),
    };
    let number = found.engine.number();
    assert!(number >= acknowledged, "{what}: {number} of {acknowledged}");
    assert_eq!(
        found.engine.exchange().state_hash(),
        story.hashes[number as usize],
        "{what}: at {number}"
    );
    number
}

/// Commits the story one batch at a time; gives the last number that may be told.
fn run(journal: &mut Journal, story: &Story, from: u64, idle: bool) -> (u64, bool) {
    let mut told = from;
    for batch in story.batches.iter().filter(|batch| batch.last > from) {
        if journal.commit(std::slice::from_ref(batch)).is_err() {
            return (told, false);
        }
        told = batch.last;
        if idle && journal.idle().is_err() {
            return (told, false);
        }
    }
    (told, true)
}

#[test]
fn after_a_call_of_the_disk_fails_nothing_is_told_and_nothing_told_is_lost() {
    let story = story(2_000, 11);
    let mut failures = 0;
    for fault in Fault::ALL {
        for call in calls() {
            let what = format!("{fault:?} at {call}");
            let scratch = Scratch::new("faults");
            let disk = Faulty::failing_at(call, fault);
            let mut told = 0;
            if let Ok(mut found) = started(&scratch, Arc::new(disk.clone()), small(4096)) {
                let (last, whole) = run(&mut found.journal, &story, 0, call % 2 == 0);
                told = last;
                assert_eq!(whole, !disk.has_failed(), "{what}");
                if !whole {
                    failures += 1;
                    let again = found.journal.commit(&story.batches[..1]);
                    assert!(matches!(again, Err(JournalError::Shut)), "{what}");
                    assert!(matches!(found.journal.idle(), Err(JournalError::Shut)), "{what}");
                }
                disk.kill();
            }
            check_restart(&scratch, &story, told, &what);
        }
    }
    assert!(failures > 100, "faults are met: {failures}");
}

#[test]
fn a_loss_of_power_takes_only_what_was_never_promised() {
    let story = story(1_500, 12);
    let rounds = std::env::var("PLIMSOLL_FAULTS").ok().and_then(|count| count.parse().ok());
    let mut random = Random(5);
    let mut torn = 0;
    for round in 0..rounds.unwrap_or(60u64) {
        let scratch = Scratch::new("power");
        let policy = match round % 3 {
            0 => Policy::Always,
            1 => Policy::Interval(Duration::ZERO),
            _ => Policy::Never,
        };
        let segment_bytes = 2048 << random.below(5);
        let disk = Faulty::default();
        let options = Options { policy, segment_bytes };
        let mut found =
            started(&scratch, Arc::new(disk.clone()), options).expect("an empty directory");
        let upto = 1 + random.below(story.batches.len() as u64) as usize;
        let part = Story { batches: story.batches[..upto].to_vec(), hashes: Vec::new() };
        let (told, whole) = run(&mut found.journal, &part, 0, random.below(2) == 0);
        assert!(whole);
        disk.lose_power(&mut random);
        drop(found);
        let promised = if policy == Policy::Always { told } else { 0 };
        let number = check_restart(&scratch, &story, promised, &format!("{policy:?} {round}"));
        torn += u64::from(number < told);
    }
    assert!(torn > 10, "power takes something: {torn}");
}

#[test]
fn a_process_that_is_killed_loses_nothing_under_any_policy() {
    let story = story(800, 13);
    let mut random = Random(6);
    for policy in [Policy::Always, Policy::Interval(Duration::from_secs(60)), Policy::Never] {
        let scratch = Scratch::new("killed");
        let mut told = 0;
        while told < 800 {
            let disk = Faulty::default();
            let options = Options { policy, segment_bytes: 4096 };
            let mut found =
                started(&scratch, Arc::new(disk.clone()), options).expect("nothing is damaged");
            assert_eq!(found.engine.number(), told);
            assert_eq!(found.engine.exchange().state_hash(), story.hashes[told as usize]);
            assert!(found.report.warnings.is_empty());
            let until = told + 1 + random.below(200);
            let batches = story.batches.iter().filter(|batch| batch.last <= until).cloned();
            let part = Story { batches: batches.collect(), hashes: Vec::new() };
            told = run(&mut found.journal, &part, told, false).0;
            disk.kill();
        }
    }
}
