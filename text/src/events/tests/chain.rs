//! Legs, losses, funding and changed terms as lines.

use super::*;
use plimsoll_types::Offset;

const CASE: CaseId = CaseId(3);

#[test]
fn an_order_shows_which_lots_it_means() {
    let accepted = |offset| EventKind::Accepted {
        account: A,
        id: id("a1"),
        instrument: RB,
        side: Side::Buy,
        price: Some(ticks(10_000)),
        qty: Qty::new(10),
        trigger: None,
        display: Qty::ZERO,
        offset,
        handle: None,
    };
    let plain =
        r#""accepted","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"1""#;
    assert_eq!(line(accepted(None)), format!("{plain}}}"));
    assert_eq!(line(accepted(Some(Offset::Open))), format!(r#"{plain},"offset":"open"}}"#));
    assert_eq!(
        line(accepted(Some(Offset::CloseToday))),
        format!(r#"{plain},"offset":"close_today"}}"#)
    );
}

#[test]
fn a_trade_tells_its_fees_where_there_are_any() {
    let trade = |maker_fee, taker_fee, kind| EventKind::Trade {
        instrument: RB,
        price: ticks(10_000),
        qty: Qty::new(30),
        maker: A,
        maker_id: id("a1"),
        taker: B,
        taker_id: id("b1"),
        side: Side::Sell,
        kind,
        maker_fee: Money::new(maker_fee),
        taker_fee: Money::new(taker_fee),
    };
    let ends = |kind, tail: &str| line(kind).ends_with(&format!("\"side\":\"sell\",{tail}}}"));
    assert!(ends(trade(0, 0, TradeKind::Deleverage), r#""kind":"adl""#));
    assert!(ends(trade(0, 0, TradeKind::Reduction), r#""kind":"reduction""#));
    assert!(ends(trade(50, 0, TradeKind::Normal), r#""kind":"normal","maker_fee":"0.005""#));
    assert!(ends(trade(0, -1, TradeKind::Normal), r#""kind":"normal","taker_fee":"-0.0001""#));
}

#[test]
fn losses_are_shared_out() {
    let (qty, price) = (Qty::new(10), ticks(9_001));
    assert_eq!(
        line(EventKind::Deleveraged { instrument: RB, account: A, qty, price, case: CASE }),
        r#""adl","symbol":"RB","account":"A","qty":"1","price":"4500.5","case":3}"#
    );
    let taken = |fee| EventKind::TakenOver {
        account: A,
        instrument: RB,
        side: Side::Buy,
        qty,
        price,
        fee: Money::new(fee),
        case: CASE,
    };
    assert_eq!(
        line(taken(0)),
        r#""takeover","account":"A","symbol":"RB","side":"long","qty":"1","price":"4500.5","case":3}"#
    );
    assert!(line(taken(5_000)).contains(r#""price":"4500.5","fee":"0.5","case":3"#));
    assert_eq!(
        line(EventKind::Socialised { account: A, amount: Money::new(10_500) }),
        r#""socialised","account":"A","amount":"1.05"}"#
    );
    let side = Side::Sell;
    assert_eq!(
        line(EventKind::Reduced { instrument: RB, account: A, side, qty, price }),
        r#""reduction","symbol":"RB","account":"A","side":"short","qty":"1","price":"4500.5"}"#
    );
    let amount = Money::new(-10_000);
    assert_eq!(
        line(EventKind::Funding { account: A, instrument: RB, amount }),
        r#""funding","account":"A","symbol":"RB","amount":"-1"}"#
    );
}

#[test]
fn terms_change() {
    let share = Ratio::from_nano(125_000_000);
    for (kind, expected) in [
        (
            EventKind::Index { instrument: RB, price: ticks(9_999) },
            r#""index","symbol":"RB","price":"4999.5"}"#,
        ),
        (
            EventKind::Leverage {
                account: A,
                instrument: RB,
                value: Ratio::from_nano(12_500_000_000),
            },
            r#""leverage","account":"A","symbol":"RB","value":"12.5"}"#,
        ),
        (
            EventKind::MarginMoved { account: A, instrument: RB, amount: Money::new(-1) },
            r#""margin_moved","account":"A","symbol":"RB","amount":"-0.0001"}"#,
        ),
        (
            EventKind::Profile { account: A, profile: ProfileId::UNLIMITED },
            r#""profile","account":"A","profile":"unlimited"}"#,
        ),
        (
            EventKind::Scheduled { instrument: RB, at: Some(5) },
            r#""scheduled","symbol":"RB","at":5}"#,
        ),
        (
            EventKind::Scheduled { instrument: RB, at: None },
            r#""scheduled","symbol":"RB","at":"settlement"}"#,
        ),
        (
            EventKind::Terms { instrument: RB, price_limit: Some(share), fees: true },
            r#""terms","symbol":"RB","price_limit":"0.125","fees":true}"#,
        ),
        (
            EventKind::Terms { instrument: RB, price_limit: None, fees: false },
            r#""terms","symbol":"RB","price_limit":null,"fees":false}"#,
        ),
        (
            EventKind::InstrumentPermission { instrument: RB, permission: Permission::Frozen },
            r#""permission","symbol":"RB","permission":"frozen"}"#,
        ),
        (
            EventKind::LargePosition {
                account: A,
                instrument: RB,
                side: Side::Buy,
                qty: Qty::new(35),
            },
            r#""large_position","account":"A","symbol":"RB","side":"long","qty":"3.5"}"#,
        ),
    ] {
        assert_eq!(line(kind), expected);
    }
}

#[test]
fn a_margin_may_be_one_accounts() {
    let rate = MarginRate { share: Ratio::ONE, per_lot: Money::ZERO };
    let kind =
        EventKind::Margin { instrument: RB, account: Some(A), initial: rate, maintenance: rate };
    assert_eq!(
        line(kind),
        r#""margin","symbol":"RB","account":"A","initial":"1","maintenance":"1"}"#
    );
}

#[test]
fn a_case_tells_why_it_began() {
    for reason in ForcedReason::ALL {
        let step = CaseStep::Triggered { reason: *reason };
        let text = line(EventKind::Case { account: A, case: CASE, step });
        let tail = format!(r#""state":"triggered","reason":"{}"}}"#, reason.as_str());
        assert!(text.ends_with(&tail), "{text}");
    }
}

#[test]
fn an_isolated_position_names_its_account_and_its_symbol() {
    let isolated =
        CONFIG.replace("name = \"standard\"", "name = \"standard\"\nmargin_mode = \"isolated\"");
    let mut exchange =
        Exchange::new(read_config("E.toml", &isolated).expect("a good configuration"));
    let mut events = Vec::new();
    let amount = Money::new(100_000_000);
    exchange.apply(1, &plimsoll_types::Command::Deposit { account: A, amount }, &mut events);
    for (account, side) in [(B, Side::Sell), (A, Side::Buy)] {
        let order = plimsoll_types::NewOrder::limit(account, RB, side, ticks(10_000), Qty::new(10));
        exchange.apply(2, &plimsoll_types::Command::Order(order), &mut events);
    }
    // A's isolated position was opened third: 1 x 5000 x 10 x 0.1 moved into it.
    let pocket = AccountId(2);
    let kind = EventKind::Tier {
        account: pocket,
        from: 0,
        to: 1,
        measure: Measure(None),
        equity: Money::ZERO,
        margin: Money::ZERO,
    };
    let mut out = Vec::new();
    write_event(&mut out, &exchange, &Event { seq: 7, ts: 9, kind });
    assert_eq!(
        String::from_utf8_lossy(&out),
        "{\"seq\":7,\"ts\":9,\"event\":\"tier\",\"account\":\"A\",\"isolated\":\"RB\",\"from\":\"normal\",\"to\":\"warning\",\"measure\":null,\"equity\":\"0\",\"margin\":\"0\"}\n"
    );
}
