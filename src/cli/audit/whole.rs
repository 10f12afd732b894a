//! The books of the whole run: house, accounts, positions, what was compared, and what does not agree.

use super::View;
use super::words::{fill, money, steps, table, thousands, time};
use plimsoll_sim::say;
use plimsoll_text::Error;
use plimsoll_text::audit::{Books, Check, Difference, Record, money_text};
use plimsoll_types::Ts;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most accounts, differences or findings that are listed for people; JSON has all.
const LISTED_MAX: usize = 20;

/// What the run was, counted.
#[derive(Default)]
pub struct Whole {
    pub(super) first: Option<Ts>,
    pub(super) events: BTreeMap<String, u64>,
    /// Cases by their ends.
    pub(super) ends: BTreeMap<String, u64>,
    /// The fund's first money, and the least it had.
    pub(super) fund: Option<(i128, i128)>,
}

impl View for Whole {
    fn note(&mut self, record: &Record<'_>, _: &str, books: &Books) -> Result<bool, Error> {
        self.first.get_or_insert(record.ts);
        match self.events.get_mut(record.event.as_ref()) {
            Some(count) => *count += 1,
            None => drop(self.events.insert(record.event.to_string(), 1)),
        }
        if record.event == "case" {
            let state = record.text("state")?;
            if matches!(state.as_ref(), "restored" | "waterfall" | "closed") {
                *self.ends.entry(state.into_owned()).or_default() += 1;
            }
        }
        if record.event == "fund" {
            let now = books.house.fund;
            let before = now - record.fixed("change", books.terms.decimals)?;
            let (_, least) = self.fund.get_or_insert((before, before));
            *least = now.min(*least);
        }
        Ok(true)
    }
}

/// Money of an account that neither came in nor was traded for.
fn other(standing: &plimsoll_text::audit::Standing) -> i128 {
    let flows = standing.flows;
    flows.sum() - flows.deposits + flows.withdrawals
}

impl Whole {
    fn count(&self, event: &str) -> u64 {
        self.events.get(event).copied().unwrap_or_default()
    }

    /// Why the books do not add up, if they do not.
    pub fn verdict(&self, books: &Books, compared: Option<&[Difference]>) -> Result<(), String> {
        let different = compared.map_or(0, <[_]>::len);
        let odd: u64 = Check::ALL.iter().map(|&check| books.checks.count(check).1).sum();
        let mut wrong = Vec::new();
        if different > 0 {
            wrong.push(format!("the state differs from the events in {different} places"));
        }
        if odd > 0 {
            wrong.push(format!("{odd} events say other amounts than those before them add up to"));
        }
        if books.terms.known() && books.imbalance() != 0 {
            let left = money_text(books.imbalance(), books.terms.decimals);
            wrong.push(format!("conservation leaves {left}, not 0"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }

    /// The books as text.
    pub fn words(
        &self,
        books: &Books,
        (events, exchange): (&str, Option<&str>),
        compared: Option<&[Difference]>,
    ) -> String {
        let mut out = String::new();
        let span = match self.first {
            Some(first) => format!(", {} to {}", time(first), time(books.ts)),
            None => String::new(),
        };
        let total = say::count(self.events.values().sum(), "event", "events");
        let _ = writeln!(out, "{events}: {total}{span}");
        let _ = writeln!(
            out,
            "{}, {} accepted, {} rejected, {}, {}{}",
            say::count(self.count("trade"), "trade", "trades"),
            say::count(self.count("accepted"), "order", "orders"),
            say::count(self.count("rejected"), "command", "commands"),
            say::count(self.count("margin_call"), "margin call", "margin calls"),
            say::count(books.cases_seen(), "case", "cases"),
            self.end_words(books),
        );
        match exchange {
            Some(path) => {
                let unit = books.terms.spec.as_ref().map(|spec| format!(", in {}", spec.currency));
                let _ = writeln!(out, "booked under {path}{}\n", unit.unwrap_or_default());
            }
            None => {
                let _ = writeln!(
                    out,
                    "Without the configuration (--exchange EXCHANGE.toml) first deposits and the worth of a tick are unknown:\n\
                     results and balances are not derived, and nothing is compared.\n"
                );
            }
        }
        let _ = writeln!(out, "{}\n", self.house_table(books));
        let _ = writeln!(out, "{}", account_table(books));
        let hidden = books.owners().count().saturating_sub(LISTED_MAX);
        if books.owners().any(|owner| other(&books.standing(owner)) != 0) {
            let _ = writeln!(
                out,
                "other: funding, and losses that fund, house and other accounts bore for it, less what it bore for them"
            );
        }
        if hidden > 0 {
            let hidden = thousands(&hidden.to_string());
            let _ = writeln!(out, "and {hidden} more; --json lists all of them");
        }
        if books.terms.known() {
            let _ = writeln!(out, "\n{}", position_table(books));
            let _ = writeln!(out, "\n{}", check_table(books));
            out += &finding_words(books);
            let imbalance = money(books.imbalance(), books.terms.decimals);
            let _ = writeln!(
                out,
                "balances + results at the mark + fund + fees - (deposits - withdrawals + debts taken over) = {imbalance}"
            );
        }
        out += &state_words(compared);
        if books.terms.known() && self.verdict(books, compared).is_ok() {
            out += "the books add up\n";
        }
        out
    }

    fn end_words(&self, books: &Books) -> String {
        let ended: u64 = self.ends.values().sum();
        let open = books.cases_seen().saturating_sub(ended);
        let mut ends: Vec<String> = self.ends.iter().map(|(end, n)| format!("{n} {end}")).collect();
        if open > 0 {
            ends.push(format!("{open} open"));
        }
        if ends.is_empty() { String::new() } else { format!(" ({})", ends.join(", ")) }
    }

    fn house_table(&self, books: &Books) -> comfy_table::Table {
        let (house, known) = (&books.house, books.terms.known());
        let deposits = match known {
            true => "deposits, first money of accounts and fund among them",
            false => "deposits by command",
        };
        let mut amounts = vec![
            (deposits, house.deposits),
            ("withdrawals", house.withdrawals),
            ("fees collected", house.fees),
            ("clients' debts taken over", house.written_off),
        ];
        let (start, least) = self.fund.unwrap_or((house.fund, house.fund));
        if known {
            amounts.push(("insurance fund at the start", start));
            amounts.push(("insurance fund at its least", least));
        }
        if known || self.fund.is_some() {
            amounts.push(("insurance fund at the end", house.fund));
        }
        let row =
            |(what, units): (&str, i128)| vec![what.to_owned(), money(units, books.terms.decimals)];
        let mut table = table(&["the house", ""], 1);
        fill(&mut table, amounts.into_iter().map(row).collect(), &[1]);
        table
    }
}

/// Instruments that are traded at the end or held.
pub(super) fn instruments(books: &Books) -> impl Iterator<Item = usize> {
    (0..books.terms.instruments.len()).filter(|&place| {
        let traded = books.terms.find(&books.terms.instruments[place].symbol) == Some(place);
        traded || books.held(place).1 > 0
    })
}

/// Accounts in order; where there are many, those with a debt or case first, then by how much they lost.
fn account_table(books: &Books) -> comfy_table::Table {
    let mut owners: Vec<usize> = books.owners().collect();
    if owners.len() > LISTED_MAX {
        owners.sort_by_cached_key(|&owner| {
            let (account, standing) = (&books.accounts[owner], books.standing(owner));
            let calm = standing.debt == 0 && account.case.is_none();
            (calm, standing.realised + standing.unrealised - standing.fees)
        });
        owners.truncate(LISTED_MAX);
    }
    let known = books.terms.known();
    let heads = match known {
        true => &[
            "account",
            "tier",
            "deposits",
            "withdrawals",
            "realised",
            "fees",
            "other",
            "balance",
            "at the mark",
            "equity",
            "debt",
        ][..],
        false => {
            &["account", "tier", "deposits", "withdrawals", "fees", "last balance said", "debt"]
        }
    };
    let mut table = table(heads, 2);
    let mut rows = Vec::new();
    for owner in owners {
        let (account, standing) = (&books.accounts[owner], books.standing(owner));
        let amount = |units: i128| money(units, books.terms.decimals);
        let tier = match account.case {
            Some(case) => format!("{}, case {case}", account.tier),
            None => account.tier.to_string(),
        };
        let flows = standing.flows;
        let mut row =
            vec![account.name.to_string(), tier, amount(flows.deposits), amount(flows.withdrawals)];
        if known {
            row.extend(
                [standing.realised, standing.fees, other(&standing), standing.balance].map(amount),
            );
            row.extend([standing.unrealised, standing.balance + standing.unrealised].map(amount));
        } else {
            row.push(amount(standing.fees));
            row.push(account.stated.map_or("-".to_owned(), amount));
        }
        row.push(amount(standing.debt));
        rows.push(row);
    }
    let amounts: Vec<usize> = (2..heads.len()).collect();
    fill(&mut table, rows, &amounts);
    table
}

fn position_table(books: &Books) -> comfy_table::Table {
    let mut table = table(
        &["instrument", "mark", "lots long", "lots short", "held by", "worth at the mark"],
        1,
    );
    for place in instruments(books) {
        let about = &books.terms.instruments[place];
        let ([long, short], holders) = books.held(place);
        let lots = |lots: i128| thousands(&steps(lots, about.lot));
        let unit = about.mark.zip(about.value);
        let unit = unit.map(|(mark, value)| i128::from(mark) * i128::from(value));
        let worth = unit.and_then(|unit| unit.checked_mul(long));
        table.add_row([
            about.symbol.to_string(),
            about.mark.map_or("-".to_owned(), |mark| steps(i128::from(mark), about.tick)),
            lots(long),
            lots(short),
            match holders {
                1 => "1 account".to_owned(),
                n => format!("{n} accounts"),
            },
            worth.map_or("-".to_owned(), |worth| money(worth, books.terms.decimals)),
        ]);
    }
    table
}

fn check_table(books: &Books) -> comfy_table::Table {
    let mut table = table(&["what events say, against the books", "compared", "disagree"], 1);
    for check in Check::ALL {
        let (all, wrong) = books.checks.count(check);
        let count = |n: u64| thousands(&n.to_string());
        table.add_row([check.as_str().to_owned(), count(all), count(wrong)]);
    }
    table
}

fn finding_words(books: &Books) -> String {
    let findings = &books.checks.findings;
    let mut out = String::new();
    if findings.is_empty() {
        return out;
    }
    let mut table = table(&["event", "what", "it says", "the books say"], 0);
    for found in findings.iter().take(LISTED_MAX) {
        let amount = |units: i128| money(units, books.terms.decimals);
        table.add_row([
            found.seq.to_string(),
            found.what.clone(),
            amount(found.event),
            amount(found.books),
        ]);
    }
    let _ = writeln!(out, "{table}");
    out
}

fn state_words(compared: Option<&[Difference]>) -> String {
    let mut out = String::new();
    match compared {
        None => {}
        Some([]) => {
            let _ = writeln!(out, "the state is what the events add up to, to the unit");
        }
        Some(differences) => {
            let mut table = table(&["where", "the state says", "the events add up to"], 1);
            for one in differences.iter().take(LISTED_MAX) {
                table.add_row([&one.place, &one.state, &one.events]);
            }
            let _ = writeln!(out, "{table}");
            let hidden = differences.len().saturating_sub(LISTED_MAX);
            if hidden > 0 {
                let _ = writeln!(out, "and {hidden} more differences");
            }
        }
    }
    out
}
