//! `plimsoll replay` as a trader uses it: a few commands in, exactly these events out, and files whole or not at all.

#[path = "replay/book.rs"]
mod book;
#[path = "replay/days.rs"]
mod days;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const EXCHANGE: &str = r#"
[exchange]
currency = "CNY"
money_decimals = 2
[insurance_fund]
initial = "500"
[[instrument]]
symbol = "RB"
kind = "future"
tick_size = "1"
lot_size = "1"
multiplier = "10"
prev_settlement = "5000"
price_limit = "0.08"
margin_initial = "0.10"
margin_maintenance = "0.08"
fee_open = { per_lot = "5" }
[[profile]]
name = "standard"
[[profile.tier]]
name = "warning"
at = "0.80"
action = "notify"
[[profile.tier]]
name = "liquidation"
at = "1.20"
action = "liquidate"
[profile.liquidation]
target = "0.90"
waterfall = ["insurance_fund", "debt"]
[[account]]
name = "A"
profile = "standard"
deposit = "100000"
[[account]]
name = "B"
profile = "standard"
deposit = "100000"
[[account]]
name = "M"
profile = "unlimited"
"#;

/// A folder of its own for one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("replay").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("exchange.toml"), EXCHANGE).expect("a file");
    folder
}

fn plimsoll(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // A run that is refused may not read its input: a broken pipe here is its right.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the binary ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Events of these commands, without what every line begins with.
fn events(test: &str, commands: &str) -> String {
    let output = plimsoll(&folder(test), &["replay", "exchange.toml", "-", "--quiet"], commands);
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    text(&output.stdout)
}

#[test]
fn two_orders_trade_and_set_the_mark() {
    let commands = r#"{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"3"}
{"ts":2,"cmd":"order","account":"B","id":"b1","symbol":"RB","side":"sell","price":"4990","qty":"5"}
"#;
    let expected = r#"{"seq":1,"ts":1,"event":"accepted","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"3"}
{"seq":2,"ts":2,"event":"accepted","account":"B","id":"b1","symbol":"RB","side":"sell","price":"4990","qty":"5"}
{"seq":3,"ts":2,"event":"trade","symbol":"RB","price":"5000","qty":"3","maker":"A","maker_id":"a1","taker":"B","taker_id":"b1","side":"sell","kind":"normal","maker_fee":"15","taker_fee":"15"}
{"seq":4,"ts":2,"event":"mark","symbol":"RB","price":"5000"}
"#;
    assert_eq!(events("two_orders", commands), expected);
}

#[test]
fn what_the_exchange_refuses_is_an_event() {
    let commands = r#"{"ts":1,"cmd":"order","account":"Z","id":"z1","symbol":"XX","side":"buy","price":"0.5","qty":"0"}
{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"XX","side":"buy","price":"0.5","qty":"0"}
{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000.5","qty":"0"}
{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"0"}
{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5401","qty":"1"}
{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"100"}
{"ts":1,"cmd":"cancel","account":"A","id":"a1"}
{"ts":1,"cmd":"replace","account":"A","id":"a1","price":"0.5","qty":"1"}
{"ts":1,"cmd":"open_account","account":"A","profile":"vip"}
{"ts":1,"cmd":"open_account","account":"A","profile":"standard"}
{"ts":1,"cmd":"deposit","account":"A","amount":"0.001"}
{"ts":1,"cmd":"withdraw","account":"A","amount":"100000.01"}
{"ts":1,"cmd":"band","symbol":"RB","up":"4000","down":"5000"}
{"ts":1,"cmd":"margin","symbol":"RB","initial":"0.1","maintenance":"0.2"}
"#;
    let reasons = [
        "unknown_account",
        "unknown_symbol",
        "price_off_tick",
        "quantity_not_positive",
        "price_band",
        "margin",
        "unknown_order",
        "unknown_order",
        "unknown_profile",
        "duplicate_account",
        "amount_off_unit",
        "available",
        "invalid_band",
        "invalid_margin",
    ];
    let events = events("refused", commands);
    let lines: Vec<&str> = events.lines().collect();
    assert_eq!(lines.len(), reasons.len(), "{events}");
    for (n, (line, reason)) in lines.iter().zip(reasons).enumerate() {
        let head = format!("{{\"seq\":{},\"ts\":1,\"event\":\"rejected\"", n + 1);
        assert!(line.starts_with(&head), "{line}");
        assert!(line.contains(&format!("\"reason\":\"{reason}\",\"detail\":\"")), "{line}");
    }
    assert!(lines[0].contains(r#","account":"Z","id":"z1","reason""#), "{}", lines[0]);
}

#[test]
fn an_account_sinks_below_its_line_and_is_traded_back() {
    // A deposits 6000 and buys 1 lot at 5000: margin 5000, fee 5, equity 5995.
    // At a mark of 4820 the equity is 5995 - 1800 = 4195 and the margin 4820: 4820 / 4195 = 1.148987, a warning.
    // At 4800 it is 3995 against 4800: 1.201502, past 1.20. Selling the lot at 4790 meets the target of 0.90.
    let commands = r#"{"ts":1,"cmd":"open_account","account":"C","profile":"standard"}
{"ts":1,"cmd":"deposit","account":"C","amount":"6000"}
{"ts":1,"cmd":"order","account":"M","id":"s","symbol":"RB","side":"sell","price":"5000","qty":"1"}
{"ts":1,"cmd":"order","account":"M","id":"b","symbol":"RB","side":"buy","price":"4790","qty":"9"}
{"ts":2,"cmd":"order","account":"C","id":"c1","symbol":"RB","side":"buy","type":"market","price":"5000","qty":"1"}
{"ts":3,"cmd":"mark","symbol":"RB","price":"4820"}
{"ts":4,"cmd":"mark","symbol":"RB","price":"4800"}
"#;
    let expected = r#"{"seq":1,"ts":1,"event":"opened","account":"C","profile":"standard"}
{"seq":2,"ts":1,"event":"deposit","account":"C","amount":"6000","repaid":"0","balance":"6000"}
{"seq":3,"ts":1,"event":"accepted","account":"M","id":"s","symbol":"RB","side":"sell","price":"5000","qty":"1"}
{"seq":4,"ts":1,"event":"accepted","account":"M","id":"b","symbol":"RB","side":"buy","price":"4790","qty":"9"}
{"seq":5,"ts":2,"event":"accepted","account":"C","id":"c1","symbol":"RB","side":"buy","price":"5000","qty":"1"}
{"seq":6,"ts":2,"event":"trade","symbol":"RB","price":"5000","qty":"1","maker":"M","maker_id":"s","taker":"C","taker_id":"c1","side":"buy","kind":"normal","maker_fee":"5","taker_fee":"5"}
{"seq":7,"ts":2,"event":"mark","symbol":"RB","price":"5000"}
{"seq":8,"ts":2,"event":"tier","account":"C","from":"normal","to":"warning","measure":"0.834028","equity":"5995","margin":"5000"}
{"seq":9,"ts":3,"event":"mark","symbol":"RB","price":"4820"}
{"seq":10,"ts":4,"event":"mark","symbol":"RB","price":"4800"}
{"seq":11,"ts":4,"event":"tier","account":"C","from":"warning","to":"liquidation","measure":"1.201502","equity":"3995","margin":"4800"}
{"seq":12,"ts":4,"event":"case","account":"C","case":1,"state":"triggered","reason":"funds"}
{"seq":13,"ts":4,"event":"case","account":"C","case":1,"state":"planned","targets":[{"symbol":"RB","side":"sell","qty":"1"}]}
{"seq":14,"ts":4,"event":"case","account":"C","case":1,"state":"batch","n":1,"symbol":"RB","side":"sell","price":"4600","qty":"1"}
{"seq":15,"ts":4,"event":"trade","symbol":"RB","price":"4790","qty":"1","maker":"M","maker_id":"b","taker":"C","taker_id":"liq-1-1","side":"sell","kind":"liquidation"}
{"seq":16,"ts":4,"event":"mark","symbol":"RB","price":"4790"}
{"seq":17,"ts":4,"event":"tier","account":"C","from":"liquidation","to":"normal","measure":"0","equity":"3895","margin":"0"}
{"seq":18,"ts":4,"event":"case","account":"C","case":1,"state":"checked","n":1,"filled":"1","remaining":"0","measure":"0"}
{"seq":19,"ts":4,"event":"case","account":"C","case":1,"state":"closed"}
"#;
    assert_eq!(events("liquidation", commands), expected);
}

#[test]
fn an_order_whose_position_another_order_closed_freezes_margin() {
    // r closes 5 lots and freezes nothing; x closes them first, so r would open now: 10 % of 5200 x 10 x 5 and 5 a lot.
    let commands = r#"{"ts":0,"cmd":"order","account":"M","id":"1","symbol":"RB","side":"sell","price":"5000","qty":"5"}
{"ts":0,"cmd":"order","account":"A","id":"a","symbol":"RB","side":"buy","price":"5000","qty":"5"}
{"ts":0,"cmd":"order","account":"A","id":"r","symbol":"RB","side":"sell","price":"5200","qty":"5"}
{"ts":0,"cmd":"order","account":"M","id":"2","symbol":"RB","side":"buy","price":"5000","qty":"5"}
{"ts":0,"cmd":"order","account":"A","id":"x","symbol":"RB","side":"sell","price":"5000","qty":"5"}
"#;
    let folder = folder("margin_hole");
    let arguments = ["replay", "exchange.toml", "-", "--quiet", "--state", "state.json"];
    assert!(plimsoll(&folder, &arguments, commands).status.success());
    let state = fs::read_to_string(folder.join("state.json")).expect("a state");
    let account = &state[state.find("\"A\"").expect("A")..state.find("\"B\"").expect("B")];
    assert!(account.contains("\"frozen\": \"26025\""), "{account}");
    let withdraw =
        format!("{commands}{}", r#"{"ts":1,"cmd":"withdraw","account":"A","amount":"99000"}"#);
    let output = plimsoll(&folder, &["replay", "exchange.toml", "-", "--quiet"], &withdraw);
    assert!(text(&output.stdout).contains("\"reason\":\"available\""), "{}", text(&output.stdout));
}

#[test]
fn an_auction_uncrosses_when_its_phase_ends() {
    let commands = r#"{"ts":1,"cmd":"phase","symbol":"RB","phase":"auction"}
{"ts":2,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5010","qty":"2"}
{"ts":3,"cmd":"order","account":"B","id":"b1","symbol":"RB","side":"sell","price":"5000","qty":"3"}
{"ts":4,"cmd":"phase","symbol":"RB","phase":"continuous"}
"#;
    // Volume 2 at every tick from 5000 to 5010, surplus 1 to sell at each: the lowest.
    let expected = r#"{"seq":1,"ts":1,"event":"phase","symbol":"RB","phase":"auction"}
{"seq":2,"ts":2,"event":"accepted","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5010","qty":"2"}
{"seq":3,"ts":3,"event":"accepted","account":"B","id":"b1","symbol":"RB","side":"sell","price":"5000","qty":"3"}
{"seq":4,"ts":3,"event":"indicative","symbol":"RB","price":"5000","qty":"2","surplus":"1","surplus_side":"sell"}
{"seq":5,"ts":4,"event":"trade","symbol":"RB","price":"5000","qty":"2","maker":"A","maker_id":"a1","taker":"B","taker_id":"b1","side":"sell","kind":"auction","maker_fee":"10","taker_fee":"10"}
{"seq":6,"ts":4,"event":"auction","symbol":"RB","price":"5000","qty":"2","surplus":"1","surplus_side":"sell"}
{"seq":7,"ts":4,"event":"phase","symbol":"RB","phase":"continuous"}
{"seq":8,"ts":4,"event":"mark","symbol":"RB","price":"5000"}
"#;
    assert_eq!(events("auction", commands), expected);
}

#[test]
fn the_operators_commands_leave_their_events() {
    let commands = r#"{"ts":1,"cmd":"fund","amount":"0.5"}
{"ts":1,"cmd":"permission","account":"A","permission":"close_only"}
{"ts":1,"cmd":"permission","account":"A","permission":"normal"}
{"ts":1,"cmd":"margin","symbol":"RB","initial":"0.15","maintenance":"0.12"}
{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"4600","qty":"2"}
{"ts":2,"cmd":"replace","account":"A","id":"a1","price":"4600","qty":"1"}
{"ts":3,"cmd":"band","symbol":"RB","up":"5300","down":"4700"}
{"ts":4,"cmd":"withdraw","account":"A","amount":"1000"}
{"ts":5,"cmd":"time"}
"#;
    let expected = r#"{"seq":1,"ts":1,"event":"fund","change":"0.5","balance":"500.5","case":null}
{"seq":2,"ts":1,"event":"restricted","account":"A","permission":"close_only"}
{"seq":3,"ts":1,"event":"unrestricted","account":"A","permission":"normal"}
{"seq":4,"ts":1,"event":"margin","symbol":"RB","initial":"0.15","maintenance":"0.12"}
{"seq":5,"ts":1,"event":"accepted","account":"A","id":"a1","symbol":"RB","side":"buy","price":"4600","qty":"2"}
{"seq":6,"ts":2,"event":"replaced","account":"A","id":"a1","price":"4600","qty":"1","kept_priority":true}
{"seq":7,"ts":3,"event":"band","symbol":"RB","up":"5300","down":"4700"}
{"seq":8,"ts":3,"event":"cancelled","account":"A","id":"a1","qty":"1","reason":"band"}
{"seq":9,"ts":4,"event":"withdrawal","account":"A","amount":"1000","balance":"99000"}
"#;
    assert_eq!(events("operator", commands), expected);
}

const SOME: &str = r#"{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"3"}
{"ts":2,"cmd":"order","account":"B","id":"b1","symbol":"RB","side":"sell","price":"4990","qty":"5"}
{"ts":3,"cmd":"order","account":"B","id":"b2","symbol":"RB","side":"sell","price":"5100","qty":"1"}
"#;

#[test]
fn the_state_says_where_everybody_stands() {
    let folder = folder("state");
    let arguments =
        ["replay", "exchange.toml", "-", "--events", "e.jsonl", "--state", "-", "--quiet"];
    let output = plimsoll(&folder, &arguments, SOME);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let state: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let a = &state["accounts"]["A"];
    // 3 lots at 5000: notional 150000, margin 15000, fees 15.
    assert_eq!(a["balance"], "99985");
    assert_eq!(a["margin"], "15000");
    assert_eq!(a["maintenance"], "12000");
    assert_eq!(a["measure"], "0.150023");
    assert_eq!(a["available"], "84985");
    assert_eq!(a["positions"][0]["entry"], "5000");
    assert_eq!(a["positions"][0]["qty"], "3");
    let b = &state["accounts"]["B"];
    assert_eq!(b["positions"][0]["side"], "short");
    // b1's rest of 2 at 4990 and b2's 1 at 5100: 9980 + 5100 of margin, 15 of fees.
    assert_eq!(b["frozen"], "15095");
    assert_eq!(b["orders"][0]["open"], "2");
    let book = &state["books"]["RB"];
    assert_eq!(book["asks"], serde_json::json!([["4990", "2"], ["5100", "1"]]));
    assert_eq!(book["bids"], serde_json::json!([]));
    assert_eq!((&book["up"], &book["down"]), (&"5400".into(), &"4600".into()));
    assert_eq!(state["deposits"], "200500");
    assert_eq!(state["fees"], "30");
}

#[test]
fn a_snapshot_goes_on_as_if_nothing_had_happened() {
    let folder = folder("snapshot");
    let (head, tail) = SOME.split_at(SOME.find("{\"ts\":2").expect("a second line"));
    let run = |arguments: &[&str], input: &str| {
        let output = plimsoll(&folder, arguments, input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let whole = run(&["replay", "exchange.toml", "-", "--snapshot", "whole", "--quiet"], SOME);
    let first = run(&["replay", "exchange.toml", "-", "--snapshot", "first"], head);
    let second = run(
        &["replay", "exchange.toml", "-", "--from", "first", "--snapshot", "second", "--quiet"],
        tail,
    );
    assert_eq!(first + &second, whole);
    let bytes = |name: &str| fs::read(folder.join(name)).expect("a snapshot");
    assert_eq!(bytes("second"), bytes("whole"));
    let early = r#"{"ts":1,"cmd":"time"}"#;
    let output = plimsoll(&folder, &["replay", "exchange.toml", "-", "--from", "second"], early);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "stdin:1: ts: expected a time not before 3, found 1\n");
}

#[test]
fn an_empty_file_checks_the_configuration() {
    assert_eq!(events("empty", ""), "");
}

#[test]
fn a_last_line_needs_no_newline() {
    assert_eq!(events("no_newline", SOME.trim_end()), events("newline", SOME));
}

#[test]
fn compressed_commands_are_read_as_they_are() {
    let folder = folder("gzip");
    let file = fs::File::create(folder.join("c.jsonl.gz")).expect("a file");
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    packed.write_all(SOME.as_bytes()).and_then(|()| packed.finish().map(drop)).expect("gzip");
    let output = plimsoll(&folder, &["replay", "exchange.toml", "c.jsonl.gz"], "");
    assert_eq!(text(&output.stdout), events("not_gzip", SOME));
    fs::write(folder.join("cut.gz"), &fs::read(folder.join("c.jsonl.gz")).expect("gzip")[..60])
        .expect("a file");
    let output = plimsoll(&folder, &["replay", "exchange.toml", "cut.gz"], "");
    assert_eq!(output.status.code(), Some(2));
    let line =
        "cut.gz: file: expected a readable file, found a compressed file that is cut short\n";
    assert_eq!(text(&output.stderr), line);
}

#[test]
fn a_replay_that_fails_leaves_no_file_and_keeps_the_old_one() {
    let folder = folder("all_or_nothing");
    fs::write(folder.join("e.jsonl"), "old").expect("a file");
    let broken = SOME.to_owned() + "{\"ts\":4";
    let arguments = [
        "replay",
        "exchange.toml",
        "-",
        "--events",
        "e.jsonl",
        "--state",
        "s.json",
        "--snapshot",
        "p",
    ];
    let output = plimsoll(&folder, &arguments, &broken);
    assert_eq!(output.status.code(), Some(2));
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["e.jsonl", "exchange.toml"]);
    assert_eq!(fs::read_to_string(folder.join("e.jsonl")).expect("events"), "old");
    let output = plimsoll(&folder, &["replay", "exchange.toml", "-"], &broken);
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn outputs_have_places_of_their_own() {
    let folder = folder("places");
    fs::write(folder.join("c.jsonl"), SOME).expect("a file");
    for arguments in [
        &["--state", "-"][..],
        &["--events", "x", "--state", "x"],
        &["--events", "x", "--state", "./x"],
        &["--events", "c.jsonl"],
        &["--events", "exchange.toml"],
        &["--events", "missing/e.jsonl"],
        &["--events", "."],
    ] {
        let all = [&["replay", "exchange.toml", "c.jsonl"][..], arguments].concat();
        let output = plimsoll(&folder, &all, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stderr).lines().count(), 1, "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
    }
    assert_eq!(fs::read_to_string(folder.join("c.jsonl")).expect("commands"), SOME);
}

#[test]
fn a_device_is_written_to_and_not_replaced() {
    let folder = folder("device");
    let output =
        plimsoll(&folder, &["replay", "exchange.toml", "-", "--events", "/dev/null"], SOME);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!fs::metadata("/dev/null").expect("the device").is_file());
}

#[test]
fn the_summary_is_for_people_or_for_machines() {
    let folder = folder("summary");
    let output = plimsoll(&folder, &["replay", "exchange.toml", "-"], SOME);
    let summary = text(&output.stderr);
    assert!(
        summary.starts_with("3 commands, 5 events, 1 trades, 0 rejected; last event 5; "),
        "{summary}"
    );
    let arguments = ["replay", "exchange.toml", "-", "--events", "e.jsonl", "--json"];
    let output = plimsoll(&folder, &arguments, SOME);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(text(&output.stderr), "");
    assert_eq!((&summary["commands"], &summary["events"]), (&3.into(), &5.into()));
    let arguments = ["replay", "exchange.toml", "-", "--json"];
    let output = plimsoll(&folder, &arguments, SOME);
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stderr).is_ok());
    assert_eq!(text(&output.stdout).lines().count(), 5);
}

#[test]
fn help_has_examples_and_ends_well() {
    for arguments in [&["--help"][..], &["replay", "--help"], &["convert", "--help"]] {
        let output = plimsoll(&folder("help"), arguments, "");
        assert!(output.status.success());
        assert!(text(&output.stdout).contains("Example:\n  plimsoll "), "{arguments:?}");
    }
}

#[test]
fn bad_arguments_are_one_line() {
    for arguments in [
        &[][..],
        &["sell"],
        &["replay"],
        &["replay", "a"],
        &["replay", "a", "b", "--colour"],
        &["replay", "-", "-"],
        &["replay", "exchange.toml", "missing.jsonl"],
        &["replay", "missing.toml", "missing.jsonl"],
        &["replay", ".", "-"],
        &["replay", "exchange.toml", "."],
        &["replay", "exchange.toml", "-", "--from", "missing"],
        &["replay", "exchange.toml", "-", "--from", "exchange.toml"],
        &["convert", "xyz", "a", "b.jsonl"],
        &["convert", "csv", "missing.csv", "b.jsonl"],
        &["convert", "csv", "exchange.toml", "b.jsonl"],
        &["convert", "csv", "exchange.toml", "b.parquet"],
        &["convert", "itch", "a", "b.jsonl"],
    ] {
        let output = plimsoll(&folder("arguments"), arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stderr).lines().count(), 1, "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
}
