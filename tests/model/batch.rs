//! Section 7, D and F: batches go out at once, rest, join an auction, or wait.

use super::book::Order;
use super::case::{Aim, Case};
use super::plan::Target;
use super::policy::FirstStep;
use super::{Due, Model, NANO, instrument_id, lots, nano, ticks, to_price, to_qty};
use plimsoll_types::*;

impl Model {
    /// Whether an order of another account stands at the limit price a closing order of this side would rest at.
    fn others_at_limit(&self, account: usize, instrument: usize, side: Side) -> bool {
        let owner = self.owner(account);
        let book = &self.books[instrument];
        let limit = book.edge(side);
        limit.is_some()
            && book.orders.iter().any(|o| o.side == side && o.price == limit && o.account != owner)
    }

    pub fn batch_stays(&self, number: u32, instrument: usize, order: &Order) -> bool {
        let case = &self.cases[&number];
        let book = &self.books[instrument];
        let stands = if case.joined {
            book.phase.gathers()
        } else {
            book.phase == Phase::Continuous
                && book.best(order.side.opposite()).is_none()
                && self.others_at_limit(case.account, instrument, order.side)
        };
        stands && book.band == case.rested_under && self.make_plan(number) == case.plan
    }

    /// F: a batch at once, or one that rests, or a place in the car park.
    pub fn next_batch(&mut self, number: u32) {
        let Case { account, parked, .. } = self.cases[&number];
        if self.sleeps(number) || self.cools_down(number) {
            return;
        }
        self.decide_first_step(number);
        let plan = self.make_plan(number);
        let phase = |target: &&Target| self.books[target.instrument].phase;
        let continuous = |target: &&Target| phase(target) == Phase::Continuous;
        let mut reachable = plan.iter().filter(continuous).filter(|t| self.depth(number, t) > 0);
        if let Some(&target) = reachable.next() {
            return self.send_batch(number, &plan, target);
        }
        let mut waiting = plan.iter().filter(continuous).filter(|t| self.may_rest(number, t));
        if let Some(&target) = waiting.next() {
            let limit = self.books[target.instrument].edge(target.side);
            self.saw("batch rests");
            return self.send_resting_batch(number, &plan, target, limit, false);
        }
        let joins = self.pacing(number).auction == AuctionPolicy::Join;
        let gathering = plan.iter().filter(|target| joins && phase(target).gathers());
        let mut priced = gathering.filter(|target| self.joining_price(number, target).is_some());
        if let Some(&target) = priced.next() {
            let price = self.joining_price(number, &target);
            self.saw("batch joins an auction");
            return self.send_resting_batch(number, &plan, target, price, true);
        }
        if self.cases[&number].price == ProtectionPrice::Bankruptcy && self.all_continuous(account)
        {
            return self.hand_over(number);
        }
        if !parked {
            self.announce(number, &plan);
            self.park(number, plan[0], self.park_reason(&plan[0]));
        }
    }

    /// Whether all an account's positions can be traded.
    pub fn all_continuous(&self, account: usize) -> bool {
        let mut legs = self.accounts[account].positions.keys();
        legs.all(|leg| self.books[leg.instrument].phase == Phase::Continuous)
    }

    /// With `locked = "roll"`: until phase or band are others.
    fn sleeps(&mut self, number: u32) -> bool {
        let Some((instrument, phase, band)) = self.cases[&number].asleep else { return false };
        let book = &self.books[instrument];
        if book.live && (book.phase, book.band) == (phase, band) {
            self.saw("a parked case sleeps on");
            return true;
        }
        self.saw("a parked case wakes");
        self.cases.get_mut(&number).expect("open").asleep = None;
        false
    }

    fn announce(&mut self, number: u32, plan: &[Target]) {
        let case = self.cases.get_mut(&number).expect("open");
        if case.plan != plan {
            case.plan = plan.to_vec();
            let targets = plan.iter().map(Target::shown).collect();
            self.step(number, CaseStep::Planned { targets });
        }
    }

    fn park(&mut self, number: u32, target: Target, reason: ParkReason) {
        self.step(number, CaseStep::Parked { reason });
        let rolls = self.pacing(number).locked == LockedPolicy::Roll;
        let book = &self.books[target.instrument];
        let case = self.cases.get_mut(&number).expect("open");
        case.parked = true;
        if rolls && reason == ParkReason::LimitLocked {
            case.asleep = Some((target.instrument, book.phase, book.band));
        }
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

    fn may_rest(&self, number: u32, target: &Target) -> bool {
        let Case { account, price, .. } = self.cases[&number];
        let book = &self.books[target.instrument];
        let limit = book.edge(target.side);
        let bound = price == ProtectionPrice::Bankruptcy;
        self.pacing(number).locked == LockedPolicy::Rest
            && book.band.is_some()
            && book.best(target.side.opposite()).is_none()
            && book.best(target.side) == limit
            && (!bound || self.worst_price(number, target.instrument, target.side) == limit)
            && self.others_at_limit(account, target.instrument, target.side)
    }

    /// The price at which a batch joins an auction: as in continuous trading, but from the mark.
    fn joining_price(&self, number: u32, target: &Target) -> Option<i128> {
        match self.cases[&number].price {
            ProtectionPrice::TicksThrough(through) => {
                let mark = ticks(self.books[target.instrument].mark);
                Some(self.moved(target.instrument, target.side, mark, through))
            }
            ProtectionPrice::Band | ProtectionPrice::Bankruptcy => {
                self.worst_price(number, target.instrument, target.side)
            }
        }
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
        let interval = self.pacing(number).interval;
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
            account: self.owner(account),
            id: OrderId::Liquidation { case: number, n },
            side,
            offset: self.has_legs().then_some(Offset::Close),
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
        let pacing = self.pacing(number).clone();
        let depth = self.depth(number, &target);
        let share = (nano(pacing.book_share) * depth / NANO).max(1);
        let mut qty = target.qty.min(lots(pacing.batch_max)).min(share);
        if let Some(of_volume) = pacing.volume_share {
            let volume = self.volume_of_others(number, target.instrument);
            let most = (nano(of_volume) * volume / NANO).max(1);
            if most < qty {
                self.saw("batch bounded by volume");
            }
            qty = qty.min(most);
        }
        let worst = self.worst_price(number, target.instrument, target.side);
        let order = self.batch(number, plan, target, worst, qty);
        let seq = self.seq;
        self.cases.get_mut(&number).expect("open").since.insert(target.instrument, seq);
        let stopped = self.work_batch(target.instrument, order);
        let traded = self.cases[&number].unchecked > 0;
        self.checked(number);
        if stopped {
            self.saw(if traded { "batch traded and stopped" } else { "batch stopped" });
        }
        if !traded {
            let reason = if stopped { ParkReason::Auction } else { ParkReason::NoLiquidity };
            self.park(number, target, reason);
        }
    }

    /// Lots that others have traded since the case's last batch there, or since it opened.
    fn volume_of_others(&self, number: u32, instrument: usize) -> i128 {
        let case = &self.cases[&number];
        let since = case.since.get(&instrument).copied().unwrap_or(case.opened);
        let trades = self.trades.iter().filter(|t| t.instrument == instrument && t.seq > since);
        let others = trades.filter(|t| t.sides.iter().all(|side| side.holder != case.account));
        others.map(|trade| trade.qty).sum()
    }

    fn send_resting_batch(
        &mut self,
        number: u32,
        plan: &[Target],
        target: Target,
        price: Option<i128>,
        joined: bool,
    ) {
        let qty = target.qty.min(lots(self.pacing(number).batch_max));
        let order = self.batch(number, plan, target, price, qty);
        let band = self.books[target.instrument].band;
        let case = self.cases.get_mut(&number).expect("open");
        (case.rested_under, case.joined) = (band, joined);
        self.rest_batch(target.instrument, order);
    }

    /// Before a plan is first made: whether it goes in two steps.
    fn decide_first_step(&mut self, number: u32) {
        let Case { account, aim: Aim::Safe { .. }, ref first_step, .. } = self.cases[&number]
        else {
            return;
        };
        let Policy::TwoStep { share, above, .. } = self.pacing(number).policy else { return };
        if *first_step != FirstStep::Undecided {
            return;
        }
        let positions = self.accounts[account].positions.iter();
        let worth = |instrument: usize| self.worth_of_lot(instrument);
        let together: i128 = positions.map(|(leg, p)| p.size() * worth(leg.instrument)).sum();
        let step = if together > above.units() {
            self.saw("two steps");
            FirstStep::Going(self.share_of_all(number, share))
        } else {
            self.saw("one step instead of two");
            FirstStep::Over
        };
        self.cases.get_mut(&number).expect("open").first_step = step;
    }
}
