//! One liquidation case, as its events tell it.

use super::batches::Batch;
use plimsoll_types::{AccountId, CaseId, Label, Money, ParkReason, Price, Side, Ts};

/// Trades and waits of one case kept for drawing; its totals count all.
const KEPT_MAX: usize = 64;

/// Where a case stands, in the end for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseEnd {
    /// The target was met.
    Restored,
    /// Flat, with equity not below zero.
    Closed,
    /// Flat and below zero: the waterfall paid.
    Waterfall,
    /// Not ended: it waits.
    Parked,
    /// Not ended: between two batches.
    Working,
}

impl CaseEnd {
    /// Every end, in the order tables show them.
    pub const ALL: [CaseEnd; 5] =
        [CaseEnd::Restored, CaseEnd::Closed, CaseEnd::Waterfall, CaseEnd::Parked, CaseEnd::Working];

    /// The word in summaries and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            CaseEnd::Restored => "restored",
            CaseEnd::Closed => "closed",
            CaseEnd::Waterfall => "waterfall",
            CaseEnd::Parked => "parked",
            CaseEnd::Working => "working",
        }
    }

    /// Whether the case is over.
    pub fn is_final(self) -> bool {
        matches!(self, CaseEnd::Restored | CaseEnd::Closed | CaseEnd::Waterfall)
    }
}

/// What is remembered of a case's trades and waits: all while they are few, then every second, every fourth, ...
#[derive(Clone, Debug)]
pub struct Kept<T> {
    /// In order.
    pub items: Vec<T>,
    /// How many there were.
    pub all: u64,
    every: u64,
}

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept { items: Vec::new(), all: 0, every: 1 }
    }
}

impl<T> Kept<T> {
    /// Takes one more.
    pub fn push(&mut self, item: T) {
        if self.all.is_multiple_of(self.every) {
            if self.items.len() >= KEPT_MAX {
                let mut n = 0;
                self.items.retain(|_| {
                    n += 1;
                    n % 2 == 1
                });
                self.every *= 2;
            }
            self.items.push(item);
        }
        self.all += 1;
    }
}

/// One liquidation case.
#[derive(Clone, Debug)]
pub struct CaseRecord {
    /// Its number.
    pub id: CaseId,
    /// Whose: the owner where an isolated position is liquidated.
    pub account: AccountId,
    /// What that account is called.
    pub name: Label,
    /// When it began.
    pub opened: Ts,
    /// When it ended; the end of the run for one that did not.
    pub ended: Ts,
    /// How.
    pub end: CaseEnd,
    /// Mark when it began, of the instrument its first batch trades in.
    pub mark: Price,
    /// Equity when it began.
    pub equity: Money,
    /// Side of its first batch, or planned target.
    pub side: Option<Side>,
    /// Lots it traded.
    pub lots: u64,
    /// Orders it sent.
    pub batches: u32,
    /// How often it went on after waiting.
    pub resumed: u32,
    /// Intervals during which it waited, and for what: a sample of them where they are many.
    pub waits: Kept<(Ts, Ts, ParkReason)>,
    /// Nanoseconds it waited.
    pub waited: Ts,
    /// Times at which it traded, with lots: a sample of them where they are many.
    pub fills: Kept<(Ts, u64)>,
    /// Sum over its lots of ticks worse than the mark its batch met.
    pub slippage: i64,
    /// Sum over its lots of ticks worse than the mark at its beginning.
    pub shortfall: i64,
    /// What the fund paid for it.
    pub fund: Money,
    /// What the client owes for it.
    pub debt: Money,
    /// The case whose trades moved the mark that breached it; `None` = the market did, or no mark.
    pub parent: Option<u32>,
    /// The case at the root of its tree: itself without a parent.
    pub root: u32,
    /// Steps from the root: 0 without a parent.
    pub depth: u32,
    pub(super) waiting: Option<(Ts, ParkReason)>,
    pub(super) batch_mark: Price,
    /// The batch that works.
    pub(super) batch: Batch,
}

impl CaseRecord {
    /// A case that begins now.
    pub fn begun(
        id: u32,
        (account, name): (AccountId, Label),
        opened: Ts,
        mark: Price,
        equity: Money,
    ) -> Self {
        CaseRecord {
            id: CaseId(id),
            account,
            name,
            opened,
            ended: opened,
            end: CaseEnd::Working,
            mark,
            equity,
            side: None,
            lots: 0,
            batches: 0,
            resumed: 0,
            waits: Kept::default(),
            waited: 0,
            fills: Kept::default(),
            slippage: 0,
            shortfall: 0,
            fund: Money::ZERO,
            debt: Money::ZERO,
            parent: None,
            root: id,
            depth: 0,
            waiting: None,
            batch_mark: mark,
            batch: Batch::default(),
        }
    }

    /// Whether it ever waited.
    pub fn ever_parked(&self) -> bool {
        self.waits.all > 0
    }

    /// Nanoseconds it waited.
    pub fn waited(&self) -> Ts {
        self.waited
    }

    /// Ends a wait, if it waits.
    pub(super) fn stop_waiting(&mut self, ts: Ts) {
        if let Some((from, reason)) = self.waiting.take() {
            self.waits.push((from, ts, reason));
            self.waited += ts - from;
        }
    }

    /// Lots at a price, worse than the mark by so many ticks.
    pub(super) fn fill(&mut self, ts: Ts, price: Price, lots: u64, side: Side) {
        let worse = |than: Price| side.sign() * (price.ticks() - than.ticks());
        self.lots += lots;
        self.fills.push((ts, lots));
        self.slippage += worse(self.batch_mark) * lots as i64;
        self.shortfall += worse(self.mark) * lots as i64;
        self.batch.fill(lots, worse(self.batch_mark));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_spread_evenly_and_bounded() {
        let mut kept = Kept::default();
        (0..10_000u64).for_each(|n| kept.push(n));
        assert_eq!(kept.all, 10_000);
        assert!(kept.items.len() <= KEPT_MAX && kept.items.len() > KEPT_MAX / 2);
        let step = kept.items[1] - kept.items[0];
        assert!(kept.items.windows(2).all(|pair| pair[1] - pair[0] == step), "{:?}", kept.items);
    }
}
