//! Several engines over one stream, in turn: a lap of each, then again, so that a machine that drifts drifts for all.

use plimsoll::workload::Tally;
use std::time::Instant;

/// One engine's pass over the first operations of a stream, from a freshly filled book.
pub(crate) struct Lap {
    pub(crate) ops: usize,
    pub(crate) seconds: f64,
    pub(crate) tally: Tally,
}

impl Lap {
    /// Operations a second.
    pub(crate) fn rate(&self) -> f64 {
        self.ops as f64 / self.seconds
    }
}

/// Something that can carry out the stream.
pub(crate) trait Entrant {
    fn name(&self) -> &'static str;

    /// Seconds a lap may take.
    fn budget(&self) -> f64 {
        f64::INFINITY
    }

    /// Fills a book, untimed, and carries out at most `ops` operations; with a budget, only as many as fit the seconds.
    fn lap(&self, ops: usize, budget: Option<f64>) -> Lap;
}

/// What came of an entrant.
#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    /// Operations of each counted lap.
    pub(crate) ops: usize,
    /// Operations a second, by round.
    pub(crate) rates: Vec<f64>,
    /// How its fills differ from what was expected of it; such an entrant is not timed.
    pub(crate) differs: Option<String>,
}

impl Outcome {
    /// Median of the rounds.
    pub(crate) fn rate(&self) -> f64 {
        median(&self.rates)
    }

    pub(crate) fn rate_min(&self) -> f64 {
        self.rates.iter().copied().fold(f64::INFINITY, f64::min).round()
    }

    pub(crate) fn rate_max(&self) -> f64 {
        self.rates.iter().copied().fold(0.0, f64::max).round()
    }
}

/// The middle one, rounded; of an even number the upper.
pub(crate) fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0).round()
}

/// A round that warms up, checks the fills and finds how many operations fit the budget, then the counted rounds.
///
/// `expected` gives the tally after a number of operations.
pub(crate) fn race(
    entrants: &[Box<dyn Entrant + '_>],
    (ops, runs): (usize, usize),
    expected: impl Fn(usize) -> Tally,
) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = entrants
        .iter()
        .map(|entrant| {
            let lap = entrant.lap(ops, Some(entrant.budget()));
            let wanted = expected(lap.ops);
            let differs = (lap.tally != wanted).then(|| difference(lap.tally, wanted, lap.ops));
            Outcome { name: entrant.name(), ops: lap.ops, rates: Vec::new(), differs }
        })
        .collect();
    for _ in 0..runs {
        for (entrant, outcome) in entrants.iter().zip(&mut outcomes) {
            if outcome.differs.is_none() {
                let lap = entrant.lap(outcome.ops, None);
                std::hint::black_box(lap.tally);
                outcome.rates.push(lap.rate());
            }
        }
    }
    outcomes
}

fn difference(found: Tally, wanted: Tally, ops: usize) -> String {
    format!(
        "after {ops} operations {} fills, {} lots, price x lots {}; expected {}, {}, {}",
        found.fills, found.lots, found.worth, wanted.fills, wanted.lots, wanted.worth
    )
}

/// Carries out operations on a book that is filled, against the clock.
#[inline]
pub(crate) fn timed<B, O>(
    mut book: B,
    ops: &[O],
    budget: Option<f64>,
    mut apply: impl FnMut(&mut B, &O, &mut Tally),
) -> Lap {
    // As many operations between looks at the clock as make the look free.
    let chunk = if budget.is_some() { 4_096 } else { ops.len().max(1) };
    let budget = budget.unwrap_or(f64::INFINITY);
    let mut tally = Tally::default();
    let mut done = 0;
    let start = Instant::now();
    for chunk in ops.chunks(chunk) {
        for op in chunk {
            apply(&mut book, op, &mut tally);
        }
        done += chunk.len();
        if start.elapsed().as_secs_f64() > budget {
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    std::hint::black_box(&book);
    Lap { ops: done, seconds, tally }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counts(u64);

    impl Entrant for Counts {
        fn name(&self) -> &'static str {
            "counts"
        }
        fn lap(&self, ops: usize, budget: Option<f64>) -> Lap {
            let ops: Vec<u64> = (0..ops as u64).collect();
            timed((), &ops, budget, |_, _, tally| tally.fills += self.0)
        }
    }

    #[test]
    fn only_who_makes_the_same_fills_is_timed() {
        let entrants: Vec<Box<dyn Entrant>> = vec![Box::new(Counts(1)), Box::new(Counts(2))];
        let expected = |ops| Tally { fills: ops as u64, ..Tally::default() };
        let outcomes = race(&entrants, (10_000, 3), expected);
        assert_eq!((outcomes[0].ops, outcomes[0].rates.len()), (10_000, 3));
        assert_eq!(outcomes[0].differs, None);
        assert_eq!(outcomes[1].rates.len(), 0);
        let said = outcomes[1].differs.clone().unwrap_or_default();
        assert!(said.contains("20000 fills") && said.contains("expected 10000"), "{said}");
    }

    #[test]
    fn a_spent_budget_ends_a_lap_at_a_chunk() {
        let lap = Counts(1).lap(10_000, Some(0.0));
        assert_eq!((lap.ops, lap.tally.fills), (4_096, 4_096));
    }

    #[test]
    fn the_median_of_an_even_number_is_the_upper_one() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0]), 4.0);
    }
}
