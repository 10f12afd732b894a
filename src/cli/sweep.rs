//! `plimsoll sweep`: a scenario over a grid or a sample of its numbers, here on all cores, or as job files for other machines.

use super::Failure;
use super::jobs::{Looker, failure, threads};
use super::simulate::table;
use plimsoll_sim::interrupt;
use plimsoll_sim::lab::comparison::short;
use plimsoll_sim::lab::metrics::{Better, METRICS, metric_at};
use plimsoll_sim::lab::ranking::{Place, ranking, telling};
use plimsoll_sim::lab::store::Store;
use plimsoll_sim::lab::sweep::{Board, Summary, Sweep, collect, job_file, write_results};
use plimsoll_sim::lab::watch::Stop;
use plimsoll_sim::lab::work::{self, Cell};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Run a scenario over a grid or a sample of its numbers.
///
/// Here on all cores; or, with --plan, --job and --collect, as files for any machine: a job is a file in, a file out.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    /// A scenario and its axes (see docs/LAB.md)
    #[arg(required_unless_present_any = ["job", "collect"], conflicts_with_all = ["job", "collect"])]
    sweep: Option<PathBuf>,
    /// Folder for the table of results, and results/, which a later run takes up
    #[arg(long, default_value = "plimsoll-sweep", value_name = "DIR", conflicts_with_all = ["job", "collect"])]
    out: PathBuf,
    /// Threads; all cores if absent
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Run everything again, whatever results/ holds
    #[arg(long)]
    fresh: bool,
    /// Write DIR/jobs/*.toml and DIR/plan.json, and run nothing
    #[arg(long)]
    plan: bool,
    /// Run the job of this file, and nothing else
    #[arg(long, value_name = "FILE", requires = "result")]
    job: Option<PathBuf>,
    /// Where the result of --job goes; one that is there already stays
    #[arg(long, value_name = "FILE", requires = "job")]
    result: Option<PathBuf>,
    /// Gather DIR/results/*.json, wherever they were made, into the table of results
    #[arg(long, value_name = "DIR", conflicts_with = "job")]
    collect: Option<PathBuf>,
    /// Metric by which the best and the worst points are shown in the end: a column of the results, such as debt (absent: the first that differs)
    #[arg(long, value_name = "METRIC", value_parser = metric)]
    by: Option<usize>,
    /// Print the summary on stdout, for machines
    #[arg(long)]
    json: bool,
    /// Nothing for people: no progress bar, no words
    #[arg(long)]
    quiet: bool,
}

const EXAMPLE: &str = "Examples:
  plimsoll sweep examples/lab/batches-sweep.toml --out out
  plimsoll sweep examples/lab/batches-sweep.toml --plan --out out
  ls out/jobs | sed 's/.toml$//' | xargs -P 8 -I{} plimsoll sweep --job out/jobs/{}.toml --result out/results/{}.json
  plimsoll sweep --collect out

Ctrl-C keeps the finished runs; the same command goes on from there.";

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    if let (Some(job), Some(result)) = (&args.job, &args.result) {
        interrupt::listen();
        let stop: Stop = Arc::new(interrupt::asked);
        return job_file(job, result, &stop).map(drop).map_err(failure);
    }
    if let Some(folder) = &args.collect {
        let summary = collect(folder).map_err(failure)?;
        return told(&args, folder, &summary);
    }
    let Some(path) = &args.sweep else { return Ok(()) };
    let sweep = Sweep::load(path).map_err(Failure::input)?;
    if args.plan {
        sweep.write_plan(&args.out).map_err(failure)?;
        let out = args.out.display();
        say(
            &args,
            &format!(
                "{} jobs in {out}/jobs; run each with --job and --result {out}/results/NAME.json, then --collect {out}",
                sweep.work.jobs()
            ),
        );
        return Ok(());
    }
    let store = Store::open(&args.out).map_err(failure)?;
    let store = if args.fresh { store.fresh() } else { store };
    interrupt::listen();
    let looker = Arc::new(Looker::new(sweep.work.jobs(), args.quiet));
    let results = work::run(&sweep.work, &store, threads(args.threads), looker.clone());
    looker.clear();
    let results = results.map_err(failure)?;
    if results.taken_up > 0 {
        say(&args, &format!("{} runs were finished before", results.taken_up));
    }
    let written = write_results(&args.out, &sweep.title, sweep.board(results.finished));
    told(&args, &args.out, &written.map_err(failure)?)
}

/// A metric by its column.
fn metric(name: &str) -> Result<usize, String> {
    let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    metric_at(name).ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

fn say(args: &Args, line: &str) {
    if !args.quiet {
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Tells what there is, and whether it is all.
fn told(args: &Args, out: &Path, summary: &Summary) -> Result<(), Failure> {
    if args.json {
        writeln!(io::stdout().lock(), "{:#}", summary.json).map_err(Failure::run)?;
    }
    let (done, jobs) = (&summary.json["done"], &summary.json["jobs"]);
    let files: Vec<String> = summary.files.iter().map(|file| file.display().to_string()).collect();
    say(
        args,
        &format!("{}{done} of {jobs} runs: {}", places(args, &summary.board), files.join(", ")),
    );
    if summary.complete() {
        return Ok(());
    }
    let goes_on = match args.collect {
        Some(_) => format!("without a result: {}", names(&summary.missing)),
        None => "the same command goes on".to_owned(),
    };
    Err(Failure::run(format!(
        "{done} of {jobs} runs are done; {}/summary.json is marked incomplete; {goes_on}",
        out.display()
    )))
}

/// Jobs as their files are called; of many the first.
fn names(jobs: &[usize]) -> String {
    let shown: Vec<String> =
        jobs.iter().take(NAMED_MAX).map(|job| format!("jobs/{job:05}.toml")).collect();
    match jobs.len().saturating_sub(NAMED_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Most missing jobs named.
const NAMED_MAX: usize = 10;

/// Most points shown from either end.
const ENDS: usize = 3;

/// The best and the worst points by one metric, which is named; nothing where no run has a value.
fn places(args: &Args, board: &Board) -> String {
    let count = board.points.len();
    let metric = args.by.unwrap_or_else(|| telling(&board.finished, count));
    let order = ranking(&board.finished, count, metric);
    if order.is_empty() {
        return String::new();
    }
    let metric = &METRICS[metric];
    let ends = match metric.better {
        Better::Neither => ["least", "most"],
        Better::Less | Better::More => ["best", "worst"],
    };
    let columns = board.columns.iter().map(String::as_str);
    let heads: Vec<&str> =
        ["", "point"].into_iter().chain(columns).chain([metric.name, "runs"]).collect();
    let mut shown = table(&heads);
    let best = order.len().div_ceil(2).min(ENDS);
    let worst = (order.len() - best).min(ENDS);
    for (n, place) in order.iter().enumerate() {
        let end = match (n, order.len() - n) {
            (n, _) if n < best => ends[0],
            (_, left) if left <= worst => ends[1],
            _ => continue,
        };
        shown.add_row(row(end, place, board));
    }
    let unit = if metric.unit == "money" { String::new() } else { format!(", {}", metric.unit) };
    format!(
        "{shown}\nBy {} ({}{unit}), means over the seeds; --by names another metric.\n\n",
        metric.name, metric.label
    )
}

fn row(end: &str, place: &Place, board: &Board) -> Vec<String> {
    let cells = board.points[place.point].iter().map(|cell| match cell {
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
    });
    let head = [end.to_owned(), place.point.to_string()];
    head.into_iter().chain(cells).chain([short(place.mean), place.runs.to_string()]).collect()
}
