//! `plimsoll audit`: the record read back, as one case's story, one account's days, or the books of the whole run.

mod event_words;
mod statement;
mod statement_words;
mod story;
mod story_words;
mod whole;
mod whole_json;
mod words;

use super::files::{self, Input, STANDARD};
use super::{Failure, progress};
use plimsoll_text::audit::{Books, Difference, Record, compare};
use plimsoll_text::{Error, read_config};
use plimsoll_types::ExchangeSpec;
use serde_json::Value;
use statement::Statement;
use std::io::{self, Write};
use std::path::Path;
use story::Story;
use whole::Whole;

/// Lines between two looks at the progress bar.
const LINES_A_LOOK: u64 = 4096;

/// What `simulate` writes, and the exchange it puts beside it.
const SIMULATED: (&str, &str) = ("events.jsonl", "exchange.toml");

/// Read the record back: what happened, and whether the money adds up.
///
/// EVENTS are the lines that `replay`, `simulate` or a session wrote. By default every balance, position, fee and debt of
/// the run is booked anew from them alone, compared with what the events themselves say, and summed up. --case tells one
/// liquidation as a story, --account one account's days.
///
/// First deposits, the fund's first money and what a tick is worth stand in the configuration, not in events: give it
/// with --exchange (for EVENTS named events.jsonl, exchange.toml beside them is taken by itself). Without it, prices,
/// quantities and all amounts that events name are shown, but results and balances are not derived.
#[derive(clap::Args)]
#[command(after_help = "Example:
  plimsoll replay EXCHANGE.toml COMMANDS.jsonl --events EVENTS.jsonl --state STATE.json
  plimsoll audit EVENTS.jsonl --exchange EXCHANGE.toml --state STATE.json
  plimsoll audit EVENTS.jsonl --exchange EXCHANGE.toml --case 1
  plimsoll audit EVENTS.jsonl --exchange EXCHANGE.toml --account anna

Exit codes: 0 the books add up, 1 they do not, 2 bad arguments or bad input.")]
pub struct Args {
    /// The events (JSONL); "-" is standard input, gzip is read as it is.
    #[arg(value_name = "EVENTS")]
    events: String,
    /// Tell one liquidation case as a story.
    #[arg(long, value_name = "ID", conflicts_with_all = ["account", "state"])]
    case: Option<u64>,
    /// Show one account's days.
    #[arg(long, value_name = "NAME", conflicts_with = "state")]
    account: Option<String>,
    /// The configuration the events were made under.
    #[arg(long, value_name = "EXCHANGE.toml")]
    exchange: Option<String>,
    /// Compare with the state at the end, as `replay --state` wrote it.
    #[arg(long, value_name = "STATE.json")]
    state: Option<String>,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Say nothing on standard error.
    #[arg(long)]
    quiet: bool,
}

/// What is asked of the record: it sees every event after it has been booked.
trait View {
    /// Takes note of an event; false where nothing more is wanted.
    fn note(&mut self, record: &Record<'_>, line: &str, books: &Books) -> Result<bool, Error>;
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let exchange = args.exchange_path();
    let spec = exchange.as_deref().map(read_spec).transpose()?;
    if args.state.is_some() && spec.is_none() {
        return Err(Failure::input(
            "--state: expected --exchange EXCHANGE.toml beside it, found none",
        ));
    }
    let state = args.state.as_deref().map(files::read_text).transpose()?;
    let mut books = Books::new(spec.as_ref());
    let (text, value, verdict) = if let Some(case) = args.case {
        let mut story = Story::new(case);
        read(&args, &mut books, &mut story)?;
        let last = books.cases_seen();
        if !story.found() {
            return Err(Failure::input(format!(
                "--case: expected a case of {} ({}), found {case}",
                files::shown(&args.events),
                if last == 0 { "it has none".to_owned() } else { format!("1 to {last}") },
            )));
        }
        (story.words(&books), story.json(&books), Ok(()))
    } else if let Some(name) = &args.account {
        let mut statement = Statement::new(name);
        read(&args, &mut books, &mut statement)?;
        let Some(found) = statement.finish(&books) else {
            return Err(Failure::input(format!(
                "--account: expected an account of {}, found {name}",
                files::shown(&args.events)
            )));
        };
        (found.words(&books), found.json(&books), Ok(()))
    } else {
        let mut whole = Whole::default();
        read(&args, &mut books, &mut whole)?;
        let compared = args.compare(&books, state.as_deref())?;
        let title = (files::shown(&args.events), exchange.as_deref());
        let words = whole.words(&books, title, compared.as_deref());
        (words, whole.json(&books, compared.as_deref()), whole.verdict(&books, compared.as_deref()))
    };
    args.print(&text, &value)?;
    verdict.map_err(Failure::run)
}

impl Args {
    /// The configuration: the one that was given, or the one `simulate` puts beside its events.
    fn exchange_path(&self) -> Option<String> {
        if let Some(path) = &self.exchange {
            return Some(path.clone());
        }
        let (events, exchange) = SIMULATED;
        let path = Path::new(&self.events);
        let beside = path.with_file_name(exchange);
        let simulated = path.file_name().is_some_and(|name| name == events) && beside.is_file();
        simulated.then(|| beside.display().to_string())
    }

    fn compare(
        &self,
        books: &Books,
        state: Option<&str>,
    ) -> Result<Option<Vec<Difference>>, Failure> {
        let (Some(path), Some(state)) = (&self.state, state) else { return Ok(None) };
        let compared = compare(books, state);
        compared.map(Some).map_err(|error| Failure::input(error.in_file(files::shown(path))))
    }

    /// Results on standard output. A reader that has gone away wanted no more.
    fn print(&self, text: &str, value: &Value) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let written = match self.json {
            true => serde_json::to_string_pretty(value)
                .map_err(io::Error::other)
                .and_then(|json| writeln!(out, "{json}")),
            false => out.write_all(text.as_bytes()),
        };
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::run(format!("stdout: {error}")))
            }
            _ => Ok(()),
        }
    }
}

fn read_spec(path: &str) -> Result<ExchangeSpec, Failure> {
    let text = files::read_text(path)?;
    read_config(files::shown(path), &text).map_err(Failure::input)
}

/// Reads the whole record, a line at a time, into the books and before a view.
fn read(args: &Args, books: &mut Books, view: &mut dyn View) -> Result<(), Failure> {
    if args.events == STANDARD && args.exchange.as_deref() == Some(STANDARD) {
        return Err(Failure::input(
            "EVENTS: expected a file, found stdin, which --exchange is read from",
        ));
    }
    let mut input = Input::open(&args.events)?;
    let bar = progress::bar(input.len, args.quiet);
    let (mut line, mut lines) = (Vec::new(), 0);
    while input.line(&mut line).map_err(|error| files::unreadable(&args.events, &error))? {
        lines += 1;
        let noted = std::str::from_utf8(&line)
            .map_err(|_| Error::new("line", "UTF-8 text", "invalid bytes"))
            .and_then(|text| {
                let record = Record::read(text)?;
                books.apply(&record)?;
                view.note(&record, text, books)
            });
        match noted {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                bar.finish_and_clear();
                return Err(Failure::input(error.at(files::shown(&args.events), lines)));
            }
        }
        if lines.is_multiple_of(LINES_A_LOOK) {
            bar.set_position(input.position());
        }
    }
    bar.finish_and_clear();
    Ok(())
}
