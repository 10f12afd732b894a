//! Trades undone. Source: RULES 2.6.

use super::hall::{Hall, instrument, line, order, trade};

#[test]
fn a_busted_trade_leaves_positions_and_money_as_if_it_had_not_been() {
    let mut hall = Hall::new(&instrument("RB", r#"fee_open = { per_lot = "5" }"#));
    hall.tell(&trade(1, 1, 1000, 2));
    hall.tell(&trade(2, 2, 1020, 3));
    let seq = hall.exchange.seq() - 1;
    hall.expect(
        &line(3, &format!(r#""cmd":"bust","trade":{seq}"#)),
        &format!(
            r#"{{"ts":3000000000,"event":"busted","trade":{seq},"symbol":"RB","price":"1020","qty":"3"}}"#
        ),
    );
    let state = hall.state();
    assert_eq!(state["accounts"]["A"]["positions"][0]["qty"], "2");
    // Fees stay paid; 2 lots at 1000, the mark stays 1020.
    assert_eq!(state["accounts"]["A"]["fees"], "25");
    assert_eq!(state["accounts"]["A"]["equity"], "1000375");
    assert_eq!(state["books"]["RB"]["last"], "1020");
    assert_eq!(state["books"]["RB"]["mark"], "1020");
    // Only once, and only a trade.
    for wrong in [seq, seq - 1, seq + 1, 999] {
        let told = hall.tell(&line(4, &format!(r#""cmd":"bust","trade":{wrong}"#)));
        assert!(told.contains(r#""reason":"unknown_trade""#), "{told}");
    }
}

#[test]
fn orders_that_no_longer_close_freeze_or_go() {
    let mut hall = Hall::new(&instrument("RB", ""));
    hall.tell(&trade(1, 1, 1000, 5));
    let seq = hall.exchange.seq() - 1;
    hall.tell(&order(2, "A", "plain", "sell", 1100, 5));
    hall.tell(&order(3, "B", "only", "buy", 900, 5).replace("}\n", ",\"reduce_only\":true}\n"));
    assert_eq!(hall.state()["accounts"]["A"]["frozen"], "0");
    hall.expect(
        &line(4, &format!(r#""cmd":"bust","trade":{seq}"#)),
        &format!(
            r#"{{"ts":4000000000,"event":"busted","trade":{seq},"symbol":"RB","price":"1000","qty":"5"}}
            {{"ts":4000000000,"event":"cancelled","account":"B","id":"only","qty":"5","reason":"reduce_only"}}"#
        ),
    );
    // 5 lots x 1100 x 10 x 8 %.
    assert_eq!(hall.state()["accounts"]["A"]["frozen"], "4400");
}

#[test]
fn a_bust_can_bring_an_account_down() {
    let mut hall = Hall::new(&instrument("RB", ""));
    // A closes 1000 lots at 960 with 600,000 left; undone, it holds them again and needs 768,000.
    hall.tell(&trade(1, 1, 1000, 1_000));
    hall.tell(&order(2, "B", "b2", "buy", 960, 1_000));
    hall.tell(&order(2, "A", "a2", "sell", 960, 1_000));
    let seq = hall.exchange.seq() - 1;
    let told = hall.tell(&line(3, &format!(r#""cmd":"bust","trade":{seq}"#)));
    assert!(
        told.contains(r#""event":"case","account":"A","case":1,"state":"triggered""#),
        "{told}"
    );
}

#[test]
fn a_trade_of_yesterday_changes_no_average_of_today() {
    let mut hall = Hall::new(&instrument("RB", ""));
    hall.tell(&trade(1, 1, 1000, 2));
    let seq = hall.exchange.seq() - 1;
    hall.tell(&line(2, r#""cmd":"settle","symbol":"RB","price":"1010""#));
    hall.tell(&trade(3, 2, 1030, 1));
    // A carries 2 lots at 1010 and gives them back at 1000.
    hall.tell(&line(4, &format!(r#""cmd":"bust","trade":{seq}"#)));
    let told = hall.tell(&line(5, r#""cmd":"settle""#));
    assert!(
        told.starts_with(r#"{"ts":5000000000,"event":"settled","symbol":"RB","price":"1030""#),
        "{told}"
    );
    assert!(
        told.contains(r#""account":"A","profit":"-200","profit_by_trade":"-200","fees":"0","balance":"1000000""#),
        "{told}"
    );
}

#[test]
fn only_the_last_trades_can_be_undone() {
    let house = "bust_window = 2";
    let mut hall = Hall::with(house, &instrument("RB", ""));
    let mut trades = Vec::new();
    for n in 1..=3 {
        hall.tell(&trade(u64::from(n), n, 1000, 1));
        trades.push(hall.exchange.seq() - 1);
    }
    let mut bust = |trade| hall.tell(&line(9, &format!(r#""cmd":"bust","trade":{trade}"#)));
    assert!(bust(trades[0]).contains("unknown_trade"));
    assert!(bust(trades[1]).contains("\"event\":\"busted\""));
    assert!(bust(trades[2]).contains("\"event\":\"busted\""));
}
