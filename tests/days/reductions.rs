//! The forced reduction of RULES 6 on accounts with long and short legs, by the rule books of three exchanges: `examples/reduction*`.

use plimsoll::exchange::Exchange;
use plimsoll::text::{Feed, read_config, write_event};
use std::fs;
use std::path::Path;

/// What a rule book makes of the day: the example's event lines.
fn day(book: &str) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let read = |name: String| fs::read_to_string(examples.join(&name)).expect(&name);
    let name = format!("reduction-{book}.toml");
    let spec = read_config(&name, &read(name.clone())).unwrap_or_else(|error| panic!("{error}"));
    let mut exchange = Exchange::new(spec);
    let mut feed = Feed::new("reduction.jsonl", 0);
    let mut out = Vec::new();
    for line in read("reduction.jsonl".to_owned()).lines() {
        let command = feed.read(line.as_bytes(), exchange.spec());
        let mut events = Vec::new();
        let command = command.unwrap_or_else(|error| panic!("{error}"));
        command.carry_out(&mut exchange, &mut events);
        for event in &events {
            write_event(&mut out, &exchange, event);
        }
        exchange.audit();
    }
    let out = String::from_utf8(out).expect("UTF-8");
    assert_eq!(out, read(format!("reduction-{book}.events.jsonl")), "{book}");
    out
}

/// A field of a line.
fn field<'a>(line: &'a str, key: &str) -> &'a str {
    let (_, rest) = line.split_once(&format!("\"{key}\":\"")).unwrap_or_else(|| panic!("{line}"));
    rest.split('"').next().unwrap_or_default()
}

/// Account, side and lots of each reduction.
fn reductions(day: &str) -> Vec<(&str, &str, u32)> {
    let lines = day.lines().filter(|line| line.contains("\"event\":\"reduction\""));
    let reduced = lines.map(|line| {
        assert_eq!(field(line, "price"), "60000");
        (field(line, "account"), field(line, "side"), field(line, "qty").parse().expect("lots"))
    });
    reduced.collect()
}

/// The reductions of one side.
fn of_side<'a>(day: &'a str, side: &str) -> Vec<(&'a str, u32)> {
    let all = reductions(day).into_iter();
    all.filter(|(_, of, _)| *of == side).map(|(account, _, lots)| (account, lots)).collect()
}

/// What an account was paid for the day, by trade: opening prices count, whatever settlements lie between.
fn by_trade<'a>(day: &'a str, account: &str) -> &'a str {
    let wanted = format!("\"account\":\"{account}\"");
    let of_account =
        |line: &&str| line.contains("\"event\":\"settlement\"") && line.contains(&wanted);
    field(day.lines().rfind(of_account).expect("a settlement"), "profit_by_trade")
}

#[test]
fn rules_6_forced_reduction_with_legs() {
    let day = day("shfe");
    assert_eq!(of_side(&day, "short"), [("S1", 100), ("S3", 50), ("S4", 30)]);
    let longs = [("L1", 37), ("L2", 53), ("L3", 41), ("L4", 22), ("L5", 7), ("L6", 13), ("L7", 7)];
    assert_eq!(of_side(&day, "long"), longs);
    let trades: Vec<&str> =
        day.lines().filter(|line| line.contains("\"kind\":\"reduction\"")).collect();
    let lots = |line: &&str| field(line, "qty").parse::<u32>().expect("lots");
    // The ten lots S4 has on both sides close against each other, first.
    assert_eq!((field(trades[0], "maker"), field(trades[0], "taker")), ("S4", "S4"));
    assert_eq!((lots(&trades[0]), trades[1..].iter().map(lots).sum::<u32>()), (10, 180));
    // S4: 40 lots short at 54,000 and 10 long at 57,000, closed at 60,000, x 5: -1,200,000 + 150,000.
    assert_eq!(by_trade(&day, "S4"), "-1050000");
    // L3: 41 lots at 56,410: 3,590 x 41 x 5.
    assert_eq!(by_trade(&day, "L3"), "735950");
    assert_eq!((by_trade(&day, "S2"), by_trade(&day, "H1")), ("0", "0"));
}

#[test]
fn rules_6_1_only_a_loss_of_ten_percent_declares_at_cffex() {
    let day = day("cffex");
    // 54,000 to 60,000 is 10 % of 60,000 exactly; nobody wins 10 %, and hedgers are no others:
    // 30 lots over 37, 53 and 40 of 130: 8.54, 12.23, 9.23.
    assert_eq!(of_side(&day, "short"), [("S4", 30)]);
    assert_eq!(of_side(&day, "long"), [("L1", 9), ("L2", 12), ("H1", 9)]);
}

#[test]
fn rules_6_3_hedgers_give_last_at_dce() {
    let day = day("dce");
    // 5 %: S2, too. 240 lots against 90, 70 and 50 in the tiers: 30 of the hedger's 40.
    assert_eq!(of_side(&day, "short"), [("S1", 100), ("S2", 60), ("S3", 50), ("S4", 30)]);
    assert_eq!(of_side(&day, "long").last(), Some(&("H1", 30)));
    assert_eq!(of_side(&day, "long").iter().map(|(_, lots)| lots).sum::<u32>(), 240);
}
