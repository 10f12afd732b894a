//! Tests of the report on a made-up run.

mod parts;

use super::*;
use crate::outcome::{AccountRecord, MarketRecord, Sample, StrategyRecord, StrategySample};
use crate::population::draw::Draw;
use crate::record::{Books, Record};
use crate::scenario::reader::SECOND;
use plimsoll_types::{
    AccountId, CaseId, CaseStep, EventKind, ForcedReason, InstrumentId, Label, Money, OrderId,
    ParkReason, Price, Qty, Side, TradeKind, Ts,
};
use std::time::Duration;

/// Every account has the same equity.
struct Same;

impl Books for Same {
    fn equity(&self, _: AccountId) -> Money {
        Money::new(5_000)
    }

    fn name(&self, account: AccountId) -> Label {
        let name = match account.0 {
            998 => "$fund".to_owned(),
            999 => "trend <1>".to_owned(),
            n => format!("client-{:05}", n + 1),
        };
        Label::new(&name).expect("short")
    }

    fn tick_value(&self, _: InstrumentId) -> i64 {
        20
    }
}

/// A made-up run of the built-in scenario: a fall to the limit and back, with a case on every tenth account.
pub(super) fn outcome(scenario: &Scenario) -> Outcome {
    let spec = &scenario.exchange.instruments[0];
    let (open, from) = (spec.prev_settlement, scenario.start);
    let path = [open];
    let draw = Draw::new(&scenario.populations[0], &scenario.exchange, &path, &[], 1);
    let accounts: Vec<AccountRecord> = (0..1000)
        .map(|n| {
            let one = draw.client(n);
            let mut record = AccountRecord::new(AccountId(n as u32), one, 0, scenario.instrument);
            record.closing = Money::new(one.deposit.units() * (n as i128 % 11) / 10);
            record
        })
        .collect();
    let mut record = Record::new(&scenario.exchange, scenario.instrument);
    let mut samples = Vec::new();
    for second in 0..1200u64 {
        let ts = from + second * SECOND;
        let fall = [second.saturating_sub(300), 150, 1200 - second].into_iter().min().unwrap_or(0);
        let mark = open.through(Side::Sell, fall as i64 * 20).max(spec.band.expect("a band").down);
        record.mark = mark;
        let locked = (430..640).contains(&second);
        if (310..430).contains(&second) {
            story(&mut record, ts, second as u32 - 309, mark);
        }
        samples.push(Sample {
            ts,
            mark,
            bid: Some(mark).filter(|_| !locked),
            ask: Some(mark),
            band: spec.band,
            bid_depth: if locked { 0 } else { 200 + second % 37 },
            ask_depth: 200 + second % 41,
            open_cases: if locked { 40 } else { 0 },
            parked_cases: if locked { 30 } else { 0 },
            fund: record.fund.now,
            debt: record.debt,
        });
    }
    let to = from + 1200 * SECOND;
    record.finish(to);
    let other =
        MarketRecord { instrument: scenario.instrument, price: open, samples: samples.clone() };
    Outcome {
        seed: 1,
        from,
        to,
        price: open,
        commands: 123_456,
        events: 234_567,
        state_hash: 0xfeed,
        samples,
        others: vec![other],
        accounts,
        strategies: vec![strategy(from)],
        record,
        recorded: None,
        imbalance: Money::ZERO,
        ending: Ending::Complete,
        wall: Duration::from_millis(1500),
    }
}

/// A strategy that wins, loses more, and is liquidated.
fn strategy(from: Ts) -> StrategyRecord {
    let name = Label::new("trend <1>").expect("short");
    let mut record = StrategyRecord::new(name, AccountId(999), Money::new(100_000_000));
    for second in 0..1200i64 {
        let won = 4_000_000 - (second - 400) * (second - 400) * 25;
        let lots = if second < 900 { 12 - second / 50 } else { 0 };
        record.sample(StrategySample {
            ts: from + second as u64 * SECOND,
            equity: Money::new(100_000_000 + i128::from(won)),
            margin: Money::new(i128::from(lots.abs()) * 6_000_000),
            exposure: Money::new(i128::from(lots.abs()) * 100_000_000),
            distance: (lots != 0).then_some(900 - second),
            lots,
        });
    }
    record.closing = Money::new(88_000_000);
    (record.fills, record.lots, record.maker_lots, record.cases) = (1_234, 2_468, 1_000, 1);
    record
}

/// A case: it trades, then ends in one of four ways.
fn story(record: &mut Record, ts: Ts, id: u32, mark: Price) {
    let mut step = |ts, step| {
        let kind = EventKind::Case { account: AccountId(id * 7), case: CaseId(id), step };
        record.note(ts, &kind, &Same);
    };
    step(ts, CaseStep::Triggered { reason: ForcedReason::Funds });
    let batch = CaseStep::Batch {
        n: 1,
        instrument: InstrumentId(0),
        side: Side::Sell,
        price: None,
        qty: Qty::new(9),
    };
    step(ts, batch);
    if id.is_multiple_of(3) {
        step(ts + SECOND, CaseStep::Parked { reason: ParkReason::LimitLocked });
        step(ts + 90 * SECOND, CaseStep::Resumed);
    }
    let sold = EventKind::Trade {
        instrument: InstrumentId(0),
        price: mark.through(Side::Sell, 3),
        qty: Qty::new(1 + u64::from(id % 9)),
        maker: AccountId(5),
        maker_id: OrderId::Number(1),
        taker: AccountId(id * 7),
        taker_id: OrderId::Liquidation { case: id, n: 1 },
        side: Side::Sell,
        kind: TradeKind::Liquidation,
        maker_fee: Money::ZERO,
        taker_fee: Money::ZERO,
    };
    record.note(ts + 2 * SECOND, &sold, &Same);
    // Its sale moves the mark, which breaks the margin of the next but one.
    let price = mark.through(Side::Sell, 3);
    record.note(ts + 2 * SECOND, &EventKind::Mark { instrument: InstrumentId(0), price }, &Same);
    let broken = EventKind::Tier {
        account: AccountId((id + 2) * 7),
        from: 1,
        to: 3,
        measure: plimsoll_types::Measure(None),
        equity: Money::ZERO,
        margin: Money::ZERO,
    };
    record.note(ts + 2 * SECOND, &broken, &Same);
    let end = [CaseStep::Restored, CaseStep::Restored, CaseStep::Closed, CaseStep::Waterfall];
    let end = &end[id as usize % 4];
    let kind = EventKind::Case { account: AccountId(id * 7), case: CaseId(id), step: end.clone() };
    record.note(ts + 100 * SECOND, &kind, &Same);
    if *end == CaseStep::Waterfall {
        let balance = Money::new(record.fund.now.units() - 10_000_000);
        let change = Money::new(-10_000_000);
        record.note(ts, &EventKind::Fund { change, balance, case: Some(CaseId(id)) }, &Same);
        let amount = Money::new(3_000_000);
        record.note(ts, &EventKind::Debt { account: AccountId(id * 7), amount }, &Same);
    }
}

#[test]
fn a_report_is_whole_small_and_on_its_own() {
    let scenario = Scenario::built_in().expect("the built-in scenario is good");
    let outcome = outcome(&scenario);
    let page = report(&scenario, &outcome);
    if let Some(path) = std::env::var_os("REPORT_TEST_FILE") {
        std::fs::write(path, &page).expect("written");
    }
    assert!(page.len() < 3_000_000, "{}", page.len());
    for chart in CHARTS {
        assert!(page.contains(&format!("id=\"{chart}\"")), "{chart}");
    }
    assert!(!page.contains("{{") && page.contains("class=\"fall\""));
    assert!(!page.contains("<script") && !page.contains("http") && !page.contains("src="));
    assert!(!page.contains("NaN") && !page.contains("inf "));
    // What the pictures show stands there in words and tables, too.
    for words in ["began at a mark", "liquidated in 1 case", "Numbers behind", "trend &lt;1&gt;"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(verdict::verdict(&View::new(&scenario, &outcome)).contains("limit-down"));
    let plain = verdict::plain(&scenario, &outcome);
    assert!(plain.contains("trend <1>") && !plain.contains("<b"), "{plain}");
}

#[test]
fn strategies_and_the_fund_are_no_leveraged_accounts() {
    let scenario = Scenario::built_in().expect("the built-in scenario is good");
    let mut outcome = outcome(&scenario);
    outcome.accounts.truncate(990);
    let clients = outcome.liquidated().count();
    // The case of account 999 is the strategy's, that of 998 the fund's; both are the costliest of all.
    for (account, id) in [(998, 201), (999, 202)] {
        let mut step = |step| {
            let kind = EventKind::Case { account: AccountId(account), case: CaseId(id), step };
            outcome.record.note(outcome.to, &kind, &Same);
        };
        step(CaseStep::Triggered { reason: ForcedReason::Funds });
        step(CaseStep::Waterfall);
        let amount = Money::new(9_000_000_000);
        let debt = EventKind::Debt { account: AccountId(account), amount };
        outcome.record.note(outcome.to, &debt, &Same);
    }
    let view = View::new(&scenario, &outcome);
    let verdict = verdict::plain(&scenario, &outcome);
    assert_eq!(outcome.liquidated().count(), clients);
    let expected = format!("{clients} of 990 leveraged accounts were liquidated. 122 cases in all");
    assert!(verdict.contains(&expected), "{verdict}");
    assert!(verdict.contains("(1 of strategies, 1 of the insurance fund)"), "{verdict}");
    let worst = tables::worst(&view);
    assert!(worst.contains("trend &lt;1&gt;, strategy") && worst.contains("insurance fund"));
    assert!(!worst.contains("$fund") && worst.contains(">client-"));
}

/// The charts of every report.
const CHARTS: [&str; 11] = [
    "chart-price",
    "chart-heat",
    "chart-depth",
    "chart-cases",
    "chart-timeline",
    "chart-tree-1",
    "chart-slippage",
    "chart-equity",
    "chart-fund",
    "chart-price-2",
    "sheet-1-6",
];

#[test]
fn a_title_cannot_break_out_of_the_page() {
    let mut scenario = Scenario::built_in().expect("the built-in scenario is good");
    scenario.title = "</style><b>".to_owned();
    scenario.shocks[0].name = "</svg><i>\"".to_owned();
    let page = report(&scenario, &outcome(&scenario));
    assert_eq!((page.matches("</style>").count(), page.matches("</svg><i>").count()), (1, 0));
    assert!(page.contains("&lt;/svg&gt;&lt;i&gt;&quot;"));
}

#[test]
fn a_page_is_filled_once_and_text_is_escaped() {
    let parts = [("a", "{{b}}".to_owned()), ("b", escape("<i>&\""))];
    assert_eq!(fill("1{{a}}2{{b}}3{{c}}4", &parts), "1{{b}}2&lt;i&gt;&amp;&quot;34");
}

#[test]
fn nothing_in_the_page_is_loaded_from_elsewhere() {
    for text in [PAGE, CSS] {
        assert!(!text.contains("http:") && !text.contains("https:") && !text.contains("//cdn"));
        assert!(!text.contains("src=") && !text.contains("@import") && !text.contains("url("));
    }
}

/// Looks at nothing and never stops.
struct Nobody;

impl crate::run::Stage for Nobody {
    fn events(
        &mut self,
        _: &plimsoll_exchange::Exchange,
        _: &[plimsoll_types::Event],
    ) -> std::io::Result<()> {
        Ok(())
    }
}

/// `REPORT_SCENARIO` names another scenario, `REPORT_FILE` where to write its report.
#[test]
fn what_a_run_records_adds_up() {
    let named = std::env::var("REPORT_SCENARIO").ok();
    let scenario = match &named {
        Some(path) => Scenario::load(std::path::Path::new(path)),
        None => Scenario::built_in(),
    };
    let scenario = scenario.expect("a good scenario");
    let outcome = crate::run(&scenario, scenario.seed, &mut Nobody).expect("it runs");
    let (record, all) = (&outcome.record, outcome.record.cases.all());
    assert_eq!(record.cascade.roots + record.cascade.driven, all.cases);
    assert_eq!(record.cascade.by_depth.iter().sum::<u64>(), all.cases);
    let in_trees: u64 = record.cascade.largest(usize::MAX).iter().map(|tree| tree.cases).sum();
    assert_eq!((in_trees, record.cases.values().count() as u64), (all.cases, all.cases));
    assert_eq!(record.cases.values().map(|case| case.lots).sum::<u64>(), all.lots);
    assert_eq!(record.batches.classes().map(|(_, _, class)| class.lots).sum::<u64>(), all.lots);
    assert_eq!(record.batches.classes().map(|(_, _, c)| c.slippage).sum::<i64>(), all.slippage);
    assert_eq!(record.fills.lots, all.lots);
    let fund = record.fund;
    assert_eq!(fund.start + fund.taken_in - fund.paid, fund.now);
    assert_eq!(fund.paid, all.fund);
    for (impact, (mark, spec)) in
        record.impacts.iter().zip(record.marks.iter().zip(&scenario.exchange.instruments))
    {
        let moved: i64 = impact.by_liquidations.iter().chain(&impact.by_others).sum();
        assert_eq!(moved, mark.ticks() - spec.prev_settlement.ticks());
    }
    for point in &record.tiers.points {
        // Strategies have a margin, too.
        let all = outcome.accounts.len() + outcome.strategies.len();
        assert_eq!(point.counts.iter().sum::<u64>(), all as u64);
    }
    let page = report(&scenario, &outcome);
    assert!(page.len() < 3_000_000 && !page.contains("NaN"), "{}", page.len());
    for chart in ["chart-heat", "chart-tiers", "chart-tier-equity", "chart-fund"] {
        assert!(page.contains(&format!("id=\"{chart}\"")), "{chart}");
    }
    if let Some(path) = std::env::var_os("REPORT_FILE") {
        std::fs::write(path, &page).expect("written");
        println!("{}", crate::summary::summary(&scenario, &outcome)["liquidations"]);
    }
}
