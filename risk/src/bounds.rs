//! How near a line an account could come for any marks in the boxes, whatever shape its margin has.
//!
//! The watch asks this only of accounts whose margin is more than one rate of each notional: brackets, margins of their own, products
//! in which one side counts, tiers of both margins. Margin is never falling and convex in a mark, so that its way to a
//! line is greatest at an end of a box; what lies between needs no look.

use crate::account::PositionId;
use crate::ledger::Risk;
use crate::line::Line;
use plimsoll_types::{AccountId, Basis, Label, MarginPrice};

/// The end of a way: the most an account can be past a line, or the least.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Most,
    Least,
}

impl Risk {
    /// Whether an account could change its tier for some marks in the boxes. May err towards yes. Cost: O(its positions squared).
    #[inline(never)]
    pub(crate) fn could_cross(&self, id: AccountId) -> bool {
        let lines = &self.lines[self.account(id).profile.index()];
        let tier = usize::from(self.account(id).tier);
        if self.held(id).next().is_none() {
            return tier != 0 || self.account(id).cash < 0;
        }
        let worse = |line: &Line| self.way(id, line, End::Most).is_none_or(|way| way >= 0);
        let better = |line: &Line| {
            !self.surely_margined(id, line.basis)
                || self.way(id, line, End::Least).is_none_or(|way| way < 0)
        };
        lines.at[tier..].iter().any(worse) || tier > 0 && better(&lines.release[tier - 1])
    }

    /// Whether some position asks for margin at every mark in its box.
    fn surely_margined(&self, id: AccountId, basis: Basis) -> bool {
        self.held(id).any(|held| self.margin_at(held, basis, self.span_of(held)[0]) > 0)
    }

    /// A bound of `margin_weight x M - equity_weight x E` over the boxes; `None` where it passes 128 bits.
    fn way(&self, id: AccountId, line: &Line, end: End) -> Option<i128> {
        let equity_weight = i128::from(line.equity_weight);
        let mut way = self.account(id).cash.checked_mul(equity_weight)?.checked_neg()?;
        for held in self.held(id) {
            let Some(product) = self.product(held) else {
                way = way.checked_add(self.step(held, line, end, true)?)?;
                continue;
            };
            let before = self.held(id).take_while(|&before| before != held);
            if before.into_iter().any(|before| self.product(before) == Some(product)) {
                continue;
            }
            // The larger side counts: the way with it is the longer of the two.
            let long = self.side_way(id, product, line, end, 1)?;
            let short = self.side_way(id, product, line, end, -1)?;
            way = way.checked_add(long.max(short))?;
        }
        Some(way)
    }

    /// The part of a product, where the margin of its positions of one sign counts.
    fn side_way(
        &self,
        id: AccountId,
        product: &Label,
        line: &Line,
        end: End,
        sign: i64,
    ) -> Option<i128> {
        let mut way = 0i128;
        for held in self.held(id).filter(|&held| self.product(held) == Some(product)) {
            let counts = self.position(held).lots.signum() == sign;
            way = way.checked_add(self.step(held, line, end, counts)?)?;
        }
        Some(way)
    }

    /// The part of one position.
    fn step(&self, held: PositionId, line: &Line, end: End, counts: bool) -> Option<i128> {
        let position = self.position(held);
        let tick_value = i128::from(self.contract(position.instrument).tick_value);
        let (m, e) = (i128::from(line.margin_weight), i128::from(line.equity_weight));
        let [low, high] = self.span_of(held);
        let margin = |ticks| match counts {
            true => m.checked_mul(self.margin_at(held, line.basis, ticks)),
            false => Some(0),
        };
        let equity = |ticks: i64| {
            e.checked_mul((i128::from(ticks) * tick_value).checked_mul(i128::from(position.lots))?)
        };
        match end {
            End::Most => {
                let at = |ticks| margin(ticks)?.checked_sub(equity(ticks)?);
                // Margin is rounded up, by less than a unit.
                at(low)?.max(at(high)?).checked_add(m)
            }
            End::Least => margin(low)?.checked_sub(equity(low)?.max(equity(high)?)),
        }
    }

    /// Margin of a position if the mark were there.
    fn margin_at(&self, held: PositionId, basis: Basis, ticks: i64) -> i128 {
        let position = self.position(held);
        let contract = self.contract(position.instrument);
        if contract.margin_price != MarginPrice::Mark {
            return self.margin_of(held, basis).units();
        }
        let lots = position.lots.unsigned_abs();
        let notional = i128::from(ticks) * i128::from(contract.tick_value) * i128::from(lots);
        self.margin_on(position, basis, notional, lots).units()
    }
}
