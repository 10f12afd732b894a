//! Settlement prices and what they do to accounts. Source: RULES 2.

use super::hall::{Hall, instrument, line, order, trade};

/// The settlement price of the day so far.
fn settled(hall: &mut Hall, second: u64) -> String {
    let told = hall.tell(&line(second, r#""cmd":"settle","symbol":"RB""#));
    let (_, rest) = told.split_once(r#""price":""#).expect("a price");
    rest.split('"').next().expect("a price").to_owned()
}

const HOUR: u64 = 3_600;

/// Trades at half past the hours one, two and three; the last is busted where asked.
fn day(method: &str) -> Hall {
    let mut hall = Hall::new(&instrument("RB", &format!("settlement_price = \"{method}\"")));
    hall.tell(&trade(HOUR + 1_800, 1, 1000, 1));
    hall.tell(&trade(2 * HOUR + 1_800, 2, 1011, 3));
    hall.tell(&trade(3 * HOUR + 1_800, 3, 1030, 2));
    hall
}

#[test]
fn rules_2_1_the_day_s_average_is_rounded_half_up() {
    // (1000 + 3 x 1011 + 2 x 1030) / 6 = 1015.5.
    assert_eq!(settled(&mut day("day_average"), 4 * HOUR), "1016");
}

#[test]
fn rules_2_1_the_last_hour_counts_back_from_the_close() {
    // (3 h, 4 h]: the last trade alone.
    assert_eq!(settled(&mut day("last_hour"), 4 * HOUR), "1030");
    // Closed at 3:30: (2:30, 3:30] leaves out what traded at 2:30.
    let mut hall = day("last_hour");
    hall.tell(&line(3 * HOUR + 1_800, r#""cmd":"phase","symbol":"RB","phase":"closed""#));
    assert_eq!(settled(&mut hall, 9 * HOUR), "1030");
    // Not closed, settled at 5:29:59: (3:29:59, 4:29:59] is the last hour with trades.
    assert_eq!(settled(&mut day("last_hour"), 5 * HOUR + 1_799), "1030");
    // The trade of 3:30 busted: back to (2 h, 3 h].
    let mut hall = day("last_hour");
    let seq = hall.exchange.seq() - 1;
    hall.tell(&line(4 * HOUR, &format!(r#""cmd":"bust","trade":{seq}"#)));
    assert_eq!(settled(&mut hall, 4 * HOUR), "1011");
}

#[test]
fn the_last_trade_that_stands_is_the_last() {
    let mut hall = day("last");
    let last = hall.exchange.seq() - 1;
    // Each trade is four events: accepted twice, trade, mark.
    hall.tell(&line(4 * HOUR, &format!(r#""cmd":"bust","trade":{}"#, last - 4)));
    hall.tell(&line(4 * HOUR, &format!(r#""cmd":"bust","trade":{last}"#)));
    assert_eq!(settled(&mut hall, 4 * HOUR), "1000");
}

#[test]
fn a_day_without_trades_keeps_its_settlement_price() {
    for method in ["day_average", "last_hour", "last"] {
        let mut hall = day(method);
        let first = settled(&mut hall, 4 * HOUR);
        assert_eq!(settled(&mut hall, 28 * HOUR), first);
    }
}

#[test]
fn accounts_are_settled_in_order_and_profits_become_balance() {
    let mut hall = Hall::new(&instrument("RB", r#"fee_open = { per_lot = "5" }"#));
    hall.tell(&trade(1, 1, 1000, 10));
    // B buys back at 990 from M: 10 lots x 10 ticks x 10 realised, and no position.
    hall.tell(&order(2, "M", "m1", "sell", 990, 10));
    hall.tell(&order(2, "B", "b2", "buy", 990, 10));
    hall.tell(&order(3, "A", "day", "buy", 900, 1).replace("}\n", ",\"tif\":\"day\"}\n"));
    hall.tell(&order(3, "A", "gtc", "buy", 900, 1));
    // A: 10 x (995 - 1000) x 10; B: 10 x (1000 - 990) x 10; M: 10 x (990 - 995) x 10.
    hall.expect(
        &line(4, r#""cmd":"settle","symbol":"RB""#),
        r#"{"ts":4000000000,"event":"cancelled","account":"A","id":"day","qty":"1","reason":"expired"}
        {"ts":4000000000,"event":"settled","symbol":"RB","price":"995","one_sided":null,"limit":null}
        {"ts":4000000000,"event":"mark","symbol":"RB","price":"995"}
        {"ts":4000000000,"event":"settlement","account":"A","symbol":"RB","profit":"-500","profit_by_trade":"0","fees":"50","balance":"999450"}
        {"ts":4000000000,"event":"settlement","account":"B","symbol":"RB","profit":"1000","profit_by_trade":"1000","fees":"50","balance":"1000950"}
        {"ts":4000000000,"event":"settlement","account":"M","symbol":"RB","profit":"-500","profit_by_trade":"0","fees":"50","balance":"-550"}"#,
    );
    let a = hall.state()["accounts"]["A"].clone();
    assert_eq!(a["positions"][0]["qty"], "10");
    assert_eq!(a["positions"][0]["today"], "0");
    assert_eq!(a["positions"][0]["entry"], "995");
    // Nothing since: whoever holds something has an event all the same.
    hall.expect(
        &line(5, r#""cmd":"settle""#),
        r#"{"ts":5000000000,"event":"settled","symbol":"RB","price":"995","one_sided":null,"limit":null}
        {"ts":5000000000,"event":"mark","symbol":"RB","price":"995"}
        {"ts":5000000000,"event":"settlement","account":"A","profit":"0","profit_by_trade":"0","fees":"0","balance":"999450"}
        {"ts":5000000000,"event":"settlement","account":"M","profit":"0","profit_by_trade":"0","fees":"0","balance":"-550"}"#,
    );
}

#[test]
fn lots_of_today_come_after_carried_ones() {
    let mut hall = Hall::new(&instrument("RB", ""));
    hall.tell(&trade(1, 1, 1000, 3));
    hall.tell(&line(2, r#""cmd":"settle""#));
    hall.tell(&trade(3, 2, 1000, 2));
    let today = |hall: &Hall| {
        let position = hall.state()["accounts"]["A"]["positions"][0].clone();
        (position["qty"].clone(), position["today"].clone())
    };
    assert_eq!(today(&hall), ("5".into(), "2".into()));
    // Closing uses the carried ones first.
    hall.tell(&order(4, "B", "b3", "buy", 1000, 4));
    hall.tell(&order(4, "A", "a3", "sell", 1000, 4));
    assert_eq!(today(&hall), ("1".into(), "1".into()));
}

#[test]
fn a_settlement_price_can_bring_an_account_down() {
    let mut hall = Hall::new(&instrument("RB", ""));
    // 1000 lots at 1000 with 8 %: 800,000 of 1,000,000. At 960 A has 600,000 and needs 768,000: past 120 %.
    hall.tell(&trade(1, 1, 1000, 1_000));
    let told = hall.tell(&line(2, r#""cmd":"settle","symbol":"RB","price":"960""#));
    assert!(
        told.contains(r#""event":"tier","account":"A","from":"normal","to":"liquidation""#),
        "{told}"
    );
    assert!(told.contains(r#""reason":"no_liquidity""#), "{told}");
}

#[test]
fn rules_2_2_by_date_and_by_trade_agree_over_a_position_s_life() {
    let mut hall = Hall::new(&instrument("RB", ""));
    let sell = |second, n, price, qty| {
        order(second, "B", &format!("b{n}"), "buy", price, qty)
            + &order(second, "A", &format!("a{n}"), "sell", price, qty)
    };
    let statement = |hall: &mut Hall, second: u64, price: u32| {
        let settle = format!(r#""cmd":"settle","symbol":"RB","price":"{price}""#);
        let told = hall.tell(&line(second, &settle));
        let of_a = told.lines().find(|line| line.contains(r#""account":"A""#));
        let (_, rest) = of_a.expect("a settlement").split_once(r#""profit":"#).expect("a profit");
        rest.to_owned()
    };
    hall.tell(&trade(1, 1, 1000, 3));
    // 3 lots x 10 x 10; nothing was closed.
    assert_eq!(
        statement(&mut hall, 2, 1010),
        r#""300","profit_by_trade":"0","fees":"0","balance":"1000300"}"#
    );
    // Three at 1010 and two at 1012 cost 50,540 by date and 50,240 at opening prices; four fifths of each are closed at 1015.
    hall.tell(&trade(3, 2, 1012, 2));
    hall.tell(&sell(3, 3, 1015, 4));
    // 40,600 - 40,432 + (10,200 - 10,108) and 40,600 - 40,192.
    assert_eq!(
        statement(&mut hall, 4, 1020),
        r#""260","profit_by_trade":"408","fees":"0","balance":"1000560"}"#
    );
    hall.tell(&sell(5, 4, 1018, 1));
    // 10,180 - 10,200 and 10,180 - 10,048: -20 + 260 + 300 = 132 + 408.
    assert_eq!(
        statement(&mut hall, 6, 1000),
        r#""-20","profit_by_trade":"132","fees":"0","balance":"1000540"}"#
    );
}
