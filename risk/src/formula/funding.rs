//! Funding of a perpetual: its rate, and who pays whom. Source: RULES 5.6.

use super::remainder::apportion;
use crate::wide::mul_div;

/// One, in the units of a rate.
const SCALE: u128 = 1_000_000_000;

/// The premium P = (max(0, impact bid - index) - max(0, index - impact ask)) / index.
///
/// Units: prices in one unit, any, so that an average need not be rounded; the result in 10^-9, rounded towards zero. `None` where
/// the index is not above zero or the result passes 64 bits. Source: RULES 5.6, SEMANTICS 5.
pub fn premium(impact_bid: i128, impact_ask: i128, index: i128) -> Option<i64> {
    let divisor = u128::try_from(index).ok().filter(|index| *index > 0)?;
    let over = impact_bid.checked_sub(index)?.max(0);
    let under = index.checked_sub(impact_ask)?.max(0);
    let difference = over.checked_sub(under)?;
    let (quotient, _) = mul_div(difference.unsigned_abs(), SCALE, divisor)?;
    let rounded = i64::try_from(quotient).ok()?;
    Some(if difference < 0 { -rounded } else { rounded })
}

/// The rate: P + clamp(I - P, -cap, +cap), I the interest.
///
/// Units: 10^-9; `cap` is not below zero. Exact; saturates. Source: RULES 5.6.
pub fn rate(premium: i64, interest: i64, cap: i64) -> i64 {
    let cap = cap.max(0);
    premium.saturating_add(interest.saturating_sub(premium).clamp(-cap, cap))
}

/// What each position gains (above zero) or pays (below) for its signed value at the mark.
///
/// Longs pay when the rate is positive. A payer pays |rate| x |value| rounded up; the receivers share the total by largest
/// remainder of their values, ties by lower index, so the amounts add up to zero exactly. Where there is nobody to receive,
/// nobody pays. `None` where an amount passes 127 bits.
///
/// Units: money units, the rate in 10^-9. Cost: O(n log n). Source: RULES 5.6.
pub fn payments(rate: i64, values: &[i128]) -> Option<Vec<i128>> {
    let sign = i128::from(rate.signum());
    let is_payer = |value: i128| value.signum() == sign && sign != 0;
    let is_receiver = |value: i128| value.signum() == -sign && sign != 0;
    let receivers: Vec<u128> = values
        .iter()
        .map(|value| if is_receiver(*value) { value.unsigned_abs() } else { 0 })
        .collect();
    if receivers.iter().all(|value| *value == 0) {
        return Some(vec![0; values.len()]);
    }
    let mut amounts = vec![0i128; values.len()];
    let mut total = 0i128;
    for (amount, value) in amounts.iter_mut().zip(values).filter(|(_, value)| is_payer(**value)) {
        let (quotient, remainder) =
            mul_div(value.unsigned_abs(), u128::from(rate.unsigned_abs()), SCALE)?;
        let paid = i128::try_from(quotient.checked_add(u128::from(remainder > 0))?).ok()?;
        total = total.checked_add(paid)?;
        *amount = -paid;
    }
    let shares = apportion(total.unsigned_abs(), &receivers);
    for (amount, share) in amounts.iter_mut().zip(shares).filter(|(_, share)| *share > 0) {
        *amount = i128::try_from(share).ok()?;
    }
    Some(amounts)
}

#[cfg(test)]
mod tests {
    use super::super::remainder::tests::draws;
    use super::*;

    const PERCENT: i64 = 10_000_000;

    #[test]
    fn rules_5_6_the_premium_is_what_the_touch_stands_off_the_index() {
        assert_eq!(premium(10_100, 10_110, 10_000), Some(PERCENT));
        assert_eq!(premium(9_880, 9_900, 10_000), Some(-PERCENT));
        assert_eq!(premium(9_990, 10_010, 10_000), Some(0), "the index lies inside");
        assert_eq!(premium(3_000_000_001, 3_000_000_001, 3_000_000_000), Some(0));
        assert_eq!(premium(600_001, 600_001, 600_000), Some(1_666), "towards zero");
        assert_eq!(premium(599_998, 599_999, 600_000), Some(-1_666));
        assert_eq!(premium(1, 1, 0), None);
        assert_eq!(premium(i128::MAX, i128::MAX, 1), None);
    }

    #[test]
    fn rules_5_6_interest_moves_the_rate_by_at_most_the_cap() {
        let (interest, cap) = (PERCENT / 100, PERCENT / 20);
        assert_eq!(rate(0, interest, cap), interest);
        assert_eq!(rate(PERCENT, interest, cap), PERCENT - cap);
        assert_eq!(rate(-PERCENT, interest, cap), -PERCENT + cap);
    }

    #[test]
    fn rules_5_6_payers_round_up_and_receivers_share_the_total() {
        // 0.01 % of 10,001, 10,001 and 20,002: 1.0001 each pays 2; the third pays 3; shorts of 20,001 and 20,003 share the 7.
        let paid = payments(100_000, &[10_001, 10_001, 20_002, -20_001, -20_003]).unwrap();
        assert_eq!(paid, [-2, -2, -3, 3, 4]);
        assert_eq!(payments(-100_000, &[10_000, -10_000]).unwrap(), [1, -1], "shorts pay");
        assert_eq!(payments(0, &[5, -5]).unwrap(), [0, 0]);
        assert_eq!(payments(100_000, &[5, 0]).unwrap(), [0, 0], "nobody to receive");
        assert_eq!(payments(i64::MAX, &[i128::MAX, i128::MIN]), None);
    }

    #[test]
    fn rules_5_6_payments_add_up_to_zero() {
        let mut draw = draws(4);
        for _ in 0..10_000 {
            let values: Vec<i128> =
                (0..draw(7)).map(|_| i128::from(draw(2_000_001)) - 1_000_000).collect();
            let rate = draw(4_000_001) as i64 - 2_000_000;
            let paid = payments(rate, &values).unwrap();
            assert_eq!(paid.iter().sum::<i128>(), 0, "{rate} {values:?}");
            for (amount, value) in paid.iter().zip(&values) {
                assert!(amount.signum() * value.signum() * i128::from(rate.signum()) <= 0);
            }
        }
    }
}
