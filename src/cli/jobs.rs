//! What `lab` and `sweep` share: a bar over jobs, a wish to stop, and how their trouble is told.

use super::Failure;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_sim::interrupt;
use plimsoll_sim::lab::Trouble;
use plimsoll_sim::lab::work::Onlooker;
use std::io::IsTerminal;
use std::time::Duration;

/// A bar on a terminal, and an ear for Ctrl-C.
pub struct Looker {
    bar: ProgressBar,
}

impl Looker {
    /// Over so many jobs; hidden where standard error is no terminal, or `quiet` asks for it.
    pub fn new(jobs: usize, quiet: bool) -> Looker {
        if quiet || !std::io::stderr().is_terminal() {
            return Looker { bar: ProgressBar::hidden() };
        }
        let target = ProgressDrawTarget::stderr_with_hz(5);
        let bar = ProgressBar::with_draw_target(Some(jobs as u64), target);
        let style =
            ProgressStyle::with_template("{bar:40} {pos} of {len} runs, {per_sec}, {eta} left");
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_secs(1));
        Looker { bar }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Onlooker for Looker {
    fn done(&self, taken_up: bool) {
        self.bar.inc(1);
        if taken_up {
            // What an earlier run had done says nothing about the time left.
            self.bar.reset_eta();
        }
    }

    fn stop(&self) -> bool {
        interrupt::asked()
    }
}

/// Trouble as an exit code: bad input 2, all else 1.
pub fn failure(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Input(error) => Failure::input(error),
        Trouble::Run(line) => Failure::run(line),
    }
}

/// Threads as the pool takes them: 0 for all cores.
pub fn threads(asked: Option<u16>) -> usize {
    asked.map_or(0, usize::from)
}
