//! One metric as a picture: a dot and its interval for each variant, on one scale with zero marked. SVG, written by hand.
//!
//! Colours come from the page's style sheet, so that one picture serves light, dark and paper.

use super::comparison::{Comparison, Effect, short, signed};
use super::metrics::METRICS;
use super::statistics::Estimate;
use crate::report::escape;
use std::fmt::Write as _;

/// Width of a picture, in its own units.
const WIDTH: f64 = 380.0;
/// Where the scale begins.
const LEFT: f64 = 8.0;
/// Where the scale ends and the numbers begin.
const RIGHT: f64 = 236.0;
/// Where differences end; the means end at the edge.
const DIFFERENCE: f64 = 312.0;
/// Height of a variant's row: its name above, so that a long one has the whole width, the dot and the numbers below.
const ROW: f64 = 36.0;

/// The picture of a metric: differences to the baseline where there are variants to compare, means where there is one.
pub fn picture(comparison: &Comparison, metric: usize) -> String {
    let variants = &comparison.variants;
    let scale =
        Scale::new(variants.iter().filter_map(|variant| variant.entries[metric].difference));
    let height = ROW * variants.len() as f64 + 24.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        escape(METRICS[metric].label)
    );
    let foot = height - 20.0;
    let zero = scale.x(0.0);
    let _ = write!(
        svg,
        "<line class=\"zero\" x1=\"{zero:.1}\" x2=\"{zero:.1}\" y1=\"2\" y2=\"{foot:.1}\"/>"
    );
    for (n, compared) in variants.iter().enumerate() {
        let top = ROW * n as f64;
        let _ = write!(
            svg,
            "<text class=\"name\" x=\"0\" y=\"{:.1}\">{}</text>",
            top + 13.0,
            escape(&compared.name)
        );
        row(&mut svg, comparison, metric, n, &scale);
    }
    axis(&mut svg, &scale, foot);
    svg + "</svg>"
}

/// A variant's dot and numbers.
fn row(svg: &mut String, comparison: &Comparison, metric: usize, variant: usize, scale: &Scale) {
    let y = ROW * variant as f64 + 26.0;
    let entry = comparison.variants[variant].entries[metric];
    let mean = entry.mean.map_or("\u{2013}".to_owned(), |mean| short(mean.mean));
    let base = y + 4.0;
    let _ = write!(svg, "<text class=\"value\" x=\"{WIDTH:.0}\" y=\"{base:.1}\">{mean}</text>");
    let (class, text) = match entry.difference {
        None if variant == comparison.baseline => {
            let zero = scale.x(0.0);
            let _ =
                write!(svg, "<circle class=\"base\" cx=\"{zero:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>");
            ("", "baseline".to_owned())
        }
        None => ("", "\u{2013}".to_owned()),
        Some(difference) => {
            let class = class(entry.effect(&METRICS[metric]));
            dot(svg, scale, y, difference, class);
            (class, signed(difference.mean))
        }
    };
    let _ = write!(
        svg,
        "<text class=\"diff {class}\" x=\"{DIFFERENCE:.0}\" y=\"{base:.1}\">{text}</text>"
    );
}

fn dot(svg: &mut String, scale: &Scale, y: f64, difference: Estimate, class: &str) {
    if let Some([low, high]) = difference.interval() {
        let (low, high) = (scale.x(low), scale.x(high));
        let (top, bottom) = (y - 4.0, y + 4.0);
        let _ = write!(
            svg,
            "<path class=\"whisker {class}\" d=\"M{low:.1} {y:.1}H{high:.1}M{low:.1} {top:.1}V{bottom:.1}M{high:.1} {top:.1}V{bottom:.1}\"/>"
        );
    }
    let x = scale.x(difference.mean);
    let _ = write!(svg, "<circle class=\"dot {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>");
}

/// The numbers under the scale: zero, and a round one on each side that has room.
fn axis(svg: &mut String, scale: &Scale, foot: f64) {
    let _ = write!(
        svg,
        "<line class=\"rule\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{foot:.1}\" y2=\"{foot:.1}\"/>"
    );
    let step = scale.step();
    let first = (scale.low / step).ceil() as i64;
    let last = (scale.high / step).floor() as i64;
    for n in first..=last {
        let x = scale.x(n as f64 * step);
        let text = if n == 0 { "0".to_owned() } else { signed(n as f64 * step) };
        let _ = write!(
            svg,
            "<line class=\"rule\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{foot:.1}\" y2=\"{:.1}\"/>",
            foot + 4.0
        );
        let _ =
            write!(svg, "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\">{text}</text>", foot + 16.0);
    }
}

/// How a difference is drawn.
pub fn class(effect: Effect) -> &'static str {
    match effect {
        Effect::Good => "good",
        Effect::Bad => "bad",
        Effect::Other => "other",
        Effect::None => "open",
    }
}

/// From differences to places, zero always on it.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn new(differences: impl Iterator<Item = Estimate>) -> Scale {
        let (mut low, mut high) = (0.0f64, 0.0f64);
        for difference in differences {
            let [from, to] = difference.interval().unwrap_or([difference.mean; 2]);
            (low, high) = (low.min(from), high.max(to));
        }
        let span = high - low;
        if span <= 0.0 || !span.is_finite() {
            return Scale { low: -1.0, high: 1.0 };
        }
        Scale { low: low - 0.08 * span, high: high + 0.08 * span }
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + (value - self.low) / (self.high - self.low) * (RIGHT - LEFT)
    }

    /// A round number of which two to four fit on the scale.
    fn step(&self) -> f64 {
        let rough = (self.high - self.low) / 3.0;
        let power = 10f64.powf(rough.log10().floor());
        let round = [1.0, 2.0, 5.0, 10.0].map(|n| n * power);
        round.into_iter().find(|step| *step >= rough).unwrap_or(rough)
    }
}
