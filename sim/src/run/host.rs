//! The host of a strategy: turns events into what the strategy may hear, and its actions into commands, each with its delay.

use super::mail::{Letter, Mail};
use super::watch::guarded;
use crate::latency::{Latency, Way};
use crate::outcome::{StrategyFill, StrategyRecord, StrategySample};
use crate::prng::Prng;
use crate::strategy::desk::{ACTIONS_MAX, Action, token};
use crate::strategy::plan::Seat;
use crate::strategy::{
    AccountStatus, Desk, Fill, Liquidation, LiquidationStep, MarginCall, OrderState, OrderUpdate,
    Quote, Strategy, StrategyError, TimerId, TradePrint,
};
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, CaseStep, Event, EventKind, Measure, Money, OrderId, TradeKind, Ts,
};

/// Fills kept for the report; the totals count all.
const FILLS_MAX: usize = 20_000;

/// Orders and timers a strategy may have at once.
const WAITS_MAX: usize = 100_000;

/// What a strategy is told.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// See [`Strategy::on_start`].
    Start,
    /// See [`Strategy::on_quote`].
    Quote(Quote),
    /// See [`Strategy::on_trade`].
    Trade(TradePrint),
    /// See [`Strategy::on_fill`].
    Fill(Fill),
    /// See [`Strategy::on_order`].
    Order(OrderUpdate),
    /// See [`Strategy::on_timer`].
    Timer(TimerId),
    /// See [`Strategy::on_margin_call`].
    MarginCall(MarginCall),
    /// See [`Strategy::on_liquidation`].
    Liquidation(Liquidation),
    /// See [`Strategy::on_account`].
    Account(AccountStatus),
    /// See [`Strategy::on_stop`].
    Stop,
}

impl Message {
    /// The callback that hears it.
    pub fn callback(&self) -> &'static str {
        match self {
            Message::Start => "on_start",
            Message::Quote(_) => "on_quote",
            Message::Trade(_) => "on_trade",
            Message::Fill(_) => "on_fill",
            Message::Order(_) => "on_order",
            Message::Timer(_) => "on_timer",
            Message::MarginCall(_) => "on_margin_call",
            Message::Liquidation(_) => "on_liquidation",
            Message::Account(_) => "on_account",
            Message::Stop => "on_stop",
        }
    }
}

/// A strategy at its seat.
pub struct Host {
    place: usize,
    strategy: Box<dyn Strategy>,
    seat: Seat,
    account: AccountId,
    desk: Desk,
    record: StrategyRecord,
    /// In how many callbacks of which moment it acted.
    acted: (Ts, usize),
    feed: Latency,
    orders: Latency,
    replies: Latency,
}

impl Host {
    /// Seats a strategy whose account is open and funded.
    pub fn new(
        place: usize,
        strategy: Box<dyn Strategy>,
        seat: Seat,
        account: AccountId,
        exchange: &Exchange,
        seed: u64,
    ) -> Host {
        let prng = Prng::new(seed, "strategy", place as u64);
        let instruments = &exchange.spec().instruments;
        let desk = Desk::new(status(exchange, account), account, instruments, prng);
        let record = StrategyRecord::new(seat.account, account, seat.deposit);
        let line = |model, way| Latency::new(model, seed, way, place as u64);
        Host {
            feed: line(&seat.latency.feed, Way::Feed),
            orders: line(&seat.latency.orders, Way::Orders),
            replies: line(&seat.latency.replies, Way::Replies),
            place,
            strategy,
            seat,
            account,
            desk,
            record,
            acted: (0, 0),
        }
    }

    /// Posts what the strategy will hear of an event; whether it names the strategy's account.
    pub fn hear(&mut self, exchange: &Exchange, event: &Event, mail: &mut Mail) -> bool {
        let ts = event.ts;
        let owners = event.kind.accounts().map(|account| account.map(|id| exchange.owner(id)));
        let own = owners.contains(&Some(self.account));
        match &event.kind {
            EventKind::Trade { instrument, price, qty, side, kind, .. } => {
                if !matches!(kind, TradeKind::Deleverage | TradeKind::Reduction) {
                    let print = TradePrint {
                        ts,
                        instrument: *instrument,
                        price: *price,
                        qty: *qty,
                        side: *side,
                        kind: *kind,
                    };
                    self.post_public(ts, Message::Trade(print), mail);
                }
                if own {
                    self.own_trade(ts, owners, &event.kind, mail);
                }
            }
            EventKind::Case { case, step, .. } => {
                if let Some(step) = published(step) {
                    let news = Message::Liquidation(Liquidation { ts, case: case.0, own, step });
                    match own {
                        true => self.post_own(ts, news, mail),
                        false => self.post_public(ts, news, mail),
                    }
                }
                if own && matches!(step, CaseStep::Triggered { .. }) {
                    self.record.cases += 1;
                }
            }
            _ if own => self.own_news(ts, &event.kind, mail),
            _ => {}
        }
        own
    }

    /// `owners` = whose maker and taker are.
    fn own_trade(
        &mut self,
        ts: Ts,
        owners: [Option<AccountId>; 2],
        trade: &EventKind,
        mail: &mut Mail,
    ) {
        let EventKind::Trade {
            instrument,
            price,
            qty,
            maker_id,
            taker_id,
            side,
            kind,
            maker_fee,
            taker_fee,
            ..
        } = *trade
        else {
            return;
        };
        let sides = [
            (owners[0], maker_id, side.opposite(), maker_fee, true),
            (owners[1], taker_id, side, taker_fee, false),
        ];
        for (account, id, side, fee, maker) in sides {
            if account == Some(self.account) {
                let token = own_token(&id);
                let fill = Fill { ts, token, instrument, side, price, qty, fee, maker, kind };
                self.record_fill(&fill);
                self.post_own(ts, Message::Fill(fill), mail);
            }
        }
    }

    fn own_news(&mut self, ts: Ts, kind: &EventKind, mail: &mut Mail) {
        let update = |id: &OrderId, state| OrderUpdate { ts, token: own_token(id), state };
        let news = match kind {
            EventKind::Accepted { id, .. } => Message::Order(update(id, OrderState::Accepted)),
            EventKind::Rejected { id, reason, .. } => {
                self.record.rejected += 1;
                let token = id.as_ref().and_then(own_token);
                Message::Order(OrderUpdate { ts, token, state: OrderState::Rejected(*reason) })
            }
            EventKind::Replaced { id, price, qty, .. } => {
                Message::Order(update(id, OrderState::Replaced { price: *price, open: *qty }))
            }
            EventKind::Cancelled { id, qty, reason, .. } => {
                Message::Order(update(id, OrderState::Cancelled { qty: *qty, reason: *reason }))
            }
            EventKind::MarginCall { shortfall, deadline, .. } => {
                self.record.margin_calls += 1;
                let call = MarginCall { ts, shortfall: *shortfall, deadline: *deadline };
                Message::MarginCall(call)
            }
            EventKind::Deposit { amount, .. } => {
                self.record.paid_in += *amount;
                return;
            }
            EventKind::Withdrawal { amount, .. } => {
                self.record.paid_in += -*amount;
                return;
            }
            _ => return,
        };
        self.post_own(ts, news, mail);
    }

    /// Posts the account's money, as it stands now.
    pub fn post_account(&mut self, exchange: &Exchange, ts: Ts, mail: &mut Mail) {
        let status = AccountStatus { ts, ..status(exchange, self.account) };
        self.post_own(ts, Message::Account(status), mail);
    }

    /// Posts a quote.
    pub fn post_quote(&mut self, quote: Quote, mail: &mut Mail) {
        self.post_public(quote.ts, Message::Quote(quote), mail);
    }

    fn post_public(&mut self, ts: Ts, message: Message, mail: &mut Mail) {
        mail.send(self.feed.delay(ts), Letter::Message(self.place, message));
    }

    fn post_own(&mut self, ts: Ts, message: Message, mail: &mut Mail) {
        mail.send(self.replies.delay(ts), Letter::Message(self.place, message));
    }

    /// Tells the strategy something, and posts what it does about it.
    ///
    /// Errors: the strategy's own, a panic of its, or more actions than anybody needs; the line names strategy, callback and time.
    pub fn tell(&mut self, now: Ts, message: &Message, mail: &mut Mail) -> Result<(), String> {
        self.desk.arrive(now);
        match message {
            Message::Quote(quote) => self.desk.heard_quote(quote),
            Message::Fill(fill) => self.desk.heard_fill(fill),
            Message::Order(update) => self.desk.heard_order(update),
            Message::Account(status) => self.desk.heard_account(status),
            Message::Timer(_) => self.desk.heard_timer(),
            _ => {}
        }
        let (strategy, desk) = (&mut self.strategy, &mut self.desk);
        let told = match guarded(|| call(strategy.as_mut(), desk, message)) {
            Ok(Ok(())) => self.within_bounds(now),
            Ok(Err(error)) => Err(format!("failed: {error}")),
            Err(panic) => Err(panic),
        };
        told.map_err(|trouble| self.complaint(now, message, &trouble))?;
        for action in self.desk.actions.drain(..) {
            match action {
                Action::Send(command) => {
                    self.record.messages += 1;
                    mail.send(self.orders.delay(now), Letter::Command(command));
                }
                Action::Timer(timer, ts) => {
                    mail.send(ts, Letter::Message(self.place, Message::Timer(timer)));
                }
            }
        }
        Ok(())
    }

    /// One line about a callback of this strategy.
    pub fn complaint(&self, now: Ts, message: &Message, trouble: &str) -> String {
        let at = crate::say::time(now);
        format!("strategy {}, {}, {at}: {trouble}", self.seat.account, message.callback())
    }

    /// Errors: more than anybody needs, which would fill the memory or never come to an end.
    fn within_bounds(&mut self, now: Ts) -> Result<(), String> {
        let actions = self.desk.actions.len();
        if actions > ACTIONS_MAX {
            let what = format!("took {actions} actions in one callback");
            return Err(format!("{what}; at most {ACTIONS_MAX} are carried out"));
        }
        if self.acted.0 != now {
            self.acted = (now, 0);
        }
        self.acted.1 += usize::from(actions > 0);
        if self.acted.1 > ACTIONS_MAX {
            return Err(format!(
                "acted in {} callbacks at one moment: it answers itself",
                self.acted.1
            ));
        }
        let waits = self.desk.waits();
        if waits > WAITS_MAX {
            return Err(format!(
                "has {waits} orders and timers at once; at most {WAITS_MAX} are kept"
            ));
        }
        Ok(())
    }

    /// Takes a point of the tear sheet's curves.
    pub fn sample(&mut self, exchange: &Exchange, ts: Ts) {
        let view = exchange.account(self.account);
        let mut exposure = Money::ZERO;
        let mut distance: Option<i64> = None;
        for position in &view.positions {
            let mark = exchange.mark(position.instrument);
            let spec = &exchange.spec().instruments[position.instrument.index()];
            let notional = Money::of_lots(mark, position.lots, spec.tick_value);
            exposure += Money::new(notional.units().abs());
            if let Some(line) = position.liquidation_price {
                let away = (mark.ticks() - line.ticks()).abs();
                distance = Some(distance.map_or(away, |nearest| nearest.min(away)));
            }
        }
        self.record.sample(StrategySample {
            ts,
            equity: view.equity,
            margin: view.margin,
            exposure,
            distance,
            lots: view.positions.iter().map(|position| position.lots).sum(),
        });
    }

    fn record_fill(&mut self, fill: &Fill) {
        let record = &mut self.record;
        record.fills += 1;
        record.lots += fill.qty.lots();
        record.maker_lots += if fill.maker { fill.qty.lots() } else { 0 };
        record.fees += fill.fee;
        if record.trades.len() < FILLS_MAX {
            record.trades.push(StrategyFill {
                ts: fill.ts,
                instrument: fill.instrument,
                side: fill.side,
                price: fill.price,
                lots: fill.qty.lots(),
                kind: fill.kind,
            });
        }
    }

    /// Closes the record.
    pub fn finish(mut self, exchange: &Exchange) -> StrategyRecord {
        self.record.closing = exchange.equity(self.account);
        self.record.debt = exchange.account(self.account).debt;
        self.record
    }
}

fn call(
    strategy: &mut dyn Strategy,
    desk: &mut Desk,
    message: &Message,
) -> Result<(), StrategyError> {
    match message {
        Message::Start => strategy.on_start(desk),
        Message::Quote(quote) => strategy.on_quote(desk, quote),
        Message::Trade(trade) => strategy.on_trade(desk, trade),
        Message::Fill(fill) => strategy.on_fill(desk, fill),
        Message::Order(update) => strategy.on_order(desk, update),
        Message::Timer(timer) => strategy.on_timer(desk, *timer),
        Message::MarginCall(call) => strategy.on_margin_call(desk, call),
        Message::Liquidation(liquidation) => strategy.on_liquidation(desk, liquidation),
        Message::Account(status) => strategy.on_account(desk, status),
        Message::Stop => strategy.on_stop(desk),
    }
}

fn own_token(id: &OrderId) -> Option<crate::strategy::OrderToken> {
    match id {
        OrderId::Client(label) => token(label),
        _ => None,
    }
}

/// What venues publish of a case.
fn published(step: &CaseStep) -> Option<LiquidationStep> {
    Some(match step {
        CaseStep::Triggered { .. } => LiquidationStep::Triggered,
        CaseStep::Batch { instrument, side, price, qty, .. } => LiquidationStep::Batch {
            instrument: *instrument,
            side: *side,
            price: *price,
            qty: *qty,
        },
        CaseStep::Parked { reason } => LiquidationStep::Parked(*reason),
        CaseStep::Resumed => LiquidationStep::Resumed,
        CaseStep::Restored => LiquidationStep::Restored,
        CaseStep::Closed => LiquidationStep::Closed,
        CaseStep::Waterfall => LiquidationStep::Waterfall,
        CaseStep::Planned { .. } | CaseStep::Checked { .. } => return None,
    })
}

fn status(exchange: &Exchange, account: AccountId) -> AccountStatus {
    let view = exchange.account(account);
    AccountStatus {
        ts: exchange.now(),
        equity: view.equity,
        balance: view.balance,
        margin: view.margin,
        maintenance: view.maintenance,
        available: view.available,
        measure: Measure(view.measure.0),
        tier: exchange.tier(account),
        permission: view.permission,
        fees: view.fees,
        debt: view.debt,
    }
}
