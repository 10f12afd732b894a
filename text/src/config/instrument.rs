//! `[[instrument]]`: steps, bands, margins, fees, and the proof that profit and loss is exact.

use super::dom::{Field, Table};
use super::risk::{self, Basics};
use super::{money, rules, unique};
use crate::decimal;
use crate::r#where::Error;
use plimsoll_types::units::tick_value;
use plimsoll_types::{
    AuctionCandidates, Band, Calendar, Fee, Fees, InstrumentKind, InstrumentSpec, MarginRate,
    MarkSource, MarketRemainder, Money, PositionMode, Price, Ratio, Reject, Step,
};
use std::collections::HashMap;

/// Most instruments: their ids have 16 bits.
const INSTRUMENTS_MAX: usize = u16::MAX as usize;

/// The largest amount a lot: of 2^48 lots in each of 65,535 instruments it still adds up in 128 bits.
pub const PER_LOT_MAX: Money = Money::new(1_000_000_000_000_000_000);

const KEYS: &[&str] = &[
    "symbol",
    "kind",
    "tick_size",
    "lot_size",
    "multiplier",
    "prev_settlement",
    "price_limit",
    "margin_initial",
    "margin_maintenance",
    "margin_price",
    "mark",
    "mark_cap",
    "fee_open",
    "fee_close",
    "fee_close_today",
    "fee_maker",
    "fee_taker",
    "fee_liquidation",
    "brackets",
    "phase",
    "large_side",
    "close_rule",
    "limit_priority",
    "trade_price",
    "auction_candidates",
    "liquidation_moves_mark",
    "market_remainder",
    "market_protection",
    "limit_ladder",
    "limit_state",
    "volatility",
    "allocation",
    "settlement_price",
    "reduction",
    "expires",
    "calendar",
    "product",
    "funding",
    "position_limit",
    "report_at",
];

/// What an instrument is read against.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    /// Places of a money unit.
    pub money_decimals: u32,
    /// Net, or long and short legs.
    pub position_mode: PositionMode,
    /// The calendars there are.
    pub calendars: &'a [Calendar],
}

impl House<'_> {
    /// Local time less UTC, in seconds, where an instrument has this calendar; zero without one.
    pub fn utc_offset(&self, calendar: Option<u16>) -> i32 {
        let calendar = calendar.and_then(|place| self.calendars.get(usize::from(place)));
        calendar.map_or(0, |calendar| calendar.utc_offset)
    }
}

/// Every instrument, in the order of the file.
pub fn read_all(root: &Table<'_>, house: &House<'_>) -> Result<Vec<InstrumentSpec>, Error> {
    let tables = root.tables("instrument")?;
    if tables.is_empty() || tables.len() > INSTRUMENTS_MAX {
        return Err(root.missing("instrument", "1 to 65535 [[instrument]] sections"));
    }
    let mut symbols = HashMap::new();
    let mut instruments = Vec::with_capacity(tables.len());
    for table in &tables {
        let instrument = read(table, house)?;
        unique(&mut symbols, &table.required("symbol")?, instrument.symbol, "instrument")?;
        instruments.push(instrument);
    }
    Ok(instruments)
}

/// One instrument; a symbol that another has is not looked for.
pub fn read(table: &Table<'_>, house: &House<'_>) -> Result<InstrumentSpec, Error> {
    let money_decimals = house.money_decimals;
    table.only(KEYS)?;
    let symbol = table.required("symbol")?.label()?;
    let kind = table
        .required("kind")?
        .word(&[("future", InstrumentKind::Future), ("perpetual", InstrumentKind::Perpetual)])?;
    let tick_size = step(table, "tick_size")?;
    let lot_size = step(table, "lot_size")?;
    let multiplier = step(table, "multiplier")?;
    let tick_value = tick_value(tick_size, lot_size, multiplier, money_decimals)
        .ok_or_else(|| inexact(table, money_decimals))?;
    let prev_settlement = settlement(table, tick_size)?;
    let rules = rules::read(table, house)?;
    let basics = Basics { kind, lot_size, calendar: rules.calendar };
    let risk = risk::read(table, house, &basics)?;
    let lot = i128::from(prev_settlement.ticks()) * i128::from(tick_value);
    let (initial, maintenance) = margins(table, money_decimals, Some(lot))?;
    if let Some(first) = risk.brackets.first() {
        let bracket = MarginRate { share: first.maintenance, ..maintenance };
        above(&table.required("margin_initial")?, initial, bracket, lot, "the first bracket's")?;
    }
    Ok(InstrumentSpec {
        symbol,
        kind,
        tick_size,
        lot_size,
        multiplier,
        tick_value,
        prev_settlement,
        band: rules.price_limit.map(|limit| Band::around(prev_settlement, limit)),
        initial,
        maintenance,
        mark: mark_source(table)?,
        liquidation_moves_mark: table
            .get("liquidation_moves_mark")
            .map_or(Ok(true), |field| field.boolean())?,
        fees: fees(table, money_decimals)?,
        phase: rules::phase(table)?,
        auction_candidates: auction_candidates(table)?,
        market_remainder: market_remainder(table)?,
        rules,
        risk,
    })
}

fn step(table: &Table<'_>, key: &str) -> Result<Step, Error> {
    let field = table.required(key)?;
    decimal::step(field.decimal()?)
        .ok_or_else(|| field.error("a decimal above 0 with at most 18 digits"))
}

fn inexact(table: &Table<'_>, money_decimals: u32) -> Error {
    let expected = format!(
        "tick_size x lot_size x multiplier to be a whole number of money units (10^-{money_decimals}), 1 to 10^15 of them"
    );
    match table.get("tick_size") {
        Some(field) => field.error(expected),
        None => table.missing("tick_size", "a value"),
    }
}

fn settlement(table: &Table<'_>, tick: Step) -> Result<Price, Error> {
    let field = table.required("prev_settlement")?;
    decimal::price(field.decimal()?, tick).map_err(|reject| {
        field.error(match reject {
            Reject::PriceOffTick => "a multiple of tick_size",
            _ => "1 to 2^30 ticks",
        })
    })
}

/// A share in quotes, or a table of `share` and `per_lot`.
pub fn rate(field: &Field<'_>, money_decimals: u32) -> Result<MarginRate, Error> {
    if !field.is_table() {
        return Ok(MarginRate { share: field.ratio()?, per_lot: Money::ZERO });
    }
    let table = field.table()?;
    table.only(&["share", "per_lot"])?;
    let share = table.get("share").map_or(Ok(Ratio::ZERO), |field| field.ratio())?;
    let per_lot = match table.get("per_lot") {
        None => Money::ZERO,
        Some(field) => {
            let per_lot = money(&field, money_decimals)?;
            if per_lot > PER_LOT_MAX {
                return Err(field.error("at most 10^18 money units a lot"));
            }
            per_lot
        }
    };
    Ok(MarginRate { share, per_lot })
}

/// Both margins; the house's must not be under the exchange's for a lot worth `lot`, where it is given.
pub fn margins(
    table: &Table<'_>,
    money_decimals: u32,
    lot: Option<i128>,
) -> Result<(MarginRate, MarginRate), Error> {
    let [initial, maintenance] = MARGINS;
    margins_called(table, [initial, maintenance], money_decimals, lot)
}

/// The keys of both margins.
pub const MARGINS: [&str; 2] = ["margin_initial", "margin_maintenance"];

/// As [`margins`], under these keys.
pub fn margins_called(
    table: &Table<'_>,
    keys: [&str; 2],
    money_decimals: u32,
    lot: Option<i128>,
) -> Result<(MarginRate, MarginRate), Error> {
    let field = table.required(keys[0])?;
    let initial = rate(&field, money_decimals)?;
    let maintenance = rate(&table.required(keys[1])?, money_decimals)?;
    if let Some(lot) = lot {
        above(&field, initial, maintenance, lot, keys[1])?;
    }
    Ok((initial, maintenance))
}

/// Refuses a house margin under `other` for a lot worth `lot`.
fn above(
    field: &Field<'_>,
    house: MarginRate,
    other: MarginRate,
    lot: i128,
    called: &str,
) -> Result<(), Error> {
    // 10^15 billionths of 10^24 units pass 128 bits; there the products stop at the end, which keeps their sign.
    let share = i128::from(house.share.nano()) - i128::from(other.share.nano());
    let per_lot = house.per_lot.units() - other.per_lot.units();
    let excess =
        share.saturating_mul(lot).saturating_add(per_lot.saturating_mul(i128::from(Ratio::SCALE)));
    if excess < 0 {
        return Err(field.error(format!("the house margin not to be under {called}")));
    }
    Ok(())
}

/// The keys of [`fees`].
pub const FEES: &[&str] =
    &["fee_open", "fee_close", "fee_close_today", "fee_maker", "fee_taker", "fee_liquidation"];

/// All fees; those that are not given are zero, `fee_close_today` is as `fee_close`.
pub fn fees(table: &Table<'_>, money_decimals: u32) -> Result<Fees, Error> {
    let given = |key: &str| -> Result<Option<Fee>, Error> {
        table.get(key).map(|field| rate(&field, money_decimals)).transpose()
    };
    let fee = |key: &str| given(key).map(Option::unwrap_or_default);
    Ok(Fees {
        open: fee("fee_open")?,
        close: fee("fee_close")?,
        close_today: given("fee_close_today")?,
        maker: fee("fee_maker")?,
        taker: fee("fee_taker")?,
        liquidation: fee("fee_liquidation")?,
    })
}

fn mark_source(table: &Table<'_>) -> Result<MarkSource, Error> {
    let words = [
        ("last", MarkSource::Last),
        ("external", MarkSource::External),
        ("index", MarkSource::Index { cap: None }),
    ];
    let source = rules::word_or(table, "mark", &words)?;
    match (source, table.get("mark_cap")) {
        (source, None) => Ok(source),
        (MarkSource::Index { .. }, Some(field)) => {
            Ok(MarkSource::Index { cap: Some(field.share()?) })
        }
        (_, Some(field)) => Err(field.error("this key only with mark = \"index\"")),
    }
}

fn auction_candidates(table: &Table<'_>) -> Result<AuctionCandidates, Error> {
    table.get("auction_candidates").map_or(Ok(AuctionCandidates::Ticks), |field| {
        field.word(&[("ticks", AuctionCandidates::Ticks), ("limits", AuctionCandidates::Limits)])
    })
}

fn market_remainder(table: &Table<'_>) -> Result<MarketRemainder, Error> {
    table.get("market_remainder").map_or(Ok(MarketRemainder::Cancel), |field| {
        field.word(&[("cancel", MarketRemainder::Cancel), ("rest", MarketRemainder::Rest)])
    })
}
