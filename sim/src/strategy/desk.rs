//! A strategy's desk: what it knows by now, and the tray its orders go into.

use super::message::{AccountStatus, Fill, OrderState, OrderUpdate, Quote};
use crate::prng::Prng;
use plimsoll_types::{
    AccountId, Command, InstrumentId, InstrumentSpec, Label, Money, NewOrder, OrderKind, OrderRef,
    Price, Qty, SelfMatch, Side, TimeInForce, Ts,
};

/// Actions a strategy may take in one callback. One that wants more is running wild.
pub const ACTIONS_MAX: usize = 10_000;

/// An own order, by the strategy's own count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderToken(pub u64);

/// A timer, by the strategy's own count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerId(pub u64);

/// What a strategy knows of an instrument from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its number.
    pub instrument: InstrumentId,
    /// Its symbol.
    pub symbol: Label,
    /// Value of a tick of a lot, money units.
    pub tick_value: i64,
    /// The settlement price before the first day.
    pub prev_settlement: Price,
}

/// An order to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// In what.
    pub instrument: InstrumentId,
    /// Which side.
    pub side: Side,
    /// Limit; `None` = a market order.
    pub price: Option<Price>,
    /// Lots.
    pub qty: Qty,
    /// How long it lives.
    pub tif: TimeInForce,
    /// Refused if it would take.
    pub post_only: bool,
    /// Only brings the position closer to zero.
    pub reduce_only: bool,
    /// The last price it waits for, of a stop.
    pub trigger: Option<Price>,
}

impl Order {
    /// A limit order that rests until it is cancelled.
    pub fn limit(instrument: InstrumentId, side: Side, price: Price, lots: u64) -> Order {
        Order {
            instrument,
            side,
            price: Some(price),
            qty: Qty::new(lots),
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            trigger: None,
        }
    }

    /// A market order.
    pub fn market(instrument: InstrumentId, side: Side, lots: u64) -> Order {
        let order = Order::limit(instrument, side, Price::MIN, lots);
        Order { price: None, tif: TimeInForce::Ioc, ..order }
    }

    /// The same, refused if it would take.
    pub fn post_only(self) -> Order {
        Order { post_only: true, ..self }
    }

    /// The same, but it only ever reduces.
    pub fn reduce_only(self) -> Order {
        Order { reduce_only: true, ..self }
    }

    /// The same, but what does not trade at once goes.
    pub fn immediate(self) -> Order {
        Order { tif: TimeInForce::Ioc, ..self }
    }
}

/// An own order, as far as the strategy has heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingOrder {
    /// Which.
    pub token: OrderToken,
    /// As it was sent, or last replaced.
    pub order: Order,
    /// Lots open.
    pub open: Qty,
    /// Whether the exchange has said that it entered.
    pub accepted: bool,
    /// Whether a cancel is on its way.
    pub cancelling: bool,
}

/// What a strategy does, on its way out.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Send(Command),
    Timer(TimerId, Ts),
}

/// What a strategy knows and the tray its orders go into. One a strategy; it knows nothing the strategy has not been told.
#[derive(Debug)]
pub struct Desk {
    account: AccountId,
    now: Ts,
    terms: Vec<Terms>,
    quotes: Vec<Option<Quote>>,
    positions: Vec<i64>,
    orders: Vec<WorkingOrder>,
    status: AccountStatus,
    prng: Prng,
    tokens: u64,
    timers: u64,
    /// Timers that have not run out.
    ticking: usize,
    pub(crate) actions: Vec<Action>,
}

impl Desk {
    /// The desk of an account at the opening.
    pub(crate) fn new(
        status: AccountStatus,
        account: AccountId,
        instruments: &[InstrumentSpec],
        prng: Prng,
    ) -> Desk {
        let terms = instruments.iter().enumerate().map(|(n, spec)| Terms {
            instrument: InstrumentId(n as u16),
            symbol: spec.symbol,
            tick_value: spec.tick_value,
            prev_settlement: spec.prev_settlement,
        });
        Desk {
            account,
            now: status.ts,
            terms: terms.collect(),
            quotes: vec![None; instruments.len()],
            positions: vec![0; instruments.len()],
            orders: Vec::new(),
            status,
            prng,
            tokens: 0,
            timers: 0,
            ticking: 0,
            actions: Vec::new(),
        }
    }

    /// The time at which the message that is being told arrived, nanoseconds.
    pub fn now(&self) -> Ts {
        self.now
    }

    /// Every instrument, by number.
    pub fn instruments(&self) -> &[Terms] {
        &self.terms
    }

    /// The instrument of this symbol.
    pub fn instrument(&self, symbol: &str) -> Option<InstrumentId> {
        self.terms.iter().find(|terms| terms.symbol.as_str() == symbol).map(|t| t.instrument)
    }

    /// The last quote heard.
    pub fn quote(&self, instrument: InstrumentId) -> Option<Quote> {
        self.quotes.get(instrument.index()).copied().flatten()
    }

    /// Signed lots held, by the fills heard.
    pub fn position(&self, instrument: InstrumentId) -> i64 {
        self.positions.get(instrument.index()).copied().unwrap_or(0)
    }

    /// Own orders that are not known to be gone, oldest first.
    pub fn orders(&self) -> &[WorkingOrder] {
        &self.orders
    }

    /// An own order that is not known to be gone.
    pub fn order(&self, token: OrderToken) -> Option<&WorkingOrder> {
        let at = self.orders.binary_search_by_key(&token, |order| order.token).ok()?;
        self.orders.get(at)
    }

    /// The account's money, as last heard.
    pub fn account(&self) -> &AccountStatus {
        &self.status
    }

    /// Money of so many lots' move by so many ticks.
    pub fn value(&self, instrument: InstrumentId, ticks: i64, lots: i64) -> Money {
        let tick_value = self.terms.get(instrument.index()).map_or(0, |terms| terms.tick_value);
        Money::new(i128::from(tick_value) * i128::from(ticks) * i128::from(lots))
    }

    /// 64 random bits of the strategy's own stream.
    pub fn random(&mut self) -> u64 {
        self.prng.bits()
    }

    /// Sends an order.
    pub fn submit(&mut self, order: Order) -> OrderToken {
        self.tokens += 1;
        let token = OrderToken(self.tokens);
        self.orders.push(WorkingOrder {
            token,
            order,
            open: order.qty,
            accepted: false,
            cancelling: false,
        });
        let kind = match order.price {
            Some(price) => OrderKind::Limit(price),
            None => OrderKind::Market(None),
        };
        let new = NewOrder {
            id: Some(label(token)),
            kind,
            tif: order.tif,
            post_only: order.post_only,
            reduce_only: order.reduce_only,
            trigger: order.trigger,
            self_match: SelfMatch::CancelOldest,
            ..NewOrder::limit(self.account, order.instrument, order.side, Price::MIN, order.qty)
        };
        self.actions.push(Action::Send(Command::Order(new)));
        token
    }

    /// Cancels an own order; one that is gone or already on its way out is left alone.
    pub fn cancel(&mut self, token: OrderToken) {
        let Ok(at) = self.orders.binary_search_by_key(&token, |order| order.token) else { return };
        if !std::mem::replace(&mut self.orders[at].cancelling, true) {
            let order = OrderRef::Client(label(token));
            self.actions.push(Action::Send(Command::Cancel { account: self.account, order }));
        }
    }

    /// Cancels every own order.
    pub fn cancel_all(&mut self) {
        for at in 0..self.orders.len() {
            self.cancel(self.orders[at].token);
        }
    }

    /// Changes price and open quantity of an own order; it keeps its place only where its quantity falls and nothing else changes.
    pub fn replace(&mut self, token: OrderToken, price: Price, lots: u64) {
        let order = OrderRef::Client(label(token));
        let (account, qty) = (self.account, Qty::new(lots));
        self.actions.push(Action::Send(Command::Replace {
            account,
            order,
            price,
            qty,
            trigger: None,
        }));
    }

    /// Asks for [`super::Strategy::on_timer`] after so many nanoseconds.
    pub fn set_timer(&mut self, after: Ts) -> TimerId {
        self.timers += 1;
        self.ticking += 1;
        let timer = TimerId(self.timers);
        self.actions.push(Action::Timer(timer, self.now.saturating_add(after.max(1))));
        timer
    }

    /// Own orders and timers that are still to come to their end.
    pub(crate) fn waits(&self) -> usize {
        self.orders.len() + self.ticking
    }

    pub(crate) fn heard_timer(&mut self) {
        self.ticking = self.ticking.saturating_sub(1);
    }

    pub(crate) fn arrive(&mut self, now: Ts) {
        self.now = now;
    }

    pub(crate) fn heard_quote(&mut self, quote: &Quote) {
        if let Some(place) = self.quotes.get_mut(quote.instrument.index()) {
            *place = Some(*quote);
        }
    }

    pub(crate) fn heard_fill(&mut self, fill: &Fill) {
        if let Some(position) = self.positions.get_mut(fill.instrument.index()) {
            *position += fill.qty.signed(fill.side);
        }
        if let Some(token) = fill.token {
            self.reduce(token, fill.qty);
        }
    }

    pub(crate) fn heard_order(&mut self, update: &OrderUpdate) {
        let Some(token) = update.token else { return };
        let found = self.orders.binary_search_by_key(&token, |order| order.token);
        let Ok(at) = found else { return };
        match update.state {
            OrderState::Accepted => self.orders[at].accepted = true,
            // A refused cancel or replace leaves the order as it was.
            OrderState::Rejected(_) if self.orders[at].accepted => {
                self.orders[at].cancelling = false;
            }
            OrderState::Rejected(_) => drop(self.orders.remove(at)),
            OrderState::Replaced { price, open } => {
                self.orders[at].order.price = price;
                self.orders[at].open = open;
            }
            OrderState::Cancelled { qty, .. } => self.reduce(token, qty),
        }
    }

    pub(crate) fn heard_account(&mut self, status: &AccountStatus) {
        self.status = *status;
    }

    fn reduce(&mut self, token: OrderToken, qty: Qty) {
        let found = self.orders.binary_search_by_key(&token, |order| order.token);
        let Ok(at) = found else { return };
        self.orders[at].open = self.orders[at].open.saturating_sub(qty);
        if self.orders[at].open.is_zero() {
            self.orders.remove(at);
        }
    }
}

/// The client id of an own order at the exchange.
pub(crate) fn label(token: OrderToken) -> Label {
    let text = format!("s{}", token.0);
    Label::new(&text)
        .unwrap_or_else(|| plimsoll_types::broken(format_args!("a token fits no label: {text}")))
}

/// The own order that a client id names.
pub(crate) fn token(label: &Label) -> Option<OrderToken> {
    label.as_str().strip_prefix('s')?.parse().ok().map(OrderToken)
}
