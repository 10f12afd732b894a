//! The book against a naive one: the same random operations, everything that can be seen compared.

mod naive;

use naive::{Naive, World};
use plimsoll_matching::{Book, NewResting, Taker};
use plimsoll_types::{
    Allocation, AuctionCandidates, Band, Handle, Price, Qty, Ratio, SelfMatch, Side,
};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * u128::from(n)) >> 64) as u64
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn side(&mut self) -> Side {
        if self.one_in(2) { Side::Buy } else { Side::Sell }
    }
}

/// Both books over one stream of operations.
struct Pair {
    random: Random,
    book: Book,
    naive: Naive,
    world: World,
    /// Handles given, live or not.
    handles: Vec<Handle>,
    parked: Vec<(Handle, u64, u64)>,
    /// Distance between two neighbouring prices: wide ones leave the window.
    stride: i64,
    specials: bool,
}

const MIDDLE: i64 = 500_000_000;
const REACH: i64 = 12;

impl Pair {
    fn new(seed: u64) -> Pair {
        let mut random = Random(seed);
        let stride = [1, 1, 1, 30_000][random.below(4) as usize];
        let mut book = Book::new(None, 8);
        let allocation = match random.below(4) {
            0 => Some(Allocation::ProRata { fifo: Ratio::ZERO }),
            1 => Some(Allocation::ProRata { fifo: Ratio::from_nano(400_000_000) }),
            _ => None,
        };
        book.set_allocation(allocation.unwrap_or(Allocation::Time));
        let naive = Naive { orders: Vec::new(), allocation };
        let mut world = World::default();
        for owner in 0..5 {
            world.positions.insert(owner, random.below(120) as i64 - 60);
        }
        let specials = !random.one_in(4);
        let (handles, parked) = (Vec::new(), Vec::new());
        Pair { random, book, naive, world, handles, parked, stride, specials }
    }

    fn price(&mut self) -> Price {
        let away = self.random.below(2 * REACH as u64 + 1) as i64 - REACH;
        let band = self.book.band();
        let price = Price::clamped(MIDDLE + away * self.stride);
        band.map_or(price, |band| price.clamp(band.down, band.up))
    }

    fn new_order(&mut self, side: Side, at_market: bool) -> NewResting {
        let price = (!at_market).then(|| self.price());
        let qty = 1 + self.random.below(30);
        let rare = |random: &mut Random, n, specials| specials && random.one_in(n);
        let display = match rare(&mut self.random, 4, self.specials) {
            true => 1 + self.random.below(qty + 3),
            false => 0,
        };
        NewResting {
            side,
            price,
            owner: self.random.below(5) as u32,
            qty: Qty::new(qty),
            display: Qty::new(display),
            reduce_only: rare(&mut self.random, 6, self.specials),
            first: rare(&mut self.random, 5, self.specials),
        }
    }

    fn rest(&mut self, order: NewResting) {
        let handle = self.book.rest(order);
        self.naive.rest(handle.slot, &order);
        self.handles.push(handle);
    }

    fn enter(&mut self) {
        let side = self.random.side();
        let mut order = self.new_order(side, false);
        if self.random.one_in(5) {
            order.qty = Qty::new(1 + self.random.below(200));
        }
        let taker = Taker {
            owner: order.owner,
            side,
            limit: if self.random.one_in(9) { None } else { order.price },
            qty: order.qty,
            self_match: [
                SelfMatch::None,
                SelfMatch::CancelNewest,
                SelfMatch::CancelOldest,
                SelfMatch::CancelBoth,
                SelfMatch::Decrement,
            ][self.random.below(5) as usize],
        };
        self.world.taker = Some((taker.owner, side));
        let mut theirs = self.world.clone();
        let found = self.naive.take(&taker, &mut theirs);
        self.try_out(&taker);
        let taken = self.book.take(&taker, &mut self.world);
        assert_eq!(self.world.tape, theirs.tape);
        assert_eq!((taken.left.lots(), taken.stop, taken.last.map(Price::ticks)), found);
        assert_eq!(self.world.positions, theirs.positions);
        let rests = taken.stop == plimsoll_matching::Stop::Limit && taker.limit.is_some();
        if rests && self.random.one_in(2) {
            self.rest(NewResting { qty: taken.left, ..order });
        }
    }

    /// A trial must say what a copy of the book then does.
    fn try_out(&mut self, taker: &Taker) {
        let mut world = World { tape: Vec::new(), ..self.world.clone() };
        let mut copy = Book::restore(self.book.save());
        copy.set_allocation(self.naive.allocation.unwrap_or(Allocation::Time));
        copy.take(taker, &mut world);
        let traded: u64 = world
            .tape
            .iter()
            .map(|told| if let naive::Told::Fill(_, _, qty) = told { *qty } else { 0 })
            .sum();
        let all = taker.qty.lots();
        for wanted in [1, traded, traded + 1, all, 1 + self.random.below(all)] {
            let could = self.book.could_trade(taker, Qty::new(wanted), &mut self.world);
            assert_eq!(could, traded >= wanted, "{wanted} of {all} wanted, {traded} would trade");
        }
    }

    fn pick(&mut self) -> Option<u32> {
        let len = self.naive.orders.len() as u64;
        (len > 0).then(|| self.naive.orders[self.random.below(len) as usize].slot)
    }

    fn cancel(&mut self) {
        let Some(slot) = self.pick() else { return };
        let handle = self.book.handle(slot);
        let place = self.naive.at(slot);
        let order = self.naive.orders.remove(place);
        let gone = self.book.cancel(handle).expect("it rests");
        assert_eq!((gone.qty.lots(), gone.shown.lots()), (order.open(), order.shown));
        assert_eq!(gone.display.lots(), order.display);
        assert_eq!(self.book.cancel(handle), None);
    }

    fn reduce(&mut self) {
        let Some(slot) = self.pick() else { return };
        let open = self.naive.orders[self.naive.at(slot)].open();
        if open > 1 {
            let by = 1 + self.random.below(open - 1);
            self.naive.reduce(slot, by);
            self.book.reduce(slot, Qty::new(by));
        }
    }

    fn park_or_unpark(&mut self) {
        if self.random.one_in(2) {
            let (qty, display) = (1 + self.random.below(50), self.random.below(20));
            let side = self.random.side();
            let handle = self.book.park(side, 1, Qty::new(qty), Qty::new(display), true);
            self.parked.push((handle, qty, display));
        } else if !self.parked.is_empty() {
            let place = self.random.below(self.parked.len() as u64) as usize;
            let (handle, qty, display) = self.parked.swap_remove(place);
            assert!(self.book.is_parked(handle.slot));
            let gone = self.book.unpark(handle.slot);
            assert_eq!((gone.qty.lots(), gone.display.lots()), (qty, display));
            assert_eq!(self.book.find(handle), None);
        }
    }

    fn uncross(&mut self) {
        let reference = self.price();
        // Every tick is tried one by one: only where there are few.
        let candidates = match self.stride == 1 && self.random.one_in(2) {
            true => AuctionCandidates::Ticks,
            false => AuctionCandidates::Limits,
        };
        let found = self.book.indicative(reference, candidates);
        let expected = self.naive.indicative(reference.ticks(), candidates);
        assert_eq!(found.map(|f| (f.price, f.qty, f.surplus)), expected);
        let Some(price) = found.and_then(|found| Price::new(found.price)) else { return };
        if self.random.one_in(2) {
            return;
        }
        let mut theirs = self.world.clone();
        let traded = self.naive.uncross(price.ticks(), &mut theirs);
        assert_eq!(self.book.uncross(price, &mut self.world), traded);
        assert_eq!(self.world.tape, theirs.tape);
        assert_eq!(self.world.positions, theirs.positions);
    }

    fn set_band(&mut self) {
        let half = (REACH / 2 + self.random.below(REACH as u64) as i64) * self.stride;
        let band = Band { down: Price::clamped(MIDDLE - half), up: Price::clamped(MIDDLE + half) };
        for slot in self.book.outside(band) {
            self.book.remove(slot);
            let place = self.naive.at(slot);
            self.naive.orders.remove(place);
        }
        assert!(
            self.naive.orders.iter().all(|order| {
                order.price.is_none_or(|ticks| band.contains(Price::clamped(ticks)))
            })
        );
        self.book.set_band(band);
    }

    fn save_and_restore(&mut self) {
        self.book = Book::restore(self.book.save());
        self.book.set_allocation(self.naive.allocation.unwrap_or(Allocation::Time));
    }

    fn step(&mut self) {
        match self.random.below(40) {
            0..14 => self.enter(),
            14..22 => {
                // As in a call auction: nothing matches, the book may cross.
                let (side, at_market) = (self.random.side(), self.random.one_in(8));
                let order = self.new_order(side, at_market);
                self.rest(order);
            }
            22..31 => self.cancel(),
            31..34 => self.reduce(),
            34 | 35 => self.park_or_unpark(),
            36 | 37 => self.uncross(),
            38 => self.set_band(),
            _ => self.save_and_restore(),
        }
        self.world.tape.clear();
        self.compare();
    }

    fn compare(&self) {
        assert_eq!(self.book.audit(), Ok(()));
        assert_eq!(self.book.live() as usize, self.naive.orders.len());
        assert_eq!(self.book.parked() as usize, self.parked.len());
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(self.book.best(side).map(|best| best.0.ticks()), self.naive.best(side));
            let levels = self.book.levels(side).map(|level| Some(level.0));
            for price in levels.chain([None]) {
                let ticks = price.map(Price::ticks);
                let line = self.naive.orders.iter().filter(|o| o.side == side && o.price == ticks);
                let queue = self.book.queue(side, price).map(|slot| self.book.resting(slot));
                let seen = queue.map(|o| (o.slot, o.owner, o.qty.lots(), o.shown.lots()));
                assert!(seen.eq(line.map(|o| (o.slot, o.owner, o.open(), o.shown))));
            }
        }
    }
}

/// How a case is named where one fails: `a_book_does_what_a_naive_one_does` prints seed and step first.
struct Named(u64, u32);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}, step {}", self.0, self.1);
        }
    }
}

#[test]
fn a_book_does_what_a_naive_one_does() {
    for seed in 0..400 {
        let mut pair = Pair::new(seed);
        let mut named = Named(seed, 0);
        for step in 0..400 {
            named.1 = step;
            pair.step();
        }
        let stale = pair.handles.iter().filter(|&&handle| pair.book.find(handle).is_none());
        assert!(stale.count() > 0);
    }
}
