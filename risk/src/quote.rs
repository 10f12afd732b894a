//! Depth as numbers: what a plan sees of the books.

use crate::ledger::Risk;
use plimsoll_types::{Band, InstrumentId, Price, ProtectionPrice, Qty, Side};

/// The books, as risk may see them.
pub trait Liquidity {
    /// Best price of a side.
    fn best(&self, instrument: InstrumentId, side: Side) -> Option<Price>;

    /// The band.
    fn band(&self, instrument: InstrumentId) -> Option<Band>;

    /// Visible levels of a side from the best, for as long as `each` answers true.
    fn walk(&self, instrument: InstrumentId, side: Side, each: &mut dyn FnMut(Price, Qty) -> bool);
}

/// What closing with `side` would meet, read at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Side of the closing order.
    pub side: Side,
    /// Worst price; `None` = any.
    pub worst: Option<Price>,
    /// Opposite levels inside the worst price, from the best.
    pub levels: Vec<(Price, Qty)>,
    /// Lots in them.
    pub depth: Qty,
    /// What lots that find no depth are priced at.
    pub beyond: Price,
}

impl Quote {
    /// Reads the book for an order that closes with `side` under a protection price.
    ///
    /// Cost: O(opposite levels inside the worst price). Source: SEMANTICS 7.
    pub fn read<L: Liquidity>(
        risk: &Risk,
        books: &L,
        instrument: InstrumentId,
        side: Side,
        protection: ProtectionPrice,
    ) -> Quote {
        let opposite = side.opposite();
        let touch = books.best(instrument, opposite);
        let edge = books.band(instrument).map(|band| match side {
            Side::Buy => band.up,
            Side::Sell => band.down,
        });
        let worst = match protection {
            ProtectionPrice::Band | ProtectionPrice::Bankruptcy => edge,
            ProtectionPrice::TicksThrough(ticks) => touch.map(|touch| {
                let worst = touch.through(side, i64::from(ticks));
                match (side, edge) {
                    (_, None) => worst,
                    (Side::Buy, Some(edge)) => worst.min(edge),
                    (Side::Sell, Some(edge)) => worst.max(edge),
                }
            }),
        };
        let mut levels = Vec::new();
        books.walk(instrument, opposite, &mut |price, qty| {
            let inside = worst.is_none_or(|worst| worst.admits(side, price));
            if inside {
                levels.push((price, qty));
            }
            inside
        });
        let deepest = levels.last().map(|level| level.0);
        let beyond = match touch {
            Some(_) => worst.or(deepest),
            None => edge,
        };
        Quote {
            side,
            worst,
            depth: levels.iter().fold(Qty::ZERO, |sum, level| sum + level.1),
            levels,
            beyond: beyond.unwrap_or(risk.contract(instrument).mark),
        }
    }
}
