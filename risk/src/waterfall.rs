//! Who pays what a flat account owes. Source: RULES 1.4, SEMANTICS 7.

use crate::ledger::Risk;
use plimsoll_types::{AccountId, Money, WaterfallStage};

/// What one stage paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Which stage.
    pub stage: WaterfallStage,
    /// How much, above zero.
    pub amount: Money,
}

impl Risk {
    /// Brings a flat account's negative balance to zero, stage by stage; the last one takes the whole rest.
    pub fn waterfall(&mut self, account: AccountId) -> Vec<Paid> {
        let stages = self.profile_of(account).liquidation.waterfall.clone();
        let mut paid = Vec::new();
        for stage in stages {
            let need = -self.cash(account);
            if need <= Money::ZERO {
                break;
            }
            let amount = match stage {
                WaterfallStage::InsuranceFund => need.min(self.house.fund),
                WaterfallStage::Debt => need,
                WaterfallStage::Deleverage | WaterfallStage::Socialise => Money::ZERO,
            };
            if amount <= Money::ZERO {
                continue;
            }
            match stage {
                WaterfallStage::InsuranceFund => self.house.fund -= amount,
                WaterfallStage::Deleverage | WaterfallStage::Socialise => {}
                WaterfallStage::Debt => {
                    self.house.written_off += amount;
                    let debtor = self.owner_of(account);
                    self.cold_mut(debtor).debt += amount;
                }
            }
            self.pay_in(account, amount);
            paid.push(Paid { stage, amount });
        }
        plimsoll_types::invariant!(
            self.cash(account) >= Money::ZERO,
            "the waterfall left account {account:?} owing"
        );
        paid
    }
}
