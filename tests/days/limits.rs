//! Limits that widen over one-sided days, and markets that pause at their limit. Source: RULES 3.

use super::hall::{Hall, instrument, line, order, trade};

const LADDER: &str = r#"
price_limit = "0.07"
limit_ladder = { steps = ["0.03", "0.05"], margin_add = "0.02", window = "300s" }
"#;

#[test]
fn rules_3_3_three_limit_ups_go_seven_ten_twelve() {
    let mut hall = Hall::new(&instrument("RB", LADDER));
    // 1000 +- 7 %: the market trades up to 1070 and closes with bids there, and nothing offered for 300 s.
    hall.tell(&trade(100, 1, 1000, 10));
    hall.tell(&order(200, "A", "a2", "buy", 1070, 5));
    hall.tell(&order(200, "B", "b2", "sell", 1070, 1));
    hall.tell(&line(500, r#""cmd":"phase","symbol":"RB","phase":"closed""#));
    // (10 x 1000 + 1 x 1070) / 11 = 1006.36. A bought 11 lots for 11070: 11 x 1006 - 11070 = -4, times 10.
    // 1006 x 1.10 = 1106.6, 1006 x 0.90 = 905.4; margins are the limit and two points.
    hall.expect(
        &line(600, r#""cmd":"settle""#),
        r#"{"ts":600000000000,"event":"settled","symbol":"RB","price":"1006","one_sided":"buy","limit":"0.1"}
        {"ts":600000000000,"event":"mark","symbol":"RB","price":"1006"}
        {"ts":600000000000,"event":"settlement","account":"A","profit":"-40","profit_by_trade":"0","fees":"0","balance":"999960"}
        {"ts":600000000000,"event":"settlement","account":"B","profit":"40","profit_by_trade":"0","fees":"0","balance":"1000040"}
        {"ts":600000000000,"event":"margin","symbol":"RB","initial":"0.12","maintenance":"0.12"}
        {"ts":600000000000,"event":"band","symbol":"RB","up":"1106","down":"906"}"#,
    );
    // The second day is settled without a close: it is judged then, 300 s after the offers ran out.
    hall.tell(&line(700, r#""cmd":"phase","symbol":"RB","phase":"continuous""#));
    hall.tell(&order(800, "A", "a3", "buy", 1106, 5));
    hall.tell(&order(800, "B", "b3", "sell", 1106, 1));
    hall.expect(
        &line(1100, r#""cmd":"settle""#),
        r#"{"ts":1100000000000,"event":"settled","symbol":"RB","price":"1106","one_sided":"buy","limit":"0.12"}
        {"ts":1100000000000,"event":"mark","symbol":"RB","price":"1106"}
        {"ts":1100000000000,"event":"settlement","account":"A","profit":"11000","profit_by_trade":"0","fees":"0","balance":"1010960"}
        {"ts":1100000000000,"event":"settlement","account":"B","profit":"-11000","profit_by_trade":"0","fees":"0","balance":"989040"}
        {"ts":1100000000000,"event":"margin","symbol":"RB","initial":"0.14","maintenance":"0.14"}
        {"ts":1100000000000,"event":"band","symbol":"RB","up":"1238","down":"974"}"#,
    );
    // A third one-sided day finds no further step.
    hall.tell(&order(1200, "A", "a4", "buy", 1238, 5));
    hall.tell(&order(1200, "B", "b4", "sell", 1238, 1));
    hall.expect(
        &line(1500, r#""cmd":"settle""#),
        r#"{"ts":1500000000000,"event":"settled","symbol":"RB","price":"1238","one_sided":"buy","limit":"0.12"}
        {"ts":1500000000000,"event":"mark","symbol":"RB","price":"1238"}
        {"ts":1500000000000,"event":"settlement","account":"A","profit":"15840","profit_by_trade":"0","fees":"0","balance":"1026800"}
        {"ts":1500000000000,"event":"settlement","account":"B","profit":"-15840","profit_by_trade":"0","fees":"0","balance":"973200"}
        {"ts":1500000000000,"event":"band","symbol":"RB","up":"1386","down":"1090"}
        {"ts":1500000000000,"event":"cancelled","account":"A","id":"a2","qty":"4","reason":"band"}"#,
    );
    // A day with offers brings back the regular limit and margins.
    hall.expect(
        &line(1600, r#""cmd":"settle","symbol":"RB","price":"1200""#),
        r#"{"ts":1600000000000,"event":"settled","symbol":"RB","price":"1200","one_sided":null,"limit":"0.07"}
        {"ts":1600000000000,"event":"mark","symbol":"RB","price":"1200"}
        {"ts":1600000000000,"event":"settlement","account":"A","symbol":"RB","profit":"-4940","profit_by_trade":"0","fees":"0","balance":"1021860"}
        {"ts":1600000000000,"event":"settlement","account":"B","symbol":"RB","profit":"4940","profit_by_trade":"0","fees":"0","balance":"978140"}
        {"ts":1600000000000,"event":"margin","symbol":"RB","initial":"0.08","maintenance":"0.05"}
        {"ts":1600000000000,"event":"band","symbol":"RB","up":"1284","down":"1116"}
        {"ts":1600000000000,"event":"cancelled","account":"A","id":"a3","qty":"4","reason":"band"}"#,
    );
}

/// Settles, and says of each `settled` which side was alone and what the next limit is.
fn settle(hall: &mut Hall, second: u64) -> String {
    let told = hall.tell(&line(second, r#""cmd":"settle""#));
    let settled = told.lines().next().expect("an event");
    let (_, rest) = settled.split_once("\"one_sided\":").expect("a settled event");
    rest.trim_end_matches('}').replace("\"limit\":", "")
}

#[test]
fn a_side_must_have_stood_alone_for_the_whole_window() {
    for (second, told) in [(499, "null,\"0.07\""), (500, "\"buy\",\"0.1\"")] {
        let mut hall = Hall::new(&instrument("RB", LADDER));
        hall.tell(&order(100, "A", "a1", "buy", 1070, 5));
        // Offers at second 200, gone at once: the window begins anew with the bid that follows.
        hall.tell(&order(200, "B", "b1", "sell", 1070, 9));
        hall.tell(&line(200, r#""cmd":"cancel","account":"B","id":"b1""#));
        hall.tell(&order(200, "A", "a2", "buy", 1070, 5));
        assert_eq!(settle(&mut hall, second), told);
    }
}

#[test]
fn the_last_price_must_be_the_limit() {
    let mut hall = Hall::new(&instrument("RB", LADDER));
    hall.tell(&trade(100, 1, 1069, 1));
    hall.tell(&order(100, "A", "a2", "buy", 1070, 5));
    assert_eq!(settle(&mut hall, 900), "null,\"0.07\"");
    // Around 1069: 995 to 1143.
    hall.tell(&trade(1000, 3, 1143, 1));
    hall.tell(&order(1000, "A", "a4", "buy", 1143, 5));
    assert_eq!(settle(&mut hall, 2000), "\"buy\",\"0.1\"");
}

#[test]
fn day_orders_count_at_the_close_and_go_with_it() {
    let mut hall = Hall::new(&instrument("RB", LADDER));
    hall.tell(&trade(100, 1, 930, 1));
    hall.tell(&order(100, "A", "a2", "sell", 930, 5).replace("}\n", ",\"tif\":\"day\"}\n"));
    hall.expect(
        &line(400, r#""cmd":"phase","symbol":"RB","phase":"closed""#),
        r#"{"ts":400000000000,"event":"phase","symbol":"RB","phase":"closed"}
        {"ts":400000000000,"event":"cancelled","account":"A","id":"a2","qty":"5","reason":"expired"}"#,
    );
    assert_eq!(settle(&mut hall, 900), "\"sell\",\"0.1\"");
}

#[test]
fn margins_set_by_command_are_the_regular_ones_from_then_on() {
    let mut hall = Hall::new(&instrument("RB", LADDER));
    hall.tell(&trade(100, 1, 1070, 1));
    hall.tell(&order(100, "A", "a2", "buy", 1070, 1));
    settle(&mut hall, 500);
    // The day after a one-sided one asks for 12 %. The command counts at once, and at the next settlement.
    hall.tell(&line(600, r#""cmd":"margin","symbol":"RB","initial":"0.20","maintenance":"0.06""#));
    let margins = |hall: &Hall| {
        let position = &hall.state()["accounts"]["A"]["positions"][0];
        position["margin"].as_str().expect("a decimal").to_owned()
    };
    // 1 lot x 1070 x 10 x 20 %.
    assert_eq!(margins(&hall), "2140");
    hall.tell(&trade(700, 3, 1177, 1));
    hall.tell(&order(700, "A", "a4", "buy", 1177, 1));
    let told = hall.tell(&line(1000, r#""cmd":"settle""#));
    // Second one-sided day: 12 % and two points are less than 20 %.
    assert!(told.contains(r#""initial":"0.2","maintenance":"0.14""#), "{told}");
}

const PAUSE: &str = r#"
price_limit = "0.07"
limit_state = { after = "15s", pause = "300s", auction = "60s" }
"#;

#[test]
fn rules_3_6_a_market_at_its_limit_pauses_and_opens_by_an_auction() {
    let mut hall = Hall::new(&instrument("RB", PAUSE));
    hall.tell(&order(100, "A", "a1", "buy", 1070, 5));
    hall.tell(&order(110, "A", "a2", "buy", 1070, 5));
    hall.expect(&line(114, r#""cmd":"time""#), "");
    hall.expect(
        &order(430, "B", "b1", "sell", 1060, 2),
        r#"{"ts":115000000000,"event":"phase","symbol":"RB","phase":"halted"}
        {"ts":415000000000,"event":"phase","symbol":"RB","phase":"auction"}
        {"ts":430000000000,"event":"accepted","account":"B","id":"b1","symbol":"RB","side":"sell","price":"1060","qty":"2"}
        {"ts":430000000000,"event":"indicative","symbol":"RB","price":"1070","qty":"2","surplus":"8","surplus_side":"buy"}"#,
    );
    // It opens, still at its limit: 15 s later it pauses again.
    hall.expect(
        &line(490, r#""cmd":"time""#),
        r#"{"ts":475000000000,"event":"trade","symbol":"RB","price":"1070","qty":"2","maker":"A","maker_id":"a1","taker":"B","taker_id":"b1","side":"sell","kind":"auction"}
        {"ts":475000000000,"event":"auction","symbol":"RB","price":"1070","qty":"2","surplus":"8","surplus_side":"buy"}
        {"ts":475000000000,"event":"phase","symbol":"RB","phase":"continuous"}
        {"ts":475000000000,"event":"mark","symbol":"RB","price":"1070"}
        {"ts":490000000000,"event":"phase","symbol":"RB","phase":"halted"}"#,
    );
}

#[test]
fn leaving_the_limit_or_a_phase_in_between_ends_the_wait() {
    let mut hall = Hall::new(&instrument("RB", PAUSE));
    hall.tell(&order(100, "A", "a1", "buy", 1070, 5));
    hall.tell(&line(110, r#""cmd":"cancel","account":"A","id":"a1""#));
    hall.tell(&order(110, "A", "a2", "buy", 1070, 5));
    hall.expect(&line(124, r#""cmd":"time""#), "");
    // A phase in between: the wait begins anew with the next continuous trading.
    hall.tell(&line(124, r#""cmd":"phase","symbol":"RB","phase":"halted""#));
    hall.tell(&line(124, r#""cmd":"phase","symbol":"RB","phase":"continuous""#));
    hall.expect(&line(138, r#""cmd":"time""#), "");
    hall.expect(
        &line(140, r#""cmd":"time""#),
        r#"{"ts":139000000000,"event":"phase","symbol":"RB","phase":"halted"}"#,
    );
    // A phase command in the pause takes the auction's place.
    hall.tell(&line(200, r#""cmd":"phase","symbol":"RB","phase":"closed""#));
    hall.expect(&line(2000, r#""cmd":"time""#), "");
}
