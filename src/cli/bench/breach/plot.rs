//! The picture: nanoseconds for a change of a mark against accounts, both by powers of ten, index and scan.

use super::Outcome;
use super::alone::Point;
use std::fmt::Write;

/// The picture, and the plot in it.
const SIZE: [f64; 2] = [760.0, 440.0];
const LEFT: f64 = 76.0;
const RIGHT: f64 = 556.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 384.0;
/// Least distance of two labels.
const LINE: f64 = 17.0;

/// It brings its own background, so that it reads the same on a light page and on a dark one.
const STYLE: &str = "<style>\
.page{fill:#ffffff;stroke:#d0d5db}\
text{font:13px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#3a4149}\
.title{font-size:15px;font-weight:600;fill:#16191d}\
.grid{stroke:#e6e9ed;stroke-width:1}.axis{stroke:#8b949e;stroke-width:1}\
.index{stroke:#1f6feb;fill:#1f6feb}.scan{stroke:#c2410c;fill:#c2410c}\
polyline{fill:none!important;stroke-width:2.5}.many polyline{stroke-dasharray:6 4}\
circle{stroke:none}.index text{fill:#1a5fd0;stroke:none}.scan text{fill:#b03a0a;stroke:none}\
@media (prefers-color-scheme:dark){.page{fill:#161b22;stroke:#30363d}text{fill:#b6bec8}.title{fill:#f0f3f6}\
.grid{stroke:#2a3038}.axis{stroke:#6e7681}.index{stroke:#58a6ff;fill:#58a6ff}.scan{stroke:#f0883e;fill:#f0883e}\
.index text{fill:#79b8ff}.scan text{fill:#f5a265}}\
</style>";

/// Points of a line: accounts, nanoseconds.
struct Series {
    class: &'static str,
    label: String,
    points: Vec<(f64, f64)>,
}

impl Outcome {
    /// The picture of it.
    pub(crate) fn svg(&self) -> String {
        picture(&series(self))
    }
}

fn picture(all: &[Series]) -> String {
    let values = || all.iter().flat_map(|series| &series.points);
    let powers = |value: f64| value.log10();
    let least = values().map(|p| powers(p.1)).fold(0.0, f64::min).floor();
    let most = values().map(|p| powers(p.1)).fold(1.0, f64::max).ceil();
    let first = values().map(|p| powers(p.0)).fold(f64::INFINITY, f64::min);
    let last = values().map(|p| powers(p.0)).fold(0.0, f64::max).max(first + 1.0);
    let x = |accounts: f64| LEFT + (powers(accounts) - first) / (last - first) * (RIGHT - LEFT);
    let y = |ns: f64| BOTTOM - (powers(ns) - least) / (most - least) * (BOTTOM - TOP);
    let [width, height] = SIZE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\
         <title>Nanoseconds for a change of a mark against accounts watched, by index and by scan</title>{STYLE}\n\
         <rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n\
         <text class=\"title\" x=\"24\" y=\"32\">A mark moves and nobody is crossed: what it costs to know</text>\n",
        width - 1.0,
        height - 1.0
    );
    for power in least as i32..=most as i32 {
        let at = y(10f64.powi(power));
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            at + 4.0,
            time(power)
        );
    }
    for power in first.ceil() as i32..=last as i32 {
        let at = x(10f64.powi(power));
        let _ = writeln!(
            out,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            BOTTOM + 20.0,
            count(power)
        );
    }
    let _ = writeln!(
        out,
        "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{BOTTOM}\" y2=\"{BOTTOM}\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">accounts with positions</text>",
        (LEFT + RIGHT) / 2.0,
        BOTTOM + 42.0
    );
    let labels = label_places(all, y);
    for (series, label) in all.iter().zip(labels) {
        draw(&mut out, series, [&x, &y], label);
    }
    out.push_str("</svg>\n");
    out
}

fn series(outcome: &Outcome) -> Vec<Series> {
    let mut all = Vec::new();
    for instruments in [1, plimsoll::crowd::MOST] {
        let of = |figure: fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
            let held = outcome.points.iter().filter(|p| p.crowd.instruments == instruments);
            held.filter_map(|p| Some((f64::from(p.crowd.accounts), figure(p)?.max(0.1)))).collect()
        };
        let scan = of(|point| point.scan.as_ref().map(|scan| scan.median()));
        let index = of(|point| Some(point.quiet.median()));
        let (one, many) = (instruments == 1, instruments);
        let each = if one { "1 instrument".to_owned() } else { format!("{many} instruments") };
        let classes = if one { ["scan", "index"] } else { ["scan many", "index many"] };
        for ((name, points), class) in [("scan", scan), ("index", index)].into_iter().zip(classes) {
            if !points.is_empty() {
                all.push(Series { class, label: format!("{name}, {each}"), points });
            }
        }
    }
    all
}

/// Where labels go: by the end of their lines, and not on each other.
fn label_places(all: &[Series], y: impl Fn(f64) -> f64) -> Vec<f64> {
    let end = |series: &Series| series.points.last().map_or(BOTTOM, |point| y(point.1));
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| end(&all[b]).total_cmp(&end(&all[a])));
    let mut places = vec![0.0; all.len()];
    let mut free = BOTTOM;
    for place in order {
        places[place] = end(&all[place]).min(free);
        free = places[place] - LINE;
    }
    places
}

fn draw(out: &mut String, series: &Series, [x, y]: [&dyn Fn(f64) -> f64; 2], label: f64) {
    let _ = write!(out, "<g class=\"{}\"><polyline points=\"", series.class);
    for &(accounts, ns) in &series.points {
        let _ = write!(out, "{:.1},{:.1} ", x(accounts), y(ns));
    }
    out.push_str("\"/>");
    for &(accounts, ns) in &series.points {
        let _ = write!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"/>", x(accounts), y(ns));
    }
    let (end, last) = series.points.last().copied().unwrap_or((1.0, 1.0));
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{:.1}\">{}: {}</text></g>",
        x(end) + 12.0,
        label + 4.0,
        series.label,
        exact(last)
    );
}

/// A power of ten nanoseconds.
fn time(power: i32) -> String {
    let (unit, rest) = match power {
        ..3 => ("ns", power),
        3..6 => ("\u{b5}s", power - 3),
        6..9 => ("ms", power - 6),
        _ => ("s", power - 9),
    };
    if rest < 0 {
        format!("0.{}1 {unit}", "0".repeat((-1 - rest) as usize))
    } else {
        format!("{} {unit}", 10u64.pow(rest as u32))
    }
}

/// A power of ten accounts.
fn count(power: i32) -> String {
    match power {
        ..6 => {
            let number = 10u64.pow(power.max(0) as u32);
            if number < 1_000 { number.to_string() } else { format!("{},000", number / 1_000) }
        }
        _ => format!("{} million", 10u64.pow(power as u32 - 6)),
    }
}

/// Nanoseconds to two digits or so.
fn exact(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "\u{b5}s"),
        ns => (ns / 1e6, "ms"),
    };
    if value < 10.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}
