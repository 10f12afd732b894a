//! How far a price has ranged of late: highest less lowest over a window that slides in sixteen steps.

use plimsoll_types::Ts;

/// Steps a window slides in.
const STEPS: usize = 16;

/// Highest and lowest of a price over a window.
#[derive(Clone, Debug)]
pub struct Window {
    step: Ts,
    /// Number of the newest step since time 0.
    newest: u64,
    /// Lowest and highest of each step, by its number modulo [`STEPS`]; where nothing was seen, highest below lowest.
    seen: [(i64, i64); STEPS],
}

/// Lowest and highest of a step in which nothing was seen.
const NOTHING: (i64, i64) = (i64::MAX, i64::MIN);

impl Window {
    /// An empty window of this length.
    pub fn new(length: Ts) -> Window {
        Window { step: (length / STEPS as Ts).max(1), newest: 0, seen: [NOTHING; STEPS] }
    }

    /// Sees a price. Time never falls. Cost: O(1), no allocation.
    pub fn see(&mut self, now: Ts, price: i64) {
        let number = now / self.step;
        let passed = (number - self.newest).min(STEPS as u64);
        for old in 0..passed {
            self.seen[((number - old) % STEPS as u64) as usize] = NOTHING;
        }
        self.newest = number;
        let (low, high) = &mut self.seen[(number % STEPS as u64) as usize];
        (*low, *high) = ((*low).min(price), (*high).max(price));
    }

    /// Highest less lowest of what was seen in the window; 0 of nothing.
    pub fn range(&self) -> i64 {
        let fold = |(low, high): (i64, i64), step: &(i64, i64)| (low.min(step.0), high.max(step.1));
        let (low, high) = self.seen.iter().fold(NOTHING, fold);
        if high < low { 0 } else { high - low }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_forgets_what_is_older_than_the_window() {
        let mut window = Window::new(160);
        assert_eq!(window.range(), 0);
        window.see(5, 100);
        window.see(50, 130);
        assert_eq!(window.range(), 30);
        window.see(155, 110);
        assert_eq!(window.range(), 30);
        // The step of 5 is overwritten at 165, that of 50 at 215.
        window.see(165, 110);
        assert_eq!(window.range(), 20);
        window.see(215, 112);
        assert_eq!(window.range(), 2);
        window.see(1_000_000, 7);
        assert_eq!(window.range(), 0);
    }
}
