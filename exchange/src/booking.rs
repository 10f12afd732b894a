//! What a fill writes, inside the match loop: events, both accounts, the resting order's record.

use crate::day::Day;
use crate::ids::{ClientIds, Place};
use crate::log::Log;
use crate::orders::{NIL, Record, Records, Title};
use crate::tape::{Print, Tape};
use plimsoll_matching::{Gone, Maker, Sink};
use plimsoll_risk::{Aim, Fill, Position, PositionId, Risk, Role};
use plimsoll_types::{
    AccountId, Band, CancelReason, EventKind, Handle, InstrumentId, Money, OrderId, Price, Qty,
    Side, TradeKind,
};

/// What a matching pass leaves for its end.
#[derive(Default)]
pub(crate) struct Pass {
    /// Last price that moves the mark.
    pub(crate) marked: Option<Price>,
    /// Last price.
    pub(crate) last: Option<Price>,
    /// Positions that changed, or whose orders did, and that have orders resting.
    pub(crate) changed: Vec<PositionId>,
    /// Positions that traded and have reduce-only orders out.
    pub(crate) reduce_only: Vec<PositionId>,
    /// Positions that traded and their lots before each trade, where large ones are reported.
    pub(crate) held: Vec<(PositionId, i64)>,
    /// Lots that cases' resting batches traded.
    pub(crate) case_fills: Vec<(u32, Side, Qty)>,
    /// Lots the incoming order traded.
    pub(crate) taken: u64,
    /// Prices of its trades, each change, where stops watch them.
    pub(crate) prices: Vec<Price>,
    /// The incoming order met the end of the corridor.
    pub(crate) stops_book: bool,
}

/// Everything that belongs to an order outside its book.
pub(crate) struct Keeper<'a> {
    pub(crate) log: &'a mut Log,
    pub(crate) risk: &'a mut Risk,
    pub(crate) ids: &'a mut ClientIds,
    pub(crate) records: &'a mut Records,
    pub(crate) day: &'a mut Day,
    pub(crate) tape: &'a mut Tape,
    pub(crate) instrument: InstrumentId,
}

impl Keeper<'_> {
    /// What an order of an account with `lots` opening lots freezes at `price`.
    #[inline]
    pub(crate) fn frozen(&self, account: AccountId, price: Price, lots: u64) -> Money {
        if self.risk.account(account).is_unlimited() {
            return Money::ZERO;
        }
        self.risk.frozen(account, self.instrument, price, lots)
    }

    /// Keeps the record of an order of `qty` lots that now rests: what it freezes, promises, and where it is found.
    #[inline]
    pub(crate) fn keep(
        &mut self,
        handle: Handle,
        side: Side,
        qty: u64,
        record: Record,
        title: &Title,
    ) {
        let position = record.position;
        let account = self.risk.position(position).owner();
        if record.frozen != Money::ZERO {
            self.risk.freeze(account, record.frozen);
        }
        self.risk.order_rests(position, side, qty, qty - record.opens, record.reduce_only);
        if record.aim.is_today() {
            self.risk.promise_today(position, qty as i64);
        }
        self.file(handle, record, title);
    }

    /// Files the record of an order under its account and its id.
    #[inline]
    pub(crate) fn file(&mut self, handle: Handle, mut record: Record, title: &Title) {
        let position = record.position;
        let account = self.risk.position(position).owner();
        let home = self.risk.home(position);
        let list = &mut self.risk.position_mut(home).orders;
        (record.prev, record.next) = (list.1, NIL);
        let before = list.1;
        list.1 = handle.slot;
        if before == Position::NO_ORDER {
            list.0 = handle.slot;
        } else {
            self.records[before].next = handle.slot;
        }
        if let OrderId::Client(id) = &title.id {
            let place = Place { instrument: self.instrument, slot: handle.slot };
            self.ids.insert(account, id, place);
        }
        self.records.put(handle, record, title);
    }

    /// Takes `qty` lots off a resting order's record; with `left` = 0 the record goes. The reducing part goes first.
    #[inline]
    pub(crate) fn shrink(&mut self, slot: u32, side: Side, qty: u64, left: u64) {
        if left == 0 {
            return self.leave(slot, side, qty);
        }
        let record = &self.records[slot];
        let (position, aim) = (record.position, record.aim);
        let reducing = (qty + left - record.opens).min(qty);
        if reducing < qty {
            let opens = record.opens - (qty - reducing);
            self.refreeze(slot, opens);
        }
        self.risk.order_shrinks(position, side, qty, reducing);
        if aim.is_today() {
            self.risk.promise_today(position, -(qty as i64));
        }
    }

    /// Takes out the record of an order that goes with its last `qty` lots.
    #[inline]
    pub(crate) fn leave(&mut self, slot: u32, side: Side, qty: u64) {
        let record = &self.records[slot];
        let reducing = (qty - record.opens).min(qty);
        let (position, frozen) = (record.position, record.frozen);
        self.risk.order_goes(position, side, qty, reducing, record.reduce_only);
        if record.aim.is_today() {
            self.risk.promise_today(position, -(qty as i64));
        }
        let account = self.drop_record(slot);
        if frozen != Money::ZERO {
            self.risk.freeze(account, -frozen);
        }
    }

    /// Counts what an order freezes anew, with `opens` opening lots.
    #[inline]
    pub(crate) fn refreeze(&mut self, slot: u32, opens: u64) {
        let record = &self.records[slot];
        let account = self.risk.position(record.position).owner();
        let frozen = self.frozen(account, record.frozen_at, opens);
        let change = frozen - record.frozen;
        let record = &mut self.records[slot];
        record.opens = opens;
        record.frozen = frozen;
        if change != Money::ZERO {
            self.risk.freeze(account, change);
        }
    }

    /// Forgets an order that is gone: its list, its id. Whose it was.
    #[inline]
    pub(crate) fn drop_record(&mut self, slot: u32) -> AccountId {
        let record = self.records.take(slot);
        let (prev, next) = (record.prev, record.next);
        let position = self.risk.home_mut(record.position);
        if prev == NIL {
            position.orders.0 = next;
        }
        if next == NIL {
            position.orders.1 = prev;
        }
        let account = position.owner();
        if let Some(id) = self.records.client_id(slot) {
            self.ids.remove(account, id, Place { instrument: self.instrument, slot });
        }
        if prev != NIL {
            self.records[prev].next = next;
        }
        if next != NIL {
            self.records[next].prev = prev;
        }
        account
    }

    /// Says that an order of this account went, or part of it.
    #[inline]
    pub(crate) fn say_cancelled(&mut self, slot: u32, qty: u64, reason: CancelReason) {
        let record = &self.records[slot];
        let account = self.risk.position(record.position).owner();
        let (instrument, qty) = (self.instrument, Qty::new(qty));
        let id = self.records.id(slot);
        self.log.emit_with(|| EventKind::Cancelled { account, id, instrument, qty, reason });
    }
}

/// The incoming order of a pass.
#[derive(Clone, Copy)]
pub(crate) struct Incoming {
    pub(crate) account: AccountId,
    pub(crate) position: PositionId,
    pub(crate) id: OrderId,
    pub(crate) side: Side,
    pub(crate) aim: Aim,
    pub(crate) limit: Option<Price>,
}

/// Books fills as they happen.
pub(crate) struct Booking<'a> {
    pub(crate) keeper: Keeper<'a>,
    /// `None` in an auction.
    pub(crate) incoming: Option<Incoming>,
    pub(crate) pass: &'a mut Pass,
    pub(crate) pricing: Pricing,
    /// Whether stops watch the prices.
    pub(crate) watched: bool,
}

/// At what price orders trade, and what that price moves.
#[derive(Clone, Copy)]
pub(crate) struct Pricing {
    /// Whether ordinary trades and liquidation trades move the mark.
    pub(crate) moves_mark: [bool; 2],
    /// Trades happen at the middle one of both limits and the previous trade.
    pub(crate) median: Option<Median>,
    /// Positions from some size on are reported.
    pub(crate) reports: bool,
}

/// What the middle one is taken of, beside the maker's limit. Source: RULES 3.5.
#[derive(Clone, Copy)]
pub(crate) struct Median {
    pub(crate) previous: Price,
    pub(crate) band: Option<Band>,
}

impl Median {
    /// The price of a trade with a maker at `maker`; `last` = the pass's last trade.
    #[cold]
    fn price(&self, maker: Price, incoming: &Incoming, last: Option<Price>) -> Price {
        let edge = self.band.map(|band| match incoming.side {
            Side::Buy => band.up,
            Side::Sell => band.down,
        });
        let Some(taker) = incoming.limit.or(edge) else { return maker };
        last.unwrap_or(self.previous).clamp(maker.min(taker), maker.max(taker))
    }
}

/// One order of a trade.
#[derive(Clone, Copy)]
struct Leg {
    account: AccountId,
    position: PositionId,
    id: OrderId,
    aim: Aim,
    arrival: u64,
}

impl Booking<'_> {
    /// Remembers a position whose lots are to be shared out anew among its orders.
    #[inline]
    fn note(&mut self, position: PositionId) {
        if self.keeper.risk.position(position).has_orders()
            && self.pass.changed.last() != Some(&position)
        {
            self.pass.changed.push(position);
        }
    }

    #[inline]
    fn leg(&self, slot: u32) -> Leg {
        let record = &self.keeper.records[slot];
        Leg {
            account: self.keeper.risk.position(record.position).owner(),
            position: record.position,
            id: self.keeper.records.id(slot),
            aim: record.aim,
            arrival: record.arrival,
        }
    }

    /// Keeps what settling the day and undoing the trade will need.
    #[inline]
    fn remember(&mut self, maker: &Leg, taker: &Leg, side: Side, price: Price, qty: u64) {
        let keeper = &mut self.keeper;
        let (seq, now) = (keeper.log.seq, keeper.log.now);
        let before = keeper.day.trade(price, qty);
        let parties = (maker.position, taker.position);
        keeper.tape.push(Print::new(seq, parties, side, (price, qty), before));
        if let Some(hour) = &mut keeper.day.hour {
            hour.trade(seq, now, price, qty, keeper.tape.oldest());
        }
    }

    #[inline]
    fn trade(&mut self, maker: Leg, taker: Leg, side: Side, price: Price, qty: u64, auction: bool) {
        let forced = |leg: &Leg| matches!(leg.id, OrderId::Liquidation { .. });
        let liquidation = forced(&maker) || forced(&taker);
        let kind = match (liquidation, auction) {
            (true, _) => TradeKind::Liquidation,
            (false, true) => TradeKind::Auction,
            (false, false) => TradeKind::Normal,
        };
        if self.pricing.reports {
            let risk = &*self.keeper.risk;
            let held = [maker.position, taker.position].map(|id| (id, risk.position(id).lots()));
            self.pass.held.extend(held);
        }
        let risk = &mut *self.keeper.risk;
        let fill = |leg: &Leg, side, role| Fill {
            position: leg.position,
            aim: leg.aim,
            side,
            price,
            qty,
            role,
            liquidation: forced(leg),
        };
        let maker_fee = risk.book(fill(&maker, side.opposite(), Role::Maker));
        let taker_fee = risk.book(fill(&taker, side, Role::Taker));
        let instrument = self.keeper.instrument;
        self.keeper.log.emit_with(|| EventKind::Trade {
            instrument,
            price,
            qty: Qty::new(qty),
            maker: maker.account,
            maker_id: maker.id,
            taker: taker.account,
            taker_id: taker.id,
            side,
            kind,
            maker_fee,
            taker_fee,
        });
        self.remember(&maker, &taker, side, price, qty);
        self.keeper.say_moved();
        let risk = &mut *self.keeper.risk;
        for (leg, side) in [(&maker, side.opposite()), (&taker, side)] {
            if risk.position(leg.position).reduce_only_orders() > 0 {
                self.pass.reduce_only.push(leg.position);
            }
            if auction && let OrderId::Liquidation { case, .. } = leg.id {
                self.pass.case_fills.push((case, side, Qty::new(qty)));
            }
        }
        if !auction && let OrderId::Liquidation { case, .. } = maker.id {
            self.pass.case_fills.push((case, side.opposite(), Qty::new(qty)));
        }
        if self.watched && self.pass.last != Some(price) {
            self.pass.prices.push(price);
        }
        self.pass.last = Some(price);
        if self.pricing.moves_mark[usize::from(liquidation)] {
            self.pass.marked = Some(price);
        }
    }
}

impl Sink for Booking<'_> {
    fn room(&mut self, owner: u32, side: Side) -> i64 {
        let risk = &*self.keeper.risk;
        risk.find_position(AccountId(owner), self.keeper.instrument)
            .map_or(0, |id| risk.position(id).closable(side))
    }

    #[inline]
    fn fill(&mut self, maker: Maker, price: Price, qty: u64) {
        let Some(incoming) = self.incoming else {
            plimsoll_types::broken(format_args!("a fill without an incoming order"))
        };
        let taker = Leg {
            account: incoming.account,
            position: incoming.position,
            id: incoming.id,
            aim: incoming.aim,
            arrival: u64::MAX,
        };
        let price = match self.pricing.median {
            None => price,
            Some(median) => median.price(price, &incoming, self.pass.last),
        };
        let leg = self.leg(maker.slot);
        self.pass.taken += qty;
        self.trade(leg, taker, incoming.side, price, qty, false);
        self.keeper.shrink(maker.slot, incoming.side.opposite(), qty, maker.left);
        self.note(leg.position);
    }

    fn refilled(&mut self, maker: Maker, _: Side, price: Price, shown: u64) {
        let leg = self.leg(maker.slot);
        self.keeper.log.emit(EventKind::Refilled {
            account: leg.account,
            id: leg.id,
            instrument: self.keeper.instrument,
            price,
            qty: Qty::new(shown),
        });
    }

    fn pair(&mut self, bid: Maker, ask: Maker, price: Price, qty: u64) {
        let (buyer, seller) = (self.leg(bid.slot), self.leg(ask.slot));
        self.pass.taken += qty;
        if buyer.arrival > seller.arrival {
            self.trade(seller, buyer, Side::Buy, price, qty, true);
        } else {
            self.trade(buyer, seller, Side::Sell, price, qty, true);
        }
        self.keeper.shrink(bid.slot, Side::Buy, qty, bid.left);
        self.keeper.shrink(ask.slot, Side::Sell, qty, ask.left);
        self.note(buyer.position);
        self.note(seller.position);
    }

    fn lost(&mut self, maker: Maker, side: Side, price: Option<Price>, qty: u64, why: Gone) {
        match (why, maker.left) {
            (Gone::SelfMatch, 1..) => {
                let leg = self.leg(maker.slot);
                self.keeper.log.emit(EventKind::Replaced {
                    account: leg.account,
                    id: leg.id,
                    instrument: self.keeper.instrument,
                    price,
                    qty: Qty::new(maker.left),
                    kept_priority: true,
                    handle: None,
                });
            }
            (Gone::SelfMatch, 0) => {
                self.keeper.say_cancelled(maker.slot, qty, CancelReason::SelfMatch);
            }
            (Gone::ReduceOnly, _) => {
                self.keeper.say_cancelled(maker.slot, qty, CancelReason::ReduceOnly);
            }
        }
        let position = self.leg(maker.slot).position;
        self.keeper.shrink(maker.slot, side, qty, maker.left);
        self.note(position);
    }

    fn decremented(&mut self, qty: u64, left: u64) {
        let Some(incoming) = self.incoming else { return };
        let (account, id, instrument) = (incoming.account, incoming.id, self.keeper.instrument);
        self.keeper.log.emit(if left == 0 {
            let qty = Qty::new(qty);
            EventKind::Cancelled { account, id, instrument, qty, reason: CancelReason::SelfMatch }
        } else {
            let (price, qty) = (incoming.limit, Qty::new(left));
            EventKind::Replaced {
                account,
                id,
                instrument,
                price,
                qty,
                kept_priority: true,
                handle: None,
            }
        });
    }
}
