//! The cascade's pictures: the largest trees of cases, and how far the others reach.

use super::View;
use super::axis::TimeAxis;
use super::chart::{Chart, Upward, number, place};
use super::market::rectangle_dot;
use super::tables::table;
use crate::record::CaseEnd;
use crate::record::cascade::{Node, Tree};
use crate::say::{grouped, span};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Trees in the table.
const TREES: usize = 6;
/// Trees that are drawn.
const DRAWN: usize = 2;
/// Cases of a tree that are drawn: the first.
const NODES: usize = 2_500;

/// The largest trees, drawn: cases in the order they began, steps from the root downwards, a line to each from the one that breached it.
pub fn pictures(view: &View<'_>) -> String {
    let trees = view.outcome.record.cascade.largest(DRAWN);
    let drawn = trees.iter().filter(|tree| tree.cases > 1).enumerate();
    drawn.map(|(n, tree)| picture(view, n, tree)).collect()
}

fn picture(view: &View<'_>, n: usize, tree: &Tree) -> String {
    let record = &view.outcome.record;
    let nodes: Vec<&Node> = record.cascade.members(tree.root).take(NODES).collect();
    // In the order in which they began, each as wide as the next: a cascade comes in bursts, and between them nothing happens.
    let axis = TimeAxis::new(nodes.iter().map(|node| node.ts));
    let depth = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
    let steps = Upward::even(-(f64::from(depth) + 0.7), 0.7);
    let words = format!(
        "Tree of {} liquidation cases that began with case {}: cases from left to right in the order in which they began, steps from the first one downwards, a line from each case to those whose margin its trades broke.",
        tree.cases, tree.root
    );
    let height = (80 + 18 * depth.min(24)).max(150);
    let ticks: Vec<f64> = steps
        .ticks((height / 30) as usize)
        .into_iter()
        .filter(|v| *v <= 0.0 && v.fract() == 0.0)
        .collect();
    let mut chart = Chart::new(&format!("chart-tree-{}", n + 1), &words, height)
        .title("steps from the first")
        .left(&steps, &ticks, |value| number(value.abs(), 0))
        .below(axis.marks(7));
    let at = |n: usize, node: &Node| (axis.nth(n), steps.at(-f64::from(node.depth)));
    let places: BTreeMap<u32, (f64, f64)> =
        nodes.iter().enumerate().map(|(n, node)| (node.case, at(n, node))).collect();
    let mut links = String::new();
    for node in nodes.iter().filter(|node| node.parent != node.case) {
        let (Some(from), Some(to)) = (places.get(&node.parent), places.get(&node.case)) else {
            continue;
        };
        links.push('M');
        place(&mut links, from.0);
        links.push(' ');
        place(&mut links, from.1);
        let _ = write!(links, "L{:.1} {:.1}", to.0, to.1);
    }
    chart.path("link", &links);
    let most = nodes.iter().map(|node| node.lots).max().unwrap_or(1).max(1) as f64;
    let mut dots: BTreeMap<(CaseEnd, u32), String> = BTreeMap::new();
    for (n, node) in nodes.iter().enumerate() {
        let end = record.cases.get(node.case).map_or(CaseEnd::Restored, |case| case.end);
        let size = (5.0 + 11.0 * (node.lots as f64 / most).sqrt()).round() as u32;
        let (x, y) = at(n, node);
        rectangle_dot(dots.entry((end, size)).or_default(), x, y);
    }
    for ((end, size), d) in dots {
        chart.path_wide(&format!("dot full {}", end.as_str()), &d, f64::from(size));
    }
    let title = format!(
        "From case #{} at {}: {} cases, {} steps, {} lots",
        tree.root,
        view.moment(tree.from),
        grouped(tree.cases),
        tree.depth,
        grouped(tree.lots)
    );
    let left = match tree.cases - nodes.len() as u64 {
        0 => String::new(),
        left => format!(" <span class=\"note\">{} later ones are not drawn</span>", grouped(left)),
    };
    format!("<figure><figcaption>{title}{left}</figcaption>{}</figure>", chart.html())
}

/// Cases by steps from their root, as bars.
pub fn depths(view: &View<'_>) -> String {
    let by_depth = &view.outcome.record.cascade.by_depth;
    let most = by_depth.iter().copied().max().unwrap_or(1).max(1);
    let shown = by_depth.len().min(12);
    let mut rows: Vec<(String, u64)> = (0..shown).map(|n| (n.to_string(), by_depth[n])).collect();
    let rest: u64 = by_depth[shown..].iter().sum();
    if rest > 0 {
        rows.push((format!("{shown} and more"), rest));
    }
    let bar = |(name, count): (String, u64)| {
        let name = if name == "0" { "0 (by the market)".to_owned() } else { name };
        format!(
            "<tr><th scope=\"row\">{name}</th><td class=\"t\"><i class=\"hbar\" style=\"width:{}%\"></i></td><td>{}</td></tr>",
            100 * count / most,
            grouped(count)
        )
    };
    let body: String = rows.into_iter().map(bar).collect();
    format!(
        "<table class=\"bars\"><thead><tr><th>steps from the market</th><th></th><th>cases</th></tr></thead><tbody>{body}</tbody></table>"
    )
}

/// The largest trees in numbers.
pub fn largest(view: &View<'_>) -> String {
    let row = |tree: &Tree| {
        vec![
            format!("#{}", tree.root),
            view.moment(tree.from),
            grouped(tree.cases),
            tree.depth.to_string(),
            grouped(tree.lots),
            span(tree.to - tree.from),
        ]
    };
    let trees = view.outcome.record.cascade.largest(TREES);
    let rows: Vec<Vec<String>> = trees.iter().filter(|tree| tree.cases > 1).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    table(&["first case", "<began", "cases", "steps", "lots", "until the last began"], &rows, false)
}
