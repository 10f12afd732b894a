//! RULES.md, sections 1.2 and 2.2 to 2.4: carried and today's lots, long and short legs, and what closing orders promise.

use super::hall::*;
use plimsoll_exchange::Exchange;
use plimsoll_types::*;

/// A market of this close rule: worth 10 a tick and lot, 10 % margin.
fn market(rule: CloseRule) -> InstrumentSpec {
    let mut market = instrument("X", 1_000);
    market.initial.share = mille(100);
    market.maintenance = market.initial;
    market.risk.close_rule = rule;
    market
}

/// Long and short legs; the client has 100,000.
fn legs(market: InstrumentSpec) -> Hall {
    legs_of(market, calm(), 100_000)
}

fn legs_of(market: InstrumentSpec, profile: Profile, deposit: i128) -> Hall {
    let spec = Hall::spec(FloatingProfit::All, vec![market], profile, deposit);
    Hall::of(ExchangeSpec { position_mode: PositionMode::LongShort, ..spec })
}

/// An order of the client that rests or is refused.
fn rest(hall: &mut Hall, side: Side, offset: Offset, price: i64, qty: u64) -> Vec<EventKind> {
    let order = hall.order(CLIENT, side, price, qty);
    hall.send(Command::Order(NewOrder { offset: Some(offset), ..order }))
}

/// The client trades so many lots with the maker, who opens.
fn deal(hall: &mut Hall, side: Side, offset: Offset, price: i64, qty: u64) -> Vec<EventKind> {
    let resting = hall.order(MAKER, side.opposite(), price, qty);
    hall.send(Command::Order(resting));
    let events = rest(hall, side, offset, price, qty);
    assert_eq!(trades(&events), [(price, qty)], "{events:?}");
    events
}

fn settle(hall: &mut Hall, price: i64) -> Vec<EventKind> {
    hall.send(Command::Settle { instrument: Some(InstrumentId(0)), price: Some(ticks(price)) })
}

/// The client's legs as lots, and of these today's; long before short.
fn held(hall: &Hall) -> Vec<(i64, u64)> {
    hall.client().positions.iter().map(|leg| (leg.lots, leg.today)).collect()
}

/// Three carried lots bought at 1000 and settled at 1010, two of today bought at 1012.
fn carried_and_todays(rule: CloseRule) -> Hall {
    let mut hall = legs(market(rule));
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 3);
    settle(&mut hall, 1_010);
    deal(&mut hall, Side::Buy, Offset::Open, 1_012, 2);
    assert_eq!(held(&hall), [(5, 2)]);
    hall
}

/// Whether an order was taken, or why not.
fn answer(events: &[EventKind]) -> Result<(), Reject> {
    rejected(events).map_or(Ok(()), Err)
}

#[test]
fn rules_2_3_shfe_close_means_carried_lots_and_close_today_todays() {
    let mut hall = carried_and_todays(CloseRule::Shfe);
    let too_many = rest(&mut hall, Side::Sell, Offset::Close, 1_020, 4);
    assert_eq!(answer(&too_many), Err(Reject::CloseCarried));
    let too_many = rest(&mut hall, Side::Sell, Offset::CloseToday, 1_020, 3);
    assert_eq!(answer(&too_many), Err(Reject::CloseToday));
    let before = hall.client().realised;
    deal(&mut hall, Side::Sell, Offset::CloseToday, 1_015, 1);
    assert_eq!(hall.client().realised - before, money(30), "one of 1012");
    assert_eq!(held(&hall), [(4, 1)]);
    deal(&mut hall, Side::Sell, Offset::Close, 1_015, 2);
    assert_eq!(hall.client().realised - before, money(30 + 100), "two settled at 1010");
    assert_eq!(held(&hall), [(2, 1)]);
}

#[test]
fn rules_2_3_elsewhere_one_close_takes_the_oldest_first() {
    for offset in [Offset::Close, Offset::CloseToday] {
        let mut hall = carried_and_todays(CloseRule::OldestFirst);
        let too_many = rest(&mut hall, Side::Sell, offset, 1_020, 6);
        assert_eq!(answer(&too_many), Err(Reject::Close));
        let before = hall.client().realised;
        deal(&mut hall, Side::Sell, offset, 1_015, 4);
        assert_eq!(hall.client().realised - before, money(3 * 50 + 30));
        assert_eq!(held(&hall), [(1, 1)]);
        assert_eq!(hall.client().positions[0].basis, money(10_120));
    }
}

#[test]
fn rules_2_3_too_few_lots_of_the_other_leg_do_not_help() {
    let mut hall = legs(market(CloseRule::OldestFirst));
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 3);
    let no_short = rest(&mut hall, Side::Buy, Offset::Close, 990, 1);
    assert_eq!(answer(&no_short), Err(Reject::Close));
    deal(&mut hall, Side::Sell, Offset::Open, 1_004, 2);
    let client = hall.client();
    assert_eq!(held(&hall), [(3, 3), (-2, 2)], "legs stand beside each other, long before short");
    assert_eq!(client.margin, money(3_000 + 2_000), "and each asks for margin");
    assert_eq!(client.unrealised, money(80));
    assert_eq!(hall.exchange.position(CLIENT, InstrumentId(0)), 1);
}

#[test]
fn an_offset_needs_legs() {
    let mut hall = Hall::new(vec![market(CloseRule::Shfe)], calm(), 100_000);
    let refused = rest(&mut hall, Side::Buy, Offset::Open, 1_000, 1);
    assert_eq!(answer(&refused), Err(Reject::Offset));
}

#[test]
fn rules_2_4_two_closing_orders_cannot_promise_the_same_lot() {
    let mut hall = legs(market(CloseRule::OldestFirst));
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 5);
    let order = hall.order(CLIENT, Side::Sell, 1_010, 3);
    let first = order.id;
    hall.send(Command::Order(NewOrder { offset: Some(Offset::Close), ..order }));
    let twice = rest(&mut hall, Side::Sell, Offset::Close, 1_010, 3);
    assert_eq!(answer(&twice), Err(Reject::Close));
    assert_eq!(answer(&rest(&mut hall, Side::Sell, Offset::Close, 1_011, 2)), Ok(()));
    assert_eq!(hall.client().frozen, Money::ZERO, "closing freezes lots, not money");
    let nothing_left = rest(&mut hall, Side::Sell, Offset::Close, 1_012, 1);
    assert_eq!(answer(&nothing_left), Err(Reject::Close));
    let order = OrderRef::Client(first.expect("the order has an id"));
    hall.send(Command::Cancel { account: CLIENT, order });
    assert_eq!(answer(&rest(&mut hall, Side::Sell, Offset::Close, 1_010, 3)), Ok(()));
}

#[test]
fn rules_2_4_under_shfe_carried_and_todays_lots_are_promised_apart() {
    let mut hall = carried_and_todays(CloseRule::Shfe);
    assert_eq!(answer(&rest(&mut hall, Side::Sell, Offset::CloseToday, 1_020, 2)), Ok(()));
    assert_eq!(answer(&rest(&mut hall, Side::Sell, Offset::Close, 1_020, 3)), Ok(()));
    let more = rest(&mut hall, Side::Sell, Offset::CloseToday, 1_020, 1);
    assert_eq!(answer(&more), Err(Reject::CloseToday));
    let more = rest(&mut hall, Side::Sell, Offset::Close, 1_020, 1);
    assert_eq!(answer(&more), Err(Reject::CloseCarried));
    // The day ends: its lots are carried now, and what meant today's alone has nothing to close.
    let events = settle(&mut hall, 1_010);
    assert_eq!(cancelled(&events), [(2, CancelReason::ReduceOnly)]);
    assert_eq!(held(&hall), [(5, 0)]);
    assert_eq!(answer(&rest(&mut hall, Side::Sell, Offset::Close, 1_020, 2)), Ok(()));
}

#[test]
fn reduce_only_goes_with_closing_orders_alone() {
    let mut hall = legs(market(CloseRule::OldestFirst));
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 2);
    let mut try_it = |offset| {
        let order = hall.order(CLIENT, Side::Sell, 1_010, 2);
        let order = NewOrder { offset: Some(offset), reduce_only: true, ..order };
        answer(&hall.send(Command::Order(order)))
    };
    assert_eq!(try_it(Offset::Open), Err(Reject::ReduceOnly));
    assert_eq!(try_it(Offset::Close), Ok(()));
}

#[test]
fn a_replace_and_a_stop_keep_their_offset() {
    let mut hall = legs(market(CloseRule::OldestFirst));
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 5);
    let order = hall.order(CLIENT, Side::Sell, 1_010, 3);
    let id = order.id.expect("the order has an id");
    hall.send(Command::Order(NewOrder { offset: Some(Offset::Close), ..order }));
    let mut replace = |qty| {
        let (order, price, qty) = (OrderRef::Client(id), ticks(1_011), Qty::new(qty));
        let account = CLIENT;
        answer(&hall.send(Command::Replace { account, order, price, qty, trigger: None }))
    };
    assert_eq!((replace(6), replace(5), replace(4)), (Err(Reject::Close), Ok(()), Ok(())));
    // One lot is left to promise; the stop means two, and is tested when its price has come.
    let stop = hall.order(CLIENT, Side::Sell, 900, 2);
    let (offset, trigger) = (Some(Offset::Close), Some(ticks(990)));
    let events = hall.send(Command::Order(NewOrder { offset, trigger, ..stop }));
    let shown = events.iter().find_map(|event| match event {
        EventKind::Accepted { offset, .. } => Some(*offset),
        _ => None,
    });
    assert_eq!(shown, Some(Some(Offset::Close)));
    let bid = hall.order(MAKER, Side::Buy, 990, 1);
    hall.send(Command::Order(bid));
    let ask = hall.order(OTHER, Side::Sell, 990, 1);
    let events = hall.send(Command::Order(ask));
    assert_eq!(cancelled(&events), [(2, CancelReason::Refused(Reject::Close))]);
}

/// By date and by trade, of every settlement of the client.
fn results(events: &[EventKind]) -> Option<(i128, i128)> {
    events.iter().find_map(|event| match event {
        EventKind::Settlement { account: CLIENT, profit, profit_by_trade, .. } => {
            Some((profit.units(), profit_by_trade.units()))
        }
        _ => None,
    })
}

#[test]
fn rules_2_2_by_date_and_by_trade_agree_over_a_legs_life() {
    let mut hall = legs(market(CloseRule::OldestFirst));
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 3);
    let first = results(&settle(&mut hall, 1_010));
    deal(&mut hall, Side::Buy, Offset::Open, 1_012, 2);
    deal(&mut hall, Side::Sell, Offset::Close, 1_015, 4);
    let second = results(&settle(&mut hall, 1_020));
    deal(&mut hall, Side::Sell, Offset::Close, 1_018, 1);
    let third = results(&settle(&mut hall, 1_000));
    assert_eq!(first, Some((300, 0)));
    // By date: three carried lots 5 ticks, one of today 3, the one that is left 8. By trade: three 15 ticks, one 3.
    assert_eq!(second, Some((150 + 30 + 80, 450 + 30)));
    assert_eq!(third, Some((-20, 60)));
    assert_eq!(hall.client().realised, money(540));
}

#[test]
fn rules_1_2_margin_at_settlement_and_at_the_opening_price() {
    let margin = |price| {
        let mut market = market(CloseRule::OldestFirst);
        market.risk.margin_price = price;
        let mut hall = Hall::new(vec![market], calm(), 100_000);
        hall.trade(Side::Buy, 1_000, 2);
        settle(&mut hall, 1_010);
        hall.trade(Side::Buy, 1_012, 1);
        hall.mark(1_030);
        hall.client().margin
    };
    assert_eq!(margin(MarginPrice::Mark), money(3_090));
    // 2 x 10,100 carried at the last settlement, 10,120 of today at its price.
    assert_eq!(margin(MarginPrice::Settlement), money(3_032));
    // 2 x 10,000 and 10,120.
    assert_eq!(margin(MarginPrice::Open), money(3_012));
}

#[test]
fn todays_lots_close_at_a_fee_of_their_own() {
    let mut spec = market(CloseRule::OldestFirst);
    spec.fees.close = per_lot(1);
    spec.fees.close_today = Some(per_lot(5));
    let mut hall = legs(spec);
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 3);
    settle(&mut hall, 1_000);
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 2);
    deal(&mut hall, Side::Sell, Offset::Close, 1_000, 4);
    assert_eq!(hall.client().fees, money(3 + 5));
}

#[test]
fn what_a_bust_takes_away_comes_off_the_newest_closing_orders() {
    let mut hall = legs(market(CloseRule::OldestFirst));
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 3);
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 2);
    let trade = hall.exchange.seq();
    rest(&mut hall, Side::Sell, Offset::Close, 1_020, 4);
    rest(&mut hall, Side::Sell, Offset::Close, 1_010, 1);
    let trade = (1..=trade).rev().find_map(|trade| {
        let events = hall.send(Command::Bust { trade });
        rejected(&events).is_none().then_some(events)
    });
    let events = trade.expect("the last trade can be undone");
    assert_eq!(cancelled(&events), [(1, CancelReason::ReduceOnly)]);
    assert_eq!(held(&hall), [(3, 3)]);
    let orders: Vec<u64> = hall.client().orders.iter().map(|order| order.open.lots()).collect();
    assert_eq!(orders, [3], "the older one is cut to what is there");
}

#[test]
fn lots_that_a_leg_no_longer_has_come_back_on_the_other() {
    let mut hall = legs(market(CloseRule::OldestFirst));
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 3);
    let trade = (1..=hall.exchange.seq()).rev();
    deal(&mut hall, Side::Sell, Offset::Close, 1_010, 2);
    let undone = trade.into_iter().find(|&trade| {
        let events = hall.send(Command::Bust { trade });
        rejected(&events).is_none()
    });
    assert!(undone.is_some());
    // Bought 3 at 1000, undone; sold 2 at 1010.
    assert_eq!(held(&hall), [(-2, 2)]);
    assert_eq!(hall.client().equity, money(100_000 + 2 * 100));
}

#[test]
fn a_case_closes_both_legs_each_on_its_own_side() {
    let tiers = vec![tier("out", mille(1_000), Action::Liquidate)];
    let profile = profile(MeasureKind::MarginOverEquity, tiers, Ratio::from_nano(1));
    let mut hall = legs_of(market(CloseRule::Shfe), profile, 12_000);
    deal(&mut hall, Side::Buy, Offset::Open, 1_000, 8);
    deal(&mut hall, Side::Sell, Offset::Open, 1_000, 3);
    rest(&mut hall, Side::Sell, Offset::CloseToday, 1_100, 8);
    for side in [Side::Buy, Side::Sell] {
        let price = if side == Side::Buy { 940 } else { 945 };
        let order = hall.order(MAKER, side, price, 20);
        hall.send(Command::Order(order));
    }
    let events = hall.mark(900);
    let batches: Vec<(Side, u64)> = events
        .iter()
        .filter_map(|event| match event {
            EventKind::Case { step: CaseStep::Batch { side, qty, .. }, .. } => {
                Some((*side, qty.lots()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(batches, [(Side::Sell, 8), (Side::Buy, 3)], "{events:?}");
    assert_eq!(cancelled(&events), [(8, CancelReason::Liquidation)]);
    assert!(held(&hall).is_empty());
    // 8 lots lose 60 ticks, 3 gain 55.
    assert_eq!(hall.client().balance, money(12_000 - 4_800 + 1_650));
}

#[test]
fn a_call_for_the_sessions_end_falls_due_for_a_short_leg_too() {
    let tiers = vec![tier("call", mille(500), Action::Call { grace: None })];
    let profile = profile(MeasureKind::MarginOverEquity, tiers, mille(500));
    let mut hall = legs_of(market(CloseRule::OldestFirst), profile, 10_000);
    deal(&mut hall, Side::Sell, Offset::Open, 1_000, 4);
    let called = hall.mark(1_100);
    assert!(called.iter().any(|event| matches!(event, EventKind::MarginCall { .. })));
    let closed = hall.phase(Phase::Closed);
    let triggered = closed
        .iter()
        .any(|event| matches!(event, EventKind::Case { step: CaseStep::Triggered { .. }, .. }));
    assert!(triggered, "{closed:?}");
}

#[test]
fn a_snapshot_holds_every_lot_of_a_leg() {
    let mut hall = carried_and_todays(CloseRule::Shfe);
    rest(&mut hall, Side::Sell, Offset::CloseToday, 1_020, 1);
    let spec = hall.exchange.configuration();
    let restored = Exchange::restore(spec, &hall.exchange.snapshot()).expect("a whole snapshot");
    assert_eq!(restored.state_hash(), hall.exchange.state_hash());
    let mut twin = Hall::of(hall.exchange.configuration());
    twin.exchange = restored;
    for hall in [&mut hall, &mut twin] {
        let settled = hall.send_at(100, Command::Settle { instrument: None, price: None });
        assert_eq!(cancelled(&settled), [(1, CancelReason::ReduceOnly)]);
        let too_many = rest(hall, Side::Sell, Offset::Close, 1_020, 6);
        assert_eq!(answer(&too_many), Err(Reject::CloseCarried));
    }
    assert_eq!(hall.exchange.state_hash(), twin.exchange.state_hash());
}
