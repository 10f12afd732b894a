//! The way of the mark in a few legs, in the order of time: "fell 2.9 %, then rose 1.1 %".

use crate::outcome::{Outcome, Sample};
use plimsoll_types::{Price, Ts};
use std::cmp::Reverse;

/// A leg of the mark's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Where it begins.
    pub from: Price,
    /// Where it ends.
    pub to: Price,
    /// When it ends.
    pub ts: Ts,
}

impl Leg {
    /// Ticks up; below zero: down.
    pub fn ticks(&self) -> i64 {
        self.to.ticks() - self.from.ticks()
    }
}

/// From the opening to the mark farthest from it, with the farthest the other way before and after, and to the last one.
/// A move of less than a fifth of the way between lowest and highest, or that is told as 0.0 per cent, is no leg.
pub fn legs(outcome: &Outcome) -> Vec<Leg> {
    way(outcome.price, &outcome.samples, (outcome.record.mark, outcome.to))
}

/// The first sample whose mark is the farthest up, or with `sign` -1 down.
fn extreme(samples: &[Sample], sign: i64) -> Option<(usize, &Sample)> {
    let far = |(n, sample): &(usize, &Sample)| (sign * sample.mark.ticks(), Reverse(*n));
    samples.iter().enumerate().max_by_key(far)
}

fn way(open: Price, samples: &[Sample], (close, end): (Price, Ts)) -> Vec<Leg> {
    let (Some(low), Some(high)) = (extreme(samples, -1), extreme(samples, 1)) else {
        return Vec::new();
    };
    let range = high.1.mark.ticks() - low.1.mark.ticks();
    let fell = open.ticks() - low.1.mark.ticks() >= high.1.mark.ticks() - open.ticks();
    let (at, sign) = if fell { (low.0, 1) } else { (high.0, -1) };
    let before = extreme(&samples[..at], sign).map(|(_, sample)| sample);
    let after = extreme(&samples[at + 1..], sign).map(|(_, sample)| sample);
    let turns = [before, Some(&samples[at]), after].into_iter().flatten();
    let mut legs: Vec<Leg> = Vec::new();
    for (to, ts) in turns.map(|sample| (sample.mark, sample.ts)).chain([(close, end)]) {
        let from = legs.last().map_or(open, |leg| leg.to);
        let leg = Leg { from, to, ts };
        let far = leg.ticks().abs();
        if far == 0 || far * 5 < range || far * 2_000 < open.ticks().abs() {
            continue;
        }
        match legs.last_mut().filter(|last| last.ticks().signum() == leg.ticks().signum()) {
            Some(last) => (last.to, last.ts) = (to, ts),
            None => legs.push(leg),
        }
    }
    legs
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::Money;

    fn told(open: i64, marks: &[i64]) -> Vec<(i64, Ts)> {
        let price = Price::clamped;
        let sample = |(n, &mark): (usize, &i64)| Sample {
            ts: n as Ts,
            mark: price(mark),
            bid: None,
            ask: None,
            band: None,
            bid_depth: 0,
            ask_depth: 0,
            open_cases: 0,
            parked_cases: 0,
            fund: Money::ZERO,
            debt: Money::ZERO,
        };
        let samples: Vec<Sample> = marks.iter().enumerate().map(sample).collect();
        let close = price(marks.last().copied().unwrap_or(open));
        let legs = way(price(open), &samples, (close, samples.len() as Ts));
        legs.iter().map(|leg| (leg.ticks(), leg.ts)).collect()
    }

    #[test]
    fn legs_come_in_the_order_of_time_and_small_ones_are_none() {
        // Down, then up; the first high of 1001 and the bit back at the end are none.
        assert_eq!(told(1000, &[1000, 1001, 970, 981, 978]), [(-30, 2), (11, 3)]);
        assert_eq!(told(1000, &[1000, 1030, 970, 990]), [(30, 1), (-60, 2), (20, 3)]);
        // Falling to the end is one leg, however it got there; a rise from the opening on, too.
        assert_eq!(told(1000, &[995, 970, 960]), [(-40, 2)]);
        assert_eq!(told(1000, &[1000, 1010, 1020]), [(20, 2)]);
        // Where the first extreme lies on the way to the second there is one leg.
        assert_eq!(told(990, &[1000, 1050, 1049]), [(60, 1)]);
        assert_eq!((told(1000, &[1000, 1000]), told(1000, &[])), (vec![], vec![]));
    }
}
