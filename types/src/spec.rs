//! An exchange as configured: what `EXCHANGE.toml` means once it has been proved.

use crate::calendar::Calendar;
use crate::ids::ProfileId;
use crate::instrument::InstrumentSpec;
use crate::label::Label;
use crate::profile::{FloatingProfit, Profile};
use crate::units::Money;
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
}

/// The whole configuration. Ids are places in these lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeSpec {
    /// Currency code, for people.
    pub currency: Label,
    /// Places of a money unit, 0 to 8.
    pub money_decimals: u32,
    /// Which floating result counts towards `available`.
    pub floating_profit: FloatingProfit,
    /// The insurance fund's first money, not negative.
    pub insurance_fund: Money,
    /// Trades kept so that they can be busted.
    pub bust_window: u32,
    /// Calendars.
    pub calendars: Vec<Calendar>,
    /// Instruments.
    pub instruments: Vec<InstrumentSpec>,
    /// Profiles; the first is [`Profile::unlimited`].
    pub profiles: Vec<Profile>,
    /// Accounts that exist from the start.
    pub accounts: Vec<AccountSpec>,
}
