//! What a decimal is, which steps it counts, and how it prints.

use super::*;

fn read(text: &str) -> Result<String, DecimalError> {
    parse(text.as_bytes()).map(|value| value.to_string())
}

fn value(text: &str) -> Decimal {
    parse(text.as_bytes()).expect("a decimal")
}

fn step_of(text: &str) -> Step {
    step(value(text)).expect("a step")
}

fn shown(mantissa: i128, decimals: u32) -> String {
    let mut out = Vec::new();
    write_scaled(&mut out, mantissa, decimals);
    String::from_utf8(out).expect("ASCII")
}

#[test]
fn decimals_are_read_exactly() {
    assert_eq!(read("5000"), Ok("5000".into()));
    assert_eq!(read("-0.10"), Ok("-0.1".into()));
    assert_eq!(read("0.1"), Ok("0.1".into()));
    assert_eq!(read("999999999999999.9999999999"), Ok("999999999999999.9999999999".into()));
    assert_eq!(read("1.00000000000000000000000000000000000000000000"), Ok("1".into()));
}

#[test]
fn other_texts_are_no_decimals() {
    let texts =
        ["", "-", "+1", "1e3", "1E3", ".5", "5.", "1.2.3", "0x10", " 1", "1 ", "1,000", "--1"];
    for text in texts.into_iter().chain(["NaN", "inf", "Infinity", "\u{661}", "007", "1_000", "-"])
    {
        assert_eq!(read(text), Err(DecimalError::Malformed), "{text:?}");
    }
}

#[test]
fn decimals_have_a_bound_and_a_length() {
    assert_eq!(read("1000000000000000"), Err(DecimalError::TooBig));
    assert_eq!(read("-1000000000000000"), Err(DecimalError::TooBig));
    assert_eq!(read(&"9".repeat(10_000)), Err(DecimalError::TooBig));
    assert_eq!(read("0.00000000000000000000000000001"), Err(DecimalError::TooLong));
    assert_eq!(read("999999999999999.999999999999999"), Err(DecimalError::TooLong));
}

#[test]
fn a_price_counts_ticks_or_says_why_not() {
    let tick = step_of("0.05");
    assert_eq!(price(value("1.15"), tick).map(Price::ticks), Ok(23));
    assert_eq!(price(value("1.16"), tick), Err(Reject::PriceOffTick));
    assert_eq!(price(value("1.150000000000000000000000001"), tick), Err(Reject::PriceOffTick));
    assert_eq!(price(value("0"), tick), Err(Reject::PriceOutOfRange));
    assert_eq!(price(value("-0.05"), tick), Err(Reject::PriceOutOfRange));
    assert_eq!(price(value("-0.01"), tick), Err(Reject::PriceOffTick));
    assert_eq!(price(value("53687091.2"), tick), Ok(Price::MAX));
    assert_eq!(price(value("53687091.25"), tick), Err(Reject::PriceOutOfRange));
    assert_eq!(
        price(value("999999999999999"), step_of("0.000000000000000001")),
        Err(Reject::PriceOutOfRange)
    );
}

#[test]
fn a_quantity_counts_lots_or_says_why_not() {
    let lot = step_of("0.001");
    assert_eq!(quantity(value("3683.979"), lot).map(Qty::lots), Ok(3_683_979));
    assert_eq!(quantity(value("0"), lot), Err(Reject::QuantityNotPositive));
    assert_eq!(quantity(value("-0"), lot), Err(Reject::QuantityNotPositive));
    assert_eq!(quantity(value("-0.0005"), lot), Err(Reject::QuantityNotPositive));
    assert_eq!(quantity(value("0.0005"), lot), Err(Reject::QuantityOffLot));
    assert_eq!(quantity(value("1099511627.775"), lot), Ok(Qty::MAX));
    assert_eq!(quantity(value("1099511627.776"), lot), Err(Reject::QuantityTooLarge));
    assert_eq!(quantity(value("1099511627.7765"), lot), Err(Reject::QuantityOffLot));
}

#[test]
fn an_amount_is_positive_and_whole_units() {
    assert_eq!(amount(value("12.34"), 2).map(Money::units), Ok(1_234));
    assert_eq!(amount(value("12.345"), 2), Err(Reject::AmountOffUnit));
    assert_eq!(amount(value("0"), 2), Err(Reject::AmountNotPositive));
    assert_eq!(amount(value("-12.345"), 2), Err(Reject::AmountNotPositive));
    assert_eq!(money(value("-1.5"), 1), Some(Money::new(-15)));
}

#[test]
fn a_ratio_has_nine_places_and_a_bound() {
    assert_eq!(ratio(value("0.075")), Some(Ratio::from_nano(75_000_000)));
    assert_eq!(ratio(value("1000000")), Some(Ratio::MAX));
    assert_eq!(ratio(value("1000000.000000001")), None);
    assert_eq!(ratio(value("0.0000000001")), None);
    assert_eq!(ratio(value("-0.1")), None);
    assert_eq!(ratio(value("-0")), Some(Ratio::ZERO));
}

#[test]
fn a_step_is_positive() {
    assert_eq!(step(value("0.20")), Some(Step { mantissa: 2, decimals: 1 }));
    assert_eq!(step(value("300")), Some(Step { mantissa: 300, decimals: 0 }));
    assert_eq!(step(value("0")), None);
    assert_eq!(step(value("-1")), None);
    assert_eq!(step(value("0.0000000000000000001")), None);
}

#[test]
fn numbers_print_without_zeros_at_the_end() {
    assert_eq!(shown(123_400, 4), "12.34");
    assert_eq!(shown(-5, 3), "-0.005");
    assert_eq!(shown(-50, 1), "-5");
    assert_eq!(shown(0, 4), "0");
    assert_eq!(shown(1_000, 0), "1000");
    assert_eq!(shown(i128::MAX, 0), i128::MAX.to_string());
    assert_eq!(shown(i128::MIN, 38), "-1.70141183460469231731687303715884105728");
    assert_eq!(shown(1, 38), format!("0.{}1", "0".repeat(37)));
}

#[test]
fn what_is_printed_reads_back() {
    for mantissa in [0i128, 1, -1, 10, 12_345, -98_700, 999_999_999_999_999] {
        for decimals in [0, 1, 4, 8] {
            let back = value(&shown(mantissa, decimals));
            assert_eq!(back, Decimal::from_i128_with_scale(mantissa, decimals));
        }
    }
}

#[test]
fn prices_and_quantities_print_in_their_decimals() {
    let mut out = Vec::new();
    write_price(&mut out, Price::clamped(23), step_of("0.05"));
    out.push(b' ');
    write_qty(&mut out, Qty::new(3_683_979), step_of("0.001"));
    out.push(b' ');
    write_money(&mut out, Money::new(-120_000), 4);
    out.push(b' ');
    write_whole(&mut out, u64::MAX);
    assert_eq!(out, b"1.15 3683.979 -12 18446744073709551615");
}
