//! What it costs to name an order: by the exchange's handle, by a dense number of the session's, by an id in a hash map.

use super::rounds::{Entrant, Lap, timed};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use plimsoll::workload::{self, Flow, Op, Stream, Tally};
use plimsoll_matching::{Book, Gone, Maker, Sink};
use plimsoll_types::{Handle, Label, Price, Side};
use std::hash::BuildHasher;

/// Sessions that share the flow; each numbers its orders from zero.
const SESSIONS: u32 = 64;

const STATE: FixedState = FixedState::with_seed(0x706c_696d_736f_6c6c);

/// Resolves what clients call their orders.
trait Names: Default {
    /// A client's name for an order, as a command carries it.
    type Key: Clone;

    fn key(session: u32, number: u32) -> Self::Key;

    fn find(&self, key: &Self::Key, book: &Book) -> Option<Handle>;

    /// The order of this name rests, now under this handle.
    fn set(&mut self, key: &Self::Key, handle: Handle);

    /// The order in this slot is gone.
    fn gone(&mut self, slot: u32);
}

/// A table a session, indexed by its own numbers; a stale handle shows by its generation, so nothing is ever taken out.
#[derive(Default)]
struct Dense {
    tables: Vec<Vec<Handle>>,
}

impl Names for Dense {
    type Key = (u32, u32);

    fn key(session: u32, number: u32) -> (u32, u32) {
        (session, number)
    }

    #[inline]
    fn find(&self, &(session, number): &(u32, u32), _: &Book) -> Option<Handle> {
        self.tables.get(session as usize)?.get(number as usize).copied()
    }

    #[inline]
    fn set(&mut self, &(session, number): &(u32, u32), handle: Handle) {
        if self.tables.is_empty() {
            self.tables.resize(SESSIONS as usize, Vec::new());
        }
        let table = &mut self.tables[session as usize];
        if number as usize >= table.len() {
            table.resize(number as usize + 1, Handle { slot: u32::MAX, generation: 0 });
        }
        table[number as usize] = handle;
    }

    #[inline]
    fn gone(&mut self, _: u32) {}
}

/// What a hash map may have for a key.
trait Hashed: Clone + PartialEq {
    fn name(session: u32, number: u32) -> Self;
    fn hash(&self) -> u64;
}

impl Hashed for u64 {
    fn name(session: u32, number: u32) -> u64 {
        u64::from(session) << 32 | u64::from(number)
    }
    #[inline]
    fn hash(&self) -> u64 {
        STATE.hash_one(self)
    }
}

impl Hashed for (u32, Label) {
    fn name(session: u32, number: u32) -> (u32, Label) {
        match Label::new(&format!("order-{number}")) {
            Some(label) => (session, label),
            None => plimsoll_types::broken(format_args!("a label for {number}")),
        }
    }
    #[inline]
    fn hash(&self) -> u64 {
        STATE.hash_one((self.0, self.1.as_bytes()))
    }
}

/// A table of hash and slot beside the book, the name itself in a record by slot: as the exchange keeps clients' ids.
struct Map<K> {
    table: HashTable<(u64, u32)>,
    records: Vec<Option<K>>,
}

impl<K> Default for Map<K> {
    fn default() -> Map<K> {
        Map { table: HashTable::new(), records: Vec::new() }
    }
}

impl<K: Hashed> Names for Map<K> {
    type Key = K;

    fn key(session: u32, number: u32) -> K {
        K::name(session, number)
    }

    #[inline]
    fn find(&self, key: &K, book: &Book) -> Option<Handle> {
        let hash = key.hash();
        let is_it = |&(other, slot): &(u64, u32)| {
            other == hash && self.records[slot as usize].as_ref() == Some(key)
        };
        self.table.find(hash, is_it).map(|&(_, slot)| book.handle(slot))
    }

    #[inline]
    fn set(&mut self, key: &K, handle: Handle) {
        let slot = handle.slot as usize;
        if slot >= self.records.len() {
            self.records.resize(slot + 1, None);
        }
        self.records[slot] = Some(key.clone());
        let hash = key.hash();
        if self.table.len() * 3 >= self.table.capacity() {
            self.table.reserve(self.table.len() * 5 + 1024, |&(hash, _)| hash);
        }
        self.table.insert_unique(hash, (hash, handle.slot), |&(hash, _)| hash);
    }

    #[inline]
    fn gone(&mut self, slot: u32) {
        let Some(key) = self.records[slot as usize].take() else { return };
        if let Ok(entry) = self.table.find_entry(key.hash(), |&(_, other)| other == slot) {
            entry.remove();
        }
    }
}

/// An operation as a client sends it.
struct Named<K> {
    key: K,
    what: What,
}

enum What {
    Enter { owner: u32, side: Side, price: Price, qty: u32 },
    Cancel,
    Replace { price: Price, qty: u32 },
}

/// The stream under clients' names.
struct Entered<N: Names> {
    name: &'static str,
    flow: Flow,
    setup: Vec<Named<N::Key>>,
    ops: Vec<Named<N::Key>>,
}

/// Entrants for each way of naming.
pub(crate) fn entrants(flow: &Flow, stream: &Stream) -> Vec<Box<dyn Entrant>> {
    vec![
        Box::new(Entered::<Dense>::new("dense table a session", flow, stream)),
        Box::new(Entered::<Map<u64>>::new("hash map, 64-bit ids", flow, stream)),
        Box::new(Entered::<Map<(u32, Label)>>::new("hash map, text ids", flow, stream)),
    ]
}

impl<N: Names> Entered<N> {
    fn new(name: &'static str, flow: &Flow, stream: &Stream) -> Entered<N> {
        let mut book = workload::new_book(flow);
        let mut numbers = [0; SESSIONS as usize];
        let mut keys: Vec<Option<N::Key>> = Vec::new();
        let mut translate = |ops: &[Op]| -> Vec<Named<N::Key>> {
            ops.iter()
                .map(|op| {
                    let known = |handle: Handle| keys[handle.slot as usize].clone();
                    let (key, what) = match *op {
                        Op::Add { owner, side, price, qty }
                        | Op::Cross { owner, side, price, qty } => {
                            (None, What::Enter { owner, side, price, qty })
                        }
                        Op::Cancel(handle) => (known(handle), What::Cancel),
                        Op::Replace(handle, price, qty) => {
                            (known(handle), What::Replace { price, qty })
                        }
                    };
                    let key = key.unwrap_or_else(|| match what {
                        What::Enter { owner, .. } => {
                            let session = owner % SESSIONS;
                            numbers[session as usize] += 1;
                            N::key(session, numbers[session as usize] - 1)
                        }
                        _ => plimsoll_types::broken(format_args!("an order nobody entered")),
                    });
                    if let Some(handle) = workload::apply(&mut book, op, &mut Tally::default()) {
                        keys.resize(keys.len().max(handle.slot as usize + 1), None);
                        keys[handle.slot as usize] = Some(key.clone());
                    }
                    Named { key, what }
                })
                .collect()
        };
        let setup = translate(&stream.setup);
        let ops = translate(&stream.ops);
        Entered { name, flow: *flow, setup, ops }
    }
}

/// Forgets the names of orders that are filled.
struct Forgetting<'a, N> {
    names: &'a mut N,
    tally: &'a mut Tally,
}

impl<N: Names> Sink for Forgetting<'_, N> {
    fn room(&mut self, _: u32, _: Side) -> i64 {
        0
    }
    #[inline]
    fn fill(&mut self, maker: Maker, price: Price, qty: u64) {
        self.tally.fill(maker, price, qty);
        if maker.left == 0 {
            self.names.gone(maker.slot);
        }
    }
    fn refilled(&mut self, _: Maker, _: Side, _: Price, _: u64) {}
    fn pair(&mut self, _: Maker, _: Maker, _: Price, _: u64) {}
    fn lost(&mut self, _: Maker, _: Side, _: Option<Price>, _: u64, _: Gone) {}
    fn decremented(&mut self, _: u64, _: u64) {}
}

#[inline]
fn apply<N: Names>(book: &mut Book, names: &mut N, op: &Named<N::Key>, tally: &mut Tally) {
    let on_book = match op.what {
        What::Enter { owner, side, price, qty } => Op::Add { owner, side, price, qty },
        What::Cancel | What::Replace { .. } => {
            let Some(handle) = names.find(&op.key, book) else { return };
            names.gone(handle.slot);
            match op.what {
                What::Replace { price, qty } => Op::Replace(handle, price, qty),
                _ => Op::Cancel(handle),
            }
        }
    };
    let mut sink = Forgetting { names, tally };
    if let Some(handle) = workload::apply(book, &on_book, &mut sink) {
        names.set(&op.key, handle);
    }
}

impl<N: Names> Entrant for Entered<N> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn lap(&self, ops: usize, budget: Option<f64>) -> Lap {
        let mut book = workload::new_book(&self.flow);
        let mut names = N::default();
        let mut tally = Tally::default();
        for op in &self.setup {
            apply(&mut book, &mut names, op, &mut tally);
        }
        timed((book, names), &self.ops[..ops], budget, |(book, names), op, tally| {
            apply(book, names, op, tally);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll::workload::FLOWS;
    use plimsoll_matching::NewResting;
    use plimsoll_types::Qty;

    #[test]
    fn however_orders_are_named_the_fills_are_the_same() {
        let stream = workload::stream(&FLOWS[1], 20_000, 100, 3);
        let mut book = workload::new_book(&FLOWS[1]);
        let mut expected = Tally::default();
        for op in stream.setup.iter().chain(&stream.ops) {
            workload::apply(&mut book, op, &mut expected);
        }
        assert!(expected.fills > 5_000);
        for entrant in entrants(&FLOWS[1], &stream) {
            let lap = entrant.lap(stream.ops.len(), None);
            assert_eq!((lap.tally, lap.ops), (expected, 20_000), "{}", entrant.name());
        }
    }

    #[test]
    fn a_map_forgets_who_is_gone() {
        let mut book = workload::new_book(&FLOWS[0]);
        let mut names = Map::<u64>::default();
        let price = Price::new(workload::MIDDLE);
        let handle = book.rest(NewResting::plain(Side::Buy, price, 1, Qty::new(5)));
        names.set(&7, handle);
        assert_eq!(names.find(&7, &book), Some(handle));
        assert_eq!(names.find(&8, &book), None);
        names.gone(handle.slot);
        assert_eq!(names.find(&7, &book), None);
        assert_eq!(names.table.len(), 0);
    }
}
