//! Finished jobs, each a small file in a folder: what a run that was cut short, or another machine, leaves for the next.

use super::Trouble;
use super::job::Finished;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A result file has a few kilobytes; a larger one is none.
const FILE_MAX: u64 = 64 << 10;

/// The results of a folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// By key. Looked up only, never walked through.
    found: HashMap<String, Finished>,
}

impl Store {
    /// The results that `DIR/results` holds; a folder that is not there holds none, and is made with the first result.
    ///
    /// Files that are no results, or results of another program, are passed over. Errors: a folder that cannot be read.
    pub fn open(out: &Path) -> Result<Store, Trouble> {
        let folder = out.join("results");
        let mut found = HashMap::new();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => Some(entries),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(disk(&folder, &error)),
        };
        for entry in entries.into_iter().flatten().flatten() {
            let path = entry.path();
            let small = entry.metadata().is_ok_and(|about| about.len() <= FILE_MAX);
            if !small || path.extension().is_none_or(|end| end != "json") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            if let Some(finished) = Finished::read(&text) {
                found.insert(finished.key.clone(), finished);
            }
        }
        Ok(Store { folder, found })
    }

    /// The same folder, whose results are not taken up.
    pub fn fresh(self) -> Store {
        Store { found: HashMap::new(), ..self }
    }

    /// The result of a job that is finished.
    pub fn find(&self, key: &str) -> Option<Finished> {
        self.found.get(key).cloned()
    }

    /// Keeps a result.
    ///
    /// Errors: the disk's.
    pub fn keep(&self, job: usize, finished: &Finished) -> Result<(), Trouble> {
        let path = self.folder.join(format!("{}.json", finished.key));
        // Two jobs with one text may be done at the same time; each writes under a name of its own.
        write(&path, &format!("{job}.part"), finished.json().as_bytes())
    }
}

/// Writes a file at once or not at all, its folder first; until it is whole it ends in `.part`.
///
/// Errors: the disk's.
pub fn write(path: &Path, part: &str, bytes: &[u8]) -> Result<(), Trouble> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let part = path.with_extension(part);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&part, bytes))
        .and_then(|()| fs::rename(&part, path))
        .map_err(|error| {
            let _ = fs::remove_file(&part);
            disk(path, &error)
        })
}

fn disk(path: &Path, error: &io::Error) -> Trouble {
    Trouble::Run(format!("{}: {error}", path.display()))
}
