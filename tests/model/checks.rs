//! Section 4: what an order has to pass, in order.

use super::book::Order;
use super::position::Which;
use super::{Model, lots, sign, ticks, to_price};
use plimsoll_types::*;

/// A reject, or nothing to say.
pub type Checked = Result<(), Reject>;

impl Model {
    /// Pockets and `$fund` take no commands.
    pub fn known_account(&self, account: AccountId) -> Result<usize, Reject> {
        let index = account.index();
        let known = self.accounts.get(index).is_some_and(|account| account.pocket_of.is_none());
        if known && self.fund_account != Some(index) {
            Ok(index)
        } else {
            Err(Reject::UnknownAccount)
        }
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
        let holder = self.holder(account, instrument);
        let held = holder.map_or(0, |holder| self.lots_held(holder, instrument));
        let open = self.ahead(account, instrument, side, None) - given_back;
        self.check_lots(instrument, held + open + qty)
    }

    /// Both legs together, where there are two.
    pub fn lots_held(&self, holder: usize, instrument: usize) -> i128 {
        self.accounts[holder].held_in(instrument).map(|(_, position)| position.size()).sum()
    }

    pub fn most_lots(&self, instrument: usize) -> i128 {
        let dearest = self.tick_value(instrument) << 30;
        (10_i128.pow(30) / dearest).min(1 << 48)
    }

    pub fn check_lots(&self, instrument: usize, qty: i128) -> Checked {
        if qty > self.most_lots(instrument) { Err(Reject::QuantityTooLarge) } else { Ok(()) }
    }

    /// Display, minimum quantity, expiry, offset.
    pub fn check_extras(&self, new: &NewOrder) -> Checked {
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
        if new.offset.is_some() && !self.has_legs() {
            return Err(Reject::Offset);
        }
        Ok(())
    }

    /// Whether a case has the account in hand, or its pocket there.
    pub fn in_case(&self, account: usize, instrument: usize) -> bool {
        let pocket = self.pocket(account, instrument);
        let touched = [Some(account), pocket].into_iter().flatten();
        touched.into_iter().any(|one| self.accounts[one].case.is_some())
    }

    /// What the account, its pocket there and the instrument let it do.
    fn permission(&self, account: usize, instrument: usize) -> Permission {
        let own = self.accounts[account].permission;
        let holder = self.holder(account, instrument).unwrap_or(account);
        own.max(self.accounts[holder].permission).max(self.books[instrument].permission)
    }

    /// A case, a freeze: they stop orders and replaces alike.
    pub fn check_rights(&self, account: usize, instrument: usize) -> Checked {
        if self.in_case(account, instrument) {
            return Err(Reject::Liquidation);
        }
        if self.permission(account, instrument) == Permission::Frozen {
            return Err(Reject::Frozen);
        }
        Ok(())
    }

    pub fn check_phase(&self, instrument: usize, new: &NewOrder) -> Checked {
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

    /// Under long_short: whether the leg has the lots, beyond those promised.
    fn check_close(&mut self, instrument: usize, order: &Order, replacing: Option<u64>) -> Checked {
        let Some(which) = self.closes(instrument, order).filter(|_| self.has_legs()) else {
            return Ok(());
        };
        let promised = self.promised(order, instrument, replacing);
        if order.qty <= self.can_give(instrument, order) - promised {
            return Ok(());
        }
        if promised > 0 && order.qty <= self.can_give(instrument, order) {
            self.saw("the same lots promised twice");
        }
        Err(match which {
            Which::Any => Reject::Close,
            Which::Carried => Reject::CloseCarried,
            Which::Today => Reject::CloseToday,
        })
    }

    /// The opening part of an order that is not in the book, or of what a replace makes of one.
    fn opening_of_new(&self, instrument: usize, order: &Order, replacing: Option<u64>) -> i128 {
        if self.has_legs() {
            return self.opening(instrument, order);
        }
        // A replace that keeps its place keeps those before it; any other order comes after all the others.
        let replaced = replacing.and_then(|entry| self.books[instrument].order(entry));
        let kept = replaced.filter(|o| o.price == order.price && order.qty < o.qty);
        let (account, side) = (order.account, order.side);
        let ahead = match kept {
            Some(o) => self.ahead(account, instrument, side, Some(o.entry)),
            None => self.ahead(account, instrument, side, None) - replaced.map_or(0, |o| o.qty),
        };
        let free = self.can_give(instrument, order) - ahead;
        order.qty - order.qty.min(free.max(0))
    }

    /// The lots held (a short counts against), on order and asked for, on a side.
    fn check_position_limit(
        &self,
        instrument: usize,
        order: &Order,
        replacing: Option<u64>,
    ) -> Checked {
        let account = order.account;
        let Some(limit) = self.books[instrument].spec.risk.position_limit else { return Ok(()) };
        if self.unlimited(account) || self.accounts[account].hedger {
            return Ok(());
        }
        let held = match self.holder(account, instrument) {
            None => 0,
            Some(holder) if self.has_legs() => {
                self.accounts[holder].lots_on(instrument, order.side)
            }
            Some(holder) => sign(order.side) * self.accounts[holder].lots(instrument),
        };
        let orders = self.books[instrument].orders.iter();
        let own = orders.filter(|o| o.account == account && o.side == order.side);
        let own = own.filter(|o| Some(o.entry) != replacing);
        // Under long_short a closing order comes of the other leg.
        let counted = own.filter(|o| !self.has_legs() || !self.only_closes(o));
        let on_order: i128 = counted.map(|o| o.qty).sum();
        if held + on_order + order.qty > lots(limit) { Err(Reject::PositionLimit) } else { Ok(()) }
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
        self.check_close(instrument, order, replacing)?;
        let opening = self.opening_of_new(instrument, order, replacing);
        order.freeze_price = self.freeze_price(instrument, order);
        if order.reduce_only && opening > 0 {
            return Err(Reject::ReduceOnly);
        }
        if self.permission(account, instrument) == Permission::CloseOnly && opening > 0 {
            return Err(Reject::CloseOnly);
        }
        if opening > 0 {
            self.check_position_limit(instrument, order, replacing)?;
        }
        let best = self.books[instrument].best(order.side.opposite());
        if order.post_only && best.is_some_and(|best| order.admits(best)) {
            return Err(Reject::PostOnly);
        }
        if opening > 0 && !self.unlimited(account) {
            let replaced = replacing.and_then(|entry| self.books[instrument].order(entry));
            let given_back = replaced.map_or(0, |o| {
                self.freezes(account, instrument, o.freeze_price, self.opening(instrument, o))
            });
            let needed = self.freezes(account, instrument, order.freeze_price, opening);
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
}
