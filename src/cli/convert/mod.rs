//! `plimsoll convert`: recorded market data in, a configuration and commands for `replay` out.

mod itch;
mod measure;
mod report;
mod target;

use super::files::{self, Output};
use super::{Failure, progress};
use measure::Measure;
use plimsoll_text::sse::Recording;
use plimsoll_text::{Error, lobster};
use report::{Report, Source};
use serde_json::json;
use std::io::Write;
use std::path::Path;
use target::{Place, Target};

/// Rows between two looks at the progress bar.
const ROWS_A_LOOK: usize = 4096;

/// Turn recorded market data into commands for `replay`, or into an L3 file.
///
/// OUT.jsonl gets the commands and OUT.toml beside it the configuration to replay them with. Any other name gets
/// the project's own L3 format (docs/L3.md), which `[flow.l3]` of a scenario plays. gzip is read as it is.
///
/// itch: a day of Nasdaq TotalView-ITCH 5.0, each message behind its length. The file is read twice, never held.
///
/// lobster: a message file of LOBSTER (Nasdaq); the book file beside it (`_orderbook_` for `_message_` in its name) is
/// read too, where there is one. dbn: market by order in Databento's format, plain or in Zstandard frames. Such data names
/// the resting order of an execution only: the order that meets it comes from a second account, "taker". Both carry
/// the commands out as well, and say how many of the recorded executions the book reproduces at the front of its
/// queue, and why not the others.
///
/// csv: Shanghai order-by-order data with the header `sym,seq,time,phase,op,order_id,side,price_cents,qty`. Stocks are
/// merged by time, in nanoseconds since midnight; every order comes from one account, "market", without margin. The
/// previous close is not in such a file: the middle of the lowest and highest limit stands in for it.
#[derive(clap::Args)]
#[command(after_help = "Example:
  plimsoll convert csv inputs.csv.gz day.jsonl && plimsoll replay day.toml day.jsonl
  plimsoll convert lobster AAPL_2012-06-21_34200000_57600000_message_10.csv aapl.jsonl
  plimsoll convert dbn glbx-mdp3-20231225.mbo.dbn.zst es.jsonl --json
  plimsoll convert itch 01302019.NASDAQ_ITCH50.gz aapl.l3 --symbol AAPL")]
pub struct Args {
    /// What IN holds.
    #[arg(value_enum)]
    format: Format,
    /// The recorded data.
    #[arg(value_name = "IN")]
    input: String,
    /// Where it goes: commands where the name ends in .jsonl, else an L3 file.
    #[arg(value_name = "OUT")]
    output: String,
    /// Only these stocks of an ITCH file, with commas between them; all of them if absent.
    #[arg(long, value_name = "SYMBOLS", value_delimiter = ',')]
    symbol: Vec<String>,
    /// Say nothing on standard error.
    #[arg(long)]
    quiet: bool,
    /// Print the report as JSON on standard output.
    #[arg(long)]
    json: bool,
}

/// A format of recorded market data.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Nasdaq TotalView-ITCH 5.0
    Itch,
    /// LOBSTER message and book files
    Lobster,
    /// Databento DBN, market by order
    Dbn,
    /// Shanghai order-by-order CSV
    Csv,
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    if !args.symbol.is_empty() && args.format != Format::Itch {
        let error = Error::new("--symbol", "a recording of format itch", &args.symbol.join(","));
        return Err(Failure::input(error.in_file("convert")));
    }
    let place = Place::of(&args.output);
    let book = match args.format {
        Format::Lobster => lobster::book_file(&args.input).filter(|book| Path::new(book).exists()),
        _ => None,
    };
    let inputs: Vec<&str> = [args.input.as_str()].into_iter().chain(book.as_deref()).collect();
    files::distinct(&inputs, &place.files())?;
    match args.format {
        Format::Lobster => lobster(&args, book.as_deref(), &place),
        Format::Dbn => dbn(&args, &place),
        Format::Csv => csv(&args, &place),
        Format::Itch => itch::run(&args, &place),
    }
}

fn csv(args: &Args, place: &Place) -> Result<(), Failure> {
    let text = files::read_text(&args.input)?;
    let recording = Recording::read(files::shown(&args.input), &text).map_err(Failure::input)?;
    let mut count = 0u64;
    match place {
        // Lines are written as they are; only rows tell what became of them.
        Place::Lines { commands, config } => {
            let (mut lines, mut head) = (Output::create(commands)?, Output::create(config)?);
            head.write(recording.config().as_bytes())?;
            for command in recording.commands() {
                lines.write(&command.line)?;
                count += 1;
            }
            files::commit(vec![lines, head])?;
        }
        Place::L3 { .. } => {
            let mut measure = Measure::begin(target(args, place, "csv", &recording.config())?);
            for command in recording.commands() {
                measure.carry_out(&command.line, &command.input)?;
            }
            count = measure.end()?.commands;
        }
    }
    let (inputs, stocks) = (recording.inputs(), recording.stocks());
    if args.json {
        let report = json!({ "format": "csv", "input": args.input, "records": inputs, "stocks": stocks, "commands": count });
        say(&mut std::io::stdout(), &report);
    }
    if !args.quiet {
        let what = place.words(&count.to_string());
        let line = format!("{inputs} inputs of {stocks} instruments: {what}");
        say(&mut std::io::stderr(), &line);
    }
    Ok(())
}

/// The output, begun with the recording's configuration.
fn target(args: &Args, place: &Place, format: &str, config: &str) -> Result<Target, Failure> {
    let input = Path::new(&args.input).file_name().unwrap_or_default().to_string_lossy();
    Target::begin(place, config, &format!("{format} {input}"))
}

fn lobster(args: &Args, book: Option<&str>, place: &Place) -> Result<(), Failure> {
    let text = files::read_text(&args.input)?;
    let book = book.map(|path| Ok((path, files::read_text(path)?))).transpose()?;
    let beside = book.as_ref().map(|(path, text)| (*path, text.as_str()));
    let recording = lobster::Recording::read((files::shown(&args.input), &text), beside)
        .map_err(Failure::input)?;
    let mut measure = Measure::begin(target(args, place, "lobster", &recording.config())?);
    let bar = progress::bar(Some(recording.messages() as u64), args.quiet);
    let mut conversion = recording.convert();
    while let Some(step) = conversion.next() {
        measure.step(&step)?;
        advance(&bar, conversion.position());
    }
    bar.finish_and_clear();
    let source = Source {
        format: "lobster",
        words: "messages",
        records: recording.messages() as u64,
        symbols: vec![recording.symbol()],
        book_file: book.as_ref().map(|(path, _)| *path),
    };
    finish(args, place, measure, &source, conversion.tally())
}

#[cfg(feature = "dbn")]
fn dbn(args: &Args, place: &Place) -> Result<(), Failure> {
    let bytes = files::read_bytes(&args.input)?;
    let recording = plimsoll_text::dbn::Recording::read(files::shown(&args.input), &bytes)
        .map_err(Failure::input)?;
    drop(bytes);
    let mut measure = Measure::begin(target(args, place, "dbn", &recording.config())?);
    let bar = progress::bar(Some(recording.entries() as u64), args.quiet);
    let mut conversion = recording.convert();
    while let Some(step) = conversion.next() {
        measure.step(&step)?;
        advance(&bar, conversion.position());
    }
    bar.finish_and_clear();
    let source = Source {
        format: "dbn",
        words: "records",
        records: recording.records(),
        symbols: recording.symbols().collect(),
        book_file: None,
    };
    finish(args, place, measure, &source, conversion.tally())
}

#[cfg(not(feature = "dbn"))]
fn dbn(_: &Args, _: &Place) -> Result<(), Failure> {
    let expected = "a format this binary was built with (cargo feature dbn)";
    Err(Failure::input(Error::new("format", expected, "dbn").in_file("convert")))
}

/// Moves the bar now and then.
fn advance(bar: &indicatif::ProgressBar, position: usize) {
    if position.is_multiple_of(ROWS_A_LOOK) {
        bar.set_position(position as u64);
    }
}

fn finish(
    args: &Args,
    place: &Place,
    measure: Measure,
    source: &Source<'_>,
    tally: &plimsoll_text::recorded::Tally,
) -> Result<(), Failure> {
    let result = measure.end()?;
    let report = Report { input: &args.input, source, result: &result, tally };
    if args.json {
        say(&mut std::io::stdout(), &report.json());
    }
    if !args.quiet {
        let head = report.line(place);
        say(&mut std::io::stderr(), &format!("{head}\n{}", report.table()));
    }
    Ok(())
}

/// Says it; a reader that has gone away wanted no more.
fn say(to: &mut dyn Write, what: &dyn std::fmt::Display) {
    let _ = writeln!(to, "{what}");
}
