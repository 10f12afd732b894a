//! The corridor around where the price was a window ago, outside which no trade may happen. Source: RULES 3.6 (a), SEMANTICS 5.

use plimsoll_types::{Band, Price, Ts, Volatility};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What a market remembers of its prices to know where they may go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Corridor {
    pub(crate) rule: Volatility,
    /// The last trade price that is a window old, or the last uncross's.
    anchor: Option<Price>,
    /// Later trades: the last price of each moment.
    recent: VecDeque<(Ts, Price)>,
}

impl Corridor {
    pub(crate) fn new(rule: Volatility) -> Corridor {
        Corridor { rule, anchor: None, recent: VecDeque::new() }
    }

    /// The prices at which may be traded now. Cost: amortised O(1).
    pub(crate) fn bounds(&mut self, now: Ts, prev_settlement: Price) -> Band {
        self.age(now);
        Band::around(self.anchor.unwrap_or(prev_settlement), self.rule.share)
    }

    /// Remembers a pass's last price.
    pub(crate) fn traded(&mut self, now: Ts, price: Price) {
        self.age(now);
        match self.recent.back_mut() {
            Some(last) if last.0 == now => last.1 = price,
            _ => self.recent.push_back((now, price)),
        }
    }

    /// An auction found a price: it counts from now on, what was before is forgotten.
    pub(crate) fn uncrossed(&mut self, price: Price) {
        self.anchor = Some(price);
        self.recent.clear();
    }

    fn age(&mut self, now: Ts) {
        while let Some(&(ts, price)) = self.recent.front() {
            if ts.saturating_add(self.rule.window) > now {
                return;
            }
            self.anchor = Some(price);
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::Ratio;

    #[test]
    fn the_reference_is_the_price_a_window_ago() {
        let rule = Volatility { share: Ratio::from_nano(20_000_000), window: 60, auction: 5 };
        let mut corridor = Corridor::new(rule);
        let price = Price::clamped;
        let around = |corridor: &mut Corridor, now| {
            let band = corridor.bounds(now, price(1_000));
            (band.down.ticks(), band.up.ticks())
        };
        assert_eq!(around(&mut corridor, 0), (980, 1_020));
        corridor.traded(10, price(1_010));
        corridor.traded(10, price(1_015));
        corridor.traded(30, price(1_020));
        // Half a tick is not traded: 994.7 rounds up, 1035.3 down.
        assert_eq!(around(&mut corridor, 69), (980, 1_020));
        assert_eq!(around(&mut corridor, 70), (995, 1_035));
        corridor.uncrossed(price(2_000));
        assert_eq!(around(&mut corridor, 500), (1_960, 2_040));
    }
}
