//! Section 4: orders are checked and enter.

use super::book::Order;
pub use super::checks::Checked;
use super::pass::Pass;
use super::position::Which;
use super::{Due, Model, account_id, instrument_id, lots, sign, ticks, to_price, to_qty};
use plimsoll_types::*;

impl Model {
    /// Command `order`.
    pub fn enter_order(&mut self, new: &NewOrder) -> Checked {
        let account = self.known_account(new.account)?;
        let instrument = self.known_instrument(new.instrument)?;
        Self::check_qty(new.qty)?;
        if new.trigger.is_some() {
            // It promises nothing while it waits.
            self.check_lots(instrument, lots(new.qty))?;
        } else {
            self.check_room(instrument, account, new.side, lots(new.qty), 0)?;
        }
        self.check_extras(new)?;
        self.check_rights(account, instrument)?;
        self.check_phase(instrument, new)?;
        let id = match new.id {
            Some(label) => OrderId::Client(label),
            None => OrderId::Number(self.numbers + 1),
        };
        if self.find_order(account, id).is_some() {
            return Err(Reject::DuplicateId);
        }
        let (price, market) = match new.kind {
            OrderKind::Limit(price) => (Some(ticks(price)), false),
            OrderKind::Market(protection) => (protection.map(ticks), true),
        };
        let mut order = Order {
            entry: 0,
            serial: self.serials + 1,
            place: 0,
            account,
            id,
            side: new.side,
            offset: if self.has_legs() { Some(new.offset.unwrap_or(Offset::Open)) } else { None },
            price,
            freeze_price: 0,
            market,
            trigger: new.trigger.map(ticks),
            queued: false,
            qty: lots(new.qty),
            shown: 0,
            display: lots(new.display),
            min_qty: lots(new.min_qty),
            tif: new.tif,
            post_only: new.post_only,
            reduce_only: new.reduce_only,
            self_match: new.self_match,
            closes_first: false,
            case: None,
            issue: None,
        };
        if order.trigger.is_some() {
            self.check_band(instrument, &order)?;
        } else {
            self.protect(instrument, &mut order);
            self.check_order(instrument, &mut order, None)?;
        }
        self.serials += 1;
        if new.id.is_none() {
            self.numbers += 1;
        }
        order.issue = Some(self.issued.len());
        self.accounts[account].ordered.insert(instrument);
        self.make_pocket(account, instrument);
        self.emit(EventKind::Accepted {
            account: new.account,
            id,
            instrument: new.instrument,
            side: new.side,
            price: order.price.map(to_price),
            qty: new.qty,
            trigger: new.trigger,
            display: new.display,
            offset: order.offset,
            handle: None,
        });
        if order.trigger.is_some() {
            self.wait(instrument, order);
        } else {
            self.work_order(instrument, order);
        }
        Ok(())
    }

    /// A market order without protection price gets one where the instrument has it.
    pub fn protect(&mut self, instrument: usize, order: &mut Order) {
        let book = &self.books[instrument];
        let Some(through) = book.spec.rules.market_protection else { return };
        if !order.market || order.price.is_some() || book.phase != Phase::Continuous {
            return;
        }
        let Some(best) = book.best(order.side.opposite()) else { return };
        let moved = best + sign(order.side) * i128::from(through);
        let moved = moved.clamp(ticks(Price::MIN), ticks(Price::MAX));
        order.price = Some(match book.band {
            Some(band) => moved.clamp(ticks(band.down), ticks(band.up)),
            None => moved,
        });
        self.saw("market order gets protection");
    }

    /// It comes to rest, behind all others that do not close less.
    pub fn rest(&mut self, instrument: usize, mut order: Order) {
        self.entries += 1;
        order.entry = self.entries;
        order.place = self.entries;
        order.show();
        order.closes_first = self.closes_first(instrument, &order);
        self.note_open(&mut order);
        self.books[instrument].orders.push(order);
    }

    /// A handle is given, and the clock set, anew where there was one.
    pub fn note_open(&mut self, order: &mut Order) {
        if let Some(place) = order.issue.take() {
            self.issued[place] = order.entry;
        }
        if let TimeInForce::Gtd(expires) = order.tif {
            let timer = Due::Expiry(order.serial);
            self.timers.retain(|(_, what)| *what != timer);
            self.timers.push((expires, timer));
        }
    }

    /// Whether it goes first at its limit price: it wholly closes carried lots.
    fn closes_first(&mut self, instrument: usize, order: &Order) -> bool {
        let book = &self.books[instrument];
        if book.spec.rules.limit_priority != LimitPriority::CloseFirst
            || order.price.is_none()
            || order.price != book.edge(order.side)
        {
            return false;
        }
        let first = self.closes_carried(instrument, order);
        if first {
            self.saw("closes first");
        }
        first
    }

    /// Whether all its lots, after those promised before, are carried ones.
    fn closes_carried(&self, instrument: usize, order: &Order) -> bool {
        let (account, side) = (order.account, order.side);
        if self.has_legs() {
            return match self.closes(instrument, order) {
                None | Some(Which::Today) => false,
                Some(Which::Carried) => true,
                Some(Which::Any) => {
                    let promised = self.promised(order, instrument, None);
                    promised + order.qty <= self.carried_against(account, instrument, side)
                }
            };
        }
        let ahead = self.ahead(account, instrument, side, None);
        ahead + order.qty <= self.carried_against(account, instrument, side)
    }

    /// Carried lots that an order of this side could close.
    fn carried_against(&self, account: usize, instrument: usize, side: Side) -> i128 {
        let Some(holder) = self.holder(account, instrument) else { return 0 };
        let against = side.opposite();
        let held = self.accounts[holder].held_in(instrument);
        held.filter(|(_, p)| p.side() == against).map(|(_, position)| position.carried).sum()
    }

    /// An accepted order works: it matches in continuous trading, rests where orders gather; then the pass ends.
    pub fn work_order(&mut self, instrument: usize, mut order: Order) {
        let mut pass = Pass::new(instrument);
        let tries = order.min_qty > 0 || order.tif == TimeInForce::Fok;
        if self.books[instrument].phase != Phase::Continuous {
            self.rest(instrument, order);
        } else if let Some(reason) = tries.then(|| self.too_little(instrument, &order)).flatten() {
            self.cancelled(instrument, &order, order.qty, reason);
        } else {
            self.match_taker(&mut order, &mut pass);
            if order.qty > 0 {
                self.end_order(order, &pass);
            }
        }
        self.end_pass(&pass);
    }

    /// Whether matching would trade less than the order asks for, tried out on paper.
    fn too_little(&mut self, instrument: usize, order: &Order) -> Option<CancelReason> {
        let (mut paper, mut trial, mut pass) = (self.clone(), order.clone(), Pass::new(instrument));
        paper.match_taker(&mut trial, &mut pass);
        let reason = if order.tif == TimeInForce::Fok && pass.filled < order.qty {
            CancelReason::Fok
        } else if pass.filled < order.min_qty {
            CancelReason::MinQty
        } else {
            return None;
        };
        if pass.stopped {
            self.saw("too little inside the corridor");
        }
        Some(reason)
    }

    /// What becomes of what did not trade.
    fn end_order(&mut self, mut order: Order, pass: &Pass) {
        let instrument = pass.instrument;
        let spec = &self.books[instrument].spec;
        let rests = spec.market_remainder == MarketRemainder::Rest && order.tif.rests();
        let at_protection = spec.rules.market_protection.is_some() && order.price.is_some();
        if pass.stopped && order.tif.rests() {
            self.saw(if order.market { "stopped market order" } else { "stopped limit order" });
            return self.rest(instrument, order);
        }
        match order.tif {
            _ if order.market && rests && at_protection => {
                self.saw("market remainder rests at its protection");
                order.market = false;
                self.rest(instrument, order);
            }
            _ if order.market => match pass.last.filter(|_| rests) {
                Some(last) => {
                    self.saw("market remainder rests");
                    order.price = Some(last);
                    order.freeze_price = last;
                    order.market = false;
                    self.rest(instrument, order);
                }
                None => self.cancelled(instrument, &order, order.qty, CancelReason::Market),
            },
            TimeInForce::Gtc | TimeInForce::Day | TimeInForce::Gtd(_) => {
                self.rest(instrument, order)
            }
            TimeInForce::Ioc => self.cancelled(instrument, &order, order.qty, CancelReason::Ioc),
            TimeInForce::Fok => panic!("a fill-or-kill order that could fill did not"),
        }
    }

    /// Enters a case's immediate-or-cancel batch; what does not trade vanishes without an event. Whether it stopped the book.
    pub fn work_batch(&mut self, instrument: usize, mut order: Order) -> bool {
        let mut pass = Pass::new(instrument);
        self.match_taker(&mut order, &mut pass);
        self.end_pass(&pass);
        pass.stopped
    }

    /// Lets a case's batch rest at the limit price.
    pub fn rest_batch(&mut self, instrument: usize, mut order: Order) {
        order.issue = Some(self.issued.len());
        self.emit(EventKind::Accepted {
            account: account_id(order.account),
            id: order.id,
            instrument: instrument_id(instrument),
            side: order.side,
            price: order.price.map(to_price),
            qty: to_qty(order.qty),
            trigger: None,
            display: Qty::ZERO,
            offset: order.offset,
            handle: None,
        });
        self.rest(instrument, order);
    }
}
