//! The books against a state: every amount that both know, to the unit.

use super::book::Books;
use super::number::{fixed, money_text};
use super::terms::Leg;
use crate::decimal::write_steps;
use crate::json::{Value, scan_array, scan_object};
use crate::state::write_entry;
use crate::r#where::Error;
use plimsoll_types::Step;
use std::collections::{BTreeMap, BTreeSet};

/// How deep a state is nested at most.
const DEPTH_MAX: u32 = 8;

/// A value of the state that the books have otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which, with its path.
    pub place: String,
    /// What the state says; empty where it says nothing.
    pub state: String,
    /// What the events add up to; empty where they do not know it.
    pub events: String,
}

/// A JSON value with all that is in it.
enum Node {
    Leaf(Option<String>),
    Object(BTreeMap<String, Node>),
    Array(Vec<Node>),
}

impl Node {
    fn read(key: &str, value: Value<'_>, depth: u32) -> Result<Node, Error> {
        let Value::Nested(text) = value else {
            let text = match value {
                Value::Null => None,
                Value::Number(text) => Some(text.to_owned()),
                value => Some(value.text().map_or_else(|| value.shown(), |text| text.into_owned())),
            };
            return Ok(Node::Leaf(text));
        };
        if depth == DEPTH_MAX {
            return Err(Error::new(key, format!("values nested at most {DEPTH_MAX} deep"), text));
        }
        if text.starts_with('[') {
            let mut items = Vec::new();
            scan_array(text, |item| {
                items.push(Node::read(key, item, depth + 1)?);
                Ok(())
            })?;
            return Ok(Node::Array(items));
        }
        Node::object(text, depth).map(Node::Object)
    }

    fn object(text: &str, depth: u32) -> Result<BTreeMap<String, Node>, Error> {
        let mut fields = BTreeMap::new();
        scan_object(text, |key, value| {
            let node = Node::read(&key, value, depth + 1)?;
            fields.insert(key.into_owned(), node);
            Ok(())
        })?;
        Ok(fields)
    }

    fn fields(&self) -> Option<&BTreeMap<String, Node>> {
        match self {
            Node::Object(fields) => Some(fields),
            _ => None,
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        match self.fields()?.get(key)? {
            Node::Leaf(text) => text.as_deref(),
            _ => None,
        }
    }
}

/// Compares the books with a state as `replay --state` writes it; every difference, by place.
///
/// Compared: number and time of the last event, the house, and of each account balance, equity, unrealised and realised
/// result, fees, debt, tier, permission, case and positions. Errors: no state; books without a configuration.
pub fn compare(books: &Books, state: &str) -> Result<Vec<Difference>, Error> {
    let state = Node::Object(Node::object(state, 0)?);
    let accounts = state.fields().and_then(|fields| fields.get("accounts"));
    let accounts = accounts.and_then(Node::fields);
    let Some(accounts) = accounts else {
        return Err(Error::new("accounts", "the accounts of a state", "none"));
    };
    let mut page = Page { decimals: books.terms.decimals, place: String::new(), found: Vec::new() };
    page.word("seq", &state, &books.seq.to_string());
    let house = &books.house;
    page.money("insurance_fund", &state, house.fund);
    page.money("fees", &state, house.fees);
    page.money("deposits", &state, house.deposits);
    page.money("withdrawals", &state, house.withdrawals);
    page.money("written_off", &state, house.written_off);
    let mut named = BTreeSet::new();
    for owner in books.owners() {
        let name = &books.accounts[owner].name;
        named.insert(name.as_ref());
        page.place = format!("{name}: ");
        match accounts.get(name.as_ref()) {
            Some(account) => page.account(books, owner, account),
            None => page.differ("account", "", "an account"),
        }
    }
    for name in accounts.keys().filter(|name| !named.contains(name.as_str())) {
        page.place = format!("{name}: ");
        page.differ("account", "an account", "");
    }
    Ok(page.found)
}

/// Differences being found.
struct Page {
    decimals: u32,
    /// What stands before a key: whose it is.
    place: String,
    found: Vec<Difference>,
}

impl Page {
    fn differ(&mut self, key: &str, state: &str, events: &str) {
        let place = format!("{}{key}", self.place);
        self.found.push(Difference { place, state: state.to_owned(), events: events.to_owned() });
    }

    fn word(&mut self, key: &str, of: &Node, events: &str) {
        let state = of.text(key).unwrap_or_default();
        if state != events {
            self.differ(key, state, events);
        }
    }

    fn money(&mut self, key: &str, of: &Node, events: i128) {
        let state = of.text(key).unwrap_or_default();
        if fixed(state, self.decimals) != Some(events) {
            self.differ(key, state, &money_text(events, self.decimals));
        }
    }

    fn account(&mut self, books: &Books, owner: usize, state: &Node) {
        let (account, standing) = (&books.accounts[owner], books.standing(owner));
        self.money("balance", state, standing.balance);
        self.money("equity", state, standing.balance + standing.unrealised);
        self.money("unrealised", state, standing.unrealised);
        self.money("realised", state, standing.realised);
        self.money("fees", state, standing.fees);
        self.money("debt", state, standing.debt);
        self.word("tier", state, &account.tier);
        self.word("permission", state, &account.permission);
        let case = account.case.map(|case| case.to_string());
        self.word("case", state, case.as_deref().unwrap_or_default());
        let held = held(books, owner);
        let positions = match state.fields().and_then(|fields| fields.get("positions")) {
            Some(Node::Array(positions)) => positions.as_slice(),
            _ => &[],
        };
        let mut shown: BTreeMap<String, &Node> = BTreeMap::new();
        for position in positions {
            let word = |key| position.text(key).unwrap_or_default();
            shown.insert(format!("{} {}", word("symbol"), word("side")), position);
        }
        let names: BTreeSet<&String> = shown.keys().chain(held.keys()).collect();
        for name in names {
            match (shown.get(name), held.get(name)) {
                (Some(state), Some(events)) => self.position(name, state, events),
                (Some(state), None) => self.differ(name, state.text("qty").unwrap_or("?"), "0"),
                (None, Some(events)) => self.differ(name, "0", &events.qty),
                (None, None) => {}
            }
        }
    }

    fn position(&mut self, name: &str, state: &Node, events: &Held) {
        let key = |key: &str| format!("{name} {key}");
        for (field, value) in
            [("qty", &events.qty), ("today", &events.today), ("entry", &events.entry)]
        {
            let said = state.text(field).unwrap_or_default();
            if said != value {
                self.differ(&key(field), said, value);
            }
        }
        let mut amounts = vec![("unrealised", events.unrealised)];
        amounts.extend(events.wallet.map(|wallet| ("wallet", wallet)));
        for (field, units) in amounts {
            let said = state.text(field).unwrap_or_default();
            if fixed(said, self.decimals) != Some(units) {
                self.differ(&key(field), said, &money_text(units, self.decimals));
            }
        }
    }
}

/// A position as the state shows it.
struct Held {
    qty: String,
    today: String,
    entry: String,
    unrealised: i128,
    /// Balance of an isolated position.
    wallet: Option<i128>,
}

/// Positions of an account and of its isolated ones, by symbol and side.
fn held(books: &Books, owner: usize) -> BTreeMap<String, Held> {
    let mut held = BTreeMap::new();
    for holder in books.holders(owner) {
        let account = &books.accounts[holder];
        for (&key, position) in &account.positions {
            let instrument = &books.terms.instruments[key.0];
            let side = if position.lots > 0 { "long" } else { "short" };
            let mut entry = Vec::new();
            let value = instrument.value.unwrap_or(1);
            write_entry(&mut entry, position.lots, position.basis, value, instrument.tick);
            let value = Held {
                qty: steps(position.lots, instrument.lot),
                today: steps(position.today(), instrument.lot),
                entry: text(entry),
                unrealised: books.unrealised(holder, key),
                wallet: account.isolated.map(|_| account.balance()),
            };
            held.insert(format!("{} {side}", instrument.symbol), value);
        }
    }
    held
}

fn steps(count: i64, step: Step) -> String {
    let mut out = Vec::new();
    write_steps(&mut out, count.unsigned_abs(), step);
    text(out)
}

fn text(bytes: Vec<u8>) -> String {
    bytes.into_iter().map(char::from).collect()
}

/// The average entry price of a position as a state shows it; nothing where worth is unknown.
pub fn entry_text(books: &Books, holder: usize, key: (usize, Leg)) -> Option<String> {
    let instrument = &books.terms.instruments[key.0];
    let position = books.accounts[holder].positions.get(&key)?;
    let mut out = Vec::new();
    write_entry(&mut out, position.lots, position.basis, instrument.value?, instrument.tick);
    Some(text(out))
}
