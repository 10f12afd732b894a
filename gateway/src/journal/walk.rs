//! The segments of a directory, read in order: whether they follow each other, and how the last one ends.

use super::error::RecoverError;
use super::scan::{Bad, End, Scan};
use super::segment::{HEADER_BYTES, NoHeader, SegmentHeader};
use crate::record::Record;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A segment's name.
pub(super) fn segment_name(first: u64) -> String {
    format!("{first:020}.seg")
}

/// A segment file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Number of its first record, from its name.
    pub first: u64,
    /// Where it is.
    pub path: PathBuf,
}

/// The segments of a directory, by number. A directory that is not there has none.
///
/// Errors: [`RecoverError::Disk`].
pub fn list(directory: &Path) -> Result<Vec<Found>, RecoverError> {
    Ok(numbered(directory, ".seg")?
        .into_iter()
        .map(|(first, path)| Found { first, path })
        .collect())
}

/// Files whose names are a number of 20 digits and `ending`, by number.
pub(crate) fn numbered(
    directory: &Path,
    ending: &str,
) -> Result<Vec<(u64, PathBuf)>, RecoverError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(RecoverError::disk(directory))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(RecoverError::disk(directory))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let digits = name.and_then(|name| name.strip_suffix(ending));
        let number =
            digits.filter(|digits| digits.len() == 20).and_then(|digits| digits.parse().ok());
        found.extend(number.map(|number| (number, path)));
    }
    found.sort();
    Ok(found)
}

/// What was found out about a segment by reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Number of its first record.
    pub first: u64,
    /// Number of its last; one less than `first` where it has none.
    pub last: u64,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes from its beginning that are good.
    pub good: u64,
    /// How it ends.
    pub end: End,
}

/// What was found out about a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// The segments that were read.
    pub segments: Vec<About>,
    /// Number of the last record; where there is none, that before the first one wanted.
    pub last: u64,
    /// A last segment that was never begun: shorter than a header.
    pub stillborn: Option<PathBuf>,
}

/// Reads the journal from record `from` on and hands each record to `each`, with its segment. What lies before is only
/// looked at where it shares a segment with `from`.
///
/// `configuration` is what segments must have been written under, where that matters.
/// Cost: one segment in memory at a time, and the next one being read.
/// Errors: [`RecoverError`], also those of `each`.
pub fn walk(
    directory: &Path,
    configuration: Option<u64>,
    from: u64,
    mut each: impl FnMut(&Found, &Record) -> Result<(), RecoverError>,
) -> Result<Walked, RecoverError> {
    let mut segments = list(directory)?;
    // The one that has `from` is the last that does not begin after it.
    let skipped = segments.iter().rposition(|segment| segment.first <= from).unwrap_or(0);
    segments.drain(..skipped);
    let mut walked = Walked { last: from - 1, ..Walked::default() };
    let mut follows = None;
    for (place, (segment, bytes)) in read_ahead(&segments).enumerate() {
        let bytes = bytes.map_err(RecoverError::disk(&segment.path))?;
        let is_last = place + 1 == segments.len();
        // A missing stretch before the first one is told as such; after it, numbers must go on.
        let expected = follows.unwrap_or(from.min(segment.first));
        if segment.first > follows.unwrap_or(from) {
            let (file, to) = (segment.path.clone(), segment.first - 1);
            return Err(RecoverError::Missing { file, from: follows.unwrap_or(from), to });
        }
        if let Some(next) = follows
            && segment.first < next
        {
            let (file, first, last) = (segment.path.clone(), segment.first, next - 1);
            return Err(RecoverError::Overlap { file, first, last });
        }
        if is_last && bytes.len() < HEADER_BYTES {
            walked.stillborn = Some(segment.path.clone());
            walked.last = walked.last.max(expected - 1);
            break;
        }
        let about = read_segment(segment, &bytes, configuration, from, &mut each)?;
        check_end(&about, is_last)?;
        follows = Some(about.last + 1);
        walked.last = walked.last.max(about.last);
        walked.segments.push(about);
    }
    Ok(walked)
}

fn read_segment(
    segment: &Found,
    bytes: &[u8],
    configuration: Option<u64>,
    from: u64,
    each: &mut impl FnMut(&Found, &Record) -> Result<(), RecoverError>,
) -> Result<About, RecoverError> {
    let file = segment.path.clone();
    let header = match SegmentHeader::read(bytes) {
        Ok(header) if header.first != segment.first => {
            return Err(RecoverError::NoSegment { file });
        }
        Ok(header) if configuration.is_some_and(|wanted| wanted != header.configuration) => {
            return Err(RecoverError::OtherConfiguration { file });
        }
        Ok(header) => header,
        Err(NoHeader::Damaged) => return Err(RecoverError::NoSegment { file }),
        Err(NoHeader::Version(version)) => return Err(RecoverError::Version { file, version }),
    };
    let mut scan = Scan::new(&header, bytes);
    while scan.last() + 1 < from && scan.frame().is_some() {}
    while let Some(record) = scan.record() {
        each(segment, &record)?;
    }
    let end = scan.end().unwrap_or(End::Open);
    let (last, good, bytes) = (scan.last(), scan.good(), bytes.len() as u64);
    Ok(About { first: segment.first, last, path: file, bytes, good, end })
}

/// Only the last segment may end without a word: the one after it was begun when all of it was synced.
fn check_end(about: &About, is_last: bool) -> Result<(), RecoverError> {
    let bad = match about.end {
        End::Damaged(bad) => bad,
        End::Open | End::Torn { .. } if !is_last => Bad::Checksum,
        _ => return Ok(()),
    };
    Err(RecoverError::Damaged { file: about.path.clone(), offset: about.good, bad })
}

/// The segments' bytes, the next one read by another thread while this one is looked at.
fn read_ahead<'a>(
    segments: &'a [Found],
) -> impl Iterator<Item = (&'a Found, io::Result<Vec<u8>>)> + use<'a> {
    let paths: Vec<PathBuf> = segments.iter().map(|segment| segment.path.clone()).collect();
    let (sender, read) = std::sync::mpsc::sync_channel(0);
    std::thread::spawn(move || {
        for path in paths {
            if sender.send(fs::read(path)).is_err() {
                return;
            }
        }
    });
    segments.iter().zip(read)
}
