//! Recorded depth and trades as background orders, which your orders and liquidations really consume.
//!
//! docs/RECONSTRUCTION.md says how: the levels of the recording stand in the book as orders of one account, its trades
//! come as aggressive orders of another, before the change of depth that shows them. Changes are applied as changes, so a
//! level that somebody else has eaten stays eaten until `relax` has passed.

pub mod capture;
mod hearing;
pub mod levels;
mod lines;
pub mod message;
pub mod plan;

use super::replayed::{DEPTH_LEVELS, Replayed, Touch};
use super::{Agent, World};
use capture::{Capture, Quote, What};
use levels::{Level, Levels};
use plimsoll_types::{
    AccountId, CancelReason, Command, Event, EventKind, InstrumentId, NewOrder, OrderId, OrderRef,
    Phase, Price, Qty, SelfMatch, Side, TimeInForce, Ts,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// Time between two comparisons of the recorded and the simulated book.
const SAMPLE: Ts = 1_000_000_000;

/// Least time until a level that the exchange did not take is tried again.
const RETRY: Ts = 1_000_000_000;

/// What [`Replayed`] does not say of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lots of recorded trades that met recorded orders.
    pub met_recorded: u64,
    /// Recorded lots that somebody else had taken before the recording cancelled them.
    pub lots_gone: u64,
    /// Lots put back, or taken away, when the time to relax had passed.
    pub made_up: u64,
    /// Levels that a later message showed to be gone (lines were missing).
    pub stale_levels: u64,
}

/// Plays a capture: account `recorded` keeps the book, account `taker` does its trades.
pub struct Replay {
    recorded: AccountId,
    taker: AccountId,
    capture: Capture,
    /// Time until the difference between recording and simulation is made up.
    relax: Ts,
    /// Whether recorded trades set the mark.
    marks: bool,
    next: usize,
    sides: [Levels; 2],
    /// The levels stand in the simulated book.
    quoting: bool,
    /// The last price of the index, where it could not be said yet.
    index: Option<Price>,
    /// To be compared at the next wake, when everything sent has been carried out.
    touched: Vec<(Side, Price)>,
    /// When which level is made up.
    waiting: BinaryHeap<Reverse<(Ts, Side, Price)>>,
    /// Lots to be entered, once everything that goes has gone.
    adds: Vec<(Side, Price, u64)>,
    /// The order that entered last: only that one can take.
    entering: Option<(u64, Side, Price)>,
    /// Lots of the trade under way that have not met a recorded order.
    trading: u64,
    /// When the books are compared next.
    sample_at: Ts,
    tally: Tally,
    replayed: Replayed,
}

impl Replay {
    /// Plays `capture`; differences are made up after `relax` nanoseconds (0: at the next recording).
    pub fn new(recorded: AccountId, taker: AccountId, capture: Capture, relax: Ts) -> Replay {
        Replay {
            recorded,
            taker,
            capture,
            relax,
            marks: false,
            next: 0,
            sides: [Levels::new(Side::Buy), Levels::new(Side::Sell)],
            quoting: false,
            index: None,
            touched: Vec::new(),
            waiting: BinaryHeap::new(),
            adds: Vec::new(),
            entering: None,
            trading: 0,
            sample_at: 0,
            tally: Tally::default(),
            replayed: Replayed::default(),
        }
    }

    /// Lets recorded trades set the mark, where only a command does.
    pub fn marking(mut self) -> Replay {
        self.marks = true;
        self
    }

    /// What it came to so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// A side of the recorded book.
    pub fn side(&self, side: Side) -> &Levels {
        &self.sides[side as usize]
    }

    fn side_mut(&mut self, side: Side) -> &mut Levels {
        &mut self.sides[side as usize]
    }

    /// The best of the recorded book, and what stood near it.
    fn touch(&self) -> Touch {
        let side = |side| {
            let mut near = self.side(side).recorded().take(DEPTH_LEVELS);
            let (best, lots) = near.next().unzip();
            let depth =
                near.fold(lots.unwrap_or(0), |sum: u64, (_, lots)| sum.saturating_add(lots));
            (best, depth)
        };
        let ((bid, bid_depth), (ask, ask_depth)) = (side(Side::Buy), side(Side::Sell));
        Touch { bid, ask, bid_depth, ask_depth }
    }

    /// Everything up to `now` without a word; then the whole book is put up.
    fn begin(&mut self, now: Ts) {
        let mut silent = Vec::new();
        while self.capture.recordings.get(self.next).is_some_and(|r| r.ts <= now) {
            self.play(None, &mut silent);
        }
        self.quoting = true;
        self.touched.clear();
        for side in [Side::Buy, Side::Sell] {
            let levels: Vec<(Price, u64)> = self.side(side).recorded().collect();
            self.adds.extend(levels.into_iter().map(|(price, lots)| (side, price, lots)));
        }
    }

    /// Plays the next recording.
    fn play(&mut self, world: Option<&World<'_>>, out: &mut Vec<Command>) {
        let what = self.capture.recordings[self.next].what.clone();
        self.next += 1;
        self.replayed.rows += u64::from(world.is_some());
        match what {
            What::Trade(taker, quote) => self.trade(world, taker, quote, out),
            What::Snapshot(sides) => self.snapshot(world, &sides, out),
            What::Depth(sides) => {
                for (side, range) in [Side::Buy, Side::Sell].into_iter().zip(sides) {
                    for at in range {
                        let quote = self.capture.quotes[at as usize];
                        self.set(world, side, quote, out);
                    }
                }
            }
            What::Best(best) => {
                for (side, quote) in [Side::Buy, Side::Sell].into_iter().zip(best) {
                    self.clear_better(world, side, Some(quote).filter(|q| q.lots > 0), out);
                    if quote.lots > 0 {
                        self.set(world, side, quote, out);
                    }
                }
            }
            What::Index(price) => match world {
                Some(world) => out.push(Command::Index { instrument: world.instrument, price }),
                None => self.index = Some(price),
            },
        }
        self.uncross(world, out);
    }

    /// A recorded trade: it takes what the recording had there, and what stands there in the simulation.
    fn trade(
        &mut self,
        world: Option<&World<'_>>,
        taker: Side,
        quote: Quote,
        out: &mut Vec<Command>,
    ) {
        let maker = taker.opposite();
        let mut left = quote.lots;
        while left > 0 {
            let levels = self.side_mut(maker);
            let Some(best) = levels.best().filter(|best| !levels.better(quote.price, *best)) else {
                break;
            };
            let level = levels.entry(best);
            let taken = level.recorded.min(left);
            level.recorded -= taken;
            left -= taken;
            self.touched.push((maker, best));
        }
        let Some(world) = world else { return };
        self.trading = quote.lots;
        self.replayed.executions += 1;
        self.replayed.execution_lots += quote.lots;
        let mut order = order(self.taker, world.instrument, taker, quote);
        order.tif = TimeInForce::Ioc;
        out.push(Command::Order(order));
        if self.marks {
            out.push(Command::Mark { instrument: world.instrument, price: quote.price });
        }
    }

    /// The whole book: what it does not name is gone.
    fn snapshot(
        &mut self,
        world: Option<&World<'_>>,
        sides: &[Range<u32>; 2],
        out: &mut Vec<Command>,
    ) {
        for (side, range) in [Side::Buy, Side::Sell].into_iter().zip(sides) {
            let mut named: Vec<Price> = self.capture.side(range).iter().map(|q| q.price).collect();
            named.sort_unstable();
            let gone: Vec<Price> = self
                .side(side)
                .recorded()
                .map(|(price, _)| price)
                .filter(|price| named.binary_search(price).is_err())
                .collect();
            for price in gone {
                self.set(world, side, Quote { price, lots: 0 }, out);
            }
            for at in range.clone() {
                let quote = self.capture.quotes[at as usize];
                self.set(world, side, quote, out);
            }
        }
    }

    /// Nothing is recorded any more at prices better than the best one, or at any if there is none.
    fn clear_better(
        &mut self,
        world: Option<&World<'_>>,
        side: Side,
        best: Option<Quote>,
        out: &mut Vec<Command>,
    ) {
        while let Some(price) = self.side(side).best() {
            if best.is_some_and(|best| !self.side(side).better(price, best.price)) {
                break;
            }
            self.set(world, side, Quote { price, lots: 0 }, out);
        }
    }

    /// Levels left over from lost lines stand across newer ones: the older goes.
    fn uncross(&mut self, world: Option<&World<'_>>, out: &mut Vec<Command>) {
        while let (Some(bid), Some(ask)) = (self.sides[0].best(), self.sides[1].best()) {
            if bid < ask {
                break;
            }
            let newer = [(Side::Buy, bid), (Side::Sell, ask)]
                .map(|(side, price)| self.side_mut(side).entry(price).set);
            let (side, price) =
                if newer[0] < newer[1] { (Side::Buy, bid) } else { (Side::Sell, ask) };
            self.tally.stale_levels += 1;
            self.set(world, side, Quote { price, lots: 0 }, out);
        }
    }

    /// A level changes: lots that go are taken from the newest orders at once, lots that come are entered later.
    fn set(&mut self, world: Option<&World<'_>>, side: Side, quote: Quote, out: &mut Vec<Command>) {
        let (now, account) = (self.next as u64, self.recorded);
        let level = self.sides[side as usize].entry(quote.price);
        let before = std::mem::replace(&mut level.recorded, quote.lots);
        level.set = now;
        self.touched.push((side, quote.price));
        let Some(world) = world else { return };
        if quote.lots > before {
            return self.adds.push((side, quote.price, quote.lots - before));
        }
        if quote.lots < before || level.open > 0 {
            // A level that is gone is gone, whatever the simulation had left there.
            let fewer = drop_adds(&mut self.adds, side, quote.price, before - quote.lots);
            let lots = if quote.lots == 0 { fewer.max(level.open) } else { fewer };
            let over = lots - fewer;
            let gone = cut(level, account, world.instrument, quote.price, lots, out);
            self.tally.lots_gone += gone.min(fewer);
            self.replayed.cancels_gone += u64::from(gone > 0 && fewer > 0);
            self.tally.made_up += over;
        }
    }

    /// Looks at every level in which something happened: where simulation and recording differ, that waits to be made up.
    fn compare(&mut self, now: Ts) {
        let relax = self.relax;
        for (side, price) in std::mem::take(&mut self.touched) {
            let levels = &mut self.sides[side as usize];
            let Some(level) = levels.get_mut(price) else { continue };
            if level.open != level.recorded && level.due.is_none() {
                level.due = Some(now + relax);
                self.waiting.push(Reverse((now + relax, side, price)));
            }
            levels.tidy(price);
        }
    }

    /// Makes up the differences whose time has come.
    fn make_up(&mut self, world: &World<'_>, out: &mut Vec<Command>) {
        let account = self.recorded;
        while let Some(&Reverse((due, side, price))) = self.waiting.peek() {
            if due > world.now {
                break;
            }
            self.waiting.pop();
            let levels = &mut self.sides[side as usize];
            let Some(level) = levels.get_mut(price) else { continue };
            level.due = None;
            if level.open > level.recorded {
                let lots = level.open - level.recorded;
                self.tally.made_up += lots;
                cut(level, account, world.instrument, price, lots, out);
            } else if level.recorded > level.open && world.admits(price.ticks()) {
                let lots = level.recorded - level.open;
                self.tally.made_up += lots;
                self.adds.push((side, price, lots));
            } else if level.recorded > level.open {
                let again = world.now + RETRY.max(self.relax);
                level.due = Some(again);
                self.waiting.push(Reverse((again, side, price)));
            }
            self.touched.push((side, price));
        }
    }
}

/// Takes lots that go off those about to enter at the same price; returns what is left to go.
fn drop_adds(adds: &mut [(Side, Price, u64)], side: Side, price: Price, lots: u64) -> u64 {
    let mut left = lots;
    for add in adds.iter_mut().filter(|add| (add.0, add.1) == (side, price)) {
        let taken = add.2.min(left);
        add.2 -= taken;
        left -= taken;
    }
    left
}

/// Cancels and cuts the newest orders of a level; returns the lots that were not there.
fn cut(
    level: &mut Level,
    account: AccountId,
    instrument: InstrumentId,
    price: Price,
    lots: u64,
    out: &mut Vec<Command>,
) -> u64 {
    level.cut(lots, |order| {
        let (reference, qty) = (OrderRef::Handle(instrument, order.handle), Qty::new(order.open));
        out.push(match order.open {
            0 => Command::Cancel { account, order: reference },
            _ => Command::Replace { account, order: reference, price, qty, trigger: None },
        });
    })
}

fn order(account: AccountId, instrument: InstrumentId, side: Side, quote: Quote) -> NewOrder {
    let mut order = NewOrder::limit(account, instrument, side, quote.price, Qty::new(quote.lots));
    order.self_match = SelfMatch::CancelOldest;
    order
}

impl Agent for Replay {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        let instrument = world.instrument;
        self.compare(world.now);
        let open = !matches!(world.phase, Phase::Halted | Phase::Closed);
        if self.quoting && world.now >= self.sample_at {
            self.sample_at = world.now + SAMPLE;
            self.replayed.drift.sample(self.touch(), world.touch());
        }
        if !self.quoting {
            self.begin(world.now);
        } else {
            if open {
                self.make_up(world, out);
            }
            if self.capture.recordings.get(self.next).is_some_and(|r| r.ts <= world.now) {
                self.play(Some(world).filter(|_| open), out);
            }
        }
        let account = self.recorded;
        for (side, price, lots) in self.adds.drain(..) {
            self.touched.push((side, price));
            if lots > 0 && open && world.admits(price.ticks()) {
                out.push(Command::Order(order(account, instrument, side, Quote { price, lots })));
            }
        }
        if open && let Some(price) = self.index.take() {
            out.push(Command::Index { instrument, price });
        }
        let recording = self.capture.recordings.get(self.next).map(|next| next.ts);
        // After the end of the recording nothing comes back any more, and nothing while the market is shut.
        let waiting = self.waiting.peek().filter(|_| open);
        let making_up = waiting.map(|Reverse((due, ..))| (*due).max(world.now + 1));
        match (recording, making_up) {
            (Some(next), Some(due)) => Some(next.min(due)),
            (next, _) => next,
        }
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        match &event.kind {
            EventKind::Accepted { account, .. } if *account == self.recorded => {
                self.heard_accepted(event);
            }
            EventKind::Trade { .. } => self.heard_trade(event),
            EventKind::Rejected { account, .. }
                if [Some(self.recorded), Some(self.taker)].contains(account) =>
            {
                self.replayed.rejected += 1;
            }
            EventKind::Cancelled { account, qty, .. } if *account == self.taker => {
                self.replayed.lots_missed += qty.lots();
            }
            EventKind::Cancelled { account, id: OrderId::Number(number), qty, reason, .. }
                if *account == self.recorded && *reason != CancelReason::Client =>
            {
                self.heard_cancelled(*number, qty.lots());
            }
            _ => {}
        }
        None
    }

    fn replayed(&self) -> Option<&Replayed> {
        Some(&self.replayed)
    }
}

#[cfg(test)]
#[path = "depth/tests.rs"]
mod tests;
