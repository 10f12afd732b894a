//! Comparisons written by hand, and what is said of them.

use super::super::comparison::{Compared, Entry, judge};
use super::super::metrics::metric_at;
use super::super::statistics::Estimate;
use super::*;

/// A comparison of variants; each metric given has the runs of every variant, the baseline first, and all others are zero throughout.
fn comparison(names: &[&str], given: &[(&str, &[[f64; 4]])]) -> Comparison {
    let runs = |metric: usize, variant: usize| -> [f64; 4] {
        let found = given.iter().find(|(name, _)| metric_at(name) == Some(metric));
        found.map_or([0.0; 4], |(_, runs)| runs[variant])
    };
    let entry = |metric: usize, variant: usize| {
        let (own, base) = (runs(metric, variant), runs(metric, 0));
        let pairs: Vec<f64> = own.iter().zip(base).map(|(own, base)| own - base).collect();
        Entry {
            mean: Estimate::new(&own),
            difference: Estimate::new(&pairs).filter(|_| variant > 0),
            shown: false,
            small: false,
        }
    };
    let compared = |(variant, name): (usize, &&str)| Compared {
        name: (*name).to_owned(),
        changes: Vec::new(),
        runs: 4,
        entries: (0..METRICS.len()).map(|metric| entry(metric, variant)).collect(),
    };
    let mut variants: Vec<Compared> = names.iter().enumerate().map(compared).collect();
    judge(&mut variants, 0);
    Comparison {
        title: "hand".to_owned(),
        scenario: "hand".to_owned(),
        currency: "CNY".to_owned(),
        baseline: 0,
        seeds: vec![1, 2, 3, 4],
        complete: true,
        variants,
    }
}

const BASE: [f64; 4] = [100.0, 110.0, 90.0, 100.0];

/// The base, so much more in every run, give or take a little.
fn more(by: f64) -> [f64; 4] {
    [100.1 + by, 110.0 + by, 89.9 + by, 100.0 + by]
}

#[test]
fn the_verdict_names_who_has_least_of_what_with_values_and_units() {
    let found = comparison(
        &["least", "two-step"],
        &[("liquidated_loss", &[BASE, more(20.0)]), ("debt", &[BASE, more(-18.0)])],
    );
    assert_eq!(
        verdict(&found),
        "No variant wins everywhere: \u{201c}least\u{201d} has least loss of the liquidated (100 CNY; two-step +20, +20 %); \
         \u{201c}two-step\u{201d} has least debt of clients (82 CNY; \u{2212}18, \u{2212}18 % against the baseline)."
    );
}

#[test]
fn a_variant_that_is_best_in_all_that_differs_is_named_once() {
    let found = comparison(
        &["a", "b"],
        &[
            ("liquidated_loss", &[BASE, more(-50.0)]),
            ("slippage_ticks", &[BASE, [120.0, 90.0, 95.0, 101.0]]),
        ],
    );
    assert_eq!(
        verdict(&found),
        "\u{201c}b\u{201d} does best wherever a difference is shown: least loss of the liquidated (50 CNY; \u{2212}50, \u{2212}50 % against the baseline). \
         No difference is shown in slippage."
    );
}

#[test]
fn a_difference_below_a_hundredth_is_none_however_sure() {
    let runs = |by: f64| BASE.map(|run| run + by);
    let found = comparison(&["a", "b"], &[("debt", &[BASE, runs(0.9)])]);
    let debt = metric_at("debt").expect("there");
    let entry = found.variants[1].entries[debt];
    assert!(entry.shown && entry.small && entry.effect(&METRICS[debt]) == Effect::None);
    assert_eq!(
        verdict(&found),
        "No variant is shown to differ from the baseline in debt of clients."
    );
    let found = comparison(&["a", "b"], &[("debt", &[BASE, runs(1.1)])]);
    assert_eq!(found.variants[1].entries[debt].effect(&METRICS[debt]), Effect::Bad);
}

#[test]
fn of_many_comparisons_one_that_only_its_own_interval_holds_does_not_count() {
    // Differences 1, 2, 3, 6 over 100: mean 3, deviation 2.16, t 2.78; alone p = 0.069. 2, 3, 4, 6: t 4.39, p = 0.022.
    let sure = [102.0, 113.0, 94.0, 106.0];
    let alone = comparison(&["a", "b"], &[("debt", &[BASE, sure])]);
    let debt = metric_at("debt").expect("there");
    assert_eq!(alone.variants[1].entries[debt].effect(&METRICS[debt]), Effect::Bad);
    // Among four others that say nothing the line is 0.05 / 5.
    let open = [120.0, 90.0, 95.0, 101.0];
    let among = comparison(
        &["a", "b"],
        &[
            ("debt", &[BASE, sure]),
            ("liquidated_loss", &[BASE, open]),
            ("fund_used", &[BASE, open]),
            ("slippage_ticks", &[BASE, open]),
            ("cascade_depth", &[BASE, open]),
        ],
    );
    assert_eq!(among.variants[1].entries[debt].effect(&METRICS[debt]), Effect::None);
    assert!(
        among.variants[1].entries[debt].difference.expect("one").interval().expect("one")[0] > 0.0
    );
    // Metrics outside the verdict are a family of their own.
    let beside = comparison(
        &["a", "b"],
        &[("debt", &[BASE, sure]), ("trades", &[BASE, open]), ("commands", &[BASE, open])],
    );
    assert_eq!(beside.variants[1].entries[debt].effect(&METRICS[debt]), Effect::Bad);
}

#[test]
fn a_multiple_of_next_to_nothing_is_told_without_percent() {
    let found = comparison(&["a", "b"], &[("debt", &[[0.004; 4], [0.118, 0.117, 0.119, 0.118]])]);
    let debt = metric_at("debt").expect("there");
    assert_eq!(change(&found, 1, debt).as_deref(), Some("+0.114"));
}

#[test]
fn a_unit_is_left_out_only_where_the_label_has_it_as_a_word() {
    let found = comparison(&["a"], &[]);
    let heading = |name: &str| found.heading(&METRICS[metric_at(name).expect("there")]);
    assert_eq!(heading("lots_liquidated"), "lots liquidated");
    assert!(heading("case_seconds").ends_with(", s") && heading("parked_seconds").ends_with(", s"));
}
