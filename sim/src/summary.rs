//! `summary.json`: the contract's keys, and a few more.

use crate::outcome::{Ending, Outcome};
use crate::record::CaseEnd;
use crate::say::{Scale, padded};
use crate::scenario::Scenario;
use plimsoll_types::half_up_div;
use serde_json::{Value, json};

/// The summary of a run.
///
/// `slippage_ticks_mean` = over all liquidated lots, how many ticks worse than the mark that its batch met each traded;
/// `shortfall_ticks_mean` = the same against the mark at which its case began. Above zero is a loss.
pub fn summary(scenario: &Scenario, outcome: &Outcome) -> Value {
    let spec = &scenario.exchange.instruments[scenario.instrument.index()];
    let scale = Scale::new(scenario.exchange.money_decimals, spec);
    let record = &outcome.record;
    let wall = outcome.wall.as_secs_f64();
    let (low, high) = price_range(outcome);
    json!({
        "scenario": scenario.title,
        "complete": outcome.ending == Ending::Complete,
        "ended": match &outcome.ending {
            Ending::Complete => "complete".to_owned(),
            Ending::Stopped => "stopped by the user".to_owned(),
            Ending::Failed(why) => why.clone(),
        },
        "seed": outcome.seed,
        "instrument": spec.symbol.as_str(),
        "currency": scenario.exchange.currency.as_str(),
        "commands": outcome.commands,
        "events": outcome.events,
        "trades": record.trades,
        "volume": scale.lots(record.volume),
        "price": {
            "open": scale.price(outcome.price),
            "low": scale.price(low),
            "high": scale.price(high),
            "close": scale.price(record.mark),
        },
        "accounts": {
            "leveraged": outcome.accounts.len(),
            "tiers": tiers(scenario, outcome),
            "margin_calls": record.calls,
        },
        "liquidations": liquidations(outcome, &scale),
        "fund": {
            "start": scale.money(record.fund.start),
            "end": scale.money(record.fund.now),
            "min": scale.money(record.fund.min),
        },
        "adl": {
            "events": record.deleveraged.0,
            "lots": scale.lots(record.deleveraged.1),
        },
        "socialised": scale.money(record.socialised),
        "debt": scale.money(record.debt),
        "rejected": record.rejects,
        "conservation": scale.money(outcome.imbalance),
        "state_hash": format!("{:032x}", outcome.state_hash),
        "wall_seconds": rounded(wall),
        "commands_per_second": if wall > 0.0 { (outcome.commands as f64 / wall).round() } else { 0.0 },
    })
}

/// The lowest and the highest mark of the samples.
pub fn price_range(outcome: &Outcome) -> (plimsoll_types::Price, plimsoll_types::Price) {
    let marks = || outcome.samples.iter().map(|sample| sample.mark);
    let only = outcome.price;
    (marks().min().unwrap_or(only), marks().max().unwrap_or(only))
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn liquidations(outcome: &Outcome, scale: &Scale) -> Value {
    let cases = || outcome.record.cases.values();
    let lots: u64 = cases().map(|case| case.lots).sum();
    let per_lot = |sum: i64| match lots {
        0 => Value::Null,
        // Four places, half up, by integers; the text is then read as a JSON number.
        _ => {
            let digits = half_up_div(i128::from(sum) * 10_000, i128::from(lots));
            padded(digits, 4).parse::<f64>().map_or(Value::Null, Value::from)
        }
    };
    json!({
        "cases": cases().count(),
        "restored": outcome.record.ended(CaseEnd::Restored),
        "parked": outcome.record.ended(CaseEnd::Parked),
        "waterfall": outcome.record.ended(CaseEnd::Waterfall),
        "closed": outcome.record.ended(CaseEnd::Closed),
        "working": outcome.record.ended(CaseEnd::Working),
        "ever_parked": cases().filter(|case| case.ever_parked()).count(),
        "resumed": cases().filter(|case| case.resumed > 0).count(),
        "lots": scale.lots(lots),
        "batches": cases().map(|case| u64::from(case.batches)).sum::<u64>(),
        "slippage_ticks_mean": per_lot(cases().map(|case| case.slippage).sum()),
        "shortfall_ticks_mean": per_lot(cases().map(|case| case.shortfall).sum()),
    })
}

/// Accounts by tier, in rising order of danger: how many had it as their worst, how many stand there at the end.
fn tiers(scenario: &Scenario, outcome: &Outcome) -> Vec<Value> {
    let named = tier_names(scenario).into_iter().enumerate();
    named
        .map(|(n, name)| {
            let (worst, end) = tier_counts(outcome, n as u8);
            json!({ "tier": name, "worst": worst, "end": end })
        })
        .collect()
}

/// Names of the population's tiers, `normal` first.
pub fn tier_names(scenario: &Scenario) -> Vec<String> {
    let population = scenario.populations.first();
    let tiers = population.map(|plan| &scenario.exchange.profiles[plan.profile.index()].tiers);
    let names = tiers.into_iter().flatten().map(|tier| tier.name.as_str().to_owned());
    std::iter::once("normal".to_owned()).chain(names).collect()
}

/// How many accounts had `tier` as their worst, and how many stand in it at the end.
pub fn tier_counts(outcome: &Outcome, tier: u8) -> (usize, usize) {
    let worst = |account| outcome.record.worst_tier.get(&account).copied().unwrap_or(0);
    let worst = outcome.accounts.iter().filter(|a| worst(a.account) == tier).count();
    (worst, outcome.accounts.iter().filter(|a| a.tier == tier).count())
}
