//! Orders that wait, hide or end by themselves, and markets that open and close by a calendar.

use super::*;

#[test]
fn a_stop_waits_for_its_price_and_follows_the_trade_that_reaches_it() {
    let commands = r#"{"ts":1,"cmd":"order","account":"A","id":"s1","symbol":"RB","side":"buy","type":"stop_limit","trigger":"5010","price":"5020","qty":"2"}
{"ts":1,"cmd":"order","account":"M","id":"m1","symbol":"RB","side":"sell","price":"5010","qty":"1"}
{"ts":1,"cmd":"order","account":"M","id":"m2","symbol":"RB","side":"sell","price":"5020","qty":"1"}
{"ts":2,"cmd":"replace","account":"A","id":"s1","price":"5020","qty":"2","trigger":"5005"}
{"ts":2,"cmd":"replace","account":"M","id":"m1","price":"5010","qty":"1","trigger":"5005"}
{"ts":3,"cmd":"order","account":"B","id":"b1","symbol":"RB","side":"buy","type":"market","qty":"1"}
"#;
    let expected = r#"{"seq":1,"ts":1,"event":"accepted","account":"A","id":"s1","symbol":"RB","side":"buy","price":"5020","qty":"2","trigger":"5010"}
{"seq":2,"ts":1,"event":"accepted","account":"M","id":"m1","symbol":"RB","side":"sell","price":"5010","qty":"1"}
{"seq":3,"ts":1,"event":"accepted","account":"M","id":"m2","symbol":"RB","side":"sell","price":"5020","qty":"1"}
{"seq":4,"ts":2,"event":"replaced","account":"A","id":"s1","price":"5020","qty":"2","kept_priority":false}
{"seq":5,"ts":2,"event":"rejected","account":"M","id":"m1","reason":"trigger","detail":"only an order that waits for its trigger can get another"}
{"seq":6,"ts":3,"event":"accepted","account":"B","id":"b1","symbol":"RB","side":"buy","price":null,"qty":"1"}
{"seq":7,"ts":3,"event":"trade","symbol":"RB","price":"5010","qty":"1","maker":"M","maker_id":"m1","taker":"B","taker_id":"b1","side":"buy","kind":"normal","maker_fee":"5","taker_fee":"5"}
{"seq":8,"ts":3,"event":"mark","symbol":"RB","price":"5010"}
{"seq":9,"ts":3,"event":"triggered","account":"A","id":"s1"}
{"seq":10,"ts":3,"event":"trade","symbol":"RB","price":"5020","qty":"1","maker":"M","maker_id":"m2","taker":"A","taker_id":"s1","side":"buy","kind":"normal","maker_fee":"5","taker_fee":"5"}
{"seq":11,"ts":3,"event":"mark","symbol":"RB","price":"5020"}
"#;
    assert_eq!(events("stop", commands), expected);
}

#[test]
fn an_iceberg_shows_its_peak_and_goes_to_the_back() {
    let commands = r#"{"ts":1,"cmd":"order","account":"A","id":"i1","symbol":"RB","side":"sell","price":"5000","qty":"6","display":"2"}
{"ts":1,"cmd":"order","account":"M","id":"m1","symbol":"RB","side":"sell","price":"5000","qty":"1"}
{"ts":2,"cmd":"order","account":"B","id":"b1","symbol":"RB","side":"buy","price":"5000","qty":"4","min_qty":"4"}
{"ts":2,"cmd":"order","account":"B","id":"b2","symbol":"RB","side":"buy","price":"5000","qty":"4","min_qty":"4"}
{"ts":3,"cmd":"order","account":"B","id":"b3","symbol":"RB","side":"buy","type":"stop","trigger":"5300","qty":"1"}
"#;
    // b1 gets the peak of 2, then the one lot that came after it, then 1 of the next peak. 3 lots are left, so b2 trades nothing.
    let expected = r#"{"seq":1,"ts":1,"event":"accepted","account":"A","id":"i1","symbol":"RB","side":"sell","price":"5000","qty":"6","display":"2"}
{"seq":2,"ts":1,"event":"accepted","account":"M","id":"m1","symbol":"RB","side":"sell","price":"5000","qty":"1"}
{"seq":3,"ts":2,"event":"accepted","account":"B","id":"b1","symbol":"RB","side":"buy","price":"5000","qty":"4"}
{"seq":4,"ts":2,"event":"trade","symbol":"RB","price":"5000","qty":"2","maker":"A","maker_id":"i1","taker":"B","taker_id":"b1","side":"buy","kind":"normal","maker_fee":"10","taker_fee":"10"}
{"seq":5,"ts":2,"event":"refilled","account":"A","id":"i1","symbol":"RB","price":"5000","qty":"2"}
{"seq":6,"ts":2,"event":"trade","symbol":"RB","price":"5000","qty":"1","maker":"M","maker_id":"m1","taker":"B","taker_id":"b1","side":"buy","kind":"normal","maker_fee":"5","taker_fee":"5"}
{"seq":7,"ts":2,"event":"trade","symbol":"RB","price":"5000","qty":"1","maker":"A","maker_id":"i1","taker":"B","taker_id":"b1","side":"buy","kind":"normal","maker_fee":"5","taker_fee":"5"}
{"seq":8,"ts":2,"event":"mark","symbol":"RB","price":"5000"}
{"seq":9,"ts":2,"event":"accepted","account":"B","id":"b2","symbol":"RB","side":"buy","price":"5000","qty":"4"}
{"seq":10,"ts":2,"event":"cancelled","account":"B","id":"b2","qty":"4","reason":"min_qty"}
{"seq":11,"ts":3,"event":"accepted","account":"B","id":"b3","symbol":"RB","side":"buy","price":null,"qty":"1","trigger":"5300"}
"#;
    let folder = folder("iceberg");
    let arguments = ["replay", "exchange.toml", "-", "--quiet", "--state", "state.json"];
    let output = plimsoll(&folder, &arguments, commands);
    assert_eq!(text(&output.stdout), expected);
    let state = fs::read_to_string(folder.join("state.json")).expect("a state");
    let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    let hidden = serde_json::json!(
        {"id": "i1", "symbol": "RB", "side": "sell", "price": "5000", "open": "3", "display": "2", "shown": "1"}
    );
    let waiting = serde_json::json!(
        {"id": "b3", "symbol": "RB", "side": "buy", "price": null, "open": "1", "trigger": "5300"}
    );
    assert_eq!(state["accounts"]["A"]["orders"], serde_json::json!([hidden]));
    assert_eq!(state["accounts"]["B"]["orders"], serde_json::json!([waiting]));
    assert_eq!(state["books"]["RB"]["asks"], serde_json::json!([["5000", "1"]]));
}

#[test]
fn dated_orders_go_by_themselves() {
    let commands = r#"{"ts":1,"cmd":"order","account":"A","id":"g1","symbol":"RB","side":"buy","price":"4900","qty":"2","tif":"gtd","expires":5}
{"ts":1,"cmd":"order","account":"A","id":"d1","symbol":"RB","side":"buy","price":"4900","qty":"3","tif":"day"}
{"ts":2,"cmd":"order","account":"A","id":"g2","symbol":"RB","side":"buy","price":"4900","qty":"2","tif":"gtd","expires":2}
{"ts":8,"cmd":"phase","symbol":"RB","phase":"closed"}
"#;
    let expected = r#"{"seq":1,"ts":1,"event":"accepted","account":"A","id":"g1","symbol":"RB","side":"buy","price":"4900","qty":"2"}
{"seq":2,"ts":1,"event":"accepted","account":"A","id":"d1","symbol":"RB","side":"buy","price":"4900","qty":"3"}
{"seq":3,"ts":2,"event":"rejected","account":"A","id":"g2","reason":"expires","detail":"the expiry must lie in the future"}
{"seq":4,"ts":5,"event":"cancelled","account":"A","id":"g1","qty":"2","reason":"expired"}
{"seq":5,"ts":8,"event":"phase","symbol":"RB","phase":"closed"}
{"seq":6,"ts":8,"event":"cancelled","account":"A","id":"d1","qty":"3","reason":"expired"}
"#;
    assert_eq!(events("dated", commands), expected);
}
