//! Daily settlement: prices, profits, the next day's limits. Source: RULES 2, 3; SEMANTICS 5.

use crate::exchange::Exchange;
use plimsoll_types::{InstrumentId, Price, Reject};

impl Exchange {
    pub(crate) fn settle_day(
        &mut self,
        _instrument: Option<InstrumentId>,
        _price: Option<Price>,
    ) -> Result<(), Reject> {
        Err(Reject::UnknownSymbol)
    }
}
