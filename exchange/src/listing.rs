//! Instruments that come and go while the exchange runs. Source: RULES 2.5, SEMANTICS 5.

use crate::exchange::Exchange;
use plimsoll_types::{InstrumentId, InstrumentSpec, Price, Reject};

impl Exchange {
    pub(crate) fn list(&mut self, _spec: &InstrumentSpec) -> Result<(), Reject> {
        Err(Reject::DuplicateSymbol)
    }

    pub(crate) fn delist(&mut self, _instrument: InstrumentId) -> Result<(), Reject> {
        Err(Reject::UnknownSymbol)
    }

    pub(crate) fn expire(
        &mut self,
        _instrument: InstrumentId,
        _price: Option<Price>,
    ) -> Result<(), Reject> {
        Err(Reject::UnknownSymbol)
    }
}
