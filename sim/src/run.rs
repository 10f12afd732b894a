//! One run: wakes the agents in simulated time, sends what they say to the exchange, and keeps a record.

use crate::flow::maker::Maker;
use crate::flow::momentum::MomentumTrader;
use crate::flow::noise::NoiseTrader;
use crate::flow::recorded::{Recorder, read_days};
use crate::flow::value::Value;
use crate::flow::wave::Wave;
use crate::flow::{Agent, World};
use crate::outcome::{AccountRecord, Ending, Outcome, Sample};
use crate::population::{Client, PopulationOdds, TopUps, client};
use crate::prng::Prng;
use crate::record::Record;
use crate::scenario::Scenario;
use plimsoll_exchange::Exchange;
use plimsoll_text::Error;
use plimsoll_types::{
    AccountId, Band, Command, Event, EventKind, Label, Money, NewOrder, Phase, Price, ProfileId,
    Qty, Side, Ts,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::time::Instant;

/// How often in a run the books are added up, besides at its end.
const AUDITS: u64 = 20;
/// Levels of a side whose lots count as depth.
const DEPTH_LEVELS: usize = 5;
/// Samples a run may take, so that its memory has a bound.
const SAMPLES_MAX: u64 = 200_000;
/// No agent: its account trades only in the opening auction.
const NOBODY: u32 = u32::MAX;

/// What a run needs from outside: a place for its events, and somebody who looks on.
pub trait Stage {
    /// Takes the events of one command, a whole batch, in order.
    ///
    /// Errors: what keeps it from writing; the run then ends, incomplete.
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()>;

    /// Hears how far the run is: simulated time passed, of how much.
    fn progress(&mut self, passed: Ts, of: Ts) {
        let _ = (passed, of);
    }

    /// Whether to stop early.
    fn stop(&self) -> bool {
        false
    }
}

/// Runs a scenario under a seed.
///
/// Errors: recorded data that cannot be read. Trouble in the middle is told by [`Outcome::ending`].
pub fn run(scenario: &Scenario, seed: u64, stage: &mut dyn Stage) -> Result<Outcome, Error> {
    let began = Instant::now();
    let mut run = Run::prepare(scenario, seed, stage)?;
    run.open();
    run.trade();
    Ok(run.finish(began))
}

/// The recording, if the scenario has one, and where and when the market opens.
struct Opening {
    recorder: Option<Recorder>,
    ts: Ts,
    end: Ts,
    price: Price,
}

struct Run<'a> {
    scenario: &'a Scenario,
    seed: u64,
    stage: &'a mut dyn Stage,
    exchange: Exchange,
    opening: Opening,
    value: Value,
    agents: Vec<Box<dyn Agent>>,
    /// Who hears what happens to an account, by account.
    owners: Vec<u32>,
    wakes: BinaryHeap<Reverse<(Ts, u32)>>,
    record: Record,
    samples: Vec<Sample>,
    accounts: Vec<AccountRecord>,
    band: Option<Band>,
    phase: Phase,
    commands: u64,
    imbalance: Money,
    ending: Ending,
    scratch: Vec<Event>,
}

impl<'a> Run<'a> {
    fn prepare(
        scenario: &'a Scenario,
        seed: u64,
        stage: &'a mut dyn Stage,
    ) -> Result<Run<'a>, Error> {
        let spec = &scenario.exchange.instruments[scenario.instrument.index()];
        let mut opening = Opening {
            recorder: None,
            ts: scenario.start,
            end: scenario.start + scenario.duration,
            price: spec.prev_settlement,
        };
        if let Some(plan) = &scenario.flow.recorded {
            let snapshots = read_days(plan, spec.tick_size)?;
            let (first, last) = (snapshots[0], snapshots[snapshots.len() - 1]);
            opening.ts = first.ts;
            opening.end =
                (first.ts + scenario.duration).min(last.ts + crate::scenario::reader::SECOND);
            opening.price = first.last;
            // The account is known once it is open.
            opening.recorder = Some(Recorder::new(AccountId(0), plan.clone(), snapshots));
        }
        let samples = opening.end.saturating_sub(opening.ts) / scenario.sample;
        if samples > SAMPLES_MAX {
            let expected = format!("at most {SAMPLES_MAX} samples in the whole run");
            return Err(Error::new("simulation.sample", expected, &samples.to_string()));
        }
        let mark = spec.prev_settlement;
        Ok(Run {
            exchange: Exchange::new(scenario.exchange.clone()),
            value: Value::new(scenario, seed, opening.ts, opening.price),
            record: Record::new(scenario.exchange.insurance_fund, mark),
            band: spec.band,
            phase: spec.phase,
            owners: vec![NOBODY; scenario.exchange.accounts.len()],
            scenario,
            seed,
            stage,
            opening,
            agents: Vec::new(),
            wakes: BinaryHeap::new(),
            samples: Vec::new(),
            accounts: Vec::new(),
            commands: 0,
            imbalance: Money::ZERO,
            ending: Ending::Complete,
            scratch: Vec::new(),
        })
    }

    /// Carries out one command and tells everybody what came of it.
    fn send(&mut self, ts: Ts, command: &Command) {
        if self.ending != Ending::Complete {
            return;
        }
        let mut events = std::mem::take(&mut self.scratch);
        events.clear();
        self.exchange.apply(ts, command, &mut events);
        self.commands += 1;
        if let Err(error) = self.stage.events(&self.exchange, &events) {
            self.ending = Ending::Failed(error.to_string());
        }
        for event in &events {
            let exchange = &self.exchange;
            self.record.note(event.ts, &event.kind, |account| exchange.equity(account));
            match event.kind {
                EventKind::Band { up, down, .. } => self.band = Some(Band { down, up }),
                EventKind::Phase { phase, .. } => self.phase = phase,
                _ => {}
            }
            self.tell(ts, event);
        }
        self.scratch = events;
    }

    fn tell(&mut self, ts: Ts, event: &Event) {
        let owner =
            |account: AccountId| self.owners.get(account.index()).copied().unwrap_or(NOBODY);
        let (first, second) = match &event.kind {
            EventKind::Accepted { account, .. }
            | EventKind::Cancelled { account, .. }
            | EventKind::MarginCall { account, .. } => (owner(*account), NOBODY),
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

    /// Opens an account whose events `agent` hears.
    fn account(&mut self, name: &str, profile: ProfileId, agent: u32) -> AccountId {
        let id = AccountId(self.owners.len() as u32);
        self.owners.push(agent);
        let name = Label::new(name).unwrap_or(self.scenario.exchange.currency);
        self.send(self.opening.ts, &Command::OpenAccount { name, profile });
        id
    }

    /// Opens an unlimited account and gives it to an agent, to be woken first at `wake`.
    fn agent(&mut self, name: &str, wake: Ts, make: impl FnOnce(AccountId) -> Box<dyn Agent>) {
        let agent = self.agents.len() as u32;
        let account = self.account(name, ProfileId::UNLIMITED, agent);
        self.agents.push(make(account));
        self.wakes.push(Reverse((wake, agent)));
    }

    /// Everything before continuous trading: accounts, deposits and the opening auction.
    fn open(&mut self) {
        let (ts, instrument) = (self.opening.ts, self.scenario.instrument);
        if let Some(recorder) = &self.opening.recorder {
            let first = recorder.first();
            self.send(ts, &Command::Band { instrument, down: first.down, up: first.up });
            self.send(ts, &Command::Mark { instrument, price: first.last });
        }
        self.send(ts, &Command::Phase { instrument, phase: Phase::Auction });
        self.open_background();
        self.open_population();
        self.send(ts, &Command::Phase { instrument, phase: Phase::Continuous });
        for at in 0..self.accounts.len() {
            self.accounts[at].opening = self.exchange.equity(self.accounts[at].account);
        }
    }

    fn open_background(&mut self) {
        let (ts, seed, flow) = (self.opening.ts, self.seed, &self.scenario.flow);
        if let Some(mut recorder) = self.opening.recorder.take() {
            self.agent("recorded", ts, |account| {
                recorder.assign(account);
                Box::new(recorder)
            });
        }
        if let Some(plan) = &flow.makers {
            for n in 0..u64::from(plan.accounts) {
                let wake = ts + plan.every * n / u64::from(plan.accounts);
                let name = format!("maker-{}", n + 1);
                self.agent(&name, wake, |a| Box::new(Maker::new(a, plan.clone(), seed, n)));
            }
        }
        if let Some(plan) = &flow.noise {
            for n in 0..u64::from(plan.accounts) {
                let wake = ts + plan.every + Prng::new(seed, "noise start", n).wait(plan.every);
                let name = format!("noise-{}", n + 1);
                self.agent(&name, wake, |a| Box::new(NoiseTrader::new(a, plan.clone(), seed, n)));
            }
        }
        if let Some(plan) = &flow.momentum {
            for n in 0..u64::from(plan.accounts) {
                let wake = ts + plan.every + Prng::new(seed, "momentum start", n).below(plan.every);
                let name = format!("momentum-{}", n + 1);
                self.agent(&name, wake, |a| {
                    Box::new(MomentumTrader::new(a, plan.clone(), seed, n))
                });
            }
        }
        for (n, shock) in self.scenario.shocks.iter().enumerate() {
            let wake = ts + shock.from;
            self.agent(&format!("shock-{}", n + 1), wake, |a| {
                Box::new(Wave::new(a, shock.clone(), ts))
            });
        }
    }

    /// The clients meet in the opening auction; what is left over on one side, the account `anchor` takes.
    fn open_population(&mut self) {
        let (ts, price, plan) = (self.opening.ts, self.opening.price, &self.scenario.population);
        let spec = &self.scenario.exchange.instruments[self.scenario.instrument.index()];
        let decimals = self.scenario.exchange.money_decimals;
        let odds = PopulationOdds::new(plan);
        let listener = self.agents.len() as u32;
        self.agents.push(Box::new(TopUps::new(plan, self.seed)));
        let anchor = self.account("anchor", ProfileId::UNLIMITED, NOBODY);
        for n in 0..u64::from(plan.accounts) {
            // The output may have failed meanwhile, and nobody is opened after that.
            if self.ending != Ending::Complete {
                break;
            }
            let client = client(plan, &odds, spec, decimals, price, self.seed, n);
            let account = self.account(&format!("client-{:05}", n + 1), plan.profile, listener);
            self.send(ts, &Command::Deposit { account, amount: client.deposit });
            self.order(account, client.side, client.lots);
            self.accounts.push(AccountRecord::new(account, client));
        }
        let net: i64 = self.accounts.iter().map(|a| signed(a.client)).sum();
        let side = if net > 0 { Side::Sell } else { Side::Buy };
        if net != 0 {
            self.order(anchor, side, net.unsigned_abs());
        }
    }

    /// An order of the opening auction, at its price.
    fn order(&mut self, account: AccountId, side: Side, lots: u64) {
        let (instrument, price) = (self.scenario.instrument, self.opening.price);
        let order = NewOrder::limit(account, instrument, side, price, Qty::new(lots));
        self.send(self.opening.ts, &Command::Order(order));
    }

    /// Continuous trading until the end.
    fn trade(&mut self) {
        let span = (self.opening.end - self.opening.ts).max(1);
        let mut sample_at = self.opening.ts;
        let mut audit_at = self.opening.ts;
        let mut commands = Vec::new();
        while self.ending == Ending::Complete {
            if self.stage.stop() {
                self.ending = Ending::Stopped;
                break;
            }
            let next = self.wakes.peek().map_or(self.opening.end, |&Reverse((ts, _))| ts);
            let now = next.min(self.opening.end);
            // A sample shows what stands once everything of its moment has happened.
            let due = sample_at < now || (next >= self.opening.end && sample_at <= now);
            if due && self.phase != Phase::Closed {
                self.send(sample_at, &Command::Time);
                self.sample(sample_at);
                self.stage.progress(sample_at - self.opening.ts, span);
                sample_at += self.scenario.sample;
                continue;
            }
            // Nothing to draw while the market is closed: go on where it wakes up.
            sample_at = if due { now } else { sample_at };
            if audit_at <= now {
                audit_at += (span / AUDITS).max(1);
                self.audit();
            }
            if next >= self.opening.end {
                break;
            }
            let Some(Reverse((ts, agent))) = self.wakes.pop() else { break };
            self.wake(ts, agent, &mut commands);
        }
        self.send(self.opening.end, &Command::Time);
    }

    fn wake(&mut self, ts: Ts, agent: u32, commands: &mut Vec<Command>) {
        let world = World {
            exchange: &self.exchange,
            instrument: self.scenario.instrument,
            now: ts,
            value: self.value.at(ts),
            liquidity: self.value.liquidity(ts),
            band: self.band,
        };
        let again = self.agents[agent as usize].wake(&world, commands);
        if let Some(again) = again {
            self.wakes.push(Reverse((again.max(ts), agent)));
        }
        for command in commands.drain(..) {
            self.send(ts, &command);
        }
    }

    fn sample(&mut self, ts: Ts) {
        let instrument = self.scenario.instrument;
        let depth = |side| {
            let mut lots = 0;
            self.exchange.depth(instrument, side, DEPTH_LEVELS, &mut |_, qty| lots += qty.lots());
            lots
        };
        let best = |side| self.exchange.best(instrument, side).map(|(price, _)| price);
        self.samples.push(Sample {
            ts,
            mark: self.exchange.mark(instrument),
            bid: best(Side::Buy),
            ask: best(Side::Sell),
            band: self.band,
            bid_depth: depth(Side::Buy),
            ask_depth: depth(Side::Sell),
            open_cases: self.record.open_cases,
            parked_cases: self.record.parked_cases,
            fund: self.record.fund.now,
            debt: self.record.debt,
        });
    }

    /// Adds up the books; keeps the first difference found.
    fn audit(&mut self) {
        let imbalance = self.exchange.view().imbalance();
        if self.imbalance == Money::ZERO {
            self.imbalance = imbalance;
        }
    }

    fn finish(mut self, began: Instant) -> Outcome {
        let end = self.exchange.now().max(self.opening.ts);
        self.record.finish(end);
        self.audit();
        for account in &mut self.accounts {
            account.closing = self.exchange.equity(account.account);
            account.tier = self.exchange.tier(account.account);
            account.lots = self.exchange.position(account.account, self.scenario.instrument);
            account.paid_in =
                self.record.paid_in.get(&account.account).copied().unwrap_or_default()
                    - account.client.deposit;
        }
        Outcome {
            seed: self.seed,
            from: self.opening.ts,
            to: end,
            price: self.opening.price,
            commands: self.commands,
            events: self.exchange.seq(),
            state_hash: self.exchange.view().hash,
            samples: self.samples,
            accounts: self.accounts,
            record: self.record,
            imbalance: self.imbalance,
            ending: self.ending,
            wall: began.elapsed(),
        }
    }
}

/// Signed lots of a client's opening position.
fn signed(client: Client) -> i64 {
    Qty::new(client.lots).signed(client.side)
}
