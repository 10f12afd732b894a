//! Days that are settled, instruments that come and go, trades that are undone, sessions from a calendar.

use super::*;

#[test]
fn a_day_is_settled_a_trade_undone_and_the_instrument_expires() {
    // A holds 2 lots from 5000 once the third is undone: 2 x 100 x 10 = 2000 at 5100. Fees of 5 a lot stay, of three lots.
    // By trade that is a profit only once the lots are closed, at the expiry.
    let commands = r#"{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"3"}
{"ts":1,"cmd":"order","account":"M","id":"m1","symbol":"RB","side":"sell","price":"5000","qty":"2"}
{"ts":2,"cmd":"order","account":"M","id":"m2","symbol":"RB","side":"sell","price":"5000","qty":"1"}
{"ts":3,"cmd":"bust","trade":6}
{"ts":3,"cmd":"bust","trade":6}
{"ts":4,"cmd":"settle","symbol":"RB","price":"5100"}
{"ts":5,"cmd":"delist","symbol":"RB"}
{"ts":5,"cmd":"expire","symbol":"RB"}
{"ts":6,"cmd":"delist","symbol":"RB"}
"#;
    let expected = r#"{"seq":1,"ts":1,"event":"accepted","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"3"}
{"seq":2,"ts":1,"event":"accepted","account":"M","id":"m1","symbol":"RB","side":"sell","price":"5000","qty":"2"}
{"seq":3,"ts":1,"event":"trade","symbol":"RB","price":"5000","qty":"2","maker":"A","maker_id":"a1","taker":"M","taker_id":"m1","side":"sell","kind":"normal","maker_fee":"10","taker_fee":"10"}
{"seq":4,"ts":1,"event":"mark","symbol":"RB","price":"5000"}
{"seq":5,"ts":2,"event":"accepted","account":"M","id":"m2","symbol":"RB","side":"sell","price":"5000","qty":"1"}
{"seq":6,"ts":2,"event":"trade","symbol":"RB","price":"5000","qty":"1","maker":"A","maker_id":"a1","taker":"M","taker_id":"m2","side":"sell","kind":"normal","maker_fee":"5","taker_fee":"5"}
{"seq":7,"ts":2,"event":"mark","symbol":"RB","price":"5000"}
{"seq":8,"ts":3,"event":"busted","trade":6,"symbol":"RB","price":"5000","qty":"1"}
{"seq":9,"ts":3,"event":"rejected","reason":"unknown_trade","detail":"no trade among those kept has this number, or it is busted already"}
{"seq":10,"ts":4,"event":"settled","symbol":"RB","price":"5100","one_sided":null,"limit":"0.08"}
{"seq":11,"ts":4,"event":"mark","symbol":"RB","price":"5100"}
{"seq":12,"ts":4,"event":"settlement","account":"A","symbol":"RB","profit":"2000","profit_by_trade":"0","fees":"15","balance":"101985"}
{"seq":13,"ts":4,"event":"settlement","account":"M","symbol":"RB","profit":"-2000","profit_by_trade":"0","fees":"15","balance":"-2015"}
{"seq":14,"ts":4,"event":"band","symbol":"RB","up":"5508","down":"4692"}
{"seq":15,"ts":5,"event":"rejected","reason":"open_position","detail":"somebody holds a position in this instrument"}
{"seq":16,"ts":5,"event":"settled","symbol":"RB","price":"5100","one_sided":null,"limit":null}
{"seq":17,"ts":5,"event":"mark","symbol":"RB","price":"5100"}
{"seq":18,"ts":5,"event":"settlement","account":"A","symbol":"RB","profit":"0","profit_by_trade":"2000","fees":"0","balance":"101985"}
{"seq":19,"ts":5,"event":"settlement","account":"M","symbol":"RB","profit":"0","profit_by_trade":"-2000","fees":"0","balance":"-2015"}
{"seq":20,"ts":5,"event":"expired","symbol":"RB","price":"5100"}
{"seq":21,"ts":6,"event":"rejected","reason":"unknown_symbol","detail":"no instrument has this symbol"}
"#;
    assert_eq!(events("day", commands), expected);
}

#[test]
fn carried_lots_are_not_todays() {
    let folder = folder("carried");
    let commands = r#"{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"3"}
{"ts":1,"cmd":"order","account":"M","id":"m1","symbol":"RB","side":"sell","price":"5000","qty":"2"}
{"ts":2,"cmd":"settle"}
{"ts":3,"cmd":"order","account":"M","id":"m2","symbol":"RB","side":"sell","price":"5000","qty":"1"}
"#;
    let arguments = ["replay", "exchange.toml", "-", "--quiet", "--state", "state.json"];
    assert!(plimsoll(&folder, &arguments, commands).status.success());
    let state = fs::read_to_string(folder.join("state.json")).expect("a state");
    let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    let position = &state["accounts"]["A"]["positions"][0];
    assert_eq!((&position["qty"], &position["today"]), (&"3".into(), &"1".into()));
}

const LISTING: &str = r#"{"ts":1,"cmd":"list","symbol":"CU","kind":"future","tick_size":"10","lot_size":"1","multiplier":"5","prev_settlement":"70000","margin_initial":{"per_lot":"20000"},"margin_maintenance":"0"}
{"ts":1,"cmd":"list","symbol":"RB","kind":"future","tick_size":"10","lot_size":"1","multiplier":"5","prev_settlement":"70000","margin_initial":"0.1","margin_maintenance":"0.08"}
"#;
const TRADING: &str = r#"{"ts":2,"cmd":"order","account":"A","id":"a1","symbol":"CU","side":"buy","price":"70000","qty":"2"}
{"ts":3,"cmd":"order","account":"M","id":"m1","symbol":"CU","side":"sell","price":"69990","qty":"1"}
"#;

#[test]
fn an_instrument_is_listed_and_traded_and_survives_a_snapshot() {
    let expected = r#"{"seq":1,"ts":1,"event":"listed","symbol":"CU","kind":"future","tick_size":"10","lot_size":"1","multiplier":"5","prev_settlement":"70000"}
{"seq":2,"ts":1,"event":"rejected","reason":"duplicate_symbol","detail":"an instrument of this symbol is listed"}
{"seq":3,"ts":2,"event":"accepted","account":"A","id":"a1","symbol":"CU","side":"buy","price":"70000","qty":"2"}
{"seq":4,"ts":3,"event":"accepted","account":"M","id":"m1","symbol":"CU","side":"sell","price":"69990","qty":"1"}
{"seq":5,"ts":3,"event":"trade","symbol":"CU","price":"70000","qty":"1","maker":"A","maker_id":"a1","taker":"M","taker_id":"m1","side":"sell","kind":"normal"}
{"seq":6,"ts":3,"event":"mark","symbol":"CU","price":"70000"}
"#;
    let commands = format!("{LISTING}{TRADING}");
    assert_eq!(events("listing", &commands), expected);
    let folder = folder("listing_snapshot");
    let run = |arguments: &[&str], input: &str| {
        let arguments = [&["replay", "exchange.toml", "-", "--quiet"][..], arguments].concat();
        let output = plimsoll(&folder, &arguments, input);
        assert_eq!(text(&output.stderr), "");
        text(&output.stdout)
    };
    let first = run(&["--snapshot", "first"], LISTING);
    let second = run(&["--from", "first", "--snapshot", "second"], TRADING);
    assert_eq!(first + &second, expected);
    run(&["--snapshot", "whole"], &commands);
    let bytes = |name: &str| fs::read(folder.join(name)).expect("a snapshot");
    assert_eq!(bytes("second"), bytes("whole"));
}

#[test]
fn an_instrument_that_is_none_stops_the_replay_with_its_place() {
    let folder = folder("no_instrument");
    fs::write(folder.join("c.jsonl"), LISTING.replacen("20000", "-1", 1)).expect("a file");
    let output = plimsoll(&folder, &["replay", "exchange.toml", "c.jsonl"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "c.jsonl:1: margin_initial.per_lot: expected an amount from 0 with at most 2 decimals, found \"-1\"\n"
    );
}

#[test]
fn a_calendar_opens_closes_and_settles_the_market() {
    // Thursday, 1 October 2026, from 08:58 to 15:30 in Shanghai; the first command finds the auction begun.
    let calendar = r#"[[calendar]]
name = "day"
utc_offset = "+08:00"
[[calendar.session]]
days = ["thu"]
steps = [
    { at = "08:55", phase = "auction" },
    { at = "08:59", phase = "no_cancel" },
    { at = "09:00", phase = "continuous" },
    { at = "15:00", phase = "closed" },
    { at = "15:15", settle = true },
]

"#;
    let commands = r#"{"ts":1790816280000000000,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5010","qty":"2"}
{"ts":1790816280000000000,"cmd":"order","account":"B","id":"b1","symbol":"RB","side":"sell","price":"5000","qty":"3","tif":"day"}
{"ts":1790816370000000000,"cmd":"cancel","account":"A","id":"a1"}
{"ts":1790839800000000000,"cmd":"time"}
"#;
    let expected = r#"{"seq":1,"ts":1790816280000000000,"event":"phase","symbol":"RB","phase":"auction"}
{"seq":2,"ts":1790816280000000000,"event":"accepted","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5010","qty":"2"}
{"seq":3,"ts":1790816280000000000,"event":"accepted","account":"B","id":"b1","symbol":"RB","side":"sell","price":"5000","qty":"3"}
{"seq":4,"ts":1790816280000000000,"event":"indicative","symbol":"RB","price":"5000","qty":"2","surplus":"1","surplus_side":"sell"}
{"seq":5,"ts":1790816340000000000,"event":"phase","symbol":"RB","phase":"no_cancel"}
{"seq":6,"ts":1790816370000000000,"event":"rejected","account":"A","id":"a1","reason":"phase","detail":"the instrument's phase does not take this order"}
{"seq":7,"ts":1790816400000000000,"event":"trade","symbol":"RB","price":"5000","qty":"2","maker":"A","maker_id":"a1","taker":"B","taker_id":"b1","side":"sell","kind":"auction","maker_fee":"10","taker_fee":"10"}
{"seq":8,"ts":1790816400000000000,"event":"auction","symbol":"RB","price":"5000","qty":"2","surplus":"1","surplus_side":"sell"}
{"seq":9,"ts":1790816400000000000,"event":"phase","symbol":"RB","phase":"continuous"}
{"seq":10,"ts":1790816400000000000,"event":"mark","symbol":"RB","price":"5000"}
{"seq":11,"ts":1790838000000000000,"event":"phase","symbol":"RB","phase":"closed"}
{"seq":12,"ts":1790838000000000000,"event":"cancelled","account":"B","id":"b1","qty":"1","reason":"expired"}
{"seq":13,"ts":1790838900000000000,"event":"settled","symbol":"RB","price":"5000","one_sided":null,"limit":"0.08"}
{"seq":14,"ts":1790838900000000000,"event":"mark","symbol":"RB","price":"5000"}
{"seq":15,"ts":1790838900000000000,"event":"settlement","account":"A","symbol":"RB","profit":"0","profit_by_trade":"0","fees":"10","balance":"99990"}
{"seq":16,"ts":1790838900000000000,"event":"settlement","account":"B","symbol":"RB","profit":"0","profit_by_trade":"0","fees":"10","balance":"99990"}
{"seq":17,"ts":1790838900000000000,"event":"band","symbol":"RB","up":"5400","down":"4600"}
"#;
    let folder = folder("calendar");
    let instrument = "multiplier = \"10\"\ncalendar = \"day\"\nphase = \"closed\"";
    let exchange = EXCHANGE.replacen("multiplier = \"10\"", instrument, 1);
    fs::write(folder.join("exchange.toml"), format!("{calendar}{exchange}")).expect("a file");
    let output = plimsoll(&folder, &["replay", "exchange.toml", "-", "--quiet"], commands);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), expected);
}

#[test]
fn the_examples_happen_as_they_say() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for (exchange, commands) in [("exchange", "liquidation"), ("day", "day")] {
        let (exchange, file) = (format!("{exchange}.toml"), format!("{commands}.jsonl"));
        let output = plimsoll(&examples, &["replay", &exchange, &file, "--quiet"], "");
        let expected = fs::read_to_string(examples.join(format!("{commands}.events.jsonl")));
        assert_eq!(text(&output.stdout), expected.expect("the example's events"));
    }
}
