//! An incoming order meets a resting one that needs a second look: its own account's, a reduce-only order, an iceberg.

use crate::book::Book;
use crate::ladder::Level;
use crate::matcher::{Meeting, Stop, Taker};
use crate::sink::{Gone, Maker, Sink};
use crate::slab::{Link, NIL};
use plimsoll_types::{Price, SelfMatch};

impl Book {
    /// Meets the order in `slot`, anywhere in the level, with at most `lots` of the incoming order's lots.
    pub(crate) fn meet<S: Sink>(
        &mut self,
        slot: u32,
        lots: u64,
        taker: &Taker,
        price: Price,
        mut at: Meeting,
        sink: &mut S,
    ) -> Meeting {
        let owner = self.slab[slot].owner;
        if owner == taker.owner && taker.self_match != SelfMatch::None {
            self.meet_own(slot, lots, taker.self_match, price, &mut at, sink);
            return at;
        }
        if self.slab[slot].is_reduce_only() && !self.trim(slot, price, &mut at.level, sink) {
            return at;
        }
        let shown = self.slab[slot].qty();
        let qty = shown.min(lots);
        let maker = Maker { slot, owner, left: self.open(slot) - qty };
        at.left -= qty;
        at.last = Some(price);
        sink.fill(maker, price, qty);
        if qty == shown && maker.left > 0 {
            self.refill(maker, price, &mut at.level, sink);
        } else {
            self.shorten(slot, qty, &mut at.level);
        }
        at
    }

    /// The order in `slot` is the incoming order's own account's.
    fn meet_own<S: Sink>(
        &mut self,
        slot: u32,
        lots: u64,
        mode: SelfMatch,
        price: Price,
        at: &mut Meeting,
        sink: &mut S,
    ) {
        let (owner, side, open) = (self.slab[slot].owner, self.slab[slot].side(), self.open(slot));
        let mut drop_maker = |book: &mut Book, qty: u64, level: &mut Level| {
            let maker = Maker { slot, owner, left: open - qty };
            sink.lost(maker, side, Some(price), qty, Gone::SelfMatch);
            book.cut(slot, qty, level);
        };
        match mode {
            SelfMatch::None => {}
            SelfMatch::CancelNewest => at.stop = Some(Stop::SelfMatch),
            SelfMatch::CancelOldest => drop_maker(self, open, &mut at.level),
            SelfMatch::CancelBoth => {
                drop_maker(self, open, &mut at.level);
                at.stop = Some(Stop::SelfMatch);
            }
            SelfMatch::Decrement => {
                let qty = open.min(lots);
                drop_maker(self, qty, &mut at.level);
                at.left -= qty;
                sink.decremented(qty, at.left);
                at.stop = (at.left == 0).then_some(Stop::SelfMatch);
            }
        }
    }

    /// Cuts a reduce-only order to what its account can still reduce; false if nothing is left.
    fn trim<S: Sink>(&mut self, slot: u32, price: Price, level: &mut Level, sink: &mut S) -> bool {
        let (owner, side, open) = (self.slab[slot].owner, self.slab[slot].side(), self.open(slot));
        let room = u64::try_from(sink.room(owner, side)).unwrap_or(0);
        if open <= room {
            return true;
        }
        let maker = Maker { slot, owner, left: room };
        sink.lost(maker, side, Some(price), open - room, Gone::ReduceOnly);
        self.cut(slot, open - room, level);
        room > 0
    }

    /// Lets an iceberg whose peak is used up show the next one, behind all others at its price.
    ///
    /// It goes first no longer: those that go first stand before those that do not.
    fn refill<S: Sink>(&mut self, maker: Maker, price: Price, level: &mut Level, sink: &mut S) {
        let slot = maker.slot;
        if self.slab[slot].is_first() {
            self.forget_first(slot);
            self.slab[slot].no_longer_first();
        }
        let (old, shown) = (self.slab[slot].qty(), self.peaks.show_more(slot, 0));
        self.slab[slot].show(shown);
        level.qty = level.qty - old + shown;
        if level.tail != slot {
            self.unlink(slot, level);
            self.slab.link_mut(level.tail).next = slot;
            *self.slab.link_mut(slot) = Link { prev: level.tail, next: NIL };
            level.tail = slot;
        }
        sink.refilled(maker, self.slab[slot].side(), price, shown);
    }

    /// Takes `qty` lots off an order of a level, what it hides first.
    fn cut(&mut self, slot: u32, qty: u64, level: &mut Level) {
        let qty = self.take_hidden(slot, qty);
        if qty > 0 {
            self.shorten(slot, qty, level);
        }
    }

    /// Takes `qty` lots off what an order of a level shows, and the order out if it shows nothing more.
    fn shorten(&mut self, slot: u32, qty: u64, level: &mut Level) {
        level.qty -= qty;
        if qty < self.slab[slot].qty() {
            self.slab[slot].reduce(qty);
        } else {
            self.unlink(slot, level);
            self.forget(slot);
        }
    }

    /// Links an order's neighbours with each other.
    #[inline]
    pub(crate) fn unlink(&mut self, slot: u32, level: &mut Level) {
        let (prev, next) = (self.slab.link(slot).prev, self.slab.link(slot).next);
        match prev {
            NIL => level.head = next,
            prev => self.slab.link_mut(prev).next = next,
        }
        match next {
            NIL => level.tail = prev,
            next => self.slab.link_mut(next).prev = prev,
        }
    }
}
