//! What protects a market from its own prices: corridors, limit states, limits that widen day by day. Source: RULES 3.

use crate::units::{Ratio, Ts};
use serde::{Deserialize, Serialize};

/// A trade further than this from where the price was a window ago stops the book for a call auction. Source: RULES 3.6 (a).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volatility {
    /// Half the corridor's width as a share of the reference price.
    pub share: Ratio,
    /// How far back the reference price lies, nanoseconds.
    pub window: Ts,
    /// How long the auction lasts, nanoseconds.
    pub auction: Ts,
}

/// A market that stands at its limit price is paused, then opened by an auction. Source: RULES 3.6 (c).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitState {
    /// How long it must stand there, nanoseconds.
    pub after: Ts,
    /// How long the pause lasts, nanoseconds.
    pub pause: Ts,
    /// How long the auction lasts, nanoseconds.
    pub auction: Ts,
}

/// How the price limit grows over one-sided days. Source: RULES 3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitGrowth {
    /// Added to the regular limit after the first and after every further one-sided day.
    Steps([Ratio; 2]),
    /// Multiplied with it, once or twice.
    Factor(Ratio),
}

/// The ladder of limits and margins over one-sided days. Source: RULES 3.2, 3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitLadder {
    /// How the limit grows.
    pub growth: LimitGrowth,
    /// What margin shares lie above the limit, at least.
    pub margin_add: Ratio,
    /// How long before the close a side must have stood alone at its limit, nanoseconds.
    pub window: Ts,
}

impl LimitLadder {
    /// The limit after `days` one-sided days in a row, from the regular one; rounded down to 10^-9.
    pub fn limit(&self, regular: Ratio, days: u32) -> Ratio {
        let nano = match (self.growth, days) {
            (_, 0) => regular.nano(),
            (LimitGrowth::Steps([first, _]), 1) => regular.nano() + first.nano(),
            (LimitGrowth::Steps([_, second]), _) => regular.nano() + second.nano(),
            (LimitGrowth::Factor(factor), _) => {
                (0..days.min(2)).fold(regular.nano(), |limit, _| {
                    let product = i128::from(limit) * i128::from(factor.nano());
                    i64::try_from(product / i128::from(Ratio::SCALE)).unwrap_or(i64::MAX)
                })
            }
        };
        Ratio::from_nano(nano.clamp(0, Ratio::MAX.nano()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(nano: i64) -> Ratio {
        Ratio::from_nano(nano)
    }

    #[test]
    fn rules_3_3_seven_ten_twelve() {
        let steps = LimitGrowth::Steps([ratio(30_000_000), ratio(50_000_000)]);
        let ladder =
            LimitLadder { growth: steps, margin_add: ratio(20_000_000), window: 300_000_000_000 };
        let limits: Vec<i64> =
            (0..4).map(|days| ladder.limit(ratio(70_000_000), days).nano()).collect();
        assert_eq!(limits, [70_000_000, 100_000_000, 120_000_000, 120_000_000]);
    }

    #[test]
    fn rules_3_3_the_older_way_multiplies() {
        let growth = LimitGrowth::Factor(ratio(1_500_000_000));
        let ladder = LimitLadder { growth, margin_add: Ratio::ZERO, window: 0 };
        let limits: Vec<i64> =
            (0..4).map(|days| ladder.limit(ratio(40_000_000), days).nano()).collect();
        assert_eq!(limits, [40_000_000, 60_000_000, 90_000_000, 90_000_000]);
    }
}
