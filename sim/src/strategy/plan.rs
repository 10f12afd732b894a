//! A strategy's seat at the exchange: its account, its money, how far away it sits; and which of the shipped ones it is.

use super::Strategy;
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_types::{ExchangeSpec, Label, Money, ProfileId, Ts};

/// The account a strategy trades through and how far it is from the exchange.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Name of its account.
    pub account: Label,
    /// Its profile.
    pub profile: ProfileId,
    /// What it pays in before the opening.
    pub deposit: Money,
    /// How long messages take.
    pub latency: Delays,
}

/// How long messages take, nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    /// Market data to the strategy.
    pub feed: Ts,
    /// Orders to the exchange.
    pub orders: Ts,
    /// Answers, fills and account news to the strategy.
    pub replies: Ts,
}

/// A strategy that a scenario names.
#[derive(Clone, Debug)]
pub struct StrategyPlan {
    /// Where it sits.
    pub seat: Seat,
    /// Which it is.
    pub kind: &'static str,
}

impl StrategyPlan {
    /// The strategy, ready to sit down.
    pub fn build(&self) -> Box<dyn Strategy> {
        plimsoll_types::broken(format_args!("no strategy is called {}", self.kind))
    }

    /// Reads a `[[strategy]]`.
    ///
    /// Errors: what cannot be used, in one line.
    pub fn read(section: Section<'_>, exchange: &ExchangeSpec) -> Result<StrategyPlan, Error> {
        let _ = exchange;
        Err(section.complaint("kind", "a shipped strategy", "nothing"))
    }
}
