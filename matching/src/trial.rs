//! Matching tried without being done: for fill-or-kill and minimum quantities. Source: RULES 7.5, SEMANTICS 4.

use crate::book::Book;
use crate::matcher::{Taker, worst_key};
use crate::shares::{allot, by_time};
use crate::sink::Sink;
use crate::slab::NIL;
use plimsoll_types::{Allocation, Qty, SelfMatch};

/// How a trial stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Open,
    Enough,
    TooLittle,
}

/// A resting order as the trial has left it.
#[derive(Clone, Copy)]
struct Shadow {
    owner: u32,
    reduce_only: bool,
    shown: u64,
    hidden: u64,
    display: u64,
}

impl Shadow {
    fn open(&self) -> u64 {
        self.shown + self.hidden
    }

    /// Takes lots off, hidden ones first.
    fn cut(&mut self, lots: u64) {
        let hidden = lots.min(self.hidden);
        self.hidden -= hidden;
        self.shown -= lots - hidden;
    }
}

/// An order on trial, and what is kept between trials so that none need allocate.
#[derive(Default)]
pub(crate) struct Trial {
    /// Lots it must trade, has traded, and still wants.
    wanted: u64,
    found: u64,
    left: u64,
    /// Lots each owner met would have given, where any order is reduce-only.
    given: Vec<(u32, i64)>,
    level: Vec<Shadow>,
    shares: Vec<(usize, u64)>,
}

impl Trial {
    /// Meets a resting order with at most `lots` lots. Mirrors what matching does in [`Book::take`].
    #[inline]
    fn meet<S: Sink>(
        &mut self,
        order: &mut Shadow,
        lots: u64,
        taker: &Taker,
        counts: bool,
        sink: &mut S,
    ) -> Verdict {
        if order.owner == taker.owner && taker.self_match != SelfMatch::None {
            match taker.self_match {
                SelfMatch::None => {}
                SelfMatch::CancelNewest | SelfMatch::CancelBoth => return Verdict::TooLittle,
                SelfMatch::CancelOldest => order.cut(order.open()),
                SelfMatch::Decrement => {
                    let lots = order.open().min(lots);
                    order.cut(lots);
                    self.left -= lots;
                }
            }
            return self.verdict();
        }
        if order.reduce_only {
            let given = self.given.iter().find(|given| given.0 == order.owner).map_or(0, |g| g.1);
            let own = if order.owner == taker.owner { self.found as i64 } else { 0 };
            let room = sink.room(order.owner, taker.side.opposite()) - given + own;
            let room = u64::try_from(room).unwrap_or(0);
            order.cut(order.open().saturating_sub(room));
        }
        let qty = order.shown.min(lots);
        order.shown -= qty;
        self.found += qty;
        self.left -= qty;
        if counts {
            match self.given.iter_mut().find(|given| given.0 == order.owner) {
                Some(given) => given.1 += qty as i64,
                None => self.given.push((order.owner, qty as i64)),
            }
        }
        self.verdict()
    }

    fn verdict(&self) -> Verdict {
        if self.found >= self.wanted {
            Verdict::Enough
        } else if self.found + self.left < self.wanted {
            Verdict::TooLittle
        } else {
            Verdict::Open
        }
    }
}

impl Book {
    /// Whether an order would trade at least `wanted` lots at once: matching tried without being done.
    ///
    /// Own orders met on the way do as the order's mode says; reduce-only makers count for what their account's position,
    /// moving fill by fill, could then give; icebergs count with what they hide.
    /// Cost: O(orders it would meet); with reduce-only orders in the book, times the accounts it would meet. Where there are
    /// icebergs, or levels are not shared out by time, every order of each level it would meet counts.
    pub fn could_trade<S: Sink>(&mut self, taker: &Taker, wanted: Qty, sink: &mut S) -> bool {
        let mut trial = std::mem::take(&mut self.trial);
        trial.given.clear();
        (trial.wanted, trial.found, trial.left) = (wanted.lots(), 0, taker.qty.lots());
        let mut verdict = trial.verdict();
        if verdict == Verdict::Open {
            verdict = if self.allocation == Allocation::Time && self.peaks.live() == 0 {
                self.walk(taker, &mut trial, sink)
            } else {
                self.rehearse(taker, &mut trial, sink)
            };
        }
        self.trial = trial;
        verdict == Verdict::Enough
    }

    /// The trial where every order shows all it has and trades in time order.
    fn walk<S: Sink>(&self, taker: &Taker, trial: &mut Trial, sink: &mut S) -> Verdict {
        let side = taker.side.opposite();
        let worst = worst_key(side, taker.limit);
        for (_, level) in self.ladder(side).iter().take_while(|(key, _)| *key >= worst) {
            let mut slot = level.head;
            while slot != NIL {
                let (lots, mut order) = (trial.left, self.shadow(slot));
                let verdict = trial.meet(&mut order, lots, taker, self.reduce_only > 0, sink);
                if verdict != Verdict::Open {
                    return verdict;
                }
                slot = self.slab.link(slot).next;
            }
        }
        Verdict::TooLittle
    }

    fn shadow(&self, slot: u32) -> Shadow {
        let order = &self.slab[slot];
        let (display, hidden) = match order.is_iceberg() {
            true => (self.peaks.display(slot), self.peaks.hidden(slot)),
            false => (0, 0),
        };
        let (owner, reduce_only, shown) = (order.owner, order.is_reduce_only(), order.qty());
        Shadow { owner, reduce_only, shown, hidden, display }
    }

    /// The trial in full, on a copy of each level.
    fn rehearse<S: Sink>(&self, taker: &Taker, trial: &mut Trial, sink: &mut S) -> Verdict {
        let side = taker.side.opposite();
        let worst = worst_key(side, taker.limit);
        for (_, level) in self.ladder(side).iter().take_while(|(key, _)| *key >= worst) {
            let mut orders = std::mem::take(&mut trial.level);
            orders.clear();
            let mut slot = level.head;
            while slot != NIL {
                orders.push(self.shadow(slot));
                slot = self.slab.link(slot).next;
            }
            let mut verdict = Verdict::Open;
            while verdict == Verdict::Open && !orders.is_empty() {
                verdict = self.round(&mut orders, taker, trial, sink);
                orders.retain(|order| order.shown > 0);
            }
            trial.level = orders;
            if verdict != Verdict::Open {
                return verdict;
            }
        }
        Verdict::TooLittle
    }

    /// One round over a level, as in [`Book::share_out`]; by time it is the same as meeting one after the other.
    fn round<S: Sink>(
        &self,
        orders: &mut Vec<Shadow>,
        taker: &Taker,
        trial: &mut Trial,
        sink: &mut S,
    ) -> Verdict {
        let mut shares = std::mem::take(&mut trial.shares);
        shares.clear();
        shares.extend(orders.iter().enumerate().map(|(place, order)| (place, order.shown)));
        let shown = orders.iter().map(|order| order.shown).sum();
        let whole = self.allocation == Allocation::Time || trial.left >= shown;
        if !whole {
            let fifo = by_time(self.allocation, trial.left);
            allot(&mut shares, shown, trial.left, fifo);
        }
        let mut verdict = Verdict::Open;
        for &(place, lots) in &shares {
            let lots = if whole { trial.left } else { lots };
            if lots == 0 {
                continue;
            }
            let mut order = orders[place];
            verdict = trial.meet(&mut order, lots, taker, self.reduce_only > 0, sink);
            if verdict != Verdict::Open {
                break;
            }
            orders[place] = order;
            if order.shown == 0 && order.hidden > 0 {
                let shown = order.hidden.min(order.display);
                orders.push(Shadow { shown, hidden: order.hidden - shown, ..order });
            }
        }
        trial.shares = shares;
        verdict
    }
}
