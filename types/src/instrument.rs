//! What is traded: steps, bands, margins, fees, phases.

use crate::label::Label;
use crate::protection::{LimitLadder, LimitState, Volatility};
use crate::risk_rules::RiskRules;
use crate::rounding::{ceil_div, floor_div};
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

    /// The band of `share` around a price, rounded inward to the tick. Source: RULES 3.1.
    pub fn around(price: Price, share: Ratio) -> Band {
        let (ticks, one) = (i128::from(price.ticks()), i128::from(Ratio::SCALE));
        let share = i128::from(share.nano());
        let edge = |ticks: i128| Price::clamped(ticks.clamp(1, 1 << 31) as i64);
        Band {
            down: edge(ceil_div(ticks * (one - share), one)),
            up: edge(floor_div(ticks * (one + share), one)),
        }
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
    /// On lots opened today that close, in place of `close`; `None` = the same.
    pub close_today: Option<Fee>,
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
    /// The index; with a cap, each trade's price as far as it lies within this share of the index.
    Index {
        /// Largest difference of mark and index, a share of the index.
        cap: Option<Ratio>,
    },
}

/// Trading phase. Who may enter, cancel and replace in each: SEMANTICS 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// Orders match as they come.
    Continuous,
    /// Orders gather; leaving it uncrosses.
    Auction,
    /// Nothing may enter; cancels are taken.
    Halted,
    /// As halted, at the end of a session.
    Closed,
    /// Orders gather before an auction; nothing is indicated.
    PreOpen,
    /// The end of an auction: orders may enter, not go.
    NoCancel,
    /// An auction because the price left its corridor.
    Volatility,
}

impl Phase {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Continuous => "continuous",
            Phase::Auction => "auction",
            Phase::Halted => "halted",
            Phase::Closed => "closed",
            Phase::PreOpen => "pre_open",
            Phase::NoCancel => "no_cancel",
            Phase::Volatility => "volatility",
        }
    }

    /// Every phase.
    pub const ALL: &[Phase] = &[
        Phase::Continuous,
        Phase::Auction,
        Phase::Halted,
        Phase::Closed,
        Phase::PreOpen,
        Phase::NoCancel,
        Phase::Volatility,
    ];

    /// Whether an auction is being called: leaving it uncrosses, and its outcome is indicated.
    #[inline]
    pub fn is_call(self) -> bool {
        matches!(self, Phase::Auction | Phase::NoCancel | Phase::Volatility)
    }

    /// Whether orders gather without matching.
    #[inline]
    pub fn gathers(self) -> bool {
        self.is_call() || self == Phase::PreOpen
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

/// Who trades first at a limit price. Source: RULES 3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitPriority {
    /// Whoever came first.
    Time,
    /// Whoever closes carried lots, then whoever came first.
    CloseFirst,
}

/// At what price two orders trade. Source: RULES 3.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TradePrice {
    /// The resting order's.
    Maker,
    /// The middle one of both limits and the previous trade.
    Median,
}

/// How a price level is shared out to an order that wants less than it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Allocation {
    /// First come, first served.
    Time,
    /// A share by time, the rest in proportion to what each order shows; share zero = pro rata.
    ProRata {
        /// The share that goes by time.
        fifo: Ratio,
    },
}

/// How a day's settlement price is found. Source: RULES 2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettlementMethod {
    /// Volume-weighted average of the day.
    DayAverage,
    /// Volume-weighted average of the last hour with trades.
    LastHour,
    /// The last trade.
    Last,
}

/// Rules that go beyond plain price-time trading at the makers' prices; by default none of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingRules {
    /// Protection of market orders that bring none: so far through the touch, ticks. Source: RULES 3.6 (b).
    pub market_protection: Option<u32>,
    /// The regular daily limit, a share of the previous settlement; absent = settlement makes no band.
    pub price_limit: Option<Ratio>,
    /// How limit and margin grow over one-sided days.
    pub limit_ladder: Option<LimitLadder>,
    /// The corridor that stops the book.
    pub volatility: Option<Volatility>,
    /// The pause of a market that stands at its limit.
    pub limit_state: Option<LimitState>,
    /// Who trades first at a limit price.
    pub limit_priority: LimitPriority,
    /// At what price orders trade.
    pub trade_price: TradePrice,
    /// How a level is shared out.
    pub allocation: Allocation,
    /// How settlement finds its price.
    pub settlement_price: SettlementMethod,
    /// Its calendar's place in the configuration.
    pub calendar: Option<u16>,
}

impl Default for TradingRules {
    fn default() -> TradingRules {
        TradingRules {
            market_protection: None,
            price_limit: None,
            limit_ladder: None,
            volatility: None,
            limit_state: None,
            limit_priority: LimitPriority::Time,
            trade_price: TradePrice::Maker,
            allocation: Allocation::Time,
            settlement_price: SettlementMethod::DayAverage,
            calendar: None,
        }
    }
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
    /// Rules beyond plain price-time trading.
    pub rules: TradingRules,
    /// What it asks of those who hold it.
    pub risk: RiskRules,
}
