//! Changes announced beforehand.

use super::*;
use plimsoll_types::{Fee, InstrumentId, Schedule, ScheduleTime};

/// FULL with these rows; they begin at line 48.
fn with(rows: &str) -> Result<ExchangeSpec, String> {
    read_config("E.toml", &format!("{FULL}{rows}")).map_err(|error| error.to_string())
}

fn row(keys: &str) -> String {
    format!("[[schedule]]\nsymbol = \"RB\"\n{keys}\n")
}

const PLAIN: Schedule = Schedule {
    instrument: InstrumentId(0),
    when: ScheduleTime::Settlement,
    margins: None,
    price_limit: None,
    fees: None,
};

#[test]
fn rows_are_read_in_their_order() {
    let rows = [
        "at = \"settlement\"\nmargin_initial = \"0.15\"\nmargin_maintenance = \"0.12\"",
        "at = \"2026-09-30T15:00:00\"\nprice_limit = \"0.10\"",
        "at = 1790812800000000000\nfee_open = { per_lot = \"6\" }\nfee_close_today = \"0\"",
    ];
    let spec = with(&rows.map(row).concat()).expect("a good configuration");
    let rate = |share| MarginRate { share: nano(share), per_lot: Money::ZERO };
    // 2026-09-30 is 20,726 days after 1970-01-01; 15:00 is 54,000 s.
    let at = ScheduleTime::At((20_726 * 86_400 + 54_000) * 1_000_000_000);
    let open = Fee { share: Ratio::ZERO, per_lot: Money::new(60_000) };
    let fees = Fees { open, close_today: Some(Fee::default()), ..Fees::default() };
    assert_eq!(
        spec.schedules,
        [
            Schedule { margins: Some([rate("0.15"), rate("0.12")]), ..PLAIN },
            Schedule { when: at, price_limit: Some(nano("0.1")), ..PLAIN },
            Schedule {
                when: ScheduleTime::At(1_790_812_800_000_000_000),
                fees: Some(fees),
                ..PLAIN
            },
        ]
    );
}

#[test]
fn a_row_that_means_nothing_is_refused() {
    let past = "expected whole nanoseconds from 1 to 9223372036854775807: a time that has passed changes nothing";
    for (keys, line, expected) in [
        ("price_limit = \"0.1\"", 48, "at: expected a value, found nothing"),
        (
            "at = \"settlement\"",
            48,
            "margin_initial: expected both margins, a price_limit or fees to change, found nothing",
        ),
        (
            "at = \"settlement\"\nmargin_initial = \"0.1\"",
            48,
            "margin_maintenance: expected a value, found nothing",
        ),
        (
            "at = \"settlement\"\nmargin_maintenance = \"0.1\"",
            48,
            "margin_initial: expected a value, found nothing",
        ),
        (
            "at = \"settlement\"\nmargin_initial = \"0.1\"\nmargin_maintenance = \"0.11\"",
            51,
            "margin_initial: expected the house margin not to be under margin_maintenance, found \"0.1\"",
        ),
        ("at = 0\nprice_limit = \"0.1\"", 50, &format!("at: {past}, found 0")),
        ("at = -5\nprice_limit = \"0.1\"", 50, &format!("at: {past}, found -5")),
        ("at = \"open\"\nprice_limit = \"0.1\"", 50, "at: expected a date such as"),
        ("at = \"1970-01-01\"\nprice_limit = \"0.1\"", 50, "at: expected a date such as"),
        ("at = 5\nprice_limit = \"-0.1\"", 51, "price_limit: expected 0 to 1000000"),
        ("at = 5\nfee_open = \"-0.1\"", 51, "fee_open: expected 0 to 1000000"),
        ("at = 5\ntick_size = \"2\"", 51, "tick_size: expected one of symbol, at, margin_initial"),
    ] {
        let error = with(&row(keys)).expect_err(keys);
        let place = format!("E.toml:{line}: schedule[0].");
        assert!(error.starts_with(&format!("{place}{expected}")), "{keys} gave {error}");
    }
    let error = with("[[schedule]]\nsymbol = \"CU\"\nat = 5\n").expect_err("no symbol");
    let expected = "symbol: expected the symbol of an [[instrument]], found \"CU\"";
    assert_eq!(error, format!("E.toml:49: schedule[0].{expected}"));
}

#[test]
fn rows_of_an_instrument_rise_and_end_before_it_does() {
    let at = |text: &str| row(&format!("at = {text}\nprice_limit = \"0.1\""));
    let error = with(&[at("7"), at("\"settlement\""), at("7")].concat()).expect_err("no order");
    assert_eq!(
        error,
        "E.toml:58: schedule[2].at: expected a time after the instrument's row before, found 7"
    );
    let text = format!(
        "{}{}",
        FULL.replacen("multiplier = \"10\"", "multiplier = \"10\"\nexpires = \"2026-12-15\"", 1),
        at("\"2026-12-15\"")
    );
    let error = read_config("E.toml", &text).expect_err("too late").to_string();
    assert_eq!(
        error,
        "E.toml:51: schedule[0].at: expected a time before the instrument expires, found \"2026-12-15\""
    );
}

#[test]
fn a_ladder_bounds_the_limits_it_grows_from() {
    let ladder = "multiplier = \"10\"\nlimit_ladder = { factor = \"1.5\" }";
    let text = format!(
        "{}{}",
        FULL.replacen("multiplier = \"10\"", ladder, 1),
        row("at = 5\nprice_limit = \"1000000\"")
    );
    let error = read_config("E.toml", &text).expect_err("too high").to_string();
    assert!(
        error.starts_with(
            "E.toml:52: schedule[0].price_limit: expected limits and margins that stay"
        ),
        "{error}"
    );
}
