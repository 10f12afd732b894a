//! How a case goes about.

use super::*;
use plimsoll_types::{
    AuctionPolicy, DeleveragePrice, DeleverageRank, Liquidation, LockedPolicy, Policy,
};

/// FULL with more keys in its liquidation; they stand from line 35 on.
fn with(keys: &str) -> Result<Liquidation, String> {
    let text = FULL.replacen("target = \"0.90\"", &format!("target = \"0.90\"\n{keys}"), 1);
    match read_config("E.toml", &text) {
        Ok(spec) => Ok(spec.profiles[1].liquidation.clone()),
        Err(error) => Err(error.to_string()),
    }
}

fn good(keys: &str) -> Liquidation {
    with(keys).expect("a good configuration")
}

fn refused(keys: &str, expected: &str) {
    let error = with(keys).expect_err(keys);
    let place = "E.toml:35: profile[0].liquidation.";
    assert!(error.starts_with(&format!("{place}{expected}")), "{keys} gave {error}");
}

#[test]
fn by_default_the_least_goes_and_nothing_special_happens() {
    let plain = good("");
    assert_eq!(plain.policy, Policy::Least);
    assert_eq!((plain.volume_share, plain.backstop), (None, None));
    assert_eq!((plain.locked, plain.auction), (LockedPolicy::Park, AuctionPolicy::Wait));
    assert_eq!(plain.deleverage_rank, DeleverageRank::ProfitLeverage);
    assert_eq!(plain.deleverage_price, DeleveragePrice::Bankruptcy);
}

#[test]
fn policies_are_words_and_tables() {
    let policy = |text: &str| good(&format!("policy = {text}")).policy;
    assert_eq!(policy("\"full\""), Policy::Full);
    assert_eq!(
        policy("{ fraction = \"0.5\", full_below = \"50\" }"),
        Policy::Fraction { fraction: nano("0.5"), full_below: Qty::new(50) }
    );
    let half = Policy::Fraction { fraction: nano("0.5"), full_below: Qty::ZERO };
    assert_eq!(policy("{ fraction = \"0.5\" }"), half);
    assert_eq!(policy("{ fraction = \"0.5\", full_below = \"0\" }"), half);
    assert_eq!(
        policy("{ two_step = \"0.2\", cooldown = \"30s\", above = \"100000\" }"),
        Policy::TwoStep {
            share: nano("0.2"),
            cooldown: 30_000_000_000,
            above: Money::new(1_000_000_000)
        }
    );
    assert_eq!(policy("{ brackets = 2 }"), Policy::Brackets { steps: 2 });
}

#[test]
fn a_policy_that_means_nothing_is_refused() {
    for (policy, expected) in [
        (
            "\"fulll\"",
            "policy: expected \"least\", \"full\", or a table with fraction, two_step or brackets, found \"fulll\"",
        ),
        (
            "{}",
            "policy: expected \"least\", \"full\", or a table with fraction, two_step or brackets",
        ),
        ("{ share = \"1\" }", "policy.share: expected one of fraction, two_step, brackets"),
        ("{ fraction = \"0\" }", "policy.fraction: expected a share above 0, found \"0\""),
        ("{ fraction = \"1.1\" }", "policy.fraction: expected a share from 0 to 1"),
        (
            "{ fraction = \"0.5\", full_below = \"0.5\" }",
            "policy.full_below: expected a whole number of lots, 0 to 2^40 - 1, found \"0.5\"",
        ),
        (
            "{ fraction = \"0.5\", full_below = \"-1\" }",
            "policy.full_below: expected a whole number of lots",
        ),
        (
            "{ fraction = \"0.5\", above = \"1\" }",
            "policy.above: expected one of fraction, full_below, found above",
        ),
        ("{ two_step = \"0.2\" }", "policy.cooldown: expected a value, found nothing"),
        (
            "{ two_step = \"0.2\", cooldown = \"30s\" }",
            "policy.above: expected a value, found nothing",
        ),
        (
            "{ two_step = \"0.2\", cooldown = \"30\", above = \"1\" }",
            "policy.cooldown: expected a duration",
        ),
        (
            "{ two_step = \"0.2\", cooldown = \"30s\", above = \"-1\" }",
            "policy.above: expected an amount from 0",
        ),
        ("{ brackets = 0 }", "policy.brackets: expected a whole number from 1 to 65536, found 0"),
        ("{ brackets = \"1\" }", "policy.brackets: expected a whole number"),
        ("{ brackets = 1, fraction = \"1\" }", "policy.brackets: expected one of fraction"),
    ] {
        refused(&format!("policy = {policy}"), expected);
    }
}

#[test]
fn pacing_and_prices_have_words() {
    let keys = "volume_share = \"0.1\"\nlocked = \"roll\"\nauction = \"join\"\nbackstop = \"0.6667\"\nadl_rank = \"pro_rata\"\nadl_price = \"mark\"";
    let all = good(keys);
    assert_eq!((all.volume_share, all.backstop), (Some(nano("0.1")), Some(nano("0.6667"))));
    assert_eq!((all.locked, all.auction), (LockedPolicy::Roll, AuctionPolicy::Join));
    assert_eq!(all.deleverage_rank, DeleverageRank::ProRata);
    assert_eq!(all.deleverage_price, DeleveragePrice::Mark);
    assert_eq!(good("locked = \"rest\"").locked, LockedPolicy::Rest);
    assert_eq!(good("adl_rank = \"profit_share\"").deleverage_rank, DeleverageRank::ProfitShare);
    let bankrupt = FULL.replacen("price = { ticks_through = 20 }", "price = \"bankruptcy\"", 1);
    let spec = read_config("E.toml", &bankrupt).expect("a good configuration");
    assert_eq!(spec.profiles[1].liquidation.price, ProtectionPrice::Bankruptcy);
}

#[test]
fn pacing_that_means_nothing_is_refused() {
    for (keys, expected) in [
        ("volume_share = \"1.5\"", "volume_share: expected a share from 0 to 1"),
        ("volume_share = 1", "volume_share: expected a decimal in quotes"),
        ("locked = \"wait\"", "locked: expected \"park\" or \"rest\" or \"roll\", found \"wait\""),
        ("auction = true", "auction: expected \"wait\" or \"join\", found true"),
        ("backstop = \"2\"", "backstop: expected a share from 0 to 1"),
        (
            "adl_rank = \"size\"",
            "adl_rank: expected \"profit_leverage\" or \"profit_share\" or \"pro_rata\", found \"size\"",
        ),
        ("adl_price = \"last\"", "adl_price: expected \"bankruptcy\" or \"mark\", found \"last\""),
        ("speed = \"1\"", "speed: expected one of target, policy, select,"),
    ] {
        refused(keys, expected);
    }
}

#[test]
fn a_waterfall_has_each_stage_once_and_an_end() {
    use WaterfallStage::{Debt, Deleverage, InsuranceFund, Socialise};
    let waterfall = |stages: &str| {
        let text = FULL.replacen("[\"insurance_fund\", \"debt\"]", stages, 1);
        read_config("E.toml", &text)
            .map(|spec| spec.profiles[1].liquidation.waterfall.clone())
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        waterfall("[\"insurance_fund\", \"adl\", \"socialise\"]"),
        Ok(vec![InsuranceFund, Deleverage, Socialise])
    );
    assert_eq!(
        waterfall("[\"adl\", \"insurance_fund\", \"debt\"]"),
        Ok(vec![Deleverage, InsuranceFund, Debt])
    );
    assert_eq!(waterfall("[\"socialise\"]"), Ok(vec![Socialise]));
    let end = ": expected an end: a last stage \"socialise\" or \"debt\" that takes the whole rest";
    let after = ": expected nothing after \"socialise\" or \"debt\"";
    for (stages, expected) in [
        ("[]", end),
        ("[\"insurance_fund\"]", end),
        ("[\"insurance_fund\", \"adl\"]", end),
        ("[\"socialise\", \"debt\"]", &format!("[1]{after}, found \"debt\"")),
        ("[\"debt\", \"debt\"]", &format!("[1]{after}, found \"debt\"")),
        ("[\"adl\", \"adl\", \"debt\"]", "[1]: expected each stage once, found \"adl\""),
        ("[\"house\"]", "[0]: expected \"insurance_fund\" or \"adl\" or \"socialise\" or \"debt\""),
        ("\"debt\"", ": expected an array"),
    ] {
        let error = waterfall(stages).expect_err(stages);
        let place = "E.toml:40: profile[0].liquidation.waterfall";
        assert!(error.starts_with(&format!("{place}{expected}")), "{stages} gave {error}");
    }
}
