//! Settling: triggered stops enter, open cases act, breaches become cases, until nothing more happens. Source: SEMANTICS 8.

use crate::exchange::Exchange;
use plimsoll_types::{Phase, Side};

impl Exchange {
    /// Runs stops, cases and breaches until nothing more happens.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if self.cases.is_empty() && self.breaches.is_empty() && self.triggered.is_empty() {
            return;
        }
        self.settle_cases();
    }

    #[cold]
    fn settle_cases(&mut self) {
        loop {
            self.enter_triggered();
            self.wake();
            self.put_fund_on_agenda();
            let mut last = 0;
            let mut acted = false;
            while let Some(&number) = self.agenda.range(last + 1..).next() {
                self.agenda.remove(&number);
                last = number;
                acted |= self.act(number);
                self.wake();
            }
            let pending: Vec<_> = self.breaches.keys().copied().collect();
            for account in pending {
                if let Some(trigger) = self.breaches.remove(&account) {
                    if self.risk.fund_account() == Some(account) {
                        self.open_fund_case(account);
                    } else {
                        self.open_breach(account, trigger);
                    }
                    acted = true;
                }
            }
            if !acted && self.agenda.is_empty() && self.triggered.is_empty() {
                return;
            }
        }
    }

    /// Lets the fund's case act in every round: no look at its account does, because it trades without margin.
    fn put_fund_on_agenda(&mut self) {
        let fund = self.risk.fund_account();
        if let Some(case) = fund.and_then(|account| self.risk.account(account).case()) {
            self.agenda.insert(case.0);
        }
    }

    /// Lets every open case act next, as the rules have it after each command. Where the agenda is right nothing comes of it: for tests.
    #[doc(hidden)]
    pub fn put_all_cases_on_the_agenda(&mut self) {
        self.agenda.extend(self.cases.keys().copied());
    }

    /// Puts waiting cases on the agenda whose instrument changed so that they might go on.
    fn wake(&mut self) {
        let cover = self.risk.house().fund + self.fund_equity();
        if self.cover != Some(cover) {
            self.cover = Some(cover);
            let asking = self.cases.values().filter(|case| self.depends_on_others(case));
            let asking: Vec<u32> = asking.map(|case| case.id.0).collect();
            self.agenda.extend(asking);
        }
        for market in &mut self.markets {
            if !market.changed {
                continue;
            }
            market.changed = false;
            self.agenda.extend(market.queueing.iter().copied());
            if market.phase != Phase::Continuous {
                continue;
            }
            for side in [Side::Buy, Side::Sell] {
                if !market.parked[side as usize].is_empty()
                    && market.book.best(side.opposite()).is_some()
                {
                    self.agenda.extend(market.parked[side as usize].iter().copied());
                }
            }
        }
    }
}
