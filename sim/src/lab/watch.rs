//! The stage of runs whose events nobody keeps: it only asks whether to go on.

use crate::run::Stage;
use plimsoll_exchange::Exchange;
use plimsoll_types::Event;
use std::io;
use std::sync::Arc;

/// Whether to stop, which any thread may ask.
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// Looks on, until somebody asks it to stop.
pub struct Watch {
    stop: Stop,
}

impl Watch {
    /// One who asks `stop` whether to go on.
    pub fn new(stop: &Stop) -> Watch {
        Watch { stop: Arc::clone(stop) }
    }
}

impl Stage for Watch {
    fn events(&mut self, _: &Exchange, _: &[Event]) -> io::Result<()> {
        Ok(())
    }

    fn stop(&self) -> bool {
        (self.stop)()
    }
}
