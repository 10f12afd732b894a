//! `plimsoll audit`: a small liquidation told three ways, with numbers that can be followed by hand, and records that are refused.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const EVENTS: &str = "examples/liquidation.events.jsonl";
const EXCHANGE: &str = "examples/exchange.toml";

/// Runs the binary at the root of the repository.
fn plimsoll(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stdin(Stdio::null());
    command.output().expect("the binary runs")
}

fn audit(arguments: &[&str]) -> Output {
    plimsoll(&[&["audit"], arguments].concat())
}

/// What a run that went well prints.
fn printed(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), complaint.as_ref()), (Some(0), ""));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&printed(output)).expect("JSON")
}

/// One line on standard error and nothing else, with this exit code.
fn complaint(output: &Output, code: i32) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A file in a folder of the test's own.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

fn same(printed: &str, golden: &str, name: &str) {
    assert!(printed == golden, "{name} is now:\n{printed}");
}

#[test]
fn a_case_reads_as_a_story() {
    let story = printed(&audit(&[EVENTS, "--exchange", EXCHANGE, "--case", "1"]));
    same(&story, include_str!("audit/case.txt"), "tests/audit/case.txt");
}

#[test]
fn an_account_reads_as_a_statement() {
    let days = printed(&audit(&[EVENTS, "--exchange", EXCHANGE, "--account", "anna"]));
    same(&days, include_str!("audit/account.txt"), "tests/audit/account.txt");
}

#[test]
fn a_run_reads_as_books() {
    let folder = folder("books");
    let state = folder.join("state.json");
    let state = state.to_str().expect("UTF-8");
    let commands = "examples/liquidation.jsonl";
    let ran = plimsoll(&["replay", EXCHANGE, commands, "--quiet", "--state", state]);
    assert_eq!(ran.status.code(), Some(0));
    let books = printed(&audit(&[EVENTS, "--exchange", EXCHANGE, "--state", state]));
    same(&books, include_str!("audit/books.txt"), "tests/audit/books.txt");
}

#[test]
fn the_records_among_the_examples_are_those_of_their_commands() {
    for (exchange, commands, events) in [
        (EXCHANGE, "examples/liquidation.jsonl", EVENTS),
        ("examples/day.toml", "examples/day.jsonl", "examples/day.events.jsonl"),
    ] {
        let replayed = printed(&plimsoll(&["replay", exchange, commands, "--quiet"]));
        let kept = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(events));
        assert!(kept.expect("the record") == replayed, "{events} is not what {commands} gives");
        let books = json(&audit(&[events, "--exchange", exchange, "--json"]));
        assert_eq!((&books["ok"], &books["findings"]), (&true.into(), &serde_json::json!([])));
    }
}

#[test]
fn a_case_for_machines() {
    let case = json(&audit(&[EVENTS, "--exchange", EXCHANGE, "--case", "1", "--json"]));
    assert_eq!(case["account"], "anna");
    assert_eq!((&case["reason"], &case["result"]), (&"funds".into(), &"restored".into()));
    assert_eq!(
        (&case["opened"], &case["ended"]),
        (&5_000_000_000u64.into(), &6_000_000_000u64.into())
    );
    let batches = case["batches"].as_array().expect("batches");
    assert_eq!(batches.len(), 2);
    // One lot at 4700 and four at 4690, of a mark of 4700: 40 ticks over 5 lots.
    let second = serde_json::json!({
        "n": 2, "symbol": "RB", "side": "sell", "qty": "5", "price": "4680", "filled": "5",
        "average": "4692", "mark": "4700", "slippage_ticks_mean": "8", "fees": "0"
    });
    assert_eq!(batches[1], second);
    // 6 lots at 4700 and 4 at 4690; the mark stood at 4700 as the case began.
    assert_eq!(case["closed"][0]["average"], "4696");
    assert_eq!(
        (&case["slippage_ticks_mean"], &case["shortfall_ticks_mean"]),
        (&"4".into(), &"4".into())
    );
    assert_eq!(
        (&case["equity_before"], &case["equity_after"]),
        (&"109940".into(), &"107540".into())
    );
    let steps = case["steps"].as_array().expect("steps");
    let fill = steps.iter().find(|step| step["event"]["seq"] == 26).expect("the last fill");
    assert_eq!((&fill["what"], &fill["event"]["slippage_ticks"]), (&"fill".into(), &10.into()));
    assert_eq!(steps[0]["event"]["event"], "tier");
}

#[test]
fn a_statement_for_machines() {
    let account = json(&audit(&[EVENTS, "--exchange", EXCHANGE, "--account", "anna", "--json"]));
    let day = &account["days"][0];
    // Bought 30 at 5000 for 2 a lot; sold 6 at 4700 and 4 at 4690: (1,800 + 1,240) x 10 lost.
    let money = [
        ("opening_balance", "200000"),
        ("profit", "-30400"),
        ("fees", "60"),
        ("closing_balance", "169540"),
        ("unrealised", "-62000"),
        ("equity", "107540"),
    ];
    for (key, amount) in money {
        assert_eq!(day[key], amount, "{key}");
    }
    assert_eq!(day["traded"][0]["bought_average"], "5000");
    assert_eq!(day["positions"][0]["qty"], "20");
    assert_eq!((&account["tier"], &account["case"]), (&"warning".into(), &Value::Null));
}

#[test]
fn the_books_for_machines() {
    let books = json(&audit(&[EVENTS, "--exchange", EXCHANGE, "--json"]));
    assert_eq!((&books["ok"], &books["conservation"]), (&true.into(), &"0".into()));
    assert_eq!((&books["deposits"], &books["fees"]), (&"210000".into(), &"120".into()));
    assert_eq!(books["accounts"]["maker"]["equity"], "92340");
    assert_eq!(books["checks"]["equities"]["compared"], 5);
    assert_eq!(
        (&books["instruments"][0]["long"], &books["instruments"][0]["short"]),
        (&"20".into(), &"20".into())
    );
    assert_eq!(books["differences"], Value::Null);
}

#[test]
fn a_state_that_says_otherwise_is_found() {
    let folder = folder("otherwise");
    let path = folder.join("state.json");
    let path = path.to_str().expect("UTF-8");
    let commands = "examples/liquidation.jsonl";
    plimsoll(&["replay", EXCHANGE, commands, "--quiet", "--state", path]);
    let state = fs::read_to_string(path).expect("the state");
    let wrong =
        state.replace("\"169540\"", "\"169540.01\"").replace("\"qty\": \"20\"", "\"qty\": \"21\"");
    let wrong = file(&folder, "wrong.json", &wrong);
    let output = audit(&[EVENTS, "--exchange", EXCHANGE, "--state", &wrong]);
    let said = complaint(&output, 1);
    assert_eq!(said, "the state differs from the events in 3 places");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let line = text.lines().find(|line| line.contains("anna: balance")).expect("the difference");
    assert!(line.contains("169540.01") && line.contains("169540 "), "{line}");
}

#[test]
fn an_amount_that_does_not_follow_is_found() {
    let folder = folder("amount");
    let events =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(EVENTS)).expect("events");
    // A fee left out: every equity after it is 60 too low.
    let events = file(&folder, "e.jsonl", &events.replace(",\"taker_fee\":\"60\"", ""));
    let output = audit(&[&events, "--exchange", EXCHANGE]);
    let said = complaint(&output, 1);
    assert_eq!(said, "5 events say other amounts than those before them add up to");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let line = text.lines().find(|line| line.contains("equity of anna")).expect("the finding");
    assert!(line.contains("163,940") && line.contains("164,000"), "{line}");
}

#[test]
fn the_events_alone_tell_what_they_say() {
    let story = printed(&audit(&[EVENTS, "--case", "1"]));
    assert!(story.contains("Case 1 of anna: restored after 1 s"), "{story}");
    assert!(
        story.contains("call -> liquidation: measure 1.282518, margin 141,000, equity 109,940"),
        "{story}"
    );
    assert!(story.contains("10 worse than the mark"), "{story}");
    let books = json(&audit(&[EVENTS, "--json"]));
    assert_eq!(
        (&books["derived"], &books["accounts"]["anna"]["balance"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(books["accounts"]["anna"]["positions"][0]["qty"], "20");
    let days = printed(&audit(&[EVENTS, "--account", "anna"]));
    assert!(days.contains("Balances and results are not derived"), "{days}");
}

#[test]
fn a_record_comes_by_pipe_and_packed() {
    let text = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(EVENTS)).expect("events");
    let folder = folder("packed");
    let packed = folder.join("e.jsonl.gz");
    let file = fs::File::create(&packed).expect("a file");
    let mut writer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, &text).expect("packed");
    writer.finish().expect("packed whole");
    let packed = packed.to_str().expect("UTF-8");
    let plain = printed(&audit(&[EVENTS, "--exchange", EXCHANGE, "--json"]));
    assert_eq!(printed(&audit(&[packed, "--exchange", EXCHANGE, "--json"])), plain);
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args([
        "audit",
        "-",
        "--exchange",
        EXCHANGE,
        "--json",
    ]);
    let input = fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(EVENTS)).expect("events");
    let output = command.stdin(input).output().expect("the binary runs");
    assert_eq!(printed(&output), plain);
}

#[test]
fn what_cannot_be_read_is_refused_in_one_line() {
    let folder = folder("refused");
    let mark = r#"{"seq":1,"ts":5,"event":"mark","symbol":"RB","price":"4900"}"#;
    let cases = [
        ("no json\n", ":1: line: expected a JSON object, found no json"),
        ("{\"seq\":1,\"ts\":0,\"eve", ":1: line: expected"),
        ("\u{feff}{}", ":1: line: expected a JSON object"),
        (
            "{\"seq\":1,\"ts\":0,\"event\":\"frobnicated\"}",
            ":1: event: expected an event of the exchange, found frobnicated",
        ),
        (
            "{\"seq\":2,\"ts\":0,\"event\":\"mark\"}",
            ":1: seq: expected 1, the first event of the run, found 2",
        ),
        (&format!("{mark}\n{mark}"), ":2: seq: expected 2, one more than the line before, found 1"),
        (&format!("{mark}\n\n"), ":2: line: expected a JSON object, found the end of the line"),
        (
            &mark.replace("4900", "4900.5"),
            ":1: price: expected a multiple of 1 in quotes, found \"4900.5\"",
        ),
        (
            &mark.replace("\"4900\"", "4900"),
            ":1: price: expected a multiple of 1 in quotes, found 4900",
        ),
        (
            &mark.replace("RB", "CU"),
            ":1: symbol: expected an instrument of the configuration or one listed since, found CU",
        ),
        (
            r#"{"seq":1,"ts":0,"event":"deposit","account":"bob","amount":"1","repaid":"0","balance":"1"}"#,
            ":1: account: expected an account of the configuration or one opened since, found bob",
        ),
        (
            r#"{"seq":1,"ts":0,"event":"deposit","account":"anna","amount":"1e9","repaid":"0","balance":"1"}"#,
            ":1: amount: expected a decimal in quotes with at most 2 places, found \"1e9\"",
        ),
        (
            r#"{"seq":1,"ts":0,"event":"busted","trade":7,"symbol":"RB","price":"1","qty":"1"}"#,
            ":1: trade: expected one of the last trades, found 7",
        ),
    ];
    for (n, (text, says)) in cases.into_iter().enumerate() {
        let path = file(&folder, &format!("{n}.jsonl"), text);
        for view in [&[][..], &["--case", "1"], &["--account", "anna"]] {
            let arguments = [&[path.as_str(), "--exchange", EXCHANGE][..], view].concat();
            let output = audit(&arguments);
            let said = complaint(&output, 2);
            assert!(said.starts_with(&path) && said.contains(says), "{n} {view:?}: {said}");
            assert!(output.stdout.is_empty());
        }
    }
    let bytes = folder.join("bytes.jsonl");
    fs::write(&bytes, [0xff, 0xfe, b'\n']).expect("a file");
    let said = complaint(&audit(&[bytes.to_str().expect("UTF-8")]), 2);
    assert!(said.ends_with(":1: line: expected UTF-8 text, found invalid bytes"), "{said}");
}

#[test]
fn arguments_that_name_nothing_are_refused() {
    let said = |arguments: &[&str]| complaint(&audit(arguments), 2);
    let missing = said(&["nowhere.jsonl"]);
    assert_eq!(missing, "nowhere.jsonl: file: expected a readable file, found no such file");
    let case = said(&[EVENTS, "--exchange", EXCHANGE, "--case", "9"]);
    assert_eq!(case, format!("--case: expected a case of {EVENTS} (1 to 1), found 9"));
    let account = said(&[EVENTS, "--account", "bob"]);
    assert_eq!(account, format!("--account: expected an account of {EVENTS}, found bob"));
    let state = said(&[EVENTS, "--state", "s.json"]);
    assert_eq!(state, "--state: expected --exchange EXCHANGE.toml beside it, found none");
    let both = said(&[EVENTS, "--case", "1", "--account", "anna"]);
    assert!(both.contains("cannot be used with"), "{both}");
    let no_state = said(&[EVENTS, "--exchange", EXCHANGE, "--state", EXCHANGE]);
    assert!(
        no_state.starts_with(&format!("{EXCHANGE}: line: expected a JSON object")),
        "{no_state}"
    );
}

#[test]
fn no_cut_or_changed_record_makes_it_panic() {
    let folder = folder("changed");
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(EVENTS)).expect("events");
    let lines: Vec<&str> = text.lines().collect();
    // Each field of each kind of event, taken away or made something else in turn.
    let mut tried = 0;
    for (n, line) in lines.iter().enumerate() {
        let Value::Object(event) = serde_json::from_str(line).expect("an event") else { continue };
        for key in event.keys() {
            let mut changed = event.clone();
            let other =
                [Value::Null, Value::from(-1), Value::from("9".repeat(30)), Value::from("x")];
            changed.insert(key.clone(), other[tried % other.len()].clone());
            let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            lines[n] = Value::Object(changed).to_string();
            let path = file(&folder, "e.jsonl", &lines.join("\n"));
            let view = [&["--case", "1"][..], &["--account", "anna"], &[]][tried % 3];
            let output = audit(&[&[path.as_str(), "--exchange", EXCHANGE][..], view].concat());
            let said = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code();
            assert!(
                matches!(code, Some(0..=2)) && !said.contains("panicked"),
                "{key} of {line}: {said}"
            );
            assert!(said.lines().count() <= 1, "{key} of {line}: {said}");
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried} changes are too few");
}

#[test]
fn a_simulated_market_is_read_back_with_what_lies_beside_it() {
    let folder = folder("simulated");
    let small = include_str!("../scenarios/default.toml")
        .replace("accounts = 3000", "accounts = 150")
        .replace("duration = \"20m\"", "duration = \"7m\"");
    let scenario = file(&folder, "small.toml", &small);
    let out = folder.join("out");
    let out = out.to_str().expect("UTF-8");
    assert_eq!(plimsoll(&["simulate", &scenario, "--out", out, "--quiet"]).status.code(), Some(0));
    let events = format!("{out}/events.jsonl");
    let books = json(&audit(&[&events, "--json"]));
    let summary = fs::read_to_string(format!("{out}/summary.json")).expect("the summary");
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    assert_eq!((&books["ok"], &books["conservation"]), (&true.into(), &"0".into()));
    assert_eq!(books["seq"], summary["events"]);
    assert_eq!(books["events"]["trade"], summary["trades"]);
    assert_eq!(books["cases"]["opened"], summary["liquidations"]["cases"]);
    for key in ["start", "end", "min"] {
        assert_eq!(books["fund"][key], summary["fund"][key], "fund, {key}");
    }
    assert!(
        summary["liquidations"]["cases"].as_u64().is_some_and(|cases| cases > 0),
        "nobody fell"
    );
    let story = printed(&audit(&[&events, "--case", "1"]));
    assert!(story.starts_with("Case 1 of "), "{story}");
}
