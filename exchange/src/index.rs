//! The index: the mark that follows it, and the average of its last hour. Source: RULES 2.5, 5.6; SEMANTICS 5.

use crate::exchange::Exchange;
use crate::market::Market;
use plimsoll_types::{Band, EventKind, InstrumentId, MarkSource, Price, Reject, Ts, half_up_div};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What an expiry averages over, nanoseconds.
const HOUR: Ts = 3_600_000_000_000;

/// What is known of an instrument's index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Index {
    /// When it was set and to what, oldest first: the last time, and those of the hour before it.
    set: VecDeque<(Ts, Price)>,
}

impl Index {
    fn push(&mut self, now: Ts, price: Price) {
        while self.set.front().is_some_and(|(ts, _)| ts.saturating_add(HOUR) <= now) {
            self.set.pop_front();
        }
        self.set.push_back((now, price));
    }

    /// The index now; `None` = never set.
    pub(crate) fn last(&self) -> Option<Price> {
        self.set.back().map(|(_, price)| *price)
    }

    /// The average of what it was set to in the hour up to `now`, half up; none then: the last. `None` = never set.
    pub(crate) fn average(&self, now: Ts) -> Option<Price> {
        let recent = self.set.iter().filter(|(ts, _)| ts.saturating_add(HOUR) > now);
        let (sum, count) = recent.fold((0i128, 0i128), |(sum, count), (_, price)| {
            (sum + i128::from(price.ticks()), count + 1)
        });
        match count {
            0 => self.last(),
            count => Some(Price::clamped(half_up_div(sum, count) as i64)),
        }
    }
}

impl Market {
    /// The last trade's price as far as the index lets the mark go; `None` before the first index, or where the mark does not follow both.
    pub(crate) fn capped_mark(&self) -> Option<Price> {
        let index = self.index.last()?;
        let allowed = Band::around(index, self.mark_cap?);
        Some(self.last.unwrap_or(index).clamp(allowed.down, allowed.up))
    }
}

impl Exchange {
    pub(crate) fn set_index(
        &mut self,
        instrument: InstrumentId,
        price: Price,
    ) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        self.log.emit(EventKind::Index { instrument, price });
        let market = &mut self.markets[instrument.index()];
        market.index.push(self.log.now, price);
        if let MarkSource::Index { .. } = self.spec.instruments[instrument.index()].mark {
            let price = market.capped_mark().unwrap_or(price);
            self.risk.set_mark(instrument, price);
            self.log.emit(EventKind::Mark { instrument, price });
        }
        self.look();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hour_is_averaged_half_up() {
        let mut index = Index::default();
        assert_eq!((index.last(), index.average(0)), (None, None));
        let price = Price::clamped;
        index.push(0, price(500));
        index.push(HOUR - 1, price(100));
        index.push(HOUR, price(101));
        assert_eq!(index.set.len(), 2, "what is an hour old is out");
        assert_eq!(index.average(HOUR), Some(price(101)));
        assert_eq!(index.average(2 * HOUR - 1), Some(price(101)), "the first of them is out");
        assert_eq!(index.average(9 * HOUR), Some(price(101)), "the last, where none is recent");
    }
}
