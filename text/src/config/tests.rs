//! What a configuration means, and the line that refuses each wrong one.

mod accounts;
mod calendars;
mod liquidation;
mod profiles;
mod risk;
mod rules;
mod schedules;

use super::*;
use plimsoll_types::{
    Action, Band, Basis, Fees, InstrumentKind, LockedPolicy, MarginRate, MarkSource, MeasureKind,
    Phase, Price, Profile, ProfileId, ProtectionPrice, Qty, Ratio, SelectKey, Step, WaterfallStage,
};

const FULL: &str = r#"[exchange]
currency = "CNY"
money_decimals = 4
[insurance_fund]
initial = "1000.5"
[[instrument]]
symbol = "RB"
kind = "future"
tick_size = "1"
lot_size = "1"
multiplier = "10"
prev_settlement = "5000"
price_limit = "0.08"
margin_initial = "0.10"
margin_maintenance = "0.075"
fee_open = { per_lot = "5" }
[[profile]]
name = "standard"
[[profile.tier]]
name = "warning"
at = "0.80"
action = "notify"
[[profile.tier]]
name = "call"
at = "1.00"
action = "call"
grace = "30m"
also = ["close_only"]
[[profile.tier]]
name = "liquidation"
at = "1.20"
action = "liquidate"
[profile.liquidation]
target = "0.90"
select = ["largest_loss", "symbol:RB"]
price = { ticks_through = 20 }
batch_max = "50"
book_share = "0.25"
interval = "1s"
waterfall = ["insurance_fund", "debt"]
[[account]]
name = "A"
profile = "standard"
deposit = "100000"
[[account]]
name = "M"
profile = "unlimited"
"#;

fn spec() -> ExchangeSpec {
    read_config("E.toml", FULL).expect("a good configuration")
}

/// The error of FULL with `from` replaced by `to`.
fn error(from: &str, to: &str) -> String {
    assert!(FULL.contains(from), "{from:?} is not in the text");
    match read_config("E.toml", &FULL.replacen(from, to, 1)) {
        Ok(_) => panic!("{to:?} was taken"),
        Err(error) => error.to_string(),
    }
}

fn nano(text: &str) -> Ratio {
    decimal::ratio(decimal::parse(text.as_bytes()).expect("a decimal")).expect("a ratio")
}

#[test]
fn the_exchange_is_read() {
    let spec = spec();
    assert_eq!(spec.currency.as_str(), "CNY");
    assert_eq!(spec.money_decimals, 4);
    assert_eq!(spec.floating_profit, FloatingProfit::All);
    assert_eq!(spec.insurance_fund, Money::new(10_005_000));
    assert_eq!(spec.bust_window, 65_536);
    assert!(spec.calendars.is_empty());
    assert_eq!(spec.accounts[0].profile, ProfileId(1));
    assert_eq!(spec.accounts[0].deposit, Money::new(1_000_000_000));
    assert_eq!(spec.accounts[1].profile, ProfileId::UNLIMITED);
    assert_eq!(spec.accounts[1].deposit, Money::ZERO);
}

#[test]
fn an_instrument_is_read_with_its_defaults() {
    let spec = spec();
    let rb = &spec.instruments[0];
    assert_eq!((rb.symbol.as_str(), rb.kind), ("RB", InstrumentKind::Future));
    assert_eq!(rb.multiplier, Step { mantissa: 10, decimals: 0 });
    assert_eq!(rb.tick_value, 100_000);
    assert_eq!(rb.prev_settlement, Price::clamped(5000));
    assert_eq!(rb.band, Some(Band { down: Price::clamped(4600), up: Price::clamped(5400) }));
    assert_eq!(rb.initial, MarginRate { share: nano("0.1"), per_lot: Money::ZERO });
    assert_eq!(rb.maintenance, MarginRate { share: nano("0.075"), per_lot: Money::ZERO });
    let open = MarginRate { share: Ratio::ZERO, per_lot: Money::new(50_000) };
    assert_eq!(rb.fees, Fees { open, ..Fees::default() });
    assert_eq!((rb.mark, rb.phase), (MarkSource::Last, Phase::Continuous));
    assert!(rb.liquidation_moves_mark);
}

#[test]
fn a_profile_is_read() {
    let spec = spec();
    assert_eq!(spec.profiles[0], Profile::unlimited());
    let standard = &spec.profiles[1];
    assert_eq!(standard.measure, MeasureKind::MarginOverEquity);
    assert_eq!(standard.basis, Basis::Initial);
    let call = &standard.tiers[1];
    assert_eq!((call.at, call.release), (Ratio::ONE, Ratio::ONE));
    assert_eq!(call.action, Action::Call { grace: Some(1_800_000_000_000) });
    assert!(call.close_only && !call.cancel_opening);
    assert!(!standard.tiers[0].close_only);
    let liquidation = &standard.liquidation;
    assert_eq!(liquidation.target, nano("0.9"));
    assert_eq!(liquidation.select, [SelectKey::LargestLoss, SelectKey::Symbols(vec![0])]);
    assert_eq!(liquidation.price, ProtectionPrice::TicksThrough(20));
    assert_eq!(liquidation.batch_max, Qty::new(50));
    assert_eq!(liquidation.book_share, nano("0.25"));
    assert_eq!(liquidation.interval, 1_000_000_000);
    assert_eq!(liquidation.locked, LockedPolicy::Park);
    assert_eq!(liquidation.waterfall, [WaterfallStage::InsuranceFund, WaterfallStage::Debt]);
}

#[test]
fn a_band_is_rounded_inward_to_the_tick() {
    let text = FULL
        .replace("tick_size = \"1\"", "tick_size = \"0.01\"")
        .replace("\"5000\"", "\"9.09\"")
        .replace("\"0.08\"", "\"0.1\"");
    let spec = read_config("E.toml", &text).expect("a good configuration");
    // 9.09 x 1.1 = 9.999, 9.09 x 0.9 = 8.181
    let band = Band { down: Price::clamped(819), up: Price::clamped(999) };
    assert_eq!(spec.instruments[0].band, Some(band));
}

#[test]
fn thresholds_fall_under_equity_over_margin() {
    let text = FULL
        .replace("name = \"standard\"\n", "name = \"standard\"\nmeasure = \"equity/margin\"\n")
        .replace("at = \"0.80\"", "at = \"1.25\"")
        .replace("at = \"1.20\"", "at = \"0.75\"\nrelease = \"0.80\"")
        .replace("target = \"0.90\"", "target = \"1.1\"");
    let spec = read_config("E.toml", &text).expect("a good configuration");
    assert_eq!(spec.profiles[1].tiers[2].release, nano("0.8"));
    let passed = text.replace("target = \"1.1\"", "target = \"0.7\"");
    let error = read_config("E.toml", &passed).expect_err("a target past its trigger").to_string();
    assert!(error.contains("profile[0].liquidation.target: expected a target not past"), "{error}");
}

#[test]
fn an_error_names_file_line_and_field() {
    assert_eq!(
        error("tick_size = \"1\"", "tick_size = \"0\""),
        "E.toml:9: instrument[0].tick_size: expected a decimal above 0 with at most 18 digits, found \"0\""
    );
    assert_eq!(
        error("at = \"1.20\"", "at = \"1.00\""),
        "E.toml:31: profile[0].tier[2].at: expected tiers in rising order of danger: above the tier before, found \"1.00\""
    );
    assert_eq!(
        error("lot_size = \"1\"\n", ""),
        "E.toml:6: instrument[0].lot_size: expected a value, found nothing"
    );
    assert_eq!(
        error("lot_size = \"1\"\n", "lot_size = 1\n"),
        "E.toml:10: instrument[0].lot_size: expected a decimal in quotes such as \"0.08\", found 1"
    );
    assert_eq!(
        error("waterfall = [\"insurance_fund\", \"debt\"]", "waterfall = [\"insurance_fund\"]"),
        "E.toml:40: profile[0].liquidation.waterfall: expected an end: a last stage \"socialise\" or \"debt\" that takes the whole rest, found an array"
    );
}

#[test]
fn a_key_given_twice_or_unknown_is_refused() {
    let twice = error("lot_size = \"1\"\n", "lot_size = \"1\"\nlot_size = \"1\"\n");
    assert_eq!(twice, "E.toml:11: lot_size: expected valid TOML, found duplicate key");
    let unknown = error("lot_size = \"1\"\n", "lot_size = \"1\"\nlotsize = \"1\"\n");
    assert!(
        unknown.starts_with("E.toml:11: instrument[0].lotsize: expected one of symbol,"),
        "{unknown}"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    for (from, to, field) in [
        ("money_decimals = 4", "money_decimals = 9", "exchange.money_decimals"),
        ("money_decimals = 4", "money_decimals = \"4\"", "exchange.money_decimals"),
        ("multiplier = \"10\"", "multiplier = \"0.00001\"", "instrument[0].tick_size"),
        ("\"5000\"", "\"5000.5\"", "instrument[0].prev_settlement"),
        ("\"5000\"", "\"0\"", "instrument[0].prev_settlement"),
        ("\"5000\"", "\"5e3\"", "instrument[0].prev_settlement"),
        ("price_limit = \"0.08\"", "price_limit = \"-0.08\"", "instrument[0].price_limit"),
        ("margin_initial = \"0.10\"", "margin_initial = \"0.07\"", "instrument[0].margin_initial"),
        ("margin_initial = \"0.10\"", "margin_initial = \"-0.1\"", "instrument[0].margin_initial"),
        ("{ per_lot = \"5\" }", "{ per_lot = \"-5\" }", "instrument[0].fee_open.per_lot"),
        ("{ per_lot = \"5\" }", "{ perlot = \"5\" }", "instrument[0].fee_open.perlot"),
        (
            "{ per_lot = \"5\" }",
            "{ per_lot = \"100000000000000.0001\" }",
            "instrument[0].fee_open.per_lot",
        ),
        ("grace = \"30m\"", "grace = \"30 minutes\"", "profile[0].tier[1].grace"),
        ("grace = \"30m\"\n", "", "profile[0].tier[1].grace"),
        ("action = \"notify\"", "action = \"notify\"\ngrace = \"1s\"", "profile[0].tier[0].grace"),
        ("at = \"0.80\"", "at = \"0.80\"\nrelease = \"0.81\"", "profile[0].tier[0].release"),
        ("at = \"1.00\"", "at = \"1.00\"\nrelease = \"0.7\"", "profile[0].tier[1].release"),
        ("name = \"warning\"", "name = \"call\"", "profile[0].tier[1].name"),
        ("name = \"warning\"", "name = \"normal\"", "profile[0].tier[0].name"),
        ("name = \"standard\"", "name = \"unlimited\"", "profile[0].name"),
        ("target = \"0.90\"", "target = \"1.21\"", "profile[0].liquidation.target"),
        ("target = \"0.90\"\n", "", "profile[0].liquidation.target"),
        ("symbol:RB", "symbol:CU", "profile[0].liquidation.select[1]"),
        ("batch_max = \"50\"", "batch_max = \"0\"", "profile[0].liquidation.batch_max"),
        ("book_share = \"0.25\"", "book_share = \"1.25\"", "profile[0].liquidation.book_share"),
        (
            "\"insurance_fund\", \"debt\"",
            "\"debt\", \"insurance_fund\"",
            "profile[0].liquidation.waterfall[1]",
        ),
        ("profile = \"standard\"", "profile = \"vip\"", "account[0].profile"),
        ("name = \"A\"", "name = \"$fund\"", "account[0].name"),
        ("name = \"M\"", "name = \"A\"", "account[1].name"),
        ("deposit = \"100000\"", "deposit = \"-1\"", "account[0].deposit"),
        ("deposit = \"100000\"", "deposit = \"1.00001\"", "account[0].deposit"),
        ("currency = \"CNY\"", "currency = \"\"", "exchange.currency"),
        (
            "money_decimals = 4",
            "money_decimals = 4\nbust_window = 16777217",
            "exchange.bust_window",
        ),
        ("money_decimals = 4", "money_decimals = 4\nbust_window = \"1\"", "exchange.bust_window"),
        ("[insurance_fund]", "[insurance]", "insurance"),
    ] {
        let error = error(from, to);
        assert!(error.contains(&format!(" {field}: expected ")), "{to:?} gave {error}");
        assert!(!error.contains("not supported yet"), "{error}");
    }
}

#[test]
fn switches_at_their_defaults_are_taken() {
    let text = FULL
        .replacen(
            "multiplier = \"10\"",
            "multiplier = \"10\"\nmargin_price = \"mark\"\nlarge_side = false\nclose_rule = \"oldest_first\"\nlimit_priority = \"time\"\ntrade_price = \"maker\"\nsettlement_price = \"day_average\"",
            1,
        )
        .replacen("name = \"standard\"", "name = \"standard\"\nmargin_mode = \"cross\"", 1)
        .replacen("money_decimals = 4", "money_decimals = 4\nposition_mode = \"net\"\nschema = 1", 1)
        .replacen("target = \"0.90\"", "target = \"0.90\"\npolicy = \"least\"\nauction = \"wait\"\nlocked = \"park\"\nadl_rank = \"profit_leverage\"\nadl_price = \"bankruptcy\"", 1)
        .replacen("name = \"A\"", "name = \"A\"\nhedger = false", 1);
    assert_eq!(read_config("E.toml", &text).expect("a good configuration"), spec());
}

#[test]
fn no_text_panics() {
    for end in 0..=FULL.len() {
        let _ = read_config("E.toml", &FULL[..end]);
    }
    let deep = format!("a = {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in
        ["", "\u{feff}", "\0", "[[instrument]]", "instrument = 1", "[exchange", "a.b.c = 1", &deep]
    {
        let error = read_config("E.toml", text).expect_err("nothing to trade").to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
