//! One incoming order against the opposite side.

use crate::book::{Book, key_of, price_of};
use crate::ladder::{Level, NO_KEY};
use crate::sink::{Maker, Sink};
use crate::slab::NIL;
use plimsoll_types::{Allocation, Price, Qty, SelfMatch, Side};

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

/// An incoming order at a level: the level, taken out of its ladder for the while, and what the order has come to.
#[derive(Clone, Copy)]
pub(crate) struct Meeting {
    pub(crate) level: Level,
    /// Lots still wanted.
    pub(crate) left: u64,
    /// Price of the last trade.
    pub(crate) last: Option<Price>,
    /// Set where the order goes no further.
    pub(crate) stop: Option<Stop>,
}

impl Book {
    /// Matches an incoming order, best price first, then time, at the makers' prices.
    ///
    /// Cost: O(orders it meets), no allocation. What is left does not rest by itself: see [`Book::rest`].
    #[inline]
    pub fn take<S: Sink>(&mut self, taker: &Taker, sink: &mut S) -> Taken {
        let opposite = taker.side.opposite();
        let worst = worst_key(opposite, taker.limit);
        if self.ladder(opposite).best() < worst {
            return Taken { left: taker.qty, stop: Stop::Limit, last: None };
        }
        self.cross(taker, worst, sink)
    }

    /// Matches an order that meets at least one other.
    fn cross<S: Sink>(&mut self, taker: &Taker, worst: i32, sink: &mut S) -> Taken {
        let opposite = taker.side.opposite();
        // The owner whose orders it may not simply trade with: one that nobody is, where it may trade with all.
        let own = if taker.self_match == SelfMatch::None { u64::MAX } else { taker.owner.into() };
        let (mut left, mut last) = (taker.qty.lots(), None);
        while left > 0 {
            let Book { slab, ladders, allocation, .. } = self;
            let ladder = &mut ladders[opposite as usize];
            let key = ladder.best();
            if key < worst {
                return Taken { left: Qty::new(left), stop: Stop::Limit, last };
            }
            let price = price_of(opposite, key);
            let mut special = true;
            if *allocation == Allocation::Time
                && let Some(level) = ladder.near(key)
            {
                let before = left;
                let mut slot = level.head;
                loop {
                    let order = &mut slab[slot];
                    special = u64::from(order.owner) == own || !order.is_plain();
                    if special {
                        break;
                    }
                    let open = order.qty();
                    let qty = open.min(left);
                    left -= qty;
                    sink.fill(Maker { slot, owner: order.owner, left: open - qty }, price, qty);
                    if qty < open {
                        order.reduce(qty);
                        break;
                    }
                    let next = slab.link(slot).next;
                    slab.remove(slot);
                    slot = next;
                    if left == 0 || slot == NIL {
                        break;
                    }
                }
                level.qty -= before - left;
                level.head = slot;
                if left < before {
                    last = Some(price);
                }
                if slot == NIL {
                    level.tail = NIL;
                    ladder.close(key);
                } else {
                    slab.link_mut(slot).prev = NIL;
                }
            }
            if special {
                let at = self.meet_apart(key, taker, price, left, sink);
                (left, last) = (at.left, at.last.or(last));
                if let Some(stop) = at.stop {
                    return Taken { left: Qty::new(left), stop, last };
                }
            }
        }
        Taken { left: Qty::ZERO, stop: Stop::Filled, last }
    }

    /// Meets what needs a second look: a level that is shared out, one outside the window, or the order at a level's head.
    #[cold]
    #[inline(never)]
    fn meet_apart<S: Sink>(
        &mut self,
        key: i32,
        taker: &Taker,
        price: Price,
        left: u64,
        sink: &mut S,
    ) -> Meeting {
        let side = taker.side.opposite();
        let level = *self.ladders[side as usize].level(key);
        let at = Meeting { level, left, last: None, stop: None };
        let at = if self.allocation == Allocation::Time {
            self.meet(level.head, left, taker, price, at, sink)
        } else {
            self.share_out(taker, price, at, sink)
        };
        *self.ladders[side as usize].level(key) = at.level;
        if at.level.head == NIL {
            self.ladders[side as usize].close(key);
        }
        at
    }
}

/// The lowest key an order limited at `limit` may meet on `side`.
#[inline]
pub(crate) fn worst_key(side: Side, limit: Option<Price>) -> i32 {
    limit.map_or(NO_KEY + 1, |limit| key_of(side, limit.ticks() as i32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resting::NewResting;
    use crate::sink::Gone;

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
