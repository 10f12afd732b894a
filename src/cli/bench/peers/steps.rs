//! The canonical stream for books that know nothing of our handles.

use crate::cli::bench::rounds::{Entrant, Lap, timed};
use plimsoll::workload::{self, Flow, Op, Stream, Tally};
use plimsoll_types::{Handle, Side};
use std::rc::Rc;

/// One operation. Ids count from 1, one for every order that enters, a replaced one included.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A limit order; the first `taken` lots of it trade at once.
    Enter { id: u32, side: Side, price: u32, qty: u32, taken: u32 },
    /// Takes an order out.
    Cancel { id: u32 },
    /// `old` goes, `id` comes behind the others at its price and does not cross.
    Replace { old: u32, id: u32, side: Side, price: u32, qty: u32, was: (u32, u32) },
}

/// A stream's operations.
pub(super) struct Steps {
    pub(super) setup: Rc<[Step]>,
    pub(super) ops: Rc<[Step]>,
}

/// Translates a stream by running it over our book.
pub(super) fn translate(flow: &Flow, stream: &Stream) -> Steps {
    let mut book = workload::new_book(flow);
    let mut last_id = 0;
    let mut ids: Vec<u32> = Vec::new();
    let mut all = |ops: &[Op]| -> Rc<[Step]> {
        ops.iter()
            .map(|op| {
                let id_of = |handle: Handle| ids[handle.slot as usize];
                let mut next = || {
                    last_id += 1;
                    last_id
                };
                let mut step = match *op {
                    Op::Add { side, price, qty, .. } | Op::Cross { side, price, qty, .. } => {
                        Step::Enter { id: next(), side, price: price.ticks() as u32, qty, taken: 0 }
                    }
                    Op::Cancel(handle) => Step::Cancel { id: id_of(handle) },
                    Op::Replace(handle, price, qty) => {
                        let Some(order) = book.find(handle) else {
                            plimsoll_types::broken(format_args!("a replace names nobody"));
                        };
                        let ticks = |price: Option<plimsoll_types::Price>| {
                            price.map_or(0, |price| price.ticks() as u32)
                        };
                        Step::Replace {
                            old: id_of(handle),
                            id: next(),
                            side: order.side,
                            price: price.ticks() as u32,
                            qty,
                            was: (ticks(order.price), order.qty.lots() as u32),
                        }
                    }
                };
                let mut tally = Tally::default();
                if let Some(handle) = workload::apply(&mut book, op, &mut tally) {
                    ids.resize(ids.len().max(handle.slot as usize + 1), 0);
                    ids[handle.slot as usize] = last_id;
                }
                if let Step::Enter { taken, .. } = &mut step {
                    *taken = tally.lots as u32;
                }
                step
            })
            .collect()
    };
    let setup = all(&stream.setup);
    let ops = all(&stream.ops);
    Steps { setup, ops }
}

/// Another project's book.
pub(super) trait Peer: 'static {
    /// Its crate.
    const NAME: &'static str;
    /// An operation as it takes it.
    type Op;

    /// Brings the stream into its form: the operations that fill the book, and those that are measured.
    fn prepare(steps: &Steps) -> [Rc<[Self::Op]>; 2];

    /// An empty book.
    fn open(flow: &Flow) -> Self;

    /// Carries out one operation and counts its fills.
    fn apply(&mut self, op: &Self::Op, tally: &mut Tally);
}

struct Driven<P: Peer> {
    flow: Flow,
    setup: Rc<[P::Op]>,
    ops: Rc<[P::Op]>,
}

/// A peer as an entrant.
pub(super) fn driven<P: Peer>(flow: &Flow, steps: &Steps) -> Box<dyn Entrant> {
    let [setup, ops] = P::prepare(steps);
    Box::new(Driven::<P> { flow: *flow, setup, ops })
}

impl<P: Peer> Entrant for Driven<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn budget(&self) -> f64 {
        super::SECONDS
    }

    fn lap(&self, ops: usize, budget: Option<f64>) -> Lap {
        let mut peer = P::open(&self.flow);
        let mut tally = Tally::default();
        for op in self.setup.iter() {
            peer.apply(op, &mut tally);
        }
        timed(peer, &self.ops[..ops], budget, |peer, op, tally| peer.apply(op, tally))
    }
}

/// Counts a fill of a peer's.
#[inline]
pub(super) fn count(tally: &mut Tally, price: u64, lots: u64) {
    tally.fills += 1;
    tally.lots += lots;
    tally.worth = tally.worth.wrapping_add(price * lots);
}

#[cfg(test)]
mod tests {
    use super::super::{lobster, matchcore, orderbook_rs};
    use super::*;
    use plimsoll::workload::FLOWS;

    #[test]
    fn every_peer_makes_our_fills() {
        for flow in &FLOWS[..2] {
            let stream = workload::stream(flow, 20_000, 100, 9);
            let mut book = workload::new_book(flow);
            let mut expected = Tally::default();
            for op in stream.setup.iter().chain(&stream.ops) {
                workload::apply(&mut book, op, &mut expected);
            }
            assert!(expected.fills > 500);
            let steps = translate(flow, &stream);
            for entrant in [
                driven::<matchcore::Peer>(flow, &steps),
                driven::<lobster::Peer>(flow, &steps),
                driven::<orderbook_rs::Peer>(flow, &steps),
            ] {
                let tally = entrant.lap(20_000, None).tally;
                assert_eq!(tally, expected, "{} on {}", entrant.name(), flow.name);
            }
        }
    }
}
