//! What a run has met: every kind of event, every reason, every corner the model names.

use super::Model;
use plimsoll_types::*;
use std::collections::BTreeMap;

/// Counts by (kind, detail).
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    pub counts: BTreeMap<(&'static str, &'static str), u64>,
}

fn either(yes: bool, if_so: &'static str, if_not: &'static str) -> &'static str {
    if yes { if_so } else { if_not }
}

fn step_of(step: &CaseStep) -> (&'static str, &'static str) {
    match step {
        CaseStep::Triggered => ("case", "triggered"),
        CaseStep::Planned { targets } => {
            ("case planned", either(targets.len() > 1, "several", "one"))
        }
        CaseStep::Batch { price, .. } => {
            ("case batch", either(price.is_some(), "worst price", "any price"))
        }
        CaseStep::Checked { filled, .. } => {
            ("case checked", either(filled.is_zero(), "nothing", "filled"))
        }
        CaseStep::Parked { reason } => ("parked", reason.as_str()),
        CaseStep::Resumed => ("case", "resumed"),
        CaseStep::Restored => ("case", "restored"),
        CaseStep::Waterfall => ("case", "waterfall"),
        CaseStep::Closed => ("case", "closed"),
    }
}

fn key_of(kind: &EventKind) -> (&'static str, &'static str) {
    match kind {
        EventKind::Opened { .. } => ("opened", ""),
        EventKind::Deposit { repaid, .. } => {
            ("deposit", either(*repaid > Money::ZERO, "repays", "plain"))
        }
        EventKind::Withdrawal { .. } => ("withdrawal", ""),
        EventKind::Accepted { id: OrderId::Liquidation { .. }, .. } => ("accepted", "batch"),
        EventKind::Accepted { price, .. } => {
            ("accepted", either(price.is_some(), "price", "no price"))
        }
        EventKind::Rejected { reason, .. } => ("rejected", reason.as_str()),
        EventKind::Cancelled { reason, .. } => ("cancelled", reason.as_str()),
        EventKind::Replaced { kept_priority, .. } => {
            ("replaced", either(*kept_priority, "kept", "entered anew"))
        }
        EventKind::Trade { kind, .. } => ("trade", kind.as_str()),
        EventKind::Mark { .. } => ("mark", ""),
        EventKind::Phase { phase, .. } => ("phase", phase.as_str()),
        EventKind::Band { .. } => ("band", ""),
        EventKind::Margin { .. } => ("margin", ""),
        EventKind::Auction { price: None, .. } => ("auction", "no cross"),
        EventKind::Auction { surplus_side, .. } => {
            ("auction", surplus_side.map_or("even", |side| side.as_str()))
        }
        EventKind::Tier { from, to, .. } => ("tier", either(to > from, "up", "down")),
        EventKind::MarginCall { deadline, .. } => {
            ("margin_call", either(deadline.is_some(), "clock", "session end"))
        }
        EventKind::Restricted { permission, .. } => ("restricted", permission.as_str()),
        EventKind::Unrestricted { permission, .. } => ("unrestricted", permission.as_str()),
        EventKind::Case { step, .. } => step_of(step),
        EventKind::Fund { case, .. } => ("fund", either(case.is_some(), "pays", "paid in")),
        EventKind::Debt { .. } => ("debt", ""),
        EventKind::Triggered { .. } => ("triggered", ""),
        EventKind::Refilled { .. } => ("refilled", ""),
        EventKind::Indicative { .. } => ("indicative", ""),
        EventKind::Settled { .. } => ("settled", ""),
        EventKind::Settlement { .. } => ("settlement", ""),
        EventKind::Listed { .. } => ("listed", ""),
        EventKind::Delisted { .. } => ("delisted", ""),
        EventKind::Expired { .. } => ("expired", ""),
        EventKind::Busted { .. } => ("busted", ""),
    }
}

impl Coverage {
    pub fn count(&mut self, events: &[Event]) {
        for event in events {
            *self.counts.entry(key_of(&event.kind)).or_insert(0) += 1;
        }
    }

    pub fn count_corners(&mut self, model: &Model) {
        for (what, times) in &model.seen {
            *self.counts.entry(("corner", what)).or_insert(0) += times;
        }
    }

    fn expected() -> Vec<(&'static str, &'static str)> {
        let mut expected = Vec::new();
        for reject in Reject::ALL.iter().filter(|reject| !Self::NOT_YET.contains(&reject.as_str()))
        {
            expected.push(("rejected", reject.as_str()));
        }
        for reason in CancelReason::ALL.iter().filter(|r| !Self::NOT_YET.contains(&r.as_str())) {
            expected.push(("cancelled", reason.as_str()));
        }
        expected.extend(ParkReason::ALL.iter().map(|reason| ("parked", reason.as_str())));
        let rest = "opened:/deposit:repays/deposit:plain/withdrawal:/accepted:batch/accepted:price/accepted:no price/\
            replaced:kept/replaced:entered anew/trade:normal/trade:liquidation/trade:auction/mark:/phase:continuous/\
            phase:auction/phase:halted/phase:closed/band:/margin:/auction:no cross/auction:even/auction:buy/auction:sell/\
            tier:up/tier:down/margin_call:clock/margin_call:session end/restricted:close_only/restricted:frozen/\
            unrestricted:close_only/unrestricted:normal/fund:pays/fund:paid in/debt:/case:triggered/case planned:several/\
            case planned:one/case batch:worst price/case batch:any price/case checked:filled/case:resumed/case:restored/\
            case:waterfall/case:closed/corner:batch rests/corner:by handle/corner:batch timer/corner:breach withdrawn/\
            corner:call falls due/corner:call on the way down/corner:call withdrawn/corner:call without grace/\
            corner:earlier deadline stands/corner:flat below zero/corner:market order rests after an auction/\
            corner:market remainder rests/corner:reduce-only excess at a fill/corner:reduce-only trim cancels/\
            corner:reduce-only trim cuts/corner:resting batch pulled/corner:resting batch stays/\
            corner:resting batch traded/corner:rise within a case/corner:session-end call falls due/corner:trade with itself";
        expected.extend(rest.split('/').filter_map(|pair| pair.split_once(':')));
        expected
    }

    /// Reasons of orders and commands that are not generated yet; a book is never full.
    const NOT_YET: &[&'static str] = &[
        "full",
        "unknown_trade",
        "display",
        "min_qty",
        "expires",
        "duplicate_symbol",
        "open_position",
        "trigger",
        "expired",
        "delisted",
    ];

    /// So rare that meeting it at all must do.
    const RARE: &[(&'static str, &'static str)] = &[("corner", "uncrosses again")];

    /// What ought to have been met at least `times` times and was not.
    pub fn gaps(&self, times: u64) -> Vec<String> {
        let count = |key: &(&'static str, &'static str)| self.counts.get(key).copied().unwrap_or(0);
        let mut missed = Self::expected();
        missed.retain(|key| count(key) < times);
        missed.extend(Self::RARE.iter().filter(|key| count(key) == 0));
        missed.into_iter().map(|(a, b)| format!("{a}: {b}")).collect()
    }

    pub fn table(&self) -> String {
        self.counts.iter().map(|((a, b), times)| format!("{times:>9}  {a}: {b}\n")).collect()
    }
}
