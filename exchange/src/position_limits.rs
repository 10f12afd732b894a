//! How many lots an account may hold, and from how many it is reported. Source: SEMANTICS 4.

use crate::entry::Wish;
use crate::exchange::Exchange;
use plimsoll_risk::PositionId;
use plimsoll_types::{EventKind, InstrumentId, Qty, Reject, Side};

impl Exchange {
    /// Whether an opening order would lead its account past the position limit; hedgers and accounts without margin have none.
    #[cold]
    pub(crate) fn check_position_limit(&self, wish: &Wish) -> Result<(), Reject> {
        let account = self.risk.account(wish.account);
        if account.is_unlimited() || self.risk.is_hedger(wish.account) {
            return Ok(());
        }
        let most = self.markets[wish.instrument.index()].lots_limit;
        let held = match self.risk.find_position(wish.account, wish.instrument) {
            Some(first) => {
                let id = self.risk.leg_for(first, wish.side, wish.aim);
                let position = self.risk.position(id);
                let open = position.open(wish.side) - wish.given_back;
                // Lots of the other side count against, where they are in one record.
                i128::from(open) - i128::from(position.closable(wish.side))
            }
            None => 0,
        };
        if held + i128::from(wish.qty.lots()) > i128::from(most) {
            return Err(Reject::PositionLimit);
        }
        Ok(())
    }

    /// Reports the accounts whose lots reached the size from which they are reported, in account order.
    #[cold]
    pub(crate) fn report_large(
        &mut self,
        instrument: InstrumentId,
        mut before: Vec<(PositionId, i64)>,
    ) {
        // Stable: of several notes of one position the first is from before the pass.
        before.sort_by_key(|(id, _)| {
            let position = self.risk.position(*id);
            (position.account(), position.leg(), id.0)
        });
        before.dedup_by_key(|(id, _)| *id);
        let from = i128::from(self.markets[instrument.index()].report_at);
        for (id, old) in before {
            let position = self.risk.position(id);
            let (new, account) = (position.lots(), position.account());
            for side in [Side::Buy, Side::Sell] {
                let lots = |signed: i64| i128::from(signed) * i128::from(side.sign());
                if lots(old) < from && lots(new) >= from {
                    let qty = Qty::new(new.unsigned_abs());
                    self.log.emit(EventKind::LargePosition { account, instrument, side, qty });
                }
            }
        }
    }
}
