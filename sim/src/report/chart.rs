//! Charts as inline SVG without a script: they print, need no hovering, and follow the reader's colours.
//!
//! The drawing is stretched to its box while lines keep their width; labels are text of the page beside it, so that
//! they stay readable on a narrow screen.

use super::escape;
use std::fmt::Write;

/// The drawing's own units, across and down.
pub const WIDTH: f64 = 1000.0;
/// See [`WIDTH`].
pub const HEIGHT: f64 = 1000.0;

/// From values to places, upwards.
#[derive(Clone, Copy, Debug)]
pub struct Upward {
    low: f64,
    high: f64,
    /// Whether square roots are drawn, which shows small beside large.
    root: bool,
}

impl Upward {
    /// Even steps from `low` to `high`.
    pub fn even(low: f64, high: f64) -> Upward {
        Upward { low, high: if high > low { high } else { low + 1.0 }, root: false }
    }

    /// Square roots, of values below zero too.
    pub fn roots(low: f64, high: f64) -> Upward {
        Upward { root: true, ..Upward::even(low, high) }
    }

    fn drawn(&self, value: f64) -> f64 {
        if self.root { value.signum() * value.abs().sqrt() } else { value }
    }

    /// The least value shown.
    pub fn bottom(&self) -> f64 {
        self.low
    }

    /// The greatest value shown.
    pub fn top(&self) -> f64 {
        self.high
    }

    /// Where a value stands, from the top.
    pub fn at(&self, value: f64) -> f64 {
        let (low, high) = (self.drawn(self.low), self.drawn(self.high));
        HEIGHT * (1.0 - (self.drawn(value) - low) / (high - low))
    }

    /// Round values for labels, about `count` of them.
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        if self.root {
            return self.root_ticks(count);
        }
        let rough = (self.high - self.low) / count.max(1) as f64;
        let ten = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * ten);
        let step = step.into_iter().find(|&step| step >= rough).unwrap_or(rough);
        let (first, last) = ((self.low / step).ceil() as i64, (self.high / step).floor() as i64);
        (first..=last).map(|n| n as f64 * step).collect()
    }

    fn root_ticks(&self, count: usize) -> Vec<f64> {
        let far = (self.drawn(self.high) - self.drawn(self.low)) / count.max(1) as f64;
        let mut out = vec![0.0];
        for sign in [1.0, -1.0] {
            let mut last = 0.0;
            for ten in 0..12 {
                for digit in [1.0, 2.0, 5.0] {
                    let value = digit * 10f64.powi(ten);
                    let within = sign * value <= self.high && sign * value >= self.low;
                    if within && value.sqrt() - last >= far {
                        out.push(sign * value);
                        last = value.sqrt();
                    }
                }
            }
        }
        out.retain(|&value| value >= self.low && value <= self.high);
        out
    }
}

/// A place with one digit behind the point.
pub fn place(out: &mut String, value: f64) {
    let tenths = (value * 10.0).round() as i64;
    let _ = match tenths % 10 {
        0 => write!(out, "{}", tenths / 10),
        _ => write!(out, "{}", tenths as f64 / 10.0),
    };
}

/// The path through some points.
pub fn through(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut out = String::new();
    for (x, y) in points {
        out.push(if out.is_empty() { 'M' } else { 'L' });
        place(&mut out, x);
        out.push(' ');
        place(&mut out, y);
    }
    out
}

/// A rectangle as part of a path.
pub fn rectangle(out: &mut String, x: f64, y: f64, width: f64, height: f64) {
    out.push('M');
    place(out, x);
    out.push(' ');
    place(out, y);
    out.push('h');
    place(out, width);
    out.push('v');
    place(out, height);
    out.push('h');
    place(out, -width);
    out.push('z');
}

/// Most corners of a line.
const CORNERS_MAX: usize = 1_400;

/// A line through values, without those that nobody would see: of each stretch the least and the greatest stay.
pub fn thinned(values: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let stretch = (2 * values.len()).div_ceil(CORNERS_MAX).max(1);
    if stretch <= 2 {
        return values.to_vec();
    }
    let mut out = Vec::with_capacity(CORNERS_MAX);
    for part in values.chunks(stretch) {
        let by = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (low, high) = (part.iter().min_by(by), part.iter().max_by(by));
        let mut both: Vec<(f64, f64)> = low.into_iter().chain(high).copied().collect();
        both.sort_by(|a, b| a.0.total_cmp(&b.0));
        both.dedup();
        out.extend(both);
    }
    out
}

/// A chart being drawn.
#[derive(Clone, Debug)]
pub struct Chart {
    id: String,
    words: String,
    height: u32,
    title: String,
    drawing: String,
    over: String,
    left: Vec<(f64, String)>,
    below: Vec<(f64, String)>,
}

impl Chart {
    /// An empty chart: its id, what it shows (for those who cannot see it), its height in pixels.
    pub fn new(id: &str, words: &str, height: u32) -> Chart {
        Chart {
            id: id.to_owned(),
            words: words.to_owned(),
            height,
            title: String::new(),
            drawing: String::new(),
            over: String::new(),
            left: Vec::new(),
            below: Vec::new(),
        }
    }

    /// What stands beside the left axis.
    pub fn title(mut self, title: &str) -> Chart {
        self.title = title.to_owned();
        self
    }

    /// Labels of the left axis, with a line across at each.
    pub fn left(mut self, upward: &Upward, values: &[f64], label: impl Fn(f64) -> String) -> Chart {
        let mut grid = String::new();
        for &value in values {
            let y = upward.at(value);
            grid.push_str("M0 ");
            place(&mut grid, y);
            grid.push_str("h1000");
            self.left.push((100.0 - y / HEIGHT * 100.0, label(value)));
        }
        self.drawing.insert_str(0, &format!("<path class=\"grid\" d=\"{grid}\"/>"));
        self
    }

    /// A label of the left axis without a line.
    pub fn left_label(&mut self, y: f64, label: String) {
        self.left.push((100.0 - y / HEIGHT * 100.0, label));
    }

    /// Labels under the chart.
    pub fn below(mut self, labels: Vec<(f64, String)>) -> Chart {
        self.below = labels;
        self
    }

    /// A path of a class of style.css; nothing where it is empty.
    pub fn path(&mut self, class: &str, d: &str) {
        if !d.is_empty() {
            let _ = write!(self.drawing, "<path class=\"{class}\" d=\"{d}\"/>");
        }
    }

    /// A path whose lines are so many pixels wide.
    pub fn path_wide(&mut self, class: &str, d: &str, wide: f64) {
        if !d.is_empty() {
            let _ =
                write!(self.drawing, "<path class=\"{class}\" d=\"{d}\" stroke-width=\"{wide}\"/>");
        }
    }

    /// The ground under a line down to `base`.
    pub fn area(&mut self, class: &str, points: &[(f64, f64)], base: f64) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let mut d = through(points.iter().copied());
        for (x, y) in [(last.0, base), (first.0, base)] {
            d.push('L');
            place(&mut d, x);
            d.push(' ');
            place(&mut d, y);
        }
        d.push('z');
        self.path(class, &d);
    }

    /// A shaded stretch, with its name at the top if it has one.
    pub fn shade(&mut self, from: f64, to: f64, name: &str, row: usize) {
        let mut d = String::new();
        rectangle(&mut d, from, 0.0, (to - from).max(1.0), HEIGHT);
        self.path("shade", &d);
        self.path("edge", &format!("M{from:.1} 0v1000"));
        if !name.is_empty() {
            self.note(from, 4.0 + 17.0 * row as f64, name);
        }
    }

    /// Text inside the chart, `down` pixels from the top.
    pub fn note(&mut self, x: f64, down: f64, text: &str) {
        let side = if reads_leftwards(x) { "r" } else { "l" };
        let at = if side == "r" { 100.0 - x / WIDTH * 100.0 } else { x / WIDTH * 100.0 };
        let edge = if side == "r" { "right" } else { "left" };
        let _ = write!(
            self.over,
            "<span class=\"in\" style=\"{edge}:{at:.1}%;top:{down}px\">{}</span>",
            escape(text)
        );
    }

    /// The chart as HTML.
    pub fn html(&self) -> String {
        let labels = |all: &[(f64, String)], edge: &str| -> String {
            let one = |(at, label): &(f64, String)| {
                // A long label at the right edge ends under its place, so that the page does not grow sideways.
                let ends = edge == "left" && *at > 92.0 && label.len() > 6;
                let class = if ends { " class=\"e\"" } else { "" };
                format!("<span{class} style=\"{edge}:{at:.2}%\">{}</span>", escape(label))
            };
            all.iter().map(one).collect()
        };
        let below: Vec<(f64, String)> =
            self.below.iter().map(|(x, label)| (x / WIDTH * 100.0, label.clone())).collect();
        format!(
            "<div class=\"plot\" id=\"{}\" style=\"--h:{}px\" role=\"img\" aria-label=\"{}\"><div class=\"yt\"><b>{}</b></div><div class=\"y\">{}</div><div class=\"box\"><svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{}</svg>{}</div><div class=\"x\">{}</div></div>",
            self.id,
            self.height,
            escape(&self.words),
            escape(&self.title),
            labels(&self.left, "bottom"),
            self.drawing,
            self.over,
            labels(&below, "left"),
        )
    }
}

/// Whether text inside a chart ends at `x` instead of beginning there: it would not fit on the right.
pub fn reads_leftwards(x: f64) -> bool {
    x > WIDTH * 0.7
}

/// A number for an axis: as many places as its steps need, thousands apart.
pub fn number(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let grouped = crate::say::grouped(whole.parse().unwrap_or(0));
    let rest = rest.trim_end_matches('0');
    let sign =
        if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { "-" } else { "" };
    match rest {
        "" => format!("{sign}{grouped}"),
        rest => format!("{sign}{grouped}.{rest}"),
    }
}

/// An amount for an axis, short: `2.5 m`, `40 k`.
pub fn amount(value: f64) -> String {
    let size = value.abs();
    let (unit, letter) = match size {
        1e9.. => (1e9, " bn"),
        1e6.. => (1e6, " m"),
        1e3.. => (1e3, " k"),
        _ => (1.0, ""),
    };
    format!("{}{letter}", number(value / unit, 2))
}

/// The numbers behind a picture: a table that opens on a click and is there for those who cannot see the picture.
pub fn numbers(what: &str, table: &str) -> String {
    format!("<details class=\"numbers\"><summary>{}</summary>{table}</details>", escape(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_they_should_and_ticks_are_round() {
        let upward = Upward::even(4_500.0, 5_000.0);
        assert_eq!((upward.at(4_500.0), upward.at(5_000.0)), (HEIGHT, 0.0));
        assert_eq!(upward.ticks(5), [4_500.0, 4_600.0, 4_700.0, 4_800.0, 4_900.0, 5_000.0]);
        let roots = Upward::roots(-100.0, 400.0);
        assert!((roots.at(0.0) - HEIGHT * 2.0 / 3.0).abs() < 1e-9);
        assert!(
            roots.ticks(6).contains(&0.0)
                && roots.ticks(6).iter().all(|t| (-100.0..=400.0).contains(t))
        );
        // A flat curve has a place, too.
        assert!(Upward::even(7.0, 7.0).at(7.0).is_finite());
    }

    #[test]
    fn a_thinned_line_keeps_its_spikes() {
        let mut values: Vec<(f64, f64)> = (0..100_000).map(|n| (n as f64, 5.0)).collect();
        values[54_321].1 = -9.0;
        let line = thinned(&values);
        assert!(line.len() <= CORNERS_MAX + 2, "{}", line.len());
        assert!(line.contains(&(54_321.0, -9.0)) && line.is_sorted_by_key(|point| point.0));
    }

    #[test]
    fn numbers_on_an_axis_are_short() {
        assert_eq!(number(4_500.0, 1), "4,500");
        assert_eq!(number(-0.25, 2), "-0.25");
        assert_eq!(number(-0.001, 2), "0");
        assert_eq!(
            (amount(2_500_000.0), amount(-40_000.0), amount(930.0)),
            ("2.5 m".to_owned(), "-40 k".to_owned(), "930".to_owned())
        );
        let mut out = String::new();
        place(&mut out, 12.04);
        place(&mut out, -3.25);
        assert_eq!(out, "12-3.3");
    }
}
