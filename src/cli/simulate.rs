//! `plimsoll simulate`: runs a scenario, writes events, summary and report, and shows people what happened.

use super::Failure;
use super::output::Record;
use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_exchange::Exchange;
use plimsoll_sim::files::write_results;
use plimsoll_sim::output::Output;
use plimsoll_sim::report::verdict;
use plimsoll_sim::run::watch::{Watched, run_watched};
use plimsoll_sim::say::grouped;
use plimsoll_sim::{Ending, Scenario, Stage, interrupt};
use plimsoll_types::{Event, Ts};
use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Run a whole leveraged market and report what happened.
///
/// Without a file it runs the built-in scenario: an index future falls to limit-down and comes back.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    /// A scenario file (see docs/SCENARIO.md); the built-in one if absent
    scenario: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

/// What every run of a scenario may be told.
#[derive(clap::Args)]
pub struct Options {
    /// Seed of every random number; the scenario's own if absent
    #[arg(long)]
    seed: Option<u64>,
    /// Folder for summary.json, report.html, exchange.toml and the events
    #[arg(long, default_value = "plimsoll-out", value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    record: Record,
    /// Print the summary on stdout, for machines
    #[arg(long)]
    json: bool,
    /// Nothing for people: no progress bar, no tables
    #[arg(long)]
    quiet: bool,
}

const EXAMPLE: &str = "Example:
  plimsoll simulate --out out && open out/report.html
  plimsoll simulate scenarios/cffex.toml --seed 7 --json

The same scenario and seed give the same events.jsonl, byte for byte, and the same state hash.";

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let scenario = match &args.scenario {
        Some(path) => Scenario::load(path),
        None => Scenario::built_in(),
    };
    carry_out(&scenario.map_err(Failure::input)?, &args.options, tables)
}

/// Runs a scenario, leaves its files, and tells people the story and what `more` makes of the summary.
pub fn carry_out(
    scenario: &Scenario,
    args: &Options,
    more: impl Fn(&Value) -> String,
) -> Result<(), Failure> {
    let shown = args.out.display();
    interrupt::listen();
    let Watched { outcome, stage } = play(scenario, args)?;
    stage.bar.finish_and_clear();
    let mut outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            stage.output.discard();
            return Err(Failure::input(error));
        }
    };
    let claim = stage.output.close(&mut outcome);
    let written = write_results(&args.out, scenario, &outcome);
    drop(claim);
    let summary = written.map_err(|error| Failure::run(format!("{shown}: {error}")))?;
    if args.json {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &summary).map_err(Failure::run)?;
        writeln!(out).map_err(Failure::run)?;
    }
    if !args.quiet {
        let story = verdict::plain(scenario, &outcome);
        let tables = more(&summary);
        let shows = format!("{shown}/report.html shows it all; the rest lies beside it");
        let reads = match args.record.lines() {
            true => format!(";\n`plimsoll audit {shown}/events.jsonl` reads the events back."),
            false => ".".to_owned(),
        };
        let _ = writeln!(io::stderr(), "{story}\n\n{tables}\n{shows}{reads}");
    }
    match outcome.ending {
        Ending::Complete if summary["conservation"] != "0" => Err(Failure::run(format!(
            "the books do not add up: conservation is {}, not 0",
            summary["conservation"]
        ))),
        Ending::Complete => Ok(()),
        Ending::Stopped => Err(Failure::run("stopped early; the summary is marked incomplete")),
        Ending::Failed(why) => {
            Err(Failure::run(format!("{shown}: {why}; the summary is marked incomplete")))
        }
    }
}

/// Runs it: under a watchdog where there are strategies, which may not return.
fn play(scenario: &Scenario, args: &Options) -> Result<Watched<Desk>, Failure> {
    let seed = args.seed.unwrap_or(scenario.seed);
    let begin = || args.record.begin(&args.out, scenario, seed);
    let stage = |output| Desk { output, bar: bar(args.quiet), shown: u64::MAX };
    if scenario.strategies.is_empty() {
        let mut stage = stage(begin()?);
        let outcome = plimsoll_sim::run(scenario, seed, &mut stage);
        return Ok(Watched { outcome, stage });
    }
    // Whether the folder can be written to is seen before anything runs.
    begin()?.discard();
    let mut stage = || begin().map(stage).map_err(|failure| failure.line);
    let limit = Duration::from_nanos(scenario.strategy_timeout);
    let shared = Arc::new(scenario.clone());
    run_watched(&shared, seed, limit, &Vec::new, &mut stage).map_err(Failure::run)
}

/// Where events go, and who looks on.
struct Desk {
    output: Output,
    bar: ProgressBar,
    shown: u64,
}

impl Stage for Desk {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        self.output.push(exchange, events)
    }

    fn progress(&mut self, passed: Ts, of: Ts) {
        let share = passed.saturating_mul(100) / of.max(1);
        if share != self.shown {
            self.shown = share;
            self.bar.set_position(share);
        }
    }

    fn stop(&self) -> bool {
        interrupt::asked()
    }
}

/// A progress bar, on a terminal only.
fn bar(quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} % of the simulated time, {elapsed}");
    ProgressBar::new(100).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The summary as people read it.
pub fn tables(summary: &Value) -> String {
    let liquidations = &summary["liquidations"];
    let mut tiers = table(&["accounts by tier", "worst", "at the end"]);
    for tier in summary["accounts"]["tiers"].as_array().into_iter().flatten() {
        let name = tier["tier"].as_str().unwrap_or_default();
        tiers.add_row([name.to_owned(), number(&tier["worst"]), number(&tier["end"])]);
    }
    let mut cases = table(&["cases by end", "", "on the way", ""]);
    let sides = [
        ("restored", &liquidations["restored"], "ever parked", &liquidations["ever_parked"]),
        ("closed", &liquidations["closed"], "resumed", &liquidations["resumed"]),
        ("waterfall", &liquidations["waterfall"], "batches", &liquidations["batches"]),
        ("still parked", &liquidations["parked"], "lots", &liquidations["lots"]),
        (
            "still working",
            &liquidations["working"],
            "slippage, ticks a lot",
            &liquidations["slippage_ticks_mean"],
        ),
        ("all", &liquidations["cases"], "margin calls", &summary["accounts"]["margin_calls"]),
    ];
    for (end, count, way, what) in sides {
        cases.add_row([end.to_owned(), number(count), way.to_owned(), number(what)]);
    }
    let mut money = table(&["the house", "", "the run", ""]);
    let currency = summary["currency"].as_str().unwrap_or_default();
    let amount = |value: &Value| format!("{} {currency}", number(value));
    let sides = [
        (
            "fund at the start",
            amount(&summary["fund"]["start"]),
            "commands",
            number(&summary["commands"]),
        ),
        ("fund at the end", amount(&summary["fund"]["end"]), "trades", number(&summary["trades"])),
        ("debt of clients", amount(&summary["debt"]), "seconds", number(&summary["wall_seconds"])),
        (
            "conservation",
            number(&summary["conservation"]),
            "commands a second",
            number(&summary["commands_per_second"]),
        ),
    ];
    for (house, value, run, count) in sides {
        money.add_row([house.to_owned(), value, run.to_owned(), count]);
    }
    format!("{tiers}\n\n{cases}\n\n{money}\n")
}

/// An empty table under these heads; words stand left, numbers right.
pub fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(heads);
    for (n, column) in table.column_iter_mut().enumerate() {
        let words = n == 0 || heads.len() == 4 && n == 2;
        column.set_cell_alignment(if words { CellAlignment::Left } else { CellAlignment::Right });
    }
    table
}

/// A value of the summary with its thousands apart.
pub fn number(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => return "-".to_owned(),
        other => other.to_string(),
    };
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let whole = digits.parse().map_or(digits.to_owned(), grouped);
    match rest {
        None | Some("0") => format!("{sign}{whole}"),
        Some(rest) => format!("{sign}{whole}.{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_sign_and_places() {
        let shown = |value: Value| number(&value);
        assert_eq!(shown("-1234567.5".into()), "-1,234,567.5");
        assert_eq!(shown(1200.into()), "1,200");
        assert_eq!(shown(1200.0.into()), "1,200");
        assert_eq!(shown(Value::Null), "-");
    }
}
