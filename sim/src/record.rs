//! What a run leaves behind: curves, cases, accounts and totals, collected from the events as they happen.

use plimsoll_types::{
    AccountId, CaseId, CaseStep, EventKind, Money, OrderId, ParkReason, Price, Qty, Side,
    TradeKind, Ts,
};
use std::collections::BTreeMap;

/// Where a case stands, in the end for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseEnd {
    /// The target was met.
    Restored,
    /// Flat, with equity not below zero.
    Closed,
    /// Flat and below zero: the waterfall paid.
    Waterfall,
    /// Not ended: it waits.
    Parked,
    /// Not ended: between two batches.
    Working,
}

impl CaseEnd {
    /// Every end, in the order tables show them.
    pub const ALL: [CaseEnd; 5] =
        [CaseEnd::Restored, CaseEnd::Closed, CaseEnd::Waterfall, CaseEnd::Parked, CaseEnd::Working];

    /// The word in summaries and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            CaseEnd::Restored => "restored",
            CaseEnd::Closed => "closed",
            CaseEnd::Waterfall => "waterfall",
            CaseEnd::Parked => "parked",
            CaseEnd::Working => "working",
        }
    }
}

/// One liquidation case.
#[derive(Clone, Debug)]
pub struct CaseRecord {
    /// Its number.
    pub id: CaseId,
    /// Whose.
    pub account: AccountId,
    /// When it began.
    pub opened: Ts,
    /// When it ended; the end of the run for one that did not.
    pub ended: Ts,
    /// How.
    pub end: CaseEnd,
    /// Mark when it began.
    pub mark: Price,
    /// Equity when it began.
    pub equity: Money,
    /// Side of its first batch, or planned target.
    pub side: Option<Side>,
    /// Lots it traded.
    pub lots: u64,
    /// Orders it sent.
    pub batches: u32,
    /// How often it went on after waiting.
    pub resumed: u32,
    /// Intervals during which it waited, and for what.
    pub waits: Vec<(Ts, Ts, ParkReason)>,
    /// Times at which it traded, with lots.
    pub fills: Vec<(Ts, u64)>,
    /// Sum over its lots of ticks worse than the mark its batch met.
    pub slippage: i64,
    /// Sum over its lots of ticks worse than the mark at its beginning.
    pub shortfall: i64,
    /// What the fund paid for it.
    pub fund: Money,
    /// What the client owes for it.
    pub debt: Money,
    waiting: Option<(Ts, ParkReason)>,
    batch_mark: Price,
}

impl CaseRecord {
    /// Whether it ever waited.
    pub fn ever_parked(&self) -> bool {
        !self.waits.is_empty()
    }

    /// Nanoseconds it waited.
    pub fn waited(&self) -> Ts {
        self.waits.iter().map(|(from, to, _)| to - from).sum()
    }
}

/// Lots liquidated at one time, for the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub ts: Ts,
    /// At what price.
    pub price: Price,
    /// Lots.
    pub lots: u64,
    /// Side of the liquidation.
    pub side: Side,
}

/// The insurance fund over the run.
#[derive(Clone, Copy, Debug)]
pub struct FundRecord {
    /// At the start.
    pub start: Money,
    /// Now.
    pub now: Money,
    /// Least.
    pub min: Money,
}

/// What happened, counted.
#[derive(Clone, Debug)]
pub struct Record {
    /// Every case, by number.
    pub cases: BTreeMap<u32, CaseRecord>,
    /// Liquidation fills.
    pub fills: Vec<Mark>,
    /// Trades of all kinds.
    pub trades: u64,
    /// Lots of all trades.
    pub volume: u64,
    /// Commands refused, by reason.
    pub rejects: BTreeMap<&'static str, u64>,
    /// Margin calls.
    pub calls: u64,
    /// Money paid in after the opening.
    pub paid_in: BTreeMap<AccountId, Money>,
    /// Worst tier each account has reached; 0 = normal.
    pub worst_tier: BTreeMap<AccountId, u8>,
    /// The fund.
    pub fund: FundRecord,
    /// Debts taken over by the house.
    pub debt: Money,
    /// Deleveragings of single accounts, and their lots.
    pub deleveraged: (u64, u64),
    /// Losses borne by those with a profit.
    pub socialised: Money,
    /// The present mark.
    pub mark: Price,
    /// Cases not ended, and how many of them wait.
    pub open_cases: u64,
    /// Cases that wait.
    pub parked_cases: u64,
    /// Case of the event before, for what follows it without naming one.
    latest_case: Option<u32>,
}

impl Record {
    /// Nothing has happened yet.
    pub fn new(fund: Money, mark: Price) -> Record {
        Record {
            cases: BTreeMap::new(),
            fills: Vec::new(),
            trades: 0,
            volume: 0,
            rejects: BTreeMap::new(),
            calls: 0,
            paid_in: BTreeMap::new(),
            worst_tier: BTreeMap::new(),
            fund: FundRecord { start: fund, now: fund, min: fund },
            debt: Money::ZERO,
            deleveraged: (0, 0),
            socialised: Money::ZERO,
            mark,
            open_cases: 0,
            parked_cases: 0,
            latest_case: None,
        }
    }

    /// Takes note of an event; `equity` tells an account's equity now.
    pub fn note(&mut self, ts: Ts, kind: &EventKind, equity: impl Fn(AccountId) -> Money) {
        match kind {
            EventKind::Trade { price, qty, maker_id, taker_id, side, kind, .. } => {
                self.trades += 1;
                self.volume += qty.lots();
                // A deleveraging names its case on both sides, and is no liquidation fill.
                if !matches!(kind, TradeKind::Normal | TradeKind::Deleverage) {
                    self.liquidation_fill(ts, *price, *qty, maker_id, side.opposite());
                    self.liquidation_fill(ts, *price, *qty, taker_id, *side);
                }
            }
            EventKind::Mark { price, .. } => self.mark = *price,
            EventKind::Rejected { reason, .. } => {
                *self.rejects.entry(reason.as_str()).or_default() += 1;
            }
            EventKind::MarginCall { .. } => self.calls += 1,
            EventKind::Deposit { account, amount, .. } => {
                *self.paid_in.entry(*account).or_default() += *amount;
            }
            EventKind::Tier { account, to, .. } => {
                let worst = self.worst_tier.entry(*account).or_default();
                *worst = (*worst).max(*to);
            }
            EventKind::Case { account, case, step } => {
                self.step(ts, *account, case.0, step, equity)
            }
            EventKind::Fund { change, balance, case } => {
                self.fund.now = *balance;
                self.fund.min = self.fund.min.min(*balance);
                if let Some(case) = case.and_then(|case| self.cases.get_mut(&case.0)) {
                    case.fund += -*change;
                }
            }
            EventKind::Debt { account, amount } => {
                self.debt += *amount;
                let case = self.latest_case.and_then(|id| self.cases.get_mut(&id));
                if let Some(case) = case.filter(|case| case.account == *account) {
                    case.debt += *amount;
                }
            }
            EventKind::Deleveraged { qty, .. } => {
                self.deleveraged.0 += 1;
                self.deleveraged.1 += qty.lots();
            }
            EventKind::Socialised { amount, .. } => self.socialised += *amount,
            _ => {}
        }
    }

    fn liquidation_fill(&mut self, ts: Ts, price: Price, qty: Qty, id: &OrderId, side: Side) {
        let OrderId::Liquidation { case, .. } = id else { return };
        let lots = qty.lots();
        self.fills.push(Mark { ts, price, lots, side });
        let Some(case) = self.cases.get_mut(case) else { return };
        case.lots += lots;
        case.fills.push((ts, lots));
        let worse = |than: Price| side.sign() * (price.ticks() - than.ticks()) * lots as i64;
        case.slippage += worse(case.batch_mark);
        case.shortfall += worse(case.mark);
    }

    fn step(
        &mut self,
        ts: Ts,
        account: AccountId,
        id: u32,
        step: &CaseStep,
        equity: impl Fn(AccountId) -> Money,
    ) {
        self.latest_case = Some(id);
        let mark = self.mark;
        if matches!(step, CaseStep::Triggered { .. }) {
            self.open_cases += 1;
            let opened = CaseRecord {
                id: CaseId(id),
                account,
                opened: ts,
                ended: ts,
                end: CaseEnd::Working,
                mark,
                equity: equity(account),
                side: None,
                lots: 0,
                batches: 0,
                resumed: 0,
                waits: Vec::new(),
                fills: Vec::new(),
                slippage: 0,
                shortfall: 0,
                fund: Money::ZERO,
                debt: Money::ZERO,
                waiting: None,
                batch_mark: mark,
            };
            self.cases.insert(id, opened);
            return;
        }
        let Some(case) = self.cases.get_mut(&id) else { return };
        let before = case.end;
        match step {
            CaseStep::Triggered { .. } | CaseStep::Checked { .. } => {}
            CaseStep::Planned { targets } => {
                case.side = case.side.or(targets.first().map(|target| target.side));
            }
            CaseStep::Batch { side, .. } => {
                case.batches += 1;
                case.side = case.side.or(Some(*side));
                case.batch_mark = mark;
            }
            CaseStep::Parked { reason } => {
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
        if case.end != CaseEnd::Parked
            && let Some((from, reason)) = case.waiting.take()
        {
            case.waits.push((from, ts, reason));
        }
        let parked = |end| u64::from(end == CaseEnd::Parked);
        self.parked_cases = self.parked_cases + parked(case.end) - parked(before);
        if matches!(case.end, CaseEnd::Restored | CaseEnd::Waterfall | CaseEnd::Closed) {
            self.open_cases -= 1;
            case.ended = ts;
        }
    }

    /// Closes the books at the end of the run: cases still open are open until then.
    pub fn finish(&mut self, ts: Ts) {
        for case in self.cases.values_mut() {
            if matches!(case.end, CaseEnd::Parked | CaseEnd::Working) {
                case.ended = ts;
                case.waits.extend(case.waiting.take().map(|(from, reason)| (from, ts, reason)));
            }
        }
    }

    /// How many cases stand like this.
    pub fn ended(&self, end: CaseEnd) -> u64 {
        self.cases.values().filter(|case| case.end == end).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::{ForcedReason, InstrumentId};

    fn case(record: &mut Record, ts: Ts, step: CaseStep) {
        let kind = EventKind::Case { account: AccountId(3), case: CaseId(1), step };
        record.note(ts, &kind, |_| Money::new(-5));
    }

    fn fill(record: &mut Record, ts: Ts, price: i64, lots: u64) {
        let kind = EventKind::Trade {
            instrument: InstrumentId(0),
            price: Price::clamped(price),
            qty: Qty::new(lots),
            maker: AccountId(0),
            maker_id: OrderId::Number(1),
            taker: AccountId(3),
            taker_id: OrderId::Liquidation { case: 1, n: 1 },
            side: Side::Sell,
            kind: TradeKind::Liquidation,
            maker_fee: Money::ZERO,
            taker_fee: Money::ZERO,
        };
        record.note(ts, &kind, |_| Money::ZERO);
    }

    #[test]
    fn a_case_reads_back_as_its_story() {
        let mut record = Record::new(Money::new(100), Price::clamped(1000));
        let batch = CaseStep::Batch {
            n: 1,
            instrument: InstrumentId(0),
            side: Side::Sell,
            price: None,
            qty: Qty::new(4),
        };
        case(&mut record, 10, CaseStep::Triggered { reason: ForcedReason::Funds });
        case(&mut record, 10, CaseStep::Parked { reason: ParkReason::LimitLocked });
        assert_eq!((record.open_cases, record.parked_cases), (1, 1));
        record.mark = Price::clamped(998);
        case(&mut record, 15, CaseStep::Resumed);
        case(&mut record, 15, batch);
        fill(&mut record, 15, 997, 3);
        fill(&mut record, 15, 995, 1);
        case(&mut record, 15, CaseStep::Waterfall);
        let paid = EventKind::Fund {
            change: Money::new(-3),
            balance: Money::new(97),
            case: Some(CaseId(1)),
        };
        record.note(15, &paid, |_| Money::ZERO);
        let debt = EventKind::Debt { account: AccountId(3), amount: Money::new(2) };
        record.note(15, &debt, |_| Money::ZERO);
        record.finish(20);
        let case = &record.cases[&1];
        assert_eq!((record.open_cases, record.parked_cases), (0, 0));
        assert_eq!((case.end, case.lots, case.batches, case.ended), (CaseEnd::Waterfall, 4, 1, 15));
        assert_eq!((case.waited(), case.waits.len()), (5, 1));
        // Sold 3 at 997 and 1 at 995: against the mark of 998 that is 3 + 3, against 1000 at the start 9 + 5.
        assert_eq!((case.slippage, case.shortfall), (6, 14));
        assert_eq!((case.fund.units(), case.debt.units(), record.fund.min.units()), (3, 2, 97));
    }
}
