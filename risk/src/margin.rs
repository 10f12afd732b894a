//! What a position's margin is counted on, and the margin. Source: RULES 1.2, SEMANTICS 3.1.

use crate::account::{Position, PositionId};
use crate::contract::{Contract, Role};
use crate::ledger::Risk;
use crate::wide::scale_down;
use plimsoll_types::{Basis, MarginPrice, Money, Price, Ratio, ceil_div};

impl Risk {
    /// Margin of a position at its instrument's margin price, rounded up once.
    #[inline]
    pub fn margin_of(&self, id: PositionId, basis: Basis) -> Money {
        self.margin_left(id, 0, basis)
    }

    /// Margin of what is left of a position once `closes` of its lots have closed, the oldest first.
    #[inline]
    pub fn margin_left(&self, id: PositionId, closes: u64, basis: Basis) -> Money {
        let position = self.position(id);
        let contract = self.contract(position.instrument);
        let notional = self.margin_notional(id, position, contract, closes);
        self.margin_on(position, basis, notional, position.lots.unsigned_abs() - closes)
    }

    /// What the margin of the lots left is a share of.
    #[inline]
    pub(crate) fn margin_notional(
        &self,
        id: PositionId,
        position: &Position,
        contract: &Contract,
        closes: u64,
    ) -> i128 {
        match contract.margin_price {
            MarginPrice::Mark => {
                contract.notional(contract.mark, position.lots.unsigned_abs() - closes)
            }
            price => self.cost_notional(id, price, closes),
        }
    }

    /// The notional of lots whose margin does not follow the mark.
    #[inline(never)]
    fn cost_notional(&self, id: PositionId, price: MarginPrice, closes: u64) -> i128 {
        let (position, costs) = (self.position(id), self.costs(id));
        let contract = self.contract(position.instrument);
        let gone = costs.release(position, contract.tick_value, closes, false);
        match price {
            MarginPrice::Open => (position.basis - costs.gain - (gone.basis - gone.gain)).abs(),
            MarginPrice::Mark | MarginPrice::Settlement => {
                let carried = position.carried - gone.carried;
                contract.notional(contract.prev_settlement, carried)
                    + (costs.today - gone.today).abs()
            }
        }
    }

    /// The most that one lot's closing takes off a position's margin, roundings apart, whichever lot it is.
    pub(crate) fn margin_a_lot_most(&self, id: PositionId, basis: Basis) -> i128 {
        let notional = self.notional_a_lot_most(id);
        let (nano, per_lot) = self.steepest(id, basis);
        scale_down(notional, nano, Ratio::SCALE).saturating_add(1 + per_lot)
    }

    /// The largest share and per_lot that could hold for a position or less of it.
    fn steepest(&self, id: PositionId, basis: Basis) -> (i64, i128) {
        let position = self.position(id);
        let contract = self.contract(position.instrument);
        let rate = contract.rate(basis);
        let (mut nano, mut per_lot) = (rate.nano, rate.per_lot);
        if basis == Basis::Maintenance && contract.has_brackets() {
            // Shares rise with the notional, which closing brings down.
            nano = contract.brackets.rate_at(self.margin_notional(id, position, contract, 0));
        }
        if let Some(own) = self.own_rate(position, basis) {
            (nano, per_lot) = (nano.max(own.nano), per_lot.max(own.per_lot));
        }
        (nano, per_lot)
    }

    /// The fee of closing `lots` lots of a position at `price` as a case's taker, once the first `after` have closed, the oldest first.
    pub(crate) fn liquidation_fee(
        &self,
        id: PositionId,
        after: u64,
        lots: u64,
        price: Price,
    ) -> i128 {
        let position = self.position(id);
        let carried = position.carried.saturating_sub(after).min(lots);
        let parts = [carried, lots - carried];
        // What the fund works off is nobody's liquidation.
        let pays = (Role::Taker, self.fund_account != Some(position.account));
        self.contract(position.instrument).closing_fee(pays, price, parts)
    }

    /// The most that one lot's closing takes off the notional, whichever lot it is.
    fn notional_a_lot_most(&self, id: PositionId) -> i128 {
        let (position, costs) = (self.position(id), self.costs(id));
        let contract = self.contract(position.instrument);
        let carried = || contract.notional(contract.prev_settlement, 1);
        let average = |sum: i128, lots: u64| match lots {
            0 => 0,
            _ if position.leg.is_leg() => {
                let opened = costs.lots.iter().map(|lot| contract.notional(lot.opened, 1));
                opened.max().unwrap_or(0)
            }
            // Shares of the sum are rounded, by half a unit before and after.
            lots => ceil_div(sum.abs(), i128::from(lots)) + 1,
        };
        let held = position.lots.unsigned_abs();
        match contract.margin_price {
            MarginPrice::Mark => contract.notional(contract.mark, 1),
            MarginPrice::Open => average(position.basis - costs.gain, held),
            MarginPrice::Settlement => carried().max(average(costs.today, held - position.carried)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::tests::{Draw, Rules, exchange, populate, trade};
    use plimsoll_types::{AccountId, InstrumentId};

    #[test]
    fn no_lot_releases_more_than_plans_count_on() {
        let mut tried = 0;
        for seed in 0..96 {
            let (rules, mut draw) = (Rules::of(seed), Draw(seed));
            let mut risk = exchange(rules, &mut draw);
            populate(&mut risk, rules, &mut draw);
            for account in (0..60).map(AccountId) {
                let id = trade(&mut risk, &mut draw, account, InstrumentId(0), 1000);
                trade(&mut risk, &mut draw, account, InstrumentId(0), 1100);
                for basis in [Basis::Initial, Basis::Maintenance] {
                    let left = |gone| risk.margin_left(id, gone, basis).units();
                    let most = risk.margin_a_lot_most(id, basis);
                    for gone in 0..risk.position(id).lots.unsigned_abs() {
                        let released = left(gone) - left(gone + 1);
                        // Two margins, rounded up each.
                        assert!((0..=most + 1).contains(&released), "{rules:?}: {released} {most}");
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 50_000, "{tried}");
    }
}
