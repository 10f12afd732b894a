//! The words of the border: small numbers for sides, types, reasons and phases, the same in every version.
//!
//! Zero is the default of a word that has one. A number is never given a new meaning; new ones come at the end.

use plimsoll_types as engine;

/// A side of the market. There is no default: 0 is refused.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Bids.
    Buy = 1,
    /// Asks.
    Sell = 2,
}

/// How an order meets the book.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderType {
    /// At its price or better.
    Limit = 0,
    /// At any price, or inside `price` where that is not 0.
    Market = 1,
    /// A market order once the last price reaches `trigger`.
    Stop = 2,
    /// A limit order once the last price reaches `trigger`.
    StopLimit = 3,
}

/// How long an order lives.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeInForce {
    /// Until it trades or is cancelled.
    Gtc = 0,
    /// What does not trade at once is cancelled.
    Ioc = 1,
    /// Trades whole at once, or not at all.
    Fok = 2,
    /// Until the end of the session.
    Day = 3,
    /// Until `expires`.
    Gtd = 4,
}

/// What happens where an order would meet one of its own account; the incoming order's word decides.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfMatch {
    /// They trade.
    None = 0,
    /// The incoming order's rest is cancelled.
    CancelNewest = 1,
    /// The resting order is cancelled, matching goes on.
    CancelOldest = 2,
    /// Both are cancelled.
    CancelBoth = 3,
    /// The smaller quantity is taken off both, without a trade.
    Decrement = 4,
}

/// Which leg of a position an order means, where long and short legs are kept apart.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// Not said; the only word in net mode.
    None = 0,
    /// Opens.
    Open = 1,
    /// Closes, oldest first.
    Close = 2,
    /// Closes what was opened today.
    CloseToday = 3,
}

/// Why a command was refused.
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// It was not.
    None = 0,
    /// No account of that name or number is open.
    UnknownAccount = 1,
    /// No such instrument.
    UnknownSymbol = 2,
    /// No such profile.
    UnknownProfile = 3,
    /// No such trade, too long ago, or busted before.
    UnknownTrade = 4,
    /// The price is no multiple of the tick size.
    PriceOffTick = 5,
    /// The price lies outside 1 to 2^30 ticks.
    PriceOutOfRange = 6,
    /// The quantity is zero or negative.
    QuantityNotPositive = 7,
    /// The quantity is no multiple of the lot size.
    QuantityOffLot = 8,
    /// The quantity is above 2^40 - 1 lots, or more than an account or a book may hold.
    QuantityTooLarge = 9,
    /// A display quantity where none can be, or below a ten-thousandth of the quantity.
    Display = 10,
    /// The minimum quantity is above the quantity.
    MinQty = 11,
    /// The expiry is not in the future.
    Expires = 12,
    /// The amount is zero or negative.
    AmountNotPositive = 13,
    /// The amount has more decimals than the currency.
    AmountOffUnit = 14,
    /// A margin rate is none.
    InvalidMargin = 15,
    /// The upper limit lies under the lower.
    InvalidBand = 16,
    /// The symbol is listed.
    DuplicateSymbol = 17,
    /// The name is taken or reserved.
    DuplicateAccount = 18,
    /// Somebody holds a position in the instrument.
    OpenPosition = 19,
    /// A liquidation case has the account in hand.
    Liquidation = 20,
    /// The account is frozen.
    Frozen = 21,
    /// No open order of that account has this id or handle; a stale handle among them.
    UnknownOrder = 22,
    /// The order has no trigger to change.
    Trigger = 23,
    /// The instrument's phase does not take this.
    Phase = 24,
    /// The account has an open order with this id.
    DuplicateId = 25,
    /// The price lies outside the band.
    PriceBand = 26,
    /// Part of a reduce-only order would open a position.
    ReduceOnly = 27,
    /// The account may only close.
    CloseOnly = 28,
    /// A post-only order would take.
    PostOnly = 29,
    /// Margin and fees are not covered.
    Margin = 30,
    /// The withdrawal is above what is available.
    Available = 31,
    /// The withdrawal would bring the account to a tier.
    Tier = 32,
    /// The book is full.
    Full = 33,
    /// A time that has passed.
    Past = 34,
    /// An offset where positions have no legs.
    Offset = 35,
    /// Leverage below 1 or above what the initial margin allows.
    Leverage = 36,
    /// The account's margin mode does not take this, or cannot change now.
    MarginMode = 37,
    /// Nothing to do it with.
    NotApplicable = 38,
    /// No side stands alone at its limit price.
    NotLocked = 39,
    /// The leg has too few lots that are not promised to other orders.
    Close = 40,
    /// Likewise, of the lots carried over from an earlier day.
    CloseCarried = 41,
    /// Likewise, of the lots opened today.
    CloseToday = 42,
    /// The account would hold more than it may.
    PositionLimit = 43,
    /// More lots than the user may enter at once; a gateway's guard, as those below.
    OrderQuantity = 44,
    /// Worth more than the user may enter at once.
    OrderValue = 45,
    /// Further from the mark than the user's collar allows.
    Collar = 46,
    /// As many open orders as the user may have.
    OpenOrders = 47,
    /// A reason this version of the header has no number for; the event as text names it.
    Other = 65535,
}

/// Why an order went without trading whole.
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// The client asked.
    Client = 1,
    /// The rest of an immediate-or-cancel order.
    Ioc = 2,
    /// A fill-or-kill order that could not fill.
    Fok = 3,
    /// The rest of a market order.
    Market = 4,
    /// Self-match prevention.
    SelfMatch = 5,
    /// A reduce-only order with nothing left to reduce.
    ReduceOnly = 6,
    /// A tier cancels opening orders.
    CancelOpening = 7,
    /// The account's case begins, or pulls its resting batch.
    Liquidation = 8,
    /// Outside a new band.
    Band = 9,
    /// An order that could not trade its least quantity at once.
    MinQty = 10,
    /// Its time is over.
    Expired = 11,
    /// Its instrument is no longer traded.
    Delisted = 12,
    /// A triggered stop that may not enter; `detail` says why (plimsoll_reject).
    Refused = 13,
    /// Its account gives in a deleveraging.
    Deleverage = 14,
    /// A reason this version of the header has no number for; the event as text names it.
    Other = 65535,
}

/// Why a case waits.
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkReason {
    /// The instrument is halted.
    Halted = 1,
    /// The instrument is closed.
    Closed = 2,
    /// The instrument is in a call auction.
    Auction = 3,
    /// The own side stands at the limit price and nothing opposite.
    LimitLocked = 4,
    /// Nothing opposite inside the worst price.
    NoLiquidity = 5,
    /// A reason this version of the header has no number for; the event as text names it.
    Other = 65535,
}

/// Where a trade comes from.
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeKind {
    /// Continuous matching.
    Normal = 1,
    /// Either side is a liquidation case.
    Liquidation = 2,
    /// A call auction.
    Auction = 3,
    /// A deleveraging, without a book.
    Deleverage = 4,
    /// A forced reduction, without a book.
    Reduction = 5,
    /// A kind this version of the header has no number for; the event as text names it.
    Other = 65535,
}

/// Why a case begins.
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForcedReason {
    /// A breach of its margin.
    Funds = 1,
    /// More lots than a client may hold.
    ClientLimit = 2,
    /// More lots than a member may hold.
    MemberLimit = 3,
    /// A violation of the rules.
    Violation = 4,
    /// A position that may not go into the delivery month.
    DeliveryMonth = 5,
    /// Another, said by who ordered it.
    Unnamed = 6,
    /// A reason this version of the header has no number for; the event as text names it.
    Other = 65535,
}

/// Trading phase.
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Orders match as they come.
    Continuous = 1,
    /// Orders gather; leaving it uncrosses.
    Auction = 2,
    /// Nothing may enter; cancels are taken.
    Halted = 3,
    /// As halted, at the end of a session.
    Closed = 4,
    /// Orders gather before an auction; nothing is indicated.
    PreOpen = 5,
    /// The end of an auction: orders may enter, not go.
    NoCancel = 6,
    /// An auction because the price left its corridor.
    Volatility = 7,
    /// A phase this version of the header has no number for; the event as text names it.
    Other = 65535,
}

/// What an account may do.
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Everything.
    Normal = 1,
    /// Only reduce its positions.
    CloseOnly = 2,
    /// Nothing but cancel and pay in.
    Frozen = 3,
    /// A permission this version of the header has no number for; the event as text names it.
    Other = 65535,
}

/// How far a liquidation case has come.
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseState {
    /// It begins.
    Triggered = 1,
    /// It has a plan; `n` targets follow, each a PLIMSOLL_EVENT_KIND_CASE_TARGET.
    Planned = 2,
    /// Batch `n` goes out.
    Batch = 3,
    /// What came of batch `n`.
    Checked = 4,
    /// It waits; `detail` says why (plimsoll_park_reason).
    Parked = 5,
    /// It goes on.
    Resumed = 6,
    /// It ends: the target is met.
    Restored = 7,
    /// It ends: flat with equity below zero; the waterfall pays.
    Waterfall = 8,
    /// It ends: flat with equity not below zero.
    Closed = 9,
    /// A state this version of the header has no number for; the event as text names it.
    Other = 65535,
}

/// The engine's word for a number, or `None` for one that is no word.
pub(crate) fn side(number: u8) -> Option<engine::Side> {
    match number {
        1 => Some(engine::Side::Buy),
        2 => Some(engine::Side::Sell),
        _ => None,
    }
}

/// As [`side()`].
pub(crate) fn self_match(number: u8) -> Option<engine::SelfMatch> {
    Some(match number {
        0 => engine::SelfMatch::None,
        1 => engine::SelfMatch::CancelNewest,
        2 => engine::SelfMatch::CancelOldest,
        3 => engine::SelfMatch::CancelBoth,
        4 => engine::SelfMatch::Decrement,
        _ => return None,
    })
}

/// Which lots an order means; `None` inside: not said. As [`side()`].
pub(crate) fn offset(number: u8) -> Option<Option<engine::Offset>> {
    Some(match number {
        0 => None,
        1 => Some(engine::Offset::Open),
        2 => Some(engine::Offset::Close),
        3 => Some(engine::Offset::CloseToday),
        _ => return None,
    })
}

/// Whether a type is a market order, and whether it is a stop.
pub(crate) fn order_type(number: u8) -> Option<(bool, bool)> {
    Some(match number {
        0 => (false, false),
        1 => (true, false),
        2 => (true, true),
        3 => (false, true),
        _ => return None,
    })
}

/// As [`side()`].
pub(crate) fn time_in_force(number: u8, expires: u64) -> Option<engine::TimeInForce> {
    Some(match number {
        0 => engine::TimeInForce::Gtc,
        1 => engine::TimeInForce::Ioc,
        2 => engine::TimeInForce::Fok,
        3 => engine::TimeInForce::Day,
        4 => engine::TimeInForce::Gtd(expires),
        _ => return None,
    })
}

/// Pairs the engine's words with the border's, one for one; what has no number yet is `Other`.
macro_rules! numbered {
    ($from:path => $to:ident { $($word:ident),+ $(,)? }) => {
        impl From<$from> for $to {
            fn from(word: $from) -> $to {
                use $from as From;
                #[allow(unreachable_patterns, reason = "a word the engine gains becomes Other")]
                match word {
                    $(From::$word => $to::$word,)+
                    _ => $to::Other,
                }
            }
        }
    };
}

numbered!(engine::CancelReason => CancelReason {
    Client, Ioc, Fok, Market, SelfMatch, ReduceOnly, CancelOpening, Liquidation, Band, MinQty,
    Expired, Delisted, Deleverage,
});
numbered!(engine::ParkReason => ParkReason { Halted, Closed, Auction, LimitLocked, NoLiquidity });
numbered!(engine::TradeKind => TradeKind {
    Normal, Liquidation, Auction, Deleverage, Reduction,
});
numbered!(engine::Phase => Phase {
    Continuous, Auction, Halted, Closed, PreOpen, NoCancel, Volatility,
});
numbered!(engine::Permission => Permission { Normal, CloseOnly, Frozen });
numbered!(engine::Reject => Reject {
    UnknownAccount, UnknownSymbol, UnknownProfile, UnknownTrade, PriceOffTick, PriceOutOfRange,
    QuantityNotPositive, QuantityOffLot, QuantityTooLarge, Display, MinQty, Expires,
    AmountNotPositive, AmountOffUnit, InvalidMargin, InvalidBand, DuplicateSymbol, DuplicateAccount,
    OpenPosition, Liquidation, Frozen, UnknownOrder, Trigger, Phase, DuplicateId, PriceBand,
    ReduceOnly, CloseOnly, PostOnly, Margin, Available, Tier, Full, Past, Offset, Leverage,
    MarginMode, NotApplicable, NotLocked, Close, CloseCarried, CloseToday, PositionLimit,
    OrderQuantity, OrderValue, Collar, OpenOrders,
});

impl From<engine::ForcedReason> for ForcedReason {
    fn from(reason: engine::ForcedReason) -> ForcedReason {
        match reason {
            engine::ForcedReason::Funds => ForcedReason::Funds,
            engine::ForcedReason::ClientLimit => ForcedReason::ClientLimit,
            engine::ForcedReason::MemberLimit => ForcedReason::MemberLimit,
            engine::ForcedReason::Violation => ForcedReason::Violation,
            engine::ForcedReason::DeliveryMonth => ForcedReason::DeliveryMonth,
            engine::ForcedReason::Other => ForcedReason::Unnamed,
        }
    }
}

impl From<Option<engine::Offset>> for Offset {
    fn from(offset: Option<engine::Offset>) -> Offset {
        match offset {
            None => Offset::None,
            Some(engine::Offset::Open) => Offset::Open,
            Some(engine::Offset::Close) => Offset::Close,
            Some(engine::Offset::CloseToday) => Offset::CloseToday,
        }
    }
}

impl From<engine::Side> for Side {
    fn from(side: engine::Side) -> Side {
        match side {
            engine::Side::Buy => Side::Buy,
            engine::Side::Sell => Side::Sell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_the_engine_gives_has_a_number() {
        for &reason in engine::Reject::ALL {
            assert_ne!(Reject::from(reason), Reject::Other, "{reason:?} has no number in words.rs");
        }
        for &reason in engine::CancelReason::ALL {
            assert_ne!(CancelReason::from(reason), CancelReason::Other, "{reason:?}");
        }
        for &reason in engine::ParkReason::ALL {
            assert_ne!(ParkReason::from(reason), ParkReason::Other, "{reason:?}");
        }
        for &phase in engine::Phase::ALL {
            assert_ne!(Phase::from(phase), Phase::Other, "{phase:?}");
        }
    }

    #[test]
    fn sides_read_back() {
        for word in [engine::Side::Buy, engine::Side::Sell] {
            assert_eq!(side(Side::from(word) as u8), Some(word));
        }
        assert_eq!((side(0), side(3)), (None, None));
    }
}
