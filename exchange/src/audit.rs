//! The exchange recounted: money, positions, books. Source: SEMANTICS 3.

use crate::exchange::Exchange;
use plimsoll_types::{Phase, invariant};

impl Exchange {
    /// Money conserved, longs equal shorts, books whole: always in small exchanges, now and then in large ones.
    #[cfg(debug_assertions)]
    pub(crate) fn audit_now_and_then(&self) {
        let size = self.risk.account_count()
            + self.markets.iter().map(|market| market.book.live() as usize).sum::<usize>();
        // A recount costs in proportion to its size: with many orders, every so many entries.
        if size <= 512 || self.arrivals.is_multiple_of(50_000) {
            self.audit();
        }
    }

    /// Recounts everything and stops on the first broken invariant. Cost: O(accounts + orders).
    pub fn audit(&self) {
        let money = self.risk.audit();
        invariant!(money.is_ok(), "{money:?}");
        for market in &self.markets {
            invariant!(
                !market.gone || market.book.live() == 0 && !self.risk.has_holders(market.id),
                "somebody has something left in an instrument that is no longer traded"
            );
            let book = market.book.audit();
            invariant!(
                book.is_ok(),
                "{}: {book:?}",
                self.spec.instruments[market.id.index()].symbol
            );
            invariant!(
                market.phase != Phase::Continuous || !market.book.is_crossed(),
                "a crossed book in continuous trading"
            );
        }
    }
}
