//! Rules beyond plain price-time trading.

use super::*;
use plimsoll_types::{
    Allocation, LimitGrowth, LimitLadder, LimitPriority, LimitState, SettlementMethod, TradePrice,
    TradingRules, Volatility,
};

/// FULL with more keys in its instrument.
fn with(keys: &str) -> Result<TradingRules, String> {
    let text = FULL.replacen("multiplier = \"10\"", &format!("multiplier = \"10\"\n{keys}"), 1);
    match read_config("E.toml", &text) {
        Ok(spec) => Ok(spec.instruments[0].rules.clone()),
        Err(error) => Err(error.to_string()),
    }
}

fn regular() -> TradingRules {
    TradingRules { price_limit: Some(nano("0.08")), ..TradingRules::default() }
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn by_default_there_is_nothing_but_the_regular_limit() {
    assert_eq!(with(""), Ok(regular()));
    let bare = FULL.replace("price_limit = \"0.08\"\n", "");
    let spec = read_config("E.toml", &bare).expect("a good configuration");
    assert_eq!(spec.instruments[0].rules, TradingRules::default());
    assert_eq!(spec.instruments[0].band, None);
}

#[test]
fn switches_have_words() {
    assert_eq!(
        with(
            "market_protection = 0\nlimit_priority = \"close_first\"\ntrade_price = \"median\"\nsettlement_price = \"last_hour\""
        ),
        Ok(TradingRules {
            market_protection: Some(0),
            limit_priority: LimitPriority::CloseFirst,
            trade_price: TradePrice::Median,
            settlement_price: SettlementMethod::LastHour,
            ..regular()
        })
    );
    let price = |word: &str| {
        with(&format!("settlement_price = \"{word}\"")).map(|rules| rules.settlement_price)
    };
    assert_eq!(price("last"), Ok(SettlementMethod::Last));
    assert_eq!(price("day_average"), Ok(SettlementMethod::DayAverage));
    for phase in Phase::ALL {
        let text = FULL.replacen(
            "multiplier = \"10\"",
            &format!("multiplier = \"10\"\nphase = \"{}\"", phase.as_str()),
            1,
        );
        let spec = read_config("E.toml", &text).expect("a good configuration");
        assert_eq!(spec.instruments[0].phase, *phase);
    }
}

#[test]
fn a_level_is_shared_out_by_time_in_proportion_or_both() {
    let allocation = |keys: &str| with(&format!("allocation = {keys}")).map(|r| r.allocation);
    assert_eq!(allocation("\"time\""), Ok(Allocation::Time));
    assert_eq!(allocation("\"pro_rata\""), Ok(Allocation::ProRata { fifo: Ratio::ZERO }));
    assert_eq!(allocation("{ fifo = \"0.4\" }"), Ok(Allocation::ProRata { fifo: nano("0.4") }));
}

#[test]
fn limits_grow_by_steps_or_by_a_factor() {
    let ladder = |keys: &str| with(&format!("limit_ladder = {keys}")).map(|r| r.limit_ladder);
    let steps = LimitGrowth::Steps([nano("0.03"), nano("0.05")]);
    assert_eq!(
        ladder("{ steps = [\"0.03\", \"0.05\"] }"),
        Ok(Some(LimitLadder { growth: steps, margin_add: nano("0.02"), window: 300 * SECOND }))
    );
    let growth = LimitGrowth::Factor(nano("1.5"));
    assert_eq!(
        ladder("{ factor = \"1.5\", margin_add = \"0\", window = \"0s\" }"),
        Ok(Some(LimitLadder { growth, margin_add: Ratio::ZERO, window: 0 }))
    );
}

#[test]
fn a_corridor_and_a_limit_state_are_read() {
    assert_eq!(
        with(
            "volatility = { share = \"0.05\", window = \"1m\", auction = \"2m\" }\nlimit_state = { after = \"15s\", pause = \"5m\", auction = \"2m\" }"
        ),
        Ok(TradingRules {
            volatility: Some(Volatility {
                share: nano("0.05"),
                window: 60 * SECOND,
                auction: 120 * SECOND,
            }),
            limit_state: Some(LimitState {
                after: 15 * SECOND,
                pause: 300 * SECOND,
                auction: 120 * SECOND,
            }),
            ..regular()
        })
    );
}

#[test]
fn a_rule_that_means_nothing_is_refused() {
    for (keys, expected) in [
        (
            "market_protection = -1",
            "market_protection: expected a whole number from 0 to 1073741824, found -1",
        ),
        (
            "market_protection = \"20\"",
            "market_protection: expected a whole number from 0 to 1073741824, found \"20\"",
        ),
        (
            "limit_priority = \"size\"",
            "limit_priority: expected \"time\" or \"close_first\", found \"size\"",
        ),
        ("trade_price = \"mid\"", "trade_price: expected \"maker\" or \"median\", found \"mid\""),
        (
            "settlement_price = \"vwap\"",
            "settlement_price: expected \"day_average\" or \"last_hour\" or \"last\", found \"vwap\"",
        ),
        (
            "phase = \"open\"",
            "phase: expected \"continuous\" or \"auction\" or \"halted\" or \"closed\" or \"pre_open\" or \"no_cancel\" or \"volatility\", found \"open\"",
        ),
        ("allocation = \"size\"", "allocation: expected \"time\" or \"pro_rata\", found \"size\""),
        ("allocation = {}", "allocation.fifo: expected a value, found nothing"),
        ("allocation = { fifo = \"1.1\" }", "allocation.fifo: expected a share from 0 to 1"),
        ("allocation = { lifo = \"0.1\" }", "allocation.lifo: expected one of fifo, found lifo"),
        ("limit_ladder = {}", "limit_ladder.steps: expected steps, or a factor, found nothing"),
        ("limit_ladder = \"0.03\"", "limit_ladder: expected a table, found \"0.03\""),
        (
            "limit_ladder = { steps = \"0.03\" }",
            "limit_ladder.steps: expected an array, found \"0.03\"",
        ),
        (
            "limit_ladder = { steps = [\"0.03\"] }",
            "limit_ladder.steps: expected two shares, the second above the first, found an array",
        ),
        (
            "limit_ladder = { steps = [\"0.03\", \"0.03\"] }",
            "limit_ladder.steps[1]: expected two shares, the second above the first, found \"0.03\"",
        ),
        (
            "limit_ladder = { steps = [\"-0.03\", \"0.03\"] }",
            "limit_ladder.steps[0]: expected 0 to 1000000",
        ),
        (
            "limit_ladder = { factor = \"0.9\" }",
            "limit_ladder.factor: expected a factor from 1, found \"0.9\"",
        ),
        (
            "limit_ladder = { factor = \"1.5\", steps = [\"0.03\", \"0.05\"] }",
            "limit_ladder.factor: expected steps or a factor, not both, found \"1.5\"",
        ),
        (
            "limit_ladder = { factor = \"1.5\", days = 3 }",
            "limit_ladder.days: expected one of steps, factor, margin_add, window, found days",
        ),
        (
            "limit_ladder = { factor = \"1.5\", margin_add = \"1000000\" }",
            "limit_ladder: expected limits and margins that stay at or under 1000000, found a table",
        ),
        (
            "limit_ladder = { factor = \"1.5\", window = \"5\" }",
            "limit_ladder.window: expected a duration",
        ),
        (
            "volatility = { window = \"1m\", auction = \"2m\" }",
            "volatility.share: expected a value, found nothing",
        ),
        (
            "volatility = { share = \"0\", window = \"1m\", auction = \"2m\" }",
            "volatility.share: expected a share above 0, found \"0\"",
        ),
        (
            "volatility = { share = \"1.5\", window = \"1m\", auction = \"2m\" }",
            "volatility.share: expected a share from 0 to 1",
        ),
        (
            "volatility = { share = \"0.05\", auction = \"2m\" }",
            "volatility.window: expected a value, found nothing",
        ),
        (
            "volatility = { share = \"0.05\", window = \"1m\", auction = \"0s\" }",
            "volatility.auction: expected a duration above \"0s\", found \"0s\"",
        ),
        (
            "volatility = { share = \"0.05\", window = \"1m\", auction = \"2m\", pause = \"1m\" }",
            "volatility.pause: expected one of share, window, auction, found pause",
        ),
        (
            "limit_state = { after = \"15s\", pause = \"5m\" }",
            "limit_state.auction: expected a value, found nothing",
        ),
        (
            "limit_state = { after = \"0s\", pause = \"5m\", auction = \"2m\" }",
            "limit_state.after: expected a duration above \"0s\", found \"0s\"",
        ),
        (
            "limit_state = { after = \"15s\", pause = \"0s\", auction = \"2m\" }",
            "limit_state.pause: expected a duration above \"0s\", found \"0s\"",
        ),
        ("calendar = \"night\"", "calendar: expected the name of a [[calendar]], found \"night\""),
        ("calendar = 1", "calendar: expected a name of 1 to 39 bytes, found 1"),
    ] {
        let error = with(keys).expect_err(keys);
        let place = "E.toml:12: instrument[0].";
        assert!(error.starts_with(&format!("{place}{expected}")), "{keys} gave {error}");
    }
}

#[test]
fn a_ladder_and_a_limit_state_need_a_limit() {
    let bare = FULL.replace("price_limit = \"0.08\"\n", "");
    for keys in [
        "limit_ladder = { factor = \"1.5\" }",
        "limit_state = { after = \"15s\", pause = \"5m\", auction = \"2m\" }",
    ] {
        let text = bare.replacen("multiplier = \"10\"", &format!("multiplier = \"10\"\n{keys}"), 1);
        let error = read_config("E.toml", &text).expect_err("no limit").to_string();
        let key = &keys[..keys.find(' ').expect("a key")];
        let expected = "expected price_limit to be given with it, found a table";
        assert_eq!(error, format!("E.toml:12: instrument[0].{key}: {expected}"));
    }
}
