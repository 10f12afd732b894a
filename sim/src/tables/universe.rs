//! What the columns of a run need to know beforehand: names, and steps as whole units of a column's last place.

use super::column::digits;
use arrow_array::{ArrayRef, StringArray};
use plimsoll_types::{
    AccountId, EventKind, ExchangeSpec, InstrumentId, InstrumentSpec, Label, MarginRate, Price,
    ProfileId, Qty, Step, broken,
};
use std::io;
use std::sync::Arc;

/// Digits, and places after the point, of every kind of decimal. The same for all instruments: a column has one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Of prices: those of the finest tick.
    pub price: (u8, u32),
    /// Of quantities: those of the finest lot.
    pub quantity: (u8, u32),
    /// Of multipliers.
    pub multiplier: (u8, u32),
    /// Of money.
    pub money: (u8, u32),
}

/// An instrument's steps in units of their columns.
#[derive(Clone, Copy, Debug)]
struct Steps {
    symbol: u16,
    tick: i128,
    lot: i128,
    multiplier: i128,
}

/// Names and steps, by id.
pub struct Universe {
    /// Places of the columns.
    pub places: Places,
    /// Symbols, as the dictionary of their columns.
    pub symbols: ArrayRef,
    /// Names of profiles.
    pub profiles: ArrayRef,
    /// Names of tiers, "normal" first.
    pub tiers: ArrayRef,
    symbol_list: Vec<Label>,
    instruments: Vec<Steps>,
    /// Places in `tiers`, by profile and tier.
    tier_places: Vec<Vec<u16>>,
    /// Profile of every account, that of its owner for an isolated position, and its owner.
    accounts: Vec<(ProfileId, AccountId)>,
}

impl Universe {
    /// What `spec` names, and instruments that will be listed later.
    ///
    /// Errors: steps so far apart that no decimal of 38 digits holds all prices or quantities exactly.
    pub fn new(spec: &ExchangeSpec, later: &[InstrumentSpec]) -> io::Result<Universe> {
        let all = || spec.instruments.iter().chain(later);
        let most = |step: fn(&InstrumentSpec) -> Step| {
            all().map(|known| step(known).decimals).max().unwrap_or_default()
        };
        let mut places = Places {
            price: (digits::PRICE, most(|known| known.tick_size)),
            quantity: (digits::QUANTITY, most(|known| known.lot_size)),
            multiplier: (digits::SHARE, most(|known| known.multiplier)),
            money: (digits::MONEY, spec.money_decimals),
        };
        if !all().all(|known| fits(known, places)) {
            places.price.0 = digits::ALL;
            places.quantity.0 = digits::ALL;
            places.multiplier.0 = digits::ALL;
        }
        for known in all() {
            check(known, places)?;
        }
        let mut symbol_list: Vec<Label> = Vec::new();
        for known in all() {
            if !symbol_list.contains(&known.symbol) {
                symbol_list.push(known.symbol);
            }
        }
        let mut tier_names = vec!["normal"];
        let mut tier_places = Vec::new();
        for profile in &spec.profiles {
            let mut places = vec![0];
            for tier in &profile.tiers {
                let name = tier.name.as_str();
                let known = tier_names.iter().position(|known| *known == name);
                places.push(known.unwrap_or(tier_names.len()) as u16);
                if known.is_none() {
                    tier_names.push(name);
                }
            }
            tier_places.push(places);
        }
        Ok(Universe {
            places,
            symbols: names(symbol_list.iter().map(Label::as_str)),
            profiles: names(spec.profiles.iter().map(|profile| profile.name.as_str())),
            tiers: names(tier_names.into_iter()),
            symbol_list,
            instruments: Vec::new(),
            tier_places,
            accounts: Vec::new(),
        })
    }

    /// Takes in an instrument that came.
    ///
    /// Errors: one that was not named beforehand and whose symbol or steps the columns cannot show.
    pub fn list(&mut self, spec: &InstrumentSpec) -> io::Result<()> {
        check(spec, self.places)?;
        let Some(symbol) = self.symbol_list.iter().position(|known| *known == spec.symbol) else {
            return Err(unknown(spec));
        };
        self.instruments.push(Steps {
            symbol: symbol as u16,
            tick: units(spec.tick_size, self.places.price.1).unwrap_or_default(),
            lot: units(spec.lot_size, self.places.quantity.1).unwrap_or_default(),
            multiplier: units(spec.multiplier, self.places.multiplier.1).unwrap_or_default(),
        });
        Ok(())
    }

    /// Takes in an account that came.
    pub fn open(&mut self, profile: ProfileId, owner: AccountId) {
        self.accounts.push((profile, owner));
    }

    /// Takes in what an event changes, before it is put into a table.
    #[inline]
    pub fn follow(&mut self, kind: &EventKind) {
        if let EventKind::Profile { account, profile } = *kind
            && let Some(known) = self.accounts.get_mut(account.index())
        {
            known.0 = profile;
        }
    }

    /// Whether an instrument has come.
    pub fn knows(&self, instrument: InstrumentId) -> bool {
        instrument.index() < self.instruments.len()
    }

    #[inline]
    fn steps(&self, instrument: InstrumentId) -> &Steps {
        match self.instruments.get(instrument.index()) {
            Some(steps) => steps,
            None => broken(format_args!("{instrument:?} was never told of")),
        }
    }

    /// Place of an instrument's symbol.
    #[inline]
    pub fn symbol(&self, instrument: InstrumentId) -> u16 {
        self.steps(instrument).symbol
    }

    /// A price in units of its column.
    #[inline]
    pub fn price(&self, instrument: InstrumentId, price: Price) -> i128 {
        i128::from(price.ticks()) * self.steps(instrument).tick
    }

    /// A quantity in units of its column.
    #[inline]
    pub fn quantity(&self, instrument: InstrumentId, qty: Qty) -> i128 {
        i128::from(qty.lots()) * self.steps(instrument).lot
    }

    /// Tick, lot and multiplier in units of their columns.
    pub fn terms(&self, instrument: InstrumentId) -> [i128; 3] {
        let steps = self.steps(instrument);
        [steps.tick, steps.lot, steps.multiplier]
    }

    /// Place of the name of a tier of an account: tiers count from 1, 0 is "normal".
    pub fn tier(&self, account: AccountId, tier: u8) -> u16 {
        let owner = self.accounts.get(account.index()).map_or(account, |known| known.1);
        let profile = self.accounts.get(owner.index()).map_or(ProfileId::UNLIMITED, |own| own.0);
        let places = self.tier_places.get(profile.index());
        places.and_then(|places| places.get(usize::from(tier))).copied().unwrap_or_default()
    }
}

/// A rate's parts: the share, and the amount a lot where there is one.
pub fn rate(rate: MarginRate) -> (i128, Option<i128>) {
    let per_lot = rate.per_lot.units();
    (i128::from(rate.share.nano()), (per_lot != 0).then_some(per_lot))
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(names))
}

/// A step in units of a column's last place; `None` where the column is too coarse or too narrow.
fn units(step: Step, places: u32) -> Option<i128> {
    i128::from(step.mantissa).checked_mul(10i128.checked_pow(places.checked_sub(step.decimals)?)?)
}

/// Whether all prices and quantities of an instrument can stand in their columns.
fn fits(spec: &InstrumentSpec, places: Places) -> bool {
    let fits = |step, (digits, places): (u8, u32), most: i128| {
        let units = units(step, places).and_then(|units| units.checked_mul(most));
        units.is_some_and(|units| units < 10i128.pow(u32::from(digits)))
    };
    fits(spec.tick_size, places.price, i128::from(Price::MAX.ticks()))
        && fits(spec.lot_size, places.quantity, i128::from(Qty::MAX.lots()))
        && fits(spec.multiplier, places.multiplier, 1)
}

fn check(spec: &InstrumentSpec, places: Places) -> io::Result<()> {
    if fits(spec, places) {
        return Ok(());
    }
    let Places { price, quantity, multiplier, .. } = places;
    Err(io::Error::other(format!(
        "tables: expected the steps of {} to fit decimals (digits, places) {price:?} for prices, {quantity:?} for quantities and {multiplier:?} for multipliers, which the run's instruments ask for; write events as jsonl instead",
        spec.symbol
    )))
}

fn unknown(spec: &InstrumentSpec) -> io::Error {
    io::Error::other(format!(
        "tables: the instrument {} was listed without having been named beforehand; write events as jsonl instead",
        spec.symbol
    ))
}
