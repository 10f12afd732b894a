//! Rings compared: events from one thread to another, as fast as they go and one by one.

use super::handoff::{CAPACITY, Line, Patience, RoundTrip, has_two_cores};
use super::machine::Machine;
use super::timing::{histogram, note, percentiles};
use super::{Amount, common, new_table};
use crate::cli::Failure;
use crossbeam_queue::ArrayQueue;
use hdrhistogram::Histogram;
use plimsoll::report::{Buffer, Checksum, EMPTY, Out, Report};
use plimsoll_gateway::ring;
use serde_json::{Value, json};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What a ring is measured by: one end writes, the other reads.
trait Ends: Send {
    type Writer: Send;
    type Reader: Send;
    fn make() -> (Self::Writer, Self::Reader);
    fn write(writer: &mut Self::Writer, report: Report);
    fn flush(_: &mut Self::Writer) {}
    fn read(reader: &mut Self::Reader, take: &mut impl FnMut(&Report)) -> usize;
}

/// `gateway/src/ring.rs`.
struct Ours;

impl Ends for Ours {
    type Writer = ring::Writer<Report>;
    type Reader = ring::Reader<Report>;
    fn make() -> (Self::Writer, Self::Reader) {
        ring::ring(CAPACITY)
    }
    #[inline]
    fn write(writer: &mut Self::Writer, report: Report) {
        let _ = writer.write(report);
    }
    fn flush(writer: &mut Self::Writer) {
        let _ = writer.flush();
    }
    #[inline]
    fn read(reader: &mut Self::Reader, take: &mut impl FnMut(&Report)) -> usize {
        reader.read(take)
    }
}

/// rtrb event by event.
struct Rtrb;

impl Ends for Rtrb {
    type Writer = rtrb::Producer<Report>;
    type Reader = rtrb::Consumer<Report>;
    fn make() -> (Self::Writer, Self::Reader) {
        rtrb::RingBuffer::new(CAPACITY)
    }
    #[inline]
    fn write(writer: &mut Self::Writer, report: Report) {
        let mut patience = Patience::new();
        while writer.push(report).is_err() {
            patience.wait();
        }
    }
    #[inline]
    fn read(reader: &mut Self::Reader, take: &mut impl FnMut(&Report)) -> usize {
        reader.pop().map_or(0, |report| {
            take(&report);
            1
        })
    }
}

/// crossbeam's, for many writers and readers.
struct Crossbeam;

impl Ends for Crossbeam {
    type Writer = Arc<ArrayQueue<Report>>;
    type Reader = Arc<ArrayQueue<Report>>;
    fn make() -> (Self::Writer, Self::Reader) {
        let queue = Arc::new(ArrayQueue::new(CAPACITY));
        (queue.clone(), queue)
    }
    #[inline]
    fn write(writer: &mut Self::Writer, report: Report) {
        let mut patience = Patience::new();
        while writer.push(report).is_err() {
            patience.wait();
        }
    }
    #[inline]
    fn read(reader: &mut Self::Reader, take: &mut impl FnMut(&Report)) -> usize {
        reader.pop().map_or(0, |report| {
            take(&report);
            1
        })
    }
}

/// One ring's results.
struct RingRun {
    name: &'static str,
    /// Nanoseconds an event in each counted run, sorted: nothing but events.
    bare_ns: Vec<f64>,
    /// The same beside an engine's other work, that work included.
    beside_ns: Vec<f64>,
    /// Of the counted runs, those begun while the cores were slow.
    slow_runs: usize,
    /// From before the write to after the read, one event in flight.
    one_way: Histogram<u64>,
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

fn add(sorted: &mut Vec<f64>, value: f64) {
    sorted.push(value);
    sorted.sort_by(f64::total_cmp);
}

impl RingRun {
    fn new(name: &'static str) -> RingRun {
        let (bare_ns, beside_ns) = (Vec::new(), Vec::new());
        RingRun { name, bare_ns, beside_ns, slow_runs: 0, one_way: histogram() }
    }

    fn json(&self, alone_ns: f64) -> Value {
        let rate = |ns: f64| (1e9 / ns).round();
        let cents = |ns: f64| (ns * 100.0).round() / 100.0;
        let bare = &self.bare_ns;
        json!({
            "name": self.name,
            "events_per_second": rate(median(bare)),
            "events_per_second_min": rate(bare[bare.len() - 1]),
            "events_per_second_max": rate(bare[0]),
            "ns_each": cents(median(bare)),
            "ns_each_beside_work": cents(median(&self.beside_ns) - alone_ns),
            "slow_runs": self.slow_runs,
            "one_way_ns": percentiles(&self.one_way, 0),
        })
    }

    fn row(&self, alone_ns: f64) -> Vec<String> {
        let at = |q| self.one_way.value_at_quantile(q).to_string();
        vec![
            self.name.to_owned(),
            format!("{:.1}", 1e3 / median(&self.bare_ns)),
            format!("{:.1}", median(&self.bare_ns)),
            format!("{:.1}", median(&self.beside_ns) - alone_ns),
            at(0.5),
            at(0.99),
            at(0.999),
            self.slow_runs.to_string(),
        ]
    }

    /// One run of each kind.
    fn lap<E: Ends>(&mut self, events: usize, counted: bool) {
        let slow = RoundTrip::wait_for_fast().is_slow();
        let bare = stream::<E>(self.name, events, |_| {});
        let mut work = Work::new();
        let beside = stream::<E>(self.name, events, |n| work.step(n));
        if counted {
            add(&mut self.bare_ns, bare);
            add(&mut self.beside_ns, beside);
            self.slow_runs += usize::from(slow);
        }
    }

    /// One event a microsecond, each with the time it was written at and flushed by itself: input has run dry.
    fn pace<E: Ends>(&mut self, events: usize) {
        RoundTrip::wait_for_fast();
        let (mut writer, mut reader) = E::make();
        let epoch = Instant::now();
        let now = || epoch.elapsed().as_nanos() as u64;
        let one_way = &mut self.one_way;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let (mut count, mut patience) = (0, Patience::new());
                while count < events {
                    count += E::read(&mut reader, &mut |report| {
                        note(one_way, now().saturating_sub(report.message).max(1));
                    });
                    patience.wait();
                }
            });
            let mut due = now();
            for _ in 0..events {
                due += 1_000;
                let mut sent = now();
                while sent < due {
                    sent = now();
                }
                E::write(&mut writer, event(sent));
                E::flush(&mut writer);
            }
        });
    }
}

/// What an engine does between two events, roughly: 24 stores over 32 KiB and a few dependent multiplications.
struct Work {
    table: Box<[u64; 4_096]>,
    state: u64,
}

impl Work {
    fn new() -> Work {
        Work { table: Box::new([0; 4_096]), state: 1 }
    }

    #[inline]
    fn step(&mut self, number: u64) {
        for store in 0..24 {
            self.state = self.state.wrapping_add(number) ^ self.state >> 29;
            let place = (number.wrapping_mul(7) + store * 13) as usize % self.table.len();
            self.table[place] = self.state;
        }
        black_box(&mut self.table);
    }
}

/// Nanoseconds an event: as many as fast as they go, `work` before each, each folded into a checksum by the reader.
fn stream<E: Ends>(name: &str, events: usize, mut work: impl FnMut(u64)) -> f64 {
    let (mut writer, mut reader) = E::make();
    let mut expected = Checksum::default();
    (0..events).for_each(|n| expected.fold(&event(n as u64)));
    let started = Line(AtomicU64::new(0));
    let (seen, seconds) = std::thread::scope(|scope| {
        let started = &started;
        let reading = scope.spawn(move || {
            started.0.store(1, Ordering::Release);
            let (mut seen, mut patience) = (Checksum::default(), Patience::new());
            while seen.reports < events as u64 {
                if E::read(&mut reader, &mut |report| seen.fold(report)) == 0 {
                    patience.wait();
                }
            }
            seen
        });
        started.wait_for(1);
        let start = Instant::now();
        for n in 0..events as u64 {
            work(n);
            E::write(&mut writer, black_box(event(n)));
        }
        E::flush(&mut writer);
        let seen = reading.join();
        (seen.unwrap_or_default(), start.elapsed().as_secs_f64())
    });
    plimsoll_types::invariant!(seen == expected, "{name} lost or changed events");
    seconds * 1e9 / events as f64
}

/// Nanoseconds an event takes where it stays with its thread, that work included.
fn alone(events: usize) -> f64 {
    let (mut work, mut buffer) = (Work::new(), Buffer::new());
    let start = Instant::now();
    for n in 0..events as u64 {
        work.step(n);
        buffer.put(black_box(event(n)));
    }
    black_box(&buffer);
    start.elapsed().as_secs_f64() * 1e9 / events as f64
}

/// Measures the hand-off; gives the result for machines and for people.
pub(crate) fn run(amount: Amount, machine: &Machine) -> Result<(Value, String), Failure> {
    if !has_two_cores() {
        return Err(Failure::run("bench ring: it needs two cores, this machine offers one"));
    }
    let before = RoundTrip::look();
    let (rings, alone_ns) = measure(amount);
    let after = RoundTrip::look();
    let mut object = common("ring", amount, machine);
    object.insert("event_bytes".into(), size_of::<Report>().into());
    object.insert("events".into(), amount.ops.into());
    object.insert("capacity".into(), CAPACITY.into());
    object.insert("work_ns".into(), ((alone_ns * 100.0).round() / 100.0).into());
    object.insert("round_trip".into(), json!({ "before": before.json(), "after": after.json() }));
    object.insert("rings".into(), rings.iter().map(|ring| ring.json(alone_ns)).collect());
    let head = [
        "ring",
        "M events/s",
        "ns each",
        "ns each beside work",
        "one way p50 ns",
        "p99 ns",
        "p99.9 ns",
        "slow runs",
    ];
    let mut table = new_table(&head);
    rings.iter().for_each(|ring| {
        table.add_row(ring.row(alone_ns));
    });
    let text = format!(
        "64-byte events to a second thread; the work beside takes {alone_ns:.1} ns an event and is taken off\n{table}\n\
         a cache line's round trip between the cores: {} ns before ({}), {} ns after ({})",
        before.ns,
        before.mode(),
        after.ns,
        after.mode()
    );
    Ok((Value::Object(object), text))
}

/// Measures the rings in turn, run by run; gives the work's own time too.
fn measure(amount: Amount) -> ([RingRun; 3], f64) {
    let mut rings = [RingRun::new("plimsoll"), RingRun::new("rtrb"), RingRun::new("ArrayQueue")];
    let [ours, rtrb, crossbeam] = &mut rings;
    let mut work_ns = Vec::new();
    for run in 0..=amount.runs {
        amount.say(&format!("ring: run {run} of {}, {} events each", amount.runs, amount.ops));
        let counted = run > 0;
        ours.lap::<Ours>(amount.ops, counted);
        rtrb.lap::<Rtrb>(amount.ops, counted);
        crossbeam.lap::<Crossbeam>(amount.ops, counted);
        add(&mut work_ns, alone(amount.ops));
    }
    let events = amount.ops.min(200_000);
    ours.pace::<Ours>(events);
    rtrb.pace::<Rtrb>(events);
    crossbeam.pace::<Crossbeam>(events);
    (rings, median(&work_ns))
}

/// An event whose words follow from its number.
#[inline]
fn event(number: u64) -> Report {
    Report { message: number, qty: number ^ 5, maker_left: number << 3, ..EMPTY }
}
