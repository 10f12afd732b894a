//! Settling: triggered stops enter, open cases act, breaches become cases, until nothing more happens. Source: SEMANTICS 8.

use crate::exchange::Exchange;
use crate::parked::Parked;
use plimsoll_types::Side;

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
        self.markets.iter_mut().flat_map(|market| &mut market.parked).for_each(Parked::calm);
        loop {
            self.enter_triggered();
            self.wake(0);
            self.put_fund_on_agenda();
            let mut last = 0;
            let mut acted = false;
            while let Some(number) = self.next_to_act(last) {
                self.agenda.remove(&number);
                last = number;
                acted |= self.act(number);
                self.wake(last);
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
            let mut woken = false;
            for parked in self.markets.iter_mut().flat_map(|market| &mut market.parked) {
                woken |= parked.begin_round();
            }
            if !acted && !woken && self.agenda.is_empty() && self.triggered.is_empty() {
                return;
            }
        }
    }

    /// The case with the lowest number behind `last` that may have something to do: on the agenda, or woken by what it finds in its book.
    fn next_to_act(&self, last: u32) -> Option<u32> {
        let mut next = self.agenda.range(last + 1..).next().copied();
        for market in &self.markets {
            for side in [Side::Buy, Side::Sell] {
                if let Some(woken) = market.parked[side as usize].next(last)
                    && next.is_none_or(|next| woken < next)
                    && market.has_for_parked(side)
                {
                    next = Some(woken);
                }
            }
        }
        next
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

    /// Wakes waiting cases whose instrument changed so that they might go on, where case `last` was the last to act in this round.
    fn wake(&mut self, last: u32) {
        let cover = self.risk.house().fund + self.fund_equity();
        if self.cover != Some(cover) {
            self.cover = Some(cover);
            self.agenda.extend(&self.asking);
        }
        for market in &mut self.markets {
            if !market.changed {
                continue;
            }
            market.changed = false;
            self.agenda.extend(market.queueing.iter().copied());
            for side in [Side::Buy, Side::Sell] {
                if !market.parked[side as usize].is_empty() && market.has_for_parked(side) {
                    market.parked[side as usize].wake(last);
                }
            }
        }
    }
}
