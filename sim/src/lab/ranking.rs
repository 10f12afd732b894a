//! Which points of a space do best by one metric: what a sweep shows when it is done.

use super::job::Finished;
use super::metrics::{Better, METRICS};
use super::verdict::named;

/// A point and what its runs came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The point's number.
    pub point: usize,
    /// Mean of the metric over its runs that have a value.
    pub mean: f64,
    /// How many have.
    pub runs: usize,
}

/// Points with a value, the best first; of a metric that is neither good nor bad the least first. Equal ones in the order of their numbers.
///
/// Cost: O(jobs + points log points).
pub fn ranking(finished: &[Option<Finished>], points: usize, metric: usize) -> Vec<Place> {
    let mut sums = vec![(0.0, 0); points];
    for (job, result) in finished.iter().enumerate() {
        if let Some(value) = result.as_ref().and_then(|result| result.values[metric]) {
            // All points under the first seed come first, then all under the next.
            let (sum, runs) = &mut sums[job % points];
            *sum += value;
            *runs += 1;
        }
    }
    let place = |(point, (sum, runs)): (usize, (f64, usize))| {
        (runs > 0).then(|| Place { point, mean: sum / runs as f64, runs })
    };
    let mut places: Vec<Place> = sums.into_iter().enumerate().filter_map(place).collect();
    places.sort_by(|a, b| match METRICS[metric].better {
        Better::More => b.mean.total_cmp(&a.mean),
        Better::Less | Better::Neither => a.mean.total_cmp(&b.mean),
    });
    places
}

/// The metric a sweep is told by where nobody names one: the first of the verdict's that tells its points apart.
pub fn telling(finished: &[Option<Finished>], points: usize) -> usize {
    let apart = |metric: &usize| {
        let places = ranking(finished, points, *metric);
        places.first().zip(places.last()).is_some_and(|(first, last)| first.mean != last.mean)
    };
    named().chain(0..METRICS.len()).find(apart).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::metrics::metric_at;
    use super::*;

    /// A run in which one metric has a value, and all others are 1.
    fn run(metric: &str, value: Option<f64>) -> Option<Finished> {
        let mut values = vec![Some(1.0); METRICS.len()];
        values[metric_at(metric).expect("a metric")] = value;
        let (key, seed, state_hash) = (String::new(), 1, String::new());
        Some(Finished { key, seed, values, state_hash })
    }

    /// Three points under two seeds: means 4 (of one run), 3, 2.
    fn runs(metric: &str) -> Vec<Option<Finished>> {
        let values = [Some(4.0), Some(1.0), Some(2.0), None, Some(5.0), Some(2.0)];
        values.map(|value| run(metric, value)).into()
    }

    #[test]
    fn points_come_by_their_means_the_better_way_first() {
        let at = |name: &str| metric_at(name).expect("a metric");
        let order = |name: &str| {
            let places = ranking(&runs(name), 3, at(name));
            places.iter().map(|p| (p.point, p.mean, p.runs)).collect::<Vec<_>>()
        };
        assert_eq!(order("debt"), [(2, 2.0, 2), (1, 3.0, 2), (0, 4.0, 1)]);
        assert_eq!(order("strategy_profit"), [(0, 4.0, 1), (1, 3.0, 2), (2, 2.0, 2)]);
        // Equal means, in the order of the points; runs that are not done count for nothing.
        let mut some = runs("debt");
        some[1] = None;
        some[4] = None;
        let trades: Vec<_> = ranking(&some, 3, at("trades")).iter().map(|p| p.point).collect();
        assert_eq!(trades, [0, 2]);
    }

    #[test]
    fn a_sweep_is_told_by_the_first_metric_that_tells_its_points_apart() {
        let at = |name: &str| metric_at(name);
        assert_eq!(Some(telling(&runs("fund_used"), 3)), at("fund_used"));
        assert_eq!(Some(telling(&runs("trades"), 3)), at("trades"));
        assert_eq!(telling(&[None, None, None], 3), 0);
    }
}
