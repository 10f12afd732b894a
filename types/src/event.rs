//! All that may leave: what happened, in order.

use crate::command::{ForcedReason, Offset};
use crate::ids::{AccountId, CaseId, Handle, InstrumentId, ProfileId};
use crate::instrument::{MarginRate, Phase};
use crate::label::{Label, OrderId};
use crate::profile::Permission;
use crate::reject::Reject;
use crate::rounding::half_up_div;
use crate::units::{Money, Price, Qty, Ratio, Side, Ts};
use serde::{Deserialize, Serialize};

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Gapless from 1.
    pub seq: u64,
    /// When, nanoseconds; of a timer, when it fell due.
    pub ts: Ts,
    /// What.
    pub kind: EventKind,
}

/// Where a trade comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TradeKind {
    /// Continuous matching.
    Normal,
    /// Either side is a case.
    Liquidation,
    /// A call auction.
    Auction,
    /// A deleveraging, without a book.
    Deleverage,
    /// A forced reduction, without a book.
    Reduction,
}

impl TradeKind {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            TradeKind::Normal => "normal",
            TradeKind::Liquidation => "liquidation",
            TradeKind::Auction => "auction",
            TradeKind::Deleverage => "adl",
            TradeKind::Reduction => "reduction",
        }
    }
}

/// Why an order went without trading whole. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelReason {
    /// The client asked, by cancel or cancel_all.
    Client,
    /// The rest of an immediate-or-cancel order.
    Ioc,
    /// A fill-or-kill order that could not fill.
    Fok,
    /// An order that could not trade its least quantity at once.
    MinQty,
    /// The rest of a market order.
    Market,
    /// Self-match prevention.
    SelfMatch,
    /// A reduce-only order with nothing left to reduce.
    ReduceOnly,
    /// A tier cancels opening orders.
    CancelOpening,
    /// The account's case begins, or pulls its resting batch.
    Liquidation,
    /// Outside a new band.
    Band,
    /// Its time is over.
    Expired,
    /// Its instrument is no longer traded.
    Delisted,
    /// Its account gives lots in a deleveraging.
    Deleverage,
    /// A triggered stop that may not enter, for one of [`CancelReason::REFUSALS`].
    Refused(Reject),
}

impl CancelReason {
    /// Every reason.
    pub const ALL: &[CancelReason] = &[
        CancelReason::Client,
        CancelReason::Ioc,
        CancelReason::Fok,
        CancelReason::MinQty,
        CancelReason::Market,
        CancelReason::SelfMatch,
        CancelReason::ReduceOnly,
        CancelReason::CancelOpening,
        CancelReason::Liquidation,
        CancelReason::Band,
        CancelReason::Expired,
        CancelReason::Delisted,
        CancelReason::Deleverage,
    ];

    /// Why a triggered stop may not enter, in order of precedence. Codes that [`CancelReason::ALL`] has too mean the same order fate.
    pub const REFUSALS: &[Reject] = &[
        Reject::QuantityTooLarge,
        Reject::Liquidation,
        Reject::Frozen,
        Reject::PriceBand,
        Reject::Close,
        Reject::CloseCarried,
        Reject::CloseToday,
        Reject::ReduceOnly,
        Reject::CloseOnly,
        Reject::PositionLimit,
        Reject::PostOnly,
        Reject::Margin,
        Reject::Full,
    ];

    /// The stable code in events.
    pub fn as_str(self) -> &'static str {
        match self {
            CancelReason::Client => "client",
            CancelReason::Ioc => "ioc",
            CancelReason::Fok => "fok",
            CancelReason::MinQty => "min_qty",
            CancelReason::Market => "market",
            CancelReason::SelfMatch => "self_match",
            CancelReason::ReduceOnly => "reduce_only",
            CancelReason::CancelOpening => "cancel_opening",
            CancelReason::Liquidation => "liquidation",
            CancelReason::Band => "band",
            CancelReason::Expired => "expired",
            CancelReason::Delisted => "delisted",
            CancelReason::Deleverage => "adl",
            CancelReason::Refused(reason) => reason.as_str(),
        }
    }
}

/// Why a case waits. A closed list, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParkReason {
    /// The instrument is halted.
    Halted,
    /// The instrument is closed.
    Closed,
    /// The instrument is in a call auction.
    Auction,
    /// The own side stands at the limit price and nothing opposite.
    LimitLocked,
    /// Nothing opposite inside the worst price.
    NoLiquidity,
}

impl ParkReason {
    /// Every reason, in order of precedence.
    pub const ALL: &[ParkReason] = &[
        ParkReason::Halted,
        ParkReason::Closed,
        ParkReason::Auction,
        ParkReason::LimitLocked,
        ParkReason::NoLiquidity,
    ];

    /// The stable code in events.
    pub fn as_str(self) -> &'static str {
        match self {
            ParkReason::Halted => "halted",
            ParkReason::Closed => "closed",
            ParkReason::Auction => "auction",
            ParkReason::LimitLocked => "limit_locked",
            ParkReason::NoLiquidity => "no_liquidity",
        }
    }
}

/// A risk degree as shown: millionths, half up. `None` where the denominator is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure(pub Option<i128>);

impl Measure {
    /// Decimal places shown.
    pub const DECIMALS: u32 = 6;

    /// `numerator / denominator` to six places, half up; `None` where the denominator is zero.
    pub fn of(numerator: Money, denominator: Money) -> Measure {
        let (n, d) = (numerator.units(), denominator.units());
        if d == 0 {
            return Measure(None);
        }
        let (n, d) = if d < 0 { (-n, -d) } else { (n, d) };
        // Beyond 2^100 units six places need no more than the leading bits.
        let bits = 128 - n.unsigned_abs().max(d.unsigned_abs()).leading_zeros();
        let shift = bits.saturating_sub(100);
        let (n, d) = (n >> shift, (d >> shift).max(1));
        Measure(Some(half_up_div(n * 1_000_000, d)))
    }
}

/// One position a plan closes, wholly or in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiquidationTarget {
    /// In what.
    pub instrument: InstrumentId,
    /// Side of the closing order.
    pub side: Side,
    /// Lots.
    pub qty: Qty,
}

/// A step of a liquidation case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CaseStep {
    /// The case begins.
    Triggered {
        /// Why.
        reason: ForcedReason,
    },
    /// What it will close.
    Planned {
        /// In order.
        targets: Box<[LiquidationTarget]>,
    },
    /// An order goes out.
    Batch {
        /// From 1.
        n: u32,
        /// In what.
        instrument: InstrumentId,
        /// Which side.
        side: Side,
        /// Worst price; `None` = any.
        price: Option<Price>,
        /// Lots.
        qty: Qty,
    },
    /// What came of it.
    Checked {
        /// The batch.
        n: u32,
        /// What the batch traded in. Not printed.
        instrument: InstrumentId,
        /// Lots traded since it went out or since the last check.
        filled: Qty,
        /// Lots of the plan still to trade, over all its targets.
        remaining: Qty,
        /// The measure now.
        measure: Measure,
    },
    /// It waits.
    Parked {
        /// For what.
        reason: ParkReason,
    },
    /// It goes on.
    Resumed,
    /// It ends: the target is met.
    Restored,
    /// It ends: flat with equity below zero; the waterfall pays.
    Waterfall,
    /// It ends: flat with equity not below zero.
    Closed,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// An account was opened by command.
    Opened {
        /// Its id.
        account: AccountId,
        /// Its profile.
        profile: ProfileId,
    },
    /// Money came in.
    Deposit {
        /// Whose.
        account: AccountId,
        /// How much in all.
        amount: Money,
        /// How much of it repaid a debt.
        repaid: Money,
        /// Balance after it.
        balance: Money,
    },
    /// Money went out.
    Withdrawal {
        /// Whose.
        account: AccountId,
        /// How much.
        amount: Money,
        /// Balance after it.
        balance: Money,
    },
    /// An order entered.
    Accepted {
        /// Whose.
        account: AccountId,
        /// Its id.
        id: OrderId,
        /// In what.
        instrument: InstrumentId,
        /// Which side.
        side: Side,
        /// Limit; `None` for a market order without protection price.
        price: Option<Price>,
        /// Lots.
        qty: Qty,
        /// The price it waits for, of a stop.
        trigger: Option<Price>,
        /// Most lots it shows at a time; zero = all.
        display: Qty,
        /// Which lots it means, where there are legs.
        offset: Option<Offset>,
        /// Its handle if it rests or waits now, for those who address orders by handle. Not printed.
        handle: Option<Handle>,
    },
    /// A stop's price was reached; it enters now.
    Triggered {
        /// Whose.
        account: AccountId,
        /// Which.
        id: OrderId,
        /// In what. Not printed.
        instrument: InstrumentId,
        /// Its handle if it rests now. Not printed.
        handle: Option<Handle>,
    },
    /// An iceberg shows more, behind all others at its price.
    Refilled {
        /// Whose.
        account: AccountId,
        /// Which.
        id: OrderId,
        /// In what.
        instrument: InstrumentId,
        /// Its limit.
        price: Price,
        /// Lots shown now.
        qty: Qty,
    },
    /// A command was refused.
    Rejected {
        /// Whose, where it exists.
        account: Option<AccountId>,
        /// The account's name as given, where no such account exists.
        name: Option<Label>,
        /// Which order.
        id: Option<OrderId>,
        /// Why.
        reason: Reject,
    },
    /// An order, or the rest of it, went.
    Cancelled {
        /// Whose.
        account: AccountId,
        /// Which.
        id: OrderId,
        /// In what: its steps are what the quantity is counted in. Not printed.
        instrument: InstrumentId,
        /// Lots taken away.
        qty: Qty,
        /// Why.
        reason: CancelReason,
    },
    /// An order was changed.
    Replaced {
        /// Whose.
        account: AccountId,
        /// Which.
        id: OrderId,
        /// In what: its steps are what price and quantity are counted in. Not printed.
        instrument: InstrumentId,
        /// New limit; `None` for a market order.
        price: Option<Price>,
        /// New open quantity.
        qty: Qty,
        /// Whether it kept its place in the queue.
        kept_priority: bool,
        /// Its new handle, if it lost its place and rests or waits again. Not printed.
        handle: Option<Handle>,
    },
    /// Two orders met.
    Trade {
        /// In what.
        instrument: InstrumentId,
        /// At what price.
        price: Price,
        /// Lots.
        qty: Qty,
        /// The earlier order's account.
        maker: AccountId,
        /// The earlier order.
        maker_id: OrderId,
        /// The later order's account.
        taker: AccountId,
        /// The later order.
        taker_id: OrderId,
        /// The taker's side.
        side: Side,
        /// From where.
        kind: TradeKind,
        /// What the maker paid for it.
        maker_fee: Money,
        /// What the taker paid.
        taker_fee: Money,
    },
    /// The mark was set.
    Mark {
        /// Of what.
        instrument: InstrumentId,
        /// To what.
        price: Price,
    },
    /// The phase changed.
    Phase {
        /// Of what.
        instrument: InstrumentId,
        /// To what.
        phase: Phase,
    },
    /// The band changed.
    Band {
        /// Of what.
        instrument: InstrumentId,
        /// Limit-up.
        up: Price,
        /// Limit-down.
        down: Price,
    },
    /// Margin rates changed.
    Margin {
        /// Of what.
        instrument: InstrumentId,
        /// For this account alone; `None` = for all.
        account: Option<AccountId>,
        /// The house's.
        initial: MarginRate,
        /// The exchange's.
        maintenance: MarginRate,
    },
    /// A call auction ended.
    Auction {
        /// In what.
        instrument: InstrumentId,
        /// Its price; `None` where nothing crossed.
        price: Option<Price>,
        /// Lots traded.
        qty: Qty,
        /// Lots at the price left over on one side.
        surplus: Qty,
        /// Which side they are on.
        surplus_side: Option<Side>,
    },
    /// Where a call auction would end now.
    Indicative {
        /// In what.
        instrument: InstrumentId,
        /// Its price; `None` where nothing crosses.
        price: Option<Price>,
        /// Lots that would trade.
        qty: Qty,
        /// Lots at the price that would be left over on one side.
        surplus: Qty,
        /// Which side they are on.
        surplus_side: Option<Side>,
    },
    /// A day's settlement price.
    Settled {
        /// Of what.
        instrument: InstrumentId,
        /// What.
        price: Price,
        /// The side that stood alone at its limit price when the market closed.
        one_sided: Option<Side>,
        /// The next day's price limit, if it has one.
        limit: Option<Ratio>,
    },
    /// What a day brought an account.
    Settlement {
        /// Whose.
        account: AccountId,
        /// In what, if one instrument was settled.
        instrument: Option<InstrumentId>,
        /// Realised since its last settlement, by date: carried lots against the previous settlement.
        profit: Money,
        /// The same by trade: what was closed since, against its opening price. Source: RULES 2.2.
        profit_by_trade: Money,
        /// Fees paid since its last settlement.
        fees: Money,
        /// Balance after it.
        balance: Money,
    },
    /// An instrument came.
    Listed {
        /// Which.
        instrument: InstrumentId,
    },
    /// An instrument went.
    Delisted {
        /// Which.
        instrument: InstrumentId,
    },
    /// An instrument expired; nobody holds it any more.
    Expired {
        /// Which.
        instrument: InstrumentId,
        /// Its final settlement price.
        price: Price,
    },
    /// A trade was undone.
    Busted {
        /// The number of its event.
        trade: u64,
        /// In what.
        instrument: InstrumentId,
        /// At what price.
        price: Price,
        /// Lots.
        qty: Qty,
    },
    /// An account changed its tier. Tiers count from 1; 0 is "normal".
    Tier {
        /// Whose.
        account: AccountId,
        /// From.
        from: u8,
        /// To.
        to: u8,
        /// The measure.
        measure: Measure,
        /// Equity.
        equity: Money,
        /// The margin the measure uses.
        margin: Money,
    },
    /// A margin call.
    MarginCall {
        /// Whose.
        account: AccountId,
        /// The least deposit that leaves the tier.
        shortfall: Money,
        /// When it falls due; `None` = at the end of the session.
        deadline: Option<Ts>,
    },
    /// Rights were taken.
    Restricted {
        /// Whose.
        account: AccountId,
        /// What is left.
        permission: Permission,
    },
    /// Rights came back.
    Unrestricted {
        /// Whose.
        account: AccountId,
        /// What there is now.
        permission: Permission,
    },
    /// A liquidation case took a step.
    Case {
        /// Whose.
        account: AccountId,
        /// Which.
        case: CaseId,
        /// What.
        step: CaseStep,
    },
    /// The insurance fund changed.
    Fund {
        /// By how much.
        change: Money,
        /// To what.
        balance: Money,
        /// For which case; `None` for money paid in.
        case: Option<CaseId>,
    },
    /// The house took over what a client owes.
    Debt {
        /// Who owes.
        account: AccountId,
        /// How much.
        amount: Money,
    },
    /// An account's position was closed against a bankrupt one.
    Deleveraged {
        /// In what.
        instrument: InstrumentId,
        /// Whose.
        account: AccountId,
        /// Lots.
        qty: Qty,
        /// At what price.
        price: Price,
        /// For which case.
        case: CaseId,
    },
    /// The fund took a position over, at its bankruptcy price.
    TakenOver {
        /// Whose it was.
        account: AccountId,
        /// In what.
        instrument: InstrumentId,
        /// Side of the position.
        side: Side,
        /// Lots.
        qty: Qty,
        /// At what price.
        price: Price,
        /// What the account paid in fees; the fund pays none.
        fee: Money,
        /// By which case.
        case: CaseId,
    },
    /// An account bore part of another's loss.
    Socialised {
        /// Who bore.
        account: AccountId,
        /// How much.
        amount: Money,
    },
    /// A forced reduction closed part of an account's position.
    Reduced {
        /// In what.
        instrument: InstrumentId,
        /// Whose.
        account: AccountId,
        /// Side of the position.
        side: Side,
        /// Lots.
        qty: Qty,
        /// At what price.
        price: Price,
    },
    /// Funding was paid or received.
    Funding {
        /// Whose.
        account: AccountId,
        /// In what.
        instrument: InstrumentId,
        /// Change of the balance: below zero = paid.
        amount: Money,
    },
    /// The index was set.
    Index {
        /// Of what.
        instrument: InstrumentId,
        /// To what.
        price: Price,
    },
    /// An account's leverage was set.
    Leverage {
        /// Whose.
        account: AccountId,
        /// In what.
        instrument: InstrumentId,
        /// To what.
        value: Ratio,
    },
    /// Money moved between an account and one of its isolated positions.
    MarginMoved {
        /// Whose.
        account: AccountId,
        /// Which position's instrument.
        instrument: InstrumentId,
        /// Into the position; below zero: out of it.
        amount: Money,
    },
    /// An account got another profile.
    Profile {
        /// Whose.
        account: AccountId,
        /// Which.
        profile: ProfileId,
    },
    /// A change of an instrument's terms was announced.
    Scheduled {
        /// Of what.
        instrument: InstrumentId,
        /// When; `None` = at its next settlement.
        at: Option<Ts>,
    },
    /// An instrument's daily limit or fees changed. Margins have an event of their own.
    Terms {
        /// Of what.
        instrument: InstrumentId,
        /// The regular daily limit now.
        price_limit: Option<Ratio>,
        /// Whether its fees changed.
        fees: bool,
    },
    /// What everybody may do in an instrument changed.
    InstrumentPermission {
        /// In what.
        instrument: InstrumentId,
        /// What.
        permission: Permission,
    },
    /// An account's position reached the size from which it is reported.
    LargePosition {
        /// Whose.
        account: AccountId,
        /// In what.
        instrument: InstrumentId,
        /// Side of the position.
        side: Side,
        /// Lots held.
        qty: Qty,
    },
}

impl EventKind {
    /// Whose event it is: the account it names, or a trade's maker and taker. `None` for what concerns everybody alike.
    ///
    /// Numbers may stand for isolated positions; the exchange knows their owners.
    pub fn accounts(&self) -> [Option<AccountId>; 2] {
        match *self {
            EventKind::Trade { maker, taker, .. } => [Some(maker), Some(taker)],
            EventKind::Rejected { account, .. } | EventKind::Margin { account, .. } => {
                [account, None]
            }
            EventKind::Opened { account, .. }
            | EventKind::Deposit { account, .. }
            | EventKind::Withdrawal { account, .. }
            | EventKind::Accepted { account, .. }
            | EventKind::Triggered { account, .. }
            | EventKind::Refilled { account, .. }
            | EventKind::Cancelled { account, .. }
            | EventKind::Replaced { account, .. }
            | EventKind::Settlement { account, .. }
            | EventKind::Tier { account, .. }
            | EventKind::MarginCall { account, .. }
            | EventKind::Restricted { account, .. }
            | EventKind::Unrestricted { account, .. }
            | EventKind::Case { account, .. }
            | EventKind::Debt { account, .. }
            | EventKind::Deleveraged { account, .. }
            | EventKind::TakenOver { account, .. }
            | EventKind::Socialised { account, .. }
            | EventKind::Reduced { account, .. }
            | EventKind::Funding { account, .. }
            | EventKind::Leverage { account, .. }
            | EventKind::MarginMoved { account, .. }
            | EventKind::Profile { account, .. }
            | EventKind::LargePosition { account, .. } => [Some(account), None],
            EventKind::Mark { .. }
            | EventKind::Phase { .. }
            | EventKind::Band { .. }
            | EventKind::Auction { .. }
            | EventKind::Indicative { .. }
            | EventKind::Settled { .. }
            | EventKind::Listed { .. }
            | EventKind::Delisted { .. }
            | EventKind::Expired { .. }
            | EventKind::Busted { .. }
            | EventKind::Fund { .. }
            | EventKind::Index { .. }
            | EventKind::Scheduled { .. }
            | EventKind::Terms { .. }
            | EventKind::InstrumentPermission { .. } => [None, None],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_rounds_half_up_and_knows_where_it_is_undefined() {
        let m = |n, d| Measure::of(Money::new(n), Money::new(d)).0;
        assert_eq!(m(80_000, 100_000), Some(800_000));
        assert_eq!(m(2, 3), Some(666_667));
        assert_eq!(m(1, 0), None);
        assert_eq!(m(1, -4), Some(-250_000));
    }

    #[test]
    fn an_event_fits_three_cache_lines() {
        assert!(std::mem::size_of::<Event>() <= 192, "{}", std::mem::size_of::<Event>());
    }
}
