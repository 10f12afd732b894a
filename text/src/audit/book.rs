//! The books: every account, the house, and what is remembered of orders, trades and cases to keep them.

use super::account::{Account, Aim, Fill};
use super::check::Checks;
use super::terms::Terms;
use crate::r#where::Error;
use plimsoll_types::{CloseRule, ExchangeSpec, Side, Ts};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The reserved account of what the fund has taken over.
pub(super) const FUND: &str = "$fund";

/// What the house holds and has taken over. Units: money units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct House {
    /// Insurance fund.
    pub fund: i128,
    /// Fees collected.
    pub fees: i128,
    /// Paid in, the fund's first money among it.
    pub deposits: i128,
    /// Paid out.
    pub withdrawals: i128,
    /// Clients' debts taken over.
    pub written_off: i128,
}

/// An order that closes, while it is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    pub aim: Aim,
    pub left: i64,
}

/// A trade that may still be undone: both sides as they were booked, maker's first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub seq: u64,
    pub sides: [(usize, Fill); 2],
}

/// A case that has not ended, or the last one that fell to the waterfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseState {
    /// Its number.
    pub case: u64,
    /// Whose: an account or an isolated position.
    pub holder: usize,
}

/// Accounts and house, booked from events alone.
#[derive(Clone, Debug)]
pub struct Books {
    /// What they are kept in.
    pub terms: Terms,
    /// Accounts in the order they were first named, isolated positions among them.
    pub accounts: Vec<Account>,
    /// The house.
    pub house: House,
    /// What events say themselves, compared.
    pub checks: Checks,
    /// Number of the last event.
    pub seq: u64,
    /// Its time.
    pub ts: Ts,
    pub(super) names: HashMap<Box<str>, usize>,
    pub(super) pockets: BTreeMap<(usize, usize), usize>,
    pub(super) orders: HashMap<(usize, Box<str>), Closing>,
    pub(super) tape: VecDeque<Print>,
    pub(super) waterfall: Option<CaseState>,
    pub(super) last_case: u64,
}

impl Books {
    /// Opens the books: with a configuration's accounts and fund, or empty where none is known.
    pub fn new(spec: Option<&ExchangeSpec>) -> Books {
        let mut books = Books {
            terms: Terms::new(spec),
            accounts: Vec::new(),
            house: House::default(),
            checks: Checks::default(),
            seq: 0,
            ts: 0,
            names: HashMap::new(),
            pockets: BTreeMap::new(),
            orders: HashMap::new(),
            tape: VecDeque::new(),
            waterfall: None,
            last_case: 0,
        };
        let Some(spec) = spec else { return books };
        books.house.fund = spec.insurance_fund.units();
        books.house.deposits = books.house.fund;
        for account in &spec.accounts {
            let place = books.add(account.name.as_str());
            let deposit = account.deposit.units();
            books.accounts[place].profile = Some(spec.profiles[account.profile.index()].name);
            books.accounts[place].flows.deposits = deposit;
            books.house.deposits += deposit;
        }
        books
    }

    pub(super) fn add(&mut self, name: &str) -> usize {
        let place = self.accounts.len();
        self.accounts.push(Account::new(name, place, None));
        self.names.insert(name.into(), place);
        place
    }

    /// The account of a name; without a configuration it comes to be with its first event.
    ///
    /// Errors: one that neither the configuration nor an event has brought.
    pub(super) fn account(&mut self, name: &str) -> Result<usize, Error> {
        match self.names.get(name) {
            Some(&place) => Ok(place),
            None if !self.terms.known() || name == FUND => Ok(self.add(name)),
            None => {
                let expected = "an account of the configuration or one opened since";
                Err(Error::new("account", expected, name))
            }
        }
    }

    /// The account of a name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// An account's isolated position in an instrument, with its money.
    pub(super) fn pocket(&mut self, owner: usize, instrument: usize) -> usize {
        let next = self.accounts.len();
        let place = *self.pockets.entry((owner, instrument)).or_insert(next);
        if place == next {
            let mut pocket = Account::new(&self.accounts[owner].name, owner, Some(instrument));
            pocket.profile = self.accounts[owner].profile;
            self.accounts.push(pocket);
        }
        place
    }

    /// Who holds what an account trades in an instrument.
    pub(super) fn holder(&mut self, owner: usize, instrument: usize) -> usize {
        if self.terms.is_isolated(self.accounts[owner].profile.as_ref()) {
            self.pocket(owner, instrument)
        } else {
            owner
        }
    }

    /// An account and its isolated positions, by instrument.
    pub fn holders(&self, owner: usize) -> impl Iterator<Item = usize> {
        let pockets = self.pockets.range((owner, 0)..=(owner, usize::MAX));
        std::iter::once(owner).chain(pockets.map(|(_, &place)| place))
    }

    /// Number of the last case that was opened.
    pub fn cases_seen(&self) -> u64 {
        self.last_case
    }

    /// The last case that fell to the waterfall.
    pub fn last_waterfall(&self) -> Option<CaseState> {
        self.waterfall
    }

    /// Lots that an order which names `aim` takes.
    pub(super) fn closing(&self, aim: &str, instrument: usize) -> Aim {
        let shfe = self.terms.instruments[instrument].close_rule == CloseRule::Shfe;
        match aim {
            "close_today" if shfe => Aim::CloseToday,
            "close" | "close_today" => Aim::Close,
            _ => Aim::Open,
        }
    }

    /// What a side of a trade means to do, and that its order is smaller now.
    pub(super) fn aim_of(&mut self, account: usize, id: &str, lots: i64) -> Aim {
        if !self.terms.has_legs() {
            return Aim::Net;
        }
        let key = (account, Box::from(id));
        let Some(order) = self.orders.get_mut(&key) else {
            // A batch that rests nowhere is not announced, and closes.
            return if id.starts_with("liq-") { Aim::Close } else { Aim::Open };
        };
        let aim = order.aim;
        order.left -= lots;
        if order.left <= 0 {
            self.orders.remove(&key);
        }
        aim
    }

    /// Books one side of a trade with its fee; the account pays it, whoever holds the position.
    pub(super) fn fill(&mut self, owner: usize, fill: &Fill, fee: i128) -> Result<(), Error> {
        let holder = self.holder(owner, fill.instrument);
        self.fill_held(holder, fill, fee)
    }

    /// The same for whoever holds the position.
    pub(super) fn fill_held(&mut self, holder: usize, fill: &Fill, fee: i128) -> Result<(), Error> {
        let owner = self.accounts[holder].owner;
        let account = &mut self.accounts[holder];
        account.book(fill)?;
        account.fees += fee;
        self.house.fees += fee;
        if owner != holder {
            account.flows.moved += fee;
            self.accounts[owner].flows.moved -= fee;
            self.accounts[owner].guard()?;
        }
        self.accounts[holder].guard()
    }

    /// A fill of an instrument, without fee yet.
    pub(super) fn side(
        &self,
        instrument: usize,
        aim: Aim,
        side: Side,
        price: i64,
        lots: i64,
    ) -> Fill {
        let value = self.terms.instruments[instrument].value.unwrap_or(0);
        Fill { instrument, aim, side, price, lots, value }
    }
}
