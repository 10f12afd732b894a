//! Plain orders, which are most: what [`entry`](crate::entry) and [`replace`](crate::replace) do for any order, done at one go.
//!
//! A plain order is a limit order of a net account that comes to rest where no rule of its market has a say. Whatever is not for sure
//! one goes the long way, which alone refuses; **invariant:** both ways leave the same events and the same state.

use crate::exchange::Exchange;
use crate::ids::Place;
use crate::orders::{NIL, Record, Title};
use plimsoll_matching::{NewResting, Removed, Resting};
use plimsoll_risk::{PlainLeaving, PlainOrder, PlainTerms, PositionId};
use plimsoll_types::{
    AccountId, CancelReason, EventKind, Handle, InstrumentId, Money, NewOrder, OrderId, OrderKind,
    OrderRef, Phase, PositionMode, Price, Qty, SelfMatch, TimeInForce,
};

/// Whether an order asks for nothing beyond its limit and its lots; its limit.
#[inline]
fn plain_limit(order: &NewOrder) -> Option<Price> {
    let plain = order.offset.is_none()
        && order.trigger.is_none()
        && order.display.is_zero()
        && order.min_qty.is_zero()
        && is_undated(order.tif)
        && !order.post_only
        && !order.reduce_only;
    match order.kind {
        OrderKind::Limit(price) if plain => Some(price),
        _ => None,
    }
}

#[inline]
fn is_undated(tif: TimeInForce) -> bool {
    matches!(tif, TimeInForce::Gtc | TimeInForce::Day)
}

impl Exchange {
    /// Enters an order that is plain for sure; otherwise does nothing and says no.
    #[inline]
    pub(crate) fn enter_plain(&mut self, order: &NewOrder) -> bool {
        let Some(price) = plain_limit(order) else { return false };
        let plain = PlainOrder {
            account: order.account,
            instrument: order.instrument,
            side: order.side,
            price,
            qty: order.qty,
            given_back: 0,
            unfrozen: Money::ZERO,
        };
        let Some(terms) = self.plain_terms(&plain) else { return false };
        if let Some(id) = order.id
            && self.place(order.account, &OrderRef::Client(id)).is_some()
        {
            return false;
        }
        let id = self.id_of(order);
        let title = Title { id, tif: order.tif };
        let handle = self.rest_plain(&plain, &terms, order.self_match, &title);
        self.log.emit_with(|| EventKind::Accepted {
            account: order.account,
            id,
            instrument: order.instrument,
            side: order.side,
            price: Some(price),
            qty: order.qty,
            trigger: None,
            display: Qty::ZERO,
            offset: None,
            handle: Some(handle),
        });
        self.look();
        true
    }

    /// Cancels the order behind a handle if it is plain for sure; otherwise does nothing and says no.
    #[inline]
    pub(crate) fn cancel_plain(&mut self, account: AccountId, order: &OrderRef) -> bool {
        let OrderRef::Handle(instrument, handle) = *order else { return false };
        let Some(market) = self.markets.get_mut(instrument.index()) else { return false };
        #[cfg(test)]
        if market.lots_limit == tests::LONG_WAY {
            return false;
        }
        if market.book.owner(handle) != Some(account.0)
            || market.phase == Phase::NoCancel
            || self.risk.fund_account() == Some(account)
            || !market.records[handle.slot].is_plain()
        {
            return false;
        }
        market.touch();
        let gone = market.book.remove(handle.slot);
        let id = market.records.id(handle.slot);
        let (position, closed) = self.drop_plain(instrument, &gone);
        let (qty, reason) = (gone.qty, CancelReason::Client);
        self.log.emit_with(|| EventKind::Cancelled { account, id, instrument, qty, reason });
        if closed {
            // Only an order that had a share leaves one to the others.
            self.share_out(position);
        }
        true
    }

    /// Takes out the record of a plain order that is no longer in the book; its position, and whether it would have closed lots of it.
    #[inline]
    fn drop_plain(&mut self, instrument: InstrumentId, gone: &Removed) -> (PositionId, bool) {
        let records = &mut self.markets[instrument.index()].records;
        let record = records.take(gone.slot);
        let (prev, next, position) = (record.prev, record.next, record.position);
        let leaving = PlainLeaving {
            side: gone.side,
            lots: gone.qty.lots(),
            opens: record.opens,
            frozen: record.frozen,
            neighbours: (prev, next),
        };
        let owner = self.risk.plain_leaves(position, &leaving);
        if prev != NIL {
            records[prev].next = next;
        }
        if next != NIL {
            records[next].prev = prev;
        }
        if let Some(id) = records.client_id(gone.slot) {
            self.ids.remove(owner, id, Place { instrument, slot: gone.slot });
        }
        (position, leaving.opens < leaving.lots)
    }

    /// Replaces an order that is plain for sure and loses its place; otherwise does nothing and says no.
    #[inline]
    pub(crate) fn replace_plain(
        &mut self,
        place: Place,
        old: &Resting,
        price: Price,
        qty: Qty,
    ) -> bool {
        let records = &self.markets[place.instrument.index()].records;
        let (record, title) = (&records[place.slot], records.title(place.slot));
        let is_plain = record.is_plain()
            && is_undated(title.tif)
            && !record.post_only
            && old.display.is_zero();
        if !is_plain || (old.price == Some(price) && qty < old.qty) {
            return false;
        }
        let self_match = record.self_match;
        let plain = PlainOrder {
            account: AccountId(old.owner),
            instrument: place.instrument,
            side: old.side,
            price,
            qty,
            given_back: old.qty.lots(),
            unfrozen: record.frozen,
        };
        let Some(terms) = self.plain_terms(&plain) else { return false };
        let gone = self.markets[place.instrument.index()].book.remove(place.slot);
        if self.drop_plain(place.instrument, &gone).1 {
            self.share_out(terms.position);
        }
        let handle = Some(self.rest_plain(&plain, &terms, self_match, &title));
        self.log.emit_with(|| EventKind::Replaced {
            account: plain.account,
            id: title.id,
            instrument: plain.instrument,
            price: Some(price),
            qty,
            kept_priority: false,
            handle,
        });
        self.look();
        true
    }

    /// What a plain order means for its account, where it may enter and comes to rest.
    #[inline(always)]
    fn plain_terms(&self, plain: &PlainOrder) -> Option<PlainTerms> {
        let market = self.markets.get(plain.instrument.index())?;
        if self.spec.position_mode != PositionMode::Net
            || !market.lets_rest(plain.side, plain.price)
        {
            return None;
        }
        self.risk.plain_terms(plain)
    }

    /// Puts a plain order into the book and keeps its record.
    #[inline]
    fn rest_plain(
        &mut self,
        plain: &PlainOrder,
        terms: &PlainTerms,
        self_match: SelfMatch,
        title: &Title,
    ) -> Handle {
        self.arrivals += 1;
        let market = &mut self.markets[plain.instrument.index()];
        let (side, price) = (plain.side, Some(plain.price));
        let handle = market.book.rest(NewResting::plain(side, price, plain.account.0, plain.qty));
        let before = self.risk.plain_rests(plain, terms, handle.slot);
        if before != NIL {
            market.records[before].next = handle.slot;
        }
        let record = Record {
            frozen: terms.frozen,
            opens: terms.opens,
            position: terms.position,
            prev: before,
            frozen_at: plain.price,
            arrival: self.arrivals,
            self_match,
            ..Record::PLAIN
        };
        market.records.put(handle, record, title);
        if let OrderId::Client(id) = &title.id {
            let place = Place { instrument: plain.instrument, slot: handle.slot };
            self.ids.insert(plain.account, id, place);
        }
        market.touch();
        handle
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tests::spec;
    use plimsoll_types::{
        AccountSpec, Command, Event, Label, MarginRate, Permission, Profile, ProfileId, Ratio, Side,
    };

    /// A limit that nobody can reach: it refuses nothing, but a market that has one is not plain.
    pub(super) const LONG_WAY: u64 = u64::MAX - 1;

    /// An exchange of twelve accounts, some of them poor, one without margin.
    fn exchange() -> Exchange {
        let mut spec = spec();
        let share = |nano| MarginRate { share: Ratio::from_nano(nano), per_lot: Money::ZERO };
        spec.instruments[0].initial = share(120_000_000);
        spec.instruments[0].maintenance = share(100_000_000);
        spec.instruments[0].fees.taker = share(3_000_000);
        spec.instruments[0].tick_value = 10;
        let mut standard = Profile::unlimited();
        standard.unlimited = false;
        spec.profiles.push(standard);
        spec.accounts = (0..12)
            .map(|n| AccountSpec {
                name: Label::new(&format!("a{n}")).unwrap(),
                profile: ProfileId(u16::from(n != 0)),
                deposit: Money::new(if n < 4 { 1_500 } else { 1_000_000 }),
                hedger: false,
                margins: Vec::new(),
            })
            .collect();
        Exchange::new(spec)
    }

    struct Draw(u64);

    impl Draw {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % n
        }

        fn order(&mut self, account: AccountId) -> NewOrder {
            let side = if self.below(2) == 0 { Side::Buy } else { Side::Sell };
            let price = Price::clamped(94 + self.below(14) as i64);
            let qty = Qty::new(self.below(9));
            let mut order = NewOrder::limit(account, InstrumentId(0), side, price, qty);
            order.post_only = self.below(20) == 0;
            order.reduce_only = self.below(20) == 0;
            if self.below(3) == 0 {
                order.id = Label::new(&format!("o{}", self.below(6)));
            }
            order.tif = match self.below(12) {
                0 => TimeInForce::Ioc,
                1 => TimeInForce::Day,
                _ => TimeInForce::Gtc,
            };
            order
        }

        fn command(&mut self, known: &[(AccountId, OrderRef)]) -> Command {
            let account = AccountId(self.below(13) as u32);
            let (owner, order) = match known.len() {
                0 => (account, OrderRef::Client(Label::new("o1").unwrap())),
                all => known[self.below(all as u64) as usize],
            };
            match self.below(120) {
                0 => Command::Permission {
                    account,
                    permission: [Permission::Normal, Permission::CloseOnly, Permission::Frozen]
                        [self.below(4) as usize % 3],
                },
                1 => Command::Withdraw { account, amount: Money::new(self.below(300) as i128) },
                2..30 => Command::Cancel { account: owner, order },
                30..50 => Command::Replace {
                    account: owner,
                    order,
                    price: Price::clamped(94 + self.below(14) as i64),
                    qty: Qty::new(self.below(9)),
                    trigger: None,
                },
                _ => Command::Order(self.order(account)),
            }
        }
    }

    /// The orders that events name by handle or by id.
    fn named(events: &[Event]) -> impl Iterator<Item = (AccountId, OrderRef)> {
        events.iter().filter_map(|event| match event.kind {
            EventKind::Accepted { account, id, handle, instrument, .. } => match (id, handle) {
                (OrderId::Client(id), _) => Some((account, OrderRef::Client(id))),
                (_, Some(handle)) => Some((account, OrderRef::Handle(instrument, handle))),
                _ => None,
            },
            EventKind::Replaced { account, instrument, handle: Some(handle), .. } => {
                Some((account, OrderRef::Handle(instrument, handle)))
            }
            _ => None,
        })
    }

    #[test]
    fn both_ways_leave_the_same_events_and_the_same_state() {
        let (mut plain, mut refused) = (0, 0);
        for seed in 0..12 {
            let mut draw = Draw(seed);
            let (mut short, mut long) = (exchange(), exchange());
            long.markets[0].lots_limit = LONG_WAY;
            let (mut events, mut others, mut known) = (Vec::new(), Vec::new(), Vec::new());
            for ts in 0..2_500 {
                let command = draw.command(&known);
                let arrivals = short.arrivals;
                short.apply(ts, &command, &mut events);
                long.apply(ts, &command, &mut others);
                assert_eq!(events, others, "seed {seed}, {command:?}");
                let trades = events.iter().any(|e| matches!(e.kind, EventKind::Trade { .. }));
                plain += u32::from(short.arrivals > arrivals && !trades);
                refused +=
                    events.iter().filter(|e| matches!(e.kind, EventKind::Rejected { .. })).count();
                known.extend(named(&events));
                let from = known.len().saturating_sub(60);
                known.drain(..from);
                events.clear();
                others.clear();
            }
            assert_eq!(short.state_hash(), long.state_hash(), "seed {seed}");
        }
        assert!(plain > 5_000 && refused > 5_000, "{plain} {refused}");
    }
}
