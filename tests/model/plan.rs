//! Section 7: what a case closes, found by trying n = 1, 2, 3 ...

use super::account::fee_of;
use super::{Model, NANO, instrument_id, nano, sign, ticks, to_qty};
use plimsoll_types::*;
use std::cmp::Ordering;

/// One position a plan closes, wholly or in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub instrument: usize,
    pub side: Side,
    pub qty: i128,
}

impl Target {
    pub fn shown(&self) -> LiquidationTarget {
        LiquidationTarget {
            instrument: instrument_id(self.instrument),
            side: self.side,
            qty: to_qty(self.qty),
        }
    }
}

impl Model {
    /// The side that closes the account's position.
    pub fn closing_side(&self, account: usize, instrument: usize) -> Side {
        if self.accounts[account].lots(instrument) > 0 { Side::Sell } else { Side::Buy }
    }

    /// The worst price a batch may trade at; `None` = any.
    pub fn worst_price(&self, account: usize, instrument: usize, side: Side) -> Option<i128> {
        let book = &self.books[instrument];
        match self.profile(account).liquidation.price {
            ProtectionPrice::Band | ProtectionPrice::Bankruptcy => book.edge(side),
            ProtectionPrice::TicksThrough(through) => {
                let best = book.best(side.opposite())?;
                let moved = best + sign(side) * i128::from(through);
                let moved = moved.clamp(ticks(Price::MIN), ticks(Price::MAX));
                Some(match book.band {
                    Some(band) => moved.clamp(ticks(band.down), ticks(band.up)),
                    None => moved,
                })
            }
        }
    }

    /// Opposite levels inside the worst price.
    fn levels_inside(&self, account: usize, instrument: usize, side: Side) -> Vec<(i128, i128)> {
        let worst = self.worst_price(account, instrument, side);
        let mut levels = self.books[instrument].levels(side.opposite());
        levels.retain(|(price, _)| worst.is_none_or(|worst| sign(side) * (worst - price) >= 0));
        levels
    }

    pub fn depth(&self, account: usize, instrument: usize, side: Side) -> i128 {
        self.levels_inside(account, instrument, side).iter().map(|(_, qty)| qty).sum()
    }

    /// What closing so many lots does to equity at the fixed mark: result against the mark less fees.
    fn result_of_closing(&self, account: usize, instrument: usize, qty: i128) -> i128 {
        let side = self.closing_side(account, instrument);
        let book = &self.books[instrument];
        let levels = self.levels_inside(account, instrument, side);
        let beyond = match (levels.last(), self.worst_price(account, instrument, side)) {
            (None, _) => book.edge(side).unwrap_or(ticks(book.mark)),
            (Some(_), Some(worst)) => worst,
            (Some(deepest), None) => deepest.0,
        };
        let mut left = qty;
        let mut result = 0;
        for (price, there) in levels.into_iter().chain([(beyond, qty)]) {
            let here = there.min(left);
            left -= here;
            result += self.result_at(instrument, side, price, here);
        }
        assert_eq!(left, 0);
        result
    }

    fn result_at(&self, instrument: usize, side: Side, price: i128, qty: i128) -> i128 {
        let v = self.tick_value(instrument);
        let fees = self.books[instrument].spec.fees;
        let fee = fee_of(&[fees.close, fees.taker, fees.liquidation], price * qty * v, qty);
        // Selling a long above the mark gains, buying a short back above it loses.
        -sign(side) * (price - ticks(self.books[instrument].mark)) * qty * v - fee
    }

    /// The goal of a case at a margin and an equity; no margin meets it.
    pub fn goal_met(&self, account: usize, trigger: u8, margin: i128, equity: i128) -> bool {
        if margin == 0 {
            return true;
        }
        let target = nano(self.profile(account).liquidation.target);
        let at_target = match self.profile(account).measure {
            MeasureKind::MarginOverEquity => margin * NANO <= target * equity,
            MeasureKind::EquityOverMargin => equity * NANO >= target * margin,
        };
        at_target && (trigger == 0 || !self.holds(account, trigger, margin, equity))
    }

    /// The plan of policy "least".
    pub fn make_plan(&self, account: usize, trigger: u8) -> Vec<Target> {
        let basis = self.profile(account).basis;
        let mut plan = Vec::new();
        let mut equity = self.equity(account);
        let mut margin = self.margin(account, basis);
        for instrument in self.positions_in_order(account) {
            let all = self.accounts[account].lots(instrument).abs();
            let side = self.closing_side(account, instrument);
            let of_others = margin - self.margin_of_lots(basis, instrument, all);
            for n in 1..=all {
                let after = equity + self.result_of_closing(account, instrument, n);
                let left = of_others + self.margin_of_lots(basis, instrument, all - n);
                let met = if left == 0 {
                    after >= 0
                } else {
                    self.goal_met(account, trigger, left, after)
                };
                if met {
                    plan.push(Target { instrument, side, qty: n });
                    return plan;
                }
            }
            plan.push(Target { instrument, side, qty: all });
            equity += self.result_of_closing(account, instrument, all);
            margin = of_others;
        }
        plan
    }

    /// Positions in `select` order; a stable sort leaves ties in instrument order.
    fn positions_in_order(&self, account: usize) -> Vec<usize> {
        let mut order: Vec<usize> = self.accounts[account].positions.keys().copied().collect();
        let keys = &self.profile(account).liquidation.select;
        order.sort_by(|&a, &b| {
            let decided = keys.iter().map(|key| self.compare(account, key, a, b));
            decided.into_iter().find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
        });
        order
    }

    /// Whether a key wants `a` before `b`.
    fn compare(&self, account: usize, key: &SelectKey, a: usize, b: usize) -> Ordering {
        match key {
            SelectKey::LargestLoss => {
                self.unrealised_in(account, a).cmp(&self.unrealised_in(account, b))
            }
            SelectKey::LargestMargin => {
                self.margin_held(account, b).cmp(&self.margin_held(account, a))
            }
            SelectKey::MostLiquid => {
                let depth = |i| self.depth(account, i, self.closing_side(account, i));
                depth(b).cmp(&depth(a))
            }
            SelectKey::LargestRiskRelease => {
                let (cost_a, cost_b) = (self.cost_of_all(account, a), self.cost_of_all(account, b));
                match (cost_a, cost_b) {
                    (0, _) | (_, 0) => (cost_a != 0).cmp(&(cost_b != 0)),
                    // margin_a / cost_a > margin_b / cost_b puts a first.
                    _ => (self.margin_held(account, b) * cost_a)
                        .cmp(&(self.margin_held(account, a) * cost_b)),
                }
            }
            SelectKey::Symbols(listed) => {
                let place = |i: usize| {
                    listed.iter().position(|s| usize::from(*s) == i).unwrap_or(listed.len())
                };
                place(a).cmp(&place(b))
            }
        }
    }

    fn margin_held(&self, account: usize, instrument: usize) -> i128 {
        let held = self.accounts[account].lots(instrument).abs();
        self.margin_of_lots(self.profile(account).basis, instrument, held)
    }

    fn cost_of_all(&self, account: usize, instrument: usize) -> i128 {
        let held = self.accounts[account].lots(instrument).abs();
        (-self.result_of_closing(account, instrument, held)).max(0)
    }
}
