//! What is traded: steps, bands, margins, fees, phases.

use crate::label::Label;
use crate::units::{Money, Price, Ratio};
use serde::{Deserialize, Serialize};

/// A positive decimal step, `mantissa x 10^-decimals`: tick size, lot size, multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The digits, without trailing zeros after the point.
    pub mantissa: i64,
    /// Places after the point.
    pub decimals: u32,
}

/// The prices at which orders may stand, both ends included. Units: ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// Limit-down.
    pub down: Price,
    /// Limit-up.
    pub up: Price,
}

impl Band {
    /// Whether `price` may stand.
    #[inline]
    pub fn contains(self, price: Price) -> bool {
        self.down <= price && price <= self.up
    }
}

/// What kind of contract it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstrumentKind {
    /// Expires.
    Future,
    /// Never expires.
    Perpetual,
}

/// Margin of a lot = share x price x multiplier + amount a lot. Source: RULES 1.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarginRate {
    /// Share of the notional.
    pub share: Ratio,
    /// Fixed amount a lot.
    pub per_lot: Money,
}

/// A fee: share of the notional plus a fixed amount a lot.
pub type Fee = MarginRate;

/// The fees of an instrument; those that apply to a fill add up. Source: SEMANTICS 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// On lots that open.
    pub open: Fee,
    /// On lots that close.
    pub close: Fee,
    /// On the resting order's side.
    pub maker: Fee,
    /// On the incoming order's side.
    pub taker: Fee,
    /// On the liquidated account's side.
    pub liquidation: Fee,
}

/// What sets the mark price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarkSource {
    /// Each trade.
    Last,
    /// Only the mark command.
    External,
}

/// Trading phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Orders match as they come.
    Continuous,
    /// Orders gather; leaving it uncrosses.
    Auction,
    /// Nothing may enter; cancels are taken.
    Halted,
    /// As halted, at the end of a session.
    Closed,
}

impl Phase {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Continuous => "continuous",
            Phase::Auction => "auction",
            Phase::Halted => "halted",
            Phase::Closed => "closed",
        }
    }
}

/// Which prices a call auction considers. Source: RULES 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuctionCandidates {
    /// Every tick between the lowest and the highest limit.
    Ticks,
    /// Only prices that stand in the book.
    Limits,
}

/// What becomes of the rest of a market order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarketRemainder {
    /// It is cancelled.
    Cancel,
    /// It rests at the last price it traded at; cancelled if it traded nowhere.
    Rest,
}

/// An instrument, everything proved at load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentSpec {
    /// Its name.
    pub symbol: Label,
    /// Its kind.
    pub kind: InstrumentKind,
    /// Price step; 1 tick.
    pub tick_size: Step,
    /// Quantity step; 1 lot.
    pub lot_size: Step,
    /// Money per 1.0 of price per 1.0 of quantity.
    pub multiplier: Step,
    /// Money units per tick and lot: tick_size x lot_size x multiplier, whole by proof.
    pub tick_value: i64,
    /// Previous settlement; the first mark. Units: ticks.
    pub prev_settlement: Price,
    /// Limit-down and limit-up; absent = no band.
    pub band: Option<Band>,
    /// The house's (broker's) margin.
    pub initial: MarginRate,
    /// The exchange's margin, at most the house's.
    pub maintenance: MarginRate,
    /// What sets the mark.
    pub mark: MarkSource,
    /// Whether a liquidation's trades set the mark where trades do.
    pub liquidation_moves_mark: bool,
    /// Fees.
    pub fees: Fees,
    /// Phase at the start.
    pub phase: Phase,
    /// Auction candidates.
    pub auction_candidates: AuctionCandidates,
    /// What becomes of the rest of a market order.
    pub market_remainder: MarketRemainder,
}
