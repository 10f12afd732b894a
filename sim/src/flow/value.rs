//! What the instrument is worth to those who quote it: a slow random walk, moved by shocks.

use crate::prng::Prng;
use crate::scenario::reader::SECOND;
use crate::scenario::{Scenario, Shock};
use plimsoll_types::{InstrumentId, Price, Ratio, Ts};

/// Time between two steps of the walk. A quarter of a second, so that the deviation a step is half of that a second.
const STEP: Ts = SECOND / 4;

/// The walk is at most so many times as wild when liquidity is low.
const NERVOUS_MAX: i64 = 3;

/// The value and the liquidity at each time.
#[derive(Clone, Debug)]
pub struct Value {
    prng: Prng,
    origin: Ts,
    stepped: Ts,
    base: Price,
    walk_nano: i64,
    noise: Ratio,
    shocks: Vec<Shock>,
}

impl Value {
    /// The value of a scenario that opens at `origin` and `base`.
    pub fn new(
        scenario: &Scenario,
        instrument: InstrumentId,
        seed: u64,
        origin: Ts,
        base: Price,
    ) -> Value {
        let shocks = scenario.shocks.iter().filter(|shock| shock.instrument == instrument);
        Value {
            prng: Prng::new(seed, "value", instrument.index() as u64),
            origin,
            stepped: origin,
            base,
            walk_nano: 0,
            noise: scenario.flow(instrument).map_or(Ratio::ZERO, |flow| flow.value_noise),
            shocks: shocks.cloned().collect(),
        }
    }

    /// Sets when and where the market opens, before the first look.
    pub fn begin(&mut self, origin: Ts, base: Price) {
        (self.origin, self.stepped, self.base) = (origin, origin, base);
    }

    /// The value at `now`, ticks. Time never falls.
    pub fn at(&mut self, now: Ts) -> i64 {
        if self.noise == Ratio::ZERO {
            // Nothing moves it, however many nights a recording sleeps through.
            self.stepped = self.stepped.max(now);
        }
        while self.stepped + STEP <= now {
            self.stepped += STEP;
            let nervous =
                (Ratio::SCALE / self.liquidity(self.stepped).nano().max(1)).clamp(1, NERVOUS_MAX);
            self.walk_nano += self.prng.bell(self.noise.nano() / 2 * nervous);
        }
        let since = now.saturating_sub(self.origin);
        let shocked: i128 = self.shocks.iter().map(|shock| self.moved(shock, since)).sum();
        let moved = i128::from(self.walk_nano) + shocked;
        self.base.ticks() + moved.div_euclid(i128::from(Ratio::SCALE)) as i64
    }

    /// Billionths of a tick by which a shock has moved the value.
    fn moved(&self, shock: &Shock, since: Ts) -> i128 {
        let whole = i128::from(shock.value.nano()) * i128::from(self.base.ticks());
        let done = i128::from(since.clamp(shock.from, shock.to) - shock.from);
        // Slow, fast, slow: 3 p^2 - 2 p^3 of the way after p of the time, in thousandths.
        let p = done * 1_000 / i128::from(shock.to - shock.from);
        whole * (3 * p * p * 1_000 - 2 * p * p * p) / 1_000_000_000
    }

    /// Share of their usual quantity that makers quote at `now`: the least that any shock leaves.
    pub fn liquidity(&self, now: Ts) -> Ratio {
        let since = now.saturating_sub(self.origin);
        let active = self.shocks.iter().filter(|shock| (shock.from..shock.to).contains(&since));
        active.map(|shock| shock.liquidity).min().unwrap_or(Ratio::ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shock_moves_the_value_by_its_share_and_stays() {
        let mut scenario = Scenario::built_in().expect("good");
        scenario.flows[0].value_noise = Ratio::ZERO;
        scenario.shocks.truncate(1);
        scenario.shocks[0].value = Ratio::from_nano(-100_000_000);
        scenario.shocks[0].liquidity = Ratio::from_nano(300_000_000);
        let (from, to) = (scenario.shocks[0].from, scenario.shocks[0].to);
        let mut value = Value::new(&scenario, InstrumentId(0), 1, 0, Price::clamped(1_000));
        let path = [from, from + (to - from) / 2, to, 2 * to].map(|now| value.at(now));
        assert_eq!(path, [1_000, 950, 900, 900]);
        assert_eq!(value.liquidity(from).nano(), 300_000_000);
        assert_eq!(value.liquidity(to), Ratio::ONE);
    }
}
