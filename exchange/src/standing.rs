//! What everybody may see of a market: its orders in line, and what stands on its door. Whose an order is comes along for whoever may know.

use crate::exchange::Exchange;
use crate::market::Market;
use crate::view::{MarketView, StandingOrder};
use plimsoll_types::{AccountId, Handle, InstrumentId, OrderKind, Price, Qty, Side};

impl Exchange {
    /// A market but for its orders; `None` for one that is traded no more, or never was.
    pub fn market(&self, instrument: InstrumentId) -> Option<MarketView> {
        let market = self.markets.get(instrument.index()).filter(|market| !market.gone)?;
        Some(MarketView {
            phase: market.phase,
            band: market.book.band(),
            permission: market.permission,
            mark: self.risk.contract(instrument).mark,
            settlement: market.prev_settlement,
            last: market.last,
        })
    }

    /// The order behind a handle, if it rests or waits still.
    pub fn standing(&self, instrument: InstrumentId, handle: Handle) -> Option<StandingOrder> {
        let market = self.markets.get(instrument.index())?;
        market.book.find(handle).map(|order| standing(market, order.slot))
    }

    /// The orders of a side at a price, in line; `None` = those at market, which wait for an auction.
    ///
    /// Cost: O(orders there).
    pub fn line(
        &self,
        instrument: InstrumentId,
        side: Side,
        price: Option<Price>,
    ) -> impl Iterator<Item = StandingOrder> {
        let market = self.markets.get(instrument.index());
        market.into_iter().flat_map(move |market| {
            market.book.queue(side, price).map(move |slot| standing(market, slot))
        })
    }

    /// Every order of a market: bids from the best price, each price in line, then asks, then those at market, then those that
    /// wait for a trigger.
    ///
    /// Cost: O(orders).
    pub fn standing_orders(&self, instrument: InstrumentId) -> impl Iterator<Item = StandingOrder> {
        let sides = [Side::Buy, Side::Sell];
        let levels = sides.into_iter().flat_map(move |side| {
            let market = self.markets.get(instrument.index()).into_iter();
            let prices = market.flat_map(move |market| market.book.levels(side));
            prices.flat_map(move |(price, _)| self.line(instrument, side, Some(price)))
        });
        let at_market = sides.into_iter().flat_map(move |side| self.line(instrument, side, None));
        let stops = self
            .markets
            .get(instrument.index())
            .into_iter()
            .flat_map(|market| market.waits.keys().map(move |&slot| standing(market, slot)));
        levels.chain(at_market).chain(stops)
    }
}

fn standing(market: &Market, slot: u32) -> StandingOrder {
    let order = market.book.resting(slot);
    let waits = market.waits.get(&slot);
    let price = match waits.map(|waits| waits.kind) {
        None => order.price,
        Some(OrderKind::Limit(price)) => Some(price),
        Some(OrderKind::Market(protection)) => protection,
    };
    StandingOrder {
        account: AccountId(order.owner),
        id: market.records.id(slot),
        side: order.side,
        price,
        open: order.qty,
        shown: order.shown,
        display: waits.map_or(order.display, |waits| waits.display),
        waits: waits.is_some(),
    }
}

impl StandingOrder {
    /// Whether it stands at a price in the book, where everybody sees it.
    pub fn is_seen(&self) -> bool {
        !self.waits && self.price.is_some() && self.shown > Qty::ZERO
    }
}
