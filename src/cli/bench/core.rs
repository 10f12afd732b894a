//! Matching alone: the canonical flows over one book.

use super::Amount;
use super::ids;
use super::latency::{self, ByKind, OpenLoop};
use super::peers::{self, Peers};
use super::rounds::{Entrant, Lap, Outcome, race, timed};
use super::timing::Run;
use plimsoll::workload::{self, FLOWS, Flow, Op, Stream, Tally};
use plimsoll_matching::Book;
use plimsoll_types::Handle;

/// What was measured of one flow.
pub(crate) struct Workload {
    pub(crate) run: Run,
    /// Every operation by itself.
    pub(crate) service: ByKind,
    /// At a fixed rate; `None` if no rate was asked for.
    pub(crate) open_loop: Option<OpenLoop>,
    /// The same book behind each way of naming orders, in the same rounds; the first is the handle, as `run`.
    pub(crate) ids: Vec<Outcome>,
    pub(crate) peers: Peers,
}

/// Measures every flow; `rate` is the open loop's, operations a second, 0 = none.
pub(crate) fn measure(amount: Amount, rate: u64) -> Vec<Workload> {
    FLOWS.iter().map(|flow| measure_workload(flow, amount, rate)).collect()
}

/// An open loop lasts at most so long, seconds.
const OPEN_LOOP_SECONDS: u64 = 60;

fn measure_workload(flow: &Flow, amount: Amount, rate: u64) -> Workload {
    amount.say(&format!(
        "core {}: {} orders resting, {} operations",
        flow.name, flow.resting, amount.ops
    ));
    let stream = workload::stream(flow, amount.ops, 10_000, 1);
    let ours = Handles { flow: *flow, stream: &stream };
    let ahead = Ahead { ours, names: names(&stream.ops) };
    let mut entrants: Vec<Box<dyn Entrant + '_>> = vec![Box::new(ours), Box::new(ahead)];
    entrants.extend(ids::entrants(flow, &stream));
    let named = entrants.len();
    entrants.extend(peers::entrants(flow, &stream));
    let expected = |ops: usize| ours.lap(ops, None).tally;
    let mut outcomes = race(&entrants, (amount.ops, amount.runs), expected);
    let peers = Peers::new(&outcomes[0], &outcomes[1], &outcomes[named..]);
    outcomes.truncate(named);
    for outcome in &outcomes {
        let (name, differs) = (outcome.name, &outcome.differs);
        plimsoll_types::invariant!(differs.is_none(), "orders named by {name}: {differs:?}");
    }
    drop(entrants);
    amount.say(&format!("core {}: latencies", flow.name));
    let service = latency::service(filled(flow, &stream), &stream.ops);
    let open_loop = (rate > 0).then(|| {
        let ops = stream.ops.len().min((rate * OPEN_LOOP_SECONDS) as usize);
        latency::open_loop(filled(flow, &stream), &stream.ops[..ops], rate)
    });
    let fills = expected(stream.ops.len()).fills;
    let size = (stream.ops.len(), flow.resting);
    let rates = outcomes[0].rates.clone();
    let run = Run::new(flow.name.to_owned(), size, fills, rates, service.all());
    Workload { run, service, open_loop, ids: outcomes, peers }
}

/// Measures one flow for whoever compares with it: a warm-up run, the counted runs, and a run timed operation by operation.
pub(crate) fn measure_flow(flow: &Flow, amount: Amount) -> Run {
    let stream = workload::stream(flow, amount.ops, 10_000, 1);
    let ours = Handles { flow: *flow, stream: &stream };
    let fills = ours.lap(amount.ops, None).tally.fills;
    let rates = (0..amount.runs).map(|_| ours.lap(amount.ops, None)).map(|lap| lap.rate());
    let rates = rates.collect();
    let latencies = latency::service(filled(flow, &stream), &stream.ops).all();
    Run::new(flow.name.to_owned(), (stream.ops.len(), flow.resting), fills, rates, latencies)
}

/// Our book, orders named by the exchange's handles.
#[derive(Clone, Copy)]
struct Handles<'a> {
    flow: Flow,
    stream: &'a Stream,
}

impl Entrant for Handles<'_> {
    fn name(&self) -> &'static str {
        "exchange handle"
    }

    fn lap(&self, ops: usize, budget: Option<f64>) -> Lap {
        let book = filled(&self.flow, self.stream);
        timed(book, &self.stream.ops[..ops], budget, |book, op, tally| {
            workload::apply(book, op, tally);
        })
    }
}

/// The same, by a loop that looks ahead in its queue and asks for the orders that operations to come name.
struct Ahead<'a> {
    ours: Handles<'a>,
    /// What each operation names, at the same place in every one, as in the slots of a gateway's queue.
    names: Vec<Handle>,
}

/// How many operations ahead an order is asked for, and then its neighbours in the queue.
const FAR: usize = 16;
/// See [`FAR`].
const NEAR: usize = 8;

/// What each operation names, and as much as a loop looks beyond the last.
fn names(ops: &[Op]) -> Vec<Handle> {
    let nothing = Handle { slot: u32::MAX, generation: 0 };
    let names = ops.iter().map(|op| match *op {
        Op::Cancel(handle) | Op::Replace(handle, ..) => handle,
        Op::Add { .. } | Op::Cross { .. } => nothing,
    });
    names.chain([nothing; FAR]).collect()
}

impl Entrant for Ahead<'_> {
    fn name(&self) -> &'static str {
        "exchange handle, looking ahead"
    }

    fn lap(&self, ops: usize, budget: Option<f64>) -> Lap {
        let book = filled(&self.ours.flow, self.ours.stream);
        let ops = &self.ours.stream.ops[..ops];
        timed((book, self.names.as_slice()), ops, budget, |(book, names), op, tally| {
            book.foresee::<false>(names[FAR]);
            book.foresee::<true>(names[NEAR]);
            *names = &names[1..];
            workload::apply(book, op, tally);
        })
    }
}

fn filled(flow: &Flow, stream: &Stream) -> Book {
    let mut book = workload::new_book(flow);
    let mut tally = Tally::default();
    for op in &stream.setup {
        workload::apply(&mut book, op, &mut tally);
    }
    book
}
