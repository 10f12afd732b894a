//! Laws that hold after every command of random runs on the real engine, and proof that each checker sees its bug.

mod model;
#[path = "invariants/watch.rs"]
mod watch;

use model::Model;
use model::drive::Driver;
use model::features::Features;
use model::generate;
use model::novel;
use model::rng::Rng;
use plimsoll_exchange::{AccountView, Exchange, StateView};
use plimsoll_types::*;
use watch::Watch;

const COMMANDS_A_SEED: u64 = 250;

/// The engine, its watch, and the model that steers the commands.
struct Run {
    /// As configured; the engine's own knows what was listed since.
    spec: ExchangeSpec,
    engine: Exchange,
    watch: Watch,
    model: Model,
    driver: Driver,
}

impl Run {
    fn new(seed: u64) -> Run {
        let features = in_the_book(&novel::features_of(seed, &Features::from_environment()));
        let (spec, driver) = novel::run_of(seed, features);
        Run {
            engine: Exchange::new(spec.clone()),
            watch: Watch::new(&spec),
            model: Model::new(&spec),
            driver,
            spec,
        }
    }

    /// One command; its events.
    fn step(&mut self) -> (Ts, Command, Vec<Event>) {
        let (ts, command) = self.driver.next(&self.model);
        self.model.apply(ts, &command, &mut Vec::new());
        let mut events = Vec::new();
        self.engine.apply(ts, &command, &mut events);
        self.model.learn(&events);
        (ts, command, events)
    }
}

/// Without what moves positions beside the book, gives an account two of them, or keeps them in pockets: the watch follows trades
/// by account and instrument. `tests/cascades.rs` and `tests/reading_back.rs` hold those to their laws.
fn in_the_book(features: &Features) -> Features {
    let beside = ["legs", "reduction", "bankruptcy", "backstop", "deleverage", "isolated"];
    let names = features.names();
    let kept: Vec<&str> = names.split(',').filter(|name| !beside.contains(name)).collect();
    Features::parse(&if kept.is_empty() { "none".to_owned() } else { kept.join(",") })
}

fn seeds(commands: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("PLIMSOLL_SEED").unwrap_or(1_000_000);
    let commands = number("PLIMSOLL_INVARIANT_COMMANDS").unwrap_or(commands);
    first..first + commands.div_ceil(COMMANDS_A_SEED)
}

#[test]
fn laws_hold_after_every_command() {
    for seed in seeds(200_000) {
        let mut run = Run::new(seed);
        for place in 0..COMMANDS_A_SEED {
            let (_, command, events) = run.step();
            let said = |what| format!("seed {seed}, command {place} {command:?}: {what}");
            for event in &events {
                run.watch.event(event).map_err(said).expect("a law of events");
            }
            run.watch.state(&run.engine.view()).map_err(said).expect("a law of states");
        }
    }
}

#[test]
fn a_restored_snapshot_goes_on_as_if_nothing_had_been() {
    for seed in seeds(50_000) {
        let mut run = Run::new(seed);
        for place in 0..COMMANDS_A_SEED {
            if place == seed % COMMANDS_A_SEED {
                break;
            }
            run.step();
        }
        let bytes = run.engine.snapshot();
        let mut restored = Exchange::restore(run.spec.clone(), &bytes).expect("a whole snapshot");
        assert_eq!(restored.view(), run.engine.view(), "seed {seed}");
        assert_eq!(restored.snapshot(), bytes, "seed {seed}: a snapshot of it is the same");
        for _ in 0..COMMANDS_A_SEED / 2 {
            let (ts, command, events) = run.step();
            let mut again = Vec::new();
            restored.apply(ts, &command, &mut again);
            assert_eq!(again, events, "seed {seed}, {command:?}");
            assert_eq!(restored.view().hash, run.engine.view().hash, "seed {seed}, {command:?}");
        }
    }
}

#[test]
fn a_damaged_snapshot_is_refused() {
    let mut run = Run::new(7);
    for _ in 0..COMMANDS_A_SEED {
        run.step();
    }
    let (spec, bytes) = (run.spec.clone(), run.engine.snapshot());
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert!(Exchange::restore(spec.clone(), &bytes[..cut]).is_err(), "cut at {cut}");
    }
    for at in (0..bytes.len()).step_by(bytes.len() / 97 + 1) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        assert!(Exchange::restore(spec.clone(), &flipped).is_err(), "a bit flipped in byte {at}");
    }
    let mut other = spec.clone();
    other.insurance_fund += Money::new(1);
    assert!(Exchange::restore(other, &bytes).is_err(), "another configuration");
}

/// A state with positions, orders on both sides of a book in continuous trading with a band, and its watch.
fn healthy() -> (Watch, StateView) {
    for seed in 0.. {
        let mut run = Run::new(seed);
        for _ in 0..COMMANDS_A_SEED {
            for event in run.step().2 {
                run.watch.event(&event).expect("no bug is planted yet");
            }
            let view = run.engine.view();
            let both_sides = view.books.first().is_some_and(|book| {
                let two = !book.bids.is_empty() && !book.asks.is_empty();
                two && book.phase == Phase::Continuous && book.band.is_some()
            });
            let mut positions = view.accounts.iter().flat_map(|account| &account.positions);
            if both_sides && positions.any(|position| position.instrument.0 == 0) {
                return (run.watch, view);
            }
        }
    }
    unreachable!("some seed has such a state")
}

/// Plants a bug in a healthy state; the checker must name it.
fn caught(named: &str, plant: impl FnOnce(&mut StateView)) {
    let (watch, mut view) = healthy();
    watch.state(&view).expect("the state is healthy");
    plant(&mut view);
    let verdict = watch.state(&view).expect_err(named);
    assert!(verdict.contains(named), "wanted {named:?}, got {verdict:?}");
}

/// Who holds a position in the first instrument.
fn holder(view: &StateView) -> usize {
    let first = |a: &AccountView| a.positions.first().is_some_and(|p| p.instrument.0 == 0);
    view.accounts.iter().position(first).expect("somebody holds a position")
}

#[test]
fn planted_bugs_in_states_are_caught() {
    let one = Money::new(1);
    caught("not conserved", |view| view.insurance_fund += one);
    caught("not conserved", |view| view.accounts[0].equity += one);
    caught("seq", |view| view.seq += 1);
    caught("fund is below", |view| {
        view.deposits -= view.insurance_fund + one;
        view.insurance_fund = Money::new(-1);
    });
    caught("frozen below zero", |view| view.accounts[0].frozen = Money::new(-1));
    caught("debt below zero", |view| view.accounts[0].debt = Money::new(-1));
    caught("a debtor may trade", |view| {
        view.accounts[0].debt = one;
        view.accounts[0].permission = Permission::Normal;
    });
    caught("sum of debts", |view| {
        view.written_off += one;
        view.withdrawals += one;
    });
    caught("what accounts paid", |view| {
        let holder = holder(view);
        view.accounts[holder].fees += one;
    });
    caught("balance and unrealised", |view| view.accounts[0].balance += one);
    caught("not what was traded", |view| {
        let holder = holder(view);
        view.accounts[holder].positions[0].lots += 1;
    });
    caught("outside its band", |view| {
        let (down, instrument) =
            (view.books[0].band.expect("a band").down, view.books[0].instrument);
        let orders = view.accounts.iter_mut().flat_map(|account| &mut account.orders);
        let order = orders.into_iter().find(|order| order.instrument == instrument);
        order.expect("an order rests").price = Price::new(down.ticks() - 1);
    });
    caught("crossed", |view| view.books[0].bids[0].0 = view.books[0].asks[0].0);
    caught("orders' sum", |view| view.books[0].asks[0].1 += Qty::new(1));
}

#[test]
fn longs_without_shorts_are_caught() {
    // A trade against nobody: both the watch and the state believe in it.
    let (mut watch, mut view) = healthy();
    let owner = holder(&view);
    view.accounts[owner].positions[0].lots += 1_000_000;
    watch.believe(owner as u32, 0, 1_000_000);
    let verdict = watch.state(&view).expect_err("longs exceed shorts");
    assert!(verdict.contains("longs and shorts differ"), "{verdict}");
}

/// A spec with a band of 90 to 110 and a trade in it.
fn banded() -> (Watch, Event) {
    let mut rng = Rng::new(1);
    let mut spec = generate::spec(&mut rng);
    spec.instruments[0].band = Some(Band { down: Price::clamped(90), up: Price::clamped(110) });
    let kind = EventKind::Trade {
        instrument: InstrumentId(0),
        price: Price::clamped(100),
        qty: Qty::new(5),
        maker: AccountId(0),
        maker_id: OrderId::Number(1),
        taker: AccountId(1),
        taker_id: OrderId::Number(2),
        side: Side::Buy,
        kind: TradeKind::Normal,
        maker_fee: Money::ZERO,
        taker_fee: Money::ZERO,
    };
    (Watch::new(&spec), Event { seq: 1, ts: 5, kind })
}

#[test]
fn planted_bugs_in_events_are_caught() {
    let (mut watch, first) = banded();
    watch.event(&first).expect("a good trade");
    let bad = |plant: &dyn Fn(&mut Event)| {
        let (mut watch, mut event) = (watch.clone(), first.clone());
        event.seq = 2;
        plant(&mut event);
        watch.event(&event).expect_err("a planted bug")
    };
    assert!(bad(&|event| event.seq = 3).contains("gap"));
    assert!(bad(&|event| event.seq = 1).contains("gap"));
    assert!(bad(&|event| event.ts = 4).contains("time runs back"));
    let edit = |event: &mut Event, new_price: i64, new_qty: u64, forced: bool| {
        if let EventKind::Trade { price, qty, side, taker_id, kind, .. } = &mut event.kind {
            *price = Price::clamped(new_price);
            *qty = Qty::new(new_qty);
            *side = Side::Sell;
            *taker_id = OrderId::Liquidation { case: 1, n: 1 };
            *kind = if forced { TradeKind::Liquidation } else { TradeKind::Normal };
        }
    };
    assert!(bad(&|event| edit(event, 111, 5, true)).contains("outside the band"));
    assert!(bad(&|event| edit(event, 89, 5, true)).contains("outside the band"));
    assert!(bad(&|event| edit(event, 100, 5, false)).contains("kind tells"));
    // The taker is long 5: a forced sale of 6 turns the position, one of nothing held opens.
    assert!(bad(&|event| edit(event, 100, 6, true)).contains("a liquidation opens"));
    let (mut fresh, mut opening) = banded();
    edit(&mut opening, 100, 5, true);
    assert!(fresh.event(&opening).expect_err("it opens").contains("a liquidation opens"));
    // And the good one passes.
    let mut good = first.clone();
    good.seq = 2;
    edit(&mut good, 100, 5, true);
    watch.event(&good).expect("a forced sale of what is held");
}
