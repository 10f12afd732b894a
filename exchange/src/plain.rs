//! Plain orders, which are most: what [`entry`](crate::entry) and [`replace`](crate::replace) do for any order, done at one go.
//!
//! A plain order is a limit order of a net account that comes to rest where no rule of its market has a say. Whatever is not for sure
//! one goes the long way, which alone refuses; **invariant:** both ways leave the same events and the same state.

use crate::exchange::Exchange;
use crate::ids::Place;
use crate::orders::{NIL, Record, Role};
use plimsoll_matching::{NewResting, Resting};
use plimsoll_risk::{Aim, PlainOrder, PlainTerms};
use plimsoll_types::{
    EventKind, Handle, Money, NewOrder, OrderId, OrderKind, OrderRef, PositionMode, Price, Qty,
    SelfMatch, TimeInForce,
};

/// What a plain order is called and how it goes on, for its record.
struct Terms {
    id: OrderId,
    self_match: SelfMatch,
    tif: TimeInForce,
}

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
        let (self_match, tif) = (order.self_match, order.tif);
        let handle = self.rest_plain(&plain, &terms, &Terms { id, self_match, tif });
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

    /// Replaces an order that is plain for sure and loses its place; otherwise does nothing and says no.
    #[inline]
    pub(crate) fn replace_plain(
        &mut self,
        place: Place,
        old: &Resting,
        price: Price,
        qty: Qty,
    ) -> bool {
        let record = &self.markets[place.instrument.index()].records[place.slot];
        let is_plain = record.role == Role::Limit
            && record.aim == Aim::Net
            && is_undated(record.tif)
            && !record.post_only
            && !record.reduce_only
            && old.display.is_zero();
        if !is_plain || (old.price == Some(price) && qty < old.qty) {
            return false;
        }
        let kept = Terms { id: record.id, self_match: record.self_match, tif: record.tif };
        let plain = PlainOrder {
            account: plimsoll_types::AccountId(old.owner),
            instrument: place.instrument,
            side: old.side,
            price,
            qty,
            given_back: old.qty.lots(),
            unfrozen: record.frozen,
        };
        let Some(terms) = self.plain_terms(&plain) else { return false };
        let (book, mut keeper) = self.split(place.instrument);
        book.remove(place.slot);
        keeper.leave(place.slot, old.side, old.qty.lots());
        self.share_out(terms.position);
        let handle = Some(self.rest_plain(&plain, &terms, &kept));
        self.log.emit_with(|| EventKind::Replaced {
            account: plain.account,
            id: kept.id,
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
    fn rest_plain(&mut self, plain: &PlainOrder, terms: &PlainTerms, kept: &Terms) -> Handle {
        self.arrivals += 1;
        let market = &mut self.markets[plain.instrument.index()];
        let (side, price) = (plain.side, Some(plain.price));
        let handle = market.book.rest(NewResting::plain(side, price, plain.account.0, plain.qty));
        let before = self.risk.plain_rests(plain, terms, handle.slot);
        if before != NIL {
            market.records[before].next = handle.slot;
        }
        market.records.put(
            handle,
            Record {
                frozen: terms.frozen,
                opens: terms.opens,
                position: terms.position,
                next: NIL,
                prev: before,
                frozen_at: plain.price,
                arrival: self.arrivals,
                live: true,
                post_only: false,
                reduce_only: false,
                role: Role::Limit,
                aim: Aim::Net,
                self_match: kept.self_match,
                tif: kept.tif,
                id: kept.id,
            },
        );
        if let OrderId::Client(id) = &kept.id {
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
        AccountId, AccountSpec, Command, Event, InstrumentId, Label, MarginRate, Permission,
        Profile, ProfileId, Ratio, Side,
    };

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
            // A limit that nobody can reach: it refuses nothing, but a market that has one is not plain.
            long.markets[0].lots_limit = u64::MAX - 1;
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
