//! Liquidated lots over time, those close together as one, so that a long run needs no more memory than a short one.

use plimsoll_types::{InstrumentId, Price, Side, Ts};

/// Entries kept; when there are more, those of twice the time become one.
const FILLS_MAX: usize = 40_000;
/// The first width, nanoseconds: a tenth of a second.
const WIDTH: Ts = 100_000_000;

/// Lots liquidated on one side of an instrument at about one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// When the first of them.
    pub ts: Ts,
    /// In what.
    pub instrument: InstrumentId,
    /// Side of the liquidation.
    pub side: Side,
    /// Lots.
    pub lots: u64,
    /// Sum of their prices, ticks.
    pub ticks: i128,
}

impl Fill {
    /// Mean price in ticks, for pictures.
    pub fn mean(&self) -> f64 {
        self.ticks as f64 / self.lots.max(1) as f64
    }
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Fills {
    entries: Vec<Fill>,
    width: Ts,
    /// Lots of all entries.
    pub lots: u64,
}

impl Default for Fills {
    fn default() -> Fills {
        Fills { entries: Vec::new(), width: WIDTH, lots: 0 }
    }
}

impl Fills {
    /// Takes a trade. Cost: O(1), amortised.
    pub(super) fn push(
        &mut self,
        ts: Ts,
        instrument: InstrumentId,
        side: Side,
        price: Price,
        lots: u64,
    ) {
        self.lots += lots;
        let ticks = i128::from(price.ticks()) * i128::from(lots);
        self.take(Fill { ts, instrument, side, lots, ticks });
        if self.entries.len() > FILLS_MAX {
            self.width *= 2;
            for fill in std::mem::take(&mut self.entries) {
                self.take(fill);
            }
        }
    }

    fn take(&mut self, fill: Fill) {
        // Several instruments and both sides may alternate: the right one is among the last few.
        let place = fill.ts / self.width;
        let same = self.entries.iter_mut().rev().take(8).find(|last| {
            last.instrument == fill.instrument
                && last.side == fill.side
                && last.ts / self.width == place
        });
        match same {
            Some(last) => {
                last.lots += fill.lots;
                last.ticks += fill.ticks;
            }
            None => self.entries.push(fill),
        }
    }

    /// By time.
    pub fn iter(&self) -> std::slice::Iter<'_, Fill> {
        self.entries.iter()
    }

    /// Nanoseconds within which lots count as one entry.
    pub fn width(&self) -> Ts {
        self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_bounded_and_no_lot_is_lost() {
        let mut fills = Fills::default();
        for n in 0..200_000u64 {
            let side = if n % 2 == 0 { Side::Sell } else { Side::Buy };
            fills.push(n * WIDTH, InstrumentId(0), side, Price::clamped(100), 3);
        }
        assert!(fills.iter().count() <= FILLS_MAX);
        assert_eq!(fills.iter().map(|fill| fill.lots).sum::<u64>(), 600_000);
        assert!(fills.iter().all(|fill| fill.mean() == 100.0));
        assert!(fills.width() > WIDTH);
    }
}
