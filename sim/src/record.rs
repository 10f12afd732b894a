//! What a run leaves behind: curves, cases, accounts and totals, collected from the events as they happen.
//!
//! Invariant: memory does not grow with the length of a run. Totals are exact; what is kept one by one (cases, fills,
//! columns of the book) has a bound, named where it is kept.

pub mod batches;
pub mod breaks;
pub mod by_account;
pub mod cascade;
pub mod case;
pub mod cases;
pub mod fills;
pub mod fund;
pub mod heat;
pub mod impact;
pub mod tiers;

pub use case::{CaseEnd, CaseRecord};
pub use fund::{FUND, FundRecord};

use batches::Batches;
use breaks::Breaks;
use by_account::ByAccount;
use cascade::{Cascade, Mover};
use cases::Cases;
use fills::Fills;
use heat::Heat;
use impact::Impact;
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, CaseStep, EventKind, ExchangeSpec, ForcedReason, InstrumentId, Label, MarkSource,
    Money, OrderId, Price, Side, TradeKind, Ts,
};
use std::collections::BTreeMap;
use tiers::Tiers;

/// What the record asks about accounts.
pub trait Books {
    /// Equity now.
    fn equity(&self, account: AccountId) -> Money;

    /// What the account is called.
    fn name(&self, account: AccountId) -> Label;

    /// What a lot is worth a tick, money units.
    fn tick_value(&self, instrument: InstrumentId) -> i64;

    /// The account behind an isolated position; any other account is its own.
    fn owner(&self, account: AccountId) -> AccountId {
        account
    }
}

impl Books for Exchange {
    fn equity(&self, account: AccountId) -> Money {
        Exchange::equity(self, account)
    }

    fn name(&self, account: AccountId) -> Label {
        self.account_name(account)
    }

    fn tick_value(&self, instrument: InstrumentId) -> i64 {
        self.spec().instruments.get(instrument.index()).map_or(0, |spec| spec.tick_value)
    }

    fn owner(&self, account: AccountId) -> AccountId {
        Exchange::owner(self, account)
    }
}

/// What happened, counted.
#[derive(Clone, Debug)]
pub struct Record {
    /// The cases.
    pub cases: Cases,
    /// Their trees.
    pub cascade: Cascade,
    /// Slippage by batch size.
    pub batches: Batches,
    /// What liquidations did to the mark, by instrument.
    pub impacts: Vec<Impact>,
    /// Liquidation fills.
    pub fills: Fills,
    /// The book of the first instrument.
    pub heat: Heat,
    /// Accounts by tier.
    pub tiers: Tiers,
    /// Trades of all kinds.
    pub trades: u64,
    /// Lots of all trades.
    pub volume: u64,
    /// Commands refused, by reason.
    pub rejects: BTreeMap<&'static str, u64>,
    /// Margin calls.
    pub calls: u64,
    /// Money paid in.
    pub paid_in: ByAccount<Money>,
    /// Cases of each account: an isolated position's are its owner's.
    pub liquidated: ByAccount<u32>,
    /// The fund.
    pub fund: FundRecord,
    /// The account in which the fund works off what it has taken over, once it has had a case.
    pub fund_account: Option<AccountId>,
    /// Debts taken over by the house.
    pub debt: Money,
    /// Deleveragings of single accounts, and their lots.
    pub deleveraged: (u64, u64),
    /// How much worse than at the mark of the moment the deleveraged were closed, on the whole: net, below zero where they
    /// got more than at the mark.
    pub haircut: Money,
    /// Forced reduction: positions of both sides that lost lots by it, and lots of each side.
    pub reduced: (u64, u64),
    /// Stops that were triggered.
    pub stops: u64,
    /// Halts and the like.
    pub breaks: Breaks,
    /// Losses borne by those with a profit.
    pub socialised: Money,
    /// The present mark of the first instrument.
    pub mark: Price,
    /// The present mark of each.
    pub marks: Vec<Price>,
    /// Cases not ended, and how many of them wait.
    pub open_cases: u64,
    /// Cases that wait.
    pub parked_cases: u64,
    instrument: InstrumentId,
    /// Case of the event before, for what follows it without naming one.
    latest_case: Option<u32>,
}

impl Record {
    /// Nothing has happened yet on this exchange; `instrument` is the one the report is about.
    pub fn new(spec: &ExchangeSpec, instrument: InstrumentId) -> Record {
        let marks: Vec<Price> = spec.instruments.iter().map(|one| one.prev_settlement).collect();
        let mark = marks[instrument.index()];
        let by_trades = |source: MarkSource| {
            matches!(source, MarkSource::Last | MarkSource::Index { cap: Some(_) })
        };
        let pressures = spec.instruments.iter().map(|i| (i.prev_settlement, by_trades(i.mark)));
        Record {
            cases: Cases::default(),
            cascade: Cascade::new(pressures),
            batches: Batches::default(),
            impacts: vec![Impact::default(); marks.len()],
            fills: Fills::default(),
            heat: Heat::new(instrument, mark),
            tiers: Tiers::default(),
            trades: 0,
            volume: 0,
            rejects: BTreeMap::new(),
            calls: 0,
            paid_in: ByAccount::default(),
            liquidated: ByAccount::default(),
            fund: FundRecord::new(spec.insurance_fund),
            fund_account: None,
            debt: Money::ZERO,
            deleveraged: (0, 0),
            haircut: Money::ZERO,
            reduced: (0, 0),
            stops: 0,
            breaks: Breaks::default(),
            socialised: Money::ZERO,
            mark,
            marks,
            open_cases: 0,
            parked_cases: 0,
            instrument,
            latest_case: None,
        }
    }

    /// Looks at the book and the tiers, for the pictures; to be called at every sample of the curves.
    pub fn sample(&mut self, exchange: &Exchange, ts: Ts) {
        self.heat.sample(exchange, ts);
        self.tiers.sample(exchange, ts);
    }

    /// Takes note of an event. Cost: O(1), a case's steps O(log cases).
    pub fn note(&mut self, ts: Ts, kind: &EventKind, books: &impl Books) {
        match kind {
            EventKind::Trade { .. } => return self.trade(ts, kind, books),
            EventKind::Mark { instrument, price } => return self.mark(ts, *instrument, *price),
            EventKind::Tier { account, from, to, .. } => {
                self.cascade.tier(*account, *from, *to);
                self.tiers.tier(*account, books.owner(*account), *to);
                return;
            }
            EventKind::Case { account, case, step } => {
                return self.step(ts, *account, case.0, step, books);
            }
            EventKind::MarginCall { .. } => {
                self.calls += 1;
                return;
            }
            // These follow a change of tier or a case; what brought it may bring the next.
            EventKind::Restricted { .. }
            | EventKind::Unrestricted { .. }
            | EventKind::Cancelled { .. } => return,
            EventKind::Opened { account, profile } => self.tiers.opened(*account, *profile),
            EventKind::Rejected { reason, .. } => {
                *self.rejects.entry(reason.as_str()).or_default() += 1;
            }
            EventKind::Deposit { account, amount, .. } => {
                *self.paid_in.entry(*account) += *amount;
            }
            EventKind::Fund { change, balance, case } => {
                self.fund.change(*change, *balance);
                if let Some(case) = case.filter(|_| *change < Money::ZERO) {
                    self.cases.pay(case.0, -*change, Money::ZERO);
                }
            }
            EventKind::Debt { account, amount } => {
                self.debt += *amount;
                let owner = books.owner(*account);
                let own = |id: &u32| self.cases.get(*id).is_some_and(|c| c.account == owner);
                if let Some(case) = self.latest_case.filter(own) {
                    self.cases.pay(case, Money::ZERO, *amount);
                }
            }
            EventKind::Deleveraged { qty, .. } => {
                self.deleveraged.0 += 1;
                self.deleveraged.1 += qty.lots();
            }
            EventKind::Reduced { .. } => self.reduced.0 += 1,
            EventKind::Triggered { .. } => self.stops += 1,
            EventKind::Phase { instrument, phase } => self.breaks.phase(ts, *instrument, *phase),
            EventKind::Socialised { amount, .. } => self.socialised += *amount,
            _ => {}
        }
        self.cascade.other();
    }

    fn trade(&mut self, ts: Ts, trade: &EventKind, books: &impl Books) {
        let EventKind::Trade { instrument, price, qty, maker_id, taker_id, side, kind, .. } = trade
        else {
            return;
        };
        let lots = qty.lots();
        self.trades += 1;
        self.volume += lots;
        // A deleveraging names its case on both sides, and is no liquidation fill; neither it nor a reduction moves a mark.
        if *kind == TradeKind::Deleverage {
            // The taker is the bankrupt one; who gives has the other side.
            let mark = self.marks.get(instrument.index()).copied().unwrap_or(*price);
            let worse = side.opposite().sign() * (price.ticks() - mark.ticks());
            let units =
                i128::from(worse) * i128::from(lots) * i128::from(books.tick_value(*instrument));
            self.haircut += Money::new(units);
        }
        if *kind == TradeKind::Reduction {
            self.reduced.1 += lots;
        }
        if matches!(kind, TradeKind::Deleverage | TradeKind::Reduction) {
            return;
        }
        let mut taker = None;
        if *kind != TradeKind::Normal {
            let sides = [(maker_id, side.opposite()), (taker_id, *side)];
            for (id, side) in sides {
                let OrderId::Liquidation { case, .. } = id else { continue };
                self.fills.push(ts, *instrument, side, *price, lots);
                let Some(case) = self.cases.get_mut(*case) else { continue };
                case.fill(ts, *price, lots, side);
                let mover = Mover { case: case.id.0, root: case.root, depth: case.depth };
                self.cascade.fill(mover.case, mover.root, lots);
                if id == taker_id && *kind == TradeKind::Liquidation {
                    taker = Some((mover, side));
                }
            }
        }
        self.cascade.trade(instrument.index(), taker);
    }

    fn mark(&mut self, ts: Ts, instrument: InstrumentId, price: Price) {
        let at = instrument.index();
        let (moved, mover) = self.cascade.mark(at, price);
        if let Some(mark) = self.marks.get_mut(at) {
            *mark = price;
            self.impacts[at].mark(ts, price, moved, mover.is_some(), self.open_cases);
        }
        if instrument == self.instrument {
            self.mark = price;
        }
    }

    fn begin(
        &mut self,
        ts: Ts,
        account: AccountId,
        id: u32,
        reason: ForcedReason,
        books: &impl Books,
    ) {
        let node = self.cascade.begin(id, account, reason == ForcedReason::Funds, ts);
        let owner = books.owner(account);
        self.open_cases += 1;
        *self.liquidated.entry(owner) += 1;
        let whose = (owner, books.name(owner));
        if whose.1.as_str() == FUND {
            self.fund_account = Some(owner);
        }
        let mut case = CaseRecord::begun(id, whose, ts, self.mark, books.equity(account));
        case.parent = Some(node.parent).filter(|&parent| parent != id);
        (case.root, case.depth) = (node.root, node.depth);
        self.cases.begin(case);
    }

    fn step(&mut self, ts: Ts, account: AccountId, id: u32, step: &CaseStep, books: &impl Books) {
        self.latest_case = Some(id);
        if let CaseStep::Triggered { reason } = step {
            return self.begin(ts, account, id, *reason, books);
        }
        let mark_of = |at: InstrumentId| self.marks.get(at.index()).copied().unwrap_or(self.mark);
        let Some(case) = self.cases.get_mut(id) else { return };
        let before = case.end;
        match step {
            CaseStep::Triggered { .. } => {}
            CaseStep::Checked { .. } => self.batches.push(std::mem::take(&mut case.batch)),
            CaseStep::Planned { targets } => {
                if let (None, Some(target)) = (case.side, targets.first()) {
                    case.side = Some(target.side);
                    case.mark = mark_of(target.instrument);
                }
            }
            CaseStep::Batch { side, instrument, .. } => {
                self.batches.push(std::mem::take(&mut case.batch));
                case.batches += 1;
                case.side = case.side.or(Some(*side));
                case.batch_mark = mark_of(*instrument);
                if let Some(impact) = self.impacts.get_mut(instrument.index()) {
                    impact.batch(ts, case.batch_mark, *side);
                }
            }
            CaseStep::Parked { reason } => {
                case.stop_waiting(ts);
                case.waiting = Some((ts, *reason));
                case.end = CaseEnd::Parked;
            }
            CaseStep::Resumed => {
                case.resumed += 1;
                case.end = CaseEnd::Working;
            }
            CaseStep::Restored => case.end = CaseEnd::Restored,
            CaseStep::Waterfall => case.end = CaseEnd::Waterfall,
            CaseStep::Closed => case.end = CaseEnd::Closed,
        }
        if case.end != CaseEnd::Parked {
            case.stop_waiting(ts);
        }
        let parked = |end| u64::from(end == CaseEnd::Parked);
        self.parked_cases = self.parked_cases + parked(case.end) - parked(before);
        if case.end.is_final() {
            self.batches.push(std::mem::take(&mut case.batch));
            case.ended = ts;
            self.open_cases -= 1;
            self.cases.over(id);
            if self.open_cases == 0 {
                self.impacts.iter_mut().for_each(Impact::quiet);
            }
        }
    }

    /// Closes the books at the end of the run: cases still open are open until then.
    pub fn finish(&mut self, ts: Ts) {
        for case in self.cases.values_mut().filter(|case| !case.end.is_final()) {
            case.ended = ts;
            case.stop_waiting(ts);
            self.batches.push(std::mem::take(&mut case.batch));
        }
        self.impacts.iter_mut().for_each(Impact::finish);
        self.breaks.finish(ts);
    }

    /// How many cases stand like this.
    pub fn ended(&self, end: CaseEnd) -> u64 {
        self.cases.totals(end).cases
    }

    /// How many cases an account has had, its isolated positions' among them.
    pub fn cases_of(&self, account: AccountId) -> u32 {
        self.liquidated.get(&account).copied().unwrap_or(0)
    }

    /// Lots that liquidations closed on one side, in all.
    pub fn lots_liquidated(&self, side: Side) -> u64 {
        self.fills.iter().filter(|fill| fill.side == side).map(|fill| fill.lots).sum()
    }
}

#[cfg(test)]
mod tests;
