//! A second exchange, written from docs/SEMANTICS.md alone: naive, slow, and meant to be read beside it.
//!
//! Invariant: it imports the vocabulary (`plimsoll-types`) and `std`, nothing of the engine. Every sum is made anew from the
//! orders and accounts, every list is sorted when it is needed, all amounts are `i128`.
#![allow(dead_code)]

pub mod account;
pub mod batch;
pub mod book;
pub mod calendar;
pub mod cancel;
pub mod case;
pub mod checks;
pub mod commands;
pub mod coverage;
pub mod days;
pub mod deleverage;
pub mod drive;
pub mod entry;
pub mod features;
pub mod flow;
pub mod funding;
pub mod generate;
pub mod handles;
pub mod limits;
pub mod liquidate;
pub mod liquidation_price;
pub mod listing;
pub mod margin;
pub mod matching;
pub mod novel;
pub mod pass;
pub mod phases;
pub mod plan;
pub mod pocket;
pub mod policy;
pub mod position;
pub mod reduction;
pub mod replace;
pub mod risk_commands;
pub mod risk_rules;
pub mod rng;
pub mod schedule;
pub mod stops;
pub mod story;
pub mod takeover;
pub mod tiers;
pub mod uncross;
pub mod waterfall;
pub mod wrong;

use account::Account;
use book::Book;
use case::Case;
use listing::Traded;
use plimsoll_types::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The margin call of an account.
    Call(usize),
    /// The next batch of a case.
    Batch(u32),
    /// The second step of a case.
    Cooldown(u32),
    /// An order's time is over, by its serial number.
    Expiry(u64),
    /// An instrument's volatility auction ends.
    Volatility(usize),
    /// An instrument that stood at its limit price is halted, called, opened.
    LimitState(usize),
    /// A step of an instrument's calendar.
    Calendar(usize),
    /// An instrument's end.
    Expires(usize),
    /// A change of terms, by its place.
    Change(usize),
}

/// The exchange.
#[derive(Clone, Debug)]
pub struct Model {
    /// As configured; instruments are in `books`, those listed later too.
    pub spec: ExchangeSpec,
    pub now: Ts,
    pub seq: u64,
    /// Whether a command has come.
    pub started: bool,
    pub accounts: Vec<Account>,
    pub books: Vec<Book>,
    pub cases: BTreeMap<u32, Case>,
    pub cases_opened: u32,
    /// In the order in which they were set.
    pub timers: Vec<(Ts, Due)>,
    /// Triggered stops, by instrument and entry.
    pub queue: VecDeque<(usize, u64)>,
    /// Changes of terms at a time.
    pub changes: Vec<Schedule>,
    /// The account that holds what the fund has taken over.
    pub fund_account: Option<usize>,
    /// The profile by whose pacing it works that off.
    pub fund_rules: usize,
    /// Every trade of a book, in order.
    pub trades: Vec<Traded>,
    pub fund: i128,
    pub fees: i128,
    pub deposits: i128,
    pub withdrawals: i128,
    pub written_off: i128,
    pub entries: u64,
    pub serials: u64,
    pub numbers: u64,
    /// The entry of the order each `accepted`, `triggered` and `replaced` of this command was about; 0 for one that was gone
    /// at once, and for one that kept its handle.
    pub issued: Vec<u64>,
    /// The entry each handle was given to, as learnt from the engine.
    pub handles: BTreeMap<(InstrumentId, Handle), u64>,
    /// Those of them that a replace gave.
    pub handles_of_replaced: BTreeSet<(InstrumentId, Handle)>,
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
            started: false,
            accounts: Vec::new(),
            books: spec.instruments.iter().map(Book::new).collect(),
            cases: BTreeMap::new(),
            cases_opened: 0,
            timers: Vec::new(),
            queue: VecDeque::new(),
            changes: Vec::new(),
            fund_account: None,
            fund_rules: 0,
            trades: Vec::new(),
            fund: spec.insurance_fund.units(),
            fees: 0,
            deposits: spec.insurance_fund.units(),
            withdrawals: 0,
            written_off: 0,
            entries: 0,
            serials: 0,
            numbers: 0,
            issued: Vec::new(),
            handles: BTreeMap::new(),
            handles_of_replaced: BTreeSet::new(),
            seen: BTreeMap::new(),
            out: Vec::new(),
        };
        for account in &spec.accounts {
            let mut opened = Account::new(account.name, account.profile);
            opened.cash = account.deposit.units();
            opened.hedger = account.hedger;
            for own in &account.margins {
                opened.margins.insert(own.instrument.index(), (own.initial, own.maintenance));
            }
            model.deposits += account.deposit.units();
            model.accounts.push(opened);
        }
        for change in &spec.schedules {
            model.await_change(change);
        }
        for instrument in 0..model.books.len() {
            model.await_end(instrument);
        }
        model
    }

    /// Section 1: due timers, the command, a settling.
    pub fn apply(&mut self, ts: Ts, command: &Command, events: &mut Vec<Event>) {
        self.issued.clear();
        // What was due before the first command runs with it.
        let earliest = if self.started { 0 } else { ts };
        if !self.started {
            self.started = true;
            self.now = ts;
            for instrument in 0..self.books.len() {
                self.open_calendar(instrument);
                self.settle();
            }
        }
        while let Some(due) = self.next_moment().filter(|due| *due <= ts) {
            self.now = due.max(earliest);
            while let Some(what) = self.take_timer(due) {
                self.run_timer(what);
                self.settle();
            }
            self.after_moment();
        }
        self.now = ts;
        match self.carry_out(command) {
            Ok(()) => self.look(),
            Err(reason) => self.reject(command, reason),
        }
        self.settle();
        self.after_moment();
        self.check_laws();
        events.append(&mut self.out);
    }

    /// Money is conserved, and so are lots.
    fn check_laws(&self) {
        let equity: i128 = (0..self.accounts.len()).map(|account| self.equity(account)).sum();
        let house = self.deposits - self.withdrawals + self.written_off;
        assert_eq!(equity + self.fund + self.fees, house, "money is conserved");
        for instrument in 0..self.books.len() {
            let lots: i128 = self.accounts.iter().map(|account| account.lots(instrument)).sum();
            assert_eq!(lots, 0, "longs and shorts are equal");
        }
    }

    /// Learns the handles of the engine's events; call it after `apply`.
    pub fn learn(&mut self, engine: &[Event]) {
        let issued = engine.iter().filter_map(|event| match event.kind {
            EventKind::Accepted { instrument, handle, .. }
            | EventKind::Triggered { instrument, handle, .. } => Some((instrument, handle, false)),
            EventKind::Replaced { instrument, handle, .. } => Some((instrument, handle, true)),
            _ => None,
        });
        for ((instrument, handle, replaced), entry) in issued.zip(self.issued.clone()) {
            let Some(handle) = handle else { continue };
            self.handles.insert((instrument, handle), entry);
            if replaced {
                self.handles_of_replaced.insert((instrument, handle));
            } else {
                self.handles_of_replaced.remove(&(instrument, handle));
            }
        }
    }

    /// When the next timer is due. Timers of orders that are gone are none.
    fn next_moment(&mut self) -> Option<Ts> {
        let books = &self.books;
        self.timers.retain(|(_, what)| match what {
            Due::Expiry(serial) => books.iter().any(|book| book.by_serial(*serial).is_some()),
            _ => true,
        });
        self.timers.iter().map(|(due, _)| *due).min()
    }

    /// The first of those due at a moment: calendars by instrument, then ends of instruments, then the rest as they were set.
    fn take_timer(&mut self, due: Ts) -> Option<Due> {
        if self.next_moment() != Some(due) {
            return None;
        }
        let all = 0..self.timers.len();
        let place =
            all.filter(|&i| self.timers[i].0 == due).min_by_key(|&i| match self.timers[i].1 {
                Due::Calendar(instrument) => (0, instrument),
                Due::Expires(instrument) => (1, instrument),
                _ => (2, 0),
            });
        place.map(|place| self.timers.remove(place).1)
    }

    fn run_timer(&mut self, what: Due) {
        match what {
            Due::Call(account) => self.call_falls_due(account),
            Due::Batch(_) | Due::Cooldown(_) => self.saw("batch timer"),
            Due::Expiry(serial) => self.order_expires(serial),
            Due::Volatility(instrument) => {
                self.saw("volatility auction ends");
                self.set_phase(instrument, Phase::Continuous);
            }
            Due::LimitState(instrument) => self.limit_state_goes_on(instrument),
            Due::Calendar(instrument) => self.calendar_steps(instrument),
            Due::Expires(instrument) => {
                self.saw("an instrument's time is over");
                self.expire(instrument_id(instrument), None).expect("it is listed");
                self.look();
            }
            Due::Change(place) => {
                self.saw("terms change at their time");
                let change = self.changes[place];
                self.change_terms(&change);
                self.look();
            }
        }
    }

    /// After a command, and after a moment at which timers ran.
    fn after_moment(&mut self) {
        for instrument in 0..self.books.len() {
            if self.books[instrument].live {
                self.indicate(instrument);
                self.watch_limits(instrument);
            }
        }
    }

    pub fn emit(&mut self, kind: EventKind) {
        if let EventKind::Accepted { .. }
        | EventKind::Triggered { .. }
        | EventKind::Replaced { .. } = kind
        {
            self.issued.push(0);
        }
        self.seq += 1;
        self.out.push(Event { seq: self.seq, ts: self.now, kind });
    }

    pub fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_insert(0) += 1;
    }

    pub fn last_events(&self, n: usize) -> &[Event] {
        &self.out[self.out.len().saturating_sub(n)..]
    }

    /// Events of this command so far: whether a step did something.
    pub fn emitted(&self) -> usize {
        self.out.len()
    }

    pub fn profile(&self, account: usize) -> &Profile {
        &self.spec.profiles[self.accounts[account].profile]
    }

    pub fn tick_value(&self, instrument: usize) -> i128 {
        i128::from(self.books[instrument].spec.tick_value)
    }

    /// Instruments that trade.
    pub fn live(&self) -> Vec<usize> {
        (0..self.books.len()).filter(|&instrument| self.books[instrument].live).collect()
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
