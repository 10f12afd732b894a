//! Exchange forced reduction after limit-locked days: orders locked in at the limit price close against those in profit. Source: RULES 6, SEMANTICS 5.

use crate::booking::Pass;
use crate::exchange::Exchange;
use crate::orders::Role;
use plimsoll_risk::formula::reduction::forced_reduction;
use plimsoll_risk::{Aim, Fill, PositionId, Role as Made, Stake};
use plimsoll_types::{
    EventKind, InstrumentId, Money, OrderId, Price, Qty, Reject, Side, TradeKind,
};

/// Lots of a closing order that takes part.
#[derive(Clone, Copy, Debug)]
struct Declared {
    slot: u32,
    lots: u64,
}

/// Who closes: a client, its orders by entry, and the lots of them that others give for.
struct Declarer {
    stake: Stake,
    orders: Vec<Declared>,
    lots: u64,
    /// Lots beyond the net ones, closed against its own other leg.
    own: u64,
}

/// Who gives: a client and its net lots.
struct Giver {
    stake: Stake,
    lots: u64,
}

impl Exchange {
    /// Closes positions by force in an instrument that is locked at its limit price.
    pub(crate) fn reduce_by_force(&mut self, instrument: InstrumentId) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        let rule = self.spec.instruments[instrument.index()].risk.reduction.clone();
        let rule = rule.ok_or(Reject::NotApplicable)?;
        let market = &self.markets[instrument.index()];
        let side = market.lone_side().ok_or(Reject::NotLocked)?;
        let limit = market.edge(side).ok_or(Reject::NotLocked)?;
        let settlement = self.settlement_price(instrument);
        let mut declarers = Vec::new();
        let mut tiers: Vec<Vec<Giver>> = (0..=rule.tiers.len()).map(|_| Vec::new()).collect();
        for stake in self.risk.stakes(instrument, settlement, rule.average) {
            if stake.side() == side {
                if let Some(tier) = self.risk.giving_tier(&stake, &rule) {
                    tiers[tier].push(Giver { stake, lots: stake.lots.unsigned_abs() });
                }
            } else if stake.loses(rule.loss)
                && let Some(declarer) = self.declarer(stake, side, limit)
            {
                declarers.push(declarer);
            }
        }
        let declared: Vec<u64> = declarers.iter().map(|declarer| declarer.lots).collect();
        let held: Vec<Vec<u64>> =
            tiers.iter().map(|tier| tier.iter().map(|giver| giver.lots).collect()).collect();
        let reduced = forced_reduction(&declared, &held);
        for (declarer, lots) in declarers.iter_mut().zip(reduced.closed) {
            declarer.lots = lots;
        }
        let mut givers: Vec<Giver> = tiers.into_iter().flatten().collect();
        for (giver, lots) in givers.iter_mut().zip(reduced.reduced.into_iter().flatten()) {
            giver.lots = lots;
        }
        self.book_reduction(instrument, limit, side, (&mut declarers, &givers));
        Ok(())
    }

    /// What a client declares: its closing orders at the limit price; `None` where it has none.
    fn declarer(&self, stake: Stake, side: Side, limit: Price) -> Option<Declarer> {
        let held = self.risk.position(stake.net);
        let market = &self.markets[held.instrument().index()];
        // The orders of both legs hang on the long one.
        let list = self.risk.position(self.risk.home(stake.net)).orders;
        let (mut room, mut slot) = (held.room(side), list.0);
        let mut orders = Vec::new();
        while slot != crate::orders::NIL {
            let (order, record) = (market.book.resting(slot), &market.records[slot]);
            if order.side == side && record.position == stake.net && record.role != Role::Stop {
                // The account's earlier orders close first.
                let lots = order.qty.lots().min(room);
                room -= lots;
                if order.price == Some(limit) && lots > 0 {
                    orders.push(Declared { slot, lots });
                }
            }
            slot = record.next;
        }
        let total: u64 = orders.iter().map(|order| order.lots).sum();
        let lots = total.min(stake.lots.unsigned_abs());
        let other = stake.other.map_or(0, |id| self.risk.position(id).lots().unsigned_abs());
        let own = (total - lots).min(other);
        (total > 0).then_some(Declarer { stake, orders, lots, own })
    }

    /// Books a reduction: own legs against each other, then declarers against givers, in order; then says who was reduced.
    fn book_reduction(
        &mut self,
        instrument: InstrumentId,
        price: Price,
        side: Side,
        (declarers, givers): (&mut [Declarer], &[Giver]),
    ) {
        let mut pass = self.begin_pass();
        let deal = |taker, lots| Deal { instrument, price, side, taker, lots };
        for declarer in declarers.iter_mut() {
            if let Some(other) = declarer.stake.other {
                self.close_against(declarer, deal(other, declarer.own), &mut pass);
            }
        }
        let mut left: Vec<u64> = givers.iter().map(|giver| giver.lots).collect();
        let mut next = 0;
        for declarer in declarers.iter_mut() {
            let mut wanted = declarer.lots;
            while wanted > 0 && next < givers.len() {
                let lots = wanted.min(left[next]);
                self.close_against(declarer, deal(givers[next].stake.net, lots), &mut pass);
                (wanted, left[next]) = (wanted - lots, left[next] - lots);
                next += usize::from(left[next] == 0);
            }
        }
        let closed = declarers.iter().map(|d| (d.stake.net, side.opposite(), d.lots));
        let given = givers.iter().map(|giver| (giver.stake.net, side, giver.lots));
        for (id, side, lots) in closed.chain(given).filter(|(_, _, lots)| *lots > 0) {
            let (account, qty) = (self.risk.position(id).account(), Qty::new(lots));
            self.log.emit(EventKind::Reduced { instrument, account, side, qty, price });
        }
        let parties = declarers.iter().map(|declarer| &declarer.stake);
        let parties = parties.chain(givers.iter().map(|giver| &giver.stake));
        for id in parties.flat_map(|stake| [Some(stake.net), stake.other]).flatten() {
            self.note_reduced(id, &mut pass);
        }
        self.markets[instrument.index()].touch();
        self.finish_pass(instrument, pass);
    }

    /// What a position that took part leaves for the end of the pass.
    fn note_reduced(&mut self, id: PositionId, pass: &mut Pass) {
        let held = self.risk.position(id);
        let holder = held.account();
        if held.has_orders() {
            pass.changed.push(id);
        }
        if held.has_reducing_orders() {
            pass.reduce_only.push(id);
        }
        if let Some(case) = self.risk.account(holder).case() {
            // It may hold something else now than what it waits for.
            self.agenda.insert(case.0);
        }
        self.sweep_pocket(holder);
    }

    /// Closes lots of a declarer's orders, by entry, against a position. Cost: O(its orders).
    fn close_against(&mut self, declarer: &mut Declarer, deal: Deal, pass: &mut Pass) {
        let mut wanted = deal.lots;
        for order in &mut declarer.orders {
            let lots = wanted.min(order.lots);
            if lots > 0 {
                (wanted, order.lots) = (wanted - lots, order.lots - lots);
                self.deal(order.slot, Deal { lots, ..deal }, pass);
            }
        }
    }

    /// Trades lots of an order with a position, without a book: at the limit price, without fees.
    fn deal(&mut self, slot: u32, deal: Deal, pass: &mut Pass) {
        let Deal { instrument, price, side, taker, lots } = deal;
        let records = &self.markets[instrument.index()].records;
        let (maker, id, aim) = (records[slot].position, records.id(slot), records[slot].aim);
        let oldest = match self.risk.position(taker).leg().is_leg() {
            true => Aim::Close,
            false => Aim::Net,
        };
        for (position, side, aim) in [(maker, side, aim), (taker, side.opposite(), oldest)] {
            let qty = lots;
            let role = Made::Maker;
            self.risk.book_free(Fill { position, aim, side, price, qty, role, liquidation: false });
        }
        let owner = |position| self.risk.position(position).owner();
        let (maker, taker) = (owner(maker), owner(taker));
        self.log.emit(EventKind::Trade {
            instrument,
            price,
            qty: Qty::new(lots),
            maker,
            maker_id: id,
            taker,
            taker_id: id,
            side: side.opposite(),
            kind: TradeKind::Reduction,
            maker_fee: Money::ZERO,
            taker_fee: Money::ZERO,
        });
        let (book, mut keeper) = self.split(instrument);
        let left = book.resting(slot).qty.lots() - lots;
        book.take_off(slot, Qty::new(lots));
        keeper.shrink(slot, side, lots, left);
        if let OrderId::Liquidation { case, .. } = id {
            pass.case_fills.push((case, side, Qty::new(lots)));
        }
    }
}

/// Lots that one order trades with one position.
#[derive(Clone, Copy)]
struct Deal {
    instrument: InstrumentId,
    price: Price,
    /// The order's.
    side: Side,
    taker: PositionId,
    lots: u64,
}
