//! Sections 7 and 8: a case acts; a settling.

use super::book::Order;
use super::plan::Target;
use super::{Due, Model, NANO, account_id, instrument_id, lots, nano, to_price, to_qty};
use plimsoll_types::*;

#[derive(Clone, Debug)]
pub struct Case {
    pub account: usize,
    /// The tier that triggered it; 0 = flat below zero.
    pub trigger: u8,
    /// The last plan shown, less what has traded since.
    pub plan: Vec<Target>,
    /// Number of the last batch.
    pub n: u32,
    /// What the last batch traded in.
    pub batch_in: usize,
    /// When the last batch went out.
    pub batch_at: Option<Ts>,
    pub parked: bool,
    /// Lots traded since the last `checked`.
    pub unchecked: i128,
    /// The band when the resting batch went out.
    pub rested_under: Option<Band>,
}

impl Model {
    /// Section 8.
    pub fn settle(&mut self) {
        for _ in 0..100_000 {
            let before = self.emitted();
            self.enter_stops();
            let open: Vec<u32> = self.cases.keys().copied().collect();
            for case in open {
                if self.cases.contains_key(&case) {
                    self.act(case);
                }
            }
            let accounts = 0..self.accounts.len();
            let breaches: Vec<usize> =
                accounts.filter(|&a| self.accounts[a].breach.is_some()).collect();
            for account in breaches {
                if let Some(trigger) = self.accounts[account].breach {
                    self.open_case(account, trigger);
                }
            }
            if self.emitted() == before {
                return;
            }
        }
        panic!("the settling does not end");
    }

    fn step(&mut self, case: u32, step: CaseStep) {
        let account = account_id(self.cases[&case].account);
        self.emit(EventKind::Case { account, case: CaseId(case), step });
    }

    fn open_case(&mut self, account: usize, trigger: u8) {
        self.cases_opened += 1;
        let number = self.cases_opened;
        let case = Case {
            account,
            trigger,
            plan: Vec::new(),
            n: 0,
            batch_in: 0,
            batch_at: None,
            parked: false,
            unchecked: 0,
            rested_under: None,
        };
        self.cases.insert(number, case);
        self.accounts[account].case = Some(number);
        self.accounts[account].breach = None;
        self.step(number, CaseStep::Triggered { reason: ForcedReason::Funds });
        self.drop_call(account);
        self.cancel_where(account, CancelReason::Liquidation, |_, _, _| true);
        self.act(number);
    }

    fn end_case(&mut self, case: u32) {
        let account = self.cases[&case].account;
        self.accounts[account].case = None;
        self.cases.remove(&case);
        self.timers.retain(|(_, what)| *what != Due::Batch(case));
    }

    /// Lots of the case's plan traded, as taker or, resting, as maker.
    pub fn case_traded(&mut self, case: u32, instrument: usize, qty: i128) {
        let case = self.cases.get_mut(&case).expect("its batch trades only while it is open");
        case.unchecked += qty;
        let target = case.plan.iter_mut().find(|target| target.instrument == instrument);
        target.expect("it trades what it planned").qty -= qty;
        case.plan.retain(|target| target.qty > 0);
    }

    fn checked(&mut self, case: u32) {
        let Case { account, n, unchecked, batch_in, .. } = self.cases[&case];
        let remaining = self.cases[&case].plan.iter().map(|target| target.qty).sum();
        let measure = self.measure(account);
        let step = CaseStep::Checked {
            n,
            instrument: instrument_id(batch_in),
            filled: to_qty(unchecked),
            remaining: to_qty(remaining),
            measure,
        };
        self.step(case, step);
        self.cases.get_mut(&case).expect("open").unchecked = 0;
    }

    /// Where the case's batch rests.
    fn resting(&self, case: u32) -> Option<(usize, Order)> {
        for (instrument, book) in self.books.iter().enumerate() {
            if let Some(order) = book.orders.iter().find(|order| order.case == Some(case)) {
                return Some((instrument, order.clone()));
            }
        }
        None
    }

    fn pull(&mut self, case: u32) {
        if let Some((instrument, order)) = self.resting(case) {
            self.cancel_open(instrument, order.entry, CancelReason::Liquidation);
        }
    }

    fn act(&mut self, number: u32) {
        let Case { account, trigger, batch_at, unchecked, .. } = self.cases[&number];
        // A.
        if unchecked > 0 {
            self.saw("resting batch traded");
            self.checked(number);
        }
        // B.
        if self.accounts[account].positions.is_empty() {
            self.pull(number);
            return self.end_flat(number);
        }
        // C.
        if self.goal_met(account, trigger, self.measured_margin(account), self.equity(account)) {
            self.pull(number);
            self.step(number, CaseStep::Restored);
            self.end_case(number);
            return self.call_if_in_call_tier(account);
        }
        // D.
        if let Some((instrument, order)) = self.resting(number) {
            if self.batch_stays(number, instrument, &order) {
                self.saw("resting batch stays");
            } else {
                self.saw("resting batch pulled");
                self.pull(number);
            }
            return;
        }
        // E.
        let interval = self.profile(account).liquidation.interval;
        if batch_at.is_some_and(|at| self.now < at + interval) {
            return;
        }
        // F.
        self.next_batch(number);
    }

    fn end_flat(&mut self, case: u32) {
        let account = self.cases[&case].account;
        if self.equity(account) >= 0 {
            self.step(case, CaseStep::Closed);
            return self.end_case(case);
        }
        self.step(case, CaseStep::Waterfall);
        for stage in self.profile(account).liquidation.waterfall.clone() {
            let need = -self.accounts[account].cash;
            if stage == WaterfallStage::InsuranceFund {
                let paid = self.fund.min(need);
                if paid > 0 {
                    self.fund -= paid;
                    self.accounts[account].cash += paid;
                    let (change, balance) = (Money::new(-paid), Money::new(self.fund));
                    self.emit(EventKind::Fund { change, balance, case: Some(CaseId(case)) });
                }
            } else if need > 0 {
                self.accounts[account].cash = 0;
                self.accounts[account].debt += need;
                self.written_off += need;
                self.emit(EventKind::Debt {
                    account: account_id(account),
                    amount: Money::new(need),
                });
                self.show_permission(account);
            }
        }
        self.end_case(case);
    }

    /// Whether an order of another account stands at the limit price a closing order of this side would rest at.
    fn others_at_limit(&self, account: usize, instrument: usize, side: Side) -> bool {
        let book = &self.books[instrument];
        let limit = book.edge(side);
        limit.is_some()
            && book
                .orders
                .iter()
                .any(|o| o.side == side && o.price == limit && o.account != account)
    }

    fn batch_stays(&self, number: u32, instrument: usize, order: &Order) -> bool {
        let case = &self.cases[&number];
        let book = &self.books[instrument];
        book.phase == Phase::Continuous
            && book.best(order.side.opposite()).is_none()
            && self.others_at_limit(case.account, instrument, order.side)
            && book.band == case.rested_under
            && self.make_plan(case.account, case.trigger) == case.plan
    }

    /// F: a batch at once, or one that rests, or a place in the car park.
    fn next_batch(&mut self, number: u32) {
        let Case { account, trigger, parked, .. } = self.cases[&number];
        let plan = self.make_plan(account, trigger);
        let continuous =
            |target: &&Target| self.books[target.instrument].phase == Phase::Continuous;
        let reachable = plan.iter().filter(continuous);
        let mut reachable = reachable.filter(|t| self.depth(account, t.instrument, t.side) > 0);
        if let Some(&target) = reachable.next() {
            return self.send_batch(number, &plan, target);
        }
        let mut waiting = plan.iter().filter(continuous).filter(|t| self.may_rest(account, t));
        if let Some(&target) = waiting.next() {
            return self.send_resting_batch(number, &plan, target);
        }
        if !parked {
            self.announce(number, &plan);
            let reason = self.park_reason(&plan[0]);
            self.park(number, reason);
        }
    }

    fn announce(&mut self, number: u32, plan: &[Target]) {
        let case = self.cases.get_mut(&number).expect("open");
        if case.plan != plan {
            case.plan = plan.to_vec();
            let targets = plan.iter().map(Target::shown).collect();
            self.step(number, CaseStep::Planned { targets });
        }
    }

    fn park(&mut self, number: u32, reason: ParkReason) {
        self.step(number, CaseStep::Parked { reason });
        self.cases.get_mut(&number).expect("open").parked = true;
    }

    fn park_reason(&self, target: &Target) -> ParkReason {
        let book = &self.books[target.instrument];
        match book.phase {
            Phase::Halted => ParkReason::Halted,
            Phase::Closed => ParkReason::Closed,
            Phase::Auction | Phase::PreOpen | Phase::NoCancel | Phase::Volatility => {
                ParkReason::Auction
            }
            Phase::Continuous => {
                let limit = book.edge(target.side);
                let locked = limit.is_some() && book.best(target.side) == limit;
                if locked { ParkReason::LimitLocked } else { ParkReason::NoLiquidity }
            }
        }
    }

    fn may_rest(&self, account: usize, target: &Target) -> bool {
        let book = &self.books[target.instrument];
        self.profile(account).liquidation.locked == LockedPolicy::Rest
            && book.band.is_some()
            && book.best(target.side.opposite()).is_none()
            && book.best(target.side) == book.edge(target.side)
            && self.others_at_limit(account, target.instrument, target.side)
    }

    /// `resumed`, `planned`, `batch`, and the order that goes with it.
    fn batch(
        &mut self,
        number: u32,
        plan: &[Target],
        target: Target,
        price: Option<i128>,
        qty: i128,
    ) -> Order {
        if self.cases[&number].parked {
            self.step(number, CaseStep::Resumed);
        }
        self.announce(number, plan);
        let now = self.now;
        let case = self.cases.get_mut(&number).expect("open");
        case.parked = false;
        case.n += 1;
        case.batch_in = target.instrument;
        case.batch_at = Some(now);
        let (account, n) = (case.account, case.n);
        let interval = self.profile(account).liquidation.interval;
        if interval > 0 {
            self.timers.push((now + interval, Due::Batch(number)));
        }
        let (instrument, side) = (instrument_id(target.instrument), target.side);
        let shown = price.map(to_price);
        self.step(number, CaseStep::Batch { n, instrument, side, price: shown, qty: to_qty(qty) });
        self.serials += 1;
        Order {
            entry: 0,
            serial: self.serials,
            place: 0,
            account,
            id: OrderId::Liquidation { case: number, n },
            side,
            price,
            freeze_price: price.unwrap_or(0),
            market: false,
            trigger: None,
            queued: false,
            qty,
            shown: qty,
            display: 0,
            min_qty: 0,
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            self_match: SelfMatch::None,
            closes_first: false,
            case: Some(number),
            issue: None,
        }
    }

    fn send_batch(&mut self, number: u32, plan: &[Target], target: Target) {
        let account = self.cases[&number].account;
        let liquidation = self.profile(account).liquidation.clone();
        let depth = self.depth(account, target.instrument, target.side);
        let share = (nano(liquidation.book_share) * depth / NANO).max(1);
        let qty = target.qty.min(lots(liquidation.batch_max)).min(share);
        let worst = self.worst_price(account, target.instrument, target.side);
        let order = self.batch(number, plan, target, worst, qty);
        let stopped = self.work_batch(target.instrument, order);
        let traded = self.cases[&number].unchecked > 0;
        self.checked(number);
        if stopped {
            self.saw(if traded { "batch traded and stopped" } else { "batch stopped" });
        }
        if !traded {
            let reason = if stopped { ParkReason::Auction } else { ParkReason::NoLiquidity };
            self.park(number, reason);
        }
    }

    fn send_resting_batch(&mut self, number: u32, plan: &[Target], target: Target) {
        let account = self.cases[&number].account;
        let qty = target.qty.min(lots(self.profile(account).liquidation.batch_max));
        let limit = self.books[target.instrument].edge(target.side);
        let order = self.batch(number, plan, target, limit, qty);
        let band = self.books[target.instrument].band;
        self.cases.get_mut(&number).expect("open").rested_under = band;
        self.rest_batch(target.instrument, order);
        self.saw("batch rests");
    }
}
