//! Marks, bands and phases, which come often; and what else concerns an instrument, which does not.

use super::column::{Decimals, Flags, Ids, Listed, Wholes, Words, digits};
use super::risk::PERMISSIONS;
use super::table::event_table;
use super::universe::{Universe, rate};
use plimsoll_types::{
    CloseRule, Event, EventKind, InstrumentId, InstrumentKind, InstrumentSpec, Permission, Phase,
    Price, Qty, Ratio, Side,
};

event_table! {
    /// One row a mark, index, band or phase.
    Marks(universe) {
        event: Words = Words::new(["mark", "index", "band", "phase"]),
        symbol: Listed = Listed::new(&universe.symbols),
        price: Decimals = Decimals::new(universe.places.price),
        up: Decimals = Decimals::new(universe.places.price),
        down: Decimals = Decimals::new(universe.places.price),
        phase: Words = Words::new(Phase::ALL.iter().map(|phase| phase.as_str())),
    }
}

impl Marks {
    /// Puts a mark, index, band or phase; other events are none of its own.
    #[inline]
    pub fn put(&mut self, universe: &Universe, event: &Event) {
        let row = self.row(event);
        match event.kind {
            EventKind::Mark { instrument, price } => {
                self.event.put(row, "mark");
                self.symbol.put(row, universe.symbol(instrument));
                self.price.put(row, universe.price(instrument, price));
            }
            EventKind::Index { instrument, price } => {
                self.event.put(row, "index");
                self.symbol.put(row, universe.symbol(instrument));
                self.price.put(row, universe.price(instrument, price));
            }
            EventKind::Band { instrument, up, down } => {
                self.event.put(row, "band");
                self.symbol.put(row, universe.symbol(instrument));
                self.up.put(row, universe.price(instrument, up));
                self.down.put(row, universe.price(instrument, down));
            }
            EventKind::Phase { instrument, phase } => {
                self.event.put(row, "phase");
                self.symbol.put(row, universe.symbol(instrument));
                self.phase.put(row, phase.as_str());
            }
            _ => {}
        }
    }
}

const EVENTS: [&str; 11] = [
    "margin",
    "auction",
    "indicative",
    "settled",
    "listed",
    "delisted",
    "expired",
    "busted",
    "scheduled",
    "terms",
    "permission",
];

event_table! {
    /// One row an auction, settlement, or change of an instrument.
    Market(universe) {
        event: Words = Words::new(EVENTS),
        symbol: Listed = Listed::new(&universe.symbols),
        price: Decimals = Decimals::new(universe.places.price),
        qty: Decimals = Decimals::new(universe.places.quantity),
        surplus: Decimals = Decimals::new(universe.places.quantity),
        surplus_side: Words = Words::new(["buy", "sell"]),
        one_sided: Words = Words::new(["buy", "sell"]),
        limit: Decimals = Decimals::new((digits::SHARE, Ratio::DECIMALS)),
        account: Ids = Ids::new(),
        initial: Decimals = Decimals::new((digits::SHARE, Ratio::DECIMALS)),
        initial_per_lot: Decimals = Decimals::new(universe.places.money),
        maintenance: Decimals = Decimals::new((digits::SHARE, Ratio::DECIMALS)),
        maintenance_per_lot: Decimals = Decimals::new(universe.places.money),
        kind: Words = Words::new(["future", "perpetual"]),
        tick_size: Decimals = Decimals::new(universe.places.price),
        lot_size: Decimals = Decimals::new(universe.places.quantity),
        multiplier: Decimals = Decimals::new(universe.places.multiplier),
        prev_settlement: Decimals = Decimals::new(universe.places.price),
        close_rule: Words = Words::new(["shfe"]),
        trade: Wholes = Wholes::new(),
        at: Wholes = Wholes::new(),
        price_limit: Decimals = Decimals::new((digits::SHARE, Ratio::DECIMALS)),
        fees: Flags = Flags::new(),
        permission: Words = Words::new(PERMISSIONS.map(Permission::as_str)),
    }
}

/// What an auction trades, or would.
struct Uncross {
    instrument: InstrumentId,
    price: Option<Price>,
    qty: Qty,
    surplus: Qty,
    side: Option<Side>,
}

impl Market {
    /// Puts what happened to an instrument; other events are none of its own. `listed` are the terms of all, by id.
    pub fn put(&mut self, universe: &Universe, listed: &[InstrumentSpec], event: &Event) {
        let row = self.row(event);
        match event.kind {
            EventKind::Margin { instrument, account, initial, maintenance } => {
                self.event.put(row, "margin");
                self.symbol.put(row, universe.symbol(instrument));
                if let Some(account) = account {
                    self.account.put(row, account.0);
                }
                let (share, per_lot) = rate(initial);
                self.initial.put(row, share);
                if let Some(per_lot) = per_lot {
                    self.initial_per_lot.put(row, per_lot);
                }
                let (share, per_lot) = rate(maintenance);
                self.maintenance.put(row, share);
                if let Some(per_lot) = per_lot {
                    self.maintenance_per_lot.put(row, per_lot);
                }
            }
            EventKind::Auction { instrument, price, qty, surplus, surplus_side: side } => {
                self.event.put(row, "auction");
                self.uncross(row, universe, &Uncross { instrument, price, qty, surplus, side });
            }
            EventKind::Indicative { instrument, price, qty, surplus, surplus_side: side } => {
                self.event.put(row, "indicative");
                self.uncross(row, universe, &Uncross { instrument, price, qty, surplus, side });
            }
            EventKind::Listed { instrument } => {
                self.event.put(row, "listed");
                self.symbol.put(row, universe.symbol(instrument));
                if let Some(spec) = listed.get(instrument.index()) {
                    self.terms(row, universe, instrument, spec);
                }
            }
            _ => self.put_rare(row, universe, &event.kind),
        }
    }

    fn uncross(&mut self, row: usize, universe: &Universe, found: &Uncross) {
        let instrument = found.instrument;
        self.symbol.put(row, universe.symbol(instrument));
        if let Some(price) = found.price {
            self.price.put(row, universe.price(instrument, price));
        }
        self.qty.put(row, universe.quantity(instrument, found.qty));
        self.surplus.put(row, universe.quantity(instrument, found.surplus));
        if let Some(side) = found.side {
            self.surplus_side.put(row, side.as_str());
        }
    }

    fn terms(
        &mut self,
        row: usize,
        universe: &Universe,
        instrument: InstrumentId,
        spec: &InstrumentSpec,
    ) {
        let kind = match spec.kind {
            InstrumentKind::Future => "future",
            InstrumentKind::Perpetual => "perpetual",
        };
        let [tick, lot, multiplier] = universe.terms(instrument);
        self.kind.put(row, kind);
        self.tick_size.put(row, tick);
        self.lot_size.put(row, lot);
        self.multiplier.put(row, multiplier);
        self.prev_settlement.put(row, universe.price(instrument, spec.prev_settlement));
        if spec.risk.close_rule == CloseRule::Shfe {
            self.close_rule.put(row, "shfe");
        }
    }

    fn put_rare(&mut self, row: usize, universe: &Universe, kind: &EventKind) {
        match *kind {
            EventKind::Settled { instrument, price, one_sided, limit } => {
                self.event.put(row, "settled");
                self.symbol.put(row, universe.symbol(instrument));
                self.price.put(row, universe.price(instrument, price));
                if let Some(side) = one_sided {
                    self.one_sided.put(row, side.as_str());
                }
                if let Some(limit) = limit {
                    self.limit.put(row, i128::from(limit.nano()));
                }
            }
            EventKind::Delisted { instrument } => {
                self.event.put(row, "delisted");
                self.symbol.put(row, universe.symbol(instrument));
            }
            EventKind::Expired { instrument, price } => {
                self.event.put(row, "expired");
                self.symbol.put(row, universe.symbol(instrument));
                self.price.put(row, universe.price(instrument, price));
            }
            EventKind::Busted { trade, instrument, price, qty } => {
                self.event.put(row, "busted");
                self.trade.put(row, trade);
                self.symbol.put(row, universe.symbol(instrument));
                self.price.put(row, universe.price(instrument, price));
                self.qty.put(row, universe.quantity(instrument, qty));
            }
            EventKind::Scheduled { instrument, at } => {
                self.event.put(row, "scheduled");
                self.symbol.put(row, universe.symbol(instrument));
                if let Some(at) = at {
                    self.at.put(row, at);
                }
            }
            EventKind::Terms { instrument, price_limit, fees } => {
                self.event.put(row, "terms");
                self.symbol.put(row, universe.symbol(instrument));
                if let Some(limit) = price_limit {
                    self.price_limit.put(row, i128::from(limit.nano()));
                }
                self.fees.put(row, fees);
            }
            EventKind::InstrumentPermission { instrument, permission } => {
                self.event.put(row, "permission");
                self.symbol.put(row, universe.symbol(instrument));
                self.permission.put(row, permission.as_str());
            }
            _ => {}
        }
    }
}
