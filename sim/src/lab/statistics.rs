//! Means and their confidence intervals, by Student's t: the few runs of a comparison are a small sample.
//!
//! Floats: these numbers are shown and never enter an exchange.

/// 97.5 % points of Student's t for 1 to 30 degrees of freedom. Source: any table, e.g. NIST/SEMATECH handbook 1.3.6.7.2.
const T_975: [f64; 30] = [
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157,
    2.228139, 2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922,
    2.093024, 2.085963, 2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831,
    2.048407, 2.045230, 2.042272,
];

/// The 97.5 % point of the normal distribution.
const Z_975: f64 = 1.959964;

/// What a sample says about the mean behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Observations.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, of the sample (n - 1); 0 for a single one.
    pub deviation: f64,
    /// Half the width of the 95 % confidence interval; `None` for a single observation, which has none.
    pub half: Option<f64>,
}

impl Estimate {
    /// The mean of a sample, with its interval; `None` for an empty one.
    pub fn new(sample: &[f64]) -> Option<Estimate> {
        let n = sample.len();
        if n == 0 {
            return None;
        }
        let mean = sample.iter().sum::<f64>() / n as f64;
        let squares: f64 = sample.iter().map(|x| (x - mean) * (x - mean)).sum();
        let deviation = if n > 1 { (squares / (n - 1) as f64).sqrt() } else { 0.0 };
        let half = (n > 1).then(|| t_975(n - 1) * deviation / (n as f64).sqrt());
        Some(Estimate { n, mean, deviation, half })
    }

    /// The ends of the 95 % confidence interval.
    pub fn interval(&self) -> Option<[f64; 2]> {
        self.half.map(|half| [self.mean - half, self.mean + half])
    }

    /// What the sample says about the sign of the mean.
    pub fn verdict(&self) -> Verdict {
        match self.interval() {
            None => Verdict::Unknown,
            Some([low, high]) if low == 0.0 && high == 0.0 => Verdict::Same,
            Some([low, _]) if low > 0.0 => Verdict::Above,
            Some([_, high]) if high < 0.0 => Verdict::Below,
            Some(_) => Verdict::Open,
        }
    }
}

/// Where an interval lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Wholly above zero.
    Above,
    /// Wholly below zero.
    Below,
    /// On both sides of zero: the sample does not tell.
    Open,
    /// Zero itself: no run differed.
    Same,
    /// One run: nothing can be said.
    Unknown,
}

impl Verdict {
    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Above => "above",
            Verdict::Below => "below",
            Verdict::Open => "spans_zero",
            Verdict::Same => "same",
            Verdict::Unknown => "unknown",
        }
    }
}

/// The 97.5 % point of Student's t; beyond the table by the expansion of Cornish and Fisher, good to six digits there.
fn t_975(freedom: usize) -> f64 {
    if let Some(t) = freedom.checked_sub(1).and_then(|at| T_975.get(at)) {
        return *t;
    }
    let (z, v) = (Z_975, freedom.max(1) as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / v + second / (v * v) + third / (v * v * v)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-4 * b.abs().max(1.0)
    }

    #[test]
    fn an_interval_agrees_with_one_worked_by_hand() {
        // 2, 4, 4, 6: mean 4, squares 4 + 0 + 0 + 4 = 8, deviation sqrt(8/3) = 1.632993,
        // standard error 0.816497, t(3) = 3.182446, half 2.598457.
        let estimate = Estimate::new(&[2.0, 4.0, 4.0, 6.0]).expect("a sample");
        assert!(near(estimate.mean, 4.0) && near(estimate.deviation, 1.632_993));
        let [low, high] = estimate.interval().expect("an interval");
        assert!(near(low, 1.401_543) && near(high, 6.598_457), "{low} {high}");
        assert_eq!(estimate.verdict(), Verdict::Above);
        // 1 and -3: mean -1, deviation 2.828427, error 2, t(1) = 12.706205.
        let estimate = Estimate::new(&[1.0, -3.0]).expect("a sample");
        assert!(near(estimate.half.expect("a width"), 25.412_41));
        assert_eq!(estimate.verdict(), Verdict::Open);
    }

    #[test]
    fn a_sample_of_one_has_no_interval_and_an_empty_one_nothing() {
        let one = Estimate::new(&[3.0]).expect("a sample");
        assert_eq!((one.interval(), one.verdict()), (None, Verdict::Unknown));
        assert_eq!(Estimate::new(&[]), None);
        let same = Estimate::new(&[0.0, 0.0, 0.0]).expect("a sample");
        assert_eq!((same.interval(), same.verdict()), (Some([0.0, 0.0]), Verdict::Same));
    }

    #[test]
    fn the_expansion_continues_the_table() {
        assert!(near(t_975(1), 12.706_205) && near(t_975(30), 2.042_272));
        // Of printed tables: 40, 60, 120 degrees of freedom.
        assert!(near(t_975(31), 2.039_513) && near(t_975(40), 2.021_075));
        assert!(near(t_975(60), 2.000_298) && near(t_975(120), 1.979_930));
    }
}
