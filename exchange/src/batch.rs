//! A case's batches: planned, sent, checked; or queued at the limit price. Source: SEMANTICS 7.

use crate::entry::Ready;
use crate::exchange::Exchange;
use crate::market::Books;
use crate::orders::{Record, Role};
use crate::timers::Alarm;
use plimsoll_matching::{NewResting, Stop};
use plimsoll_risk::{Case, Quote, RestingBatch};
use plimsoll_types::{
    CancelReason, CaseStep, EventKind, InstrumentId, LiquidationTarget, Money, Offset, OrderId,
    ParkReason, Phase, Price, Qty, SelfMatch, TimeInForce, floor_div, invariant,
};

impl Exchange {
    /// Plans, then sends a batch, queues one, or parks.
    pub(crate) fn send_or_wait(&mut self, case: &mut Case) {
        let plan = self.risk.plan(case.account, case.goal, &Books(&self.markets));
        let liquid = plan.iter().copied().find(|target| {
            let market = &self.markets[target.instrument.index()];
            market.phase == Phase::Continuous && market.book.best(target.side.opposite()).is_some()
        });
        if let Some(target) = liquid {
            self.go_on(case, plan);
            self.send(case, target);
            return;
        }
        let queue = plan.iter().copied().find(|target| {
            let market = &self.markets[target.instrument.index()];
            market.phase == Phase::Continuous
                && market.stands_at_limit(target.side)
                && market.others_at_limit(target.side, self.risk.owner_of(case.account).0)
        });
        if let Some(target) = queue.filter(|_| self.rests_when_locked(case.account)) {
            self.go_on(case, plan);
            self.queue(case, target);
            return;
        }
        if let Some(&first) = plan.first()
            && !case.parked
        {
            self.announce(case, plan);
            let reason = self.park_reason(first.instrument, first.side);
            self.park(case, reason);
        }
    }

    fn go_on(&mut self, case: &mut Case, plan: Vec<LiquidationTarget>) {
        if case.parked {
            case.parked = false;
            self.say_case(case.account, case.id, CaseStep::Resumed);
        }
        self.announce(case, plan);
    }

    /// Says what is planned, unless it is the last plan less what has traded since.
    fn announce(&mut self, case: &mut Case, plan: Vec<LiquidationTarget>) {
        if plan != case.plan {
            let targets = plan.clone().into_boxed_slice();
            self.say_case(case.account, case.id, CaseStep::Planned { targets });
            case.plan = plan;
        }
    }

    /// Counts a batch out: its number, its time, the timer of the next.
    fn number(&mut self, case: &mut Case, interval: u64) -> u32 {
        case.batches += 1;
        case.last_batch = Some(self.log.now);
        if interval > 0 {
            let due = self.log.now.saturating_add(interval);
            self.timers.set(due, Alarm::Batch { case: case.id.0 });
        }
        case.batches
    }

    /// Sends one immediate-or-cancel batch and checks what came of it.
    fn send(&mut self, case: &mut Case, target: LiquidationTarget) {
        let (account, instrument, side) = (case.account, target.instrument, target.side);
        let rules = &self.risk.profile_of(account).liquidation;
        let (interval, batch_max, share) = (rules.interval, rules.batch_max, rules.book_share);
        let quote = Quote::read(&self.risk, &Books(&self.markets), instrument, side, rules.price);
        let depth = i128::from(quote.depth.lots());
        let part = floor_div(depth * i128::from(share.nano()), 1_000_000_000).max(1);
        let part = u64::try_from(part).unwrap_or(u64::MAX);
        let qty = target.qty.min(batch_max).min(Qty::new(part)).min(Qty::MAX);
        let n = self.number(case, interval);
        let price = quote.worst;
        self.say_case(account, case.id, CaseStep::Batch { n, instrument, side, price, qty });
        let (position, aim) = self.risk.closed_by(account, instrument, side);
        let before = self.risk.position(position).lots();
        let ready = Ready {
            account: self.risk.owner_of(account),
            id: OrderId::Liquidation { case: case.id.0, n },
            instrument,
            side,
            aim,
            limit: price,
            market: true,
            qty,
            display: Qty::ZERO,
            min_qty: Qty::ZERO,
            opens: 0,
            frozen_at: Price::MIN,
            frozen: Money::ZERO,
            tif: TimeInForce::Ioc,
            post_only: false,
            reduce_only: true,
            self_match: SelfMatch::None,
        };
        self.arrivals += 1;
        let mut pass = self.begin_pass();
        let bound = self.bound(&ready);
        let (left, stop) = match self.may_trade(&ready, bound) {
            true => self.match_order(&ready, bound, position, &mut pass),
            false => (qty, Stop::Limit),
        };
        pass.stops_book =
            !left.is_zero() && stop == Stop::Limit && self.is_stopped(&ready, left, bound);
        let filled = qty - left;
        let after = self.risk.position(position).lots();
        invariant!(
            after == before + filled.signed(side)
                && (after == 0 || (after > 0) == (before > 0))
                && after.unsigned_abs() <= before.unsigned_abs(),
            "a batch turned or grew a position: {before} to {after} lots"
        );
        self.finish_pass(instrument, pass);
        case.traded(instrument, side, filled);
        self.say_checked(case, n, instrument, filled);
        if filled.is_zero() {
            let reason = match self.markets[instrument.index()].phase {
                Phase::Continuous => ParkReason::NoLiquidity,
                _ => self.park_reason(instrument, side),
            };
            self.park(case, reason);
        }
    }

    fn say_checked(&mut self, case: &Case, n: u32, instrument: InstrumentId, filled: Qty) {
        let standing = self.risk.standing(case.account);
        let measure = self.risk.measure(case.account, standing);
        let remaining = case.remaining();
        let step = CaseStep::Checked { n, instrument, filled, remaining, measure };
        self.say_case(case.account, case.id, step);
    }

    /// Queues a batch at the limit price.
    fn queue(&mut self, case: &mut Case, target: LiquidationTarget) {
        let (account, instrument, side) = (case.account, target.instrument, target.side);
        let rules = &self.risk.profile_of(account).liquidation;
        let (interval, batch_max) = (rules.interval, rules.batch_max);
        let qty = target.qty.min(batch_max).min(Qty::MAX);
        let market = &self.markets[instrument.index()];
        let (price, band) = (market.edge(side), market.book.band());
        let n = self.number(case, interval);
        self.say_case(account, case.id, CaseStep::Batch { n, instrument, side, price, qty });
        let id = OrderId::Liquidation { case: case.id.0, n };
        let (position, aim) = self.risk.closed_by(account, instrument, side);
        self.arrivals += 1;
        let arrival = self.arrivals;
        let first = self.goes_first(instrument, (position, aim), (side, price), qty);
        let (book, mut keeper) = self.split(instrument);
        let owner = keeper.risk.owner_of(account);
        let plain = NewResting::plain(side, price, owner.0, qty);
        let handle = book.rest(NewResting { first, ..plain });
        keeper.keep(
            handle,
            side,
            qty.lots(),
            Record {
                id,
                position,
                frozen: Money::ZERO,
                frozen_at: Price::MIN,
                opens: 0,
                arrival,
                next: 0,
                prev: 0,
                live: true,
                post_only: false,
                reduce_only: false,
                role: Role::Limit,
                aim,
                self_match: SelfMatch::None,
                tif: TimeInForce::Gtc,
            },
        );
        self.log.emit(EventKind::Accepted {
            account: owner,
            id,
            instrument,
            side,
            price,
            qty,
            trigger: None,
            display: Qty::ZERO,
            offset: self.said_offset(Some(Offset::Close)),
            handle: Some(handle),
        });
        self.markets[instrument.index()].touch();
        case.resting =
            Some(RestingBatch { instrument, side, handle, left: qty, unchecked: Qty::ZERO, band });
    }

    /// Says what a queued batch has traded since the last check.
    pub(crate) fn check_resting(&mut self, case: &mut Case) {
        let Some(resting) = &mut case.resting else { return };
        let (instrument, filled) = (resting.instrument, std::mem::take(&mut resting.unchecked));
        if resting.left.is_zero() {
            case.resting = None;
        }
        if !filled.is_zero() {
            self.say_checked(case, case.batches, instrument, filled);
        }
    }

    /// Whether a queued batch keeps its place: still locked, others in the queue, the same band, the same need.
    pub(crate) fn may_go_on_resting(&self, case: &Case) -> bool {
        let Some(resting) = &case.resting else { return false };
        let market = &self.markets[resting.instrument.index()];
        market.phase == Phase::Continuous
            && market.book.best(resting.side.opposite()).is_none()
            && market.book.band() == resting.band
            && market.others_at_limit(resting.side, case.account.0)
            && self.risk.plan(case.account, case.goal, &Books(&self.markets)) == case.plan
    }

    /// Takes a queued batch out of the book.
    pub(crate) fn pull(&mut self, case: &mut Case) {
        if let Some(resting) = case.resting.take() {
            self.take_out(resting.instrument, resting.handle.slot, CancelReason::Liquidation);
        }
    }
}
