//! All that may enter.

use crate::ids::{AccountId, Handle, InstrumentId, ProfileId};
use crate::instrument::{InstrumentSpec, MarginRate, Phase};
use crate::label::{Label, OrderId};
use crate::profile::Permission;
use crate::reject::Reject;
use crate::spec::Schedule;
use crate::units::{Money, Price, Qty, Ratio, Side, Ts};
use serde::{Deserialize, Serialize};

/// How an order meets the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderKind {
    /// At its price or better.
    Limit(Price),
    /// At any price inside the band, and inside the protection price where one is given.
    Market(Option<Price>),
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeInForce {
    /// Until it trades or is cancelled.
    Gtc,
    /// What does not trade at once is cancelled.
    Ioc,
    /// Trades whole at once, or not at all.
    Fok,
    /// Until its instrument closes or is settled.
    Day,
    /// Until a time, nanoseconds.
    Gtd(Ts),
}

impl TimeInForce {
    /// Whether what does not trade at once may rest.
    #[inline]
    pub fn rests(self) -> bool {
        !matches!(self, TimeInForce::Ioc | TimeInForce::Fok)
    }
}

/// What happens where an order would meet one of its own account; the incoming order's mode decides. Source: RULES 7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelfMatch {
    /// They trade.
    None,
    /// The incoming order's rest is cancelled.
    CancelNewest,
    /// The resting order is cancelled, matching goes on.
    CancelOldest,
    /// Both are cancelled.
    CancelBoth,
    /// The smaller quantity is taken off both, without a trade.
    Decrement,
}

/// Which lots an order means where positions have a long and a short leg. Source: RULES 2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Offset {
    /// Opens lots of the order's side.
    Open,
    /// Closes lots of the other side.
    Close,
    /// Closes lots of the other side opened today.
    CloseToday,
}

impl Offset {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Offset::Open => "open",
            Offset::Close => "close",
            Offset::CloseToday => "close_today",
        }
    }
}

/// Why the exchange liquidates an account. Source: RULES 7.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForcedReason {
    /// Lack of funds: a breach of its margin.
    Funds,
    /// More lots than a client may hold.
    ClientLimit,
    /// More lots than a member may hold.
    MemberLimit,
    /// A violation of the rules.
    Violation,
    /// A position that may not go into the delivery month.
    DeliveryMonth,
    /// Any other.
    Other,
}

impl ForcedReason {
    /// Every reason.
    pub const ALL: &[ForcedReason] = &[
        ForcedReason::Funds,
        ForcedReason::ClientLimit,
        ForcedReason::MemberLimit,
        ForcedReason::Violation,
        ForcedReason::DeliveryMonth,
        ForcedReason::Other,
    ];

    /// The stable code in events.
    pub fn as_str(self) -> &'static str {
        match self {
            ForcedReason::Funds => "funds",
            ForcedReason::ClientLimit => "client_limit",
            ForcedReason::MemberLimit => "member_limit",
            ForcedReason::Violation => "violation",
            ForcedReason::DeliveryMonth => "delivery_month",
            ForcedReason::Other => "other",
        }
    }
}

/// An order to enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// Whose.
    pub account: AccountId,
    /// The account's own id; `None` = numbered by the exchange and addressed by handle.
    pub id: Option<Label>,
    /// In what.
    pub instrument: InstrumentId,
    /// Which side.
    pub side: Side,
    /// Which lots, where there are legs; `None` = opens. In net mode always `None`.
    pub offset: Option<Offset>,
    /// Limit or market.
    pub kind: OrderKind,
    /// Waits until the last trade's price is here or beyond (a stop): at or above for a buy, at or below for a sell. Source: RULES 7.3.
    pub trigger: Option<Price>,
    /// Lots; 1 to [`Qty::MAX`].
    pub qty: Qty,
    /// Most lots it shows at a time (an iceberg); zero = all. Source: RULES 7.4.
    pub display: Qty,
    /// Least lots it must trade at once, or it goes; zero = none.
    pub min_qty: Qty,
    /// How long.
    pub tif: TimeInForce,
    /// Rejected if it would take.
    pub post_only: bool,
    /// Only ever brings its account's position closer to zero.
    pub reduce_only: bool,
    /// Against own orders.
    pub self_match: SelfMatch,
}

impl NewOrder {
    /// A limit order that rests until it is cancelled, numbered by the exchange.
    pub fn limit(
        account: AccountId,
        instrument: InstrumentId,
        side: Side,
        price: Price,
        qty: Qty,
    ) -> NewOrder {
        NewOrder {
            account,
            id: None,
            instrument,
            side,
            offset: None,
            kind: OrderKind::Limit(price),
            trigger: None,
            qty,
            display: Qty::ZERO,
            min_qty: Qty::ZERO,
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            self_match: SelfMatch::None,
        }
    }
}

/// Which resting order is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderRef {
    /// The account's own id.
    Client(Label),
    /// The handle its `accepted` gave, in this instrument: no hash on the way.
    Handle(InstrumentId, Handle),
}

/// A sequenced command. Its time stamp travels beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Opens an account.
    OpenAccount {
        /// Its name.
        name: Label,
        /// Its profile.
        profile: ProfileId,
    },
    /// Pays in; repays a debt first.
    Deposit {
        /// Whose.
        account: AccountId,
        /// How much, positive.
        amount: Money,
    },
    /// Pays out.
    Withdraw {
        /// Whose.
        account: AccountId,
        /// How much, positive.
        amount: Money,
    },
    /// Enters an order.
    Order(NewOrder),
    /// Cancels one order.
    Cancel {
        /// Whose.
        account: AccountId,
        /// Which.
        order: OrderRef,
    },
    /// Cancels an account's orders.
    CancelAll {
        /// Whose.
        account: AccountId,
        /// Only in this instrument.
        instrument: Option<InstrumentId>,
        /// Only on this side.
        side: Option<Side>,
    },
    /// Changes a resting order. Source: RULES 7.1.
    Replace {
        /// Whose.
        account: AccountId,
        /// Which.
        order: OrderRef,
        /// New limit.
        price: Price,
        /// New total open quantity.
        qty: Qty,
        /// New trigger of an order that waits for one; `None` = as it was.
        trigger: Option<Price>,
    },
    /// Sets the mark from outside.
    Mark {
        /// Of what.
        instrument: InstrumentId,
        /// To what.
        price: Price,
    },
    /// Changes the phase.
    Phase {
        /// Of what.
        instrument: InstrumentId,
        /// To what.
        phase: Phase,
    },
    /// Sets a new band.
    Band {
        /// Of what.
        instrument: InstrumentId,
        /// Limit-down.
        down: Price,
        /// Limit-up.
        up: Price,
    },
    /// Sets new margin rates, at once.
    Margin {
        /// Of what.
        instrument: InstrumentId,
        /// For this account alone: a stricter broker; `None` = for all.
        account: Option<AccountId>,
        /// The house's.
        initial: MarginRate,
        /// The exchange's.
        maintenance: MarginRate,
    },
    /// Pays into the insurance fund.
    Fund {
        /// How much, positive.
        amount: Money,
    },
    /// Sets what the operator lets an account do.
    Permission {
        /// Whose.
        account: AccountId,
        /// What.
        permission: Permission,
    },
    /// Settles the day. Source: RULES 2.
    Settle {
        /// Of what; `None` = every instrument.
        instrument: Option<InstrumentId>,
        /// At what; `None` = by the instrument's own method. Only with an instrument.
        price: Option<Price>,
    },
    /// Adds an instrument.
    List(Box<InstrumentSpec>),
    /// Takes an instrument in which nobody holds anything out of trading.
    Delist {
        /// Which.
        instrument: InstrumentId,
    },
    /// Closes every position of an instrument at its final settlement price. Source: RULES 2.5.
    Expire {
        /// Which.
        instrument: InstrumentId,
        /// At what; `None` = by the instrument's own method.
        price: Option<Price>,
    },
    /// Pays funding from one side to the other. Source: RULES 5.6.
    Funding {
        /// In what.
        instrument: InstrumentId,
        /// At what rate, signed: longs pay above zero; `None` = by premium.
        rate: Option<Ratio>,
    },
    /// Sets the index. Source: RULES 5.6.
    Index {
        /// Of what.
        instrument: InstrumentId,
        /// To what.
        price: Price,
    },
    /// Reduces positions by force at the limit price. Source: RULES 6.
    ForcedReduction {
        /// In what.
        instrument: InstrumentId,
    },
    /// Closes lots of an account by order of the exchange, or of all accounts over their limit. Source: RULES 7.7.
    Liquidate {
        /// Whose; `None` = everybody's above the position limit, the largest excess first.
        account: Option<AccountId>,
        /// In what.
        instrument: InstrumentId,
        /// Lots; `None` = what is above the limit, or all where there is none.
        qty: Option<Qty>,
        /// Why.
        reason: ForcedReason,
    },
    /// Sets an account's leverage in an instrument: its initial margin is one by this.
    Leverage {
        /// Whose.
        account: AccountId,
        /// In what.
        instrument: InstrumentId,
        /// From 1.
        value: Ratio,
    },
    /// Moves money into an isolated position, or out of it.
    MoveMargin {
        /// Whose.
        account: AccountId,
        /// Which position's instrument.
        instrument: InstrumentId,
        /// How much; below zero: out.
        amount: Money,
    },
    /// Gives an account another profile.
    Profile {
        /// Whose.
        account: AccountId,
        /// Which.
        profile: ProfileId,
    },
    /// Announces a change of an instrument's terms.
    Schedule(Box<Schedule>),
    /// Sets what everybody may do in an instrument: all, or only close.
    Restrict {
        /// In what.
        instrument: InstrumentId,
        /// What: frozen = nothing but cancel.
        permission: Permission,
    },
    /// Undoes a trade. Source: RULES 2.6.
    Bust {
        /// The number of its event.
        trade: u64,
    },
    /// Lets due timers run.
    Time,
    /// A well-formed line that the edge had to refuse: it names what does not exist, or a number off its step.
    Refused {
        /// The account's name as given.
        account: Option<Label>,
        /// The order's id as given.
        id: Option<Label>,
        /// Why.
        reason: Reject,
    },
}

impl Command {
    /// The order id a rejection of this command names.
    pub fn order_id(&self) -> Option<OrderId> {
        match self {
            Command::Order(order) => order.id.map(OrderId::Client),
            Command::Cancel { order: OrderRef::Client(id), .. }
            | Command::Replace { order: OrderRef::Client(id), .. } => Some(OrderId::Client(*id)),
            Command::Refused { id, .. } => id.map(OrderId::Client),
            _ => None,
        }
    }
}
