//! Which position a plan closes first. Source: SEMANTICS 7.

use crate::ledger::Risk;
use crate::plan::Candidate;
use plimsoll_types::SelectKey;
use std::cmp::Ordering;

/// Orders candidates by the keys; what they leave equal stays in instrument order.
pub(crate) fn select(risk: &Risk, keys: &[SelectKey], candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| {
        keys.iter()
            .map(|key| compare(risk, key, a, b))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
}

fn compare(risk: &Risk, key: &SelectKey, a: &Candidate, b: &Candidate) -> Ordering {
    match key {
        SelectKey::LargestLoss => a.unrealised(risk).cmp(&b.unrealised(risk)),
        SelectKey::MostLiquid => b.quote.depth.cmp(&a.quote.depth),
        SelectKey::LargestMargin => b.margin(risk, b.lots()).cmp(&a.margin(risk, a.lots())),
        SelectKey::LargestRiskRelease => {
            let release = |c: &Candidate| {
                (c.margin(risk, c.lots()).max(0).unsigned_abs(), c.cost(risk).max(0).unsigned_abs())
            };
            let ((margin_a, cost_a), (margin_b, cost_b)) = (release(a), release(b));
            match (cost_a, cost_b) {
                (0, 0) => Ordering::Equal,
                (0, _) => Ordering::Less,
                (_, 0) => Ordering::Greater,
                // margin_a / cost_a against margin_b / cost_b, the larger first.
                _ => product(margin_b, cost_a).cmp(&product(margin_a, cost_b)),
            }
        }
        SelectKey::Symbols(list) => {
            let place = |c: &Candidate| {
                list.iter().position(|&symbol| symbol == c.instrument.0).unwrap_or(list.len())
            };
            place(a).cmp(&place(b))
        }
    }
}

/// `a x b` in 256 bits, as (high, low).
fn product(a: u128, b: u128) -> (u128, u128) {
    let mask = u128::from(u64::MAX);
    let (a1, a0, b1, b0) = (a >> 64, a & mask, b >> 64, b & mask);
    let middle = ((a0 * b0) >> 64) + ((a1 * b0) & mask) + ((a0 * b1) & mask);
    let high = a1 * b1 + ((a1 * b0) >> 64) + ((a0 * b1) >> 64) + (middle >> 64);
    (high, a.wrapping_mul(b))
}

#[cfg(test)]
mod tests {
    use super::product;

    #[test]
    fn wide_products_are_exact() {
        assert_eq!(product(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(product(1 << 100, 1 << 100), (1 << 72, 0));
        assert_eq!(product(7, 6), (0, 42));
    }
}
