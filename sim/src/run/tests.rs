//! Tests of the loop: who hears what when, scripted commands, several instruments, strategies that go wrong.

use super::*;
use crate::flow::index::Index;
use crate::latency::{LatencyPlan, Model};
use crate::strategy::plan::Seat;
use crate::strategy::{Desk, Fill, Order, OrderState, OrderUpdate, StrategyError, TimerId};
use plimsoll_types::{Label, MarkSource, ProfileId, Reject, Side};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MS: Ts = 1_000_000;

/// A stage that keeps all events.
#[derive(Default)]
struct Kept(Vec<Event>);

impl Stage for Kept {
    fn events(&mut self, _: &Exchange, events: &[Event]) -> io::Result<()> {
        self.0.extend_from_slice(events);
        Ok(())
    }
}

/// The built-in scenario, half a minute of it, with more text behind it.
fn short(more: &str) -> Scenario {
    let text = crate::scenario::BUILT_IN.replacen("duration = \"20m\"", "duration = \"30s\"", 1);
    let text = text.replacen("accounts = 3000", "accounts = 50", 1);
    Scenario::read("s.toml", &format!("{text}\n{more}")).expect("good")
}

fn seat(scenario: &Scenario, latency: LatencyPlan) -> Seat {
    let profile = scenario.populations[0].profile;
    let account = Label::new("own").expect("short");
    Seat { account, profile, deposit: Money::new(100_000_000), latency }
}

type Log = Arc<Mutex<Vec<(Ts, &'static str)>>>;

/// Buys a lot after the first second, and writes down when it hears what.
struct Probe {
    log: Log,
    wrong: Option<&'static str>,
}

impl Probe {
    fn note(&self, desk: &Desk, what: &'static str) {
        self.log.lock().expect("whole").push((desk.now(), what));
    }
}

impl Strategy for Probe {
    fn on_start(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        self.note(desk, "start");
        desk.set_timer(1_000 * MS);
        Ok(())
    }

    fn on_timer(&mut self, desk: &mut Desk, _: TimerId) -> Result<(), StrategyError> {
        self.note(desk, "timer");
        match self.wrong {
            Some("error") => return Err(StrategyError("has lost its way".to_owned())),
            Some("panic") => panic!("has lost its head"),
            Some("flood") => {
                for _ in 0..20_000 {
                    desk.cancel_all();
                    desk.set_timer(1);
                }
            }
            Some("hang") => loop {
                std::thread::park();
            },
            Some("hoard") => {
                for _ in 0..9_000 {
                    desk.set_timer(1_000 * MS);
                }
                desk.set_timer(1);
            }
            _ => drop(desk.submit(Order::market(InstrumentId(0), Side::Buy, 1))),
        }
        Ok(())
    }

    fn on_order(&mut self, desk: &mut Desk, update: &OrderUpdate) -> Result<(), StrategyError> {
        assert_ne!(update.state, OrderState::Rejected(Reject::UnknownAccount));
        self.note(desk, "order");
        Ok(())
    }

    fn on_fill(&mut self, desk: &mut Desk, fill: &Fill) -> Result<(), StrategyError> {
        assert_eq!((fill.qty.lots(), fill.maker), (1, false));
        assert_eq!(desk.position(fill.instrument), 1);
        assert!(desk.orders().is_empty(), "it has traded whole");
        self.note(desk, "fill");
        Ok(())
    }

    fn on_stop(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        assert!(desk.account().margin > Money::ZERO);
        self.note(desk, "stop");
        Ok(())
    }
}

fn probe(latency: LatencyPlan, wrong: Option<&'static str>) -> (Vec<(Ts, &'static str)>, Outcome) {
    let scenario = short("");
    let log = Log::default();
    let strategy = Box::new(Probe { log: log.clone(), wrong });
    let own = Own { seat: seat(&scenario, latency), strategy };
    let outcome = run_with(&scenario, 1, vec![own], &mut Kept::default()).expect("runs");
    let heard = log.lock().expect("whole").clone();
    let opened = outcome.from;
    (heard.into_iter().map(|(ts, what)| (ts - opened, what)).collect(), outcome)
}

#[test]
fn orders_and_answers_take_their_time() {
    let [feed, orders, replies] = [MS, 20 * MS, 5 * MS].map(Model::Constant);
    let latency = LatencyPlan { feed, orders, replies };
    let (heard, outcome) = probe(latency, None);
    let expected = [
        (0, "start"),
        (1_000 * MS, "timer"),
        (1_025 * MS, "order"),
        (1_025 * MS, "fill"),
        (30_000 * MS, "stop"),
    ];
    assert_eq!(heard, expected);
    let record = &outcome.strategies[0];
    assert_eq!((record.fills, record.lots, record.messages, record.rejected), (1, 1, 1, 0));
    assert_eq!(record.samples.len(), outcome.samples.len());
    assert_eq!(record.profit(), record.closing - record.deposit);
    assert_eq!(outcome.imbalance, Money::ZERO);
}

#[test]
fn a_strategy_that_goes_wrong_is_named_with_callback_and_time() {
    for (wrong, words) in [
        ("error", "failed: has lost its way"),
        ("panic", "has lost its head"),
        ("flood", "took 20000 actions in one callback"),
        ("hoard", "orders and timers at once; at most 100000 are kept"),
    ] {
        let (_, outcome) = probe(LatencyPlan::default(), Some(wrong));
        let Ending::Failed(why) = outcome.ending else { panic!("{wrong} ended well") };
        assert!(why.starts_with("strategy own, on_timer, 09:30:01: "), "{why}");
        assert!(why.contains(words), "{why}");
    }
}

/// Answers each answer at once, without any latency.
struct Echo;

impl Strategy for Echo {
    fn on_start(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        desk.submit(Order::limit(InstrumentId(0), Side::Buy, plimsoll_types::Price::MIN, 1));
        Ok(())
    }

    fn on_order(&mut self, desk: &mut Desk, _: &OrderUpdate) -> Result<(), StrategyError> {
        self.on_start(desk)
    }
}

#[test]
fn a_strategy_that_answers_itself_for_ever_is_stopped() {
    let scenario = short("");
    let own = Own { seat: seat(&scenario, LatencyPlan::default()), strategy: Box::new(Echo) };
    let outcome = run_with(&scenario, 1, vec![own], &mut Kept::default()).expect("runs");
    let Ending::Failed(why) = outcome.ending else { panic!("ended well") };
    assert!(why.starts_with("strategy own, on_order, 09:30:00: acted in 10001 callbacks"), "{why}");
}

#[test]
fn a_strategy_that_never_returns_leaves_a_whole_run_up_to_there() {
    let scenario = Arc::new(Scenario { strategy_timeout: 1_000 * MS, ..short("") });
    let own = |wrong| {
        let log = Log::default();
        let seat = seat(&scenario, LatencyPlan::default());
        vec![Own { seat, strategy: Box::new(Probe { log, wrong }) as Box<dyn Strategy> }]
    };
    let limit = Duration::from_nanos(scenario.strategy_timeout);
    let watched = |wrong| {
        let mut stage = || Ok(Kept::default());
        watch::run_watched(&scenario, 1, limit, &|| own(wrong), &mut stage).expect("watched")
    };
    let hung = watched(Some("hang"));
    let outcome = hung.outcome.expect("runs");
    let why = "strategy own, on_timer, 09:30:01: did not return within 1 s";
    assert_eq!(outcome.ending, Ending::Failed(why.to_owned()));
    let failed = run_with(&scenario, 1, own(Some("error")), &mut Kept::default()).expect("runs");
    assert_eq!(outcome.state_hash, failed.state_hash, "all that came before is there");
    assert_eq!(hung.stage.0.len() as u64, outcome.events);
    // A watched run without trouble is the same run.
    let (plain, calm) = (run_with(&scenario, 1, own(None), &mut Kept::default()), watched(None));
    let (plain, calm) = (plain.expect("runs"), calm.outcome.expect("runs"));
    assert_eq!((plain.state_hash, plain.ending), (calm.state_hash, calm.ending));
}

#[test]
fn a_scripted_command_comes_at_its_time_and_only_then() {
    let scenario = short(
        "[[at]]\nafter = \"7s\"\ncmd = \"margin\"\nsymbol = \"IX\"\ninitial = \"0.5\"\nmaintenance = \"0.4\"\n",
    );
    let mut kept = Kept::default();
    let outcome = run(&scenario, 1, &mut kept).expect("runs");
    let raised: Vec<Ts> = kept
        .0
        .iter()
        .filter(|event| matches!(event.kind, EventKind::Margin { account: None, .. }))
        .map(|event| event.ts - outcome.from)
        .collect();
    assert_eq!(raised, [7_000 * MS]);
}

#[test]
fn a_late_agent_is_late_and_disturbs_nobody_elses_dice() {
    let punctual = run(&short(""), 1, &mut Kept::default()).expect("runs");
    let mut scenario = short("");
    scenario.flows[0].makers.as_mut().expect("makers").latency = 300 * MS;
    let late = run(&scenario, 1, &mut Kept::default()).expect("runs");
    assert_ne!(punctual.state_hash, late.state_hash);
    assert_eq!(late.ending, Ending::Complete);
}

#[test]
fn two_instruments_have_books_agents_and_clients_of_their_own() {
    let more = "[[instrument]]\nsymbol = \"IY\"\nkind = \"future\"\ntick_size = \"0.2\"\nlot_size = \"1\"\n\
        multiplier = \"100\"\nprev_settlement = \"3000\"\nmargin_initial = \"0.06\"\nmargin_maintenance = \"0.05\"\n\
        phase = \"auction\"\n";
    let text = crate::scenario::BUILT_IN
        .replacen("duration = \"20m\"", "duration = \"30s\"", 1)
        .replacen("accounts = 3000", "accounts = 50", 1)
        .replacen("[population]", "[[population]]", 1)
        .replacen("[flow]", "[[flow]]", 1)
        .replacen("[[shock]]", &format!("{more}\n[[flow]]\nsymbol = \"IY\"\n[flow.makers]\naccounts = 2\nevery = \"500ms\"\nspread = 3\nspacing = 2\nlevels = 5\nlots = 10\n\n[[population]]\nname = \"other\"\nsymbol = \"IY\"\naccounts = 20\nprofile = \"client\"\nleverage = [{{ from = \"2\", to = \"3\", share = \"1\" }}]\nlots = {{ min = 1, max = 5 }}\n\n[[shock]]"), 1);
    let scenario = Scenario::read("s.toml", &text).expect("good");
    let outcome = run(&scenario, 1, &mut Kept::default()).expect("runs");
    assert_eq!(outcome.ending, Ending::Complete);
    assert_eq!(outcome.others.len(), 1);
    assert_eq!(outcome.others[0].samples.len(), outcome.samples.len());
    let last = outcome.others[0].samples.last().expect("samples");
    assert!((14_900..15_100).contains(&last.mark.ticks()), "{}", last.mark.ticks());
    let other = outcome.accounts.iter().filter(|account| account.population == 1);
    assert!(other.clone().count() == 20 && other.clone().all(|account| account.lots != 0));
    // Whoever trades the second instrument leaves the first one's dice alone.
    let alone = run(&short(""), 1, &mut Kept::default()).expect("runs");
    let marks = |outcome: &Outcome| outcome.samples.iter().map(|s| s.mark).collect::<Vec<_>>();
    assert_eq!(marks(&alone), marks(&outcome));
}

/// The events of the built-in scenario's first half minute with an index each second, under a source of the mark.
fn indexed(mark: MarkSource) -> Vec<Event> {
    let mut scenario = short("");
    let index = Index { every: 1_000 * MS, venues: 3, noise: 5, average: 0, latency: 0 };
    scenario.flows[0].index = Some(index);
    scenario.exchange.instruments[0].mark = mark;
    let mut kept = Kept::default();
    let outcome = run(&scenario, 1, &mut kept).expect("runs");
    assert_eq!(outcome.ending, Ending::Complete);
    kept.0
}

#[test]
fn an_index_that_nobody_marks_by_disturbs_nobody() {
    let mut without = Kept::default();
    run(&short(""), 1, &mut without).expect("runs");
    let rest = |events: Vec<Event>| {
        let others = events.into_iter().filter(|e| !matches!(e.kind, EventKind::Index { .. }));
        others.map(|event| (event.ts, event.kind)).collect::<Vec<_>>()
    };
    let with = indexed(MarkSource::Last);
    let told = with.iter().filter(|e| matches!(e.kind, EventKind::Index { .. })).count();
    assert_eq!(told, 30, "at the opening and each second until the end");
    assert!(rest(with) == rest(without.0), "other events differ");
}

#[test]
fn a_mark_by_index_moves_with_the_index_alone() {
    let (mut last, mut moved, mut trades) = (None, 0, 0);
    for event in indexed(MarkSource::Index { cap: None }) {
        match event.kind {
            EventKind::Index { price, .. } => last = Some(price),
            EventKind::Mark { price, .. } => {
                assert_eq!(Some(price), last, "at {}", event.ts);
                moved += 1;
            }
            EventKind::Trade { .. } if last.is_some() => trades += 1,
            _ => {}
        }
    }
    assert!(moved == 30 && trades > 30, "{moved} {trades}");
}

#[test]
fn a_name_taken_twice_ends_the_run_with_a_reason() {
    let scenario = short("");
    let account = Label::new("client-00001").expect("short");
    let seat =
        Seat { account, profile: ProfileId::UNLIMITED, ..seat(&scenario, LatencyPlan::default()) };
    let strategy = Box::new(Probe { log: Log::default(), wrong: None });
    let own = vec![Own { seat, strategy }];
    let outcome = run_with(&scenario, 1, own, &mut Kept::default()).expect("runs");
    let expected = "two accounts would be called client-00001";
    assert_eq!(outcome.ending, Ending::Failed(expected.to_owned()));
}
