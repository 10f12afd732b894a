//! Everything that may refuse an order, before anything changes. Source: SEMANTICS 2, 4.

use crate::entry::{Terms, Wish};
use crate::exchange::Exchange;
use crate::stops::check_display;
use plimsoll_risk::Aim;
use plimsoll_types::{
    AccountId, InstrumentId, Money, NewOrder, OrderRef, Permission, Phase, Price, Qty, Reject,
    TimeInForce,
};

impl Exchange {
    #[inline]
    pub(crate) fn check_id(&self, order: &NewOrder) -> Result<(), Reject> {
        match order.id {
            Some(id) if self.place(order.account, &OrderRef::Client(id)).is_some() => {
                Err(Reject::DuplicateId)
            }
            _ => Ok(()),
        }
    }

    #[inline]
    pub(crate) fn check_full(&self, instrument: InstrumentId) -> Result<(), Reject> {
        if self.markets[instrument.index()].book.is_full() { Err(Reject::Full) } else { Ok(()) }
    }

    /// What an order shows, trades at least and lives for.
    #[inline]
    pub(crate) fn check_extras(&self, order: &NewOrder) -> Result<(), Reject> {
        check_display(order)?;
        if order.min_qty > order.qty {
            return Err(Reject::MinQty);
        }
        match order.tif {
            TimeInForce::Gtd(due) if due <= self.log.now => Err(Reject::Expires),
            _ => Ok(()),
        }
    }

    #[inline]
    pub(crate) fn check_band(
        &self,
        instrument: InstrumentId,
        limit: Option<Price>,
    ) -> Result<(), Reject> {
        match (self.markets[instrument.index()].book.band(), limit) {
            (Some(band), Some(limit)) if !band.contains(limit) => Err(Reject::PriceBand),
            _ => Ok(()),
        }
    }

    /// Quantity: above zero, and no more than an account may ever hold.
    #[inline]
    pub(crate) fn check_quantity(&self, wish: &Wish) -> Result<(), Reject> {
        if wish.qty.is_zero() {
            return Err(Reject::QuantityNotPositive);
        }
        let held = match self.risk.find_position(wish.account, wish.instrument) {
            Some(id) if wish.aim == Aim::Net => {
                let position = self.risk.position(id);
                position.lots().unsigned_abs() + position.open(wish.side) - wish.given_back
            }
            Some(id) => self.lots_of_legs(id, wish.side) - wish.given_back,
            None => 0,
        };
        let most = self.risk.contract(wish.instrument).lots_max;
        if wish.qty > Qty::MAX || held + wish.qty.lots() > most {
            return Err(Reject::QuantityTooLarge);
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn check_account_may_order(
        &self,
        id: AccountId,
        instrument: InstrumentId,
    ) -> Result<(), Reject> {
        let account = self.risk.account(id);
        if account.case().is_some()
            || self.risk.account(self.holder(id, instrument)).case().is_some()
        {
            return Err(Reject::Liquidation);
        }
        let here = self.markets[instrument.index()].permission;
        if account.permission().max(here) == Permission::Frozen {
            return Err(Reject::Frozen);
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn check_phase(&self, order: &NewOrder) -> Result<(), Reject> {
        let patient = order.tif.rests() && !order.post_only && order.min_qty.is_zero();
        match self.markets[order.instrument.index()].phase {
            Phase::Continuous => Ok(()),
            phase if phase.gathers() && patient => Ok(()),
            _ => Err(Reject::Phase),
        }
    }

    /// Band, reduce-only, close-only, post-only, margin; the lots that would open and the price they freeze at.
    #[inline]
    pub(crate) fn check_terms(&self, wish: &Wish) -> Result<Terms, Reject> {
        self.check_band(wish.instrument, wish.limit)?;
        let market = &self.markets[wish.instrument.index()];
        let opens = if wish.aim == Aim::Net {
            let reducible = match self.risk.find_position(wish.account, wish.instrument) {
                Some(id) => {
                    let position = self.risk.position(id);
                    let others = position.open(wish.side) - wish.given_back;
                    position.room(wish.side).saturating_sub(wish.ahead.unwrap_or(others))
                }
                None => 0,
            };
            wish.qty.lots().saturating_sub(reducible)
        } else {
            self.check_leg(wish)?
        };
        let account = self.risk.account(wish.account);
        if opens > 0 && wish.reduce_only {
            return Err(Reject::ReduceOnly);
        }
        if opens > 0 && self.permission_in(wish.account, wish.instrument) == Permission::CloseOnly {
            return Err(Reject::CloseOnly);
        }
        if opens > 0 && market.lots_limit != u64::MAX {
            self.check_position_limit(wish)?;
        }
        if wish.post_only
            && let Some((best, _)) = market.book.best(wish.side.opposite())
            && wish.limit.is_none_or(|limit| limit.admits(wish.side, best))
        {
            return Err(Reject::PostOnly);
        }
        let frozen_at = wish.limit.unwrap_or_else(|| self.worst_reachable(wish));
        let mut frozen = Money::ZERO;
        if opens > 0 && !account.is_unlimited() {
            frozen = self.risk.frozen(wish.account, wish.instrument, frozen_at, opens);
            if frozen > wish.unfrozen && frozen > self.risk.available(wish.account) + wish.unfrozen
            {
                return Err(Reject::Margin);
            }
        }
        Ok(Terms { opens, frozen_at, frozen })
    }

    /// The worst price a market order without protection price may reach. Source: SEMANTICS 4.
    fn worst_reachable(&self, wish: &Wish) -> Price {
        let market = &self.markets[wish.instrument.index()];
        if let Some(edge) = market.edge(wish.side) {
            return edge;
        }
        let mark = self.risk.contract(wish.instrument).mark;
        if market.phase != Phase::Continuous {
            return mark;
        }
        let (mut left, mut reached) = (wish.qty, mark);
        for (price, qty) in market.book.levels(wish.side.opposite()) {
            reached = price;
            left = left.saturating_sub(qty);
            if left.is_zero() {
                break;
            }
        }
        reached
    }
}
