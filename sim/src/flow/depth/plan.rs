//! What a scenario says of a recording with depth.

use crate::scenario::read::beside;
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_text::config::dom::DeValue;
use plimsoll_types::Ts;
use std::path::{Path, PathBuf};

/// A recorded market with depth and trades, played as orders that others can meet.
#[derive(Clone, Debug)]
pub struct Depth {
    /// The capture.
    pub file: PathBuf,
    /// How long a level that somebody else has eaten stays eaten, nanoseconds; 0 = until the next recorded message.
    pub relax: Ts,
    /// A capture whose trades are the index.
    pub index: Option<PathBuf>,
    /// Least time between two prices of the index, nanoseconds.
    pub index_every: Ts,
}

/// Reads `[flow.depth]` of a scenario in `file`.
///
/// Errors: what is missing, unknown or no file name or duration.
pub fn depth(mut section: Section<'_>, file: &Path) -> Result<Depth, Error> {
    let path = |value: &DeValue<'_>| Some(beside(file, value.as_str()?));
    let depth = Depth {
        file: section.required("file", "a file name in quotes", path)?,
        relax: section.duration("relax", Some("1s"))?,
        index: section.optional("index", "a file name in quotes", path)?,
        index_every: section.duration("index_every", Some("1s"))?.max(1),
    };
    section.finish()?;
    Ok(depth)
}
