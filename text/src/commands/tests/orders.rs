//! Orders that wait, hide, ask for a least quantity or end by themselves.

use super::*;

fn changed(rest: &str, change: impl FnOnce(&mut NewOrder)) {
    let mut expected = plain_order();
    change(&mut expected);
    assert_eq!(command(&order(rest)), Command::Order(expected), "{rest}");
}

#[test]
fn a_stop_has_a_trigger_and_a_market_stop_may_have_a_protection_price() {
    let trigger = Some(Price::clamped(10_200));
    changed(r#""type":"stop_limit","trigger":"5100","price":"5000","qty":"4""#, |order| {
        order.trigger = trigger;
    });
    changed(r#""type":"stop","trigger":"5100","qty":"4""#, |order| {
        (order.kind, order.trigger) = (OrderKind::Market(None), trigger);
    });
    changed(r#""type":"stop","trigger":5100,"price":"5000","qty":"4""#, |order| {
        (order.kind, order.trigger) = (OrderKind::Market(Some(Price::clamped(10_000))), trigger);
    });
}

#[test]
fn a_trigger_belongs_to_stops() {
    for (rest, expected) in [
        (r#""type":"stop","qty":"4""#, "trigger: expected a decimal, found nothing"),
        (
            r#""type":"stop_limit","price":"5000","qty":"4""#,
            "trigger: expected a decimal, found nothing",
        ),
        (
            r#""type":"stop_limit","trigger":"5100","qty":"4""#,
            "price: expected a decimal, found nothing",
        ),
        (
            r#""price":"5000","trigger":"5100","qty":"4""#,
            "trigger: expected this field only with type \"stop\" or \"stop_limit\", found \"5100\"",
        ),
        (
            r#""type":"market","trigger":"5100","qty":"4""#,
            "trigger: expected this field only with type \"stop\" or \"stop_limit\", found \"5100\"",
        ),
        (
            r#""type":"trailing","trigger":"5100","qty":"4""#,
            "type: expected \"limit\" or \"market\" or \"stop\" or \"stop_limit\", found \"trailing\"",
        ),
    ] {
        assert_eq!(error(&order(rest)), expected);
    }
}

#[test]
fn an_order_may_end_with_the_day_or_at_a_time() {
    changed(r#""price":"5000","qty":"4","tif":"day""#, |order| order.tif = TimeInForce::Day);
    changed(r#""price":"5000","qty":"4","tif":"gtd","expires":9223372036854775807"#, |order| {
        order.tif = TimeInForce::Gtd(i64::MAX as u64);
    });
    let range = "whole nanoseconds from 0 to 9223372036854775807";
    for (rest, expected) in [
        (r#""tif":"gtd""#, format!("expires: expected {range}, found nothing")),
        (r#""tif":"gtd","expires":"5""#, format!("expires: expected {range}, found \"5\"")),
        (r#""tif":"gtd","expires":-5"#, format!("expires: expected {range}, found -5")),
        (
            r#""expires":5"#,
            "expires: expected this field only with tif \"gtd\", found 5".to_owned(),
        ),
        (
            r#""tif":"day","expires":5"#,
            "expires: expected this field only with tif \"gtd\", found 5".to_owned(),
        ),
        (
            r#""tif":"gfd""#,
            "tif: expected \"gtc\" or \"ioc\" or \"fok\" or \"day\" or \"gtd\", found \"gfd\""
                .to_owned(),
        ),
    ] {
        assert_eq!(error(&order(&format!(r#""price":"5000","qty":"4",{rest}"#))), expected);
    }
}

#[test]
fn an_order_may_hide_and_ask_for_a_least_quantity() {
    changed(r#""price":"5000","qty":"4","display":"2","min_qty":4"#, |order| {
        (order.display, order.min_qty) = (Qty::new(1), Qty::new(2));
    });
}

#[test]
fn the_first_reason_that_applies_to_any_number_is_given() {
    for (rest, reason) in [
        (r#""price":"0","trigger":"0.1","qty":"0""#, Reject::PriceOffTick),
        (r#""price":"5000","trigger":"0","qty":"0""#, Reject::PriceOutOfRange),
        (r#""price":"5000","trigger":"5000","qty":"3","display":"0""#, Reject::QuantityNotPositive),
        (
            r#""price":"5000","trigger":"5000","qty":"4","min_qty":"-2""#,
            Reject::QuantityNotPositive,
        ),
        (
            r#""price":"5000","trigger":"5000","qty":"99999999999998","display":"3","min_qty":"2""#,
            Reject::QuantityOffLot,
        ),
        (
            r#""price":"5000","trigger":"5000","qty":"4","display":"2","min_qty":"99999999999998""#,
            Reject::QuantityTooLarge,
        ),
    ] {
        let line = order(&format!(r#""type":"stop_limit",{rest}"#));
        assert_eq!(command(&line), refused(reason), "{rest}");
    }
}

#[test]
fn a_replace_is_counted_in_the_steps_of_its_order() {
    let (spec, mut exchange) = (spec(), exchange());
    let mut events = Vec::new();
    let mut carry_out = |line: &str| {
        let line = Line::read(line.as_bytes(), &spec).expect("a good line");
        line.carry_out(&mut exchange, &mut events);
        line.resolve(&exchange)
    };
    carry_out(r#"{"ts":1,"cmd":"open_account","account":"U","profile":"unlimited"}"#);
    carry_out(
        r#"{"ts":1,"cmd":"order","account":"U","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"4"}"#,
    );
    let replace = r#"{"ts":1,"cmd":"replace","account":"U","id":"a1","price":"5000.5","qty":"2","trigger":"4999.5"}"#;
    let changed = |trigger| Command::Replace {
        account: AccountId(1),
        order: OrderRef::Client(label("a1")),
        price: Price::clamped(10_001),
        qty: Qty::new(1),
        trigger,
    };
    let resolved = |line: &str, exchange: &Exchange| {
        Line::read(line.as_bytes(), &spec).expect("a good line").resolve(exchange)
    };
    assert_eq!(resolved(replace, &exchange), changed(Some(Price::clamped(9_999))));
    let bare = replace.replace(r#","trigger":"4999.5""#, "");
    assert_eq!(resolved(&bare, &exchange), changed(None));
    for (from, to, reason) in [
        ("4999.5", "4999.4", Reject::PriceOffTick),
        ("4999.5", "0", Reject::PriceOutOfRange),
        (r#""qty":"2""#, r#""qty":"1""#, Reject::QuantityOffLot),
        (r#""id":"a1""#, r#""id":"a2""#, Reject::UnknownOrder),
    ] {
        let Command::Refused { reason: found, .. } =
            resolved(&replace.replace(from, to), &exchange)
        else {
            panic!("{to} was taken");
        };
        assert_eq!(found, reason);
    }
}
