//! `plimsoll calc` as people type it: the worked examples of docs/RULES.md and CALC.md, and what is refused, in one line.

#[path = "calc/engine.rs"]
mod engine;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs a calculator on the words of `line`; a word FILE stands for `file`'s path.
fn calc(line: &str, file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.arg("calc").stdin(Stdio::null());
    for word in line.split_whitespace() {
        match word {
            "FILE" => command.arg(file),
            word => command.arg(word),
        };
    }
    command.output().expect("the binary runs")
}

/// What a calculator prints with --json.
fn json(line: &str, file: &Path) -> String {
    let output = calc(&format!("{line} --json"), file);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{line}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
}

fn each_gives(cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        assert_eq!(json(line, Path::new("")), *expected, "{line}");
    }
}

/// A file of this test's own.
fn file(name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("calc");
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    fs::write(&path, text).expect("a file");
    path
}

const CROSS: &str = "liquidation-price --side long --entry 1456.84 --qty 3683.979 --wallet 1535443.01 \
    --maintenance-rate 0.10 --deduct 135365";

#[test]
fn rules_1_6_liquidation_prices() {
    let isolated = "--entry 10 --qty 1 --wallet 2 --maintenance-rate 0.01 --decimals 4";
    let tenfold = "liquidation-price --side long --entry 10000 --qty 1 --wallet 1000 --maintenance-rate 0.005";
    each_gives(&[
        (
            "liquidation-price --side long --entry 4200 --qty 1 --multiplier 200 --wallet 100000 --maintenance-amount 40000",
            r#"{"price":"3900"}"#,
        ),
        (
            "liquidation-price --side long --entry 4150 --qty 1 --multiplier 300 --wallet 120000 --maintenance-amount 40000",
            r#"{"price":"3883.33"}"#,
        ),
        (
            &format!("{CROSS} --other-maintenance 71200.81 --other-pnl=-56354.57"),
            r#"{"price":"1153.26"}"#,
        ),
        (
            &format!("{CROSS} --other-maintenance 71200.81 --other-pnl -56354.57"),
            r#"{"price":"1153.26"}"#,
        ),
        (CROSS, r#"{"price":"1114.78"}"#),
        (
            &format!("liquidation-price --side long {isolated} --deduct 0.01"),
            r#"{"price":"8.0707"}"#,
        ),
        (
            &format!("liquidation-price --side short {isolated} --deduct 0.01"),
            r#"{"price":"11.8911"}"#,
        ),
        (
            &format!("liquidation-price --side long {isolated} --fee-rate 0.0006"),
            r#"{"price":"8.0857"}"#,
        ),
        (
            &format!("liquidation-price --side short {isolated} --fee-rate 0.0006"),
            r#"{"price":"11.8741"}"#,
        ),
        (&format!("{tenfold} --margin-on entry"), r#"{"price":"9050"}"#),
        (&format!("{tenfold} --margin-on mark"), r#"{"price":"9045.23"}"#),
    ]);
}

#[test]
fn rules_1_6_a_tick_rounds_to_the_side_that_is_safe_for_the_house() {
    let tenfold = |side| {
        format!(
            "liquidation-price --side {side} --entry 10000 --qty 1 --wallet 1000 --maintenance-rate 0.005"
        )
    };
    each_gives(&[
        (&format!("{} --tick 0.5", tenfold("long")), r#"{"price":"9045.5"}"#),
        (&format!("{} --tick 10", tenfold("long")), r#"{"price":"9050"}"#),
        (&format!("{} --tick 10", tenfold("short")), r#"{"price":"10940"}"#),
        (&format!("{} --decimals 0", tenfold("short")), r#"{"price":"10945"}"#),
    ]);
}

#[test]
fn a_price_that_nothing_reaches_is_null() {
    each_gives(&[
        ("liquidation-price --side long --entry 10 --qty 1 --wallet 10", r#"{"price":null}"#),
        (
            "liquidation-price --side long --entry 10 --qty 1 --wallet 2 --maintenance-rate 1",
            r#"{"price":null}"#,
        ),
        (
            "liquidation-price --side short --entry 1 --qty 1 --wallet 0.2 --tick 5",
            r#"{"price":null}"#,
        ),
    ]);
    let people =
        calc("liquidation-price --side long --entry 10 --qty 1 --wallet 10", Path::new(""));
    assert!(String::from_utf8_lossy(&people.stdout).starts_with("none: "));
}

#[test]
fn rules_1_7_losses() {
    let rebar = "loss --side long --entry 5000 --exit 4890 --qty 1 --multiplier 10";
    each_gives(&[
        (rebar, r#"{"price_loss":"1100","fee":"0","total":"1100"}"#),
        (&format!("{rebar} --fee 30"), r#"{"price_loss":"1100","fee":"30","total":"1130"}"#),
        (&format!("{rebar} --fee 50"), r#"{"price_loss":"1100","fee":"50","total":"1150"}"#),
        (
            "loss --side short --entry 5000 --exit 4890 --qty 1 --multiplier 10 --fee 30",
            r#"{"price_loss":"-1100","fee":"30","total":"-1070"}"#,
        ),
        (
            "loss --side long --entry 1.005 --exit 1 --qty 1 --fee 0.004",
            r#"{"price_loss":"0.01","fee":"0","total":"0.01"}"#,
        ),
    ]);
}

#[test]
fn rules_1_3_risk_degrees() {
    each_gives(&[
        (
            "risk --margin 80000 --equity 100000",
            r#"{"margin_over_equity":"0.8","equity_over_margin":"1.25","available":"20000"}"#,
        ),
        (
            "risk --margin 100000 --equity 90000 --decimals 6",
            r#"{"margin_over_equity":"1.111111","equity_over_margin":"0.9","available":"-10000"}"#,
        ),
        (
            "risk --margin 0 --equity 5",
            r#"{"margin_over_equity":"0","equity_over_margin":null,"available":"5"}"#,
        ),
        (
            "risk --margin 10 --equity 0",
            r#"{"margin_over_equity":null,"equity_over_margin":"0","available":"-10"}"#,
        ),
        (
            "risk --margin 10 --equity -5",
            r#"{"margin_over_equity":"-2","equity_over_margin":"-0.5","available":"-15"}"#,
        ),
    ]);
}

#[test]
fn rules_1_5_lots_to_close() {
    let reduce = "reduce --margin 100000 --equity 90000 --margin-per-lot 5000 --cost-per-lot 60";
    each_gives(&[
        (&format!("{reduce} --target 1.00"), r#"{"lots":3}"#),
        (&format!("{reduce} --target 0.90"), r#"{"lots":4}"#),
        (&format!("{reduce} --target 0.80"), r#"{"lots":6}"#),
        (&format!("{reduce} --target 0.90 --lots 20"), r#"{"lots":4}"#),
        (&format!("{reduce} --target 0.90 --lots 2"), r#"{"lots":2}"#),
        (&format!("{reduce} --target 2"), r#"{"lots":0}"#),
        ("reduce --margin 100001 --equity -1 --margin-per-lot 5000 --target 1", r#"{"lots":21}"#),
        (
            "reduce --margin 999999999999999 --equity 1 --margin-per-lot 0.001 --target 1",
            r#"{"lots":999999999999998000}"#,
        ),
    ]);
    let all = calc(&format!("{reduce} --target 0.90 --lots 2"), Path::new(""));
    assert!(String::from_utf8_lossy(&all.stderr).contains("does not reach the target"));
    let quiet = calc(&format!("{reduce} --target 0.90 --lots 2 --quiet"), Path::new(""));
    assert_eq!((quiet.stdout.as_slice(), quiet.stderr.len()), (b"2\n".as_slice(), 0));
}

#[test]
fn rules_5_5_deleveraging() {
    let longs = |close: &str| {
        let list: Vec<String> = [
            ("1", "10", 3),
            ("2", "10", 6),
            ("3", "20", 1),
            ("4", "30", 4),
            ("5", "20", 5),
            ("6", "10", 2),
        ]
        .map(|(account, qty, score)| {
            format!(r#"{{"account":"{account}","qty":"{qty}","score":"{score}"}}"#)
        })
        .to_vec();
        format!(r#"{{"side":"long","close":"{close}","candidates":[{}]}}"#, list.join(","))
    };
    assert_eq!(
        json("adl FILE", &file("adl.json", longs("20"))),
        r#"{"closed":[{"account":"2","qty":"10"},{"account":"5","qty":"10"}],"unfilled":"0"}"#
    );
    let most = json("adl FILE", &file("adl-most.json", longs("100.5")));
    assert!(most.ends_with(r#"{"account":"3","qty":"20"}],"unfilled":"0.5"}"#), "{most}");
    let ties = r#"{"side":"short","close":3,"candidates":[{"account":"b","qty":2,"score":1.0},{"account":"a","qty":2,"score":1}]}"#;
    assert_eq!(
        json("adl FILE", &file("adl-ties.json", ties)),
        r#"{"closed":[{"account":"b","qty":"2"},{"account":"a","qty":"1"}],"unfilled":"0"}"#
    );
}

const REDUCTION: &str = r#"{"declared":[{"account":"S1","qty":"100"},{"account":"S3","qty":"50"},{"account":"S4","qty":"30"}],
 "tiers":[[{"account":"L1","qty":"37"},{"account":"L2","qty":"53"}],
  [{"account":"L3","qty":"41"},{"account":"L4","qty":"22"},{"account":"L5","qty":"7"}],
  [{"account":"L6","qty":"33"},{"account":"L7","qty":"17"}],[{"account":"H1","qty":"40"}]]}"#;

#[test]
fn rules_6_forced_reduction() {
    assert_eq!(
        json("forced-reduction FILE", &file("reduction.json", REDUCTION)),
        r#"{"closed":{"S1":"100","S3":"50","S4":"30"},"reduced":{"L1":"37","L2":"53","L3":"41","L4":"22","L5":"7","L6":"13","L7":"7","H1":"0"},"unfilled":{}}"#
    );
    let short = r#"{"declared":[{"account":"S1","qty":"3"},{"account":"S2","qty":"1"}],"tiers":[[{"account":"L","qty":"3"}]]}"#;
    assert_eq!(
        json("forced-reduction FILE", &file("reduction-short.json", short)),
        r#"{"closed":{"S1":"2","S2":"1"},"reduced":{"L":"3"},"unfilled":{"S1":"1"}}"#
    );
}

#[test]
fn rules_4_auctions() {
    for (n, (bids, asks, reference, expected)) in [
        (
            r#"["200","202"],["200","201"],["300","200"]"#,
            r#"["100","200"],["200","198"],["400","197"]"#,
            "null",
            r#"{"price":"200","qty":"700","surplus":"0","surplus_side":null}"#,
        ),
        (
            r#"["400","202"],["200","201"]"#,
            r#"["300","199"],["200","198"]"#,
            "null",
            r#"{"price":"201","qty":"500","surplus":"100","surplus_side":"buy"}"#,
        ),
        (
            r#"["300","202"],["200","201"]"#,
            r#"["400","199"],["200","198"]"#,
            "null",
            r#"{"price":"199","qty":"500","surplus":"100","surplus_side":"sell"}"#,
        ),
        (
            r#"["80","199"]"#,
            r#"["80","201"]"#,
            "\"200\"",
            r#"{"price":null,"qty":"0","surplus":"0","surplus_side":null}"#,
        ),
        (
            r#"["900",null]"#,
            r#"["800",null]"#,
            "\"199\"",
            r#"{"price":"199","qty":"800","surplus":"100","surplus_side":"buy"}"#,
        ),
        (
            r#"["900",null]"#,
            r#"["800",null]"#,
            "null",
            r#"{"price":null,"qty":"0","surplus":"0","surplus_side":null}"#,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        for candidates in ["limits", "ticks"] {
            let text = format!(
                r#"{{"bids":[{bids}],"asks":[{asks}],"reference":{reference},"candidates":"{candidates}","tick":"1"}}"#
            );
            let path = file(&format!("auction-{n}-{candidates}.json"), text);
            assert_eq!(json("auction FILE", &path), expected, "{bids} {asks} {candidates}");
        }
    }
}

#[test]
fn rules_4_only_ticks_lie_between_the_limits() {
    let text = |candidates: &str| {
        format!(
            r#"{{"bids":[["5","101"]],"asks":[["5","99"]],"reference":"100.5","candidates":"{candidates}"}}"#
        )
    };
    let limits = file("auction-limits.json", text("limits"));
    let ticks = file("auction-ticks.json", text("ticks"));
    assert!(json("auction FILE", &limits).starts_with(r#"{"price":"101","#));
    assert!(json("auction FILE", &ticks).starts_with(r#"{"price":"100.5","#));
    let off = calc("auction FILE --tick 1", &ticks);
    let said = String::from_utf8_lossy(&off.stderr).into_owned();
    assert_eq!(off.status.code(), Some(2));
    assert!(
        said.contains("reference: expected a multiple of the tick 1, found \"100.5\""),
        "{said}"
    );
}

#[test]
fn a_file_may_come_on_stdin_and_tables_name_what_they_show() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["calc", "forced-reduction", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("stdin").write_all(REDUCTION.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0));
    for word in ["unfilled", "reduced", "S4", "H1", "53"] {
        assert!(table.contains(word), "{word}: {table}");
    }
}

/// Exit 2 and one line that says `says`.
fn refused(line: &str, path: &Path, says: &str) {
    let output = calc(line, path);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{line}: {said}");
    assert_eq!(said.lines().count(), 1, "{line}: {said}");
    assert!(said.contains(says), "{line}: {said}");
    assert!(output.stdout.is_empty(), "{line}");
}

#[test]
fn arguments_that_cannot_be_used_are_refused_in_one_line() {
    let nines = "999999999999999.1";
    let bracketed = |brackets: &str| {
        format!("liquidation-price --side long --entry 1 --qty 1 --wallet 1 --bracket {brackets}")
    };
    for (line, says) in [
        ("", "expected a subcommand, found nothing"),
        ("profit", "unrecognized subcommand 'profit'"),
        ("loss --side long", "required arguments were not provided: --entry <PRICE>"),
        ("loss --side up --entry 1 --exit 1 --qty 1", "invalid value 'up' for '--side"),
        (
            "loss --side long --entry 0 --exit 1 --qty 1",
            "--entry <PRICE>': expected a decimal above zero",
        ),
        (
            "loss --side long --entry 1 --exit -1 --qty 1",
            "--exit <PRICE>': expected a decimal above zero",
        ),
        (
            "loss --side long --entry 1 --exit 1 --qty 0.0",
            "--qty <QTY>': expected a decimal above zero",
        ),
        ("loss --side long --entry 1e3 --exit 1 --qty 1", "without exponent"),
        ("loss --side long --entry NaN --exit 1 --qty 1", "expected a decimal such as"),
        ("loss --side long --entry 1000000000000000 --exit 1 --qty 1", "a decimal below 10^15"),
        ("loss --side long --entry 1 --exit 1 --qty 1 --fee -1", "that is not below zero"),
        ("loss --side long --entry 1 --exit 1 --qty 1 --tip 1", "unexpected argument '--tip'"),
        ("loss --side long --entry 1 --entry 2 --exit 1 --qty 1", "cannot be used multiple times"),
        ("risk --margin -1 --equity 1", "that is not below zero"),
        ("risk --margin 1 --equity 1 --decimals 19", "19 is not in 0..=18"),
        ("risk --margin 1 --equity 1 --decimals two", "invalid value 'two' for '--decimals"),
        (
            "reduce --margin 1 --equity 1 --margin-per-lot 0 --target 1",
            "expected a decimal above zero",
        ),
        (
            "reduce --margin 1 --equity 1 --margin-per-lot 1 --target 0",
            "expected a decimal above zero",
        ),
        ("reduce --margin 1 --equity 1 --margin-per-lot 1 --target 1 --lots 0", "0 is not in 1.."),
        (
            "reduce --margin 999999999999999 --equity 1 --margin-per-lot 0.00000000001 --target 1",
            "expected numbers whose products have at most 28 digits",
        ),
        ("liquidation-price --side long --entry 1 --qty 1", "were not provided: --wallet"),
        (
            "liquidation-price --side long --entry 1 --qty 1 --wallet 1 --margin-on open",
            "[possible values: mark, entry]",
        ),
        (
            "liquidation-price --side long --entry 1 --qty 1 --wallet 1 --tick 0",
            "--tick <PRICE>': expected a decimal above zero",
        ),
        (
            &format!("liquidation-price --side long --entry {nines} --qty {nines} --wallet 1"),
            "expected numbers whose products have at most 28 digits",
        ),
        (
            &format!("loss --side long --entry {nines} --exit 1 --qty {nines}"),
            "expected numbers whose products have at most 28 digits",
        ),
        (&bracketed("1000:0.01:0"), "expected a last one up to \"inf\", found one that ends"),
        (&bracketed("inf:0.01"), "expected UP_TO:RATE:DEDUCT such as"),
        (&bracketed("inf:0.01:0 --deduct 1"), "cannot be used with"),
        (
            &bracketed("1000:0.01:0 --bracket inf:0.02:9"),
            "bracket 2: expected the deduction 10, which keeps maintenance continuous",
        ),
        ("adl", "were not provided: <FILE>"),
        ("adl FILE --tick 1", "unexpected argument '--tick'"),
        ("auction nowhere.json --tick -1", "--tick <PRICE>': expected a decimal above zero"),
        ("adl nowhere.json", "nowhere.json: file: expected a readable file, found no such file"),
        ("auction .", ".: file: expected a readable file, found a directory"),
    ] {
        refused(line, Path::new("adl.json"), says);
    }
}

#[test]
fn files_that_cannot_be_read_are_refused_in_one_line() {
    let order = r#"{"account":"1","qty":"1","score":"1"}"#;
    let adl = |rest: &str| format!("{{\"side\":\"long\",\n{rest}}}");
    let deep = "[".repeat(1 << 20);
    for (n, (what, text, says)) in [
        ("adl", String::new(), ".json:1: file: expected a string, a number"),
        ("adl", "{".to_owned(), "found the end of the file"),
        ("adl", "[]".to_owned(), ".json:1: file: expected a JSON object, found an array"),
        ("adl", deep, "expected values nested at most 8 deep"),
        ("adl", "{}".to_owned(), ".json:1: side: expected \"long\" or \"short\", found nothing"),
        ("adl", adl("\"close\":\"1\""), ".json:1: candidates: expected an array, found nothing"),
        (
            "adl",
            adl("\"close\":null,\"candidates\":[]"),
            ".json:2: close: expected a decimal such as",
        ),
        (
            "adl",
            adl("\"close\":\"0\",\"candidates\":[]"),
            ".json:2: close: expected a decimal above zero",
        ),
        (
            "adl",
            adl("\"close\":\"1\",\"candidates\":[],\"mark\":1"),
            ".json:2: mark: expected one of side, close, candidates",
        ),
        (
            "adl",
            adl(&format!("\"close\":\"1\",\"candidates\":[{order},\n{order}]")),
            ".json:3: candidates[1].account: expected each account once",
        ),
        ("adl", adl("\"close\":\"1\",\"close\":\"1\""), ".json:2: close: expected each field once"),
        (
            "forced-reduction",
            r#"{"declared":[]}"#.to_owned(),
            "tiers: expected an array of arrays, found nothing",
        ),
        (
            "forced-reduction",
            r#"{"declared":[{"account":"S","qty":"1.5"}],"tiers":[]}"#.to_owned(),
            "declared[0].qty: expected whole lots above zero, found \"1.5\"",
        ),
        (
            "forced-reduction",
            r#"{"declared":[{"qty":"1"}],"tiers":[]}"#.to_owned(),
            "declared[0].account: expected an account's name",
        ),
        (
            "auction",
            r#"{"bids":[["1"]],"asks":[]}"#.to_owned(),
            "bids[0]: expected a quantity and a price",
        ),
        (
            "auction",
            r#"{"bids":[["-1","1"]],"asks":[]}"#.to_owned(),
            "bids[0][0]: expected a decimal above zero",
        ),
        (
            "auction",
            r#"{"bids":[["1","1.5"]],"asks":[],"tick":"1"}"#.to_owned(),
            "bids[0][1]: expected a multiple of the tick 1",
        ),
        (
            "auction",
            r#"{"bids":[],"asks":[],"candidates":"all"}"#.to_owned(),
            "candidates: expected \"limits\" or \"ticks\", found \"all\"",
        ),
        (
            "auction",
            r#"{"bids":[],"asks":[],"tick":"0"}"#.to_owned(),
            "tick: expected a step above zero",
        ),
        ("auction", r#"{"bids":[]}"#.to_owned(), "asks: expected an array, found nothing"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = file(&format!("bad-{n}.json"), &text);
        refused(&format!("{what} FILE"), &path, says);
    }
    let bytes = file("bad-bytes.json", b"{\"side\":\n\"\xff\"}");
    refused("adl FILE", &bytes, "bad-bytes.json:2: line: expected UTF-8 text");
    let long = file("bad-long.json", " ".repeat((16 << 20) + 1));
    refused("adl FILE", &long, "file: expected a file of at most 16 MiB, found a longer one");
    fs::remove_file(long).expect("removed");
}

#[test]
fn every_calculator_explains_itself_with_an_example_and_its_rounding() {
    for what in
        ["liquidation-price", "loss", "risk", "reduce", "adl", "forced-reduction", "auction"]
    {
        let output = calc(&format!("{what} --help"), Path::new(""));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{what}");
        assert!(text.contains(&format!("plimsoll calc {what}")), "{what}: {text}");
        assert!(text.contains("Example:") && text.contains("Rounding:"), "{what}: {text}");
    }
}

#[test]
fn the_examples_of_calc_md_give_what_it_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CALC.md");
    let page = fs::read_to_string(page).expect("docs/CALC.md").replace("\\\n", " ");
    let (mut checked, mut calculator, mut given) = (Vec::new(), "", None);
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            (calculator, given) = (heading, None);
        }
        let Some(code) = line.strip_prefix("    ") else { continue };
        if let Some(command) = code.strip_prefix("plimsoll calc ") {
            given = Some(calc(command, Path::new("")));
        } else if let (true, Some(output)) = (code.starts_with('{'), given.take()) {
            let printed = String::from_utf8(output.stdout).expect("UTF-8");
            assert_eq!(printed.trim_end(), code, "{calculator}");
            checked.push(calculator);
        } else if code.starts_with('{') {
            let path = file(&format!("page-{calculator}.json"), code);
            given = Some(calc(&format!("{calculator} FILE --json"), &path));
        }
    }
    let all = [
        "liquidation-price",
        "liquidation-price",
        "loss",
        "risk",
        "reduce",
        "adl",
        "forced-reduction",
        "auction",
    ];
    assert_eq!(checked, all);
}
