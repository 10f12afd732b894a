//! Who is looked at, and how its boxes are drawn anew.

use super::boxes::{HIGHEST, LOWEST, Span};
use super::draw::Keep;
use super::plain::Plain;
use crate::account::PositionId;
use crate::calm::Awaited;
use crate::ledger::Risk;
use plimsoll_types::AccountId;

/// Steps between a box of one mark and the widest, for accounts whose lines are not linear: 16 for each doubling.
const STEPS: u32 = 16 * 40;

/// What drawing an account's boxes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Drawn {
    /// It stands in boxes that prove its tier.
    Armed,
    /// Nothing is proved at the marks themselves: it has no boxes.
    Unproved,
    /// It has no boxes, and stands in another tier than it should.
    Due,
}

/// What became of boxes that were to prove that nothing can happen to an account.
enum Redrawn {
    /// They prove so as they are.
    Kept,
    /// The account holds nothing.
    Flat,
    /// They were drawn anew.
    Drawn(Drawn),
}

impl Risk {
    /// Sees to it that an account that changed, in no case, stands in boxes that prove its tier. Whether it is due: then it
    /// has no boxes until its tier has changed.
    ///
    /// Cost: O(its positions); nothing is written where its present boxes still prove it.
    #[inline]
    pub(crate) fn keep_armed(&mut self, id: AccountId) -> bool {
        if self.account(id).unlimited {
            return false;
        }
        let drawn = match self.redraw(id) {
            Redrawn::Kept => return false,
            Redrawn::Flat => return self.is_flat_and_due(id),
            Redrawn::Drawn(drawn) => drawn,
        };
        match drawn {
            Drawn::Armed => false,
            Drawn::Due => true,
            Drawn::Unproved if self.is_due(id) => true,
            Drawn::Unproved => {
                self.arm_tightly(id);
                false
            }
        }
    }

    /// Draws the boxes of an account anew where its present ones do not prove that nothing can happen to it.
    #[inline]
    fn redraw(&mut self, id: AccountId) -> Redrawn {
        let drawn = match self.prove_plain(id) {
            Plain::Safe => return Redrawn::Kept,
            Plain::Flat => return Redrawn::Flat,
            Plain::Outside => self.draw(id, Keep::Nothing),
            Plain::Unproved => self.draw(id, Keep::Quarter),
            Plain::Other => {
                if self.stands_in_boxes(id) && !self.could_move(id) {
                    return Redrawn::Kept;
                }
                self.draw(id, Keep::Nothing)
            }
        };
        Redrawn::Drawn(drawn)
    }

    /// The same of an account in a case, whose goal is watched beside its tier. Whoever is in a case is looked at anyway.
    pub(crate) fn keep_case_armed(&mut self, id: AccountId) {
        if self.account(id).unlimited {
            return;
        }
        match self.redraw(id) {
            Redrawn::Kept | Redrawn::Flat | Redrawn::Drawn(Drawn::Armed) => {}
            Redrawn::Drawn(Drawn::Unproved | Drawn::Due) => self.arm_tightly(id),
        }
    }

    /// Whether an account could change its tier, or its case find what it waits for, for some marks in its boxes.
    fn could_move(&self, id: AccountId) -> bool {
        if self.could_cross(id) {
            return true;
        }
        if self.account(id).case == 0 {
            return false;
        }
        let Awaited { goal, loss } = self.watch.calm.awaited(id);
        goal.is_some_and(|goal| self.could_meet(id, &goal)) || loss && self.could_lose_all(id)
    }

    /// An account without positions is looked at while it stands in a tier or has lost more than it had.
    #[inline]
    fn is_flat_and_due(&self, id: AccountId) -> bool {
        let account = self.account(id);
        account.tier != 0 || account.cash < 0
    }

    fn stands_in_boxes(&self, id: AccountId) -> bool {
        self.held(id).all(|held| {
            let position = self.position(held);
            position.span().contains(self.contract(position.instrument).mark.ticks())
        })
    }

    /// Draws the boxes of an account anew. Where nothing is proved even at the marks it is left without boxes.
    #[inline(never)]
    fn draw(&mut self, id: AccountId, keep: Keep) -> Drawn {
        self.watch.counts.drawn += 1;
        match self.draw_plain(id, keep) {
            Some(drawn) => drawn,
            None => self.draw_by_trial(id),
        }
    }

    /// Has every move of a mark ring an account that is in the right tier, but so near a line that no box proves it.
    #[cold]
    fn arm_tightly(&mut self, id: AccountId) {
        let mut held = std::mem::take(&mut self.watch.held);
        held.clear();
        held.extend(self.held(id).map(|held| held.0));
        for &place in &held {
            let instrument = self.positions[place as usize].instrument;
            let mark = self.contracts[instrument.index()].mark.ticks();
            self.arm(PositionId(place), Span::at(mark));
        }
        self.watch.held = held;
    }

    /// Draws boxes by trying: first as far as may be to where the positions lose, then to where they gain.
    ///
    /// The bound grows with the boxes, so that halving finds the widest. Cost: O(its positions squared), some twenty times.
    fn draw_by_trial(&mut self, id: AccountId) -> Drawn {
        let mut held = std::mem::take(&mut self.watch.held);
        held.clear();
        held.extend(self.held(id).map(|held| held.0));
        self.try_boxes(&held, [0, 0]);
        let drawn = if self.could_move(id) { Drawn::Unproved } else { Drawn::Armed };
        if drawn == Drawn::Armed {
            let mut steps = [0, 0];
            for side in [0, 1] {
                let (mut fits, mut fails) = (0, STEPS + 1);
                while fails - fits > 1 {
                    // The widest first: it is often right.
                    let step =
                        if fits == 0 && fails > STEPS { STEPS } else { fits.midpoint(fails) };
                    steps[side] = step;
                    self.try_boxes(&held, steps);
                    if self.could_move(id) { fails = step } else { fits = step }
                }
                steps[side] = fits;
            }
            self.try_boxes(&held, steps);
        }
        for &place in &held {
            let position = &mut self.positions[place as usize];
            let span = position.span();
            // What was tried was filed nowhere.
            let mark = self.contracts[position.instrument.index()].mark.ticks();
            self.untie(PositionId(place));
            if drawn == Drawn::Armed {
                self.arm(PositionId(place), span.coarse(mark, self.watch.tuning.grid_bits));
            }
        }
        self.watch.held = held;
        drawn
    }

    /// Sets the boxes to `steps` of the way to where each position loses and gains, without filing them.
    fn try_boxes(&mut self, held: &[u32], [loses, gains]: [u32; 2]) {
        for &place in held {
            let position = &self.positions[place as usize];
            let mark = self.contracts[position.instrument.index()].mark.ticks();
            let pace = self.watch.pace(position.instrument);
            let [loses, gains] = [loses, gains].map(|step| ticks_of(step, pace));
            let (below, above) = if position.lots > 0 { (loses, gains) } else { (gains, loses) };
            let low = (mark - below).max(mark / 2).max(i64::from(LOWEST));
            let high = (mark + above).min(2 * mark).min(i64::from(HIGHEST));
            let position = &mut self.positions[place as usize];
            (position.low, position.high) = (low as i32, high as i32);
        }
    }

    /// Files a position under the ends of its box.
    #[inline]
    pub(crate) fn arm(&mut self, id: PositionId, span: Span) {
        let position = &mut self.positions[id.0 as usize];
        let old = position.span();
        (position.low, position.high) = (span.low, span.high);
        let ladder = &mut self.watch.ladders[position.instrument.index()];
        if span.low != old.low && span.low > LOWEST {
            ladder.file(span.low - 1, id.0, &self.positions);
        }
        if span.high != old.high && span.high < HIGHEST {
            ladder.file(span.high + 1, id.0, &self.positions);
        }
    }

    /// Makes a position's entries count no more.
    pub(crate) fn untie(&mut self, id: PositionId) {
        let position = &mut self.positions[id.0 as usize];
        (position.low, position.high) = (Span::NONE.low, Span::NONE.high);
    }
}

/// How far a step of a trial lies from the mark: nothing for 0, then pace x 2^(step / 16).
fn ticks_of(step: u32, pace: i64) -> i64 {
    if step == 0 {
        return 0;
    }
    let (whole, part) = (step / 16, i64::from(step % 16));
    (pace.saturating_mul(16 + part).saturating_mul(1 << whole) >> 12).min(i64::from(HIGHEST))
}
