//! An instrument's resting orders, in one list, sorted when somebody asks.

use super::{sign, ticks};
use plimsoll_types::*;

#[derive(Clone, Debug)]
pub struct Order {
    /// Numbered by entry: time priority, and what a handle stands for.
    pub entry: u64,
    pub account: usize,
    pub id: OrderId,
    pub side: Side,
    /// `None` for a market order without protection price.
    pub price: Option<i128>,
    /// The price at which its opening part freezes margin.
    pub freeze_price: i128,
    /// A market order: what an auction leaves of it does not stay a limit order.
    pub market: bool,
    pub qty: i128,
    pub post_only: bool,
    pub reduce_only: bool,
    pub self_match: SelfMatch,
    /// The case whose batch it is.
    pub case: Option<u32>,
}

impl Order {
    /// Lots leave it.
    pub fn take(&mut self, qty: i128) {
        assert!(qty <= self.qty);
        self.qty -= qty;
    }

    /// Whether it may trade at this price.
    pub fn admits(&self, price: i128) -> bool {
        match self.price {
            None => true,
            Some(limit) => sign(self.side) * (limit - price) >= 0,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Book {
    pub orders: Vec<Order>,
    pub phase: Phase,
    pub band: Option<Band>,
    pub mark: Price,
    pub last: Option<Price>,
    pub initial: MarginRate,
    pub maintenance: MarginRate,
}

impl Book {
    pub fn new(spec: &InstrumentSpec) -> Book {
        Book {
            orders: Vec::new(),
            phase: spec.phase,
            band: spec.band,
            mark: spec.prev_settlement,
            last: None,
            initial: spec.initial,
            maintenance: spec.maintenance,
        }
    }

    /// Orders of a side: those without a price first, then the best price, then the earliest.
    pub fn queue(&self, side: Side) -> Vec<Order> {
        let mut queue: Vec<Order> =
            self.orders.iter().filter(|o| o.side == side).cloned().collect();
        queue.sort_by_key(|o| (o.price.is_some(), -sign(side) * o.price.unwrap_or(0), o.entry));
        queue
    }

    /// Prices and lots of a side from the best; market orders have no level.
    pub fn levels(&self, side: Side) -> Vec<(i128, i128)> {
        let mut levels: Vec<(i128, i128)> = Vec::new();
        for order in self.queue(side) {
            let Some(price) = order.price else { continue };
            match levels.last_mut() {
                Some(level) if level.0 == price => level.1 += order.qty,
                _ => levels.push((price, order.qty)),
            }
        }
        levels
    }

    /// The best limit price of a side.
    pub fn best(&self, side: Side) -> Option<i128> {
        self.levels(side).first().map(|level| level.0)
    }

    pub fn order(&self, entry: u64) -> Option<&Order> {
        self.orders.iter().find(|order| order.entry == entry)
    }

    pub fn order_mut(&mut self, entry: u64) -> &mut Order {
        let found = self.orders.iter_mut().find(|order| order.entry == entry);
        found.expect("the order rests")
    }

    pub fn remove(&mut self, entry: u64) -> Order {
        let place = self.orders.iter().position(|order| order.entry == entry);
        self.orders.remove(place.expect("the order rests"))
    }

    /// The band's edge a taker of this side may go to at most.
    pub fn edge(&self, side: Side) -> Option<i128> {
        let band = self.band?;
        Some(match side {
            Side::Buy => ticks(band.up),
            Side::Sell => ticks(band.down),
        })
    }

    /// Whether a trade could happen if the book were matched now.
    pub fn crossed(&self) -> bool {
        let (bids, asks) = (self.queue(Side::Buy), self.queue(Side::Sell));
        let (Some(bid), Some(ask)) = (bids.first(), asks.first()) else { return false };
        match (bid.price, ask.price) {
            (Some(bid), Some(ask)) => bid >= ask,
            _ => true,
        }
    }
}
