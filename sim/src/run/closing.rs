//! What a run notes on its way, and what is left of it at its end.

use super::Run;
use super::market::Market;
use crate::flow::Agent;
use crate::flow::replayed::Replayed;
use crate::outcome::{Ending, Outcome, Sample};
use plimsoll_types::{Money, Ts};
use std::time::Instant;

impl Run<'_> {
    /// Notes where the markets and the strategies stand.
    pub(super) fn sample(&mut self, ts: Ts) {
        self.record.sample(&self.exchange, ts);
        let totals = Sample {
            ts,
            mark: self.markets[0].price,
            bid: None,
            ask: None,
            band: None,
            bid_depth: 0,
            ask_depth: 0,
            open_cases: self.record.open_cases,
            parked_cases: self.record.parked_cases,
            fund: self.record.fund.now,
            debt: self.record.debt,
        };
        for market in &mut self.markets {
            market.sample(&self.exchange, ts, &totals);
        }
        for host in &mut self.hosts {
            host.sample(&self.exchange, ts);
            host.post_account(&self.exchange, ts, &mut self.mail);
        }
    }

    /// Adds up the books; keeps the first difference found.
    pub(super) fn audit(&mut self) {
        let imbalance = self.exchange.imbalance();
        if self.imbalance == Money::ZERO {
            self.imbalance = imbalance;
        }
    }

    /// The run as it ended.
    pub(super) fn finish(mut self, began: Instant) -> Outcome {
        let end = self.exchange.now().max(self.from);
        self.record.finish(end);
        self.audit();
        for account in &mut self.accounts {
            account.closing = self.exchange.equity(account.account);
            account.tier = self.exchange.tier(account.account);
            account.lots = self.exchange.position(account.account, account.instrument);
            account.paid_in =
                self.record.paid_in.get(&account.account).copied().unwrap_or_default()
                    - account.client.deposit;
        }
        let recorded = replayed(&self.agents);
        if let (Ending::Complete, Some(why)) =
            (&self.ending, recorded.as_ref().and_then(|recorded| recorded.broken.clone()))
        {
            self.ending = Ending::Failed(why);
        }
        let exchange = &self.exchange;
        let mut markets = self.markets.into_iter().map(Market::into_record);
        let first = markets.next().unwrap_or_else(|| {
            plimsoll_types::broken(format_args!("a scenario without an instrument"))
        });
        Outcome {
            seed: self.seed,
            from: self.from,
            to: end,
            price: first.price,
            commands: self.commands,
            events: exchange.seq(),
            state_hash: exchange.state_hash(),
            samples: first.samples,
            others: markets.collect(),
            accounts: self.accounts,
            strategies: self.hosts.into_iter().map(|host| host.finish(exchange)).collect(),
            record: self.record,
            recorded,
            imbalance: self.imbalance,
            ending: self.ending,
            wall: began.elapsed(),
        }
    }
}

/// What became of all recordings together; `None` without one.
fn replayed(agents: &[Box<dyn Agent>]) -> Option<Replayed> {
    let mut all = agents.iter().filter_map(|agent| agent.replayed().cloned());
    let first = all.next()?;
    Some(all.fold(first, Replayed::and))
}
