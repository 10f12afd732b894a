//! Curves sampled over a run: the markets, and the strategies' accounts. They come whole at its end.

use super::column::{Decimals, Ids, Listed, Signed, Wholes};
use super::table::table;
use super::universe::Universe;
use crate::outcome::{Sample, StrategySample};
use plimsoll_types::{AccountId, InstrumentId, Qty};

table! {
    /// One row a sample of an instrument's market.
    Samples(universe) {
        ts: Wholes = Wholes::new(),
        symbol: Listed = Listed::new(&universe.symbols),
        mark: Decimals = Decimals::new(universe.places.price),
        bid: Decimals = Decimals::new(universe.places.price),
        ask: Decimals = Decimals::new(universe.places.price),
        bid_depth: Decimals = Decimals::new(universe.places.quantity),
        ask_depth: Decimals = Decimals::new(universe.places.quantity),
        up: Decimals = Decimals::new(universe.places.price),
        down: Decimals = Decimals::new(universe.places.price),
        open_cases: Wholes = Wholes::new(),
        parked_cases: Wholes = Wholes::new(),
        fund: Decimals = Decimals::new(universe.places.money),
        debt: Decimals = Decimals::new(universe.places.money),
    }
}

impl Samples {
    /// Puts a sample of an instrument that is known.
    pub fn put(&mut self, universe: &Universe, instrument: InstrumentId, sample: &Sample) {
        let row = self.rows;
        self.rows += 1;
        let price = |price| universe.price(instrument, price);
        // Five levels hold fewer lots than an order may have, or their sum is shown as that.
        let lots = |lots: u64| universe.quantity(instrument, Qty::new(lots.min(Qty::MAX.lots())));
        self.ts.put(row, sample.ts);
        self.symbol.put(row, universe.symbol(instrument));
        self.mark.put(row, price(sample.mark));
        if let Some(bid) = sample.bid {
            self.bid.put(row, price(bid));
        }
        if let Some(ask) = sample.ask {
            self.ask.put(row, price(ask));
        }
        self.bid_depth.put(row, lots(sample.bid_depth));
        self.ask_depth.put(row, lots(sample.ask_depth));
        if let Some(band) = sample.band {
            self.up.put(row, price(band.up));
            self.down.put(row, price(band.down));
        }
        self.open_cases.put(row, sample.open_cases);
        self.parked_cases.put(row, sample.parked_cases);
        self.fund.put(row, sample.fund.units());
        self.debt.put(row, sample.debt.units());
    }
}

table! {
    /// One row a sample of a strategy's account.
    Strategies(universe) {
        ts: Wholes = Wholes::new(),
        account: Ids = Ids::new(),
        equity: Decimals = Decimals::new(universe.places.money),
        margin: Decimals = Decimals::new(universe.places.money),
        exposure: Decimals = Decimals::new(universe.places.money),
        lots: Signed = Signed::new(),
        distance_ticks: Signed = Signed::new(),
    }
}

impl Strategies {
    /// Puts a sample of an account.
    pub fn put(&mut self, account: AccountId, sample: &StrategySample) {
        let row = self.rows;
        self.rows += 1;
        self.ts.put(row, sample.ts);
        self.account.put(row, account.0);
        self.equity.put(row, sample.equity.units());
        self.margin.put(row, sample.margin.units());
        self.exposure.put(row, sample.exposure.units());
        self.lots.put(row, sample.lots);
        if let Some(distance) = sample.distance {
            self.distance_ticks.put(row, distance);
        }
    }
}
