//! What a report says of some runs and leaves out of others.

use super::*;
use crate::summary::summary;
use plimsoll_types::{ExchangeSpec, Phase, Ratio};

fn built_in() -> Scenario {
    Scenario::built_in().expect("the built-in scenario is good")
}

/// The made-up run, in which nobody was liquidated.
fn quiet(scenario: &Scenario) -> Outcome {
    let mut outcome = outcome(scenario);
    outcome.record = Record::new(&scenario.exchange, scenario.instrument);
    outcome
}

#[test]
fn the_verdict_tells_the_way_in_order_and_what_else_the_market_did() {
    let scenario = built_in();
    let mut outcome = outcome(&scenario);
    outcome.record.mark = Price::clamped(outcome.price.ticks() - 500);
    let ix = InstrumentId(0);
    let mut note = |ts, kind| outcome.record.note(ts, &kind, &Same);
    let start = outcome.from;
    note(start + SECOND, EventKind::Phase { instrument: ix, phase: Phase::Halted });
    note(start + 31 * SECOND, EventKind::Phase { instrument: ix, phase: Phase::Volatility });
    note(start + 61 * SECOND, EventKind::Phase { instrument: ix, phase: Phase::Continuous });
    for account in [3, 4] {
        let (account, id) = (AccountId(account), OrderId::Number(1));
        note(start, EventKind::Triggered { account, id, instrument: ix, handle: None });
        let (side, qty, price) = (Side::Buy, Qty::new(20), Price::clamped(9));
        note(start, EventKind::Reduced { instrument: ix, account, side, qty, price });
    }
    let kind = TradeKind::Reduction;
    note(start, trade(kind, 20));
    let verdict = verdict::plain(&scenario, &outcome);
    let way = "The market fell 10.0\u{a0}% to limit-down by ";
    assert!(verdict.contains(way), "{verdict}");
    for words in [
        ", then rose 11.0\u{a0}%, and ended 2.0\u{a0}% below its opening.",
        "Trading was halted from 09:30:01 for 30 s.",
        "1 volatility auction interrupted trading.",
        "2 stops were triggered.",
        "Forced reduction closed 20 lots of each side in 2 positions.",
    ] {
        assert!(verdict.contains(words), "{words}: {verdict}");
    }
    let summary = summary(&scenario, &outcome);
    let moves = summary["price"]["moves"].as_array().expect("a list");
    assert_eq!((moves.len(), &moves[0]["percent"]), (2, &(-10.0).into()));
    assert_eq!(summary["stops_triggered"], 2);
    assert_eq!(summary["halts"]["count"], 1);
    assert_eq!(summary["halts"]["seconds"], 30.0);
    assert_eq!(summary["halts"]["volatility_auctions"], 1);
    assert_eq!(summary["forced_reduction"]["positions"], 2);
    assert_eq!(summary["forced_reduction"]["lots"], "20");
}

fn trade(kind: TradeKind, lots: u64) -> EventKind {
    EventKind::Trade {
        instrument: InstrumentId(0),
        price: Price::clamped(20_000),
        qty: Qty::new(lots),
        maker: AccountId(3),
        maker_id: OrderId::Number(1),
        taker: AccountId(4),
        taker_id: OrderId::Number(1),
        side: Side::Sell,
        kind,
        maker_fee: Money::ZERO,
        taker_fee: Money::ZERO,
    }
}

#[test]
fn a_winner_deleveraged_below_the_mark_has_a_haircut_and_one_above_it_gains() {
    let scenario = built_in();
    let mut record = Record::new(&scenario.exchange, scenario.instrument);
    let mark = |record: &mut Record, ticks| {
        let price = Price::clamped(ticks);
        record.note(1, &EventKind::Mark { instrument: InstrumentId(0), price }, &Same);
    };
    // A bankrupt long sells 10 lots of 20 a tick to a short at 20,000: 5 ticks above the mark, then 2 below it.
    mark(&mut record, 19_995);
    record.note(1, &trade(TradeKind::Deleverage, 10), &Same);
    assert_eq!(record.haircut.units(), 5 * 10 * 20);
    mark(&mut record, 20_002);
    record.note(1, &trade(TradeKind::Deleverage, 10), &Same);
    assert_eq!(record.haircut.units(), (5 - 2) * 10 * 20);
}

/// Two populations, the second under a profile of its own with other names of tiers.
fn two_populations() -> (Scenario, Outcome) {
    let mut scenario = built_in();
    let exchange: &mut ExchangeSpec = &mut scenario.exchange;
    let first = scenario.populations[0].profile;
    let mut profile = exchange.profiles[first.index()].clone();
    profile.name = Label::new("careful").expect("short");
    profile.tiers[0].name = Label::new("notice").expect("short");
    profile.tiers[0].at = Ratio::from_nano(500_000_000);
    let second = plimsoll_types::ProfileId(exchange.profiles.len() as u16);
    exchange.profiles.push(profile);
    let mut plan = scenario.populations[0].clone();
    (plan.name, plan.profile) = ("other".to_owned(), second);
    scenario.populations.push(plan);
    let mut outcome = outcome(&scenario);
    for account in &mut outcome.accounts[600..] {
        (account.population, account.client.profile) = (1, second);
    }
    (scenario, outcome)
}

#[test]
fn several_populations_have_a_row_each() {
    let (scenario, outcome) = two_populations();
    let summary = summary(&scenario, &outcome);
    let rows = summary["accounts"]["populations"].as_array().expect("a list");
    let told = |n: usize, key: &str| rows[n][key].clone();
    assert_eq!((rows.len(), told(0, "accounts"), told(1, "accounts")), (2, 600.into(), 400.into()));
    assert_eq!((told(1, "name"), told(1, "profile")), ("other".into(), "careful".into()));
    let liquidated = |n| told(n, "liquidated").as_u64().unwrap_or(0);
    // Cases are on every seventh account, up to 840.
    assert_eq!((liquidated(0), liquidated(1)), (85, 35));
    assert_eq!(outcome.liquidated().count(), 120);
    let loss = |group: &crate::groups::Group| group.loss;
    let all: Money = crate::groups::groups(&outcome).iter().map(loss).sum();
    let expected: Money = outcome.accounts.iter().map(|a| a.opening + a.paid_in - a.closing).sum();
    assert_eq!(all, expected);
    let view = View::new(&scenario, &outcome);
    let table = tables::populations(&view);
    assert!(
        table.contains(">other<") && table.contains(">careful<") && table.contains("14.2\u{a0}%")
    );
    // Tiers are named as each profile names them.
    let tiers = tables::tiers(&view);
    assert!(tiers.contains("Profile careful") && tiers.contains(">notice<"));
    assert_eq!(summary["accounts"]["tiers"][1]["tier"], "warning / notice");
    assert_eq!(tables::populations(&View::new(&built_in(), &super::outcome(&built_in()))), "");
}

#[test]
fn a_run_without_liquidations_has_no_empty_charts_and_no_zeros() {
    let scenario = built_in();
    let mut outcome = quiet(&scenario);
    outcome.strategies.clear();
    let page = report(&scenario, &outcome);
    for part in [
        "Liquidation cases",
        "Cascade",
        "Slippage",
        "Who bore",
        "ten worst",
        "Cases by end",
        "longs closed",
        "liquidations</h2>",
        "class=\"figures",
        "{{",
    ] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("None of 1,000 leveraged accounts was liquidated."));
    assert!(page.contains("Equity, before and after"));
    // Without accounts there is nothing to say of them either.
    outcome.accounts.clear();
    let page = report(&scenario, &outcome);
    for part in ["leveraged account", "Equity, before", "by tier", "{{"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("chart-price") && page.contains("chart-heat"));
}

#[test]
fn a_strategy_comes_before_liquidations() {
    let scenario = built_in();
    let page = report(&scenario, &outcome(&scenario));
    let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}"));
    assert!(place("profit after fees") < place("Price, band and liquidations"));
    assert!(place("Price, band and liquidations") < place("lots liquidated"));
    assert_eq!(page.matches("lots liquidated").count(), 1);
}

#[test]
fn the_run_names_its_file_and_version_and_calls_with_deadlines_are_explained() {
    let scenario = built_in();
    let page = report(&scenario, &outcome(&scenario));
    assert!(page.contains("default.toml") && page.contains(env!("CARGO_PKG_VERSION")));
    assert!(page.contains("not met by its deadline"));
}
