//! The scenario that all runs start from: one TOML that holds everything, its changes, and the data it names.

use super::change::{Change, apply};
use crate::scenario::{BUILT_IN, Scenario};
use plimsoll_text::Error;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use toml_edit::visit_mut::VisitMut;
use toml_edit::{DocumentMut, Formatted, value};
use xxhash_rust::xxh3::Xxh3;

/// The scenario that all runs start from.
#[derive(Debug)]
pub struct Base {
    /// Its file, as complaints name it.
    pub name: String,
    /// Its headline.
    pub title: String,
    /// Its currency.
    pub currency: String,
    document: DocumentMut,
    /// The folder its paths start from.
    folder: PathBuf,
    /// Digests of data files, by path: each is read once.
    digests: Mutex<BTreeMap<PathBuf, String>>,
}

impl Base {
    /// Reads a scenario; without a path the built-in one. An exchange in a file of its own is taken in.
    ///
    /// Errors: what cannot be read or used, in one line.
    pub fn load(path: Option<&Path>) -> Result<Base, Error> {
        let Some(path) = path else {
            return Base::read("scenarios/default.toml", BUILT_IN.to_owned());
        };
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::new("file", "a readable scenario", &error.to_string()).in_file(&name)
        })?;
        Base::read(&name, text)
    }

    /// Reads a scenario from text; `name` is its name in complaints and the place its paths start from.
    ///
    /// Errors: what cannot be read or used, in one line.
    pub fn read(name: &str, text: String) -> Result<Base, Error> {
        let scenario = Scenario::read(name, &text)?;
        let folder = Path::new(name).parent().unwrap_or(Path::new("")).to_path_buf();
        let mut document = parse(name, &text)?;
        let elsewhere = document["simulation"]
            .get("exchange")
            .and_then(toml_edit::Item::as_str)
            .map(|path| folder.join(path))
            // Another kind of file that holds an exchange stays where it is, like any data.
            .filter(|path| path.extension().is_none_or(|end| end == "toml"));
        if let Some(path) = elsewhere {
            let shown = path.display().to_string();
            let exchange = std::fs::read_to_string(&path).map_err(|error| {
                Error::new("file", "a readable file", &error.to_string()).in_file(&shown)
            })?;
            // An EXCHANGE.toml has sections only, so that its text may follow another one's.
            document = parse(&shown, &format!("{}\n{exchange}", document))?;
            if let Some(table) = document["simulation"].as_table_like_mut() {
                table.remove("exchange");
            }
        }
        Ok(Base {
            name: name.to_owned(),
            title: scenario.title,
            currency: scenario.exchange.currency.as_str().to_owned(),
            document,
            folder,
            digests: Mutex::new(BTreeMap::new()),
        })
    }

    /// A job: the scenario with changes and a seed, as text that stands by itself.
    ///
    /// Files it names get their absolute path, and a comment with the digest of what they hold, so that other data make
    /// another job. Errors: a change that leads nowhere; a file that cannot be read.
    pub fn job<'a>(
        &self,
        changes: impl IntoIterator<Item = &'a Change>,
        seed: u64,
    ) -> Result<String, Error> {
        let mut document = self.document.clone();
        for change in changes {
            apply(&mut document, change)?;
        }
        document["simulation"]["seed"] = value(seed as i64);
        let mut paths = Paths { folder: &self.folder, found: Vec::new() };
        paths.visit_document_mut(&mut document);
        let mut text = document.to_string();
        for path in paths.found {
            let line = format!("# data {} {}\n", self.digest(&path)?, path.display());
            text.push_str(&line);
        }
        Ok(text)
    }

    fn digest(&self, path: &Path) -> Result<String, Error> {
        let mut digests = self.digests.lock().unwrap_or_else(|held| held.into_inner());
        if let Some(digest) = digests.get(path) {
            return Ok(digest.clone());
        }
        let digest = digest(path).map_err(|error| {
            let shown = path.display().to_string();
            Error::new("file", "a readable file", &error.to_string()).in_file(&shown)
        })?;
        digests.insert(path.to_path_buf(), digest.clone());
        Ok(digest)
    }
}

fn parse(name: &str, text: &str) -> Result<DocumentMut, Error> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        Error::new("file", "TOML", error.message()).in_file(name)
    })
}

fn digest(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Xxh3::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:032x}", hash.digest128())),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// Whether the data a job names are those it was planned with.
///
/// Errors: data that are others, or cannot be read.
pub fn check_data(name: &str, job: &str) -> Result<(), Error> {
    for line in job.lines().filter_map(|line| line.strip_prefix("# data ")) {
        let Some((planned, path)) = line.split_once(' ') else { continue };
        let found = digest(Path::new(path)).unwrap_or_else(|error| error.to_string());
        if found != planned {
            let expected = format!("data with the digest {planned} in {path}");
            return Err(Error::new("data", expected, &found).in_file(name));
        }
    }
    Ok(())
}

/// Makes the paths of files absolute.
///
/// A text is a path where it looks like one (a dot or a slash in it) and a file stands there: so no list of keys has to
/// be kept, and a key of tomorrow works too.
struct Paths<'a> {
    folder: &'a Path,
    found: Vec<PathBuf>,
}

impl VisitMut for Paths<'_> {
    fn visit_string_mut(&mut self, node: &mut Formatted<String>) {
        let text = node.value();
        if text.contains(['\n', '\0']) || !text.contains(['.', '/']) {
            return;
        }
        let path = self.folder.join(text);
        if !path.is_file() {
            return;
        }
        let Ok(path) = path.canonicalize() else { return };
        if let Some(absolute) = path.to_str() {
            *node = Formatted::new(absolute.to_owned());
            if !self.found.contains(&path) {
                self.found.push(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_sections_can_be_given_whole_or_emptied() {
        let base = Base::load(None).expect("good");
        let with = |text: &str| {
            let value = Some(text.parse().expect("a value"));
            let text = base.job([&Change { path: "shock".to_owned(), value }], 1).expect("good");
            Scenario::read("job.toml", &text).expect("still a scenario").shocks.len()
        };
        assert_eq!(with("[]"), 0);
        assert_eq!(with("[{ name = \"fall\", from = \"1m\", to = \"2m\", sell = 5 }]"), 1);
    }

    #[test]
    fn a_job_is_the_whole_scenario_with_its_seed() {
        let base = Base::load(None).expect("good");
        let lots = Change { path: "flow.makers.lots".to_owned(), value: Some(99.into()) };
        let text = base.job([&lots], 77).expect("good");
        let scenario = Scenario::read("job.toml", &text).expect("still a scenario");
        assert_eq!(
            (scenario.seed, scenario.flows[0].makers.as_ref().map(|m| m.lots)),
            (77, Some(99))
        );
        assert_eq!(base.job([&lots], 77).expect("good"), text);
    }
}
