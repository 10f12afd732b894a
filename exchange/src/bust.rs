//! A trade undone by the operator. Source: RULES 2.6, SEMANTICS 5.

use crate::exchange::Exchange;
use plimsoll_types::Reject;

impl Exchange {
    pub(crate) fn bust(&mut self, _trade: u64) -> Result<(), Reject> {
        Err(Reject::UnknownTrade)
    }
}
