//! What a market remembers of its day: what its settlement price is made of and how it closed. Source: SEMANTICS 5.

use crate::last_hour::LastHour;
use plimsoll_types::{Price, SettlementMethod, Side, Ts, half_up_div};
use serde::{Deserialize, Serialize};

/// How a market closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Close {
    pub(crate) at: Ts,
    /// The side that stood alone at its limit price.
    pub(crate) one_sided: Option<Side>,
}

/// A market's day: since its last settlement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Day {
    /// Lots traded, and each trade's price times its lots; busted trades taken out again.
    lots: u128,
    worth: u128,
    /// Price of the last trade that stands, ticks; 0 = none.
    last: u32,
    /// Number of the last event before it began.
    since: u64,
    /// How it last closed, if it has.
    pub(crate) close: Option<Close>,
    /// Only where settlement prices are made of it.
    pub(crate) hour: Option<Box<LastHour>>,
}

impl Day {
    pub(crate) fn new(method: SettlementMethod) -> Day {
        let hour = method == SettlementMethod::LastHour;
        Day { hour: hour.then(Box::default), ..Day::default() }
    }

    /// Counts a trade in; the price of the trade before it, in ticks, 0 = none. Cost: two additions.
    #[inline]
    pub(crate) fn trade(&mut self, price: Price, lots: u64) -> u32 {
        let ticks = price.ticks() as u32;
        self.lots += u128::from(lots);
        self.worth += u128::from(ticks) * u128::from(lots);
        std::mem::replace(&mut self.last, ticks)
    }

    /// Whether a trade is one of this day's.
    pub(crate) fn has(&self, seq: u64) -> bool {
        seq > self.since
    }

    /// Takes a trade of this day out again.
    pub(crate) fn undo(&mut self, seq: u64, price: Price, lots: u64) {
        self.lots -= u128::from(lots);
        self.worth -= price.ticks() as u128 * u128::from(lots);
        if let Some(hour) = &mut self.hour {
            hour.undo(seq);
        }
    }

    /// The last trade was undone: the one before it is the last now.
    pub(crate) fn set_last(&mut self, ticks: u32) {
        self.last = ticks;
    }

    /// The day's settlement price; `None` where nothing traded.
    pub(crate) fn price(&self, method: SettlementMethod, now: Ts) -> Option<Price> {
        match method {
            SettlementMethod::DayAverage if self.lots == 0 => None,
            // Prices are below 2^31 and lots below 2^40: 2^56 trades would fit.
            SettlementMethod::DayAverage => {
                Some(Price::clamped(half_up_div(self.worth as i128, self.lots as i128) as i64))
            }
            SettlementMethod::LastHour => {
                self.hour.as_ref()?.price(self.close.map_or(now, |close| close.at))
            }
            SettlementMethod::Last => Price::new(i64::from(self.last)),
        }
    }

    /// Begins a new day; `seq` is the number of the last event.
    pub(crate) fn turn(&mut self, seq: u64) {
        (self.lots, self.worth, self.last, self.since, self.close) = (0, 0, 0, seq, None);
        if let Some(hour) = &mut self.hour {
            hour.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_rounds_half_up_and_forgets_what_was_undone() {
        let mut day = Day::new(SettlementMethod::DayAverage);
        let price = Price::clamped;
        let average = |day: &Day| day.price(SettlementMethod::DayAverage, 0);
        assert_eq!(average(&day), None);
        assert_eq!(day.trade(price(100), 1), 0);
        assert_eq!(day.trade(price(101), 1), 100);
        assert_eq!(average(&day), Some(price(101)));
        day.trade(price(10), 5);
        day.undo(3, price(10), 5);
        assert_eq!(average(&day), Some(price(101)));
        day.trade(Price::MAX, (1 << 40) - 1);
        assert_eq!(average(&day), Some(Price::MAX));
        day.turn(9);
        assert_eq!((average(&day), day.has(9), day.has(10)), (None, false, true));
    }
}
