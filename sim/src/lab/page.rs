//! lab.html: the comparison as one page that needs no network. The verdict first, then a picture for each metric, then the numbers.

use super::comparison::{Comparison, SMALL, judged, short, signed};
use super::metrics::{Better, Group, METRICS, Metric};
use super::picture::{class, picture};
use super::verdict::{change, named, verdict};
use crate::report::escape;
use std::fmt::Write as _;

const CSS: &str = include_str!("../../assets/lab.css");

/// The page, whole.
pub fn page(comparison: &Comparison) -> String {
    let title = escape(&comparison.title);
    let telling = comparison.telling();
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n<main>\n<header><div class=\"brand\">Plimsoll</div><div class=\"meta\">{}</div></header>\n<h1>{title}</h1>\n",
        meta(comparison)
    );
    if !comparison.complete {
        out.push_str("<p class=\"warning\">Not all runs were done; this is what the finished ones say.</p>\n");
    }
    let _ = writeln!(out, "<p class=\"verdict\">{}</p>", escape(&verdict(comparison)));
    let _ = writeln!(
        out,
        "{}\n{}\n{}\n{}",
        glance(comparison, &telling),
        pictures(comparison, &telling),
        numbers(comparison, &telling),
        variants(comparison)
    );
    let silent: Vec<&str> = METRICS
        .iter()
        .enumerate()
        .filter(|(at, _)| !telling.contains(at))
        .map(|(_, metric)| metric.label)
        .collect();
    if !silent.is_empty() {
        let _ = writeln!(
            out,
            "<p class=\"note\">Zero or without a value in every run, and left out: {}.</p>",
            escape(&silent.join(", "))
        );
    }
    let _ = writeln!(out, "<footer>{FOOT}</footer>\n</main>\n</body>\n</html>");
    out
}

const FOOT: &str = "Every variant ran under the same seeds, and each difference is taken within a seed: what the \
market did to both alike is not in it. The intervals drawn are 95 % by Student\u{2019}s t, one metric at a time, and may miss zero by chance; \
colours and words go by Holm\u{2019}s correction, which lets one page in twenty have a false one among the metrics of the verdict, and one in twenty among all others. \
A run is a pure function of scenario and seed; runs.jsonl has a row for each, with its state hash.";

fn baseline(comparison: &Comparison) -> String {
    escape(&comparison.variants[comparison.baseline].name)
}

fn meta(comparison: &Comparison) -> String {
    let seeds = match comparison.seeds.as_slice() {
        [] => String::new(),
        [only] => format!("seed {only}"),
        [first, .., last] => format!("{} seeds, {first} to {last}", comparison.seeds.len()),
    };
    let variants = comparison.variants.len();
    format!("{}<br>{variants} variants, {seeds}", escape(&comparison.scenario))
}

fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn way(metric: &Metric) -> &'static str {
    match metric.better {
        Better::Less => " \u{b7} less is better",
        Better::More => " \u{b7} more is better",
        Better::Neither => "",
    }
}

const LEGEND: &str = "<p class=\"key\"><span class=\"k good\">better</span><span class=\"k bad\">worse</span>\
<span class=\"k other\">different, neither better nor worse</span><span class=\"k open\">no difference: not told from chance, or below 1 % of the baseline</span></p>";

/// The numbers behind the verdict: the few metrics that it is about.
fn glance(comparison: &Comparison, telling: &[usize]) -> String {
    let asked: Vec<usize> = named().filter(|at| telling.contains(at)).collect();
    if asked.is_empty() || comparison.variants.len() < 2 {
        return String::new();
    }
    let cell = |variant: usize, at: usize| {
        let entry = comparison.variants[variant].entries[at];
        let by = change(comparison, variant, at).filter(|_| entry.difference.is_some());
        let by = match (by, entry.difference.filter(|d| d.mean == 0.0 && d.deviation == 0.0)) {
            (_, Some(_)) => "the same".to_owned(),
            (Some(by), None) => by,
            (None, None) if variant == comparison.baseline => "baseline".to_owned(),
            (None, None) => String::new(),
        };
        format!("<small class=\"{}\">{by}</small>", class(entry.effect(&METRICS[at])))
    };
    format!("<section>\n{}\n{LEGEND}\n</section>", grid_of_numbers(comparison, &asked, cell))
}

/// The pictures of what differs, by what they are about; the rest by name.
fn pictures(comparison: &Comparison, telling: &[usize]) -> String {
    let mut out = format!(
        "<section>\n<h2>Against \u{201c}{}\u{201d}</h2>\n<p class=\"caption\">Each dot is the mean difference to the baseline over the seeds, each line its 95 % confidence interval. \
At the right: the difference, and the variant\u{2019}s own mean. {}.</p>\n",
        baseline(comparison),
        upper(&judged())
    );
    let (shown, level): (Vec<usize>, Vec<usize>) =
        telling.iter().partition(|at| comparison.differs(**at));
    for (group, heading) in Group::ALL {
        let mut places = shown.iter().filter(|at| METRICS[**at].group() == group).peekable();
        if places.peek().is_none() {
            continue;
        }
        let _ = writeln!(out, "<h3>{heading}</h3>\n<div class=\"grid\">");
        for at in places {
            let metric = &METRICS[*at];
            let _ = writeln!(
                out,
                "<figure><figcaption><b>{}</b> <span>{}{}</span></figcaption>{}<p>{}.</p></figure>",
                escape(&upper(metric.label)),
                escape(comparison.unit(metric)),
                way(metric),
                picture(comparison, *at),
                escape(&upper(metric.meaning)),
            );
        }
        out.push_str("</div>\n");
    }
    if !level.is_empty() {
        let labels: Vec<&str> = level.iter().map(|at| METRICS[*at].label).collect();
        let _ = writeln!(
            out,
            "<p class=\"note\">No difference shown, or one below {:.0} %, so without a picture: {}.</p>",
            100.0 * SMALL,
            escape(&labels.join(", "))
        );
    }
    out + "</section>"
}

/// Every number as a table.
fn numbers(comparison: &Comparison, telling: &[usize]) -> String {
    let cell = |variant: usize, at: usize| {
        let entry = comparison.variants[variant].entries[at];
        let Some(difference) = entry.difference else { return String::new() };
        let interval = difference.interval().map_or_else(String::new, |[low, high]| {
            format!(" [{}, {}]", signed(low), signed(high))
        });
        let class = class(entry.effect(&METRICS[at]));
        format!("<small class=\"{class}\">{}{interval}</small>", signed(difference.mean))
    };
    format!(
        "<section class=\"long\">\n<h2>The numbers</h2>\n<p class=\"caption\">Means over the seeds; below them the paired difference to the baseline, and its 95 % confidence interval.</p>\n{}\n</section>",
        grid_of_numbers(comparison, telling, cell)
    )
}

/// A table with a metric a row and a variant a column: its mean, and what `below` says of it. On a narrow page each cell names its variant.
fn grid_of_numbers(
    comparison: &Comparison,
    metrics: &[usize],
    below: impl Fn(usize, usize) -> String,
) -> String {
    let mut out = String::from(
        "<div class=\"scroll\"><table class=\"metrics\">\n<tr><th>metric</th><th class=\"t\">unit</th>",
    );
    for variant in &comparison.variants {
        let _ = write!(out, "<th>{}</th>", escape(&variant.name));
    }
    out.push_str("</tr>\n");
    for at in metrics {
        let metric = &METRICS[*at];
        let (label, unit) = (escape(metric.label), escape(comparison.unit(metric)));
        let _ = write!(out, "<tr><td>{label}</td><td class=\"t\">{unit}</td>");
        for (n, variant) in comparison.variants.iter().enumerate() {
            let mean = variant.entries[*at].mean;
            let mean = mean.map_or("\u{2013}".to_owned(), |mean| short(mean.mean));
            let name = escape(&variant.name);
            let _ = write!(out, "<td data-variant=\"{name}\">{mean}{}</td>", below(n, *at));
        }
        out.push_str("</tr>\n");
    }
    out + "</table></div>"
}

fn variants(comparison: &Comparison) -> String {
    let mut out = String::from(
        "<section>\n<h2>The variants</h2>\n<table class=\"variants\">\n<tr><th>variant</th><th class=\"t\">what it changes</th><th>runs</th></tr>\n",
    );
    for (n, variant) in comparison.variants.iter().enumerate() {
        let changes: Vec<String> = variant
            .changes
            .iter()
            .map(|change| format!("<code>{}</code>", escape(change)))
            .collect();
        let changes = if changes.is_empty() { "nothing".to_owned() } else { changes.join("<br>") };
        let mark = if n == comparison.baseline { " <small>baseline</small>" } else { "" };
        let _ = writeln!(
            out,
            "<tr><td>{}{mark}</td><td class=\"t\">{changes}</td><td>{}</td></tr>",
            escape(&variant.name),
            variant.runs
        );
    }
    out + "</table>\n</section>"
}
