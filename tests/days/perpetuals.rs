//! Index, capped mark and funding. Source: RULES 5.6.

use super::hall::{Hall, instrument, line, order, trade};

/// A perpetual X whose mark is the last trade within 0.5 % of the index.
fn hall() -> Hall {
    let rules = "mark = \"index\"\nmark_cap = \"0.005\"\nfunding = { interest = \"0.0001\", clamp = \"0.0005\", impact = \"4\" }";
    Hall::new(&instrument("X", rules).replace("\"future\"", "\"perpetual\""))
}

fn in_x(lines: String) -> String {
    lines.replace("\"RB\"", "\"X\"")
}

#[test]
fn rules_5_6_funding_by_premium_and_by_rate() {
    let mut hall = hall();
    hall.tell(&in_x(trade(1, 1, 1000, 10)));
    let by_premium = |second| line(second, r#""cmd":"funding","symbol":"X""#);
    hall.expect(
        &by_premium(2),
        r#"{"ts":2000000000,"event":"rejected","reason":"not_applicable","detail":"the instrument or account has nothing this applies to"}"#,
    );
    // 990 x 1.005 = 994.95: the last trade, 1000, is moved to 994.
    hall.expect(
        &line(2, r#""cmd":"index","symbol":"X","price":"990""#),
        r#"{"ts":2000000000,"event":"index","symbol":"X","price":"990"}
        {"ts":2000000000,"event":"mark","symbol":"X","price":"994"}"#,
    );
    hall.tell(&in_x(
        order(3, "M", "m1", "buy", 1004, 1)
            + &order(3, "M", "m2", "buy", 1000, 3)
            + &order(3, "M", "m3", "sell", 1010, 4),
    ));
    // Impact bid (1004 + 3 x 1000) / 4 = 1001: P = 11 / 990 = 0.011111111, R = P - 0.0005 = 0.010611111;
    // x 10 lots x 994 x 10 = 1054.7444..., paid as 1054.75.
    hall.expect(
        &by_premium(4),
        r#"{"ts":4000000000,"event":"funding","account":"A","symbol":"X","amount":"-1054.75"}
        {"ts":4000000000,"event":"funding","account":"B","symbol":"X","amount":"1054.75"}"#,
    );
    hall.expect(
        &line(5, r#""cmd":"funding","symbol":"X","rate":"-0.0001""#),
        r#"{"ts":5000000000,"event":"funding","account":"A","symbol":"X","amount":"9.94"}
        {"ts":5000000000,"event":"funding","account":"B","symbol":"X","amount":"-9.94"}"#,
    );
    // A trade moves the mark no further than the cap.
    hall.expect(
        &in_x(order(6, "A", "a2", "buy", 1010, 1)),
        r#"{"ts":6000000000,"event":"accepted","account":"A","id":"a2","symbol":"X","side":"buy","price":"1010","qty":"1"}
        {"ts":6000000000,"event":"trade","symbol":"X","price":"1010","qty":"1","maker":"M","maker_id":"m3","taker":"A","taker_id":"a2","side":"buy","kind":"normal"}
        {"ts":6000000000,"event":"mark","symbol":"X","price":"994"}"#,
    );
    // Funding is in the balance, and no profit of the day.
    hall.expect(
        &line(7, r#""cmd":"settle","symbol":"X""#),
        r#"{"ts":7000000000,"event":"settled","symbol":"X","price":"1001","one_sided":null,"limit":null}
        {"ts":7000000000,"event":"mark","symbol":"X","price":"1001"}
        {"ts":7000000000,"event":"settlement","account":"A","symbol":"X","profit":"10","profit_by_trade":"0","fees":"0","balance":"998965.19"}
        {"ts":7000000000,"event":"settlement","account":"B","symbol":"X","profit":"-100","profit_by_trade":"0","fees":"0","balance":"1000944.81"}
        {"ts":7000000000,"event":"settlement","account":"M","symbol":"X","profit":"90","profit_by_trade":"0","fees":"0","balance":"90"}"#,
    );
}
