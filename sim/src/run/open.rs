//! Everything before continuous trading: accounts, deposits and the opening auction.

use super::host::{Host, Message};
use super::{NOBODY, Run, Seated};
use crate::flow::Agent;
use crate::flow::depth::Replay;
use crate::flow::maker::Maker;
use crate::flow::momentum::MomentumTrader;
use crate::flow::noise::NoiseTrader;
use crate::flow::wave::Wave;
use crate::outcome::{AccountRecord, Ending};
use crate::population::{Client, PopulationOdds, TopUps, client};
use crate::prng::Prng;
use crate::run::mail::Letter;
use crate::scenario::Flow;
use plimsoll_types::{
    AccountId, Command, InstrumentId, Label, MarkSource, NewOrder, Phase, Price, ProfileId, Qty,
    Side, Ts,
};
use std::cmp::Reverse;

impl Run<'_> {
    /// Opens the market.
    pub(super) fn open(&mut self) {
        for n in 0..self.markets.len() {
            self.open_market(n);
        }
        let scenario = self.scenario;
        for flow in &scenario.flows {
            self.open_flow(flow);
        }
        for (n, shock) in scenario.shocks.iter().enumerate() {
            let (opened, wake) = (self.from, self.from + shock.from);
            let seat = Seated::new(shock.instrument, 0);
            self.agent(&format!("shock-{}", n + 1), seat, wake, |account| {
                Box::new(Wave::new(account, shock.clone(), opened))
            });
        }
        for n in 0..scenario.populations.len() {
            self.open_population(n);
        }
        self.open_strategies();
        for n in 0..self.markets.len() {
            let instrument = self.markets[n].instrument;
            if scenario.flow(instrument).is_some() || self.is_populated(instrument) {
                self.send(self.from, &Command::Phase { instrument, phase: Phase::Continuous });
            }
        }
        for at in 0..self.accounts.len() {
            self.accounts[at].opening = self.exchange.equity(self.accounts[at].account);
        }
        for (n, scripted) in scenario.script.iter().enumerate() {
            self.mail.send(self.from + scripted.after, Letter::Scripted(n));
        }
        for place in 0..self.hosts.len() {
            self.mail.send(self.from, Letter::Message(place, Message::Start));
        }
    }

    fn is_populated(&self, instrument: InstrumentId) -> bool {
        self.scenario.populations.iter().any(|plan| plan.instrument == instrument)
    }

    fn open_market(&mut self, n: usize) {
        let (ts, instrument) = (self.from, self.markets[n].instrument);
        let first = self.markets[n].recorder.as_ref().map(|recorder| recorder.first());
        if let Some(first) = first {
            self.send(ts, &Command::Band { instrument, down: first.down, up: first.up });
            self.send(ts, &Command::Mark { instrument, price: first.last });
        }
        if self.markets[n].capture.is_some() {
            self.send(ts, &Command::Mark { instrument, price: self.markets[n].price });
        }
        if self.scenario.flow(instrument).is_some() || self.is_populated(instrument) {
            self.send(ts, &Command::Phase { instrument, phase: Phase::Auction });
        }
    }

    /// Opens an account whose events `agent` hears.
    pub(super) fn account(&mut self, name: &str, profile: ProfileId, agent: u32) -> AccountId {
        let name = Label::new(name).unwrap_or(self.scenario.exchange.currency);
        if self.exchange.account_id(&name).is_some() && self.ending == Ending::Complete {
            self.ending = Ending::Failed(format!("two accounts would be called {name}"));
        }
        self.send(self.from, &Command::OpenAccount { name, profile });
        // Not opened = the run has ended: nothing is sent any more.
        let id = self.exchange.account_id(&name).unwrap_or(AccountId(0));
        if self.owners.len() <= id.index() {
            self.owners.resize(id.index() + 1, NOBODY);
        }
        self.owners[id.index()] = agent;
        id
    }

    /// Opens an unlimited account and gives it to an agent, to be woken first at `wake`.
    pub(super) fn agent(
        &mut self,
        name: &str,
        seat: Seated,
        wake: Ts,
        make: impl FnOnce(AccountId) -> Box<dyn Agent>,
    ) {
        self.agent_of(&[name], seat, wake, |accounts| make(accounts[0]));
    }

    /// The same, for an agent of several accounts.
    pub(super) fn agent_of(
        &mut self,
        names: &[&str],
        seat: Seated,
        wake: Ts,
        make: impl FnOnce(&[AccountId]) -> Box<dyn Agent>,
    ) {
        let agent = self.agents.len() as u32;
        let accounts: Vec<AccountId> =
            names.iter().map(|name| self.account(name, ProfileId::UNLIMITED, agent)).collect();
        self.agents.push(make(&accounts));
        self.seats.push(seat);
        self.wakes.push(Reverse((wake, agent)));
    }

    fn open_flow(&mut self, flow: &Flow) {
        let (ts, instrument) = (self.from, flow.instrument);
        // The first instrument's agents have the seed itself, the others one made from it.
        let seed = match instrument.index() {
            0 => self.seed,
            n => Prng::new(self.seed, "instrument", n as u64).bits(),
        };
        let group = |name: &str| match instrument.index() {
            0 => name.to_owned(),
            n => format!("{name}{}", n + 1),
        };
        self.open_recording(flow, group("recorded"), group("taker"));
        if let Some(plan) = &flow.makers {
            for n in 0..u64::from(plan.accounts) {
                let wake = ts + plan.every * n / u64::from(plan.accounts);
                let name = format!("{}-{}", group("maker"), n + 1);
                self.agent(&name, Seated::new(instrument, plan.latency), wake, |a| {
                    Box::new(Maker::new(a, plan.clone(), seed, n))
                });
            }
        }
        if let Some(plan) = &flow.noise {
            for n in 0..u64::from(plan.accounts) {
                let wake = ts + plan.every + Prng::new(seed, "noise start", n).wait(plan.every);
                let name = format!("{}-{}", group("noise"), n + 1);
                self.agent(&name, Seated::new(instrument, plan.latency), wake, |a| {
                    Box::new(NoiseTrader::new(a, plan.clone(), seed, n))
                });
            }
        }
        if let Some(plan) = &flow.momentum {
            for n in 0..u64::from(plan.accounts) {
                let wake = ts + plan.every + Prng::new(seed, "momentum start", n).below(plan.every);
                let name = format!("{}-{}", group("momentum"), n + 1);
                self.agent(&name, Seated::new(instrument, plan.latency), wake, |a| {
                    Box::new(MomentumTrader::new(a, plan.clone(), seed, n))
                });
            }
        }
    }

    /// The agent that plays a recording, if the flow has one.
    fn open_recording(&mut self, flow: &Flow, recorded: String, taker: String) {
        let instrument = flow.instrument;
        let market = &mut self.markets[instrument.index()];
        let seat = Seated::new(instrument, 0);
        let wake = market.recorded.map_or(self.from, |(from, _)| from);
        let capture = market.capture.take();
        if let Some(mut recorder) = market.recorder.take() {
            self.agent(&recorded, seat, wake, |account| {
                recorder.assign(account);
                Box::new(recorder)
            });
        }
        if let (Some(plan), Some(capture)) = (&flow.depth, capture) {
            let spec = &self.scenario.exchange.instruments[instrument.index()];
            let external = spec.mark == MarkSource::External;
            self.agent_of(&[&recorded, &taker], seat, wake, |accounts| {
                let replay = Replay::new(accounts[0], accounts[1], capture, plan.relax);
                Box::new(if external { replay.marking() } else { replay })
            });
        }
    }

    /// The clients meet in the opening auction; what is left over on one side, the account `anchor` takes.
    fn open_population(&mut self, place: usize) {
        let scenario = self.scenario;
        let (ts, plan) = (self.from, &scenario.populations[place]);
        let instrument = plan.instrument;
        let price = self.markets[instrument.index()].price;
        let spec = &scenario.exchange.instruments[instrument.index()];
        let decimals = scenario.exchange.money_decimals;
        let odds = PopulationOdds::new(plan);
        let listener = self.agents.len() as u32;
        // The first group has the seed itself, the others one made from it.
        let seed = match place {
            0 => self.seed,
            n => Prng::new(self.seed, "population", n as u64).bits(),
        };
        self.agents.push(Box::new(TopUps::new(plan, seed)));
        self.seats.push(Seated::new(instrument, 0));
        let anchor = match place {
            0 => "anchor".to_owned(),
            n => format!("anchor-{}", n + 1),
        };
        let anchor = self.account(&anchor, ProfileId::UNLIMITED, NOBODY);
        let mut net = 0;
        for n in 0..u64::from(plan.accounts) {
            // The output may have failed meanwhile, and nobody is opened after that.
            if self.ending != Ending::Complete {
                break;
            }
            let client = client(plan, &odds, spec, decimals, price, seed, n);
            let name = format!("{}-{:05}", plan.name, n + 1);
            let account = self.account(&name, plan.profile, listener);
            self.send(ts, &Command::Deposit { account, amount: client.deposit });
            self.order(account, instrument, client.side, price, client.lots);
            self.accounts.push(AccountRecord::new(account, client, place, instrument));
            net += signed(client);
        }
        let side = if net > 0 { Side::Sell } else { Side::Buy };
        if net != 0 {
            self.order(anchor, instrument, side, price, net.unsigned_abs());
        }
    }

    /// An order of the opening auction.
    fn order(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        side: Side,
        price: Price,
        lots: u64,
    ) {
        let order = NewOrder::limit(account, instrument, side, price, Qty::new(lots));
        self.send(self.from, &Command::Order(order));
    }

    fn open_strategies(&mut self) {
        for (place, own) in std::mem::take(&mut self.strategies).into_iter().enumerate() {
            let name = own.seat.account;
            let account = self.account(name.as_str(), own.seat.profile, NOBODY);
            let amount = own.seat.deposit;
            self.send(self.from, &Command::Deposit { account, amount });
            let host = Host::new(place, own.strategy, own.seat, account, &self.exchange, self.seed);
            self.hosts.push(host);
        }
    }
}

/// Signed lots of a client's opening position.
fn signed(client: Client) -> i64 {
    Qty::new(client.lots).signed(client.side)
}
