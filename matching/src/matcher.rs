//! One incoming order against the opposite side.

use crate::book::{Book, key_of, price_of};
use crate::ladder::{Level, NO_KEY};
use crate::sink::{Gone, Maker, Sink};
use crate::slab::NIL;
use plimsoll_types::{Price, Qty, SelfMatch, Side};

/// An incoming order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taker {
    /// Its owner.
    pub owner: u32,
    /// Its side.
    pub side: Side,
    /// Worst price; `None` = any.
    pub limit: Option<Price>,
    /// Lots.
    pub qty: Qty,
    /// Against its own account's orders.
    pub self_match: SelfMatch,
}

/// Why matching stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The order is used up.
    Filled,
    /// Nothing is left that it may trade with.
    Limit,
    /// It met its own account's order and was cancelled by it, or decremented to nothing.
    SelfMatch,
}

/// What came of an incoming order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Lots not traded.
    pub left: Qty,
    /// Why it stopped.
    pub stop: Stop,
    /// Price of its last trade.
    pub last: Option<Price>,
}

impl Book {
    /// Matches an incoming order, best price first, then time, at the makers' prices.
    ///
    /// Cost: O(orders it meets), no allocation. What is left does not rest by itself: see [`Book::rest`].
    #[inline]
    pub fn take<S: Sink>(&mut self, taker: &Taker, sink: &mut S) -> Taken {
        let opposite = taker.side.opposite();
        let worst = worst_key(opposite, taker.limit);
        let mut left = taker.qty.lots();
        let mut last = None;
        while left > 0 {
            let ladder = match opposite {
                Side::Buy => &mut self.bids,
                Side::Sell => &mut self.asks,
            };
            let key = ladder.best();
            if key == NO_KEY || key < worst {
                return Taken { left: Qty::new(left), stop: Stop::Limit, last };
            }
            let price = price_of(opposite, key);
            let mut level = *ladder.level(key);
            let stop = self.sweep(&mut level, taker, price, &mut left, &mut last, sink);
            let ladder = match opposite {
                Side::Buy => &mut self.bids,
                Side::Sell => &mut self.asks,
            };
            if level.head == NIL {
                ladder.close(key);
            } else {
                *ladder.level(key) = level;
            }
            if let Some(stop) = stop {
                return Taken { left: Qty::new(left), stop, last };
            }
        }
        Taken { left: Qty::ZERO, stop: Stop::Filled, last }
    }

    /// Works off one level until it or the order is used up.
    #[inline]
    fn sweep<S: Sink>(
        &mut self,
        level: &mut Level,
        taker: &Taker,
        price: Price,
        left: &mut u64,
        last: &mut Option<Price>,
        sink: &mut S,
    ) -> Option<Stop> {
        while *left > 0 && level.head != NIL {
            let slot = level.head;
            let owner = self.slab[slot].owner;
            if taker.self_match != SelfMatch::None && owner == taker.owner {
                if let Some(stop) = self.meet_own(level, taker.self_match, price, left, sink) {
                    return Some(stop);
                }
                continue;
            }
            if !self.slab[slot].is_simple() {
                self.meet_apart(level, price, left, last, sink);
                continue;
            }
            let open = self.slab[slot].qty();
            let qty = open.min(*left);
            *left -= qty;
            *last = Some(price);
            sink.fill(Maker { slot, owner, left: open - qty }, price, qty);
            self.shorten(level, slot, qty);
        }
        None
    }

    /// The head of the level is reduce-only or an iceberg.
    #[cold]
    fn meet_apart<S: Sink>(
        &mut self,
        level: &mut Level,
        price: Price,
        left: &mut u64,
        last: &mut Option<Price>,
        sink: &mut S,
    ) {
        let slot = level.head;
        if self.slab[slot].is_reduce_only() && !self.trim(level, price, sink) {
            return;
        }
        let (owner, shown) = (self.slab[slot].owner, self.slab[slot].qty());
        let qty = shown.min(*left);
        let maker = Maker { slot, owner, left: self.open(slot) - qty };
        *left -= qty;
        *last = Some(price);
        sink.fill(maker, price, qty);
        if qty == shown && maker.left > 0 {
            self.refill(level, maker, price, sink);
        } else {
            self.shorten(level, slot, qty);
        }
    }

    /// Lets the iceberg at the head of a level, whose peak is used up, show the next one behind all others there.
    ///
    /// It goes first no longer: whoever goes first stands before those that do not.
    fn refill<S: Sink>(&mut self, level: &mut Level, maker: Maker, price: Price, sink: &mut S) {
        let slot = maker.slot;
        if self.slab[slot].is_first() {
            self.forget_first(slot);
            self.slab[slot].no_longer_first();
        }
        let shown = self.peaks.refill(slot);
        let order = &mut self.slab[slot];
        level.qty = level.qty - order.qty() + shown;
        order.show(shown);
        let (next, side) = (order.next, order.side());
        if next != NIL {
            (order.next, order.prev) = (NIL, level.tail);
            self.slab[next].prev = NIL;
            self.slab[level.tail].next = slot;
            (level.head, level.tail) = (next, slot);
        }
        sink.refilled(maker, side, price, shown);
    }

    /// Takes `qty` lots off the head of a level, what it hides first.
    fn cut(&mut self, level: &mut Level, slot: u32, qty: u64) {
        let qty = self.take_hidden(slot, qty);
        if qty > 0 {
            self.shorten(level, slot, qty);
        }
    }

    /// Takes `qty` lots off the head of a level, and the order out if nothing is left of it.
    #[inline]
    fn shorten(&mut self, level: &mut Level, slot: u32, qty: u64) {
        level.qty -= qty;
        let order = &mut self.slab[slot];
        if qty < order.qty() {
            order.reduce(qty);
            return;
        }
        let next = order.next;
        level.head = next;
        if next == NIL {
            level.tail = NIL;
        } else {
            self.slab[next].prev = NIL;
        }
        self.forget(slot);
    }

    /// The head of the level is the incoming order's own account's.
    #[cold]
    fn meet_own<S: Sink>(
        &mut self,
        level: &mut Level,
        mode: SelfMatch,
        price: Price,
        left: &mut u64,
        sink: &mut S,
    ) -> Option<Stop> {
        let slot = level.head;
        let owner = self.slab[slot].owner;
        let (open, side) = (self.open(slot), self.slab[slot].side());
        let mut drop_maker = |book: &mut Book, qty: u64| {
            let maker = Maker { slot, owner, left: open - qty };
            sink.lost(maker, side, Some(price), qty, Gone::SelfMatch);
            book.cut(level, slot, qty);
        };
        match mode {
            SelfMatch::None => None,
            SelfMatch::CancelNewest => Some(Stop::SelfMatch),
            SelfMatch::CancelOldest => {
                drop_maker(self, open);
                None
            }
            SelfMatch::CancelBoth => {
                drop_maker(self, open);
                Some(Stop::SelfMatch)
            }
            SelfMatch::Decrement => {
                let qty = open.min(*left);
                drop_maker(self, qty);
                *left -= qty;
                sink.decremented(qty, *left);
                (*left == 0).then_some(Stop::SelfMatch)
            }
        }
    }

    /// Cuts the reduce-only order at the head of a level to what its account can still reduce; false if nothing is left.
    #[cold]
    fn trim<S: Sink>(&mut self, level: &mut Level, price: Price, sink: &mut S) -> bool {
        let slot = level.head;
        let order = self.slab[slot];
        let room = u64::try_from(sink.room(order.owner, order.side())).unwrap_or(0);
        let open = self.open(slot);
        if open <= room {
            return true;
        }
        let excess = open - room;
        let maker = Maker { slot, owner: order.owner, left: room };
        sink.lost(maker, order.side(), Some(price), excess, Gone::ReduceOnly);
        self.cut(level, slot, excess);
        room > 0
    }

    /// Whether an order would trade at least `wanted` lots at once: matching tried without being done. Source: RULES 7.5.
    ///
    /// An own order on the way ends it, unless own orders may trade with each other or the resting one gives way; reduce-only
    /// makers count for what their account's position, moving fill by fill, could then give.
    /// Cost: O(orders it would meet); with reduce-only makers among them, times the accounts it would meet.
    pub fn could_trade<S: Sink>(&mut self, taker: &Taker, wanted: Qty, sink: &mut S) -> bool {
        let mut moves = std::mem::take(&mut self.scratch);
        moves.clear();
        let fills = self.dry_run(taker, wanted.lots(), sink, &mut moves);
        self.scratch = moves;
        fills
    }

    fn dry_run<S: Sink>(
        &self,
        taker: &Taker,
        wanted: u64,
        sink: &mut S,
        moves: &mut Vec<(u32, i64)>,
    ) -> bool {
        let side = taker.side.opposite();
        let worst = worst_key(side, taker.limit);
        let mut found = 0;
        for (_, level) in self.ladder(side).iter().take_while(|(key, _)| *key >= worst) {
            let mut slot = level.head;
            while slot != NIL {
                let order = &self.slab[slot];
                let open = self.open(slot);
                slot = order.next;
                if order.owner == taker.owner {
                    match taker.self_match {
                        SelfMatch::None => {}
                        SelfMatch::CancelOldest => continue,
                        _ => return false,
                    }
                }
                let mut qty = open;
                if order.is_reduce_only() {
                    let given =
                        moves.iter().filter(|m| m.0 == order.owner).map(|m| m.1).sum::<i64>();
                    let own = if order.owner == taker.owner { found as i64 } else { 0 };
                    let room = sink.room(order.owner, side) - given + own;
                    qty = qty.min(u64::try_from(room).unwrap_or(0));
                }
                qty = qty.min(wanted - found);
                found += qty;
                if found >= wanted {
                    return true;
                }
                if self.reduce_only > 0 {
                    moves.push((order.owner, qty as i64));
                }
            }
        }
        false
    }
}

/// The lowest key an order limited at `limit` may meet on `side`.
#[inline]
fn worst_key(side: Side, limit: Option<Price>) -> i32 {
    limit.map_or(NO_KEY + 1, |limit| key_of(side, limit.ticks() as i32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resting::NewResting;

    /// Writes down what it is told.
    #[derive(Default)]
    struct Tape {
        fills: Vec<(u32, i64, u64)>,
        refills: Vec<(u32, u64, u64)>,
        lost: Vec<(u32, u64, Gone)>,
        room: i64,
    }

    impl Sink for Tape {
        fn room(&mut self, _: u32, _: Side) -> i64 {
            self.room
        }
        fn fill(&mut self, maker: Maker, price: Price, qty: u64) {
            self.fills.push((maker.owner, price.ticks(), qty));
        }
        fn refilled(&mut self, maker: Maker, _: Side, _: Price, shown: u64) {
            self.refills.push((maker.owner, maker.left, shown));
        }
        fn pair(&mut self, _: Maker, _: Maker, _: Price, _: u64) {}
        fn lost(&mut self, maker: Maker, _: Side, _: Option<Price>, qty: u64, why: Gone) {
            self.lost.push((maker.owner, qty, why));
        }
        fn decremented(&mut self, _: u64, _: u64) {}
    }

    fn book_of(asks: &[(u32, i64, u64)]) -> Book {
        let mut book = Book::new(None, 16);
        for &(owner, ticks, qty) in asks {
            book.rest(NewResting::plain(Side::Sell, Price::new(ticks), owner, Qty::new(qty)));
        }
        book
    }

    fn buy(limit: i64, qty: u64, self_match: SelfMatch) -> Taker {
        Taker {
            owner: 9,
            side: Side::Buy,
            limit: Price::new(limit),
            qty: Qty::new(qty),
            self_match,
        }
    }

    #[test]
    fn a_limit_stops_in_the_middle_of_a_sweep() {
        let mut book = book_of(&[(1, 101, 5), (2, 100, 5), (3, 100, 5), (4, 103, 5)]);
        let mut tape = Tape::default();
        let taken = book.take(&buy(101, 18, SelfMatch::None), &mut tape);
        assert_eq!(tape.fills, [(2, 100, 5), (3, 100, 5), (1, 101, 5)]);
        assert_eq!((taken.left, taken.stop), (Qty::new(3), Stop::Limit));
        assert_eq!(book.best(Side::Sell), Some((Price::clamped(103), Qty::new(5))));
        assert_eq!(book.audit(), Ok(()));
    }

    #[test]
    fn a_partly_filled_maker_keeps_its_place() {
        let mut book = book_of(&[(1, 100, 5), (2, 100, 5)]);
        let mut tape = Tape::default();
        book.take(&buy(100, 2, SelfMatch::None), &mut tape);
        book.take(&buy(100, 4, SelfMatch::None), &mut tape);
        assert_eq!(tape.fills, [(1, 100, 2), (1, 100, 3), (2, 100, 1)]);
        assert_eq!(book.audit(), Ok(()));
    }

    #[test]
    fn a_used_up_peak_comes_again_behind_the_others() {
        let mut book = Book::new(None, 4);
        let ask = |owner, qty, display| NewResting {
            display: Qty::new(display),
            ..NewResting::plain(Side::Sell, Price::new(100), owner, Qty::new(qty))
        };
        book.rest(ask(1, 8, 3));
        book.rest(ask(2, 4, 0));
        assert_eq!(book.best(Side::Sell), Some((Price::clamped(100), Qty::new(7))));
        let mut tape = Tape::default();
        let taken = book.take(&buy(100, 11, SelfMatch::None), &mut tape);
        assert_eq!(tape.fills, [(1, 100, 3), (2, 100, 4), (1, 100, 3), (1, 100, 1)]);
        assert_eq!(tape.refills, [(1, 5, 3), (1, 2, 2)]);
        assert_eq!(taken.stop, Stop::Filled);
        assert_eq!(book.best(Side::Sell), Some((Price::clamped(100), Qty::new(1))));
        assert_eq!(book.audit(), Ok(()));
    }

    #[test]
    fn each_self_match_mode_does_what_it_says() {
        for (mode, fills, lost, stop, left) in [
            (SelfMatch::None, vec![(9, 100, 5), (2, 100, 3)], vec![], Stop::Filled, 0),
            (SelfMatch::CancelNewest, vec![], vec![], Stop::SelfMatch, 8),
            (SelfMatch::CancelOldest, vec![(2, 100, 5)], vec![(9, 5)], Stop::Limit, 3),
            (SelfMatch::CancelBoth, vec![], vec![(9, 5)], Stop::SelfMatch, 8),
            (SelfMatch::Decrement, vec![(2, 100, 3)], vec![(9, 5)], Stop::Filled, 0),
        ] {
            let mut book = book_of(&[(9, 100, 5), (2, 100, 5)]);
            let mut tape = Tape::default();
            let taken = book.take(&buy(100, 8, mode), &mut tape);
            assert_eq!(tape.fills, fills, "{mode:?}");
            assert_eq!(tape.lost.iter().map(|l| (l.0, l.1)).collect::<Vec<_>>(), lost, "{mode:?}");
            assert_eq!((taken.stop, taken.left.lots()), (stop, left), "{mode:?}");
            assert_eq!(book.audit(), Ok(()), "{mode:?}");
        }
    }

    #[test]
    fn a_reduce_only_maker_trades_what_it_can_reduce() {
        let mut book = Book::new(None, 4);
        let ask = NewResting::plain(Side::Sell, Price::new(100), 1, Qty::new(5));
        book.rest(NewResting { reduce_only: true, ..ask });
        let mut tape = Tape { room: 2, ..Tape::default() };
        assert!(!book.could_trade(&buy(100, 3, SelfMatch::None), Qty::new(3), &mut tape));
        assert!(book.could_trade(&buy(100, 2, SelfMatch::None), Qty::new(2), &mut tape));
        let taken = book.take(&buy(100, 4, SelfMatch::None), &mut tape);
        assert_eq!(tape.fills, [(1, 100, 2)]);
        assert_eq!(tape.lost, [(1, 3, Gone::ReduceOnly)]);
        assert_eq!(taken.left, Qty::new(2));
        assert_eq!(book.live(), 0);
    }
}
