//! The same through a whole exchange: starting up, marks as commands, funding and settlement.

use super::figure::{Figure, Stopwatch, forget_peak, grown, peak, resident, rounded, timed};
use crate::cli::bench::Amount;
use plimsoll::crowd::{Crowd, MARK};
use plimsoll::workload::Random;
use plimsoll_exchange::Exchange;
use plimsoll_types::{Command, Detector, Event, EventKind, InstrumentId, Price, Ratio, invariant};
use serde_json::{Map, Value};

/// Accounts up to which funding and settlement are measured: each writes an event a holder.
const PAID_MOST: u32 = 1_000_000;
const INSTRUMENT: InstrumentId = InstrumentId(0);

/// What came of one number of accounts.
pub(crate) struct Whole {
    pub(crate) accounts: u32,
    pub(crate) load_seconds: f64,
    pub(crate) snapshot_seconds: f64,
    pub(crate) snapshot_bytes: usize,
    pub(crate) restore_seconds: f64,
    /// Growth of the process by the loaded exchange, bytes.
    pub(crate) resident: Option<u64>,
    /// The most the process had in use while it loaded and took the snapshot, and while it restored.
    pub(crate) peak: Option<u64>,
    pub(crate) mark: Figure,
    pub(crate) crossed: Figure,
    pub(crate) funding: Option<Figure>,
    pub(crate) settlement: Option<Figure>,
}

/// Measures it with one instrument.
pub(crate) fn measure(crowd: Crowd, amount: Amount) -> Whole {
    let mut events = Vec::new();
    let before = resident();
    forget_peak();
    let (load_seconds, loaded) = timed(|| {
        let mut exchange = Exchange::new(crowd.exchange(Detector::Index));
        crowd.enter(&mut exchange, &mut events);
        exchange
    });
    let resident = before.and_then(|before| grown(before, crowd.accounts));
    let (snapshot_seconds, bytes) = timed(|| loaded.snapshot());
    // A restart: what was there is gone.
    drop(loaded);
    let (restore_seconds, restored) =
        timed(|| Exchange::restore(crowd.exchange(Detector::Index), &bytes));
    let snapshot_bytes = bytes.len();
    drop(bytes);
    let mut exchange = restored.unwrap_or_else(|error| {
        plimsoll_types::broken(format_args!("a snapshot just taken does not restore: {error}"))
    });
    let peak = peak();
    let mark = measure_marks(&mut exchange, &mut events, amount);
    let crossed = measure_crossings(&mut exchange, crowd, &mut events, amount);
    let paid = crowd.accounts <= PAID_MOST;
    let [funding, settlement] = [fund as fn(u64) -> Command, settle].map(|command| {
        paid.then(|| measure_paid(&mut exchange, crowd, &mut events, amount, command))
    });
    Whole {
        accounts: crowd.accounts,
        load_seconds,
        snapshot_seconds,
        snapshot_bytes,
        restore_seconds,
        resident,
        peak,
        mark,
        crossed,
        funding,
        settlement,
    }
}

fn mark(at: i64) -> Command {
    Command::Mark { instrument: INSTRUMENT, price: Price::clamped(at) }
}

fn fund(run: u64) -> Command {
    // There and back, so that nobody is drained.
    let rate = if run.is_multiple_of(2) { 100_000 } else { -100_000 };
    Command::Funding { instrument: INSTRUMENT, rate: Some(Ratio::from_nano(rate)) }
}

fn settle(run: u64) -> Command {
    let price = Price::clamped(MARK + run as i64 % 2);
    Command::Settle { instrument: Some(INSTRUMENT), price: Some(price) }
}

/// Marks where no line is, each a command with its event.
fn measure_marks(exchange: &mut Exchange, events: &mut Vec<Event>, amount: Amount) -> Figure {
    let mut random = Random::new(15);
    let marks: Vec<Command> =
        (0..amount.ops).map(|_| mark(MARK - 200 + random.below(400) as i64)).collect();
    Figure::of(amount.runs, || {
        let watch = Stopwatch::start();
        let mut said = 0;
        for command in &marks {
            exchange.apply(0, command, events);
            said += events.len();
            events.clear();
        }
        let ns = watch.ns() / marks.len() as f64;
        invariant!(said <= marks.len(), "{said} events of {} quiet marks", marks.len());
        ns
    })
}

/// Gaps of 600 ticks down a tenth and back, a hundredth with ten million accounts; each crossed account's event counts.
fn measure_crossings(
    exchange: &mut Exchange,
    crowd: Crowd,
    events: &mut Vec<Event>,
    amount: Amount,
) -> Figure {
    let gaps = (100_000_000 / i64::from(crowd.accounts)).clamp(10, 100);
    let down = (0..=gaps).map(|n| MARK - n * 600);
    let path: Vec<Command> = down.clone().chain(down.rev()).map(mark).collect();
    let figure = Figure::of(amount.runs, || {
        let watch = Stopwatch::start();
        let mut crossed = 0;
        for command in &path {
            exchange.apply(0, command, events);
            crossed += events.iter().filter(|e| matches!(e.kind, EventKind::Tier { .. })).count();
            events.clear();
        }
        watch.ns() / crossed as f64
    });
    *events = Vec::new();
    figure
}

/// A command that pays every holder: nanoseconds for each of them.
fn measure_paid(
    exchange: &mut Exchange,
    crowd: Crowd,
    events: &mut Vec<Event>,
    amount: Amount,
    command: fn(u64) -> Command,
) -> Figure {
    let mut run = 0;
    Figure::of(amount.runs, || {
        let command = command(run);
        run += 1;
        let watch = Stopwatch::start();
        exchange.apply(0, &command, events);
        let ns = watch.ns() / f64::from(crowd.accounts);
        let paid = events.len();
        invariant!(paid >= crowd.accounts as usize / 4, "{paid} events: {:?}", events.first());
        events.clear();
        ns
    })
}

impl Whole {
    pub(crate) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("load_seconds".into(), rounded(self.load_seconds));
        object.insert("snapshot_seconds".into(), rounded(self.snapshot_seconds));
        object.insert("snapshot_bytes".into(), self.snapshot_bytes.into());
        object.insert("restore_seconds".into(), rounded(self.restore_seconds));
        object.insert("rss_bytes".into(), self.resident.into());
        object.insert("rss_peak_bytes".into(), self.peak.into());
        self.mark.put(&mut object, "ns_per_mark");
        self.crossed.put(&mut object, "ns_per_crossed");
        for (name, figure) in [
            ("ns_per_holder_funding", &self.funding),
            ("ns_per_holder_settlement", &self.settlement),
        ] {
            match figure {
                Some(figure) => figure.put(&mut object, name),
                None => _ = object.insert(name.into(), Value::Null),
            }
        }
        Value::Object(object)
    }
}
