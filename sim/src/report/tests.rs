//! Tests of the report on a made-up run.

use super::*;
use crate::outcome::{AccountRecord, Sample};
use crate::population::{PopulationOdds, client};
use crate::record::{Books, Record};
use crate::scenario::reader::SECOND;
use plimsoll_types::{
    AccountId, CaseId, CaseStep, EventKind, ForcedReason, InstrumentId, Money, OrderId, ParkReason,
    Price, Qty, Side, TradeKind, Ts,
};
use std::time::Duration;

/// Every account has the same equity.
struct Same;

impl Books for Same {
    fn equity(&self, _: AccountId) -> Money {
        Money::new(5_000)
    }
}

/// A made-up run of the built-in scenario: a fall to the limit and back, with a case on every tenth account.
fn outcome(scenario: &Scenario) -> Outcome {
    let spec = &scenario.exchange.instruments[0];
    let odds = PopulationOdds::new(&scenario.populations[0]);
    let (open, from) = (spec.prev_settlement, scenario.start);
    let accounts: Vec<AccountRecord> = (0..1000)
        .map(|n| {
            let one = client(&scenario.populations[0], &odds, spec, 2, open, 1, n);
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
            open_cases: record.open_cases,
            parked_cases: record.parked_cases,
            fund: record.fund.now,
            debt: record.debt,
        });
    }
    let to = from + 1200 * SECOND;
    record.finish(to);
    Outcome {
        seed: 1,
        from,
        to,
        price: open,
        commands: 123_456,
        events: 234_567,
        state_hash: 0xfeed,
        samples,
        others: Vec::new(),
        accounts,
        strategies: Vec::new(),
        record,
        imbalance: Money::ZERO,
        ending: Ending::Complete,
        wall: Duration::from_millis(1500),
    }
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
    for chart in ["chart-price", "chart-depth", "chart-cases", "chart-timeline", "chart-equity"] {
        assert!(page.contains(&format!("id=\"{chart}\"")), "{chart}");
    }
    let no_placeholder = page.split("<script").next().is_some_and(|head| !head.contains("{{"));
    assert!(no_placeholder && page.contains("class=\"fall\""));
    // The library's own comment names where it comes from; nothing else may name a place.
    let places = page.matches("http").count();
    assert_eq!(places, page.matches("/*! https://github.com/leeoniya/uPlot").count());
    assert!(words::verdict(&View::new(&scenario, &outcome)).contains("limit-down"));
    assert!(!words::plain(&scenario, &outcome).contains('<'));
}

#[test]
fn a_title_cannot_break_out_of_the_page() {
    let mut scenario = Scenario::built_in().expect("the built-in scenario is good");
    scenario.title = "</script><b>".to_owned();
    scenario.shocks[0].name = "</script>".to_owned();
    let page = report(&scenario, &outcome(&scenario));
    assert_eq!(page.matches("</script>").count(), 3);
}

#[test]
fn a_page_is_filled_once_and_text_is_escaped() {
    let parts = [("a", "{{b}}".to_owned()), ("b", escape("<i>&\""))];
    assert_eq!(fill("1{{a}}2{{b}}3{{c}}4", &parts), "1{{b}}2&lt;i&gt;&amp;&quot;34");
}

#[test]
fn nothing_in_the_page_is_loaded_from_elsewhere() {
    for text in [PAGE, CSS, JS] {
        assert!(!text.contains("http:") && !text.contains("https:") && !text.contains("//cdn"));
        assert!(!text.contains("src=") && !text.contains("@import") && !text.contains("url("));
    }
}
