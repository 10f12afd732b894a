//! Everything before continuous trading: accounts, deposits and the opening auction.

use super::host::{Host, Message};
use super::{NOBODY, Run, Seated};
use crate::flow::Agent;
use crate::flow::depth::Replay;
use crate::flow::index::Oracle;
use crate::flow::roster::roster;
use crate::flow::wave::Wave;
use crate::outcome::{AccountRecord, Ending};
use crate::population::draw::Draw;
use crate::population::enter::{self, Crowd, Gate};
use crate::population::plan::Population;
use crate::prng::Prng;
use crate::run::mail::Letter;
use crate::scenario::Flow;
use plimsoll_types::{
    AccountId, Command, InstrumentId, Label, MarkSource, Phase, Price, ProfileId, Ts,
};
use std::cmp::Reverse;

impl Run<'_> {
    /// Opens the market.
    pub(super) fn open(&mut self) {
        let scenario = self.scenario;
        for flow in &scenario.flows {
            self.open_flow(flow);
        }
        std::mem::take(&mut self.recordings).seat(self);
        for (n, shock) in scenario.shocks.iter().enumerate() {
            let (opened, wake) = (self.from, self.from + shock.from);
            let seat = Seated::new(shock.instrument, 0);
            self.agent(&format!("shock-{}", n + 1), seat, wake, |account| {
                Box::new(Wave::new(account, shock.clone(), opened))
            });
        }
        let crowds = self.open_populations();
        for n in 0..self.markets.len() {
            self.open_market(n);
        }
        for crowd in &crowds {
            crowd.come(self);
        }
        self.open_strategies();
        for n in 0..self.markets.len() {
            let instrument = self.markets[n].instrument;
            if scenario.flow(instrument).is_some() || self.is_populated(instrument) {
                self.send(self.from, &Command::Phase { instrument, phase: Phase::Continuous });
            }
        }
        for crowd in &crowds {
            crowd.protect(self);
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
        self.open_recording(flow, &group("recorded"), &group("taker"));
        if let Some(plan) = &flow.index {
            // Whoever looks at the opening already sees the index of its moment.
            let (seat, oracle) =
                (Seated::new(instrument, plan.latency), Oracle::new(plan.clone(), seed));
            self.agent_of(&[], seat, ts, |_| Box::new(oracle));
        }
        let suffix = group("");
        for newcomer in roster(flow, seed, ts, &suffix) {
            let seat = Seated::new(instrument, newcomer.latency);
            self.agent(&newcomer.name, seat, newcomer.wake, newcomer.seat);
        }
    }

    /// The agent that plays a recording, if the flow has one.
    fn open_recording(&mut self, flow: &Flow, recorded: &str, taker: &str) {
        let instrument = flow.instrument;
        let market = &mut self.markets[instrument.index()];
        let seat = Seated::of_recording(instrument);
        let wake = market.recorded.map_or(self.from, |(from, _)| from);
        let capture = market.capture.take();
        if let Some(mut recorder) = market.recorder.take() {
            let trades = flow.recorded.as_ref().is_some_and(|plan| plan.trades);
            let names = if trades { &[recorded, taker][..] } else { &[recorded] };
            self.agent_of(names, seat, wake, |accounts| {
                recorder.assign(accounts[0]);
                if let Some(&taker) = accounts.get(1) {
                    recorder.take_with(taker);
                }
                Box::new(recorder)
            });
        }
        if let (Some(plan), Some(capture)) = (&flow.depth, capture) {
            let spec = &self.scenario.exchange.instruments[instrument.index()];
            let external = spec.mark == MarkSource::External;
            self.agent_of(&[recorded, taker], seat, wake, |accounts| {
                let replay = Replay::new(accounts[0], accounts[1], capture, plan.relax);
                Box::new(if external { replay.marking() } else { replay })
            });
        }
    }

    /// Opens the populations' accounts, and lets those in who came before the opening.
    fn open_populations(&mut self) -> Vec<Crowd> {
        let scenario = self.scenario;
        let plans = &scenario.populations;
        let seeds: Vec<u64> = (0..plans.len()).map(|place| self.seed_of(place)).collect();
        let opening = |run: &Self, plan: &Population| run.markets[plan.instrument.index()].price;
        let paths: Vec<Vec<Price>> = plans
            .iter()
            .zip(&seeds)
            .map(|(plan, &seed)| enter::path(plan, opening(self, plan), seed))
            .collect();
        let mut crowds = Vec::new();
        for (place, plan) in plans.iter().enumerate() {
            let listener = self.agents.len() as u32;
            self.agents.push(enter::listener(plan, seeds[place]));
            self.seats.push(Seated::new(plan.instrument, 0));
            let anchor = match place {
                0 => "anchor".to_owned(),
                n => format!("anchor-{}", n + 1),
            };
            // Whoever comes in first also sees the prices at which the others come in after it.
            let others = plans.iter().zip(&paths).skip(place + 1);
            let later: Vec<Price> = others
                .filter(|(other, _)| other.instrument == plan.instrument)
                .flat_map(|(_, path)| path.iter().copied())
                .collect();
            let (path, seed) = (&paths[place], seeds[place]);
            let draw = Draw::new(plan, &scenario.exchange, path, &later, seed);
            let crowd = Crowd::assemble(&draw, plan, path.clone(), (&anchor, listener), self);
            self.accounts.extend(crowd.members.iter().map(|&(account, client)| {
                AccountRecord::new(account, client, place, plan.instrument)
            }));
            crowds.push(crowd);
        }
        for crowd in &crowds {
            crowd.choose_leverage(&scenario.exchange, self);
        }
        for (crowd, plan) in crowds.iter().zip(plans) {
            if crowd.has_past() {
                let band = self.markets[plan.instrument.index()].band;
                crowd.remember(&scenario.exchange.instruments[plan.instrument.index()], band, self);
            }
        }
        crowds
    }

    /// The first group has the seed itself, the others one made from it.
    fn seed_of(&self, place: usize) -> u64 {
        match place {
            0 => self.seed,
            n => Prng::new(self.seed, "population", n as u64).bits(),
        }
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

impl Gate for Run<'_> {
    fn open(&mut self, name: &str, profile: ProfileId, agent: u32) -> AccountId {
        self.account(name, profile, agent)
    }

    fn send(&mut self, command: &Command) {
        Run::send(self, self.from, command);
    }

    fn ended(&self) -> bool {
        self.ending != Ending::Complete
    }
}
