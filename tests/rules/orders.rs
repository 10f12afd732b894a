//! RULES.md, section 7: what orders do.

use super::hall::*;
use plimsoll_types::*;

fn hall() -> Hall {
    Hall::new(vec![instrument("X", 100)], calm(), 0)
}

/// Which resting orders a sell of `qty` at any price meets, in turn, with the lots.
fn met(hall: &mut Hall, qty: u64) -> Vec<(OrderId, u64)> {
    let order = hall.order(OTHER, Side::Sell, 1, qty);
    let events = hall.send(Command::Order(order));
    let makers = events.iter().filter_map(|event| match event {
        EventKind::Trade { maker_id, qty, .. } => Some((*maker_id, qty.lots())),
        _ => None,
    });
    makers.collect()
}

fn id(text: &str) -> OrderId {
    OrderId::Client(label(text))
}

/// Two bids of 5 at 100, the first replaced; which keeps its place.
fn replaced(price: i64, qty: u64) -> (bool, Hall) {
    let mut hall = hall();
    hall.limit(MAKER, "first", Side::Buy, 100, 5);
    hall.limit(MAKER, "second", Side::Buy, 100, 5);
    let order = OrderRef::Client(label("first"));
    let (price, qty) = (ticks(price), Qty::new(qty));
    let events = hall.send(Command::Replace { account: MAKER, order, price, qty, trigger: None });
    match events[..] {
        [EventKind::Replaced { kept_priority, .. }] => (kept_priority, hall),
        _ => panic!("{events:?}"),
    }
}

#[test]
fn rule_7_1_a_replace_keeps_its_place_only_when_just_the_quantity_falls() {
    let (kept, mut hall) = replaced(100, 4);
    assert!(kept);
    assert_eq!(met(&mut hall, 6), [(id("first"), 4), (id("second"), 2)]);
    for qty in [5, 6] {
        let (kept, mut hall) = replaced(100, qty);
        assert!(!kept);
        assert_eq!(met(&mut hall, 6), [(id("second"), 5), (id("first"), 1)]);
    }
    let (kept, mut hall) = replaced(99, 4);
    assert!(!kept);
    assert_eq!(met(&mut hall, 6), [(id("second"), 5), (id("first"), 1)]);
}

/// A buy of 5 at 101 in `mode` meets an own ask of 3 at 100 and another's of 4 at 101.
fn self_match(mode: SelfMatch, own: u64) -> (Fills, Gone, Hall) {
    let mut hall = hall();
    hall.limit(MAKER, "own", Side::Sell, 100, own);
    hall.limit(OTHER, "other", Side::Sell, 101, 4);
    let order = hall.order(MAKER, Side::Buy, 101, 5);
    let events = hall.send(Command::Order(NewOrder { self_match: mode, ..order }));
    (trades(&events), cancelled(&events), hall)
}

#[test]
fn rule_7_2_self_match_prevention() {
    let reason = CancelReason::SelfMatch;
    let (traded, gone, hall) = self_match(SelfMatch::None, 3);
    assert_eq!((traded, gone), (vec![(100, 3), (101, 2)], vec![]));
    assert_eq!(hall.levels(), [vec![], vec![(101, 2)]]);

    let (traded, gone, hall) = self_match(SelfMatch::CancelNewest, 3);
    assert_eq!((traded, gone), (vec![], vec![(5, reason)]));
    assert_eq!(hall.levels(), [vec![], vec![(100, 3), (101, 4)]]);

    let (traded, gone, hall) = self_match(SelfMatch::CancelOldest, 3);
    assert_eq!((traded, gone), (vec![(101, 4)], vec![(3, reason)]));
    assert_eq!(hall.levels(), [vec![(101, 1)], vec![]]);

    let (traded, gone, hall) = self_match(SelfMatch::CancelBoth, 3);
    assert_eq!((traded, gone), (vec![], vec![(3, reason), (5, reason)]));
    assert_eq!(hall.levels(), [vec![], vec![(101, 4)]]);

    let (traded, gone, hall) = self_match(SelfMatch::Decrement, 3);
    assert_eq!((traded, gone), (vec![(101, 2)], vec![(3, reason)]));
    assert_eq!(hall.levels(), [vec![], vec![(101, 2)]]);

    // Decremented against a larger one: the incoming order is used up.
    let (traded, gone, hall) = self_match(SelfMatch::Decrement, 8);
    assert_eq!((traded, gone), (vec![], vec![(5, reason)]));
    assert_eq!(hall.levels(), [vec![], vec![(100, 3), (101, 4)]]);
}

#[test]
fn rule_7_5_fill_or_kill_counts_the_whole_quantity_inside_its_limit() {
    for (price, qty, traded) in [
        (101, 7, vec![(100, 3), (101, 4)]),
        (101, 8, vec![]),
        (100, 4, vec![]),
        (102, 9, vec![(100, 3), (101, 4), (102, 2)]),
    ] {
        let mut hall = hall();
        hall.limit(MAKER, "a", Side::Sell, 100, 3);
        hall.limit(MAKER, "b", Side::Sell, 101, 4);
        hall.limit(MAKER, "c", Side::Sell, 102, 5);
        let order = hall.order(OTHER, Side::Buy, price, qty);
        let events = hall.send(Command::Order(NewOrder { tif: TimeInForce::Fok, ..order }));
        assert_eq!(trades(&events), traded);
        let killed = if traded.is_empty() { vec![(qty, CancelReason::Fok)] } else { vec![] };
        assert_eq!(cancelled(&events), killed);
    }
}

#[test]
fn rule_7_6_post_only_that_would_take_is_rejected() {
    let mut hall = hall();
    hall.limit(MAKER, "ask", Side::Sell, 100, 3);
    for (price, reason) in
        [(99, None), (100, Some(Reject::PostOnly)), (101, Some(Reject::PostOnly))]
    {
        let order = hall.order(OTHER, Side::Buy, price, 1);
        let events = hall.send(Command::Order(NewOrder { post_only: true, ..order }));
        assert_eq!(rejected(&events), reason, "at {price}");
    }
    assert_eq!(hall.levels(), [vec![(99, 1)], vec![(100, 3)]]);
}
