//! An exchange as configured: what `EXCHANGE.toml` means once it has been proved.

use crate::calendar::Calendar;
use crate::ids::{InstrumentId, ProfileId};
use crate::instrument::{Fees, InstrumentSpec, MarginRate};
use crate::label::Label;
use crate::profile::{FloatingProfit, Profile};
use crate::units::{Money, Ratio, Ts};
use serde::{Deserialize, Serialize};

/// An account that exists from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSpec {
    /// Its name.
    pub name: Label,
    /// Its profile.
    pub profile: ProfileId,
    /// Its first deposit, not negative.
    pub deposit: Money,
    /// A hedger: no position limit, last in a forced reduction.
    pub hedger: bool,
    /// Stricter margins of its own, by instrument.
    pub margins: Vec<AccountMargin>,
}

/// A stricter margin for one account in one instrument; the larger of it and the instrument's holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountMargin {
    /// In what.
    pub instrument: InstrumentId,
    /// The house's.
    pub initial: MarginRate,
    /// The exchange's.
    pub maintenance: MarginRate,
}

/// Whether an account has one position an instrument or a long and a short one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PositionMode {
    /// One, signed.
    Net,
    /// A long and a short leg; orders carry an offset. Source: RULES 2.3.
    LongShort,
}

/// How accounts that breach a line are found. Both find the same ones; only the cost differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Detector {
    /// By an index of the marks at which something could happen: O(accounts crossed) a change of a mark.
    #[default]
    Index,
    /// By asking every account after every change: O(accounts). The index is held against it.
    Scan,
}

/// When a scheduled change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleTime {
    /// At a time, nanoseconds.
    At(Ts),
    /// At the instrument's next settlement.
    Settlement,
}

/// A change of an instrument's terms that is announced beforehand; what is `None` stays. Source: RULES 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Of what.
    pub instrument: InstrumentId,
    /// When.
    pub when: ScheduleTime,
    /// Both margins: the house's, the exchange's.
    pub margins: Option<[MarginRate; 2]>,
    /// The regular daily limit; a band follows at the next settlement.
    pub price_limit: Option<Ratio>,
    /// All fees.
    pub fees: Option<Fees>,
}

/// The whole configuration. Ids are places in these lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeSpec {
    /// Currency code, for people.
    pub currency: Label,
    /// Places of a money unit, 0 to 8.
    pub money_decimals: u32,
    /// Net, or long and short legs.
    pub position_mode: PositionMode,
    /// Which floating result counts towards `available`.
    pub floating_profit: FloatingProfit,
    /// The insurance fund's first money, not negative.
    pub insurance_fund: Money,
    /// Trades kept so that they can be busted.
    pub bust_window: u32,
    /// How breaches are found.
    pub detector: Detector,
    /// Calendars.
    pub calendars: Vec<Calendar>,
    /// Instruments.
    pub instruments: Vec<InstrumentSpec>,
    /// Profiles; the first is [`Profile::unlimited`].
    pub profiles: Vec<Profile>,
    /// Accounts that exist from the start.
    pub accounts: Vec<AccountSpec>,
    /// Changes announced beforehand, in the order of the file.
    pub schedules: Vec<Schedule>,
}
