//! Looking ahead: asks for the cache lines that commands still in the queue will need.

use crate::exchange::Exchange;
use crate::market::Market;
use plimsoll_types::{AccountId, Command, NewOrder, OrderKind, OrderRef};

impl Exchange {
    /// Tells the exchange of commands that are still to come, so that it can ask for what they touch: `far` about twice as
    /// many commands ahead as `near`, and each command first as one, then as the other. Changes nothing but time.
    ///
    /// Cost: a few instructions. Useful from some thousand accounts or orders on: see docs/PERFORMANCE.md.
    #[inline]
    pub fn foresee(&self, near: Option<&Command>, far: Option<&Command>) {
        match far {
            Some(Command::Order(order)) => {
                self.risk.foresee_account(order.account);
                if let Some((market, slot, owner)) = self.first_met(order) {
                    self.risk.foresee_account(owner);
                    market.records.foresee::<false>(slot);
                }
            }
            Some(
                Command::Cancel { account, order: OrderRef::Handle(instrument, handle) }
                | Command::Replace { account, order: OrderRef::Handle(instrument, handle), .. },
            ) => {
                self.risk.foresee_account(*account);
                if let Some(market) = self.markets.get(instrument.index()) {
                    market.book.foresee::<false>(*handle);
                    market.records.foresee::<false>(handle.slot);
                }
            }
            _ => {}
        }
        match near {
            Some(Command::Order(order)) => {
                self.risk.foresee_positions(order.account);
                if let Some((market, slot, _)) = self.first_met(order) {
                    market.records.foresee::<true>(slot);
                    if let Some(position) = market.records.position(slot) {
                        self.risk.foresee_position(position);
                    }
                }
            }
            Some(
                Command::Cancel { account, order: OrderRef::Handle(instrument, handle) }
                | Command::Replace { account, order: OrderRef::Handle(instrument, handle), .. },
            ) => {
                self.risk.foresee_positions(*account);
                if let Some(market) = self.markets.get(instrument.index()) {
                    market.book.foresee::<true>(*handle);
                    market.records.foresee::<true>(handle.slot);
                }
            }
            _ => {}
        }
    }

    /// The resting order that an order would meet first if it came now.
    #[inline]
    fn first_met(&self, order: &NewOrder) -> Option<(&Market, u32, AccountId)> {
        let market = self.markets.get(order.instrument.index())?;
        let limit = match order.kind {
            OrderKind::Limit(price) => Some(price),
            OrderKind::Market(protection) => protection,
        };
        let (slot, owner) = market.book.first_met(order.side.opposite(), limit)?;
        Some((market, slot, AccountId(owner)))
    }
}
