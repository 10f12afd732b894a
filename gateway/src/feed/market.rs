//! What happens to a market and no order: phases, bands, marks, auctions, instruments that come and go.

use super::builder::{Builder, ticks, ticks_or_none};
use super::messages::{
    Auction, BandChange, Bust, Delisting, Index, Indicative, Mark, PhaseChange, Restriction,
    Settlement, of_phase,
};
use super::orders::{Key, Market, Place, UNSEEN};
use super::packet::Packer;
use super::places::{as_listed, tell_listing};
use crate::binary::codes::{of_permission, of_side};
use crate::binary::layout::Message;
use plimsoll_exchange::Exchange;
use plimsoll_types::{Band, Event, EventKind, InstrumentId, Phase, Price, Side, Ts};

fn side_or_none(side: Option<Side>) -> u8 {
    side.map_or(0, of_side)
}

impl Builder {
    /// What concerns a market and no order.
    #[cold]
    pub(super) fn market_event(&mut self, exchange: &Exchange, event: &Event, out: &mut Packer) {
        let ts = event.ts.into();
        match event.kind {
            EventKind::Phase { instrument, phase } => {
                self.settle(out);
                self.phase(instrument, phase, event.ts, out);
            }
            EventKind::Band { instrument, up, down } => {
                self.settle(out);
                self.markets[instrument.index()].band = Some(Band { down, up });
                let instrument = instrument.0.into();
                let (down, up) = (ticks(down).into(), ticks(up).into());
                out.add(BandChange { head: BandChange::head(), instrument, ts, down, up });
            }
            EventKind::InstrumentPermission { instrument, permission } => {
                let (instrument, permission) = (instrument.0.into(), of_permission(permission));
                out.add(Restriction { head: Restriction::head(), instrument, ts, permission });
            }
            EventKind::Mark { instrument, price } => {
                let (instrument, price) = (instrument.0.into(), ticks(price).into());
                out.add(Mark { head: Mark::head(), instrument, ts, price });
            }
            EventKind::Index { instrument, price } => {
                let (instrument, price) = (instrument.0.into(), ticks(price).into());
                out.add(Index { head: Index::head(), instrument, ts, price });
            }
            EventKind::Settled { instrument, price, one_sided, .. } => {
                let (instrument, price) = (instrument.0.into(), ticks(price).into());
                let one_sided = side_or_none(one_sided);
                out.add(Settlement { head: Settlement::head(), instrument, ts, price, one_sided });
            }
            EventKind::Busted { trade, instrument, price, qty } => {
                let (instrument, trade) = (instrument.0.into(), trade.into());
                let (qty, price) = (qty.lots().into(), ticks(price).into());
                out.add(Bust { head: Bust::head(), instrument, ts, trade, qty, price });
            }
            EventKind::Auction { instrument, price, qty, surplus, surplus_side } => {
                self.markets[instrument.index()].uncrossed = Some(price);
                let (head, instrument) = (Auction::head(), instrument.0.into());
                let (qty, surplus) = (qty.lots().into(), surplus.lots().into());
                let (price, surplus_side) =
                    (ticks_or_none(price).into(), side_or_none(surplus_side));
                out.add(Auction { head, instrument, ts, qty, surplus, price, surplus_side });
            }
            EventKind::Indicative { instrument, price, qty, surplus, surplus_side } => {
                let (head, instrument) = (Indicative::head(), instrument.0.into());
                let (qty, surplus) = (qty.lots().into(), surplus.lots().into());
                let (price, surplus_side) =
                    (ticks_or_none(price).into(), side_or_none(surplus_side));
                out.add(Indicative { head, instrument, ts, qty, surplus, price, surplus_side });
            }
            EventKind::Listed { instrument } => {
                self.settle(out);
                let spec = &exchange.spec().instruments[instrument.index()];
                self.markets.push(Market::new(spec));
                tell_listing(exchange, instrument, &as_listed(spec), event.ts, out);
            }
            EventKind::Delisted { instrument } => self.gone(instrument, None, event.ts, out),
            EventKind::Expired { instrument, price } => {
                self.gone(instrument, Some(price), event.ts, out);
            }
            _ => {}
        }
    }

    /// The phase changed. What is left of market orders after an auction rests at its price, where they rest at all.
    fn phase(&mut self, instrument: InstrumentId, phase: Phase, ts: Ts, out: &mut Packer) {
        let market = &mut self.markets[instrument.index()];
        let uncrossed = market.uncrossed.take().flatten();
        market.phase = phase;
        if let Some(price) = uncrossed
            && market.remainder_rests
        {
            for key in std::mem::take(&mut market.at_market).into_values() {
                self.rest_at(key, price, ts, out);
            }
        }
        let (instrument, ts, phase) = (instrument.0.into(), ts.into(), of_phase(phase));
        out.add(PhaseChange { head: PhaseChange::head(), instrument, ts, phase });
    }

    fn rest_at(&mut self, key: Key, price: Price, ts: Ts, out: &mut Packer) {
        let Some(mut order) = self.orders.remove(&key) else { return };
        (order.price, order.shown) = (Some(price), order.peak());
        let market = &self.markets[usize::from(order.instrument)];
        if market.may_go_first(order.side, price) {
            order.place = Place::Unknown(None);
            self.unknown.push(key);
        } else {
            order.place = Place::Seen;
            self.show(&mut order, UNSEEN, ts, out);
        }
        self.orders.insert(key, order);
    }

    fn gone(&mut self, instrument: InstrumentId, price: Option<Price>, ts: Ts, out: &mut Packer) {
        self.settle(out);
        self.orders.forget(instrument.0);
        self.markets[instrument.index()].at_market.clear();
        let (head, instrument) = (Delisting::head(), instrument.0.into());
        out.add(Delisting { head, instrument, ts: ts.into(), price: ticks_or_none(price).into() });
    }
}
