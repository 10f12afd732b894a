//! `summary.json`: the contract's keys, and a few more.

use crate::flow::replayed::Replayed;
use crate::groups::{Group, groups};
use crate::outcome::{Ending, Outcome};
use crate::record::CaseEnd;
use crate::say::{Scale, padded};
use crate::scenario::Scenario;
use crate::strategy::sheet;
use plimsoll_types::{ProfileId, half_up_div};
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
    let mut summary = json!({
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
            "moves": moves(outcome, &scale),
        },
        "stops_triggered": record.stops,
        "halts": {
            "count": record.breaks.halts,
            "seconds": rounded(record.breaks.halted as f64 / 1e9),
            "volatility_auctions": record.breaks.auctions,
        },
        "forced_reduction": {
            "positions": record.reduced.0,
            "lots": scale.lots(record.reduced.1),
        },
        "accounts": {
            "leveraged": outcome.accounts.len(),
            "tiers": tiers(scenario, outcome),
            "populations": populations(scenario, outcome, &scale),
            "margin_calls": record.calls,
        },
        "liquidations": liquidations(scenario, outcome, &scale),
        "fund": {
            "start": scale.money(record.fund.start),
            "taken_in": scale.money(record.fund.taken_in),
            "paid": scale.money(record.fund.paid),
            "end": scale.money(record.fund.now),
            "min": scale.money(record.fund.min),
        },
        "adl": {
            "events": record.deleveraged.0,
            "lots": scale.lots(record.deleveraged.1),
            "haircut": scale.money(record.haircut),
        },
        "socialised": scale.money(record.socialised),
        "debt": scale.money(record.debt),
        "rejected": record.rejects,
        "conservation": scale.money(outcome.imbalance),
        "recorded": outcome.recorded.as_ref().map(recorded),
        "state_hash": format!("{:032x}", outcome.state_hash),
        "wall_seconds": rounded(wall),
        "commands_per_second": if wall > 0.0 { (outcome.commands as f64 / wall).round() } else { 0.0 },
    });
    if !outcome.strategies.is_empty() {
        let sheets = outcome.strategies.iter().map(|record| sheet::json(record, &scale));
        summary["strategies"] = sheets.collect();
    }
    summary
}

/// What became of recorded flow. Ticks and lots are those of its instruments, all of them together.
fn recorded(recorded: &Replayed) -> Value {
    let drift = recorded.drift;
    json!({
        "rows": recorded.rows,
        "cancels_gone": recorded.cancels_gone,
        "executions": recorded.executions,
        "executions_missed": recorded.executions_missed(),
        "execution_lots": recorded.execution_lots,
        "lots_met_others": recorded.lots_met_others,
        "lots_missed": recorded.lots_missed,
        "rejected": recorded.rejected,
        "drift_samples": drift.samples,
        "drift_samples_apart": drift.apart,
        "drift_samples_one_sided": drift.one_sided,
        "drift_ticks_mean": rounded(drift.ticks_mean()),
        "drift_ticks_max": drift.ticks_max,
        "drift_lots_mean": rounded(drift.lots_mean()),
        "drift_lots_max": drift.lots_max,
    })
}

/// The mark's way in the order of time; a leg begins where the one before ended.
fn moves(outcome: &Outcome, scale: &Scale) -> Vec<Value> {
    let legs = crate::path::legs(outcome);
    let leg = |leg: &crate::path::Leg| {
        json!({
            "to": scale.price(leg.to),
            "percent": four_places(leg.ticks() * 100, leg.from.ticks().unsigned_abs()),
            "seconds": rounded((leg.ts - outcome.from) as f64 / 1e9),
        })
    };
    legs.iter().map(leg).collect()
}

/// The lowest and the highest mark of the samples.
pub fn price_range(outcome: &Outcome) -> (plimsoll_types::Price, plimsoll_types::Price) {
    let marks = || outcome.samples.iter().map(|sample| sample.mark);
    let only = outcome.price;
    (marks().min().unwrap_or(only), marks().max().unwrap_or(only))
}

/// Four places, half up, by integers; the text is then read as a JSON number. Null where there are no lots.
fn four_places(sum: i64, lots: u64) -> Value {
    if lots == 0 {
        return Value::Null;
    }
    let digits = half_up_div(i128::from(sum) * 10_000, i128::from(lots));
    padded(digits, 4).parse::<f64>().map_or(Value::Null, Value::from)
}

/// Cases as trees: `depth_max` counts steps from a root, which has depth 0.
fn cascade(outcome: &Outcome) -> Value {
    let cascade = &outcome.record.cascade;
    let largest = cascade.largest(1).first().copied();
    json!({
        "roots": cascade.roots,
        "driven": cascade.driven,
        "depth_max": cascade.depth_max,
        "largest_tree": largest.map_or(0, |tree| tree.cases),
        "largest_tree_lots": largest.map_or(0, |tree| tree.lots),
        "by_depth": cascade.by_depth,
    })
}

/// What liquidations did to the mark of the first instrument.
fn impact(scenario: &Scenario, outcome: &Outcome, scale: &Scale) -> Value {
    let impact = &outcome.record.impacts[scenario.instrument.index()];
    let seconds = |ts: u64| rounded(ts as f64 / 1e9);
    let worst = impact.worst.map(|worst| {
        json!({
            "from": scale.price(worst.mark),
            "to": scale.price(worst.worst),
            "ticks": worst.ticks(),
            "seconds_to_worst": seconds(worst.worst_ts - worst.from),
            "seconds_to_half_back": worst.recovery().map(seconds),
        })
    });
    json!({
        "ticks_by_liquidations": { "down": impact.by_liquidations[0], "up": impact.by_liquidations[1] },
        "ticks_by_others": { "down": impact.by_others[0], "up": impact.by_others[1] },
        "episodes": impact.episodes,
        "recovered_half": impact.recovered,
        "worst": worst,
    })
}

/// Slippage by lots of a batch.
fn batch_sizes(outcome: &Outcome, scale: &Scale) -> Vec<Value> {
    let classes = outcome.record.batches.classes();
    classes
        .map(|(least, most, class)| {
            json!({
                "from": scale.lots(least),
                "to": scale.lots(most),
                "batches": class.batches,
                "lots": scale.lots(class.lots),
                "slippage_ticks_mean": four_places(class.slippage, class.lots),
                "slippage_ticks_worst": class.worst,
            })
        })
        .collect()
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn liquidations(scenario: &Scenario, outcome: &Outcome, scale: &Scale) -> Value {
    let all = outcome.record.cases.all();
    let lots = all.lots;
    let a_lot = |sum: i64| four_places(sum, lots);
    json!({
        "cases": all.cases,
        "restored": outcome.record.ended(CaseEnd::Restored),
        "parked": outcome.record.ended(CaseEnd::Parked),
        "waterfall": outcome.record.ended(CaseEnd::Waterfall),
        "closed": outcome.record.ended(CaseEnd::Closed),
        "working": outcome.record.ended(CaseEnd::Working),
        "ever_parked": all.ever_parked,
        "resumed": all.resumed,
        "lots": scale.lots(lots),
        "batches": all.batches,
        "slippage_ticks_mean": a_lot(all.slippage),
        "shortfall_ticks_mean": a_lot(all.shortfall),
        "cascade": cascade(outcome),
        "impact": impact(scenario, outcome, scale),
        "batch_sizes": batch_sizes(outcome, scale),
        "not_kept": outcome.record.cases.dropped(),
    })
}

/// Accounts by tier, in rising order of danger: how many had it as their worst, how many stand there at the end.
fn tiers(scenario: &Scenario, outcome: &Outcome) -> Vec<Value> {
    let named = tier_names(scenario).into_iter().enumerate();
    named
        .map(|(n, name)| {
            let (worst, end) = tier_counts(outcome, None, n as u8);
            json!({ "tier": name, "worst": worst, "end": end })
        })
        .collect()
}

/// Accounts by population and profile.
fn populations(scenario: &Scenario, outcome: &Outcome, scale: &Scale) -> Vec<Value> {
    let row = |group: &Group| {
        json!({
            "name": group.name(scenario),
            "profile": scenario.exchange.profiles[group.profile.index()].name.as_str(),
            "accounts": group.accounts,
            "liquidated": group.liquidated,
            "money": scale.money(group.money),
            "loss": scale.money(group.loss),
            "liquidated_money": scale.money(group.liquidated_money),
            "liquidated_loss": scale.money(group.liquidated_loss),
        })
    };
    groups(outcome).iter().map(row).collect()
}

/// The profiles that the populations' accounts may have, in the order they are named.
fn profiles(scenario: &Scenario) -> Vec<ProfileId> {
    let mut profiles = Vec::new();
    for plan in &scenario.populations {
        let classes = plan.leverage.iter().map(|class| class.profile.unwrap_or(plan.profile));
        for profile in classes {
            if !profiles.contains(&profile) {
                profiles.push(profile);
            }
        }
    }
    profiles
}

/// Names of the populations' tiers, `normal` first; where profiles call a tier differently, all its names.
pub fn tier_names(scenario: &Scenario) -> Vec<String> {
    let mut names = vec!["normal".to_owned()];
    for profile in profiles(scenario) {
        let tiers = &scenario.exchange.profiles[profile.index()].tiers;
        for (n, tier) in tiers.iter().enumerate() {
            let name = tier.name.as_str();
            match names.get_mut(n + 1) {
                Some(known) if known.split(" / ").any(|known| known == name) => {}
                Some(known) => *known += &format!(" / {name}"),
                None => names.push(name.to_owned()),
            }
        }
    }
    names
}

/// How many accounts (of one profile) had `tier` as their worst, and how many stand in it at the end.
pub fn tier_counts(outcome: &Outcome, profile: Option<ProfileId>, tier: u8) -> (usize, usize) {
    let accounts = || {
        let all = outcome.accounts.iter();
        all.filter(|a| profile.is_none_or(|profile| a.client.profile == profile))
    };
    let worst = |account| outcome.record.tiers.worst(account);
    let worst = accounts().filter(|a| worst(a.account) == tier).count();
    (worst, accounts().filter(|a| a.tier == tier).count())
}
