//! `plimsoll bench`: what this machine does, with the workloads of `benches/`.

mod breach;
mod challenge;
mod core;
mod core_report;
mod gaps;
mod handoff;
mod ids;
mod latency;
mod machine;
mod peers;
mod pipeline;
mod rings;
mod risk;
mod rounds;
mod timing;
mod wire;

use super::Failure;
use clap::ValueEnum;
use comfy_table::{CellAlignment, Table};
use hdrhistogram::Histogram;
use machine::Machine;
use serde_json::{Map, Value, json};
use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;

const EXAMPLE: &str = "Example:
  plimsoll bench core
  plimsoll bench risk --ops 1000000 --runs 5 --json
  plimsoll bench challenge --ops 2000000
  plimsoll bench ring --json
  plimsoll bench breach --accounts 10000000 --svg breach.svg

core: matching alone: rates, latencies by kind of operation, at a fixed rate as well, ways of naming orders, and other
projects' books where it is built with --features peers; then what challenge measures.
challenge: the public challenge's worst cases, every result kept in a buffer or handed to a second thread (+handoff), orders named by
handle or by the client's id (+ids). ring: the hand-off alone, against rtrb and crossbeam's ArrayQueue. risk: the same flow through the whole exchange, every order checked for margin and every
trade booked. breach: what a change of a mark, a crossing and a trade cost with 1,000, 10,000 ... up to --accounts accounts watched, by
the index and by the scan (up to a million accounts), with one instrument and with eight (up to a million); memory, start-up, funding and settlement of a whole exchange.
pipeline: a message's way from the engine's queue to the events' reader, two threads spinning, as fast as it goes and at fixed rates
corrected for coordinated omission; without a journal, with one that is written, with one that is synced before it is told (--data: where).
wire: an order's way from a client's socket through the server and back over loopback, beside a bare echo of as many bytes, one at
a time and at fixed rates, without a journal, with one that is written, with one that is synced.
In its JSON ns_per_mark is of marks that cross nobody, crossed_per_mark of a walk that goes where it goes (ns_per_mark_walk). Ten million
accounts take a few minutes and 4 GB. Operations a second are the median of the runs; latencies are per operation, with the timer's own cost
in them (given as timer_ns). Build with --release.";

/// Measure matching and inline risk on this machine.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    /// What to measure
    #[arg(value_enum, default_value = "all")]
    what: What,
    /// Operations a run
    #[arg(long, default_value_t = 4_000_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    ops: u64,
    /// Counted runs of each
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    runs: u64,
    /// Operations a second offered in core's latency run; 0 = no such run
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    rate: u64,
    /// Largest number of accounts in breach
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    accounts: u32,
    /// Folder for pipeline's journals [default: one in the system's folder for temporary files]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write breach's picture to this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Measure breach's ways to share out slack and to coarsen boxes as well
    #[arg(long)]
    tunings: bool,
    /// Print the results as JSON on stdout
    #[arg(long)]
    json: bool,
    /// Write each latency distribution to this folder, in HdrHistogram's percentile format
    #[arg(long, value_name = "DIR")]
    hdr: Option<PathBuf>,
    /// No progress on stderr
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Matching alone
    Core,
    /// The challenge's worst cases alone, with and without a hand-off
    Challenge,
    /// The hand-off to a second thread alone
    Ring,
    /// Matching with inline risk
    Risk,
    /// Breach detection
    Breach,
    /// The gateway's pipeline, queue to queue
    Pipeline,
    /// The binary protocol, socket to socket
    Wire,
    /// Everything
    All,
}

/// How much to run.
#[derive(Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) ops: usize,
    pub(crate) runs: usize,
    pub(crate) quiet: bool,
}

impl Amount {
    /// Operations before the first counted run.
    pub(crate) fn warmup(self) -> usize {
        self.ops
    }

    pub(crate) fn say(self, what: &str) {
        if !self.quiet {
            eprintln!("bench: {what}");
        }
    }
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let amount = Amount { ops: args.ops as usize, runs: args.runs as usize, quiet: args.quiet };
    if let Some(folder) = &args.hdr {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::input(format!("{}: {error}", folder.display())))?;
    }
    let machine = Machine::look();
    let mut results = Vec::new();
    if matches!(args.what, What::Core | What::Challenge | What::All) {
        let mut result = Value::Object(common("challenge", amount, &machine));
        if args.what != What::Challenge {
            let workloads = core::measure(amount, args.rate);
            write_histograms(&args, "core", &core_report::histograms(&workloads))?;
            result = core_report::json(&workloads, amount, &machine);
            if !args.json {
                print(format_args!("{}\n", core_report::text(&workloads, &machine)))?;
            }
        }
        let challenges = challenge::measure(amount);
        write_histograms(&args, "core", &challenge::histograms(&challenges))?;
        challenge::add_to(&mut result, &challenges, &machine);
        results.push(result);
        if !args.json {
            print(format_args!("{}\n", challenge::text(&challenges)))?;
        }
    }
    if args.what == What::Ring || args.what == What::All && handoff::has_two_cores() {
        let (result, text) = rings::run(amount, &machine)?;
        results.push(result);
        if !args.json {
            print(format_args!("{text}\n"))?;
        }
    }
    if matches!(args.what, What::Risk | What::All) {
        let points = risk::measure(amount);
        write_histograms(&args, "risk", &risk_histograms(&points))?;
        results.push(risk_json(&points, amount, &machine));
        if !args.json {
            print(format_args!("matching with inline risk, one core\n{}\n", risk_table(&points)))?;
        }
    }
    if matches!(args.what, What::Breach | What::All) {
        let outcome = breach::measure(amount, args.accounts, args.tunings);
        write_histograms(&args, "breach", &outcome.histograms())?;
        if let Some(path) = &args.svg {
            std::fs::write(path, outcome.svg())
                .map_err(|error| Failure::run(format!("{}: {error}", path.display())))?;
        }
        results.push(outcome.json(amount, &machine));
        if !args.json {
            print(format_args!("{}\n", outcome.text()))?;
        }
    }
    if args.what == What::Pipeline || args.what == What::All && handoff::has_two_cores() {
        let outcome = pipeline::run(amount, args.rate, args.data.as_deref())?;
        write_histograms(&args, "pipeline", &outcome.histograms())?;
        results.push(outcome.json(amount, &machine));
        if !args.json {
            print(format_args!("{}\n", outcome.text()))?;
        }
    }
    if args.what == What::Wire || args.what == What::All && handoff::has_two_cores() {
        let (result, text) = wire::run(amount, &machine)?;
        results.push(result);
        if !args.json {
            print(format_args!("{text}\n"))?;
        }
    }
    if args.json {
        let value = if results.len() == 1 { results.remove(0) } else { Value::Array(results) };
        print(format_args!("{value:#}"))?;
    } else {
        print(machine.line())?;
    }
    Ok(())
}

/// Prints results. A reader that has gone away wanted no more.
fn print(line: impl Display) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::run(format!("stdout: {error}")))
        }
        _ => Ok(()),
    }
}

fn common(name: &str, amount: Amount, machine: &Machine) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("bench".into(), name.into());
    object.insert("machine".into(), machine.json());
    object.insert("commit".into(), machine.commit.clone().into());
    object.insert("warmup_ops".into(), amount.warmup().into());
    object.insert("runs".into(), amount.runs.into());
    object.insert("timer_ns".into(), machine.timer_ns.into());
    object
}

fn risk_json(points: &[risk::Point], amount: Amount, machine: &Machine) -> Value {
    let mut object = common("risk", amount, machine);
    let points: Vec<Value> = points
        .iter()
        .map(|point| {
            json!({
                "accounts": point.accounts,
                "ops_per_second_matching_only": point.matching_only.rate(),
                "ops_per_second_with_risk": point.with_risk.rate(),
                "ops_per_second_with_risk_min": point.with_risk.rate_min(),
                "ops_per_second_with_risk_max": point.with_risk.rate_max(),
                "ratio": (point.ratio() * 1000.0).round() / 1000.0,
                "ns": point.with_risk.percentiles(),
            })
        })
        .collect();
    object.insert("points".into(), points.into());
    Value::Object(object)
}

fn new_table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(head);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn risk_table(points: &[risk::Point]) -> Table {
    let head = [
        "accounts",
        "orders resting",
        "M ops/s",
        "min",
        "max",
        "ns/op",
        "p50 ns",
        "p99 ns",
        "p99.9 ns",
        "max ns",
        "matching alone",
        "ratio",
    ];
    let mut table = new_table(&head);
    for point in points {
        let mut row = point.with_risk.row(&point.accounts.to_string());
        row.push(format!("{:.1}", point.matching_only.rate() / 1e6));
        row.push(format!("{:.2}", point.ratio()));
        table.add_row(row);
    }
    table
}

fn risk_histograms(points: &[risk::Point]) -> Vec<(String, &Histogram<u64>)> {
    points.iter().map(|point| (point.with_risk.name.clone(), point.with_risk.latencies())).collect()
}

fn write_histograms(
    args: &Args,
    bench: &str,
    all: &[(String, &Histogram<u64>)],
) -> Result<(), Failure> {
    let Some(folder) = &args.hdr else { return Ok(()) };
    for (name, histogram) in all {
        let path = folder.join(format!("{bench}-{name}.hgrm"));
        std::fs::write(&path, timing::distribution(histogram))
            .map_err(|error| Failure::run(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}
