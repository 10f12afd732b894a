//! The challenge's worst cases: one book, every result a 64-byte report, kept here or handed to a second thread.

use super::handoff::{CAPACITY, Patience, RoundTrip, has_two_cores};
use super::machine::Machine;
use super::timing::{Run, histogram, note, percentiles};
use super::{Amount, new_table};
use hdrhistogram::Histogram;
use plimsoll::challenge::{self, MESSAGES_MAX, SCENARIOS, Scenario, Stream};
use plimsoll::desk::{ByHandle, ById, Desk, Message, Naming};
use plimsoll::report::{Buffer, Checksum, Out, Report};
use plimsoll_gateway::ring::{Reader, ring};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A scenario's results.
pub(crate) struct Challenge {
    /// Reports into a buffer that is used over and over.
    pub(crate) alone: Run,
    /// The same where messages name orders by the client's id, resolved in a table.
    pub(crate) with_ids: Run,
    /// Reports to a second thread that reads each; `None` on a machine with one core.
    pub(crate) with_handoff: Option<Handoff>,
    /// Reports of one run.
    reports: Checksum,
    /// Whether the public challenge has this scenario.
    in_challenge: bool,
}

/// Runs with a second thread.
pub(crate) struct Handoff {
    /// Those begun while the cores were in their fast mode; where there were none, all.
    pub(crate) run: Run,
    /// Median round trip of the cache line before those.
    round_trip: RoundTrip,
    /// Messages a second of each run begun in the slow mode. Each was repeated once.
    slow: Vec<f64>,
}

impl Handoff {
    fn new(runs: &[(f64, RoundTrip)], named: impl FnOnce(Vec<f64>) -> Run) -> Handoff {
        let any_fast = runs.iter().any(|(_, trip)| !trip.is_slow());
        let (counted, slow): (Vec<_>, Vec<_>) =
            runs.iter().partition(|(_, trip)| !any_fast || !trip.is_slow());
        let mut trips: Vec<RoundTrip> = counted.iter().map(|(_, trip)| *trip).collect();
        trips.sort_unstable();
        let rates = |runs: Vec<(f64, RoundTrip)>| runs.into_iter().map(|(rate, _)| rate).collect();
        let round_trip = trips[trips.len() / 2];
        Handoff { run: named(rates(counted)), round_trip, slow: rates(slow) }
    }

    fn line(&self) -> String {
        let (name, trip) = (&self.run.name, self.round_trip);
        let slow: Vec<String> = self.slow.iter().map(|rate| format!("{:.1}", rate / 1e6)).collect();
        let aside = match &slow[..] {
            [] => String::new(),
            _ => format!("; set aside, begun in the slow mode: {}", slow.join(", ")),
        };
        let mode = trip.mode();
        format!(
            "{name}: a cache line's round trip between the cores {} ns ({mode}){aside}\n",
            trip.ns
        )
    }
}

/// Measures every scenario.
pub(crate) fn measure(amount: Amount) -> Vec<Challenge> {
    SCENARIOS.iter().map(|scenario| measure_scenario(scenario, amount)).collect()
}

fn measure_scenario(scenario: &Scenario, amount: Amount) -> Challenge {
    let messages = amount.ops.min(MESSAGES_MAX);
    amount.say(&format!("core {}: {messages} messages, kept and handed off", scenario.name));
    let hall = Hall::new(scenario, messages);
    let (mut alone, mut with_ids, mut handed) = (Vec::new(), Vec::new(), Vec::new());
    // In turn, so that what the host does to one it does to all.
    for run in 0..=amount.runs {
        let first = handed.len();
        alone.push(hall.kept(ByHandle, hall.expected, None));
        with_ids.push(hall.kept(ById::new(hall.stream.orders), hall.expected_ids, None));
        while has_two_cores() && handed.len() - first < 2 {
            let before = RoundTrip::wait_for_fast();
            handed.push((hall.handed_off(None), before));
            if !before.is_slow() {
                break;
            }
        }
        if run == 0 {
            (alone, with_ids, handed) = Default::default();
        }
    }
    let mut latencies = [histogram(), histogram(), histogram()];
    let [plain, ids, handoff] = &mut latencies;
    hall.kept(ByHandle, hall.expected, Some(plain));
    hall.kept(ById::new(hall.stream.orders), hall.expected_ids, Some(ids));
    if has_two_cores() {
        hall.handed_off(Some(handoff));
    }
    let [plain, ids, handoff] = latencies;
    Challenge {
        alone: hall.run("", alone, plain),
        with_ids: hall.run("+ids", with_ids, ids),
        with_handoff: has_two_cores()
            .then(|| Handoff::new(&handed, |rates| hall.run("+handoff", rates, handoff))),
        reports: hall.expected.all,
        in_challenge: scenario.gap.is_none(),
    }
}

type Latencies<'a> = Option<&'a mut Histogram<u64>>;

/// What a run must report: all of it, and what is left of it in a buffer.
#[derive(Clone, Copy)]
struct Expected {
    all: Checksum,
    tail: (usize, Checksum),
}

/// A scenario's stream, and what every run over it must report, that which fills the book included.
struct Hall<'a> {
    scenario: &'a Scenario,
    stream: Stream,
    expected: Expected,
    expected_ids: Expected,
    /// Orders resting at the end.
    resting: usize,
}

impl Hall<'_> {
    fn new(scenario: &Scenario, messages: usize) -> Hall<'_> {
        let stream = challenge::stream(scenario, messages);
        let (expected, resting) = checked(scenario, &stream, ByHandle);
        let (expected_ids, _) = checked(scenario, &stream, ById::new(stream.orders));
        let (a, b) = (expected.all, expected_ids.all);
        plimsoll_types::invariant!(
            (a.reports, a.trades, a.rejects) == (b.reports, b.trades, b.rejects),
            "{}: by handle {a:?}, by id {b:?}",
            scenario.name
        );
        Hall { scenario, stream, expected, expected_ids, resting }
    }

    fn filled<N: Naming, O: Out>(&self, naming: N, out: O) -> Desk<N, O> {
        filled(self.scenario, &self.stream, naming, out)
    }

    fn run(&self, suffix: &str, rates: Vec<f64>, latencies: Histogram<u64>) -> Run {
        let name = format!("{}{suffix}", self.scenario.name);
        let size = (self.stream.messages.len(), self.resting);
        Run::new(name, size, self.expected.all.trades, rates, latencies)
    }

    /// Messages a second with reports kept here.
    fn kept<N: Naming>(&self, naming: N, expected: Expected, latencies: Latencies<'_>) -> f64 {
        let mut desk = self.filled(naming, Buffer::new());
        let start = Instant::now();
        carry_out(&mut desk, &self.stream.messages, latencies);
        let seconds = start.elapsed().as_secs_f64();
        std::hint::black_box(&desk.book);
        let (tail, name) = (desk.out.tail(), self.scenario.name);
        plimsoll_types::invariant!(
            tail == expected.tail,
            "{name}: {tail:?} was reported, and {:?} when checked",
            expected.tail
        );
        self.stream.messages.len() as f64 / seconds
    }

    /// Messages a second until the second thread has read the last report.
    fn handed_off(&self, latencies: Latencies<'_>) -> f64 {
        let (writer, reader) = ring(CAPACITY);
        let started = AtomicBool::new(false);
        let (seen, seconds) = std::thread::scope(|scope| {
            let reading = scope.spawn(|| fold_all(reader, &started));
            let mut patience = Patience::new();
            while !started.load(Ordering::Acquire) {
                patience.wait();
            }
            let mut desk = self.filled(ByHandle, writer);
            let start = Instant::now();
            carry_out(&mut desk, &self.stream.messages, latencies);
            let Desk { out, book, .. } = desk;
            // Publishes the last reports and tells the reader that no more will come.
            drop(out);
            let seen = reading.join();
            let seconds = start.elapsed().as_secs_f64();
            drop(book);
            (seen.unwrap_or_default(), seconds)
        });
        plimsoll_types::invariant!(
            seen == self.expected.all,
            "{}: the second thread saw {seen:?}, alone there were {:?}",
            self.scenario.name,
            self.expected.all
        );
        self.stream.messages.len() as f64 / seconds
    }
}

fn filled<N: Naming, O: Out>(
    scenario: &Scenario,
    stream: &Stream,
    naming: N,
    out: O,
) -> Desk<N, O> {
    let mut desk = Desk::new(challenge::new_book(scenario), naming, out);
    carry_out(&mut desk, &stream.setup, None);
    desk
}

/// What a run over the stream reports, and how many orders rest at its end.
fn checked<N: Naming>(scenario: &Scenario, stream: &Stream, naming: N) -> (Expected, usize) {
    let mut desk = filled(scenario, stream, naming, (Checksum::default(), Buffer::new()));
    carry_out(&mut desk, &stream.messages, None);
    let expected = Expected { all: desk.out.0, tail: desk.out.1.tail() };
    (expected, desk.book.live() as usize)
}

/// Carries out the messages; with a histogram, one by one by the clock.
fn carry_out<N: Naming, O: Out>(
    desk: &mut Desk<N, O>,
    messages: &[Message],
    latencies: Latencies<'_>,
) {
    let Some(latencies) = latencies else {
        for message in messages {
            desk.carry_out(message);
        }
        return;
    };
    let mut last = Instant::now();
    for message in messages {
        desk.carry_out(message);
        let now = Instant::now();
        note(latencies, (now - last).as_nanos() as u64);
        last = Instant::now();
    }
}

fn fold_all(mut reader: Reader<Report>, started: &AtomicBool) -> Checksum {
    started.store(true, Ordering::Release);
    let (mut seen, mut patience) = (Checksum::default(), Patience::new());
    while !reader.is_closed() {
        if reader.read(|report| seen.fold(report)) == 0 {
            patience.wait();
        }
    }
    seen
}

/// Adds the scenarios to the `workloads` of a result, and names the lowest.
pub(crate) fn add_to(result: &mut Value, challenges: &[Challenge], machine: &Machine) {
    let timer_ns = machine.timer_ns;
    let entry = |run: &Run, reports: Checksum| {
        json!({
            "name": run.name, "ops": run.ops, "resting": run.size, "fills": run.fills,
            "reports": reports.reports, "rejects": reports.rejects,
            "ops_per_second": run.rate(), "ops_per_second_min": run.rate_min(), "ops_per_second_max": run.rate_max(),
            "ns": run.percentiles(), "ns_less_timer": percentiles(run.latencies(), timer_ns),
        })
    };
    let mut entries = match result["workloads"].take() {
        Value::Array(entries) => entries,
        _ => Vec::new(),
    };
    for challenge in challenges {
        entries.push(entry(&challenge.alone, challenge.reports));
        entries.push(entry(&challenge.with_ids, challenge.reports));
        if let Some(handoff) = &challenge.with_handoff {
            let mut value = entry(&handoff.run, challenge.reports);
            value["round_trip"] = handoff.round_trip.json();
            value["ops_per_second_slow"] = handoff.slow.clone().into();
            entries.push(value);
        }
    }
    result["workloads"] = entries.into();
    let of = |run: &Run| json!({ "name": run.name, "ops_per_second": run.rate() });
    result["headline"] = json!({
        "with_handoff": lowest(challenges, handed).map(of),
        "without_handoff": lowest(challenges, kept).map(of),
    });
}

fn kept(challenge: &Challenge) -> Option<&Run> {
    Some(&challenge.alone)
}

fn handed(challenge: &Challenge) -> Option<&Run> {
    challenge.with_handoff.as_ref().map(|handoff| &handoff.run)
}

/// The lowest of the public challenge's scenarios: the headline.
fn lowest(challenges: &[Challenge], run: impl Fn(&Challenge) -> Option<&Run>) -> Option<&Run> {
    let theirs = challenges.iter().filter(|challenge| challenge.in_challenge);
    theirs.filter_map(run).min_by(|a, b| a.rate().total_cmp(&b.rate()))
}

fn runs(challenges: &[Challenge]) -> impl Iterator<Item = &Run> {
    let of = |c| [kept(c), Some(&c.with_ids), handed(c)];
    challenges.iter().flat_map(of).flatten()
}

/// Every distribution, by the name of its file.
pub(crate) fn histograms(challenges: &[Challenge]) -> Vec<(String, &Histogram<u64>)> {
    runs(challenges).map(|run| (run.name.clone(), run.latencies())).collect()
}

/// The same for people.
pub(crate) fn text(challenges: &[Challenge]) -> String {
    let head = [
        "scenario",
        "resting at the end",
        "M messages/s",
        "min",
        "max",
        "ns each",
        "p50 ns",
        "p99 ns",
        "p99.9 ns",
        "max ns",
    ];
    let mut table = new_table(&head);
    runs(challenges).for_each(|run| {
        table.add_row(run.row(&run.name));
    });
    let mut text =
        format!("the challenge's worst cases, every result a report of 64 bytes\n{table}\n");
    let kinds = [
        ("without hand-off", lowest(challenges, kept)),
        ("with hand-off", lowest(challenges, handed)),
    ];
    for (what, run) in kinds {
        if let Some(run) = run {
            text += &format!("lowest {what}: {}, {:.1} M messages/s\n", run.name, run.rate() / 1e6);
        }
    }
    for handoff in challenges.iter().filter_map(|challenge| challenge.with_handoff.as_ref()) {
        text += &handoff.line();
    }
    if !has_two_cores() {
        text += "hand-off not measured: it needs two cores\n";
    }
    text
}
