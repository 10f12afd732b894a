//! Hedgers, and margins of an account's own.

use super::*;
use plimsoll_types::{AccountMargin, InstrumentId};

/// FULL with more keys for account A; they stand from line 43 on.
fn with(keys: &str) -> Result<ExchangeSpec, String> {
    let text = FULL.replacen("name = \"A\"", &format!("name = \"A\"\n{keys}"), 1);
    read_config("E.toml", &text).map_err(|error| error.to_string())
}

#[test]
fn a_hedger_is_one() {
    let spec = with("hedger = true").expect("a good configuration");
    assert!(spec.accounts[0].hedger && !spec.accounts[1].hedger);
    let error = with("hedger = \"yes\"").expect_err("no switch");
    assert_eq!(error, "E.toml:43: account[0].hedger: expected true or false, found \"yes\"");
}

#[test]
fn a_strict_broker_asks_more() {
    let spec = with(
        "margin = { RB = { initial = \"0.15\", maintenance = { share = \"0.12\", per_lot = \"3\" } } }",
    )
    .expect("a good configuration");
    let own = AccountMargin {
        instrument: InstrumentId(0),
        initial: MarginRate { share: nano("0.15"), per_lot: Money::ZERO },
        maintenance: MarginRate { share: nano("0.12"), per_lot: Money::new(30_000) },
    };
    assert_eq!(spec.accounts[0].margins, [own]);
    assert!(spec.accounts[1].margins.is_empty());
}

#[test]
fn a_margin_that_is_no_stricter_is_refused() {
    for (margin, expected) in [
        (
            "{ RB = { initial = \"0.09\", maintenance = \"0.08\" } }",
            "RB.initial: expected a margin not under the instrument's, in share and per_lot, found \"0.09\"",
        ),
        (
            "{ RB = { initial = \"0.10\", maintenance = \"0.07\" } }",
            "RB.maintenance: expected a margin not under the instrument's",
        ),
        (
            "{ RB = { initial = \"0.12\", maintenance = \"0.13\" } }",
            "RB.initial: expected the house margin not to be under maintenance, found \"0.12\"",
        ),
        ("{ RB = { initial = \"0.12\" } }", "RB.maintenance: expected a value, found nothing"),
        ("{ RB = \"0.12\" }", "RB: expected a table, found \"0.12\""),
        (
            "{ CU = { initial = \"0.12\", maintenance = \"0.1\" } }",
            "CU: expected the symbol of an [[instrument]], found CU",
        ),
        (
            "{ RB = { initial = \"0.12\", maintenance = \"0.1\", basis = \"x\" } }",
            "RB.basis: expected one of initial, maintenance, found basis",
        ),
    ] {
        let error = with(&format!("margin = {margin}")).expect_err(margin);
        let place = "E.toml:43: account[0].margin.";
        assert!(error.starts_with(&format!("{place}{expected}")), "{margin} gave {error}");
    }
}
