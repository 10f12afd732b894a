//! What liquidations did to others, said in sentences: the cascade, and the way of the mark.

use super::View;
use crate::say::{count, grouped, percent, quotient, span};

/// Under "Cascade": how many cases liquidations themselves brought about.
pub fn cascade(view: &View<'_>) -> String {
    let cascade = &view.outcome.record.cascade;
    let all = cascade.roots + cascade.driven;
    if all == 0 {
        return "There were no liquidations.".to_owned();
    }
    if cascade.driven == 0 {
        return format!(
            "{} began because the market moved; no liquidation moved the mark that broke another's margin.",
            count(cascade.roots, "case", "cases")
        );
    }
    let largest = cascade.largest(1).first().copied();
    let tree = largest.map_or(String::new(), |tree| {
        format!(
            " The largest tree holds {} over {}.",
            count(tree.cases, "case", "cases"),
            count(u64::from(tree.depth), "step", "steps")
        )
    });
    format!(
        "{} of {} ({}\u{a0}%) began at a mark that another liquidation's trades had moved; the other {} were brought about by the market. The longest chain has {}.{tree}",
        grouped(cascade.driven),
        count(all, "case", "cases"),
        percent(cascade.driven as i64, all as i64),
        grouped(cascade.roots),
        count(u64::from(cascade.depth_max), "step", "steps"),
    )
}

/// Under "Slippage and impact": what liquidations did to the mark, and how long it took to come back.
pub fn impact(view: &View<'_>) -> String {
    let impact = &view.outcome.record.impacts[view.scenario.instrument.index()];
    let all = view.outcome.record.cases.all();
    let Some(worst) = impact.worst else {
        return "No liquidation traded.".to_owned();
    };
    let mean = quotient(all.slippage, all.lots, 2).unwrap_or("0".to_owned());
    let [down, up] = impact.by_liquidations;
    let [others_down, others_up] = impact.by_others;
    let pushed = |by: i64, others: i64| percent(by.abs(), (by.abs() + others.abs()).max(1));
    let way = |by: i64, others: i64, word: &str| match by {
        0 => None,
        _ => Some(format!("{}\u{a0}% of all the mark's way {word}", pushed(by, others))),
    };
    let ways: Vec<String> =
        [way(down, others_down, "down"), way(up, others_up, "up")].into_iter().flatten().collect();
    let ways = match ways.is_empty() {
        true => "none of the mark's way".to_owned(),
        false => ways.join(" and "),
    };
    let recovery = match worst.recovery() {
        Some(time) => format!("{} after the worst it had come back half way", span(time)),
        None => "it did not come back half way in this run".to_owned(),
    };
    format!(
        "A lot was closed {mean} ticks worse than the mark its batch met. Liquidations' own trades made {ways}. While they were at work the mark went from {} to {}; {recovery}.",
        view.scale.price(worst.mark),
        view.scale.price(worst.worst),
    )
}
