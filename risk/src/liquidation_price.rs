//! The mark at which an account would be liquidated, all else equal. Source: RULES 1.6.

use crate::account::PositionId;
use crate::formula::price::{Bracket, Line};
use crate::ledger::Risk;
use plimsoll_types::{Basis, MarginPrice, Price, Ratio, Side};

/// Margin of one position as its mark moves: the largest of these shapes holds.
struct Shape {
    /// Share of the notional, nano.
    rate: i128,
    /// What does not move.
    fixed: i128,
    /// Brackets on top of it.
    brackets: Vec<Bracket<i128>>,
}

impl Risk {
    /// The mark of a position's instrument at which its account reaches its first liquidating tier, other positions frozen;
    /// to the tick on the house's side: up for a long, down for a short. `None` where no such mark is above zero, and where
    /// amounts are too large to solve for it exactly.
    ///
    /// The rounding of the margin is left out. Cost: O(the account's positions). Source: RULES 1.6.
    pub fn liquidation_price(&self, id: PositionId) -> Option<Price> {
        let position = self.position(id);
        let account = position.account;
        if self.account(account).unlimited || position.lots == 0 {
            return None;
        }
        let tiers = &self.profile_of(account).tiers;
        let tier = tiers.iter().position(|tier| tier.action.liquidates())?;
        let line = self.lines(account).at[tier];
        let contract = self.contract(position.instrument);
        let exposure = i128::from(contract.tick_value) * i128::from(position.lots);
        let equity = self.standing(account).equity.units();
        let cash = equity.checked_sub(exposure.checked_mul(contract.mark.ticks().into())?)?;
        let side = if position.lots > 0 { Side::Buy } else { Side::Sell };
        let mut first: Option<i128> = None;
        for shape in self.shapes(id, line.basis) {
            let equation = Line {
                exposure,
                cash,
                fixed: shape.fixed,
                rate: shape.rate,
                one: i128::from(Ratio::SCALE),
                margin_weight: line.margin_weight.into(),
                equity_weight: line.equity_weight.into(),
            };
            let Some(price) = equation.price_in(&shape.brackets).ok()? else { continue };
            // The mark comes from above to a long, from below to a short: to the first of the shapes' prices.
            first = Some(match side {
                Side::Buy => price.ceil().ok()?.max(first.unwrap_or(i128::MIN)),
                Side::Sell => price.floor().ok()?.min(first.unwrap_or(i128::MAX)),
            });
        }
        Price::new(i64::try_from(first?).ok()?)
    }

    /// The shapes of an account's margin as the mark of one of its positions moves.
    fn shapes(&self, id: PositionId, basis: Basis) -> Vec<Shape> {
        let position = self.position(id);
        let contract = self.contract(position.instrument);
        let around = self.around(position.account, id, &[]);
        let [others, same, opposite] =
            [around.others, around.same, around.opposite].map(|amounts| amounts[basis as usize]);
        let lots = i128::from(position.lots).abs();
        let mut shapes = Vec::with_capacity(3);
        let mut shape = |rate, fixed, brackets| shapes.push(Shape { rate, fixed, brackets });
        let fixed = others + same;
        if contract.margin_price != MarginPrice::Mark {
            shape(0, fixed + self.margin_of(id, basis).units(), Vec::new());
        } else {
            let (plain, own) = (contract.rate(basis), self.own_rate(position, basis));
            let per_lot = own.unwrap_or(plain).per_lot;
            let fixed = fixed + per_lot * lots;
            let bracketed = basis == Basis::Maintenance && contract.has_brackets();
            if bracketed {
                shape(0, fixed, contract.brackets.formula());
            }
            if own.is_some() || !bracketed {
                shape(own.unwrap_or(plain).nano.into(), fixed, Vec::new());
            }
        }
        if contract.large_side.is_some() {
            shape(0, others + opposite, Vec::new());
        }
        shapes
    }
}

#[cfg(test)]
mod tests {
    use crate::bounds::tests::{Draw, Rules, exchange, populate, trade};
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{AccountId, InstrumentId, Price, Side};

    #[test]
    fn the_mark_it_names_is_the_first_that_liquidates() {
        for (side, step) in [(Side::Buy, -1), (Side::Sell, 1)] {
            let mut risk = risk();
            let (id, position) = open(&mut risk, 20_000);
            risk.book(fill(position, side, 1000, 10));
            let price = risk.liquidation_price(position).unwrap();
            let tier_at = |risk: &mut crate::Risk, ticks| {
                risk.set_mark(plimsoll_types::InstrumentId(0), Price::clamped(ticks));
                risk.next_tier(id, risk.standing(id))
            };
            assert_eq!(tier_at(&mut risk, price.ticks() + step), 2, "{side:?} {price:?}");
            assert!(tier_at(&mut risk, price.ticks() - 2 * step) < 2, "{side:?} {price:?}");
        }
    }

    #[test]
    fn an_account_that_cannot_fall_has_none() {
        let mut risk = risk();
        let (_, position) = open(&mut risk, 1_000_000);
        risk.book(fill(position, Side::Buy, 1000, 10));
        assert_eq!(risk.liquidation_price(position), None);
    }

    #[test]
    fn under_any_rules_the_account_is_liquidated_past_it_and_not_before() {
        let (mut named, mut none) = (0, 0);
        for seed in 0..96 {
            let (rules, mut draw) = (Rules::of(seed), Draw(seed));
            let mut risk = exchange(rules, &mut draw);
            populate(&mut risk, rules, &mut draw);
            for account in (0..60).map(AccountId) {
                let mut position = None;
                for instrument in [0, 1, 2, draw.below(3) as u16] {
                    let traded =
                        trade(&mut risk, &mut draw, account, InstrumentId(instrument), 1000);
                    position = Some(traded).filter(|&id| risk.position(id).lots != 0).or(position);
                }
                let Some(position) = position else { continue };
                let here = risk.position(position).instrument;
                let held = risk.held(account).filter(|&id| risk.position(id).instrument == here);
                if held.count() > 1 {
                    // The other leg counts as frozen; the mark would move both.
                    continue;
                }
                let (held, line) = (risk.position(position).clone(), risk.lines(account).at[1]);
                let reached_at = |ticks: i64| {
                    let mut risk = risk.clone();
                    risk.set_mark(held.instrument, Price::clamped(ticks));
                    line.is_reached(&risk.standing(account))
                };
                let against = -held.lots.signum();
                match risk.liquidation_price(position) {
                    Some(price) => {
                        named += 1;
                        let ticks = price.ticks();
                        assert!(ticks < 2 || reached_at(ticks + against), "{seed} {price:?}");
                        assert!(!reached_at(ticks - 2 * against), "{seed} {rules:?} {price:?}");
                    }
                    None => {
                        none += 1;
                        // Either no mark reaches the line or all do.
                        assert_eq!(reached_at(3), reached_at(100_000), "{seed} {rules:?}");
                    }
                }
            }
        }
        assert!(named > 2_000 && none > 100, "{named} {none}");
    }
}
