//! A book: two ladders over one slab, and the market orders that wait for an auction.

use crate::ladder::{Ladder, Level, NO_KEY};
use crate::matcher::worst_key;
use crate::peaks::{Peaks, Place};
use crate::resting::{Removed, Resting};
use crate::slab::{Link, NIL, Slab};
use crate::trial::Trial;
use plimsoll_types::{Allocation, Band, Handle, Price, Qty, Side};
use std::collections::BTreeMap;

/// Price of a market order that waits for an auction. Its key lies in no ladder's window, on either side.
pub(crate) const MARKET: i32 = i32::MAX;

/// One instrument's resting orders.
///
/// Cost of every operation: O(1) and no allocation once warm, but where a price lies far outside the window (O(log levels)).
pub struct Book {
    pub(crate) slab: Slab,
    /// By side, as everything in pairs here: a side is then an index and not a branch that nobody can foretell.
    pub(crate) ladders: [Ladder; 2],
    /// Orders at market.
    pub(crate) market: [Level; 2],
    pub(crate) band: Option<Band>,
    /// Reduce-only orders.
    pub(crate) reduce_only: u32,
    /// Orders that wait outside the levels.
    pub(crate) parked: u32,
    /// What icebergs hide.
    pub(crate) peaks: Peaks,
    /// The last of the orders that go first, at each place that has any.
    pub(crate) firsts: BTreeMap<Place, u32>,
    pub(crate) allocation: Allocation,
    /// Lots allotted to orders of a level, kept so that sharing out need not allocate.
    pub(crate) shares: Vec<(u32, u64)>,
    /// What trying an order out needs, kept so that it need not allocate.
    pub(crate) trial: Trial,
}

/// The ladder key of a price, or the price of a ladder key: higher is better. Negated for asks, without a branch.
#[inline]
pub(crate) fn key_of(side: Side, price: i32) -> i32 {
    let flip = -(side as i32);
    (price ^ flip).wrapping_sub(flip)
}

/// The price of a ladder key.
#[inline]
pub(crate) fn price_of(side: Side, key: i32) -> Price {
    Price::clamped(i64::from(key_of(side, key)))
}

fn ladders(band: Option<Band>) -> [Ladder; 2] {
    let (down, up) = match band {
        Some(band) => (band.down.ticks() as i32, band.up.ticks() as i32),
        None => (Price::MIN.ticks() as i32, Price::MAX.ticks() as i32),
    };
    [Ladder::new(down, up), Ladder::new(-up, -down)]
}

impl Book {
    /// An empty book over `band`, with room for `orders` resting orders before anything is allocated.
    pub fn new(band: Option<Band>, orders: usize) -> Book {
        Book {
            slab: Slab::with_capacity(orders),
            ladders: ladders(band),
            market: [Level::EMPTY; 2],
            band,
            reduce_only: 0,
            parked: 0,
            peaks: Peaks::default(),
            firsts: BTreeMap::new(),
            allocation: Allocation::Time,
            shares: Vec::new(),
            trial: Trial::default(),
        }
    }

    /// The band in force.
    #[inline]
    pub fn band(&self) -> Option<Band> {
        self.band
    }

    /// Sets how a level is shared out to an order that wants less than it shows. Not part of what is saved.
    pub fn set_allocation(&mut self, allocation: Allocation) {
        self.allocation = allocation;
    }

    /// Resting orders; those that wait outside the levels are not counted.
    pub fn live(&self) -> u32 {
        self.slab.live() - self.parked
    }

    /// Orders that wait outside the levels.
    pub fn parked(&self) -> u32 {
        self.parked
    }

    /// One more than the highest slot ever used: the length of a table beside the book.
    pub fn slots(&self) -> usize {
        self.slab.slots()
    }

    /// Whether no further order can rest.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.slab.is_full()
    }

    #[inline]
    pub(crate) fn ladder(&self, side: Side) -> &Ladder {
        &self.ladders[side as usize]
    }

    /// The level of an order that rests.
    pub(crate) fn level_mut(&mut self, side: Side, price: i32) -> &mut Level {
        match price {
            MARKET => &mut self.market[side as usize],
            price => self.ladders[side as usize].level(key_of(side, price)),
        }
    }

    /// Best price of a side and the lots there. Orders at market are not counted. Cost: O(1).
    #[inline]
    pub fn best(&self, side: Side) -> Option<(Price, Qty)> {
        let ladder = self.ladder(side);
        let key = ladder.best();
        if key == NO_KEY {
            return None;
        }
        let qty = ladder.peek(key).map_or(0, |level| level.qty);
        Some((price_of(side, key), Qty::new(qty)))
    }

    /// Whether an incoming order of `side` limited at `limit` would meet another. Cost: O(1).
    #[inline]
    pub fn meets(&self, side: Side, limit: Option<Price>) -> bool {
        self.ladder(side.opposite()).best() >= worst_key(side.opposite(), limit)
    }

    /// Levels of a side from the best. Cost: O(levels walked).
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Qty)> {
        self.ladder(side).iter().map(move |(key, level)| (price_of(side, key), Qty::new(level.qty)))
    }

    /// Lots of a side's market orders that wait for an auction.
    pub fn market_qty(&self, side: Side) -> Qty {
        Qty::new(self.market[side as usize].qty)
    }

    /// Whether the best bid meets the best ask, as it may in an auction.
    #[inline]
    pub fn is_crossed(&self) -> bool {
        match (self.best(Side::Buy), self.best(Side::Sell)) {
            (Some((bid, _)), Some((ask, _))) => bid >= ask,
            _ => false,
        }
    }

    /// The resting order behind a handle; `None` for a stale or foreign one.
    #[inline]
    pub fn find(&self, handle: Handle) -> Option<Resting> {
        self.slab.find(handle).map(|slot| self.resting(slot))
    }

    /// The owner of the order behind a handle; `None` for a stale or foreign one.
    #[inline]
    pub fn owner(&self, handle: Handle) -> Option<u32> {
        self.slab.find(handle).map(|slot| self.slab[slot].owner)
    }

    /// The handle of a slot that is in use.
    #[inline]
    pub fn handle(&self, slot: u32) -> Handle {
        self.slab.handle(slot)
    }

    /// The order that an incoming order against `side` limited at `limit` would meet first, if any, and its owner.
    #[inline]
    pub fn first_met(&self, side: Side, limit: Option<Price>) -> Option<(u32, u32)> {
        let ladder = self.ladder(side);
        let best = ladder.best();
        if best == NO_KEY || limit.is_some_and(|limit| best < key_of(side, limit.ticks() as i32)) {
            return None;
        }
        let head = ladder.peek(best)?.head;
        Some((head, self.slab[head].owner))
    }

    /// Asks for the cache line of an order that will be named soon; with `AROUND`, for its neighbours' in the queue.
    #[inline]
    pub fn foresee<const AROUND: bool>(&self, handle: Handle) {
        self.slab.foresee::<AROUND>(handle.slot);
    }

    /// Takes an order out. Cost: O(1).
    #[inline(always)]
    pub fn cancel(&mut self, handle: Handle) -> Option<Removed> {
        let slot = self.slab.find(handle)?;
        Some(self.remove(slot))
    }

    /// Takes the order in a slot that is in use out.
    #[inline(always)]
    pub fn remove(&mut self, slot: u32) -> Removed {
        let gone = self.resting(slot);
        self.take_out(slot);
        gone
    }

    #[inline(always)]
    fn take_out(&mut self, slot: u32) {
        let order = self.slab[slot];
        let (side, Link { prev, next }) = (order.side(), self.slab.link(slot));
        let key = key_of(side, order.price);
        let Book { slab, ladders, .. } = self;
        let ladder = &mut ladders[side as usize];
        let level = match ladder.near(key) {
            Some(level) if order.is_plain() => level,
            _ => return self.take_out_apart(slot),
        };
        slab.remove(slot);
        level.qty -= order.qty();
        match prev {
            NIL => level.head = next,
            prev => slab.link_mut(prev).next = next,
        }
        match next {
            NIL => level.tail = prev,
            next => slab.link_mut(next).prev = prev,
        }
        if prev == NIL && next == NIL {
            ladder.close(key);
        }
    }

    /// Takes any order out: one at market, far away, or of which more is known than its lots.
    #[cold]
    #[inline(never)]
    fn take_out_apart(&mut self, slot: u32) {
        let order = self.slab[slot];
        let (side, price) = (order.side(), order.price);
        let mut level = *self.level_mut(side, price);
        level.qty -= order.qty();
        self.unlink(slot, &mut level);
        self.forget(slot);
        *self.level_mut(side, price) = level;
        if level.head == NIL && price != MARKET {
            self.ladders[side as usize].close(key_of(side, price));
        }
    }

    /// Slots at a price in time order; `None` = orders at market.
    pub fn queue(&self, side: Side, price: Option<Price>) -> impl Iterator<Item = u32> {
        let level = match (price, side) {
            (None, side) => Some(&self.market[side as usize]),
            (Some(price), side) => self.ladder(side).peek(key_of(side, price.ticks() as i32)),
        };
        let mut slot = level.map_or(NIL, |level| level.head);
        std::iter::from_fn(move || {
            let found = (slot != NIL).then_some(slot)?;
            slot = self.slab.link(slot).next;
            Some(found)
        })
    }

    /// Sets a new band and makes the ladders fit it. Handles, queues and what icebergs hide stay.
    ///
    /// The caller takes the orders outside it out first: see [`Book::outside`]. Cost: O(levels), and the new ladders.
    pub fn set_band(&mut self, band: Band) {
        let mut ladders = ladders(Some(band));
        for (old, new) in self.ladders.iter().zip(&mut ladders) {
            old.pour(new);
        }
        (self.ladders, self.band) = (ladders, Some(band));
    }

    /// Slots of orders outside `band`: bids from the best, then asks from the best, each price in time order.
    pub fn outside(&self, band: Band) -> Vec<u32> {
        let mut slots = Vec::new();
        for side in [Side::Buy, Side::Sell] {
            for (price, _) in self.levels(side).filter(|(price, _)| !band.contains(*price)) {
                slots.extend(self.queue(side, Some(price)));
            }
        }
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resting::NewResting;

    fn price(ticks: i64) -> Option<Price> {
        Price::new(ticks)
    }

    fn bid(book: &mut Book, ticks: i64, owner: u32, qty: u64) -> Handle {
        book.rest(NewResting::plain(Side::Buy, price(ticks), owner, Qty::new(qty)))
    }

    #[test]
    fn a_cancel_in_the_middle_keeps_the_queue() {
        let mut book = Book::new(None, 8);
        let handles: Vec<_> = (1..=3).map(|n| bid(&mut book, 100, n, 10)).collect();
        assert_eq!(book.cancel(handles[1]).map(|o| o.owner), Some(2));
        assert_eq!(book.cancel(handles[1]), None);
        let owners: Vec<_> =
            book.queue(Side::Buy, price(100)).map(|s| book.resting(s).owner).collect();
        assert_eq!(owners, [1, 3]);
        assert_eq!(book.best(Side::Buy), Some((Price::clamped(100), Qty::new(20))));
        book.cancel(handles[0]);
        book.cancel(handles[2]);
        assert_eq!(book.best(Side::Buy), None);
        assert_eq!(book.audit(), Ok(()));
    }

    #[test]
    fn a_new_band_keeps_what_fits_it_and_its_order() {
        let mut book = Book::new(None, 8);
        for (n, ticks) in [(1, 90), (2, 100), (3, 100), (4, 110)] {
            bid(&mut book, ticks, n, 1);
        }
        let band = Band { down: Price::clamped(95), up: Price::clamped(105) };
        for slot in book.outside(band) {
            book.remove(slot);
        }
        book.set_band(band);
        let owners: Vec<_> =
            book.queue(Side::Buy, price(100)).map(|s| book.resting(s).owner).collect();
        assert_eq!(owners, [2, 3]);
        assert_eq!(book.live(), 2);
        assert_eq!(book.audit(), Ok(()));
    }
}
