//! The cases' pictures: how many are open, each one's story, and what a batch costs by its size.

use super::View;
use super::chart::{Chart, HEIGHT, Upward, WIDTH, number, numbers, place, rectangle};
use super::market::{Drawn, rectangle_dot, shade_shocks};
use super::tables::table;
use crate::record::{CaseEnd, CaseRecord};
use crate::say::{grouped, quotient};
use crate::scenario::reader::SECOND;
use std::cmp::Reverse;
use std::fmt::Write;

/// Cases drawn at most.
pub const CASES_MAX: usize = 90;
/// Points of a stepped curve at most.
const STEPS_MAX: usize = 600;

/// Cases open at the same time: those that work, and those that wait on top. Nothing where no sample has any.
pub fn open(view: &View<'_>, market: &Drawn<'_>) -> String {
    let most = market.samples.iter().map(|s| s.open_cases).max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let most = most.max(4) as f64;
    let count = Upward::even(0.0, most * 1.08);
    let words = "Area chart of the liquidation cases open at the same time, parked ones on top of working ones.";
    let mut chart = Chart::new("chart-cases", words, 160)
        .title("open cases")
        .left(&count, &count.ticks(4), |value| number(value, 0))
        .below(market.axis.labels());
    shade_shocks(view, market.instrument, &market.axis, &mut chart, false);
    let stretch = market.samples.len().div_ceil(STEPS_MAX).max(1);
    let layers: [(&str, bool); 2] = [("parked area", true), ("working area", false)];
    for (class, all) in layers {
        let mut points = Vec::new();
        for (n, part) in market.samples.chunks(stretch).enumerate() {
            let of =
                |s: &crate::outcome::Sample| s.open_cases - if all { 0 } else { s.parked_cases };
            let y = count.at(part.iter().map(of).max().unwrap_or(0) as f64);
            let from = market.axis.nth(n * stretch);
            let to = market.axis.nth(((n + 1) * stretch).min(market.samples.len() - 1));
            points.extend([(from, y), (to, y)]);
        }
        chart.area(class, &points, HEIGHT);
    }
    let key = "<div class=\"key\"><span class=\"k area working\">working</span><span class=\"k area parked\">parked</span><span class=\"note\">cases open at the same time</span></div>";
    format!("<div class=\"keep\">{key}{}</div>", chart.html())
}

/// By end: the cases that are drawn, by time, and how many there are.
///
/// A group gets rows by the square root of its size. Half of them are the most telling ones (many batches, long waits,
/// many lots), the others are spread evenly over the group, so that it also shows when cases came.
pub fn chosen<'a>(view: &View<'a>) -> Vec<(CaseEnd, Vec<&'a CaseRecord>, u64)> {
    let all = &view.outcome.record.cases;
    let by_end = CaseEnd::ALL.map(|end| {
        let cases = all.values().filter(|case| case.end == end);
        (end, cases.collect::<Vec<_>>())
    });
    let roots: usize = by_end.iter().map(|(_, cases)| cases.len().isqrt()).sum();
    let mut groups = Vec::new();
    for (end, mut cases) in by_end {
        let of = cases.len();
        let rows = (CASES_MAX * of.isqrt() / roots.max(1)).max(1).min(of);
        cases.sort_by_key(|case| {
            let told = u64::from(case.batches) * 4 + case.lots / 4 + case.waited() / (10 * SECOND);
            (Reverse(told), case.id)
        });
        let mut others = cases.split_off(rows.div_ceil(2));
        others.sort_by_key(|case| (case.opened, case.id));
        let wanted = rows - cases.len();
        cases.extend((0..wanted).map(|n| others[n * others.len() / wanted]));
        cases.sort_by_key(|case| (case.opened, case.id));
        if of > 0 {
            groups.push((end, cases, all.totals(end).cases));
        }
    }
    groups
}

/// One row a case: when it worked, when it waited, when it traded, how it ended.
pub fn timeline(view: &View<'_>, market: &Drawn<'_>) -> String {
    let groups = chosen(view);
    let rows: usize = groups.iter().map(|(_, cases, _)| cases.len()).sum();
    if rows == 0 {
        return String::new();
    }
    let gap = 1.6;
    let units = rows as f64 + gap * (groups.len() + 1) as f64;
    let pixels = (620.0 / units).clamp(5.0, 9.0);
    let words = "Timeline with one row for each of the most telling cases: when it worked, when it was parked, when it traded and how it ended.";
    let mut chart =
        Chart::new("chart-timeline", words, (units * pixels) as u32).below(market.axis.labels());
    let row_height = HEIGHT / units;
    let mut top = gap * row_height;
    let mut ends: Vec<(CaseEnd, String)> = Vec::new();
    for (end, cases, of) in &groups {
        let height = cases.len() as f64 * row_height;
        let label = format!("{}\n{} of {}", end.as_str(), cases.len(), grouped(*of));
        chart.left_label(top + height / 2.0, label);
        let mut paths = Rows::default();
        for (n, case) in cases.iter().enumerate() {
            paths.draw(case, market, top + n as f64 * row_height, row_height);
        }
        chart.path("working block", &paths.work);
        chart.path("parked block", &paths.wait);
        chart.path("tick", &paths.trades);
        ends.push((*end, paths.ends));
        top += height + gap * row_height;
        let mut line = String::from("M0 ");
        place(&mut line, top - gap * row_height / 2.0);
        line.push_str("h1000");
        chart.path("grid", &line);
    }
    for (end, d) in ends.into_iter().filter(|(end, _)| end.is_final()) {
        chart.path_wide(&format!("dot full {}", end.as_str()), &d, (pixels * 0.8).max(4.5));
    }
    chart.html()
}

/// The rows of one group, as paths.
#[derive(Default)]
struct Rows {
    work: String,
    wait: String,
    trades: String,
    ends: String,
}

impl Rows {
    fn draw(&mut self, case: &CaseRecord, market: &Drawn<'_>, top: f64, height: f64) {
        let at = |ts| market.axis.at(ts);
        let least = WIDTH / 900.0;
        let mut from = case.opened;
        for &(a, b, _) in &case.waits.items {
            if a > from {
                let width = (at(a) - at(from)).max(least);
                rectangle(&mut self.work, at(from), top + height * 0.14, width, height * 0.72);
            }
            let width = (at(b) - at(a)).max(least);
            rectangle(&mut self.wait, at(a), top + height * 0.3, width, height * 0.4);
            from = b;
        }
        if case.ended > from || case.waits.items.is_empty() {
            let width = (at(case.ended) - at(from)).max(least);
            rectangle(&mut self.work, at(from), top + height * 0.14, width, height * 0.72);
        }
        for &(ts, _) in &case.fills.items {
            let _ = write!(self.trades, "M{:.1} {:.1}v{:.1}", at(ts), top, height);
        }
        rectangle_dot(&mut self.ends, at(case.ended), top + height / 2.0);
    }
}

/// Slippage against batch size: a bar for each class of lots; nothing where no batch traded.
pub fn slippage(view: &View<'_>) -> String {
    let classes: Vec<_> = view.outcome.record.batches.classes().collect();
    if classes.is_empty() {
        return String::new();
    }
    let mean = |lots: u64, sum: i64| sum as f64 / lots.max(1) as f64;
    let means = || classes.iter().map(|(_, _, class)| mean(class.lots, class.slippage));
    let most = means().fold(0.0, f64::max);
    let ticks = Upward::even(means().fold(0.0, f64::min), (most * 1.12).max(0.1));
    let words = "Bar chart of mean slippage in ticks a lot, by lots of a batch.";
    let places = if most < 2.0 { 2 } else { 1 };
    let label = |least: u64, most: u64| match least == most {
        true => grouped(least),
        false => format!("{}-{}", grouped(least), grouped(most)),
    };
    let step = WIDTH / classes.len() as f64;
    let below = classes.iter().enumerate();
    let below = below.map(|(n, (a, b, _))| ((n as f64 + 0.5) * step, label(*a, *b))).collect();
    let mut chart = Chart::new("chart-slippage", words, 220)
        .title("ticks a lot")
        .left(&ticks, &ticks.ticks(4), |value| number(value, places))
        .below(below);
    for (n, (_, _, class)) in classes.iter().enumerate() {
        let value = mean(class.lots, class.slippage);
        let (top, zero) = (ticks.at(value.max(0.0)), ticks.at(value.min(0.0)));
        let mut d = String::new();
        rectangle(&mut d, (n as f64 + 0.2) * step, top, 0.6 * step, zero - top);
        chart.path("working block", &d);
    }
    let row = |(a, b, class): &(u64, u64, crate::record::batches::BatchClass)| {
        vec![
            label(*a, *b),
            grouped(class.batches),
            grouped(class.lots),
            quotient(class.slippage, class.lots, 2).unwrap_or_default(),
            class.worst.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = classes.iter().map(row).collect();
    let heads = ["<lots of a batch", "batches", "lots", "ticks a lot, mean", "ticks, worst lot"];
    let key = "<div class=\"key\"><span class=\"k area working\">mean slippage against the mark a batch met, by lots of the batch</span></div>";
    let numbers = numbers("Numbers behind slippage", &table(&heads, &rows, false));
    format!("<div class=\"keep\">{key}{}</div>{numbers}", chart.html())
}
