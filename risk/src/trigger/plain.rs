//! Boxes of accounts whose margin is one rate of each notional: a line is then linear in the marks, and its slack is shared out by one division.

use super::arm::Drawn;
use super::boxes::{HIGHEST, Span};
use crate::account::{Account, NIL, Position, PositionId};
use crate::ledger::Risk;
use crate::line::Line;
use crate::tiers::{Bases, Lines};
use plimsoll_types::{AccountId, Basis, InstrumentId, MarginPrice};

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
}

impl Weights {
    fn of(line: &Line) -> Option<Weights> {
        let fits = line.margin_weight <= WEIGHT_MAX && line.equity_weight <= WEIGHT_MAX;
        fits.then(|| Weights { margin: line.margin_weight, equity: line.equity_weight * NANO })
    }

    /// How far a unit of the position's worth brings the account.
    #[inline(always)]
    fn slope(self, term: &Term) -> i64 {
        let equity = if term.long { -self.equity } else { self.equity };
        self.margin * term.nano + equity
    }

    /// The part of a position worth `worth`; margin is rounded up, by less than the `rounding` units.
    #[inline(always)]
    fn part(self, slope: i64, worth: i64, fixed: i64) -> i128 {
        i128::from(slope) * i128::from(worth) + i128::from(self.margin * NANO) * i128::from(fixed)
    }

    /// What the margins of so many positions may be rounded up by.
    #[inline]
    fn rounding(self, positions: usize) -> i128 {
        i128::from(self.margin * NANO) * positions as i128
    }

    #[inline(always)]
    fn cash(self, cash: i64) -> i128 {
        -(i128::from(self.equity) * i128::from(cash))
    }
}

/// The lines that an account in a tier must not come to: the next one, from below, and the release of its own, from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    /// Of which margin.
    basis: Basis,
    worse: Option<Weights>,
    better: Option<Weights>,
}

impl Fence {
    /// The fence of each tier, from normal on; `None` where the general bound must say.
    pub(crate) fn all(lines: &Lines) -> Vec<Option<Fence>> {
        (0..=lines.at.len()).map(|tier| Fence::of(lines, tier)).collect()
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
        Some(Fence { basis, worse, better })
    }
}

/// One position in a line: `M` grows by `nano` of its worth, `E` by the worth, or falls by it.
#[derive(Clone, Copy)]
struct Term {
    /// Money units a tick, without sign.
    value: i64,
    long: bool,
    nano: i64,
    /// Margin that does not follow the mark.
    fixed: i64,
    mark: i64,
}

impl Term {
    /// `None` where the position's margin is not plain or an amount is too large.
    #[inline(always)]
    fn of(risk: &Risk, id: u32, position: &Position, basis: Basis) -> Option<Term> {
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
    fn is_margined(&self) -> bool {
        self.nano != 0 || self.fixed != 0
    }

    /// Worth at so many ticks; `None` where it is too large to be multiplied.
    #[inline(always)]
    fn worth(&self, ticks: i64) -> Option<i64> {
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
    fn fence(&self, account: &Account) -> Option<(Fence, i64)> {
        let fences = &self.watch.fences[account.profile.index()];
        let fence = (*fences.get(usize::from(account.tier))?)?;
        let cash = i64::try_from(account.cash).ok().filter(|cash| cash.abs() <= AMOUNT_MAX)?;
        Some((fence, cash))
    }

    /// Whether the boxes of an account still hold their marks and prove that nothing can happen in them.
    ///
    /// Cost: O(its positions), two multiplications each, no division.
    #[inline]
    pub(crate) fn prove_plain(&self, id: AccountId) -> Plain {
        let account = self.account(id);
        let Some((fence, cash)) = self.fence(account) else { return Plain::Other };
        let mut most = fence.worse.map_or(0, |weights| weights.cash(cash));
        let mut least = fence.better.map_or(0, |weights| weights.cash(cash));
        let (mut margined, mut held) = (false, false);
        let mut next = account.first;
        while next != NIL {
            let place = next;
            let position = &self.positions[place as usize];
            next = position.next;
            // A pocket's list goes on with records that others hold.
            if position.lots == 0 || position.account != id {
                continue;
            }
            held = true;
            let contract = &self.contracts[position.instrument.index()];
            let span = position.span();
            if !span.contains(contract.mark.ticks()) {
                return Plain::Outside;
            }
            let Some(term) = Term::of(self, place, position, fence.basis) else {
                return Plain::Other;
            };
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
        let safe = match margined {
            true => (fence.worse.is_none() || most < 0) && (fence.better.is_none() || least >= 0),
            // Without margin there is no tier.
            false => account.tier == 0,
        };
        if safe { Plain::Safe } else { Plain::Unproved }
    }

    /// Draws the boxes of an account that holds something as wide as its slack allows.
    ///
    /// `None` where the general bound must say. Cost: O(its positions); two divisions each.
    pub(crate) fn draw_plain(&mut self, id: AccountId, keep: Keep) -> Option<Drawn> {
        let account = self.account(id);
        let (fence, cash) = self.fence(account)?;
        let first = account.first;
        if self.has_one(id) {
            return self.draw_all(&[first], fence, cash, keep);
        }
        let mut held = std::mem::take(&mut self.watch.held);
        held.clear();
        held.extend(self.held(id).map(|held| held.0));
        let drawn = self.draw_all(&held, fence, cash, keep);
        self.watch.held = held;
        drawn
    }

    /// Whether the first of an account's records is the only one, and holds something.
    #[inline(always)]
    fn has_one(&self, id: AccountId) -> bool {
        let first = self.positions.get(self.account(id).first as usize);
        first.is_some_and(|one| one.next == NIL && one.account == id && one.lots != 0)
    }

    #[inline(always)]
    fn draw_all(&mut self, held: &[u32], fence: Fence, cash: i64, keep: Keep) -> Option<Drawn> {
        let reaches = self.reaches(held, fence, cash)?;
        for &place in held {
            if reaches.drawn == Drawn::Armed {
                self.draw_one(place, fence, &reaches, keep);
            } else {
                self.untie(PositionId(place));
            }
        }
        Some(reaches.drawn)
    }

    /// How an account with these positions stands against its fence.
    fn reaches(&self, held: &[u32], fence: Fence, cash: i64) -> Option<Reaches> {
        let mut worse = fence.worse.map(|weights| Reach::new(weights, cash));
        let mut better = fence.better.map(|weights| Reach::new(weights, cash));
        let mut margined = false;
        let alone = held.len() == 1;
        for &place in held {
            let position = &self.positions[place as usize];
            let term = Term::of(self, place, position, fence.basis)?;
            margined |= term.is_margined();
            let pace = if alone { 1 } else { self.weight(position.instrument, &term) };
            if let Some(reach) = &mut worse {
                reach.add(&term, pace, term.fixed + 1)?;
            }
            if let Some(reach) = &mut better {
                reach.add(&term, pace, term.fixed)?;
            }
        }
        if !margined {
            // Without margin there is no tier, and no mark makes one.
            (worse, better) = (None, None);
        }
        let drawn = if !margined && fence.better.is_some() {
            Drawn::Due
        } else {
            let worse = worse.map_or(Drawn::Armed, |reach| reach.rises(held.len()));
            let better = better.map_or(Drawn::Armed, |reach| reach.falls(held.len()));
            worse.max(better)
        };
        Some(Reaches { worse, better, drawn, alone })
    }

    /// What a position's share of the slack is in proportion to.
    #[inline]
    fn weight(&self, instrument: InstrumentId, term: &Term) -> i64 {
        let pace = self.watch.pace(instrument);
        self.watch.tuning.sharing.weight(pace, term.value, term.mark)
    }

    /// Draws the box of one of the positions.
    #[inline]
    fn draw_one(&mut self, place: u32, fence: Fence, reaches: &Reaches, keep: Keep) {
        let position = &self.positions[place as usize];
        let Some(term) = Term::of(self, place, position, fence.basis) else { return };
        let pace = if reaches.alone { 1 } else { self.weight(position.instrument, &term) };
        let mut span = Span::ALL;
        if let Some(reach) = &reaches.worse {
            reach.limit(&mut span, &term, pace, keep.of(-1 - reach.way), Toward::Up);
        }
        if let Some(reach) = &reaches.better {
            reach.limit(&mut span, &term, pace, keep.of(reach.way), Toward::Down);
        }
        let span = span.coarse(term.mark, self.watch.tuning.grid_bits);
        self.arm(PositionId(place), span);
    }
}

/// An account against both lines of its fence; a line that no mark can move is left out.
struct Reaches {
    worse: Option<Reach>,
    better: Option<Reach>,
    /// Whether it has crossed one already, so that there are no boxes to draw.
    drawn: Drawn,
    /// One position has all the slack.
    alone: bool,
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
    #[inline]
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
    fn new(weights: Weights, cash: i64) -> Reach {
        Reach { weights, way: weights.cash(cash), pull: 0 }
    }

    /// Whether the way is up to the line: surely so where it is without the unit that each position's margin may be rounded up by.
    #[inline]
    fn rises(&self, positions: usize) -> Drawn {
        match self.way {
            ..0 => Drawn::Armed,
            way if way >= self.weights.rounding(positions) => Drawn::Due,
            _ => Drawn::Unproved,
        }
    }

    /// Whether the way has fallen below the line: surely so where it has with that unit.
    #[inline]
    fn falls(&self, positions: usize) -> Drawn {
        match self.way {
            0.. => Drawn::Armed,
            way if way < -self.weights.rounding(positions) => Drawn::Due,
            _ => Drawn::Unproved,
        }
    }

    /// `None` where something does not fit.
    #[inline]
    fn add(&mut self, term: &Term, pace: i64, fixed: i64) -> Option<()> {
        let slope = self.weights.slope(term);
        let part = self.weights.part(slope, term.worth(term.mark)?, fixed);
        self.way = self.way.checked_add(part)?;
        let tick = i128::from(slope.abs()) * i128::from(term.value);
        self.pull = self.pull.checked_add(tick.checked_mul(i128::from(pace))?)?;
        Some(())
    }

    /// Cuts a box back to the position's share of `slack`, on the side where the line is.
    #[inline]
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
