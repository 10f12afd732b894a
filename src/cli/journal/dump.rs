//! `plimsoll journal dump`: what was recorded, as the command lines that `plimsoll replay` reads.

use super::{check_directory, tail};
use crate::cli::{Failure, files};
use plimsoll_exchange::{Exchange, configuration_hash};
use plimsoll_gateway::Engine;
use plimsoll_gateway::journal::{RecoverError, walk};
use plimsoll_gateway::store::{configuration_of, journal_of};
use plimsoll_gateway::users::Memory;
use plimsoll_text::{read_config, write_command};
use plimsoll_types::{Command, Event, EventKind, OrderId, OrderRef};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

/// Write what was recorded as command lines (JSONL) on standard output.
///
/// `plimsoll replay` makes the same events of them. Orders that came without an id are called by the exchange's number,
/// as in their events.
#[derive(clap::Args)]
pub struct Args {
    /// The server's data directory.
    #[arg(value_name = "DIR")]
    data: String,
    /// The configuration the server runs with; by default what it has left in its directory.
    #[arg(long, value_name = "EXCHANGE.toml")]
    exchange: Option<String>,
    /// For the sake of the others: what is written is JSON anyway.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let data = check_directory(&args.data)?;
    let beside = configuration_of(data).to_string_lossy().into_owned();
    let path = args.exchange.as_deref().unwrap_or(&beside);
    let text = files::read_text(path)?;
    let spec = read_config(files::shown(path), &text).map_err(Failure::input)?;
    let configuration = configuration_hash(&spec);
    let mut dump = Dump {
        engine: Engine::new(Exchange::new(spec), &[], 0, Memory::new()),
        events: Vec::new(),
        line: Vec::new(),
        out: BufWriter::new(std::io::stdout()),
        wordless: None,
        unwritten: None,
    };
    let walked = walk(&journal_of(data), Some(configuration), 1, |segment, record| {
        dump.tell(&segment.path, record)
    })
    .map_err(Failure::input)?;
    if let Some(error) = dump.unwritten.take().or(dump.out.flush().err())
        && error.kind() != ErrorKind::BrokenPipe
    {
        return Err(Failure::run(format!("stdout: {error}")));
    }
    let tail = tail(walked.segments.last());
    match dump.wordless {
        Some(number) => Err(Failure::run(format!(
            "{}: record {number} lists an instrument or schedules terms, which has no line yet: use replay --journal",
            args.data
        ))),
        None => {
            eprintln!("{} commands; the tail is {tail}", walked.last);
            Ok(())
        }
    }
}

struct Dump {
    engine: Engine,
    events: Vec<Event>,
    line: Vec<u8>,
    out: BufWriter<std::io::Stdout>,
    /// The first record that has no line.
    wordless: Option<u64>,
    unwritten: Option<std::io::Error>,
}

impl Dump {
    fn tell(&mut self, file: &Path, record: &plimsoll_gateway::Record) -> Result<(), RecoverError> {
        if self.wordless.is_some() || self.unwritten.is_some() {
            return Ok(());
        }
        self.line.clear();
        let exchange = self.engine.exchange();
        // An order by its handle is called what it was called when it was entered; a new one is called when it has its number.
        let meant = match &record.command {
            Command::Cancel { account, order: order @ OrderRef::Handle(..) }
            | Command::Replace { account, order: order @ OrderRef::Handle(..), .. } => {
                exchange.open_order(*account, order).map(|open| open.id)
            }
            _ => None,
        };
        let enters = matches!(record.command, Command::Order(order) if order.id.is_none());
        let mut has_line = true;
        if !enters {
            has_line = write_command(&mut self.line, exchange, record.ts, &record.command, meant);
        }
        self.events.clear();
        self.engine.replay(record, &mut self.events).map_err(|_| RecoverError::OutOfPlace {
            file: file.to_owned(),
            number: record.number,
            ts: record.ts,
        })?;
        if enters {
            let id = self.events.iter().find_map(entered);
            let exchange = self.engine.exchange();
            has_line = write_command(&mut self.line, exchange, record.ts, &record.command, id);
        }
        if !has_line {
            self.wordless = Some(record.number);
        }
        self.unwritten = self.out.write_all(&self.line).err();
        Ok(())
    }
}

/// The number an order was given.
fn entered(event: &Event) -> Option<OrderId> {
    match event.kind {
        EventKind::Accepted { id: id @ OrderId::Number(_), .. } => Some(id),
        _ => None,
    }
}
