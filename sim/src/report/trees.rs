//! The cascade's pictures: the largest trees of cases, and how far the others reach.

use super::View;
use super::chart::{Chart, Upward, WIDTH, number, through};
use super::market::rectangle_dot;
use super::tables::table;
use crate::record::CaseEnd;
use crate::record::cascade::{Node, Tree};
use crate::say::{count, grouped, span, time};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Trees in the table.
const TREES: usize = 6;
/// Trees that are drawn.
const DRAWN: usize = 2;
/// Cases of a tree that are drawn: the first.
const NODES: usize = 2_500;
/// Cases of a tree that have a dot each; of a larger one those close together share theirs.
const SINGLE_MAX: usize = 150;
/// Places for such dots from left to right.
const COLUMNS: usize = 60;
/// Free room left and right of the dots.
const EDGE: f64 = 26.0;
/// Times under a tree at most.
const LABELS: usize = 7;

/// What the dots and lines are.
const KEY: &str = "<div class=\"key second\"><span class=\"k dot restored\">restored</span><span class=\"k dot closed\">closed</span><span class=\"k dot waterfall\">waterfall</span><span class=\"k dot parked\">parked</span><span class=\"note\">cases in the order they began; a line leads from each to those whose margin its trades broke; larger = more lots</span></div>";

/// The largest trees, drawn: cases in the order they began, steps from the root downwards, a line to each from the one that breached it.
pub fn pictures(view: &View<'_>) -> String {
    let trees = view.outcome.record.cascade.largest(DRAWN);
    let drawn = trees.iter().filter(|tree| tree.cases > 1).enumerate();
    let figures: String = drawn.map(|(n, tree)| picture(view, n, tree)).collect();
    match figures.is_empty() {
        true => figures,
        false => format!("<div class=\"keep\">{KEY}{figures}</div>"),
    }
}

/// What a dot of a tree stands for: one case, or in a large tree those of one step that began at about the same time.
#[derive(Clone, Copy, Debug, Default)]
struct Dot {
    cases: u64,
    lots: u64,
    /// Sum of their places in the order of beginning.
    places: usize,
    /// Cases by end.
    ends: [u64; CaseEnd::ALL.len()],
}

impl Dot {
    /// How most of its cases ended.
    fn end(&self) -> CaseEnd {
        let most = self.ends.iter().enumerate().max_by_key(|(n, cases)| (**cases, Reverse(*n)));
        most.map_or(CaseEnd::Restored, |(n, _)| CaseEnd::ALL[n])
    }
}

/// The dots of a tree by step and column, and the lines between them.
struct Drawing {
    dots: BTreeMap<(u32, usize), Dot>,
    lines: BTreeSet<((u32, usize), (u32, usize))>,
}

impl Drawing {
    fn new(nodes: &[&Node], end: impl Fn(u32) -> CaseEnd) -> Drawing {
        let columns = if nodes.len() > SINGLE_MAX { COLUMNS } else { nodes.len() };
        let mut drawing = Drawing { dots: BTreeMap::new(), lines: BTreeSet::new() };
        let mut places: BTreeMap<u32, (u32, usize)> = BTreeMap::new();
        for (n, node) in nodes.iter().enumerate() {
            let place = (node.depth, n * columns / nodes.len().max(1));
            places.insert(node.case, place);
            let dot = drawing.dots.entry(place).or_default();
            dot.cases += 1;
            dot.lots += node.lots;
            dot.places += n;
            dot.ends[end(node.case) as usize] += 1;
            // A case begins after the one that breached it.
            let parent = places.get(&node.parent).filter(|_| node.parent != node.case);
            drawing.lines.extend(parent.map(|&parent| (parent, place)));
        }
        drawing
    }
}

/// Where the n-th of so many cases stands: not at the edge, where its dot would be cut.
fn across(n: f64, of: usize) -> f64 {
    EDGE + n * (WIDTH - 2.0 * EDGE) / of.saturating_sub(1).max(1) as f64
}

/// When cases began, under their places: the time of the first, then seconds after it. Time does not pass evenly there.
fn times(nodes: &[&Node]) -> Vec<(f64, String)> {
    let Some(first) = nodes.first() else { return Vec::new() };
    let mut labels: Vec<(f64, String)> = Vec::new();
    for n in (0..LABELS).map(|n| n * (nodes.len() - 1) / (LABELS - 1)) {
        let label = match nodes[n].ts - first.ts {
            0 => time(first.ts),
            after => format!("+{}", span(after)),
        };
        if labels.last().is_none_or(|(_, last)| *last != label) {
            labels.push((across(n as f64, nodes.len()), label));
        }
    }
    labels
}

fn picture(view: &View<'_>, n: usize, tree: &Tree) -> String {
    let record = &view.outcome.record;
    let nodes: Vec<&Node> = record.cascade.members(tree.root).take(NODES).collect();
    let depth = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
    let steps = Upward::even(-(f64::from(depth) + 0.8), 0.8);
    let words = format!(
        "Tree of {} liquidation cases that began with case {}: cases from left to right in the order in which they began, steps from the first one downwards, a line from each case to those whose margin its trades broke.",
        tree.cases, tree.root
    );
    let every = (depth / 8 + 1) as usize;
    let ticks: Vec<f64> = (0..=depth).step_by(every).map(|step| -f64::from(step)).collect();
    let height = (80 + 22 * depth.min(24)).max(150);
    let mut chart = Chart::new(&format!("chart-tree-{}", n + 1), &words, height)
        .title("steps from the first")
        .left(&steps, &ticks, |value| number(value.abs(), 0))
        .below(times(&nodes));
    let end = |case| record.cases.get(case).map_or(CaseEnd::Restored, |case| case.end);
    let drawing = Drawing::new(&nodes, end);
    let at = |place: &(u32, usize)| {
        let dot = drawing.dots[place];
        let x = across(dot.places as f64 / dot.cases.max(1) as f64, nodes.len());
        (x, steps.at(-f64::from(place.0)))
    };
    let mut links = String::new();
    for (from, to) in &drawing.lines {
        links.push_str(&through([at(from), at(to)].into_iter()));
    }
    chart.path("link", &links);
    let most = drawing.dots.values().map(|dot| dot.lots).max().unwrap_or(1).max(1) as f64;
    let mut paths: BTreeMap<(CaseEnd, u32), String> = BTreeMap::new();
    for (place, dot) in &drawing.dots {
        let size = (5.0 + 11.0 * (dot.lots as f64 / most).sqrt()).round() as u32;
        let (x, y) = at(place);
        rectangle_dot(paths.entry((dot.end(), size)).or_default(), x, y);
    }
    for ((end, size), d) in paths {
        chart.path_wide(&format!("dot full {}", end.as_str()), &d, f64::from(size));
    }
    format!(
        "<figure><figcaption>{}</figcaption>{}</figure>",
        title(view, tree, &nodes),
        chart.html()
    )
}

fn title(view: &View<'_>, tree: &Tree, nodes: &[&Node]) -> String {
    let mut notes = Vec::new();
    if nodes.len() > SINGLE_MAX {
        notes.push(format!(
            "a dot stands for up to {} cases that began one after the other, coloured as most of them ended",
            nodes.len().div_ceil(COLUMNS)
        ));
    }
    let left = tree.cases - nodes.len() as u64;
    if left > 0 {
        notes.push(format!("{} later ones are not drawn", grouped(left)));
    }
    let note = match notes.is_empty() {
        true => String::new(),
        false => format!(" <span class=\"note\">{}</span>", notes.join("; ")),
    };
    format!(
        "From case #{} at {}: {}, {}, {}{note}",
        tree.root,
        view.moment(tree.from),
        count(tree.cases, "case", "cases"),
        count(u64::from(tree.depth), "step", "steps"),
        count(tree.lots, "lot", "lots"),
    )
}

/// Cases by steps from their root, as bars; nothing where each stands alone.
pub fn depths(view: &View<'_>) -> String {
    let cascade = &view.outcome.record.cascade;
    let by_depth = &cascade.by_depth;
    if cascade.driven == 0 {
        return String::new();
    }
    let most = by_depth.iter().copied().max().unwrap_or(1).max(1);
    let shown = by_depth.len().min(12);
    let mut rows: Vec<(String, u64)> = (0..shown).map(|n| (n.to_string(), by_depth[n])).collect();
    let rest: u64 = by_depth[shown..].iter().sum();
    if rest > 0 {
        rows.push((format!("{shown} and more"), rest));
    }
    let bar = |(name, count): (String, u64)| {
        let name = match name.as_str() {
            "0" => "0 (by the market)".to_owned(),
            "1" => "1 (by a case at step 0)".to_owned(),
            _ => name,
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::reader::SECOND;

    /// A chain of which every case breaches the next but one.
    fn nodes(count: u32) -> Vec<Node> {
        let depth = |case: u32| (case - 1) / 2;
        let parent = |case: u32| if case > 2 { case - 2 } else { case };
        let ts = |case: u32| 34_200 * SECOND + u64::from(case - 1) * SECOND / 2;
        let node = |case| Node {
            case,
            parent: parent(case),
            root: 1,
            depth: depth(case),
            ts: ts(case),
            lots: 1,
        };
        (1..=count).map(node).collect()
    }

    #[test]
    fn small_trees_have_a_dot_a_case_and_large_ones_share_them() {
        let small = nodes(SINGLE_MAX as u32);
        let small: Vec<&Node> = small.iter().collect();
        let drawing = Drawing::new(&small, |_| CaseEnd::Restored);
        assert_eq!((drawing.dots.len(), drawing.lines.len()), (SINGLE_MAX, SINGLE_MAX - 2));
        // All at one step: a dot a column, however many there are, and no case is lost.
        let mut wide = nodes(2_000);
        wide[1..].iter_mut().for_each(|node| (node.parent, node.depth) = (1, 1));
        let wide: Vec<&Node> = wide.iter().collect();
        let end = |case| if case % 3 == 0 { CaseEnd::Closed } else { CaseEnd::Waterfall };
        let drawing = Drawing::new(&wide, end);
        assert_eq!((drawing.dots.len(), drawing.lines.len()), (COLUMNS + 1, COLUMNS));
        assert_eq!(drawing.dots.values().map(|dot| dot.cases).sum::<u64>(), 2_000);
        assert!(
            drawing
                .dots
                .iter()
                .all(|((step, _), dot)| *step == 0 || dot.end() == CaseEnd::Waterfall)
        );
    }

    #[test]
    fn times_under_a_tree_count_from_its_first_case_and_no_dot_is_cut() {
        let nodes = nodes(13);
        let nodes: Vec<&Node> = nodes.iter().collect();
        let labels: Vec<String> = times(&nodes).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["09:30:00", "+1 s", "+2 s", "+3 s", "+4 s", "+5 s", "+6 s"]);
        assert_eq!((across(0.0, 13), across(12.0, 13)), (EDGE, WIDTH - EDGE));
        // Cases of one moment have one label.
        assert_eq!(times(&nodes[..1]).len(), 1);
    }
}
