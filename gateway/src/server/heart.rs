//! What beats in a server: the pipeline's threads, or one for everything.

use crate::clock::Clock;
use crate::config::Settings;
use crate::engine::Engine;
use crate::intake::Intake;
use crate::one_thread::{Face, NoFace, OneThread};
use crate::pipeline::{Outlet, Pipeline, PipelineError, Threads};
use crate::recorder::{Recorder, RecorderError};
use crate::wait::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

pub(super) enum Heart {
    Threads(Pipeline),
    One { stop: Arc<AtomicBool>, thread: JoinHandle<Result<Engine, RecorderError>> },
}

impl Heart {
    pub(super) fn start(
        engine: Engine,
        clock: Clock,
        intake: &Intake,
        recorder: Box<dyn Recorder>,
        outlets: Vec<Box<dyn Outlet>>,
        face: Option<Box<dyn Face>>,
        settings: &Settings,
    ) -> Heart {
        let (engines, journals) = (settings.engine, settings.journal);
        if !engines.one_thread {
            let threads = Threads {
                engine: engines.wait,
                engine_core: engines.core,
                journal: journals.wait,
                journal_core: journals.core,
                backlog: journals.backlog,
            };
            let intake = intake.clone();
            let recorder = Some(recorder);
            let pipeline = Pipeline::start_with(engine, clock, intake, outlets, recorder, threads);
            return Heart::Threads(pipeline);
        }
        let face = face.unwrap_or_else(|| Box::new(NoFace));
        let one = OneThread::new(engine, clock, intake.clone(), Some(recorder), face, outlets);
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = stop.clone();
        let thread = std::thread::spawn(move || {
            pin(engines.core);
            one.run(&stopping, engines.wait)
        });
        Heart::One { stop, thread }
    }

    pub(super) fn has_ended(&self) -> bool {
        match self {
            Heart::Threads(pipeline) => pipeline.has_ended(),
            Heart::One { thread, .. } => thread.is_finished(),
        }
    }

    /// Carries out what waits and ends.
    pub(super) fn finish(self, intake: &Intake) -> Result<Engine, PipelineError> {
        match self {
            Heart::Threads(pipeline) => pipeline.finish(),
            Heart::One { stop, thread } => {
                stop.store(true, Ordering::Release);
                intake.close();
                match thread.join() {
                    Ok(ended) => ended.map_err(PipelineError::Journal),
                    Err(_) => Err(PipelineError::Engine),
                }
            }
        }
    }
}
