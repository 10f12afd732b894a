//! What the calculators' files may say.

use super::*;
use plimsoll_types::{AuctionCandidates, Side, Step};

fn said<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.expect_err("a refusal").to_string()
}

#[test]
fn an_adl_file_keeps_its_order() {
    let text = r#"{"side":"short","close":20.5,"candidates":[
        {"account":"b","qty":"10","score":-3},{"account":"a","qty":"1","score":"6"}]}"#;
    let file = read_adl("f", text).unwrap();
    assert_eq!((file.side, file.close.to_string()), (Side::Sell, "20.5".to_owned()));
    let names: Vec<&str> = file.candidates.iter().map(|c| c.0.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    assert_eq!(file.candidates[0].2.to_string(), "-3");
}

#[test]
fn an_adl_file_that_is_wrong_is_refused_by_name() {
    let adl = |text: &str| said(read_adl("f", text));
    let with = |candidates: &str| {
        adl(&format!("{{\"side\":\"long\",\"close\":\"1\",\"candidates\":[{candidates}]}}"))
    };
    assert_eq!(adl("{}"), "f:1: side: expected \"long\" or \"short\", found nothing");
    assert_eq!(adl("[]"), "f:1: file: expected a JSON object, found an array");
    assert_eq!(adl(r#"{"side":"up"}"#), "f:1: side: expected \"long\" or \"short\", found \"up\"");
    assert_eq!(
        adl(r#"{"side":"long","close":"0"}"#),
        "f:1: close: expected a decimal above zero, found \"0\""
    );
    assert_eq!(
        adl("{\"side\":\"long\",\n\"close\":1e3}"),
        "f:2: close: expected a decimal such as \"12.5\", without exponent, found 1e3"
    );
    assert_eq!(
        with(r#"{"account":"1","qty":"-1","score":"1"}"#),
        "f:1: candidates[0].qty: expected a decimal above zero, found \"-1\""
    );
    assert_eq!(
        with(r#"{"account":"1","qty":"1","scroe":"1"}"#),
        "f:1: candidates[0].scroe: expected one of account, qty, score, found scroe"
    );
    let one = r#"{"account":"1","qty":"1","score":"1"}"#;
    assert_eq!(
        with(&format!("{one},{one}")),
        "f:1: candidates[1].account: expected each account once, found \"1\" again"
    );
    assert_eq!(
        with(r#"{"account":7,"qty":"1","score":"1"}"#),
        "f:1: candidates[0].account: expected an account's name of 1 to 39 bytes, found 7"
    );
    assert_eq!(with("7"), "f:1: candidates[0]: expected a JSON object, found 7");
}

#[test]
fn a_forced_reduction_wants_whole_lots() {
    let read = |qty: &str, tiers: &str| {
        let declared = format!("{{\"account\":\"S\",\"qty\":{qty}}}");
        read_forced_reduction("f", &format!("{{\"declared\":[{declared}],\"tiers\":{tiers}}}"))
    };
    let file = read("\"3.0\"", r#"[[{"account":"L","qty":2}],[]]"#).unwrap();
    assert_eq!(file.declared, [Member { account: "S".to_owned(), lots: 3 }]);
    assert_eq!(file.tiers, [vec![Member { account: "L".to_owned(), lots: 2 }], vec![]]);
    for qty in ["\"0\"", "\"1.5\"", "-1"] {
        let says = said(read(qty, "[]"));
        assert!(says.contains("declared[0].qty: expected whole lots above zero"), "{says}");
    }
    let twice = r#"[[{"account":"L","qty":2}],[{"account":"L","qty":2}]]"#;
    assert_eq!(
        said(read("1", twice)),
        "f:1: tiers[1][0].account: expected each account once, found \"L\" again"
    );
    assert_eq!(said(read("1", "[7]")), "f:1: tiers[0]: expected an array, found 7");
    let huge: Vec<String> = (0..18_447)
        .map(|n| format!("{{\"account\":\"L{n}\",\"qty\":\"999999999999999\"}}"))
        .collect();
    let says = said(read("1", &format!("[[{}]]", huge.join(","))));
    assert_eq!(says, "f:1: tiers[0]: expected lots that add up to less than 2^64, found more");
}

#[test]
fn an_auction_is_read_in_ticks() {
    let text = r#"{"bids":[["0.5","202.5"],["900",null]],"asks":[],"reference":null,"tick":"0.5"}"#;
    let file = read_auction("f", text, None).unwrap();
    let order = |qty, price| AuctionOrder { price, qty };
    assert_eq!(file.bids, [order(5, Some(405)), order(9000, None)]);
    assert_eq!((file.reference, file.candidates), (None, AuctionCandidates::Ticks));
    assert_eq!(file.lot, Step { mantissa: 1, decimals: 1 });
    let free = r#"{"bids":[["1","202.25"]],"asks":[],"reference":"199"}"#;
    let file = read_auction("f", free, None).unwrap();
    assert_eq!(file.tick, Step { mantissa: 1, decimals: 2 });
    assert_eq!((file.bids[0].price, file.reference), (Some(20_225), Some(19_900)));
}

#[test]
fn an_auction_that_is_wrong_is_refused_by_name() {
    let tick = Step { mantissa: 5, decimals: 1 };
    let bids = |bids: &str| {
        said(read_auction("f", &format!("{{\"bids\":{bids},\"asks\":[]}}"), Some(tick)))
    };
    assert_eq!(
        bids(r#"[["1","202.3"]]"#),
        "f:1: bids[0][1]: expected a multiple of the tick 0.5, found \"202.3\""
    );
    assert!(bids(r#"[["1"]]"#).ends_with("found an array of 1"));
    assert!(bids(r#"[["0","202"]]"#).contains("bids[0][0]: expected a decimal above zero"));
    assert!(bids(r#"[["1","0"]]"#).contains("bids[0][1]: expected a decimal above zero"));
    assert!(bids("7").contains("bids: expected an array, found 7"));
    let fine = r#"[["999999999999999","1"],["0.0000000000000000000000000001","1"]]"#;
    assert!(bids(fine).contains("bids[0][0]: expected a quantity of fewer digits"));
    let spread = r#"[["1","999999999999999"],["1","0.00001"]]"#;
    let spread = read_auction("f", &format!("{{\"bids\":{spread},\"asks\":[]}}"), None);
    assert!(said(spread).contains("bids[0][1]: expected a price below 2^63 ticks"));
    let off = r#"{"bids":[],"asks":[],"reference":"0.7","tick":"0"}"#;
    assert!(said(read_auction("f", off, None)).contains("tick: expected a step above zero"));
    assert!(said(read_auction("f", off, Some(tick))).contains("tick: expected a step above zero"));
}
