//! What a run has met: every kind of event, every reason, every corner the model names.

use super::Model;
use super::features::{Feature, Features};
use plimsoll_types::*;
use std::collections::BTreeMap;

/// What plain trading must meet.
const PLAIN: &str = "rejected:unknown_account/rejected:unknown_symbol/rejected:unknown_profile/rejected:price_off_tick/\
    rejected:price_out_of_range/rejected:quantity_not_positive/rejected:quantity_off_lot/rejected:quantity_too_large/\
    rejected:amount_not_positive/rejected:amount_off_unit/rejected:invalid_margin/rejected:invalid_band/\
    rejected:duplicate_account/rejected:liquidation/rejected:frozen/rejected:unknown_order/rejected:phase/\
    rejected:duplicate_id/rejected:price_band/rejected:reduce_only/rejected:close_only/rejected:post_only/rejected:margin/\
    rejected:available/rejected:tier/cancelled:client/cancelled:ioc/cancelled:fok/cancelled:market/cancelled:self_match/\
    cancelled:reduce_only/cancelled:cancel_opening/cancelled:liquidation/cancelled:band/parked:halted/parked:closed/\
    parked:auction/parked:limit_locked/parked:no_liquidity/\
    opened:/deposit:repays/deposit:plain/withdrawal:/accepted:batch/accepted:price/accepted:no price/\
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
    corner:resting batch traded/corner:rise within a case/corner:session-end call falls due/corner:trade with itself/\
    indicative:even/indicative:buy/indicative:sell/indicative:nothing crosses";

/// What runs with a feature must meet.
const BEYOND: &[(Feature, &str)] = &[
    (
        Feature::Stops,
        "accepted:stop/triggered:/rejected:trigger/stop refused:frozen/stop refused:price_band/\
            stop refused:reduce_only/stop refused:close_only/stop refused:post_only/stop refused:margin/\
            corner:stop triggered on entry/corner:several stops triggered by one price/corner:several stops enter/\
            corner:waiting stop cancelled/corner:stop keeps its place/\
            corner:stop moves/corner:new trigger",
    ),
    (Feature::Icebergs, "accepted:iceberg/refilled:/rejected:display/corner:hidden lots taken off"),
    (Feature::MinQty, "rejected:min_qty/cancelled:min_qty"),
    (Feature::Expiry, "rejected:expires/cancelled:expired/corner:dated order expires"),
    (
        Feature::Protection,
        "corner:market order gets protection/corner:market remainder rests at its protection",
    ),
    (Feature::Median, "corner:trade off the maker's limit"),
    (Feature::CloseFirst, "corner:closes first"),
    (Feature::ProRata, "corner:pro rata/corner:a share by time"),
    (Feature::Phases, "phase:pre_open/phase:no_cancel/phase:volatility"),
    (
        Feature::Volatility,
        "corner:corridor stops the book/corner:volatility auction ends/corner:stopped limit order/\
            corner:stopped market order/corner:batch stopped/corner:batch traded and stopped/\
            corner:too little inside the corridor",
    ),
    (
        Feature::LimitState,
        "corner:limit state halts/corner:limit state calls/corner:limit state opens",
    ),
    (
        Feature::Calendar,
        "corner:calendar sets the first phase/corner:calendar sets a phase/corner:calendar finds its phase",
    ),
    (
        Feature::Settle,
        "settled:limit/settled:no limit/settlement:of one/settlement:of all/corner:settlement without position",
    ),
    (
        Feature::Ladder,
        "settled one-sided:buy/settled one-sided:sell/corner:a one-sided day/corner:a further one-sided day/\
            corner:margins rise/corner:margins fall",
    ),
    (
        Feature::Listing,
        "listed:/delisted:/rejected:duplicate_symbol/rejected:open_position/cancelled:delisted",
    ),
    (Feature::Expire, "expired:/corner:position expires"),
    (Feature::Handles, "corner:by the handle of a replace"),
    (Feature::Bust, "busted:/rejected:unknown_trade"),
    (
        Feature::Legs,
        "rejected:offset/rejected:close/offset:open/offset:close/offset:close_today/\
            corner:the same lots promised twice",
    ),
    (Feature::Shfe, "rejected:close_carried/rejected:close_today/stop refused:close_today"),
    (Feature::CloseToday, "corner:a fill closes both kinds of lots"),
    (Feature::MarginPrice, "corner:profit by trade is another"),
    (Feature::TierBasis, "corner:a tier of the other basis"),
    (Feature::OwnMargin, "margin:of an account"),
    (Feature::Leverage, "leverage:/rejected:leverage"),
    (Feature::Funding, "funding:/rejected:not_applicable/corner:nobody pays funding"),
    (Feature::Index, "index:/corner:mark off the index"),
    (Feature::Schedule, "scheduled:/terms:/rejected:past/corner:terms change at their time"),
    (Feature::Profile, "profile:/corner:another profile"),
    (Feature::Restrict, "permission:"),
    (Feature::PositionLimit, "rejected:position_limit"),
    (Feature::Report, "large_position:"),
    (Feature::Ending, "corner:an instrument's time is over"),
    (
        Feature::Reduction,
        "reduction:/trade:reduction/rejected:not_locked/corner:a loss too small to declare/\
            corner:givers in several tiers",
    ),
    (
        Feature::Policies,
        "corner:two steps/corner:one step instead of two/corner:a first step ends/corner:a second step",
    ),
    (
        Feature::Bankruptcy,
        "takeover:/corner:handed over to the fund/corner:handed over to the book/\
            corner:the fund cannot bear it/corner:the fund is flat/corner:the fund's case gets more",
    ),
    (Feature::Backstop, "corner:backstop takes over"),
    (Feature::Deleverage, "adl:/trade:adl/cancelled:adl/corner:deleveraging below zero"),
    (Feature::Socialise, "socialised:"),
    (Feature::Volume, "corner:batch bounded by volume"),
    (Feature::Roll, "corner:a parked case sleeps on/corner:a parked case wakes"),
    (Feature::Join, "corner:batch joins an auction"),
    (Feature::ByOrder, "case:by order/corner:a tier's action after a case by order"),
    (
        Feature::Isolated,
        "margin_moved:into/margin_moved:out/rejected:margin_mode/corner:less than a pocket's margin",
    ),
];

/// What takes two features to be met.
const TOGETHER: &[(&[Feature], &str)] = &[
    (&[Feature::Schedule, Feature::Settle], "corner:terms change at a settlement"),
    (&[Feature::Funding, Feature::Index], "corner:funding by premium"),
    (&[Feature::Profile, Feature::Isolated], "corner:another margin mode"),
    (&[Feature::Reduction, Feature::Legs], "corner:own legs against each other"),
    (&[Feature::Bankruptcy, Feature::Deleverage], "corner:handed over to others/corner:no giver"),
    (&[Feature::ByOrder, Feature::PositionLimit], "corner:several accounts above the limit"),
];

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
        CaseStep::Triggered { reason } => {
            ("case", either(*reason == ForcedReason::Funds, "triggered", "by order"))
        }
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
        EventKind::Accepted { trigger: Some(_), .. } => ("accepted", "stop"),
        EventKind::Accepted { display, .. } if !display.is_zero() => ("accepted", "iceberg"),
        EventKind::Accepted { price, .. } => {
            ("accepted", either(price.is_some(), "price", "no price"))
        }
        EventKind::Rejected { reason, .. } => ("rejected", reason.as_str()),
        EventKind::Cancelled { reason: CancelReason::Refused(reason), .. } => {
            ("stop refused", reason.as_str())
        }
        EventKind::Cancelled { reason, .. } => ("cancelled", reason.as_str()),
        EventKind::Replaced { kept_priority, .. } => {
            ("replaced", either(*kept_priority, "kept", "entered anew"))
        }
        EventKind::Trade { kind, .. } => ("trade", kind.as_str()),
        EventKind::Mark { .. } => ("mark", ""),
        EventKind::Phase { phase, .. } => ("phase", phase.as_str()),
        EventKind::Band { .. } => ("band", ""),
        EventKind::Margin { account: Some(_), .. } => ("margin", "of an account"),
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
        EventKind::Indicative { price: None, .. } => ("indicative", "nothing crosses"),
        EventKind::Indicative { surplus_side, .. } => {
            ("indicative", surplus_side.map_or("even", |side| side.as_str()))
        }
        EventKind::Settled { one_sided: Some(side), .. } => ("settled one-sided", side.as_str()),
        EventKind::Settled { limit, .. } => {
            ("settled", either(limit.is_some(), "limit", "no limit"))
        }
        EventKind::Settlement { instrument, .. } => {
            ("settlement", either(instrument.is_some(), "of one", "of all"))
        }
        EventKind::Listed { .. } => ("listed", ""),
        EventKind::Delisted { .. } => ("delisted", ""),
        EventKind::Expired { .. } => ("expired", ""),
        EventKind::Busted { .. } => ("busted", ""),
        EventKind::Deleveraged { .. } => ("adl", ""),
        EventKind::TakenOver { .. } => ("takeover", ""),
        EventKind::Socialised { .. } => ("socialised", ""),
        EventKind::Reduced { .. } => ("reduction", ""),
        EventKind::Funding { .. } => ("funding", ""),
        EventKind::Index { .. } => ("index", ""),
        EventKind::Leverage { .. } => ("leverage", ""),
        EventKind::MarginMoved { amount, .. } => {
            ("margin_moved", either(*amount > Money::ZERO, "into", "out"))
        }
        EventKind::Profile { .. } => ("profile", ""),
        EventKind::Scheduled { .. } => ("scheduled", ""),
        EventKind::Terms { .. } => ("terms", ""),
        EventKind::InstrumentPermission { .. } => ("permission", ""),
        EventKind::LargePosition { .. } => ("large_position", ""),
    }
}

impl Coverage {
    pub fn count(&mut self, events: &[Event]) {
        for event in events {
            *self.counts.entry(key_of(&event.kind)).or_insert(0) += 1;
            if let EventKind::Accepted { offset: Some(offset), .. } = event.kind {
                *self.counts.entry(("offset", offset.as_str())).or_insert(0) += 1;
            }
        }
    }

    pub fn count_corners(&mut self, model: &Model) {
        for (what, times) in &model.seen {
            *self.counts.entry(("corner", what)).or_insert(0) += times;
        }
    }

    fn expected(features: &Features) -> Vec<(&'static str, &'static str)> {
        let mut expected = Vec::new();
        let mut add = |list: &'static str| {
            expected.extend(list.split('/').filter_map(|pair| pair.trim().split_once(':')));
        };
        add(PLAIN);
        for (feature, list) in BEYOND {
            if features.has(*feature) {
                add(list);
            }
        }
        for (needed, list) in TOGETHER {
            if needed.iter().all(|feature| features.has(*feature)) {
                add(list);
            }
        }
        expected
    }
    /// So rare that meeting it at all must do, where a run may use these.
    const RARE: &[(&[Feature], (&'static str, &'static str))] = &[
        (&[], ("corner", "uncrosses again")),
        (&[Feature::Stops], ("corner", "triggered stop has gone")),
        (&[Feature::Stops, Feature::Volatility], ("corner", "triggered stop goes on waiting")),
    ];

    /// What ought to have been met at least `times` times and was not.
    pub fn gaps(&self, times: u64, features: &Features) -> Vec<String> {
        let count = |key: &(&'static str, &'static str)| self.counts.get(key).copied().unwrap_or(0);
        let mut missed = Self::expected(features);
        missed.retain(|key| count(key) < times);
        for (needed, key) in Self::RARE {
            if needed.iter().all(|feature| features.has(*feature)) && count(key) == 0 {
                missed.push(*key);
            }
        }
        missed.into_iter().map(|(a, b)| format!("{a}: {b}")).collect()
    }

    pub fn table(&self) -> String {
        self.counts.iter().map(|((a, b), times)| format!("{times:>9}  {a}: {b}\n")).collect()
    }
}
