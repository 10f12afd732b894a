//! What a line means, and what it is refused for.

mod listing;
mod orders;
mod terms;

use super::*;
use crate::config::read_config;
use plimsoll_types::{
    AccountId, InstrumentId, Label, MarginRate, Money, NewOrder, OrderKind, OrderRef, Permission,
    Phase, Price, ProfileId, Qty, Ratio, Reject, SelfMatch, Side, TimeInForce,
};

const CONFIG: &str = r#"
[exchange]
currency = "CNY"
money_decimals = 2
[[calendar]]
name = "day"
[[calendar.session]]
steps = [{ at = "09:00", phase = "continuous" }]
[[instrument]]
symbol = "RB"
kind = "future"
tick_size = "0.5"
lot_size = "2"
multiplier = "10"
prev_settlement = "5000"
margin_initial = "0.1"
margin_maintenance = "0.1"
[[profile]]
name = "standard"
[[account]]
name = "A"
profile = "standard"
"#;

fn spec() -> ExchangeSpec {
    read_config("E.toml", CONFIG).expect("a good configuration")
}

fn exchange() -> Exchange {
    Exchange::new(spec())
}

fn command(line: &str) -> Command {
    match Line::read(line.as_bytes(), &spec()) {
        Ok(line) => line.resolve(&exchange()),
        Err(error) => panic!("{line} gave {error}"),
    }
}

/// `field: expected .., found ..` without its place.
fn error(line: &str) -> String {
    match Line::read(line.as_bytes(), &spec()) {
        Ok(_) => panic!("{line} was taken"),
        Err(error) => error.to_string().trim_start_matches(": ").to_owned(),
    }
}

fn label(text: &str) -> Label {
    Label::new(text).expect("a label")
}

fn refused(reason: Reject) -> Command {
    Command::Refused { account: Some(label("A")), id: Some(label("a1")), reason }
}

fn order(rest: &str) -> String {
    format!(r#"{{"ts":1,"cmd":"order","account":"A","id":"a1","symbol":"RB","side":"buy",{rest}}}"#)
}

const A: AccountId = AccountId(0);
const RB: InstrumentId = InstrumentId(0);

fn plain_order() -> NewOrder {
    NewOrder {
        account: A,
        id: Some(label("a1")),
        instrument: RB,
        side: Side::Buy,
        offset: None,
        kind: OrderKind::Limit(Price::clamped(10_000)),
        qty: Qty::new(2),
        trigger: None,
        display: Qty::ZERO,
        min_qty: Qty::ZERO,
        tif: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        self_match: SelfMatch::None,
    }
}

#[test]
fn an_order_has_defaults() {
    assert_eq!(command(&order(r#""price":"5000","qty":"4""#)), Command::Order(plain_order()));
}

#[test]
fn numbers_are_read_as_exactly_as_strings() {
    let line = order(r#""price":5000.50,"qty":4.0"#);
    let kind = OrderKind::Limit(Price::clamped(10_001));
    assert_eq!(command(&line), Command::Order(NewOrder { kind, ..plain_order() }));
}

#[test]
fn an_order_has_options() {
    let line = order(
        r#""price":"5000","qty":"4","type":"limit","tif":"fok","post_only":true,"reduce_only":true,"smp":"decrement""#,
    );
    let expected = NewOrder {
        tif: TimeInForce::Fok,
        post_only: true,
        reduce_only: true,
        self_match: SelfMatch::Decrement,
        ..plain_order()
    };
    assert_eq!(command(&line), Command::Order(expected));
}

#[test]
fn a_market_order_needs_no_price_and_takes_one_as_protection() {
    let kind = OrderKind::Market(None);
    let bare = order(r#""type":"market","qty":"4""#);
    assert_eq!(command(&bare), Command::Order(NewOrder { kind, ..plain_order() }));
    let kind = OrderKind::Market(Some(Price::clamped(10_000)));
    let protected = order(r#""type":"market","price":"5000","qty":"4""#);
    assert_eq!(command(&protected), Command::Order(NewOrder { kind, ..plain_order() }));
}

#[test]
fn the_first_reason_that_applies_is_given() {
    let reasons = [
        (r#""price":"5000.25","qty":"0""#, Reject::PriceOffTick),
        (r#""price":"0","qty":"0""#, Reject::PriceOutOfRange),
        (r#""price":"-5000","qty":"4""#, Reject::PriceOutOfRange),
        (r#""price":"999999999999999","qty":"4""#, Reject::PriceOutOfRange),
        (r#""price":"5000","qty":"0""#, Reject::QuantityNotPositive),
        (r#""price":"5000","qty":"-3""#, Reject::QuantityNotPositive),
        (r#""price":"5000","qty":"3""#, Reject::QuantityOffLot),
        (r#""price":"5000","qty":"999999999999998""#, Reject::QuantityTooLarge),
    ];
    for (rest, reason) in reasons {
        assert_eq!(command(&order(rest)), refused(reason), "{rest}");
    }
    let unknown = order(r#""price":"5000.25","qty":"0""#).replace("RB", "CU");
    assert_eq!(command(&unknown), refused(Reject::UnknownSymbol));
    let nobody = Command::Refused {
        account: Some(label("B")),
        id: Some(label("a1")),
        reason: Reject::UnknownAccount,
    };
    assert_eq!(command(&unknown.replace("\"A\"", "\"B\"")), nobody);
}

#[test]
fn money_commands_are_read() {
    let amount = Money::new(1050);
    assert_eq!(
        command(r#"{"ts":0,"cmd":"deposit","account":"A","amount":"10.50"}"#),
        Command::Deposit { account: A, amount }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"withdraw","account":"A","amount":10.5}"#),
        Command::Withdraw { account: A, amount }
    );
    assert_eq!(command(r#"{"ts":0,"cmd":"fund","amount":"10.5"}"#), Command::Fund { amount });
    for (amount, reason) in [
        ("0", Reject::AmountNotPositive),
        ("-1", Reject::AmountNotPositive),
        ("0.001", Reject::AmountOffUnit),
    ] {
        let line = format!(r#"{{"ts":0,"cmd":"fund","amount":"{amount}"}}"#);
        assert_eq!(command(&line), Command::Refused { account: None, id: None, reason });
    }
}

#[test]
fn the_other_commands_are_read() {
    let price = Price::clamped(9_780);
    assert_eq!(
        command(r#"{"ts":0,"cmd":"open_account","account":"B","profile":"standard"}"#),
        Command::OpenAccount { name: label("B"), profile: ProfileId(1) }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"cancel","account":"A","id":"a1"}"#),
        Command::Cancel { account: A, order: OrderRef::Client(label("a1")) }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"cancel_all","account":"A","symbol":"RB","side":"sell"}"#),
        Command::CancelAll { account: A, instrument: Some(RB), side: Some(Side::Sell) }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"cancel_all","account":"A"}"#),
        Command::CancelAll { account: A, instrument: None, side: None }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"mark","symbol":"RB","price":"4890"}"#),
        Command::Mark { instrument: RB, price }
    );
    for phase in Phase::ALL {
        let line =
            format!(r#"{{"ts":0,"cmd":"phase","symbol":"RB","phase":"{}"}}"#, phase.as_str());
        assert_eq!(command(&line), Command::Phase { instrument: RB, phase: *phase });
    }
    assert_eq!(
        command(r#"{"ts":0,"cmd":"band","symbol":"RB","up":"5400","down":"4890"}"#),
        Command::Band { instrument: RB, down: price, up: Price::clamped(10_800) }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"margin","symbol":"RB","initial":"0.15","maintenance":"0.12"}"#),
        Command::Margin {
            instrument: RB,
            account: None,
            initial: MarginRate { share: Ratio::from_nano(150_000_000), per_lot: Money::ZERO },
            maintenance: MarginRate { share: Ratio::from_nano(120_000_000), per_lot: Money::ZERO },
        }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"permission","account":"A","permission":"close_only"}"#),
        Command::Permission { account: A, permission: Permission::CloseOnly }
    );
    assert_eq!(command(r#"{"ts":0,"cmd":"time"}"#), Command::Time);
}

#[test]
fn a_band_off_tick_and_out_of_range_is_off_tick() {
    let line = r#"{"ts":0,"cmd":"band","symbol":"RB","up":"0","down":"4890.1"}"#;
    let reason = Reject::PriceOffTick;
    assert_eq!(command(line), Command::Refused { account: None, id: None, reason });
}

#[test]
fn a_margin_rate_that_does_not_fit_is_refused() {
    for rate in ["-0.1", "1000001", "0.1234567891"] {
        let line = format!(
            r#"{{"ts":0,"cmd":"margin","symbol":"RB","initial":"{rate}","maintenance":"0.1"}}"#
        );
        let reason = Reject::InvalidMargin;
        assert_eq!(command(&line), Command::Refused { account: None, id: None, reason });
    }
}

#[test]
fn a_margin_rate_may_have_an_amount_a_lot() {
    let rate =
        |nano, units| MarginRate { share: Ratio::from_nano(nano), per_lot: Money::new(units) };
    let line = r#"{"ts":0,"cmd":"margin","symbol":"RB","initial":{"per_lot":"12.5","share":0.1},"maintenance":{"per_lot":10}}"#;
    assert_eq!(
        command(line),
        Command::Margin {
            instrument: RB,
            account: None,
            initial: rate(100_000_000, 1_250),
            maintenance: rate(0, 1_000),
        }
    );
    for (wrong, expected) in [
        (r#"{"perlot":"1"}"#, "initial.perlot: expected share or per_lot, found an unknown field"),
        (r#"{"share":"1","share":"1"}"#, "initial.share: expected each field once, found it again"),
        (r#"{"share":true}"#, "initial.share: expected a decimal, found true"),
        (r#"{"share":{}}"#, "initial.share: expected a string, a number, true or false, found {}"),
        (r#"["0.1"]"#, "initial: expected a JSON object, found [\"0.1\"]"),
    ] {
        let line = line.replace(r#"{"per_lot":"12.5","share":0.1}"#, wrong);
        let error = error(&line);
        assert!(error.contains(expected), "{error}");
    }
    for wrong in [r#"{"per_lot":"-1"}"#, r#"{"per_lot":"0.001"}"#, r#"{"share":"-0.1"}"#] {
        let line = line.replace(r#"{"per_lot":"12.5","share":0.1}"#, wrong);
        let reason = Reject::InvalidMargin;
        assert_eq!(command(&line), Command::Refused { account: None, id: None, reason });
    }
}

#[test]
fn an_amount_a_lot_is_bounded_where_money_has_many_places() {
    let text = CONFIG.replace("money_decimals = 2", "money_decimals = 8");
    let spec = read_config("E.toml", &text).expect("a good configuration");
    let exchange = Exchange::new(spec.clone());
    let resolved = |amount: &str| {
        let line = format!(
            r#"{{"ts":0,"cmd":"margin","symbol":"RB","initial":{{"per_lot":"{amount}"}},"maintenance":"0"}}"#
        );
        Line::read(line.as_bytes(), &spec).expect("a good line").resolve(&exchange)
    };
    // 10^10 is 10^18 units of 10^-8.
    assert!(matches!(resolved("10000000000"), Command::Margin { .. }));
    let reason = Reject::InvalidMargin;
    let refused = Command::Refused { account: None, id: None, reason };
    assert_eq!(resolved("10000000000.00000001"), refused);
}

#[test]
fn days_and_their_trades_are_settled_and_busted() {
    assert_eq!(
        command(r#"{"ts":0,"cmd":"settle"}"#),
        Command::Settle { instrument: None, price: None }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"settle","symbol":"RB"}"#),
        Command::Settle { instrument: Some(RB), price: None }
    );
    let price = Some(Price::clamped(9_900));
    assert_eq!(
        command(r#"{"ts":0,"cmd":"settle","symbol":"RB","price":"4950"}"#),
        Command::Settle { instrument: Some(RB), price }
    );
    assert_eq!(
        error(r#"{"ts":0,"cmd":"settle","price":"4950"}"#),
        "price: expected this field only with symbol, found \"4950\""
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"expire","symbol":"RB","price":4950}"#),
        Command::Expire { instrument: RB, price }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"expire","symbol":"RB"}"#),
        Command::Expire { instrument: RB, price: None }
    );
    assert_eq!(
        command(r#"{"ts":0,"cmd":"delist","symbol":"RB"}"#),
        Command::Delist { instrument: RB }
    );
    assert_eq!(command(r#"{"ts":0,"cmd":"bust","trade":17}"#), Command::Bust { trade: 17 });
    for wrong in ["\"17\"", "-1", "1.5", "017", "9223372036854775808", "[1]"] {
        let error = error(&format!(r#"{{"ts":0,"cmd":"bust","trade":{wrong}}}"#));
        assert!(error.starts_with("trade: expected a"), "{error}");
    }
}

#[test]
fn what_names_no_instrument_is_refused_before_its_price() {
    for (line, reason) in [
        (r#""settle","symbol":"CU","price":"0.1""#, Reject::UnknownSymbol),
        (r#""settle","symbol":"RB","price":"0.1""#, Reject::PriceOffTick),
        (r#""expire","symbol":"CU","price":"0""#, Reject::UnknownSymbol),
        (r#""expire","symbol":"RB","price":"0""#, Reject::PriceOutOfRange),
        (r#""delist","symbol":"CU""#, Reject::UnknownSymbol),
    ] {
        let line = format!(r#"{{"ts":0,"cmd":{line}}}"#);
        assert_eq!(command(&line), Command::Refused { account: None, id: None, reason }, "{line}");
    }
}

#[test]
fn escapes_and_field_order_do_not_matter() {
    let line = r#"{"\u0063md":"c\u0061ncel","id":"\u0061\u0031","account":"\u0041","ts":0}"#;
    let expected = Command::Cancel { account: A, order: OrderRef::Client(label("a1")) };
    assert_eq!(command(line), expected);
}

#[test]
fn an_error_names_the_field() {
    let good = order(r#""price":"5000","qty":"4""#);
    let cases = [
        (
            r#""ts":1"#,
            r#""ts":-1"#,
            "ts: expected whole nanoseconds from 0 to 9223372036854775807, found -1",
        ),
        (
            r#""ts":1"#,
            r#""ts":1.0"#,
            "ts: expected whole nanoseconds from 0 to 9223372036854775807, found 1.0",
        ),
        (
            r#""ts":1"#,
            r#""ts":9223372036854775808"#,
            "ts: expected whole nanoseconds from 0 to 9223372036854775807, found 9223372036854775808",
        ),
        (
            r#""ts":1,"#,
            "",
            "ts: expected whole nanoseconds from 0 to 9223372036854775807, found nothing",
        ),
        (
            r#""ts":1"#,
            r#""ts":"1""#,
            "ts: expected whole nanoseconds from 0 to 9223372036854775807, found \"1\"",
        ),
        (
            r#""price":"5000""#,
            r#""price":"5e3""#,
            "price: expected a decimal such as \"12.5\", without exponent, found \"5e3\"",
        ),
        (
            r#""price":"5000""#,
            r#""price":5e3"#,
            "price: expected a decimal such as \"12.5\", without exponent, found 5e3",
        ),
        (r#""price":"5000""#, r#""price":null"#, "price: expected a decimal, found null"),
        (
            r#""price":"5000""#,
            r#""price":"1000000000000000""#,
            "price: expected a decimal below 10^15 in absolute value, found \"1000000000000000\"",
        ),
        (r#""price":"5000","#, "", "price: expected a decimal, found nothing"),
        (r#""side":"buy""#, r#""side":"bid""#, "side: expected \"buy\" or \"sell\", found \"bid\""),
        (
            r#""account":"A""#,
            r#""account":1"#,
            "account: expected a string of 1 to 39 bytes, found 1",
        ),
        (r#""id":"a1""#, r#""id":"""#, "id: expected a string of 1 to 39 bytes, found \"\""),
        (r#""qty":"4""#, r#""qty":"4","qty":"4""#, "qty: expected each field once, found it again"),
        (
            r#""qty":"4""#,
            r#""qty":"4","colour":"red""#,
            "colour: expected a field of this command, found an unknown field",
        ),
        (
            r#""qty":"4""#,
            r#""qty":"4","amount":"1""#,
            "amount: expected a field of this command, found an unknown field",
        ),
        (
            r#""qty":"4""#,
            r#""qty":"4","post_only":"true""#,
            "post_only: expected true or false, found \"true\"",
        ),
        (
            r#""qty":"4""#,
            r#""qty":{"lots":4}"#,
            "qty: expected a string, a number, true or false, found {\"lots\":4}",
        ),
    ];
    for (from, to, expected) in cases {
        assert!(good.contains(from), "{from}");
        assert_eq!(error(&good.replacen(from, to, 1)), expected);
    }
}

#[test]
fn an_unknown_command_is_named_before_its_fields() {
    let error = error(r#"{"ts":0,"cmd":"buy","lots":3}"#);
    assert!(error.starts_with("cmd: expected \"order\" or \"cancel\" or "), "{error}");
    assert!(error.ends_with(", found \"buy\""), "{error}");
}

#[test]
fn no_line_panics() {
    let (spec, exchange) = (spec(), exchange());
    for good in [
        order(
            r#""price":"5000","qty":"4","smp":"none","type":"stop_limit","trigger":"1","tif":"gtd","expires":7"#,
        ),
        r#"{"ts":1,"cmd":"margin","symbol":"RB","initial":{"share":"0.1","per_lot":5},"maintenance":"0"}"#
            .to_owned(),
        listing::LIST.to_owned(),
    ] {
        assert!(Line::read(good.as_bytes(), &spec).is_ok(), "{good}");
        for at in 0..good.len() {
            assert!(Line::read(&good.as_bytes()[..at], &spec).is_err());
            for byte in 0..=255u8 {
                let mut line = good.clone().into_bytes();
                line[at] = byte;
                if let Ok(line) = Line::read(&line, &spec) {
                    line.resolve(&exchange);
                }
            }
        }
    }
}
