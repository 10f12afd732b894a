//! SWEEP.toml: a scenario over a space of its numbers; and its jobs as files, for machines other than this one.

use super::Trouble;
use super::change::Change;
use super::job::{Finished, carry_out, key};
use super::plan::{base, changes, seed_list, text_of};
use super::rows::{Rows, seconds_name};
use super::space::{Axis, POINTS_MAX, cell, grid, sample};
use super::store::{Store, write};
use super::watch::Stop;
use super::work::{Cell, Point, Work};
use crate::lab::base::check_data;
use crate::lab::metrics::METRICS;
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_text::config::dom::{DeValue, Source};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Most jobs of a sweep: each leaves a file.
const JOBS_MAX: usize = 100_000;

/// A scenario over a space of its numbers.
#[derive(Debug)]
pub struct Sweep {
    /// Headline.
    pub title: String,
    /// Columns of the axes.
    pub columns: Vec<String>,
    /// The runs: a point is a place in the space.
    pub work: Work,
}

impl Sweep {
    /// Reads a sweep from a file.
    ///
    /// Errors: what cannot be read or used, in one line; a point at which the scenario is none.
    pub fn load(path: &Path) -> Result<Sweep, Error> {
        let name = path.display().to_string();
        Sweep::read(&name, &text_of(path, "a readable SWEEP.toml")?)
    }

    /// Reads a sweep from text; `file` is its name in complaints and the place its paths start from.
    ///
    /// Errors: those of [`Sweep::load`].
    pub fn read(file: &str, text: &str) -> Result<Sweep, Error> {
        let source = Source::new(file, text).counting_from(1);
        let table = source.parse()?;
        let mut root = Section::new(source.root(&table));
        let Some(mut head) = root.section("sweep")? else {
            return Err(root.complaint("sweep", "this table", "nothing"));
        };
        let base = base(&mut head, file)?;
        let seeds = seed_list(&mut head, None, 1)?;
        let title = head.optional("title", "text in quotes", DeValue::as_str)?;
        let title = title.map_or_else(|| base.title.clone(), str::to_owned);
        let all = changes(&mut head)?;
        head.finish()?;
        let drawn = root.section("sample")?.map(drawn).transpose()?;
        let axes = axes(&mut root, drawn.is_some())?;
        root.finish()?;
        let values = match drawn {
            Some((count, seed)) => sample(&axes, count, seed),
            None => grid(&axes).ok_or_else(|| too_many(file, "points", POINTS_MAX))?,
        };
        let points: Vec<Point> =
            values.iter().enumerate().map(|(n, values)| point(n, &axes, values, &all)).collect();
        let columns = axes.into_iter().map(|axis| axis.name).collect();
        let work = Work { file: file.to_owned(), base, points, seeds };
        if work.jobs() > JOBS_MAX {
            return Err(too_many(file, "jobs", JOBS_MAX));
        }
        work.check()?;
        Ok(Sweep { title, columns, work })
    }

    /// Its points with their results.
    pub fn board(&self, finished: Vec<Option<Finished>>) -> Board {
        let points = self.work.points.iter().map(|point| point.cells.clone()).collect();
        Board { columns: self.columns.clone(), points, finished }
    }

    /// Writes `DIR/jobs/NNNNN.toml`, each a scenario by itself, and `DIR/plan.json`, which [`collect`] goes by.
    ///
    /// Errors: the disk's.
    pub fn write_plan(&self, out: &Path) -> Result<(), Trouble> {
        let mut keys = Vec::new();
        for job in 0..self.work.jobs() {
            let text = self.work.text(job)?;
            write(&out.join(format!("jobs/{job:05}.toml")), "part", text.as_bytes())?;
            keys.push(key(&text));
        }
        let cells = |point: &Point| -> Vec<Value> {
            let json = |cell: &Cell| match cell {
                Cell::Number(number) => super::job::number(Some(*number)),
                Cell::Text(text) => Value::from(text.as_str()),
            };
            point.cells.iter().map(json).collect()
        };
        let plan = json!({
            "plan": 1,
            "title": self.title,
            "columns": self.columns,
            "points": self.work.points.iter().map(cells).collect::<Vec<_>>(),
            "seeds": self.work.seeds,
            "keys": keys,
        });
        write(&out.join("plan.json"), "part", format!("{plan:#}\n").as_bytes())
    }
}

fn too_many(file: &str, what: &str, most: usize) -> Error {
    Error::new("axis", format!("at most {most} {what}"), "more").in_file(file)
}

/// How many points are drawn, from which seed.
fn drawn(mut section: Section<'_>) -> Result<(usize, u64), Error> {
    let count = section.whole("count", None, 1..POINTS_MAX as i64 + 1)? as usize;
    let seed = section.whole("seed", Some(1), 0..i64::MAX)? as u64;
    section.finish()?;
    Ok((count, seed))
}

fn axes(root: &mut Section<'_>, sampled: bool) -> Result<Vec<Axis>, Error> {
    let mut axes: Vec<Axis> = Vec::new();
    for mut section in root.sections("axis")? {
        let axis = Axis::read(&mut section, sampled)?;
        let own = ["job", "point", "seed", "state_hash"].contains(&axis.name.as_str())
            || METRICS.iter().any(|metric| metric.name == axis.name);
        let meets = |a: &Axis, b: &Axis| a.name == b.name || a.name == seconds_name(&b.name);
        if own || axes.iter().any(|o| meets(o, &axis) || meets(&axis, o) || o.key == axis.key) {
            return Err(section.complaint("name", "a column and key of its own", &axis.name));
        }
        section.finish()?;
        axes.push(axis);
    }
    match axes.is_empty() {
        true => Err(root.complaint("axis", "at least one axis", "none")),
        false => Ok(axes),
    }
}

fn point(n: usize, axes: &[Axis], values: &[toml_edit::Value], all: &[Change]) -> Point {
    let own = axes
        .iter()
        .zip(values)
        .map(|(axis, value)| Change { path: axis.key.clone(), value: Some(value.clone()) });
    Point {
        name: n.to_string(),
        label: format!("point {n}"),
        changes: all.iter().cloned().chain(own).collect(),
        cells: values.iter().map(cell).collect(),
    }
}

/// What a sweep has come to.
#[derive(Debug)]
pub struct Summary {
    /// For machines; the same whichever way the jobs were run.
    pub json: Value,
    /// Jobs that are not done.
    pub missing: Vec<usize>,
    /// The tables written.
    pub files: Vec<PathBuf>,
    /// What the points came to.
    pub board: Board,
}

impl Summary {
    /// Whether every job is done.
    pub fn complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// The points and their results.
#[derive(Debug)]
pub struct Board {
    /// Columns of the axes.
    pub columns: Vec<String>,
    /// Coordinates of each point.
    pub points: Vec<Vec<Cell>>,
    /// Results by job.
    pub finished: Vec<Option<Finished>>,
}

/// Writes `results.*` and `summary.json` of the jobs that are done.
///
/// Errors: the disk's.
pub fn write_results(out: &Path, title: &str, board: Board) -> Result<Summary, Trouble> {
    let Board { columns, points, finished } = &board;
    let files = Rows::new(points, finished, columns).write(out, "results")?;
    let missing: Vec<usize> = (0..finished.len()).filter(|job| finished[*job].is_none()).collect();
    let json = json!({
        "sweep": title,
        "complete": missing.is_empty(),
        "jobs": finished.len(),
        "done": finished.len() - missing.len(),
        "missing": missing,
        "points": points.len(),
        "columns": columns,
    });
    write(&out.join("summary.json"), "part", format!("{json:#}\n").as_bytes())?;
    Ok(Summary { json, missing, files, board })
}

/// Gathers the results of a planned sweep, wherever its jobs were run.
///
/// Errors: no plan there, or one that cannot be read; the disk's.
pub fn collect(out: &Path) -> Result<Summary, Trouble> {
    let path = out.join("plan.json");
    let shown = path.display().to_string();
    let text = text_of(&path, "a plan, as --plan writes it")?;
    let plan = serde_json::from_str(&text).ok().and_then(|plan: Value| Plan::read(&plan));
    let plan = plan.ok_or_else(|| {
        Error::new("file", "a plan, as --plan writes it", "something else").in_file(&shown)
    })?;
    let store = Store::open(out)?;
    let finished: Vec<_> = plan.keys.iter().map(|key| store.find(key)).collect();
    let Plan { title, columns, points, .. } = plan;
    write_results(out, &title, Board { columns, points, finished })
}

/// A plan, read back.
struct Plan {
    title: String,
    columns: Vec<String>,
    points: Vec<Vec<Cell>>,
    keys: Vec<String>,
}

impl Plan {
    /// `None` for what is no plan.
    fn read(plan: &Value) -> Option<Plan> {
        let texts = |value: &Value| -> Option<Vec<String>> {
            value.as_array()?.iter().map(|text| Some(text.as_str()?.to_owned())).collect()
        };
        let cell = |value: &Value| match value {
            Value::String(text) => Some(Cell::Text(text.clone())),
            value => value.as_f64().map(Cell::Number),
        };
        let points = plan["points"].as_array()?.iter();
        let points: Vec<Vec<Cell>> = points
            .map(|cells| cells.as_array()?.iter().map(cell).collect())
            .collect::<Option<_>>()?;
        let (columns, keys) = (texts(&plan["columns"])?, texts(&plan["keys"])?);
        let seeds = plan["seeds"].as_array()?.len();
        let whole = !points.is_empty()
            && points.iter().all(|cells| cells.len() == columns.len())
            && points.len().checked_mul(seeds) == Some(keys.len());
        whole.then_some(Plan { title: plan["title"].as_str()?.to_owned(), columns, points, keys })
    }
}

/// Runs the job of a file and writes its result to another; a result that is there already stays. Tells whether it was.
///
/// Errors: a job that cannot be read or run, data that are not those it was planned with, the disk's; a wish to stop.
pub fn job_file(job: &Path, result: &Path, stop: &Stop) -> Result<bool, Trouble> {
    let name = job.display().to_string();
    let text = text_of(job, "a readable job")?;
    let earlier = std::fs::read_to_string(result).ok().and_then(|text| Finished::read(&text));
    if earlier.is_some_and(|earlier| earlier.key == key(&text)) {
        return Ok(true);
    }
    check_data(&name, &text)?;
    let finished = carry_out(&name, &text, stop)?;
    let finished = finished.ok_or_else(|| Trouble::Run(format!("{name}: stopped early")))?;
    write(result, "part", finished.json().as_bytes())?;
    Ok(false)
}
