//! Depth as numbers: what a plan sees of the books.

use crate::ledger::Risk;
use plimsoll_types::{Band, InstrumentId, Price, Qty, Side};

/// The books, as risk may see them.
pub trait Liquidity {
    /// Best price of a side.
    fn best(&self, instrument: InstrumentId, side: Side) -> Option<Price>;

    /// The band.
    fn band(&self, instrument: InstrumentId) -> Option<Band>;

    /// Visible levels of a side from the best, for as long as `each` answers true.
    fn walk(&self, instrument: InstrumentId, side: Side, each: &mut dyn FnMut(Price, Qty) -> bool);
}

/// What bounds the price of a closing order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worst {
    /// So many ticks through the opposite touch, clipped to the band.
    Through(u32),
    /// The band's edge; without a band nothing.
    Edge,
    /// A price, clipped to the band.
    At(Price),
}

impl Worst {
    /// The worst price of an order that closes with `side`, where the opposite side's best (or what stands for it) is `touch`.
    pub fn price(self, side: Side, touch: Option<Price>, band: Option<Band>) -> Option<Price> {
        let clip = |price: Price| band.map_or(price, |band| price.clamp(band.down, band.up));
        match self {
            Worst::Through(ticks) => touch.map(|touch| clip(touch.through(side, i64::from(ticks)))),
            Worst::Edge => edge(side, band),
            Worst::At(price) => Some(clip(price)),
        }
    }
}

/// The edge of the band against an order on `side`.
fn edge(side: Side, band: Option<Band>) -> Option<Price> {
    band.map(|band| match side {
        Side::Buy => band.up,
        Side::Sell => band.down,
    })
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
    /// Reads the book for an order that closes with `side`, no worse than `bound`.
    ///
    /// Cost: O(opposite levels inside the worst price). Source: SEMANTICS 7.
    pub fn read<L: Liquidity>(
        risk: &Risk,
        books: &L,
        instrument: InstrumentId,
        side: Side,
        bound: Worst,
    ) -> Quote {
        let opposite = side.opposite();
        let touch = books.best(instrument, opposite);
        let band = books.band(instrument);
        let worst = bound.price(side, touch, band);
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
            None => edge(side, band),
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
