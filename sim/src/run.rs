//! One run: wakes the agents in simulated time, sends what they say to the exchange, and keeps a record.
//!
//! At one moment the order is: mail that arrives (scripted commands, late commands of agents and strategies, messages to
//! strategies), in the order it was sent; then agents, in the order they were seated; then the sample.

mod closing;
pub mod host;
pub mod mail;
pub mod market;
mod open;
mod recordings;
mod telling;
#[cfg(test)]
mod tests;
pub mod watch;

use crate::flow::{Agent, World};
use crate::outcome::{AccountRecord, Ending, Outcome};
use crate::record::Record;
use crate::scenario::Scenario;
use crate::strategy::plan::Seat;
use crate::strategy::{Quote, Strategy};
use host::{Host, Message};
use mail::{Letter, Mail};
use market::Market;
use plimsoll_exchange::Exchange;
use plimsoll_text::Error;
use plimsoll_types::{Command, Event, EventKind, InstrumentId, Money, Phase, Ts};
use recordings::Recordings;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::Arc;
use std::time::Instant;
use watch::Watch;

/// How often in a run the books are added up, besides at its end.
const AUDITS: u64 = 20;
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

/// A strategy that somebody brings along, and the seat it takes.
pub struct Own {
    /// Where it sits.
    pub seat: Seat,
    /// Itself.
    pub strategy: Box<dyn Strategy>,
}

/// Runs a scenario under a seed, with the strategies it names.
///
/// Errors: recorded data that cannot be read. Trouble in the middle is told by [`Outcome::ending`].
pub fn run(scenario: &Scenario, seed: u64, stage: &mut dyn Stage) -> Result<Outcome, Error> {
    run_with(scenario, seed, Vec::new(), stage)
}

/// The same, with strategies of one's own behind those the scenario names.
///
/// Errors: as [`run`]; a strategy's account name that is taken.
pub fn run_with(
    scenario: &Scenario,
    seed: u64,
    own: Vec<Own>,
    stage: &mut dyn Stage,
) -> Result<Outcome, Error> {
    run_under(scenario, seed, own, stage, None)
}

/// The same, under a watchdog if there is one.
fn run_under(
    scenario: &Scenario,
    seed: u64,
    own: Vec<Own>,
    stage: &mut dyn Stage,
    watch: Option<Arc<Watch>>,
) -> Result<Outcome, Error> {
    let began = Instant::now();
    let named = scenario.strategies.iter();
    let mut strategies: Vec<Own> =
        named.map(|plan| Own { seat: plan.seat.clone(), strategy: plan.build() }).collect();
    strategies.extend(own);
    let mut run = Run::prepare(scenario, seed, strategies, stage)?;
    run.watch = watch;
    run.open();
    run.trade();
    Ok(run.finish(began))
}

/// Where an agent sits: what it looks at, and how long its commands take.
#[derive(Clone, Copy)]
struct Seated {
    instrument: InstrumentId,
    latency: Ts,
    /// Whether it plays a recording.
    recorded: bool,
}

impl Seated {
    fn new(instrument: InstrumentId, latency: Ts) -> Seated {
        Seated { instrument, latency, recorded: false }
    }

    /// Where a recording sits, which sends what it recorded whatever the phase.
    fn of_recording(instrument: InstrumentId) -> Seated {
        Seated { instrument, latency: 0, recorded: true }
    }
}

/// Whether a market in this phase takes such a command at all.
fn taken(phase: Phase, command: &Command) -> bool {
    match command {
        Command::Order(order) => match phase {
            Phase::Continuous => true,
            _ => phase.gathers() && order.tif.rests() && !order.post_only,
        },
        Command::Replace { .. } => phase == Phase::Continuous || phase.gathers(),
        _ => true,
    }
}

struct Run<'a> {
    scenario: &'a Scenario,
    seed: u64,
    stage: &'a mut dyn Stage,
    exchange: Exchange,
    from: Ts,
    end: Ts,
    /// By instrument.
    markets: Vec<Market>,
    recordings: Recordings,
    agents: Vec<Box<dyn Agent>>,
    /// Of each agent.
    seats: Vec<Seated>,
    /// Who hears what happens to an account, by account.
    owners: Vec<u32>,
    wakes: BinaryHeap<Reverse<(Ts, u32)>>,
    mail: Mail,
    /// Strategies still without an account.
    strategies: Vec<Own>,
    hosts: Vec<Host>,
    watch: Option<Arc<Watch>>,
    /// What the strategies were last told of each instrument.
    quoted: Vec<Option<Quote>>,
    record: Record,
    accounts: Vec<AccountRecord>,
    commands: u64,
    imbalance: Money,
    ending: Ending,
    scratch: Vec<Event>,
}

impl<'a> Run<'a> {
    fn prepare(
        scenario: &'a Scenario,
        seed: u64,
        strategies: Vec<Own>,
        stage: &'a mut dyn Stage,
    ) -> Result<Run<'a>, Error> {
        let count = scenario.exchange.instruments.len();
        let mut markets = (0..count)
            .map(|n| Market::new(scenario, seed, InstrumentId(n as u16)))
            .collect::<Result<Vec<Market>, Error>>()?;
        let recordings = Recordings::gather(scenario, &mut markets)?;
        let recorded = || markets.iter().filter_map(|market| market.recorded);
        let from = recorded().map(|(from, _)| from).min().unwrap_or(scenario.start);
        let last = recorded().map(|(_, to)| to).max().unwrap_or(Ts::MAX);
        let end = from.saturating_add(scenario.duration).min(last);
        let samples = end.saturating_sub(from) / scenario.sample;
        if samples > SAMPLES_MAX {
            let expected = format!("at most {SAMPLES_MAX} samples in the whole run");
            return Err(Error::new("simulation.sample", expected, &samples.to_string()));
        }
        let mut run = Run {
            exchange: Exchange::new(scenario.exchange.clone()),
            record: Record::new(&scenario.exchange, scenario.instrument),
            owners: vec![NOBODY; scenario.exchange.accounts.len()],
            quoted: vec![None; markets.len()],
            scenario,
            seed,
            stage,
            from,
            end,
            markets,
            recordings,
            agents: Vec::new(),
            seats: Vec::new(),
            wakes: BinaryHeap::new(),
            mail: Mail::default(),
            strategies,
            hosts: Vec::new(),
            watch: None,
            accounts: Vec::new(),
            commands: 0,
            imbalance: Money::ZERO,
            ending: Ending::Complete,
            scratch: Vec::new(),
        };
        for market in &mut run.markets {
            market.value.begin(from, market.price);
        }
        Ok(run)
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
            self.record.note(event.ts, &event.kind, &self.exchange);
            if let EventKind::Band { instrument, .. } | EventKind::Phase { instrument, .. } =
                event.kind
                && let Some(market) = self.markets.get_mut(instrument.index())
            {
                market.note(&event.kind);
            }
            self.tell(ts, event);
        }
        if !self.hosts.is_empty() {
            self.post(ts, &events);
        }
        self.scratch = events;
    }

    /// Continuous trading until the end.
    fn trade(&mut self) {
        let span = (self.end - self.from).max(1);
        let mut sample_at = self.from;
        let mut audit_at = self.from;
        let mut commands = Vec::new();
        while self.ending == Ending::Complete {
            if self.stage.stop() {
                self.ending = Ending::Stopped;
                break;
            }
            let waking = self.wakes.peek().map_or(self.end, |&Reverse((ts, _))| ts);
            let timer = self.timer();
            let next = waking.min(self.mail.next().unwrap_or(self.end)).min(timer);
            let now = next.min(self.end);
            // A sample shows what stands once everything of its moment has happened.
            let due = sample_at < now || (next >= self.end && sample_at <= now);
            if due && !self.is_closed() {
                self.send(sample_at, &Command::Time);
                self.sample(sample_at);
                self.stage.progress(sample_at - self.from, span);
                sample_at += self.scenario.sample;
                continue;
            }
            // While the market is closed nobody sends anything that would wake the calendar.
            if let Some(timer) = self.exchange.next_due().filter(|&timer| timer < now)
                && self.is_closed()
            {
                self.send(timer.max(self.exchange.now()), &Command::Time);
                continue;
            }
            // Nothing to draw while the market is closed: go on where it wakes up.
            sample_at = if due { now } else { sample_at };
            if audit_at <= now {
                audit_at += (span / AUDITS).max(1);
                self.audit();
            }
            if next >= self.end {
                break;
            }
            match self.mail.take(now) {
                Some((ts, letter)) => self.deliver(ts, letter),
                None if timer == now => self.send(now, &Command::Time),
                None => self.wake_next(&mut commands),
            }
        }
        self.send(self.end, &Command::Time);
        for host in 0..self.hosts.len() {
            self.tell_strategy(self.end, host, &Message::Stop);
        }
    }

    /// When the exchange has something to do of itself. Only strategies need to hear of it at once: what they do about it
    /// must not come before what others have done meanwhile.
    fn timer(&self) -> Ts {
        let due = self.exchange.next_due().filter(|due| *due > self.exchange.now());
        due.filter(|_| !self.hosts.is_empty()).unwrap_or(Ts::MAX)
    }

    fn is_closed(&self) -> bool {
        self.markets.iter().all(|market| market.phase == Phase::Closed)
    }

    fn deliver(&mut self, ts: Ts, letter: Letter) {
        let ts = ts.max(self.exchange.now());
        match letter {
            Letter::Command(command) => self.send(ts, &command),
            Letter::Scripted(place) => {
                let command = self.scenario.script[place].line.resolve(&self.exchange);
                self.send(ts, &command);
            }
            Letter::Message(host, message) => self.tell_strategy(ts, host, &message),
        }
    }

    fn tell_strategy(&mut self, ts: Ts, host: usize, message: &Message) {
        if self.ending != Ending::Complete {
            return;
        }
        let returns = self.watch.as_ref().is_none_or(|watch| watch.enter());
        let told = match returns {
            true => self.hosts[host].tell(ts, message, &mut self.mail),
            false => {
                let limit = crate::say::span(self.scenario.strategy_timeout);
                let trouble = format!("did not return within {limit}");
                Err(self.hosts[host].complaint(ts, message, &trouble))
            }
        };
        if let Some(watch) = &self.watch {
            watch.leave();
        }
        if let Err(trouble) = told {
            self.ending = Ending::Failed(trouble);
        }
    }

    fn wake_next(&mut self, commands: &mut Vec<Command>) {
        let Some(Reverse((ts, agent))) = self.wakes.pop() else { return };
        let seat = self.seats[agent as usize];
        let market = &mut self.markets[seat.instrument.index()];
        let world = World {
            exchange: &self.exchange,
            instrument: seat.instrument,
            now: ts,
            value: market.value.at(ts),
            liquidity: market.value.liquidity(ts),
            band: market.band,
            phase: market.phase,
        };
        let again = self.agents[agent as usize].wake(&world, commands);
        if let Some(again) = again {
            self.wakes.push(Reverse((again.max(ts), agent)));
        }
        for command in commands.drain(..) {
            // The phase is public: nobody sends what the market does not take now. A recording does what it recorded.
            let phase = self.markets[seat.instrument.index()].phase;
            if !seat.recorded && !taken(phase, &command) {
                continue;
            }
            match seat.latency {
                0 => self.send(ts, &command),
                late => self.mail.send(ts + late, Letter::Command(command)),
            }
        }
    }
}
