//! No allocation in a look at the market, or in hearing of one's orders, once agents are warm: a counting allocator watches them.

mod counting;

use counting::allocations;
use plimsoll_exchange::Exchange;
use plimsoll_sim::Scenario;
use plimsoll_sim::flow::roster::roster;
use plimsoll_sim::flow::{Agent, World};
use plimsoll_types::{
    AccountId, Command, Event, EventKind, InstrumentId, Label, Phase, ProfileId, Ratio, Ts,
};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::path::Path;

const MINUTE: Ts = 60_000_000_000;
/// Until the memory of momentum traders, two minutes, and everybody's list of orders have their size.
const WARM_UP: Ts = 30 * MINUTE;
const COUNTED: Ts = 30 * MINUTE;

/// Ticks by which the value is away: up and down by 900 in ten minutes, so that there is a trend to follow.
fn swing(now: Ts) -> i64 {
    let phase = (now / (MINUTE / 60) % 600) as i64;
    (phase - 300).abs() * 3
}

/// A market of agents alone, without latency, and what they asked of the allocator.
struct Market {
    exchange: Exchange,
    instrument: InstrumentId,
    /// By account.
    agents: Vec<(String, Box<dyn Agent>)>,
    wakes: BinaryHeap<Reverse<(Ts, u32)>>,
    /// By class.
    looks: BTreeMap<String, (u64, u64)>,
}

impl Market {
    /// The first flow of a scenario, just before its first look.
    fn new(scenario: &Scenario) -> Market {
        let mut exchange = Exchange::new(scenario.exchange.clone());
        let (instrument, mut events) = (scenario.instrument, Vec::new());
        let (mut agents, mut wakes) = (Vec::new(), BinaryHeap::new());
        for newcomer in roster(&scenario.flows[0], 1, 0, "") {
            let name = Label::new(&newcomer.name).expect("short");
            exchange.apply(
                0,
                &Command::OpenAccount { name, profile: ProfileId::UNLIMITED },
                &mut events,
            );
            let account = exchange.account_id(&name).expect("opened");
            assert_eq!(account.index(), agents.len(), "nobody else has an account");
            wakes.push(Reverse((newcomer.wake, account.0)));
            let class = newcomer.name.split('-').next().unwrap_or_default().to_owned();
            agents.push((class, (newcomer.seat)(account)));
        }
        exchange.apply(0, &Command::Phase { instrument, phase: Phase::Continuous }, &mut events);
        Market { exchange, instrument, agents, wakes, looks: BTreeMap::new() }
    }

    fn run(&mut self, until: Ts) {
        let (mut out, mut events) = (Vec::with_capacity(1 << 12), Vec::with_capacity(1 << 12));
        let origin = self.exchange.spec().instruments[0].prev_settlement.ticks();
        while let Some(&Reverse((now, agent))) = self.wakes.peek()
            && now <= until
        {
            self.wakes.pop();
            let world = World {
                exchange: &self.exchange,
                instrument: self.instrument,
                now,
                value: origin + swing(now),
                liquidity: Ratio::ONE,
                band: None,
                phase: Phase::Continuous,
            };
            let (class, listener) = &mut self.agents[agent as usize];
            let before = allocations();
            let next = listener.wake(&world, &mut out);
            let asked = allocations() - before;
            let count = self.looks.get_mut(class.as_str());
            match count {
                Some(count) => *count = (count.0 + out.len() as u64, count.1 + asked),
                None => drop(self.looks.insert(class.clone(), (out.len() as u64, asked))),
            }
            self.wakes.extend(next.map(|next| Reverse((next.max(now), agent))));
            for command in out.drain(..) {
                self.exchange.apply(now, &command, &mut events);
                for event in events.drain(..) {
                    self.tell(now, &event);
                }
            }
        }
    }

    fn tell(&mut self, now: Ts, event: &Event) {
        let accounts: [Option<AccountId>; 2] = match event.kind {
            EventKind::Accepted { account, .. }
            | EventKind::Cancelled { account, .. }
            | EventKind::Replaced { account, .. } => [Some(account), None],
            EventKind::Rejected { account, .. } => [account, None],
            EventKind::Trade { maker, taker, .. } => {
                [Some(maker), Some(taker).filter(|taker| *taker != maker)]
            }
            _ => [None; 2],
        };
        for account in accounts.into_iter().flatten() {
            let (class, listener) = &mut self.agents[account.index()];
            let before = allocations();
            let wake = listener.heard(event);
            let asked = allocations() - before;
            if let Some(count) = self.looks.get_mut(class.as_str()) {
                count.1 += asked;
            }
            self.wakes.extend(wake.map(|wake| Reverse((wake.max(now), account.0))));
        }
    }
}

#[test]
fn warm_agents_allocate_nothing() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/agents.toml");
    let mut market = Market::new(&Scenario::load(&path).expect("good"));
    market.run(WARM_UP);
    println!("commands and allocations, warming up: {:?}", market.looks);
    market.looks.clear();
    market.run(WARM_UP + COUNTED);
    println!("commands and allocations, warm: {:?}", market.looks);
    for (class, (commands, asked)) in &market.looks {
        assert!(*commands > 0, "{class} does nothing");
        assert_eq!(*asked, 0, "allocations of {class}, which sent {commands} commands");
    }
    assert_eq!(market.looks.len(), 6);
}
