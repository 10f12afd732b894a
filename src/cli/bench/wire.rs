//! `bench wire`: from a client's socket through the server and back, over loopback.
//!
//! Two threads: the client spins in one; sockets, engine and journal in the other, by the server's own one-thread mode. The same bytes
//! go round a bare echo in turn with it, so that what the machine's sockets cost stands beside what the exchange adds.

mod hops;
mod rig;

use super::gaps::due;
use super::machine::Machine;
use super::rounds::median;
use super::timing::{histogram, less, note, percentiles};
use super::{Amount, Failure, common, new_table};
use hdrhistogram::Histogram;
use hops::Hops;
use plimsoll_gateway::wait;
use rig::{ANSWER, CLIENT_CORE, Echo, QUESTION, Questions, Server};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

/// Rates offered in the open loop, a second.
const RATES: [u64; 3] = [10_000, 25_000, 50_000];

/// What the server's journal promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Off,
    Written,
    Synced,
}

impl Kept {
    fn as_str(self) -> &'static str {
        match self {
            Kept::Off => "off",
            Kept::Written => "written",
            Kept::Synced => "synced",
        }
    }
}

/// One question at a time.
struct RoundTrip {
    journal: &'static str,
    /// Runs' histograms together.
    latencies: Histogram<u64>,
    /// Medians of the runs, sorted.
    medians: Vec<u64>,
}

/// Questions at a fixed rate.
struct Point {
    journal: &'static str,
    offered: u64,
    /// Answers a second of each run, sorted.
    achieved: Vec<f64>,
    /// Each run's, by p99.
    latencies: Vec<Histogram<u64>>,
}

/// What came of it.
struct Outcome {
    raw: RoundTrip,
    trips: Vec<RoundTrip>,
    points: Vec<Point>,
    hops: Hops,
    /// Whether each thread stayed on its core.
    pinned: bool,
}

/// Measures and gives the result as JSON and as text.
///
/// In a thread of its own, which is kept on a core: threads that others start later must not inherit that.
pub(super) fn run(amount: Amount, machine: &Machine) -> Result<(Value, String), Failure> {
    let thread = std::thread::scope(|scope| {
        scope.spawn(|| measure(amount)).join().map_err(|_| Failure::run("bench wire: it broke"))
    });
    let outcome = thread??;
    Ok((outcome.json(amount, machine), outcome.text()))
}

fn measure(amount: Amount) -> Result<Outcome, Failure> {
    let broken = |error: std::io::Error| Failure::run(format!("bench wire: {error}"));
    // A question takes some ten microseconds: a tenth of what others count in operations is plenty.
    let trips = (amount.ops / 40).max(1_000);
    let mut raw = RoundTrip::new("none");
    let mut with = Vec::new();
    let mut points = Vec::new();
    let pinned = wait::pin(Some(CLIENT_CORE));
    for kept in [Kept::Off, Kept::Written, Kept::Synced] {
        amount.say(&format!("wire, journal {}", kept.as_str()));
        // A sync takes a hundred times as long as a trip.
        let trips = if kept == Kept::Synced { trips / 50 } else { trips };
        let mut trip = RoundTrip::new(kept.as_str());
        let mut rates: Vec<_> = RATES.iter().map(|&rate| Point::new(kept.as_str(), rate)).collect();
        rates.truncate(if kept == Kept::Synced { 0 } else { rates.len() });
        for _ in 0..amount.runs {
            raw.add(echoed(trips).map_err(broken)?);
            // Only now, so that the bare echo had the other core for itself.
            let mut server = Server::start(kept).map_err(broken)?;
            let mut questions = Questions::default();
            round_trips(&mut server.stream, &mut questions, trips / 5).map_err(broken)?;
            trip.add(round_trips(&mut server.stream, &mut questions, trips).map_err(broken)?);
            for point in &mut rates {
                let count = point.offered.min(amount.ops as u64);
                let run = open_loop(&mut server.stream, &mut questions, point.offered, count);
                point.add(run.map_err(broken)?);
            }
        }
        with.push(trip);
        points.extend(rates);
    }
    Ok(Outcome { raw, trips: with, points, hops: Hops::measure(trips)?, pinned })
}

impl RoundTrip {
    fn new(journal: &'static str) -> RoundTrip {
        RoundTrip { journal, latencies: histogram(), medians: Vec::new() }
    }

    fn add(&mut self, run: Histogram<u64>) {
        self.medians.push(run.value_at_quantile(0.5));
        self.medians.sort_unstable();
        self.latencies += run;
    }

    /// Median of the runs' medians.
    fn median(&self) -> u64 {
        self.medians.get(self.medians.len() / 2).copied().unwrap_or(0)
    }
}

impl Point {
    fn new(journal: &'static str, offered: u64) -> Point {
        Point { journal, offered, achieved: Vec::new(), latencies: Vec::new() }
    }

    fn add(&mut self, (achieved, latencies): (f64, Histogram<u64>)) {
        self.achieved.push(achieved);
        self.achieved.sort_by(f64::total_cmp);
        self.latencies.push(latencies);
        self.latencies.sort_by_key(|run| run.value_at_quantile(0.99));
    }

    /// Latencies of the run in the middle, by p99.
    fn median(&self) -> &Histogram<u64> {
        &self.latencies[self.latencies.len() / 2]
    }
}

/// The same questions to a bare echo.
fn echoed(trips: usize) -> std::io::Result<Histogram<u64>> {
    let mut echo = Echo::start()?;
    let mut questions = Questions::default();
    round_trips(&mut echo.stream, &mut questions, trips / 5)?;
    round_trips(&mut echo.stream, &mut questions, trips)
}

/// Asks and waits for the answer, spinning, so many times.
fn round_trips(
    stream: &mut TcpStream,
    questions: &mut Questions,
    count: usize,
) -> std::io::Result<Histogram<u64>> {
    let mut latencies = histogram();
    let mut answers = Answers::default();
    for _ in 0..count {
        let question = questions.next();
        let before = Instant::now();
        write_all(stream, question)?;
        while answers.read(stream)? == 0 {
            std::hint::spin_loop();
        }
        note(&mut latencies, before.elapsed().as_nanos() as u64);
    }
    Ok(latencies)
}

/// Asks whenever a question is due, whatever became of those before; each latency counts from when its question was due.
fn open_loop(
    stream: &mut TcpStream,
    questions: &mut Questions,
    rate: u64,
    count: u64,
) -> std::io::Result<(f64, Histogram<u64>)> {
    let mut latencies = histogram();
    let mut answers = Answers::default();
    let mut waiting: VecDeque<u64> = VecDeque::new();
    let start = Instant::now();
    let mut sent = 0;
    while sent < count || !waiting.is_empty() {
        let now = start.elapsed().as_nanos() as u64;
        let next = due(sent, rate);
        if sent < count && next <= now {
            write_all(stream, questions.next())?;
            waiting.push_back(next);
            sent += 1;
        }
        let came = answers.read(stream)?;
        if came > 0 {
            let now = start.elapsed().as_nanos() as u64;
            for asked in waiting.drain(..came.min(waiting.len())) {
                note(&mut latencies, now.saturating_sub(asked).max(1));
            }
        }
    }
    let achieved = count as f64 / start.elapsed().as_secs_f64();
    Ok((achieved, latencies))
}

fn write_all(stream: &mut TcpStream, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Counts answers by their heads.
struct Answers {
    buffer: Box<[u8]>,
    filled: usize,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers { buffer: vec![0; 64 << 10].into(), filled: 0 }
    }
}

impl Answers {
    /// Reads once, and gives how many whole answers came. Heartbeats are none.
    fn read(&mut self, stream: &mut TcpStream) -> std::io::Result<usize> {
        match stream.read(&mut self.buffer[self.filled..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.filled += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(error),
        }
        let (mut begin, mut count) = (0, 0);
        while let Some(head) = self.buffer[begin..self.filled].first_chunk::<4>() {
            let length = usize::from(u16::from_le_bytes([head[0], head[1]]));
            if begin + length > self.filled {
                break;
            }
            count += usize::from(head[2] != b'h');
            begin += length;
        }
        self.buffer.copy_within(begin..self.filled, 0);
        self.filled -= begin;
        Ok(count)
    }
}

impl Outcome {
    fn json(&self, amount: Amount, machine: &Machine) -> Value {
        let timer = machine.timer_ns;
        let trip = |trip: &RoundTrip| {
            json!({
                "journal": trip.journal,
                "ns": percentiles(&trip.latencies, timer),
                "p50_median_of_runs": less(trip.median(), timer),
                "p50_min": less(trip.medians.first().copied().unwrap_or(0), timer),
                "p50_max": less(trip.medians.last().copied().unwrap_or(0), timer),
                "times_raw": (self.times_raw(trip) * 100.0).round() / 100.0,
            })
        };
        let point = |point: &Point| {
            json!({
                "journal": point.journal,
                "offered_per_second": point.offered,
                "achieved_per_second": median(&point.achieved),
                "achieved_per_second_min": point.achieved.first().map(|rate| rate.round()),
                "achieved_per_second_max": point.achieved.last().map(|rate| rate.round()),
                "ns": percentiles(point.median(), timer),
                "ns_best": point.latencies.first().map(|run| percentiles(run, timer)),
                "ns_worst": point.latencies.last().map(|run| percentiles(run, timer)),
            })
        };
        let mut object = common("wire", amount, machine);
        object.insert("protocol".into(), "binary".into());
        object.insert("question_bytes".into(), QUESTION.into());
        object.insert("answer_bytes".into(), ANSWER.into());
        if let Some(first) = self.points.first() {
            object.insert("offered_per_second".into(), first.offered.into());
            object.insert("achieved_per_second".into(), median(&first.achieved).into());
            object.insert("ns".into(), percentiles(first.median(), timer));
        }
        object.insert("spinning".into(), json!(["client", "server: sockets, engine and journal"]));
        object.insert("pinned".into(), self.pinned.into());
        object.insert("raw_loopback".into(), trip(&self.raw));
        object.insert("round_trips".into(), self.trips.iter().map(trip).collect());
        object.insert("points".into(), self.points.iter().map(point).collect());
        object.insert("hops_ns".into(), self.hops.json());
        Value::Object(object)
    }

    fn times_raw(&self, trip: &RoundTrip) -> f64 {
        trip.median() as f64 / self.raw.median().max(1) as f64
    }

    fn text(&self) -> String {
        let head = [
            "journal",
            "offered/s",
            "achieved/s",
            "p50 ns",
            "p99 ns",
            "p99.9 ns",
            "max ns",
            "times raw",
        ];
        let mut table = new_table(&head);
        let row = |first: String,
                   offered: String,
                   achieved: String,
                   h: &Histogram<u64>,
                   times: String| {
            let at = |q| h.value_at_quantile(q).to_string();
            vec![first, offered, achieved, at(0.5), at(0.99), at(0.999), h.max().to_string(), times]
        };
        let raw = &self.raw;
        let one = || "one at a time".to_owned();
        table.add_row(row(
            "raw loopback".to_owned(),
            one(),
            String::new(),
            &raw.latencies,
            "1".to_owned(),
        ));
        for trip in &self.trips {
            let times = format!("{:.2}", self.times_raw(trip));
            table.add_row(row(
                trip.journal.to_owned(),
                one(),
                String::new(),
                &trip.latencies,
                times,
            ));
        }
        for point in &self.points {
            let (offered, achieved) =
                (point.offered.to_string(), median(&point.achieved).to_string());
            let journal = point.journal.to_owned();
            table.add_row(row(journal, offered, achieved, point.median(), String::new()));
        }
        format!(
            "wire, binary: {QUESTION} bytes in, {ANSWER} back, over loopback; the client spins in one thread, the server in one other\n{table}\n{}",
            self.hops.text()
        )
    }
}
