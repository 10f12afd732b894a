//! `plimsoll convert`: recorded market data in, a configuration and commands for `replay` out.

use super::Failure;
use super::files::{self, Output};
use plimsoll_text::Error;
use plimsoll_text::sse::Recording;
use std::io::Write;
use std::path::Path;

/// Turn recorded market data into commands for `replay`.
///
/// OUT.jsonl gets the commands and OUT.toml beside it the configuration to replay them with. csv is Shanghai
/// order-by-order data with the header `sym,seq,time,phase,op,order_id,side,price_cents,qty`, also compressed with gzip.
/// Stocks are merged by time, in nanoseconds since midnight; every order comes from one account, "market", without
/// margin. The previous close is not in such a file: the middle of the lowest and highest limit stands in for it.
#[derive(clap::Args)]
#[command(after_help = "Example:
  plimsoll convert csv inputs.csv.gz day.jsonl && plimsoll replay day.toml day.jsonl")]
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
}

/// A format of recorded market data.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Nasdaq TotalView-ITCH (not supported yet)
    Itch,
    /// LOBSTER message files (not supported yet)
    Lobster,
    /// Databento DBN (not supported yet)
    Dbn,
    /// Shanghai order-by-order CSV
    Csv,
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let later = |field: &str, expected: &str, found: &str| {
        Err(Failure::input(Error::new(field, expected, found).unsupported().in_file("convert")))
    };
    match args.format {
        Format::Csv => {}
        Format::Itch => return later("format", "csv", "itch"),
        Format::Lobster => return later("format", "csv", "lobster"),
        Format::Dbn => return later("format", "csv", "dbn"),
    }
    let commands = Path::new(&args.output);
    if commands.extension().is_none_or(|ending| ending != "jsonl") {
        return later("OUT", "a name that ends in .jsonl", &args.output);
    }
    let config = commands.with_extension("toml").to_string_lossy().into_owned();
    files::distinct(&[&args.input], &[("OUT.jsonl", &args.output), ("OUT.toml", &config)])?;
    let text = files::read_text(&args.input)?;
    let recording = Recording::read(files::shown(&args.input), &text).map_err(Failure::input)?;
    let count = write(&recording, &args.output, &config)?;
    if !args.quiet {
        let _ = writeln!(
            std::io::stderr(),
            "{} inputs of {} instruments: {count} commands in {}, their exchange in {config}",
            recording.inputs(),
            recording.stocks(),
            args.output,
        );
    }
    Ok(())
}

fn write(recording: &Recording, commands: &str, config: &str) -> Result<u64, Failure> {
    let (mut lines, mut head) = (Output::create(commands)?, Output::create(config)?);
    head.write(recording.config().as_bytes())?;
    let mut count = 0;
    for command in recording.commands() {
        lines.write(&command.line)?;
        count += 1;
    }
    files::commit(vec![lines, head])?;
    Ok(count)
}
