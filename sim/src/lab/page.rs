//! lab.html: the comparison as one page that needs no network. The verdict first, then a picture for each metric, then the numbers.

use super::comparison::{Comparison, Effect, short, signed};
use super::metrics::{Better, METRICS, Metric};
use super::picture::{class, picture};
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
    let _ = writeln!(out, "<div class=\"verdict\">{}</div>", verdict(comparison, &telling));
    let _ = writeln!(
        out,
        "<section>\n<h2>Against \u{201c}{}\u{201d}</h2>\n{}\n<div class=\"grid\">",
        baseline(comparison),
        legend()
    );
    for at in telling.iter().filter(|at| !comparison.alike(**at)) {
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
    let _ = writeln!(
        out,
        "</div>\n</section>\n{}\n{}",
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
market did to both alike is not in it. Intervals are 95 % by Student\u{2019}s t, one metric at a time: where nothing \
differs, about one comparison in twenty still looks as if it did. A run is a pure function of scenario and seed; runs.jsonl has a row for each, \
with its state hash.";

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

fn legend() -> &'static str {
    "<p class=\"caption\">Each dot is the mean difference to the baseline over the seeds, each line its 95 % confidence interval. At the right: \
the difference, and the variant\u{2019}s own mean. What is the same in every run has no picture, only its number in the table.</p>\n<p class=\"key\"><span class=\"k good\">better</span><span class=\"k bad\">worse</span>\
<span class=\"k other\">different, neither better nor worse</span><span class=\"k open\">no difference shown: the interval spans zero</span></p>"
}

/// What the comparison comes to, one sentence a variant.
fn verdict(comparison: &Comparison, telling: &[usize]) -> String {
    if comparison.variants.len() < 2 {
        return "<p>There is one variant and nothing to compare it with.</p>".to_owned();
    }
    if comparison.variants.iter().all(|variant| variant.runs < 2) {
        return "<p>One seed shows what happened once; it takes two or more to say what a variant changes.</p>".to_owned();
    }
    let rest = comparison.variants.iter().enumerate().filter(|(n, _)| *n != comparison.baseline);
    let mut out = String::new();
    for (_, variant) in rest {
        let part = |wanted: Effect| -> Vec<String> {
            let found =
                telling.iter().filter(|at| variant.entries[**at].effect(&METRICS[**at]) == wanted);
            found.map(|at| changed(comparison, variant.entries[*at], *at)).collect()
        };
        let (good, bad) = (part(Effect::Good), part(Effect::Bad));
        let name = escape(&variant.name);
        let _ = match (good.is_empty(), bad.is_empty()) {
            (true, true) => writeln!(
                out,
                "<p><b>{name}</b>: nothing that is better or worse can be told apart from chance.</p>"
            ),
            (false, true) => writeln!(
                out,
                "<p><b>{name}</b> is <b class=\"good\">better</b> in {}; nothing is shown to be worse.</p>",
                list(&good)
            ),
            (true, false) => writeln!(
                out,
                "<p><b>{name}</b> is <b class=\"bad\">worse</b> in {}; nothing is shown to be better.</p>",
                list(&bad)
            ),
            (false, false) => writeln!(
                out,
                "<p><b>{name}</b> is <b class=\"good\">better</b> in {}, and <b class=\"bad\">worse</b> in {}.</p>",
                list(&good),
                list(&bad)
            ),
        };
    }
    out
}

/// The most a sentence names.
const NAMED_MAX: usize = 4;

fn list(parts: &[String]) -> String {
    let named = parts.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match parts.len().saturating_sub(NAMED_MAX) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// A metric and its change: in percent of the baseline's mean where that means something.
fn changed(comparison: &Comparison, entry: super::comparison::Entry, at: usize) -> String {
    let metric = &METRICS[at];
    let base = comparison.variants[comparison.baseline].entries[at].mean.map_or(0.0, |m| m.mean);
    let Some(difference) = entry.difference else { return metric.label.to_owned() };
    let by = match metric.unit == "%" || base == 0.0 {
        true if metric.unit == "%" => format!("{} points", signed(difference.mean)),
        true => format!("{} {}", signed(difference.mean), comparison.unit(metric)),
        false => format!("{} %", signed((1000.0 * difference.mean / base.abs()).round() / 10.0)),
    };
    format!("{} ({})", escape(metric.label), escape(&by))
}

/// Every number of the pictures as a table.
fn numbers(comparison: &Comparison, telling: &[usize]) -> String {
    let mut out = String::from(
        "<section class=\"long\">\n<h2>The numbers</h2>\n<p class=\"caption\">Means over the seeds; below them the paired difference to the baseline, and its 95 % confidence interval.</p>\n<div class=\"scroll\"><table>\n<tr><th>metric</th><th class=\"t\">unit</th>",
    );
    for variant in &comparison.variants {
        let _ = write!(out, "<th>{}</th>", escape(&variant.name));
    }
    out.push_str("</tr>\n");
    for at in telling {
        let metric = &METRICS[*at];
        let _ = write!(
            out,
            "<tr><td>{}</td><td class=\"t\">{}</td>",
            escape(metric.label),
            escape(comparison.unit(metric))
        );
        for variant in &comparison.variants {
            let entry = variant.entries[*at];
            let mean = entry.mean.map_or("\u{2013}".to_owned(), |mean| short(mean.mean));
            let _ = write!(out, "<td>{mean}");
            if let Some(difference) = entry.difference {
                let class = class(entry.effect(metric));
                let interval = difference.interval().map_or_else(String::new, |[low, high]| {
                    format!(" [{}, {}]", signed(low), signed(high))
                });
                let _ = write!(
                    out,
                    "<small class=\"{class}\">{}{interval}</small>",
                    signed(difference.mean)
                );
            }
            out.push_str("</td>");
        }
        out.push_str("</tr>\n");
    }
    out + "</table></div>\n</section>"
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
