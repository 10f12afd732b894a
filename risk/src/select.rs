//! Which position a plan closes first. Source: SEMANTICS 7.

use crate::ledger::Risk;
use crate::plan::Candidate;
use crate::wide::product_wide;
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
                _ => product_wide(margin_b, cost_a).cmp(&product_wide(margin_a, cost_b)),
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
