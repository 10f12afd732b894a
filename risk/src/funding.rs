//! Funding between the two sides of a perpetual: a writer of money. Source: RULES 5.6, SEMANTICS 5.

use crate::formula::funding::payments;
use crate::ledger::Risk;
use plimsoll_types::{AccountId, InstrumentId, Money, Ratio};

impl Risk {
    /// Moves funding at `rate` of the worth at the mark: from longs to shorts where it is above zero, else the other way.
    ///
    /// Each account's amount, below zero = paid, in account order; who pays or gets nothing is left out. They add up to zero.
    /// `rate` lies within -1 and 1, so no amount passes a position's worth. Cost: O(those who ever had an order there). Source: RULES 5.6.
    pub fn pay_funding(&mut self, id: InstrumentId, rate: Ratio) -> Vec<(AccountId, Money)> {
        let contract = self.contract(id);
        let lots = self.members(id).map(|id| (self.position(id).account, self.position(id).lots));
        let mut held: Vec<(AccountId, i64)> = lots.filter(|&(_, lots)| lots != 0).collect();
        if !held.is_sorted_by_key(|&(account, _)| account) {
            held.sort_unstable_by_key(|&(account, _)| account);
        }
        held.dedup_by(|leg, first| {
            let same = leg.0 == first.0;
            first.1 += if same { leg.1 } else { 0 };
            same
        });
        let worth = |&(_, lots)| Money::of_lots(contract.mark, lots, contract.tick_value).units();
        let values: Vec<i128> = held.iter().map(worth).collect();
        let Some(amounts) = payments(rate.nano(), &values) else {
            plimsoll_types::broken(format_args!("funding at {} passes 127 bits", rate.nano()))
        };
        let accounts = held.into_iter().map(|(account, _)| account);
        let amounts = accounts.zip(amounts.into_iter().map(Money::new));
        let amounts: Vec<_> = amounts.filter(|(_, amount)| *amount != Money::ZERO).collect();
        for &(account, amount) in &amounts {
            self.pay_in(account, amount);
        }
        amounts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::remainder::tests::draws;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{Price, Side};

    #[test]
    fn rules_5_6_what_longs_pay_is_what_shorts_get() {
        let mut risk = risk();
        let (a, long) = open(&mut risk, 100_000);
        let (b, short) = open(&mut risk, 100_000);
        let (c, other) = open(&mut risk, 100_000);
        open(&mut risk, 100_000);
        risk.book(fill(long, Side::Buy, 1000, 3));
        risk.book(fill(short, Side::Sell, 1000, 2));
        risk.book(fill(other, Side::Sell, 1000, 1));
        // 0.01 % of 3 x 1001 x 10 = 3.003, paid as 4; shorts hold 2 : 1, so 2.67 and 1.33.
        risk.set_mark(InstrumentId(0), Price::clamped(1001));
        let paid = risk.pay_funding(InstrumentId(0), Ratio::from_nano(100_000));
        let amounts = [(a, -4), (b, 3), (c, 1)].map(|(id, units)| (id, Money::new(units)));
        assert_eq!(paid, amounts);
        assert_eq!(risk.balance(a), Money::new(99_996));
        assert_eq!(risk.realised(a), Money::ZERO, "funding is no result of closed lots");
        assert_eq!(risk.audit(), Ok(()));
    }

    #[test]
    fn funding_sums_to_zero_whoever_holds() {
        let mut draw = draws(7);
        for _ in 0..500 {
            let mut risk = risk();
            let held: Vec<_> = (0..2 + draw(5)).map(|_| open(&mut risk, 1_000_000)).collect();
            for _ in 0..draw(12) {
                let pair = [draw(held.len() as u64), draw(held.len() as u64)];
                let (price, lots) = (900 + draw(200) as i64, 1 + draw(40));
                for (who, side) in pair.into_iter().zip([Side::Buy, Side::Sell]) {
                    risk.book(fill(held[who as usize].1, side, price, lots));
                }
            }
            let before: Vec<_> = held.iter().map(|(id, _)| risk.cash(*id)).collect();
            let rate = Ratio::from_nano(draw(2_000_000_001) as i64 - 1_000_000_000);
            let paid = risk.pay_funding(InstrumentId(0), rate);
            assert_eq!(paid.iter().map(|(_, amount)| *amount).sum::<Money>(), Money::ZERO);
            for (&(id, position), before) in held.iter().zip(before) {
                let found = paid.iter().find(|(payer, _)| *payer == id);
                let amount = found.map_or(Money::ZERO, |(_, amount)| *amount);
                assert_eq!(risk.cash(id), before + amount);
                let sign = i128::from(risk.position(position).lots().signum());
                let against = amount.units() * sign * i128::from(rate.nano().signum());
                assert!(against <= 0, "{rate:?}: {amount:?}");
            }
            assert_eq!(risk.audit(), Ok(()));
        }
    }
}
