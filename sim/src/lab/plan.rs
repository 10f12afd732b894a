//! LAB.toml: one scenario and its variants, compared under the same seeds.

use super::base::Base;
use super::change::{Change, shown, value_of};
use super::work::{Cell, Point, Work};
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_text::config::dom::{DeValue, Source};
use std::path::Path;

/// Most seeds a comparison takes.
pub const SEEDS_MAX: i64 = 10_000;
/// Most variants of a comparison.
const VARIANTS_MAX: usize = 50;

/// Variants of a scenario, to be compared.
#[derive(Debug)]
pub struct Lab {
    /// Headline.
    pub title: String,
    /// Which variant the others are compared with.
    pub baseline: usize,
    /// The runs: a point is a variant.
    pub work: Work,
}

impl Lab {
    /// Reads a comparison from a file; `seeds` goes before the file's own number.
    ///
    /// Errors: what cannot be read or used, in one line; a variant with which the scenario is none.
    pub fn load(path: &Path, seeds: Option<u32>) -> Result<Lab, Error> {
        let name = path.display().to_string();
        Lab::read(&name, &text_of(path, "a readable LAB.toml")?, seeds)
    }

    /// Reads a comparison from text; `file` is its name in complaints and the place its paths start from.
    ///
    /// Errors: those of [`Lab::load`].
    pub fn read(file: &str, text: &str, seeds: Option<u32>) -> Result<Lab, Error> {
        let source = Source::new(file, text).counting_from(1);
        let table = source.parse()?;
        let mut root = Section::new(source.root(&table));
        let Some(mut lab) = root.section("lab")? else {
            return Err(root.complaint("lab", "this table", "nothing").in_file(file));
        };
        let base = base(&mut lab, file)?;
        let seeds = seed_list(&mut lab, seeds, 10)?;
        let title = lab.optional("title", "text in quotes", DeValue::as_str)?;
        let title = title.map_or_else(|| base.title.clone(), str::to_owned);
        let first = lab.optional("baseline", "the name of a variant", DeValue::as_str)?;
        let all = changes(&mut lab)?;
        let mut points: Vec<Point> = Vec::new();
        for mut section in root.sections("variant")? {
            let point = variant(&mut section, &all)?;
            if points.iter().any(|other| other.name == point.name) {
                return Err(section.complaint("name", "a name of its own", &point.name));
            }
            section.finish()?;
            points.push(point);
        }
        if points.is_empty() || points.len() > VARIANTS_MAX {
            let expected = format!("1 to {VARIANTS_MAX} variants");
            return Err(root.complaint("variant", &expected, &points.len().to_string()));
        }
        let baseline = match first {
            None => 0,
            Some(name) => points
                .iter()
                .position(|point| point.name == name)
                .ok_or_else(|| lab.complaint("baseline", "the name of a variant", name))?,
        };
        lab.finish()?;
        root.finish()?;
        let work = Work { file: file.to_owned(), base, points, seeds };
        work.check()?;
        Ok(Lab { title, baseline, work })
    }
}

fn variant(section: &mut Section<'_>, all: &[Change]) -> Result<Point, Error> {
    let name = section.required("name", "a name of 1 to 40 characters", |value| {
        value.as_str().filter(|name| (1..=40).contains(&name.trim().chars().count()))
    })?;
    let own = changes(section)?;
    let cells = vec![Cell::Text(name.to_owned())];
    let changes = all.iter().cloned().chain(own).collect();
    Ok(Point { name: name.to_owned(), label: format!("variant \"{name}\""), changes, cells })
}

/// The text of a file.
pub fn text_of(path: &Path, expected: &str) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::new("file", expected, &error.to_string()).in_file(&path.display().to_string())
    })
}

/// The scenario of a `[lab]` or `[sweep]`: a file, seen from this one's folder, or the built-in one.
pub fn base(section: &mut Section<'_>, file: &str) -> Result<Base, Error> {
    let path = section.optional("scenario", "the path of a scenario", DeValue::as_str)?;
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    match path {
        None => Base::load(None),
        Some(path) if folder.join(path).is_file() => Base::load(Some(&folder.join(path))),
        Some(path) => {
            let found = folder.join(path).display().to_string();
            Err(section.complaint("scenario", "the path of a scenario", &found))
        }
    }
}

/// The seeds: so many, from `first_seed` on.
pub fn seed_list(
    section: &mut Section<'_>,
    asked: Option<u32>,
    default: i64,
) -> Result<Vec<u64>, Error> {
    let own = section.whole("seeds", Some(default), 1..SEEDS_MAX + 1)?;
    let first = section.whole("first_seed", Some(1), 0..1_000_000_000)? as u64;
    let count = asked.map_or(own as u64, u64::from);
    Ok((first..first + count).collect())
}

/// What a section changes: `set`, paths and values, and `unset`, paths.
pub fn changes(section: &mut Section<'_>) -> Result<Vec<Change>, Error> {
    let set = section.optional("set", "a table of paths and values", DeValue::as_table)?;
    let unset = section.optional("unset", "a list of paths in quotes", |value| {
        let items = value.as_array()?.iter();
        items.map(|item| Some(item.get_ref().as_str()?.to_owned())).collect::<Option<Vec<_>>>()
    })?;
    let mut keys: Vec<_> = set.into_iter().flat_map(|table| table.iter()).collect();
    keys.sort_by_key(|(key, _)| key.span().start);
    let taken = unset.into_iter().flatten().map(|path| Change { path, value: None });
    let given = keys.into_iter().map(|(key, value)| Change {
        path: key.get_ref().to_string(),
        value: Some(value_of(value.get_ref())),
    });
    Ok(taken.chain(given).collect())
}

/// A change in words: `path = value`.
pub fn words(change: &Change) -> String {
    match &change.value {
        Some(value) => format!("{} = {}", change.path, shown(value)),
        None => format!("{} taken out", change.path),
    }
}
