//! Who a client is: side, size, leverage, entry and stop, each from the client's own dice.

use super::plan::{LotsLaw, Population, Stops};
use super::survival::Survival;
use crate::fixed::{exp2_neg_q32, log2_q32};
use crate::prng::{Odds, Prng};
use plimsoll_types::{
    ExchangeSpec, InstrumentSpec, MarginMode, Money, Price, ProfileId, Ratio, Side, ceil_div,
};

/// How often a client that would not have lived to see the opening is drawn again, before it comes at the opening.
const DRAWS_MAX: u32 = 32;

/// A client before it has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Long or short.
    pub side: Side,
    /// Lots of its position.
    pub lots: u64,
    /// Notional over the money behind the position.
    pub leverage: Ratio,
    /// What it pays in.
    pub deposit: Money,
    /// Under which profile.
    pub profile: ProfileId,
    /// Which price of the path it came in at; one past the last is the opening.
    pub step: u32,
    /// That price.
    pub entry: Price,
    /// Where its stop-loss waits.
    pub stop: Option<Price>,
}

/// Clients of one population, drawn one by one.
#[derive(Debug)]
pub struct Draw<'a> {
    plan: &'a Population,
    exchange: &'a ExchangeSpec,
    spec: &'a InstrumentSpec,
    seed: u64,
    classes: Odds,
    lots: Odds,
    /// Prices before the opening, then the opening.
    path: &'a [Price],
    survival: Survival,
}

impl<'a> Draw<'a> {
    /// Clients who come in along `path`, whose last price is the opening, and who also live through `later` prices.
    pub fn new(
        plan: &'a Population,
        exchange: &'a ExchangeSpec,
        path: &'a [Price],
        later: &[Price],
        seed: u64,
    ) -> Draw<'a> {
        Draw {
            plan,
            exchange,
            spec: &exchange.instruments[plan.instrument.index()],
            seed,
            classes: Odds::new(plan.leverage.iter().map(|class| class.share.nano() as u64)),
            lots: sizes(plan),
            path,
            survival: Survival::new(path, later),
        }
    }

    /// The `member`-th client. Depends on nobody else.
    pub fn client(&self, member: u64) -> Client {
        let mut prng = Prng::new(self.seed, "client", member);
        let opening = self.path.len() - 1;
        if opening == 0 {
            let client = self.once(&mut prng, opening);
            return self.with_stop(client, &mut prng);
        }
        // Only those who came through what has happened since are still there: the others are drawn again.
        for _ in 0..DRAWS_MAX {
            let step = prng.below(self.path.len() as u64) as usize;
            let drawn = self.once(&mut prng, step);
            let client = self.with_stop(drawn, &mut prng);
            let profile = &self.exchange.profiles[client.profile.index()];
            if self.survival.lives(&client, self.spec, profile) {
                return client;
            }
        }
        let client = self.once(&mut prng, opening);
        self.with_stop(client, &mut prng)
    }

    fn once(&self, prng: &mut Prng, step: usize) -> Client {
        let plan = self.plan;
        let side = if prng.chance(plan.long) { Side::Buy } else { Side::Sell };
        let class = plan.leverage[self.classes.draw(prng) as usize];
        let span = (class.to.nano() - class.from.nano()) as u64;
        let leverage = Ratio::from_nano(class.from.nano() + prng.below(span + 1) as i64);
        let lots = plan.lots.min + self.lots.draw(prng);
        let profile = class.profile.unwrap_or(plan.profile);
        let entry = self.path[step];
        let deposit = self.deposit(entry, lots, leverage, profile);
        Client { side, lots, leverage, deposit, profile, step: step as u32, entry, stop: None }
    }

    /// What is behind the position, and the reserve; people pay in round sums: whole units of the currency.
    fn deposit(&self, entry: Price, lots: u64, leverage: Ratio, profile: ProfileId) -> Money {
        let notional = Money::of_lots(entry, lots as i64, self.spec.tick_value).units();
        let one = i128::from(Ratio::SCALE);
        let behind = ceil_div(notional * one, i128::from(leverage.nano()));
        let reserve = ceil_div(behind * i128::from(self.plan.reserve.nano()), one);
        // An isolated position takes its whole margin into its pocket: its fees come on top.
        let isolated = self.exchange.profiles[profile.index()].margin_mode == MarginMode::Isolated;
        let fees = if isolated { opening_fees(self.spec, notional, lots) } else { 0 };
        let round = 10i128.pow(self.exchange.money_decimals);
        Money::new(ceil_div(behind + reserve + fees, round) * round)
    }

    fn with_stop(&self, client: Client, prng: &mut Prng) -> Client {
        let Some(stops) = self.plan.stops else { return client };
        Client { stop: stop(&stops, &client, prng), ..client }
    }
}

/// Where the stop-loss of a client waits, if it has one.
fn stop(stops: &Stops, client: &Client, prng: &mut Prng) -> Option<Price> {
    if !prng.chance(stops.share) {
        return None;
    }
    let span = (stops.to.nano() - stops.from.nano()) as u64;
    let share = i128::from(stops.from.nano()) + i128::from(prng.below(span + 1));
    let ticks = i128::from(client.entry.ticks());
    let away = (ticks * share / i128::from(Ratio::SCALE)).max(1) as i64;
    Price::new(client.entry.ticks() - client.side.sign() * away)
}

/// The most that opening `lots` lots worth `notional` costs in fees.
pub fn opening_fees(spec: &InstrumentSpec, notional: i128, lots: u64) -> i128 {
    let fees = &spec.fees;
    let share = fees.open.share.nano() + fees.maker.share.nano().max(fees.taker.share.nano());
    let maker = fees.maker.per_lot.units();
    let per_lot = fees.open.per_lot.units() + maker.max(fees.taker.per_lot.units());
    ceil_div(notional * i128::from(share), i128::from(Ratio::SCALE)).max(0)
        + per_lot.max(0) * i128::from(lots)
        + 1
}

/// How often each size above the smallest is drawn.
fn sizes(plan: &Population) -> Odds {
    let lots = plan.lots;
    let span = lots.max - lots.min + 1;
    match lots.law {
        // The head is as wide as a quarter of the range: large positions are rare, not unheard of.
        LotsLaw::Rounded => Odds::power_law(span, span / 4 + 1),
        LotsLaw::Even => Odds::new((0..span).map(|_| 1)),
        LotsLaw::Power(exponent) => Odds::tail(span, lots.min, exponent),
        LotsLaw::Lognormal { median, sigma } => {
            Odds::new((lots.min..=lots.max).map(|n| lognormal(n, median, sigma)))
        }
    }
}

/// Weight of `n` lots: exp(-(ln n/median)^2 / (2 sigma^2)) / n, in 40 binary places.
fn lognormal(n: u64, median: u64, sigma: Ratio) -> u64 {
    /// ln 2 / 2 in 32 binary places: what turns squared logarithms to base 2 into half squared natural ones, to base 2 again.
    const HALF_LN_2_Q32: u128 = 1_488_522_236;
    let far = u128::from(log2_q32(n).abs_diff(log2_q32(median)));
    let sigma_q32 = ((sigma.nano() as u128) << 32) / Ratio::SCALE as u128;
    // log2 of the weight: (d / sigma)^2 x ln 2 / 2, with d the distance in logarithms to base 2.
    let steps = (far << 32) / sigma_q32.max(1);
    let square = (steps * steps) >> 32;
    let x = (square * HALF_LN_2_Q32) >> 32;
    let weight = exp2_neg_q32(u64::try_from(x).unwrap_or(u64::MAX));
    (weight << 8) / n.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;
    use crate::population::plan::Lots;

    fn plan(lots: Lots) -> Population {
        let scenario = Scenario::built_in().expect("good");
        Population { lots, ..scenario.populations[0].clone() }
    }

    fn drawn(lots: Lots) -> Vec<u64> {
        let odds = sizes(&plan(lots));
        let mut prng = Prng::new(1, "test", 9);
        let mut drawn: Vec<u64> = (0..20_001).map(|_| lots.min + odds.draw(&mut prng)).collect();
        drawn.sort_unstable();
        drawn
    }

    #[test]
    fn sizes_follow_their_law() {
        let ratio = |nano| Ratio::from_nano(nano);
        let law = LotsLaw::Lognormal { median: 40, sigma: ratio(1_000_000_000) };
        let lognormal = drawn(Lots { min: 1, max: 10_000, law });
        // Half are under the median, 84 % under e times it.
        assert!((37..=43).contains(&lognormal[10_000]), "{}", lognormal[10_000]);
        assert!((100..=118).contains(&lognormal[16_826]), "{}", lognormal[16_826]);
        let law = LotsLaw::Power(ratio(2_000_000_000));
        let power = drawn(Lots { min: 10, max: 100_000, law });
        // P(X >= 20) = 1/2, P(X >= 100) = 1/10.
        assert!((18..=22).contains(&power[10_000]), "{}", power[10_000]);
        assert!((90..=112).contains(&power[18_000]), "{}", power[18_000]);
        let even = drawn(Lots { min: 5, max: 14, law: LotsLaw::Even });
        assert_eq!((even[0], even[20_000]), (5, 14));
    }
}
