//! The report's figures and tables, as HTML.

use super::{View, escape};
use crate::groups::{Group, groups};
use crate::record::cases::CaseTotals;
use crate::record::{CaseEnd, CaseRecord, FUND};
use crate::say::{count, grouped, percent, quotient, share, span};
use crate::summary::tier_counts;
use plimsoll_types::{Action, MeasureKind, Money, Profile, ProfileId, Side, Tier, Ts};

/// The key figures of liquidation; none where nobody was liquidated, and no zeros.
pub fn figures(view: &View<'_>) -> String {
    let record = &view.outcome.record;
    let all = record.cases.all();
    if all.cases == 0 {
        return String::new();
    }
    let of = |money: Money| {
        format!("{} <small>{}</small>", view.scale.short(money), escape(view.currency))
    };
    let waited = "waited at the limit or for depth";
    let some = |number: u64, label| (number > 0).then(|| figure(grouped(number), label, false));
    // What would be told as nothing has no tile.
    let told = |money: Money| view.scale.short(money) != "0";
    let money = |money: Money, label, bad| told(money).then(|| figure(of(money), label, bad));
    let figures = [
        some(all.cases, if all.cases == 1 { "liquidation case" } else { "liquidation cases" }),
        some(record.ended(CaseEnd::Restored), "brought back to safety"),
        some(all.ever_parked, waited),
        some(all.lots, "lots liquidated"),
        some(record.deleveraged.1, "lots deleveraged"),
        money(record.fund.paid, "paid by the insurance fund", false),
        money(record.socialised, "shared out among those with a profit", false),
        money(record.debt, "left as debt", record.ended(CaseEnd::Waterfall) > 0),
    ];
    let figures: String = figures.into_iter().flatten().collect();
    format!("<div class=\"figures top\">{figures}</div>")
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

/// Accounts by tier, a table for each profile; under them what a call with a deadline means.
pub fn tiers(view: &View<'_>) -> String {
    let groups = groups(view.outcome);
    let mut profiles: Vec<ProfileId> = groups.iter().map(|group| group.profile).collect();
    profiles.sort_unstable();
    profiles.dedup();
    let mut out = String::new();
    for &id in &profiles {
        let profile = &view.scenario.exchange.profiles[id.index()];
        if profiles.len() > 1 {
            out += &format!("<h3>Profile {}</h3>", escape(profile.name.as_str()));
        }
        out += &format!("<div class=\"wrap\">{}</div>", tier_table(view, id, profile));
    }
    let calls = |tier: &Tier| matches!(tier.action, Action::Call { grace } if grace != Some(0));
    let profile = |id: &ProfileId| &view.scenario.exchange.profiles[id.index()];
    let liquidated = !view.outcome.record.cases.is_empty();
    if liquidated && profiles.iter().flat_map(|id| &profile(id).tiers).any(calls) {
        out += "<p class=\"foot\">A margin call that is not met by its deadline is liquidated, too: not only accounts whose worst tier was a liquidation's have had a case.</p>";
    }
    out
}

fn tier_table(view: &View<'_>, id: ProfileId, profile: &Profile) -> String {
    let measure = match profile.measure {
        MeasureKind::MarginOverEquity => "margin / equity from",
        MeasureKind::EquityOverMargin => "equity / margin down to",
    };
    let tiers = std::iter::once(None).chain(profile.tiers.iter().map(Some));
    let row = |(n, tier): (usize, Option<&Tier>)| {
        let (worst, end) = tier_counts(view.outcome, Some(id), n as u8);
        let at = tier.and_then(|tier| quotient(tier.at.nano() / 10_000_000, 100, 2));
        vec![
            tier.map_or("normal".to_owned(), |tier| escape(tier.name.as_str())),
            at.unwrap_or_default(),
            tier.map(action).unwrap_or_default(),
            grouped(worst as u64),
            grouped(end as u64),
        ]
    };
    let rows: Vec<Vec<String>> = tiers.enumerate().map(row).collect();
    table(
        &["tier", measure, "<brings", "accounts whose worst it was", "accounts in it at the end"],
        &rows,
        false,
    )
}

/// Accounts by population and profile; nothing where all are of one kind.
pub fn populations(view: &View<'_>) -> String {
    let groups = groups(view.outcome);
    if groups.len() < 2 {
        return String::new();
    }
    let of = |part: Money, whole: Money| match whole > Money::ZERO {
        true => format!("{}\u{a0}%", share(part, whole)),
        false => "-".to_owned(),
    };
    let row = |group: &Group| {
        let liquidated = percent(group.liquidated as i64, group.accounts as i64);
        vec![
            escape(group.name(view.scenario)),
            escape(view.scenario.exchange.profiles[group.profile.index()].name.as_str()),
            grouped(group.accounts),
            grouped(group.liquidated),
            format!("{liquidated}\u{a0}%"),
            view.scale.short(group.liquidated_money),
            view.scale.short(group.liquidated_loss),
            of(group.liquidated_loss, group.liquidated_money),
            view.scale.short(group.loss),
            of(group.loss, group.money),
        ]
    };
    let heads = [
        "population",
        "<profile",
        "accounts",
        "liquidated",
        "share",
        "money of the liquidated",
        "they lost",
        "share",
        "all accounts lost",
        "share",
    ];
    let rows: Vec<Vec<String>> = groups.iter().map(row).collect();
    format!(
        "{}<p class=\"foot\">Money: equity after the opening and what was paid in later. Lost: less what is there at the end; below zero was won.</p>",
        table(&heads, &rows, false)
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
        row("scenario file", format!("<code>{}</code>", escape(&view.scenario.file))),
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
        row("version of Plimsoll", env!("CARGO_PKG_VERSION").to_owned()),
        row("state hash", format!("<code>{:032x}</code>", outcome.state_hash)),
    ];
    format!("<div class=\"plain\">{}</div>", table(&["", "<"], &rows, false))
}
