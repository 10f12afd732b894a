//! One run: an engine in its thread, a generator that sends when it is time to and reads what comes out.

use super::super::handoff::Patience;
use super::super::timing::{histogram, note};
use super::super::{Amount, Failure};
use super::{Durable, Folder, Point};
use hdrhistogram::Histogram;
use plimsoll::exchange_flow;
use plimsoll::workload::{self, Flow, Tally};
use plimsoll_gateway::journal::{Files, Journal, Options, Policy};
use plimsoll_gateway::users::Memory;
use plimsoll_gateway::{
    Batch, Clock, Engine, Inbound, Intake, Lane, Limits, Once, Outlet, Pipeline, Reach, Recorder,
    Scopes, Threads, User, UserId, WaitStrategy, wait,
};
use plimsoll_types::{Command, EventKind, Label, Ts};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// Messages a way in holds.
const IN: usize = 1 << 12;
/// Batches the way out holds.
const OUT: usize = 1 << 12;

/// Which way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The ring of one producer.
    Lane,
    /// The queue of many.
    Queue,
}

/// How much is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// As much as goes in.
    Most,
    /// So many messages a second, whether or not earlier ones are through.
    Rate(u64),
}

/// What every run starts from.
pub(crate) struct Bed {
    flow: &'static Flow,
    accounts: u32,
    setup: Vec<Command>,
    commands: Vec<Command>,
}

/// One run's result.
struct Lap {
    seconds: f64,
    latencies: Histogram<u64>,
    trades: u64,
    batches: u64,
    busy: u64,
}

/// Keeps the generator on the first core.
pub(crate) fn pin_generator() -> bool {
    wait::pin(Some(0))
}

impl Bed {
    pub(crate) fn new(flow: &'static Flow, ops: usize, accounts: u32) -> Bed {
        let stream = workload::stream(flow, ops, accounts, 1);
        let (setup, commands) = exchange_flow::commands(&stream, flow);
        Bed { flow, accounts, setup, commands }
    }

    /// Fills of the first `ops` commands by the book alone: with risk and a pipeline around it nothing may trade otherwise.
    fn expected(&self, ops: usize) -> u64 {
        let stream = workload::stream(self.flow, self.commands.len(), self.accounts, 1);
        let mut book = workload::new_book(self.flow);
        let mut tally = Tally::default();
        for op in stream.setup.iter().chain(&stream.ops[..ops]) {
            workload::apply(&mut book, op, &mut tally);
        }
        tally.fills
    }

    /// Runs one load: a run that warms up, then the counted ones.
    pub(crate) fn measure(
        &self,
        way: Way,
        durable: Durable,
        load: Load,
        amount: Amount,
        folder: &Folder,
    ) -> Result<Point, Failure> {
        amount.say(&format!("pipeline: {way:?}, {durable:?}, {load:?}, {} messages", amount.ops));
        let expected = self.expected(amount.ops);
        let (mut rates, mut latencies) = (Vec::new(), Vec::new());
        let (mut busy, mut batches) = (0, 0);
        for run in 0..=amount.runs {
            let lap = self.lap(way, durable, load, amount.ops, folder)?;
            plimsoll_types::invariant!(
                lap.trades == expected,
                "the pipeline traded {} times and the book alone {expected}",
                lap.trades
            );
            if run > 0 {
                rates.push(amount.ops as f64 / lap.seconds);
                latencies.push(lap.latencies);
                busy += lap.busy;
                batches += lap.batches;
            }
        }
        rates.sort_by(f64::total_cmp);
        latencies.sort_by_key(|run: &Histogram<u64>| run.value_at_quantile(0.99));
        let a_batch = (amount.ops * amount.runs) as f64 / batches.max(1) as f64;
        Ok(Point { way, durable, load, rates, latencies, a_batch, busy })
    }

    fn engine(&self) -> Engine {
        let mut exchange = exchange_flow::exchange(self.flow, self.accounts);
        let mut events = Vec::new();
        for command in &self.setup {
            exchange.apply(0, command, &mut events);
            events.clear();
        }
        Engine::new(exchange, &[user()], 0, Memory::new())
    }

    fn lap(
        &self,
        way: Way,
        durable: Durable,
        load: Load,
        ops: usize,
        folder: &Folder,
    ) -> Result<Lap, Failure> {
        let recorder = recorder(durable, folder)?;
        let intake = Intake::new(IN);
        let door = match way {
            Way::Lane => Door::Lane(Box::new(intake.lane(IN))),
            Way::Queue => Door::Queue(intake.clone()),
        };
        let (out, drain) = rtrb::RingBuffer::new(OUT);
        let threads = Threads {
            engine: WaitStrategy::Spin,
            engine_core: Some(1),
            journal: WaitStrategy::Block,
            ..Threads::default()
        };
        let outlets: Vec<Box<dyn Outlet>> = vec![Box::new(Out(out))];
        let clock = Clock::new();
        let pipeline =
            Pipeline::start_with(self.engine(), clock, intake, outlets, recorder, threads);
        let mut generator = Generator::new(door, drain, &self.commands[..ops]);
        generator.yields = durable != Durable::No;
        let seconds = match load {
            Load::Most => generator.most(),
            Load::Rate(rate) => generator.at(rate),
        };
        pipeline.finish().map_err(|error| Failure::run(format!("bench pipeline: {error}")))?;
        let Generator { latencies, trades, batches, busy, .. } = generator;
        Ok(Lap { seconds, latencies, trades, batches, busy })
    }
}

fn recorder(durable: Durable, folder: &Folder) -> Result<Option<Box<dyn Recorder>>, Failure> {
    let policy = match durable {
        Durable::No => return Ok(None),
        Durable::Written => Policy::Never,
        Durable::Synced => Policy::Always,
    };
    let options = Options { policy, ..Options::default() };
    let journal = Journal::begin(Arc::new(Files), &folder.fresh()?, 0, 0, options)
        .map_err(|error| Failure::run(format!("bench pipeline: {error}")))?;
    Ok(Some(Box::new(journal)))
}

/// The only user: without bounds of its own, so that what is measured is the exchange's risk.
fn user() -> User {
    let Some(name) = Label::new("bench") else {
        plimsoll_types::broken(format_args!("a name of five bytes"))
    };
    User {
        name,
        secret: Box::default(),
        reach: Reach::All,
        scopes: Scopes { trade: true, ..Scopes::default() },
        limits: Limits::default(),
        cancel_on_disconnect: false,
    }
}

enum Door {
    Lane(Box<Lane>),
    Queue(Intake),
}

/// The way out: what a protocol's outlet does, which hands batches to its own thread.
struct Out(rtrb::Producer<Arc<Batch>>);

impl Outlet for Out {
    #[inline]
    fn deliver(&mut self, batch: &Arc<Batch>) {
        let mut waiting = batch.clone();
        let mut patience = Patience::new();
        while let Err(rtrb::PushError::Full(batch)) = self.0.push(waiting) {
            waiting = batch;
            patience.wait();
        }
    }
}

/// Sends, and reads what comes out.
struct Generator<'a> {
    door: Door,
    drain: rtrb::Consumer<Arc<Batch>>,
    commands: &'a [Command],
    sent: usize,
    done: usize,
    latencies: Histogram<u64>,
    trades: u64,
    batches: u64,
    busy: u64,
    /// Folds what was read, so that it has been.
    seen: u64,
    /// Whether it lets the journal's thread, the third on two cores, have its core whenever nothing came out.
    yields: bool,
}

impl<'a> Generator<'a> {
    fn new(door: Door, drain: rtrb::Consumer<Arc<Batch>>, commands: &'a [Command]) -> Self {
        let latencies = histogram();
        Generator {
            door,
            drain,
            commands,
            sent: 0,
            done: 0,
            latencies,
            trades: 0,
            batches: 0,
            busy: 0,
            seen: 0,
            yields: false,
        }
    }

    /// Puts the next message in; `false` where there is no room now.
    #[inline]
    fn send(&mut self, received: Ts) -> bool {
        let inbound = Inbound {
            received,
            user: UserId(1),
            once: Once::Sequence(self.sent as u64 + 1),
            tag: self.sent as u64,
            command: self.commands[self.sent].clone(),
        };
        let taken = match &mut self.door {
            Door::Lane(lane) => lane.submit(inbound),
            Door::Queue(intake) => intake.submit(inbound),
        };
        match taken {
            Ok(()) => self.sent += 1,
            Err(_) => self.busy += 1,
        }
        taken.is_ok()
    }

    /// Reads a batch: every outcome, every event.
    #[inline]
    fn read(&mut self, batch: &Batch, mut latency: impl FnMut(u64) -> Option<u64>) {
        self.batches += 1;
        self.done += batch.outcomes.len();
        for (outcome, events) in batch.each() {
            for event in events {
                self.seen = self.seen.wrapping_add(event.seq);
                self.trades += u64::from(matches!(event.kind, EventKind::Trade { .. }));
            }
            if let Some(ns) = latency(outcome.tag) {
                note(&mut self.latencies, ns.max(1));
            }
        }
    }

    /// Once round its loop, in which so many batches had come before.
    #[inline]
    fn rest(&self, before: u64) {
        if self.yields && self.batches == before {
            std::thread::yield_now();
        }
    }

    /// Sends whenever there is room; gives the seconds it took.
    fn most(&mut self) -> f64 {
        let start = Instant::now();
        while self.done < self.commands.len() {
            for _ in 0..32 {
                if self.sent == self.commands.len() || !self.send(self.sent as Ts) {
                    break;
                }
            }
            let before = self.batches;
            while let Ok(batch) = self.drain.pop() {
                self.read(&batch, |_| None);
            }
            self.rest(before);
        }
        black_box(self.seen);
        start.elapsed().as_secs_f64()
    }

    /// Sends each message when it is due, however far the engine is, and counts its latency from then; gives the seconds it took.
    fn at(&mut self, rate: u64) -> f64 {
        // Message n is due n x 10^9 / rate after the start.
        let due = |n: u64| (u128::from(n) * 1_000_000_000 / u128::from(rate)) as u64;
        let start = Instant::now();
        let now = || start.elapsed().as_nanos() as u64;
        let mut next = 0;
        while self.done < self.commands.len() {
            let time = now();
            while next <= time && self.sent < self.commands.len() && self.send(time) {
                next = due(self.sent as u64);
            }
            let before = self.batches;
            while let Ok(batch) = self.drain.pop() {
                let time = now();
                self.read(&batch, |tag| Some(time.saturating_sub(due(tag))));
            }
            self.rest(before);
        }
        black_box(self.seen);
        start.elapsed().as_secs_f64()
    }
}
