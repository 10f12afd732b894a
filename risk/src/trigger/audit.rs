//! The index held against its law: boxes hold the marks, their ends are filed, and no marks inside them change a tier.

use super::boxes::{HIGHEST, LOWEST};
use crate::account::PositionId;
use crate::calm::Awaited;
use crate::ledger::Risk;
use plimsoll_types::{AccountId, Detector, InstrumentId, Money, Price};

/// What is wrong with the trigger index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwatched {
    /// A mark lies outside the box of a position, and nobody was rung.
    Outside(AccountId, InstrumentId),
    /// The end of a box, which the mark may leave unseen: no entry is filed under the tick beyond it.
    Unfiled(AccountId, InstrumentId, i32),
    /// Marks inside its boxes, by held position, at which the account would stand in another tier.
    Unproved(AccountId, Vec<Price>),
    /// An account stands in another tier than it should, or is flat with a loss, or has met its case's goal, and is not to be looked at.
    Missed(AccountId),
    /// An account's case and the list of those in a case tell different things.
    Case(AccountId),
    /// An account is on the list to look at and does not know it.
    Touched(AccountId),
    /// An account thinks itself on that list and is not.
    Unlisted,
    /// A ladder's lists, counts and bits do not agree.
    Ladder(InstrumentId, &'static str),
}

/// Positions up to which every corner of the boxes is tried.
const ALL_CORNERS: usize = 5;
/// Points tried beside the corners, or in place of them.
const POINTS: usize = 12;

impl Risk {
    /// Checks what the index says of itself: marks in their boxes, ends filed, ladders whole, lists complete. Nothing under the scan.
    ///
    /// Cost: O(accounts + positions + entries), with a logarithm.
    pub fn audit_index(&self) -> Result<(), Unwatched> {
        if self.watch.detector == Detector::Scan {
            return Ok(());
        }
        self.audit_lists()?;
        let filed: Vec<Vec<(i32, u32)>> =
            self.watch.ladders.iter().map(|ladder| ladder.entries()).collect();
        for (index, ladder) in self.watch.ladders.iter().enumerate() {
            let instrument = InstrumentId(index as u16);
            ladder.audit().map_err(|what| Unwatched::Ladder(instrument, what))?;
        }
        for id in self.resting_accounts() {
            for held in self.held(id) {
                let position = self.position(held);
                let instrument = position.instrument;
                let span = position.span();
                if !span.contains(self.contract(instrument).mark.ticks()) {
                    return Err(Unwatched::Outside(id, instrument));
                }
                let low = (span.low > LOWEST).then(|| span.low - 1);
                let high = (span.high < HIGHEST).then(|| span.high + 1);
                for tick in [low, high].into_iter().flatten() {
                    if filed[instrument.index()].binary_search(&(tick, held.0)).is_err() {
                        return Err(Unwatched::Unfiled(id, instrument, tick));
                    }
                }
            }
        }
        Ok(())
    }

    /// The lists that the watch keeps beside the ladders.
    fn audit_lists(&self) -> Result<(), Unwatched> {
        let mut flagged = 0;
        for (index, account) in self.accounts.iter().enumerate() {
            let id = AccountId(index as u32);
            let listed = self.watch.restless.contains(&id) || self.watch.calm.contains(id);
            if (account.case != 0) != listed {
                return Err(Unwatched::Case(id));
            }
            flagged += usize::from(account.touched);
        }
        let listed = &self.watch.touched;
        match listed.iter().find(|id| !self.account(**id).touched) {
            Some(&id) => Err(Unwatched::Touched(id)),
            // Nobody is listed twice: the flag says who is.
            None if listed.len() != flagged => Err(Unwatched::Unlisted),
            None => Ok(()),
        }
    }

    /// Accounts of which the index has promised that nothing can happen to them: those that any mark may concern, or that are
    /// to be looked at, are not.
    fn resting_accounts(&self) -> impl Iterator<Item = AccountId> {
        let all = (0..self.accounts.len() as u32).map(AccountId);
        all.filter(|&id| {
            let account = self.account(id);
            !account.unlimited && !account.touched && !self.watch.restless.contains(&id)
        })
    }

    /// Whether a look at an account would find something at the marks: another tier, or in a case the goal met or the equity gone.
    pub(crate) fn is_news(&self, id: AccountId) -> bool {
        if self.account(id).case == 0 {
            return self.is_due(id);
        }
        let standing = self.standing(id);
        let Awaited { goal, loss } = self.watch.calm.awaited(id);
        self.next_tier(id, standing) != self.account(id).tier
            || goal.is_some_and(|goal| goal.is_met(&standing))
            || loss && standing.equity < Money::ZERO
    }

    /// Tries marks inside the boxes of every account at rest: corners, and points drawn from `seed`. None may change a tier or meet a case's goal.
    ///
    /// Cost: O(accounts x marks tried x positions); the marks are put back.
    pub fn audit_boxes(&mut self, seed: u64) -> Result<(), Unwatched> {
        if self.watch.detector == Detector::Scan {
            return Ok(());
        }
        let mut draw = Draw(seed);
        let resting: Vec<AccountId> = self.resting_accounts().collect();
        for id in resting {
            if self.is_news(id) {
                return Err(Unwatched::Missed(id));
            }
            self.try_marks(id, &mut draw)?;
        }
        Ok(())
    }

    fn try_marks(&mut self, id: AccountId, draw: &mut Draw) -> Result<(), Unwatched> {
        let held: Vec<PositionId> = self.held(id).collect();
        let boxes = self.boxes_of(&held);
        let corners = if boxes.len() <= ALL_CORNERS { 1 << boxes.len() } else { 0 };
        let before: Vec<Price> = boxes.iter().map(|(at, ..)| self.contract(*at).mark).collect();
        let mut found = Ok(());
        for turn in 0..corners + POINTS {
            for (place, &(instrument, low, high)) in boxes.iter().enumerate() {
                let mark = match turn {
                    corner if corner < corners => [low, high][corner >> place & 1],
                    _ => draw.between(low, high),
                };
                self.contracts[instrument.index()].mark = Price::clamped(mark);
            }
            if self.is_news(id) {
                let marks = boxes.iter().map(|(at, ..)| self.contract(*at).mark).collect();
                found = Err(Unwatched::Unproved(id, marks));
                break;
            }
        }
        for ((instrument, ..), mark) in boxes.into_iter().zip(before) {
            self.contracts[instrument.index()].mark = mark;
        }
        found
    }

    /// Where an account's marks may lie, by instrument: of two legs, in the boxes of both.
    fn boxes_of(&self, held: &[PositionId]) -> Vec<(InstrumentId, i64, i64)> {
        let mut boxes: Vec<(InstrumentId, i64, i64)> = Vec::new();
        for &held in held {
            let position = self.position(held);
            let (low, high) = (i64::from(position.low), i64::from(position.high));
            match boxes.iter_mut().find(|found| found.0 == position.instrument) {
                Some(found) => (found.1, found.2) = (found.1.max(low), found.2.min(high)),
                None => boxes.push((position.instrument, low, high)),
            }
        }
        boxes
    }
}

/// A source of marks to try.
struct Draw(u64);

impl Draw {
    /// Mostly one of the ends or next to it: what goes wrong goes wrong there.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = (self.0 >> 33) as i64;
        match drawn % 6 {
            0 | 1 => low,
            2 | 3 => high,
            4 => (low + 1).min(high),
            _ => low + drawn / 6 % (high - low + 1),
        }
    }
}
