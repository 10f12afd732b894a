//! The state as a page.

use super::*;
use crate::config::read_config;
use plimsoll_types::{Band, InstrumentId, Label, Measure, OrderId, Permission, Phase, Side};

const CONFIG: &str = r#"
[exchange]
currency = "CNY"
money_decimals = 2
[[instrument]]
symbol = "RB"
kind = "future"
tick_size = "0.5"
lot_size = "1"
multiplier = "10"
prev_settlement = "5000"
margin_initial = "0.1"
margin_maintenance = "0.1"
"#;

fn spec() -> ExchangeSpec {
    read_config("E.toml", CONFIG).expect("a good configuration")
}

fn entry(lots: i64, basis: i128) -> String {
    let mut out = Vec::new();
    let spec = &spec().instruments[0];
    write_entry(&mut out, lots, basis, spec.tick_value, spec.tick_size);
    String::from_utf8(out).expect("ASCII")
}

#[test]
fn an_entry_price_is_an_average_to_eight_places() {
    // One lot at 5000 is 5000 x 10 = 50000.00, in units 5000000.
    assert_eq!(entry(1, 5_000_000), "5000");
    assert_eq!(entry(-2, -10_000_500), "5000.25");
    assert_eq!(entry(3, 15_000_001), "5000.00033333");
    assert_eq!(entry(3, 15_000_002), "5000.00066667");
}

#[test]
fn an_entry_price_of_any_position_prints() {
    for lots in [1, i64::MAX, -i64::MAX, i64::MIN] {
        for basis in [0, 1, -1, i128::MAX, i128::MIN + 1] {
            assert!(!entry(lots, basis).is_empty());
        }
    }
}

#[test]
fn a_state_reads_as_the_schema_says() {
    let account = AccountView {
        name: Label::new("A\"").expect("a label"),
        balance: Money::new(10_000),
        equity: Money::new(10_050),
        unrealised: Money::new(50),
        realised: Money::ZERO,
        fees: Money::ZERO,
        margin: Money::new(500_000),
        maintenance: Money::new(500_000),
        frozen: Money::ZERO,
        available: Money::new(-489_950),
        measure: Measure(Some(49_751_244)),
        tier: "normal".into(),
        permission: Permission::Normal,
        debt: Money::ZERO,
        case: None,
        positions: vec![PositionView {
            instrument: InstrumentId(0),
            lots: -1,
            today: 1,
            basis: Money::new(-5_000_050),
            margin: Money::new(500_000),
            unrealised: Money::new(50),
            liquidation_price: Some(Price::clamped(10_001)),
            isolated: None,
        }],
        orders: vec![
            OrderView {
                id: OrderId::Liquidation { case: 1, n: 2 },
                instrument: InstrumentId(0),
                side: Side::Buy,
                price: None,
                open: Qty::new(3),
                trigger: None,
                display: Qty::ZERO,
                shown: Qty::new(3),
            },
            OrderView {
                id: OrderId::Number(4),
                instrument: InstrumentId(0),
                side: Side::Sell,
                price: Some(Price::clamped(9_000)),
                open: Qty::new(3),
                trigger: Some(Price::clamped(9_001)),
                display: Qty::new(2),
                shown: Qty::new(1),
            },
        ],
    };
    let book = BookView {
        instrument: InstrumentId(0),
        phase: Phase::Auction,
        band: Some(Band { down: Price::clamped(9_000), up: Price::clamped(11_000) }),
        mark: Price::clamped(10_000),
        last: None,
        bids: vec![(Price::clamped(9_999), Qty::new(3))],
        asks: Vec::new(),
    };
    let view = StateView {
        seq: 7,
        ts: 9,
        hash: 0xab,
        accounts: vec![account],
        books: vec![book],
        insurance_fund: Money::new(1),
        fees: Money::ZERO,
        deposits: Money::ZERO,
        withdrawals: Money::ZERO,
        written_off: Money::ZERO,
    };
    let mut out = Vec::new();
    write_state(&mut out, &spec(), &view);
    let read: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(read["hash"], "000000000000000000000000000000ab");
    let account = &read["accounts"]["A\""];
    assert_eq!(account["measure"], "49.751244");
    assert_eq!(account["available"], "-4899.5");
    let position = &account["positions"][0];
    assert_eq!(position["side"], "short");
    assert_eq!(position["entry"], "5000.05");
    assert_eq!(position["liquidation_price"], "5000.5");
    let plain = serde_json::json!(
        {"id": "liq-1-2", "symbol": "RB", "side": "buy", "price": null, "open": "3"}
    );
    let hidden = serde_json::json!(
        {"id": "#4", "symbol": "RB", "side": "sell", "price": "4500", "open": "3",
         "trigger": "4500.5", "display": "2", "shown": "1"}
    );
    assert_eq!(account["orders"], serde_json::json!([plain, hidden]));
    assert_eq!(read["books"]["RB"]["up"], "5500");
    assert_eq!(read["books"]["RB"]["bids"], serde_json::json!([["4999.5", "3"]]));
    assert_eq!(read["books"]["RB"]["asks"], serde_json::json!([]));
    assert_eq!(read["insurance_fund"], "0.01");
    assert!(out.ends_with(b"}\n"));
}

/// The only position of account A after these commands, under these switches.
fn positions(house: &str, profile: &str, commands: &[&str]) -> serde_json::Value {
    let config = format!(
        "{}[[profile]]\nname = \"p\"\n{profile}\n[[account]]\nname = \"M\"\nprofile = \"unlimited\"\n[[account]]\nname = \"A\"\nprofile = \"p\"\ndeposit = \"100000\"\n",
        CONFIG.replacen("money_decimals = 2", &format!("money_decimals = 2\n{house}"), 1)
    );
    let spec = read_config("E.toml", &config).expect("a good configuration");
    let mut exchange = plimsoll_exchange::Exchange::new(spec.clone());
    let mut events = Vec::new();
    for line in commands {
        let line = format!("{{\"ts\":1,{line}}}");
        let read = crate::Line::read(line.as_bytes(), &spec).expect("a command");
        read.carry_out(&mut exchange, &mut events);
    }
    let mut out = Vec::new();
    write_state(&mut out, exchange.spec(), &exchange.view());
    let state: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    state["accounts"]["A"]["positions"].clone()
}

const SELLS: &str =
    r#""cmd":"order","account":"M","id":"m","symbol":"RB","side":"sell","price":"5000","qty":"3""#;
const BUYS: &str =
    r#""cmd":"order","account":"A","id":"a","symbol":"RB","side":"buy","price":"5000","qty":"3""#;

#[test]
fn an_isolated_position_has_money_and_a_tier_of_its_own() {
    let tier = "margin_mode = \"isolated\"\n[[profile.tier]]\nname = \"near\"\nat = \"1\"\naction = \"notify\"";
    let positions = positions("", tier, &[SELLS, BUYS]);
    // A tenth of 3 x 5000 x 10.
    assert_eq!(positions[0]["wallet"], "15000");
    assert_eq!(positions[0]["measure"], "1");
    assert_eq!(positions[0]["tier"], "near");
    assert!(positions[0]["case"].is_null());
    assert_eq!(positions.as_array().map(Vec::len), Some(1));
}

#[test]
fn legs_are_listed_long_before_short() {
    let bids = r#""cmd":"order","account":"M","id":"b","symbol":"RB","side":"buy","price":"4990","qty":"1""#;
    let opens = r#""cmd":"order","account":"A","id":"s","symbol":"RB","side":"sell","price":"4990","qty":"1","offset":"open""#;
    let positions = positions("position_mode = \"long_short\"", "", &[SELLS, BUYS, bids, opens]);
    let legs: Vec<(&str, &str, &str)> = positions
        .as_array()
        .expect("a list")
        .iter()
        .map(|leg| {
            let word = |key: &str| leg[key].as_str().expect("text");
            (word("side"), word("qty"), word("entry"))
        })
        .collect();
    assert_eq!(legs, [("long", "3", "5000"), ("short", "1", "4990")]);
    assert!(positions[0].get("wallet").is_none());
}
