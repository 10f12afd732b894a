//! Orders that excite orders: each purchase and each sale makes more of both likelier for a while.
//!
//! A bivariate Hawkes process, its kernel a sum of exponentials of several time scales (many scales together fall like a power law, as
//! Bacry, Mastromatteo and Muzy (2015) find in markets), drawn by Ogata's thinning (1981). All in integers of 32 binary places.

use super::own::OwnOrders;
use super::zero::sizes;
use super::{Agent, World};
use crate::fixed::decay_q32;
use crate::prng::{Odds, Prng};
use crate::scenario::reader::{SECOND, Section, duration};
use plimsoll_text::Error;
use plimsoll_types::{AccountId, Command, Event, Price, Ratio, Side, Ts};
use std::sync::Arc;

/// Most time scales a kernel has.
const SCALES_MAX: usize = 8;
/// How far through the touch a market order goes at most, ticks.
const THROUGH: i64 = 1_000;
/// Draws that thinning may throw away before a trader looks up again.
const DRAWS_MAX: u32 = 1_000;
/// The shortest memory: below it the arithmetic would round.
const MEMORY_MIN: Ts = 1_000_000;

/// Orders that excite orders, of one instrument.
#[derive(Clone, Debug)]
pub struct Hawkes {
    /// How many independent streams.
    pub accounts: u32,
    /// Orders a second that come by themselves in each stream, both sides together.
    pub rate: Ratio,
    /// Orders of its own side that an order brings about, on average.
    pub same: Ratio,
    /// Orders of the other side that an order brings about, on average.
    pub cross: Ratio,
    /// How long excitement lasts: the kernel's time scales, of equal weight, nanoseconds.
    pub memory: Vec<Ts>,
    /// Share of orders that take at once; the others wait at a distance.
    pub market: Ratio,
    /// Orders a stream leaves in the book at most; the oldest goes first.
    pub orders: u32,
    /// Distance of a waiting order from the opposite best price, less 1 tick.
    distance: Arc<Odds>,
    /// Lots of an order, less 1.
    lots: Arc<Odds>,
    /// How long its commands take to the exchange, nanoseconds.
    pub latency: Ts,
}

/// Reads `[flow.hawkes]`.
///
/// Errors: unknown keys, values out of range, and a process that would explode: `same + cross` of 1 or more.
pub fn hawkes(mut section: Section<'_>) -> Result<Hawkes, Error> {
    let expected = "a list of 1 to 8 durations in quotes of 1ms or more";
    let memory = section.required("memory", expected, |value| {
        let scales = value.as_array()?.iter();
        let scales = scales.map(|scale| duration(scale.get_ref().as_str()?));
        let scales: Vec<Ts> = scales.collect::<Option<_>>()?;
        let usable = (1..=SCALES_MAX).contains(&scales.len());
        (usable && scales.iter().all(|&scale| scale >= MEMORY_MIN)).then_some(scales)
    })?;
    let reach = section.whole("reach", Some(200), 1..100_001)? as u64;
    let placement = section.share("placement", Some("1.5"), ["0.1", "10"])?;
    let lots = section.whole("lots", Some(1), 1..1_000_001)? as u64;
    let tail = section.share("tail", Some("1.5"), ["0.1", "10"])?;
    let hawkes = Hawkes {
        accounts: section.whole("accounts", Some(1), 1..10_001)? as u32,
        rate: section.share("rate", None, ["0.000001", "1000000"])?,
        same: section.share("same", None, ["0", "0.999"])?,
        cross: section.share("cross", Some("0"), ["0", "0.999"])?,
        memory,
        market: section.share("market", Some("1"), ["0", "1"])?,
        orders: section.whole("orders", Some(50), 1..10_001)? as u32,
        distance: Arc::new(Odds::tail(reach, 1, placement)),
        lots: Arc::new(sizes(lots, tail)),
        latency: section.duration("latency", Some("0ns"))?,
    };
    let children = hawkes.same.nano() + hawkes.cross.nano();
    if children > 999_000_000 {
        let expected = "same + cross of at most 0.999, or orders without end";
        let found = format!("{}.{:03}", children / Ratio::SCALE, children / 1_000_000 % 1_000);
        return Err(section.complaint("same", expected, &found));
    }
    section.finish()?;
    Ok(hawkes)
}

/// The times and sides of a bivariate Hawkes process, by themselves.
#[derive(Clone, Debug)]
pub struct Process {
    prng: Prng,
    /// Of each side, orders a second in 32 binary places.
    base: u64,
    /// By time scale: length, and by how much an order raises its own side's rate and the other's.
    scales: Vec<(Ts, [u64; 2])>,
    /// Excitement of purchases and sales, by time scale, orders a second in 32 binary places.
    excited: [[u64; SCALES_MAX]; 2],
    now: Ts,
}

/// `share` of `whole` a second, in 32 binary places.
fn per_second_q32(share: Ratio, parts: u64, of: Ts) -> u64 {
    let whole = (share.nano() as u128) << 32;
    (whole * u128::from(SECOND) / (Ratio::SCALE as u128 * u128::from(parts) * u128::from(of)))
        as u64
}

impl Process {
    /// The process of a plan, quiet at `now`.
    pub fn new(plan: &Hawkes, prng: Prng, now: Ts) -> Process {
        let parts = plan.memory.len() as u64;
        let jumps = |&scale: &Ts| {
            (scale, [plan.same, plan.cross].map(|share| per_second_q32(share, parts, scale)))
        };
        Process {
            prng,
            base: per_second_q32(plan.rate, 2, SECOND),
            scales: plan.memory.iter().map(jumps).collect(),
            excited: [[0; SCALES_MAX]; 2],
            now,
        }
    }

    /// Rates of purchases and sales at present.
    fn rates(&self) -> [u64; 2] {
        self.excited
            .map(|scales| scales.iter().fold(self.base, |sum, &rate| sum.saturating_add(rate)))
    }

    fn pass(&mut self, time: Ts) {
        self.now = self.now.saturating_add(time);
        for (k, &(scale, _)) in self.scales.iter().enumerate() {
            let left = u128::from(decay_q32(time, scale));
            for side in &mut self.excited {
                side[k] = ((u128::from(side[k]) * left) >> 32) as u64;
            }
        }
    }

    fn excite(&mut self, side: usize) {
        for (k, &(_, [same, cross])) in self.scales.iter().enumerate() {
            self.excited[side][k] = self.excited[side][k].saturating_add(same);
            self.excited[1 - side][k] = self.excited[1 - side][k].saturating_add(cross);
        }
    }

    /// Time and side of the next order; no side where so many draws were thrown away that the caller should look up.
    ///
    /// Between two orders the rates only fall, so the present ones bound them: draw by the bound, keep what the rates then still cover.
    pub fn draw(&mut self) -> (Ts, Option<Side>) {
        for _ in 0..DRAWS_MAX {
            let [buys, sells] = self.rates();
            let bound = buys.saturating_add(sells);
            let mean = (u128::from(SECOND) << 32) / u128::from(bound.max(1));
            let time = self.prng.wait(mean as u64);
            self.pass(time);
            let at = self.prng.below(bound);
            let [buys, sells] = self.rates();
            if at < buys {
                self.excite(0);
                return (self.now, Some(Side::Buy));
            }
            if at - buys < sells {
                self.excite(1);
                return (self.now, Some(Side::Sell));
            }
        }
        (self.now, None)
    }
}

/// One stream of orders that excite each other.
pub struct HawkesTrader {
    own: OwnOrders,
    prng: Prng,
    plan: Hawkes,
    process: Process,
    next: Option<Side>,
}

impl HawkesTrader {
    /// The `member`-th stream, in a market that opens at `now`.
    pub fn new(account: AccountId, plan: Hawkes, seed: u64, member: u64, now: Ts) -> HawkesTrader {
        let process = Process::new(&plan, Prng::new(seed, "hawkes times", member), now);
        let prng = Prng::new(seed, "hawkes", member);
        HawkesTrader { own: OwnOrders::new(account), prng, plan, process, next: None }
    }

    fn wait_in_line(&mut self, world: &World<'_>, side: Side, lots: u64, out: &mut Vec<Command>) {
        let distance = 1 + self.plan.distance.draw(&mut self.prng) as i64;
        let anchor = world.best(side.opposite()).unwrap_or(world.mark());
        let ticks = anchor.ticks() - side.sign() * distance;
        if !world.admits(ticks) {
            return;
        }
        if self.own.iter().len() >= self.plan.orders as usize {
            out.extend(self.own.iter().next().map(|o| self.own.cancel(world.instrument, o)));
        }
        out.push(world.limit(self.own.account(), side, Price::clamped(ticks), lots));
    }
}

impl Agent for HawkesTrader {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        if let Some(side) = self.next.filter(|_| !world.is_shut()) {
            let lots = 1 + self.plan.lots.draw(&mut self.prng);
            if self.prng.chance(self.plan.market) {
                out.extend(world.take(self.own.account(), side, lots, THROUGH));
            } else {
                self.wait_in_line(world, side, lots, out);
            }
        }
        let (ts, side) = self.process.draw();
        self.next = side;
        Some(ts)
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        self.own.heard(event);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::ONE_Q32;

    fn process(same: i64, cross: i64, seed: u64) -> Process {
        let plan = Hawkes {
            accounts: 1,
            rate: Ratio::from_nano(10 * Ratio::SCALE),
            same: Ratio::from_nano(same),
            cross: Ratio::from_nano(cross),
            memory: vec![SECOND / 10, 2 * SECOND],
            market: Ratio::ONE,
            orders: 1,
            distance: Arc::new(Odds::new([1])),
            lots: Arc::new(Odds::new([1])),
            latency: 0,
        };
        Process::new(&plan, Prng::new(seed, "test", 0), 0)
    }

    /// Orders a second, and variance over mean of the orders in ten seconds.
    fn counts(mut process: Process, seconds: u64) -> (f64, f64) {
        let mut counts = vec![0.0; seconds as usize / 10];
        loop {
            let (ts, side) = process.draw();
            let Some(count) = counts.get_mut((ts / SECOND / 10) as usize) else { break };
            *count += f64::from(u8::from(side.is_some()));
        }
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let variance = counts.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>();
        (mean / 10.0, variance / counts.len() as f64 / mean)
    }

    #[test]
    fn a_stream_without_children_is_poisson() {
        let (rate, dispersion) = counts(process(0, 0, 1), 20_000);
        assert!((9.8..10.2).contains(&rate), "{rate}");
        assert!((0.9..1.1).contains(&dispersion), "{dispersion}");
    }

    #[test]
    fn children_multiply_the_rate_by_one_over_what_they_leave() {
        // 1 / (1 - 0.8) = 5 times as many orders, in clusters: over long times 1 / (1 - 0.8)^2 = 25 times the variance.
        let (rate, dispersion) = counts(process(500_000_000, 300_000_000, 1), 20_000);
        assert!((48.0..52.0).contains(&rate), "{rate}");
        assert!((10.0..25.0).contains(&dispersion), "{dispersion}");
    }

    #[test]
    fn these_times_are_the_same_on_every_platform() {
        let mut process = process(500_000_000, 300_000_000, 7);
        let mut last = (0, None);
        for _ in 0..1_000 {
            last = process.draw();
        }
        assert_eq!(last, (24_083_371_532, Some(Side::Buy)));
    }

    #[test]
    fn calm_is_kept_through_a_long_silence() {
        let mut process = process(500_000_000, 300_000_000, 1);
        process.draw();
        process.pass(Ts::MAX / 2);
        assert_eq!(process.rates(), [5 * ONE_Q32; 2]);
    }
}
