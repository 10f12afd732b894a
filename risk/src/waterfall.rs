//! Who pays what a flat account owes; what the fund keeps of what it worked off. Source: RULES 1.4, SEMANTICS 7.

use crate::case::Case;
use crate::ledger::Risk;
use plimsoll_types::{AccountId, Money, WaterfallStage};

/// What somebody paid; amounts above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// The insurance fund.
    Fund(Money),
    /// An account with a profit.
    Socialised(AccountId, Money),
    /// The house, to which the client owes it now.
    Debt(Money),
}

impl Risk {
    /// Brings a flat account's negative balance to zero, stage by stage; what they leave is the client's debt.
    pub fn waterfall(&mut self, case: &Case) -> Vec<Paid> {
        let account = case.account;
        let stages = self.profiles[case.rules.index()].liquidation.waterfall.clone();
        let mut paid = Vec::new();
        for stage in stages {
            let need = -self.cash(account);
            if need <= Money::ZERO {
                break;
            }
            match stage {
                WaterfallStage::InsuranceFund => self.pay_from_fund(account, need, &mut paid),
                WaterfallStage::Socialise => {
                    for (bearer, amount) in self.bearers(need, account) {
                        self.pay_in(bearer, -amount);
                        self.pay_in(account, amount);
                        paid.push(Paid::Socialised(bearer, amount));
                    }
                }
                // Deleveraging has done what it could while there were lots.
                WaterfallStage::Deleverage | WaterfallStage::Debt => {}
            }
        }
        let need = -self.cash(account);
        if need > Money::ZERO {
            self.house.written_off += need;
            let debtor = self.owner_of(account);
            self.add_debt(debtor, need);
            self.pay_in(account, need);
            paid.push(Paid::Debt(need));
        }
        plimsoll_types::invariant!(
            self.cash(account) >= Money::ZERO,
            "the waterfall left account {account:?} owing"
        );
        paid
    }

    fn pay_from_fund(&mut self, account: AccountId, need: Money, paid: &mut Vec<Paid>) {
        let amount = need.min(self.house.fund);
        if amount > Money::ZERO {
            self.house.fund -= amount;
            self.pay_in(account, amount);
            paid.push(Paid::Fund(amount));
        }
    }

    /// What the stages before a deleveraging can pay; `None` where a case's waterfall has no deleveraging.
    pub fn before_deleveraging(&self, case: &Case) -> Option<Money> {
        let stages = &self.profiles[case.rules.index()].liquidation.waterfall;
        let place = stages.iter().position(|stage| *stage == WaterfallStage::Deleverage)?;
        let fund_pays = stages[..place].contains(&WaterfallStage::InsuranceFund);
        Some(if fund_pays { self.house.fund } else { Money::ZERO })
    }

    /// Passes the whole balance of the fund's own flat account to the fund, of a loss at most what the fund has; what passed.
    pub fn sweep_to_fund(&mut self, account: AccountId) -> Money {
        let change = self.cash(account).max(-self.house.fund);
        if change != Money::ZERO {
            self.house.fund += change;
            self.pay_in(account, -change);
        }
        change
    }
}
