//! What an instrument asks of those who hold it.

use super::*;
use plimsoll_types::{
    Bracket, CloseRule, Fee, Funding, InstrumentSpec, MarginPrice, Reduction, ReductionAverage,
    RiskRules,
};

/// FULL with `[exchange]` and instrument keys more.
fn text(house: &str, keys: &str) -> String {
    FULL.replacen("money_decimals = 4", &format!("money_decimals = 4\n{house}"), 1).replacen(
        "multiplier = \"10\"",
        &format!("multiplier = \"10\"\n{keys}"),
        1,
    )
}

fn instrument(keys: &str) -> Result<InstrumentSpec, String> {
    match read_config("E.toml", &text("", keys)) {
        Ok(spec) => Ok(spec.instruments[0].clone()),
        Err(error) => Err(error.to_string()),
    }
}

fn risk(keys: &str) -> RiskRules {
    instrument(keys).expect("a good configuration").risk
}

/// The complaint about the instrument's keys, the last line of which is wrong.
fn refused(keys: &str, expected: &str) {
    let error = instrument(keys).expect_err(keys);
    let line = 12 + keys.lines().count();
    assert!(
        error.starts_with(&format!("E.toml:{line}: instrument[0].{expected}")),
        "{keys} gave {error}"
    );
}

fn perpetual(keys: &str) -> Result<ExchangeSpec, String> {
    let text = text("", keys).replacen("\"future\"", "\"perpetual\"", 1);
    read_config("E.toml", &text).map_err(|error| error.to_string())
}

#[test]
fn by_default_nothing_is_asked_beyond_plain_rates() {
    assert_eq!(risk(""), RiskRules::default());
}

#[test]
fn switches_have_words() {
    let keys = "margin_price = \"settlement\"\nclose_rule = \"shfe\"\nlarge_side = true\nproduct = \"steel\"";
    assert_eq!(
        risk(keys),
        RiskRules {
            margin_price: MarginPrice::Settlement,
            close_rule: CloseRule::Shfe,
            large_side: true,
            product: Label::new("steel"),
            ..RiskRules::default()
        }
    );
    assert_eq!(risk("margin_price = \"open\"").margin_price, MarginPrice::Open);
    refused(
        "margin_price = \"last\"",
        "margin_price: expected \"mark\" or \"settlement\" or \"open\"",
    );
    refused(
        "close_rule = \"lifo\"",
        "close_rule: expected \"oldest_first\" or \"shfe\", found \"lifo\"",
    );
    refused("large_side = \"yes\"", "large_side: expected true or false, found \"yes\"");
    refused("product = \"\"", "product: expected a name of 1 to 39 bytes");
}

#[test]
fn legs_are_a_switch_of_the_exchange() {
    let mode =
        |house: &str| read_config("E.toml", &text(house, "")).map(|spec| spec.position_mode).ok();
    assert_eq!(mode(""), Some(PositionMode::Net));
    assert_eq!(mode("position_mode = \"net\""), Some(PositionMode::Net));
    assert_eq!(mode("position_mode = \"long_short\""), Some(PositionMode::LongShort));
    assert_eq!(mode("position_mode = \"hedge\""), None);
}

#[test]
fn the_fee_of_closing_today_is_its_own_or_that_of_closing() {
    let today = |keys: &str| instrument(keys).expect("a good configuration").fees.close_today;
    assert_eq!(today("fee_close = \"0.001\""), None);
    assert_eq!(today("fee_close_today = \"0\""), Some(Fee::default()));
    let share = Fee { share: nano("0.0001"), per_lot: Money::ZERO };
    assert_eq!(today("fee_close_today = \"0.0001\""), Some(share));
    refused("fee_close_today = \"-1\"", "fee_close_today: expected 0 to 1000000");
}

#[test]
fn a_mark_follows_trades_commands_or_an_index() {
    let mark = |keys: &str| instrument(keys).map(|spec| spec.mark);
    assert_eq!(mark("mark = \"external\""), Ok(MarkSource::External));
    assert_eq!(mark("mark = \"index\""), Ok(MarkSource::Index { cap: None }));
    let capped = MarkSource::Index { cap: Some(nano("0.01")) };
    assert_eq!(mark("mark = \"index\"\nmark_cap = \"0.01\""), Ok(capped));
    refused("mark_cap = \"0.01\"", "mark_cap: expected this key only with mark = \"index\"");
    refused("mark = \"index\"\nmark_cap = \"2\"", "mark_cap: expected a share from 0 to 1");
    refused(
        "mark = \"mid\"",
        "mark: expected \"last\" or \"external\" or \"index\", found \"mid\"",
    );
}

/// Source: RULES 1.6.
const BRACKETS: &str = "brackets = [{ up_to = \"50000\", maintenance = \"0.004\", deduct = \"0\" }, { up_to = \"250000\", maintenance = \"0.005\", deduct = \"50\" }, { up_to = \"inf\", maintenance = \"0.01\", deduct = \"1300\" }]";

#[test]
fn brackets_rise_without_a_jump() {
    let bracket = |up_to, maintenance, deduct| Bracket {
        up_to,
        maintenance: nano(maintenance),
        deduct: Money::new(deduct),
    };
    // deduct = 50,000 x 0.001 = 50, and 50 + 250,000 x 0.005 = 1300; money in ten-thousandths.
    let three = [
        bracket(Money::new(500_000_000), "0.004", 0),
        bracket(Money::new(2_500_000_000), "0.005", 500_000),
        bracket(Bracket::OPEN, "0.01", 13_000_000),
    ];
    assert_eq!(risk(BRACKETS).brackets, three);
    let one = risk("brackets = [{ up_to = \"inf\", maintenance = \"0.004\" }]").brackets;
    assert_eq!(one, [bracket(Bracket::OPEN, "0.004", 0)]);
}

#[test]
fn brackets_that_mean_nothing_are_refused() {
    for (from, to, expected) in [
        (
            "deduct = \"50\"",
            "deduct = \"49\"",
            "brackets[1].deduct: expected deduct = \"50\", so that margin goes on without a jump, found \"49\"",
        ),
        (
            ", deduct = \"1300\"",
            "",
            "brackets[2].maintenance: expected deduct = \"1300\", so that margin",
        ),
        (
            "deduct = \"0\"",
            "deduct = \"1\"",
            "brackets[0].deduct: expected \"0\" for the first bracket, found \"1\"",
        ),
        (
            "\"250000\"",
            "\"50000\"",
            "brackets[1].up_to: expected a bound above the bracket before's, found \"50000\"",
        ),
        (
            "\"0.005\"",
            "\"0.004\"",
            "brackets[1].maintenance: expected a rate above the bracket before's, found \"0.004\"",
        ),
        (
            "\"0.005\"",
            "\"0.004000002\"",
            "brackets[1].deduct: expected deduct = \"0.0001\", so that",
        ),
        (
            "\"50000\"",
            "\"50000.0001\"",
            "brackets[1].deduct: expected a rate at which margin goes on without a jump, to the money unit, found \"50\"",
        ),
        ("\"inf\"", "\"1000000\"", "brackets[2].up_to: expected \"inf\" for the last bracket"),
        ("\"250000\"", "\"inf\"", "brackets[1].up_to: expected \"inf\" only for the last bracket"),
        ("\"250000\"", "250000", "brackets[1].up_to: expected an amount in quotes, or \"inf\""),
        ("\"0.01\"", "\"1.01\"", "brackets[2].maintenance: expected a share from 0 to 1"),
        ("\"50\"", "\"-50\"", "brackets[1].deduct: expected an amount from 0"),
        (
            "deduct = \"50\"",
            "less = \"50\"",
            "brackets[1].less: expected one of up_to, maintenance",
        ),
        ("up_to = \"250000\", ", "", "brackets[1].up_to: expected a value, found nothing"),
    ] {
        assert!(BRACKETS.contains(from), "{from}");
        refused(&BRACKETS.replacen(from, to, 1), expected);
    }
    refused("brackets = []", "brackets: expected one bracket or more, found an array");
    refused("brackets = \"0.004\"", "brackets: expected an array");
    let steep = BRACKETS.replacen("\"0.004\"", "\"0.0049\"", 1);
    assert!(instrument(&steep).is_err(), "the second deduct no longer fits");
}

#[test]
fn the_house_asks_no_less_than_the_first_bracket() {
    let high = "brackets = [{ up_to = \"inf\", maintenance = \"0.11\" }]";
    let error = instrument(high).expect_err(high);
    let expected = "margin_initial: expected the house margin not to be under the first bracket's, found \"0.10\"";
    assert_eq!(error, format!("E.toml:16: instrument[0].{expected}"));
}

#[test]
fn a_reduction_is_read() {
    let keys =
        "reduction = { loss = \"0.06\", tiers = [\"0.06\", \"0.03\", \"0\"], hedge = \"0.06\" }";
    let reduction = Reduction {
        loss: nano("0.06"),
        tiers: vec![nano("0.06"), nano("0.03"), Ratio::ZERO],
        hedge: Some(nano("0.06")),
        average: ReductionAverage::NetSide,
    };
    assert_eq!(risk(keys).reduction, Some(reduction.clone()));
    let keys = "reduction = { loss = \"0.05\", tiers = [\"0\"], average = \"newest\" }";
    let spec = read_config("E.toml", &text("position_mode = \"long_short\"", keys));
    assert_eq!(
        spec.expect("a good configuration").instruments[0].risk.reduction,
        Some(Reduction {
            loss: nano("0.05"),
            tiers: vec![Ratio::ZERO],
            hedge: None,
            average: ReductionAverage::Newest,
        })
    );
    let expected = "reduction.average: expected \"net_side\", as only position_mode \"long_short\" keeps lots apart";
    refused(keys, expected);
}

#[test]
fn a_reduction_that_means_nothing_is_refused() {
    for (reduction, expected) in [
        ("{}", "reduction.tiers: expected a value, found nothing"),
        ("{ tiers = [\"0\"] }", "reduction.loss: expected a value, found nothing"),
        ("{ loss = \"0.06\", tiers = [] }", "reduction.tiers: expected one tier or more"),
        (
            "{ loss = \"0.06\", tiers = [\"0.03\", \"0.03\"] }",
            "reduction.tiers[1]: expected a share under the tier before's, found \"0.03\"",
        ),
        ("{ loss = \"1.5\", tiers = [\"0\"] }", "reduction.loss: expected a share from 0 to 1"),
        (
            "{ loss = \"0.06\", tiers = [\"0\"], hedge = \"x\" }",
            "reduction.hedge: expected a decimal",
        ),
        (
            "{ loss = \"0.06\", tiers = [\"0\"], average = \"all\" }",
            "reduction.average: expected \"net_side\" or \"newest\", found \"all\"",
        ),
        ("{ gain = \"0\" }", "reduction.gain: expected one of loss, tiers, hedge, average"),
        ("\"0.06\"", "reduction: expected a table"),
    ] {
        refused(&format!("reduction = {reduction}"), expected);
    }
}

#[test]
fn an_expiry_is_a_date_or_a_time_where_the_calendar_is() {
    const DAY: u64 = 86_400_000_000_000;
    let expires = |keys: &str| risk(keys).expires;
    // 2026-12-15 is 20,802 days after 1970-01-01.
    assert_eq!(expires("expires = \"2026-12-15\""), Some(20_802 * DAY));
    assert_eq!(expires("expires = 2026-12-15"), Some(20_802 * DAY));
    assert_eq!(expires("expires = \"2026-12-15T12:00:00\""), Some(20_802 * DAY + DAY / 2));
    assert_eq!(expires("expires = 2026-12-15T12:00:00"), Some(20_802 * DAY + DAY / 2));
    let calendar = "[[calendar]]\nname = \"cn\"\nutc_offset = \"+08:00\"\n[[calendar.session]]\nsteps = [{ at = \"09:00\", phase = \"continuous\" }]\n";
    let text = format!("{calendar}{}", text("", "calendar = \"cn\"\nexpires = \"2026-12-15\""));
    let spec = read_config("E.toml", &text).expect("a good configuration");
    assert_eq!(spec.instruments[0].risk.expires, Some(20_802 * DAY - DAY / 3));
    for date in ["\"15.12.2026\"", "\"1970-01-01\"", "20261215", "2026-12-15T00:00:00Z", "true"] {
        refused(&format!("expires = {date}"), "expires: expected a date such as \"2026-12-15\"");
    }
    let error = perpetual("expires = \"2026-12-15\"").expect_err("a perpetual");
    assert!(
        error.starts_with(
            "E.toml:13: instrument[0].expires: expected this key only with kind = \"future\""
        ),
        "{error}"
    );
}

#[test]
fn funding_is_a_perpetuals() {
    let keys = "funding = { interest = \"0.0001\", clamp = \"0.0005\", impact = \"10\" }";
    let spec = perpetual(keys).expect("a good configuration");
    let funding = Funding { interest: nano("0.0001"), clamp: nano("0.0005"), impact: Qty::new(10) };
    assert_eq!(spec.instruments[0].risk.funding, Some(funding));
    refused(keys, "funding: expected this key only with kind = \"perpetual\", found a table");
    for (from, to, expected) in [
        ("\"10\"", "\"0\"", "funding.impact: expected a multiple of lot_size above 0"),
        ("\"10\"", "\"0.5\"", "funding.impact: expected a multiple of lot_size above 0"),
        (", impact = \"10\"", "", "funding.impact: expected a value, found nothing"),
        ("\"0.0005\"", "\"2\"", "funding.clamp: expected a share from 0 to 1"),
        ("interest", "rate", "funding.rate: expected one of interest, clamp, impact"),
    ] {
        let error = perpetual(&keys.replacen(from, to, 1)).expect_err(to);
        assert!(error.starts_with(&format!("E.toml:13: instrument[0].{expected}")), "{error}");
    }
}

#[test]
fn positions_have_a_limit_and_a_size_to_report() {
    let limits = |keys: &str| {
        let risk = risk(&format!("{keys}\n"));
        (risk.position_limit, risk.report_at)
    };
    assert_eq!(
        limits("position_limit = \"500\"\nreport_at = \"300\""),
        (Some(Qty::new(500)), Some(Qty::new(300)))
    );
    for quantity in ["\"0\"", "\"-1\"", "\"1.5\"", "\"1099511627776\"", "500"] {
        let expected = if quantity == "500" {
            "position_limit: expected a decimal"
        } else {
            "position_limit: expected a multiple of lot_size above 0, below 2^40 lots"
        };
        refused(&format!("position_limit = {quantity}"), expected);
    }
    refused("report_at = \"0.1\"", "report_at: expected a multiple of lot_size");
}
