//! The books over records small enough to follow by hand.

use super::*;
use crate::config::read_config;
use crate::r#where::Error;

/// A tick of a lot is worth 10; money has two places, so amounts are in hundredths.
fn config(exchange: &str, instrument: &str) -> String {
    format!(
        r#"[exchange]
currency = "CNY"
money_decimals = 2
{exchange}
[insurance_fund]
initial = "1000"
[[instrument]]
symbol = "RB"
kind = "future"
tick_size = "1"
lot_size = "1"
multiplier = "10"
prev_settlement = "100"
margin_initial = "0.1"
margin_maintenance = "0.1"
{instrument}
[[account]]
name = "a"
profile = "unlimited"
deposit = "5000"
[[account]]
name = "b"
profile = "unlimited"
deposit = "5000"
"#
    )
}

fn books(config: &str) -> Books {
    Books::new(Some(&read_config("E.toml", config).expect("a good configuration")))
}

/// Books lines, each without its `seq` and `ts`.
fn tell(books: &mut Books, lines: &[&str]) -> Result<(), Error> {
    for line in lines {
        let line = format!("{{\"seq\":{},\"ts\":1,{line}}}", books.seq + 1);
        books.apply(&Record::read(&line)?)?;
    }
    Ok(())
}

fn trade(price: u32, qty: u32, taker_id: &str, side: &str) -> String {
    format!(
        r#""event":"trade","symbol":"RB","price":"{price}","qty":"{qty}","maker":"b","maker_id":"m","taker":"a","taker_id":"{taker_id}","side":"{side}","kind":"normal""#
    )
}

fn accepted(id: &str, side: &str, qty: u32, offset: &str) -> String {
    format!(
        r#""event":"accepted","account":"a","id":"{id}","symbol":"RB","side":"{side}","price":"100","qty":"{qty}","offset":"{offset}""#
    )
}

fn position(books: &Books, account: usize, leg: Leg) -> (i64, i128, i64) {
    let position = books.accounts[account].positions.get(&(0, leg));
    position.map_or((0, 0, 0), |held| (held.lots, held.basis, held.today()))
}

#[test]
fn a_net_position_keeps_an_average_and_turns() {
    let mut books = books(&config("", ""));
    let lines = [trade(100, 3, "x", "buy"), trade(101, 1, "x", "buy"), trade(110, 6, "x", "sell")];
    tell(&mut books, &lines.each_ref().map(String::as_str)).expect("a record");
    // 4 lots for 4,010 sold at 110: 390; two more are short.
    assert_eq!(books.accounts[0].realised, 39_000);
    assert_eq!(position(&books, 0, Leg::Net), (-2, -220_000, 2));
    assert_eq!(books.imbalance(), 0);
    tell(&mut books, &[r#""event":"busted","trade":3,"symbol":"RB","price":"110","qty":"6""#])
        .expect("the last trade is undone");
    assert_eq!(position(&books, 0, Leg::Net), (4, 440_000, 4));
    assert_eq!(books.accounts[0].balance() - 440_000, 500_000 - 401_000);
}

#[test]
fn legs_close_by_the_offset_of_their_order() {
    let rule = "close_rule = \"shfe\"";
    let mut books = books(&config("position_mode = \"long_short\"", rule));
    let lines = [
        trade(100, 2, "o1", "buy"),
        r#""event":"settled","symbol":"RB","price":"104","one_sided":null,"limit":null"#.to_owned(),
        r#""event":"settlement","account":"a","profit":"80","profit_by_trade":"0","fees":"0","balance":"5080""#.to_owned(),
        trade(110, 3, "o2", "buy"),
        accepted("c1", "sell", 2, "close_today"),
        trade(112, 2, "c1", "sell"),
    ];
    tell(&mut books, &lines.each_ref().map(String::as_str)).expect("a record");
    // Two of today's lots, bought at 110, went at 112; the carried ones stay at 104.
    assert_eq!(books.accounts[0].realised, 8_000 + 4_000);
    assert_eq!(position(&books, 0, Leg::Long), (3, 2 * 104_000 + 110_000, 1));
    assert!(books.checks.agree(), "{:?}", books.checks.findings);
    // Its maker has opened all along: short at 100, 110, and long at 112.
    assert_eq!(position(&books, 1, Leg::Long).0, 2);
    assert_eq!(position(&books, 1, Leg::Short).0, -5);
    let close = [accepted("c2", "sell", 3, "close_today"), trade(112, 3, "c2", "sell")];
    let error = tell(&mut books, &close.each_ref().map(String::as_str)).expect_err("one is there");
    assert!(error.to_string().contains("no more lots closed than are held"), "{error}");
}

#[test]
fn what_the_waterfall_pays_goes_to_who_fell() {
    let mut books = books(&config("", ""));
    let case = |state: &str| format!(r#""event":"case","account":"a","case":1,"state":"{state}""#);
    let lines = [
        case("triggered"),
        trade(100, 4, "x", "buy"),
        trade(10, 2, "x", "sell"),
        r#""event":"takeover","account":"a","symbol":"RB","side":"long","qty":"2","price":"5","fee":"20","case":1"#.to_owned(),
        case("waterfall"),
        r#""event":"socialised","account":"b","amount":"10""#.to_owned(),
        r#""event":"fund","change":"-700","balance":"300","case":1"#.to_owned(),
        r#""event":"debt","account":"a","amount":"1.5""#.to_owned(),
        r#""event":"deposit","account":"a","amount":"2","repaid":"1.5","balance":"2012""#.to_owned(),
    ];
    tell(&mut books, &lines.each_ref().map(String::as_str)).expect("a record");
    // 5,000 - 2 x 900 - 2 x 950 - 20 = 1,280, and then 10 + 700 + 1.5 + 0.5.
    let account = &books.accounts[0];
    assert_eq!((account.balance(), account.debt), (199_200, 0));
    let fund = books.find("$fund").expect("it holds two lots");
    assert_eq!(position(&books, fund, Leg::Net), (2, 10_000, 2));
    let house = books.house;
    assert_eq!((house.fund, house.written_off, house.deposits), (30_000, 0, 1_100_200));
    assert_eq!(books.imbalance(), 0);
    // The deposit's line is wrong on purpose.
    assert_eq!(books.checks.count(Check::Balance), (1, 1));
    let found = &books.checks.findings[0];
    assert_eq!((found.seq, found.event, found.books), (9, 201_200, 199_200));
    // What the fund's own account makes of it is the fund's, under the number of its own case or of the one that handed over.
    let swept = [
        r#""event":"expired","symbol":"RB","price":"6""#,
        r#""event":"fund","change":"20","balance":"320","case":2"#,
    ];
    tell(&mut books, &swept).expect("a record");
    assert_eq!(books.accounts[fund].balance(), 0);
}

#[test]
fn an_isolated_position_has_money_of_its_own() {
    let mut text =
        config("", "").replace("profile = \"unlimited\"\ndeposit", "profile = \"iso\"\ndeposit");
    text +=
        "[[profile]]\nname = \"iso\"\nmargin_mode = \"isolated\"\nmeasure = \"margin/equity\"\n";
    let mut books = books(&text);
    let lines = [
        trade(100, 2, "x", "buy") + r#","taker_fee":"3""#,
        r#""event":"margin_moved","account":"a","symbol":"RB","amount":"200""#.to_owned(),
        r#""event":"funding","account":"a","isolated":"RB","symbol":"RB","amount":"-1""#.to_owned(),
    ];
    tell(&mut books, &lines.each_ref().map(String::as_str)).expect("a record");
    let holders: Vec<usize> = books.holders(0).collect();
    let balances: Vec<i128> =
        holders.iter().map(|&place| books.accounts[place].balance()).collect();
    assert_eq!(balances, [479_700, 19_900]);
    let whole = books.standing(0);
    assert_eq!((whole.balance, whole.fees, whole.flows.moved), (499_600, 300, 0));
    // Its instrument goes; what is left comes back, and it is settled under the symbol it had.
    let last = [
        r#""event":"restricted","account":"a","isolated":"RB","permission":"close_only""#,
        r#""event":"settled","symbol":"RB","price":"90","one_sided":null,"limit":null"#,
        r#""event":"expired","symbol":"RB","price":"90""#,
        r#""event":"margin_moved","account":"a","symbol":"RB","amount":"199""#,
        r#""event":"settlement","account":"a","isolated":"RB","profit":"-200","profit_by_trade":"-200","fees":"3","balance":"198""#,
    ];
    tell(&mut books, &last).expect("a record");
    assert_eq!(&*books.accounts[0].permission, "normal", "the position alone is restricted");
    assert!(books.checks.agree(), "{:?}", books.checks.findings);
}

#[test]
fn a_record_that_is_not_whole_is_refused() {
    let refused = |lines: &[&str]| {
        let mut books = books(&config("", ""));
        let told = lines.iter().try_for_each(|line| books.apply(&Record::read(line)?));
        told.expect_err("no record").to_string()
    };
    assert!(refused(&[r#"{"seq":2,"ts":0,"event":"opened"}"#]).contains("1, the first event"));
    let mark = r#"{"seq":1,"ts":5,"event":"mark","symbol":"RB","price":"1"}"#;
    assert!(refused(&[mark, mark]).contains("seq: expected 2, one more than the line before"));
    let before = mark.replace("\"seq\":1,\"ts\":5", "\"seq\":2,\"ts\":4");
    assert!(refused(&[mark, &before]).contains("ts: expected 5 or later, found 4"));
    let other = mark.replace("RB", "CU");
    assert!(refused(&[&other]).contains("symbol: expected an instrument of the configuration"));
    let huge =
        trade(100, 1, "x", "buy").replace("\"qty\":\"1\"", "\"qty\":\"99999999999999999999\"");
    assert!(refused(&[&format!("{{\"seq\":1,\"ts\":1,{huge}}}")]).contains("qty: expected"));
}

#[test]
fn without_a_configuration_names_come_with_their_events() {
    let mut books = Books::new(None);
    let line = r#"{"seq":9,"ts":1,"event":"deposit","account":"z","amount":"5","repaid":"0","balance":"7.25"}"#;
    books.apply(&Record::read(line).expect("a record")).expect("booked");
    let account = &books.accounts[books.find("z").expect("named")];
    assert_eq!(account.stated, Some(7_250_000_000));
    assert_eq!(books.checks.count(Check::Balance), (0, 0), "nothing is known to compare it with");
}
