//! Reports out: each event of an order that somebody is told of as an ExecutionReport, and the answers to requests.

use super::desk::{Desk, Pending, Reply, Wish};
use super::entry::{Refused, cancel_reject, mass_report};
use super::execution::{Exec, execution_report, kind_of};
use super::orders::{Key, Order, Standing};
use super::reasons;
use super::tag;
use super::write::Kind;
use crate::batch::{Answer, Batch, Durability, Outcome};
use crate::inbound::UserId;
use plimsoll_types::{
    AccountId, CancelReason, CaseStep, Event, EventKind, InstrumentId, Label, Money, OrderId,
    Price, Qty, Reject, Side, TradeKind, Ts,
};

/// A message to somebody.
pub type Told = (UserId, Reply);

/// Takes a batch: changes the orders and says who is to be told what.
pub fn hear(desk: &mut Desk, batch: &Batch, told: &mut Vec<Told>) {
    desk.names.hear(batch);
    for (outcome, events) in batch.each() {
        let mut pending = desk.answered(outcome.tag).filter(|was| was.user == outcome.user);
        let durability = batch.durability;
        let mut teller = Teller { desk, told, durability };
        for event in events {
            teller.event(event, pending.as_mut());
        }
        if let Some(pending) = pending {
            teller.close(outcome, &pending);
        }
    }
    desk.heard = batch.last;
}

struct Teller<'a> {
    desk: &'a mut Desk,
    told: &'a mut Vec<Told>,
    durability: Durability,
}

/// One fill.
#[derive(Clone, Copy)]
struct Fill {
    instrument: InstrumentId,
    price: Price,
    qty: Qty,
    kind: TradeKind,
}

/// One side of a fill.
#[derive(Clone, Copy)]
struct Leg {
    account: AccountId,
    id: OrderId,
    side: Side,
    fee: Money,
    is_taker: bool,
}

impl Teller<'_> {
    fn event(&mut self, event: &Event, pending: Option<&mut Pending>) {
        match &event.kind {
            EventKind::Accepted { .. } => self.accepted(event, pending),
            EventKind::Triggered { account, id, .. } => {
                self.report(self.key(*account, *id), Exec::new(event, b'L'));
            }
            EventKind::Rejected { reason, .. } => {
                if let Some(pending) = pending {
                    self.rejected(event, *reason, pending);
                }
            }
            EventKind::Cancelled { account, id, qty, reason, .. } => {
                self.cancelled(event, self.key(*account, *id), *qty, *reason, pending);
            }
            EventKind::Replaced { .. } => self.replaced(event, pending),
            &EventKind::Trade {
                instrument,
                price,
                qty,
                maker,
                maker_id,
                taker,
                taker_id,
                side,
                kind,
                maker_fee,
                taker_fee,
            } => {
                let fill = Fill { instrument, price, qty, kind };
                let legs = [
                    (maker, maker_id, side.opposite(), maker_fee, false),
                    (taker, taker_id, side, taker_fee, true),
                ]
                .map(|(account, id, side, fee, is_taker)| Leg {
                    account,
                    id,
                    side,
                    fee,
                    is_taker,
                });
                let keys = legs.map(|leg| self.filled(event, fill, leg));
                if keys.iter().any(Option::is_some) {
                    self.desk.orders.remember(event.seq, keys);
                }
            }
            EventKind::Case { account, case, step } => self.case(event, *account, case.0, step),
            &EventKind::Busted { trade, price, qty, .. } => self.busted(event, trade, price, qty),
            other => self.desk.names.hear_event(other),
        }
    }

    fn key(&self, account: AccountId, id: OrderId) -> Key {
        (self.desk.names.owner(account), id)
    }

    fn accepted(&mut self, event: &Event, pending: Option<&mut Pending>) {
        let EventKind::Accepted {
            account,
            id,
            instrument,
            side,
            price,
            qty,
            trigger,
            display,
            offset,
            ..
        } = event.kind
        else {
            return;
        };
        let key = self.key(account, id);
        if self.desk.names.account_name(key.0).is_none() {
            return;
        }
        if matches!(id, OrderId::Liquidation { .. }) {
            // Its batch has been told already; now it rests.
            if let Some(order) = self.desk.orders.get_mut(&key) {
                order.rests = true;
            }
            return;
        }
        let own = pending.filter(|was| was.wish == Wish::New && was.key == key);
        let mut exec = Exec::new(event, b'0');
        let mut order = Order::new(key, instrument, side, qty);
        match own.as_ref().and_then(|was| was.order.as_ref()) {
            Some(asked) => {
                order.asked = asked.asked;
                exec.text = Some(self.acknowledged());
            }
            None => order.asked.kind = kind_of(price, trigger),
        }
        (order.price, order.trigger) = (price, trigger);
        (order.display, order.offset) = (display, offset);
        self.desk.orders.insert(order);
        self.report(key, exec);
    }

    /// How durable what is acknowledged is.
    fn acknowledged(&self) -> String {
        let word = match self.durability {
            Durability::None => "none",
            Durability::Written => "written",
            Durability::Synced => "synced",
        };
        format!("durability: {word}")
    }

    fn rejected(&mut self, event: &Event, reason: Reject, pending: &Pending) {
        let (code, detail) = (reason.as_str(), reason.detail());
        let reply = match (pending.wish, &pending.order) {
            (Wish::New, Some(order)) => {
                let mut order = order.clone();
                order.take_away(Qty::MAX, Standing::Rejected);
                let exec = Exec {
                    reason: Some(reasons::order_reject(code)),
                    text: Some(format!("{code}: {detail}")),
                    ..Exec::new(event, b'8')
                };
                let Some(body) = execution_report(&self.desk.names, &order, &exec) else { return };
                // An open order of the same id is another one, and stays.
                let key = order.key;
                if self.desk.orders.get(&key).is_none_or(|it| it.standing != Standing::Open) {
                    self.desk.orders.insert(order);
                    self.desk.orders.finish(key);
                }
                (Kind::EXECUTION_REPORT, body)
            }
            (Wish::MassCancel { kind, .. }, _) => {
                let mut body = mass_report(pending.name, kind);
                body.add(tag::MASS_CANCEL_RESPONSE, 0)
                    .add(tag::MASS_CANCEL_REJECT_REASON, 99)
                    .add(tag::TEXT, format_args!("{code}: {detail}"));
                (Kind::MASS_CANCEL_REPORT, body)
            }
            _ => {
                if pending.wish == Wish::Replace {
                    self.desk.orders.forget_alias(pending.key, &pending.name);
                }
                self.refusal(pending, code, detail)
            }
        };
        self.told.push((pending.user, reply));
    }

    fn refusal(&self, pending: &Pending, code: &str, text: &str) -> Reply {
        let refused = Refused {
            name: pending.name,
            orig: pending.orig.unwrap_or(pending.name),
            wish: pending.wish,
            order: self.desk.orders.get(&pending.key),
        };
        cancel_reject(&refused, code, text)
    }

    fn cancelled(
        &mut self,
        event: &Event,
        key: Key,
        qty: Qty,
        reason: CancelReason,
        pending: Option<&mut Pending>,
    ) {
        let Some(order) = self.desk.orders.get_mut(&key) else { return };
        let standing = match reason {
            CancelReason::Expired => Standing::Expired,
            _ => Standing::Cancelled,
        };
        let mut exec = Exec::new(event, b'4');
        exec.text = Some(reason.as_str().to_owned());
        if !order.take_away(qty, standing) {
            // Less of it, without a trade: it goes on (378=5, part of the quantity declined).
            exec.kind = b'D';
            exec.restated = Some(5);
            return self.report(key, exec);
        }
        if standing == Standing::Expired {
            exec.kind = b'C';
        }
        if let Some(was) = pending {
            if was.wish == Wish::Cancel && was.key == key {
                exec.name = Some(was.name);
                exec.orig = was.orig;
                exec.text = Some(self.acknowledged());
            }
            if let Wish::MassCancel { count, .. } = &mut was.wish
                && reason == CancelReason::Client
            {
                *count += 1;
            }
        }
        self.report(key, exec);
        self.desk.orders.finish(key);
    }

    fn replaced(&mut self, event: &Event, pending: Option<&mut Pending>) {
        let EventKind::Replaced { account, id, price, qty, .. } = event.kind else { return };
        let key = self.key(account, id);
        let Some(order) = self.desk.orders.get_mut(&key) else { return };
        let mut exec = Exec::new(event, b'5');
        order.leaves = qty.lots();
        order.price = price.or(order.price);
        if let Some(was) = pending.filter(|was| was.wish == Wish::Replace && was.key == key) {
            exec.orig = Some(was.orig.unwrap_or(order.name));
            order.name = was.name;
            // No event says a stop's new trigger.
            order.trigger = was.order.as_ref().map_or(order.trigger, |asked| asked.trigger);
            exec.text = Some(self.acknowledged());
        }
        self.report(key, exec);
    }

    /// Books a fill on one side; gives the order, if anybody is interested.
    fn filled(&mut self, event: &Event, fill: Fill, leg: Leg) -> Option<Key> {
        let key = self.key(leg.account, leg.id);
        self.desk.names.account_name(key.0)?;
        let own = match fill.kind {
            TradeKind::Deleverage => false,
            // The other side of a forced reduction has no order.
            TradeKind::Reduction => !leg.is_taker,
            _ => true,
        };
        let key = match own && self.desk.orders.get(&key).is_some() {
            true => key,
            false => self.without_order(event, fill, leg),
        };
        self.desk.orders.get_mut(&key)?.fill(fill.price, fill.qty);
        let exec = Exec {
            id: format!("{}{}", event.seq, if leg.is_taker { 't' } else { 'm' }),
            last: Some((fill.qty, fill.price)),
            fee: Some(leg.fee),
            liquidity: Some(if leg.is_taker { 2 } else { 1 }),
            text: (fill.kind != TradeKind::Normal).then(|| fill.kind.as_str().to_owned()),
            ..Exec::new(event, b'F')
        };
        self.report(key, exec);
        if self.desk.orders.get(&key)?.standing != Standing::Open {
            self.desk.orders.finish(key);
        }
        Some(key)
    }

    /// What an account trades without an order of its own: a deleveraging, a forced reduction.
    fn without_order(&mut self, event: &Event, fill: Fill, leg: Leg) -> Key {
        let side = if leg.is_taker { 't' } else { 'm' };
        let name = format!("{}-{}{side}", fill.kind.as_str(), event.seq);
        let id = Label::new(&name).map_or(leg.id, OrderId::Client);
        let key = self.key(leg.account, id);
        self.desk.orders.insert(Order::new(key, fill.instrument, leg.side, fill.qty));
        key
    }

    /// A case's batches are orders of the account that nobody entered.
    fn case(&mut self, event: &Event, account: AccountId, case: u32, step: &CaseStep) {
        match *step {
            CaseStep::Batch { n, instrument, side, price, qty } => {
                let key = self.key(account, OrderId::Liquidation { case, n });
                if self.desk.names.account_name(key.0).is_none() {
                    return;
                }
                let mut order = Order::new(key, instrument, side, qty);
                (order.price, order.rests) = (price, false);
                order.asked.kind = kind_of(price, None);
                self.desk.orders.insert(order);
                let text = Some("liquidation".to_owned());
                self.report(key, Exec { text, ..Exec::new(event, b'0') });
            }
            CaseStep::Checked { n, .. } => {
                let key = self.key(account, OrderId::Liquidation { case, n });
                let Some(order) = self.desk.orders.get_mut(&key) else { return };
                if order.rests || order.standing != Standing::Open {
                    return;
                }
                order.take_away(Qty::MAX, Standing::Cancelled);
                let text = Some("liquidation".to_owned());
                self.report(key, Exec { text, ..Exec::new(event, b'4') });
                self.desk.orders.finish(key);
            }
            _ => {}
        }
    }

    fn busted(&mut self, event: &Event, trade: u64, price: Price, qty: Qty) {
        let keys = self.desk.orders.trade(trade);
        for (key, side) in keys.into_iter().zip(['m', 't']) {
            let Some(key) = key else { continue };
            let Some(order) = self.desk.orders.get_mut(&key) else { continue };
            order.bust(price, qty);
            let exec = Exec {
                id: format!("{}{side}", event.seq),
                last: Some((qty, price)),
                refers: Some(format!("{trade}{side}")),
                ..Exec::new(event, b'H')
            };
            self.report(key, exec);
        }
    }

    /// The end of a command of ours: what no event says.
    fn close(&mut self, outcome: &Outcome, pending: &Pending) {
        let reply = match (outcome.answer, pending.wish) {
            (Answer::Copy, Wish::New) => self.copied(pending, outcome.ts),
            (Answer::Copy, Wish::MassCancel { kind, .. }) => {
                let mut body = mass_report(pending.name, kind);
                body.add(tag::MASS_CANCEL_RESPONSE, 0)
                    .add(tag::MASS_CANCEL_REJECT_REASON, 99)
                    .add(tag::TEXT, format_args!("{DUPLICATE}: {DUPLICATE_TEXT}"));
                Some((Kind::MASS_CANCEL_REPORT, body))
            }
            (Answer::Copy, _) if pending.again => {
                let id = self.desk.own_id();
                let status = self.status_of(&pending.key, id, outcome.ts);
                // After a restart, of what is over there is no status.
                status.or_else(|| Some(self.refusal(pending, DUPLICATE, DUPLICATE_TEXT)))
            }
            (Answer::Copy, _) => Some(self.refusal(pending, DUPLICATE, DUPLICATE_TEXT)),
            (Answer::Done, Wish::MassCancel { kind, count }) => {
                let mut body = mass_report(pending.name, kind);
                body.add(tag::MASS_CANCEL_RESPONSE, char::from(kind))
                    .add(tag::TOTAL_AFFECTED_ORDERS, count)
                    .add(tag::TEXT, self.acknowledged());
                Some((Kind::MASS_CANCEL_REPORT, body))
            }
            (Answer::Done, _) => None,
        };
        self.told.extend(reply.map(|reply| (pending.user, reply)));
    }

    /// An order that was taken before: how it stands where the client asked whether it was, a refusal where it did not.
    fn copied(&mut self, pending: &Pending, ts: Ts) -> Option<Reply> {
        let id = self.desk.own_id();
        if pending.again
            && let Some(reply) = self.status_of(&pending.key, id.clone(), ts)
        {
            return Some(reply);
        }
        let mut order = pending.order.clone()?;
        order.take_away(Qty::MAX, Standing::Rejected);
        let exec = Exec {
            reason: Some(6),
            text: Some(format!("{DUPLICATE}: {DUPLICATE_TEXT}")),
            ..Exec::own(id, b'8', ts)
        };
        let body = execution_report(&self.desk.names, &order, &exec)?;
        Some((Kind::EXECUTION_REPORT, body))
    }

    fn status_of(&self, key: &Key, id: String, ts: Ts) -> Option<Reply> {
        let order = self.desk.orders.get(key)?;
        let body = execution_report(&self.desk.names, order, &Exec::own(id, b'I', ts))?;
        Some((Kind::EXECUTION_REPORT, body))
    }

    /// Tells all who are told of an order.
    fn report(&mut self, key: Key, exec: Exec) {
        let Some(order) = self.desk.orders.get(&key) else { return };
        let Some(body) = execution_report(&self.desk.names, order, &exec) else { return };
        let watchers = self.desk.names.watchers(key.0);
        let author = order.asked.user.filter(|user| !watchers.contains(user));
        for user in watchers.iter().copied().chain(author) {
            self.told.push((user, (Kind::EXECUTION_REPORT, body.clone())));
        }
    }
}

const DUPLICATE: &str = "duplicate_token";
const DUPLICATE_TEXT: &str = "this ClOrdID has been used before";
