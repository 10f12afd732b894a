//! Margins that one account has of its own: set by its broker, or by its leverage. Source: SEMANTICS 3.1.

use crate::exchange::Exchange;
use crate::orders::NIL;
use crate::phases::check_margins;
use plimsoll_risk::Own;
use plimsoll_types::{AccountId, EventKind, InstrumentId, MarginRate, Money, Ratio, Reject};

/// What an account and the pocket of one of its positions have left over their margins.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Room {
    available: Money,
    pocket: Money,
}

impl Exchange {
    /// Sets margins for one account in an instrument, at once; they may be no lower than everybody's.
    pub(crate) fn set_own_margin(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        initial: MarginRate,
        maintenance: MarginRate,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        self.check_instrument(instrument)?;
        check_margins(initial, maintenance)?;
        let under =
            |own: MarginRate, all: MarginRate| own.share < all.share || own.per_lot < all.per_lot;
        let all = self.risk.contract(instrument).margins();
        if under(initial, all[0]) || under(maintenance, all[1]) {
            return Err(Reject::InvalidMargin);
        }
        let before = self.risk.own(account, instrument);
        let own = Own { margins: Some([initial, maintenance]), ..before };
        self.put_own(account, instrument, own);
        let account = Some(account);
        self.log.emit(EventKind::Margin { instrument, account, initial, maintenance });
        self.look();
        Ok(())
    }

    /// Sets an account's leverage in an instrument, at once.
    pub(crate) fn set_leverage(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        value: Ratio,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        self.check_instrument(instrument)?;
        let (one, share) = (Ratio::SCALE, self.risk.contract(instrument).margins()[0].share);
        // 1 <= L, and 1 / L >= the instrument's initial share.
        let product = i128::from(share.nano()) * i128::from(value.nano());
        if value.nano() < one || product > i128::from(one) * i128::from(one) {
            return Err(Reject::Leverage);
        }
        let holder = self.holder(account, instrument);
        if [account, holder].iter().any(|&id| self.risk.account(id).case().is_some()) {
            return Err(Reject::Liquidation);
        }
        let before = self.risk.own(account, instrument);
        let room = self.room(account, holder);
        self.put_own(account, instrument, Own { leverage: Some(value), ..before });
        let after = self.room(account, holder);
        let lacks = |before: Money, after: Money| after < before && after < Money::ZERO;
        if lacks(room.available, after.available) || lacks(room.pocket, after.pocket) {
            self.put_own(account, instrument, before);
            return Err(Reject::Margin);
        }
        self.log.emit(EventKind::Leverage { account, instrument, value });
        self.look();
        Ok(())
    }

    fn room(&self, account: AccountId, holder: AccountId) -> Room {
        let pocket = if holder == account {
            Money::ZERO
        } else {
            self.risk.standing(holder).equity - self.risk.margins(holder)[0]
        };
        Room { available: self.risk.available(account), pocket }
    }

    /// Puts an account's own margins into force: positions ask for them, resting orders freeze by them.
    pub(crate) fn put_own(&mut self, account: AccountId, instrument: InstrumentId, own: Own) {
        self.risk.set_own(account, instrument, own);
        let positions: Vec<_> = self.risk.position_ids(account).collect();
        for id in positions {
            let position = self.risk.position(id);
            if position.instrument() != instrument {
                continue;
            }
            let mut slot = position.orders.0;
            while slot != NIL {
                let (_, mut keeper) = self.split(instrument);
                let record = &keeper.records[slot];
                let (opens, next) = (record.opens, record.next);
                keeper.refreeze(slot, opens);
                slot = next;
            }
        }
    }
}
