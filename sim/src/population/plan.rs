//! What a scenario says about its leveraged accounts.

use plimsoll_types::{InstrumentId, Price, ProfileId, Ratio, Ts};

/// The leveraged accounts of one instrument.
#[derive(Clone, Debug)]
pub struct Population {
    /// What its accounts are called, before their number.
    pub name: String,
    /// What they hold.
    pub instrument: InstrumentId,
    /// How many.
    pub accounts: u32,
    /// Under which profile, where their class of leverage names none.
    pub profile: ProfileId,
    /// Share of them that is long.
    pub long: Ratio,
    /// Spread of leverage: notional over the money behind the position.
    pub leverage: Vec<LeverageClass>,
    /// Spread of sizes.
    pub lots: Lots,
    /// Money beside that behind the position, as a share of it.
    pub reserve: Ratio,
    /// What a margin call makes of them.
    pub answers: Answers,
    /// Stop-losses; `None` = nobody has one.
    pub stops: Option<Stops>,
    /// At which prices they came in; `None` = all at the opening.
    pub entries: Option<Entries>,
}

/// A class of leverage, drawn evenly from `from` to `to`.
#[derive(Clone, Copy, Debug)]
pub struct LeverageClass {
    /// Lowest.
    pub from: Ratio,
    /// Highest.
    pub to: Ratio,
    /// Share of the accounts, of the sum of all classes' shares.
    pub share: Ratio,
    /// Under which profile; `None` = the population's.
    pub profile: Option<ProfileId>,
}

/// How many lots a position has.
#[derive(Clone, Copy, Debug)]
pub struct Lots {
    /// Fewest.
    pub min: u64,
    /// Most.
    pub max: u64,
    /// What lies between.
    pub law: LotsLaw,
}

/// How sizes are spread between the smallest and the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LotsLaw {
    /// Power law of exponent 2 whose head is as wide as a quarter of the range.
    Rounded,
    /// Every size equally often.
    Even,
    /// Power law: weight of n lots = n^-exponent.
    Power(Ratio),
    /// Logarithms of sizes on a bell curve.
    Lognormal {
        /// Size that half of them stay under, lots.
        median: u64,
        /// Standard deviation of the natural logarithm.
        sigma: Ratio,
    },
}

/// What clients do when they are called. What is left to 1 does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Share that pays in what is missing and a quarter more.
    pub top_up: Ratio,
    /// How long their money takes, on average.
    pub top_up_after: Ts,
    /// Share that closes a part of its position by a market order.
    pub cut: Ratio,
    /// How long they hesitate, on average.
    pub cut_after: Ts,
    /// How much of their position they close.
    pub cut_by: Ratio,
}

/// Stop-losses: reduce-only stop orders over the whole position, entered at the opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stops {
    /// Share of the accounts that has one.
    pub share: Ratio,
    /// Nearest distance from the entry price, as a share of it.
    pub from: Ratio,
    /// Farthest.
    pub to: Ratio,
}

/// At which prices clients came in before the opening, each as likely as the others and as the opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entries {
    /// At these, in order of time.
    Path(Vec<Price>),
    /// Along a random walk that ends at the opening.
    Walk {
        /// Prices before the opening.
        steps: u32,
        /// Standard deviation of a step, as a share of the price.
        deviation: Ratio,
    },
}
