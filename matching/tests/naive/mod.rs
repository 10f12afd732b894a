//! A second book, written from the rules alone: one list of orders, searched from end to end for everything.

use plimsoll_matching::{Gone, Maker, NewResting, Sink, Stop, Taker};
use plimsoll_types::{Allocation, AuctionCandidates, Price, SelfMatch, Side};
use std::collections::BTreeMap;

/// What a sink was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Fill(Maker, i64, u64),
    Pair(Maker, Maker, i64, u64),
    Lost(Maker, Side, Option<i64>, u64, Gone),
    Refilled(Maker, Side, i64, u64),
    Decremented(u64, u64),
}

/// Positions, moved by fills, and all that was told.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub positions: BTreeMap<u32, i64>,
    pub taker: Option<(u32, Side)>,
    pub tape: Vec<Told>,
}

impl World {
    fn moves(&mut self, owner: u32, side: Side, qty: u64) {
        *self.positions.entry(owner).or_default() += side.sign() * qty as i64;
    }
}

impl Sink for World {
    fn room(&mut self, owner: u32, side: Side) -> i64 {
        -side.sign() * self.positions.get(&owner).copied().unwrap_or(0)
    }

    fn fill(&mut self, maker: Maker, price: Price, qty: u64) {
        let (owner, side) = self.taker.expect("a fill has a taker");
        self.moves(maker.owner, side.opposite(), qty);
        self.moves(owner, side, qty);
        self.tape.push(Told::Fill(maker, price.ticks(), qty));
    }

    fn refilled(&mut self, maker: Maker, side: Side, price: Price, shown: u64) {
        self.tape.push(Told::Refilled(maker, side, price.ticks(), shown));
    }

    fn pair(&mut self, bid: Maker, ask: Maker, price: Price, qty: u64) {
        self.moves(bid.owner, Side::Buy, qty);
        self.moves(ask.owner, Side::Sell, qty);
        self.tape.push(Told::Pair(bid, ask, price.ticks(), qty));
    }

    fn lost(&mut self, maker: Maker, side: Side, price: Option<Price>, qty: u64, why: Gone) {
        self.tape.push(Told::Lost(maker, side, price.map(Price::ticks), qty, why));
    }

    fn decremented(&mut self, qty: u64, left: u64) {
        self.tape.push(Told::Decremented(qty, left));
    }
}

#[derive(Clone, Debug)]
pub struct Order {
    pub slot: u32,
    pub owner: u32,
    pub side: Side,
    /// `None` = at market.
    pub price: Option<i64>,
    pub shown: u64,
    pub hidden: u64,
    /// Zero = all.
    pub display: u64,
    pub reduce_only: bool,
    pub first: bool,
}

impl Order {
    pub fn open(&self) -> u64 {
        self.shown + self.hidden
    }

    fn cut(&mut self, lots: u64) {
        let hidden = lots.min(self.hidden);
        self.hidden -= hidden;
        self.shown -= lots - hidden;
    }
}

/// Resting orders; those at one price stand in order.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    pub orders: Vec<Order>,
    pub allocation: Option<Allocation>,
}

impl Naive {
    pub fn rest(&mut self, slot: u32, order: &NewResting) {
        let (all, display) = (order.qty.lots(), order.display.lots());
        let shown = if display == 0 { all } else { all.min(display) };
        let first = order.first && order.price.is_some();
        let order = Order {
            slot,
            owner: order.owner,
            side: order.side,
            price: order.price.map(Price::ticks),
            shown,
            hidden: all - shown,
            display,
            reduce_only: order.reduce_only,
            first,
        };
        let here = |o: &Order| o.side == order.side && o.price == order.price && !o.first;
        let place = self.orders.iter().position(here).filter(|_| first);
        self.orders.insert(place.unwrap_or(self.orders.len()), order);
    }

    pub fn at(&self, slot: u32) -> usize {
        self.orders.iter().position(|order| order.slot == slot).expect("the slot is in use")
    }

    pub fn reduce(&mut self, slot: u32, by: u64) {
        let place = self.at(slot);
        self.orders[place].cut(by);
    }

    pub fn best(&self, side: Side) -> Option<i64> {
        let prices = self.orders.iter().filter(|order| order.side == side).filter_map(|o| o.price);
        if side == Side::Buy { prices.max() } else { prices.min() }
    }

    fn level(&self, side: Side, price: i64) -> Vec<(u32, u64)> {
        let here = |order: &&Order| order.side == side && order.price == Some(price);
        self.orders.iter().filter(here).map(|order| (order.slot, order.shown)).collect()
    }

    fn drop_empty(&mut self) {
        self.orders.retain(|order| order.open() > 0);
    }

    /// Lots left, why it stopped, last price.
    pub fn take(&mut self, taker: &Taker, world: &mut World) -> (u64, Stop, Option<i64>) {
        let side = taker.side.opposite();
        let (mut left, mut last) = (taker.qty.lots(), None);
        loop {
            let best = self.best(side);
            let limit = taker.limit.map(Price::ticks);
            let Some(price) = best.filter(|&best| {
                limit.is_none_or(|limit| taker.side.sign() * best <= taker.side.sign() * limit)
            }) else {
                return (left, Stop::Limit, last);
            };
            let level = self.level(side, price);
            for (slot, lots) in self.allotted(level, left) {
                let lots = lots.min(left);
                if lots == 0 {
                    continue;
                }
                let stop = self.meet(slot, lots, taker, &mut left, &mut last, world);
                self.drop_empty();
                if stop {
                    return (left, Stop::SelfMatch, last);
                }
            }
            if left == 0 {
                return (0, Stop::Filled, last);
            }
        }
    }

    /// What each order of a level is to be met with, in time order.
    fn allotted(&self, level: Vec<(u32, u64)>, wanted: u64) -> Vec<(u32, u64)> {
        let shown: u64 = level.iter().map(|order| order.1).sum();
        let fifo = match self.allocation {
            Some(Allocation::ProRata { fifo }) if wanted < shown => fifo.nano() as u128,
            _ => return level.into_iter().map(|(slot, _)| (slot, u64::MAX)).collect(),
        };
        let by_time = (u128::from(wanted) * fifo / 1_000_000_000) as u64;
        let mut gets = vec![0; level.len()];
        let give_by_time = |gets: &mut [u64], mut lots: u64| {
            for (gets, (_, shows)) in gets.iter_mut().zip(&level) {
                let more = lots.min(shows - *gets);
                *gets += more;
                lots -= more;
            }
        };
        give_by_time(&mut gets, by_time);
        let left = wanted - by_time;
        let mut given = 0;
        for (gets, (_, shows)) in gets.iter_mut().zip(&level) {
            let part = u128::from(left) * u128::from(shows - *gets) / u128::from(shown - by_time);
            *gets += part as u64;
            given += part as u64;
        }
        give_by_time(&mut gets, left - given);
        level.iter().zip(gets).map(|(&(slot, _), lots)| (slot, lots)).collect()
    }

    /// Whether the taker's rest goes.
    fn meet(
        &mut self,
        slot: u32,
        lots: u64,
        taker: &Taker,
        left: &mut u64,
        last: &mut Option<i64>,
        world: &mut World,
    ) -> bool {
        let place = self.at(slot);
        let order = &mut self.orders[place];
        let maker = |order: &Order| Maker { slot, owner: order.owner, left: order.open() };
        if order.owner == taker.owner && taker.self_match != SelfMatch::None {
            let lots = match taker.self_match {
                SelfMatch::None | SelfMatch::CancelNewest => return true,
                SelfMatch::CancelOldest | SelfMatch::CancelBoth => order.open(),
                SelfMatch::Decrement => lots.min(order.open()),
            };
            order.cut(lots);
            world.lost(maker(order), order.side, price(order.price), lots, Gone::SelfMatch);
            if taker.self_match == SelfMatch::Decrement {
                *left -= lots;
                world.decremented(lots, *left);
                return *left == 0;
            }
            return taker.self_match == SelfMatch::CancelBoth;
        }
        if order.reduce_only {
            let room = world.room(order.owner, order.side).max(0) as u64;
            let excess = order.open().saturating_sub(room);
            if excess > 0 {
                order.cut(excess);
                world.lost(maker(order), order.side, price(order.price), excess, Gone::ReduceOnly);
            }
            if room == 0 {
                return false;
            }
        }
        let qty = lots.min(order.shown);
        order.shown -= qty;
        *left -= qty;
        *last = order.price;
        let at = price(order.price).expect("a maker has a limit");
        world.fill(maker(order), at, qty);
        if order.shown == 0 && order.hidden > 0 {
            let mut order = self.orders.remove(place);
            order.shown = order.hidden.min(order.display);
            order.hidden -= order.shown;
            order.first = false;
            world.refilled(maker(&order), order.side, at, order.shown);
            self.orders.push(order);
        }
        false
    }

    /// Market orders first, then price, then time.
    fn front(&self, side: Side, limit: i64) -> Option<usize> {
        let admits = |o: &Order| o.price.is_none_or(|p| side.sign() * (p - limit) >= 0);
        let rank = |o: &Order| o.price.map_or(i64::MIN, |p| -side.sign() * p);
        let line = self.orders.iter().enumerate().filter(|(_, o)| o.side == side && admits(o));
        line.min_by_key(|(_, order)| rank(order)).map(|(place, _)| place)
    }

    pub fn uncross(&mut self, at: i64, world: &mut World) -> u64 {
        let mut traded = 0;
        while let (Some(bid), Some(ask)) = (self.front(Side::Buy, at), self.front(Side::Sell, at)) {
            if self.trim(bid, world) || self.trim(ask, world) {
                self.drop_empty();
                continue;
            }
            let qty = self.orders[bid].open().min(self.orders[ask].open());
            for place in [bid, ask] {
                let order = &mut self.orders[place];
                let left = order.open() - qty;
                order.shown = if order.display == 0 { left } else { left.min(order.display) };
                order.hidden = left - order.shown;
            }
            let maker = |o: &Order| Maker { slot: o.slot, owner: o.owner, left: o.open() };
            let (buy, sell) = (maker(&self.orders[bid]), maker(&self.orders[ask]));
            world.pair(buy, sell, Price::clamped(at), qty);
            self.drop_empty();
            traded += qty;
        }
        traded
    }

    /// Whether nothing is left.
    fn trim(&mut self, place: usize, world: &mut World) -> bool {
        let order = &mut self.orders[place];
        let room = world.room(order.owner, order.side).max(0) as u64;
        if !order.reduce_only || order.open() <= room {
            return false;
        }
        let excess = order.open() - room;
        order.cut(excess);
        let maker = Maker { slot: order.slot, owner: order.owner, left: room };
        world.lost(maker, order.side, price(order.price), excess, Gone::ReduceOnly);
        room == 0
    }

    /// Price, lots and surplus of an auction: every candidate weighed by itself.
    pub fn indicative(
        &self,
        reference: i64,
        candidates: AuctionCandidates,
    ) -> Option<(i64, u128, i128)> {
        let limits: Vec<i64> = self.orders.iter().filter_map(|order| order.price).collect();
        let prices: Vec<i64> = match (limits.iter().min(), limits.iter().max(), candidates) {
            (Some(&low), Some(&high), AuctionCandidates::Ticks) => (low..=high).collect(),
            (Some(_), ..) => limits,
            _ => vec![reference],
        };
        let lots = |side: Side, at: i64| {
            let wants = |o: &&Order| o.price.is_none_or(|p| side.sign() * (p - at) >= 0);
            let line = self.orders.iter().filter(|order| order.side == side).filter(wants);
            line.map(|order| u128::from(order.open())).sum::<u128>()
        };
        let weigh = |at| (at, lots(Side::Buy, at), lots(Side::Sell, at));
        let mut table: Vec<_> = prices.into_iter().map(weigh).collect();
        let most = table.iter().map(|t| t.1.min(t.2)).max().filter(|most| *most > 0)?;
        table.retain(|t| t.1.min(t.2) == most);
        let least = table.iter().map(|t| t.1.abs_diff(t.2)).min()?;
        table.retain(|t| t.1.abs_diff(t.2) == least);
        let (at, demand, supply) = if table.iter().all(|t| t.1 > t.2) {
            table.into_iter().max()?
        } else if table.iter().all(|t| t.1 < t.2) {
            table.into_iter().min()?
        } else {
            table.into_iter().min_by_key(|t| (t.0.abs_diff(reference), -t.0))?
        };
        Some((at, most, demand as i128 - supply as i128))
    }
}

fn price(ticks: Option<i64>) -> Option<Price> {
    ticks.and_then(Price::new)
}
