//! Who takes part: every agent of a flow with its name, its first look at the market and its latency, before it has an account.

use super::Agent;
use super::fundamental::FundamentalTrader;
use super::hawkes::HawkesTrader;
use super::maker::Maker;
use super::momentum::MomentumTrader;
use super::noise::{NoiseTables, NoiseTrader};
use super::zero::ZeroTrader;
use crate::prng::Prng;
use crate::scenario::Flow;
use plimsoll_types::{AccountId, Ts};

/// An agent before it has an account.
pub struct Newcomer {
    /// Of its account.
    pub name: String,
    /// When it is woken first.
    pub wake: Ts,
    /// How long its commands take to the exchange, nanoseconds.
    pub latency: Ts,
    /// Seats it.
    pub seat: Box<dyn FnOnce(AccountId) -> Box<dyn Agent>>,
}

impl Newcomer {
    fn new<A: Agent + 'static>(
        name: String,
        wake: Ts,
        latency: Ts,
        seat: impl FnOnce(AccountId) -> A + 'static,
    ) -> Newcomer {
        Newcomer { name, wake, latency, seat: Box::new(|account| Box::new(seat(account))) }
    }
}

/// All agents of a flow that opens at `ts`, class by class; `suffix` follows the name of the class.
///
/// The n-th of a class depends on the seed, its class and n, and on nobody else: not on how many there are.
pub fn roster(flow: &Flow, seed: u64, ts: Ts, suffix: &str) -> Vec<Newcomer> {
    let mut all = Vec::new();
    makers(flow, seed, ts, suffix, &mut all);
    noise(flow, seed, ts, suffix, &mut all);
    momentum(flow, seed, ts, suffix, &mut all);
    zero(flow, seed, ts, suffix, &mut all);
    hawkes(flow, seed, ts, suffix, &mut all);
    fundamental(flow, seed, ts, suffix, &mut all);
    all
}

fn name(class: &str, suffix: &str, n: u64) -> String {
    format!("{class}{suffix}-{}", n + 1)
}

fn makers(flow: &Flow, seed: u64, ts: Ts, suffix: &str, all: &mut Vec<Newcomer>) {
    let Some(plan) = &flow.makers else { return };
    all.extend((0..u64::from(plan.accounts)).map(|n| {
        // One after the other round the clock by the golden ratio, evenly however many there are.
        let turn = (n.wrapping_mul(0x9E37_79B9_7F4A_7C15)) as u128;
        let wake = ts + ((u128::from(plan.every) * turn) >> 64) as Ts;
        let plan = plan.clone();
        let latency = plan.latency;
        Newcomer::new(name("maker", suffix, n), wake, latency, move |a| {
            Maker::new(a, plan, seed, n)
        })
    }));
}

fn noise(flow: &Flow, seed: u64, ts: Ts, suffix: &str, all: &mut Vec<Newcomer>) {
    let Some(plan) = &flow.noise else { return };
    let tables = NoiseTables::new(plan);
    all.extend((0..u64::from(plan.accounts)).map(|n| {
        let wake = ts + plan.every + Prng::new(seed, "noise start", n).wait(plan.every);
        let (plan, tables) = (plan.clone(), tables.clone());
        let latency = plan.latency;
        Newcomer::new(name("noise", suffix, n), wake, latency, move |a| {
            NoiseTrader::new(a, plan, tables, seed, n)
        })
    }));
}

fn momentum(flow: &Flow, seed: u64, ts: Ts, suffix: &str, all: &mut Vec<Newcomer>) {
    let Some(plan) = &flow.momentum else { return };
    all.extend((0..u64::from(plan.accounts)).map(|n| {
        let wake = ts + plan.every + Prng::new(seed, "momentum start", n).below(plan.every);
        let plan = plan.clone();
        let latency = plan.latency;
        Newcomer::new(name("momentum", suffix, n), wake, latency, move |a| {
            MomentumTrader::new(a, plan, seed, n)
        })
    }));
}

fn zero(flow: &Flow, seed: u64, ts: Ts, suffix: &str, all: &mut Vec<Newcomer>) {
    let Some(plan) = &flow.zero else { return };
    all.extend((0..u64::from(plan.accounts)).map(|n| {
        let plan = plan.clone();
        let latency = plan.latency;
        Newcomer::new(name("zero", suffix, n), ts, latency, move |a| {
            ZeroTrader::new(a, plan, seed, n)
        })
    }));
}

fn hawkes(flow: &Flow, seed: u64, ts: Ts, suffix: &str, all: &mut Vec<Newcomer>) {
    let Some(plan) = &flow.hawkes else { return };
    all.extend((0..u64::from(plan.accounts)).map(|n| {
        let plan = plan.clone();
        let latency = plan.latency;
        Newcomer::new(name("hawkes", suffix, n), ts, latency, move |a| {
            HawkesTrader::new(a, plan, seed, n, ts)
        })
    }));
}

fn fundamental(flow: &Flow, seed: u64, ts: Ts, suffix: &str, all: &mut Vec<Newcomer>) {
    let Some(plan) = &flow.fundamental else { return };
    all.extend((0..u64::from(plan.accounts)).map(|n| {
        let every = plan.every[n as usize % plan.every.len()];
        let wake = ts + Prng::new(seed, "fundamental start", n).wait(every);
        let plan = plan.clone();
        let latency = plan.latency;
        Newcomer::new(name("fundamental", suffix, n), wake, latency, move |a| {
            FundamentalTrader::new(a, plan, seed, n)
        })
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;
    use crate::flow::World;
    use plimsoll_exchange::Exchange;
    use plimsoll_types::{Command, Label, NewOrder, Phase, ProfileId, Qty, Ratio, Side};
    use std::collections::BTreeMap;

    /// A market with somebody on both sides, in which nothing ever moves.
    fn still(scenario: &Scenario) -> Exchange {
        let mut exchange = Exchange::new(scenario.exchange.clone());
        let mut events = Vec::new();
        let (instrument, account) = (scenario.instrument, AccountId(0));
        let name = Label::new("stone").expect("short");
        let mark = scenario.exchange.instruments[0].prev_settlement.ticks();
        let rest = |side: Side| {
            let price = plimsoll_types::Price::clamped(mark - 10 * side.sign());
            Command::Order(NewOrder::limit(account, instrument, side, price, Qty::new(100)))
        };
        for command in [
            Command::OpenAccount { name, profile: ProfileId::UNLIMITED },
            Command::Phase { instrument, phase: Phase::Continuous },
            rest(Side::Buy),
            rest(Side::Sell),
        ] {
            exchange.apply(0, &command, &mut events);
        }
        assert!(exchange.best(instrument, Side::Sell).is_some(), "{events:?}");
        exchange
    }

    /// What every agent does at its first thirty looks at a market that never answers, by name.
    fn lives(scenario: &Scenario, exchange: &Exchange) -> BTreeMap<String, Vec<(Ts, String)>> {
        let lived = |newcomer: Newcomer| {
            let mut agent = (newcomer.seat)(AccountId(0));
            let mut next = Some(newcomer.wake);
            let looks = (0..30).map_while(|_| {
                let now = next?;
                let mark = exchange.mark(scenario.instrument).ticks();
                let world = World {
                    exchange,
                    instrument: scenario.instrument,
                    now,
                    // Far enough away that those with an opinion trade.
                    value: mark + 500,
                    liquidity: Ratio::ONE,
                    band: None,
                    phase: Phase::Continuous,
                };
                let mut out = Vec::new();
                next = agent.wake(&world, &mut out);
                Some((now, format!("{out:?}")))
            });
            let looks: Vec<_> = looks.collect();
            (newcomer.name, looks)
        };
        roster(&scenario.flows[0], 7, 0, "").into_iter().map(lived).collect()
    }

    #[test]
    fn one_more_of_any_class_changes_nobody_else() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/agents.toml");
        let mut scenario = Scenario::load(std::path::Path::new(path)).expect("good");
        scenario.flows[0].hawkes.as_mut().expect("in the file").market =
            Ratio::from_nano(500_000_000);
        let exchange = still(&scenario);
        let before = lives(&scenario, &exchange);
        let acted = |class: &str| {
            let mut looks = before.iter().filter(|(name, _)| name.starts_with(class));
            looks.any(|(_, looks)| looks.iter().any(|(_, out)| out != "[]"))
        };
        type OneMore = fn(&mut Flow);
        let more: [(&str, OneMore); 6] = [
            ("maker", |flow| flow.makers.as_mut().expect("in the file").accounts += 1),
            ("noise", |flow| flow.noise.as_mut().expect("in the file").accounts += 1),
            ("momentum", |flow| flow.momentum.as_mut().expect("in the file").accounts += 1),
            ("zero", |flow| flow.zero.as_mut().expect("in the file").accounts += 1),
            ("hawkes", |flow| flow.hawkes.as_mut().expect("in the file").accounts += 1),
            ("fundamental", |flow| flow.fundamental.as_mut().expect("in the file").accounts += 1),
        ];
        for (class, one_more) in more {
            assert!(acted(class) || class == "momentum", "{class} never acts");
            let mut fuller = scenario.clone();
            one_more(&mut fuller.flows[0]);
            let mut after = lives(&fuller, &exchange);
            assert_eq!(after.len(), before.len() + 1, "{class}");
            after.retain(|name, _| before.contains_key(name));
            assert!(after == before, "one more {class} changes others");
        }
    }
}
