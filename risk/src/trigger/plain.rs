//! Proving the boxes of accounts whose margin is one rate of each notional: a line is then linear in the marks.

use super::arm::Drawn;
use super::boxes::Span;
use crate::account::{Account, NIL, Position, PositionId};
use crate::calm::Awaited;
use crate::ledger::Risk;
use crate::line::Line;
use crate::tiers::{Bases, Lines};
use plimsoll_types::{AccountId, Basis, MarginPrice};

const NANO: i64 = 1_000_000_000;
/// Weights up to here, times 10^9 or times a rate of at most 2^31, fit 62 bits.
const WEIGHT_MAX: i64 = 1 << 30;
/// Worths, fixed margins and cash up to here keep the terms of many positions within 128 bits.
const AMOUNT_MAX: i64 = 1 << 60;

/// What an account whose margin is plain is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    /// It holds nothing.
    Flat,
    /// Nothing can happen to it inside its boxes.
    Safe,
    /// A mark left one of them, or one was never drawn.
    Outside,
    /// What the account has now does not prove it.
    Unproved,
    /// Its margin is of another shape, or an amount too large: the general bound must say.
    Other,
}

/// A line with its weights times what keeps rates whole: `margin_weight x M - equity_weight x E`, times 10^9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weights {
    margin: i64,
    /// Times 10^9.
    equity: i64,
    /// 1 where only what is past the line counts, not what stands at it.
    past: i64,
}

impl Weights {
    /// No equity left.
    const LOSS: Weights = Weights { margin: 0, equity: NANO, past: 0 };

    fn of(line: &Line) -> Option<Weights> {
        let fits = line.margin_weight <= WEIGHT_MAX && line.equity_weight <= WEIGHT_MAX;
        let equity = line.equity_weight.wrapping_mul(NANO);
        fits.then_some(Weights { margin: line.margin_weight, equity, past: 0 })
    }

    /// The same line for those who must be past it.
    fn past(line: &Line) -> Option<Weights> {
        Weights::of(line).map(|weights| Weights { past: 1, ..weights })
    }

    /// How far a unit of the position's worth brings the account.
    #[inline(always)]
    pub(crate) fn slope(self, term: &Term) -> i64 {
        let equity = if term.long { -self.equity } else { self.equity };
        self.margin * term.nano + equity
    }

    /// The part of a position worth `worth`; margin is rounded up, by less than the `rounding` units.
    #[inline(always)]
    pub(crate) fn part(self, slope: i64, worth: i64, fixed: i64) -> i128 {
        i128::from(slope) * i128::from(worth) + i128::from(self.margin * NANO) * i128::from(fixed)
    }

    /// What the margins of so many positions may be rounded up by.
    #[inline]
    pub(crate) fn rounding(self, positions: usize) -> i128 {
        i128::from(self.margin * NANO) * positions as i128
    }

    #[inline(always)]
    pub(crate) fn cash(self, cash: i64) -> i128 {
        -(i128::from(self.equity) * i128::from(cash)) - i128::from(self.past)
    }
}

/// The lines that an account in a tier must not come to: the next one, from below, and the release of its own, from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    /// Of which margin.
    pub(crate) basis: Basis,
    pub(crate) worse: Option<Weights>,
    pub(crate) better: Option<Weights>,
    /// Of an account in a case.
    in_case: bool,
}

impl Fence {
    /// What becomes of an account whose positions ask for no margin: without margin there is no tier, and no mark makes one.
    /// Of one in a case nothing is said: its goal is met, and it may lose what it has.
    pub(crate) fn unmargined(self) -> Drawn {
        if self.better.is_some() || self.in_case { Drawn::Due } else { Drawn::Armed }
    }

    /// The same of boxes: every box proves that such an account stays in no tier.
    #[inline(always)]
    fn proves_unmargined(self) -> Plain {
        if self.better.is_some() || self.in_case { Plain::Unproved } else { Plain::Safe }
    }

    /// The fence of each tier, from normal on; `None` where the general bound must say.
    pub(crate) fn all(lines: &Lines) -> Vec<Option<Fence>> {
        let ordered = Fence::are_ordered(lines);
        (0..=lines.at.len()).map(|tier| Fence::of(lines, tier).filter(|_| ordered)).collect()
    }

    /// Whether who stands at a line stands at its release, and at the lines before it, as every profile that was loaded has it:
    /// only then do two lines say all.
    fn are_ordered(lines: &Lines) -> bool {
        let rising = |lines: &[Line]| lines.windows(2).all(|pair| pair[1].implies(&pair[0]));
        let released = lines.at.iter().zip(&lines.release).all(|(at, release)| at.implies(release));
        released && rising(&lines.at) && rising(&lines.release)
    }

    fn of(lines: &Lines, tier: usize) -> Option<Fence> {
        let Bases::One(basis) = lines.bases else { return None };
        let worse = match lines.at.get(tier) {
            Some(line) => Some(Weights::of(line)?),
            None => None,
        };
        let better = match tier.checked_sub(1) {
            Some(below) => Some(Weights::of(&lines.release[below])?),
            None => None,
        };
        Some(Fence { basis, worse, better, in_case: false })
    }
}

/// One position in a line: `M` grows by `nano` of its worth, `E` by the worth, or falls by it.
#[derive(Clone, Copy)]
pub(crate) struct Term {
    /// Money units a tick, without sign.
    pub(crate) value: i64,
    long: bool,
    nano: i64,
    /// Margin that does not follow the mark.
    pub(crate) fixed: i64,
    pub(crate) mark: i64,
}

impl Term {
    /// `None` where the position's margin is not plain or an amount is too large.
    #[inline(always)]
    pub(crate) fn of(risk: &Risk, id: u32, position: &Position, basis: Basis) -> Option<Term> {
        let contract = &risk.contracts[position.instrument.index()];
        if position.own || !contract.plain {
            return None;
        }
        let rate = contract.rate(basis);
        let lots = position.lots.unsigned_abs() as i64;
        let value = lots.checked_mul(contract.tick_value)?;
        let (nano, fixed) = if contract.margin_price == MarginPrice::Mark {
            (rate.nano, i64::try_from(rate.per_lot).ok()?.checked_mul(lots)?)
        } else {
            (0, i64::try_from(risk.margin_of(PositionId(id), basis).units()).ok()?)
        };
        let fits = fixed <= AMOUNT_MAX && nano <= 1 << 31;
        let (long, mark) = (position.lots > 0, contract.mark.ticks());
        fits.then_some(Term { value, long, nano, fixed, mark })
    }

    #[inline(always)]
    pub(crate) fn is_margined(&self) -> bool {
        self.nano != 0 || self.fixed != 0
    }

    /// Worth at so many ticks; `None` where it is too large to be multiplied.
    #[inline(always)]
    pub(crate) fn worth(&self, ticks: i64) -> Option<i64> {
        self.value.checked_mul(ticks).filter(|&worth| worth <= AMOUNT_MAX)
    }

    /// Worth at the end of a box to which a line with this slope rises.
    #[inline(always)]
    fn worth_at_end(&self, span: Span, slope: i64) -> Option<i64> {
        self.worth(i64::from(if slope > 0 { span.high } else { span.low }))
    }
}

impl Risk {
    /// The fence of an account and its cash; `None` where the general bound must say.
    #[inline(always)]
    pub(crate) fn fence(&self, id: AccountId, account: &Account) -> Option<(Fence, i64)> {
        let fences = &self.watch.fences[account.profile.index()];
        let mut fence = (*fences.get(usize::from(account.tier))?)?;
        if account.case != 0 {
            fence = self.case_fence(id, fence)?;
        }
        let cash = i64::try_from(account.cash).ok().filter(|cash| cash.abs() <= AMOUNT_MAX)?;
        Some((fence, cash))
    }

    /// The fence of an account in a case: inside it, its case does not find what it waits for either.
    ///
    /// A goal is not met by who stands at the release of the tier that asked for the case, nor by who is past the target. Whoever
    /// has a tier stands at its release, and so at those before. Let go by the tier that asked, it is its target that counts.
    /// Whoever has lost all is past every line: where there is a next tier, it comes first.
    #[cold]
    fn case_fence(&self, id: AccountId, fence: Fence) -> Option<Fence> {
        let Awaited { goal, loss } = self.watch.calm.awaited(id);
        let worse = fence.worse.or(loss.then_some(Weights::LOSS));
        let fence = Fence { worse, in_case: true, ..fence };
        let Some(goal) = goal else { return Some(fence) };
        let below = usize::from(self.account(id).tier).checked_sub(1);
        let held = below.map(|tier| self.lines(id).release[tier]);
        let says_all = held.is_some_and(|held| {
            let holds = goal.release.is_some_and(|asked| held.implies(&asked));
            holds || held.basis == goal.target.basis && !goal.target.implies(&held)
        });
        if says_all {
            return Some(fence);
        }
        let better = Some(Weights::past(&goal.target)?);
        (goal.target.basis == fence.basis).then_some(Fence { better, ..fence })
    }

    /// Whether the boxes of an account still hold their marks and prove that nothing can happen in them.
    ///
    /// Cost: O(its positions), two multiplications each, no division.
    #[inline]
    pub(crate) fn prove_plain(&self, id: AccountId) -> Plain {
        let account = self.account(id);
        let Some(first) = self.positions.get(account.first as usize) else { return Plain::Flat };
        let Some((fence, cash)) = self.fence(id, account) else { return Plain::Other };
        if first.next != NIL || first.account != id {
            return self.prove_several(id, fence, cash);
        }
        if first.lots == 0 {
            return Plain::Flat;
        }
        // One position, as most accounts have: the same as below, in one go.
        let term = match self.term_in_box(account.first, first, fence) {
            Ok(term) => term,
            Err(why) => return why,
        };
        if !term.is_margined() {
            return fence.proves_unmargined();
        }
        let span = first.span();
        if let Some(weights) = fence.worse {
            let slope = weights.slope(&term);
            let Some(worth) = term.worth_at_end(span, slope) else { return Plain::Unproved };
            if weights.cash(cash) + weights.part(slope, worth, term.fixed + 1) >= 0 {
                return Plain::Unproved;
            }
        }
        if let Some(weights) = fence.better {
            let slope = weights.slope(&term);
            let Some(worth) = term.worth_at_end(span, -slope) else { return Plain::Unproved };
            if weights.cash(cash) + weights.part(slope, worth, term.fixed) < 0 {
                return Plain::Unproved;
            }
        }
        Plain::Safe
    }

    /// A position whose mark lies in its box, in a line; else why there is nothing to prove with it.
    #[inline(always)]
    fn term_in_box(&self, place: u32, position: &Position, fence: Fence) -> Result<Term, Plain> {
        let contract = &self.contracts[position.instrument.index()];
        if !position.span().contains(contract.mark.ticks()) {
            return Err(Plain::Outside);
        }
        Term::of(self, place, position, fence.basis).ok_or(Plain::Other)
    }

    /// The same where there are several positions.
    #[inline(never)]
    fn prove_several(&self, id: AccountId, fence: Fence, cash: i64) -> Plain {
        let mut most = fence.worse.map_or(0, |weights| weights.cash(cash));
        let mut least = fence.better.map_or(0, |weights| weights.cash(cash));
        let (mut margined, mut held) = (false, false);
        let mut next = self.account(id).first;
        while next != NIL {
            let place = next;
            let position = &self.positions[place as usize];
            next = position.next;
            // A pocket's list goes on with records that others hold.
            if position.lots == 0 || position.account != id {
                continue;
            }
            held = true;
            let term = match self.term_in_box(place, position, fence) {
                Ok(term) => term,
                Err(why) => return why,
            };
            let span = position.span();
            margined |= term.is_margined();
            if let Some(weights) = fence.worse {
                let slope = weights.slope(&term);
                let Some(worth) = term.worth_at_end(span, slope) else { return Plain::Unproved };
                let part = weights.part(slope, worth, term.fixed + 1);
                let Some(sum) = most.checked_add(part) else { return Plain::Other };
                most = sum;
            }
            if let Some(weights) = fence.better {
                let slope = weights.slope(&term);
                let Some(worth) = term.worth_at_end(span, -slope) else { return Plain::Unproved };
                let part = weights.part(slope, worth, term.fixed);
                let Some(sum) = least.checked_add(part) else { return Plain::Other };
                least = sum;
            }
        }
        if !held {
            return Plain::Flat;
        }
        if !margined {
            return fence.proves_unmargined();
        }
        let safe = (fence.worse.is_none() || most < 0) && (fence.better.is_none() || least >= 0);
        if safe { Plain::Safe } else { Plain::Unproved }
    }
}
