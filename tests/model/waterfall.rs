//! Section 7: a flat account below zero: who pays.

use super::case::{Aim, Case};
use super::{Model, account_id};
use plimsoll_types::*;

/// Shares a sum out in proportion, whole units, the largest remainders first, ties by place.
pub fn share_out(sum: i128, weights: &[i128]) -> Vec<i128> {
    let all: i128 = weights.iter().sum();
    let mut shares: Vec<i128> = weights.iter().map(|weight| sum * weight / all).collect();
    let mut places: Vec<usize> = (0..weights.len()).collect();
    // A stable sort leaves ties in order.
    places.sort_by_key(|&place| -(sum * weights[place] % all));
    let left = sum - shares.iter().sum::<i128>();
    for place in places.into_iter().take(left as usize) {
        shares[place] += 1;
    }
    shares
}

impl Model {
    pub fn end_flat(&mut self, case: u32) {
        let Case { account, aim, .. } = self.cases[&case];
        if self.equity(account) >= 0 || aim == Aim::Flat {
            self.step(case, CaseStep::Closed);
            self.end_case(case);
            if aim == Aim::Flat {
                self.saw("the fund is flat");
                self.sweep_fund_account(case);
            }
            return;
        }
        self.step(case, CaseStep::Waterfall);
        let mut borne = false;
        for stage in self.pacing(case).waterfall.clone() {
            match stage {
                WaterfallStage::InsuranceFund => self.fund_pays(case, account),
                WaterfallStage::Socialise => borne |= self.socialise(account),
                WaterfallStage::Deleverage => {}
                WaterfallStage::Debt => self.owe(account),
            }
        }
        // What is left after the last stage is a debt.
        self.owe(account);
        self.end_case(case);
        if borne {
            self.look();
        }
    }

    fn fund_pays(&mut self, case: u32, account: usize) {
        let paid = self.fund.min(-self.accounts[account].cash);
        if paid > 0 {
            self.accounts[account].cash += paid;
            self.change_fund(-paid, case);
        }
    }

    pub fn change_fund(&mut self, change: i128, case: u32) {
        self.fund += change;
        let (change, balance) = (Money::new(change), Money::new(self.fund));
        self.emit(EventKind::Fund { change, balance, case: Some(CaseId(case)) });
    }

    /// A pocket's debt is its account's.
    fn owe(&mut self, account: usize) {
        let need = -self.accounts[account].cash;
        if need <= 0 {
            return;
        }
        let owner = self.owner(account);
        self.accounts[account].cash = 0;
        self.accounts[owner].debt += need;
        self.written_off += need;
        self.emit(EventKind::Debt { account: account_id(owner), amount: Money::new(need) });
        self.show_permission(owner);
    }

    /// What an account has made since its last settlement, its pockets with it.
    fn profit_today(&self, account: usize) -> i128 {
        let with_pockets = [account].into_iter().chain(self.pockets(account));
        let made = |one: usize| {
            self.unrealised(one) + self.accounts[one].realised - self.accounts[one].settled.0
        };
        with_pockets.map(made).sum()
    }

    /// Those with a profit bear the loss by it. Whether anybody did.
    fn socialise(&mut self, account: usize) -> bool {
        let mut bearers: Vec<(usize, i128)> = Vec::new();
        for one in 0..self.accounts.len() {
            let of_another = self.accounts[one].pocket_of.is_none() && one != self.owner(account);
            // At most what the account itself has.
            let profit = self.profit_today(one).min(self.equity(one));
            if of_another && self.fund_account != Some(one) && profit > 0 {
                bearers.push((one, profit));
            }
        }
        let profits: Vec<i128> = bearers.iter().map(|(_, profit)| *profit).collect();
        let need = -self.accounts[account].cash;
        let sum = need.min(profits.iter().sum());
        if sum <= 0 {
            return false;
        }
        for ((one, _), amount) in bearers.into_iter().zip(share_out(sum, &profits)) {
            if amount > 0 {
                self.accounts[one].cash -= amount;
                self.accounts[account].cash += amount;
                let (account, amount) = (account_id(one), Money::new(amount));
                self.emit(EventKind::Socialised { account, amount });
            }
        }
        true
    }
}
