//! How fast a server records and comes back: encoding, committing, reading, carrying out, snapshots.
//!
//!     cargo run --release -p plimsoll-gateway --example recovery -- [records] [accounts]

#[path = "../../benches/exchange_flow.rs"]
#[allow(dead_code, missing_docs)]
mod exchange_flow;
#[path = "../../benches/population.rs"]
#[allow(dead_code)]
mod population;
#[path = "../../benches/workload.rs"]
#[allow(dead_code)]
mod workload;

use plimsoll_exchange::{Exchange, configuration_hash};
use plimsoll_gateway::journal::{Files, Journal, Options, Policy, Scan, SegmentHeader, list, walk};
use plimsoll_gateway::store::{
    DataOptions, Saved, journal_of, recover, snapshots_of, write_snapshot,
};
use plimsoll_gateway::users::Memory;
use plimsoll_gateway::{Batch, Engine, Inbound, Once, Record, UserId};
use plimsoll_types::Command;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Commands of a batch, as the pipeline makes them under load.
const BATCH: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u32>());
    let records = args.next().transpose()?.unwrap_or(4_000_000) as usize;
    let accounts = args.next().transpose()?.unwrap_or(1_000_000);
    let scratch = std::env::temp_dir().join(format!("plimsoll.recovery.{}", std::process::id()));
    let done = journal(&scratch, records).and_then(|()| snapshot(&scratch.join("snap"), accounts));
    fs::remove_dir_all(&scratch)?;
    done
}

/// When something began: by the clock, and by what this thread had of a processor until then.
struct Watch(Instant, u64);

impl Watch {
    fn start() -> Watch {
        Watch(Instant::now(), on_processor())
    }
}

/// Nanoseconds this thread has run; 0 where the system does not tell. On a machine with other work it is what a quiet one would take.
fn on_processor() -> u64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn say(what: &str, count: usize, since: &Watch) {
    let (took, ran) = (since.0.elapsed(), on_processor() - since.1);
    let (ns, own) = (took.as_nanos() as f64 / count as f64, ran as f64 / count as f64);
    let seconds = took.as_secs_f64();
    println!("{what:44} {seconds:8.3} s {ns:8.1} ns each; this thread ran {own:8.1} ns each");
}

fn journal(scratch: &Path, records: usize) -> Result<(), Box<dyn Error>> {
    let flow = &workload::FLOWS[0];
    let (setup, commands) =
        exchange_flow::commands(&workload::stream(flow, records, 10_000, 1), flow);
    let exchange = exchange_flow::exchange(flow, 10_000);
    let spec = exchange.configuration();
    let mut engine = Engine::new(exchange, &[], 0, Memory::new());
    engine.keep_log();
    let count = setup.len() + commands.len();
    let mut batches = Vec::new();
    let all: Vec<Command> = setup.into_iter().chain(commands).collect();
    let mut log = Vec::with_capacity(100 * count);
    // Into memory that the system has yet to give, and into the same memory again.
    for memory in ["fresh", "known"] {
        log.clear();
        let began = Watch::start();
        for (n, command) in all.iter().enumerate() {
            let once = Once::Sequence(n as u64);
            Record::write(&mut log, n as u64 + 1, n as u64, 7, once, command);
        }
        let what = format!("encode, {} bytes each, {memory} memory", log.len() / count);
        say(&what, count, &began);
    }
    drop(log);
    for group in all.chunks(BATCH) {
        let mut batch = Batch::default();
        for command in group {
            let (user, once, command) = (UserId::SERVER, Once::Unmarked, command.clone());
            let received = engine.number();
            engine.carry_out(&Inbound { received, user, once, tag: 0, command }, &mut batch);
        }
        batch.events = Vec::new();
        batches.push(Arc::new(batch));
    }
    drop(all);
    let hash = configuration_hash(&spec);
    let policies = [Policy::Never, Policy::Interval(Duration::from_millis(10)), Policy::Always];
    for policy in policies {
        for together in [1, 4, 16] {
            let directory = scratch.join("commits");
            fs::create_dir_all(&directory)?;
            let options = Options { policy, ..Options::default() };
            let mut journal = Journal::begin(Arc::new(Files), &directory, hash, 0, options)?;
            let (mut slowest, began) = (Duration::ZERO, Watch::start());
            for group in batches.chunks(together) {
                let one = Instant::now();
                journal.commit(group)?;
                slowest = slowest.max(one.elapsed());
            }
            let what = format!("commit {policy:?}, {} records a group", together * BATCH);
            say(&what, count, &began);
            journal.close()?;
            println!("{:44} {:8.3} ms", "  the slowest group", slowest.as_secs_f64() * 1e3);
            fs::remove_dir_all(&directory)?;
        }
    }
    restart(&scratch.join("data"), &spec, &batches, &engine)
}

fn restart(
    data: &Path,
    spec: &plimsoll_types::ExchangeSpec,
    batches: &[Arc<Batch>],
    engine: &Engine,
) -> Result<(), Box<dyn Error>> {
    let count = engine.number() as usize;
    let options = Options { policy: Policy::Never, ..Options::default() };
    let options = DataOptions { journal: options, ..DataOptions::new(data) };
    let mut begun = recover(&options, spec, &[], &mut |_, _, _| {})?;
    for group in batches.chunks(16) {
        begun.journal.commit(group)?;
    }
    drop(begun);
    let segments: Vec<_> = list(&journal_of(data))?;
    let bytes: Vec<Vec<u8>> =
        segments.iter().map(|segment| fs::read(&segment.path)).collect::<Result<_, _>>()?;
    let began = Watch::start();
    let mut read = 0;
    for (segment, bytes) in segments.iter().zip(&bytes) {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[32..40]);
        let salt = u64::from_le_bytes(word);
        let header = SegmentHeader { first: segment.first, configuration: 0, salt };
        let mut scan = Scan::new(&header, bytes);
        while scan.record().is_some() {
            read += 1;
        }
    }
    say("check and decode, in memory", read, &began);
    drop(bytes);
    let began = Watch::start();
    walk(&journal_of(data), None, 1, |_, _| Ok(()))?;
    say("read, check and decode, from files", count, &began);
    for _ in 0..3 {
        let began = Watch::start();
        let found = recover(&options, spec, &[], &mut |_, _, _| {})?;
        say("recover: read, decode, carry out", count, &began);
        if found.engine.exchange().state_hash() != engine.exchange().state_hash() {
            return Err("the engine came back another".into());
        }
    }
    Ok(())
}

fn snapshot(data: &Path, most: u32) -> Result<(), Box<dyn Error>> {
    for accounts in [100_000, most] {
        let exchange: Exchange = population::exchange(accounts);
        let spec = exchange.configuration();
        let engine = Engine::new(exchange, &[], 1, Memory::new());
        for _ in 0..3 {
            let began = Watch::start();
            let saved = Saved::of(&engine);
            say(&format!("put down {accounts} accounts"), accounts as usize, &began);
            let directory = snapshots_of(data);
            fs::create_dir_all(&directory)?;
            let began = Watch::start();
            let path = write_snapshot(&Files, &directory, configuration_hash(&spec), &saved)?;
            let bytes = fs::metadata(&path)?.len();
            say(&format!("write and sync {} MB", bytes >> 20), accounts as usize, &began);
            let began = Watch::start();
            let found = Engine::restore(spec.clone(), &[], &fs::read(&path)?)?;
            say(&format!("read and take up {accounts} accounts"), accounts as usize, &began);
            if found.exchange().state_hash() != engine.exchange().state_hash() {
                return Err("the engine came back another".into());
            }
        }
    }
    Ok(())
}
