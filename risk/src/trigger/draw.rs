//! Drawing the boxes of accounts whose margin is plain: how much slack, and whose share of it is how many ticks.

use super::arm::Drawn;
use super::boxes::{HIGHEST, Span};
use super::plain::{Fence, Term, Weights};
use crate::account::{NIL, PositionId};
use crate::ledger::Risk;
use plimsoll_types::AccountId;

impl Risk {
    /// Draws the boxes of an account that holds something as wide as its slack allows.
    ///
    /// `None` where the general bound must say. Cost: O(its positions); two divisions each.
    pub(crate) fn draw_plain(&mut self, id: AccountId, keep: Keep) -> Option<Drawn> {
        let account = self.account(id);
        let (fence, cash) = self.fence(id, account)?;
        let first = account.first;
        let one = self.positions.get(first as usize);
        if one.is_some_and(|one| one.next == NIL && one.account == id && one.lots != 0) {
            return self.draw_alone(first, fence, cash, keep);
        }
        let mut terms = std::mem::take(&mut self.watch.terms);
        let reaches = self.reaches(id, fence, cash, &mut terms);
        if let Some(reaches) = &reaches {
            for &(place, ref term, weight) in &terms {
                if reaches.drawn == Drawn::Armed {
                    self.draw_one(place, term, weight, reaches, keep);
                } else {
                    self.untie(PositionId(place));
                }
            }
        }
        self.watch.terms = terms;
        reaches.map(|reaches| reaches.drawn)
    }

    /// Draws the box of an account's only position, which has all the slack.
    fn draw_alone(&mut self, place: u32, fence: Fence, cash: i64, keep: Keep) -> Option<Drawn> {
        let term = Term::of(self, place, &self.positions[place as usize], fence.basis)?;
        if !term.is_margined() {
            return Some(self.draw_lone(place, &term, fence.unmargined(), Span::ALL));
        }
        let (mut worse, mut better, mut drawn) = (None, None, Drawn::Armed);
        if let Some(weights) = fence.worse {
            let mut reach = Reach::new(weights, cash);
            reach.add(&term, 1, term.fixed + 1)?;
            drawn = reach.rises(1);
            worse = Some(reach);
        }
        if let Some(weights) = fence.better {
            let mut reach = Reach::new(weights, cash);
            reach.add(&term, 1, term.fixed)?;
            drawn = drawn.max(reach.falls(1));
            better = Some(reach);
        }
        let mut span = Span::ALL;
        if drawn == Drawn::Armed {
            if let Some(reach) = worse {
                reach.limit(&mut span, &term, 1, keep.of(-1 - reach.way), Toward::Up);
            }
            if let Some(reach) = better {
                reach.limit(&mut span, &term, 1, keep.of(reach.way), Toward::Down);
            }
        }
        Some(self.draw_lone(place, &term, drawn, span))
    }

    /// Files the box found for an account's only position, or leaves it without one.
    #[inline(always)]
    fn draw_lone(&mut self, place: u32, term: &Term, drawn: Drawn, span: Span) -> Drawn {
        if drawn == Drawn::Armed {
            let span = span.coarse(term.mark, self.watch.tuning.grid_bits);
            self.arm(PositionId(place), span);
        } else {
            self.untie(PositionId(place));
        }
        drawn
    }

    /// How an account stands against its fence; its positions in `terms`, each with what its share of the slack is in proportion to.
    fn reaches(
        &self,
        id: AccountId,
        fence: Fence,
        cash: i64,
        terms: &mut Vec<(u32, Term, i64)>,
    ) -> Option<Reaches> {
        let mut worse = fence.worse.map(|weights| Reach::new(weights, cash));
        let mut better = fence.better.map(|weights| Reach::new(weights, cash));
        let mut margined = false;
        terms.clear();
        for held in self.held(id) {
            let position = self.position(held);
            let term = Term::of(self, held.0, position, fence.basis)?;
            margined |= term.is_margined();
            let pace = self.watch.pace(position.instrument);
            let weight = self.watch.tuning.sharing.weight(pace, term.value, term.mark);
            if let Some(reach) = &mut worse {
                reach.add(&term, weight, term.fixed + 1)?;
            }
            if let Some(reach) = &mut better {
                reach.add(&term, weight, term.fixed)?;
            }
            terms.push((held.0, term, weight));
        }
        if !margined {
            return Some(Reaches { worse: None, better: None, drawn: fence.unmargined() });
        }
        let rises = worse.map_or(Drawn::Armed, |reach| reach.rises(terms.len()));
        let falls = better.map_or(Drawn::Armed, |reach| reach.falls(terms.len()));
        Some(Reaches { worse, better, drawn: rises.max(falls) })
    }

    /// Draws the box of one of several positions.
    #[inline]
    fn draw_one(&mut self, place: u32, term: &Term, weight: i64, reaches: &Reaches, keep: Keep) {
        let mut span = Span::ALL;
        if let Some(reach) = &reaches.worse {
            reach.limit(&mut span, term, weight, keep.of(-1 - reach.way), Toward::Up);
        }
        if let Some(reach) = &reaches.better {
            reach.limit(&mut span, term, weight, keep.of(reach.way), Toward::Down);
        }
        let span = span.coarse(term.mark, self.watch.tuning.grid_bits);
        let old = self.positions[place as usize].span();
        self.arm(PositionId(place), span.or_kept(old, term.mark));
    }
}

/// An account against both lines of its fence; a line that no mark can move is left out.
struct Reaches {
    worse: Option<Reach>,
    better: Option<Reach>,
    /// Whether it has crossed one already, so that there are no boxes to draw.
    drawn: Drawn,
}

/// How much of its slack an account keeps back from its boxes for what it does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Nothing: a mark brought it here, and the next ring shall be the last.
    Nothing,
    /// A quarter: it trades or pays, so that the next few times need no new boxes.
    Quarter,
}

impl Keep {
    #[inline(always)]
    fn of(self, slack: i128) -> i128 {
        match self {
            Keep::Nothing => slack,
            Keep::Quarter => slack - (slack >> 2),
        }
    }
}

/// Where a line is dangerous: where the way rises, or where it falls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Toward {
    Up,
    Down,
}

/// Where an account stands against a line, and what the marks can do about it.
#[derive(Clone, Copy)]
struct Reach {
    weights: Weights,
    way: i128,
    /// Sum of what a tick of each mark does, without sign, times its instrument's pace.
    pull: i128,
}

impl Reach {
    #[inline(always)]
    fn new(weights: Weights, cash: i64) -> Reach {
        Reach { weights, way: weights.cash(cash), pull: 0 }
    }

    /// Whether the way is up to the line: surely so where it is without the unit that each position's margin may be rounded up by.
    #[inline(always)]
    fn rises(&self, positions: usize) -> Drawn {
        match self.way {
            ..0 => Drawn::Armed,
            way if way >= self.weights.rounding(positions) => Drawn::Due,
            _ => Drawn::Unproved,
        }
    }

    /// Whether the way has fallen below the line: surely so where it has with that unit.
    #[inline(always)]
    fn falls(&self, positions: usize) -> Drawn {
        match self.way {
            0.. => Drawn::Armed,
            way if way < -self.weights.rounding(positions) => Drawn::Due,
            _ => Drawn::Unproved,
        }
    }

    /// `None` where something does not fit.
    #[inline(always)]
    fn add(&mut self, term: &Term, pace: i64, fixed: i64) -> Option<()> {
        let slope = self.weights.slope(term);
        let part = self.weights.part(slope, term.worth(term.mark)?, fixed);
        self.way = self.way.checked_add(part)?;
        let tick = i128::from(slope.abs()) * i128::from(term.value);
        self.pull = self.pull.checked_add(tick.checked_mul(i128::from(pace))?)?;
        Some(())
    }

    /// Cuts a box back to the position's share of `slack`, on the side where the line is.
    #[inline(always)]
    fn limit(&self, span: &mut Span, term: &Term, pace: i64, slack: i128, toward: Toward) {
        let slope = self.weights.slope(term);
        if slope == 0 {
            return;
        }
        let ticks = share(slack, pace, self.pull);
        if (slope > 0) == (toward == Toward::Up) {
            span.limit_high(term.mark, ticks);
        } else {
            span.limit_low(term.mark, ticks);
        }
    }
}

/// `slack x pace / pull` in ticks, rounded down, now and then by one tick too many; the domain's width where it is more.
#[inline]
fn share(slack: i128, pace: i64, pull: i128) -> i64 {
    let (slack, pull) = (slack.max(0) as u128, pull as u128);
    // 34 bits of the divisor are enough for a quotient of 30, and let 64 bits hold all of it.
    let extra = (u128::BITS - pull.leading_zeros()).saturating_sub(34);
    let (divisor, slack) = ((pull >> extra) as u64 + u64::from(extra > 0), slack >> extra);
    let most = i64::from(HIGHEST);
    let Ok(slack) = u64::try_from(slack) else { return most };
    match slack.checked_mul(pace as u64) {
        Some(scaled) => i64::try_from(scaled / divisor).map_or(most, |ticks| ticks.min(most)),
        None => {
            let ticks = u128::from(slack) * pace as u128 / u128::from(divisor);
            ticks.min(HIGHEST as u128) as i64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_down_by_a_tick_at_most() {
        let mut state = 11u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(7);
            i128::from(state >> 1)
        };
        for round in 0..200_000 {
            let pace = 1 + (draw() >> 37) as i64 % (1 << (round % 26));
            let pull = 1 + ((draw() * draw()) >> (round % 124));
            let exact = draw() >> (33 + round % 30);
            // A slack whose share is known.
            let Some(slack) = pull.checked_mul(exact) else { continue };
            let slack = slack / i128::from(pace);
            let found = i128::from(share(slack, pace, pull));
            let most = (slack / pull * i128::from(pace) + slack % pull * i128::from(pace) / pull)
                .min(i128::from(HIGHEST));
            assert!(
                found <= most && found >= most - 1,
                "{slack} x {pace} / {pull}: {found} {most}"
            );
        }
        assert_eq!(share(99, 1, 10), 9);
        assert_eq!(share(-1, 1, 10), 0);
        assert_eq!(share(i128::MAX, 1 << 26, 1), i64::from(HIGHEST));
    }
}
