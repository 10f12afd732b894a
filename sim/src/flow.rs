//! Who trades: agents that are woken, look at the market and send commands; nobody here sees the engine's inside.

pub mod depth;
pub mod fundamental;
pub mod hawkes;
pub mod index;
#[cfg(feature = "arrow")]
pub mod l3;
pub mod maker;
pub mod momentum;
pub mod noise;
pub mod own;
pub mod recorded;
pub mod replayed;
pub mod roster;
pub mod value;
pub mod wave;
pub mod window;
pub mod zero;

use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, Band, Command, Event, InstrumentId, NewOrder, OrderKind, Phase, Price, Qty, Ratio,
    SelfMatch, Side, TimeInForce, Ts,
};

/// What an agent may know.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The exchange, to look at.
    pub exchange: &'a Exchange,
    /// What is traded.
    pub instrument: InstrumentId,
    /// The present time.
    pub now: Ts,
    /// The value makers quote around, ticks; may lie outside the band.
    pub value: i64,
    /// Share of their usual quantity that makers quote.
    pub liquidity: Ratio,
    /// Limit-down and limit-up.
    pub band: Option<Band>,
    /// Phase of the market.
    pub phase: Phase,
}

impl World<'_> {
    /// The best price of a side.
    pub fn best(&self, side: Side) -> Option<Price> {
        self.exchange.best(self.instrument, side).map(|(price, _)| price)
    }

    /// The mark.
    pub fn mark(&self) -> Price {
        self.exchange.mark(self.instrument)
    }

    /// Whether the market is not in continuous trading: background agents then wait.
    pub fn is_shut(&self) -> bool {
        self.phase != Phase::Continuous
    }

    /// The nearest price to `ticks` at which an order may stand.
    pub fn inside(&self, ticks: i64) -> Price {
        let price = Price::clamped(ticks);
        self.band.map_or(price, |band| price.clamp(band.down, band.up))
    }

    /// Whether an order may stand at `ticks`.
    pub fn admits(&self, ticks: i64) -> bool {
        self.inside(ticks).ticks() == ticks
    }

    /// An order that rests if it does not trade.
    pub fn limit(&self, account: AccountId, side: Side, price: Price, lots: u64) -> Command {
        self.order(account, side, price, lots, TimeInForce::Gtc)
    }

    /// An order that takes at most `through` ticks past the opposite touch; `None` where nobody stands there.
    pub fn take(&self, account: AccountId, side: Side, lots: u64, through: i64) -> Option<Command> {
        let touch = self.best(side.opposite())?;
        let worst = self.inside(touch.through(side, through).ticks());
        (lots > 0).then(|| self.order(account, side, worst, lots, TimeInForce::Ioc))
    }

    fn order(
        &self,
        account: AccountId,
        side: Side,
        price: Price,
        lots: u64,
        tif: TimeInForce,
    ) -> Command {
        Command::Order(NewOrder {
            account,
            id: None,
            instrument: self.instrument,
            side,
            offset: None,
            kind: OrderKind::Limit(price),
            qty: Qty::new(lots),
            trigger: None,
            display: Qty::ZERO,
            min_qty: Qty::ZERO,
            tif,
            post_only: false,
            reduce_only: false,
            self_match: SelfMatch::CancelOldest,
        })
    }
}

/// Somebody who trades, or who runs the market.
pub trait Agent {
    /// Looks at the market and says what to do; returns when to be woken again.
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts>;

    /// Hears an event that names one of its accounts; may ask to be woken.
    fn heard(&mut self, event: &Event) -> Option<Ts> {
        let _ = event;
        None
    }

    /// How its recording fared, of an agent that replays one.
    fn replayed(&self) -> Option<&replayed::Replayed> {
        None
    }
}
