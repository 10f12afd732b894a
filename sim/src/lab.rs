//! Many runs of one scenario: variants of it side by side under the same seeds, and sweeps over its numbers.
//!
//! Invariant: a job is a scenario with its seed, as text; its result is a pure function of that text. Threads, order and
//! interruptions change when a job runs, never what comes of it.

pub mod base;
pub mod change;
pub mod comparison;
pub mod holm;
pub mod job;
pub mod metrics;
pub mod page;
pub mod picture;
pub mod plan;
pub mod ranking;
pub mod rows;
pub mod space;
pub mod statistics;
pub mod store;
pub mod sweep;
pub mod verdict;
pub mod watch;
pub mod work;

use plimsoll_text::Error;
use std::fmt;

/// Why runs could not be made or kept.
#[derive(Debug)]
pub enum Trouble {
    /// Bad input.
    Input(Error),
    /// The world failed, told in one line.
    Run(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Input(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Input(error) => error.fmt(f),
            Trouble::Run(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Trouble {}
