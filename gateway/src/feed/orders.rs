//! The orders that the builder knows, and what of each the feed has shown.

use foldhash::fast::FixedState;
use plimsoll_types::{
    AccountId, Band, Handle, InstrumentSpec, LimitPriority, MarketRemainder, OrderId, Phase, Price,
    Side,
};
use std::collections::{BTreeMap, HashMap};

/// How events name an order.
pub(super) type Key = (AccountId, OrderId);

/// The feed's number of an order that nobody sees.
pub(super) const UNSEEN: u64 = 0;

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the book, shown.
    Seen,
    /// Waits for its trigger.
    Waits,
    /// Waits for an auction, at market.
    AtMarket,
    /// Rests where its events do not say: the exchange is asked at the end of the batch.
    Unknown(Option<Handle>),
}

/// An order. Units: lots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) instrument: u16,
    pub(super) side: Side,
    /// Its limit.
    pub(super) price: Option<Price>,
    /// Lots open, hidden ones too.
    pub(super) open: u64,
    pub(super) shown: u64,
    /// Most lots it shows at a time; zero = all.
    pub(super) display: u64,
    /// The feed's number, or [`UNSEEN`].
    pub(super) number: u64,
    /// Running number of its coming to where it is.
    pub(super) arrival: u64,
    pub(super) place: Place,
}

impl Order {
    /// What it shows where it shows as much as it may.
    pub(super) fn peak(&self) -> u64 {
        if self.display == 0 { self.open } else { self.open.min(self.display) }
    }
}

/// An order on its way into the book: it may trade before it rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    pub(super) key: Key,
    pub(super) order: Order,
    pub(super) handle: Handle,
    /// Price of its last trade.
    pub(super) traded: Option<Price>,
    /// The number that it was seen under before it was replaced, as long as the feed shows it there.
    pub(super) old: u64,
    pub(super) ts: u64,
}

/// What the builder must know of a market to follow its orders.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub(super) band: Option<Band>,
    pub(super) phase: Phase,
    /// Orders that close may go first at the limit price.
    close_first: bool,
    /// What is left of a market order may rest at the price it traded at last.
    pub(super) remainder_rests: bool,
    protected: bool,
    /// The outcome of an auction that the phase has not followed yet.
    pub(super) uncrossed: Option<Option<Price>>,
    /// Orders at market, by arrival.
    pub(super) at_market: BTreeMap<u64, Key>,
}

impl Market {
    pub(super) fn new(spec: &InstrumentSpec) -> Market {
        Market {
            band: spec.band,
            phase: spec.phase,
            close_first: spec.rules.limit_priority == LimitPriority::CloseFirst,
            remainder_rests: spec.market_remainder == MarketRemainder::Rest,
            protected: spec.rules.market_protection.is_some(),
            uncrossed: None,
            at_market: BTreeMap::new(),
        }
    }

    /// Whether an order may go before others at a price.
    pub(super) fn may_go_first(&self, side: Side, price: Price) -> bool {
        let edge = self.band.map(|band| match side {
            Side::Buy => band.up,
            Side::Sell => band.down,
        });
        self.close_first && edge == Some(price)
    }

    /// Where an order that comes to rest stands, as far as its events say.
    pub(super) fn place_of(&self, incoming: &Incoming) -> Place {
        let unknown = Place::Unknown(Some(incoming.handle));
        let Some(price) = incoming.order.price else {
            return if self.phase.gathers() { Place::AtMarket } else { unknown };
        };
        // A market order with a protection price may rest at the price of its last trade.
        let elsewhere = self.remainder_rests
            && !self.protected
            && incoming.traded.is_some_and(|traded| traded != price);
        if elsewhere || self.may_go_first(incoming.order.side, price) {
            return unknown;
        }
        Place::Seen
    }
}

/// Every order that rests or waits, by its name. Never iterated where the order matters.
#[derive(Debug)]
pub(super) struct Orders {
    table: HashMap<Key, Order, FixedState>,
}

impl Orders {
    pub(super) fn new() -> Orders {
        Orders { table: HashMap::with_hasher(FixedState::with_seed(0x6665_6564)) }
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Order> {
        self.table.get(key)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, key: &Key) -> Option<&mut Order> {
        self.table.get_mut(key)
    }

    #[inline]
    pub(super) fn insert(&mut self, key: Key, order: Order) {
        self.table.insert(key, order);
    }

    #[inline]
    pub(super) fn remove(&mut self, key: &Key) -> Option<Order> {
        self.table.remove(key)
    }

    /// Forgets an instrument's.
    pub(super) fn forget(&mut self, instrument: u16) {
        self.table.retain(|_, order| order.instrument != instrument);
    }
}
