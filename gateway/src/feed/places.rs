//! What the builder asks the exchange: what stands there at the start, and where orders rest whose events do not say it.

use super::builder::{Builder, ticks};
use super::messages::{
    Add, BandChange, Listing, Mark, PhaseChange, Restriction, Settlement, of_phase,
};
use super::orders::{Key, Order, Place, UNSEEN};
use super::packet::Packer;
use crate::binary::codes::{of_instrument, of_permission, of_side};
use crate::binary::layout::{Message, Text};
use plimsoll_exchange::{Exchange, MarketView, StandingOrder};
use plimsoll_types::{Handle, InstrumentId, InstrumentSpec, Permission, Price, Side, Step, Ts};
use std::collections::BTreeSet;

/// A market as its listing leaves it.
pub(super) fn as_listed(spec: &InstrumentSpec) -> MarketView {
    MarketView {
        phase: spec.phase,
        band: spec.band,
        permission: Permission::Normal,
        mark: spec.prev_settlement,
        settlement: spec.prev_settlement,
        last: None,
    }
}

/// Says that an instrument is there, and what stands on its door.
pub(super) fn tell_listing(
    exchange: &Exchange,
    instrument: InstrumentId,
    market: &MarketView,
    ts: Ts,
    out: &mut Packer,
) {
    let (spec, whole) = (&exchange.spec().instruments[instrument.index()], exchange.spec());
    let (ts, number) = (ts.into(), instrument.0.into());
    let digits = |step: Step| (step.mantissa.unsigned_abs().into(), step.decimals as u8);
    let (tick_mantissa, tick_decimals) = digits(spec.tick_size);
    let (lot_mantissa, lot_decimals) = digits(spec.lot_size);
    let (multiplier_mantissa, multiplier_decimals) = digits(spec.multiplier);
    out.add(Listing {
        head: Listing::head(),
        instrument: number,
        ts,
        symbol: Text::of(&spec.symbol),
        currency: Text::of(&whole.currency),
        money_decimals: whole.money_decimals as u8,
        contract: of_instrument(spec.kind),
        tick_mantissa,
        tick_decimals,
        lot_mantissa,
        lot_decimals,
        multiplier_mantissa,
        multiplier_decimals,
        tick_value: spec.tick_value.unsigned_abs().into(),
    });
    let phase = of_phase(market.phase);
    out.add(PhaseChange { head: PhaseChange::head(), instrument: number, ts, phase });
    if let Some(band) = market.band {
        let (down, up) = (ticks(band.down).into(), ticks(band.up).into());
        out.add(BandChange { head: BandChange::head(), instrument: number, ts, down, up });
    }
    if market.permission != Permission::Normal {
        let permission = of_permission(market.permission);
        out.add(Restriction { head: Restriction::head(), instrument: number, ts, permission });
    }
    let price = ticks(market.mark).into();
    out.add(Mark { head: Mark::head(), instrument: number, ts, price });
    let (price, one_sided) = (ticks(market.settlement).into(), 0);
    let head = Settlement::head();
    out.add(Settlement { head, instrument: number, ts, price, one_sided });
}

impl Builder {
    /// Takes over an instrument as it stands.
    pub(super) fn take_over(
        &mut self,
        exchange: &Exchange,
        instrument: InstrumentId,
        ts: Ts,
        out: &mut Packer,
    ) {
        let Some(market) = exchange.market(instrument) else { return };
        tell_listing(exchange, instrument, &market, ts, out);
        let known = &mut self.markets[instrument.index()];
        (known.phase, known.band) = (market.phase, market.band);
        for standing in exchange.standing_orders(instrument) {
            let mut order = self.order_of(instrument, &standing);
            let key = (standing.account, standing.id);
            match order.place {
                Place::Seen => self.show_before(&mut order, UNSEEN, ts, out),
                Place::AtMarket => self.queue_at_market(key, &order),
                Place::Waits | Place::Unknown(_) => {}
            }
            self.orders.insert(key, order);
        }
    }

    fn order_of(&mut self, instrument: InstrumentId, standing: &StandingOrder) -> Order {
        Order {
            instrument: instrument.0,
            side: standing.side,
            price: standing.price,
            open: standing.open.lots(),
            shown: standing.shown.lots(),
            display: standing.display.lots(),
            number: UNSEEN,
            arrival: self.new_arrival(),
            place: match standing.price {
                _ if standing.waits => Place::Waits,
                Some(_) => Place::Seen,
                None => Place::AtMarket,
            },
        }
    }

    /// Shows an order right before another one; [`UNSEEN`] = behind all others at its price.
    fn show_before(&mut self, order: &mut Order, before: u64, ts: Ts, out: &mut Packer) {
        order.number = self.new_number();
        let price = order.price.map_or(0, ticks);
        out.add(Add {
            head: Add::head(),
            instrument: order.instrument.into(),
            ts: ts.into(),
            order: order.number.into(),
            before: before.into(),
            qty: order.shown.into(),
            price: price.into(),
            side: of_side(order.side),
        });
    }

    /// Shows the orders whose place was not known, where they stand now.
    pub(super) fn look_up(&mut self, exchange: &Exchange, out: &mut Packer) {
        if self.unknown.is_empty() {
            return;
        }
        let mut levels = BTreeSet::new();
        for key in std::mem::take(&mut self.unknown) {
            let Some(order) = self.orders.get_mut(&key) else { continue };
            let Place::Unknown(handle) = order.place else { continue };
            let instrument = InstrumentId(order.instrument);
            let Some(standing) = find(exchange, instrument, handle, &key) else {
                self.orders.remove(&key);
                continue;
            };
            order.price = standing.price;
            (order.open, order.shown) = (standing.open.lots(), standing.shown.lots());
            match standing.price {
                Some(price) => {
                    levels.insert((instrument, standing.side == Side::Sell, price));
                }
                None => {
                    order.place = Place::AtMarket;
                    let order = *order;
                    self.queue_at_market(key, &order);
                }
            }
        }
        for (instrument, sells, price) in levels {
            let side = if sells { Side::Sell } else { Side::Buy };
            self.show_level(exchange, instrument, side, price, out);
        }
    }

    /// Shows what is not shown yet at a price. From the end of the line, so that each finds the one it stands before.
    fn show_level(
        &mut self,
        exchange: &Exchange,
        instrument: InstrumentId,
        side: Side,
        price: Price,
        out: &mut Packer,
    ) {
        let line: Vec<Key> = exchange
            .line(instrument, side, Some(price))
            .map(|standing| (standing.account, standing.id))
            .collect();
        let mut before = UNSEEN;
        for key in line.iter().rev() {
            let Some(mut order) = self.orders.remove(key) else { continue };
            if let Place::Unknown(_) = order.place {
                order.place = Place::Seen;
                self.show_before(&mut order, before, exchange.now(), out);
            }
            before = order.number;
            self.orders.insert(*key, order);
        }
    }
}

/// An order as it stands now, by its handle, or wherever it is.
fn find(
    exchange: &Exchange,
    instrument: InstrumentId,
    handle: Option<Handle>,
    key: &Key,
) -> Option<StandingOrder> {
    let is_it = |order: &StandingOrder| (order.account, order.id) == *key;
    let direct = handle.and_then(|handle| exchange.standing(instrument, handle));
    direct.filter(is_it).or_else(|| exchange.standing_orders(instrument).find(is_it))
}
