//! `plimsoll journal verify`: every record and every snapshot looked at.

use super::{check_directory, tail, walk_all};
use crate::cli::Failure;
use plimsoll_gateway::store::{look_at, snapshots, snapshots_of};
use serde_json::json;
use std::io::Write;

/// Check every record and every snapshot.
///
/// The first damage ends it: exit 1, with file and byte. A torn tail is none: it was never acknowledged as synced, and the
/// server cuts it when it starts.
#[derive(clap::Args)]
pub struct Args {
    /// The server's data directory.
    #[arg(value_name = "DIR")]
    data: String,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let data = check_directory(&args.data)?;
    let mut records = 0u64;
    let walked = walk_all(data, |_, _| {
        records += 1;
        Ok(())
    })
    .map_err(Failure::run)?;
    let snapshots = snapshots(&snapshots_of(data)).map_err(Failure::run)?;
    for file in &snapshots {
        let wrong =
            |what: &dyn std::fmt::Display| Failure::run(format!("{}: {what}", file.path.display()));
        let bytes = std::fs::read(&file.path).map_err(|error| wrong(&error))?;
        match look_at(&bytes) {
            Ok((number, _)) if number == file.number => {}
            Ok((number, _)) => return Err(wrong(&format!("has number {number} inside"))),
            Err(error) => return Err(wrong(&error)),
        }
    }
    let tail = tail(walked.segments.last());
    let (segments, snapshots) = (walked.segments.len(), snapshots.len());
    let line = match args.json {
        true => json!({
            "segments": segments, "records": records, "last": walked.last, "tail": tail,
            "snapshots": snapshots,
        })
        .to_string(),
        false => format!(
            "{segments} segments, {records} records up to number {}, {snapshots} snapshots: nothing is damaged; the tail is {tail}",
            walked.last
        ),
    };
    // A reader that has gone away wanted no more.
    let _ = writeln!(std::io::stdout(), "{line}");
    Ok(())
}
