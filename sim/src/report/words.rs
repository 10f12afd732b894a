//! What the charts show, said in sentences: a report is read before it is looked at.

use super::View;
use super::cases::chosen;
use crate::outcome::{AccountRecord, Sample};
use crate::record::CaseRecord;
use crate::say::{count, grouped, percent, span};
use crate::summary::price_range;
use plimsoll_types::{Money, Ts};

/// What was run, in one line.
pub fn meta(view: &View<'_>) -> String {
    let (scenario, outcome) = (view.scenario, view.outcome);
    let spec = &scenario.exchange.instruments[scenario.instrument.index()];
    let mut parts = vec![
        super::escape(spec.symbol.as_str()),
        format!("{} to {}", view.moment(outcome.from), view.moment(outcome.to)),
    ];
    let some = |n: usize, one: &str, many: &str| (n > 0).then(|| count(n as u64, one, many));
    parts.extend(some(outcome.accounts.len(), "leveraged account", "leveraged accounts"));
    parts.extend(some(outcome.strategies.len(), "strategy", "strategies"));
    parts.push(format!("seed {}", outcome.seed));
    parts.join(" &middot; ")
}

/// The title over the price: what its picture shows.
pub fn price_title(view: &View<'_>) -> &'static str {
    let band = view.outcome.samples.iter().any(|sample| sample.band.is_some());
    match (band, view.outcome.record.fills.lots > 0) {
        (true, true) => "Price, band and liquidations",
        (true, false) => "Price and band",
        (false, true) => "Price and liquidations",
        (false, false) => "Price",
    }
}

/// The key to the price's picture: what it shows, and nothing else.
pub fn price_key(view: &View<'_>) -> String {
    let outcome = view.outcome;
    let mut key = "<span class=\"k line mark\">mark</span>".to_owned();
    if outcome.samples.iter().any(|sample| sample.band.is_some()) {
        key += "<span class=\"k dash band\">daily band</span>";
    }
    let mut notes = Vec::new();
    if outcome.record.fills.lots > 0 {
        key += "<span class=\"k dot sell\">longs closed</span><span class=\"k dot buy\">shorts closed</span>";
        notes.push("area of a dot = lots");
    }
    if view.scenario.shocks.iter().any(|shock| shock.instrument == view.scenario.instrument) {
        notes.push("shaded = shocks");
    }
    if !notes.is_empty() {
        key += &format!("<span class=\"note\">{}</span>", notes.join("; "));
    }
    key
}

/// How a market stood at its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locked {
    /// When it first stood there.
    pub first: Option<Ts>,
    /// For how long, in all, nobody stood on the other side.
    pub total: Ts,
}

/// How the market stood at limit-down, by the samples.
pub fn locked_down(samples: &[Sample]) -> Locked {
    let mut locked = Locked::default();
    for pair in samples.windows(2) {
        let sample = &pair[0];
        let stands = sample.band.is_some_and(|band| {
            sample.bid.is_none()
                && sample.ask.is_none_or(|ask| ask == band.down)
                && sample.mark == band.down
        });
        if stands {
            locked.first = locked.first.or(Some(sample.ts));
            locked.total += pair[1].ts - sample.ts;
        }
    }
    locked
}

/// Under "Price".
pub fn price(view: &View<'_>) -> String {
    let lots = view.outcome.record.fills.lots;
    let (low, high) = price_range(view.outcome);
    let bands = || view.outcome.samples.iter().filter_map(|sample| sample.band);
    let limits = bands().map(|band| band.down).min().zip(bands().map(|band| band.up).max());
    let band = limits.map_or(String::new(), |(down, up)| {
        format!(" inside a band of {} to {}", view.scale.price(down), view.scale.price(up))
    });
    let liquidated = match lots {
        0 => String::new(),
        _ => format!(
            " {} changed hands in liquidations, {}\u{a0}% of all lots traded.",
            count(lots, "lot", "lots"),
            percent(lots as i64, view.outcome.record.volume.max(1) as i64),
        ),
    };
    format!(
        "From {} at the opening, between {} and {}{band}.{liquidated}",
        view.scale.price(view.outcome.price),
        view.scale.price(low),
        view.scale.price(high),
    )
}

/// Under "Depth".
pub fn depth(view: &View<'_>) -> String {
    let samples = &view.outcome.samples;
    let mut bids: Vec<u64> = samples.iter().map(|sample| sample.bid_depth).collect();
    bids.sort_unstable();
    let bidding = &bids[bids.partition_point(|&lots| lots == 0)..];
    let usual = bidding.get(bidding.len() / 2).copied().unwrap_or(0);
    let gaps = samples.windows(2).filter(|pair| pair[0].bid_depth == 0);
    let none: Ts = gaps.map(|pair| pair[1].ts - pair[0].ts).sum();
    let usually =
        format!("Usually {} wait to buy in the best five levels", count(usual, "lot", "lots"));
    match (none, bids.first().copied().unwrap_or(0)) {
        (0, least) => format!("{usually}; at no time fewer than {}.", grouped(least)),
        (none, _) => format!("{usually}; for {} in all there were none.", span(none)),
    }
}

/// Under "Liquidation cases".
pub fn cases(view: &View<'_>) -> String {
    let samples = &view.outcome.samples;
    let Some(peak) =
        samples.iter().max_by_key(|sample| (sample.open_cases, std::cmp::Reverse(sample.ts)))
    else {
        return String::new();
    };
    let cases = &view.outcome.record.cases;
    let batches = cases.all().batches;
    if peak.open_cases == 0 {
        return format!(
            "Each ended so soon that none was open at any of the {} moments looked at. {} went out in all.",
            grouped(samples.len() as u64),
            count(batches, "batch", "batches"),
        );
    }
    let waited = cases.values().map(CaseRecord::waited).max().unwrap_or(0);
    format!(
        "At {}, {} open at once, {} of them parked. {} went out in all; the longest wait was {}.",
        view.moment(peak.ts),
        if peak.open_cases == 1 {
            "one case was".to_owned()
        } else {
            format!("{} cases were", grouped(peak.open_cases))
        },
        grouped(peak.parked_cases),
        count(batches, "batch", "batches"),
        span(waited),
    )
}

/// Beside the case timeline.
pub fn timeline(view: &View<'_>) -> String {
    let shown: usize = chosen(view).iter().map(|(_, cases, _)| cases.len()).sum();
    let all = view.outcome.record.cases.len();
    match (shown as u64) < all {
        true => format!(
            "one row a case; {shown} of {} are drawn, half of them the longest stories, half spread evenly",
            grouped(all)
        ),
        false => "one row a case".to_owned(),
    }
}

/// Under "Equity".
pub fn equity(view: &View<'_>) -> String {
    let accounts = &view.outcome.accounts;
    let lost = |account: &&AccountRecord| 2 * account.closing.units() <= account.money().units();
    let half = accounts.iter().filter(lost).count() as u64;
    let none = accounts.iter().filter(|account| account.closing <= Money::ZERO).count() as u64;
    let left = match none {
        0 => String::new(),
        1 => "; one has nothing left".to_owned(),
        n => format!("; {} have nothing left", grouped(n)),
    };
    match half {
        0 => "No account lost half of its money.".to_owned(),
        1 => format!("One account lost half of its money or more{left}."),
        n => format!("{} accounts lost half of their money or more{left}.", grouped(n)),
    }
}

/// Under "The order book".
pub fn book(view: &View<'_>) -> String {
    let heat = &view.outcome.record.heat;
    format!(
        "Lots waiting by price, at {} moments: bids below the mark, asks above it, the stronger the colour, the more wait. A gap in the colours is a gap in the book.",
        grouped(heat.columns.len() as u64)
    )
}

/// Under "Accounts by tier".
pub fn tiers(view: &View<'_>) -> String {
    let tiers = &view.outcome.record.tiers;
    let above = |point: &crate::record::tiers::TierPoint| point.counts[1..].iter().sum::<u64>();
    let Some(peak) = tiers.points.iter().max_by_key(|p| (above(p), std::cmp::Reverse(p.ts))) else {
        return String::new();
    };
    match above(peak) {
        0 => "No account left the normal tier.".to_owned(),
        most => format!(
            "At {}, {} above the normal tier at once.",
            view.moment(peak.ts),
            if most == 1 {
                "one account stood".to_owned()
            } else {
                format!("{} accounts stood", grouped(most))
            }
        ),
    }
}

/// Under "The ten worst cases": what is not kept one by one.
pub fn kept(view: &View<'_>) -> String {
    match view.outcome.record.cases.dropped() {
        0 => String::new(),
        dropped => format!(
            "{} of the smallest cases are counted in all totals, but not kept one by one.",
            grouped(dropped)
        ),
    }
}

/// At the end of the page.
pub fn footer() -> String {
    "Made by Plimsoll. This file holds no script and loads nothing from anywhere.".to_owned()
}
