//! Exchange forced reduction: who closes against whom after limit-locked days. Source: RULES 6.4, 6.5.

use super::remainder::apportion_lots;

/// What a forced reduction closes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reduced {
    /// Lots closed for each declarer, all tiers together.
    pub closed: Vec<u64>,
    /// Lots each member of each tier gives.
    pub reduced: Vec<Vec<u64>>,
    /// Lots closed for each declarer against each tier.
    pub by_tier: Vec<Vec<u64>>,
}

impl Reduced {
    /// Lots all declarers closed; the lots all members gave are as many.
    pub fn lots(&self) -> u128 {
        self.closed.iter().map(|lots| u128::from(*lots)).sum()
    }
}

/// Closes `declared` lots against the members of `tiers`, tier after tier.
///
/// A tier that holds C lots meets Q lots still declared. C >= Q: each member gives quantity x Q / C and every declarer is done.
/// C < Q: the tier gives all it has and each declarer gets remaining x C / Q. Whole lots by largest remainder, ties by lower
/// index (account order). What is left after the last tier stays declared.
///
/// Units: lots; a tier and the declared lots each add up to less than 2^64. Cost: O(tiers x accounts log accounts).
/// Source: RULES 6.4, 6.5.
pub fn forced_reduction(declared: &[u64], tiers: &[Vec<u64>]) -> Reduced {
    let mut left = declared.to_vec();
    let mut out = Reduced { closed: vec![0; declared.len()], ..Reduced::default() };
    for tier in tiers {
        let wanted: u64 = left.iter().sum();
        let held: u64 = tier.iter().sum();
        let (given, got) = if held >= wanted {
            (apportion_lots(wanted, tier), left.clone())
        } else {
            (tier.clone(), apportion_lots(held, &left))
        };
        for (n, lots) in got.iter().enumerate() {
            left[n] -= lots;
            out.closed[n] += lots;
        }
        out.reduced.push(given);
        out.by_tier.push(got);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::remainder::tests::draws;
    use super::*;

    #[test]
    fn rules_6_example() {
        let tiers = [vec![37, 53], vec![41, 22, 7], vec![33, 17], vec![40]];
        let out = forced_reduction(&[100, 50, 30], &tiers);
        assert_eq!(out.closed, [100, 50, 30]);
        assert_eq!(out.by_tier, [vec![50, 25, 15], vec![39, 19, 12], vec![11, 6, 3], vec![0; 3]]);
        assert_eq!(out.reduced, [vec![37, 53], vec![41, 22, 7], vec![13, 7], vec![0]]);
        assert_eq!(out.lots(), 180);
    }

    #[test]
    fn rules_6_4_what_is_left_after_the_last_tier_stays_declared() {
        let out = forced_reduction(&[10, 20], &[vec![4, 5]]);
        assert_eq!((out.closed, out.reduced), (vec![3, 6], vec![vec![4, 5]]));
        assert_eq!(forced_reduction(&[3], &[]), Reduced { closed: vec![0], ..Reduced::default() });
    }

    #[test]
    fn lots_balance_and_no_later_tier_gives_while_an_earlier_one_has_lots() {
        let mut draw = draws(2);
        for _ in 0..20_000 {
            let declared: Vec<u64> = (0..draw(5)).map(|_| draw(60)).collect();
            let tiers: Vec<Vec<u64>> =
                (0..draw(4)).map(|_| (0..draw(4)).map(|_| draw(50)).collect()).collect();
            let out = forced_reduction(&declared, &tiers);
            let given: u64 = out.reduced.iter().flatten().sum();
            assert_eq!(u128::from(given), out.lots());
            assert!(out.closed.iter().zip(&declared).all(|(closed, asked)| closed <= asked));
            for (n, (given, held)) in out.reduced.iter().zip(&tiers).enumerate() {
                assert!(given.iter().zip(held).all(|(given, held)| given <= held));
                let later: u64 = out.reduced[n + 1..].iter().flatten().sum();
                assert!(given == held || later == 0, "{declared:?} {tiers:?} {out:?}");
            }
            let (asked, held) = (declared.iter().sum::<u64>(), tiers.iter().flatten().sum());
            assert_eq!(given, asked.min(held));
        }
    }
}
