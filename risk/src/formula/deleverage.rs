//! Auto-deleveraging: who on the other side gives up lots, and how many. Source: RULES 5.5.

use super::remainder::apportion_lots;
use crate::wide::mul_div;
use std::ops::SubAssign;

/// What a score counts in: 10^9 is 1.
const SCALE: u128 = 1_000_000_000;

/// Who gave what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken<Q = u64> {
    /// Index and quantity, in the order in which they were asked; only those who gave.
    pub given: Vec<(usize, Q)>,
    /// What nobody was left to give.
    pub unfilled: Q,
}

/// Indices by descending score, ties by lower index. Cost: O(n log n). Source: RULES 5.5.
pub fn rank<S: Ord>(scores: &[S]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    // A stable sort keeps the lower index first.
    order.sort_by(|a, b| scores[*b].cmp(&scores[*a]));
    order
}

/// Takes `close` from candidates (index, quantity held) as they come, each at most what it holds.
///
/// Units: lots, or any other whole step of quantity. Cost: O(candidates asked). Source: RULES 5.5.
pub fn take<Q>(close: Q, ranked: impl IntoIterator<Item = (usize, Q)>) -> Taken<Q>
where
    Q: Copy + Ord + Default + SubAssign,
{
    let mut taken = Taken { given: Vec::new(), unfilled: close };
    for (index, held) in ranked {
        if taken.unfilled == Q::default() {
            break;
        }
        let quantity = held.min(taken.unfilled);
        if quantity > Q::default() {
            taken.given.push((index, quantity));
            taken.unfilled -= quantity;
        }
    }
    taken
}

/// Takes `close` lots from all candidates in proportion to what they hold, each at most that; whole lots by largest remainder.
///
/// Units: lots; what they hold adds up to less than 2^64. Cost: O(n log n). Source: RULES 5.5, 6.5.
pub fn pro_rata(close: u64, held: &[u64]) -> Taken {
    let all = held.iter().fold(0u64, |sum, lots| sum.saturating_add(*lots));
    let lots = close.min(all);
    let given = apportion_lots(lots, held).into_iter().enumerate().filter(|(_, lots)| *lots > 0);
    Taken { given: given.collect(), unfilled: close - lots }
}

/// The share of its entry value that a position has won or lost: floor(unrealised x 10^9 / |entry value|).
///
/// Units: money units in, 10^-9 out. Saturates at the ends of i128; an entry value of zero counts as the smallest.
pub fn profit_share(unrealised: i128, entry_value: i128) -> i128 {
    scaled(unrealised, entry_value.unsigned_abs().max(1))
}

/// Effective leverage: floor(value x 10^9 / equity), the largest there is where equity is zero or below.
///
/// Units: money units in (`value` without sign), 10^-9 out. Saturates.
pub fn leverage(value: u128, equity: i128) -> i128 {
    if equity <= 0 {
        return i128::MAX;
    }
    scaled(i128::try_from(value).unwrap_or(i128::MAX), equity.unsigned_abs())
}

/// Where a position stands in the queue: winners by share x leverage, losers by share / leverage; higher gives first.
///
/// score = share x leverage, or floor(share x 10^9 / leverage) below zero, with a leverage of at least 10^-9. Units: 10^-18 for winners, 10^-9 for losers,
/// so that any winner stands before any loser. Saturates: equal scores are told apart by index. Source: RULES 5.5.
pub fn score(share: i128, leverage: i128) -> i128 {
    if share >= 0 {
        return share.saturating_mul(leverage.max(0));
    }
    scaled(share, leverage.max(1).unsigned_abs())
}

/// floor(value x 10^9 / divisor), at most the ends of i128.
fn scaled(value: i128, divisor: u128) -> i128 {
    let whole = mul_div(value.unsigned_abs(), SCALE, divisor);
    let Some((quotient, remainder)) = whole.filter(|(q, _)| *q < i128::MAX as u128) else {
        return if value < 0 { i128::MIN } else { i128::MAX };
    };
    let quotient = quotient as i128;
    if value < 0 { -quotient - i128::from(remainder > 0) } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::super::remainder::tests::draws;
    use super::*;

    /// Longs of the published example: quantity and rank.
    const HELD: [u64; 6] = [10, 10, 20, 30, 20, 10];
    const RANKS: [i128; 6] = [3, 6, 1, 4, 5, 2];

    fn taken(close: u64) -> Taken {
        take(close, rank(&RANKS).into_iter().map(|n| (n, HELD[n])))
    }

    #[test]
    fn rules_5_5_a_short_of_20_takes_10_and_10() {
        let out = taken(20);
        assert_eq!(out, Taken { given: vec![(1, 10), (4, 10)], unfilled: 0 });
        assert_eq!(HELD[4] - out.given[1].1, 10, "account 5 keeps 10");
    }

    #[test]
    fn rules_5_5_nobody_gives_more_than_it_holds() {
        let out = taken(120);
        assert_eq!(out.unfilled, 20);
        assert_eq!(out.given, [(1, 10), (4, 20), (3, 30), (0, 10), (5, 10), (2, 20)]);
        assert_eq!(taken(0), Taken::default());
        assert_eq!(rank(&[1, 2, 2, 1]), [1, 2, 0, 3], "ties by lower index");
    }

    #[test]
    fn rules_5_5_pro_rata_gives_by_what_is_held() {
        assert_eq!(pro_rata(10, &[10, 0, 5]).given, [(0, 7), (2, 3)]);
        assert_eq!(
            pro_rata(9, &[2, 4]),
            Taken { given: vec![(0, 2), (1, 4)], unfilled: 3 },
            "capped at the positions"
        );
        assert_eq!(pro_rata(3, &[]).unfilled, 3);
        let mut draw = draws(3);
        for _ in 0..5_000 {
            let held: Vec<u64> = (0..draw(6)).map(|_| draw(20)).collect();
            let close = draw(80);
            let out = pro_rata(close, &held);
            let given: u64 = out.given.iter().map(|(_, lots)| lots).sum();
            assert_eq!(given + out.unfilled, close);
            assert!(out.given.iter().all(|(n, lots)| *lots <= held[*n]));
            assert!(out.unfilled == 0 || given == held.iter().sum::<u64>());
        }
    }

    #[test]
    fn rules_5_5_winners_by_share_times_leverage_losers_by_share_over_leverage() {
        // Entry value 1,000, up 200: share 0.2. Value 1,200 on equity 300: leverage 4.
        assert_eq!((profit_share(200, -1_000), leverage(1_200, 300)), (200_000_000, 4_000_000_000));
        let winner = |leverage: i128| score(200_000_000, leverage * 1_000_000_000);
        let loser = |leverage: i128| score(-200_000_000, leverage * 1_000_000_000);
        assert_eq!((winner(4), loser(4)), (800_000_000_000_000_000, -50_000_000));
        assert!(winner(4) > winner(2) && winner(1) > loser(9) && loser(9) > loser(2));
        assert_eq!(score(0, leverage(1, 0)), 0);
    }

    #[test]
    fn scores_saturate_and_keep_their_order() {
        assert_eq!(leverage(5, -1), i128::MAX);
        assert_eq!(leverage(0, 7), 0);
        assert_eq!(score(2, i128::MAX), i128::MAX);
        assert_eq!(score(-1, i128::MAX), -1);
        assert_eq!(profit_share(i128::MAX, 1), i128::MAX);
        assert_eq!(profit_share(i128::MIN, 0), i128::MIN);
        assert_eq!(profit_share(-1, 3_000_000_000), -1, "rounded down");
        assert_eq!(score(-5, 0), -5_000_000_000);
    }
}
