//! Files at both ends of a run: recorded text read, and summary, report and configuration left. Its events are [`crate::output`]'s.

use crate::outcome::Outcome;
use crate::report::report;
use crate::scenario::Scenario;
use crate::summary::summary;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

const SUMMARY: &str = "summary.json";

/// Writes `summary.json`, `report.html` and `exchange.toml`, each at once or not at all; returns the summary.
///
/// Errors: the disk's.
pub fn write_results(folder: &Path, scenario: &Scenario, outcome: &Outcome) -> io::Result<Value> {
    let summary = summary(scenario, outcome);
    let mut text = serde_json::to_vec_pretty(&summary)?;
    text.push(b'\n');
    // The summary vouches for the rest: an old one goes first, the new one comes last.
    take_summary_away(folder)?;
    replace(&folder.join("report.html"), report(scenario, outcome).as_bytes())?;
    replace(&folder.join("exchange.toml"), configuration(scenario).as_bytes())?;
    replace(&folder.join(SUMMARY), &text)?;
    Ok(summary)
}

/// Takes away the last run's summary, before the first of its files is replaced; there need not be one.
pub(crate) fn take_summary_away(folder: &Path) -> io::Result<()> {
    match fs::remove_file(folder.join(SUMMARY)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The exchange by itself, as `replay` and `audit` read it: no more than one empty line in a row.
fn configuration(scenario: &Scenario) -> String {
    let mut text = String::new();
    let mut empty = true;
    for line in scenario.configuration.lines() {
        let was_empty = std::mem::replace(&mut empty, line.trim().is_empty());
        if !(empty && was_empty) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// Where recorded data come from, after the complaint about a file that is not there; nothing after any other.
pub fn whence(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            " (recorded data are not part of the repository: see \"Getting the data\" in docs/SCENARIO.md)"
        }
        _ => "",
    }
}

/// Reads at most so many bytes of text, unpacked where the file is gzip.
///
/// Errors: the disk's; bytes that are no UTF-8.
pub fn read_text(file: &Path, bytes_max: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(bytes_max).read_to_end(&mut bytes)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut text = String::new();
        GzDecoder::new(bytes.as_slice()).take(bytes_max).read_to_string(&mut text)?;
        return Ok(text);
    }
    String::from_utf8(bytes).map_err(io::Error::other)
}
