//! Terms that change, and what accounts may hold. Source: RULES 1.3, SEMANTICS 5.

use super::hall::{Hall, instrument, line, order, trade};

#[test]
fn rules_1_3_terms_announced_for_a_settlement_come_with_it() {
    let mut hall = Hall::new(&instrument("RB", "price_limit = \"0.05\""));
    hall.expect(
        &line(2, r#""cmd":"schedule","symbol":"RB","at":"settlement","price_limit":"0.07","margin_initial":"0.12","margin_maintenance":"0.1""#),
        r#"{"ts":2000000000,"event":"scheduled","symbol":"RB","at":"settlement"}"#,
    );
    hall.expect(
        &line(4, r#""cmd":"settle","symbol":"RB""#),
        r#"{"ts":4000000000,"event":"settled","symbol":"RB","price":"1000","one_sided":null,"limit":"0.07"}
        {"ts":4000000000,"event":"mark","symbol":"RB","price":"1000"}
        {"ts":4000000000,"event":"band","symbol":"RB","up":"1070","down":"930"}
        {"ts":4000000000,"event":"margin","symbol":"RB","initial":"0.12","maintenance":"0.1"}
        {"ts":4000000000,"event":"terms","symbol":"RB","price_limit":"0.07","fees":false}"#,
    );
}

#[test]
fn rules_1_3_a_row_of_the_configuration_raises_margin_at_its_time() {
    let row = "[[schedule]]\nsymbol = \"RB\"\nat = \"1970-01-01T01:00:00\"\nmargin_initial = \"0.2\"\nmargin_maintenance = \"0.1\"\n";
    let mut hall = Hall::new(&(instrument("RB", "") + row));
    hall.tell(&trade(1, 1, 1000, 100));
    assert_eq!(hall.state()["accounts"]["A"]["margin"], "80000");
    hall.expect(
        &line(3_600, r#""cmd":"time""#),
        r#"{"ts":3600000000000,"event":"margin","symbol":"RB","initial":"0.2","maintenance":"0.1"}"#,
    );
    assert_eq!(hall.state()["accounts"]["A"]["margin"], "200000");
}

#[test]
fn an_account_above_its_limit_may_open_no_more_and_is_reported() {
    let mut hall = Hall::new(&instrument("RB", "position_limit = \"20\"\nreport_at = \"10\""));
    hall.tell(&trade(1, 1, 1000, 9));
    hall.expect(
        &trade(2, 2, 1000, 11),
        r#"{"ts":2000000000,"event":"accepted","account":"A","id":"a2","symbol":"RB","side":"buy","price":"1000","qty":"11"}
        {"ts":2000000000,"event":"accepted","account":"B","id":"b2","symbol":"RB","side":"sell","price":"1000","qty":"11"}
        {"ts":2000000000,"event":"trade","symbol":"RB","price":"1000","qty":"11","maker":"A","maker_id":"a2","taker":"B","taker_id":"b2","side":"sell","kind":"normal"}
        {"ts":2000000000,"event":"mark","symbol":"RB","price":"1000"}
        {"ts":2000000000,"event":"large_position","account":"A","symbol":"RB","side":"long","qty":"20"}
        {"ts":2000000000,"event":"large_position","account":"B","symbol":"RB","side":"short","qty":"20"}"#,
    );
    hall.expect(
        &order(3, "A", "a3", "buy", 1000, 1),
        r#"{"ts":3000000000,"event":"rejected","account":"A","id":"a3","reason":"position_limit","detail":"the account would hold more lots than it may"}"#,
    );
    hall.expect(
        &line(4, r#""cmd":"permission","symbol":"RB","permission":"close_only""#),
        r#"{"ts":4000000000,"event":"permission","symbol":"RB","permission":"close_only"}"#,
    );
    let refused = hall.tell(&order(5, "M", "m1", "buy", 1000, 1));
    assert!(refused.contains(r#""reason":"close_only""#), "{refused}");
}

#[test]
fn rules_2_5_a_contract_expires_by_itself_at_its_index() {
    let mut hall = Hall::new(&instrument("RB", "expires = \"1970-01-01T02:00:00\""));
    hall.tell(&trade(1, 1, 1000, 10));
    for (second, price) in [(3_600, 1_500), (3_601, 1_010), (7_199, 1_021)] {
        hall.tell(&line(second, &format!(r#""cmd":"index","symbol":"RB","price":"{price}""#)));
    }
    // (1010 + 1021) / 2 = 1015.5; what was set an hour before is out.
    hall.expect(
        &line(7_300, r#""cmd":"time""#),
        r#"{"ts":7200000000000,"event":"settled","symbol":"RB","price":"1016","one_sided":null,"limit":null}
        {"ts":7200000000000,"event":"mark","symbol":"RB","price":"1016"}
        {"ts":7200000000000,"event":"settlement","account":"A","symbol":"RB","profit":"1600","profit_by_trade":"1600","fees":"0","balance":"1001600"}
        {"ts":7200000000000,"event":"settlement","account":"B","symbol":"RB","profit":"-1600","profit_by_trade":"-1600","fees":"0","balance":"998400"}
        {"ts":7200000000000,"event":"expired","symbol":"RB","price":"1016"}"#,
    );
}
