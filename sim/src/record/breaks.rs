//! Breaks in trading: halts, and the auctions that interrupt a market that moves too far.

use plimsoll_types::{InstrumentId, Phase, Ts};

/// Halts and volatility auctions of all instruments, counted.
#[derive(Clone, Debug, Default)]
pub struct Breaks {
    /// How often a market was halted.
    pub halts: u64,
    /// When the first halt began.
    pub first: Option<Ts>,
    /// Nanoseconds halted, of all instruments together.
    pub halted: Ts,
    /// How often a market went into a volatility auction.
    pub auctions: u64,
    /// Since when each instrument is halted, by number.
    since: Vec<Option<Ts>>,
}

impl Breaks {
    /// An instrument's phase changed.
    pub(super) fn phase(&mut self, ts: Ts, instrument: InstrumentId, phase: Phase) {
        let at = instrument.index();
        if at >= self.since.len() {
            self.since.resize(at + 1, None);
        }
        match phase {
            Phase::Halted if self.since[at].is_none() => {
                self.since[at] = Some(ts);
                self.halts += 1;
                self.first = self.first.or(Some(ts));
            }
            Phase::Halted => {}
            _ => {
                self.auctions += u64::from(phase == Phase::Volatility);
                self.end(at, ts);
            }
        }
    }

    fn end(&mut self, at: usize, ts: Ts) {
        if let Some(since) = self.since[at].take() {
            self.halted += ts - since;
        }
    }

    /// The run ends: who is halted is so until then.
    pub(super) fn finish(&mut self, ts: Ts) {
        (0..self.since.len()).for_each(|at| self.end(at, ts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halt_lasts_until_the_next_phase_or_the_end_of_the_run() {
        let mut breaks = Breaks::default();
        let (a, b) = (InstrumentId(0), InstrumentId(2));
        breaks.phase(5, a, Phase::Continuous);
        breaks.phase(10, a, Phase::Halted);
        breaks.phase(12, a, Phase::Halted);
        breaks.phase(20, b, Phase::Halted);
        breaks.phase(30, a, Phase::Volatility);
        breaks.phase(35, a, Phase::Continuous);
        breaks.finish(100);
        assert_eq!((breaks.halts, breaks.first, breaks.auctions), (2, Some(10), 1));
        assert_eq!(breaks.halted, 20 + 80);
    }
}
