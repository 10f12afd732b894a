//! What a strategy hears.

use super::desk::OrderToken;
use plimsoll_types::{
    CancelReason, InstrumentId, Measure, Money, ParkReason, Permission, Price, Qty, Reject, Side,
    TradeKind, Ts,
};

/// The best prices and the mark of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// When it was so at the exchange, nanoseconds.
    pub ts: Ts,
    /// Of what.
    pub instrument: InstrumentId,
    /// Best bid, ticks and lots.
    pub bid: Option<(Price, Qty)>,
    /// Best ask.
    pub ask: Option<(Price, Qty)>,
    /// Mark.
    pub mark: Price,
}

impl Quote {
    /// Twice the middle of bid and ask, ticks; `None` where a side is empty.
    pub fn middle_twice(&self) -> Option<i64> {
        Some(self.bid?.0.ticks() + self.ask?.0.ticks())
    }
}

/// A trade, as everybody sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradePrint {
    /// When.
    pub ts: Ts,
    /// In what.
    pub instrument: InstrumentId,
    /// At what price.
    pub price: Price,
    /// Lots.
    pub qty: Qty,
    /// The taker's side.
    pub side: Side,
    /// From where: liquidations are told apart.
    pub kind: TradeKind,
}

/// A trade of the strategy's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// When.
    pub ts: Ts,
    /// The order; `None` for what the exchange traded for the account.
    pub token: Option<OrderToken>,
    /// In what.
    pub instrument: InstrumentId,
    /// The account's side.
    pub side: Side,
    /// At what price.
    pub price: Price,
    /// Lots.
    pub qty: Qty,
    /// Fee paid.
    pub fee: Money,
    /// Whether the order had been resting.
    pub maker: bool,
    /// From where.
    pub kind: TradeKind,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// It entered the market.
    Accepted,
    /// It was refused, and why.
    Rejected(Reject),
    /// It has a new price or quantity.
    Replaced {
        /// Limit.
        price: Option<Price>,
        /// Lots open.
        open: Qty,
    },
    /// It, or what was left of it, is gone.
    Cancelled {
        /// Lots that did not trade.
        qty: Qty,
        /// Why.
        reason: CancelReason,
    },
}

/// News of an own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderUpdate {
    /// When.
    pub ts: Ts,
    /// Which; `None` where a command other than an order was refused.
    pub token: Option<OrderToken>,
    /// What.
    pub state: OrderState,
}

/// A call for margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginCall {
    /// When.
    pub ts: Ts,
    /// The least deposit that leaves the tier.
    pub shortfall: Money,
    /// Until when, nanoseconds; `None` = the end of the session.
    pub deadline: Option<Ts>,
}

/// A step of a liquidation case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiquidationStep {
    /// It began.
    Triggered,
    /// An order goes out, at this worst price at most.
    Batch {
        /// In what.
        instrument: InstrumentId,
        /// Which side.
        side: Side,
        /// Worst price; `None` = any.
        price: Option<Price>,
        /// Lots.
        qty: Qty,
    },
    /// It waits.
    Parked(ParkReason),
    /// It goes on.
    Resumed,
    /// It ended: the target is met.
    Restored,
    /// It ended: flat with equity not below zero.
    Closed,
    /// It ended: flat with equity below zero.
    Waterfall,
}

/// News of a liquidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidation {
    /// When.
    pub ts: Ts,
    /// Number of the case.
    pub case: u32,
    /// Whether it is the strategy's own account.
    pub own: bool,
    /// What happened.
    pub step: LiquidationStep,
}

/// The account's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountStatus {
    /// When it was so.
    pub ts: Ts,
    /// Balance and unrealised result.
    pub equity: Money,
    /// Balance.
    pub balance: Money,
    /// Initial margin of its positions.
    pub margin: Money,
    /// Maintenance margin of its positions.
    pub maintenance: Money,
    /// Free for orders.
    pub available: Money,
    /// Its profile's measure of danger.
    pub measure: Measure,
    /// Its tier; 0 = normal.
    pub tier: u8,
    /// What it may do.
    pub permission: Permission,
    /// Fees paid so far.
    pub fees: Money,
    /// What it owes the house.
    pub debt: Money,
}
