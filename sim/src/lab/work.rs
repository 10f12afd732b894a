//! Many jobs on all cores: each is taken up where it is finished, run where it is not, and kept when it is done.

use super::Trouble;
use super::base::Base;
use super::change::Change;
use super::job::{Finished, carry_out, key, told_of};
use super::store::Store;
use super::watch::Stop;
use crate::scenario::Scenario;
use plimsoll_text::Error;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A coordinate of a point, as the table of results shows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number, or text that is one.
    Number(f64),
    /// Anything else.
    Text(String),
}

/// The scenario with some changes.
#[derive(Clone, Debug)]
pub struct Point {
    /// What people call it.
    pub name: String,
    /// What complaints call it.
    pub label: String,
    /// The changes.
    pub changes: Vec<Change>,
    /// Its coordinates.
    pub cells: Vec<Cell>,
}

/// Every point under every seed.
#[derive(Debug)]
pub struct Work {
    /// The file that asks for it, as complaints name it.
    pub file: String,
    /// The scenario.
    pub base: Base,
    /// Its changes.
    pub points: Vec<Point>,
    /// The seeds, the same for every point.
    pub seeds: Vec<u64>,
}

impl Work {
    /// How many jobs there are.
    pub fn jobs(&self) -> usize {
        self.points.len() * self.seeds.len()
    }

    /// Point and seed of a job, by place: all points under the first seed come first, so that work cut short has whole pairs.
    pub fn place(&self, job: usize) -> (usize, usize) {
        (job % self.points.len(), job / self.points.len())
    }

    /// The job's text.
    ///
    /// Errors: a change that leads nowhere, a file that cannot be read.
    pub fn text(&self, job: usize) -> Result<String, Error> {
        let (point, seed) = self.place(job);
        let point = &self.points[point];
        let text = self.base.job(&point.changes, self.seeds[seed]);
        text.map_err(|error| told_of(error, &self.file, &point.label))
    }

    /// Reads every point's scenario once.
    ///
    /// Errors: the first point's with which there is none, told of the point.
    pub fn check(&self) -> Result<(), Error> {
        let check = |n: usize| {
            let text = self.text(n)?;
            let scenario = Scenario::read(&self.base.name, &text);
            scenario.map(drop).map_err(|error| told_of(error, &self.file, &self.points[n].label))
        };
        let checked: Vec<_> = (0..self.points.len()).into_par_iter().map(check).collect();
        checked.into_iter().collect()
    }
}

/// Somebody who looks on.
pub trait Onlooker: Send + Sync {
    /// A job is done; `taken_up` tells whether an earlier run had done it.
    fn done(&self, taken_up: bool);

    /// Whether to stop: jobs that run are given up, finished ones stay.
    fn stop(&self) -> bool;
}

/// What came of the jobs, by number.
#[derive(Debug)]
pub struct Results {
    /// Results; `None` for jobs that were not run to their end.
    pub finished: Vec<Option<Finished>>,
    /// How many of them an earlier run had left.
    pub taken_up: usize,
}

impl Results {
    /// How many jobs are done.
    pub fn done(&self) -> usize {
        self.finished.iter().flatten().count()
    }

    /// Whether all are.
    pub fn complete(&self) -> bool {
        self.done() == self.finished.len()
    }
}

/// Runs the jobs that the store does not hold, on so many threads (0 = all cores).
///
/// Errors: of the job with the lowest number among those that had any; what is finished by then is kept.
pub fn run(
    work: &Work,
    store: &Store,
    threads: usize,
    onlooker: Arc<dyn Onlooker>,
) -> Result<Results, Trouble> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Trouble::Run(format!("threads: {error}")))?;
    let slots: Vec<Mutex<Option<Finished>>> = (0..work.jobs()).map(|_| Mutex::new(None)).collect();
    let failed: Mutex<Option<(usize, Trouble)>> = Mutex::new(None);
    let (given_up, taken_up) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let stop: Stop = {
        let (given_up, onlooker) = (Arc::clone(&given_up), Arc::clone(&onlooker));
        Arc::new(move || given_up.load(Ordering::Relaxed) || onlooker.stop())
    };
    let one = |job: usize| -> Result<(), Trouble> {
        let text = work.text(job)?;
        let earlier = store.find(&key(&text));
        let found = earlier.is_some();
        let finished = match earlier {
            Some(finished) => Some(finished),
            None => carry_out(&work.base.name, &text, &stop)
                .map_err(|trouble| placed(trouble, work, job))?,
        };
        let Some(finished) = finished else { return Ok(()) };
        if !found {
            store.keep(job, &finished)?;
        }
        *slots[job].lock().unwrap_or_else(|held| held.into_inner()) = Some(finished);
        taken_up.fetch_add(usize::from(found), Ordering::Relaxed);
        onlooker.done(found);
        Ok(())
    };
    // A bridge hands jobs out one by one in their order, which suits jobs of unequal length.
    pool.install(|| {
        (0..work.jobs()).par_bridge().for_each(|job| {
            if stop() {
                return;
            }
            if let Err(trouble) = one(job) {
                given_up.store(true, Ordering::Relaxed);
                let mut failed = failed.lock().unwrap_or_else(|held| held.into_inner());
                if failed.as_ref().is_none_or(|(first, _)| job < *first) {
                    *failed = Some((job, trouble));
                }
            }
        });
    });
    let failed = failed.into_inner().unwrap_or_else(|held| held.into_inner());
    if let Some((_, trouble)) = failed {
        return Err(trouble);
    }
    let slots = slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(|h| h.into_inner()));
    Ok(Results { finished: slots.collect(), taken_up: taken_up.into_inner() })
}

/// Trouble of a job, told of its point and seed.
fn placed(trouble: Trouble, work: &Work, job: usize) -> Trouble {
    let (point, seed) = work.place(job);
    let what = format!("{} under seed {}", work.points[point].label, work.seeds[seed]);
    match trouble {
        Trouble::Input(error) => Trouble::Input(told_of(error, &work.file, &what)),
        Trouble::Run(line) => Trouble::Run(format!("{}: {what}: {line}", work.file)),
    }
}
