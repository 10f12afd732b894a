//! A watchdog for strategies: notices one that never returns, and runs again up to there, so that the files are whole.
//!
//! The run has a thread of its own while another one looks on. A thread that hangs cannot be ended, and holds all there is of
//! its run. But a run is a pure function of scenario and seed: the same one, told at which callback to stop, comes to the same
//! point with everything in hand. So trouble costs a second run, and a run without trouble two atomic writes a callback.

use super::{Own, Stage, run_under};
use crate::outcome::{Ending, Outcome};
use crate::scenario::Scenario;
use plimsoll_text::Error;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

/// The callback has been given up.
const ABANDONED: u64 = u64::MAX;
/// Stack of the run's thread, bytes: that of a main thread.
const STACK: usize = 8 << 20;

/// What a run's thread and the one that looks on share.
#[derive(Debug, Default)]
pub struct Watch {
    /// Twice the callbacks so far, one more while one runs.
    calls: AtomicU64,
    /// The callback that is not made any more.
    last: Option<u64>,
}

impl Watch {
    /// Says that a callback begins; false for the one that would not return.
    pub(super) fn enter(&self) -> bool {
        let calls = self.calls.load(Ordering::Relaxed);
        self.calls.store(calls + 1, Ordering::Release);
        self.last != Some(calls / 2)
    }

    /// Says that it is over. A thread that has been given up goes no further: its files are another's by now.
    pub(super) fn leave(&self) {
        let calls = self.calls.load(Ordering::Relaxed);
        let over = (calls / 2 + 1) * 2;
        let free = calls != ABANDONED
            && self
                .calls
                .compare_exchange(calls, over, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok();
        if !free {
            // A thread may wake from parking without a reason.
            loop {
                thread::park();
            }
        }
    }

    /// Gives the callback up that has been running since `calls` was read; false if it has returned meanwhile.
    fn abandon(&self, calls: u64) -> bool {
        self.calls.compare_exchange(calls, ABANDONED, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

/// A watched run and the stage it played on.
pub struct Watched<S> {
    /// What it came to.
    pub outcome: Result<Outcome, Error>,
    /// The stage, to be closed.
    pub stage: S,
}

/// Runs a scenario with its strategies and one's own, and ends the run where one of them does not return in time.
///
/// `own` and `stage` are called again for the second run that follows then. `limit` is wall time, for one callback.
/// Errors: a stage that cannot be made; a second run that hangs earlier than the first, since the strategy does not repeat itself.
pub fn run_watched<S: Stage + Send + 'static>(
    scenario: &Arc<Scenario>,
    seed: u64,
    limit: Duration,
    own: &dyn Fn() -> Vec<Own>,
    stage: &mut dyn FnMut() -> Result<S, String>,
) -> Result<Watched<S>, String> {
    quieten();
    let place = match attempt(scenario, seed, limit, own(), stage()?, Watch::default()) {
        Attempt::Done(watched) => return Ok(*watched),
        Attempt::Hangs(place) => place,
    };
    let watch = Watch { calls: AtomicU64::new(0), last: Some(place) };
    match attempt(scenario, seed, limit, own(), stage()?, watch) {
        Attempt::Done(mut watched) => {
            if let Ok(outcome) = &mut watched.outcome
                && outcome.ending == Ending::Complete
            {
                let what = "a strategy did not return in one run and did in the next: its runs do not repeat";
                outcome.ending = Ending::Failed(what.to_owned());
            }
            Ok(*watched)
        }
        Attempt::Hangs(_) => {
            Err("a strategy did not return, at another place in each of two runs: \
                                  its runs do not repeat"
                .to_owned())
        }
    }
}

enum Attempt<S> {
    Done(Box<Watched<S>>),
    Hangs(u64),
}

fn attempt<S: Stage + Send + 'static>(
    scenario: &Arc<Scenario>,
    seed: u64,
    limit: Duration,
    own: Vec<Own>,
    mut stage: S,
    watch: Watch,
) -> Attempt<S> {
    let watch = Arc::new(watch);
    let (give, take) = channel();
    let (theirs, scenario) = (Arc::clone(&watch), Arc::clone(scenario));
    let work = move || {
        let outcome = run_under(&scenario, seed, own, &mut stage, Some(theirs));
        // Nobody listens only if this thread has been given up.
        let _ = give.send(Box::new(Watched { outcome, stage }));
    };
    let worker = thread::Builder::new().name("run".to_owned()).stack_size(STACK).spawn(work);
    let worker = match worker {
        Ok(worker) => worker,
        Err(error) => plimsoll_types::broken(format_args!("no thread for a run: {error}")),
    };
    let pause = (limit / 8).clamp(Duration::from_millis(1), Duration::from_millis(250));
    let mut seen = (0, Instant::now());
    loop {
        match take.recv_timeout(pause) {
            Ok(watched) => return Attempt::Done(watched),
            Err(RecvTimeoutError::Disconnected) => match worker.join() {
                // A broken invariant ends the program from here as it would have from there.
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => plimsoll_types::broken(format_args!("a run without a result")),
            },
            Err(RecvTimeoutError::Timeout) => {}
        }
        let calls = watch.calls.load(Ordering::Acquire);
        if calls != seen.0 || calls.is_multiple_of(2) {
            seen = (calls, Instant::now());
        } else if seen.1.elapsed() >= limit && watch.abandon(calls) {
            return Attempt::Hangs(calls / 2);
        }
    }
}

thread_local! {
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
    static PANICKED_AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a strategy's panic is told by the run, in its one line, and by nobody else.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !IN_CALLBACK.get() {
                return before(panic);
            }
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            PANICKED_AT.with(|at| at.replace(place));
        }));
    });
}

/// Calls a strategy.
///
/// Errors: what its panic said, and where, if that is known.
pub(super) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    PANICKED_AT.with(|at| at.borrow_mut().clear());
    IN_CALLBACK.set(true);
    let told = catch_unwind(AssertUnwindSafe(call));
    IN_CALLBACK.set(false);
    told.map_err(|panic| {
        let place = PANICKED_AT.with(RefCell::take);
        let place = if place.is_empty() { place } else { format!(" at {place}") };
        format!("panicked{place}: {}", words(panic.as_ref()))
    })
}

/// What a panic said, on one line.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no words").split_whitespace().collect::<Vec<_>>().join(" ")
}
