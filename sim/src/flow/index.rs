//! The index of an instrument: what several spot venues say it is worth, as an oracle tells it to the exchange.
//!
//! Every so often each venue says the value with an error of its own; the median of what they say, averaged or not, is sent as the
//! `index` command. Under `mark = "index"` that is the mark, so that a thin book moves no mark.

use super::{Agent, World};
use crate::fixed::{ONE_Q32, decay_q32};
use crate::prng::Prng;
use crate::scenario::reader::{SECOND, Section};
use plimsoll_text::Error;
use plimsoll_types::{Command, Phase, Price, Ts};

/// Binary places of what a venue says.
const PLACES: u32 = 16;
/// Half a tick in them.
const HALF: i64 = 1 << (PLACES - 1);
/// The least time between two prices.
const EVERY_MIN: Ts = SECOND / 1_000;

/// The index of one instrument.
#[derive(Clone, Debug)]
pub struct Index {
    /// Time between two prices, nanoseconds.
    pub every: Ts,
    /// Venues whose median it is.
    pub venues: u32,
    /// Standard deviation of a venue's error, ticks; drawn anew for each price.
    pub noise: i64,
    /// Time scale of the exponential average over the medians, nanoseconds; 0 = none.
    pub average: Ts,
    /// How old a price is when it reaches the exchange, nanoseconds.
    pub latency: Ts,
}

/// Reads `[flow.index]`.
pub fn index(mut section: Section<'_>) -> Result<Index, Error> {
    let index = Index {
        every: section.duration("every", None)?,
        venues: section.whole("venues", Some(1), 1..102)? as u32,
        noise: section.whole("noise", Some(0), 0..1_000_001)?,
        average: section.duration("average", Some("0s"))?,
        latency: section.duration("latency", Some("0s"))?,
    };
    if index.every < EVERY_MIN {
        return Err(section.complaint("every", "1ms or more", "less"));
    }
    section.finish()?;
    Ok(index)
}

/// Who tells the exchange the index. It trades nothing and has no account.
pub struct Oracle {
    plan: Index,
    /// A stream for each venue, so that one more changes nothing of what the others say.
    venues: Vec<Prng>,
    /// What each says, kept from price to price for its memory alone.
    said: Vec<i64>,
    /// The average so far, in 16 binary places of a tick, and when it was taken.
    average: Option<(Ts, i64)>,
}

impl Oracle {
    /// The oracle of an instrument under its flow's seed.
    pub fn new(plan: Index, seed: u64) -> Oracle {
        let venues = (0..u64::from(plan.venues)).map(|n| Prng::new(seed, "index", n)).collect();
        Oracle { said: Vec::with_capacity(plan.venues as usize), plan, venues, average: None }
    }

    /// The median of what the venues say of a value of so many ticks, in 16 binary places; of an even number the mean of the middle two.
    fn median(&mut self, value: i64) -> i64 {
        // Values beyond all prices are as good as the highest price, and leave room for the places.
        let value = Price::clamped(value).ticks() << PLACES;
        let noise = self.plan.noise << PLACES;
        self.said.clear();
        self.said.extend(self.venues.iter_mut().map(|venue| value + venue.bell(noise)));
        self.said.sort_unstable();
        let middle = self.said.len() / 2;
        let below = (self.said.len() - 1) / 2;
        self.said[below].midpoint(self.said[middle])
    }

    /// The index at `now`, to the nearest tick.
    fn price(&mut self, now: Ts, value: i64) -> Price {
        let median = self.median(value);
        let average = match self.average {
            Some((then, before)) if self.plan.average > 0 => {
                let kept = i128::from(decay_q32(now.saturating_sub(then), self.plan.average));
                let new = i128::from(median - before) * (i128::from(ONE_Q32) - kept);
                before + (new >> 32) as i64
            }
            _ => median,
        };
        self.average = Some((now, average));
        Price::clamped((average + HALF) >> PLACES)
    }
}

impl Agent for Oracle {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        // Spot goes on while the market is halted or calls an auction, and so does its index; a closed market has nobody to tell.
        if world.phase != Phase::Closed {
            let price = self.price(world.now, world.value);
            out.push(Command::Index { instrument: world.instrument, price });
        }
        Some(world.now + self.plan.every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;
    use plimsoll_exchange::Exchange;
    use plimsoll_types::{InstrumentId, Ratio};

    fn plan() -> Index {
        Index { every: SECOND, venues: 1, noise: 0, average: 0, latency: 0 }
    }

    fn prices(plan: Index, values: &[i64]) -> Vec<i64> {
        let mut oracle = Oracle::new(plan, 7);
        let said = (1..).zip(values).map(|(n, &value)| oracle.price(n * SECOND, value).ticks());
        said.collect()
    }

    #[test]
    fn without_noise_or_average_it_is_the_value() {
        assert_eq!(prices(plan(), &[100, 90, 95]), [100, 90, 95]);
        assert_eq!(prices(plan(), &[-5, i64::MAX]), [1, Price::MAX.ticks()]);
    }

    #[test]
    fn an_average_comes_nearer_by_the_same_share_each_time() {
        // e^-1 of the distance is left after each time scale: 1000 x 0.368, 0.135, 0.0498.
        let average = Index { average: SECOND, ..plan() };
        assert_eq!(prices(average, &[2_000, 1_000, 1_000, 1_000]), [2_000, 1_368, 1_135, 1_050]);
    }

    #[test]
    fn several_venues_err_less_than_one() {
        let deviation = |venues| {
            let noisy = Index { venues, noise: 100, ..plan() };
            let values = vec![100_000; 4_000];
            let squares = prices(noisy, &values).into_iter().map(|price| (price - 100_000).pow(2));
            (squares.sum::<i64>() / 4_000).isqrt()
        };
        let (one, even, nine) = (deviation(1), deviation(4), deviation(9));
        assert!((95..=105).contains(&one), "{one}");
        // About 1.25 x 100 / sqrt(n); of four, the mean of the middle two, a little less.
        assert!((50..=58).contains(&even), "{even}");
        assert!((38..=44).contains(&nine), "{nine}");
    }

    #[test]
    fn one_more_venue_changes_nothing_of_what_the_others_say() {
        let said = |venues| {
            let mut oracle = Oracle::new(Index { venues, noise: 100, ..plan() }, 7);
            (0..50)
                .map(|_| {
                    oracle.median(1_000);
                    let mut said = oracle.said.clone();
                    said.sort_unstable();
                    said
                })
                .collect::<Vec<_>>()
        };
        for (fewer, more) in said(4).iter().zip(&said(5)) {
            assert!(fewer.iter().all(|price| more.contains(price)), "{fewer:?} {more:?}");
        }
    }

    #[test]
    fn it_speaks_in_a_halt_but_not_of_a_closed_market() {
        let scenario = Scenario::built_in().expect("good");
        let exchange = Exchange::new(scenario.exchange);
        let mut oracle = Oracle::new(plan(), 7);
        let mut said = |phase| {
            let world = World {
                exchange: &exchange,
                instrument: InstrumentId(0),
                now: SECOND,
                value: 4_321,
                liquidity: Ratio::ONE,
                band: None,
                phase,
            };
            let mut out = Vec::new();
            assert_eq!(oracle.wake(&world, &mut out), Some(2 * SECOND));
            out
        };
        let price = Price::clamped(4_321);
        let one = [Command::Index { instrument: InstrumentId(0), price }];
        assert_eq!(said(Phase::Continuous), one);
        assert_eq!(said(Phase::Halted), one);
        assert_eq!(said(Phase::Closed), []);
    }
}
