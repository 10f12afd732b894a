//! A case's batches that rest: in the queue at the limit price, or in a call auction. Source: SEMANTICS 7.

use crate::exchange::Exchange;
use crate::market::Books;
use crate::orders::{Record, Title};
use plimsoll_matching::NewResting;
use plimsoll_risk::{Case, Liquidity, RestingBatch, RestsFor};
use plimsoll_types::{
    AuctionPolicy, Band, CancelReason, CaseStep, EventKind, Handle, InstrumentId,
    LiquidationTarget, LockedPolicy, Offset, OrderId, Phase, Price, ProtectionPrice, Qty, Side,
    TimeInForce,
};
use std::collections::BTreeMap;

impl Exchange {
    /// Whether a batch may queue at the limit price: nothing opposite, and others stand there.
    pub(crate) fn may_queue(&self, case: &Case, target: &LiquidationTarget) -> bool {
        let (instrument, side) = (target.instrument, target.side);
        let market = &self.markets[instrument.index()];
        let locked = self.risk.rules(case.rules).locked == LockedPolicy::Rest
            && market.phase == Phase::Continuous
            && market.book.best(side.opposite()).is_none()
            && market.stands_at_limit(side)
            && market.others_at_limit(side, self.risk.owner_of(case.account).0);
        locked && market.edge(side).is_some_and(|edge| self.is_inside(case, target, edge))
    }

    /// Whether a limit price is not past the bankruptcy price, where that bounds a case.
    fn is_inside(&self, case: &Case, target: &LiquidationTarget, edge: Price) -> bool {
        case.price != ProtectionPrice::Bankruptcy
            || self
                .worst_price(case, target, edge)
                .is_none_or(|worst| worst.admits(target.side, edge))
    }

    /// Whether a batch may take part in a call auction: orders gather, and there is a worst price.
    pub(crate) fn may_join(&self, case: &Case, target: &LiquidationTarget) -> bool {
        self.risk.rules(case.rules).auction == AuctionPolicy::Join
            && self.markets[target.instrument.index()].phase.gathers()
            && self.joining_price(case, target).is_some()
    }

    fn joining_price(&self, case: &Case, target: &LiquidationTarget) -> Option<Price> {
        self.worst_price(case, target, self.risk.contract(target.instrument).mark)
    }

    /// Queues a batch at the limit price.
    pub(crate) fn queue(&mut self, case: &mut Case, target: LiquidationTarget) {
        let price = self.markets[target.instrument.index()].edge(target.side);
        self.rest_batch(case, target, price, RestsFor::Limit);
    }

    /// Lets a batch take part in a call auction.
    pub(crate) fn join(&mut self, case: &mut Case, target: LiquidationTarget) {
        let price = self.joining_price(case, &target);
        self.rest_batch(case, target, price, RestsFor::Auction);
    }

    fn rest_batch(
        &mut self,
        case: &mut Case,
        target: LiquidationTarget,
        price: Option<Price>,
        why: RestsFor,
    ) {
        let LiquidationTarget { instrument, side, qty } = target;
        let qty = qty.min(self.risk.rules(case.rules).batch_max).min(Qty::MAX);
        let band = self.markets[instrument.index()].book.band();
        let n = self.number(case);
        let step = CaseStep::Batch { n, instrument, side, price, qty };
        self.say_case(case.account, case.id, step);
        let id = OrderId::Liquidation { case: case.id.0, n };
        let handle = self.rest_order(case, id, (instrument, side, price, qty));
        self.log.emit(EventKind::Accepted {
            account: self.risk.owner_of(case.account),
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
        let (left, unchecked) = (qty, Qty::ZERO);
        case.resting = Some(RestingBatch { instrument, side, handle, left, unchecked, band, why });
    }

    /// Puts a batch into its book.
    fn rest_order(
        &mut self,
        case: &Case,
        id: OrderId,
        (instrument, side, price, qty): (InstrumentId, Side, Option<Price>, Qty),
    ) -> Handle {
        let (position, aim) = self.risk.closed_by(case.account, instrument, side);
        self.arrivals += 1;
        let arrival = self.arrivals;
        let first = self.goes_first(instrument, (position, aim), (side, price), qty);
        let (book, mut keeper) = self.split(instrument);
        let owner = keeper.risk.owner_of(case.account);
        let plain = NewResting::plain(side, price, owner.0, qty);
        let handle = book.rest(NewResting { first, ..plain });
        keeper.keep(
            handle,
            side,
            qty.lots(),
            Record { position, arrival, aim, ..Record::PLAIN },
            &Title { id, tif: TimeInForce::Gtc },
        );
        handle
    }

    /// Says what a resting batch has traded since the last check.
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

    /// Whether a resting batch keeps its place: what made it rest is still so, the same band, the same need.
    pub(crate) fn may_go_on_resting(&self, case: &Case) -> bool {
        let Some(resting) = &case.resting else { return false };
        let market = &self.markets[resting.instrument.index()];
        let goes_on = match resting.why {
            RestsFor::Limit => {
                market.phase == Phase::Continuous
                    && market.book.best(resting.side.opposite()).is_none()
                    && market.others_at_limit(resting.side, self.risk.owner_of(case.account).0)
            }
            RestsFor::Auction => market.phase.gathers(),
        };
        goes_on && market.book.band() == resting.band && self.plan(case) == case.plan
    }

    /// What a case would close now.
    pub(crate) fn plan(&self, case: &Case) -> Vec<LiquidationTarget> {
        let (books, own) = (Books(&self.markets), case.resting.as_ref());
        self.risk.plan(case, &Without { books, own, cases: &self.cases })
    }

    /// Takes a resting batch out of the book.
    pub(crate) fn pull(&mut self, case: &mut Case) {
        if let Some(resting) = case.resting.take() {
            self.take_out(resting.instrument, resting.handle.slot, CancelReason::Liquidation);
        }
    }
}

/// The books as a case plans by them: without its own resting batch, which is no depth for its other leg, and, where orders
/// gather, without any case's. Two that stood opposite would else be each other's depth, and change each other's plan for ever.
struct Without<'a> {
    books: Books<'a>,
    own: Option<&'a RestingBatch>,
    cases: &'a BTreeMap<u32, Case>,
}

impl Without<'_> {
    /// Where batches stand that do not count, and the lots they show.
    fn levels(&self, instrument: InstrumentId, side: Side) -> Vec<(Price, Qty)> {
        let market = &self.books.0[instrument.index()];
        // Cases are many, and matter only where orders gather.
        let others = market.phase.gathers().then(|| self.cases.values()).into_iter().flatten();
        let others = others.filter_map(|case| case.resting.as_ref());
        let stand = self
            .own
            .into_iter()
            .chain(others)
            .filter(|batch| (batch.instrument, batch.side) == (instrument, side));
        let shown = stand.filter_map(|batch| {
            let order = market.book.find(batch.handle)?;
            Some((order.price?, order.shown))
        });
        shown.collect()
    }
}

impl Liquidity for Without<'_> {
    fn best(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        let mut best = None;
        self.walk(instrument, side, &mut |price, _| {
            best = Some(price);
            false
        });
        best
    }

    fn band(&self, instrument: InstrumentId) -> Option<Band> {
        self.books.band(instrument)
    }

    fn walk(&self, instrument: InstrumentId, side: Side, each: &mut dyn FnMut(Price, Qty) -> bool) {
        let batches = self.levels(instrument, side);
        self.books.walk(instrument, side, &mut |price, qty| {
            let here = batches.iter().filter(|(at, _)| *at == price);
            let left = here.fold(qty, |left, (_, lots)| left.saturating_sub(*lots));
            left.is_zero() || each(price, left)
        });
    }
}
