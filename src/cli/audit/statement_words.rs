//! An account's days as text and as JSON.

use super::statement::{Day, Days, Held, TRADES_MAX};
use super::words::{average, fill, money, pad, steps, table, thousands, time, timeline};
use plimsoll_text::audit::{Books, money_text};
use serde_json::{Value, json};
use std::fmt::Write;

impl Days {
    /// The days as text.
    pub fn words(&self, books: &Books) -> String {
        let account = &books.accounts[self.account];
        let mut out = String::new();
        let profile = account.profile.map_or(String::new(), |name| format!(" (profile {name})"));
        let unit = books
            .terms
            .spec
            .as_ref()
            .map_or(String::new(), |spec| format!(", in {}", spec.currency));
        let _ = writeln!(out, "Account {}{profile}{unit}", account.name);
        if !books.terms.known() {
            let _ = writeln!(
                out,
                "Balances and results are not derived: that takes the configuration (--exchange EXCHANGE.toml)."
            );
        }
        for (n, day) in self.days.iter().enumerate() {
            let _ = write!(out, "\n{}", day_words(day, n + 1, books));
        }
        out
    }

    /// The days for machines.
    pub fn json(&self, books: &Books) -> Value {
        let account = &books.accounts[self.account];
        let days = self.days.iter().map(|day| day_json(day, books));
        json!({
            "account": account.name.as_ref(),
            "profile": account.profile.map(|profile| profile.to_string()),
            "tier": account.tier.as_ref(),
            "permission": account.permission.as_ref(),
            "case": account.case,
            "stated_balance": account.stated.map(|units| money_text(units, books.terms.decimals)),
            "days": days.collect::<Vec<_>>(),
        })
    }
}

/// The lines of a statement: what, how much, and whether it is shown even where it is nothing.
fn lines(day: &Day) -> Vec<(&'static str, &'static str, i128, bool)> {
    let (was, now, flows) = (&day.opening, &day.closing, day.flows());
    let paid = [
        ("deposits", "+ deposits", flows.deposits + day.repaid, true),
        ("repaid", "- of them, debt repaid", -day.repaid, false),
        ("withdrawals", "- withdrawals", -flows.withdrawals, true),
        ("profit", "+ profit by date", now.realised - was.realised, true),
        ("fees", "- fees", was.fees - now.fees, true),
        ("funding", "+ funding", flows.funding, false),
        ("covered", "+ losses that others bore for it", flows.covered, false),
        ("borne", "- others' losses that it bore", -flows.borne, false),
    ];
    let mut lines = vec![("opening_balance", "opening balance", was.balance, true)];
    lines.extend(paid);
    lines.push(("closing_balance", "closing balance", now.balance, true));
    lines
}

/// What is told beside the balance.
fn beside(day: &Day) -> [(&'static str, &'static str, i128, bool); 4] {
    let (was, now) = (&day.opening, &day.closing);
    [
        ("unrealised", "open positions at the mark", now.unrealised, true),
        ("equity", "equity", now.balance + now.unrealised, true),
        ("profit_by_trade", "profit by trade, for comparison", now.by_trade - was.by_trade, true),
        ("debt", "debt to the house", now.debt, false),
    ]
}

fn day_words(day: &Day, n: usize, books: &Books) -> String {
    let mut out = String::new();
    let amount = |units: i128| money(units, books.terms.decimals);
    let span = day.span.map_or(String::new(), |(from, to)| match from == to {
        true => format!(": {}", time(from)),
        false => format!(": {} to {}", time(from), time(to)),
    });
    let end = if day.settled { "settled" } else { "not settled yet" };
    let _ = writeln!(out, "Day {n}{span}, {end}");
    if books.terms.known() {
        let shown = |(_, what, units, always): (_, &'static str, i128, bool)| {
            (always || units != 0).then(|| (what, amount(units)))
        };
        let mut all: Vec<(&str, String)> =
            lines(day).into_iter().chain(beside(day)).filter_map(shown).collect();
        pad(&mut all.iter_mut().map(|(_, units)| units).collect::<Vec<_>>());
        let wide = all.iter().map(|(_, units)| units.len()).max().unwrap_or(0);
        for (what, units) in all {
            let _ = writeln!(out, "  {what:<34} {units:>wide$}");
        }
    }
    if !day.traded.is_empty() {
        let _ = writeln!(out, "{}", traded_table(day, books));
    }
    if !day.held.is_empty() {
        let _ = writeln!(out, "{}", held_table(day, books));
    }
    out + &step_words(day)
}

fn step_words(day: &Day) -> String {
    let mut out = String::new();
    if !day.steps.is_empty() {
        out += &timeline("  ", &day.steps);
    }
    let left_out = day.trades.saturating_sub(TRADES_MAX as u64);
    if left_out > 0 {
        let _ = writeln!(
            out,
            "  and {} more trades, summed up above",
            thousands(&left_out.to_string())
        );
    }
    out
}

fn traded_table(day: &Day, books: &Books) -> comfy_table::Table {
    let mut table = table(&["traded", "trades", "bought", "average", "sold", "average", "fees"], 1);
    let mut rows = Vec::new();
    for (&instrument, traded) in &day.traded {
        let about = &books.terms.instruments[instrument];
        let lots = |side: usize| thousands(&steps(traded.lots[side], about.lot));
        let price = |side: usize| {
            let price = average(traded.value[side], traded.lots[side], about);
            price.unwrap_or_else(|| "-".to_owned())
        };
        rows.push(vec![
            about.symbol.to_string(),
            thousands(&traded.trades.to_string()),
            lots(0),
            price(0),
            lots(1),
            price(1),
            money(traded.fees, books.terms.decimals),
        ]);
    }
    fill(&mut table, rows, &[6]);
    table
}

fn held_table(day: &Day, books: &Books) -> comfy_table::Table {
    let heads = ["held at its end", "side", "lots", "of today", "entry", "mark", "at the mark"];
    let mut table = table(&heads, 2);
    let mut rows = Vec::new();
    for held in &day.held {
        let about = &books.terms.instruments[held.instrument];
        let symbol = match held.isolated {
            true => format!("{} (isolated)", about.symbol),
            false => about.symbol.to_string(),
        };
        let unrealised = match books.terms.known() {
            true => money(held.unrealised, books.terms.decimals),
            false => "-".to_owned(),
        };
        rows.push(vec![
            symbol,
            side(held).to_owned(),
            thousands(&steps(i128::from(held.lots.abs()), about.lot)),
            thousands(&steps(i128::from(held.today), about.lot)),
            held.entry.clone().unwrap_or_else(|| "-".to_owned()),
            held.mark.map_or("-".to_owned(), |mark| steps(i128::from(mark), about.tick)),
            unrealised,
        ]);
    }
    fill(&mut table, rows, &[6]);
    table
}

fn side(held: &Held) -> &'static str {
    if held.lots > 0 { "long" } else { "short" }
}

fn day_json(day: &Day, books: &Books) -> Value {
    let amount = |units: i128| match books.terms.known() {
        true => Value::String(money_text(units, books.terms.decimals)),
        false => Value::Null,
    };
    let mut object = json!({
        "from": day.span.map(|(from, _)| from),
        "to": day.span.map(|(_, to)| to),
        "settled": day.settled,
        "trades": day.trades,
    });
    for (key, _, units, _) in lines(day).into_iter().chain(beside(day)) {
        // In words what goes out is shown below zero; here each amount is what its name says.
        let out = matches!(key, "repaid" | "withdrawals" | "fees" | "borne");
        object[key] = amount(if out { -units } else { units });
    }
    object["traded"] = day
        .traded
        .iter()
        .map(|(&instrument, traded)| {
            let about = &books.terms.instruments[instrument];
            json!({
                "symbol": about.symbol.as_ref(),
                "trades": traded.trades,
                "bought": steps(traded.lots[0], about.lot),
                "bought_average": average(traded.value[0], traded.lots[0], about),
                "sold": steps(traded.lots[1], about.lot),
                "sold_average": average(traded.value[1], traded.lots[1], about),
                "fees": money_text(traded.fees, books.terms.decimals),
            })
        })
        .collect();
    object["positions"] = day
        .held
        .iter()
        .map(|held| {
            let about = &books.terms.instruments[held.instrument];
            json!({
                "symbol": about.symbol.as_ref(),
                "side": side(held),
                "isolated": held.isolated,
                "qty": steps(i128::from(held.lots.abs()), about.lot),
                "today": steps(i128::from(held.today), about.lot),
                "entry": held.entry,
                "mark": held.mark.map(|mark| steps(i128::from(mark), about.tick)),
                "unrealised": amount(held.unrealised),
            })
        })
        .collect();
    object["steps"] = day
        .steps
        .iter()
        .map(|step| json!({"what": step.what, "words": step.words, "event": step.event}))
        .collect();
    object
}
