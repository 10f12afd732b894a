//! The end of a call auction. Source: RULES 4, SEMANTICS 5.

use crate::booking::{Booking, Pass, Pricing};
use crate::exchange::Exchange;
use crate::orders::Role;
use plimsoll_matching::NewResting;
use plimsoll_types::{
    CancelReason, EventKind, Handle, InstrumentId, MarketRemainder, Price, Qty, Side,
};

impl Exchange {
    /// Pairs everything that crosses at one price, then deals with market orders left over.
    ///
    /// Reduce-only orders that had nothing left to give can leave the book crossed at another price: another round then.
    pub(crate) fn uncross(&mut self, instrument: InstrumentId, pass: &mut Pass) {
        let price = loop {
            let price = self.uncross_round(instrument, pass);
            if !self.markets[instrument.index()].must_uncross() {
                break price;
            }
        };
        self.end_market_orders(instrument, price);
    }

    fn uncross_round(&mut self, instrument: InstrumentId, pass: &mut Pass) -> Option<Price> {
        let spec = &self.spec.instruments[instrument.index()];
        let market = &self.markets[instrument.index()];
        let reference = pass.last.or(market.last).unwrap_or(market.prev_settlement);
        let found = market.book.indicative(reference, spec.auction_candidates);
        let price = found.and_then(|found| Price::new(found.price));
        let pricing = Pricing { median: None, ..self.pricing(instrument) };
        let before = pass.taken;
        if let Some(price) = price {
            let (book, keeper) = self.split(instrument);
            book.uncross(
                price,
                &mut Booking { keeper, incoming: None, pass, pricing, watched: false },
            );
        }
        let surplus = found.map_or(0, |found| found.surplus);
        self.log.emit(EventKind::Auction {
            instrument,
            price,
            qty: Qty::new(pass.taken - before),
            surplus: Qty::new(u64::try_from(surplus.unsigned_abs()).unwrap_or(u64::MAX)),
            surplus_side: match surplus {
                0 => None,
                1.. => Some(Side::Buy),
                _ => Some(Side::Sell),
            },
        });
        price
    }

    /// Market orders left over: cancelled, or limit orders from now on. Bids first, each side in time order.
    fn end_market_orders(&mut self, instrument: InstrumentId, price: Option<Price>) {
        let market = &mut self.markets[instrument.index()];
        let mut left: Vec<Handle> = std::mem::take(&mut market.waiting);
        left.retain(|&handle| market.is_waiting(handle));
        left.sort_by_key(|handle| {
            let side = market.book.resting(handle.slot).side;
            (side, market.records[handle.slot].arrival)
        });
        let rests =
            self.spec.instruments[instrument.index()].market_remainder == MarketRemainder::Rest;
        for handle in left {
            let order = self.markets[instrument.index()].book.resting(handle.slot);
            match (order.price, price) {
                (Some(_), _) if rests => {
                    self.markets[instrument.index()].records[handle.slot].role = Role::Limit;
                }
                (None, Some(price)) if rests => self.rest_at(instrument, handle.slot, price),
                _ => self.take_out(instrument, handle.slot, CancelReason::Market),
            }
        }
    }

    /// Makes a market order a limit order at `price`, as a new entry.
    fn rest_at(&mut self, instrument: InstrumentId, slot: u32, price: Price) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let (book, mut keeper) = self.split(instrument);
        let order = book.remove(slot);
        let (mut record, title) = (keeper.records[slot].clone(), keeper.records.title(slot));
        keeper.shrink(slot, order.side, order.qty.lots(), 0);
        (record.role, record.arrival, record.frozen_at) = (Role::Limit, arrival, price);
        let (side, position, opens) = (order.side, record.position, record.opens);
        let aim = record.aim;
        let first = self.goes_first(instrument, (position, aim), (side, Some(price)), order.qty);
        let (book, mut keeper) = self.split(instrument);
        let handle = book.rest(NewResting {
            side,
            price: Some(price),
            owner: order.owner,
            qty: order.qty,
            display: order.display,
            reduce_only: order.reduce_only,
            first,
        });
        let account = keeper.risk.position(position).owner();
        record.frozen = keeper.frozen(account, price, opens);
        keeper.keep(handle, side, order.qty.lots(), record, &title);
        self.date(instrument, handle, title.tif);
        self.share_out(position);
    }
}
