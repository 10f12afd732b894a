//! The facts that every liquid market shows (Cont, 2001), in a market where nobody has news: returns without memory, a long memory of
//! their size, fat tails. Over several seeds, with bounds. docs/AGENTS.md explains the numbers; this prints them:
//!
//!     cargo test --test stylised -- --nocapture
//!
//! `PLIMSOLL_STYLISED_SEEDS=20` takes so many seeds instead of four.

use plimsoll_exchange::Exchange;
use plimsoll_sim::outcome::Sample;
use plimsoll_sim::{Ending, Scenario, Stage};
use plimsoll_types::{Event, Ratio};
use std::io;
use std::path::PathBuf;

/// Nobody looks on.
struct Alone;

impl Stage for Alone {
    fn events(&mut self, _: &Exchange, _: &[Event]) -> io::Result<()> {
        Ok(())
    }
}

fn scenario() -> Scenario {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/agents.toml");
    Scenario::load(&path).expect("good")
}

/// Twice the mid price of every second, ticks. The mid, because the last price also jumps between bid and ask.
fn mids(scenario: &Scenario, seed: u64) -> Vec<f64> {
    let outcome = plimsoll_sim::run(scenario, seed, &mut Alone).expect("it runs");
    assert_eq!(outcome.ending, Ending::Complete);
    let twice = |sample: &Sample| match (sample.bid, sample.ask) {
        (Some(bid), Some(ask)) => bid.ticks() + ask.ticks(),
        _ => 2 * sample.mark.ticks(),
    };
    outcome.samples.iter().map(|sample| twice(sample) as f64).collect()
}

/// Changes over so many seconds, one after the other.
fn returns(mids: &[f64], seconds: usize) -> Vec<f64> {
    let every: Vec<f64> = mids.iter().copied().step_by(seconds).collect();
    every.windows(2).map(|pair| (pair[1] - pair[0]) / 2.0).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// Fourth moment over the square of the second, less the 3 of a bell.
fn excess_kurtosis(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    let moment = |n| mean(values.iter().map(|x| (x - middle).powi(n)));
    moment(4) / moment(2).powi(2) - 3.0
}

/// How much of a value is in the one `lag` later.
fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let middle = mean(values.iter().copied());
    let variance: f64 = values.iter().map(|x| (x - middle).powi(2)).sum();
    let pairs = values.iter().zip(&values[lag..]);
    pairs.map(|(now, then)| (now - middle) * (then - middle)).sum::<f64>() / variance
}

/// The facts of one run.
struct Facts {
    /// Standard deviation of the returns of a second, ticks.
    deviation: f64,
    /// Excess kurtosis of the returns of 1 s, 10 s and 1 min.
    kurtosis: [f64; 3],
    /// Autocorrelation of the returns of a second at 1, 2, 5, 10 and 60 s.
    memory: [f64; 5],
    /// Autocorrelation of their sizes, averaged over the lags from 1 to 5 s, 6 to 60 s, and 61 to 300 s.
    clusters: [f64; 3],
}

impl Facts {
    fn of(mids: &[f64]) -> Facts {
        let second = returns(mids, 1);
        let sizes: Vec<f64> = second.iter().map(|x| x.abs()).collect();
        let over =
            |lags: std::ops::Range<usize>| mean(lags.map(|lag| autocorrelation(&sizes, lag)));
        Facts {
            deviation: mean(second.iter().map(|x| x * x)).sqrt(),
            kurtosis: [1, 10, 60].map(|seconds| excess_kurtosis(&returns(mids, seconds))),
            memory: [1, 2, 5, 10, 60].map(|lag| autocorrelation(&second, lag)),
            clusters: [over(1..6), over(6..61), over(61..301)],
        }
    }

    fn print(&self, seed: u64) {
        let row = |values: &[f64], places: usize| {
            let cells = values.iter().map(|value| format!("{value:.places$}"));
            cells.collect::<Vec<_>>().join(" | ")
        };
        let (kurtosis, memory) = (row(&self.kurtosis, 1), row(&self.memory, 2));
        let clusters = row(&self.clusters, 2);
        println!("| {seed} | {:.1} | {kurtosis} | {memory} | {clusters} |", self.deviation);
    }
}

#[test]
fn returns_have_fat_tails_no_memory_and_their_size_a_long_one() {
    let asked = std::env::var("PLIMSOLL_STYLISED_SEEDS").ok();
    let seeds: u64 = asked.and_then(|n| n.parse().ok()).unwrap_or(4);
    let scenario = scenario();
    for seed in 1..=seeds {
        let facts = Facts::of(&mids(&scenario, seed));
        facts.print(seed);
        let [second, ten, minute] = facts.kurtosis;
        assert!(
            second > 4.0 && ten > 2.0 && minute > 0.5,
            "seed {seed}: tails {second} {ten} {minute}"
        );
        for memory in facts.memory {
            assert!(memory.abs() < 0.12, "seed {seed}: returns remember {:?}", facts.memory);
        }
        let [near, middle, far] = facts.clusters;
        assert!(near > 0.10 && middle > 0.07 && far > 0.04, "seed {seed}: {near} {middle} {far}");
        assert!(near > middle && middle > far, "seed {seed}: {near} {middle} {far}");
    }
}

#[test]
fn without_orders_that_call_up_orders_the_long_memory_is_gone() {
    let mut scenario = scenario();
    let hawkes = scenario.flows[0].hawkes.as_mut().expect("in the file");
    // As many orders, each by itself.
    let left = Ratio::SCALE - hawkes.same.nano() - hawkes.cross.nano();
    let rate = i128::from(hawkes.rate.nano()) * i128::from(Ratio::SCALE) / i128::from(left);
    hawkes.rate = Ratio::from_nano(rate as i64);
    (hawkes.same, hawkes.cross) = (Ratio::ZERO, Ratio::ZERO);
    let facts = Facts::of(&mids(&scenario, 1));
    facts.print(1);
    assert!(facts.clusters[2] < 0.03, "{:?}", facts.clusters);
}
