//! What an instrument asks of those who hold it, beyond a plain rate at the mark: margin prices, brackets, limits, funding, reduction.

use crate::label::Label;
use crate::units::{Money, Qty, Ratio, Ts};
use serde::{Deserialize, Serialize};

/// At which price a position's margin is counted. Source: RULES 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarginPrice {
    /// All lots at the mark.
    Mark,
    /// Carried lots at the previous settlement, today's at their trade price.
    Settlement,
    /// Each lot at the price it was opened at.
    Open,
}

/// A step of a maintenance margin that grows with the notional. Source: RULES 1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bracket {
    /// The largest notional it covers, inclusive; [`Bracket::OPEN`] = any. Units: money.
    pub up_to: Money,
    /// Share of the whole notional.
    pub maintenance: Ratio,
    /// What comes off again, so that margin does not jump at the border.
    pub deduct: Money,
}

impl Bracket {
    /// The bound of the last bracket.
    pub const OPEN: Money = Money::new(i128::MAX);
}

/// Which lots `close` means. Source: RULES 2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CloseRule {
    /// `close` and `close_today` both take the oldest first.
    OldestFirst,
    /// `close` means carried lots, `close_today` today's.
    Shfe,
}

/// Over which fills a client's average open price is taken. Source: RULES 6.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReductionAverage {
    /// All lots of the net side.
    NetSide,
    /// The newest that add up to the net quantity.
    Newest,
}

/// How the exchange reduces positions by force after limit-locked days. Source: RULES 6.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduction {
    /// Least unit net loss of who may declare, a share of the settlement price.
    pub loss: Ratio,
    /// Least unit profits of the tiers that give, falling; the last may be zero: any profit.
    pub tiers: Vec<Ratio>,
    /// Least unit profit at which hedgers give, after all others; `None` = they give with all others.
    pub hedge: Option<Ratio>,
    /// How the average open price is taken.
    pub average: ReductionAverage,
}

/// How a perpetual's funding rate is found where a command gives none. Source: RULES 5.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funding {
    /// The interest part I.
    pub interest: Ratio,
    /// Largest difference of I and the premium that counts.
    pub clamp: Ratio,
    /// Lots whose average price makes the impact bid and ask.
    pub impact: Qty,
}

/// What an instrument asks of those who hold it; by default nothing beyond plain rates at the mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskRules {
    /// At which price margin is counted.
    pub margin_price: MarginPrice,
    /// Maintenance margin by notional, rising; empty = the plain maintenance rate.
    pub brackets: Vec<Bracket>,
    /// What it is a contract of; `None` = its own symbol. [`RiskRules::large_side`] adds up over a product.
    pub product: Option<Label>,
    /// Only the larger of a product's long and short margin counts. Source: RULES 1.2.
    pub large_side: bool,
    /// Which lots `close` means.
    pub close_rule: CloseRule,
    /// Forced reduction; `None` = the exchange never does.
    pub reduction: Option<Reduction>,
    /// When it expires, nanoseconds; `None` = only by command.
    pub expires: Option<Ts>,
    /// How its funding rate is found.
    pub funding: Option<Funding>,
    /// Most lots an account may hold on a side; hedgers any.
    pub position_limit: Option<Qty>,
    /// From how many lots on a side a large position is reported.
    pub report_at: Option<Qty>,
}

impl Default for RiskRules {
    fn default() -> RiskRules {
        RiskRules {
            margin_price: MarginPrice::Mark,
            brackets: Vec::new(),
            product: None,
            large_side: false,
            close_rule: CloseRule::OldestFirst,
            reduction: None,
            expires: None,
            funding: None,
            position_limit: None,
            report_at: None,
        }
    }
}
