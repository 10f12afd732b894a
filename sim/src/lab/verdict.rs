//! What a comparison comes to, in words: who does best in the few numbers that people ask for first.

use super::comparison::{Comparison, Effect, short, signed};
use super::metrics::{METRICS, metric_at};

/// The metrics that the verdict is about; less of each is better. They are one family of tests, all others another.
pub const NAMED: [&str; 5] =
    ["liquidated_loss", "debt", "fund_used", "slippage_ticks", "cascade_depth"];

/// The places of [`NAMED`] among the metrics.
pub fn named() -> impl Iterator<Item = usize> {
    NAMED.iter().filter_map(|name| metric_at(name))
}

/// Above so many percent a change is told by its two ends only: of next to nothing everything is a large multiple.
const PERCENT_MAX: f64 = 200.0;

/// The answer, without markup: one sentence on what differs, one on what does not.
pub fn verdict(comparison: &Comparison) -> String {
    if comparison.variants.len() < 2 {
        return "There is one variant and nothing to compare it with.".to_owned();
    }
    if comparison.variants.iter().all(|variant| variant.runs < 2) {
        return "One seed shows what happened once; it takes two or more to say what a variant changes.".to_owned();
    }
    let telling = comparison.telling();
    let asked: Vec<usize> = named().filter(|at| telling.contains(at)).collect();
    let (decided, open): (Vec<usize>, Vec<usize>) =
        asked.into_iter().partition(|at| decided(comparison, *at));
    let labels = |places: &[usize]| -> Vec<String> {
        places.iter().map(|at| METRICS[*at].label.to_owned()).collect()
    };
    if decided.is_empty() {
        let what = match open.is_empty() {
            true => "any loss".to_owned(),
            false => joined(&labels(&open)),
        };
        return format!("No variant is shown to differ from the baseline in {what}.");
    }
    let mut text = ranking(comparison, &decided);
    if !open.is_empty() {
        text += &format!(" No difference is shown in {}.", joined(&labels(&open)));
    }
    text
}

fn effect(comparison: &Comparison, variant: usize, metric: usize) -> Effect {
    comparison.variants[variant].entries[metric].effect(&METRICS[metric])
}

fn decided(comparison: &Comparison, metric: usize) -> bool {
    (0..comparison.variants.len())
        .any(|n| matches!(effect(comparison, n, metric), Effect::Good | Effect::Bad))
}

/// Who has least of a metric: the lowest mean among the baseline and those shown to be better than it.
fn best(comparison: &Comparison, metric: usize) -> usize {
    let mean =
        |n: &usize| comparison.variants[*n].entries[metric].mean.map_or(f64::INFINITY, |m| m.mean);
    (0..comparison.variants.len())
        .filter(|n| *n == comparison.baseline || effect(comparison, *n, metric) == Effect::Good)
        .min_by(|a, b| mean(a).total_cmp(&mean(b)))
        .unwrap_or(comparison.baseline)
}

fn ranking(comparison: &Comparison, decided: &[usize]) -> String {
    let winners: Vec<usize> = decided.iter().map(|at| best(comparison, *at)).collect();
    let praise = |variant: usize| -> Option<String> {
        let won = decided.iter().zip(&winners).filter(|(_, winner)| **winner == variant);
        let won: Vec<String> = won.map(|(at, _)| numbers(comparison, variant, *at)).collect();
        (!won.is_empty()).then(|| joined(&won))
    };
    let name = |variant: usize| format!("\u{201c}{}\u{201d}", comparison.variants[variant].name);
    let praises: Vec<(usize, String)> =
        (0..comparison.variants.len()).filter_map(|n| Some((n, praise(n)?))).collect();
    match praises.as_slice() {
        [(only, what)] => {
            format!("{} does best wherever a difference is shown: least {what}.", name(*only))
        }
        several => {
            let all: Vec<String> =
                several.iter().map(|(n, what)| format!("{} has least {what}", name(*n))).collect();
            format!("No variant wins everywhere: {}.", all.join("; "))
        }
    }
}

/// A metric of the one who has least of it: how much, and how far from the baseline, or how far those shown to be worse are.
fn numbers(comparison: &Comparison, variant: usize, at: usize) -> String {
    let metric = &METRICS[at];
    let mean = comparison.variants[variant].entries[at].mean.map_or(0.0, |mean| mean.mean);
    let value = format!("{} {}", short(mean), comparison.unit(metric));
    let by = match variant == comparison.baseline {
        false => change(comparison, variant, at)
            .map_or_else(String::new, |by| format!("; {by} against the baseline")),
        true => (0..comparison.variants.len())
            .filter(|n| effect(comparison, *n, at) == Effect::Bad)
            .filter_map(|n| {
                Some(format!("; {} {}", comparison.variants[n].name, change(comparison, n, at)?))
            })
            .collect(),
    };
    format!("{} ({value}{by})", metric.label)
}

/// The difference to the baseline, and in percent of its mean where that says something.
pub fn change(comparison: &Comparison, variant: usize, at: usize) -> Option<String> {
    let difference = comparison.variants[variant].entries[at].difference?.mean;
    let base = comparison.variants[comparison.baseline].entries[at].mean?.mean;
    let percent = 100.0 * difference / base.abs();
    Some(match percent.abs() <= PERCENT_MAX && METRICS[at].unit != "%" {
        true => {
            let places = if percent.abs() < 9.95 { 10.0 } else { 1.0 };
            format!("{}, {} %", signed(difference), signed((places * percent).round() / places))
        }
        false => signed(difference),
    })
}

/// `a`, `a and b`, `a, b and c`.
fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
