//! The verdict: the whole story of a run in a few sentences.

use super::words::locked_down;
use super::{View, escape, sheets};
use crate::outcome::{Outcome, StrategyRecord};
use crate::path::{Leg, legs};
use crate::record::CaseEnd;
use crate::say::{count, grouped, percent, span};
use crate::scenario::Scenario;
use crate::summary::price_range;
use plimsoll_types::Money;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The way of the market: its legs in the order of time, then where it ended.
fn move_words(view: &View<'_>) -> String {
    let outcome = view.outcome;
    let legs = legs(outcome);
    let locked = locked_down(&outcome.samples);
    let (low, _) = price_range(outcome);
    let leg_words = |leg: &Leg| {
        let verb = if leg.ticks() < 0 { "fell" } else { "rose" };
        let far = percent(leg.ticks().abs(), leg.from.ticks());
        match locked.first.filter(|_| leg.ticks() < 0 && leg.to == low) {
            Some(first) => format!(
                "{verb} <b class=\"bad\">{far}\u{a0}%</b> to limit-down by {}, stood there without a buyer for {}",
                view.moment(first),
                span(locked.total)
            ),
            None => format!("{verb} <b>{far}\u{a0}%</b>"),
        }
    };
    let told: Vec<String> = legs.iter().map(leg_words).collect();
    let (open, close) = (outcome.price.ticks(), outcome.record.mark.ticks());
    let far = percent((close - open).abs(), open);
    let end = match close.cmp(&open) {
        Ordering::Equal => "where it had opened".to_owned(),
        Ordering::Less => format!("{far}\u{a0}% below its opening"),
        Ordering::Greater => format!("{far}\u{a0}% above its opening"),
    };
    match (legs.as_slice(), told.is_empty()) {
        (_, true) => format!("The market ended {end}. "),
        // One leg to the end says where that is.
        ([leg], _) if leg.to == outcome.record.mark => {
            let end = if leg.ticks() < 0 { "lowest" } else { "highest" };
            format!("The market {}, and ended at its {end}. ", told[0])
        }
        _ => format!("The market {}, and ended {end}. ", told.join(", then ")),
    }
}

/// What else the market did: stops, halts, forced reduction.
fn event_words(view: &View<'_>) -> String {
    let record = &view.outcome.record;
    let breaks = &record.breaks;
    let mut out = String::new();
    if breaks.halts > 0 {
        let first = breaks.first.map_or(String::new(), |ts| format!(" from {}", view.moment(ts)));
        out += &match breaks.halts {
            1 => format!("Trading was halted{first} for {}. ", span(breaks.halted)),
            n => format!(
                "Trading was halted {} times, first{first}, for {} in all. ",
                grouped(n),
                span(breaks.halted)
            ),
        };
    }
    if breaks.auctions > 0 {
        let auctions = count(breaks.auctions, "volatility auction", "volatility auctions");
        out += &format!("{auctions} interrupted trading. ");
    }
    if record.stops > 0 {
        let were = if record.stops == 1 { "was" } else { "were" };
        out += &format!("{} {were} triggered. ", count(record.stops, "stop", "stops"));
    }
    let (positions, lots) = record.reduced;
    if positions > 0 {
        out += &format!(
            "Forced reduction closed <b>{}</b> of each side in {}. ",
            count(lots, "lot", "lots"),
            count(positions, "position", "positions")
        );
    }
    out
}

/// Strategies the verdict names.
const STRATEGIES: usize = 4;

fn told(view: &View<'_>, strategy: &StrategyRecord) -> String {
    format!(
        "Strategy <b>{}</b> {}. ",
        escape(strategy.name.as_str()),
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
    out += &event_words(view);
    if record.cases.is_empty() && all == 0 {
        return out;
    }
    if record.cases.is_empty() {
        out += &format!(
            "None of {} was liquidated.",
            count(all, "leveraged account", "leveraged accounts")
        );
        return out;
    }
    out += &liquidated_words(view);
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

/// How many were liquidated, and how that ended.
fn liquidated_words(view: &View<'_>) -> String {
    let outcome = view.outcome;
    let record = &outcome.record;
    let all = record.cases.len();
    let clients = || outcome.liquidated().map(|one| u64::from(record.cases_of(one.account)));
    let named = outcome.strategies.iter().map(|one| u64::from(record.cases_of(one.account)));
    let strategies: u64 = named.sum();
    // The fund's own work off what it has taken over.
    let fund = record.fund_account.map_or(0, |fund| u64::from(record.cases_of(fund)));
    let others = all.saturating_sub(clients().sum::<u64>() + strategies + fund);
    let whose = [
        (strategies, "of strategies"),
        (fund, "of the insurance fund"),
        (others, "of other accounts"),
    ];
    let whose: Vec<String> = whose
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("{} {words}", grouped(*n)))
        .collect();
    let whose = match whose.is_empty() {
        true => String::new(),
        false => format!(" ({})", whose.join(", ")),
    };
    let ended = |end| record.ended(end);
    let parts = [
        (ended(CaseEnd::Restored), "brought back to safety"),
        (ended(CaseEnd::Closed), "closed out without owing"),
        (ended(CaseEnd::Waterfall), "ended below zero"),
        (ended(CaseEnd::Parked) + ended(CaseEnd::Working), "still open at the end"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("<b>{}</b> {words}", grouped(*n)))
        .collect();
    let liquidated = clients().count() as u64;
    let accounts = match outcome.accounts.len() as u64 {
        0 => String::new(),
        n => format!(
            "<b>{}</b> of {} {} liquidated. ",
            grouped(liquidated),
            count(n, "leveraged account", "leveraged accounts"),
            if liquidated == 1 { "was" } else { "were" },
        ),
    };
    format!("{accounts}{} in all{whose}: {}. ", count(all, "case", "cases"), parts.join(", "))
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
    // In the order that undoes escaping: the mark of an escape comes last.
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    marks.iter().fold(out, |out, (escaped, plain)| out.replace(escaped, plain))
}

/// The fund, those with a profit, and debts.
fn money_words(view: &View<'_>) -> String {
    let record = &view.outcome.record;
    let fund = record.fund;
    let amount = |money| format!("<b>{} {}</b>", view.scale.short(money), escape(view.currency));
    let had_nothing = fund.start + fund.taken_in == Money::ZERO;
    let took = match fund.taken_in > Money::ZERO {
        true => format!(" took in {} and", amount(fund.taken_in)),
        false => String::new(),
    };
    let mut parts = vec![match (had_nothing, fund.paid > Money::ZERO, fund.now) {
        (true, ..) => "There was no money in the insurance fund".to_owned(),
        (_, false, _) => format!("The insurance fund{took} paid nothing"),
        (_, true, Money::ZERO) => {
            format!("The insurance fund{took} paid {}, all it had", amount(fund.paid))
        }
        (_, true, _) => format!("The insurance fund{took} paid {}", amount(fund.paid)),
    }];
    // Amounts that would be told as nothing are not told.
    let told = |money: Money| view.scale.short(money) != "0";
    if told(record.haircut) {
        let haircut = record.haircut;
        let (amount, than) = match haircut > Money::ZERO {
            true => (amount(haircut), "less"),
            false => (amount(-haircut), "more"),
        };
        parts.push(format!("the deleveraged got {amount} {than} than at the mark, on the whole"));
    }
    if told(record.socialised) {
        parts.push(format!("those with a profit bore {} for others", amount(record.socialised)));
    }
    let owing = record.cases.values().filter(|case| case.debt > Money::ZERO);
    let debtors = owing.map(|case| case.account).collect::<BTreeSet<_>>().len() as u64;
    parts.push(match record.debt > Money::ZERO {
        true => format!(
            "{} of debt is left with {}",
            amount(record.debt),
            count(debtors, "client", "clients")
        ),
        false => "nobody is in debt".to_owned(),
    });
    format!("{}.", parts.join("; "))
}
