//! A case's batches: planned, sent, checked. Source: SEMANTICS 7.

use crate::entry::Ready;
use crate::exchange::Exchange;
use crate::market::Books;
use crate::timers::Alarm;
use plimsoll_matching::Stop;
use plimsoll_risk::{Case, Quote};
use plimsoll_types::{
    CaseStep, InstrumentId, LiquidationTarget, Money, OrderId, ParkReason, Phase, Price,
    ProtectionPrice, Qty, Ratio, SelfMatch, TimeInForce, floor_div, invariant,
};

impl Exchange {
    /// Plans, then sends a batch, lets one rest, hands over, or parks.
    pub(crate) fn send_or_wait(&mut self, case: &mut Case) {
        if self.sits_out(case) {
            return;
        }
        self.risk.begin_steps(case);
        let plan = self.plan(case);
        let of = |wanted: &dyn Fn(&LiquidationTarget) -> bool| plan.iter().copied().find(wanted);
        if let Some(target) = of(&|target| self.is_liquid(case, target)) {
            self.go_on(case, plan);
            self.send(case, target);
        } else if let Some(target) = of(&|target| self.may_queue(case, target)) {
            self.go_on(case, plan);
            self.queue(case, target);
        } else if let Some(target) = of(&|target| self.may_join(case, target)) {
            self.go_on(case, plan);
            self.join(case, target);
        } else if self.must_hand_over(case) {
            if !self.hand_over(case) {
                // In the book from now on, and at once: the price is no longer what bounds it.
                self.send_or_wait(case);
            }
        } else if let Some(&first) = plan.first()
            && !case.parked
        {
            self.announce(case, plan);
            let reason = self.park_reason(first.instrument, first.side);
            self.park(case, first.instrument, reason);
        }
    }

    /// Whether a case sits out the session in which it found its market locked. A change of phase or band ends that.
    fn sits_out(&mut self, case: &mut Case) -> bool {
        let same = case.rolled.is_some_and(|rolled| {
            let market = &self.markets[rolled.instrument.index()];
            (market.phase_serial, market.book.band()) == (rolled.phase_serial, rolled.band)
        });
        if !same {
            case.rolled = None;
        }
        same
    }

    /// Whether a batch would find something opposite inside its worst price.
    fn is_liquid(&self, case: &Case, target: &LiquidationTarget) -> bool {
        let market = &self.markets[target.instrument.index()];
        let Some((best, _)) = market.book.best(target.side.opposite()) else { return false };
        market.phase == Phase::Continuous
            && (case.price != ProtectionPrice::Bankruptcy
                || self
                    .worst_price(case, target, best)
                    .is_none_or(|worst| worst.admits(target.side, best)))
    }

    /// Worst price of closing a target where the opposite best, or what stands for it, is `touch`.
    pub(crate) fn worst_price(
        &self,
        case: &Case,
        target: &LiquidationTarget,
        touch: Price,
    ) -> Option<Price> {
        let bound = self.risk.bound_of(case, target.instrument, target.side);
        let band = self.markets[target.instrument.index()].book.band();
        bound.price(target.side, Some(touch), band)
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
    pub(crate) fn number(&mut self, case: &mut Case) -> u32 {
        let interval = self.risk.rules(case.rules).interval;
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
        let bound = self.risk.bound_of(case, instrument, side);
        let quote = Quote::read(&self.risk, &Books(&self.markets), instrument, side, bound);
        let qty = target.qty.min(self.largest_batch(case, instrument, quote.depth));
        let n = self.number(case);
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
        case.exclude_volume(instrument, filled);
        self.say_checked(case, n, instrument, filled);
        if filled.is_zero() {
            let reason = match self.markets[instrument.index()].phase {
                Phase::Continuous => ParkReason::NoLiquidity,
                _ => self.park_reason(instrument, side),
            };
            self.park(case, instrument, reason);
        }
    }

    pub(crate) fn say_checked(
        &mut self,
        case: &Case,
        n: u32,
        instrument: InstrumentId,
        filled: Qty,
    ) {
        let mut standing = self.risk.standing(case.account);
        if self.risk.account(case.account).is_unlimited() {
            standing.margins = [Money::ZERO; 2];
        }
        let measure = self.risk.measure(case.account, standing);
        let remaining = case.remaining();
        let step = CaseStep::Checked { n, instrument, filled, remaining, measure };
        self.say_case(case.account, case.id, step);
    }

    /// The most lots of a batch into a book that offers `depth`; its share of what others traded is counted from here on.
    fn largest_batch(&mut self, case: &mut Case, instrument: InstrumentId, depth: Qty) -> Qty {
        let rules = self.risk.rules(case.rules);
        let part = |share: Ratio, of: u128| {
            let whole = i128::try_from(of).unwrap_or(i128::MAX >> 62).min(i128::MAX >> 62);
            let lots = floor_div(whole * i128::from(share.nano()), i128::from(Ratio::SCALE)).max(1);
            Qty::new(u64::try_from(lots).unwrap_or(u64::MAX))
        };
        let most = rules.batch_max.min(part(rules.book_share, depth.lots().into())).min(Qty::MAX);
        let Some(share) = rules.volume_share else { return most };
        let traded = self.markets[instrument.index()].traded;
        if case.volumes.len() <= instrument.index() {
            // Listed since: all that was ever traded there counts.
            case.volumes.resize(instrument.index() + 1, 0);
        }
        let before = std::mem::replace(&mut case.volumes[instrument.index()], traded);
        most.min(part(share, traded.saturating_sub(before)))
    }
}
