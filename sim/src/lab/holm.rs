//! Which of many differences count: Student's t for each, Holm's correction for looking at many.
//!
//! Floats: these numbers are shown and never enter an exchange.

use super::statistics::Estimate;
use std::f64::consts::FRAC_2_PI;

/// Chance of even one false difference in a family in which nothing differs.
pub const LEVEL: f64 = 0.05;

/// How likely a mean so far from zero is where there is no difference, both sides; `None` for a single run.
///
/// Where every run differs by the same number it is 0; where none differs, 1.
pub fn p_value(estimate: &Estimate) -> Option<f64> {
    let freedom = estimate.n.checked_sub(1).filter(|freedom| *freedom > 0)?;
    if estimate.deviation == 0.0 {
        return Some(if estimate.mean == 0.0 { 1.0 } else { 0.0 });
    }
    let t = estimate.mean.abs() / (estimate.deviation / (estimate.n as f64).sqrt());
    Some((1.0 - within(t, freedom)).clamp(0.0, 1.0))
}

/// The share of Student's t between -t and t. Cost: O(freedom). Source: Abramowitz and Stegun, 26.7.3 and 26.7.4.
fn within(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2;
    // Terms cos, 2/3 cos^3, 2/3 4/5 cos^5, ... for odd numbers; 1, 1/2 cos^2, 1/2 3/4 cos^4, ... for even ones.
    let mut term = if odd == 1 { cosine } else { 1.0 };
    let mut sum = 0.0;
    for power in (odd..freedom.saturating_sub(1)).step_by(2) {
        sum += term;
        term *= cosine * cosine * (power + 1) as f64 / (power + 2) as f64;
    }
    if odd == 1 { FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

/// Which of the tests of a family count, by Holm: the smallest of m at `LEVEL` / m, the next at `LEVEL` / (m - 1), ... until one does not.
pub fn holm(tests: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..tests.len()).collect();
    order.sort_by(|a, b| tests[*a].total_cmp(&tests[*b]));
    let mut counts = vec![false; tests.len()];
    for (passed, test) in order.into_iter().enumerate() {
        if tests[test] > LEVEL / (tests.len() - passed) as f64 {
            break;
        }
        counts[test] = true;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_inside_agrees_with_the_tables() {
        // 97.5 % points, both sides together 95 %.
        for (freedom, t) in
            [(1, 12.706_205), (2, 4.302_653), (3, 3.182_446), (19, 2.093_024), (30, 2.042_272)]
        {
            assert!((within(t, freedom) - 0.95).abs() < 1e-6, "{freedom}: {}", within(t, freedom));
        }
        // 99.5 % points.
        for (freedom, t) in [(4, 4.604_095), (9, 3.249_836), (60, 2.660_283)] {
            assert!((within(t, freedom) - 0.99).abs() < 1e-6, "{freedom}");
        }
    }

    #[test]
    fn a_sample_of_one_has_no_test_and_one_without_spread_a_sure_one() {
        let p = |sample: &[f64]| p_value(&Estimate::new(sample).expect("a sample"));
        assert_eq!((p(&[3.0]), p(&[2.0, 2.0]), p(&[0.0, 0.0])), (None, Some(0.0), Some(1.0)));
        // 1 and -3: mean -1, error 2, t 0.5 with one degree: 1 - 2/pi atan(0.5) = 0.704833.
        assert!((p(&[1.0, -3.0]).expect("a test") - 0.704_833).abs() < 1e-6);
    }

    #[test]
    fn holm_stops_at_the_first_that_does_not_count() {
        // Of four: 0.05/4 = 0.0125, 0.05/3 = 0.0167, 0.05/2 = 0.025, 0.05.
        assert_eq!(holm(&[0.04, 0.001, 0.03, 0.015]), [false, true, false, true]);
        // Each alone would count; the smallest does not among three, so none does.
        assert_eq!(holm(&[0.02, 0.03, 0.04]), [false; 3]);
        assert_eq!(holm(&[]), [false; 0]);
    }

    #[test]
    fn of_many_that_do_not_differ_one_family_in_twenty_has_a_hit_and_not_most() {
        // Evenly spread tests are what no difference gives: of 81, four lie below 0.05 and Holm lets none count.
        let tests: Vec<f64> = (0..81).map(|n| (f64::from(n) + 0.5) / 81.0).collect();
        assert_eq!(tests.iter().filter(|test| **test < LEVEL).count(), 4);
        assert!(!holm(&tests).contains(&true));
    }
}
