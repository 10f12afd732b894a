//! A venue's book as recorded: who stands where in which queue, and the commands that keep an exchange's book like it.
//!
//! Nothing is matched here. The queue is what the recording says: entry at the back, a cut in place, anything else to
//! the back. Whether an exchange that carries out the commands agrees is for whoever runs them to see.

use super::lines::{self, decimal, end, field, head};
use super::{Action, Fill, Input, Listing, MARKET, Miss, Purpose, Reason, Script, TAKER};
use plimsoll_types::{Label, Phase, Qty, Side, Ts};
use std::collections::{BTreeMap, HashMap};

/// An order that rests in a recorded book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its side.
    pub side: Side,
    /// Its price, as recorded.
    pub price: i64,
    /// Its open quantity.
    pub qty: u64,
    /// When it took its place in the queue: lower stands before higher.
    arrival: u64,
}

/// The orders at one price.
#[derive(Clone, Debug, Default)]
struct Level {
    qty: u64,
    queue: BTreeMap<u64, Label>,
}

/// Where an executed order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// First in the queue at the best price, with the quantity that was executed.
    Front,
    /// The same, with less than that: so much.
    Shown(u64),
    /// Elsewhere: why, and who stands in front.
    Not(Reason, Option<Label>),
}

/// One instrument's book.
#[derive(Clone, Debug)]
pub struct Book {
    listing: Listing,
    phase: Phase,
    orders: HashMap<Label, Order>,
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
    arrivals: u64,
}

impl Book {
    /// An empty book in continuous trading.
    pub fn new(listing: Listing) -> Book {
        Book {
            listing,
            phase: Phase::Continuous,
            orders: HashMap::new(),
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            arrivals: 0,
        }
    }

    /// What is traded in it.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Its phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Orders in it.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// An order in it.
    pub fn find(&self, id: &Label) -> Option<Order> {
        self.orders.get(id).copied()
    }

    /// A side's prices and their quantities, from the best.
    pub fn levels(&self, side: Side) -> Box<dyn Iterator<Item = (i64, u64)> + '_> {
        let level = |(price, level): (&i64, &Level)| (*price, level.qty);
        match side {
            Side::Buy => Box::new(self.bids.iter().rev().map(level)),
            Side::Sell => Box::new(self.asks.iter().map(level)),
        }
    }

    /// The orders at a price, in their order.
    pub fn queue(&self, side: Side, price: i64) -> impl Iterator<Item = Label> + '_ {
        self.side(side).get(&price).into_iter().flat_map(|level| level.queue.values().copied())
    }

    /// The order that is next to trade on a side.
    pub fn front(&self, side: Side) -> Option<(Label, Order)> {
        let level = match side {
            Side::Buy => self.bids.last_key_value(),
            Side::Sell => self.asks.first_key_value(),
        };
        let id = *level?.1.queue.first_key_value()?.1;
        Some((id, *self.orders.get(&id)?))
    }

    /// Whether an order at this price would trade.
    pub fn crosses(&self, side: Side, price: i64) -> bool {
        let opposite = self.front(side.opposite()).map(|(_, order)| order.price);
        opposite.is_some_and(|opposite| match side {
            Side::Buy => price >= opposite,
            Side::Sell => price <= opposite,
        })
    }

    /// Where the order stands of which `qty` was executed at `price`.
    pub fn standing(&self, id: &Label, price: i64, qty: u64) -> Standing {
        let Some(order) = self.find(id) else {
            return Standing::Not(Reason::UnknownOrder, None);
        };
        let front = self.front(order.side);
        let ahead = front.map(|(ahead, _)| ahead).filter(|ahead| ahead != id);
        if self.phase != Phase::Continuous {
            return Standing::Not(Reason::NotContinuous, None);
        }
        if order.price != price {
            return Standing::Not(Reason::OtherPrice, ahead);
        }
        match front {
            Some((first, _)) if first == *id => match order.qty >= qty {
                true => Standing::Front,
                false => Standing::Shown(order.qty),
            },
            Some((_, first)) if first.price != price => Standing::Not(Reason::BetterPrice, ahead),
            _ => Standing::Not(Reason::NotAtFront, ahead),
        }
    }

    /// Enters an order at the back of its price. One that is there under the same id goes first.
    pub fn enter(&mut self, script: &mut Script, id: Label, side: Side, price: i64, qty: u64) {
        if self.orders.contains_key(&id) {
            script.tally.add("entered_twice", 1);
            self.cancel(script, &id);
        }
        let line = self.order(script.now, MARKET, &id, (side, price, qty));
        let input = self.input(script.now, Action::Add, &id, (side, Some(price), qty));
        script.write(Purpose::Keep, line, input);
        script.tally.add("orders", 1);
        self.insert(id, side, price, qty);
    }

    /// Enters an order without a price into an auction that fills it whole; it never stands in the book.
    pub fn enter_at_market(&mut self, script: &mut Script, id: &Label, side: Side, qty: u64) {
        let mut line = head(script.now, "order");
        field(&mut line, "account", MARKET);
        field(&mut line, "id", id.as_str());
        field(&mut line, "symbol", self.listing.symbol.as_str());
        field(&mut line, "side", side.as_str());
        field(&mut line, "type", "market");
        decimal(&mut line, "qty", i128::from(qty), 0);
        script.tally.add("orders", 1);
        let input = self.input(script.now, Action::Add, id, (side, None, qty));
        script.write(Purpose::Keep, end(line), input);
    }

    /// Cancels an order, if it is there.
    pub fn cancel(&mut self, script: &mut Script, id: &Label) {
        let Some(order) = self.remove(id) else { return };
        let mut line = head(script.now, "cancel");
        field(&mut line, "account", MARKET);
        field(&mut line, "id", id.as_str());
        script.tally.add("cancels", 1);
        let what = (order.side, Some(order.price), order.qty);
        let input = self.input(script.now, Action::Cancel, id, what);
        script.write(Purpose::Keep, end(line), input);
    }

    /// Takes `qty` off an order in its place; all of it is a cancel.
    pub fn cut(&mut self, script: &mut Script, id: &Label, qty: u64) {
        let Some(order) = self.find(id) else { return };
        match order.qty.checked_sub(qty).filter(|left| *left > 0) {
            None => self.cancel(script, id),
            Some(left) => self.change(script, id, order.price, left),
        }
    }

    /// Gives an order another price or open quantity, if that is what it does: with the same price and less quantity
    /// it keeps its place, else it goes to the back. Source: RULES 7.1, and Databento on action M, which say the same;
    /// so one `replace` does it.
    pub fn change(&mut self, script: &mut Script, id: &Label, price: i64, qty: u64) {
        let Some(order) = self.find(id) else { return };
        if (order.price, order.qty) == (price, qty) {
            return;
        }
        let input = if order.price == price && qty < order.qty {
            self.reduce(id, order.qty - qty);
            script.tally.add("cuts", 1);
            let what = (order.side, Some(price), order.qty - qty);
            self.input(script.now, Action::Reduce, id, what)
        } else {
            self.remove(id);
            self.insert(*id, order.side, price, qty);
            script.tally.add("replaces", 1);
            self.input(script.now, Action::Replace, id, (order.side, Some(price), qty))
        };
        let mut line = head(script.now, "replace");
        field(&mut line, "account", MARKET);
        field(&mut line, "id", id.as_str());
        self.price(&mut line, price);
        decimal(&mut line, "qty", i128::from(qty), 0);
        script.write(Purpose::Keep, end(line), input);
    }

    /// Executes an order, if it stands at the front: the command trades with it.
    ///
    /// More than it shows: what it shows is traded, and the rest is the caller's.
    pub fn execute(&mut self, script: &mut Script, id: &Label, qty: u64, place: u64) {
        let Some(order) = self.find(id) else { return };
        let (price, shown) = (order.price, order.qty.min(qty));
        let fill =
            Fill { order: *id, price: self.listing.ticks(price), qty: Qty::new(shown), place };
        let purpose = if shown == qty { Purpose::Execution(fill) } else { Purpose::Part(fill) };
        self.take(script, id, order, shown, purpose);
    }

    /// Trades `qty` with the order, which stands at the front, as a part of an execution that is counted as missed.
    pub fn execute_part(&mut self, script: &mut Script, id: &Label, qty: u64, place: u64) {
        let Some(order) = self.find(id) else { return };
        let qty = order.qty.min(qty);
        let price = self.listing.ticks(order.price);
        let fill = Fill { order: *id, price, qty: Qty::new(qty), place };
        self.take(script, id, order, qty, Purpose::Part(fill));
    }

    fn take(&mut self, script: &mut Script, id: &Label, order: Order, qty: u64, purpose: Purpose) {
        script.takers += 1;
        let taker = lines::name(&format!("x{}", script.takers));
        let line = self.order(script.now, TAKER, &taker, (order.side.opposite(), order.price, qty));
        let what = (order.side, Some(order.price), qty);
        let input = self.input(script.now, Action::Execute, id, what);
        script.write(purpose, line, input);
        self.reduce(id, qty);
    }

    /// Notes that an execution of the order is not one at the front, and takes `qty` off the order, if it is there.
    pub fn miss(&mut self, script: &mut Script, miss: Miss, qty: u64) {
        script.miss(miss);
        if let Some(id) = miss.order {
            self.cut(script, &id, qty);
        }
    }

    /// Takes every order out.
    pub fn clear(&mut self, script: &mut Script) {
        if self.is_empty() {
            return;
        }
        let mut line = head(script.now, "cancel_all");
        field(&mut line, "account", MARKET);
        field(&mut line, "symbol", self.listing.symbol.as_str());
        let input = Input::of_market(script.now, self.listing.symbol, Action::Clear, None);
        script.write(Purpose::Keep, end(line), input);
        self.orders.clear();
        self.bids.clear();
        self.asks.clear();
    }

    /// Goes into a phase, unless it is in it.
    pub fn go(&mut self, script: &mut Script, phase: Phase) {
        if phase != self.phase {
            self.write_phase(script, phase, Purpose::Keep);
        }
    }

    /// Ends an auction in which these orders of the book are filled, and these that never stood in it.
    pub fn uncross(&mut self, script: &mut Script, filled: Vec<Fill>, others: Vec<Fill>) {
        for fill in &filled {
            self.reduce(&fill.order, fill.qty.lots());
        }
        self.write_phase(script, Phase::Continuous, Purpose::Uncross { filled, others });
    }

    fn write_phase(&mut self, script: &mut Script, phase: Phase, purpose: Purpose) {
        self.phase = phase;
        let mut line = head(script.now, "phase");
        field(&mut line, "symbol", self.listing.symbol.as_str());
        field(&mut line, "phase", phase.as_str());
        script.tally.add("phases", 1);
        let input = Input::of_market(script.now, self.listing.symbol, Action::Phase, Some(phase));
        script.write(purpose, end(line), input);
    }

    /// Cancels what an order at this price would trade with, where the recording says that it traded with nothing:
    /// those orders can no longer have been there.
    pub fn clear_the_way(&mut self, script: &mut Script, side: Side, price: i64) {
        while self.crosses(side, price) {
            let Some((stale, _)) = self.front(side.opposite()) else { return };
            script.tally.add("cancelled_in_the_way", 1);
            self.cancel(script, &stale);
        }
    }

    /// Cancels, of two orders that cross, the one that came first, until none cross.
    pub fn uncross_by_cancels(&mut self, script: &mut Script) {
        while let (Some((bid, buy)), Some((ask, sell))) =
            (self.front(Side::Buy), self.front(Side::Sell))
            && buy.price >= sell.price
        {
            let stale = if buy.arrival < sell.arrival { bid } else { ask };
            script.tally.add("cancelled_in_the_way", 1);
            self.cancel(script, &stale);
        }
    }

    fn input(
        &self,
        ts: Ts,
        action: Action,
        id: &Label,
        (side, price, qty): (Side, Option<i64>, u64),
    ) -> Input {
        Input {
            order: Some(*id),
            side: Some(side),
            price: price.map(|price| self.listing.ticks(price)),
            qty: Qty::new(qty),
            ..Input::of_market(ts, self.listing.symbol, action, None)
        }
    }

    fn order(
        &self,
        ts: Ts,
        account: &str,
        id: &Label,
        (side, price, qty): (Side, i64, u64),
    ) -> Vec<u8> {
        let mut line = head(ts, "order");
        field(&mut line, "account", account);
        field(&mut line, "id", id.as_str());
        field(&mut line, "symbol", self.listing.symbol.as_str());
        field(&mut line, "side", side.as_str());
        self.price(&mut line, price);
        decimal(&mut line, "qty", i128::from(qty), 0);
        if account == TAKER {
            field(&mut line, "tif", "ioc");
        }
        end(line)
    }

    fn price(&self, line: &mut Vec<u8>, price: i64) {
        let shifted = i128::from(price) + i128::from(self.listing.shift);
        decimal(line, "price", shifted, self.listing.decimals);
    }

    fn side(&self, side: Side) -> &BTreeMap<i64, Level> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    fn insert(&mut self, id: Label, side: Side, price: i64, qty: u64) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        self.orders.insert(id, Order { side, price, qty, arrival });
        let level = self.side_mut(side).entry(price).or_default();
        level.qty += qty;
        level.queue.insert(arrival, id);
    }

    fn remove(&mut self, id: &Label) -> Option<Order> {
        let order = self.orders.remove(id)?;
        let levels = self.side_mut(order.side);
        if let Some(level) = levels.get_mut(&order.price) {
            level.qty -= order.qty;
            level.queue.remove(&order.arrival);
            if level.queue.is_empty() {
                levels.remove(&order.price);
            }
        }
        Some(order)
    }

    fn reduce(&mut self, id: &Label, qty: u64) {
        let Some(order) = self.orders.get_mut(id) else { return };
        let (side, price) = (order.side, order.price);
        let taken = order.qty.min(qty);
        if taken == order.qty {
            self.remove(id);
            return;
        }
        order.qty -= taken;
        if let Some(level) = self.side_mut(side).get_mut(&price) {
            level.qty -= taken;
        }
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
