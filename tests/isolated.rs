//! Isolated positions on the real exchange: money of their own, tiers of their own, cases of their own. Source: SEMANTICS 3.3.

#[path = "rules/hall.rs"]
#[allow(dead_code)]
mod hall;

use hall::*;
use plimsoll_types::*;

/// Two perpetuals worth 10 a tick, 10 % initial and 5 % maintenance margin; a client with 10,000 whose positions are isolated
/// and go at maintenance over equity 100 %.
fn hall() -> Hall {
    let mut specs = vec![instrument("BTC", 1_000), instrument("ETH", 1_000)];
    for spec in &mut specs {
        spec.initial.share = mille(100);
        spec.maintenance.share = mille(50);
        spec.fees.taker = per_lot(1);
    }
    let mut profile = profile(
        MeasureKind::MarginOverEquity,
        vec![tier("liquidation", Ratio::ONE, Action::Liquidate)],
        mille(800),
    );
    profile.margin_mode = MarginMode::Isolated;
    profile.basis = Basis::Maintenance;
    profile.tiers[0].basis = Basis::Maintenance;
    profile.liquidation.waterfall = vec![WaterfallStage::InsuranceFund, WaterfallStage::Debt];
    Hall::new(specs, profile, 10_000)
}

fn moved(events: &[EventKind]) -> Vec<i128> {
    let amounts = events.iter().filter_map(|event| match event {
        EventKind::MarginMoved { amount, .. } => Some(amount.units()),
        _ => None,
    });
    amounts.collect()
}

fn wallet(hall: &Hall) -> i128 {
    let client = hall.client();
    let isolated = client.positions[0].isolated.as_ref().expect("an isolated position");
    isolated.wallet.units()
}

/// The client takes from the maker.
fn take(hall: &mut Hall, side: Side, price: i64, qty: u64) -> Vec<EventKind> {
    let resting = hall.order(MAKER, side.opposite(), price, qty);
    hall.send(Command::Order(resting));
    let taking = hall.order(CLIENT, side, price, qty);
    hall.send(Command::Order(taking))
}

#[test]
fn margin_moves_in_with_lots_and_out_with_their_result() {
    let mut hall = hall();
    let events = take(&mut hall, Side::Buy, 1_000, 4);
    assert_eq!(moved(&events), [4_000]);
    assert!(trades(&events) == [(1_000, 4)]);
    let client = hall.client();
    assert_eq!(client.available, money(10_000 - 4_000 - 4), "the fee is the account's");
    assert_eq!((client.balance, client.margin), (money(9_996), money(4_000)));
    assert_eq!(wallet(&hall), 4_000);
    assert_eq!(client.positions[0].liquidation_price, Some(ticks(948)));
    hall.mark(1_050);
    // A quarter of the wallet and 50 ticks on one lot.
    assert_eq!(moved(&take(&mut hall, Side::Sell, 1_050, 1)), [-1_500]);
    // Turned: 3,000 and a result of 1,500 come back, 2 short lots at 1050 ask for 2,100.
    assert_eq!(moved(&take(&mut hall, Side::Sell, 1_050, 5)), [-4_500, 2_100]);
    assert_eq!(hall.client().available, money(10_000 + 2_000 - 10 - 2_100));
}

#[test]
fn a_pocket_is_liquidated_alone_and_gives_back_what_is_left() {
    let mut hall = hall();
    take(&mut hall, Side::Buy, 1_000, 4);
    hall.limit(CLIENT, "waits", Side::Buy, 900, 1);
    let mut other = hall.order(CLIENT, Side::Buy, 500, 1);
    other.instrument = InstrumentId(1);
    hall.send(Command::Order(other));
    hall.limit(MAKER, "bid", Side::Buy, 946, 10);
    // At 948 the pocket has 1,920 left and needs 1,896; at 947: 1,880 of 1,894.
    let events = hall.mark(948);
    assert!(!events.iter().any(|event| matches!(event, EventKind::Tier { .. })), "{events:?}");
    let events = hall.mark(947);
    assert!(
        cancelled(&events) == [(1, CancelReason::Liquidation)],
        "only the order in its instrument goes: {events:?}"
    );
    let closed: u64 = trades(&events).iter().map(|&(_, qty)| qty).sum();
    assert!((1..4).contains(&closed), "a part is enough: {events:?}");
    assert!(
        events
            .iter()
            .any(|event| { matches!(event, EventKind::Case { step: CaseStep::Restored, .. }) })
    );
    assert_eq!(moved(&events), [0i128; 0], "its money stays in");
    assert_eq!(hall.client().tier, "normal");
    assert_eq!(hall.client().orders.len(), 1, "the order in the other instrument is still there");
}

#[test]
fn the_account_does_not_pay_for_a_pocket_that_went_under() {
    let mut hall = hall();
    take(&mut hall, Side::Buy, 1_000, 4);
    hall.send(Command::Fund { amount: money(1_000) });
    hall.limit(MAKER, "bid", Side::Buy, 880, 10);
    let events = hall.mark(900);
    // 4 lots x 120 ticks x 10 = 4,800 of 4,000, and 4 of fees by the account.
    let paid: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            EventKind::Fund { change, .. } => Some(change.units()),
            _ => None,
        })
        .collect();
    assert_eq!(paid, [-800], "{events:?}");
    let client = hall.client();
    assert_eq!((client.balance, client.debt), (money(10_000 - 4_000 - 8), Money::ZERO));
}

#[test]
fn margin_is_moved_by_command_within_bounds() {
    let mut hall = hall();
    let movement = |amount| Command::MoveMargin {
        account: CLIENT,
        instrument: InstrumentId(0),
        amount: money(amount),
    };
    let events = hall.send(movement(100));
    assert_eq!(rejected(&events), Some(Reject::NotApplicable), "nothing held");
    take(&mut hall, Side::Buy, 1_000, 4);
    assert_eq!(rejected(&hall.send(movement(5_997))), Some(Reject::Available));
    assert_eq!(moved(&hall.send(movement(500))), [500]);
    assert_eq!(rejected(&hall.send(movement(-501))), Some(Reject::Available));
    assert_eq!(moved(&hall.send(movement(-500))), [-500]);
    assert_eq!(wallet(&hall), 4_000);
    let other =
        Command::MoveMargin { account: MAKER, instrument: InstrumentId(0), amount: money(1) };
    assert_eq!(rejected(&hall.send(other)), Some(Reject::MarginMode));
}

#[test]
fn a_snapshot_takes_pockets_along() {
    let mut hall = hall();
    take(&mut hall, Side::Buy, 1_000, 4);
    let hash = hall.exchange.state_hash();
    let bytes = hall.exchange.snapshot();
    let spec = hall.exchange.configuration();
    let again = plimsoll_exchange::Exchange::restore(spec, &bytes).expect("its own snapshot");
    assert_eq!(again.state_hash(), hash);
    assert_eq!(again.view(), hall.exchange.view());
    assert_eq!(again.account_id(&label("A")), Some(CLIENT));
}
