//! One instrument at work: its book, its orders' records, its phase, the cases that wait for it.

use crate::corridor::Corridor;
use crate::day::Day;
use crate::days::Rung;
use crate::index::Index;
use crate::indicative::Outcome;
use crate::limit_state::AtLimit;
use crate::orders::{Records, Role};
use crate::parked::Parked;
use plimsoll_matching::Book;
use plimsoll_matching::stops::Stops;
use plimsoll_risk::Liquidity;
use plimsoll_types::{
    Band, Handle, InstrumentId, InstrumentSpec, LimitPriority, MarginRate, MarkSource, NewOrder,
    Permission, Phase, Price, Qty, Ratio, Side,
};
use std::collections::{BTreeMap, BTreeSet};

/// Resting orders a book has room for before it allocates.
const ORDERS: usize = 1 << 12;

/// An instrument at work.
pub(crate) struct Market {
    pub(crate) id: InstrumentId,
    pub(crate) book: Book,
    pub(crate) records: Records,
    pub(crate) phase: Phase,
    /// Closing orders go first at a limit price.
    pub(crate) close_first: bool,
    /// Counts changes of phase: a timer set for one is void after the next.
    pub(crate) phase_serial: u64,
    /// What its settlement price is made of.
    pub(crate) day: Day,
    /// Where it stands on its ladder of limits.
    pub(crate) rung: Rung,
    /// [initial, maintenance] margin of a day that follows no one-sided one: as configured, or set by command since.
    pub(crate) regular: [MarginRate; 2],
    /// What is known of its limit prices.
    pub(crate) at_limit: AtLimit,
    /// It is traded no more; nothing rests here and nobody holds anything.
    pub(crate) gone: bool,
    /// Price of the last trade.
    pub(crate) last: Option<Price>,
    /// Lots ever traded in its book.
    pub(crate) traded: u128,
    /// Market orders that came in an auction; those that have gone since are skipped.
    pub(crate) waiting: Vec<Handle>,
    /// Triggers of orders that wait for theirs.
    pub(crate) stops: Stops,
    /// Orders that wait for their trigger, by slot, as they will enter.
    pub(crate) waits: BTreeMap<u32, NewOrder>,
    /// What everybody may do here.
    pub(crate) permission: Permission,
    /// Most lots an account may hold on a side; the largest number = any. Not state: the specification's.
    pub(crate) lots_limit: u64,
    /// From how many lots on a side a position is reported; the largest number = never. Not state.
    pub(crate) report_at: u64,
    /// The regular daily limit: as configured, or scheduled since.
    pub(crate) price_limit: Option<Ratio>,
    /// Its index.
    pub(crate) index: Index,
    /// How far the mark may be from the index, where trades move it that far. Not state.
    pub(crate) mark_cap: Option<Ratio>,
    /// The last settlement price.
    pub(crate) prev_settlement: Price,
    /// Where prices may go before the book stops, if it does.
    pub(crate) corridor: Option<Corridor>,
    /// Where its auction would end, as last said.
    pub(crate) said: Outcome,
    /// The book or the phase changed since that was looked at.
    pub(crate) unsaid: bool,
    /// Something in the book, the phase or the band changed since cases were last woken.
    pub(crate) changed: bool,
    /// Parked cases that would close here by [buying, selling].
    pub(crate) parked: [Parked; 2],
    /// Cases that rest here, or would if they could.
    pub(crate) queueing: BTreeSet<u32>,
}

impl Market {
    pub(crate) fn new(index: usize, spec: &InstrumentSpec) -> Market {
        let mut market = Market {
            id: InstrumentId(index as u16),
            book: Book::new(spec.band, ORDERS),
            records: Records::with_capacity(ORDERS),
            phase: spec.phase,
            close_first: false,
            phase_serial: 0,
            day: Day::new(spec.rules.settlement_price),
            rung: Rung::default(),
            regular: [spec.initial, spec.maintenance],
            at_limit: AtLimit::default(),
            gone: false,
            last: None,
            traded: 0,
            waiting: Vec::new(),
            stops: Stops::default(),
            waits: BTreeMap::new(),
            permission: Permission::Normal,
            lots_limit: u64::MAX,
            report_at: u64::MAX,
            price_limit: spec.rules.price_limit,
            index: Index::default(),
            mark_cap: None,
            prev_settlement: spec.prev_settlement,
            corridor: spec.rules.volatility.map(Corridor::new),
            said: Outcome::default(),
            unsaid: true,
            changed: false,
            parked: Default::default(),
            queueing: BTreeSet::new(),
        };
        market.obey(spec);
        market
    }

    /// Takes what is no state from the specification.
    pub(crate) fn obey(&mut self, spec: &InstrumentSpec) {
        let lots = |qty: Option<Qty>| qty.map_or(u64::MAX, Qty::lots);
        self.book.set_allocation(spec.rules.allocation);
        self.close_first = spec.rules.limit_priority == LimitPriority::CloseFirst;
        self.lots_limit = lots(spec.risk.position_limit);
        self.report_at = lots(spec.risk.report_at);
        self.mark_cap = match spec.mark {
            MarkSource::Index { cap } => cap,
            MarkSource::Last | MarkSource::External => None,
        };
    }

    /// Notes that something in the book, the phase or the band changed.
    #[inline]
    pub(crate) fn touch(&mut self) {
        self.changed = true;
        self.unsaid = true;
    }

    /// Whether a limit order that asks for nothing else simply comes to rest: no rule of the market's has a say in it.
    #[inline]
    pub(crate) fn lets_rest(&self, side: Side, price: Price) -> bool {
        self.phase == Phase::Continuous
            && self.permission == Permission::Normal
            && self.lots_limit == u64::MAX
            && !self.close_first
            && self.corridor.is_none()
            && !self.book.meets(side, Some(price))
            && self.book.band().is_none_or(|band| band.contains(price))
            && !self.book.is_full()
    }

    /// Empties what is left of a market that is traded no more; timers set for it are void.
    pub(crate) fn retire(&mut self) {
        self.gone = true;
        self.phase = Phase::Closed;
        self.phase_serial += 1;
        self.at_limit = AtLimit::default();
        self.book = Book::new(Some(Band { down: Price::MIN, up: Price::MIN }), 0);
        self.records = Records::default();
        self.waiting = Vec::new();
        self.corridor = None;
        self.changed = false;
    }

    /// The edge of the band against an order on `side`.
    pub(crate) fn edge(&self, side: Side) -> Option<Price> {
        self.book.band().map(|band| match side {
            Side::Buy => band.up,
            Side::Sell => band.down,
        })
    }

    /// Whether `side` stands at its limit price: sells at limit-down, buys at limit-up.
    pub(crate) fn stands_at_limit(&self, side: Side) -> bool {
        let best = self.book.best(side).map(|best| best.0);
        best.is_some() && best == self.edge(side)
    }

    /// Whether a case that would close with `side` finds something opposite.
    pub(crate) fn has_for_parked(&self, side: Side) -> bool {
        self.phase == Phase::Continuous && self.book.best(side.opposite()).is_some()
    }

    /// Whether another account than `owner` has an order at the limit price of `side`.
    pub(crate) fn others_at_limit(&self, side: Side, owner: u32) -> bool {
        let edge = self.edge(side);
        edge.is_some()
            && self.book.queue(side, edge).any(|slot| self.book.resting(slot).owner != owner)
    }

    /// Whether two orders of the book could trade, as they may in an auction.
    pub(crate) fn must_uncross(&self) -> bool {
        let market = |side| !self.book.market_qty(side).is_zero();
        let any = |side| market(side) || self.book.best(side).is_some();
        self.book.is_crossed()
            || market(Side::Buy) && any(Side::Sell)
            || market(Side::Sell) && any(Side::Buy)
    }

    /// Whether a market order waits for an auction.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting.iter().any(|&handle| self.is_waiting(handle))
    }

    /// Whether the order behind a handle is a market order that still waits.
    pub(crate) fn is_waiting(&self, handle: Handle) -> bool {
        self.book.find(handle).is_some() && self.records[handle.slot].role == Role::Market
    }
}

/// Every book, as risk may see them.
pub(crate) struct Books<'a>(pub(crate) &'a [Market]);

impl Liquidity for Books<'_> {
    fn best(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        self.0[instrument.index()].book.best(side).map(|best| best.0)
    }

    fn band(&self, instrument: InstrumentId) -> Option<Band> {
        self.0[instrument.index()].book.band()
    }

    fn walk(&self, instrument: InstrumentId, side: Side, each: &mut dyn FnMut(Price, Qty) -> bool) {
        for (price, qty) in self.0[instrument.index()].book.levels(side) {
            if !each(price, qty) {
                return;
            }
        }
    }
}
