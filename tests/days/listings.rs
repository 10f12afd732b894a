//! Instruments that come and go. Source: RULES 2.5.

use super::hall::{Hall, instrument, line, order, trade};

const CU: &str = r#""cmd":"list","symbol":"CU","kind":"future","tick_size":"1","lot_size":"1","multiplier":"5","prev_settlement":"60000","margin_initial":"0.1","margin_maintenance":"0.08""#;

#[test]
fn an_instrument_lives_from_its_listing_to_its_expiry() {
    let mut hall = Hall::new(&instrument("RB", ""));
    hall.expect(&line(1, CU), r#"{"ts":1000000000,"event":"listed","symbol":"CU","kind":"future","tick_size":"1","lot_size":"1","multiplier":"5","prev_settlement":"60000"}"#);
    let again = hall.tell(&line(1, CU));
    assert!(again.contains(r#""reason":"duplicate_symbol""#), "{again}");
    let in_cu = |lines: String| lines.replace("\"RB\"", "\"CU\"");
    hall.tell(&in_cu(trade(2, 1, 60_000, 2)));
    hall.tell(&in_cu(order(2, "A", "a2", "buy", 59_000, 1)));
    let refused = hall.tell(&line(3, r#""cmd":"delist","symbol":"CU""#));
    assert!(refused.contains(r#""reason":"open_position""#), "{refused}");
    // 2 lots x 500 x 5.
    hall.expect(
        &line(4, r#""cmd":"expire","symbol":"CU","price":"60500""#),
        r#"{"ts":4000000000,"event":"cancelled","account":"A","id":"a2","qty":"1","reason":"expired"}
        {"ts":4000000000,"event":"settled","symbol":"CU","price":"60500","one_sided":null,"limit":null}
        {"ts":4000000000,"event":"mark","symbol":"CU","price":"60500"}
        {"ts":4000000000,"event":"settlement","account":"A","symbol":"CU","profit":"5000","profit_by_trade":"5000","fees":"0","balance":"1005000"}
        {"ts":4000000000,"event":"settlement","account":"B","symbol":"CU","profit":"-5000","profit_by_trade":"-5000","fees":"0","balance":"995000"}
        {"ts":4000000000,"event":"expired","symbol":"CU","price":"60500"}"#,
    );
    let state = hall.state();
    assert_eq!(state["accounts"]["A"]["positions"], serde_json::json!([]));
    assert_eq!(state["accounts"]["A"]["available"], "1005000");
    assert_eq!(state["books"].as_object().expect("books").len(), 1);
    let gone = hall.tell(&in_cu(order(5, "A", "a3", "buy", 60_000, 1)));
    assert!(gone.contains(r#""reason":"unknown_symbol""#), "{gone}");
    // Its symbol may come again: a new instrument, with a book of its own.
    hall.expect(&line(6, CU), r#"{"ts":6000000000,"event":"listed","symbol":"CU","kind":"future","tick_size":"1","lot_size":"1","multiplier":"5","prev_settlement":"60000"}"#);
    hall.tell(&in_cu(trade(7, 4, 60_000, 1)));
    assert_eq!(hall.state()["accounts"]["A"]["positions"][0]["qty"], "1");
}

#[test]
fn an_expiry_without_a_price_takes_the_day_s_own() {
    let mut hall = Hall::new(&instrument("RB", ""));
    hall.tell(&trade(1, 1, 1010, 1));
    hall.tell(&trade(1, 2, 1020, 1));
    let told = hall.tell(&line(2, r#""cmd":"expire","symbol":"RB""#));
    assert!(
        told.ends_with("\"event\":\"expired\",\"symbol\":\"RB\",\"price\":\"1015\"}\n"),
        "{told}"
    );
}

#[test]
fn a_delisting_takes_every_order_with_it_stops_too() {
    let mut hall = Hall::new(&instrument("RB", ""));
    hall.tell(&order(1, "A", "a1", "buy", 990, 1));
    hall.tell(
        &order(1, "B", "b1", "buy", 1010, 1)
            .replace("}\n", ",\"type\":\"stop_limit\",\"trigger\":\"1005\"}\n"),
    );
    hall.tell(&order(1, "A", "a2", "sell", 1010, 1));
    hall.expect(
        &line(2, r#""cmd":"delist","symbol":"RB""#),
        r#"{"ts":2000000000,"event":"cancelled","account":"A","id":"a1","qty":"1","reason":"delisted"}
        {"ts":2000000000,"event":"cancelled","account":"B","id":"b1","qty":"1","reason":"delisted"}
        {"ts":2000000000,"event":"cancelled","account":"A","id":"a2","qty":"1","reason":"delisted"}
        {"ts":2000000000,"event":"delisted","symbol":"RB"}"#,
    );
    assert_eq!(hall.state()["accounts"]["A"]["frozen"], "0");
    let refused = hall.tell(&line(3, r#""cmd":"settle","symbol":"RB""#));
    assert!(refused.contains(r#""reason":"unknown_symbol""#), "{refused}");
    hall.expect(&line(3, r#""cmd":"settle""#), "");
}

#[test]
fn an_expiry_ends_the_case_that_could_not_close() {
    let mut hall = Hall::new(&instrument("RB", ""));
    hall.tell(&trade(1, 1, 1000, 1_000));
    let told = hall.tell(&line(2, r#""cmd":"mark","symbol":"RB","price":"960""#));
    assert!(told.contains(r#""event":"case","account":"A","case":1,"state":"parked""#), "{told}");
    // 1000 lots x 150 x 10 = 1,500,000 lost of 1,000,000: the fund has 500, the rest is owed.
    let told = hall.tell(&line(3, r#""cmd":"expire","symbol":"RB","price":"850""#));
    let end: Vec<&str> = told.lines().rev().take(4).collect();
    assert!(end[3].contains(r#""state":"waterfall""#), "{told}");
    assert!(end[2].contains(r#""event":"fund","change":"-500","balance":"0""#), "{told}");
    assert!(end[1].contains(r#""event":"debt","account":"A","amount":"499500""#), "{told}");
    assert!(end[0].contains(r#""event":"restricted","account":"A""#), "{told}");
}
