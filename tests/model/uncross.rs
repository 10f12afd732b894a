//! Section 5: the call auction.

use super::book::{Order, Outcome};
use super::pass::Pass;
use super::{Model, instrument_id, sign, ticks, to_price, to_qty};
use plimsoll_types::*;

/// The side of a surplus counted bids less asks.
fn side_of(surplus: i128) -> Option<Side> {
    match surplus {
        0 => None,
        surplus if surplus > 0 => Some(Side::Buy),
        _ => Some(Side::Sell),
    }
}

impl Model {
    /// Lots on a side that would trade at a price.
    fn volume_at(&self, instrument: usize, side: Side, price: i128) -> i128 {
        let orders = self.books[instrument].orders.iter();
        orders
            .filter(|order| order.side == side && order.admits(price))
            .map(|order| order.qty)
            .sum()
    }

    /// Bought less sold at a price: above zero is surplus on the buy side.
    fn surplus_at(&self, instrument: usize, price: i128) -> i128 {
        self.volume_at(instrument, Side::Buy, price) - self.volume_at(instrument, Side::Sell, price)
    }

    fn traded_at(&self, instrument: usize, price: i128) -> i128 {
        let bought = self.volume_at(instrument, Side::Buy, price);
        bought.min(self.volume_at(instrument, Side::Sell, price))
    }

    /// The auction price; `None` where nothing trades.
    fn auction_price(&self, instrument: usize) -> Option<i128> {
        let book = &self.books[instrument];
        let reference = book.last_or_settled();
        let limits: Vec<i128> = book.orders.iter().filter_map(|order| order.price).collect();
        let mut candidates: Vec<i128> = match (limits.iter().min(), limits.iter().max()) {
            (Some(&lowest), Some(&highest)) => match book.spec.auction_candidates {
                AuctionCandidates::Ticks => (lowest..=highest).collect(),
                AuctionCandidates::Limits => limits.clone(),
            },
            // Only market orders: the reference, inside the band.
            _ => vec![match book.band {
                Some(band) => reference.clamp(ticks(band.down), ticks(band.up)),
                None => reference,
            }],
        };
        candidates.retain(|&price| self.traded_at(instrument, price) > 0);
        let most = candidates.iter().map(|&price| self.traded_at(instrument, price)).max()?;
        candidates.retain(|&price| self.traded_at(instrument, price) == most);
        let least =
            candidates.iter().map(|&price| self.surplus_at(instrument, price).abs()).min()?;
        candidates.retain(|&price| self.surplus_at(instrument, price).abs() == least);
        if candidates.iter().all(|&price| self.surplus_at(instrument, price) > 0) {
            return candidates.into_iter().max();
        }
        if candidates.iter().all(|&price| self.surplus_at(instrument, price) < 0) {
            return candidates.into_iter().min();
        }
        // Nearest the reference; of two equally near the higher.
        candidates.into_iter().min_by_key(|&price| ((price - reference).abs(), -price))
    }

    /// Where the auction would end, reduce-only orders taken whole.
    fn outcome(&self, instrument: usize) -> Outcome {
        let Some(price) = self.auction_price(instrument) else { return Outcome::default() };
        let (qty, surplus) =
            (self.traded_at(instrument, price), self.surplus_at(instrument, price));
        Outcome { price: Some(price), qty, surplus }
    }

    /// In a call phase: says where the auction would end, if that has changed.
    pub fn indicate(&mut self, instrument: usize) {
        if !self.books[instrument].phase.is_call() {
            return;
        }
        let outcome = self.outcome(instrument);
        if outcome != self.books[instrument].said {
            self.books[instrument].said = outcome;
            self.emit(EventKind::Indicative {
                instrument: instrument_id(instrument),
                price: outcome.price.map(to_price),
                qty: to_qty(outcome.qty),
                surplus: to_qty(outcome.surplus.abs()),
                surplus_side: side_of(outcome.surplus),
            });
        }
    }

    /// The first order of a side, if it trades at the price.
    fn head(&self, instrument: usize, side: Side, price: i128) -> Option<Order> {
        let head = self.books[instrument].queue(side).into_iter().next()?;
        head.admits(price).then_some(head)
    }

    /// The heads that meet at the price, what exceeds a reduce-only one's position cut off: the bid's first.
    fn heads(&mut self, instrument: usize, price: i128) -> Option<(Order, Order)> {
        loop {
            let bid = self.head(instrument, Side::Buy, price)?;
            let ask = self.head(instrument, Side::Sell, price)?;
            let exceeding = [&bid, &ask].into_iter().find(|order| {
                self.only_closes(order) && order.qty > self.can_give(instrument, order)
            });
            match exceeding {
                Some(order) => {
                    let can_give = self.can_give(instrument, order);
                    self.cut_excess(instrument, order, can_give);
                }
                None => return Some((bid, ask)),
            }
        }
    }

    /// Uncrosses until nothing crosses: excess of reduce-only orders may leave a cross behind at other prices.
    pub fn uncross(&mut self, instrument: usize) -> Pass {
        let mut pass = Pass { auction: true, ..Pass::new(instrument) };
        let mut price = self.uncross_once(instrument, &mut pass);
        while self.books[instrument].crossed() {
            self.saw("uncrosses again");
            price = self.uncross_once(instrument, &mut pass);
        }
        self.end_market_orders(instrument, price);
        if let Some(last) = pass.last {
            let book = &mut self.books[instrument];
            book.uncrossed_at = Some(last);
            book.past.clear();
        }
        pass
    }

    /// Pairs the heads of both sides at the auction price. Events: trades, `auction`.
    fn uncross_once(&mut self, instrument: usize, pass: &mut Pass) -> Option<i128> {
        let price = self.auction_price(instrument);
        let surplus = price.map_or(0, |price| self.surplus_at(instrument, price));
        let before = pass.filled;
        if let Some(price) = price {
            while let Some((bid, ask)) = self.heads(instrument, price) {
                let bid_first = bid.entry < ask.entry;
                let (maker, taker) = if bid_first { (&bid, &ask) } else { (&ask, &bid) };
                let qty = bid.qty.min(ask.qty);
                self.trade(maker, taker, price, qty, TradeKind::Auction, pass);
                self.take_in_auction(instrument, bid.entry, qty);
                self.take_in_auction(instrument, ask.entry, qty);
            }
        }
        self.emit(EventKind::Auction {
            instrument: instrument_id(instrument),
            price: price.map(to_price),
            qty: to_qty(pass.filled - before),
            surplus: to_qty(surplus.abs()),
            surplus_side: side_of(surplus),
        });
        price
    }

    /// Market orders that are left go, or rest at the auction price where the instrument says so.
    fn end_market_orders(&mut self, instrument: usize, price: Option<i128>) {
        let rests = self.books[instrument].spec.market_remainder == MarketRemainder::Rest;
        let mut left: Vec<Order> =
            self.books[instrument].orders.iter().filter(|order| order.market).cloned().collect();
        left.sort_by_key(|order| (-sign(order.side), order.entry));
        for order in left {
            match (order.price, price) {
                // One with a protection price stays where it is, a limit order from now on.
                (Some(_), _) if rests => {
                    self.books[instrument].order_mut(order.entry).market = false
                }
                (None, Some(price)) if rests => {
                    self.saw("market order rests after an auction");
                    let mut order = self.books[instrument].remove(order.entry);
                    order.price = Some(price);
                    order.freeze_price = price;
                    order.market = false;
                    self.rest(instrument, order);
                }
                _ => self.cancel_open(instrument, order.entry, CancelReason::Market),
            }
        }
    }
}
