//! The engine says what the calculators say.

use super::{file, json};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A market in which only margins differ from case to case.
fn exchange(instrument: &str, tiers: &str) -> String {
    format!(
        r#"
[exchange]
currency = "CNY"
money_decimals = 8
[[instrument]]
symbol = "P"
kind = "perpetual"
multiplier = "1"
mark = "external"
{instrument}
[[instrument]]
symbol = "Q"
kind = "perpetual"
tick_size = "0.01"
lot_size = "0.001"
multiplier = "1"
prev_settlement = "50"
mark = "external"
margin_initial = "0.04"
margin_maintenance = "0.03"
[[profile]]
name = "standard"
{tiers}
[[account]]
name = "A"
profile = "standard"
deposit = "0"
[[account]]
name = "B"
profile = "unlimited"
deposit = "0"
"#
    )
}

/// Replays commands; the events and the state.
fn replay(name: &str, exchange: &str, commands: &[String]) -> (Vec<Value>, Value) {
    let config = file(&format!("{name}.toml"), exchange);
    let lines = file(&format!("{name}.jsonl"), commands.join("\n") + "\n");
    let [events, state] = ["events", "state"].map(|what| file(&format!("{name}.{what}"), ""));
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .arg("replay")
        .args([&config, &lines])
        .arg("--events")
        .arg(&events)
        .arg("--state")
        .arg(&state)
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let parse = |text: &str| serde_json::from_str(text).expect("JSON");
    let read = |path: &Path| std::fs::read_to_string(path).expect("an output");
    (read(&events).lines().map(parse).collect(), parse(&read(&state)))
}

fn trade(symbol: &str, side: &str, qty: &str, price: &str) -> [String; 2] {
    let other = if side == "buy" { "sell" } else { "buy" };
    [("B", other), ("A", side)].map(|(account, side)| {
        format!(
            r#"{{"ts":0,"cmd":"order","account":"{account}","id":"{symbol}{account}","symbol":"{symbol}","side":"{side}","price":"{price}","qty":"{qty}"}}"#
        )
    })
}

fn deposit(amount: &str) -> String {
    format!(r#"{{"ts":0,"cmd":"deposit","account":"A","amount":"{amount}"}}"#)
}

#[test]
fn rules_1_6_the_state_names_the_price_that_the_calculator_finds() {
    let tiers = r#"
basis = "maintenance"
[[profile.tier]]
name = "liquidation"
at = "1.00"
action = "liquidate"
[profile.liquidation]
target = "0.90"
price = { ticks_through = 20 }
batch_max = "50"
book_share = "1"
interval = "1s"
waterfall = ["debt"]
"#;
    let terms = |margins: &str| {
        format!("tick_size = \"0.1\"\nlot_size = \"0.001\"\nprev_settlement = \"10000\"\n{margins}")
    };
    let flat = terms("margin_initial = \"0.05\"\nmargin_maintenance = \"0.005\"");
    let steps = r#"brackets = [ { up_to = "5000", maintenance = "0.01", deduct = "0" }, { up_to = "20000", maintenance = "0.02", deduct = "50" }, { up_to = "inf", maintenance = "0.04", deduct = "450" } ]"#;
    let stepped =
        terms(&format!("margin_initial = \"0.05\"\nmargin_maintenance = \"0.01\"\n{steps}"));
    let typed = "--bracket 5000:0.01:0 --bracket 20000:0.02:50 --bracket inf:0.04:450";
    let mut checked = 0;
    for (side, order, qty, wallet) in [
        ("long", "buy", "1", "1000"),
        ("short", "sell", "1", "1000"),
        ("long", "buy", "0.731", "613.07"),
        ("long", "buy", "2.5", "1777.123"),
        ("short", "sell", "1.9", "4000"),
        ("short", "sell", "0.45", "700.1"),
    ] {
        for (kind, instrument, rate) in
            [("flat", &flat, "--maintenance-rate 0.005"), ("stepped", &stepped, typed)]
        {
            for with_other in [false, true] {
                let mut commands = vec![deposit(wallet)];
                commands.extend(trade("P", order, qty, "10000"));
                let mut others = String::new();
                if with_other {
                    // 20 bought at 50, marked at 49: -20, maintenance 3 % of 980.
                    commands.extend(trade("Q", "buy", "20", "50"));
                    commands.push(r#"{"ts":1,"cmd":"mark","symbol":"Q","price":"49"}"#.to_owned());
                    others = "--other-pnl -20 --other-maintenance 29.4".to_owned();
                }
                let name = format!("price-{kind}-{side}-{qty}-{with_other}");
                let (_, state) = replay(&name, &exchange(instrument, tiers), &commands);
                let position = &state["accounts"]["A"]["positions"][0];
                assert_eq!((&position["symbol"], &position["qty"]), (&"P".into(), &qty.into()));
                let line = format!(
                    "liquidation-price --side {side} --entry 10000 --qty {qty} --wallet {wallet} {rate} {others} --tick 0.1"
                );
                let found: Value = serde_json::from_str(&json(&line, Path::new(""))).expect("JSON");
                assert_eq!(position["liquidation_price"], found["price"], "{name}: {line}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 24);
}

#[test]
fn rules_1_5_a_case_plans_the_lots_that_the_calculator_finds() {
    let instrument = r#"
tick_size = "1"
lot_size = "1"
prev_settlement = "5000"
margin_initial = { per_lot = "5000" }
margin_maintenance = { per_lot = "4000" }
fee_close = { per_lot = "60" }
"#;
    for (target, lots) in [("1.00", 3), ("0.90", 4), ("0.80", 6), ("0.10", 19)] {
        let tiers = format!(
            r#"
[[profile.tier]]
name = "liquidation"
at = "1.05"
action = "liquidate"
[profile.liquidation]
target = "{target}"
price = {{ ticks_through = 20 }}
batch_max = "50"
book_share = "1"
interval = "1s"
waterfall = ["debt"]
"#
        );
        let mut commands = vec![deposit("100000")];
        commands.extend(trade("P", "buy", "20", "5000"));
        commands.push(
            r#"{"ts":1,"cmd":"order","account":"B","id":"bid","symbol":"P","side":"buy","price":"4500","qty":"100"}"#
                .to_owned(),
        );
        commands.push(r#"{"ts":2,"cmd":"mark","symbol":"P","price":"4500"}"#.to_owned());
        let name = format!("plan-{target}");
        let (events, _) = replay(&name, &exchange(instrument, &tiers), &commands);
        let planned = events.iter().find(|event| event["state"] == "planned").expect("a plan");
        assert_eq!(planned["targets"][0]["qty"], lots.to_string(), "{target}");
        let line = format!(
            "reduce --margin 100000 --equity 90000 --margin-per-lot 5000 --cost-per-lot 60 --target {target}"
        );
        assert_eq!(json(&line, Path::new("")), format!("{{\"lots\":{lots}}}"));
    }
}
