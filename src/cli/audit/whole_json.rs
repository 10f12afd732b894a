//! The books of the whole run as JSON.

use super::whole::{Whole, instruments};
use super::words::steps;
use plimsoll_text::audit::{Books, Check, Difference, entry_text, money_text};
use serde_json::{Map, Value, json};

impl Whole {
    /// The books for machines.
    pub fn json(&self, books: &Books, compared: Option<&[Difference]>) -> Value {
        let house = &books.house;
        let amount = |units: i128| money_text(units, books.terms.decimals);
        let derived = |units: i128| match books.terms.known() {
            true => Value::String(amount(units)),
            false => Value::Null,
        };
        let (start, least) = self.fund.unwrap_or((house.fund, house.fund));
        let checks = Check::ALL.iter().map(|&check| {
            let (all, wrong) = books.checks.count(check);
            (check.key().to_owned(), json!({"compared": all, "disagree": wrong}))
        });
        let findings = books.checks.findings.iter().map(|found| {
            json!({
                "seq": found.seq, "what": found.what,
                "event": amount(found.event), "books": amount(found.books),
            })
        });
        let differences = compared.map(|list| {
            let each = list
                .iter()
                .map(|one| json!({"place": one.place, "state": one.state, "events": one.events}));
            each.collect::<Vec<_>>()
        });
        json!({
            "ok": self.verdict(books, compared).is_ok(),
            "derived": books.terms.known(),
            "seq": books.seq,
            "from": self.first,
            "to": self.first.map(|_| books.ts),
            "events": self.events,
            "cases": {"opened": books.cases_seen(), "ended": self.ends},
            "deposits": amount(house.deposits),
            "withdrawals": amount(house.withdrawals),
            "fees": amount(house.fees),
            "written_off": amount(house.written_off),
            "fund": {"start": derived(start), "min": derived(least), "end": derived(house.fund)},
            "conservation": derived(books.imbalance()),
            "accounts": books.owners().map(|owner| account_json(books, owner)).collect::<Map<_, _>>(),
            "instruments": instruments(books).map(|place| {
                let about = &books.terms.instruments[place];
                let ([long, short], holders) = books.held(place);
                json!({
                    "symbol": about.symbol.as_ref(),
                    "mark": about.mark.map(|mark| steps(i128::from(mark), about.tick)),
                    "long": steps(long, about.lot),
                    "short": steps(short, about.lot),
                    "holders": holders,
                })
            }).collect::<Vec<_>>(),
            "checks": checks.collect::<Map<_, _>>(),
            "findings": findings.collect::<Vec<_>>(),
            "differences": differences,
        })
    }
}

fn account_json(books: &Books, owner: usize) -> (String, Value) {
    let (account, standing) = (&books.accounts[owner], books.standing(owner));
    let amount = |units: i128| money_text(units, books.terms.decimals);
    let derived = |units: i128| match books.terms.known() {
        true => Value::String(amount(units)),
        false => Value::Null,
    };
    let mut positions = Vec::new();
    for holder in books.holders(owner) {
        for (&key, position) in &books.accounts[holder].positions {
            let about = &books.terms.instruments[key.0];
            positions.push(json!({
                "symbol": about.symbol.as_ref(),
                "side": if position.lots > 0 { "long" } else { "short" },
                "isolated": holder != owner,
                "qty": steps(i128::from(position.lots.abs()), about.lot),
                "today": steps(i128::from(position.today()), about.lot),
                "entry": entry_text(books, holder, key),
                "unrealised": derived(books.unrealised(holder, key)),
            }));
        }
    }
    let value = json!({
        "deposits": amount(standing.flows.deposits),
        "withdrawals": amount(standing.flows.withdrawals),
        "realised": derived(standing.realised),
        "fees": amount(standing.fees),
        "funding": amount(standing.flows.funding),
        "covered": amount(standing.flows.covered),
        "borne": amount(standing.flows.borne),
        "balance": derived(standing.balance),
        "stated_balance": account.stated.map(amount),
        "unrealised": derived(standing.unrealised),
        "equity": derived(standing.balance + standing.unrealised),
        "debt": amount(standing.debt),
        "tier": account.tier.as_ref(),
        "permission": account.permission.as_ref(),
        "case": account.case,
        "positions": positions,
    });
    (account.name.to_string(), value)
}
