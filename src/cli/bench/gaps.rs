//! The machine's own gaps: time that a thread loses although it does nothing but read the clock.

use super::timing::{histogram, note};
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// What a spinning thread saw.
#[derive(Clone)]
pub(crate) struct Gaps {
    /// How late a schedule would have been served if serving took no time, ns: the floor under every latency at that rate.
    pub(crate) lateness: Histogram<u64>,
    pub(crate) seconds: f64,
    /// Steps between two looks at the clock that were longer than 1, 10 and 100 us.
    pub(crate) over: [u64; 3],
    /// Seconds in the steps over 1 us.
    pub(crate) stolen: f64,
}

const BOUNDS_NS: [u64; 3] = [1_000, 10_000, 100_000];

/// Reads the clock for `ops` arrivals at `rate` a second.
pub(crate) fn measure(rate: u64, ops: u64) -> Gaps {
    let mut watch = Watch::new(rate, ops);
    let start = Instant::now();
    while watch.arrived < watch.ops {
        watch.look(start.elapsed());
    }
    watch.gaps
}

/// When the n-th of a schedule is due, ns after its start.
#[inline]
pub(crate) fn due(n: u64, rate: u64) -> u64 {
    (u128::from(n) * 1_000_000_000 / u128::from(rate)) as u64
}

struct Watch {
    rate: u64,
    ops: u64,
    arrived: u64,
    last: u64,
    gaps: Gaps,
}

impl Watch {
    fn new(rate: u64, ops: u64) -> Watch {
        let gaps = Gaps { lateness: histogram(), seconds: 0.0, over: [0; 3], stolen: 0.0 };
        Watch { rate, ops, arrived: 0, last: 0, gaps }
    }

    #[inline]
    fn look(&mut self, now: Duration) {
        let now = now.as_nanos() as u64;
        let step = now - self.last;
        if step > BOUNDS_NS[0] {
            self.gaps.stolen += step as f64 / 1e9;
            for (over, bound) in self.gaps.over.iter_mut().zip(BOUNDS_NS) {
                *over += u64::from(step > bound);
            }
        }
        while self.arrived < self.ops && due(self.arrived, self.rate) <= now {
            note(&mut self.gaps.lateness, now - due(self.arrived, self.rate));
            self.arrived += 1;
        }
        self.last = now;
        self.gaps.seconds = now as f64 / 1e9;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_makes_everything_late_that_fell_due_in_it() {
        let mut watch = Watch::new(1_000_000, 100);
        for ns in [0, 500, 1_000, 1_400, 11_400] {
            watch.look(Duration::from_nanos(ns));
        }
        // On time at 0 and 1,000; then ten that were due from 2,000 to 11,000, seen at 11,400.
        assert_eq!(watch.arrived, 12);
        assert_eq!(watch.gaps.lateness.len(), 12);
        assert!((9_400..9_408).contains(&watch.gaps.lateness.max()), "three digits of 9,400");
        assert_eq!(watch.gaps.lateness.value_at_quantile(0.1), 0);
        assert_eq!(watch.gaps.over, [1, 0, 0]);
        assert!((watch.gaps.stolen - 10_000e-9).abs() < 1e-12);
    }

    #[test]
    fn a_schedule_does_not_drift() {
        assert_eq!(due(3_000_000, 3_000_000), 1_000_000_000);
        assert_eq!(due(7, 3_000_000), 2_333);
    }
}
