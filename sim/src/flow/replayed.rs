//! How a recording fared in a market that others trade in as well: what could not be replayed, and how far the books grew apart.

use crate::flow::World;
use plimsoll_exchange::Exchange;
use plimsoll_types::{InstrumentId, Price, Side};

/// Levels of a side whose lots count as depth.
pub const DEPTH_LEVELS: usize = 5;

/// The best of a book, and what stands near it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touch {
    /// Best bid.
    pub bid: Option<Price>,
    /// Best ask.
    pub ask: Option<Price>,
    /// Lots on the best [`DEPTH_LEVELS`] levels of bids.
    pub bid_depth: u64,
    /// Lots on the best [`DEPTH_LEVELS`] levels of asks.
    pub ask_depth: u64,
}

impl Touch {
    /// The present one. Cost: O(levels).
    pub fn of(exchange: &Exchange, instrument: InstrumentId) -> Touch {
        let side = |side| {
            let (mut best, mut lots) = (None, 0u64);
            exchange.depth(instrument, side, DEPTH_LEVELS, &mut |price, qty| {
                best = best.or(Some(price));
                lots = lots.saturating_add(qty.lots());
            });
            (best, lots)
        };
        let ((bid, bid_depth), (ask, ask_depth)) = (side(Side::Buy), side(Side::Sell));
        Touch { bid, ask, bid_depth, ask_depth }
    }
}

impl World<'_> {
    /// The best of the book, and what stands near it.
    pub fn touch(&self) -> Touch {
        Touch::of(self.exchange, self.instrument)
    }
}

/// How far the simulated book is from the recorded one, over the samples taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Comparisons made.
    pub samples: u64,
    /// Those in which the best prices or the depth differed.
    pub apart: u64,
    /// Those in which a best price stood in one of the books only.
    pub one_sided: u64,
    /// Sum over the samples of the larger difference of best bids and of best asks. Units: ticks.
    pub ticks_sum: u64,
    /// The largest of them.
    pub ticks_max: u64,
    /// Sum over the samples of the differences of both sides' depth. Units: lots.
    pub lots_sum: u64,
    /// The largest of them.
    pub lots_max: u64,
}

impl Drift {
    /// Compares the books at one moment.
    pub fn sample(&mut self, recorded: Touch, simulated: Touch) {
        self.samples += 1;
        self.apart += u64::from(recorded != simulated);
        let (mut ticks, mut one_sided) = (0, false);
        for pair in [(recorded.bid, simulated.bid), (recorded.ask, simulated.ask)] {
            match pair {
                (Some(theirs), Some(ours)) => {
                    ticks = ticks.max(theirs.ticks().abs_diff(ours.ticks()));
                }
                (None, None) => {}
                _ => one_sided = true,
            }
        }
        let lots = (recorded.bid_depth.abs_diff(simulated.bid_depth))
            .saturating_add(recorded.ask_depth.abs_diff(simulated.ask_depth));
        self.one_sided += u64::from(one_sided);
        self.ticks_sum = self.ticks_sum.saturating_add(ticks);
        self.ticks_max = self.ticks_max.max(ticks);
        self.lots_sum = self.lots_sum.saturating_add(lots);
        self.lots_max = self.lots_max.max(lots);
    }

    /// The samples of two recordings together.
    pub fn and(self, other: Drift) -> Drift {
        Drift {
            samples: self.samples + other.samples,
            apart: self.apart + other.apart,
            one_sided: self.one_sided + other.one_sided,
            ticks_sum: self.ticks_sum.saturating_add(other.ticks_sum),
            ticks_max: self.ticks_max.max(other.ticks_max),
            lots_sum: self.lots_sum.saturating_add(other.lots_sum),
            lots_max: self.lots_max.max(other.lots_max),
        }
    }

    /// Mean difference of the best prices. Units: ticks. For pictures and summaries only.
    pub fn ticks_mean(&self) -> f64 {
        self.ticks_sum as f64 / self.samples.max(1) as f64
    }

    /// Mean difference of the depth. Units: lots. For pictures and summaries only.
    pub fn lots_mean(&self) -> f64 {
        self.lots_sum as f64 / self.samples.max(1) as f64
    }
}

/// What became of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Rows replayed.
    pub rows: u64,
    /// Cancels, reductions and changes of orders that others had taken already.
    pub cancels_gone: u64,
    /// Recorded executions of named orders.
    pub executions: u64,
    /// Those whose lots all met the order they name.
    pub executions_met: u64,
    /// Lots of all executions.
    pub execution_lots: u64,
    /// Lots of executions that met another order than the one named: one of ours, or one that ours had held up.
    pub lots_met_others: u64,
    /// Lots of executions that met nobody.
    pub lots_missed: u64,
    /// Commands of the recording that the exchange refused.
    pub rejected: u64,
    /// How far the books grew apart.
    pub drift: Drift,
    /// Why it ended before its end, if it did.
    pub broken: Option<String>,
}

impl Replayed {
    /// Executions that did not meet the order they name, or not with all their lots.
    pub fn executions_missed(&self) -> u64 {
        self.executions - self.executions_met
    }

    /// Two recordings together.
    pub fn and(self, other: Replayed) -> Replayed {
        Replayed {
            rows: self.rows + other.rows,
            cancels_gone: self.cancels_gone + other.cancels_gone,
            executions: self.executions + other.executions,
            executions_met: self.executions_met + other.executions_met,
            execution_lots: self.execution_lots + other.execution_lots,
            lots_met_others: self.lots_met_others + other.lots_met_others,
            lots_missed: self.lots_missed + other.lots_missed,
            rejected: self.rejected + other.rejected,
            drift: self.drift.and(other.drift),
            broken: self.broken.or(other.broken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_takes_the_larger_difference_and_both_depths() {
        let touch = |bid, ask, bid_depth, ask_depth| Touch {
            bid: Price::new(bid),
            ask: Price::new(ask),
            bid_depth,
            ask_depth,
        };
        let mut drift = Drift::default();
        drift.sample(touch(100, 101, 5, 5), touch(100, 101, 5, 5));
        drift.sample(touch(100, 101, 5, 5), touch(98, 102, 7, 1));
        drift.sample(touch(100, 101, 5, 5), touch(0, 101, 0, 5));
        let counts = (drift.samples, drift.apart, drift.one_sided, drift.ticks_sum, drift.lots_sum);
        assert_eq!(counts, (3, 2, 1, 2, 11));
        assert_eq!((drift.ticks_max, drift.lots_max), (2, 6));
    }
}
