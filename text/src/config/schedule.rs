//! `[[schedule]]`: changes of an instrument's terms that are announced beforehand.

use super::dom::{DeValue, Field, Table};
use super::instrument::{FEES, House, MARGINS, fees, margins};
use super::time;
use crate::r#where::Error;
use plimsoll_types::{
    Fees, InstrumentId, InstrumentSpec, MarginRate, Ratio, Schedule, ScheduleTime, Ts,
};
use std::collections::HashMap;

/// What a row changes; what is `None` stays.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Both margins: the house's, the exchange's.
    pub margins: Option<[MarginRate; 2]>,
    /// The regular daily limit.
    pub price_limit: Option<Ratio>,
    /// All fees.
    pub fees: Option<Fees>,
}

impl Change {
    /// The keys of a row besides `symbol` and `at`.
    fn keys() -> impl Iterator<Item = &'static str> {
        MARGINS.into_iter().chain(["price_limit"]).chain(FEES.iter().copied())
    }

    /// Reads a row; `lot` is a lot's worth, for the proof that the house's margin is not under the exchange's;
    /// without it that is for the exchange to say.
    ///
    /// Errors: unknown keys, one margin without the other, nothing to change.
    pub fn read(
        table: &Table<'_>,
        money_decimals: u32,
        lot: Option<i128>,
    ) -> Result<Change, Error> {
        let known: Vec<&str> = ["symbol", "at"].into_iter().chain(Change::keys()).collect();
        table.only(&known)?;
        if Change::keys().all(|key| table.get(key).is_none()) {
            let expected = "both margins, a price_limit or fees to change";
            return Err(table.missing(MARGINS[0], expected));
        }
        let margins = if MARGINS.iter().any(|key| table.get(key).is_some()) {
            let (initial, maintenance) = margins(table, money_decimals, lot)?;
            Some([initial, maintenance])
        } else {
            None
        };
        let has_fees = FEES.iter().any(|key| table.get(key).is_some());
        Ok(Change {
            margins,
            price_limit: table.get("price_limit").map(|field| field.ratio()).transpose()?,
            fees: has_fees.then(|| fees(table, money_decimals)).transpose()?,
        })
    }

    /// The change as one of `instrument`.
    pub fn of(self, instrument: InstrumentId, when: ScheduleTime) -> Schedule {
        let Change { margins, price_limit, fees } = self;
        Schedule { instrument, when, margins, price_limit, fees }
    }
}

/// Every row, in the order of the file; those of one instrument rise in time.
pub fn read_all(
    root: &Table<'_>,
    house: &House<'_>,
    instruments: &[InstrumentSpec],
) -> Result<Vec<Schedule>, Error> {
    let mut latest: HashMap<InstrumentId, Ts> = HashMap::new();
    let mut schedules = Vec::new();
    for table in root.tables("schedule")? {
        let field = table.required("symbol")?;
        let symbol = field.label()?;
        let found = (0u16..).zip(instruments).find(|(_, spec)| spec.symbol == symbol);
        let (place, spec) = found.ok_or_else(|| field.error("the symbol of an [[instrument]]"))?;
        let instrument = InstrumentId(place);
        let field = table.required("at")?;
        let when = when(&field, house.utc_offset(spec.rules.calendar))?;
        if let ScheduleTime::At(at) = when {
            if spec.risk.expires.is_some_and(|expires| at >= expires) {
                return Err(field.error("a time before the instrument expires"));
            }
            if latest.insert(instrument, at).is_some_and(|last| at <= last) {
                return Err(field.error("a time after the instrument's row before"));
            }
        }
        let lot = i128::from(spec.prev_settlement.ticks()) * i128::from(spec.tick_value);
        let change = Change::read(&table, house.money_decimals, Some(lot))?;
        grows(&table, spec, change.price_limit)?;
        schedules.push(change.of(instrument, when));
    }
    Ok(schedules)
}

/// "settlement", a date or time in quotes, or a whole number of nanoseconds above zero.
pub fn when(field: &Field<'_>, utc_offset: i32) -> Result<ScheduleTime, Error> {
    const NANOSECONDS: &str =
        "whole nanoseconds from 1 to 9223372036854775807: a time that has passed changes nothing";
    match field.value() {
        DeValue::Integer(whole) => i64::from_str_radix(whole.as_str(), whole.radix())
            .ok()
            .and_then(|at| Ts::try_from(at).ok())
            .filter(|at| *at > 0)
            .map(ScheduleTime::At)
            .ok_or_else(|| field.error(NANOSECONDS)),
        DeValue::String(text) if text == "settlement" => Ok(ScheduleTime::Settlement),
        _ => time::moment(field, utc_offset).map(ScheduleTime::At),
    }
}

/// Refuses a limit from which the instrument's ladder would grow past what a ratio holds.
fn grows(
    table: &Table<'_>,
    spec: &InstrumentSpec,
    price_limit: Option<Ratio>,
) -> Result<(), Error> {
    match (price_limit, &spec.rules.limit_ladder) {
        (Some(limit), Some(ladder))
            if ladder.limit(limit, 2).plus(ladder.margin_add) > Ratio::MAX =>
        {
            let expected = "limits and margins that stay at or under 1000000 as the ladder grows";
            Err(table.required("price_limit")?.error(expected))
        }
        _ => Ok(()),
    }
}
