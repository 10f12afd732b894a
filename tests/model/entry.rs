//! Section 4: orders are checked, enter, are replaced and cancelled.

use super::book::Order;
use super::matching::Pass;
use super::{Model, account_id, instrument_id, lots, ticks, to_price, to_qty};
use plimsoll_types::*;

/// A reject, or nothing to say.
type Checked = Result<(), Reject>;

impl Model {
    pub fn known_account(&self, account: AccountId) -> Result<usize, Reject> {
        let index = account.index();
        if index < self.accounts.len() { Ok(index) } else { Err(Reject::UnknownAccount) }
    }

    pub fn known_instrument(&self, instrument: InstrumentId) -> Result<usize, Reject> {
        let index = instrument.index();
        if index < self.books.len() { Ok(index) } else { Err(Reject::UnknownSymbol) }
    }

    fn check_qty(qty: Qty) -> Checked {
        match qty {
            Qty::ZERO => Err(Reject::QuantityNotPositive),
            qty if qty > Qty::MAX => Err(Reject::QuantityTooLarge),
            _ => Ok(()),
        }
    }

    /// Command `order`.
    pub fn enter_order(&mut self, new: &NewOrder) -> Checked {
        let account = self.known_account(new.account)?;
        let instrument = self.known_instrument(new.instrument)?;
        Self::check_qty(new.qty)?;
        self.check_rights(account)?;
        match self.books[instrument].phase {
            Phase::Halted | Phase::Closed => return Err(Reject::Phase),
            Phase::Auction if new.tif != TimeInForce::Gtc || new.post_only => {
                return Err(Reject::Phase);
            }
            _ => {}
        }
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
            account,
            id,
            side: new.side,
            price,
            freeze_price: 0,
            market,
            qty: lots(new.qty),
            post_only: new.post_only,
            reduce_only: new.reduce_only,
            self_match: new.self_match,
            case: None,
        };
        self.check_order(instrument, &mut order, None)?;
        if new.id.is_none() {
            self.numbers += 1;
        }
        self.emit(EventKind::Accepted {
            account: new.account,
            id,
            instrument: new.instrument,
            side: new.side,
            price: price.map(to_price),
            qty: new.qty,
            trigger: None,
            display: Qty::ZERO,
            handle: None,
        });
        self.work_order(instrument, order, new.tif);
        Ok(())
    }

    /// A case, a freeze: they stop orders and replaces alike.
    fn check_rights(&self, account: usize) -> Checked {
        if self.accounts[account].case.is_some() {
            return Err(Reject::Liquidation);
        }
        if self.accounts[account].permission == Permission::Frozen {
            return Err(Reject::Frozen);
        }
        Ok(())
    }

    /// Checks from the price band on, for an order or for what a replace makes of one. Fixes the order's reducing part and the
    /// price at which it freezes.
    fn check_order(
        &mut self,
        instrument: usize,
        order: &mut Order,
        replacing: Option<u64>,
    ) -> Checked {
        let account = order.account;
        let book = &self.books[instrument];
        if let (Some(price), Some(band)) = (order.price, book.band)
            && !band.contains(to_price(price))
        {
            return Err(Reject::PriceBand);
        }
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

    fn rest(&mut self, instrument: usize, mut order: Order) {
        self.entries += 1;
        order.entry = self.entries;
        self.books[instrument].orders.push(order);
    }

    /// An accepted order works: it matches in continuous trading, waits in an auction; then the pass ends.
    fn work_order(&mut self, instrument: usize, mut order: Order, tif: TimeInForce) {
        let mut pass = Pass::new(instrument);
        if self.books[instrument].phase == Phase::Auction {
            self.rest(instrument, order);
        } else if tif == TimeInForce::Fok && !self.could_fill(instrument, &order) {
            self.cancelled(instrument, &order, order.qty, CancelReason::Fok);
        } else {
            self.match_taker(&mut order, &mut pass);
            if order.qty > 0 {
                self.end_order(order, tif, &pass);
            }
        }
        self.end_pass(&pass);
    }

    /// What becomes of what did not trade.
    fn end_order(&mut self, mut order: Order, tif: TimeInForce, pass: &Pass) {
        let instrument = pass.instrument;
        let rests = self.spec.instruments[instrument].market_remainder == MarketRemainder::Rest;
        match (order.market, tif, pass.last) {
            (true, TimeInForce::Gtc, Some(last)) if rests => {
                self.saw("market remainder rests");
                order.price = Some(last);
                order.freeze_price = last;
                order.market = false;
                self.rest(instrument, order);
            }
            (true, _, _) => self.cancelled(instrument, &order, order.qty, CancelReason::Market),
            (false, TimeInForce::Gtc | TimeInForce::Day | TimeInForce::Gtd(_), _) => {
                self.rest(instrument, order)
            }
            (false, TimeInForce::Ioc, _) => {
                self.cancelled(instrument, &order, order.qty, CancelReason::Ioc)
            }
            (false, TimeInForce::Fok, _) => panic!("a fill-or-kill order that could fill did not"),
        }
    }

    /// Enters a case's immediate-or-cancel batch; what does not trade vanishes without an event. Gives the lots traded.
    pub fn work_batch(&mut self, instrument: usize, mut order: Order) {
        let mut pass = Pass::new(instrument);
        self.match_taker(&mut order, &mut pass);
        self.end_pass(&pass);
    }

    /// Lets a case's batch rest at the limit price.
    pub fn rest_batch(&mut self, instrument: usize, order: Order) {
        self.emit(EventKind::Accepted {
            account: account_id(order.account),
            id: order.id,
            instrument: instrument_id(instrument),
            side: order.side,
            price: order.price.map(to_price),
            qty: to_qty(order.qty),
            trigger: None,
            display: Qty::ZERO,
            handle: None,
        });
        self.rest(instrument, order);
    }

    /// Where the account's open order of this id rests. A case's batch is not the client's to address.
    fn find_order(&self, account: usize, id: OrderId) -> Option<(usize, u64)> {
        for (instrument, book) in self.books.iter().enumerate() {
            for order in &book.orders {
                if order.account == account && order.id == id && order.case.is_none() {
                    return Some((instrument, order.entry));
                }
            }
        }
        None
    }

    fn named_order(&self, account: usize, order: &OrderRef) -> Result<(usize, u64), Reject> {
        match order {
            OrderRef::Client(label) => {
                self.find_order(account, OrderId::Client(*label)).ok_or(Reject::UnknownOrder)
            }
            OrderRef::Handle(instrument, handle) => {
                let entry =
                    self.handles.get(&(*instrument, *handle)).ok_or(Reject::UnknownOrder)?;
                let orders = &self.books[instrument.index()].orders;
                let meant = orders.iter().find(|order| order.entry == *entry);
                let own = meant.filter(|order| order.account == account && order.case.is_none());
                own.map(|order| (instrument.index(), order.entry)).ok_or(Reject::UnknownOrder)
            }
        }
    }

    /// Command `cancel`.
    pub fn cancel(&mut self, account: AccountId, order: &OrderRef) -> Checked {
        let account = self.known_account(account)?;
        let (instrument, entry) = self.named_order(account, order)?;
        self.cancel_resting(instrument, entry, CancelReason::Client);
        Ok(())
    }

    /// Command `cancel_all`.
    pub fn cancel_all(
        &mut self,
        account: AccountId,
        instrument: Option<InstrumentId>,
        side: Option<Side>,
    ) -> Checked {
        let account = self.known_account(account)?;
        let only = instrument.map(|instrument| self.known_instrument(instrument)).transpose()?;
        self.cancel_where(account, CancelReason::Client, |_, instrument, order| {
            only.is_none_or(|only| only == instrument)
                && side.is_none_or(|side| side == order.side)
                && order.case.is_none()
        });
        Ok(())
    }

    /// Cancels an account's orders that meet a condition, by instrument, then entry.
    pub fn cancel_where(
        &mut self,
        account: usize,
        reason: CancelReason,
        meant: impl Fn(&Self, usize, &Order) -> bool,
    ) {
        for instrument in 0..self.books.len() {
            let orders = self.books[instrument].orders.iter();
            let own = orders.filter(|order| order.account == account);
            let mut entries: Vec<u64> = own.map(|order| order.entry).collect();
            entries.sort_unstable();
            for entry in entries {
                // Each is judged when its turn comes: those before it may have gone.
                let order = self.books[instrument].order(entry).expect("it rests");
                if meant(self, instrument, order) {
                    self.cancel_resting(instrument, entry, reason);
                }
            }
        }
    }

    /// Command `replace`.
    pub fn replace(
        &mut self,
        account: AccountId,
        order: &OrderRef,
        price: Price,
        qty: Qty,
    ) -> Checked {
        let account = self.known_account(account)?;
        let (instrument, entry) = self.named_order(account, order)?;
        Self::check_qty(qty)?;
        self.check_rights(account)?;
        if matches!(self.books[instrument].phase, Phase::Halted | Phase::Closed) {
            return Err(Reject::Phase);
        }
        let before = self.books[instrument].order(entry).expect("it was found").clone();
        let mut after = before.clone();
        after.price = Some(ticks(price));
        after.qty = lots(qty);
        let kept = before.price == after.price && after.qty < before.qty;
        after.market = before.market && kept;
        self.check_order(instrument, &mut after, Some(entry))?;
        self.replaced(instrument, &after, kept);
        if kept {
            *self.books[instrument].order_mut(entry) = after;
        } else {
            self.books[instrument].remove(entry);
            self.work_order(instrument, after, TimeInForce::Gtc);
        }
        Ok(())
    }
}
