//! Looking ahead: asks for the cache lines that commands still in the queue will need.

use crate::exchange::Exchange;
use plimsoll_types::{Command, OrderRef};

impl Exchange {
    /// Tells the exchange of commands that are still to come, so that it can ask for what they touch: `far` about twice as
    /// many commands ahead as `near`, and each command first as one, then as the other. Changes nothing but time.
    ///
    /// Cost: a few instructions. Useful from some thousand accounts or orders on: see docs/PERFORMANCE.md.
    #[inline]
    pub fn foresee(&self, near: Option<&Command>, far: Option<&Command>) {
        match far {
            Some(Command::Order(order)) => self.risk.foresee_account(order.account),
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
            Some(Command::Order(order)) => self.risk.foresee_positions(order.account),
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
}
