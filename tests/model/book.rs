//! An instrument's resting orders, in one list, sorted when somebody asks.

use super::{sign, ticks};
use plimsoll_types::*;

#[derive(Clone, Debug)]
pub struct Order {
    /// Numbered by entry: time priority, and what a handle stands for.
    pub entry: u64,
    /// What it is through a replace and a trigger, until it is gone.
    pub serial: u64,
    /// Its place among those of one price: its entry, or when it last showed more.
    pub place: u64,
    pub account: usize,
    pub id: OrderId,
    pub side: Side,
    /// Under long_short always one.
    pub offset: Option<Offset>,
    /// `None` for a market order without protection price.
    pub price: Option<i128>,
    /// The price at which its opening part freezes margin.
    pub freeze_price: i128,
    /// A market order: what an auction leaves of it does not stay a limit order.
    pub market: bool,
    /// A stop that waits.
    pub trigger: Option<i128>,
    /// A stop that is in the queue of triggered ones.
    pub queued: bool,
    pub qty: i128,
    /// How much of it shows while it rests.
    pub shown: i128,
    /// Most lots it shows at a time; 0 = all.
    pub display: i128,
    pub min_qty: i128,
    pub tif: TimeInForce,
    pub post_only: bool,
    pub reduce_only: bool,
    pub self_match: SelfMatch,
    /// It rests at a limit price and wholly closes carried lots.
    pub closes_first: bool,
    /// The case whose batch it is.
    pub case: Option<u32>,
    /// The place of its `accepted` or `triggered` in this command's, until it rests.
    pub issue: Option<usize>,
}

impl Order {
    /// Lots leave it, hidden ones first.
    pub fn take(&mut self, qty: i128) {
        assert!(qty <= self.qty);
        self.qty -= qty;
        self.shown = self.shown.min(self.qty);
    }

    /// Shows as much as it may.
    pub fn show(&mut self) {
        self.shown = if self.display > 0 { self.display.min(self.qty) } else { self.qty };
    }

    /// Whether it may trade at this price.
    pub fn admits(&self, price: i128) -> bool {
        match self.price {
            None => true,
            Some(limit) => sign(self.side) * (limit - price) >= 0,
        }
    }
}

/// A trade of the day.
#[derive(Clone, Copy, Debug)]
pub struct DayTrade {
    pub seq: u64,
    pub ts: Ts,
    pub price: i128,
    pub qty: i128,
}

/// Where an auction would end: its price, lots, and surplus (above zero: bids).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub price: Option<i128>,
    pub qty: i128,
    pub surplus: i128,
}

#[derive(Clone, Debug)]
pub struct Book {
    pub spec: InstrumentSpec,
    /// Not delisted.
    pub live: bool,
    pub orders: Vec<Order>,
    /// Stops that wait.
    pub stops: Vec<Order>,
    pub phase: Phase,
    pub band: Option<Band>,
    pub mark: Price,
    pub last: Option<Price>,
    pub prev_settlement: Price,
    pub initial: MarginRate,
    pub maintenance: MarginRate,
    /// The rates without the ladder's: configured, or set by command.
    pub regular: (MarginRate, MarginRate),
    /// What was last indicated.
    pub said: Outcome,
    /// Trades since the last settlement.
    pub day: Vec<DayTrade>,
    /// When it last closed since the last settlement.
    pub closed_at: Option<Ts>,
    /// Whether that close was one-sided.
    pub closed_one_sided: Option<Side>,
    /// The side that stands alone at its limit price, since when.
    pub alone: Option<(Side, Ts)>,
    /// The direction of one-sided days, and how many in a row.
    pub streak: (Option<Side>, u32),
    /// The side that stands at its limit price in continuous trading.
    pub at_limit: Option<Side>,
    /// Trades since the last uncross that traded, for the corridor.
    pub past: Vec<(Ts, i128)>,
    /// The price of the last uncross that traded.
    pub uncrossed_at: Option<i128>,
    /// What everybody may do here.
    pub permission: Permission,
    /// Every index there was, with its time.
    pub indices: Vec<(Ts, i128)>,
    /// Changes that wait for the next settlement.
    pub at_settlement: Vec<Schedule>,
}

impl Book {
    pub fn new(spec: &InstrumentSpec) -> Book {
        Book {
            spec: spec.clone(),
            live: true,
            orders: Vec::new(),
            stops: Vec::new(),
            phase: spec.phase,
            band: spec.band,
            mark: spec.prev_settlement,
            last: None,
            prev_settlement: spec.prev_settlement,
            initial: spec.initial,
            maintenance: spec.maintenance,
            regular: (spec.initial, spec.maintenance),
            said: Outcome::default(),
            day: Vec::new(),
            closed_at: None,
            closed_one_sided: None,
            alone: None,
            streak: (None, 0),
            at_limit: None,
            past: Vec::new(),
            uncrossed_at: None,
            permission: Permission::Normal,
            indices: Vec::new(),
            at_settlement: Vec::new(),
        }
    }

    /// Orders of a side: those without a price first, then the best price, then those that close first, then the earliest.
    pub fn queue(&self, side: Side) -> Vec<Order> {
        let mut queue: Vec<Order> =
            self.orders.iter().filter(|o| o.side == side).cloned().collect();
        queue.sort_by_key(|o| {
            let price = -sign(side) * o.price.unwrap_or(0);
            (o.price.is_some(), price, !o.closes_first, o.place)
        });
        queue
    }

    /// Prices and lots shown of a side from the best; market orders have no level.
    pub fn levels(&self, side: Side) -> Vec<(i128, i128)> {
        self.levels_but(side, |_| false)
    }

    /// The same without some orders.
    pub fn levels_but(&self, side: Side, but: impl Fn(&Order) -> bool) -> Vec<(i128, i128)> {
        let mut levels: Vec<(i128, i128)> = Vec::new();
        for order in self.queue(side).into_iter().filter(|order| !but(order)) {
            let Some(price) = order.price else { continue };
            match levels.last_mut() {
                Some(level) if level.0 == price => level.1 += order.shown,
                _ => levels.push((price, order.shown)),
            }
        }
        levels
    }

    /// The best limit price of a side.
    pub fn best(&self, side: Side) -> Option<i128> {
        let prices = self.orders.iter().filter(|o| o.side == side).filter_map(|o| o.price);
        prices.max_by_key(|price| sign(side) * price)
    }

    pub fn is_empty(&self, side: Side) -> bool {
        !self.orders.iter().any(|order| order.side == side)
    }

    pub fn order(&self, entry: u64) -> Option<&Order> {
        self.orders.iter().find(|order| order.entry == entry)
    }

    pub fn order_mut(&mut self, entry: u64) -> &mut Order {
        let found = self.orders.iter_mut().find(|order| order.entry == entry);
        found.expect("the order rests")
    }

    /// Resting orders and waiting stops.
    pub fn open(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().chain(&self.stops)
    }

    pub fn by_serial(&self, serial: u64) -> Option<&Order> {
        self.open().find(|order| order.serial == serial)
    }

    pub fn open_order(&self, entry: u64) -> Option<&Order> {
        self.open().find(|order| order.entry == entry)
    }

    /// Takes an order out, or a stop.
    pub fn remove(&mut self, entry: u64) -> Order {
        if let Some(place) = self.orders.iter().position(|order| order.entry == entry) {
            return self.orders.remove(place);
        }
        let place = self.stops.iter().position(|order| order.entry == entry);
        self.stops.remove(place.expect("the order is open"))
    }

    /// The band's edge a taker of this side may go to at most.
    pub fn edge(&self, side: Side) -> Option<i128> {
        let band = self.band?;
        Some(match side {
            Side::Buy => ticks(band.up),
            Side::Sell => ticks(band.down),
        })
    }

    /// The last trade's price, else the previous settlement.
    pub fn last_or_settled(&self) -> i128 {
        ticks(self.last.unwrap_or(self.prev_settlement))
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
