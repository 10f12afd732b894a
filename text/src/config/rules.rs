//! `[[instrument]]`: rules beyond plain price-time trading, and what protects its prices.

use super::calendar;
use super::dom::{Field, Table};
use super::instrument::House;
use crate::r#where::Error;
use plimsoll_types::{
    Allocation, LimitGrowth, LimitLadder, LimitPriority, LimitState, Phase, Price, Ratio,
    SettlementMethod, TradePrice, TradingRules, Ts, Volatility,
};

/// 0.02: what margins lie above a grown limit, at least.
const MARGIN_ADD: Ratio = Ratio::from_nano(20_000_000);

/// Five minutes: how long before the close a side must have stood alone at its limit.
const ONE_SIDED_WINDOW: Ts = 300_000_000_000;

/// Everything of [`TradingRules`].
pub fn read(table: &Table<'_>, house: &House<'_>) -> Result<TradingRules, Error> {
    let price_limit = table.get("price_limit").map(|field| field.ratio()).transpose()?;
    let market_protection = match table.get("market_protection") {
        None => None,
        Some(field) => Some(field.whole(0, Price::MAX.ticks() as u32)?),
    };
    let limit_ladder = match table.get("limit_ladder") {
        None => None,
        Some(field) => Some(limit_ladder(&field, needed(&field, price_limit)?)?),
    };
    let limit_state = match table.get("limit_state") {
        None => None,
        Some(field) => {
            needed(&field, price_limit)?;
            Some(limit_state(&field)?)
        }
    };
    Ok(TradingRules {
        market_protection,
        price_limit,
        limit_ladder,
        volatility: table.get("volatility").map(|field| volatility(&field)).transpose()?,
        limit_state,
        limit_priority: word_or(
            table,
            "limit_priority",
            &[("time", LimitPriority::Time), ("close_first", LimitPriority::CloseFirst)],
        )?,
        trade_price: word_or(
            table,
            "trade_price",
            &[("maker", TradePrice::Maker), ("median", TradePrice::Median)],
        )?,
        allocation: table
            .get("allocation")
            .map_or(Ok(Allocation::Time), |field| allocation(&field))?,
        settlement_price: word_or(
            table,
            "settlement_price",
            &[
                ("day_average", SettlementMethod::DayAverage),
                ("last_hour", SettlementMethod::LastHour),
                ("last", SettlementMethod::Last),
            ],
        )?,
        calendar: table.get("calendar").map(|field| place(&field, house)).transpose()?,
    })
}

/// The first phase.
pub fn phase(table: &Table<'_>) -> Result<Phase, Error> {
    table.get("phase").map_or(Ok(Phase::Continuous), |field| calendar::phase(&field))
}

/// One of a list of words; the first where the key is absent.
pub fn word_or<T: Copy>(table: &Table<'_>, key: &str, words: &[(&str, T)]) -> Result<T, Error> {
    match table.get(key) {
        None => Ok(words[0].1),
        Some(field) => field.word(words),
    }
}

/// The regular limit, which `field` means nothing without.
fn needed(field: &Field<'_>, price_limit: Option<Ratio>) -> Result<Ratio, Error> {
    price_limit.ok_or_else(|| field.error("price_limit to be given with it"))
}

fn limit_ladder(field: &Field<'_>, regular: Ratio) -> Result<LimitLadder, Error> {
    let table = field.table()?;
    table.only(&["steps", "factor", "margin_add", "window"])?;
    let growth = match (table.get("steps"), table.get("factor")) {
        (Some(field), None) => LimitGrowth::Steps(two_steps(&field)?),
        (None, Some(field)) => LimitGrowth::Factor(factor(&field)?),
        (None, None) => return Err(table.missing("steps", "steps, or a factor")),
        (Some(_), Some(field)) => return Err(field.error("steps or a factor, not both")),
    };
    let ladder = LimitLadder {
        growth,
        margin_add: table.get("margin_add").map_or(Ok(MARGIN_ADD), |field| field.ratio())?,
        window: table.get("window").map_or(Ok(ONE_SIDED_WINDOW), |field| field.duration())?,
    };
    if ladder.limit(regular, 2).plus(ladder.margin_add) > Ratio::MAX {
        return Err(field.error("limits and margins that stay at or under 1000000"));
    }
    Ok(ladder)
}

fn two_steps(field: &Field<'_>) -> Result<[Ratio; 2], Error> {
    const EXPECTED: &str = "two shares, the second above the first";
    let steps = field.array()?;
    let [first, second] = steps.as_slice() else { return Err(field.error(EXPECTED)) };
    let (first, above) = (first.ratio()?, second.ratio()?);
    if above <= first {
        return Err(second.error(EXPECTED));
    }
    Ok([first, above])
}

fn factor(field: &Field<'_>) -> Result<Ratio, Error> {
    let factor = field.ratio()?;
    if factor < Ratio::ONE {
        return Err(field.error("a factor from 1"));
    }
    Ok(factor)
}

fn volatility(field: &Field<'_>) -> Result<Volatility, Error> {
    let table = field.table()?;
    table.only(&["share", "window", "auction"])?;
    let field = table.required("share")?;
    let share = field.share()?;
    if share == Ratio::ZERO {
        return Err(field.error("a share above 0"));
    }
    Ok(Volatility {
        share,
        window: table.required("window")?.duration()?,
        auction: lasting(&table, "auction")?,
    })
}

fn limit_state(field: &Field<'_>) -> Result<LimitState, Error> {
    let table = field.table()?;
    table.only(&["after", "pause", "auction"])?;
    Ok(LimitState {
        after: lasting(&table, "after")?,
        pause: lasting(&table, "pause")?,
        auction: lasting(&table, "auction")?,
    })
}

/// A duration that is not zero: pauses of no length would follow each other without end.
fn lasting(table: &Table<'_>, key: &str) -> Result<Ts, Error> {
    let field = table.required(key)?;
    match field.duration()? {
        0 => Err(field.error("a duration above \"0s\"")),
        span => Ok(span),
    }
}

fn allocation(field: &Field<'_>) -> Result<Allocation, Error> {
    if !field.is_table() {
        return field.word(&[
            ("time", Allocation::Time),
            ("pro_rata", Allocation::ProRata { fifo: Ratio::ZERO }),
        ]);
    }
    let table = field.table()?;
    table.only(&["fifo"])?;
    Ok(Allocation::ProRata { fifo: table.required("fifo")?.share()? })
}

/// A calendar's place, by its name.
fn place(field: &Field<'_>, house: &House<'_>) -> Result<u16, Error> {
    let name = field.label()?;
    let place = house.calendars.iter().position(|calendar| calendar.name == name);
    place
        .and_then(|place| u16::try_from(place).ok())
        .ok_or_else(|| field.error("the name of a [[calendar]]"))
}
