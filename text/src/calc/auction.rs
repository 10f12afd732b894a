//! `calc auction`: the orders of a call auction, in ticks and the finest step of quantity.

use crate::decimal;
use crate::json::node::{Field, Object, Source, Tree};
use crate::r#where::Error;
use plimsoll_types::{AuctionCandidates, Step};
use rust_decimal::Decimal;

/// One line of an auction: a quantity and a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuctionOrder {
    /// Price in ticks; `None` for a market order.
    pub price: Option<i64>,
    /// Quantity in [`Auction::lot`]s, above zero.
    pub qty: u128,
}

/// An auction to be priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auction {
    /// Orders to buy, in the file's order.
    pub bids: Vec<AuctionOrder>,
    /// Orders to sell, in the file's order.
    pub asks: Vec<AuctionOrder>,
    /// The reference price in ticks.
    pub reference: Option<i64>,
    /// Which prices may be found.
    pub candidates: AuctionCandidates,
    /// What a tick is: the file's, else the finest decimal place among its prices.
    pub tick: Step,
    /// What a quantity of one is: the finest decimal place among the quantities.
    pub lot: Step,
}

const PAIR: &str = "a quantity and a price such as [\"200\",\"202\"], null for a market order";

/// Reads `{"bids":[["200","202"],["900",null],...],"asks":[...],"reference":"199","candidates":"limits","tick":"1"}`.
///
/// `reference` may be null or missing; `candidates` is "ticks" where it is missing. A tick given as `tick` goes before the file's.
/// Errors: anything else, with file, line and field; prices off the tick; quantities that add up to over 2^126 steps.
pub fn read_auction(name: &str, text: &str, tick: Option<Step>) -> Result<Auction, Error> {
    let tree = Tree::parse(Source { name, text })?;
    let file = tree.root().object(&["bids", "asks", "reference", "candidates", "tick"])?;
    let (bids, asks) = (rows(&file, "bids")?, rows(&file, "asks")?);
    let reference = file.get("reference").filter(|field| !field.is_null());
    let reference = reference.map(|field| Ok((field.positive()?, field))).transpose()?;
    let words = [("limits", AuctionCandidates::Limits), ("ticks", AuctionCandidates::Ticks)];
    let candidates = file.get("candidates").map(|field| field.word(&words)).transpose()?;
    let own_tick = file.get("tick").map(|field| step(&field)).transpose()?;
    let rows = || bids.iter().chain(&asks);
    let prices = rows().filter_map(|row| Some(row.price.as_ref()?.0));
    let prices = prices.chain(reference.iter().map(|(price, _)| *price));
    let tick = tick.or(own_tick).unwrap_or_else(|| finest(prices));
    let lot = finest(rows().map(|row| row.qty.0));
    let auction = Auction {
        bids: orders(&bids, tick, lot)?,
        asks: orders(&asks, tick, lot)?,
        reference: reference.map(|(price, field)| ticks(price, &field, tick)).transpose()?,
        candidates: candidates.unwrap_or(AuctionCandidates::Ticks),
        tick,
        lot,
    };
    for (side, key) in [(&auction.bids, "bids"), (&auction.asks, "asks")] {
        let sum = side.iter().try_fold(0u128, |sum, order| sum.checked_add(order.qty));
        if sum.is_none_or(|sum| sum >> 126 != 0) {
            let field = file.required(key, "an array")?;
            return Err(field.refused("quantities that add up to at most 2^126 steps", "more"));
        }
    }
    Ok(auction)
}

/// A row as it stands: decimals with the fields they came from.
struct Row<'t> {
    qty: (Decimal, Field<'t>),
    price: Option<(Decimal, Field<'t>)>,
}

fn rows<'t>(file: &Object<'t>, key: &str) -> Result<Vec<Row<'t>>, Error> {
    let row = |field: Field<'t>| {
        let pair = field.array().map_err(|_| field.error(PAIR))?;
        let [qty, price] = <[Field<'t>; 2]>::try_from(pair)
            .map_err(|pair| field.refused(PAIR, &format!("an array of {}", pair.len())))?;
        let price = match price.is_null() {
            true => None,
            false => Some((price.positive()?, price)),
        };
        Ok(Row { qty: (qty.positive()?, qty), price })
    };
    file.required(key, "an array")?.array()?.into_iter().map(row).collect()
}

fn orders(rows: &[Row<'_>], tick: Step, lot: Step) -> Result<Vec<AuctionOrder>, Error> {
    let order = |row: &Row<'_>| {
        let price = row.price.as_ref().map(|(price, field)| ticks(*price, field, tick));
        let (qty, field) = &row.qty;
        let lots = decimal::steps(*qty, lot).and_then(|lots| u128::try_from(lots).ok());
        let qty = lots.ok_or_else(|| field.error("a quantity of fewer digits"))?;
        Ok(AuctionOrder { price: price.transpose()?, qty })
    };
    rows.iter().map(order).collect()
}

fn ticks(price: Decimal, field: &Field<'_>, tick: Step) -> Result<i64, Error> {
    let Some(ticks) = decimal::steps(price, tick) else {
        let mut expected = b"a multiple of the tick ".to_vec();
        decimal::write_steps(&mut expected, 1, tick);
        return Err(field.error(&String::from_utf8_lossy(&expected)));
    };
    i64::try_from(ticks).map_err(|_| field.error("a price below 2^63 ticks"))
}

fn step(field: &Field<'_>) -> Result<Step, Error> {
    decimal::step(field.decimal()?)
        .ok_or_else(|| field.error("a step above zero of at most 18 digits and places"))
}

/// One unit of the finest decimal place that occurs.
fn finest(values: impl Iterator<Item = Decimal>) -> Step {
    let decimals = values.map(|value| value.normalize().scale()).max().unwrap_or(0);
    Step { mantissa: 1, decimals }
}
