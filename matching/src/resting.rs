//! Orders at rest: how one comes in, and how others see it.

use crate::book::{Book, MARKET, key_of};
use crate::ladder::Level;
use crate::peaks::place;
use crate::slab::{Draft, Link, NIL};
use plimsoll_types::{Handle, Price, Qty, Side};

/// Price of an order that waits outside the levels.
pub(crate) const PARKED: i32 = -1;

/// An order that comes to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewResting {
    /// Its side.
    pub side: Side,
    /// Its limit; `None` = at market, for the next auction.
    pub price: Option<Price>,
    /// Its owner.
    pub owner: u32,
    /// All its lots.
    pub qty: Qty,
    /// Most lots it shows at a time; zero = all.
    pub display: Qty,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Goes before the orders at its price that are not, behind those that are.
    pub first: bool,
}

impl NewResting {
    /// An order that shows all it has and stands in line as it came.
    #[inline]
    pub fn plain(side: Side, price: Option<Price>, owner: u32, qty: Qty) -> NewResting {
        let (display, reduce_only, first) = (Qty::ZERO, false, false);
        NewResting { side, price, owner, qty, display, reduce_only, first }
    }
}

/// A resting order as others may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Its slot.
    pub slot: u32,
    /// Its owner.
    pub owner: u32,
    /// Its side.
    pub side: Side,
    /// Its limit; `None` for a market order that waits for an auction, and for an order that waits outside the levels.
    pub price: Option<Price>,
    /// All lots open, shown and hidden.
    pub qty: Qty,
    /// Lots that show; zero for an order that waits outside the levels.
    pub shown: Qty,
    /// Most lots it shows at a time; zero = all.
    pub display: Qty,
    /// Whether it may only reduce.
    pub reduce_only: bool,
}

/// An order that was taken out of the book.
pub type Removed = Resting;

impl Book {
    /// Adds an order behind the others at its price; `price` `None` = at market, for the next auction.
    ///
    /// The caller has checked the band, the quantity (1 to [`Qty::MAX`]), that there is room (see [`Book::is_full`]) and that
    /// it does not cross. Cost: O(1).
    #[inline(always)]
    pub fn rest(&mut self, order: NewResting) -> Handle {
        let NewResting { side, price, owner, qty, display, reduce_only, first } = order;
        let price = price.map_or(MARKET, |price| price.ticks() as i32);
        if !display.is_zero() || reduce_only || first {
            return self.rest_apart(order, price);
        }
        self.rest_plain(side, price, owner, qty.lots())
    }

    /// Adds an order of which nothing but its lots need be known.
    #[inline(always)]
    fn rest_plain(&mut self, side: Side, price: i32, owner: u32, qty: u64) -> Handle {
        let key = key_of(side, price);
        let Book { slab, ladders, .. } = self;
        let ladder = &mut ladders[side as usize];
        if let Some(level) = ladder.near(key) {
            let handle = slab.insert_plain(side, price, owner, qty, level.tail);
            level.qty += qty;
            let tail = std::mem::replace(&mut level.tail, handle.slot);
            if tail == NIL {
                level.head = handle.slot;
                ladder.mark(key);
            } else {
                slab.link_mut(tail).next = handle.slot;
            }
            return handle;
        }
        let (reduce_only, iceberg, first) = (false, false, false);
        self.rest_draft(Draft { side, price, owner, qty, reduce_only, iceberg, first })
    }

    /// Adds an order behind the others at its price, whatever and wherever it is.
    #[cold]
    #[inline(never)]
    fn rest_draft(&mut self, draft: Draft) -> Handle {
        let handle = self.slab.insert(draft);
        self.append(handle.slot, draft.side, draft.price, draft.qty);
        handle
    }

    /// Links an order behind the others at its price.
    fn append(&mut self, slot: u32, side: Side, price: i32, qty: u64) {
        let level = self.open_level(side, price);
        level.qty += qty;
        let tail = std::mem::replace(&mut level.tail, slot);
        if tail == NIL {
            level.head = slot;
        } else {
            self.slab.link_mut(tail).next = slot;
            self.slab.link_mut(slot).prev = tail;
        }
    }

    /// The level at a price, made if need be; the caller puts an order there.
    fn open_level(&mut self, side: Side, price: i32) -> &mut Level {
        match price {
            MARKET => &mut self.market[side as usize],
            price => self.ladders[side as usize].open(key_of(side, price)),
        }
    }

    /// Adds an iceberg, or an order that goes before others.
    #[cold]
    fn rest_apart(&mut self, order: NewResting, price: i32) -> Handle {
        let (side, first) = (order.side, order.first && price != MARKET);
        let (all, display) = (order.qty.lots(), order.display.lots());
        let iceberg = display > 0;
        let shown = if iceberg { all.min(display) } else { all };
        let (owner, reduce_only) = (order.owner, order.reduce_only);
        let draft = Draft { side, price, owner, qty: shown, reduce_only, iceberg, first };
        let handle = self.slab.insert(draft);
        let slot = handle.slot;
        self.reduce_only += u32::from(order.reduce_only);
        if iceberg {
            self.peaks.put(slot, place(side, price), display, all - shown);
        }
        let before = if first { self.firsts.insert(place(side, price), slot) } else { None };
        match before {
            Some(before) => self.link_after(before, slot, side, price, shown),
            None if first => self.link_at_head(slot, side, price, shown),
            None => self.append(slot, side, price, shown),
        }
        handle
    }

    /// Links an order behind another one at its price.
    fn link_after(&mut self, before: u32, slot: u32, side: Side, price: i32, qty: u64) {
        let next = std::mem::replace(&mut self.slab.link_mut(before).next, slot);
        *self.slab.link_mut(slot) = Link { prev: before, next };
        if next != NIL {
            self.slab.link_mut(next).prev = slot;
        }
        let level = self.level_mut(side, price);
        level.qty += qty;
        if next == NIL {
            level.tail = slot;
        }
    }

    /// Links an order before all others at its price.
    fn link_at_head(&mut self, slot: u32, side: Side, price: i32, qty: u64) {
        let level = self.open_level(side, price);
        let head = std::mem::replace(&mut level.head, slot);
        level.qty += qty;
        if head == NIL {
            level.tail = slot;
        } else {
            self.slab.link_mut(head).prev = slot;
            self.slab.link_mut(slot).next = head;
        }
    }

    /// Keeps an order that waits outside the levels (a stop): it has a handle and a slot, and is in no depth.
    ///
    /// The caller has checked the quantity and that there is room. Cost: O(1).
    pub fn park(
        &mut self,
        side: Side,
        owner: u32,
        qty: Qty,
        display: Qty,
        reduce_only: bool,
    ) -> Handle {
        let (qty, iceberg, first) = (qty.lots(), !display.is_zero(), false);
        let handle = self.slab.insert(Draft {
            side,
            price: PARKED,
            owner,
            qty,
            reduce_only,
            iceberg,
            first,
        });
        if iceberg {
            self.peaks.put(handle.slot, place(side, PARKED), display.lots(), 0);
        }
        self.reduce_only += u32::from(reduce_only);
        self.parked += 1;
        handle
    }

    /// Gives up a slot that [`Book::park`] gave.
    pub fn unpark(&mut self, slot: u32) -> Removed {
        let gone = self.resting(slot);
        plimsoll_types::invariant!(self.is_parked(slot), "an order that waits is unparked");
        self.parked -= 1;
        self.forget(slot);
        gone
    }

    /// Whether the order in a slot that is in use waits outside the levels.
    #[inline]
    pub fn is_parked(&self, slot: u32) -> bool {
        self.slab[slot].price == PARKED
    }

    /// The resting order in a slot that is in use.
    #[inline]
    pub fn resting(&self, slot: u32) -> Resting {
        let order = &self.slab[slot];
        let hidden = if order.is_iceberg() { self.peaks.hidden(slot) } else { 0 };
        let display = if order.is_iceberg() { self.peaks.display(slot) } else { 0 };
        Resting {
            slot,
            owner: order.owner,
            side: order.side(),
            price: Price::new(i64::from(order.price)),
            qty: Qty::new(order.qty() + hidden),
            shown: Qty::new(if order.price == PARKED { 0 } else { order.qty() }),
            display: Qty::new(display),
            reduce_only: order.is_reduce_only(),
        }
    }

    /// All open lots of the order in a slot that is in use, hidden ones too.
    #[inline]
    pub(crate) fn open(&self, slot: u32) -> u64 {
        let order = &self.slab[slot];
        order.qty() + if order.is_iceberg() { self.peaks.hidden(slot) } else { 0 }
    }

    /// Takes lots off an order that keeps its place, hidden ones first. `by` must be below its open quantity.
    #[inline]
    pub fn reduce(&mut self, slot: u32, by: Qty) {
        plimsoll_types::invariant!(
            by.lots() < self.open(slot),
            "a reduction leaves something open"
        );
        let by = self.take_hidden(slot, by.lots());
        let order = &mut self.slab[slot];
        order.reduce(by);
        let (side, price) = (order.side(), order.price);
        if price != PARKED {
            self.level_mut(side, price).qty -= by;
        }
    }

    /// Takes up to `by` lots off what an order hides; the lots still to take off what it shows.
    #[inline]
    pub(crate) fn take_hidden(&mut self, slot: u32, by: u64) -> u64 {
        if self.slab[slot].is_iceberg() { self.peaks.take(slot, by) } else { by }
    }

    /// Frees the slot of an order that has left its level.
    #[inline]
    pub(crate) fn forget(&mut self, slot: u32) {
        if !self.slab[slot].is_plain() {
            self.forget_apart(slot);
        }
        self.slab.remove(slot);
    }

    /// Forgets what the book keeps of an order beside its slot.
    #[cold]
    fn forget_apart(&mut self, slot: u32) {
        let order = self.slab[slot];
        self.reduce_only -= u32::from(order.is_reduce_only());
        if order.is_iceberg() {
            self.peaks.remove(slot);
        }
        if order.is_first() {
            self.forget_first(slot);
        }
    }

    /// Keeps the last of the orders that go first at a price, as one of them leaves.
    pub(crate) fn forget_first(&mut self, slot: u32) {
        let order = self.slab[slot];
        let place = place(order.side(), order.price);
        if self.firsts.get(&place) == Some(&slot) {
            let prev = self.slab.link(slot).prev;
            if prev == NIL {
                self.firsts.remove(&place);
            } else {
                self.firsts.insert(place, prev);
            }
        }
    }
}
