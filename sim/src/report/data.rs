//! The numbers behind the charts, as JSON: curves, liquidations, the cases most worth drawing, equities.

use super::View;
use crate::outcome::Sample;
use crate::record::{CaseEnd, CaseRecord};
use crate::scenario::reader::SECOND;
use plimsoll_types::{Money, Side, Ts};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Samples drawn at most; a longer run keeps every n-th.
const SAMPLES_MAX: usize = 2_400;
/// Cases drawn at most.
pub const CASES_MAX: usize = 120;
/// Trades of one case drawn at most.
const FILLS_MAX: usize = 60;

/// Everything the page draws.
pub fn data(view: &View<'_>) -> Value {
    let samples = thinned(&view.outcome.samples);
    let axis = Axis { times: samples.iter().map(|sample| sample.ts).collect() };
    let (cases, groups) = cases(view, &axis);
    json!({
        "t": samples.iter().map(|sample| seconds(sample.ts)).collect::<Vec<_>>(),
        "days": axis.days(),
        "currency": view.currency,
        "price_decimals": view.scale.price_decimals,
        "series": series(view, &samples),
        "fills": fills(view, &axis),
        "shocks": shocks(view, &axis),
        "cases": cases,
        "groups": groups,
        "equity": equity(view),
    })
}

/// Every n-th sample, so that few enough are left.
fn thinned(samples: &[Sample]) -> Vec<Sample> {
    let step = samples.len().div_ceil(SAMPLES_MAX).max(1);
    samples.iter().step_by(step).copied().collect()
}

fn seconds(ts: Ts) -> f64 {
    (ts / (SECOND / 10)) as f64 / 10.0
}

/// The time axis: places are counted in samples, so that times at which the market is closed take no room.
struct Axis {
    times: Vec<Ts>,
}

impl Axis {
    /// The place of a time, between two samples where it lies between them.
    fn place(&self, ts: Ts) -> f64 {
        let after = self.times.partition_point(|&time| time <= ts);
        let place = match (after.checked_sub(1), self.times.get(after)) {
            (None, _) => 0.0,
            (Some(before), None) => before as f64,
            (Some(before), Some(&next)) => {
                let from = self.times[before];
                before as f64 + (ts - from) as f64 / (next - from).max(1) as f64
            }
        };
        (place * 100.0).round() / 100.0
    }

    fn days(&self) -> u64 {
        let day = |ts: Option<&Ts>| ts.map_or(0, |ts| ts / crate::flow::recorded::DAY);
        1 + day(self.times.last()) - day(self.times.first())
    }
}

fn series(view: &View<'_>, samples: &[Sample]) -> Value {
    let scale = view.scale;
    let column = |of: &dyn Fn(&Sample) -> Value| samples.iter().map(of).collect::<Vec<_>>();
    json!({
        "mark": column(&|s| json!(scale.price_plain(s.mark))),
        "down": column(&|s| json!(s.band.map(|band| scale.price_plain(band.down)))),
        "up": column(&|s| json!(s.band.map(|band| scale.price_plain(band.up)))),
        "bid_depth": column(&|s| json!(s.bid_depth)),
        "ask_depth": column(&|s| json!(s.ask_depth)),
        "working": column(&|s| json!(s.open_cases - s.parked_cases)),
        "parked": column(&|s| json!(s.parked_cases)),
    })
}

/// Liquidated lots, those of one side and one sample together at their mean price.
fn fills(view: &View<'_>, axis: &Axis) -> Vec<Value> {
    let mut places: BTreeMap<(u64, bool), (f64, u64)> = BTreeMap::new();
    for fill in view.outcome.record.fills.iter() {
        if fill.instrument != view.scenario.instrument {
            continue;
        }
        let at = (axis.place(fill.ts) as u64, fill.side == Side::Sell);
        let (sum, all) = places.entry(at).or_default();
        *sum += view.scale.ticks_plain(fill.mean()) * fill.lots as f64;
        *all += fill.lots;
    }
    places
        .into_iter()
        .map(|((x, sold), (sum, lots))| {
            json!([x, rounded(sum / lots as f64), lots, if sold { -1 } else { 1 }])
        })
        .collect()
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn shocks(view: &View<'_>, axis: &Axis) -> Vec<Value> {
    let from = view.outcome.from;
    view.scenario
        .shocks
        .iter()
        .map(|shock| {
            let (a, b) = (axis.place(from + shock.from), axis.place(from + shock.to));
            json!({ "name": shock.name, "from": a, "to": b })
        })
        .collect()
}

/// The cases most worth drawing, in groups by end; each group gets rows by its size, at least a few.
fn cases(view: &View<'_>, axis: &Axis) -> (Vec<Value>, Vec<Value>) {
    let mut drawn = Vec::new();
    let mut groups = Vec::new();
    for (end, chosen, of) in chosen_cases(view) {
        groups.push(json!({ "name": end.as_str(), "shown": chosen.len(), "of": of }));
        drawn.extend(chosen.into_iter().map(|case| drawn_case(case, axis)));
    }
    (drawn, groups)
}

/// By end: the cases that are drawn, by time, and how many there are.
///
/// A group gets rows by the square root of its size. Half of them are the most telling ones (many batches, long waits,
/// many lots), the others are spread evenly over the group, so that it also shows when cases came.
pub fn chosen_cases<'a>(view: &View<'a>) -> Vec<(CaseEnd, Vec<&'a CaseRecord>, usize)> {
    let by_end = CaseEnd::ALL.map(|end| {
        let cases = view.outcome.record.cases.values().filter(|case| case.end == end);
        (end, cases.collect::<Vec<_>>())
    });
    let roots: usize = by_end.iter().map(|(_, cases)| cases.len().isqrt()).sum();
    let mut groups = Vec::new();
    for (end, mut cases) in by_end {
        let of = cases.len();
        let rows = (CASES_MAX * of.isqrt() / roots.max(1)).max(1).min(of);
        cases.sort_by_key(|case| {
            let told = u64::from(case.batches) * 4 + case.lots / 4 + case.waited() / (10 * SECOND);
            (Reverse(told), case.id)
        });
        let mut others = cases.split_off(rows.div_ceil(2));
        others.sort_by_key(|case| (case.opened, case.id));
        let wanted = rows - cases.len();
        cases.extend((0..wanted).map(|n| others[n * others.len() / wanted]));
        cases.sort_by_key(|case| (case.opened, case.id));
        if of > 0 {
            groups.push((end, cases, of));
        }
    }
    groups
}

fn drawn_case(case: &CaseRecord, axis: &Axis) -> Value {
    let mut spans = Vec::new();
    let mut at = case.opened;
    for &(from, to, _) in &case.waits.items {
        if from > at {
            spans.push(json!([axis.place(at), axis.place(from), 0]));
        }
        spans.push(json!([axis.place(from), axis.place(to), 1]));
        at = to;
    }
    if case.ended > at || spans.is_empty() {
        spans.push(json!([axis.place(at), axis.place(case.ended), 0]));
    }
    let mut fills: Vec<f64> = case.fills.items.iter().map(|(ts, _)| axis.place(*ts)).collect();
    fills.dedup();
    let step = fills.len().div_ceil(FILLS_MAX).max(1);
    json!({
        "spans": spans,
        "fills": fills.into_iter().step_by(step).collect::<Vec<_>>(),
        "end": case.end.as_str(),
        "ended": axis.place(case.ended),
    })
}

/// Accounts by equity, in classes of 1, 2, 5, 10, ... units of the currency.
fn equity(view: &View<'_>) -> Value {
    let accounts = &view.outcome.accounts;
    let unit = 10i128.pow(view.scale.money_decimals);
    let whole = |money: Money| money.units().div_euclid(unit);
    let openings = || accounts.iter().map(|account| whole(account.opening));
    let smallest = openings().filter(|&equity| equity > 0).min().unwrap_or(1);
    let closings = accounts.iter().map(|account| whole(account.closing));
    let largest = openings().chain(closings).max().unwrap_or(1);
    let mut edges: Vec<i128> = (0..30u32)
        .flat_map(|n| [1, 2, 5].map(|digit| digit * 10i128.pow(n)))
        .skip_while(|&edge| edge <= smallest / 2)
        .take_while(|&edge| edge <= largest)
        .collect();
    // More than a dozen classes are hard to read: the smallest fall together.
    edges.drain(..edges.len().saturating_sub(10));
    let class = |equity: i128| match equity {
        ..=0 => 0,
        _ => 1 + edges.partition_point(|&edge| edge <= equity),
    };
    let mut counts = vec![[0u64; 2]; edges.len() + 2];
    for account in accounts {
        counts[class(whole(account.opening))][0] += 1;
        counts[class(whole(account.closing))][1] += 1;
    }
    let mut labels = vec!["none left".to_owned()];
    let short = |edge: i128| match edge {
        1_000_000.. => format!("{}m", edge / 1_000_000),
        1_000.. => format!("{}k", edge / 1_000),
        _ => edge.to_string(),
    };
    let first = edges.first().copied().unwrap_or(1);
    labels.push(format!("under {}", short(first)));
    labels.extend(edges.windows(2).map(|pair| format!("{} -{}", short(pair[0]), short(pair[1]))));
    labels.extend(edges.last().map(|&last| format!("over {}", short(last))));
    json!({
        "labels": labels,
        "before": counts.iter().map(|count| count[0]).collect::<Vec<_>>(),
        "after": counts.iter().map(|count| count[1]).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_place_between_its_samples() {
        let axis = Axis { times: vec![100, 200, 900] };
        assert_eq!(axis.place(50), 0.0);
        assert_eq!(axis.place(150), 0.5);
        assert_eq!(axis.place(550), 1.5);
        assert_eq!(axis.place(5_000), 2.0);
    }
}
