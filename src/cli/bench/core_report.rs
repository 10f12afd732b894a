//! What `bench core` found, as JSON and as tables.

use super::core::Workload;
use super::latency::{ByKind, OpenLoop};
use super::machine::Machine;
use super::peers::version;
use super::timing::{less, percentiles};
use super::{Amount, common, new_table};
use comfy_table::Table;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// The JSON object of the contract, and more.
pub(crate) fn json(workloads: &[Workload], amount: Amount, machine: &Machine) -> Value {
    let mut object = common("core", amount, machine);
    let all = workloads.iter().map(|workload| one(workload, machine.timer_ns));
    object.insert("workloads".into(), all.collect());
    Value::Object(object)
}

fn one(workload: &Workload, timer_ns: u64) -> Value {
    let run = &workload.run;
    let ids = workload.ids.iter().map(|ids| {
        json!({
            "name": ids.name, "ops_per_second": ids.rate(),
            "ops_per_second_min": ids.rate_min(), "ops_per_second_max": ids.rate_max(),
        })
    });
    json!({
        "name": run.name, "ops": run.ops, "resting": run.size, "fills": run.fills,
        "ops_per_second": run.rate(), "ops_per_second_min": run.rate_min(), "ops_per_second_max": run.rate_max(),
        "ns": run.percentiles(), "ns_less_timer": percentiles(run.latencies(), timer_ns),
        "kinds": kinds_json(&workload.service, timer_ns),
        "open_loop": workload.open_loop.as_ref().map(open_loop_json),
        "ids": ids.collect::<Vec<Value>>(),
        "peers": workload.peers.json(),
        "peers_left_out": workload.peers.left_out_json(),
    })
}

fn kinds_json(kinds: &ByKind, timer_ns: u64) -> Value {
    let kinds = kinds.iter().map(|(name, latencies)| {
        json!({
            "kind": name, "count": latencies.len(),
            "ns": percentiles(latencies, 0), "ns_less_timer": percentiles(latencies, timer_ns),
        })
    });
    kinds.collect()
}

fn open_loop_json(open: &OpenLoop) -> Value {
    let kinds = open.latencies.iter().map(|(name, latencies)| {
        json!({ "kind": name, "count": latencies.len(), "ns": percentiles(latencies, 0) })
    });
    let gaps = &open.gaps;
    let a_second = |count: u64| (count as f64 / gaps.seconds * 10.0).round() / 10.0;
    json!({
        "offered_per_second": open.offered, "achieved_per_second": open.achieved.round(),
        "ns": percentiles(&open.latencies.all(), 0),
        "kinds": kinds.collect::<Vec<Value>>(),
        "gaps": {
            "seconds": (gaps.seconds * 1e3).round() / 1e3,
            "ns": percentiles(&gaps.lateness, 0),
            "a_second_over_1_us": a_second(gaps.over[0]),
            "a_second_over_10_us": a_second(gaps.over[1]),
            "a_second_over_100_us": a_second(gaps.over[2]),
            "stolen_share": (gaps.stolen / gaps.seconds * 1e6).round() / 1e6,
        },
    })
}

/// Every distribution, by the name of its file: all kinds, each kind, each kind at the fixed rate, and the machine alone.
pub(crate) fn histograms(workloads: &[Workload]) -> Vec<(String, &Histogram<u64>)> {
    let mut all = Vec::new();
    for workload in workloads {
        let flow = &workload.run.name;
        all.push((flow.clone(), workload.run.latencies()));
        all.extend(workload.service.iter().map(|(kind, h)| (format!("{flow}-{kind}"), h)));
        if let Some(open) = &workload.open_loop {
            let kinds = open.latencies.iter();
            all.extend(kinds.map(|(kind, h)| (format!("{flow}-{kind}-at-rate"), h)));
            all.push((format!("{flow}-machine-at-rate"), &open.gaps.lateness));
        }
    }
    all
}

/// The same for people.
pub(crate) fn text(workloads: &[Workload], machine: &Machine) -> String {
    let mut parts = vec!["matching alone, one core".to_owned(), rates(workloads).to_string()];
    parts.push(format!(
        "\nevery operation by itself, ns; in brackets less the {} ns that reading the clock costs",
        machine.timer_ns
    ));
    parts.push(service(workloads, machine.timer_ns).to_string());
    if let Some(open) = workloads.iter().find_map(|workload| workload.open_loop.as_ref()) {
        parts.push(format!(
            "\n{} operations a second offered, ns from the moment each was due; the machine alone = a thread that only reads the clock",
            open.offered
        ));
        parts.push(open_loops(workloads).to_string());
    }
    parts.push("\nhow orders are named, same book, in turn".to_owned());
    parts.push(ids(workloads).to_string());
    if workloads.iter().any(|workload| !workload.peers.timed.is_empty()) {
        parts.push("\npeers, same stream, same fills, in turn".to_owned());
        parts.push(peers(workloads).to_string());
    }
    for workload in workloads {
        for (name, how) in &workload.peers.left_out {
            let flow = &workload.run.name;
            parts.push(format!("{name} {} on {flow}: not timed, {how}", version(name)));
        }
    }
    parts.join("\n")
}

fn rates(workloads: &[Workload]) -> Table {
    let mut table =
        new_table(&["flow", "orders resting", "M ops/s", "min", "max", "ns/op", "fills"]);
    for Workload { run, .. } in workloads {
        table.add_row([
            run.name.clone(),
            run.size.to_string(),
            millions(run.rate()),
            millions(run.rate_min()),
            millions(run.rate_max()),
            nanos(run.rate()),
            run.fills.to_string(),
        ]);
    }
    table
}

const PERCENTILES: [&str; 8] =
    ["flow", "operation", "count", "p50", "p99", "p99.9", "p99.99", "max"];
const QUANTILES: [f64; 5] = [0.5, 0.99, 0.999, 0.9999, 1.0];

fn row(
    flow: &str,
    kind: &str,
    latencies: &Histogram<u64>,
    cell: impl Fn(u64) -> String,
) -> Vec<String> {
    let mut row = vec![flow.to_owned(), kind.to_owned(), latencies.len().to_string()];
    row.extend(QUANTILES.map(|quantile| cell(latencies.value_at_quantile(quantile))));
    row
}

fn service(workloads: &[Workload], timer_ns: u64) -> Table {
    let mut table = new_table(&PERCENTILES);
    let cell = |ns: u64| format!("{ns} ({})", less(ns, timer_ns));
    for workload in workloads {
        let flow = &workload.run.name;
        for (kind, latencies) in workload.service.iter() {
            table.add_row(row(flow, kind, latencies, cell));
        }
        table.add_row(row(flow, "all", &workload.service.all(), cell));
    }
    table
}

fn open_loops(workloads: &[Workload]) -> Table {
    let mut table = new_table(&PERCENTILES);
    for workload in workloads {
        let Some(open) = &workload.open_loop else { continue };
        let flow = &workload.run.name;
        for (kind, latencies) in open.latencies.iter() {
            table.add_row(row(flow, kind, latencies, |ns| ns.to_string()));
        }
        table.add_row(row(flow, "all", &open.latencies.all(), |ns| ns.to_string()));
        table.add_row(row(flow, "the machine alone", &open.gaps.lateness, |ns| ns.to_string()));
    }
    table
}

fn ids(workloads: &[Workload]) -> Table {
    let mut table = new_table(&["flow", "orders named by", "M ops/s", "min", "max", "ns/op"]);
    for workload in workloads {
        for ids in &workload.ids {
            table.add_row([
                workload.run.name.clone(),
                ids.name.to_owned(),
                millions(ids.rate()),
                millions(ids.rate_min()),
                millions(ids.rate_max()),
                nanos(ids.rate()),
            ]);
        }
    }
    table
}

fn peers(workloads: &[Workload]) -> Table {
    let mut table = new_table(&[
        "flow",
        "engine",
        "version",
        "operations",
        "M ops/s",
        "ns/op",
        "ours / it",
        "least",
        "most",
        "looking ahead",
    ]);
    for workload in workloads {
        for peer in &workload.peers.timed {
            let outcome = &peer.outcome;
            table.add_row([
                workload.run.name.clone(),
                outcome.name.to_owned(),
                version(outcome.name).to_owned(),
                outcome.ops.to_string(),
                format!("{:.2}", outcome.rate() / 1e6),
                nanos(outcome.rate()),
                format!("{:.1}", peer.ratio),
                format!("{:.1}", peer.ratios.0),
                format!("{:.1}", peer.ratios.1),
                format!("{:.1}", peer.ratio_ahead),
            ]);
        }
    }
    table
}

fn millions(rate: f64) -> String {
    format!("{:.1}", rate / 1e6)
}

fn nanos(rate: f64) -> String {
    format!("{:.1}", 1e9 / rate)
}
