//! A tear sheet for each strategy: profit, drawdown, exposure, use of margin, distance to liquidation.

use super::axis::TimeAxis;
use super::chart::{Chart, Upward, amount, number, thinned, through};
use super::{View, escape};
use crate::outcome::{StrategyRecord, StrategySample};
use crate::say::{count, grouped, percent};
use plimsoll_types::Money;

/// All strategies; nothing where there are none.
pub fn sheets(view: &View<'_>) -> String {
    let one = |(n, record): (usize, &StrategyRecord)| sheet(view, n, record);
    view.outcome.strategies.iter().enumerate().map(one).collect()
}

/// Result at each sample and how far it lies under the best before.
fn results(view: &View<'_>, record: &StrategyRecord) -> (Vec<f64>, Vec<f64>) {
    let mut best = 0.0f64;
    let result = |s: &StrategySample| view.scale.money_plain(s.equity - record.deposit);
    let results: Vec<f64> = record.samples.iter().map(result).collect();
    let under = results
        .iter()
        .map(|&result| {
            best = best.max(result);
            result - best
        })
        .collect();
    (results, under)
}

fn sheet(view: &View<'_>, n: usize, record: &StrategyRecord) -> String {
    let (results, under) = results(view, record);
    let deepest = under.iter().copied().fold(0.0, f64::min);
    let cards = figures(view, record, deepest);
    if record.samples.is_empty() {
        return format!(
            "<article class=\"sheet\"><h3>{}</h3>{cards}</article>",
            escape(record.name.as_str())
        );
    }
    let axis = TimeAxis::new(record.samples.iter().map(|sample| sample.ts));
    let money = |of: fn(&StrategySample) -> Money| -> Vec<Option<f64>> {
        record.samples.iter().map(|s| Some(view.scale.money_plain(of(s)))).collect()
    };
    let used = |s: &StrategySample| match (s.margin.units(), s.equity.units()) {
        (_, ..=0) => None,
        (margin, equity) => Some(100.0 * margin as f64 / equity as f64),
    };
    let some = |values: Vec<f64>| values.into_iter().map(Some).collect::<Vec<_>>();
    let pictures = [
        Picture { name: "Profit", unit: view.currency, class: "mark", values: some(results) },
        Picture { name: "Drawdown", unit: view.currency, class: "sell", values: some(under) },
        Picture {
            name: "Exposure",
            unit: view.currency,
            class: "working",
            values: money(|s| s.exposure),
        },
        Picture {
            name: "Margin / equity",
            unit: "%",
            class: "parked",
            values: record.samples.iter().map(used).collect(),
        },
        Picture {
            name: "Position",
            unit: "lots",
            class: "working",
            values: record.samples.iter().map(|s| Some(s.lots as f64)).collect(),
        },
        Picture {
            name: "Distance to liquidation",
            unit: "ticks",
            class: "restored",
            values: record.samples.iter().map(|s| s.distance.map(|d| d as f64)).collect(),
        },
    ];
    let drawn: String = pictures.iter().enumerate().map(|(at, p)| p.html(n, at, &axis)).collect();
    format!(
        "<article class=\"sheet\"><h3>{}</h3><p class=\"caption\">{}</p>{cards}<div class=\"six\">{drawn}</div></article>",
        escape(record.name.as_str()),
        words(view, record, deepest),
    )
}

/// One small chart.
struct Picture<'a> {
    name: &'a str,
    unit: &'a str,
    class: &'a str,
    values: Vec<Option<f64>>,
}

impl Picture<'_> {
    fn html(&self, sheet: usize, at: usize, axis: &TimeAxis) -> String {
        let known = || self.values.iter().flatten().copied();
        let (low, high) = (known().fold(0.0, f64::min), known().fold(0.0, f64::max));
        let reach = (high - low).max(if self.unit == "%" { 1.0 } else { 2.0 });
        let upward =
            Upward::even(low - if low < 0.0 { reach * 0.06 } else { 0.0 }, low + reach * 1.06);
        let label = |value: f64| if self.unit == "%" { number(value, 1) } else { amount(value) };
        let words = format!("{} of the strategy over time.", self.name);
        let every_other = axis.labels().into_iter().step_by(2).collect();
        let mut chart = Chart::new(&format!("sheet-{}-{}", sheet + 1, at + 1), &words, 110)
            .left(&upward, &upward.ticks(3), label)
            .below(every_other);
        let zero = upward.at(0.0);
        let mut part: Vec<(f64, f64)> = Vec::new();
        let ends = self.values.iter().copied().chain([None]).enumerate();
        for (n, value) in ends {
            match value {
                Some(value) => part.push((axis.nth(n), upward.at(value))),
                None => {
                    let line = thinned(&part);
                    chart.area(&format!("{} area", self.class), &line, zero);
                    chart.path(&format!("{} line", self.class), &through(line.iter().copied()));
                    part.clear();
                }
            }
        }
        format!(
            "<figure><figcaption>{} <small>{}</small></figcaption>{}</figure>",
            self.name,
            escape(self.unit),
            chart.html()
        )
    }
}

fn words(view: &View<'_>, record: &StrategyRecord, deepest: f64) -> String {
    let profit = record.profit();
    let amount_of = |money: Money| format!("{} {}", view.scale.short(money), escape(view.currency));
    let result = match profit.units() {
        0 => "neither won nor lost".to_owned(),
        1.. => format!("won {}", amount_of(profit)),
        _ => format!("lost {}", amount_of(-profit)),
    };
    let share = match record.deposit.units() {
        ..=0 => String::new(),
        deposit => format!(
            " ({}{}\u{a0}% of its deposit)",
            if profit < Money::ZERO { "-" } else { "" },
            percent((profit.units().abs() * 1_000 / deposit) as i64, 1_000)
        ),
    };
    let ended = match (record.cases, record.debt > Money::ZERO) {
        (0, _) => "it was never liquidated".to_owned(),
        (n, false) => format!("it was liquidated in {}", count(n, "case", "cases")),
        (n, true) => format!(
            "it was liquidated in {} and owes {}",
            count(n, "case", "cases"),
            amount_of(record.debt)
        ),
    };
    format!(
        "It {result}{share}, with a drawdown of up to {} {}; {ended}.",
        amount(-deepest),
        escape(view.currency)
    )
}

fn figures(view: &View<'_>, record: &StrategyRecord, deepest: f64) -> String {
    let card = |number: String, label: &str| {
        format!(
            "<div class=\"figure\"><div class=\"n\">{number}</div><div class=\"l\">{label}</div></div>"
        )
    };
    let lots = record.lots.max(1) as i64;
    let cards = [
        card(view.scale.short(record.profit()), "profit after fees"),
        card(amount(deepest), "deepest drawdown"),
        card(grouped(record.fills), "fills"),
        card(
            format!("{}\u{a0}%", percent(record.maker_lots as i64, lots)),
            "lots by resting orders",
        ),
        card(view.scale.short(record.fees), "fees"),
        card(
            format!("{} / {}", grouped(record.margin_calls), grouped(record.cases)),
            "margin calls / liquidations",
        ),
    ];
    format!("<div class=\"figures\">{}</div>", cards.concat())
}
