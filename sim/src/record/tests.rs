//! Tests of the record on hand-made event streams.

use super::*;
use crate::scenario::Scenario;
use plimsoll_types::{CaseId, Measure, ParkReason, Qty};

/// Everybody has the same equity.
struct Same(i128);

impl Books for Same {
    fn equity(&self, _: AccountId) -> Money {
        Money::new(self.0)
    }

    fn name(&self, account: AccountId) -> Label {
        Label::new(&format!("a-{}", account.0)).expect("short")
    }

    fn tick_value(&self, _: InstrumentId) -> i64 {
        20
    }
}

const IX: InstrumentId = InstrumentId(0);

/// A record of the built-in exchange, whose mark is the last trade and begins at 25,000 ticks.
fn record() -> Record {
    let scenario = Scenario::built_in().expect("the built-in scenario is good");
    Record::new(&scenario.exchange, IX)
}

fn case(record: &mut Record, ts: Ts, account: u32, id: u32, step: CaseStep) {
    let kind = EventKind::Case { account: AccountId(account), case: CaseId(id), step };
    record.note(ts, &kind, &Same(-5));
}

fn begin(record: &mut Record, ts: Ts, account: u32, id: u32) {
    case(record, ts, account, id, CaseStep::Triggered { reason: ForcedReason::Funds });
}

fn batch(record: &mut Record, ts: Ts, account: u32, id: u32, side: Side) {
    let qty = Qty::new(4);
    let step = CaseStep::Batch { n: 1, instrument: IX, side, price: None, qty };
    case(record, ts, account, id, step);
}

fn mark(record: &mut Record, ts: Ts, price: i64) {
    let price = Price::clamped(price);
    record.note(ts, &EventKind::Mark { instrument: IX, price }, &Same(0));
}

fn tier(record: &mut Record, ts: Ts, account: u32, from: u8, to: u8) {
    let kind = EventKind::Tier {
        account: AccountId(account),
        from,
        to,
        measure: Measure(None),
        equity: Money::ZERO,
        margin: Money::ZERO,
    };
    record.note(ts, &kind, &Same(0));
}

/// A sale at a price: of a case, or of somebody else (case 0).
fn sale(record: &mut Record, ts: Ts, price: i64, lots: u64, id: u32) {
    let taker_id = match id {
        0 => OrderId::Number(9),
        case => OrderId::Liquidation { case, n: 1 },
    };
    let kind = EventKind::Trade {
        instrument: IX,
        price: Price::clamped(price),
        qty: Qty::new(lots),
        maker: AccountId(0),
        maker_id: OrderId::Number(1),
        taker: AccountId(3),
        taker_id,
        side: Side::Sell,
        kind: if id == 0 { TradeKind::Normal } else { TradeKind::Liquidation },
        maker_fee: Money::ZERO,
        taker_fee: Money::ZERO,
    };
    record.note(ts, &kind, &Same(0));
}

#[test]
fn a_case_reads_back_as_its_story() {
    let mut record = record();
    mark(&mut record, 9, 1000);
    begin(&mut record, 10, 3, 1);
    case(&mut record, 10, 3, 1, CaseStep::Parked { reason: ParkReason::LimitLocked });
    assert_eq!((record.open_cases, record.parked_cases), (1, 1));
    mark(&mut record, 14, 998);
    case(&mut record, 15, 3, 1, CaseStep::Resumed);
    batch(&mut record, 15, 3, 1, Side::Sell);
    sale(&mut record, 15, 997, 3, 1);
    sale(&mut record, 15, 995, 1, 1);
    case(&mut record, 15, 3, 1, CaseStep::Waterfall);
    let start = record.fund.now;
    let paid = EventKind::Fund {
        change: Money::new(-3),
        balance: start - Money::new(3),
        case: Some(CaseId(1)),
    };
    record.note(15, &paid, &Same(0));
    let debt = EventKind::Debt { account: AccountId(3), amount: Money::new(2) };
    record.note(15, &debt, &Same(0));
    record.finish(20);
    let case = record.cases.get(1).expect("kept");
    assert_eq!((record.open_cases, record.parked_cases), (0, 0));
    assert_eq!((case.end, case.lots, case.batches, case.ended), (CaseEnd::Waterfall, 4, 1, 15));
    assert_eq!((case.waited(), case.waits.all), (5, 1));
    // Sold 3 at 997 and 1 at 995: against the mark of 998 that is 3 + 3, against 1000 at the start 9 + 5.
    assert_eq!((case.slippage, case.shortfall), (6, 14));
    assert_eq!((case.fund.units(), case.debt.units()), (3, 2));
    assert_eq!(record.fund.min, start - Money::new(3));
    let totals = record.cases.totals(CaseEnd::Waterfall);
    assert_eq!((totals.fund.units(), totals.debt.units(), totals.lots), (3, 2, 4));
    assert_eq!(
        record.batches.classes().next().map(|(a, b, c)| (a, b, c.slippage)),
        Some((3, 4, 6))
    );
    assert_eq!((record.fills.lots, record.lots_liquidated(Side::Buy)), (4, 0));
}

#[test]
fn a_case_whose_sale_moved_the_mark_is_the_parent_of_those_it_breached() {
    let mut record = record();
    // The market falls, and account 3 with it.
    sale(&mut record, 1, 24_900, 5, 0);
    mark(&mut record, 1, 24_900);
    tier(&mut record, 1, 3, 0, 3);
    begin(&mut record, 1, 3, 1);
    // Its liquidation presses the mark down and breaches 4 at once, and calls 5.
    batch(&mut record, 1, 3, 1, Side::Sell);
    sale(&mut record, 1, 24_890, 4, 1);
    mark(&mut record, 1, 24_890);
    tier(&mut record, 1, 4, 1, 3);
    tier(&mut record, 1, 5, 1, 2);
    case(&mut record, 1, 3, 1, CaseStep::Restored);
    begin(&mut record, 1, 4, 2);
    // 4's sale breaches 6.
    batch(&mut record, 1, 4, 2, Side::Sell);
    sale(&mut record, 1, 24_880, 2, 2);
    mark(&mut record, 1, 24_880);
    tier(&mut record, 1, 6, 0, 3);
    begin(&mut record, 2, 6, 3);
    // 5's deadline comes much later: what called it is what the first case did.
    sale(&mut record, 50, 24_870, 1, 0);
    mark(&mut record, 50, 24_870);
    begin(&mut record, 60, 5, 4);
    let place = |id: u32| record.cases.get(id).map(|c| (c.parent, c.root, c.depth));
    assert_eq!(place(1), Some((None, 1, 0)));
    assert_eq!(place(2), Some((Some(1), 1, 1)));
    assert_eq!(place(3), Some((Some(2), 1, 2)));
    assert_eq!(place(4), Some((Some(1), 1, 1)));
    let cascade = &record.cascade;
    assert_eq!((cascade.roots, cascade.driven, cascade.depth_max), (1, 3, 2));
    assert_eq!(cascade.by_depth, [1, 2, 1]);
    let tree = cascade.largest(5)[0];
    assert_eq!((tree.root, tree.cases, tree.depth, tree.lots), (1, 4, 2, 6));
    assert_eq!((tree.from, tree.to), (1, 60));
    assert_eq!(cascade.members(1).map(|node| node.lots).collect::<Vec<_>>(), [4, 2, 0, 0]);
    // Two sales of cases pressed by 10 each; others by 100 and 10.
    assert_eq!(record.impacts[0].by_liquidations, [-20, 0]);
    assert_eq!(record.impacts[0].by_others, [-110, 0]);
}

#[test]
fn what_is_not_a_mark_moved_by_a_case_makes_a_root() {
    let mut record = record();
    begin(&mut record, 1, 3, 1);
    // A sale above the mark: the market had risen before, and the case only showed it.
    sale(&mut record, 1, 25_010, 4, 1);
    mark(&mut record, 1, 25_010);
    tier(&mut record, 1, 4, 0, 3);
    begin(&mut record, 1, 4, 2);
    // The case presses, but the account rises because it takes money out afterwards.
    sale(&mut record, 2, 25_000, 4, 1);
    mark(&mut record, 2, 25_000);
    let amount = Money::new(5);
    let out = EventKind::Withdrawal { account: AccountId(5), amount, balance: Money::ZERO };
    record.note(2, &out, &Same(0));
    tier(&mut record, 2, 5, 0, 3);
    begin(&mut record, 2, 5, 3);
    // The case presses and calls 6, which recovers; later the market breaches it.
    sale(&mut record, 3, 24_990, 4, 1);
    mark(&mut record, 3, 24_990);
    tier(&mut record, 3, 6, 0, 2);
    tier(&mut record, 4, 6, 2, 0);
    sale(&mut record, 5, 24_980, 4, 0);
    mark(&mut record, 5, 24_980);
    tier(&mut record, 5, 6, 0, 3);
    begin(&mut record, 5, 6, 4);
    // The case presses and breaches 7, but a forced reduction for another reason begins.
    sale(&mut record, 6, 24_970, 4, 1);
    mark(&mut record, 6, 24_970);
    tier(&mut record, 6, 7, 0, 3);
    case(&mut record, 6, 7, 5, CaseStep::Triggered { reason: ForcedReason::ClientLimit });
    assert_eq!((record.cascade.roots, record.cascade.driven), (5, 0));
}

#[test]
fn a_mark_that_trades_do_not_make_has_no_mover() {
    let mut scenario = Scenario::built_in().expect("the built-in scenario is good");
    scenario.exchange.instruments[0].mark = MarkSource::External;
    let mut record = Record::new(&scenario.exchange, IX);
    begin(&mut record, 1, 3, 1);
    sale(&mut record, 1, 24_900, 4, 1);
    mark(&mut record, 1, 24_900);
    tier(&mut record, 1, 4, 0, 3);
    begin(&mut record, 1, 4, 2);
    assert_eq!((record.cascade.roots, record.cascade.driven), (2, 0));
}

#[test]
fn tiers_count_their_worst_and_come_back() {
    let mut record = record();
    for (from, to) in [(0, 1), (1, 3), (3, 0)] {
        tier(&mut record, 1, 8, from, to);
    }
    assert_eq!((record.tiers.worst(AccountId(8)), record.tiers.worst(AccountId(9))), (3, 0));
}
