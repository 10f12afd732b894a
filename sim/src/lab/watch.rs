//! The stage of runs whose events nobody keeps: it looks on, and adds up what a record does not.

use crate::run::Stage;
use plimsoll_exchange::Exchange;
use plimsoll_types::{Event, EventKind, TradeKind};
use std::io;
use std::sync::Arc;

/// Whether to stop, which any thread may ask.
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// Looks on, until somebody asks it to stop.
pub struct Watch {
    stop: Stop,
    /// Money units that those who were deleveraged got less than at the mark; below zero they got more.
    pub haircut: i128,
    /// Lots deleveraged.
    pub deleveraged: u64,
}

impl Watch {
    /// One who asks `stop` whether to go on.
    pub fn new(stop: &Stop) -> Watch {
        Watch { stop: Arc::clone(stop), haircut: 0, deleveraged: 0 }
    }
}

impl Stage for Watch {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        for event in events {
            let EventKind::Trade { instrument, price, qty, side, kind, .. } = event.kind else {
                continue;
            };
            if kind != TradeKind::Deleverage {
                continue;
            }
            // The taker is the bankrupt one; who gives has the other side, and loses what its price is worse than the mark.
            let worse = side.opposite().sign()
                * (price.ticks() - exchange.mark(instrument).ticks())
                * qty.lots() as i64;
            let spec = exchange.spec().instruments.get(instrument.index());
            let value = spec.map_or(0, |spec| spec.tick_value);
            self.haircut += i128::from(worse) * i128::from(value);
            self.deleveraged += qty.lots();
        }
        Ok(())
    }

    fn stop(&self) -> bool {
        (self.stop)()
    }
}
