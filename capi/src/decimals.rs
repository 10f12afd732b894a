//! Decimal text to ticks, lots and money units, and back; exactly or not at all.

use crate::engine::Engine;
use crate::layout::Wide;
use crate::status::{Fault, Status};
use plimsoll_text::decimal::{self, DecimalError};
use plimsoll_types::{Price, Qty, Reject};

fn malformed(error: DecimalError) -> Fault {
    Fault::new(Status::BadText, format!("expected {}", error.expected()))
}

fn refused(reason: Reject) -> Fault {
    Fault::new(Status::BadText, reason.detail())
}

impl Engine {
    /// Ticks of a price.
    pub(crate) fn price_in(&self, instrument: u32, text: &str) -> Result<i64, Fault> {
        let (tick, _) = self.steps(instrument)?;
        let value = decimal::parse(text.as_bytes()).map_err(malformed)?;
        decimal::price(value, tick).map(Price::ticks).map_err(refused)
    }

    /// Lots of a quantity.
    pub(crate) fn qty_in(&self, instrument: u32, text: &str) -> Result<u64, Fault> {
        let (_, lot) = self.steps(instrument)?;
        let value = decimal::parse(text.as_bytes()).map_err(malformed)?;
        decimal::quantity(value, lot).map(Qty::lots).map_err(refused)
    }

    /// Units of an amount of money, of either sign.
    pub(crate) fn money_in(&self, text: &str) -> Result<Wide, Fault> {
        let decimals = self.exchange()?.spec().money_decimals;
        let value = decimal::parse(text.as_bytes()).map_err(malformed)?;
        let money = decimal::money(value, decimals);
        money.map(|money| money.units().into()).ok_or_else(|| refused(Reject::AmountOffUnit))
    }

    /// A price as text.
    pub(crate) fn price_out(&self, instrument: u32, ticks: i64) -> Result<Vec<u8>, Fault> {
        let (tick, _) = self.steps(instrument)?;
        let price = Price::new(ticks).ok_or_else(|| {
            Fault::new(Status::BadValue, format!("price: expected 1 to 2^30 ticks, found {ticks}"))
        })?;
        let mut text = Vec::new();
        decimal::write_price(&mut text, price, tick);
        Ok(text)
    }

    /// A quantity as text.
    pub(crate) fn qty_out(&self, instrument: u32, lots: u64) -> Result<Vec<u8>, Fault> {
        let (_, lot) = self.steps(instrument)?;
        let mut text = Vec::new();
        decimal::write_qty(&mut text, Qty::new(lots), lot);
        Ok(text)
    }

    /// An amount of money as text.
    pub(crate) fn money_out(&self, money: Wide) -> Result<Vec<u8>, Fault> {
        let decimals = self.exchange()?.spec().money_decimals;
        let mut text = Vec::new();
        decimal::write_scaled(&mut text, money.into(), decimals);
        Ok(text)
    }
}
