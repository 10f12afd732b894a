//! Orders in: NewOrderSingle, OrderCancelRequest, OrderCancelReplaceRequest, OrderMassCancelRequest as commands.

use super::desk::{Desk, Pending, Reply, Stop, Wish};
use super::execution::refused_at_the_edge;
use super::message::{Message, Refusal};
use super::names::Instrument;
use super::orders::{Asked, Order, name_of};
use super::reasons;
use super::tag;
use super::time::{read_end_of_day, read_time};
use super::write::{Body, Kind};
use crate::inbound::UserId;
use plimsoll_text::decimal;
use plimsoll_types::{
    AccountId, Command, InstrumentId, Label, NewOrder, Offset, OrderId, OrderKind, OrderRef, Price,
    Qty, Reject, SelfMatch, Side, TimeInForce, Ts,
};
use rust_decimal::Decimal;

/// Takes a NewOrderSingle: gives what is answered at once, nothing where the engine has it.
pub fn new_order(
    desk: &mut Desk,
    user: UserId,
    message: &Message<'_>,
    now: Ts,
) -> Result<Option<Reply>, Stop> {
    let name = message.label(tag::CL_ORD_ID)?;
    match enter(desk, user, name, message, now) {
        Err(Stop::No(code, text)) => {
            let id = desk.own_id();
            Ok(Some(refused_at_the_edge(message, &id, code, text, now)))
        }
        Err(stop) => Err(stop),
        Ok(()) => Ok(None),
    }
}

fn enter(
    desk: &mut Desk,
    user: UserId,
    name: Label,
    message: &Message<'_>,
    now: Ts,
) -> Result<(), Stop> {
    let account = desk.account(user, message)?;
    let instrument = instrument_of(desk, message)?;
    let terms = desk.names.terms(instrument).ok_or(Reject::UnknownSymbol)?;
    let order = read_order(message, account, name, instrument, terms)?;
    let asked = Asked {
        kind: message.byte(tag::ORD_TYPE)?.unwrap_or(b'2'),
        tif: Some(order.tif),
        user: Some(user),
    };
    let key = (account, OrderId::Client(name));
    let told = Order {
        asked,
        price: match order.kind {
            OrderKind::Limit(price) => Some(price),
            OrderKind::Market(protection) => protection,
        },
        trigger: order.trigger,
        display: order.display,
        offset: order.offset,
        ..Order::new(key, instrument, order.side, order.qty)
    };
    let (seq, again) = sent(message);
    let wish = Wish::New;
    let pending = Pending { user, seq, wish, name, orig: None, key, order: Some(told), again };
    desk.submit(pending, Command::Order(order), now)
}

fn instrument_of(desk: &Desk, message: &Message<'_>) -> Result<InstrumentId, Stop> {
    let symbol = message.label(tag::SYMBOL)?;
    Ok(desk.names.instrument(&symbol).ok_or(Reject::UnknownSymbol)?)
}

fn read_order(
    message: &Message<'_>,
    account: AccountId,
    name: Label,
    instrument: InstrumentId,
    terms: &Instrument,
) -> Result<NewOrder, Stop> {
    let side = side_of(message)?.ok_or(Refusal::missing(tag::SIDE))?;
    let tif = time_in_force(message)?;
    let kind = message.byte(tag::ORD_TYPE)?.ok_or(Refusal::missing(tag::ORD_TYPE))?;
    let (market, stop) = match kind {
        b'1' => (true, false),
        b'2' => (false, false),
        b'3' => (true, true),
        b'4' => (false, true),
        _ => return Err(Refusal::value(tag::ORD_TYPE).into()),
    };
    let (post_only, reduce_only) = exec_inst(message)?;
    let price = message.optional_decimal(tag::PRICE)?;
    let trigger = message.optional_decimal(tag::STOP_PX)?;
    if !market && price.is_none() {
        return Err(Refusal::missing(tag::PRICE).into());
    }
    if stop != trigger.is_some() {
        let at_fault = match stop {
            true => Refusal::missing(tag::STOP_PX),
            false => {
                Refusal { text: "only stop orders have a StopPx", ..Refusal::value(tag::STOP_PX) }
            }
        };
        return Err(at_fault.into());
    }
    let (qty, display, min_qty) = (
        message.decimal(tag::ORDER_QTY)?,
        message.optional_decimal(tag::MAX_FLOOR)?,
        message.optional_decimal(tag::MIN_QTY)?,
    );
    let (offset, self_match) = (offset_of(message)?, self_match_of(message)?);
    let price = price_of(price, terms)?;
    let trigger = price_of(trigger, terms)?;
    Ok(NewOrder {
        account,
        id: Some(name),
        instrument,
        side,
        offset,
        kind: match price {
            Some(price) if !market => OrderKind::Limit(price),
            protection => OrderKind::Market(protection),
        },
        trigger,
        qty: decimal::quantity(qty, terms.lot)?,
        display: part_of(display, terms)?,
        min_qty: part_of(min_qty, terms)?,
        tif,
        post_only,
        reduce_only,
        self_match,
    })
}

fn price_of(value: Option<Decimal>, terms: &Instrument) -> Result<Option<Price>, Reject> {
    value.map(|value| decimal::price(value, terms.tick)).transpose()
}

/// Lots of a part; none given, or zero, is none.
fn part_of(value: Option<Decimal>, terms: &Instrument) -> Result<Qty, Reject> {
    match value {
        Some(value) if !value.is_zero() => decimal::quantity(value, terms.lot),
        _ => Ok(Qty::ZERO),
    }
}

fn side_of(message: &Message<'_>) -> Result<Option<Side>, Refusal> {
    match message.byte(tag::SIDE)? {
        None => Ok(None),
        Some(b'1') => Ok(Some(Side::Buy)),
        Some(b'2') => Ok(Some(Side::Sell)),
        Some(_) => Err(Refusal::value(tag::SIDE)),
    }
}

fn time_in_force(message: &Message<'_>) -> Result<TimeInForce, Refusal> {
    Ok(match message.byte(tag::TIME_IN_FORCE)? {
        None | Some(b'0') => TimeInForce::Day,
        Some(b'1') => TimeInForce::Gtc,
        Some(b'3') => TimeInForce::Ioc,
        Some(b'4') => TimeInForce::Fok,
        Some(b'6') => TimeInForce::Gtd(expiry(message)?),
        Some(_) => return Err(Refusal::value(tag::TIME_IN_FORCE)),
    })
}

fn expiry(message: &Message<'_>) -> Result<Ts, Refusal> {
    if let Some(time) = message.optional(tag::EXPIRE_TIME)? {
        return read_time(time).ok_or(Refusal::format(tag::EXPIRE_TIME));
    }
    let date = message.optional(tag::EXPIRE_DATE)?.ok_or(Refusal::missing(tag::EXPIRE_TIME))?;
    read_end_of_day(date).ok_or(Refusal::format(tag::EXPIRE_DATE))
}

/// Post-only (`6`, participate don't initiate) and reduce-only (`E`, do not increase).
fn exec_inst(message: &Message<'_>) -> Result<(bool, bool), Refusal> {
    let (mut post_only, mut reduce_only) = (false, false);
    for word in message.optional(tag::EXEC_INST)?.unwrap_or_default().split(|byte| *byte == b' ') {
        match word {
            b"6" => post_only = true,
            b"E" => reduce_only = true,
            b"" => {}
            _ => return Err(Refusal::value(tag::EXEC_INST)),
        }
    }
    Ok((post_only, reduce_only))
}

fn offset_of(message: &Message<'_>) -> Result<Option<Offset>, Refusal> {
    Ok(match message.byte(tag::POSITION_EFFECT)? {
        None => None,
        Some(b'O') => Some(Offset::Open),
        Some(b'C') => Some(Offset::Close),
        Some(b'T') => Some(Offset::CloseToday),
        Some(_) => return Err(Refusal::value(tag::POSITION_EFFECT)),
    })
}

fn self_match_of(message: &Message<'_>) -> Result<SelfMatch, Refusal> {
    Ok(match message.byte(tag::SELF_MATCH_PREVENTION)? {
        None | Some(b'0') => SelfMatch::None,
        Some(b'1') => SelfMatch::CancelNewest,
        Some(b'2') => SelfMatch::CancelOldest,
        Some(b'3') => SelfMatch::CancelBoth,
        Some(b'4') => SelfMatch::Decrement,
        Some(_) => return Err(Refusal::value(tag::SELF_MATCH_PREVENTION)),
    })
}

/// Takes an OrderCancelRequest or an OrderCancelReplaceRequest.
pub fn change(
    desk: &mut Desk,
    user: UserId,
    message: &Message<'_>,
    wish: Wish,
    now: Ts,
) -> Result<Option<Reply>, Stop> {
    let (name, orig) = (message.label(tag::CL_ORD_ID)?, message.label(tag::ORIG_CL_ORD_ID)?);
    let mut order = None;
    match submit_change(desk, user, (name, orig), message, wish, &mut order, now) {
        Err(Stop::No(code, text)) => {
            let refused = Refused { name, orig, wish, order: order.as_ref() };
            Ok(Some(cancel_reject(&refused, code, text)))
        }
        Err(stop) => Err(stop),
        Ok(()) => Ok(None),
    }
}

fn submit_change(
    desk: &mut Desk,
    user: UserId,
    (name, orig): (Label, Label),
    message: &Message<'_>,
    wish: Wish,
    found: &mut Option<Order>,
    now: Ts,
) -> Result<(), Stop> {
    let account = desk.account(user, message)?;
    let key = (account, desk.orders.resolve(account, &orig));
    let order = desk.orders.get(&key).cloned();
    *found = order.clone();
    let order_ref = match key.1 {
        OrderId::Client(id) => OrderRef::Client(id),
        // It came by another protocol, without an id: only its handle would do.
        _ => return Err(Reject::UnknownOrder.into()),
    };
    let (command, asked) = match wish {
        Wish::Replace => {
            let mut order = order.ok_or(Reject::UnknownOrder)?;
            let command = replace(desk, message, account, order_ref, &order)?;
            if let Command::Replace { trigger, .. } = command {
                order.trigger = trigger.or(order.trigger);
            }
            (command, Some(order))
        }
        _ => (Command::Cancel { account, order: order_ref }, None),
    };
    let (seq, again) = sent(message);
    let orig = Some(orig);
    desk.submit(Pending { user, seq, wish, name, orig, key, order: asked, again }, command, now)?;
    if wish == Wish::Replace {
        // From here on a cancel may name the replace, before its answer has come.
        desk.orders.alias(key, name);
    }
    Ok(())
}

/// OrderQty counts what has traded, the exchange's replace counts what is open.
fn replace(
    desk: &Desk,
    message: &Message<'_>,
    account: AccountId,
    order_ref: OrderRef,
    order: &Order,
) -> Result<Command, Stop> {
    let terms = desk.names.terms(order.instrument).ok_or(Reject::UnknownSymbol)?;
    if side_of(message)?.is_some_and(|side| side != order.side) {
        return Err(Stop::No("side", "a replace cannot change the side"));
    }
    let price = price_of(message.optional_decimal(tag::PRICE)?, terms)?.or(order.price);
    let trigger = price_of(message.optional_decimal(tag::STOP_PX)?, terms)?;
    let total = decimal::quantity(message.decimal(tag::ORDER_QTY)?, terms.lot)?;
    let qty = match total.lots().checked_sub(order.cum) {
        Some(0) | None => {
            return Err(Stop::No("too_late", "as much as the new OrderQty has traded"));
        }
        Some(open) => Qty::new(open),
    };
    let price = price.ok_or(Refusal::missing(tag::PRICE))?;
    Ok(Command::Replace { account, order: order_ref, price, qty, trigger })
}

/// What an OrderCancelReject is about.
pub struct Refused<'a> {
    /// The request's ClOrdID.
    pub name: Label,
    /// Its OrigClOrdID.
    pub orig: Label,
    /// Cancel or replace.
    pub wish: Wish,
    /// The order, where there is one.
    pub order: Option<&'a Order>,
}

/// An OrderCancelReject.
pub fn cancel_reject(refused: &Refused<'_>, code: &str, text: &str) -> Reply {
    let mut body = Body::new();
    match refused.order {
        Some(order) => body.add(tag::ORDER_ID, name_of(&order.key.1)),
        None => body.add(tag::ORDER_ID, "NONE"),
    };
    let status = refused.order.map_or(b'8', Order::status);
    let is_over = status != b'0' && status != b'1';
    let reason = match (code, refused.order) {
        ("unknown_order" | "too_late", Some(_)) if is_over || code == "too_late" => 0,
        _ => reasons::cancel_reject(code),
    };
    body.add(tag::CL_ORD_ID, refused.name)
        .add(tag::ORIG_CL_ORD_ID, refused.orig)
        .add(tag::ORD_STATUS, char::from(status))
        .add(tag::CXL_REJ_RESPONSE_TO, if refused.wish == Wish::Replace { 2 } else { 1 })
        .add(tag::CXL_REJ_REASON, reason)
        .add(tag::TEXT, format_args!("{code}: {text}"));
    (Kind::ORDER_CANCEL_REJECT, body)
}

/// Takes an OrderMassCancelRequest.
pub fn mass_cancel(
    desk: &mut Desk,
    user: UserId,
    message: &Message<'_>,
    now: Ts,
) -> Result<Option<Reply>, Stop> {
    let name = message.label(tag::CL_ORD_ID)?;
    let kind = message.byte(tag::MASS_CANCEL_REQUEST_TYPE)?;
    let kind = kind.ok_or(Refusal::missing(tag::MASS_CANCEL_REQUEST_TYPE))?;
    let submitted = submit_mass_cancel(desk, user, name, kind, message, now);
    match submitted {
        Err(Stop::No(code, text)) => {
            let mut body = mass_report(name, kind);
            body.add(tag::MASS_CANCEL_RESPONSE, 0)
                .add(tag::MASS_CANCEL_REJECT_REASON, if code == "unknown_symbol" { 1 } else { 99 })
                .add(tag::TEXT, format_args!("{code}: {text}"));
            Ok(Some((Kind::MASS_CANCEL_REPORT, body)))
        }
        Err(stop) => Err(stop),
        Ok(()) => Ok(None),
    }
}

fn submit_mass_cancel(
    desk: &mut Desk,
    user: UserId,
    name: Label,
    kind: u8,
    message: &Message<'_>,
    now: Ts,
) -> Result<(), Stop> {
    let account = desk.account(user, message)?;
    let instrument = match kind {
        b'1' => Some(instrument_of(desk, message)?),
        b'7' => None,
        _ => return Err(Stop::No("kind", "only 1 (a security) and 7 (all orders) are known")),
    };
    let side = side_of(message)?;
    let (seq, again) = sent(message);
    let pending = Pending {
        user,
        seq,
        wish: Wish::MassCancel { kind, count: 0 },
        name,
        orig: None,
        key: (account, OrderId::Client(name)),
        order: None,
        again,
    };
    desk.submit(pending, Command::CancelAll { account, instrument, side }, now)
}

/// A message's number, and whether it may have been carried out before: its sender says so, or sends it again because a server
/// that started anew asked for it.
fn sent(message: &Message<'_>) -> (u64, bool) {
    let again = message.is_set(tag::POSS_RESEND) || message.is_set(tag::POSS_DUP_FLAG);
    (message.whole(tag::MSG_SEQ_NUM).unwrap_or_default(), again)
}

/// The beginning of an OrderMassCancelReport.
pub fn mass_report(name: Label, kind: u8) -> Body {
    let mut body = Body::new();
    body.add(tag::CL_ORD_ID, name)
        .add(tag::ORDER_ID, name)
        .add(tag::MASS_CANCEL_REQUEST_TYPE, char::from(kind));
    body
}
