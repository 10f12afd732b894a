//! The first reading of an ITCH file: which stocks it has orders of, and at what prices.

use super::DECIMALS;
use super::messages::{Body, Message, Messages};
use crate::lobster::common_step;
use crate::recorded::{Listing, write_config};
use crate::r#where::Error;
use plimsoll_types::{Label, Price};
use std::collections::BTreeMap;

/// A stock while it is being surveyed.
#[derive(Clone, Copy, Debug)]
struct Seen {
    symbol: Option<Label>,
    step: i64,
    lowest: i64,
    highest: i64,
    first: Option<i64>,
    cross: Option<i64>,
}

/// The stocks of a file that have orders.
#[derive(Clone, Debug)]
pub struct Survey {
    /// By their numbers of the day.
    pub(super) listings: BTreeMap<u16, Listing>,
    messages: u64,
}

impl Survey {
    /// Reads a whole file; of these `symbols` only, where any are named.
    ///
    /// A stock's tick is the largest step of which all its prices are multiples. The price of its first cross stands in for the
    /// previous settlement, without one the first order's.
    /// Errors: as [`Messages::read`]; no orders at all; a symbol that has none.
    pub fn read(messages: &mut Messages<'_>, symbols: &[Label]) -> Result<Survey, Error> {
        let mut stocks: BTreeMap<u16, Seen> = BTreeMap::new();
        while let Some(message) = messages.read()? {
            note(&mut stocks, &message);
        }
        let survey = Survey::of(stocks, symbols, messages.count());
        survey.map_err(|error| error.in_file(messages.file()))
    }

    fn of(stocks: BTreeMap<u16, Seen>, symbols: &[Label], messages: u64) -> Result<Survey, Error> {
        let mut listings = BTreeMap::new();
        for (stock, seen) in stocks {
            let (Some(symbol), Some(first)) = (seen.symbol, seen.first) else { continue };
            if !symbols.is_empty() && !symbols.contains(&symbol) {
                continue;
            }
            let tick = seen.step.max(1);
            // Stub quotes may stand too far away for the tick; orders there are left out.
            let highest = seen.highest.min(Price::MAX.ticks().saturating_mul(tick));
            let reference = seen.cross.unwrap_or(first).min(highest);
            let prices = (seen.lowest.min(highest), highest);
            listings.insert(stock, Listing::new(symbol, DECIMALS, tick, prices, reference)?);
        }
        let missing = symbols
            .iter()
            .find(|symbol| !listings.values().any(|listing| listing.symbol == **symbol));
        if let Some(missing) = missing {
            return Err(Error::new("symbol", "a stock with orders", missing.as_str()));
        }
        if listings.is_empty() {
            return Err(Error::new("file", "at least one order", "none"));
        }
        Ok(Survey { listings, messages })
    }

    /// Messages in the file.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The stocks.
    pub fn symbols(&self) -> impl Iterator<Item = Label> + '_ {
        self.listings.values().map(|listing| listing.symbol)
    }

    /// The configuration for the commands.
    pub fn config(&self) -> String {
        let listings: Vec<Listing> = self.listings.values().cloned().collect();
        write_config("USD", &listings)
    }
}

fn note(stocks: &mut BTreeMap<u16, Seen>, message: &Message) {
    let seen =
        || Seen { symbol: None, step: 0, lowest: i64::MAX, highest: 0, first: None, cross: None };
    let mut price_of = |price: i64| {
        let seen = stocks.entry(message.stock).or_insert_with(seen);
        seen.step = common_step(seen.step, price);
        (seen.lowest, seen.highest) = (seen.lowest.min(price), seen.highest.max(price));
    };
    match message.body {
        Body::Replace { price, .. } => price_of(price),
        Body::Add { price, stock, .. } => {
            price_of(price);
            let seen = stocks.entry(message.stock).or_insert_with(seen);
            (seen.symbol, seen.first) = (Some(stock), seen.first.or(Some(price)));
        }
        Body::Cross { price, .. } if price > 0 => {
            let seen = stocks.entry(message.stock).or_insert_with(seen);
            seen.cross = seen.cross.or(Some(price));
        }
        _ => {}
    }
}
