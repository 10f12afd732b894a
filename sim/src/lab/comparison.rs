//! Variants side by side: means, and differences to the baseline paired by seed, which take out what both have in common.

use super::holm::{LEVEL, holm, p_value};
use super::metrics::{Better, METRICS, Metric};
use super::plan::{Lab, words};
use super::statistics::Estimate;
use super::verdict::NAMED;
use super::work::Results;
use serde_json::{Map, Value, json};

/// One metric of one variant.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its mean over the variant's runs; `None` where no run has one.
    pub mean: Option<Estimate>,
    /// The mean of its paired differences to the baseline; `None` for the baseline itself.
    pub difference: Option<Estimate>,
    /// Whether the difference counts as shown, looking at many at once.
    pub shown: bool,
    /// Whether it is below [`SMALL`] of the baseline's mean.
    pub small: bool,
}

/// A difference below this share of the baseline's mean is called none, however sure: nobody chooses by it.
pub const SMALL: f64 = 0.01;

impl Entry {
    /// Whether the difference is a good thing, a bad one, or neither can be said.
    pub fn effect(&self, metric: &Metric) -> Effect {
        let Some(difference) = self.difference.filter(|_| self.shown && !self.small) else {
            return Effect::None;
        };
        match (difference.mean > 0.0, metric.better) {
            (_, Better::Neither) => Effect::Other,
            (true, Better::More) | (false, Better::Less) => Effect::Good,
            (true, Better::Less) | (false, Better::More) => Effect::Bad,
        }
    }
}

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Better than the baseline.
    Good,
    /// Worse.
    Bad,
    /// Other, of a metric that is neither.
    Other,
    /// Not told from chance, too small to matter, or there is none.
    None,
}

impl Effect {
    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Good => "better",
            Effect::Bad => "worse",
            Effect::Other => "other",
            Effect::None => "none",
        }
    }
}

/// A variant's entries, in the order of [`METRICS`].
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// What it changes, in words.
    pub changes: Vec<String>,
    /// Its runs that are done.
    pub runs: usize,
    /// One entry a metric.
    pub entries: Vec<Entry>,
}

/// Variants side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Headline.
    pub title: String,
    /// The scenario's headline.
    pub scenario: String,
    /// Its currency.
    pub currency: String,
    /// Which variant the others are compared with.
    pub baseline: usize,
    /// Seeds asked for.
    pub seeds: Vec<u64>,
    /// Whether every run was done.
    pub complete: bool,
    /// The variants, in the order of the file.
    pub variants: Vec<Compared>,
}

impl Comparison {
    /// Compares what is done.
    pub fn new(lab: &Lab, results: &Results) -> Comparison {
        let work = &lab.work;
        let values = |variant: usize, metric: usize| -> Vec<Option<f64>> {
            let jobs = (0..work.seeds.len()).map(|seed| seed * work.points.len() + variant);
            jobs.map(|job| results.finished[job].as_ref().and_then(|f| f.values[metric])).collect()
        };
        let entry = |variant: usize, metric: usize| {
            let own = values(variant, metric);
            let base = values(lab.baseline, metric);
            let pairs = own.iter().zip(base).filter_map(|(own, base)| Some((*own)? - base?));
            let pairs: Vec<f64> = pairs.collect();
            let all: Vec<f64> = own.iter().flatten().copied().collect();
            Entry {
                mean: Estimate::new(&all),
                difference: Estimate::new(&pairs).filter(|_| variant != lab.baseline),
                shown: false,
                small: false,
            }
        };
        let compared = |(variant, point): (usize, &super::work::Point)| Compared {
            name: point.name.clone(),
            changes: point.changes.iter().map(words).collect(),
            runs: (0..work.seeds.len())
                .filter(|seed| results.finished[seed * work.points.len() + variant].is_some())
                .count(),
            entries: (0..METRICS.len()).map(|metric| entry(variant, metric)).collect(),
        };
        let mut variants: Vec<Compared> = work.points.iter().enumerate().map(compared).collect();
        judge(&mut variants, lab.baseline);
        Comparison {
            title: lab.title.clone(),
            scenario: work.base.title.clone(),
            currency: work.base.currency.clone(),
            baseline: lab.baseline,
            seeds: work.seeds.clone(),
            complete: results.complete(),
            variants,
        }
    }

    /// A metric's unit.
    pub fn unit<'a>(&'a self, metric: &'a Metric) -> &'a str {
        if metric.unit == "money" { &self.currency } else { metric.unit }
    }

    /// What a table calls a metric: its label, and its unit where the label does not say it.
    pub fn heading(&self, metric: &Metric) -> String {
        let unit = self.unit(metric);
        match metric.label.split(' ').any(|word| word == unit) {
            true => metric.label.to_owned(),
            false => format!("{}, {unit}", metric.label),
        }
    }

    /// The metrics of which any run of any variant has something to say, by place.
    pub fn telling(&self) -> Vec<usize> {
        let said = |metric: &usize| {
            let means = self.variants.iter().filter_map(|v| v.entries[*metric].mean);
            means.into_iter().any(|mean| mean.mean != 0.0 || mean.deviation != 0.0)
        };
        (0..METRICS.len()).filter(said).collect()
    }

    /// Whether any variant has an effect in this metric.
    pub fn differs(&self, metric: usize) -> bool {
        let effect = |v: &Compared| v.entries[metric].effect(&METRICS[metric]);
        self.variants.iter().any(|variant| effect(variant) != Effect::None)
    }

    /// `lab.json`.
    pub fn json(&self) -> Value {
        let metrics = METRICS.iter().enumerate().map(|(at, metric)| {
            let variants = self.variants.iter().map(|variant| {
                let entry = variant.entries[at];
                json!({
                    "variant": variant.name,
                    "mean": entry.mean.map(estimate),
                    "difference": entry.difference.map(|difference| {
                        let mut shown = estimate(difference);
                        shown["sign"] = difference.verdict().as_str().into();
                        shown["p"] = p_value(&difference).into();
                        shown["effect"] = entry.effect(metric).as_str().into();
                        shown
                    }),
                })
            });
            json!({
                "metric": metric.name,
                "label": metric.label,
                "unit": self.unit(metric),
                "better": metric.better.as_str(),
                "meaning": metric.meaning,
                "variants": variants.collect::<Vec<_>>(),
            })
        });
        let variants = self.variants.iter().map(|variant| {
            json!({ "name": variant.name, "changes": variant.changes, "runs": variant.runs })
        });
        json!({
            "lab": self.title,
            "scenario": self.scenario,
            "complete": self.complete,
            "baseline": self.variants[self.baseline].name,
            "seeds": self.seeds,
            "confidence": 0.95,
            "verdict": super::verdict::verdict(self),
            "variants": variants.collect::<Vec<_>>(),
            "metrics": metrics.collect::<Vec<_>>(),
        })
    }
}

/// Says which differences count: Holm's correction over the named metrics of all variants, and over all other metrics of them.
///
/// A difference that is zero in every run is no test: there is nothing that chance could have done.
pub(super) fn judge(variants: &mut [Compared], baseline: usize) {
    let bases: Vec<Option<Estimate>> = variants[baseline].entries.iter().map(|e| e.mean).collect();
    for is_named in [true, false] {
        let mut places = Vec::new();
        let mut tests = Vec::new();
        for (n, variant) in variants.iter().enumerate() {
            for (at, entry) in variant.entries.iter().enumerate() {
                let differs = |d: &Estimate| d.mean != 0.0 || d.deviation != 0.0;
                let test = entry.difference.filter(differs).and_then(|d| p_value(&d));
                if let (Some(test), true) = (test, NAMED.contains(&METRICS[at].name) == is_named) {
                    places.push((n, at));
                    tests.push(test);
                }
            }
        }
        for ((n, at), shown) in places.into_iter().zip(holm(&tests)) {
            let entry = &mut variants[n].entries[at];
            let base = bases[at].map_or(0.0, |base| base.mean.abs());
            entry.shown = shown;
            entry.small = entry.difference.is_some_and(|d| d.mean.abs() < SMALL * base);
        }
    }
}

/// How differences are judged, in one line for people.
pub fn judged() -> String {
    format!(
        "better, worse: shown at {:.0} % with Holm\u{2019}s correction for looking at many, and {:.0} % of the baseline or more",
        100.0 * LEVEL,
        100.0 * SMALL
    )
}

fn estimate(estimate: Estimate) -> Value {
    let mut shown = Map::new();
    shown.insert("n".to_owned(), estimate.n.into());
    shown.insert("mean".to_owned(), estimate.mean.into());
    shown.insert("deviation".to_owned(), estimate.deviation.into());
    let [low, high] = estimate.interval().map_or([None, None], |ends| ends.map(Some));
    shown.insert("low".to_owned(), low.into());
    shown.insert("high".to_owned(), high.into());
    Value::Object(shown)
}

/// A number in three or four digits, as people compare them: `2.41 m`, `-87.5 k`, `12.3`, `0.042`.
pub fn short(number: f64) -> String {
    let size = number.abs();
    let steps = [(1e9, " bn"), (1e6, " m"), (1e4, " k")];
    let (scaled, unit) = match steps.iter().find(|(step, _)| size >= *step) {
        Some((step, unit)) if *step < 1e6 => (number / 1e3, *unit),
        Some((step, unit)) => (number / step, *unit),
        None => (number, ""),
    };
    let places = match scaled.abs() {
        x if x >= 100.0 || number == 0.0 => 0,
        x if x >= 10.0 => 1,
        x if x >= 1.0 => 2,
        x if x >= 0.1 => 3,
        _ => 4,
    };
    let text = format!("{scaled:.places$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    };
    let text = if text == "-0" { "0".to_owned() } else { text };
    // A true minus sign stands as wide as a plus.
    format!("{text}{unit}").replacen('-', "\u{2212}", 1)
}

/// The same with its sign, for differences.
pub fn signed(number: f64) -> String {
    let text = short(number);
    if number > 0.0 && text != "0" { format!("+{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_keep_three_digits_and_the_sign() {
        let shown = [2_412_345.0, -87_531.0, 1234.4, 12.34, 0.0423, 0.0, -3.0, 9_999.0, -0.00001];
        assert_eq!(
            shown.map(short),
            ["2.41 m", "\u{2212}87.5 k", "1234", "12.3", "0.0423", "0", "\u{2212}3", "9999", "0"]
        );
        assert_eq!(
            (signed(2.0), signed(-2.0), signed(0.0)),
            ("+2".into(), "\u{2212}2".into(), "0".into())
        );
    }
}
