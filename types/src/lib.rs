//! The vocabulary of Plimsoll: what a price is, what may enter, what may leave, and every "no".
//!
//! Invariant: this crate imports nothing of the project, holds no float, clock, file or thread.

pub mod calendar;
pub mod command;
pub mod event;
pub mod ids;
pub mod instrument;
pub mod label;
pub mod pages;
pub mod prefetch;
pub mod profile;
pub mod protection;
pub mod reject;
pub mod risk_rules;
pub mod rounding;
pub mod spec;
pub mod units;

pub use calendar::{Calendar, CalendarAction, CalendarStep, Session};
pub use command::{
    Command, ForcedReason, NewOrder, Offset, OrderKind, OrderRef, SelfMatch, TimeInForce,
};
pub use event::{
    CancelReason, CaseStep, Event, EventKind, LiquidationTarget, Measure, ParkReason, TradeKind,
};
pub use ids::{AccountId, CaseId, Handle, InstrumentId, ProfileId};
pub use instrument::{
    Allocation, AuctionCandidates, Band, Fee, Fees, InstrumentKind, InstrumentSpec, LimitPriority,
    MarginRate, MarkSource, MarketRemainder, Phase, SettlementMethod, Step, TradePrice,
    TradingRules,
};
pub use label::{Label, OrderId};
pub use profile::{
    Action, AuctionPolicy, Basis, DeleveragePrice, DeleverageRank, FloatingProfit, Liquidation,
    LockedPolicy, MarginMode, MeasureKind, Permission, Policy, Profile, ProtectionPrice, SelectKey,
    Tier, WaterfallStage,
};
pub use protection::{LimitGrowth, LimitLadder, LimitState, Volatility};
pub use reject::Reject;
pub use risk_rules::{
    Bracket, CloseRule, Funding, MarginPrice, Reduction, ReductionAverage, RiskRules,
};
pub use rounding::{ceil_div, floor_div, half_up_div};
pub use spec::{
    AccountMargin, AccountSpec, Detector, ExchangeSpec, PositionMode, Schedule, ScheduleTime,
};
pub use units::{Money, Price, Qty, Ratio, Side, Ts};

/// Stops the program on a broken invariant, in release builds too.
///
/// A broken invariant is a bug of ours, never of the caller's; a wrong balance is worse than an outage.
#[macro_export]
macro_rules! invariant {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            $crate::broken(format_args!($($what)+));
        }
    };
}

/// Reports a broken invariant and stops.
#[cold]
#[inline(never)]
#[track_caller]
pub fn broken(what: std::fmt::Arguments<'_>) -> ! {
    panic!("invariant broken: {what}")
}
