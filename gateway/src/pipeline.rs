//! The engine's thread: takes what waits, carries it out, hands the batch on.

use crate::batch::{Batch, Durability};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::inbound::{Inbound, Once, UserId};
use crate::intake::{Intake, Mouth};
use crate::pool::Pool;
use crate::recorder::{Handover, Recorder, RecorderError, Stage};
use crate::wait::{WaitStrategy, pin};
use plimsoll_types::{Command, Ts};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How far the engine looks ahead among what waits, messages: see [`plimsoll_exchange::Exchange::foresee`].
const NEAR: usize = 4;
const FAR: usize = 8;

/// Idle turns of a spinning engine between two looks at the clock.
const TURNS_A_LOOK: u32 = 16;

/// Where batches go: a protocol's sessions, market data, a follower. Called in order, by one thread, and must not wait.
pub trait Outlet: Send {
    /// Takes a batch that may be told.
    fn deliver(&mut self, batch: &Arc<Batch>);
}

/// How the threads run.
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    /// How the engine waits.
    pub engine: WaitStrategy,
    /// The core it is kept on.
    pub engine_core: Option<usize>,
    /// How the journal's stage waits.
    pub journal: WaitStrategy,
    /// The core it is kept on.
    pub journal_core: Option<usize>,
    /// Batches that may wait for the journal before the engine does.
    pub backlog: usize,
}

impl Default for Threads {
    fn default() -> Threads {
        Threads {
            engine: WaitStrategy::Block,
            engine_core: None,
            journal: WaitStrategy::Block,
            journal_core: None,
            backlog: 1024,
        }
    }
}

/// Why a pipeline ended that nobody had stopped.
#[derive(Debug)]
#[non_exhaustive]
pub enum PipelineError {
    /// The engine found an invariant broken; it has said which.
    Engine,
    /// The journal could not go on.
    Journal(RecorderError),
    /// The stage behind the engine broke; it has said why.
    Stage,
}

impl std::fmt::Display for PipelineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PipelineError::Engine => f.write_str("the engine stopped at a broken invariant"),
            PipelineError::Journal(error) => write!(f, "the journal: {error}"),
            PipelineError::Stage => f.write_str("the stage behind the engine broke"),
        }
    }
}

impl std::error::Error for PipelineError {}

/// A running engine.
pub struct Pipeline {
    intake: Intake,
    engine: JoinHandle<Engine>,
    stage: Option<JoinHandle<Result<(), RecorderError>>>,
}

impl Pipeline {
    /// Starts the engine's thread, without a journal: what it has carried out is told at once.
    pub fn start(
        engine: Engine,
        clock: Clock,
        intake: Intake,
        outlets: Vec<Box<dyn Outlet>>,
    ) -> Pipeline {
        Pipeline::start_with(engine, clock, intake, outlets, None, Threads::default())
    }

    /// Starts the engine's thread and, with a recorder, that of the stage that commits and tells.
    pub fn start_with(
        mut engine: Engine,
        clock: Clock,
        intake: Intake,
        outlets: Vec<Box<dyn Outlet>>,
        recorder: Option<Box<dyn Recorder>>,
        threads: Threads,
    ) -> Pipeline {
        let durability = recorder.as_ref().map_or(Durability::None, |r| r.durability());
        let (exit, stage) = match recorder {
            None => (Exit::Told(outlets), None),
            Some(recorder) => {
                engine.keep_log();
                let (handover, stage) =
                    Stage::new(recorder, outlets, threads.backlog, threads.journal);
                (Exit::Staged(handover), Some(stage))
            }
        };
        let stage = stage.map(|stage| {
            std::thread::spawn(move || {
                pin(threads.journal_core);
                stage.run()
            })
        });
        let (waker, wait) = (intake.clone(), threads.engine);
        let mut core = Core::new(engine, clock, &intake, durability);
        let engine = std::thread::spawn(move || {
            pin(threads.engine_core);
            if wait == WaitStrategy::Block {
                waker.bell().answer();
            }
            run(&mut core, exit, &waker, wait);
            core.engine
        });
        Pipeline { intake, engine, stage }
    }

    /// The way in.
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Whether a thread has ended by itself. Then [`Pipeline::finish`] says why.
    pub fn has_ended(&self) -> bool {
        self.engine.is_finished() || self.stage.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// Stops the engine after what waits, and gives it back.
    pub fn stop(self) -> Option<Engine> {
        self.finish().ok()
    }

    /// Takes nothing more, carries out what waits, commits and tells it, and gives the engine back.
    ///
    /// Errors: what went wrong in a thread, now or before.
    pub fn finish(self) -> Result<Engine, PipelineError> {
        self.intake.close();
        let engine = self.engine.join();
        match self.stage.map(JoinHandle::join) {
            Some(Err(_)) => return Err(PipelineError::Stage),
            Some(Ok(Err(error))) => return Err(PipelineError::Journal(error)),
            Some(Ok(Ok(()))) | None => {}
        }
        engine.map_err(|_| PipelineError::Engine)
    }
}

/// Where the engine's batches go.
enum Exit {
    /// To the outlets, by the engine's own thread.
    Told(Vec<Box<dyn Outlet>>),
    /// To the stage that makes them durable first.
    Staged(Handover),
}

impl Exit {
    /// Hands a batch on; `false` where nobody takes it any more.
    fn send(&mut self, batch: &Arc<Batch>) -> bool {
        match self {
            Exit::Told(outlets) => {
                outlets.iter_mut().for_each(|outlet| outlet.deliver(batch));
                true
            }
            Exit::Staged(handover) => handover.send(batch.clone()).is_ok(),
        }
    }

    fn is_gone(&self) -> bool {
        matches!(self, Exit::Staged(handover) if handover.is_gone())
    }
}

fn run(core: &mut Core, mut exit: Exit, intake: &Intake, wait: WaitStrategy) {
    let mut idle = 0u32;
    loop {
        // In this order: what was put in before the way in was closed is seen.
        let closed = intake.is_closed();
        let mut batch = core.take();
        if batch.is_none() && (wait == WaitStrategy::Block || idle.is_multiple_of(TURNS_A_LOOK)) {
            batch = core.timers();
        }
        let Some(batch) = batch else {
            if closed || exit.is_gone() {
                return;
            }
            idle = idle.wrapping_add(1);
            wait.once(if wait == WaitStrategy::Block { core.until_due() } else { Duration::ZERO });
            continue;
        };
        idle = 0;
        if !exit.send(&batch) {
            // Nobody is told any more: nothing more is taken.
            intake.close();
            return;
        }
        core.lend(batch);
    }
}

/// The engine with its way in: what a turn of any thread that runs it does.
pub(crate) struct Core {
    pub(crate) engine: Engine,
    clock: Clock,
    mouth: Mouth,
    pool: Pool,
    durability: Durability,
    /// What is being carried out.
    desk: Batch,
}

impl Core {
    pub(crate) fn new(
        engine: Engine,
        clock: Clock,
        intake: &Intake,
        durability: Durability,
    ) -> Core {
        let (mouth, pool) = (intake.open(), Pool::default());
        Core { engine, clock, mouth, pool, durability, desk: Batch::default() }
    }

    /// Carries out what waits at the ways in, a few of each; `None` where nothing waits.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<Arc<Batch>> {
        let (engine, desk) = (&mut self.engine, &mut self.desk);
        self.mouth.take(|stretch| carry_out(engine, stretch, desk));
        self.filled()
    }

    /// Carries out messages that came another way.
    pub(crate) fn carry_out(&mut self, stretch: &[Inbound]) -> Option<Arc<Batch>> {
        carry_out(&mut self.engine, stretch, &mut self.desk);
        self.filled()
    }

    /// Copies what is on the desk into a batch that others may read, and clears the desk.
    ///
    /// The desk's lines stay in this core's cache. Written in place, each would have to be fetched back from whoever has read the
    /// batch last, and stores become visible in order: the engine would wait for it once an event instead of once a batch.
    #[inline]
    fn filled(&mut self) -> Option<Arc<Batch>> {
        let desk = &mut self.desk;
        if desk.outcomes.is_empty() {
            return None;
        }
        let mut lent = self.pool.take();
        let batch = own(&mut lent);
        batch.last = desk.last;
        batch.durability = self.durability;
        batch.outcomes.append(&mut desk.outcomes);
        batch.events.append(&mut desk.events);
        batch.log.append(&mut desk.log);
        batch.accounts.append(&mut desk.accounts);
        batch.instruments.append(&mut desk.instruments);
        desk.clear();
        Some(lent)
    }

    /// Lets timers run that are due though nothing comes in.
    pub(crate) fn timers(&mut self) -> Option<Arc<Batch>> {
        let due = self.engine.exchange().next_due()?;
        let now = self.clock.now();
        if due > now {
            return None;
        }
        let (user, once, command) = (UserId::SERVER, Once::Unmarked, Command::Time);
        self.carry_out(&[Inbound { received: now, user, once, tag: 0, command }])
    }

    /// How long until a timer is due.
    pub(crate) fn until_due(&self) -> Duration {
        let due: Option<Ts> = self.engine.exchange().next_due();
        due.map_or(Duration::MAX, |due| Duration::from_nanos(due.saturating_sub(self.clock.now())))
    }

    /// Takes note of a batch that was handed on, to use it again.
    #[inline]
    pub(crate) fn lend(&mut self, batch: Arc<Batch>) {
        self.pool.lend(batch);
    }
}

/// The batch, which nobody else holds.
#[inline]
fn own(batch: &mut Arc<Batch>) -> &mut Batch {
    match Arc::get_mut(batch) {
        Some(batch) => batch,
        None => plimsoll_types::broken(format_args!("an empty batch that somebody holds")),
    }
}

/// Carries out messages that lie side by side, asking for what the next ones touch.
#[inline]
fn carry_out(engine: &mut Engine, stretch: &[Inbound], batch: &mut Batch) {
    let command = |n: usize| stretch.get(n).map(|inbound: &Inbound| &inbound.command);
    for (n, inbound) in stretch.iter().enumerate() {
        engine.exchange().foresee(command(n + NEAR), command(n + FAR));
        engine.carry_out(inbound, batch);
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
