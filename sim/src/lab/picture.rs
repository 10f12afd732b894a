//! One metric as a picture: a dot and its interval for each variant, on one scale with zero marked. SVG, written by hand.
//!
//! Colours come from the page's style sheet, so that one picture serves light, dark and paper.

use super::comparison::{Comparison, Effect, short, signed};
use super::metrics::METRICS;
use super::statistics::Estimate;
use crate::report::escape;
use std::fmt::Write as _;

/// Width of a picture, in its own units.
const WIDTH: f64 = 520.0;
/// Where names end and the scale begins.
const LEFT: f64 = 128.0;
/// Where the scale ends and the numbers begin.
const RIGHT: f64 = 360.0;
/// Height of a variant's row.
const ROW: f64 = 26.0;

/// The picture of a metric: differences to the baseline where there are variants to compare, means where there is one.
pub fn picture(comparison: &Comparison, metric: usize) -> String {
    let rows: Vec<_> = comparison.variants.iter().enumerate().collect();
    let scale =
        Scale::new(rows.iter().filter_map(|(_, variant)| variant.entries[metric].difference));
    let height = ROW * rows.len() as f64 + 24.0;
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
    for (n, (variant, compared)) in rows.iter().enumerate() {
        let y = ROW * n as f64 + ROW / 2.0 + 2.0;
        let entry = compared.entries[metric];
        let name = escape(&clipped(&compared.name));
        let _ = write!(
            svg,
            "<text class=\"name\" x=\"{:.0}\" y=\"{:.1}\">{name}</text>",
            LEFT - 12.0,
            y + 4.0
        );
        let mean = entry.mean.map_or("\u{2013}".to_owned(), |mean| short(mean.mean));
        let _ = write!(
            svg,
            "<text class=\"value\" x=\"{WIDTH:.0}\" y=\"{:.1}\">{mean}</text>",
            y + 4.0
        );
        match entry.difference {
            None if *variant == comparison.baseline => {
                let _ = write!(
                    svg,
                    "<circle class=\"base\" cx=\"{zero:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>"
                );
                let _ = write!(
                    svg,
                    "<text class=\"diff\" x=\"{:.0}\" y=\"{:.1}\">baseline</text>",
                    WIDTH - 70.0,
                    y + 4.0
                );
            }
            None => {
                let _ = write!(
                    svg,
                    "<text class=\"diff\" x=\"{:.0}\" y=\"{:.1}\">\u{2013}</text>",
                    WIDTH - 70.0,
                    y + 4.0
                );
            }
            Some(difference) => {
                let class = class(entry.effect(&METRICS[metric]));
                dot(&mut svg, &scale, y, difference, class);
                let _ = write!(
                    svg,
                    "<text class=\"diff {class}\" x=\"{:.0}\" y=\"{:.1}\">{}</text>",
                    WIDTH - 70.0,
                    y + 4.0,
                    signed(difference.mean)
                );
            }
        }
    }
    axis(&mut svg, &scale, foot);
    svg + "</svg>"
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

fn clipped(name: &str) -> String {
    match name.chars().count() {
        0..=18 => name.to_owned(),
        _ => format!("{}\u{2026}", name.chars().take(17).collect::<String>()),
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
