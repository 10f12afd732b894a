//! Instruments that are listed while the exchange runs: a section of the configuration as one object.

use super::*;
use plimsoll_types::{InstrumentKind, LimitGrowth, Step};

pub const LIST: &str = r#"{"ts":5,"cmd":"list","symbol":"CU","kind":"future","tick_size":"10","lot_size":1,"multiplier":"5","prev_settlement":70000,"price_limit":"0.07","margin_initial":{"share":"0.1","per_lot":"20"},"margin_maintenance":"0.08","fee_taker":"0.0001","market_protection":20,"limit_ladder":{"steps":["0.03",0.05]},"calendar":"day","phase":"pre_open"}"#;

fn listed(line: &str) -> Box<plimsoll_types::InstrumentSpec> {
    match command(line) {
        Command::List(spec) => spec,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_listed_instrument_is_what_the_configuration_would_make_of_it() {
    let cu = listed(LIST);
    assert_eq!((cu.symbol, cu.kind), (label("CU"), InstrumentKind::Future));
    assert_eq!(cu.lot_size, Step { mantissa: 1, decimals: 0 });
    let section = r#"
[[instrument]]
symbol = "CU"
kind = "future"
tick_size = "10"
lot_size = "1"
multiplier = "5"
prev_settlement = "70000"
price_limit = "0.07"
margin_initial = { share = "0.1", per_lot = "20" }
margin_maintenance = "0.08"
fee_taker = "0.0001"
market_protection = 20
limit_ladder = { steps = ["0.03", "0.05"] }
calendar = "day"
phase = "pre_open"
"#;
    let spec = read_config("E.toml", &format!("{CONFIG}{section}")).expect("a configuration");
    assert_eq!(*cu, spec.instruments[1]);
    assert!(matches!(
        cu.rules.limit_ladder.map(|ladder| ladder.growth),
        Some(LimitGrowth::Steps(_))
    ));
}

#[test]
fn an_instrument_is_listed_at_any_time() {
    let late = LIST.replace("\"ts\":5", "\"ts\":9223372036854775807");
    assert_eq!(listed(&late), listed(LIST));
}

#[test]
fn a_symbol_that_is_listed_is_no_matter_of_the_line() {
    let again = listed(&LIST.replace("CU", "RB"));
    assert_eq!(again.symbol, label("RB"));
}

#[test]
fn a_wrong_instrument_is_no_command() {
    for (from, to, expected) in [
        (
            r#""tick_size":"10""#,
            r#""tick_size":"0""#,
            "tick_size: expected a decimal above 0 with at most 18 digits, found \"0\"",
        ),
        (
            r#""tick_size":"10""#,
            r#""tick_size":1e1"#,
            "tick_size: expected a decimal such as \"12.5\", without exponent, found 1e1",
        ),
        (
            r#""lot_size":1"#,
            r#""lot_size":1000000000000000"#,
            "lot_size: expected a decimal below 10^15 in absolute value, found 1000000000000000",
        ),
        (r#""multiplier":"5","#, "", "multiplier: expected a value, found nothing"),
        (
            r#""multiplier":"5""#,
            r#""multiplier":"0.0001""#,
            "tick_size: expected tick_size x lot_size x multiplier to be a whole number of money units (10^-2), 1 to 10^15 of them, found \"10\"",
        ),
        (
            r#""prev_settlement":70000"#,
            r#""prev_settlement":70001"#,
            "prev_settlement: expected a multiple of tick_size, found 70001",
        ),
        (
            r#""per_lot":"20""#,
            r#""per_lot":"-20""#,
            "margin_initial.per_lot: expected an amount from 0 with at most 2 decimals, found \"-20\"",
        ),
        (
            r#"["0.03",0.05]"#,
            r#"["0.05",0.03]"#,
            "limit_ladder.steps[1]: expected two shares, the second above the first, found 0.03",
        ),
        (
            r#"{"steps":["0.03",0.05]}"#,
            r#""0.03""#,
            "limit_ladder: expected an object, found \"0.03\"",
        ),
        (
            r#""fee_taker":"0.0001""#,
            r#""fee_taker":["0.0001"]"#,
            "fee_taker: expected a decimal in quotes such as \"0.08\", found [\"0.0001\"]",
        ),
        (
            r#""calendar":"day""#,
            r#""calendar":"night""#,
            "calendar: expected the name of a [[calendar]], found \"night\"",
        ),
        (
            r#""phase":"pre_open""#,
            r#""phase":null"#,
            "phase: expected a string, a number, true, false, an array or an object, found null",
        ),
        (
            r#""symbol":"CU","#,
            r#""symbol":"CU","symbol":"CU","#,
            "symbol: expected each field once, found it again",
        ),
        (
            r#""kind":"future","#,
            r#""kind":"future","kind":"future","#,
            "kind: expected each field once, found it again",
        ),
        (
            r#""phase":"pre_open""#,
            r#""brackets":[]"#,
            "brackets: expected one bracket or more, found []",
        ),
    ] {
        assert!(LIST.contains(from), "{from}");
        assert_eq!(error(&LIST.replacen(from, to, 1)), expected);
    }
    let unknown = error(&LIST.replace("tick_size", "ticksize"));
    assert!(unknown.starts_with("ticksize: expected one of symbol, kind,"), "{unknown}");
    assert!(unknown.ends_with(", found ticksize"), "{unknown}");
}
