//! Where recorded data lies, which is not part of the repository.

use std::path::{Path, PathBuf};

/// A file of recorded data, or `None` and a line that says what is missing.
pub fn recorded(file: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("PLIMSOLL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("data").join(file);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("SKIPPED: no {}; set PLIMSOLL_SHARED to where data/ is", path.display());
    None
}
