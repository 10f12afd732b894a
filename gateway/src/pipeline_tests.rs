//! The pipeline as its users see it: in, durable, out, and what happens when a part of it fails.

use super::*;
use crate::follower::Follower;
use crate::house::{ANNA, USER, engine, limit, spec, users};
use crate::inbound::Busy;
use crate::one_thread::{NoFace, OneThread};
use crate::users::{Limits, Memory};
use plimsoll_exchange::Exchange;
use plimsoll_types::{EventKind, NewOrder, Side, TimeInForce};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// Long enough for any machine; nobody waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

struct Told(Sender<Arc<Batch>>);

impl Outlet for Told {
    fn deliver(&mut self, batch: &Arc<Batch>) {
        let _ = self.0.send(batch.clone());
    }
}

fn told() -> (Vec<Box<dyn Outlet>>, Receiver<Arc<Batch>>) {
    let (sender, receiver) = channel();
    (vec![Box::new(Told(sender))], receiver)
}

fn buy(id: &str) -> NewOrder {
    limit(ANNA, id, Side::Buy, 4990, 1)
}

fn message(number: u64, command: Command) -> Inbound {
    Inbound { received: 1, user: USER, once: Once::Sequence(number), tag: number, command }
}

fn order(number: u64) -> Inbound {
    message(number, Command::Order(buy(&format!("o{number}"))))
}

/// Numbers of the next `count` outcomes, as they are told.
fn tags(batches: &Receiver<Arc<Batch>>, count: usize) -> Vec<u64> {
    let mut tags = Vec::new();
    while tags.len() < count {
        let batch = batches.recv_timeout(PATIENCE).expect("a batch");
        tags.extend(batch.outcomes.iter().map(|outcome| outcome.tag));
    }
    tags
}

/// Commits what it is allowed to, one word of permission a group; `false` = the disk fails.
struct Gate {
    may: Receiver<bool>,
    committed: Arc<AtomicU64>,
}

fn gate() -> (Box<Gate>, Sender<bool>, Arc<AtomicU64>) {
    let (sender, may) = channel();
    let committed = Arc::new(AtomicU64::new(0));
    (Box::new(Gate { may, committed: committed.clone() }), sender, committed)
}

impl Recorder for Gate {
    fn durability(&self) -> Durability {
        Durability::Synced
    }

    fn commit(&mut self, batches: &[Arc<Batch>]) -> Result<(), RecorderError> {
        if !self.may.recv()? {
            return Err("no space left".into());
        }
        let last = batches.last().map_or(0, |batch| batch.last);
        self.committed.store(last, Ordering::Release);
        Ok(())
    }
}

#[test]
fn what_waits_is_carried_out_and_told_before_the_end() {
    let (outlets, batches) = told();
    let intake = Intake::new(64);
    (1..=50).for_each(|n| intake.submit(order(n)).expect("there is room"));
    let pipeline =
        Pipeline::start(engine(Limits::default()), Clock::new(), intake.clone(), outlets);
    let engine = pipeline.finish().expect("nothing goes wrong");
    assert_eq!(engine.number(), 50);
    assert_eq!(tags(&batches, 50), (1..=50).collect::<Vec<_>>());
    assert_eq!(intake.submit(order(51)), Err(Busy), "it is closed");
}

#[test]
fn a_full_queue_says_busy_at_once() {
    let intake = Intake::new(2);
    let mut lane = intake.lane(1);
    assert_eq!([1, 2, 3].map(|n| intake.submit(order(n)).is_ok()), [true, true, false]);
    assert_eq!([4, 5].map(|n| lane.submit(order(n)).is_ok()), [true, false]);
}

#[test]
fn lanes_and_queue_are_read_in_turn_and_each_in_order() {
    for wait in [WaitStrategy::Spin, WaitStrategy::Yield, WaitStrategy::Block] {
        let (outlets, batches) = told();
        let intake = Intake::new(1024);
        let mut lane = intake.lane(1024);
        for n in 0..500 {
            // Two users, so that neither's numbers make the other's look like copies.
            let other = Inbound { user: UserId(2), ..message(n + 1, Command::Time) };
            lane.submit(Inbound { tag: 2 * n, ..other }).expect("room");
            intake.submit(Inbound { tag: 2 * n + 1, ..order(n + 1) }).expect("room");
        }
        let threads = Threads { engine: wait, ..Threads::default() };
        let (engine, clock) = (engine(Limits::default()), Clock::new());
        let pipeline = Pipeline::start_with(engine, clock, intake, outlets, None, threads);
        let tags = tags(&batches, 1000);
        let of = |rest| tags.iter().copied().filter(|tag| tag % 2 == rest).collect::<Vec<_>>();
        assert!(of(0).is_sorted() && of(1).is_sorted());
        assert_eq!(pipeline.finish().expect("it runs").number(), 1000);
    }
}

#[test]
fn nothing_is_told_before_it_is_durable() {
    let ((outlets, batches), (gate, allow, committed)) = (told(), gate());
    let intake = Intake::new(64);
    let (engine, clock) = (engine(Limits::default()), Clock::new());
    let threads = Threads::default();
    let pipeline =
        Pipeline::start_with(engine, clock, intake.clone(), outlets, Some(gate), threads);
    for number in 1..=20 {
        intake.submit(order(number)).expect("there is room");
        assert!(batches.try_recv().is_err(), "nobody has allowed it");
        allow.send(true).expect("the stage runs");
        let batch = batches.recv_timeout(PATIENCE).expect("it is durable");
        assert_eq!((batch.last, batch.durability), (number, Durability::Synced));
        assert!(committed.load(Ordering::Acquire) >= number);
    }
    assert_eq!(pipeline.finish().expect("nothing goes wrong").number(), 20);
}

#[test]
fn after_a_failure_of_the_disk_nothing_more_is_told_or_taken() {
    let ((outlets, batches), (gate, allow, _)) = (told(), gate());
    let intake = Intake::new(64);
    let (engine, clock) = (engine(Limits::default()), Clock::new());
    let threads = Threads::default();
    let pipeline =
        Pipeline::start_with(engine, clock, intake.clone(), outlets, Some(gate), threads);
    for may in [true, false] {
        allow.send(may).expect("the stage runs");
    }
    intake.submit(order(1)).expect("there is room");
    assert_eq!(tags(&batches, 1), [1]);
    intake.submit(order(2)).expect("there is room");
    // The outlets go with the stage, and that without a word of the second order.
    assert!(batches.recv_timeout(PATIENCE).is_err());
    while !pipeline.has_ended() {
        std::thread::yield_now();
    }
    match pipeline.finish() {
        Err(PipelineError::Journal(error)) => assert_eq!(error.to_string(), "no space left"),
        other => panic!("{:?}", other.map(|engine| engine.number())),
    }
    assert_eq!(intake.submit(order(3)), Err(Busy));
}

#[test]
fn a_sleeping_engine_wakes_for_a_timer() {
    let (outlets, batches) = told();
    let intake = Intake::new(64);
    let clock = Clock::new();
    let pipeline = Pipeline::start(engine(Limits::default()), clock, intake.clone(), outlets);
    let expires = clock.now() + 20_000_000;
    let order = NewOrder { tif: TimeInForce::Gtd(expires), ..buy("short") };
    let inbound = Inbound { received: clock.now(), ..message(1, Command::Order(order)) };
    intake.submit(inbound).expect("there is room");
    let first = batches.recv_timeout(PATIENCE).expect("the order");
    assert!(matches!(first.events[0].kind, EventKind::Accepted { .. }));
    let second = batches.recv_timeout(PATIENCE).expect("the timer");
    assert_eq!(second.outcomes[0].user, UserId::SERVER);
    assert!(matches!(second.events[0].kind, EventKind::Cancelled { .. }));
    assert_eq!(second.events[0].ts, expires);
    assert_eq!(pipeline.finish().expect("it runs").number(), 2);
}

#[test]
fn the_follower_stands_where_the_engine_does() {
    let mut engine = engine(Limits::default());
    engine.keep_log();
    let second = Engine::new(Exchange::new(spec()), &users(Limits::default()), 0, Memory::new());
    let (follower, outlet) = Follower::start(second, Vec::new());
    let intake = Intake::new(4096);
    let outlets: Vec<Box<dyn Outlet>> = vec![Box::new(outlet)];
    let pipeline = Pipeline::start(engine, Clock::new(), intake.clone(), outlets);
    (1..=3000).for_each(|n| intake.submit(order(n)).expect("there is room"));
    let engine = pipeline.finish().expect("it runs");
    assert!(follower.wait_for(3000, PATIENCE));
    assert!(!follower.wait_for(3001, Duration::from_millis(1)), "there is no such command");
    assert_eq!(follower.read(Exchange::state_hash), engine.exchange().state_hash());
    assert_eq!(follower.read_engine(Engine::memory), engine.memory());
}

#[test]
fn one_thread_commits_before_it_tells() {
    let ((outlets, batches), (gate, allow, committed)) = (told(), gate());
    let intake = Intake::new(64);
    let (engine, clock) = (engine(Limits::default()), Clock::new());
    let mut all = OneThread::new(engine, clock, intake.clone(), Some(gate), NoFace, outlets);
    intake.submit(order(1)).expect("there is room");
    allow.send(true).expect("it is there");
    assert!(all.turn().expect("the disk is well"));
    assert_eq!((tags(&batches, 1), committed.load(Ordering::Acquire)), (vec![1], 1));
    assert!(!all.turn().expect("the disk is well"), "nothing waits");
    intake.submit(order(2)).expect("there is room");
    allow.send(false).expect("it is there");
    assert!(all.turn().is_err());
    assert!(batches.try_recv().is_err());
}

#[test]
fn time_never_runs_back_whatever_an_edge_says() {
    let (outlets, batches) = told();
    let intake = Intake::new(64);
    for (number, received) in [(1, 500), (2, 100), (3, 600)] {
        intake.submit(Inbound { received, ..order(number) }).expect("there is room");
    }
    let pipeline = Pipeline::start(engine(Limits::default()), Clock::new(), intake, outlets);
    pipeline.finish().expect("it runs");
    let times: Vec<_> = batches
        .iter()
        .flat_map(|batch| batch.outcomes.iter().map(|o| (o.received, o.ts)).collect::<Vec<_>>())
        .collect();
    assert_eq!(times, [(500, 500), (100, 500), (600, 600)]);
}
