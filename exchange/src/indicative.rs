//! Where call auctions would end now, said whenever that changes. Source: SEMANTICS 5.

use crate::exchange::Exchange;
use plimsoll_types::{EventKind, Price, Qty, Side};

/// Where an auction would end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Outcome {
    price: Option<Price>,
    qty: Qty,
    surplus: Qty,
    surplus_side: Option<Side>,
}

impl Exchange {
    /// Says where the auctions that are being called would end, where that is not what was last said.
    ///
    /// Cost: O(instruments), and O(levels that cross) for those whose book changed.
    #[inline]
    pub(crate) fn indicate(&mut self) {
        if self.called > 0 {
            self.indicate_called();
        }
    }

    #[cold]
    fn indicate_called(&mut self) {
        for (place, market) in self.markets.iter_mut().enumerate() {
            if !market.phase.is_call() || !std::mem::take(&mut market.unsaid) {
                continue;
            }
            let spec = &self.spec.instruments[place];
            let reference = market.last.unwrap_or(market.prev_settlement);
            let found = market.book.indicative(reference, spec.auction_candidates);
            let outcome = found.map_or(Outcome::default(), |found| Outcome {
                price: Price::new(found.price),
                qty: Qty::new(u64::try_from(found.qty).unwrap_or(u64::MAX)),
                surplus: Qty::new(u64::try_from(found.surplus.unsigned_abs()).unwrap_or(u64::MAX)),
                surplus_side: match found.surplus {
                    0 => None,
                    1.. => Some(Side::Buy),
                    _ => Some(Side::Sell),
                },
            });
            if outcome == market.said {
                continue;
            }
            market.said = outcome;
            let Outcome { price, qty, surplus, surplus_side } = outcome;
            let instrument = market.id;
            self.log.emit(EventKind::Indicative { instrument, price, qty, surplus, surplus_side });
        }
    }
}
