//! `plimsoll lab`: variants of a scenario under the same seeds, side by side, in a table and a picture.

use super::Failure;
use super::jobs::{Looker, failure, threads};
use comfy_table::{CellAlignment, Table, presets};
use plimsoll_sim::interrupt;
use plimsoll_sim::lab::comparison::{Comparison, Effect, judged, short, signed};
use plimsoll_sim::lab::metrics::METRICS;
use plimsoll_sim::lab::page::page;
use plimsoll_sim::lab::plan::Lab;
use plimsoll_sim::lab::rows::Rows;
use plimsoll_sim::lab::store::{Store, write};
use plimsoll_sim::lab::verdict::verdict;
use plimsoll_sim::lab::work;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Compare variants of a scenario under the same seeds.
///
/// The same seed and flow under every variant, differences taken seed by seed, with 95 % confidence intervals.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    /// A scenario and its variants (see docs/LAB.md)
    lab: PathBuf,
    /// How many seeds; the file's own number if absent
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    seeds: Option<u32>,
    /// Folder for lab.html, lab.json, the table of runs, and results/, which a later run takes up
    #[arg(long, default_value = "plimsoll-lab", value_name = "DIR")]
    out: PathBuf,
    /// Threads; all cores if absent
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Run everything again, whatever results/ holds
    #[arg(long)]
    fresh: bool,
    /// Print lab.json on stdout, for machines
    #[arg(long)]
    json: bool,
    /// Nothing for people: no progress bar, no table
    #[arg(long)]
    quiet: bool,
}

const EXAMPLE: &str = "Example:
  plimsoll lab examples/lab/policies.toml --seeds 20 --out out && open out/lab.html

Ctrl-C keeps the finished runs; the same command goes on from there.";

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let lab = Lab::load(&args.lab, args.seeds).map_err(Failure::input)?;
    let store = Store::open(&args.out).map_err(failure)?;
    let store = if args.fresh { store.fresh() } else { store };
    interrupt::listen();
    let looker = Arc::new(Looker::new(lab.work.jobs(), args.quiet));
    let results = work::run(&lab.work, &store, threads(args.threads), looker.clone());
    looker.clear();
    let results = results.map_err(failure)?;
    let comparison = Comparison::new(&lab, &results);
    let cells: Vec<_> = lab.work.points.iter().map(|point| point.cells.clone()).collect();
    let rows = Rows::new(&cells, &results.finished, &["variant".to_owned()]);
    let files = rows.write(&args.out, "runs").map_err(failure)?;
    let json = comparison.json();
    let put = |name: &str, text: String| write(&args.out.join(name), "part", text.as_bytes());
    put("lab.json", format!("{json:#}\n")).map_err(failure)?;
    put("lab.html", page(&comparison)).map_err(failure)?;
    if args.json {
        writeln!(io::stdout().lock(), "{json:#}").map_err(Failure::run)?;
    }
    let out = args.out.display();
    if !args.quiet {
        let taken = match results.taken_up {
            0 => String::new(),
            taken => format!(" ({taken} of them from an earlier run)"),
        };
        let runs = files.first().map_or_else(String::new, |file| file.display().to_string());
        let text = format!(
            "{}\n{}\n\n{}\n{} runs{taken}. {out}/lab.html shows it; {runs} has a row for each run.",
            table(&comparison),
            legend(&comparison),
            verdict(&comparison),
            results.done(),
        );
        let _ = writeln!(io::stderr(), "{text}");
    }
    match results.complete() {
        true => Ok(()),
        false => Err(Failure::run(format!(
            "stopped early with {} of {} runs; {out}/lab.json is marked incomplete, the same command goes on",
            results.done(),
            results.finished.len()
        ))),
    }
}

/// What the table's marks mean, as far as it has any.
fn legend(comparison: &Comparison) -> String {
    let telling = comparison.telling();
    let has = |wanted: Effect| {
        let mut entries =
            comparison.variants.iter().flat_map(|v| telling.iter().map(|at| (*at, v.entries[*at])));
        entries.any(|(at, entry)| entry.effect(&METRICS[at]) == wanted)
    };
    let mut text = "\u{b1} half of the 95 % interval".to_owned();
    if has(Effect::Good) || has(Effect::Bad) {
        text += &format!("; {}", judged());
    }
    if has(Effect::Other) {
        text += "; * differs as surely, and is neither better nor worse by itself";
    }
    text
}

/// A long name on several lines, broken between its words.
fn wrapped(name: &str) -> String {
    let mut text = String::new();
    let mut line = 0;
    for word in name.split(' ') {
        let length = word.chars().count();
        if line > 0 && line + 1 + length > HEAD_MAX {
            text.push('\n');
            line = 0;
        } else if line > 0 {
            text.push(' ');
            line += 1;
        }
        text.push_str(word);
        line += length;
    }
    text
}

/// Most characters of a name on one line, unless a single word has more.
const HEAD_MAX: usize = 20;

/// The comparison as people read it on a terminal: a metric a row, a variant a column.
fn table(comparison: &Comparison) -> Table {
    let mut table = Table::new();
    let names = comparison.variants.iter().enumerate().map(|(n, variant)| {
        if n == comparison.baseline {
            format!("{}\n(baseline)", wrapped(&variant.name))
        } else {
            wrapped(&variant.name)
        }
    });
    let heads = ["mean, and difference to the baseline".to_owned()].into_iter().chain(names);
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(heads);
    for at in comparison.telling() {
        let metric = &METRICS[at];
        let cells = comparison.variants.iter().map(|variant| {
            let entry = variant.entries[at];
            let mean = entry.mean.map_or("-".to_owned(), |mean| short(mean.mean));
            let Some(difference) = entry.difference else { return mean };
            let width =
                difference.half.map_or_else(String::new, |half| format!(" \u{b1} {}", short(half)));
            let mark = match entry.effect(metric) {
                Effect::Good => " better",
                Effect::Bad => " worse",
                Effect::Other => " *",
                Effect::None => "",
            };
            format!("{mean}\n{}{width}{mark}", signed(difference.mean))
        });
        let head = comparison.heading(metric);
        table.add_row([head].into_iter().chain(cells).collect::<Vec<_>>());
    }
    for (n, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(if n == 0 { CellAlignment::Left } else { CellAlignment::Right });
    }
    table
}
