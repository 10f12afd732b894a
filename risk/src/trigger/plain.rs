//! Boxes of accounts whose margin is one rate of each notional: a line is then linear in the marks, and its slack is shared out by one division.

use super::boxes::Span;
use crate::account::{NIL, Position, PositionId};
use crate::contract::Contract;
use crate::ledger::Risk;
use crate::line::Line;
use plimsoll_types::{AccountId, Basis, MarginPrice};

const NANO: i64 = 1_000_000_000;
/// Weights up to here, times 10^9 or times a rate of at most 2^31, fit 62 bits.
const WEIGHT_MAX: i64 = 1 << 30;
/// Worths and fixed margins up to here keep a term within 118 bits.
const WORTH_MAX: i64 = 1 << 56;

/// What an account whose margin is plain is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    /// Nothing can happen to it inside its boxes.
    Safe,
    /// That is not proved.
    Unproved,
    /// Its margin is of another shape, or an amount too large: the general bound must say.
    Other,
}

/// One position in a line: `M` grows by `nano` of its worth, `E` by the worth times its sign.
#[derive(Clone, Copy)]
struct Term {
    /// Money units a tick, without sign.
    value: i64,
    sign: i64,
    nano: i64,
    /// Margin that does not follow the mark.
    fixed: i64,
    mark: i64,
}

impl Term {
    /// `None` where the position's margin is not plain or an amount is too large.
    #[inline]
    fn of(risk: &Risk, id: PositionId, position: &Position, basis: Basis) -> Option<Term> {
        let contract: &Contract = &risk.contracts[position.instrument.index()];
        if position.own || !contract.plain {
            return None;
        }
        let rate = contract.rate(basis);
        let (mark, lots) = (contract.mark.ticks(), position.lots.unsigned_abs());
        let value = i64::try_from(lots).ok()?.checked_mul(contract.tick_value)?;
        let fixed = match contract.margin_price {
            MarginPrice::Mark => rate.per_lot.checked_mul(i128::from(lots))?,
            _ => risk.margin_of(id, basis).units(),
        };
        let nano = if contract.margin_price == MarginPrice::Mark { rate.nano } else { 0 };
        let fits = value.checked_mul(mark)? <= WORTH_MAX
            && fixed <= i128::from(WORTH_MAX)
            && nano <= 1 << 31;
        fits.then_some(Term {
            value,
            sign: position.lots.signum(),
            nano,
            fixed: fixed as i64,
            mark,
        })
    }

    #[inline]
    fn is_margined(&self) -> bool {
        self.nano != 0 || self.fixed != 0
    }
}

/// A line with its weights times what keeps rates whole: `margin_weight x M - equity_weight x E`, times 10^9.
#[derive(Clone, Copy)]
struct Weights {
    margin: i64,
    /// Times 10^9.
    equity: i64,
}

impl Weights {
    #[inline]
    fn of(line: &Line) -> Option<Weights> {
        let fits = line.margin_weight <= WEIGHT_MAX && line.equity_weight <= WEIGHT_MAX;
        fits.then(|| Weights { margin: line.margin_weight, equity: line.equity_weight * NANO })
    }

    /// How far a tick up brings the account.
    #[inline]
    fn slope(self, term: &Term) -> i128 {
        i128::from(self.margin * term.nano - self.equity * term.sign) * i128::from(term.value)
    }

    #[inline]
    fn fixed(self, term: &Term) -> i128 {
        i128::from(self.margin * NANO) * i128::from(term.fixed)
    }

    /// Margin is rounded up, by less than a unit a position.
    #[inline]
    fn rounding(self) -> i128 {
        i128::from(self.margin * NANO)
    }

    #[inline]
    fn cash(self, cash: i64) -> i128 {
        -i128::from(self.equity) * i128::from(cash)
    }
}

/// The lines that an account in a tier must not come to: the next one, from below, and the release of its own, from above.
#[derive(Clone, Copy)]
struct Fence {
    worse: Option<Weights>,
    better: Option<Weights>,
}

impl Risk {
    /// The fence of an account and the margin it is of; `None` where the general bound must say.
    #[inline]
    fn fence(&self, id: AccountId) -> Option<(Fence, Basis, i64)> {
        let account = self.account(id);
        let lines = &self.lines[account.profile.index()];
        let crate::tiers::Bases::One(basis) = lines.bases else { return None };
        let tier = usize::from(account.tier);
        let worse = match lines.at.get(tier) {
            Some(line) => Some(Weights::of(line)?),
            None => None,
        };
        let better = match tier.checked_sub(1) {
            Some(below) => Some(Weights::of(&lines.release[below])?),
            None => None,
        };
        Some((Fence { worse, better }, basis, i64::try_from(account.cash).ok()?))
    }

    /// Whether the boxes of an account, which hold their marks, still prove that nothing can happen in them.
    ///
    /// Cost: O(its positions), two multiplications each, no division.
    #[inline]
    pub(crate) fn prove_plain(&self, id: AccountId) -> Plain {
        let Some((fence, basis, cash)) = self.fence(id) else { return Plain::Other };
        let mut most = fence.worse.map_or(0, |weights| weights.cash(cash));
        let mut least = fence.better.map_or(0, |weights| weights.cash(cash));
        let mut margined = false;
        let mut next = self.account(id).first;
        while next != NIL {
            let held = PositionId(next);
            let position = self.position(held);
            next = position.next;
            // A pocket's list goes on with records that others hold.
            if position.lots == 0 || position.account != id {
                continue;
            }
            let Some(term) = Term::of(self, held, position, basis) else { return Plain::Other };
            let span = position.span();
            if !span.contains(term.mark) {
                return Plain::Unproved;
            }
            margined |= term.is_margined();
            if let Some(weights) = fence.worse {
                let slope = weights.slope(&term);
                let Some(far) = worst_end(span, slope, &term) else { return Plain::Unproved };
                let part = slope * far + weights.fixed(&term) + weights.rounding();
                let Some(sum) = most.checked_add(part) else { return Plain::Other };
                most = sum;
            }
            if let Some(weights) = fence.better {
                let slope = weights.slope(&term);
                let Some(far) = worst_end(span, -slope, &term) else { return Plain::Unproved };
                let part = slope * far + weights.fixed(&term);
                let Some(sum) = least.checked_add(part) else { return Plain::Other };
                least = sum;
            }
        }
        if !margined {
            return if self.account(id).tier == 0 { Plain::Safe } else { Plain::Unproved };
        }
        let safe = (fence.worse.is_none() || most < 0) && (fence.better.is_none() || least >= 0);
        if safe { Plain::Safe } else { Plain::Unproved }
    }

    /// Draws the boxes of an account that holds something as wide as its slack allows. Whether something may have happened at the marks already: the boxes are one mark wide then.
    ///
    /// `None` where the general bound must say. Cost: O(its positions); a division each.
    pub(crate) fn draw_plain(&mut self, id: AccountId) -> Option<bool> {
        let (fence, basis, cash) = self.fence(id)?;
        let mut worse = fence.worse.map(|weights| Reach::new(weights, cash));
        let mut better = fence.better.map(|weights| Reach::new(weights, cash));
        let mut margined = false;
        let mut held = std::mem::take(&mut self.watch.held);
        held.clear();
        held.extend(self.held(id).map(|held| held.0));
        let alone = held.len() == 1;
        let drawn = 'draw: {
            for &place in &held {
                let position = &self.positions[place as usize];
                let Some(term) = Term::of(self, PositionId(place), position, basis) else {
                    break 'draw None;
                };
                margined |= term.is_margined();
                let pace = if alone { 1 } else { self.watch.pace(position.instrument) };
                for (reach, rounds) in [(&mut worse, true), (&mut better, false)] {
                    if let Some(reach) = reach
                        && !reach.add(&term, pace, rounds)
                    {
                        break 'draw None;
                    }
                }
            }
            Some(if !margined {
                self.account(id).tier != 0
            } else {
                worse.is_some_and(|reach| reach.way >= 0)
                    || better.is_some_and(|reach| reach.way < 0)
            })
        };
        if let Some(due) = drawn {
            for &place in &held {
                let position = &self.positions[place as usize];
                let Some(term) = Term::of(self, PositionId(place), position, basis) else {
                    continue;
                };
                let pace = if alone { 1 } else { self.watch.pace(position.instrument) };
                let mut span = if due { Span::at(term.mark) } else { Span::ALL };
                if !due && margined {
                    if let Some(reach) = &worse {
                        reach.limit(&mut span, &term, pace, -1 - reach.way, 1);
                    }
                    if let Some(reach) = &better {
                        reach.limit(&mut span, &term, pace, reach.way, -1);
                    }
                    span = span.coarse(term.mark);
                }
                self.arm(PositionId(place), span);
            }
        }
        self.watch.held = held;
        drawn
    }
}

/// The end of a box at which a line with this slope is nearest; `None` where the position's worth there is too large to multiply.
#[inline]
fn worst_end(span: Span, slope: i128, term: &Term) -> Option<i128> {
    let end = match slope.signum() {
        0 => return Some(i128::from(term.mark)),
        1 => i64::from(span.high),
        _ => i64::from(span.low),
    };
    (term.value <= i64::MAX / 2 / end).then_some(i128::from(end))
}

/// Where an account stands against a line, and what the marks can do about it.
#[derive(Clone, Copy)]
struct Reach {
    weights: Weights,
    way: i128,
    /// Sum of the slopes without sign, each times its instrument's pace.
    pull: i128,
}

impl Reach {
    fn new(weights: Weights, cash: i64) -> Reach {
        Reach { weights, way: weights.cash(cash), pull: 0 }
    }

    /// Whether everything fits.
    #[inline]
    fn add(&mut self, term: &Term, pace: i64, rounds: bool) -> bool {
        let slope = self.weights.slope(term);
        let part = slope * i128::from(term.mark) + self.weights.fixed(term);
        let rounding = if rounds { self.weights.rounding() } else { 0 };
        let pull = slope.abs().checked_mul(i128::from(pace)).and_then(|p| p.checked_add(self.pull));
        let way = self.way.checked_add(part + rounding);
        match (way, pull) {
            (Some(way), Some(pull)) => {
                (self.way, self.pull) = (way, pull);
                true
            }
            _ => false,
        }
    }

    /// Cuts a box back to the position's share of `slack`, on the side where the line is: up for a slope of the sign of `toward`.
    #[inline]
    fn limit(&self, span: &mut Span, term: &Term, pace: i64, slack: i128, toward: i128) {
        let slope = self.weights.slope(term);
        if slope == 0 {
            return;
        }
        let ticks = share(slack, pace, self.pull);
        if slope.signum() == toward {
            span.limit_high(term.mark, ticks);
        } else {
            span.limit_low(term.mark, ticks);
        }
    }
}

/// `slack x pace / pull`, rounded down.
#[inline]
fn share(slack: i128, pace: i64, pull: i128) -> i128 {
    let scaled = match slack.checked_mul(i128::from(pace)) {
        Some(scaled) => scaled / pull,
        None => slack / pull * i128::from(pace),
    };
    scaled.max(0)
}
