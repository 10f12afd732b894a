//! The schemas of docs/schema against real commands, events and state.

#[path = "schema/chain.rs"]
mod chain;

use boon::{Compiler, SchemaIndex, Schemas};
use plimsoll_types::{CancelReason, ParkReason, Reject};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A compiled schema.
struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
    text: Value,
}

impl Schema {
    fn load(name: &str) -> Schema {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema").join(name);
        let text: Value =
            serde_json::from_slice(&fs::read(path).expect("the schema")).expect("JSON");
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        let place = format!("https://plimsoll.invalid/{name}");
        compiler.add_resource(&place, text.clone()).expect("a resource");
        let index = compiler.compile(&place, &mut schemas).expect("a valid schema");
        Schema { schemas, index, text }
    }

    fn takes(&self, value: &Value) -> Result<(), String> {
        self.schemas.validate(value, self.index).map_err(|error| format!("{value}\n{error:#}"))
    }

    fn words(&self, list: &str) -> Vec<&str> {
        let words = self.text["$defs"][list]["enum"].as_array().expect("a list");
        words.iter().map(|word| word.as_str().expect("a word")).collect()
    }
}

const EXCHANGE: &str = r#"
[exchange]
currency = "CNY"
money_decimals = 2
[insurance_fund]
initial = "100"
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
fee_taker = "0.0001"
[[profile]]
name = "standard"
[[profile.tier]]
name = "call"
at = "1.00"
action = "call"
grace = "session_end"
also = ["close_only"]
[[profile.tier]]
name = "liquidation"
at = "1.20"
action = "liquidate"
[profile.liquidation]
target = "0.90"
interval = "1s"
batch_max = "1"
waterfall = ["insurance_fund", "debt"]
[[account]]
name = "M"
profile = "unlimited"
"#;

/// With those of [`chain`] every command there is, and together every event.
///
/// C buys 2 lots on 10100 and sinks: a call at 4990 (equity 9890, margin 9980), a case at 4700 (4090, 9400), its first
/// batch of one lot at 4690; the next finds nothing and waits until there is a bid at 3500; the fund pays what it has,
/// and the rest of the loss is a debt. E's first case is met halfway by a
/// deposit, its second closes what is left. A second instrument is listed in which an iceberg meets a stop, a trade is
/// undone, days are settled and all positions end; a third comes and goes.
const COMMANDS: &str = r#"{"ts":0,"cmd":"open_account","account":"C","profile":"standard"}
{"ts":0,"cmd":"open_account","account":"D","profile":"standard"}
{"ts":0,"cmd":"deposit","account":"C","amount":"10100"}
{"ts":0,"cmd":"deposit","account":"D","amount":20000}
{"ts":0,"cmd":"withdraw","account":"D","amount":"0.5"}
{"ts":0,"cmd":"fund","amount":"1"}
{"ts":0,"cmd":"order","account":"D","id":"d1","symbol":"RB","side":"buy","price":"4900","qty":"2","post_only":true}
{"ts":0,"cmd":"replace","account":"D","id":"d1","price":"4900","qty":"1"}
{"ts":0,"cmd":"cancel","account":"D","id":"d1"}
{"ts":0,"cmd":"cancel","account":"D","id":"d1"}
{"ts":0,"cmd":"order","account":"D","id":"d2","symbol":"RB","side":"buy","price":"4900","qty":"1","tif":"ioc"}
{"ts":0,"cmd":"order","account":"D","id":"d3","symbol":"RB","side":"buy","price":"4900","qty":"1","tif":"fok"}
{"ts":0,"cmd":"order","account":"D","id":"d4","symbol":"RB","side":"buy","type":"market","qty":"1"}
{"ts":0,"cmd":"cancel_all","account":"D","symbol":"RB","side":"buy"}
{"ts":0,"cmd":"permission","account":"D","permission":"frozen"}
{"ts":0,"cmd":"permission","account":"D","permission":"normal"}
{"ts":1,"cmd":"order","account":"M","id":"s","symbol":"RB","side":"sell","price":"5000","qty":"2","smp":"cancel_newest"}
{"ts":1,"cmd":"order","account":"C","id":"c","symbol":"RB","side":"buy","price":"5000","qty":"2"}
{"ts":1,"cmd":"order","account":"M","id":"b","symbol":"RB","side":"buy","price":"4690","qty":"1"}
{"ts":2,"cmd":"mark","symbol":"RB","price":"4990"}
{"ts":3,"cmd":"mark","symbol":"RB","price":"4700"}
{"ts":2000000000,"cmd":"time"}
{"ts":3000000000,"cmd":"band","symbol":"RB","up":"5400","down":"3000"}
{"ts":3000000000,"cmd":"order","account":"M","id":"b2","symbol":"RB","side":"buy","price":"3500","qty":"9"}
{"ts":4000000000,"cmd":"deposit","account":"C","amount":"10"}
{"ts":5000000000,"cmd":"margin","symbol":"RB","initial":"0.12","maintenance":"0.1"}
{"ts":5000000000,"cmd":"phase","symbol":"RB","phase":"auction"}
{"ts":5000000000,"cmd":"order","account":"M","id":"s2","symbol":"RB","side":"sell","price":"3400","qty":"1"}
{"ts":5000000000,"cmd":"phase","symbol":"RB","phase":"continuous"}
{"ts":6000000000,"cmd":"open_account","account":"E","profile":"standard"}
{"ts":6000000000,"cmd":"deposit","account":"E","amount":"13000"}
{"ts":6000000000,"cmd":"order","account":"M","id":"s3","symbol":"RB","side":"sell","price":"5000","qty":"2"}
{"ts":6000000000,"cmd":"order","account":"M","id":"b3","symbol":"RB","side":"buy","price":"4600","qty":"3"}
{"ts":6000000000,"cmd":"order","account":"E","id":"e1","symbol":"RB","side":"buy","price":"5000","qty":"2"}
{"ts":7000000000,"cmd":"mark","symbol":"RB","price":"4400"}
{"ts":7500000000,"cmd":"deposit","account":"E","amount":"9000"}
{"ts":9000000000,"cmd":"mark","symbol":"RB","price":"3500"}
{"ts":9000000000,"cmd":"order","account":"D","id":"d5","symbol":"RB","side":"buy","price":"4000","qty":"1"}
{"ts":10000000000,"cmd":"list","symbol":"CU","kind":"future","tick_size":"10","lot_size":"1","multiplier":5,"prev_settlement":"70000","price_limit":"0.07","margin_initial":{"share":"0.1","per_lot":"20"},"margin_maintenance":"0.08","limit_ladder":{"steps":["0.03","0.05"]},"volatility":{"share":"0.05","window":"5m","auction":"2m"},"limit_state":{"after":"15s","pause":"5m","auction":"2m"},"allocation":{"fifo":"0.4"},"market_protection":20,"settlement_price":"last","phase":"pre_open"}
{"ts":10000000000,"cmd":"open_account","account":"N","profile":"unlimited"}
{"ts":10000000000,"cmd":"order","account":"M","id":"i","symbol":"CU","side":"sell","price":"70000","qty":"4","display":"1"}
{"ts":10000000000,"cmd":"phase","symbol":"CU","phase":"no_cancel"}
{"ts":10000000000,"cmd":"phase","symbol":"CU","phase":"continuous"}
{"ts":10000000000,"cmd":"order","account":"N","id":"s1","symbol":"CU","side":"buy","type":"stop","trigger":"70000","qty":"1"}
{"ts":10000000000,"cmd":"order","account":"N","id":"s2","symbol":"CU","side":"sell","type":"stop_limit","trigger":"69000","price":"68900","qty":"2","tif":"gtd","expires":99000000000}
{"ts":10000000000,"cmd":"replace","account":"N","id":"s2","price":"68900","qty":"1","trigger":"69500"}
{"ts":11000000000,"cmd":"order","account":"N","id":"m1","symbol":"CU","side":"buy","price":"70000","qty":"2","min_qty":"1","tif":"day"}
{"ts":12000000000,"cmd":"bust","trade":105}
{"ts":13000000000,"cmd":"settle","symbol":"CU","price":"70100"}
{"ts":14000000000,"cmd":"settle"}
{"ts":15000000000,"cmd":"expire","symbol":"CU","price":"70200"}
{"ts":16000000000,"cmd":"list","symbol":"CU","kind":"future","tick_size":"10","lot_size":"1","multiplier":"5","prev_settlement":"70000","margin_initial":"0.1","margin_maintenance":"0.08"}
{"ts":16000000000,"cmd":"order","account":"M","id":"i","symbol":"CU","side":"sell","type":"stop","trigger":"69000","qty":"3","display":"1"}
{"ts":16000000000,"cmd":"order","account":"M","id":"i","symbol":"CU","side":"sell","type":"stop_limit","trigger":"69000","price":"68000","qty":"3","display":"1"}
{"ts":17000000000,"cmd":"list","symbol":"NI","kind":"future","tick_size":"10","lot_size":"1","multiplier":"5","prev_settlement":"70000","margin_initial":"0.1","margin_maintenance":"0.08"}
{"ts":17000000000,"cmd":"delist","symbol":"NI"}
{"ts":17000000000,"cmd":"refused","account":"D","id":"d5","reason":"collar"}
"#;

/// A folder of its own for one test: they run side by side.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema").join(test);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Events and state of these commands.
fn run(test: &str, exchange: &str, commands: &str) -> (Vec<Value>, Value) {
    let folder = folder(test);
    fs::write(folder.join("exchange.toml"), exchange).expect("a file");
    fs::write(folder.join("commands.jsonl"), commands).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(&folder)
        .args(["replay", "exchange.toml", "commands.jsonl", "--quiet"])
        .args(["--events", "events.jsonl", "--state", "state.json"])
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("an output");
    let json = |text: &str| serde_json::from_str(text).expect("JSON");
    (read("events.jsonl").lines().map(json).collect(), json(&read("state.json")))
}

/// The name of the schema's variant for an event.
fn variant(event: &Value) -> String {
    let word = |key: &str| event[key].as_str().expect("a word").to_owned();
    match word("event").as_str() {
        "case" => format!("event_case_{}", word("state")),
        other => format!("event_{other}"),
    }
}

#[test]
fn commands_fit_their_schema() {
    let schema = Schema::load("command.schema.json");
    let mut seen = BTreeSet::new();
    for line in COMMANDS.lines().chain(chain::COMMANDS.lines()) {
        let command: Value = serde_json::from_str(line).expect("JSON");
        schema.takes(&command).expect("a valid command");
        seen.insert(format!("cmd_{}", command["cmd"].as_str().expect("a word")));
    }
    let variants = schema.text["$defs"].as_object().expect("an object").keys();
    let variants: BTreeSet<String> =
        variants.filter(|key| key.starts_with("cmd_")).cloned().collect();
    assert_eq!(seen.into_iter().chain(["cmd_time".into()]).collect::<BTreeSet<_>>(), variants);
}

#[test]
fn what_is_no_command_does_not_fit() {
    let schema = Schema::load("command.schema.json");
    for line in [
        r#"{"ts":0}"#,
        r#"{"cmd":"time"}"#,
        r#"{"ts":-1,"cmd":"time"}"#,
        r#"{"ts":0.5,"cmd":"time"}"#,
        r#"{"ts":0,"cmd":"time","symbol":"RB"}"#,
        r#"{"ts":0,"cmd":"mark","symbol":"RB","price":"5e3"}"#,
        r#"{"ts":0,"cmd":"mark","symbol":"","price":"5"}"#,
        r#"{"ts":0,"cmd":"order","account":"A","id":"a","symbol":"RB","side":"buy","qty":"1"}"#,
        r#"{"ts":0,"cmd":"order","account":"A","id":"a","symbol":"RB","side":"up","price":"1","qty":"1"}"#,
        r#"{"ts":0,"cmd":"order","account":"A","id":"a","symbol":"RB","side":"buy","type":"stop","qty":"1"}"#,
        r#"{"ts":0,"cmd":"order","account":"A","id":"a","symbol":"RB","side":"buy","type":"stop_limit","trigger":"1","qty":"1"}"#,
        r#"{"ts":0,"cmd":"order","account":"A","id":"a","symbol":"RB","side":"buy","price":"1","trigger":"1","qty":"1"}"#,
        r#"{"ts":0,"cmd":"order","account":"A","id":"a","symbol":"RB","side":"buy","price":"1","tif":"gtd","qty":"1"}"#,
        r#"{"ts":0,"cmd":"order","account":"A","id":"a","symbol":"RB","side":"buy","price":"1","tif":"day","expires":1,"qty":"1"}"#,
        r#"{"ts":0,"cmd":"settle","price":"1"}"#,
        r#"{"ts":0,"cmd":"bust","trade":"1"}"#,
        r#"{"ts":0,"cmd":"margin","symbol":"RB","initial":{"lots":"1"},"maintenance":"0.1"}"#,
        r#"{"ts":0,"cmd":"list","symbol":"CU"}"#,
        r#"{"ts":0,"cmd":"order","account":"A","id":"a","symbol":"RB","side":"buy","price":"1","qty":"1","offset":"shut"}"#,
        r#"{"ts":0,"cmd":"permission","permission":"normal"}"#,
        r#"{"ts":0,"cmd":"permission","account":"A","symbol":"RB","permission":"normal"}"#,
        r#"{"ts":0,"cmd":"funding","rate":"0.1"}"#,
        r#"{"ts":0,"cmd":"liquidate","symbol":"RB","qty":"1"}"#,
        r#"{"ts":0,"cmd":"liquidate","symbol":"RB","reason":"funds"}"#,
        r#"{"ts":0,"cmd":"move_margin","account":"A","amount":"1"}"#,
        r#"{"ts":0,"cmd":"schedule","symbol":"RB","at":5}"#,
        r#"{"ts":0,"cmd":"schedule","symbol":"RB","at":"noon","price_limit":"0.1"}"#,
        r#"{"ts":0,"cmd":"schedule","symbol":"RB","at":5,"margin_initial":"0.1"}"#,
    ] {
        let command: Value = serde_json::from_str(line).expect("JSON");
        assert!(schema.takes(&command).is_err(), "{line}");
    }
}

#[test]
fn events_fit_their_schema_and_every_kind_happens() {
    let schema = Schema::load("event.schema.json");
    let (mut events, _) = run("events", EXCHANGE, COMMANDS);
    events.extend(run("chain", chain::EXCHANGE, chain::COMMANDS).0);
    let mut seen = BTreeSet::new();
    for event in &events {
        schema.takes(event).expect("a valid event");
        let variant = variant(event);
        let known = schema.text["$defs"][&variant]["properties"].as_object().expect("a variant");
        for key in event.as_object().expect("an object").keys() {
            assert!(known.contains_key(key), "{key} of {variant} is not in the schema");
        }
        seen.insert(variant);
    }
    let all: BTreeSet<String> = schema.text["oneOf"]
        .as_array()
        .expect("variants")
        .iter()
        .map(|variant| variant["$ref"].as_str().expect("a reference")[8..].to_owned())
        .collect();
    let missing: Vec<&String> = all.difference(&seen).collect();
    assert!(missing.is_empty(), "no such event here: {missing:?}");
}

#[test]
fn every_event_and_field_of_the_contract_is_in_the_schema() {
    let schema = Schema::load("event.schema.json");
    for (variant, fields) in [
        ("accepted", "account id symbol side price qty"),
        ("rejected", "account id reason detail"),
        ("cancelled", "account id qty reason"),
        ("replaced", "account id price qty kept_priority"),
        ("trade", "symbol price qty maker maker_id taker taker_id side kind"),
        ("mark", "symbol price"),
        ("phase", "symbol phase"),
        ("band", "symbol up down"),
        ("triggered", "account id"),
        ("auction", "symbol price qty surplus"),
        ("tier", "account from to measure equity margin"),
        ("margin_call", "account shortfall deadline"),
        ("restricted", "account permission"),
        ("unrestricted", "account permission"),
        ("case_triggered", "account case state"),
        ("case_planned", "account case state targets"),
        ("case_batch", "account case state n symbol side price qty"),
        ("case_checked", "account case state n filled remaining measure"),
        ("case_parked", "account case state reason"),
        ("case_resumed", "account case state"),
        ("case_restored", "account case state"),
        ("case_waterfall", "account case state"),
        ("case_closed", "account case state"),
        ("fund", "change balance case"),
        ("debt", "account amount"),
        ("settlement", "account symbol profit fees balance"),
        ("funding", "account symbol amount"),
        ("adl", "symbol account qty price case"),
        ("reduction", "symbol account side qty price"),
        ("socialised", "account amount"),
    ] {
        let known = &schema.text["$defs"][format!("event_{variant}")]["properties"];
        for field in fields.split(' ').chain(["seq", "ts", "event"]) {
            assert!(known.get(field).is_some(), "{field} of {variant}");
        }
    }
}

#[test]
fn the_closed_lists_are_the_codes() {
    let schema = Schema::load("event.schema.json");
    let rejects: Vec<&str> = Reject::ALL.iter().map(|reason| reason.as_str()).collect();
    let mut cancels: Vec<&str> = CancelReason::ALL.iter().map(|reason| reason.as_str()).collect();
    for refusal in CancelReason::REFUSALS {
        if !cancels.contains(&refusal.as_str()) {
            cancels.push(refusal.as_str());
        }
    }
    let parks: Vec<&str> = ParkReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(schema.words("reject_reason"), rejects);
    assert_eq!(schema.words("cancel_reason"), cancels);
    assert_eq!(schema.words("park_reason"), parks);
}

#[test]
fn the_state_fits_its_schema() {
    let schema = Schema::load("state.schema.json");
    let (events, state) = run("state", EXCHANGE, COMMANDS);
    schema.takes(&state).expect("a valid state");
    assert_eq!(state["seq"], events.len());
    let (_, chain) = run("chain_state", chain::EXCHANGE, chain::COMMANDS);
    schema.takes(&chain).expect("a valid state");
    let orders = state["accounts"]["M"]["orders"].as_array().expect("orders");
    assert!(orders.iter().any(|order| order.get("trigger").is_some()));
    assert!(orders.iter().any(|order| order.get("shown").is_some()));
    let properties = schema.text["$defs"]["order"]["properties"].as_object().expect("properties");
    for key in orders.iter().flat_map(|order| order.as_object().expect("an object").keys()) {
        assert!(properties.contains_key(key), "{key} of an order is not in the schema");
    }
}
