//! Who hears what of a command's events: agents at once, strategies by the mail.

use super::{NOBODY, Run};
use crate::strategy::Quote;
use plimsoll_types::{AccountId, Event, EventKind, InstrumentId, Side, Ts};
use std::cmp::Reverse;

impl Run<'_> {
    /// Tells the agents whose accounts an event is about; some want to be woken for it.
    pub(super) fn tell(&mut self, ts: Ts, event: &Event) {
        // An isolated position is an account of its own; whoever owns it hears of it.
        let owner = |account: AccountId| {
            let account = self.exchange.owner(account);
            self.owners.get(account.index()).copied().unwrap_or(NOBODY)
        };
        let (first, second) = match &event.kind {
            EventKind::Accepted { account, .. }
            | EventKind::Cancelled { account, .. }
            | EventKind::Replaced { account, .. }
            | EventKind::MarginCall { account, .. } => (owner(*account), NOBODY),
            EventKind::Rejected { account: Some(account), .. } => (owner(*account), NOBODY),
            EventKind::Trade { maker, taker, .. } => (owner(*maker), owner(*taker)),
            _ => return,
        };
        for agent in
            [Some(first), Some(second).filter(|second| *second != first)].into_iter().flatten()
        {
            if let Some(listener) = self.agents.get_mut(agent as usize)
                && let Some(wake) = listener.heard(event)
            {
                self.wakes.push(Reverse((wake.max(ts), agent)));
            }
        }
    }

    /// Posts to the strategies what they may hear of a command's events, and the quotes that it changed.
    pub(super) fn post(&mut self, ts: Ts, events: &[Event]) {
        for host in &mut self.hosts {
            let mut touched = false;
            for event in events {
                // Orders freeze money, everything else moves it; news of others does neither.
                touched |= host.hear(&self.exchange, event, &mut self.mail);
            }
            if touched {
                host.post_account(&self.exchange, ts, &mut self.mail);
            }
        }
        for (n, last) in self.quoted.iter_mut().enumerate() {
            let instrument = InstrumentId(n as u16);
            let quote = Quote {
                ts,
                instrument,
                bid: self.exchange.best(instrument, Side::Buy),
                ask: self.exchange.best(instrument, Side::Sell),
                mark: self.exchange.mark(instrument),
            };
            if last.is_none_or(|last| Quote { ts, ..last } != quote) {
                *last = Some(quote);
                for host in &mut self.hosts {
                    host.post_quote(quote, &mut self.mail);
                }
            }
        }
    }
}
