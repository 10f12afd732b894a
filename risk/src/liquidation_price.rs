//! The mark at which an account would be liquidated, all else equal. Source: RULES 1.6.

use crate::account::PositionId;
use crate::ledger::Risk;
use plimsoll_types::{MarginPrice, Price, ceil_div, floor_div};

impl Risk {
    /// The mark of a position's instrument at which its account reaches its first liquidating tier, other positions frozen;
    /// to the tick on the house's side: up for a long, down for a short. `None` where no such mark is above zero.
    ///
    /// With margin linear in the mark, `m M(p) = e E(p)` is one equation in p; the rounding of the margin is left out.
    pub fn liquidation_price(&self, id: PositionId) -> Option<Price> {
        let position = self.position(id);
        let account = position.account;
        let profile = self.profile_of(account);
        if self.account(account).unlimited || position.lots == 0 {
            return None;
        }
        let tier = profile.tiers.iter().position(|tier| tier.action.liquidates())?;
        let line = self.lines(account).at[tier];
        let contract = self.contract(position.instrument);
        let basis = line.basis;
        let rate = contract.rate(basis);
        let standing = self.standing(account);
        let lots = i128::from(position.lots);
        let a_tick = i128::from(contract.tick_value) * lots;
        let mark = i128::from(contract.mark.ticks());
        let all = standing.margin(basis).units();
        // Margin that does not follow the mark is as fixed as the others'.
        let (nano, others) = match contract.margin_price {
            MarginPrice::Mark => {
                (rate.nano, all - self.margin_of(id, basis).units() + rate.per_lot * lots.abs())
            }
            _ => (0, all),
        };
        let cash = standing.equity.units() - a_tick * mark;
        let (m, e) = (i128::from(line.margin_weight), i128::from(line.equity_weight));
        // m (others + share |tick| p) = e (cash + tick p), everything times 10^9.
        let slope = m
            .checked_mul(i128::from(nano))?
            .checked_mul(a_tick.abs())?
            .checked_sub(e.checked_mul(1_000_000_000)?.checked_mul(a_tick)?)?;
        let fixed = e.checked_mul(cash)?.checked_sub(m.checked_mul(others)?)?;
        let fixed = fixed.checked_mul(1_000_000_000)?;
        // The worse side lies below for a long, above for a short; a slope the other way has no such mark.
        if slope == 0 || (slope < 0) != (position.lots > 0) {
            return None;
        }
        let (fixed, slope) = if slope < 0 { (-fixed, -slope) } else { (fixed, slope) };
        let ticks =
            if position.lots > 0 { ceil_div(fixed, slope) } else { floor_div(fixed, slope) };
        Price::new(i64::try_from(ticks).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{Price, Side};

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
}
