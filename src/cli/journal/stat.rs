//! `plimsoll journal stat`: how much there is, of what, from when to when.

use super::{check_directory, tail, walk_all};
use crate::cli::Failure;
use comfy_table::Table;
use plimsoll_gateway::journal::End;
use plimsoll_gateway::store::{snapshots, snapshots_of};
use serde_json::{Value, json};
use std::io::Write;

/// Count segments, records, bytes and times.
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
    // The first and the last time of each segment, by the segment's first number.
    let mut times: Vec<(u64, u64, u64)> = Vec::new();
    let walked = walk_all(data, |segment, record| {
        match times.last_mut() {
            Some((first, _, last)) if *first == segment.first => *last = record.ts,
            _ => times.push((segment.first, record.ts, record.ts)),
        }
        Ok(())
    })
    .map_err(Failure::run)?;
    let snapshots = snapshots(&snapshots_of(data)).map_err(Failure::run)?;
    let segments: Vec<Value> = walked
        .segments
        .iter()
        .map(|about| {
            let time = times.iter().find(|(first, ..)| *first == about.first);
            json!({
                "file": about.path.file_name().map(|name| name.to_string_lossy().into_owned()),
                "first": about.first, "records": about.last + 1 - about.first,
                "bytes": about.bytes, "bytes_good": about.good,
                "from_ts": time.map(|time| time.1), "to_ts": time.map(|time| time.2),
                "closed": about.end == End::Closed,
            })
        })
        .collect();
    let sum = |field: &str| -> u64 {
        segments.iter().filter_map(|segment| segment[field].as_u64()).sum()
    };
    let numbers: Vec<u64> = snapshots.iter().map(|snapshot| snapshot.number).collect();
    let tail = tail(walked.segments.last());
    let text = match args.json {
        true => json!({
            "records": sum("records"), "bytes": sum("bytes"), "last": walked.last,
            "from_ts": times.first().map(|time| time.1), "to_ts": times.last().map(|time| time.2),
            "tail": tail, "segments": segments, "snapshots": numbers,
        })
        .to_string(),
        false => {
            let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
            format!(
                "{}\n{} records, the last has number {}; the tail is {tail}\nsnapshots: {}",
                table(&segments),
                sum("records"),
                walked.last,
                if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") }
            )
        }
    };
    // A reader that has gone away wanted no more.
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(())
}

fn table(segments: &[Value]) -> Table {
    const COLUMNS: [&str; 6] = ["file", "records", "bytes", "bytes_good", "from_ts", "to_ts"];
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(COLUMNS);
    for segment in segments {
        table.add_row(COLUMNS.map(|column| match &segment[column] {
            Value::String(text) => text.clone(),
            Value::Null => "-".to_owned(),
            other => other.to_string(),
        }));
    }
    table
}
