//! The canonical flow, shared by every benchmark: made once from a seed, every order it names known to be there.
//!
//! 45 % adds within 50 ticks of the touch, 45 % cancels of a random resting order, 5 % replaces, 5 % orders that
//! cross, with a given number of orders resting. Adds and cancels are balanced so that this number holds.

use plimsoll_matching::{Book, Gone, Maker, NewResting, Sink, Taker};
use plimsoll_types::{Handle, Price, Qty, SelfMatch, Side};

/// What a flow is made of.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Its name in results.
    pub name: &'static str,
    /// Orders resting throughout.
    pub resting: usize,
    /// Shares of crossing orders and replaces, in percent; the rest are adds and cancels, half each.
    pub crossing: u64,
    /// See `crossing`.
    pub replaces: u64,
    /// How far from the touch an order may rest, ticks.
    pub reach: i64,
}

/// The flows that are measured.
pub const FLOWS: [Flow; 3] = [
    Flow { name: "base", resting: 20_000, crossing: 5, replaces: 5, reach: 50 },
    Flow { name: "cross", resting: 20_000, crossing: 30, replaces: 5, reach: 50 },
    Flow { name: "deep", resting: 1_000_000, crossing: 5, replaces: 5, reach: 500 },
];

/// One operation. Orders are named by the handle they have at that moment: a client's id is resolved at the edge.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Rests without crossing.
    Add {
        /// Who.
        owner: u32,
        /// Side.
        side: Side,
        /// Limit.
        price: Price,
        /// Lots.
        qty: u32,
    },
    /// Takes an order out.
    Cancel(Handle),
    /// Changes an order; it loses its place and does not cross.
    Replace(Handle, Price, u32),
    /// Takes what stands inside the limit; the rest rests.
    Cross {
        /// Who.
        owner: u32,
        /// Side.
        side: Side,
        /// Limit.
        price: Price,
        /// Lots.
        qty: u32,
    },
}

/// Middle of the book at the start, ticks.
pub const MIDDLE: i64 = 100_000;

/// SplitMix64.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(n)) >> 64) as u64
    }
}

/// Counts fills, so that matching cannot be optimised away and streams can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Trades.
    pub fills: u64,
    /// Lots traded.
    pub lots: u64,
    /// Sum of price x lots.
    pub worth: u64,
}

impl Sink for Tally {
    fn room(&mut self, _: u32, _: Side) -> i64 {
        0
    }
    #[inline]
    fn fill(&mut self, _: Maker, price: Price, qty: u64) {
        self.fills += 1;
        self.lots += qty;
        self.worth = self.worth.wrapping_add(price.ticks() as u64 * qty);
    }
    fn refilled(&mut self, _: Maker, _: Side, _: Price, _: u64) {}
    fn pair(&mut self, _: Maker, _: Maker, _: Price, _: u64) {}
    fn lost(&mut self, _: Maker, _: Side, _: Option<Price>, _: u64, _: Gone) {}
    fn decremented(&mut self, _: u64, _: u64) {}
}

/// Carries out one operation on a book. An order that comes to rest answers with its handle.
#[inline(always)]
pub fn apply<S: Sink>(book: &mut Book, op: &Op, sink: &mut S) -> Option<Handle> {
    match *op {
        Op::Add { owner, side, price, qty } => {
            enter(book, owner, side, price, Qty::new(u64::from(qty)), sink)
        }
        Op::Cross { owner, side, price, qty } => {
            enter(book, owner, side, price, Qty::new(u64::from(qty)), sink)
        }
        Op::Cancel(handle) => {
            book.cancel(handle);
            None
        }
        Op::Replace(handle, price, qty) => {
            let old = book.find(handle)?;
            let qty = u64::from(qty);
            if old.price == Some(price) && qty < old.qty.lots() {
                book.reduce(handle.slot, Qty::new(old.qty.lots() - qty));
                return Some(handle);
            }
            book.remove(handle.slot);
            enter(book, old.owner, old.side, price, Qty::new(qty), sink)
        }
    }
}

#[inline(always)]
fn enter<S: Sink>(
    book: &mut Book,
    owner: u32,
    side: Side,
    price: Price,
    qty: Qty,
    sink: &mut S,
) -> Option<Handle> {
    let taker = Taker { owner, side, limit: Some(price), qty, self_match: SelfMatch::None };
    let taken = book.take(&taker, sink);
    // Not `bool::then`, which the compiler may make a call of.
    if taken.left.is_zero() {
        return None;
    }
    Some(book.rest(NewResting::plain(side, Some(price), owner, taken.left)))
}

/// The book a flow starts from.
pub fn new_book(flow: &Flow) -> Book {
    let band = plimsoll_types::Band {
        down: Price::clamped(MIDDLE - 20 * flow.reach.max(100)),
        up: Price::clamped(MIDDLE + 20 * flow.reach.max(100)),
    };
    Book::new(Some(band), flow.resting + flow.resting / 2 + 1024)
}

/// A flow's operations: those that fill the book, then those that are measured.
pub struct Stream {
    /// Fills the book.
    pub setup: Vec<Op>,
    /// Is measured.
    pub ops: Vec<Op>,
}

/// Makes a stream by running it: every handle in it is alive when its turn comes, for any run over a fresh book.
pub fn stream(flow: &Flow, ops: usize, owners: u32, seed: u64) -> Stream {
    let mut maker = StreamMaker {
        random: Random::new(seed),
        book: new_book(flow),
        live: Vec::with_capacity(flow.resting + 1024),
        owners: u64::from(owners),
        flow: *flow,
    };
    let setup = (0..flow.resting).map(|_| maker.add()).collect();
    let ops = (0..ops).map(|_| maker.next()).collect();
    Stream { setup, ops }
}

struct StreamMaker {
    random: Random,
    book: Book,
    live: Vec<Handle>,
    owners: u64,
    flow: Flow,
}

impl StreamMaker {
    fn next(&mut self) -> Op {
        let dice = self.random.below(100);
        if dice < self.flow.crossing {
            return self.cross();
        }
        if dice < self.flow.crossing + self.flow.replaces {
            return self.replace();
        }
        // Adds and cancels, half each, leaning to where the book is short of its number.
        let short = (self.book.live() as usize) < self.flow.resting;
        let adds = if short { 55 } else { 45 };
        if self.random.below(100) < adds { self.add() } else { self.cancel() }
    }

    fn run(&mut self, op: Op) -> Op {
        if let Some(handle) = apply(&mut self.book, &op, &mut Tally::default()) {
            self.live.push(handle);
        }
        op
    }

    fn price(&mut self, side: Side) -> Price {
        let touch = |book: &Book, side| book.best(side).map(|best: (Price, Qty)| best.0.ticks());
        let opposite = touch(&self.book, side.opposite());
        let own = touch(&self.book, side).unwrap_or(MIDDLE - side.sign());
        let away = self.random.below(self.flow.reach as u64) as i64;
        // At most one tick inside the own touch, never across.
        let ticks = own + side.sign() * (1 - away);
        let bound = opposite.unwrap_or(MIDDLE) - side.sign();
        Price::clamped(if side == Side::Buy { ticks.min(bound) } else { ticks.max(bound) })
    }

    fn side(&mut self) -> Side {
        if self.random.below(2) == 0 { Side::Buy } else { Side::Sell }
    }

    fn owner(&mut self) -> u32 {
        self.random.below(self.owners) as u32
    }

    fn qty(&mut self) -> u32 {
        1 + self.random.below(100) as u32
    }

    fn add(&mut self) -> Op {
        let side = self.side();
        let op = Op::Add { owner: self.owner(), side, price: self.price(side), qty: self.qty() };
        self.run(op)
    }

    /// A random order that still rests.
    fn pick(&mut self) -> Option<Handle> {
        while !self.live.is_empty() {
            let place = self.random.below(self.live.len() as u64) as usize;
            let handle = self.live.swap_remove(place);
            if self.book.find(handle).is_some() {
                return Some(handle);
            }
        }
        None
    }

    fn cancel(&mut self) -> Op {
        match self.pick() {
            Some(handle) => self.run(Op::Cancel(handle)),
            None => self.add(),
        }
    }

    fn replace(&mut self) -> Op {
        let Some(handle) = self.pick() else { return self.add() };
        let Some(old) = self.book.find(handle) else { return self.add() };
        let (price, mut qty) = (self.price(old.side), self.qty());
        if old.price == Some(price) {
            // Fewer lots at the same price would keep the place in the queue, which not every book of the field can do.
            qty = qty.max(old.qty.lots() as u32);
        }
        self.run(Op::Replace(handle, price, qty))
    }

    fn cross(&mut self) -> Op {
        let side = self.side();
        let Some((best, _)) = self.book.best(side.opposite()) else { return self.add() };
        let op = Op::Cross { owner: self.owner(), side, price: best, qty: self.qty() };
        self.run(op)
    }
}
