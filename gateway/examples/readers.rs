//! What readers and the follower cost each other, lock by lock: two threads, one carries out what was recorded, one looks at accounts.
//!
//!     cargo run --release -p plimsoll-gateway --example readers -- [commands] [commands a second]

#[path = "../../benches/exchange_flow.rs"]
#[allow(dead_code, missing_docs)]
mod exchange_flow;
#[path = "../../benches/workload.rs"]
#[allow(dead_code)]
mod workload;

use left_right::{Absorb, ReadHandle, WriteHandle};
use parking_lot::RwLock;
use plimsoll_exchange::Exchange;
use plimsoll_gateway::users::Memory;
use plimsoll_gateway::{Batch, Engine, Inbound, Once, Record, UserId};
use plimsoll_types::{AccountId, ExchangeSpec};
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Commands of a batch: what the engine takes from its queue together at such rates.
const BATCH: usize = 8;
/// Commands carried out before readers have their turn, as the follower does it.
const STRETCH: usize = 256;
const ACCOUNTS: u32 = 10_000;
/// Nanoseconds between two looks of a reader.
const PAUSE: u64 = 20_000;

/// One way to let others look.
trait Way {
    /// A reader's end.
    type Reader: Reader + Send;
    fn name() -> &'static str;
    fn new(engine: Engine, bed: &Bed) -> Self;
    fn reader(&self) -> Self::Reader;
    /// Carries out a stretch, after which readers see it.
    fn carry_out(&mut self, stretch: &[Arc<Batch>]);
}

trait Reader {
    fn read(&self, look: impl FnOnce(&Exchange));
}

fn replay(engine: &mut Engine, batch: &Batch) {
    let (mut log, mut events) = (batch.log.as_slice(), Vec::new());
    while let Some((record, rest)) = Record::read(log) {
        events.clear();
        if engine.replay(&record, &mut events).is_err() {
            panic!("the follower is out of place");
        }
        log = rest;
    }
}

/// parking_lot's lock; what a follower does when it lets go, and readers where they find it held.
struct Lot<const MANNER: u8>(Arc<RwLock<Engine>>);

/// Lets go, no more: the follower's way.
const PLAIN: u8 = 0;
/// Hands the lock on to whoever waits.
const FAIR: u8 = 1;

impl<const MANNER: u8> Way for Lot<MANNER> {
    type Reader = Arc<RwLock<Engine>>;
    fn name() -> &'static str {
        match MANNER {
            FAIR => "parking_lot RwLock, handed on fairly",
            _ => "parking_lot RwLock",
        }
    }
    fn new(engine: Engine, _: &Bed) -> Self {
        Lot(Arc::new(RwLock::new(engine)))
    }
    fn reader(&self) -> Self::Reader {
        self.0.clone()
    }
    fn carry_out(&mut self, stretch: &[Arc<Batch>]) {
        let mut engine = self.0.write();
        stretch.iter().for_each(|batch| replay(&mut engine, batch));
        if MANNER == FAIR {
            parking_lot::RwLockWriteGuard::unlock_fair(engine);
        }
    }
}

impl Reader for Arc<RwLock<Engine>> {
    fn read(&self, look: impl FnOnce(&Exchange)) {
        look(RwLock::read(self).exchange());
    }
}

struct Std(Arc<std::sync::RwLock<Engine>>);

impl Way for Std {
    type Reader = Arc<std::sync::RwLock<Engine>>;
    fn name() -> &'static str {
        "std RwLock"
    }
    fn new(engine: Engine, _: &Bed) -> Self {
        Std(Arc::new(std::sync::RwLock::new(engine)))
    }
    fn reader(&self) -> Self::Reader {
        self.0.clone()
    }
    fn carry_out(&mut self, stretch: &[Arc<Batch>]) {
        let mut engine = self.0.write().expect("nobody panics");
        stretch.iter().for_each(|batch| replay(&mut engine, batch));
    }
}

impl Reader for Arc<std::sync::RwLock<Engine>> {
    fn read(&self, look: impl FnOnce(&Exchange)) {
        look(std::sync::RwLock::read(self).expect("nobody panics").exchange())
    }
}

/// Two engines: readers look at one while the other moves, then they change places, and everything is carried out twice.
struct Twin {
    engine: Engine,
    spec: ExchangeSpec,
}

impl Clone for Twin {
    fn clone(&self) -> Twin {
        let engine = Engine::restore(self.spec.clone(), &[], &self.engine.snapshot());
        Twin { engine: engine.expect("its own snapshot"), spec: self.spec.clone() }
    }
}

impl Absorb<Arc<Batch>> for Twin {
    fn absorb_first(&mut self, batch: &mut Arc<Batch>, _: &Twin) {
        replay(&mut self.engine, batch);
    }
    fn sync_with(&mut self, first: &Twin) {
        *self = first.clone();
    }
}

struct LeftRight(WriteHandle<Twin, Arc<Batch>>, ReadHandle<Twin>);

impl Way for LeftRight {
    type Reader = ReadHandle<Twin>;
    fn name() -> &'static str {
        "left-right, everything carried out twice"
    }
    fn new(engine: Engine, bed: &Bed) -> Self {
        let (mut write, read) = left_right::new_from_empty(Twin { engine, spec: bed.spec.clone() });
        // The first two make the copies equal: not what is measured.
        write.publish();
        write.publish();
        LeftRight(write, read)
    }
    fn reader(&self) -> Self::Reader {
        self.1.clone()
    }
    fn carry_out(&mut self, stretch: &[Arc<Batch>]) {
        self.0.extend(stretch.iter().cloned());
        self.0.publish();
    }
}

impl Reader for ReadHandle<Twin> {
    fn read(&self, look: impl FnOnce(&Exchange)) {
        look(self.enter().expect("the writer is there").engine.exchange())
    }
}

/// What every run starts from.
struct Bed {
    batches: Vec<Arc<Batch>>,
    spec: ExchangeSpec,
    snapshot: Vec<u8>,
    commands: usize,
}

impl Bed {
    fn new(commands: usize) -> Bed {
        let flow = &workload::FLOWS[0];
        let stream = workload::stream(flow, commands, ACCOUNTS, 1);
        let (setup, all) = exchange_flow::commands(&stream, flow);
        let mut exchange = exchange_flow::exchange(flow, ACCOUNTS);
        let mut events = Vec::new();
        for command in &setup {
            exchange.apply(0, command, &mut events);
            events.clear();
        }
        let spec = exchange.configuration();
        let mut engine = Engine::new(exchange, &[], 0, Memory::new());
        let snapshot = engine.snapshot();
        engine.keep_log();
        let mut batches = Vec::new();
        for group in all.chunks(BATCH) {
            let mut batch = Batch::default();
            for command in group {
                let (user, once, command) = (UserId::SERVER, Once::Unmarked, command.clone());
                let received = engine.number();
                engine.carry_out(&Inbound { received, user, once, tag: 0, command }, &mut batch);
            }
            batches.push(Arc::new(Batch { log: batch.log, ..Batch::default() }));
        }
        Bed { batches, spec, snapshot, commands: all.len() }
    }

    fn engine(&self) -> Engine {
        Engine::restore(self.spec.clone(), &[], &self.snapshot).expect("its own snapshot")
    }
}

fn percentiles(mut all: Vec<u64>) -> String {
    all.sort_unstable();
    let at = |q: f64| all.get(((all.len() as f64 * q) as usize).min(all.len().saturating_sub(1)));
    let us = |q: f64| at(q).map_or(0.0, |ns| *ns as f64 / 1e3);
    format!("{:9.1} {:9.1} {:9.1} {:9.1}", us(0.5), us(0.99), us(0.999), us(1.0))
}

/// Looks at an account every [`PAUSE`] from when it was due, or without a pause; gives the latencies and the looks.
fn look(reader: impl Reader, paced: bool, begun: Instant, ended: &AtomicBool) -> (Vec<u64>, u64) {
    let (mut latencies, mut looks) = (Vec::new(), 0);
    while !ended.load(Ordering::Relaxed) {
        let due = if paced { looks * PAUSE } else { begun.elapsed().as_nanos() as u64 };
        while paced && (begun.elapsed().as_nanos() as u64) < due {
            std::hint::spin_loop();
        }
        let id = AccountId((looks % u64::from(ACCOUNTS)) as u32);
        reader.read(|exchange| drop(black_box(exchange.account(id))));
        if paced {
            latencies.push(begun.elapsed().as_nanos() as u64 - due);
        }
        looks += 1;
    }
    (latencies, looks)
}

/// Carries out each batch when it is due; gives how late each was through.
fn follow(way: &mut impl Way, bed: &Bed, rate: u64, begun: Instant) -> Vec<u64> {
    let due = |batch: usize| (batch * BATCH) as u64 * 1_000_000_000 / rate;
    let (mut done, mut late) = (0, Vec::with_capacity(bed.batches.len()));
    while done < bed.batches.len() {
        let now = begun.elapsed().as_nanos() as u64;
        let most = (done + STRETCH / BATCH).min(bed.batches.len());
        let end = (done..most).find(|&batch| due(batch) > now).unwrap_or(most);
        if end == done {
            std::hint::spin_loop();
            continue;
        }
        way.carry_out(&bed.batches[done..end]);
        let now = begun.elapsed().as_nanos() as u64;
        late.extend((done..end).map(|batch| now - due(batch)));
        done = end;
    }
    late
}

/// The rate at which all is carried out without a pause, beside so many readers that never rest; a second.
fn most<W: Way>(bed: &Bed, readers: usize) -> (f64, f64) {
    let mut way = W::new(bed.engine(), bed);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let begun = Instant::now();
        let looking: Vec<_> = (0..readers)
            .map(|_| {
                let (reader, ended) = (way.reader(), &ended);
                scope.spawn(move || look(reader, false, begun, ended).1)
            })
            .collect();
        bed.batches.chunks(STRETCH / BATCH).for_each(|stretch| way.carry_out(stretch));
        let took = begun.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        let looks: u64 = looking.into_iter().filter_map(|reader| reader.join().ok()).sum();
        (bed.commands as f64 / took / 1e6, looks as f64 / took)
    })
}

fn measure<W: Way>(bed: &Bed, rate: u64) {
    let (alone, _) = most::<W>(bed, 0);
    let (beside, looks) = most::<W>(bed, 1);
    let mut way = W::new(bed.engine(), bed);
    let ended = AtomicBool::new(false);
    let (late, (latencies, _)) = std::thread::scope(|scope| {
        let (reader, ended) = (way.reader(), &ended);
        let begun = Instant::now() + Duration::from_millis(5);
        let looking = scope.spawn(move || {
            while Instant::now() < begun {}
            look(reader, true, begun, ended)
        });
        while Instant::now() < begun {}
        let late = follow(&mut way, bed, rate, begun);
        ended.store(true, Ordering::Relaxed);
        (late, looking.join().expect("the reader"))
    });
    println!("{}", W::name());
    println!(
        "  carried out, M/s: alone {alone:.2}; beside a reader without rest {beside:.2}, which looked {looks:.0} times a second"
    );
    println!("  at {rate}/s, us:         p50       p99     p99.9       max");
    println!("    a look from when due {}", percentiles(latencies));
    println!("    a batch carried out  {}", percentiles(late));
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let commands = args.next().transpose()?.unwrap_or(1_000_000) as usize;
    let rate = args.next().transpose()?.unwrap_or(500_000);
    let bed = Bed::new(commands);
    let began = Instant::now();
    let copy = Engine::restore(bed.spec.clone(), &[], &bed.engine().snapshot())?;
    black_box(copy.number());
    println!(
        "a whole copy, as arc-swap would want one for each publication: {:.1} ms\n",
        began.elapsed().as_secs_f64() * 1e3
    );
    for round in 1..=3 {
        println!("round {round}");
        measure::<Lot<FAIR>>(&bed, rate);
        measure::<Lot<PLAIN>>(&bed, rate);
        measure::<Std>(&bed, rate);
        measure::<LeftRight>(&bed, rate);
    }
    Ok(())
}
