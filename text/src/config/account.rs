//! `[[account]]`: who is there from the start.

use super::dom::{Field, Table};
use super::instrument::margins_called;
use super::{money, unique};
use crate::r#where::Error;
use plimsoll_types::{
    AccountMargin, AccountSpec, InstrumentId, InstrumentSpec, Label, MarginRate, Money, Profile,
    ProfileId,
};
use std::collections::HashMap;

/// Every account, in the order of the file.
pub fn read_all(
    root: &Table<'_>,
    money_decimals: u32,
    instruments: &[InstrumentSpec],
    profiles: &[Profile],
) -> Result<Vec<AccountSpec>, Error> {
    let ids: HashMap<Label, ProfileId> =
        (0u16..).zip(profiles).map(|(n, profile)| (profile.name, ProfileId(n))).collect();
    let mut names = HashMap::new();
    let mut accounts = Vec::new();
    for table in root.tables("account")? {
        table.only(&["name", "profile", "deposit", "hedger", "margin"])?;
        let field = table.required("name")?;
        let name = field.label()?;
        if name.as_bytes().starts_with(b"$") {
            return Err(field.error("a name that does not begin with $"));
        }
        unique(&mut names, &field, name, "account")?;
        let field = table.required("profile")?;
        let profile = *ids
            .get(&field.label()?)
            .ok_or_else(|| field.error("the name of a [[profile]] or \"unlimited\""))?;
        accounts.push(AccountSpec {
            name,
            profile,
            deposit: table
                .get("deposit")
                .map_or(Ok(Money::ZERO), |field| money(&field, money_decimals))?,
            hedger: table.get("hedger").map_or(Ok(false), |field| field.boolean())?,
            margins: match table.table("margin")? {
                None => Vec::new(),
                Some(table) => own_margins(&table, money_decimals, instruments)?,
            },
        });
    }
    Ok(accounts)
}

/// A stricter broker's margins, by instrument.
fn own_margins(
    table: &Table<'_>,
    money_decimals: u32,
    instruments: &[InstrumentSpec],
) -> Result<Vec<AccountMargin>, Error> {
    let symbols: Vec<&str> = instruments.iter().map(|spec| spec.symbol.as_str()).collect();
    if let Some((symbol, field)) = table.other(&symbols) {
        return Err(field.refused("the symbol of an [[instrument]]", symbol));
    }
    let mut margins = Vec::new();
    for (place, spec) in (0u16..).zip(instruments) {
        let Some(table) = table.table(spec.symbol.as_str())? else { continue };
        table.only(&["initial", "maintenance"])?;
        let lot = i128::from(spec.prev_settlement.ticks()) * i128::from(spec.tick_value);
        let (initial, maintenance) =
            margins_called(&table, ["initial", "maintenance"], money_decimals, Some(lot))?;
        stricter(&table.required("initial")?, initial, spec.initial)?;
        stricter(&table.required("maintenance")?, maintenance, spec.maintenance)?;
        margins.push(AccountMargin { instrument: InstrumentId(place), initial, maintenance });
    }
    Ok(margins)
}

/// Refuses a rate that is under the instrument's, in share or amount.
fn stricter(field: &Field<'_>, own: MarginRate, instrument: MarginRate) -> Result<(), Error> {
    if own.share < instrument.share || own.per_lot < instrument.per_lot {
        return Err(field.error("a margin not under the instrument's, in share and per_lot"));
    }
    Ok(())
}
