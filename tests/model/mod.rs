//! A second exchange, written from docs/SEMANTICS.md alone: naive, slow, and meant to be read beside it.
//!
//! Invariant: it imports the vocabulary (`plimsoll-types`) and `std`, nothing of the engine. Every sum is made anew from the
//! orders and accounts, every list is sorted when it is needed, all amounts are `i128`.
#![allow(dead_code)]

pub mod account;
pub mod book;
pub mod case;
pub mod commands;
pub mod coverage;
pub mod drive;
pub mod entry;
pub mod flow;
pub mod generate;
pub mod matching;
pub mod plan;
pub mod rng;
pub mod tiers;
pub mod uncross;
pub mod wrong;

use account::Account;
use book::Book;
use case::Case;
use plimsoll_types::*;
use std::collections::BTreeMap;

/// What falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The margin call of an account.
    Call(usize),
    /// The next batch of a case.
    Batch(u32),
}

/// The exchange.
#[derive(Clone, Debug)]
pub struct Model {
    pub spec: ExchangeSpec,
    pub now: Ts,
    pub seq: u64,
    pub accounts: Vec<Account>,
    pub books: Vec<Book>,
    pub cases: BTreeMap<u32, Case>,
    pub cases_opened: u32,
    /// In the order in which they were set.
    pub timers: Vec<(Ts, Due)>,
    pub fund: i128,
    pub fees: i128,
    pub deposits: i128,
    pub withdrawals: i128,
    pub written_off: i128,
    pub entries: u64,
    pub numbers: u64,
    /// The entry each handle was given to, as learnt from the engine; 0 for an order that was gone at once.
    pub handles: BTreeMap<(InstrumentId, Handle), u64>,
    /// How often each corner of the rules was met, for the coverage asserts of the tests.
    pub seen: BTreeMap<&'static str, u64>,
    out: Vec<Event>,
}

impl Model {
    pub fn new(spec: &ExchangeSpec) -> Model {
        let mut model = Model {
            spec: spec.clone(),
            now: 0,
            seq: 0,
            accounts: Vec::new(),
            books: spec.instruments.iter().map(Book::new).collect(),
            cases: BTreeMap::new(),
            cases_opened: 0,
            timers: Vec::new(),
            fund: spec.insurance_fund.units(),
            fees: 0,
            deposits: spec.insurance_fund.units(),
            withdrawals: 0,
            written_off: 0,
            entries: 0,
            numbers: 0,
            handles: BTreeMap::new(),
            seen: BTreeMap::new(),
            out: Vec::new(),
        };
        for account in &spec.accounts {
            let mut opened = Account::new(account.name, account.profile);
            opened.cash = account.deposit.units();
            model.deposits += account.deposit.units();
            model.accounts.push(opened);
        }
        model
    }

    /// Section 1: due timers, the command, a settling.
    pub fn apply(&mut self, ts: Ts, command: &Command, events: &mut Vec<Event>) {
        while let Some(place) = self.oldest_timer(ts) {
            let (due, what) = self.timers.remove(place);
            self.now = due;
            match what {
                Due::Call(account) => self.call_falls_due(account),
                Due::Batch(_) => self.saw("batch timer"),
            }
            self.settle();
        }
        self.now = ts;
        match self.carry_out(command) {
            Ok(()) => self.look(),
            Err(reason) => self.reject(command, reason),
        }
        self.settle();
        events.append(&mut self.out);
    }

    /// Learns the handles the engine's `accepted` events gave; call it after `apply`.
    pub fn learn(&mut self, engine: &[Event]) {
        for event in engine {
            let EventKind::Accepted { account, id, instrument, handle: Some(handle), .. } =
                event.kind
            else {
                continue;
            };
            let orders = &self.books[instrument.index()].orders;
            let own = orders.iter().find(|o| o.account == account.index() && o.id == id);
            self.handles.insert((instrument, handle), own.map_or(0, |order| order.entry));
        }
    }

    fn oldest_timer(&self, ts: Ts) -> Option<usize> {
        let due: Vec<usize> = (0..self.timers.len()).filter(|&i| self.timers[i].0 <= ts).collect();
        // `min_by_key` gives the first of several that are equally old: the one that was set first.
        due.into_iter().min_by_key(|&i| self.timers[i].0)
    }

    pub fn emit(&mut self, kind: EventKind) {
        self.seq += 1;
        self.out.push(Event { seq: self.seq, ts: self.now, kind });
    }

    pub fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_insert(0) += 1;
    }

    /// Events of this command so far: whether a step did something.
    pub fn emitted(&self) -> usize {
        self.out.len()
    }

    pub fn profile(&self, account: usize) -> &Profile {
        &self.spec.profiles[self.accounts[account].profile]
    }

    pub fn tick_value(&self, instrument: usize) -> i128 {
        i128::from(self.spec.instruments[instrument].tick_value)
    }
}

/// `n / d` rounded up; neither is negative.
pub fn round_up(n: i128, d: i128) -> i128 {
    assert!(n >= 0 && d > 0);
    n / d + i128::from(n % d != 0)
}

/// `n / d` to the nearest, a half up; neither is negative.
pub fn round_half_up(n: i128, d: i128) -> i128 {
    assert!(n >= 0 && d > 0);
    n / d + i128::from(2 * (n % d) >= d)
}

pub const NANO: i128 = Ratio::SCALE as i128;

pub fn nano(ratio: Ratio) -> i128 {
    i128::from(ratio.nano())
}

pub fn ticks(price: Price) -> i128 {
    i128::from(price.ticks())
}

pub fn lots(qty: Qty) -> i128 {
    i128::from(qty.lots())
}

pub fn sign(side: Side) -> i128 {
    i128::from(side.sign())
}

pub fn to_price(ticks: i128) -> Price {
    let price = i64::try_from(ticks).ok().and_then(Price::new);
    price.unwrap_or_else(|| panic!("{ticks} ticks is no price"))
}

pub fn to_qty(lots: i128) -> Qty {
    Qty::new(u64::try_from(lots).expect("lots are not negative"))
}

pub fn account_id(account: usize) -> AccountId {
    AccountId(account as u32)
}

pub fn instrument_id(instrument: usize) -> InstrumentId {
    InstrumentId(instrument as u16)
}
