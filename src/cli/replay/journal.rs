//! `plimsoll replay --journal`: what a server has recorded, carried out again.

use super::{Args, CHUNK, Counts};
use crate::cli::Failure;
use crate::cli::files::Output;
use plimsoll_exchange::{Exchange, configuration_hash};
use plimsoll_gateway::Engine;
use plimsoll_gateway::journal::{End, RecoverError, walk};
use plimsoll_gateway::store::{journal_of, snapshots, snapshots_of};
use plimsoll_gateway::users::Memory;
use plimsoll_text::write_event;
use std::path::Path;

/// Carries out the journal; `fresh` is the exchange as configured. Gives the exchange at the end.
pub(super) fn replay(
    args: &Args,
    fresh: Exchange,
    output: &mut Output,
) -> Result<(Counts, Exchange), Failure> {
    let data = Path::new(args.journal.as_deref().unwrap_or_default());
    let journal = journal_of(data);
    if !journal.is_dir() {
        let found = "no journal in it";
        let expected = "a server's data directory";
        return Err(Failure::input(format!(
            "{}: expected {expected}, found {found}",
            data.display()
        )));
    }
    let configuration = configuration_hash(&fresh.configuration());
    let mut engine = match args.from_snapshot {
        true => newest(data, &fresh)?,
        false => Engine::new(fresh, &[], 0, Memory::new()),
    };
    let (mut counts, mut events, mut text) = (Counts::default(), Vec::new(), Vec::new());
    let mut unwritten = None;
    let walked = walk(&journal, Some(configuration), engine.number() + 1, |segment, record| {
        events.clear();
        engine.replay(record, &mut events).map_err(|_| RecoverError::OutOfPlace {
            file: segment.path.clone(),
            number: record.number,
            ts: record.ts,
        })?;
        counts.add(&events);
        for event in &events {
            write_event(&mut text, engine.exchange(), event);
        }
        if text.len() >= CHUNK && unwritten.is_none() {
            unwritten = output.write(&text).err();
            text.clear();
        }
        Ok(())
    })
    .map_err(Failure::input)?;
    output.write(&text)?;
    if let Some(failure) = unwritten {
        return Err(failure);
    }
    if let Some(last) = walked.segments.last()
        && let End::Torn { bytes } = last.end
        && !args.quiet
    {
        let (file, good) = (last.path.display(), last.good);
        eprintln!("{file}: byte {good}: {bytes} bytes that were never synced are passed over");
    }
    Ok((counts, engine.into_exchange()))
}

/// The engine of the newest good snapshot.
fn newest(data: &Path, fresh: &Exchange) -> Result<Engine, Failure> {
    let directory = snapshots_of(data);
    let found = snapshots(&directory).map_err(Failure::input)?;
    for file in found.iter().rev() {
        let bytes = std::fs::read(&file.path)
            .map_err(|error| Failure::input(format!("{}: {error}", file.path.display())))?;
        match Engine::restore(fresh.configuration(), &[], &bytes) {
            Ok(engine) => return Ok(engine),
            Err(error) => eprintln!("{}: passed over: {error}", file.path.display()),
        }
    }
    Err(Failure::input(format!("{}: expected a good snapshot, found none", directory.display())))
}
