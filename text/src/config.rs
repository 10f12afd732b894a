//! EXCHANGE.toml: read, proved and turned into an [`ExchangeSpec`].

mod account;
mod calendar;
pub mod dom;
pub(crate) mod instrument;
mod liquidation;
mod profile;
mod risk;
mod rules;
pub(crate) mod schedule;
#[cfg(test)]
mod tests;
mod time;

use crate::decimal;
use crate::r#where::Error;
use dom::{Field, Source, Table};
use instrument::House;
use plimsoll_types::{Detector, ExchangeSpec, FloatingProfit, Label, Money, PositionMode};
use std::collections::HashMap;

/// Most decimals a currency may have.
const MONEY_DECIMALS_MAX: u32 = 8;

/// Most trades that may be kept for busts, and how many are where nothing is said.
const BUST_WINDOW_MAX: u32 = 1 << 24;
const BUST_WINDOW: u32 = 1 << 16;

/// The sections of a configuration.
pub const SECTIONS: [&str; 7] =
    ["exchange", "insurance_fund", "calendar", "instrument", "profile", "account", "schedule"];

/// Reads a configuration; `file` is its name in errors.
///
/// Whatever is returned has been proved: steps positive, one tick of one lot a whole number of money units, prices on
/// their ticks, tiers in order, every name known and given once.
/// Errors: the first thing wrong, with its line and field.
pub fn read_config(file: &str, text: &str) -> Result<ExchangeSpec, Error> {
    let source = Source::new(file, text);
    let parsed = source.parse()?;
    let root = source.root(&parsed);
    root.only(&SECTIONS)?;
    let exchange = root.required("exchange")?.table()?;
    let header = Header::read(&exchange)?;
    let insurance_fund = insurance_fund(&root, header.money_decimals)?;
    let calendars = calendar::read_all(&root)?;
    let Header { money_decimals, position_mode, .. } = header;
    let house = House { money_decimals, position_mode, calendars: &calendars };
    let instruments = instrument::read_all(&root, &house)?;
    let profiles = profile::read_all(&root, &house, &instruments)?;
    let accounts = account::read_all(&root, money_decimals, &instruments, &profiles)?;
    let schedules = schedule::read_all(&root, &house, &instruments)?;
    Ok(ExchangeSpec {
        currency: header.currency,
        money_decimals,
        position_mode,
        floating_profit: header.floating_profit,
        insurance_fund,
        bust_window: header.bust_window,
        detector: header.detector,
        calendars,
        instruments,
        profiles,
        accounts,
        schedules,
    })
}

/// The `[exchange]` section.
struct Header {
    currency: Label,
    money_decimals: u32,
    position_mode: PositionMode,
    floating_profit: FloatingProfit,
    bust_window: u32,
    detector: Detector,
}

impl Header {
    fn read(table: &Table<'_>) -> Result<Header, Error> {
        table.only(&[
            "currency",
            "money_decimals",
            "position_mode",
            "floating_profit",
            "bust_window",
            "detector",
            "schema",
        ])?;
        if let Some(field) = table.get("schema") {
            field.whole(1, 1)?;
        }
        let floating_profit = match table.get("floating_profit") {
            None => FloatingProfit::All,
            Some(field) => field.word(&[
                ("all", FloatingProfit::All),
                ("only_lost", FloatingProfit::OnlyLost),
                ("only_gain", FloatingProfit::OnlyGain),
                ("none", FloatingProfit::None),
            ])?,
        };
        Ok(Header {
            currency: table.required("currency")?.label()?,
            money_decimals: table.required("money_decimals")?.whole(0, MONEY_DECIMALS_MAX)?,
            position_mode: rules::word_or(
                table,
                "position_mode",
                &[("net", PositionMode::Net), ("long_short", PositionMode::LongShort)],
            )?,
            floating_profit,
            bust_window: table
                .get("bust_window")
                .map_or(Ok(BUST_WINDOW), |field| field.whole(0, BUST_WINDOW_MAX))?,
            detector: rules::word_or(
                table,
                "detector",
                &[("index", Detector::Index), ("scan", Detector::Scan)],
            )?,
        })
    }
}

fn insurance_fund(root: &Table<'_>, money_decimals: u32) -> Result<Money, Error> {
    let Some(table) = root.table("insurance_fund")? else {
        return Ok(Money::ZERO);
    };
    table.only(&["initial"])?;
    table.get("initial").map_or(Ok(Money::ZERO), |field| money(&field, money_decimals))
}

/// An amount of money that is not negative.
fn money(field: &Field<'_>, decimals: u32) -> Result<Money, Error> {
    let value = field.decimal()?;
    decimal::money(value, decimals)
        .filter(|money| *money >= Money::ZERO)
        .ok_or_else(|| field.error(format!("an amount from 0 with at most {decimals} decimals")))
}

/// Refuses a name that was given before.
fn unique(
    names: &mut HashMap<Label, ()>,
    field: &Field<'_>,
    name: Label,
    what: &str,
) -> Result<(), Error> {
    match names.insert(name, ()) {
        None => Ok(()),
        Some(()) => Err(field.error(format!("a name no other {what} has"))),
    }
}
