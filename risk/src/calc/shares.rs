//! Deleveraging in decimals. Source: RULES 5.5.

use crate::formula::TooLarge;
use crate::formula::deleverage::{rank, take};
use rust_decimal::Decimal;

/// Somebody on the side that gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What it holds, not below zero.
    pub qty: Decimal,
    /// Where it stands: the highest gives first.
    pub score: Decimal,
}

/// Who gave what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleveraged {
    /// Place in the list and quantity, the highest score first; only those who gave.
    pub closed: Vec<(usize, Decimal)>,
    /// What nobody was left to give.
    pub unfilled: Decimal,
}

/// Closes `close` against the candidates by descending score, ties in the order of the list, each at most what it holds.
///
/// Exact: quantities are counted in the finest decimal place that occurs. Source: RULES 5.5.
pub fn deleverage(close: Decimal, candidates: &[Candidate]) -> Result<Deleveraged, TooLarge> {
    let quantities = candidates.iter().map(|candidate| candidate.qty).chain([close]);
    let places = quantities.map(|qty| qty.normalize().scale()).max().unwrap_or(0);
    let held: Vec<u128> = candidates
        .iter()
        .map(|candidate| units(candidate.qty, places))
        .collect::<Result<_, _>>()?;
    let scores: Vec<Decimal> = candidates.iter().map(|candidate| candidate.score).collect();
    let ranked = rank(&scores).into_iter().map(|index| (index, held[index]));
    let taken = take(units(close, places)?, ranked);
    // No more than somebody held or was to be closed, so it fits the decimal it came from.
    let quantity = |units: u128| {
        let mantissa = i128::try_from(units).map_err(|_| TooLarge)?;
        let exact = Decimal::try_from_i128_with_scale(mantissa, places).map_err(|_| TooLarge)?;
        Ok(exact.normalize())
    };
    let given = taken.given.into_iter().map(|(index, units)| Ok((index, quantity(units)?)));
    Ok(Deleveraged {
        closed: given.collect::<Result<_, _>>()?,
        unfilled: quantity(taken.unfilled)?,
    })
}

/// A quantity counted in units of 10^-places, of which it has no more.
fn units(qty: Decimal, places: u32) -> Result<u128, TooLarge> {
    let qty = qty.normalize();
    let mantissa = u128::try_from(qty.mantissa()).map_err(|_| TooLarge)?;
    mantissa.checked_mul(10u128.pow(places - qty.scale())).ok_or(TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn candidates(list: &[(&str, &str)]) -> Vec<Candidate> {
        list.iter().map(|(qty, score)| Candidate { qty: d(qty), score: d(score) }).collect()
    }

    #[test]
    fn rules_5_5_account_2_gives_10_and_account_5_gives_10() {
        let longs = candidates(&[
            ("10", "3"),
            ("10", "6"),
            ("20", "1"),
            ("30", "4"),
            ("20", "5"),
            ("10", "2"),
        ]);
        let out = deleverage(d("20"), &longs).unwrap();
        assert_eq!(out.closed, [(1, d("10")), (4, d("10"))]);
        assert_eq!(out.unfilled, d("0"));
    }

    #[test]
    fn quantities_with_places_are_exact() {
        let out = deleverage(d("1.5"), &candidates(&[("0.25", "-1"), ("0.3", "-0.5")])).unwrap();
        assert_eq!(out.closed, [(1, d("0.3")), (0, d("0.25"))]);
        assert_eq!(out.unfilled.to_string(), "0.95");
        let wide = candidates(&[("999999999999999", "1"), ("0.0000000000000000000000000001", "2")]);
        assert_eq!(deleverage(d("1"), &wide), Err(TooLarge));
    }
}
