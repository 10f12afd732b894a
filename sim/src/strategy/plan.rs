//! A strategy's seat at the exchange: its account, its money, how far away it sits; and which of the shipped ones it is.

use super::Strategy;
use super::shipped::Shipped;
use crate::latency::LatencyPlan;
use crate::scenario::read::profile;
use crate::scenario::reader::Section;
use plimsoll_text::config::dom::DeValue;
use plimsoll_text::{Error, decimal};
use plimsoll_types::{ExchangeSpec, Label, Money, ProfileId};
use std::path::Path;

/// The account a strategy trades through and how far it is from the exchange.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Name of its account.
    pub account: Label,
    /// Its profile.
    pub profile: ProfileId,
    /// What it pays in before the opening.
    pub deposit: Money,
    /// How long messages take.
    pub latency: LatencyPlan,
}

/// A strategy that a scenario names.
#[derive(Clone, Debug)]
pub struct StrategyPlan {
    /// Where it sits.
    pub seat: Seat,
    /// Which it is.
    pub kind: Shipped,
}

impl StrategyPlan {
    /// The strategy, ready to sit down.
    pub fn build(&self) -> Box<dyn Strategy> {
        self.kind.make()
    }

    /// Reads a `[[strategy]]`; `file` is the scenario's own, where its paths start from.
    ///
    /// Errors: what cannot be used, in one line.
    pub fn read(
        mut section: Section<'_>,
        exchange: &ExchangeSpec,
        file: &Path,
    ) -> Result<StrategyPlan, Error> {
        let account = section.label("account")?;
        if exchange.accounts.iter().any(|other| other.name == account) {
            let expected = "a name that no account of the exchange has";
            return Err(section.complaint("account", expected, account.as_str()));
        }
        let profile = profile(&mut section, exchange)?;
        let expected = "an amount above zero, a decimal in quotes that the currency can hold";
        let deposit = section.required("deposit", expected, |value: &DeValue<'_>| {
            let amount = decimal::parse(value.as_str()?.as_bytes()).ok()?;
            let amount = decimal::money(amount, exchange.money_decimals)?;
            (amount > Money::ZERO).then_some(amount)
        })?;
        let latency = LatencyPlan::read(&mut section, "latency", file)?;
        let kind = Shipped::read(&mut section, exchange)?;
        section.finish()?;
        Ok(StrategyPlan { seat: Seat { account, profile, deposit, latency }, kind })
    }
}
