//! Words as numbers: the values of a message's one-byte fields, stable for good.

use plimsoll_types::{
    CancelReason, ForcedReason, InstrumentKind, Offset, ParkReason, Permission, Reject, SelfMatch,
    Side, TradeKind,
};

/// A list of values for the description.
pub struct Values {
    /// Its name.
    pub name: &'static str,
    /// Number and word of each.
    pub values: Vec<(u16, &'static str)>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $list:ident $type:ty: $to:ident, $from:ident { $($code:literal $value:path = $word:literal,)+ })+) => {
        $(
            $(#[$doc])*
            #[inline]
            pub fn $to(value: $type) -> u8 {
                match value { $($value => $code,)+ }
            }

            /// The value of a number.
            #[inline]
            pub fn $from(code: u8) -> Option<$type> {
                match code { $($code => Some($value),)+ _ => None }
            }
        )+

        fn lists() -> Vec<Values> {
            vec![$(Values { name: stringify!($list), values: vec![$(($code, $word)),+] }),+]
        }
    };
}

codes! {
    /// Number of a side.
    side Side: of_side, side {
        1 Side::Buy = "buy",
        2 Side::Sell = "sell",
    }
    /// Number of an offset; 0 in a message = none.
    offset Offset: of_offset, offset {
        1 Offset::Open = "open",
        2 Offset::Close = "close",
        3 Offset::CloseToday = "close_today",
    }
    /// Number of a self-match mode.
    self_match SelfMatch: of_self_match, self_match {
        0 SelfMatch::None = "none",
        1 SelfMatch::CancelNewest = "cancel_newest",
        2 SelfMatch::CancelOldest = "cancel_oldest",
        3 SelfMatch::CancelBoth = "cancel_both",
        4 SelfMatch::Decrement = "decrement",
    }
    /// Number of where a trade comes from.
    trade TradeKind: of_trade, trade {
        1 TradeKind::Normal = "normal",
        2 TradeKind::Liquidation = "liquidation",
        3 TradeKind::Auction = "auction",
        4 TradeKind::Deleverage = "adl",
        5 TradeKind::Reduction = "reduction",
    }
    /// Number of a permission.
    permission Permission: of_permission, permission {
        1 Permission::Normal = "normal",
        2 Permission::CloseOnly = "close_only",
        3 Permission::Frozen = "frozen",
    }
    /// Number of a reason to liquidate.
    forced ForcedReason: of_forced, forced {
        1 ForcedReason::Funds = "funds",
        2 ForcedReason::ClientLimit = "client_limit",
        3 ForcedReason::MemberLimit = "member_limit",
        4 ForcedReason::Violation = "violation",
        5 ForcedReason::DeliveryMonth = "delivery_month",
        6 ForcedReason::Other = "other",
    }
    /// Number of a reason to wait.
    parked ParkReason: of_parked, parked {
        1 ParkReason::Halted = "halted",
        2 ParkReason::Closed = "closed",
        3 ParkReason::Auction = "auction",
        4 ParkReason::LimitLocked = "limit_locked",
        5 ParkReason::NoLiquidity = "no_liquidity",
    }
    /// Number of an instrument's kind.
    instrument InstrumentKind: of_instrument, instrument {
        1 InstrumentKind::Future = "future",
        2 InstrumentKind::Perpetual = "perpetual",
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $list:ident $type:ident { $($(#[$value_doc:meta])* $value:ident = $code:literal $word:literal,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            #[repr(u8)]
            pub enum $type { $($(#[$value_doc])* $value = $code,)+ }

            impl $type {
                /// The value of a number.
                pub fn of(code: u8) -> Option<$type> {
                    match code { $($code => Some($type::$value),)+ _ => None }
                }

                /// Its word.
                pub fn as_str(self) -> &'static str {
                    match self { $($type::$value => $word,)+ }
                }
            }
        )+

        fn own_lists() -> Vec<Values> {
            vec![$(Values { name: stringify!($list), values: vec![$(($code, $word)),+] }),+]
        }
    };
}

words! {
    /// How an order meets the book.
    order_kind OrderType {
        /// At its price or better.
        Limit = 1 "limit",
        /// At any price inside the band, or inside its price where it gives one.
        Market = 2 "market",
    }
    /// How long an order lives.
    tif Lifetime {
        /// Until it trades or is cancelled.
        Gtc = 0 "gtc",
        /// What does not trade at once goes.
        Ioc = 1 "ioc",
        /// Whole at once or not at all.
        Fok = 2 "fok",
        /// Until the end of the day.
        Day = 3 "day",
        /// Until a time.
        Gtd = 4 "gtd",
    }
    /// Which side of a trade was the earlier order.
    liquidity Liquidity {
        /// The earlier order.
        Maker = 1 "maker",
        /// The later order.
        Taker = 2 "taker",
    }
    /// What the gateway itself says no to. Nothing of it is recorded.
    refusal Refusal {
        /// More messages than the user may send.
        Throttled = 1 "throttled",
        /// The engine's queue is full.
        Busy = 2 "busy",
        /// A field holds what it cannot hold.
        Malformed = 3 "malformed",
        /// No account of this user.
        NotYourAccount = 4 "not_your_account",
        /// No instrument of this number.
        UnknownInstrument = 5 "unknown_instrument",
        /// The user may not trade.
        NotAllowed = 6 "not_allowed",
        /// A price or trigger outside 1 to 2^30 ticks.
        PriceOutOfRange = 7 "price_out_of_range",
    }
    /// Why a login is refused.
    login LoginReason {
        /// No such user, or the proof is not of its secret. Which of the two is not said.
        Denied = 1 "denied",
        /// A version of the protocol that is not spoken here.
        Version = 2 "version",
        /// The event asked for is no longer kept: the message names the oldest that is.
        TooOld = 3 "too_old",
        /// The event asked for has not happened.
        TooNew = 4 "too_new",
        /// The user is logged in and the server keeps the first session.
        LoggedIn = 5 "logged_in",
    }
    /// Why a session ends.
    end EndReason {
        /// The client asked.
        Logout = 1 "logout",
        /// The user logged in elsewhere.
        TakenOver = 2 "taken_over",
        /// Nothing was heard for too long.
        Silent = 3 "silent",
        /// Bytes that are no message of this protocol.
        Protocol = 4 "protocol",
        /// The server stops.
        Stopping = 5 "stopping",
    }
    /// Whether a command was carried out.
    answer AnswerCode {
        /// It was, and nothing happened to the user's accounts.
        Done = 1 "done",
        /// It had been carried out before.
        Copy = 2 "copy",
    }
    /// A step of a liquidation case.
    case_step Step {
        /// It begins.
        Triggered = 1 "triggered",
        /// A target of its plan.
        Planned = 2 "planned",
        /// An order goes out.
        Batch = 3 "batch",
        /// What came of it.
        Checked = 4 "checked",
        /// It waits.
        Parked = 5 "parked",
        /// It goes on.
        Resumed = 6 "resumed",
        /// It ends: the target is met.
        Restored = 7 "restored",
        /// It ends: the waterfall pays.
        Waterfall = 8 "waterfall",
        /// It ends: flat.
        Closed = 9 "closed",
    }
    /// How sure it is that what happened outlives a loss of power.
    durability DurabilityCode {
        /// There is no journal.
        None = 0 "none",
        /// Written, synced later.
        Written = 1 "written",
        /// On the disk.
        Synced = 2 "synced",
    }
}

/// Numbers of the exchange's reasons. Given once, never changed: the enum itself is in order of precedence and may grow anywhere.
const REJECTS: &[(u16, Reject)] = &[
    (1, Reject::UnknownAccount),
    (2, Reject::UnknownSymbol),
    (3, Reject::UnknownProfile),
    (4, Reject::UnknownTrade),
    (5, Reject::PriceOffTick),
    (6, Reject::PriceOutOfRange),
    (7, Reject::QuantityNotPositive),
    (8, Reject::QuantityOffLot),
    (9, Reject::QuantityTooLarge),
    (10, Reject::Display),
    (11, Reject::MinQty),
    (12, Reject::Expires),
    (13, Reject::AmountNotPositive),
    (14, Reject::AmountOffUnit),
    (15, Reject::Past),
    (16, Reject::Offset),
    (17, Reject::Leverage),
    (18, Reject::InvalidMargin),
    (19, Reject::InvalidBand),
    (20, Reject::MarginMode),
    (21, Reject::NotApplicable),
    (22, Reject::NotLocked),
    (23, Reject::DuplicateSymbol),
    (24, Reject::DuplicateAccount),
    (25, Reject::OpenPosition),
    (26, Reject::Liquidation),
    (27, Reject::Frozen),
    (28, Reject::UnknownOrder),
    (29, Reject::Trigger),
    (30, Reject::Phase),
    (31, Reject::DuplicateId),
    (32, Reject::PriceBand),
    (33, Reject::Close),
    (34, Reject::CloseCarried),
    (35, Reject::CloseToday),
    (36, Reject::ReduceOnly),
    (37, Reject::CloseOnly),
    (38, Reject::PositionLimit),
    (39, Reject::PostOnly),
    (40, Reject::Margin),
    (41, Reject::Available),
    (42, Reject::Tier),
    (43, Reject::Full),
    (44, Reject::OrderQuantity),
    (45, Reject::OrderValue),
    (46, Reject::Collar),
    (47, Reject::OpenOrders),
];

/// Number of a reason; 0 for one without, which a test forbids.
pub fn of_reject(reason: Reject) -> u16 {
    REJECTS.iter().find(|(_, known)| *known == reason).map_or(0, |(code, _)| *code)
}

/// The reason of a number.
pub fn reject(code: u16) -> Option<Reject> {
    REJECTS.iter().find(|(known, _)| *known == code).map(|(_, reason)| *reason)
}

/// Number of a reason to cancel; a stop that may not enter carries its reject's number plus 100.
pub fn of_cancel(reason: CancelReason) -> u16 {
    match reason {
        CancelReason::Client => 1,
        CancelReason::Ioc => 2,
        CancelReason::Fok => 3,
        CancelReason::MinQty => 4,
        CancelReason::Market => 5,
        CancelReason::SelfMatch => 6,
        CancelReason::ReduceOnly => 7,
        CancelReason::CancelOpening => 8,
        CancelReason::Liquidation => 9,
        CancelReason::Band => 10,
        CancelReason::Expired => 11,
        CancelReason::Delisted => 12,
        CancelReason::Deleverage => 13,
        CancelReason::Refused(reject) => 100 + of_reject(reject),
    }
}

/// The reason of a number.
pub fn cancel(code: u16) -> Option<CancelReason> {
    match code.checked_sub(100) {
        Some(code) => reject(code).map(CancelReason::Refused),
        None => CancelReason::ALL.iter().copied().find(|reason| of_cancel(*reason) == code),
    }
}

/// Every list, for the description.
pub fn all() -> Vec<Values> {
    let mut all = lists();
    all.extend(own_lists());
    let rejects = REJECTS.iter().map(|(code, reason)| (*code, reason.as_str())).collect();
    all.push(Values { name: "reject", values: rejects });
    let cancels = CancelReason::ALL.iter().map(|reason| (of_cancel(*reason), reason.as_str()));
    let stops = CancelReason::REFUSALS.iter().map(|reject| {
        let reason = CancelReason::Refused(*reject);
        (of_cancel(reason), reason.as_str())
    });
    all.push(Values { name: "cancel", values: cancels.chain(stops).collect() });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_number_of_its_own() {
        for reason in Reject::ALL {
            assert_eq!(reject(of_reject(*reason)), Some(*reason), "{reason:?} has no number");
        }
        for reason in CancelReason::ALL {
            assert_eq!(cancel(of_cancel(*reason)), Some(*reason));
        }
        for reason in CancelReason::REFUSALS {
            let reason = CancelReason::Refused(*reason);
            assert_eq!(cancel(of_cancel(reason)), Some(reason));
        }
        assert_eq!((reject(0), cancel(0), cancel(100)), (None, None, None));
    }

    #[test]
    fn the_words_are_those_of_the_other_formats() {
        for list in all() {
            let mut numbers: Vec<_> = list.values.iter().map(|(code, _)| *code).collect();
            numbers.dedup();
            assert_eq!(numbers.len(), list.values.len(), "{}", list.name);
        }
        assert_eq!(lists()[0].values, [(1, Side::Buy.as_str()), (2, Side::Sell.as_str())]);
        for (code, word) in &lists()[3].values {
            assert_eq!(trade(*code as u8).map(TradeKind::as_str), Some(*word));
        }
        for (code, word) in &lists()[6].values {
            assert_eq!(parked(*code as u8).map(ParkReason::as_str), Some(*word));
        }
    }
}
