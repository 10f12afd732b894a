//! The book over time: lots by price, in columns and rows few enough to draw.

use plimsoll_exchange::Exchange;
use plimsoll_types::{InstrumentId, Price, Side, Ts};

/// Columns kept; when there are more, every second goes.
pub const COLUMNS_MAX: usize = 400;
/// Cells of one side of a column.
const CELLS_MAX: usize = 300;
/// Levels looked at on one side.
const LEVELS_MAX: usize = 4_000;
/// A cell is this share of the first mark high: 1 = one part in so many.
const PARTS: i64 = 5_000;

/// Lots waiting on one side within some ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The lowest tick of it, in cells.
    pub row: i32,
    /// Which side.
    pub side: Side,
    /// Lots.
    pub lots: u64,
}

/// The book at one moment.
#[derive(Clone, Debug)]
pub struct Column {
    /// When.
    pub ts: Ts,
    /// From the best price of each side on.
    pub cells: Box<[Cell]>,
}

/// The book of one instrument over time.
#[derive(Clone, Debug)]
pub struct Heat {
    /// Of what.
    pub instrument: InstrumentId,
    /// Ticks a cell is high.
    pub height: i64,
    /// By time.
    pub columns: Vec<Column>,
    every: u64,
    seen: u64,
}

impl Heat {
    /// Nothing seen yet; `mark` tells how high a cell is.
    pub fn new(instrument: InstrumentId, mark: Price) -> Heat {
        let height = (mark.ticks() / PARTS).max(1);
        Heat { instrument, height, columns: Vec::new(), every: 1, seen: 0 }
    }

    /// Looks at the book, if this sample is to be kept. Cost: O(levels) then, O(1) otherwise.
    pub fn sample(&mut self, exchange: &Exchange, ts: Ts) {
        let due = self.seen.is_multiple_of(self.every);
        self.seen += 1;
        if !due {
            return;
        }
        let mut cells = Vec::new();
        for side in [Side::Buy, Side::Sell] {
            let first = cells.len();
            let limit = first + CELLS_MAX;
            exchange.depth(self.instrument, side, LEVELS_MAX, &mut |price, qty| {
                let row = price.ticks().div_euclid(self.height) as i32;
                let room = cells.len() < limit;
                match cells[first..].last_mut() {
                    Some(Cell { row: last, lots, .. }) if *last == row => *lots += qty.lots(),
                    _ if room => cells.push(Cell { row, side, lots: qty.lots() }),
                    _ => {}
                }
            });
        }
        self.push(Column { ts, cells: cells.into_boxed_slice() });
    }

    fn push(&mut self, column: Column) {
        if self.columns.len() >= COLUMNS_MAX {
            let mut n = 0;
            self.columns.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            self.every *= 2;
        }
        self.columns.push(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_few_and_evenly_spaced() {
        let mut heat = Heat::new(InstrumentId(0), Price::clamped(25_000));
        assert_eq!(heat.height, 5);
        for ts in 0..5_000u64 {
            let due = heat.seen.is_multiple_of(heat.every);
            heat.seen += 1;
            if due {
                heat.push(Column { ts, cells: Box::new([]) });
            }
        }
        let times: Vec<Ts> = heat.columns.iter().map(|column| column.ts).collect();
        assert!(times.len() <= COLUMNS_MAX && times.len() > COLUMNS_MAX / 2 - 1, "{}", times.len());
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == times[1] - times[0]));
    }
}
