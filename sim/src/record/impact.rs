//! What liquidations do to the price: how far their trades push the mark, and how long it takes to come back.

use plimsoll_types::{Price, Side, Ts};

/// A stretch of time in which liquidations were at work in an instrument, and what the mark did.
///
/// It begins with the first batch, and ends once no case is open and the mark has come back half way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// When its first batch went out.
    pub from: Ts,
    /// The mark then.
    pub mark: Price,
    /// Side of that batch: which way it pushes.
    pub side: Side,
    /// The worst mark for those who are liquidated.
    pub worst: Price,
    /// When it was reached.
    pub worst_ts: Ts,
    /// When the mark first had come half of the way back; `None` = not in this run.
    pub half: Option<Ts>,
}

impl Episode {
    /// Ticks from the first mark to the worst.
    pub fn ticks(&self) -> i64 {
        (self.worst.ticks() - self.mark.ticks()).abs()
    }

    /// Nanoseconds from the worst mark to half way back.
    pub fn recovery(&self) -> Option<Ts> {
        self.half.map(|half| half - self.worst_ts)
    }

    fn hear(&mut self, ts: Ts, mark: Price) {
        let sign = self.side.sign();
        let worse = sign * (mark.ticks() - self.worst.ticks());
        let back = sign * (self.worst.ticks() - mark.ticks());
        if worse > 0 {
            (self.worst, self.worst_ts, self.half) = (mark, ts, None);
        } else if self.half.is_none() && self.ticks() > 0 && 2 * back >= self.ticks() {
            self.half = Some(ts);
        }
    }
}

/// The mark of one instrument under liquidations.
#[derive(Clone, Copy, Debug, Default)]
pub struct Impact {
    /// Ticks by which liquidations' trades moved the mark, down and up.
    pub by_liquidations: [i64; 2],
    /// Ticks by which everything else moved it, down and up.
    pub by_others: [i64; 2],
    /// Stretches of liquidation.
    pub episodes: u64,
    /// Of these, those from which the mark came back half way.
    pub recovered: u64,
    /// The one with the farthest move.
    pub worst: Option<Episode>,
    live: Option<Episode>,
}

impl Impact {
    /// The mark moved by so many ticks; `driven` = by liquidations' trades.
    #[inline]
    pub(super) fn mark(&mut self, ts: Ts, mark: Price, moved: i64, driven: bool, open: u64) {
        let place = usize::from(moved > 0);
        match driven {
            true => self.by_liquidations[place] += moved,
            false => self.by_others[place] += moved,
        }
        if let Some(episode) = &mut self.live {
            episode.hear(ts, mark);
            if open == 0 {
                self.quiet();
            }
        }
    }

    /// A batch goes out while the mark stands here.
    pub(super) fn batch(&mut self, ts: Ts, mark: Price, side: Side) {
        let fresh = Episode { from: ts, mark, side, worst: mark, worst_ts: ts, half: None };
        self.live.get_or_insert(fresh);
    }

    /// No case is open any more: an episode that has recovered is over.
    pub(super) fn quiet(&mut self) {
        if let Some(episode) = self.live.filter(|e| e.half.is_some() || e.ticks() == 0) {
            self.live = None;
            self.close(episode);
        }
    }

    /// The run is over, and so is every episode.
    pub(super) fn finish(&mut self) {
        if let Some(episode) = self.live.take() {
            self.close(episode);
        }
    }

    fn close(&mut self, episode: Episode) {
        self.episodes += 1;
        self.recovered += u64::from(episode.half.is_some());
        if self.worst.is_none_or(|worst| episode.ticks() > worst.ticks()) {
            self.worst = Some(episode);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_is_over_when_the_mark_is_half_way_back_and_nobody_is_liquidated() {
        let price = Price::clamped;
        let mut impact = Impact::default();
        impact.batch(10, price(100), Side::Sell);
        impact.mark(11, price(94), -6, true, 1);
        impact.mark(12, price(97), 3, false, 1);
        impact.mark(13, price(90), -7, true, 1);
        impact.mark(20, price(94), 4, false, 1);
        impact.mark(25, price(95), 1, false, 1);
        assert!(impact.worst.is_none());
        impact.quiet();
        let worst = impact.worst.expect("over");
        assert_eq!((worst.ticks(), worst.worst_ts, worst.recovery()), (10, 13, Some(12)));
        assert_eq!((impact.by_liquidations, impact.by_others), ([-13, 0], [0, 8]));
        // Later marks are no part of it, and the next batch begins another.
        impact.mark(30, price(50), -45, false, 0);
        impact.batch(31, price(50), Side::Buy);
        impact.mark(32, price(52), 2, true, 1);
        impact.finish();
        assert_eq!((impact.episodes, impact.recovered), (2, 1));
        assert_eq!(impact.worst.map(|worst| worst.ticks()), Some(10));
    }
}
