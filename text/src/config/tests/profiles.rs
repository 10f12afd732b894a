//! Margin modes, and tiers of two bases.

use super::*;
use plimsoll_types::MarginMode;

#[test]
fn positions_are_isolated_only_where_they_are_net() {
    let isolated =
        FULL.replacen("name = \"standard\"", "name = \"standard\"\nmargin_mode = \"isolated\"", 1);
    let spec = read_config("E.toml", &isolated).expect("a good configuration");
    assert_eq!(spec.profiles[1].margin_mode, MarginMode::Isolated);
    assert_eq!(spec.profiles[0].margin_mode, MarginMode::Cross);
    let legs = isolated.replacen(
        "money_decimals = 4",
        "money_decimals = 4\nposition_mode = \"long_short\"",
        1,
    );
    let error = read_config("E.toml", &legs).expect_err("legs").to_string();
    assert_eq!(
        error,
        "E.toml:20: profile[0].margin_mode: expected \"cross\", as only position_mode \"net\" isolates positions, found \"isolated\""
    );
    let error = error_of("name = \"standard\"", "name = \"standard\"\nmargin_mode = \"portfolio\"");
    assert_eq!(
        error,
        "E.toml:19: profile[0].margin_mode: expected \"cross\" or \"isolated\", found \"portfolio\""
    );
}

fn error_of(from: &str, to: &str) -> String {
    super::error(from, to)
}

/// A broker's margin over 100 % calls, the exchange's over 100 % liquidates.
const TWO: &str = "name = \"exchange\"\nbasis = \"maintenance\"\nat = \"0.95\"";

#[test]
fn tiers_of_another_basis_have_an_order_of_their_own() {
    let text = FULL.replacen("name = \"liquidation\"\nat = \"1.20\"", TWO, 1);
    let spec = read_config("E.toml", &text).expect("a good configuration");
    let bases: Vec<_> = spec.profiles[1].tiers.iter().map(|tier| (tier.basis, tier.at)).collect();
    assert_eq!(
        bases,
        [
            (Basis::Initial, nano("0.8")),
            (Basis::Initial, nano("1")),
            (Basis::Maintenance, nano("0.95"))
        ]
    );
    // The target is of the profile's basis: what another basis calls 0.95 says nothing about it.
    let target = text.replacen("target = \"0.90\"", "target = \"0.99\"", 1);
    assert!(read_config("E.toml", &target).is_ok());
    let own = target.replacen("basis = \"maintenance\"\n", "basis = \"initial\"\n", 1);
    assert!(read_config("E.toml", &own).is_err());
    let error = error_of("at = \"0.80\"", "at = \"0.80\"\nbasis = \"house\"");
    assert_eq!(
        error,
        "E.toml:22: profile[0].tier[0].basis: expected \"initial\" or \"maintenance\", found \"house\""
    );
}

#[test]
fn a_profiles_basis_is_its_tiers() {
    let text =
        FULL.replacen("name = \"standard\"", "name = \"standard\"\nbasis = \"maintenance\"", 1);
    let spec = read_config("E.toml", &text).expect("a good configuration");
    assert!(spec.profiles[1].tiers.iter().all(|tier| tier.basis == Basis::Maintenance));
}

#[test]
fn each_basis_rises() {
    let second = "name = \"second\"\nbasis = \"maintenance\"\nat = \"0.95\"\naction = \"notify\"\n[[profile.tier]]\nname = \"liquidation\"\nbasis = \"maintenance\"\nat = \"0.95\"";
    let text = FULL.replacen("name = \"liquidation\"\nat = \"1.20\"", second, 1);
    let error = read_config("E.toml", &text).expect_err("no order").to_string();
    assert_eq!(
        error,
        "E.toml:37: profile[0].tier[3].at: expected tiers in rising order of danger: above the tier before, found \"0.95\""
    );
}
