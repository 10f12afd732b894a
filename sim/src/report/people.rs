//! The people's pictures: equity before and after, accounts and equity by tier over time, the fund.

use super::View;
use super::axis::TimeAxis;
use super::chart::{
    Chart, HEIGHT, Upward, WIDTH, amount, number, numbers, rectangle, thinned, through,
};
use super::market::Drawn;
use super::tables::table;
use crate::record::tiers::TierPoint;
use crate::say::{grouped, time};
use crate::summary::tier_names;
use plimsoll_types::Money;

/// Accounts by equity: labels of the classes, how many before and after.
struct Classes {
    labels: Vec<String>,
    counts: Vec<[u64; 2]>,
}

/// Accounts by equity, in classes of 1, 2, 5, 10, ... units of the currency.
fn classes(view: &View<'_>) -> Classes {
    let accounts = &view.outcome.accounts;
    let unit = 10i128.pow(view.scale.money_decimals);
    let whole = |money: Money| money.units().div_euclid(unit);
    let openings = || accounts.iter().map(|account| whole(account.opening));
    let smallest = openings().filter(|&equity| equity > 0).min().unwrap_or(1);
    let closings = accounts.iter().map(|account| whole(account.closing));
    let largest = openings().chain(closings).max().unwrap_or(1);
    let mut edges: Vec<i128> = (0..30u32)
        .flat_map(|n| [1, 2, 5].map(|digit| digit * 10i128.pow(n)))
        .skip_while(|&edge| edge <= smallest / 2)
        .take_while(|&edge| edge <= largest)
        .collect();
    // More than a dozen classes are hard to read: the smallest fall together.
    edges.drain(..edges.len().saturating_sub(9));
    let class = |equity: i128| match equity {
        ..=0 => 0,
        _ => 1 + edges.partition_point(|&edge| edge <= equity),
    };
    let mut counts = vec![[0u64; 2]; edges.len() + 2];
    for account in accounts {
        counts[class(whole(account.opening))][0] += 1;
        counts[class(whole(account.closing))][1] += 1;
    }
    let short = |edge: i128| match edge {
        1_000_000.. => format!("{}m", edge / 1_000_000),
        1_000.. => format!("{}k", edge / 1_000),
        _ => edge.to_string(),
    };
    let mut labels = vec!["none".to_owned()];
    labels.push(format!("<{}", short(edges.first().copied().unwrap_or(1))));
    labels.extend(edges.iter().map(|&edge| short(edge)));
    Classes { labels, counts }
}

/// Equity after the opening and at the end, as pairs of bars.
pub fn equity(view: &View<'_>) -> String {
    let Classes { labels, counts } = classes(view);
    let most = counts.iter().flatten().copied().max().unwrap_or(1).max(1) as f64;
    let count = Upward::even(0.0, most * 1.06);
    let step = WIDTH / counts.len() as f64;
    let below = labels.iter().enumerate();
    let below = below.map(|(n, label)| ((n as f64 + 0.5) * step, label.clone())).collect();
    let words = "Bar chart of accounts by equity, after the opening and at the end.";
    let mut chart = Chart::new("chart-equity", words, 240)
        .title("accounts")
        .left(&count, &count.ticks(4), |value| number(value, 0))
        .below(below);
    for (side, class) in ["before block", "after block"].into_iter().enumerate() {
        let mut d = String::new();
        for (n, pair) in counts.iter().enumerate() {
            let top = count.at(pair[side] as f64);
            let x = (n as f64 + 0.1 + 0.4 * side as f64) * step;
            rectangle(&mut d, x, top, 0.38 * step, HEIGHT - top);
        }
        chart.path(class, &d);
    }
    let row = |(label, pair): (&String, &[u64; 2])| {
        vec![super::escape(label), grouped(pair[0]), grouped(pair[1])]
    };
    let rows: Vec<Vec<String>> = labels.iter().zip(&counts).map(row).collect();
    let heads = ["<equity from", "after the opening", "at the end"];
    format!("{}{}", chart.html(), numbers("Numbers behind equity", &table(&heads, &rows, false)))
}

/// The class of a tier's colour: calm, then warmer, the last in alarm.
fn colour(tier: usize, tiers: usize) -> String {
    match tier {
        0 => "t0".to_owned(),
        n if n + 1 >= tiers => "t4".to_owned(),
        n => format!("t{}", (1 + (n - 1) * 3 / (tiers - 2).max(1)).min(3)),
    }
}

/// A key for the tiers' colours.
fn tier_key(view: &View<'_>) -> String {
    let names = tier_names(view.scenario);
    let one = |(n, name): (usize, &String)| {
        format!("<span class=\"k area {}\">{}</span>", colour(n, names.len()), super::escape(name))
    };
    names.iter().enumerate().map(one).collect()
}

/// Areas on top of each other, from the last tier at the bottom to `first` at the top.
fn stacked(
    chart: &mut Chart,
    axis: &TimeAxis,
    upward: &Upward,
    points: &[TierPoint],
    (first, tiers): (usize, usize),
    of: impl Fn(&TierPoint, usize) -> f64,
) {
    let mut base = vec![0.0; points.len()];
    for tier in (first..tiers).rev() {
        let low: Vec<f64> = base.clone();
        for (sum, point) in base.iter_mut().zip(points) {
            *sum += of(point, tier).max(0.0);
        }
        let there = |values: &[f64]| -> Vec<(f64, f64)> {
            points.iter().zip(values).map(|(p, v)| (axis.at(p.ts), upward.at(*v))).collect()
        };
        let mut around = there(&base);
        let mut back = there(&low);
        back.reverse();
        around.extend(back);
        let mut d = through(around.into_iter());
        d.push('z');
        chart.path(&format!("{} block", colour(tier, tiers)), &d);
    }
}

/// Accounts above "normal" and equity of all, by tier, over time.
pub fn tiers(view: &View<'_>, market: &Drawn<'_>) -> String {
    let record = &view.outcome.record.tiers;
    let points = &record.points;
    // A chart of accounts that all stand in one tier shows nothing.
    if points.iter().all(|point| point.counts[1..].iter().all(|&count| count == 0)) {
        return String::new();
    }
    let names = tier_names(view.scenario);
    let tiers = names.len();
    let count_of = |point: &TierPoint, n: usize| point.counts.get(n).copied().unwrap_or(0) as f64;
    let equity_of = |point: &TierPoint, n: usize| {
        view.scale.money_plain(point.equity.get(n).copied().unwrap_or_default())
            * record.every_account() as f64
    };
    let most = |of: &dyn Fn(&TierPoint, usize) -> f64, first: usize| {
        let sum = |point: &TierPoint| (first..tiers).map(|n| of(point, n).max(0.0)).sum::<f64>();
        points.iter().map(sum).fold(0.0, f64::max)
    };
    let count = Upward::even(0.0, (most(&count_of, 1) * 1.06).max(4.0));
    let words = "Stacked area chart of accounts above the normal tier over time.";
    let mut above = Chart::new("chart-tiers", words, 170)
        .title("accounts")
        .left(&count, &count.ticks(4), |value| number(value, 0))
        .below(market.axis.labels());
    stacked(&mut above, &market.axis, &count, points, (1, tiers), count_of);
    let money = Upward::even(0.0, most(&equity_of, 0) * 1.06);
    let words = "Stacked area chart of the accounts' equity by their tier over time.";
    let mut equity = Chart::new("chart-tier-equity", words, 170)
        .title(view.currency)
        .left(&money, &money.ticks(4), amount)
        .below(market.axis.labels());
    stacked(&mut equity, &market.axis, &money, points, (0, tiers), equity_of);
    let row = |point: &TierPoint| {
        let mut row = vec![time(point.ts)];
        row.extend((0..tiers).map(|n| number(count_of(point, n), 0)));
        row.extend((0..tiers).map(|n| amount(equity_of(point, n))));
        row
    };
    let rows: Vec<Vec<String>> =
        points.iter().step_by(points.len().div_ceil(16).max(1)).map(row).collect();
    let names: Vec<String> = names.iter().map(|name| super::escape(name)).collect();
    let mut heads = vec!["<time".to_owned()];
    heads.extend(names.iter().map(|name| format!("{name}, accounts")));
    heads.extend(names.iter().map(|name| format!("{name}, equity")));
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let key = format!(
        "<div class=\"keep\"><div class=\"key\">{}<span class=\"note\">first chart: accounts above normal</span></div>",
        tier_key(view)
    );
    format!(
        "{key}{}</div><p class=\"caption gap\">Equity of all accounts, by the tier they stand in{}.</p>{}{}",
        above.html(),
        match record.every_account() {
            1 => String::new(),
            n => format!("; reckoned from one account in {n}"),
        },
        equity.html(),
        numbers("Numbers behind the tiers", &table(&heads, &rows, false)),
    )
}

/// The insurance fund and the debts over time.
pub fn fund(view: &View<'_>, market: &Drawn<'_>) -> String {
    let fund = |n: usize| view.scale.money_plain(market.samples[n].fund);
    let debt = |n: usize| view.scale.money_plain(market.samples[n].debt);
    let all = || (0..market.samples.len()).flat_map(|n| [fund(n), debt(n)]);
    let most = all().fold(0.0, f64::max);
    let record = &view.outcome.record;
    if most <= 0.0 || record.fund.taken_in + record.fund.paid + record.debt == Money::ZERO {
        return String::new();
    }
    let money = Upward::even(all().fold(0.0, f64::min), most * 1.08);
    let words = "Line chart of the insurance fund and of the debts taken over by the house.";
    let mut chart = Chart::new("chart-fund", words, 150)
        .title(view.currency)
        .left(&money, &money.ticks(3), amount)
        .below(market.axis.labels());
    let line = |of: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
        let places = (0..market.samples.len()).map(|n| (market.axis.nth(n), money.at(of(n))));
        thinned(&places.collect::<Vec<_>>())
    };
    chart.area("parked area", &line(&fund), money.at(0.0));
    chart.path("debt", &through(line(&debt).into_iter()));
    let key = "<div class=\"key second\"><span class=\"k area parked\">insurance fund</span><span class=\"k line waterfall\">debts taken over</span></div>";
    format!("<div class=\"keep\">{key}{}</div>", chart.html())
}
