//! `plimsoll convert`: recorded market data in, a configuration and commands for `replay` out.

mod measure;
mod report;

use super::files::{self, Output};
use super::{Failure, progress};
use measure::Measure;
use plimsoll_text::sse::Recording;
use plimsoll_text::{Error, lobster};
use report::{Report, Source};
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// Rows between two looks at the progress bar.
const ROWS_A_LOOK: usize = 4096;

/// Turn recorded market data into commands for `replay`.
///
/// OUT.jsonl gets the commands and OUT.toml beside it the configuration to replay them with. gzip is read as it is.
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
  plimsoll convert dbn glbx-mdp3-20231225.mbo.dbn.zst es.jsonl --json")]
pub struct Args {
    /// What IN holds.
    #[arg(value_enum)]
    format: Format,
    /// The recorded data.
    #[arg(value_name = "IN")]
    input: String,
    /// Where the commands go; a name that ends in .jsonl.
    #[arg(value_name = "OUT")]
    output: String,
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
    /// Nasdaq TotalView-ITCH (not supported yet)
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
    let later = |field: &str, expected: &str, found: &str| {
        Err(Failure::input(Error::new(field, expected, found).unsupported().in_file("convert")))
    };
    if args.format == Format::Itch {
        return later("format", "csv, lobster or dbn", "itch");
    }
    let commands = Path::new(&args.output);
    if commands.extension().is_none_or(|ending| ending != "jsonl") {
        return later("OUT", "a name that ends in .jsonl", &args.output);
    }
    let config = commands.with_extension("toml").to_string_lossy().into_owned();
    let book = match args.format {
        Format::Lobster => lobster::book_file(&args.input).filter(|book| Path::new(book).exists()),
        _ => None,
    };
    let inputs: Vec<&str> = [args.input.as_str()].into_iter().chain(book.as_deref()).collect();
    files::distinct(&inputs, &[("OUT.jsonl", &args.output), ("OUT.toml", &config)])?;
    match args.format {
        Format::Lobster => lobster(&args, book.as_deref(), &config),
        Format::Dbn => dbn(&args, &config),
        Format::Csv | Format::Itch => csv(&args, &config),
    }
}

fn csv(args: &Args, config: &str) -> Result<(), Failure> {
    let text = files::read_text(&args.input)?;
    let recording = Recording::read(files::shown(&args.input), &text).map_err(Failure::input)?;
    let (mut lines, mut head) = (Output::create(&args.output)?, Output::create(config)?);
    head.write(recording.config().as_bytes())?;
    let mut count = 0u64;
    for command in recording.commands() {
        lines.write(&command.line)?;
        count += 1;
    }
    files::commit(vec![lines, head])?;
    let (inputs, stocks) = (recording.inputs(), recording.stocks());
    if args.json {
        let report = json!({ "format": "csv", "input": args.input, "records": inputs, "stocks": stocks, "commands": count });
        say(&mut std::io::stdout(), &report);
    }
    if !args.quiet {
        let line = format!(
            "{inputs} inputs of {stocks} instruments: {count} commands in {}, their exchange in {config}",
            args.output,
        );
        say(&mut std::io::stderr(), &line);
    }
    Ok(())
}

fn lobster(args: &Args, book: Option<&str>, config: &str) -> Result<(), Failure> {
    let text = files::read_text(&args.input)?;
    let book = book.map(|path| Ok((path, files::read_text(path)?))).transpose()?;
    let beside = book.as_ref().map(|(path, text)| (*path, text.as_str()));
    let recording = lobster::Recording::read((files::shown(&args.input), &text), beside)
        .map_err(Failure::input)?;
    let mut measure = Measure::begin(args, &recording.config(), config)?;
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
    finish(args, config, measure, &source, conversion.tally())
}

#[cfg(feature = "dbn")]
fn dbn(args: &Args, config: &str) -> Result<(), Failure> {
    let bytes = files::read_bytes(&args.input)?;
    let recording = plimsoll_text::dbn::Recording::read(files::shown(&args.input), &bytes)
        .map_err(Failure::input)?;
    drop(bytes);
    let mut measure = Measure::begin(args, &recording.config(), config)?;
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
    finish(args, config, measure, &source, conversion.tally())
}

#[cfg(not(feature = "dbn"))]
fn dbn(_: &Args, _: &str) -> Result<(), Failure> {
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
    config: &str,
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
        let head = report.line(&args.output, config);
        say(&mut std::io::stderr(), &format!("{head}\n{}", report.table()));
    }
    Ok(())
}

/// Says it; a reader that has gone away wanted no more.
fn say(to: &mut dyn Write, what: &dyn std::fmt::Display) {
    let _ = writeln!(to, "{what}");
}
