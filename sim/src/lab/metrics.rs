//! What runs are compared by: one number each, with its unit, which way is better, and what it means.
//!
//! Floats: these numbers are shown and never enter an exchange.

use crate::outcome::{AccountRecord, Outcome, StrategyRecord};
use crate::record::{CaseEnd, CaseRecord};
use crate::say::Scale;
use crate::scenario::Scenario;
use crate::scenario::reader::SECOND;
use plimsoll_types::{Money, Ts};

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is.
    Less,
    /// More is.
    More,
    /// Neither is by itself.
    Neither,
}

impl Better {
    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Better::Less => "less",
            Better::More => "more",
            Better::Neither => "neither",
        }
    }
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its column.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Its unit; `money` stands for the currency.
    pub unit: &'static str,
    /// Which way it is better.
    pub better: Better,
    /// What it is.
    pub meaning: &'static str,
}

const fn less(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    meaning: &'static str,
) -> Metric {
    Metric { name, label, unit, better: Better::Less, meaning }
}

const fn more(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    meaning: &'static str,
) -> Metric {
    Metric { better: Better::More, ..less(name, label, unit, meaning) }
}

const fn plain(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    meaning: &'static str,
) -> Metric {
    Metric { better: Better::Neither, ..less(name, label, unit, meaning) }
}

/// What a metric is about, as the page groups them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Who loses what.
    Losses,
    /// What happens to prices, and to others through them.
    Market,
    /// How long it takes.
    Time,
    /// How much there was of what.
    Counts,
}

impl Group {
    /// All of them, in the page's order, with their headings.
    pub const ALL: [(Group, &str); 4] = [
        (Group::Losses, "Who loses"),
        (Group::Market, "The market"),
        (Group::Time, "Time"),
        (Group::Counts, "Counts"),
    ];
}

impl Metric {
    /// What it is about.
    pub fn group(&self) -> Group {
        match self.name {
            "liquidated_loss"
            | "liquidated_accounts"
            | "fund_used"
            | "debt"
            | "deleveraged_lots"
            | "haircut"
            | "socialised"
            | "strategy_profit"
            | "strategy_drawdown" => Group::Losses,
            "slippage_ticks" | "shortfall_ticks" | "driven_cases" | "cascade_depth"
            | "liquidation_push" | "price_impact" | "recovered" => Group::Market,
            "recovery_seconds" | "case_seconds" | "parked_seconds" => Group::Time,
            _ => Group::Counts,
        }
    }
}

/// The place of a metric by its column; `None` for a name that is none.
pub fn metric_at(name: &str) -> Option<usize> {
    METRICS.iter().position(|metric| metric.name == name)
}

/// Every metric, in the order of the columns.
pub const METRICS: [Metric; 27] = [
    less(
        "liquidated_loss",
        "loss of the liquidated",
        "money",
        "equity that leveraged accounts with a case lost from the opening to the end, what they paid in counted",
    ),
    less(
        "liquidated_accounts",
        "accounts liquidated",
        "accounts",
        "leveraged accounts with a case",
    ),
    less("lots_liquidated", "lots liquidated", "lots", "lots that liquidation orders traded"),
    less(
        "slippage_ticks",
        "slippage",
        "ticks a lot",
        "how much worse than the mark its batch met a liquidated lot traded",
    ),
    less(
        "shortfall_ticks",
        "shortfall",
        "ticks a lot",
        "how much worse than the mark at the beginning of its case a liquidated lot traded",
    ),
    plain("restored_share", "cases restored", "%", "share of cases that met their target"),
    less("fund_used", "fund used", "money", "insurance fund at the start less at the end"),
    less("debt", "debt of clients", "money", "what clients owe the house in the end"),
    less("deleveraged_lots", "deleveraged", "lots", "lots closed against accounts with a profit"),
    less(
        "haircut",
        "haircut of the deleveraged",
        "money",
        "how much worse than the mark the deleveraged were closed, on the whole; below zero: better",
    ),
    less("socialised", "socialised", "money", "losses shared out among those with a profit"),
    less(
        "driven_cases",
        "cases driven by liquidations",
        "cases",
        "cases that began because the trades of another case had moved the mark",
    ),
    less(
        "cascade_depth",
        "depth of the cascade",
        "cases",
        "longest chain of cases of which each drove the next",
    ),
    less(
        "liquidation_push",
        "mark moved by liquidations",
        "ticks",
        "ticks by which trades of liquidations moved the mark, down and up together",
    ),
    less(
        "price_impact",
        "largest move of the mark",
        "%",
        "largest distance of the mark from where it stood when the first shock began",
    ),
    less(
        "recovery_seconds",
        "time to half-way back",
        "s",
        "from the farthest mark until half of that move is undone; until the end where it never is",
    ),
    more("recovered", "came half-way back", "%", "100 where half of the largest move was undone"),
    less(
        "case_seconds",
        "length of a case",
        "s",
        "mean time from the beginning of a case to its end, or the run's",
    ),
    less("parked_seconds", "wait of a case", "s", "mean time a case waited for a market"),
    more(
        "strategy_profit",
        "profit of the strategies",
        "money",
        "equity of the strategies at the end less what was paid in, all together",
    ),
    less(
        "strategy_drawdown",
        "drawdown of the strategies",
        "money",
        "deepest fall of a strategy's equity from its highest so far, the deepest of all strategies",
    ),
    plain("cases", "cases", "cases", "liquidation cases"),
    plain("batches", "batches", "orders", "orders that cases sent"),
    plain("margin_calls", "margin calls", "calls", "margin calls"),
    plain("trades", "trades", "trades", "trades of all kinds"),
    plain("volume", "volume", "lots", "lots of all trades"),
    plain("commands", "commands", "commands", "commands the exchange carried out"),
];

/// The values of one run, in the order of [`METRICS`]; `None` where a run has none, as slippage without a liquidation.
pub type Values = Vec<Option<f64>>;

/// Takes the measure of a run.
pub fn measure(scenario: &Scenario, outcome: &Outcome) -> Values {
    let spec = &scenario.exchange.instruments[scenario.instrument.index()];
    let scale = Scale::new(scenario.exchange.money_decimals, spec);
    let money = |money: Money| Some(scale.money_plain(money));
    let count = |n: u64| Some(n as f64);
    let record = &outcome.record;
    let all = record.cases.all();
    let a_lot = |sum: i64| (all.lots > 0).then(|| sum as f64 / all.lots as f64);
    let restored = record.cases.totals(CaseEnd::Restored).cases;
    let kept = record.cases.values().len();
    let a_case = |of: fn(&CaseRecord) -> Ts| {
        (kept > 0).then(|| seconds(record.cases.values().map(of).sum()) / kept as f64)
    };
    let liquidated = outcome.liquidated().count() as u64;
    let lost: Money = outcome.liquidated().map(AccountRecord::loss).sum();
    let push: i64 = record.impacts.iter().flat_map(|i| i.by_liquidations).map(i64::abs).sum();
    let path = path(scenario, outcome);
    let strategies = &outcome.strategies;
    let profit = strategies.iter().map(|one| one.closing.units() - one.paid_in.units());
    let profit = (!strategies.is_empty()).then(|| profit.sum());
    let values = vec![
        money(lost),
        count(liquidated),
        count(all.lots),
        a_lot(all.slippage),
        a_lot(all.shortfall),
        (all.cases > 0).then(|| 100.0 * restored as f64 / all.cases as f64),
        money(record.fund.start - record.fund.now),
        money(record.debt),
        count(record.deleveraged.1),
        money(record.haircut),
        money(record.socialised),
        count(record.cascade.driven),
        count(u64::from(record.cascade.depth_max)),
        count(push.unsigned_abs()),
        path.map(|path| path.impact),
        path.map(|path| path.recovery),
        path.map(|path| if path.recovered { 100.0 } else { 0.0 }),
        a_case(|case| case.ended - case.opened),
        a_case(CaseRecord::waited),
        profit.map(Money::new).and_then(money),
        drawdown(outcome).and_then(money),
        count(all.cases),
        count(all.batches),
        count(record.calls),
        count(record.trades),
        count(record.volume),
        count(outcome.commands),
    ];
    debug_assert_eq!(values.len(), METRICS.len());
    values
}

/// The deepest fall from a peak that any strategy's equity had; `None` without strategies.
fn drawdown(outcome: &Outcome) -> Option<Money> {
    let of = |strategy: &StrategyRecord| {
        let mut peak = strategy.deposit;
        let falls = strategy.samples.iter().map(|sample| {
            peak = peak.max(sample.equity);
            peak - sample.equity
        });
        falls.max().unwrap_or(Money::ZERO)
    };
    outcome.strategies.iter().map(of).max()
}

fn seconds(span: Ts) -> f64 {
    span as f64 / SECOND as f64
}

/// How far the mark went and how it came back.
#[derive(Clone, Copy, Debug)]
struct Path {
    /// Percent of the mark before.
    impact: f64,
    /// Seconds.
    recovery: f64,
    recovered: bool,
}

/// The way of the mark since the first shock; `None` for a run without samples.
fn path(scenario: &Scenario, outcome: &Outcome) -> Option<Path> {
    let shocks = scenario.shocks.iter().filter(|s| s.instrument == scenario.instrument);
    let shock = shocks.map(|shock| shock.from).min().unwrap_or(0);
    let begin = outcome.from.saturating_add(shock);
    let since = outcome.samples.partition_point(|sample| sample.ts < begin);
    let samples = outcome.samples.get(since..)?;
    let before = samples.first()?.mark.ticks();
    let away = |ticks: i64| (ticks - before).abs();
    // Of several moments equally far the first.
    let (at, worst) = samples
        .iter()
        .enumerate()
        .max_by_key(|(n, sample)| (away(sample.mark.ticks()), std::cmp::Reverse(*n)))?;
    let far = away(worst.mark.ticks());
    let back = samples[at..].iter().find(|sample| 2 * away(sample.mark.ticks()) <= far);
    let until = back.map_or(outcome.to, |sample| sample.ts);
    Some(Path {
        impact: 100.0 * far as f64 / (before.max(1)) as f64,
        recovery: seconds(until - worst.ts),
        recovered: back.is_some(),
    })
}
