//! Snapshots and what comes out of a directory: the engine that went down, or a warning, or a refusal.

use super::keeper::retain;
use super::*;
use crate::engine::Engine;
use crate::follower::Follower;
use crate::house::{engine, spec, users};
use crate::inbound::{Inbound, Once, UserId};
use crate::journal::tests::{Fault, Faulty, Scratch, Story, small, story};
use crate::journal::{Files, list};
use crate::pipeline::Outlet;
use crate::record::Record;
use crate::users::Limits;
use plimsoll_exchange::{RestoreError, configuration_hash};
use plimsoll_types::Command;
use std::fs;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// A directory with a story's journal in segments of 4 KiB and snapshots after these commands; gives the engine that went down.
fn lived(scratch: &Scratch, story: &Story, snapshots: &[u64]) -> Engine {
    let options = DataOptions { journal: small(4096), ..DataOptions::new(&scratch.0) };
    let users = users(Limits::default());
    let mut found = recover(&options, &spec(), &users, &mut |_, _, _| {}).expect("an empty one");
    let directory = snapshots_of(&scratch.0);
    for batch in &story.batches {
        found.journal.commit(std::slice::from_ref(batch)).expect("a sound disk");
        let mut log = batch.log.as_slice();
        while let Some((record, rest)) = Record::read(log) {
            found.engine.replay(&record, &mut Vec::new()).expect("it follows");
            log = rest;
            if snapshots.contains(&record.number) {
                let saved = Saved::of(&found.engine);
                let configuration = configuration_hash(&spec());
                write_snapshot(&Files, &directory, configuration, &saved).expect("a sound disk");
            }
        }
    }
    found.journal.close().expect("a sound disk");
    found.engine
}

fn start(scratch: &Scratch) -> Result<Recovered, RecoverError> {
    recover(&DataOptions::new(&scratch.0), &spec(), &users(Limits::default()), &mut |_, _, _| {})
}

fn check_equal(found: &Engine, expected: &Engine) {
    assert_eq!(found.number(), expected.number());
    assert_eq!(found.exchange().state_hash(), expected.exchange().state_hash());
    assert_eq!(found.memory(), expected.memory());
    assert!(!found.memory().is_empty());
}

#[test]
fn an_engine_comes_back_as_it_went_down_with_and_without_a_snapshot() {
    let story = story(400, 41);
    for snapshots in [&[][..], &[150], &[150, 310], &[400]] {
        let scratch = Scratch::new("back");
        let expected = lived(&scratch, &story, snapshots);
        let newest = snapshots.iter().max().copied();
        let mut told = Vec::new();
        let users = users(Limits::default());
        let found = recover(
            &DataOptions::new(&scratch.0),
            &spec(),
            &users,
            &mut |exchange, record, events| {
                assert!(events.last().is_none_or(|event| event.seq == exchange.seq()));
                told.push(record.number);
            },
        );
        let found = found.expect("nothing is wrong");
        assert_eq!((found.report.snapshot, &found.report.warnings[..]), (newest, &[][..]));
        let from = newest.unwrap_or(0) + 1;
        assert_eq!(told, (from..=expected.number()).collect::<Vec<_>>());
        assert_eq!(found.report.replayed, told.len() as u64);
        check_equal(&found.engine, &expected);
    }
}

#[test]
fn so_many_commands_are_told_again_where_they_are_kept() {
    let scratch = Scratch::new("told");
    let expected = lived(&scratch, &story(400, 44), &[150, 310, 390]);
    let last = expected.number();
    let begins = |resend: u64| {
        let mut told = Vec::new();
        let options = DataOptions { resend, ..DataOptions::new(&scratch.0) };
        let users = users(Limits::default());
        let found = recover(&options, &spec(), &users, &mut |_, record, _| {
            told.push(record.number);
        });
        let found = found.expect("nothing is wrong");
        check_equal(&found.engine, &expected);
        let begin = found.report.snapshot.unwrap_or(0);
        assert_eq!(told, (begin + 1..=last).collect::<Vec<_>>());
        begin
    };
    let wanted = [0, last - 390, last - 389, last - 310, last - 309, last - 150, last, u64::MAX];
    assert_eq!(wanted.map(begins), [390, 390, 310, 310, 150, 150, 0, 0]);
    // Without the first segments the oldest snapshot that the rest goes on from is the best there is.
    let segments = list(&journal_of(&scratch.0)).expect("segments");
    let later = segments.iter().rposition(|segment| segment.first <= 151).expect("one has it");
    assert!(later > 0);
    for segment in &segments[..later] {
        fs::remove_file(&segment.path).expect("it was there");
    }
    assert_eq!([0, last - 309, u64::MAX].map(begins), [390, 150, 150]);
    // The best is damaged: the newest of the others.
    let best = snapshots_of(&scratch.0).join(format!("{:020}.snap", 310));
    fs::write(&best, b"nothing").expect("a place for it");
    let options = DataOptions { resend: last - 310, ..DataOptions::new(&scratch.0) };
    let found = recover(&options, &spec(), &users(Limits::default()), &mut |_, _, _| {});
    let report = found.expect("others are good").report;
    assert_eq!((report.snapshot, report.warnings.len()), (Some(390), 1));
}

#[test]
fn a_message_sent_again_after_a_restart_is_a_copy() {
    let scratch = Scratch::new("again");
    let story = story(100, 42);
    let last = lived(&scratch, &story, &[60]);
    let mut engine = start(&scratch).expect("nothing is wrong").engine;
    for user in [UserId(1), UserId(2)] {
        let sequence = last.last_sequence(user);
        assert!(sequence > 0 && engine.last_sequence(user) == sequence);
        let mut batch = crate::batch::Batch::default();
        let once = Once::Sequence(sequence);
        let (received, tag, command) = (u64::MAX / 4, 0, Command::Time);
        engine.carry_out(&Inbound { received, user, once, tag, command }, &mut batch);
        assert_eq!(batch.outcomes[0].answer, crate::batch::Answer::Copy);
    }
}

#[test]
fn a_damaged_snapshot_is_passed_over_and_said() {
    let story = story(300, 43);
    let scratch = Scratch::new("passed");
    let expected = lived(&scratch, &story, &[100, 200]);
    let newest = snapshots_of(&scratch.0).join(format!("{:020}.snap", 200));
    let bytes = fs::read(&newest).expect("it is there");
    let mut random = crate::journal::tests::Random(9);
    for round in 0..200 {
        let mut other = bytes.clone();
        match round % 2 {
            0 => other.truncate(random.below(bytes.len() as u64) as usize),
            _ => other[random.below(bytes.len() as u64) as usize] ^= 1 << random.below(8),
        }
        fs::write(&newest, &other).expect("a place for it");
        let restored = Engine::restore(spec(), &users(Limits::default()), &other);
        assert!(restored.is_err() && look_at(&other).is_err(), "round {round}");
        if round < 6 {
            let found = start(&scratch).expect("an older one is good");
            assert_eq!(found.report.snapshot, Some(100));
            assert!(found.report.warnings[0].starts_with(&newest.display().to_string()));
            check_equal(&found.engine, &expected);
        }
    }
    fs::write(&newest, &bytes).expect("a place for it");
    assert_eq!(start(&scratch).expect("all are good").report.snapshot, Some(200));
}

#[test]
fn a_snapshot_of_another_configuration_or_version_is_told_apart() {
    let bytes = engine(Limits::default()).snapshot();
    let mut other = spec();
    other.insurance_fund = plimsoll_types::Money::new(5);
    let refused = Engine::restore(other, &[], &bytes).map(|_| ());
    assert_eq!(refused, Err(RestoreError::OtherConfiguration));
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert_eq!(look_at(&newer), Err(RestoreError::Version(2)));
    assert_eq!(look_at(&bytes), Ok((0, 0)));
}

#[test]
fn a_snapshot_ahead_of_the_journal_is_taken_and_its_records_go_on() {
    let story = story(300, 44);
    let scratch = Scratch::new("ahead");
    let expected = lived(&scratch, &story, &[300.min(story.hashes.len() as u64 - 1)]);
    let segments = list(&journal_of(&scratch.0)).expect("a directory");
    for segment in &segments[1..] {
        fs::remove_file(&segment.path).expect("it is there");
    }
    let found = start(&scratch).expect("the snapshot has everything");
    assert!(found.report.warnings[0].contains("the snapshot of 300 has more"));
    assert!(found.engine.number() <= expected.number() && found.engine.number() >= 300);
    drop(found);
    // The gap is no matter to the next start either.
    assert_eq!(start(&scratch).expect("the snapshot has everything").report.snapshot, Some(300));
}

#[test]
fn what_a_snapshot_makes_needless_goes_and_nothing_else() {
    let story = story(600, 45);
    let scratch = Scratch::new("retained");
    let expected = lived(&scratch, &story, &[100, 250, 400, 500]);
    let kept = NonZeroUsize::new(2).expect("two");
    retain(&Files, &scratch.0, kept, Segments::All).expect("a sound disk");
    let numbers = |scratch: &Scratch| -> Vec<u64> {
        let found = snapshots(&snapshots_of(&scratch.0)).expect("a directory");
        found.iter().map(|file| file.number).collect()
    };
    assert_eq!(numbers(&scratch), [400, 500]);
    let before = list(&journal_of(&scratch.0)).expect("a directory");
    retain(&Files, &scratch.0, kept, Segments::SinceOldestSnapshot).expect("a sound disk");
    let after = list(&journal_of(&scratch.0)).expect("a directory");
    assert!(after.len() < before.len() && before.ends_with(&after));
    assert!(after[0].first <= 401 && after[1].first > 401);
    check_equal(&start(&scratch).expect("nothing is wrong").engine, &expected);
    // Even where the newest turns out to be bad.
    fs::write(snapshots_of(&scratch.0).join(format!("{:020}.snap", 500)), b"x").expect("a place");
    check_equal(&start(&scratch).expect("nothing is wrong").engine, &expected);
}

#[test]
fn a_snapshot_that_cannot_be_written_leaves_none_behind() {
    let engine = engine(Limits::default());
    let saved = Saved::of(&engine);
    for fault in Fault::ALL {
        // Creating, two writes, a sync, a rename, the directory: six calls.
        for call in 1..=6 {
            let scratch = Scratch::new("unwritten");
            let disk = Faulty::failing_at(call, fault);
            let written = write_snapshot(&disk, &scratch.0, 7, &saved);
            assert!(written.is_err(), "{fault:?} at {call}");
            let there = snapshots(&scratch.0).expect("a directory");
            assert!(there.len() <= usize::from(call == 6), "{fault:?} at {call}");
            for file in there {
                assert_eq!(look_at(&fs::read(file.path).expect("it is there")), Ok((0, 0)));
            }
        }
    }
}

#[test]
fn snapshots_are_taken_from_the_follower_while_it_follows() {
    let scratch = Scratch::new("keeper");
    let story = story(200, 46);
    let expected = lived(&scratch, &story, &[]);
    let follower = Follower::new(engine(Limits::default()));
    let mut outlet = follower.follow(Vec::new());
    let mut options = KeeperOptions::new(&scratch.0);
    options.commands = u64::MAX;
    let keeper = Snapshots::start(options, Arc::new(Files), follower.clone(), |_| {});
    let mut taken = Vec::new();
    for (n, batch) in story.batches.iter().enumerate() {
        outlet.deliver(batch);
        if n % 20 == 19 {
            taken.push(keeper.take().expect("a sound disk"));
        }
    }
    assert!(follower.wait_for(expected.number(), std::time::Duration::from_secs(60)));
    taken.push(keeper.take().expect("a sound disk"));
    keeper.stop();
    assert!(taken.is_sorted() && taken.last() == Some(&expected.number()));
    let found = start(&scratch).expect("nothing is wrong");
    assert_eq!(found.report.snapshot, Some(expected.number()));
    check_equal(&found.engine, &expected);
    assert!(snapshots(&snapshots_of(&scratch.0)).expect("a directory").len() <= 2);
}
