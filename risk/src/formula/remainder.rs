//! Whole units shared out in proportion, nothing lost. Source: RULES 6.5, 5.6.

use crate::wide::mul_div;
use plimsoll_types::invariant;

/// Shares `total` whole units out in proportion to `weights`.
///
/// Each gets floor(total x weight / sum of weights); the units left go one each by descending remainder, ties by lower index. The
/// shares add up to `total` exactly, and nobody gets more than a unit off the true share; so with a total of at most the sum of
/// weights nobody gets more than its weight. Where all weights are zero nobody gets anything. The sum of the weights must fit
/// 128 bits. Units: any; the weights' own unit falls out. Cost: O(n log n), one wide division each. Source: RULES 6.5.
pub fn apportion(total: u128, weights: &[u128]) -> Vec<u128> {
    let sum = weights.iter().try_fold(0u128, |sum, weight| sum.checked_add(*weight));
    invariant!(sum.is_some(), "the sum of {} weights passes 128 bits", weights.len());
    let sum = sum.unwrap_or(0);
    if sum == 0 || total == 0 {
        return vec![0; weights.len()];
    }
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = total;
    for (index, &weight) in weights.iter().enumerate() {
        // A weight is at most the sum, so the quotient is at most the total.
        let (share, remainder) = mul_div(total, weight, sum).unwrap_or((0, 0));
        left -= share;
        shares.push(share);
        remainders.push((std::cmp::Reverse(remainder), index));
    }
    // The remainders add up to `left` sums, each below one: there are more than `left` of them above zero.
    invariant!(left < weights.len() as u128, "{left} units left among {}", weights.len());
    if left > 0 {
        let (larger, last, _) = remainders.select_nth_unstable(left as usize - 1);
        shares[last.1] += 1;
        for &(_, index) in &*larger {
            shares[index] += 1;
        }
    }
    shares
}

/// [`apportion`] of lots by lots.
pub fn apportion_lots(total: u64, weights: &[u64]) -> Vec<u64> {
    let wide: Vec<u128> = weights.iter().map(|weight| u128::from(*weight)).collect();
    // A share is at most the total.
    apportion(u128::from(total), &wide).into_iter().map(|share| share as u64).collect()
}

/// [`apportion`] of an amount that may be below zero: the shares have its sign.
pub fn apportion_signed(total: i128, weights: &[u128]) -> Vec<i128> {
    let sign = total.signum();
    let shares = apportion(total.unsigned_abs(), weights);
    shares.into_iter().map(|share| sign.wrapping_mul(share as i128)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A small generator of numbers for tests.
    pub(crate) fn draws(mut state: u64) -> impl FnMut(u64) -> u64 {
        move |below| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        }
    }

    #[test]
    fn rules_6_5_one_more_by_descending_fraction() {
        // 180 lots, 90 of them filled: 50, 25, 15 exactly; 70 of the 90 left: 38.9, 19.4, 11.7.
        assert_eq!(apportion_lots(90, &[100, 50, 30]), [50, 25, 15]);
        assert_eq!(apportion_lots(70, &[50, 25, 15]), [39, 19, 12]);
        assert_eq!(apportion_lots(20, &[33, 17]), [13, 7]);
    }

    #[test]
    fn rules_6_5_ties_go_to_the_lower_index() {
        assert_eq!(apportion_lots(2, &[1, 1, 1]), [1, 1, 0]);
        assert_eq!(apportion_lots(1, &[0, 5, 5]), [0, 1, 0]);
    }

    #[test]
    fn amounts_of_36_digits_are_shared_exactly() {
        let big = 10u128.pow(36);
        let shares = apportion(big, &[big, big, big]);
        assert_eq!(shares, [big / 3 + 1, big / 3, big / 3]);
        assert_eq!(apportion(big, &[1, big]), [1, big - 1]);
        assert_eq!(apportion_signed(-10, &[1, 2]), [-3, -7]);
        assert_eq!(apportion_signed(i128::MIN, &[7]), [i128::MIN]);
    }

    #[test]
    fn without_weights_nobody_gets_anything() {
        assert_eq!(apportion(7, &[0, 0]), [0, 0]);
        assert_eq!(apportion(7, &[]), [0u128; 0]);
        assert_eq!(apportion(0, &[3]), [0]);
    }

    #[test]
    fn shares_add_up_and_lie_within_a_unit() {
        let mut draw = draws(1);
        for _ in 0..20_000 {
            let weights: Vec<u128> = (0..1 + draw(6)).map(|_| u128::from(draw(50))).collect();
            let (total, sum) = (u128::from(draw(400)), weights.iter().sum::<u128>());
            let shares = apportion(total, &weights);
            if sum == 0 {
                continue;
            }
            assert_eq!(shares.iter().sum::<u128>(), total);
            for (share, weight) in shares.iter().zip(&weights) {
                assert!(share * sum < total * weight + sum, "{total} {weights:?} {shares:?}");
                assert!(share * sum + sum > total * weight, "{total} {weights:?} {shares:?}");
                assert!(total > sum || share <= weight);
            }
        }
    }
}
