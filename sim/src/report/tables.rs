//! The report's figures and tables, as HTML.

use super::{View, escape};
use crate::record::cases::CaseTotals;
use crate::record::{CaseEnd, CaseRecord, FUND};
use crate::say::{count, grouped, quotient, span};
use crate::summary::{tier_counts, tier_names};
use plimsoll_types::{Action, MeasureKind, Money, Side, Tier, Ts};

/// The key figures at the top.
pub fn figures(view: &View<'_>) -> String {
    let record = &view.outcome.record;
    let all = record.cases.all();
    let of = |money: Money| {
        format!("{} <small>{}</small>", view.scale.short(money), escape(view.currency))
    };
    let waterfall = record.ended(CaseEnd::Waterfall);
    [
        figure(grouped(all.cases), "liquidation cases", false),
        figure(grouped(record.ended(CaseEnd::Restored)), "brought back to safety", false),
        figure(grouped(all.ever_parked), "waited at the limit or for depth", false),
        figure(grouped(all.lots), "lots liquidated", false),
        deleveraged(record.deleveraged.1),
        figure(of(record.fund.paid), "paid by the insurance fund", false),
        figure(of(record.debt), "left as debt", waterfall > 0 && record.debt > Money::ZERO),
    ]
    .concat()
}

fn deleveraged(lots: u64) -> String {
    if lots == 0 {
        return String::new();
    }
    figure(grouped(lots), "lots deleveraged", false)
}

fn figure(number: String, label: &str, bad: bool) -> String {
    let class = if bad { "figure bad" } else { "figure" };
    format!(
        "<div class=\"{class}\"><div class=\"n\">{number}</div><div class=\"l\">{label}</div></div>"
    )
}

/// A table: column heads (a leading `<` = aligned left), then rows of cells.
pub fn table(heads: &[&str], rows: &[Vec<String>], sum: bool) -> String {
    let left = |n: usize| if heads[n].starts_with('<') { " class=\"t\"" } else { "" };
    let head: String = heads
        .iter()
        .enumerate()
        .map(|(n, head)| format!("<th{}>{}</th>", left(n), head.trim_start_matches('<')))
        .collect();
    let body: String = rows
        .iter()
        .enumerate()
        .map(|(at, row)| {
            let cells: String = row
                .iter()
                .enumerate()
                .map(|(n, cell)| format!("<td{}>{cell}</td>", left(n)))
                .collect();
            let class = if sum && at + 1 == rows.len() { " class=\"sum\"" } else { "" };
            format!("<tr{class}>{cells}</tr>")
        })
        .collect();
    format!(
        "<div class=\"scroll\"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
}

/// What a tier does, in words.
fn action(tier: &Tier) -> String {
    match tier.action {
        Action::Notify => "a notice".to_owned(),
        Action::Call { grace: None } => "a margin call until the session ends".to_owned(),
        Action::Call { grace: Some(0) } | Action::Liquidate => "liquidation".to_owned(),
        Action::Call { grace: Some(grace) } => format!("a margin call, {} to meet it", span(grace)),
        Action::CloseOnly => "closing only".to_owned(),
    }
}

/// Accounts by tier.
pub fn tiers(view: &View<'_>) -> String {
    let Some(plan) = view.scenario.populations.first() else { return String::new() };
    let profile = &view.scenario.exchange.profiles[plan.profile.index()];
    let measure = match profile.measure {
        MeasureKind::MarginOverEquity => "margin / equity from",
        MeasureKind::EquityOverMargin => "equity / margin down to",
    };
    let rows: Vec<Vec<String>> = tier_names(view.scenario)
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let (worst, end) = tier_counts(view.outcome, n as u8);
            let tier = n.checked_sub(1).map(|n| &profile.tiers[n]);
            let at = tier.and_then(|tier| quotient(tier.at.nano() / 10_000_000, 100, 2));
            vec![
                escape(name),
                at.unwrap_or_default(),
                tier.map(action).unwrap_or_default(),
                grouped(worst as u64),
                grouped(end as u64),
            ]
        })
        .collect();
    table(
        &["tier", measure, "<brings", "accounts whose worst it was", "accounts in it at the end"],
        &rows,
        false,
    )
}

/// A colour for an end.
fn dot(end: CaseEnd) -> String {
    format!(
        "<span class=\"mark-dot\" style=\"background:var(--{})\"></span>{}",
        end.as_str(),
        end.as_str()
    )
}

/// Cases by end, and all of them together.
pub fn ends(view: &View<'_>) -> String {
    let cases = &view.outcome.record.cases;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for end in CaseEnd::ALL {
        let totals = cases.totals(end);
        if totals.cases > 0 {
            let median = median_open(cases.values().filter(|case| case.end == end));
            rows.push(ends_row(view, dot(end), &totals, median));
        }
    }
    rows.push(ends_row(view, "all".to_owned(), &cases.all(), median_open(cases.values())));
    let heads = [
        "end",
        "cases",
        "ever parked",
        "lots",
        "batches",
        "mean slippage, ticks",
        "mean shortfall, ticks",
        "median time open",
        "fund paid",
        "debt",
    ];
    table(&heads, &rows, true)
}

/// Median time from begin to end: of those kept one by one.
fn median_open<'a>(cases: impl Iterator<Item = &'a CaseRecord>) -> Option<Ts> {
    let mut open: Vec<Ts> = cases.map(|case| case.ended - case.opened).collect();
    open.sort_unstable();
    open.get(open.len() / 2).copied()
}

fn ends_row(view: &View<'_>, name: String, totals: &CaseTotals, median: Option<Ts>) -> Vec<String> {
    let mean = |sum: i64| quotient(sum, totals.lots, 2).unwrap_or("-".to_owned());
    vec![
        name,
        grouped(totals.cases),
        grouped(totals.ever_parked),
        grouped(totals.lots),
        grouped(totals.batches),
        mean(totals.slippage),
        mean(totals.shortfall),
        median.map_or("-".to_owned(), span),
        view.scale.short(totals.fund),
        view.scale.short(totals.debt),
    ]
}

/// The ten worst cases: what fund and house had to bear, then the shortfall.
pub fn worst(view: &View<'_>) -> String {
    let mut cases: Vec<&CaseRecord> = view.outcome.record.cases.values().collect();
    cases.sort_by_key(|case| (-(case.fund + case.debt).units(), -case.shortfall, case.id));
    let rows: Vec<Vec<String>> =
        cases.into_iter().take(10).map(|case| worst_row(view, case)).collect();
    if rows.is_empty() {
        return "<p class=\"caption\">There were none.</p>".to_owned();
    }
    let heads = [
        "case",
        "<account",
        "<side",
        "leverage",
        "<opened",
        "waited",
        "lots",
        "batches",
        "shortfall, ticks a lot",
        "equity when it began",
        "fund paid",
        "debt",
        "<end",
    ];
    table(&heads, &rows, false)
}

/// Whose a case is: a leveraged account's name, or what else the account is.
fn whose(view: &View<'_>, case: &CaseRecord) -> String {
    let name = escape(case.name.as_str());
    let is_strategy = view.outcome.strategies.iter().any(|one| one.account == case.account);
    match case.name.as_str() {
        FUND => "insurance fund".to_owned(),
        _ if is_strategy => format!("{name}, strategy"),
        _ => name,
    }
}

fn worst_row(view: &View<'_>, case: &CaseRecord) -> Vec<String> {
    let accounts = &view.outcome.accounts;
    let client = accounts.iter().find(|account| account.account == case.account);
    let client = client.map(|account| account.client);
    let opened = client.map(|client| client.side).or(case.side.map(Side::opposite));
    let leverage = client.and_then(|client| quotient(client.leverage.nano() / 100_000_000, 10, 1));
    vec![
        format!("#{}", case.id.0),
        whose(view, case),
        opened.map_or("-", |side| if side == Side::Buy { "long" } else { "short" }).to_owned(),
        leverage.map_or("-".to_owned(), |leverage| format!("{leverage}x")),
        view.moment(case.opened),
        span(case.waited()),
        grouped(case.lots),
        case.batches.to_string(),
        quotient(case.shortfall, case.lots, 1).unwrap_or("-".to_owned()),
        view.scale.short(case.equity),
        view.scale.short(case.fund),
        view.scale.short(case.debt),
        dot(case.end),
    ]
}

/// What ran, for who wants to run it again.
pub fn run(view: &View<'_>) -> String {
    let outcome = view.outcome;
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let rows = vec![
        row("seed", outcome.seed.to_string()),
        row("simulated time", span(outcome.to - outcome.from)),
        row(
            "commands in, events out",
            format!("{} in, {} out", grouped(outcome.commands), grouped(outcome.events)),
        ),
        row(
            "trades",
            format!(
                "{} of {}",
                grouped(outcome.record.trades),
                count(outcome.record.volume, "lot", "lots")
            ),
        ),
        row(
            "conservation (0 = no money made or lost by the exchange)",
            view.scale.money(outcome.imbalance),
        ),
        row("state hash", format!("<code>{:032x}</code>", outcome.state_hash)),
    ];
    table(&["", "<"], &rows, false)
}
