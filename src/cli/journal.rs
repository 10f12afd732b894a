//! `plimsoll journal`: what a server has recorded, checked, told as commands, counted.

mod dump;
mod stat;
mod verify;

use super::Failure;
use clap::Subcommand;
use plimsoll_gateway::journal::{About, End, Found, RecoverError, Walked, list, walk};
use plimsoll_gateway::record::Record;
use plimsoll_gateway::store::{journal_of, snapshots, snapshots_of};
use std::path::Path;

/// Look at what a server has recorded in its data directory.
#[derive(clap::Args)]
#[command(after_help = "Example:
  plimsoll journal verify DATA
  plimsoll journal stat DATA --json
  plimsoll journal dump DATA > COMMANDS.jsonl
  plimsoll replay EXCHANGE.toml --journal DATA --events EVENTS.jsonl

Exit codes: 0 nothing is damaged, 1 something is, 2 bad arguments or bad input.")]
pub struct Args {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    Verify(verify::Args),
    Dump(dump::Args),
    Stat(stat::Args),
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    match args.job {
        Job::Verify(args) => verify::run(&args),
        Job::Dump(args) => dump::run(&args),
        Job::Stat(args) => stat::run(&args),
    }
}

/// The directory's journal, all there is of it: first records may have been dropped, and records that a loss of power took
/// may be bridged by a snapshot.
fn walk_all(
    data: &Path,
    mut each: impl FnMut(&Found, &Record) -> Result<(), RecoverError>,
) -> Result<Walked, RecoverError> {
    let directory = journal_of(data);
    let bridges: Vec<u64> =
        snapshots(&snapshots_of(data))?.iter().map(|snapshot| snapshot.number).collect();
    let mut whole = Walked::default();
    let mut from = list(&directory)?.first().map_or(1, |segment| segment.first);
    loop {
        let walked = walk(&directory, None, from, &mut each);
        match walked {
            Err(RecoverError::Missing { to, .. }) if bridges.contains(&to) && to >= from => {
                from = to + 1;
            }
            Err(error) => return Err(error),
            Ok(walked) => {
                whole.segments.extend(walked.segments);
                whole.last = walked.last;
                whole.stillborn = walked.stillborn;
                return Ok(whole);
            }
        }
    }
}

/// Refuses what is no data directory.
fn check_directory(data: &str) -> Result<&Path, Failure> {
    let path = Path::new(data);
    if journal_of(path).is_dir() {
        return Ok(path);
    }
    Err(Failure::input(format!(
        "{data}: expected a server's data directory, found no journal in it"
    )))
}

/// How the journal ends, in words.
fn tail(last: Option<&About>) -> String {
    match last.map(|about| (about, about.end)) {
        None => "empty".to_owned(),
        Some((_, End::Closed)) => "closed".to_owned(),
        Some((_, End::Open)) => "open".to_owned(),
        Some((about, End::Torn { bytes })) => {
            format!("torn at byte {} of {}: {bytes} bytes", about.good, about.path.display())
        }
        Some((about, End::Damaged(bad))) => {
            format!("damaged at byte {} of {}: {bad}", about.good, about.path.display())
        }
    }
}
