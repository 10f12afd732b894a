//! What the charts show, said in sentences: a report is read before it is looked at.

use super::cases::chosen;
use super::{View, sheets};
use crate::outcome::{AccountRecord, Outcome, Sample, StrategyRecord};
use crate::record::{CaseEnd, CaseRecord};
use crate::say::{count, grouped, percent, span};
use crate::scenario::Scenario;
use crate::summary::price_range;
use plimsoll_types::{Money, Price, Ts};
use std::cmp::Ordering;

/// What was run, in one line.
pub fn meta(view: &View<'_>) -> String {
    let (scenario, outcome) = (view.scenario, view.outcome);
    let spec = &scenario.exchange.instruments[scenario.instrument.index()];
    format!(
        "{} &middot; {} to {} &middot; {} &middot; seed {}",
        super::escape(spec.symbol.as_str()),
        view.moment(outcome.from),
        view.moment(outcome.to),
        count(outcome.accounts.len() as u64, "leveraged account", "leveraged accounts"),
        outcome.seed,
    )
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

/// A change against the opening, signed, in per cent.
fn change(view: &View<'_>, price: Price) -> String {
    let open = view.outcome.price.ticks();
    percent((price.ticks() - open).abs(), open)
}

fn move_words(view: &View<'_>) -> String {
    let outcome = view.outcome;
    let (low, high) = price_range(outcome);
    let (open, close) = (outcome.price, outcome.record.mark);
    let fell = open.ticks() - low.ticks() >= high.ticks() - open.ticks();
    let far = change(view, if fell { low } else { high });
    let verb = if fell { "fell" } else { "rose" };
    let locked = locked_down(&outcome.samples);
    let middle = match locked.first {
        Some(first) => format!(
            "The market {verb} <b class=\"bad\">{far}\u{a0}%</b> to limit-down by {}, stood there without a buyer for {}",
            view.moment(first),
            span(locked.total)
        ),
        None => format!("The market {verb} by up to <b>{far}\u{a0}%</b>"),
    };
    let end = match close.cmp(&open) {
        Ordering::Equal => "where it had opened".to_owned(),
        Ordering::Less => format!("{}\u{a0}% below its opening", change(view, close)),
        Ordering::Greater => format!("{}\u{a0}% above its opening", change(view, close)),
    };
    format!("{middle}, and ended {end}. ")
}

/// Strategies the verdict names.
const STRATEGIES: usize = 4;

fn told(view: &View<'_>, strategy: &StrategyRecord) -> String {
    format!(
        "Strategy <b>{}</b> {}. ",
        super::escape(strategy.name.as_str()),
        sheets::result(view, strategy)
    )
}

/// The whole story in a few sentences.
pub fn verdict(view: &View<'_>) -> String {
    let record = &view.outcome.record;
    let all = view.outcome.accounts.len() as u64;
    let mut out: String =
        view.outcome.strategies.iter().take(STRATEGIES).map(|s| told(view, s)).collect();
    out += &move_words(view);
    if record.cases.is_empty() {
        out += &format!(
            "None of {} was liquidated.",
            count(all, "leveraged account", "leveraged accounts")
        );
        return out;
    }
    let ended = |end| record.ended(end);
    let parts = [
        (ended(CaseEnd::Restored), "brought back to safety"),
        (ended(CaseEnd::Closed), "closed out with money left"),
        (ended(CaseEnd::Waterfall), "ended below zero"),
        (ended(CaseEnd::Parked) + ended(CaseEnd::Working), "still open at the end"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("<b>{}</b> {words}", grouped(*n)))
        .collect();
    out += &format!(
        "<b>{}</b> of {} leveraged accounts were liquidated, in {}: {}. ",
        grouped(record.accounts_liquidated()),
        grouped(all),
        count(record.cases.len(), "case", "cases"),
        parts.join(", "),
    );
    let parked = record.cases.all().ever_parked;
    let cascade = &record.cascade;
    if cascade.driven > 0 {
        out += &format!(
            "<b>{}\u{a0}%</b> of the cases began at a mark that another liquidation had moved. ",
            percent(cascade.driven as i64, (cascade.driven + cascade.roots) as i64)
        );
    }
    if parked > 0 {
        out += &format!("{} had to wait for a buyer or seller. ", count(parked, "case", "cases"));
    }
    let (_, taken) = record.deleveraged;
    if taken > 0 {
        out += &format!(
            "<b>{}</b> of those with a profit were closed in deleveraging. ",
            count(taken, "lot", "lots")
        );
    }
    out + &money_words(view)
}

/// The whole story without markup, for a terminal.
pub fn plain(scenario: &Scenario, outcome: &Outcome) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in verdict(&View::new(scenario, outcome)).chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

fn money_words(view: &View<'_>) -> String {
    let record = &view.outcome.record;
    let paid = record.fund.start - record.fund.now;
    let amount =
        |money| format!("<b>{} {}</b>", view.scale.short(money), super::escape(view.currency));
    let debtors = record.cases.values().filter(|case| case.debt > Money::ZERO).count() as u64;
    match (paid > Money::ZERO, record.debt > Money::ZERO) {
        (false, false) => "The insurance fund was not touched, and nobody is in debt.".to_owned(),
        (true, false) => format!("The insurance fund paid {}; nobody is in debt.", amount(paid)),
        (paid_any, true) => {
            let fund = match (paid_any, record.fund.now) {
                (false, _) => "The insurance fund had nothing to give".to_owned(),
                (true, Money::ZERO) => {
                    format!("The insurance fund paid {}, all it had", amount(paid))
                }
                (true, _) => format!("The insurance fund paid {}", amount(paid)),
            };
            format!(
                "{fund}; {} of debt is left with {}.",
                amount(record.debt),
                count(debtors, "client", "clients")
            )
        }
    }
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
    format!(
        "From {} at the opening, between {} and {}{band}. {} changed hands in liquidations, {}\u{a0}% of all lots traded.",
        view.scale.price(view.outcome.price),
        view.scale.price(low),
        view.scale.price(high),
        count(lots, "lot", "lots"),
        percent(lots as i64, view.outcome.record.volume.max(1) as i64),
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
    if peak.open_cases == 0 {
        return "No case was open at any time.".to_owned();
    }
    let cases = &view.outcome.record.cases;
    let batches = cases.all().batches;
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
    let lost = |account: &&AccountRecord| {
        2 * account.closing.units() <= (account.opening + account.paid_in).units()
    };
    let half = accounts.iter().filter(lost).count() as u64;
    let none = accounts.iter().filter(|account| account.closing <= Money::ZERO).count() as u64;
    format!(
        "{} lost half of their money or more; {} have nothing left.",
        count(half, "account", "accounts"),
        grouped(none),
    )
}

/// What liquidated accounts lost, and who bore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Losses {
    /// Out of the accounts' own money.
    pub own: Money,
    /// By the insurance fund.
    pub fund: Money,
    /// By those with a profit.
    pub winners: Money,
    /// Owed to the house.
    pub debt: Money,
}

impl Losses {
    /// Those of a run: own = what liquidated accounts had after the opening and paid in, less what they have.
    pub fn of(view: &View<'_>) -> Losses {
        let record = &view.outcome.record;
        let hit = |a: &&AccountRecord| record.liquidated.get(&a.account).is_some_and(|&n| n > 0);
        let accounts = view.outcome.accounts.iter().filter(hit);
        Losses {
            own: accounts.map(|a| a.opening + a.paid_in - a.closing).sum(),
            fund: record.fund.start - record.fund.now,
            winners: record.socialised,
            debt: record.debt,
        }
    }

    /// All of it.
    pub fn total(&self) -> Money {
        self.own + self.fund + self.winners + self.debt
    }
}

/// Under "Who bore the loss".
pub fn waterfall(view: &View<'_>) -> String {
    let losses = Losses::of(view);
    let total = losses.total();
    if total <= Money::ZERO {
        return "Liquidated accounts lost nothing on the whole.".to_owned();
    }
    format!(
        "Liquidated accounts lost {} {} in all, {}\u{a0}% of it out of their own money.",
        view.scale.short(total),
        super::escape(view.currency),
        percent((losses.own.units() / 1000) as i64, (total.units() / 1000) as i64),
    )
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
