//! A strategy's tear sheet: what its account won, what it risked for that, and how near it came to being liquidated.

use crate::outcome::{StrategyRecord, StrategySample};
use crate::say::Scale;
use plimsoll_types::Money;
use serde_json::{Value, json};

/// The numbers of a tear sheet. Shares are of 1. What follows from the samples sees what they see, and nothing between two of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// Won or lost, fees paid and debt counted.
    pub profit: Money,
    /// The same as a share of what was paid in.
    pub return_on_deposit: Option<f64>,
    /// Largest fall of the equity from a high before it.
    pub drawdown: Money,
    /// The same as a share of that high.
    pub drawdown_share: Option<f64>,
    /// Mean of the returns from sample to sample over their deviation, times the root of their number: of the whole run, not of a year.
    pub sharpe: Option<f64>,
    /// Lots traded by resting orders, as a share of all.
    pub maker_share: Option<f64>,
    /// Largest margin of its positions as a share of the equity; infinite where there was margin and no equity.
    pub margin_use_max: f64,
    /// Largest worth of its positions.
    pub exposure_max: Money,
    /// Ticks the mark was away from a liquidation, at the nearest.
    pub distance_min: Option<i64>,
}

impl Sheet {
    /// The tear sheet of a record.
    ///
    /// Cost: O(samples).
    pub fn of(record: &StrategyRecord) -> Sheet {
        let samples = &record.samples;
        let (drawdown, high) = drawdown(samples);
        let margin = samples.iter().map(margin_use).fold(0.0, f64::max);
        let maker = ratio(record.maker_lots as f64, record.lots as f64);
        Sheet {
            profit: record.profit(),
            return_on_deposit: ratio(plain(record.profit()), plain(record.paid_in)),
            drawdown,
            drawdown_share: ratio(plain(drawdown), plain(high)),
            sharpe: sharpe(samples),
            maker_share: maker,
            margin_use_max: margin,
            exposure_max: samples.iter().map(|s| s.exposure).max().unwrap_or(Money::ZERO),
            distance_min: samples.iter().filter_map(|sample| sample.distance).min(),
        }
    }
}

/// A strategy in `summary.json`.
pub fn json(record: &StrategyRecord, scale: &Scale) -> Value {
    let sheet = Sheet::of(record);
    json!({
        "account": record.name.as_str(),
        "paid_in": scale.money(record.paid_in),
        "equity": scale.money(record.closing),
        "debt": scale.money(record.debt),
        "profit": scale.money(sheet.profit),
        "return_on_deposit": rounded(sheet.return_on_deposit),
        "drawdown": scale.money(sheet.drawdown),
        "drawdown_share": rounded(sheet.drawdown_share),
        "sharpe": rounded(sheet.sharpe),
        "fills": record.fills,
        "lots": record.lots,
        "maker_share": rounded(sheet.maker_share),
        "fees": scale.money(record.fees),
        "messages": record.messages,
        "rejected": record.rejected,
        "margin_use_max": rounded(Some(sheet.margin_use_max)),
        "exposure_max": scale.money(sheet.exposure_max),
        "distance_min_ticks": sheet.distance_min,
        "margin_calls": record.margin_calls,
        "cases": record.cases,
    })
}

fn plain(money: Money) -> f64 {
    money.units() as f64
}

fn ratio(n: f64, d: f64) -> Option<f64> {
    (d > 0.0).then(|| n / d)
}

/// Six places; what is no number or has no bound is null.
fn rounded(number: Option<f64>) -> Option<f64> {
    number.filter(|n| n.is_finite()).map(|n| (n * 1e6).round() / 1e6)
}

fn margin_use(sample: &StrategySample) -> f64 {
    match (plain(sample.margin), plain(sample.equity)) {
        (margin, _) if margin <= 0.0 => 0.0,
        (_, equity) if equity <= 0.0 => f64::INFINITY,
        (margin, equity) => margin / equity,
    }
}

/// The largest fall, and the high it fell from.
fn drawdown(samples: &[StrategySample]) -> (Money, Money) {
    let mut worst = (Money::ZERO, Money::ZERO);
    let mut high = samples.first().map_or(Money::ZERO, |sample| sample.equity);
    for sample in samples {
        high = high.max(sample.equity);
        if high - sample.equity > worst.0 {
            worst = (high - sample.equity, high);
        }
    }
    worst
}

/// Of the returns between samples, as long as there is equity to earn them on; `None` without two of them or without any deviation.
fn sharpe(samples: &[StrategySample]) -> Option<f64> {
    let alive = samples.iter().take_while(|sample| sample.equity > Money::ZERO);
    let equities: Vec<f64> = alive.map(|sample| plain(sample.equity)).collect();
    let returns = || equities.windows(2).map(|pair| pair[1] / pair[0] - 1.0);
    let count = returns().count() as f64;
    if count < 2.0 {
        return None;
    }
    let mean = returns().sum::<f64>() / count;
    let variance = returns().map(|r| (r - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (variance > 0.0).then(|| mean / variance.sqrt() * count.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::{AccountId, Label};

    fn record(equities: &[i128]) -> StrategyRecord {
        let name = Label::new("alice").expect("short");
        let mut record = StrategyRecord::new(name, AccountId(0), Money::new(1000));
        record.paid_in = Money::new(1000);
        for (ts, equity) in equities.iter().enumerate() {
            record.sample(StrategySample {
                ts: ts as u64,
                equity: Money::new(*equity),
                margin: Money::new(300),
                exposure: Money::new(3000 + ts as i128),
                distance: (ts > 0).then_some(50 - ts as i64),
                lots: 3,
            });
        }
        record.closing = Money::new(equities.last().copied().unwrap_or(1000));
        record
    }

    #[test]
    fn a_sheet_adds_up_by_hand() {
        let mut record = record(&[1000, 1200, 900, 1100]);
        (record.lots, record.maker_lots) = (8, 6);
        let sheet = Sheet::of(&record);
        assert_eq!((sheet.profit, sheet.drawdown), (Money::new(100), Money::new(300)));
        assert_eq!((sheet.return_on_deposit, sheet.drawdown_share), (Some(0.1), Some(0.25)));
        assert_eq!((sheet.maker_share, sheet.distance_min), (Some(0.75), Some(47)));
        assert_eq!((sheet.margin_use_max, sheet.exposure_max), (300.0 / 900.0, Money::new(3003)));
        // Returns 0.2, -0.25, 0.2222: mean 0.05741, deviation 0.26643, root of three.
        assert!((sheet.sharpe.expect("some") - 0.373_2).abs() < 1e-3, "{:?}", sheet.sharpe);
    }

    #[test]
    fn what_cannot_be_divided_is_left_out() {
        let sheet = Sheet::of(&record(&[1000, 1000, 1000]));
        assert_eq!((sheet.sharpe, sheet.maker_share, sheet.drawdown_share), (None, None, None));
        let ruined = Sheet::of(&record(&[1000, 500, -20, 0]));
        assert!(ruined.margin_use_max.is_infinite() && ruined.sharpe.is_none());
        assert_eq!(ruined.drawdown, Money::new(1020));
        assert_eq!(rounded(Some(f64::INFINITY)), None);
    }
}
