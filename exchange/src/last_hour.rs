//! The trades of a market's last hour with trades, for settlement prices made of it. Source: RULES 2.1, SEMANTICS 5.

use plimsoll_types::{Price, Ts, half_up_div};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const HOUR: Ts = 3_600_000_000_000;

/// A trade as an average needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sample {
    seq: u64,
    ts: Ts,
    ticks: i64,
    lots: u64,
}

/// Trades of the day that some hour's average may need.
///
/// The hour that counts is the last one with trades, and any trade that can still be undone may turn out not to count. So a trade is
/// forgotten once one that can no longer be undone lies an hour or more after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Hour {
    samples: VecDeque<Sample>,
    /// So many of them, from the front, can no longer be undone.
    firm: usize,
}

impl Hour {
    /// Cost: amortised O(1).
    fn forget(&mut self, oldest: u64) {
        while self.samples.get(self.firm).is_some_and(|sample| sample.seq < oldest) {
            self.firm += 1;
        }
        let Some(last) = self.firm.checked_sub(1).and_then(|last| self.samples.get(last)) else {
            return;
        };
        let edge = last.ts;
        while self.samples.front().is_some_and(|first| first.ts.saturating_add(HOUR) <= edge) {
            self.samples.pop_front();
            self.firm -= 1;
        }
    }

    fn undo(&mut self, seq: u64) {
        if let Ok(place) = self.samples.binary_search_by_key(&seq, |sample| sample.seq) {
            self.samples.remove(place);
            self.firm -= usize::from(place < self.firm);
        }
    }
}

/// The samples before and after the market last closed: what trades after that counts only if it closes again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastHour {
    closed: Hour,
    running: Hour,
}

impl LastHour {
    /// A trade; those before `oldest` can no longer be undone.
    pub(crate) fn trade(&mut self, seq: u64, ts: Ts, price: Price, lots: u64, oldest: u64) {
        self.running.samples.push_back(Sample { seq, ts, ticks: price.ticks(), lots });
        self.running.forget(oldest);
    }

    /// A trade was undone.
    pub(crate) fn undo(&mut self, seq: u64) {
        self.closed.undo(seq);
        self.running.undo(seq);
    }

    /// The market closed.
    pub(crate) fn close(&mut self, oldest: u64) {
        self.closed.samples.append(&mut self.running.samples);
        self.running.firm = 0;
        self.closed.forget(oldest);
    }

    /// Average of the trades in the last hour with trades, counted back from `end`, half up to the tick.
    ///
    /// `end` is when the market last closed today, or now where it has not.
    pub(crate) fn price(&self, end: Ts) -> Option<Price> {
        let samples = self.closed.samples.iter().chain(&self.running.samples);
        let mut samples = samples.rev().skip_while(|sample| sample.ts > end).peekable();
        let hours_back = |sample: &Sample| (end - sample.ts) / HOUR;
        let nearest = hours_back(samples.peek()?);
        let (mut worth, mut lots) = (0i128, 0i128);
        for sample in samples.take_while(|sample| hours_back(sample) == nearest) {
            worth += i128::from(sample.ticks) * i128::from(sample.lots);
            lots += i128::from(sample.lots);
        }
        Some(Price::clamped(half_up_div(worth, lots) as i64))
    }

    /// A new day.
    pub(crate) fn clear(&mut self) {
        for hour in [&mut self.closed, &mut self.running] {
            hour.samples.clear();
            hour.firm = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Ts = HOUR / 60;

    fn price(ticks: i64) -> Price {
        Price::clamped(ticks)
    }

    /// Trades of one lot at (minute, ticks), numbered from 1, all of which can be undone.
    fn hour(trades: &[(u64, i64)]) -> LastHour {
        let mut hour = LastHour::default();
        for (n, &(minute, ticks)) in trades.iter().enumerate() {
            hour.trade(n as u64 + 1, minute * MINUTE, price(ticks), 1, 0);
        }
        hour
    }

    #[test]
    fn the_hour_ends_with_its_end_and_begins_after_its_beginning() {
        let hour = hour(&[(60, 100), (61, 200), (120, 301)]);
        // (60, 120]: 200 and 301; half a tick goes up.
        assert_eq!(hour.price(120 * MINUTE), Some(price(251)));
        // (120, 180] has none, (60, 120] has the same two; (119, 179] has the last alone.
        assert_eq!(hour.price(180 * MINUTE), Some(price(251)));
        assert_eq!(hour.price(179 * MINUTE), Some(price(301)));
    }

    #[test]
    fn a_trade_undone_gives_way_to_the_hour_before() {
        let mut hour = hour(&[(0, 100), (200, 300)]);
        assert_eq!(hour.price(210 * MINUTE), Some(price(300)));
        hour.undo(2);
        assert_eq!(hour.price(210 * MINUTE), Some(price(100)));
        hour.undo(1);
        assert_eq!(hour.price(210 * MINUTE), None);
    }

    #[test]
    fn what_trades_after_the_close_counts_once_it_closes_again() {
        let mut hour = hour(&[(0, 100)]);
        hour.close(0);
        hour.trade(2, 30 * MINUTE, price(200), 1, 0);
        assert_eq!(hour.price(10 * MINUTE), Some(price(100)));
        hour.close(0);
        assert_eq!(hour.price(40 * MINUTE), Some(price(150)));
        hour.clear();
        assert_eq!(hour.price(40 * MINUTE), None);
    }

    #[test]
    fn a_trade_is_forgotten_an_hour_before_one_that_stands_for_good() {
        let mut hour = LastHour::default();
        for n in 1..=1_000u64 {
            // A trade a minute; the last ten can be undone.
            hour.trade(n, n * MINUTE, price(100), 1, n.saturating_sub(10));
        }
        assert_eq!(hour.running.samples.len(), 71);
        assert_eq!(hour.running.firm, 60);
    }
}
