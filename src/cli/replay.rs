//! `plimsoll replay`: the deterministic exchange as a filter, commands in, events out.

mod journal;

use super::files::{self, Input, Output, STANDARD};
use super::{Failure, progress};
use plimsoll_exchange::{Exchange, RestoreError};
use plimsoll_text::{Error, Feed, read_config, write_event, write_state};
use plimsoll_types::{Event, EventKind};
use serde_json::json;
use std::io::Write;
use std::time::Instant;

/// Lines between two looks at the progress bar.
const LINES_A_LOOK: u64 = 4096;

/// Bytes of events handed on at a time.
const CHUNK: usize = 64 << 10;

/// Carry out recorded commands and write what happened.
///
/// Commands are JSON objects, one a line, as docs/schema/command.schema.json says; events likewise. "-" is standard
/// input or output; gzip is read as it is. Nothing is written unless the whole replay ends well. An empty command file
/// checks the configuration.
#[derive(clap::Args)]
#[command(after_help = "Example:
  plimsoll replay EXCHANGE.toml COMMANDS.jsonl --events EVENTS.jsonl --state STATE.json
  zcat COMMANDS.jsonl.gz | plimsoll replay EXCHANGE.toml - | grep '\"event\":\"trade\"'
  plimsoll replay EXCHANGE.toml --journal DATA --events EVENTS.jsonl --state STATE.json")]
pub struct Args {
    /// The exchange's configuration (TOML).
    #[arg(value_name = "EXCHANGE.toml")]
    config: String,
    /// The commands (JSONL), in order of time.
    #[arg(
        value_name = "COMMANDS.jsonl",
        required_unless_present = "journal",
        default_value = "",
        hide_default_value = true
    )]
    commands: String,
    /// Carry out what a server has recorded in its data directory, from its first command.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["commands", "from"])]
    journal: Option<String>,
    /// With --journal: begin with the newest snapshot there instead.
    #[arg(long, requires = "journal")]
    from_snapshot: bool,
    /// Where the events go (JSONL).
    #[arg(long, value_name = "OUT.jsonl", default_value = STANDARD, hide_default_value = true)]
    events: String,
    /// Where the state at the end goes (JSON).
    #[arg(long, value_name = "OUT.json")]
    state: Option<String>,
    /// Go on from a snapshot taken under the same configuration.
    #[arg(long, value_name = "SNAPSHOT")]
    from: Option<String>,
    /// Where a snapshot of the end goes.
    #[arg(long, value_name = "FILE")]
    snapshot: Option<String>,
    /// Say nothing on standard error.
    #[arg(long)]
    quiet: bool,
    /// Print the summary as JSON: on standard output, or on standard error where the events go to standard output.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    args.check_places()?;
    let started = Instant::now();
    let mut exchange = args.exchange()?;
    // A journal brings its own commands; nothing is read for it here.
    let mut input = args.journal.is_none().then(|| Input::open(&args.commands)).transpose()?;
    let mut outputs = vec![Output::create(&args.events)?];
    let extra =
        [&args.state, &args.snapshot].map(|path| path.as_deref().map(Output::create).transpose());
    let [state, snapshot] = extra;
    let (state, snapshot) = (state?, snapshot?);
    let counts = match &mut input {
        Some(input) => replay(&args, &mut exchange, input, &mut outputs[0])?,
        None => {
            let (counts, end) = journal::replay(&args, exchange, &mut outputs[0])?;
            exchange = end;
            counts
        }
    };
    if let Some(mut output) = state {
        let mut text = Vec::new();
        write_state(&mut text, exchange.spec(), &exchange.view());
        output.write(&text)?;
        outputs.push(output);
    }
    if let Some(mut output) = snapshot {
        output.write(&exchange.snapshot())?;
        outputs.push(output);
    }
    files::commit(outputs)?;
    args.say(&counts, &exchange, started);
    Ok(())
}

impl Args {
    fn check_places(&self) -> Result<(), Failure> {
        if self.config == STANDARD && self.commands == STANDARD {
            return Err(Failure::input(
                "COMMANDS.jsonl: expected a file, found stdin, which EXCHANGE.toml is read from",
            ));
        }
        let mut outputs = vec![("--events", self.events.as_str())];
        outputs.extend(self.state.as_deref().map(|path| ("--state", path)));
        outputs.extend(self.snapshot.as_deref().map(|path| ("--snapshot", path)));
        let inputs = [self.config.as_str(), self.commands.as_str()];
        let given = if self.journal.is_some() { &inputs[..1] } else { &inputs };
        files::distinct(given, &outputs)
    }

    /// The exchange to start with: new, or from a snapshot.
    fn exchange(&self) -> Result<Exchange, Failure> {
        let text = files::read_text(&self.config)?;
        let spec = read_config(files::shown(&self.config), &text).map_err(Failure::input)?;
        let Some(path) = &self.from else {
            return Ok(Exchange::new(spec));
        };
        let bytes = files::read_bytes(path)?;
        Exchange::restore(spec, &bytes).map_err(|error| {
            let found = match error {
                RestoreError::Version(version) => format!("one of format version {version}"),
                RestoreError::OtherConfiguration => "one of another configuration".to_owned(),
                _ => "something else, or a damaged one".to_owned(),
            };
            let expected = "a snapshot of this configuration";
            Failure::input(Error::new("snapshot", expected, &found).in_file(path))
        })
    }

    fn say(&self, counts: &Counts, exchange: &Exchange, started: Instant) {
        let (seconds, seq) = (started.elapsed().as_secs_f64(), exchange.seq());
        if self.json {
            let object = json!({
                "commands": counts.commands,
                "events": counts.events,
                "trades": counts.trades,
                "rejected": counts.rejected,
                "seq": seq,
                "hash": format!("{:032x}", exchange.state_hash()),
                "wall_seconds": seconds,
                "commands_per_second": counts.commands as f64 / seconds.max(1e-9),
            });
            // A reader that has gone away wanted no more.
            let _ = match self.events == STANDARD {
                true => writeln!(std::io::stderr(), "{object}"),
                false => writeln!(std::io::stdout(), "{object}"),
            };
        } else if !self.quiet {
            let _ = writeln!(
                std::io::stderr(),
                "{} commands, {} events, {} trades, {} rejected; last event {seq}; {seconds:.3} s",
                counts.commands,
                counts.events,
                counts.trades,
                counts.rejected,
            );
        }
    }
}

/// What a replay counted.
#[derive(Default)]
struct Counts {
    commands: u64,
    events: u64,
    trades: u64,
    rejected: u64,
}

impl Counts {
    fn add(&mut self, events: &[Event]) {
        self.commands += 1;
        self.events += events.len() as u64;
        for event in events {
            match event.kind {
                EventKind::Trade { .. } => self.trades += 1,
                EventKind::Rejected { .. } => self.rejected += 1,
                _ => {}
            }
        }
    }
}

fn replay(
    args: &Args,
    exchange: &mut Exchange,
    input: &mut Input,
    output: &mut Output,
) -> Result<Counts, Failure> {
    let bar = progress::bar(input.len, args.quiet);
    let mut feed = Feed::new(files::shown(&args.commands), exchange.now());
    let mut counts = Counts::default();
    let (mut line, mut events, mut text) = (Vec::new(), Vec::new(), Vec::new());
    while input.line(&mut line).map_err(|error| files::unreadable(&args.commands, &error))? {
        let command = feed.read(&line, exchange.spec()).map_err(Failure::input)?;
        events.clear();
        command.carry_out(exchange, &mut events);
        counts.add(&events);
        for event in &events {
            write_event(&mut text, exchange, event);
        }
        if text.len() >= CHUNK {
            output.write(&text)?;
            text.clear();
        }
        if feed.lines().is_multiple_of(LINES_A_LOOK) {
            bar.set_position(input.position());
        }
    }
    output.write(&text)?;
    bar.finish_and_clear();
    Ok(counts)
}
