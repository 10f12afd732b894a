//! A tear sheet for each strategy: profit, drawdown, exposure, use of margin, distance to liquidation.

use super::axis::TimeAxis;
use super::chart::{Chart, Upward, amount, number, thinned, through};
use super::{View, escape};
use crate::outcome::{StrategyRecord, StrategySample};
use crate::say::{count, grouped};
use crate::strategy::sheet::Sheet;
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
    let cards = figures(view, record);
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
        words(view, record),
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

/// What became of it, in a sentence: also for the verdict.
pub fn result(view: &View<'_>, record: &StrategyRecord) -> String {
    let sheet = Sheet::of(record);
    let amount_of = |money: Money| format!("{} {}", view.scale.short(money), escape(view.currency));
    let result = match sheet.profit.units() {
        0 => "neither won nor lost".to_owned(),
        1.. => format!("won <b>{}</b>", amount_of(sheet.profit)),
        _ => format!("lost <b class=\"bad\">{}</b>", amount_of(-sheet.profit)),
    };
    let share = sheet.return_on_deposit.map_or(String::new(), |share| {
        format!(" ({}\u{a0}% of what was paid in)", number(share * 100.0, 1))
    });
    let ended = match (record.cases, record.debt > Money::ZERO) {
        (0, _) => "was never liquidated".to_owned(),
        (n, false) => format!("was liquidated in {}", count(n, "case", "cases")),
        (n, true) => format!(
            "was liquidated in {} and owes {}",
            count(n, "case", "cases"),
            amount_of(record.debt)
        ),
    };
    format!("{result}{share} and {ended}")
}

fn words(view: &View<'_>, record: &StrategyRecord) -> String {
    format!(
        "It {}. {} came of {}, {} of them refused; it paid {} {} of fees and had {}.",
        result(view, record),
        count(record.fills, "fill", "fills"),
        count(record.messages, "message", "messages"),
        grouped(record.rejected),
        view.scale.short(record.fees),
        escape(view.currency),
        count(record.margin_calls, "margin call", "margin calls"),
    )
}

fn figures(view: &View<'_>, record: &StrategyRecord) -> String {
    let sheet = Sheet::of(record);
    let card = |number: String, label: &str| {
        format!(
            "<div class=\"figure\"><div class=\"n\">{number}</div><div class=\"l\">{label}</div></div>"
        )
    };
    let share = |share: Option<f64>| match share.filter(|share| share.is_finite()) {
        Some(share) => format!("{}\u{a0}%", number(share * 100.0, 1)),
        None => "-".to_owned(),
    };
    let cards = [
        card(view.scale.short(sheet.profit), "profit after fees"),
        card(
            view.scale.short(sheet.drawdown),
            &format!("deepest drawdown, {} of its high", share(sheet.drawdown_share)),
        ),
        card(
            sheet.sharpe.map_or("-".to_owned(), |sharpe| number(sharpe, 2)),
            "Sharpe ratio of the run",
        ),
        card(share(sheet.maker_share), "of its lots by resting orders"),
        card(share(Some(sheet.margin_use_max)), "margin / equity, at the most"),
        card(
            sheet.distance_min.map_or("-".to_owned(), |ticks| grouped(ticks.unsigned_abs())),
            "ticks from liquidation, at the nearest",
        ),
    ];
    format!("<div class=\"figures\">{}</div>", cards.concat())
}
