//! Section 4: orders are checked and enter.

use super::book::Order;
use super::pass::Pass;
use super::{Due, Model, account_id, instrument_id, lots, sign, ticks, to_price, to_qty};
use plimsoll_types::*;

/// A reject, or nothing to say.
pub type Checked = Result<(), Reject>;

impl Model {
    pub fn known_account(&self, account: AccountId) -> Result<usize, Reject> {
        let index = account.index();
        if index < self.accounts.len() { Ok(index) } else { Err(Reject::UnknownAccount) }
    }

    pub fn known_instrument(&self, instrument: InstrumentId) -> Result<usize, Reject> {
        let book = self.books.get(instrument.index());
        book.filter(|book| book.live).map(|_| instrument.index()).ok_or(Reject::UnknownSymbol)
    }

    pub fn check_qty(qty: Qty) -> Checked {
        match qty {
            Qty::ZERO => Err(Reject::QuantityNotPositive),
            qty if qty > Qty::MAX => Err(Reject::QuantityTooLarge),
            _ => Ok(()),
        }
    }

    /// Position and open orders on a side together: so many lots at most, 10^30 money units' worth at any price.
    pub fn check_room(
        &self,
        instrument: usize,
        account: usize,
        side: Side,
        qty: i128,
        given_back: i128,
    ) -> Checked {
        let held = self.accounts[account].lots(instrument).abs();
        let open = self.ahead(account, instrument, side, None) - given_back;
        self.check_lots(instrument, held + open + qty)
    }

    pub fn check_lots(&self, instrument: usize, qty: i128) -> Checked {
        let dearest = self.tick_value(instrument) << 30;
        let most = (10_i128.pow(30) / dearest).min(1 << 48);
        if qty > most { Err(Reject::QuantityTooLarge) } else { Ok(()) }
    }

    /// Display, minimum quantity, expiry.
    fn check_extras(&self, new: &NewOrder) -> Checked {
        let market = matches!(new.kind, OrderKind::Market(_));
        let cannot_rest_whole = market || !new.tif.rests();
        let too_small = lots(new.display) * 10_000 < lots(new.qty);
        if !new.display.is_zero() && (cannot_rest_whole || too_small) {
            return Err(Reject::Display);
        }
        if new.min_qty > new.qty {
            return Err(Reject::MinQty);
        }
        if matches!(new.tif, TimeInForce::Gtd(expires) if expires <= self.now) {
            return Err(Reject::Expires);
        }
        Ok(())
    }

    /// A case, a freeze: they stop orders and replaces alike.
    pub fn check_rights(&self, account: usize) -> Checked {
        if self.accounts[account].case.is_some() {
            return Err(Reject::Liquidation);
        }
        if self.accounts[account].permission == Permission::Frozen {
            return Err(Reject::Frozen);
        }
        Ok(())
    }

    fn check_phase(&self, instrument: usize, new: &NewOrder) -> Checked {
        let at_once = !new.tif.rests() || new.post_only || !new.min_qty.is_zero();
        let taken = match self.books[instrument].phase {
            Phase::Continuous => true,
            Phase::Halted | Phase::Closed => false,
            Phase::PreOpen | Phase::Auction | Phase::NoCancel | Phase::Volatility => {
                new.trigger.is_some() || !at_once
            }
        };
        if taken { Ok(()) } else { Err(Reject::Phase) }
    }

    pub fn check_band(&self, instrument: usize, order: &Order) -> Checked {
        match (order.price, self.books[instrument].band) {
            (Some(price), Some(band)) if !band.contains(to_price(price)) => Err(Reject::PriceBand),
            _ => Ok(()),
        }
    }

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
        self.check_rights(account)?;
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
        self.emit(EventKind::Accepted {
            account: new.account,
            id,
            instrument: new.instrument,
            side: new.side,
            price: order.price.map(to_price),
            qty: new.qty,
            trigger: new.trigger,
            display: new.display,
            offset: None,
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

    /// Checks from the price band on, for an order or for what a replace makes of one. Fixes the price at which it freezes.
    pub fn check_order(
        &mut self,
        instrument: usize,
        order: &mut Order,
        replacing: Option<u64>,
    ) -> Checked {
        let account = order.account;
        self.check_band(instrument, order)?;
        // A replace that keeps its place keeps those before it; any other order comes after all the others.
        let replaced = replacing.and_then(|entry| self.books[instrument].order(entry));
        let kept = replaced.filter(|o| o.price == order.price && order.qty < o.qty);
        let ahead = match kept {
            Some(o) => self.ahead(account, instrument, order.side, Some(o.entry)),
            None => {
                self.ahead(account, instrument, order.side, None) - replaced.map_or(0, |o| o.qty)
            }
        };
        let free = self.accounts[account].can_give(instrument, order.side) - ahead;
        let opening = order.qty - order.qty.min(free.max(0));
        order.freeze_price = self.freeze_price(instrument, order);
        if order.reduce_only && opening > 0 {
            return Err(Reject::ReduceOnly);
        }
        if self.accounts[account].permission == Permission::CloseOnly && opening > 0 {
            return Err(Reject::CloseOnly);
        }
        let best = self.books[instrument].best(order.side.opposite());
        if order.post_only && best.is_some_and(|best| order.admits(best)) {
            return Err(Reject::PostOnly);
        }
        if opening > 0 && !self.unlimited(account) {
            let replaced = replacing.and_then(|entry| self.books[instrument].order(entry));
            let given_back = replaced.map_or(0, |o| {
                self.freezes(instrument, o.freeze_price, self.opening(instrument, o))
            });
            let needed = self.freezes(instrument, order.freeze_price, opening);
            // A replace that freezes no more than before is never refused for margin.
            if needed > self.available(account) + given_back && needed > given_back {
                return Err(Reject::Margin);
            }
        }
        Ok(())
    }

    /// The limit; for a market order the worst price it may reach.
    fn freeze_price(&self, instrument: usize, order: &Order) -> i128 {
        let book = &self.books[instrument];
        if let Some(price) = order.price.or(book.edge(order.side)) {
            return price;
        }
        let mut reached = ticks(book.mark);
        if book.phase == Phase::Continuous {
            let mut left = order.qty;
            for (price, there) in book.levels(order.side.opposite()) {
                if left > 0 {
                    reached = price;
                    left -= there;
                }
            }
        }
        reached
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
        let ahead = self.ahead(order.account, instrument, order.side, None);
        let carried = self.accounts[order.account].carried_to_give(instrument, order.side);
        let first = ahead + order.qty <= carried;
        if first {
            self.saw("closes first");
        }
        first
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
            offset: None,
            handle: None,
        });
        self.rest(instrument, order);
    }
}
