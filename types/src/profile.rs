//! Risk profiles: the measure, its tiers, and how a liquidation goes about.

use crate::label::Label;
use crate::units::{Money, Qty, Ratio, Ts};
use serde::{Deserialize, Serialize};

/// Which quotient is the risk degree. Source: RULES 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MeasureKind {
    /// Rises into danger.
    MarginOverEquity,
    /// Falls into danger.
    EquityOverMargin,
}

/// Whether all of an account's money covers all its positions. Source: CONTRACT 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarginMode {
    /// It does.
    Cross,
    /// Each position has money of its own and is liquidated by itself.
    Isolated,
}

/// Which margin the measure uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// The house's.
    Initial,
    /// The exchange's.
    Maintenance,
}

/// What reaching a tier does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// A record, nothing more.
    Notify,
    /// A margin call; unmet at its deadline it becomes a liquidation.
    Call {
        /// Time to meet it, in nanoseconds; `None` = until the session ends; 0 = liquidated at once.
        grace: Option<Ts>,
    },
    /// Opening orders are rejected.
    CloseOnly,
    /// A liquidation case is opened.
    Liquidate,
}

impl Action {
    /// Whether reaching the tier opens a case at once.
    pub fn liquidates(self) -> bool {
        matches!(self, Action::Liquidate | Action::Call { grace: Some(0) })
    }
}

/// One tier of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Its name in events.
    pub name: Label,
    /// Of which margin the measure is taken for this tier.
    pub basis: Basis,
    /// The measure at which it is reached, inclusive.
    pub at: Ratio,
    /// The measure under which (over which, for equity/margin) it is left.
    pub release: Ratio,
    /// What reaching it does.
    pub action: Action,
    /// Whether opening orders are rejected while it lasts (also true for [`Action::CloseOnly`]).
    pub close_only: bool,
    /// Whether open opening orders are cancelled when it is reached.
    pub cancel_opening: bool,
}

/// Worst price of a liquidation batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProtectionPrice {
    /// So many ticks through the opposite touch, clipped to the band.
    TicksThrough(u32),
    /// The band's edge; without a band, any price.
    Band,
    /// The position's bankruptcy price, clipped to the band. What finds nothing there goes to the fund. Source: RULES 5.4.
    Bankruptcy,
}

/// A key by which a plan orders positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelectKey {
    /// Largest unrealised loss first.
    LargestLoss,
    /// Most opposite quantity inside the worst price first.
    MostLiquid,
    /// Largest margin first.
    LargestMargin,
    /// Most margin released per unit of cost first.
    LargestRiskRelease,
    /// These symbols first, in this order (indices of instruments).
    Symbols(Vec<u16>),
}

/// What a case does where it finds no liquidity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockedPolicy {
    /// Waits without an order.
    Park,
    /// Queues at the limit price.
    Rest,
    /// Waits for the next session.
    Roll,
}

/// Who pays what a flat account owes, in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaterfallStage {
    /// The insurance fund, down to zero.
    InsuranceFund,
    /// Positions are closed against the opposite side's, without a book. Source: RULES 5.5.
    Deleverage,
    /// Those with a profit bear the loss by it.
    Socialise,
    /// The client owes the house.
    Debt,
}

/// How much a case closes at a time. Source: RULES 1.5, 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// The least lots that meet the target.
    Least,
    /// Everything.
    Full,
    /// A share of what is left each step, all of it once it is small. Source: RULES 5.1.
    Fraction {
        /// The share, above 0, at most 1; rounded up to a lot.
        fraction: Ratio,
        /// From this quantity downwards all of it goes.
        full_below: Qty,
    },
    /// A share first, then a pause, then the rest; small accounts whole at once. Source: RULES 5.2.
    TwoStep {
        /// The first share, rounded up to a lot.
        share: Ratio,
        /// The pause after it, nanoseconds.
        cooldown: Ts,
        /// Only positions worth more than this together go in two steps.
        above: Money,
    },
    /// Down to a lower maintenance bracket each step. Source: RULES 5.3.
    Brackets {
        /// So many brackets lower.
        steps: u32,
    },
}

/// Who gives first in a deleveraging. Source: RULES 5.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeleverageRank {
    /// Profit share x effective leverage.
    ProfitLeverage,
    /// Profit share.
    ProfitShare,
    /// Nobody: all give in proportion to what they hold.
    ProRata,
}

/// At which price a deleveraging closes. Source: RULES 5.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeleveragePrice {
    /// The position's bankruptcy price.
    Bankruptcy,
    /// The mark.
    Mark,
}

/// What a case does during a call auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuctionPolicy {
    /// Waits.
    Wait,
    /// Takes part with a batch at its worst price.
    Join,
}

/// How a case trades an account back to safety.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liquidation {
    /// Measure to come back to, inclusive.
    pub target: Ratio,
    /// How much at a time.
    pub policy: Policy,
    /// Order of positions; later keys break ties.
    pub select: Vec<SelectKey>,
    /// Worst price.
    pub price: ProtectionPrice,
    /// Most lots a batch.
    pub batch_max: Qty,
    /// Most of the visible opposite depth a batch may ask for.
    pub book_share: Ratio,
    /// Most of what others traded since the last batch that a batch may ask for; `None` = not bounded by it.
    pub volume_share: Option<Ratio>,
    /// Time between batches, nanoseconds; 0 = as long as something can be done at once.
    pub interval: Ts,
    /// At limit-up, limit-down or an empty book.
    pub locked: LockedPolicy,
    /// In call auctions.
    pub auction: AuctionPolicy,
    /// Equity over maintenance margin below which the fund takes everything over at once; `None` = never. Source: RULES 5.2.
    pub backstop: Option<Ratio>,
    /// Who gives first in a deleveraging.
    pub deleverage_rank: DeleverageRank,
    /// At which price.
    pub deleverage_price: DeleveragePrice,
    /// Who pays; the last stage takes the whole rest.
    pub waterfall: Vec<WaterfallStage>,
}

/// A risk profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name.
    pub name: Label,
    /// Trades without margin, tiers or cases.
    pub unlimited: bool,
    /// Cross or isolated.
    pub margin_mode: MarginMode,
    /// Which quotient.
    pub measure: MeasureKind,
    /// Of which margin.
    pub basis: Basis,
    /// In rising order of danger.
    pub tiers: Vec<Tier>,
    /// How a case goes about.
    pub liquidation: Liquidation,
}

impl Profile {
    /// The built-in profile for recorded and background flow.
    pub fn unlimited() -> Profile {
        let name = match Label::new("unlimited") {
            Some(name) => name,
            None => unreachable!("nine bytes fit a label"),
        };
        Profile {
            name,
            unlimited: true,
            margin_mode: MarginMode::Cross,
            measure: MeasureKind::MarginOverEquity,
            basis: Basis::Initial,
            tiers: Vec::new(),
            liquidation: Liquidation {
                target: Ratio::ZERO,
                policy: Policy::Least,
                select: Vec::new(),
                price: ProtectionPrice::Band,
                batch_max: Qty::MAX,
                book_share: Ratio::ONE,
                volume_share: None,
                interval: 0,
                locked: LockedPolicy::Park,
                auction: AuctionPolicy::Wait,
                backstop: None,
                deleverage_rank: DeleverageRank::ProfitLeverage,
                deleverage_price: DeleveragePrice::Bankruptcy,
                waterfall: vec![WaterfallStage::Debt],
            },
        }
    }
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Permission {
    /// Everything.
    Normal,
    /// Only reduce its positions.
    CloseOnly,
    /// Nothing but cancel and pay in.
    Frozen,
}

impl Permission {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::Normal => "normal",
            Permission::CloseOnly => "close_only",
            Permission::Frozen => "frozen",
        }
    }
}

/// Which floating result counts towards `available`. Source: RULES 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FloatingProfit {
    /// Profit and loss.
    All,
    /// Only a loss.
    OnlyLost,
    /// Only a profit.
    OnlyGain,
    /// Neither.
    None,
}
