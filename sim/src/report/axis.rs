//! The time axis of the charts: samples are evenly spaced, so that times at which the market is closed take no room.

use crate::flow::recorded::DAY;
use crate::report::chart::WIDTH;
use crate::say::time;
use crate::scenario::reader::SECOND;
use plimsoll_types::Ts;

/// Round times, in seconds: labels stand at multiples of one of them.
const ROUND: [u64; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400,
    432_000, 2_592_000,
];
/// Labels an axis has at most.
const LABELS_MAX: usize = 9;

/// Times and where they stand.
#[derive(Clone, Debug)]
pub struct TimeAxis {
    times: Vec<Ts>,
}

impl TimeAxis {
    /// The axis of these samples' times, in order.
    pub fn new(times: impl Iterator<Item = Ts>) -> TimeAxis {
        TimeAxis { times: times.collect() }
    }

    /// How many samples it has.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Where the n-th sample stands, 0 to [`WIDTH`].
    pub fn nth(&self, n: usize) -> f64 {
        n as f64 * WIDTH / self.times.len().saturating_sub(1).max(1) as f64
    }

    /// Where a time stands, between two samples where it lies between them.
    pub fn at(&self, ts: Ts) -> f64 {
        let after = self.times.partition_point(|&time| time <= ts);
        let place = match (after.checked_sub(1), self.times.get(after)) {
            (None, _) => 0.0,
            (Some(before), None) => before as f64,
            (Some(before), Some(&next)) => {
                let from = self.times[before];
                before as f64 + (ts - from) as f64 / (next - from).max(1) as f64
            }
        };
        place * WIDTH / self.times.len().saturating_sub(1).max(1) as f64
    }

    /// The sample at or before a time.
    pub fn sample(&self, ts: Ts) -> usize {
        self.times.partition_point(|&time| time <= ts).saturating_sub(1)
    }

    fn days(&self) -> u64 {
        let day = |ts: Option<&Ts>| ts.map_or(0, |ts| ts / DAY);
        day(self.times.last()) - day(self.times.first())
    }

    /// Labels and where they stand: at round times, far enough from each other.
    pub fn labels(&self) -> Vec<(f64, String)> {
        let first = self.times.first().map_or(0, |ts| ts / DAY);
        let days: Vec<usize> = match self.days() {
            0 => Vec::new(),
            _ => self.starts(86_400),
        };
        for step in ROUND {
            let mut all = self.starts(step);
            let near = self.times.len() / (LABELS_MAX + 3);
            all.retain(|&i| days.iter().all(|day| day.abs_diff(i) > near));
            all.extend(&days);
            all.sort_unstable();
            let apart = all.windows(2).all(|pair| pair[1] - pair[0] > near);
            if all.len() <= LABELS_MAX && (apart || step == 86_400) {
                let label = |&i: &usize| match days.contains(&i) {
                    true => format!("day {}", 1 + self.times[i] / DAY - first),
                    false => self.clock(i, step),
                };
                return all.iter().map(|i| (self.nth(*i), label(i))).collect();
            }
        }
        Vec::new()
    }

    /// Samples that are the first in their stretch of so many seconds.
    fn starts(&self, step: u64) -> Vec<usize> {
        let stretch = |ts: Ts| ts / (step * SECOND);
        let first = |i: usize| match i {
            0 => self.times[0].is_multiple_of(step * SECOND) || step >= 86_400,
            _ => stretch(self.times[i]) != stretch(self.times[i - 1]),
        };
        (0..self.times.len()).filter(|&i| first(i)).collect()
    }

    fn clock(&self, i: usize, step: u64) -> String {
        let mut text = time(self.times[i]);
        if step.is_multiple_of(60) {
            text.truncate(5);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_place_between_its_samples() {
        let axis = TimeAxis::new([100, 200, 900].into_iter());
        assert_eq!(axis.at(50), 0.0);
        assert_eq!(axis.at(150), WIDTH / 4.0);
        assert_eq!(axis.at(550), WIDTH * 0.75);
        assert_eq!(axis.at(5_000), WIDTH);
    }

    #[test]
    fn labels_are_few_and_at_round_times() {
        let morning = 34_200 * SECOND;
        let axis = TimeAxis::new((0..1_201).map(|n| morning + n * SECOND));
        let labels: Vec<String> = axis.labels().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["09:30", "09:33", "09:36", "09:39", "09:42", "09:45", "09:48"]);
        // Two days with a night between them: each begins with its name.
        let days = (0..400).chain(1_440..1_840).map(|n| morning + n * 60 * SECOND);
        let labels = TimeAxis::new(days).labels();
        assert!(labels.len() <= LABELS_MAX);
        assert!(labels.iter().any(|(at, label)| label == "day 2" && (at - 500.0).abs() < 2.0));
        assert!(TimeAxis::new(std::iter::empty()).labels().is_empty());
    }
}
