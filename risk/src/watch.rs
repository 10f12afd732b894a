//! Breach detection: which accounts must be looked at after a pass.
//!
//! The trigger index rings the accounts whose boxes a mark leaves; those whose money or positions changed are asked whether
//! their boxes still prove their tier. Whoever cannot be proved safe at the marks is named; who is named is not thereby in
//! another tier, that is for [`Risk::next_tier`] to say. The scan asks everybody instead: what the index is held against.

use crate::calm::{Awaited, Calm};
use crate::contract::Contract;
use crate::ledger::Risk;
use crate::tiers::Lines;
use crate::trigger::boxes::{End, GRID_BITS, Span};
use crate::trigger::ladder::Ladder;
use crate::trigger::plain::{Fence, Term};
use crate::trigger::sharing::Sharing;
use plimsoll_types::prefetch::prefetch;
use plimsoll_types::{AccountId, Detector, InstrumentId, Price};
use std::collections::BTreeSet;

/// What the index has had to do so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchCounts {
    /// Positions whose box a mark left.
    pub rung: u64,
    /// Accounts whose boxes were drawn.
    pub drawn: u64,
    /// Accounts in no case that were named: each of them stands in another tier than it should.
    pub named: u64,
}

/// Positions that are rung together.
const RING_BATCH: usize = 128;
/// How far ahead on its list a look asks for what it will need.
const AHEAD: usize = 8;

/// How far an instrument's mark moves at a time, on average. Units: 64ths of a tick.
#[derive(Clone, Copy, Debug)]
struct Pace(i64);

/// How boxes are drawn. Where they lie decides how often somebody is asked for nothing, never who is found.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// How slack is shared out.
    pub sharing: Sharing,
    /// A box is cut back to a grid of its width's `2^grid_bits`-th part.
    pub grid_bits: u32,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning { sharing: Sharing::default(), grid_bits: GRID_BITS }
    }
}

/// Whom to look at.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) detector: Detector,
    pub(crate) tuning: Tuning,
    /// Accounts whose money or positions changed or whose box a mark left, since the last look.
    pub(crate) touched: Vec<AccountId>,
    /// Accounts in a case that any mark may concern: named whenever one has moved.
    pub(crate) restless: BTreeSet<AccountId>,
    /// Accounts in a case that waits for its goal alone, or for nothing that marks do: watched by the index.
    pub(crate) calm: Calm,
    pub(crate) ladders: Vec<Ladder>,
    paces: Vec<Pace>,
    /// By profile, the fence of each tier.
    pub(crate) fences: Vec<Vec<Option<Fence>>>,
    /// A mark changed since the last look, and somebody is named for that alone.
    moved: bool,
    /// Positions rung by one mark.
    rung: Vec<u32>,
    /// Lent to each drawing for the positions of an account.
    pub(crate) held: Vec<u32>,
    /// The same with their terms and weights.
    pub(crate) terms: Vec<(u32, Term, i64)>,
    pub(crate) counts: WatchCounts,
}

impl Watch {
    pub(crate) fn new(contracts: &[Contract], lines: &[Lines], detector: Detector) -> Watch {
        let fences = lines.iter().map(Fence::all).collect();
        let mut watch = Watch { detector, fences, ..Watch::default() };
        for _ in contracts {
            watch.add_instrument();
        }
        watch
    }

    /// Makes room, so that no list grows on the order path.
    pub(crate) fn make_room(&mut self, accounts: usize) {
        self.touched.reserve(accounts.saturating_sub(self.touched.len()));
    }

    /// An instrument came.
    pub(crate) fn add_instrument(&mut self) {
        self.ladders.push(Ladder::new());
        self.paces.push(Pace(64));
    }

    /// How far an instrument's mark moves at a time: by what slack is shared out among an account's positions.
    #[inline]
    pub(crate) fn pace(&self, instrument: InstrumentId) -> i64 {
        self.paces[instrument.index()].0
    }
}

impl Pace {
    /// Counts a move in: the average forgets half in some forty moves.
    #[inline]
    fn moved(&mut self, ticks: i64) {
        self.0 = (self.0 + ((ticks * 64 - self.0) >> 6)).clamp(1, 1 << 26);
    }
}

impl Risk {
    /// Chooses how breaches are found. To be called before the first account is opened.
    #[must_use]
    pub fn watched_by(mut self, detector: Detector) -> Risk {
        self.watch.detector = detector;
        self
    }

    /// Has boxes drawn another way, to measure it. To be called before the first account is opened.
    #[doc(hidden)]
    #[must_use]
    pub fn tuned(mut self, tuning: Tuning) -> Risk {
        self.watch.tuning = tuning;
        self
    }

    /// Sets a mark; the look that follows finds whom it moved. Cost: O(positions whose box it leaves).
    #[inline]
    pub fn set_mark(&mut self, id: InstrumentId, mark: Price) {
        let contract = &mut self.contracts[id.index()];
        let (from, to) = (contract.mark.ticks(), mark.ticks());
        if from == to {
            return;
        }
        contract.mark = mark;
        let watch = &mut self.watch;
        if watch.detector == Detector::Scan {
            watch.moved = true;
            return;
        }
        watch.moved |= !watch.restless.is_empty();
        watch.paces[id.index()].moved((to - from).abs());
        let (low, high, end) =
            if from < to { (from + 1, to, End::High) } else { (to, from - 1, End::Low) };
        let mut at = low;
        while let Some(tick) = self.watch.ladders[id.index()].next_filled(at)
            && tick <= high
        {
            self.ring(id, tick, end);
            at = tick + 1;
        }
    }

    /// Empties the bucket of a tick that a mark passed, unties the boxes that ended there and puts their accounts on the list to look at.
    #[inline(never)]
    fn ring(&mut self, id: InstrumentId, tick: i64, end: End) {
        let mut rung = std::mem::take(&mut self.watch.rung);
        self.watch.ladders[id.index()].empty(tick, &self.positions, &mut rung);
        self.watch.counts.rung += rung.len() as u64;
        // By the batch, so that what was asked for is still in the cache when its turn comes.
        for batch in rung.chunks(RING_BATCH) {
            for &position in batch {
                let position = &mut self.positions[position as usize];
                match end {
                    End::Low => position.low = Span::NONE.low,
                    End::High => position.high = Span::NONE.high,
                }
                prefetch::<_, false>(&self.accounts, position.account.index());
            }
            for &position in batch {
                self.touch(self.positions[position as usize].account);
            }
        }
        rung.clear();
        self.watch.rung = rung;
    }

    /// Whether nothing has changed since the last look.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.watch.touched.is_empty() && !self.watch.moved
    }

    /// Accounts that may have changed their tier, met their case's goal or lost more than they had since the last look, in account order.
    ///
    /// Every account that did is among them; of those in no case no others, and those in a case that any mark may concern
    /// always. Cost: O(accounts touched or rung + such cases); under the scan O(accounts).
    pub fn suspects(&mut self, found: &mut Vec<AccountId>) {
        found.clear();
        let mut touched = std::mem::take(&mut self.watch.touched);
        match self.watch.detector {
            Detector::Index => self.suspects_by_index(&touched, found),
            Detector::Scan => self.suspects_by_scan(&touched, found),
        }
        touched.clear();
        self.watch.touched = touched;
        self.watch.moved = false;
    }

    fn suspects_by_index(&mut self, touched: &[AccountId], found: &mut Vec<AccountId>) {
        for (place, &id) in touched.iter().enumerate() {
            // A gap touches many, anywhere: their tables are asked for a little ahead.
            if let Some(&far) = touched.get(place + 2 * AHEAD) {
                self.foresee_account(far);
            }
            if let Some(&near) = touched.get(place + AHEAD) {
                self.foresee_positions(near);
            }
            self.accounts[id.index()].touched = false;
            if self.account(id).case != 0 {
                if self.watch.calm.contains(id) {
                    self.keep_case_armed(id);
                }
                found.push(id);
            } else if self.keep_armed(id) {
                self.watch.counts.named += 1;
                found.push(id);
            }
        }
        if self.watch.moved {
            found.extend(&self.watch.restless);
        }
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
    }

    /// Asks every account.
    #[cold]
    fn suspects_by_scan(&mut self, touched: &[AccountId], found: &mut Vec<AccountId>) {
        found.extend((0..self.accounts.len() as u32).map(AccountId).filter(|&id| {
            let account = self.account(id);
            let news = self.watch.moved || account.touched;
            if account.case != 0 { news } else { self.is_due(id) }
        }));
        for id in touched {
            self.accounts[id.index()].touched = false;
        }
    }

    /// Whether an account outside any case stands in another tier than it should, or is flat with a loss. Exact. Cost: O(its positions).
    pub fn is_due(&self, id: AccountId) -> bool {
        let account = self.account(id);
        if account.unlimited {
            return false;
        }
        let lost = account.cash < 0 && self.held(id).next().is_none();
        lost || self.next_tier(id, self.standing(id)) != account.tier
    }

    /// Puts an account on the list of those in a case, or takes it off.
    pub(crate) fn watch_case(&mut self, id: AccountId, open: bool) {
        self.watch.calm.remove(id);
        if open {
            self.watch.restless.insert(id);
        } else {
            self.watch.restless.remove(&id);
        }
    }

    /// Says whether any mark may concern an account's case, or only one that moves the account to another tier or brings what it waits for.
    ///
    /// A case that waits for marks in any other way than `calm` says must not be calm.
    pub fn calm_case(&mut self, id: AccountId, calm: Option<Awaited>) {
        if !calm.is_some_and(|awaited| self.watch.calm.insert(id, awaited)) {
            return self.watch_case(id, true);
        }
        self.watch.restless.remove(&id);
        if self.watch.detector == Detector::Index {
            self.keep_case_armed(id);
        }
    }

    /// What marks may bring an account's case, if it is calm; `None` where any may concern it.
    #[inline]
    pub fn awaited(&self, id: AccountId) -> Option<Awaited> {
        self.watch.calm.contains(id).then(|| self.watch.calm.awaited(id))
    }

    /// What was proved of everybody who holds an instrument no longer holds: all are to be asked. Cost: O(its holders).
    pub(crate) fn distrust(&mut self, instrument: InstrumentId) {
        let members = std::mem::take(&mut self.members[instrument.index()]);
        for &place in &members {
            let position = &self.positions[place as usize];
            if position.lots != 0 {
                self.touch(position.account);
            }
        }
        self.members[instrument.index()] = members;
    }

    /// Makes the index anew, as after a restore. Nobody is named for it. Cost: O(accounts).
    pub(crate) fn index_all(&mut self) {
        for index in 0..self.accounts.len() {
            let id = AccountId(index as u32);
            if self.account(id).case != 0 {
                self.watch.restless.insert(id);
            } else if self.watch.detector == Detector::Index && self.keep_armed(id) {
                self.touch(id);
            }
        }
    }

    /// What the index has had to do so far.
    pub fn watch_counts(&self) -> WatchCounts {
        self.watch.counts
    }

    /// Bytes the index takes beside the positions.
    pub fn watch_bytes(&self) -> usize {
        let ladders: usize = self.watch.ladders.iter().map(Ladder::bytes).sum();
        ladders + (self.watch.touched.capacity() + self.watch.rung.capacity()) * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{Money, Side};

    /// Every account whose tier is not what it should be.
    fn scan(risk: &Risk) -> Vec<AccountId> {
        (0..risk.account_count() as u32).map(AccountId).filter(|&id| risk.is_due(id)).collect()
    }

    #[test]
    fn no_crossing_is_missed_on_a_random_walk() {
        let mut state = 77u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let mut risk = risk();
        let accounts: Vec<_> =
            (0..300).map(|_| open(&mut risk, 50_000 + draw(100_000) as i128)).collect();
        let (mut found, mut crossed) = (Vec::new(), 0);
        let mut mark = 1000i64;
        for step in 0..20_000 {
            if draw(3) == 0 {
                let (_, position) = accounts[draw(300) as usize];
                let side = if draw(2) == 0 { Side::Buy } else { Side::Sell };
                risk.book(fill(position, side, mark, 1 + draw(20)));
            }
            let jump = if draw(500) == 0 { 300 } else { 4 };
            mark = (mark + draw(2 * jump + 1) as i64 - jump as i64).clamp(200, 5_000);
            risk.set_mark(InstrumentId(0), Price::clamped(mark));
            let expected = scan(&risk);
            risk.suspects(&mut found);
            crossed += expected.len();
            assert_eq!(found, expected, "step {step}");
            for id in expected {
                let tier = risk.next_tier(id, risk.standing(id));
                risk.set_tier(id, tier);
            }
        }
        assert!(crossed > 1_000, "{crossed}");
        let drawn = risk.watch_counts().drawn;
        assert!(drawn < 20_000 * 2, "the index draws too often: {drawn}");
    }

    #[test]
    fn amounts_too_large_to_multiply_are_bounded_another_way() {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 10i128.pow(25));
        risk.book(fill(position, Side::Buy, 1000, 1 << 47));
        risk.withdraw(id, Money::new(10i128.pow(25) - 1_400 * (1 << 47)));
        assert_eq!(risk.prove_plain(id), crate::trigger::plain::Plain::Other);
        let (mut found, mut tiers) = (Vec::new(), 0);
        for mark in (900..1100).rev() {
            risk.set_mark(InstrumentId(0), Price::clamped(mark));
            let expected = scan(&risk);
            risk.suspects(&mut found);
            assert_eq!(found, expected, "{mark}");
            for &id in &expected {
                risk.set_tier(id, risk.next_tier(id, risk.standing(id)));
                tiers += 1;
            }
        }
        assert_eq!(tiers, 2);
        let drawn = risk.watch_counts().drawn;
        assert!(drawn < 40, "{drawn}");
    }
}
