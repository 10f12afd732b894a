//! Terms, rates, funding, isolated margin and forced liquidation.

use super::*;
use plimsoll_types::{Fee, Fees, ForcedReason, Offset, ProfileId, Schedule, ScheduleTime};

fn line(rest: &str) -> String {
    format!(r#"{{"ts":1,"cmd":{rest}}}"#)
}

fn nano(nano: i64) -> Ratio {
    Ratio::from_nano(nano)
}

#[test]
fn an_order_says_which_lots_it_means() {
    for (word, offset) in
        [("open", Offset::Open), ("close", Offset::Close), ("close_today", Offset::CloseToday)]
    {
        let line = order(&format!(r#""price":"5000","qty":"4","offset":"{word}""#));
        let expected = NewOrder { offset: Some(offset), ..plain_order() };
        assert_eq!(command(&line), Command::Order(expected));
    }
    let error = error(&order(r#""price":"5000","qty":"4","offset":"close_yesterday""#));
    assert_eq!(
        error,
        r#"offset: expected "open" or "close" or "close_today", found "close_yesterday""#
    );
}

#[test]
fn funding_has_a_signed_rate_or_none() {
    let funding = |rest: &str| command(&line(&format!(r#""funding","symbol":"RB"{rest}"#)));
    let paid = |rate| Command::Funding { instrument: RB, rate };
    assert_eq!(funding(""), paid(None));
    assert_eq!(funding(r#","rate":"0.0001""#), paid(Some(nano(100_000))));
    assert_eq!(funding(r#","rate":-0.000000001"#), paid(Some(nano(-1))));
    assert_eq!(funding(r#","rate":"-1""#), paid(Some(nano(-1_000_000_000))));
    for rate in ["1.000000001", "-2", "0.0000000001"] {
        assert_eq!(
            error(&line(&format!(r#""funding","symbol":"RB","rate":"{rate}""#))),
            format!("rate: expected a share from -1 to 1 with at most 9 decimals, found {rate:?}")
        );
    }
}

#[test]
fn an_index_is_a_price() {
    let index =
        |price: &str| command(&line(&format!(r#""index","symbol":"RB","price":"{price}""#)));
    assert_eq!(index("5000.5"), Command::Index { instrument: RB, price: Price::clamped(10_001) });
    let reason = Reject::PriceOffTick;
    assert_eq!(index("5000.4"), Command::Refused { account: None, id: None, reason });
}

#[test]
fn accounts_choose_leverage_profile_and_isolated_margin() {
    assert_eq!(
        command(&line(r#""leverage","account":"A","symbol":"RB","value":"12.5""#)),
        Command::Leverage { account: A, instrument: RB, value: nano(12_500_000_000) }
    );
    assert_eq!(
        command(&line(r#""move_margin","account":"A","symbol":"RB","amount":"-0.01""#)),
        Command::MoveMargin { account: A, instrument: RB, amount: Money::new(-1) }
    );
    assert_eq!(
        command(&line(r#""profile","account":"A","profile":"unlimited""#)),
        Command::Profile { account: A, profile: ProfileId::UNLIMITED }
    );
    let account = Some(label("A"));
    for (rest, reason) in [
        (r#""leverage","account":"A","symbol":"RB","value":"-1""#, Reject::Leverage),
        (r#""leverage","account":"A","symbol":"XX","value":"-1""#, Reject::UnknownSymbol),
        (r#""move_margin","account":"A","symbol":"RB","amount":"0.001""#, Reject::AmountOffUnit),
        (r#""profile","account":"A","profile":"vip""#, Reject::UnknownProfile),
    ] {
        assert_eq!(command(&line(rest)), Command::Refused { account, id: None, reason });
    }
    let unknown = command(&line(r#""profile","account":"Z","profile":"vip""#));
    let reason = Reject::UnknownAccount;
    assert_eq!(unknown, Command::Refused { account: Some(label("Z")), id: None, reason });
}

#[test]
fn a_margin_may_be_one_accounts() {
    let own = line(r#""margin","account":"A","symbol":"RB","initial":"0.2","maintenance":"0.1""#);
    let rate = |n| MarginRate { share: nano(n), per_lot: Money::ZERO };
    assert_eq!(
        command(&own),
        Command::Margin {
            instrument: RB,
            account: Some(A),
            initial: rate(200_000_000),
            maintenance: rate(100_000_000),
        }
    );
    let nobody = own.replace(r#""account":"A""#, r#""account":"Z""#).replace("RB", "XX");
    let reason = Reject::UnknownAccount;
    assert_eq!(command(&nobody), Command::Refused { account: Some(label("Z")), id: None, reason });
}

#[test]
fn a_permission_is_an_accounts_or_an_instruments() {
    assert_eq!(
        command(&line(r#""permission","symbol":"RB","permission":"close_only""#)),
        Command::Restrict { instrument: RB, permission: Permission::CloseOnly }
    );
    assert_eq!(
        error(&line(r#""permission","symbol":"RB","account":"A","permission":"normal""#)),
        r#"account: expected an account or a symbol, not both, found "A""#
    );
    assert_eq!(
        error(&line(r#""permission","permission":"normal""#)),
        "account: expected a string of 1 to 39 bytes, found nothing"
    );
}

#[test]
fn a_liquidation_is_ordered_for_one_or_for_all_over_the_limit() {
    let liquidate = |rest: &str| command(&line(&format!(r#""liquidate","symbol":"RB"{rest}"#)));
    let plain = |account, qty, reason| Command::Liquidate { account, instrument: RB, qty, reason };
    assert_eq!(liquidate(""), plain(None, None, ForcedReason::ClientLimit));
    assert_eq!(liquidate(r#","account":"A""#), plain(Some(A), None, ForcedReason::Other));
    assert_eq!(
        liquidate(r#","account":"A","qty":"6","reason":"violation""#),
        plain(Some(A), Some(Qty::new(3)), ForcedReason::Violation)
    );
    let odd = liquidate(r#","account":"A","qty":"5""#);
    let reason = Reject::QuantityOffLot;
    assert_eq!(odd, Command::Refused { account: Some(label("A")), id: None, reason });
    assert_eq!(
        error(&line(r#""liquidate","symbol":"RB","qty":"6""#)),
        r#"qty: expected this field only with account, found "6""#
    );
    assert_eq!(
        error(&line(r#""liquidate","symbol":"RB","reason":"funds""#)),
        r#"reason: expected "client_limit" or "member_limit" or "violation" or "delivery_month" or "other", found "funds""#
    );
}

#[test]
fn a_forced_reduction_names_an_instrument() {
    assert_eq!(
        command(&line(r#""forced_reduction","symbol":"RB""#)),
        Command::ForcedReduction { instrument: RB }
    );
    assert_eq!(
        error(&line(r#""forced_reduction""#)),
        "symbol: expected a string of 1 to 39 bytes, found nothing"
    );
}

#[test]
fn a_change_is_scheduled() {
    let rate = |n| MarginRate { share: nano(n), per_lot: Money::ZERO };
    let plain = Schedule {
        instrument: RB,
        when: ScheduleTime::Settlement,
        margins: None,
        price_limit: None,
        fees: None,
    };
    let scheduled =
        |rest: &str| command(&line(&format!(r#""schedule","symbol":"RB","at":{rest}"#)));
    // Whether the house asks enough is for the exchange to say: a lot is worth what it is then.
    assert_eq!(
        scheduled(r#""settlement","margin_initial":"0.15","margin_maintenance":0.2"#),
        Command::Schedule(Box::new(Schedule {
            margins: Some([rate(150_000_000), rate(200_000_000)]),
            ..plain
        }))
    );
    let taker = Fee { share: Ratio::ZERO, per_lot: Money::new(150) };
    assert_eq!(
        scheduled(r#"5,"price_limit":"0.1","fee_taker":{"per_lot":"1.5"}"#),
        Command::Schedule(Box::new(Schedule {
            when: ScheduleTime::At(5),
            price_limit: Some(nano(100_000_000)),
            fees: Some(Fees { taker, ..Fees::default() }),
            ..plain
        }))
    );
    let unknown = command(r#"{"ts":1,"cmd":"schedule","symbol":"XX","at":0,"price_limit":"0.1"}"#);
    let reason = Reject::UnknownSymbol;
    assert_eq!(unknown, Command::Refused { account: None, id: None, reason });
}

#[test]
fn a_schedule_that_means_nothing_is_refused() {
    let at = r#"at: expected "settlement" or whole nanoseconds from 0 to 9223372036854775807"#;
    for (rest, expected) in [
        (r#","at":5"#, "margin_initial: expected both margins, a price_limit or fees to change"),
        (r#","price_limit":"0.1""#, "at: expected a value, found nothing"),
        (r#","at":"noon","price_limit":"0.1""#, at),
        (r#","at":"2026-12-15","price_limit":"0.1""#, at),
        (r#","at":-1,"price_limit":"0.1""#, at),
        (r#","at":1.5,"price_limit":"0.1""#, at),
        (r#","at":9223372036854775808,"price_limit":"0.1""#, at),
        (r#","at":5,"margin_initial":"0.1""#, "margin_maintenance: expected a value"),
        (r#","at":5,"price_limit":"-0.1""#, "price_limit: expected 0 to 1000000"),
        (r#","at":5,"fee_open":{"lot":"1"}"#, "fee_open.lot: expected one of share, per_lot"),
        (r#","at":5,"qty":"1""#, "qty: expected one of symbol, at, margin_initial"),
    ] {
        let error = error(&line(&format!(r#""schedule","symbol":"RB"{rest}"#)));
        assert!(error.starts_with(expected), "{rest} gave {error}");
    }
}
