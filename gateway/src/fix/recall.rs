//! Orders as the last reports told of them: what the exchange does not keep, taken from what the session kept.
//!
//! The exchange knows what is open of an order, not what it had traded at which price, nor what a client called its last replace.

use super::desk::Desk;
use super::message::Message;
use super::orders::{Asked, Key};
use super::tag;
use crate::inbound::UserId;
use plimsoll_text::decimal;
use plimsoll_types::{Label, OrderId, Step, TimeInForce};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Takes the body of a report; the last about an order that is open wins.
pub fn take(desk: &mut Desk, user: UserId, body: &[u8]) {
    let message = Message::read(body);
    let Some((key, name)) = key_of(desk, &message) else { return };
    let Some(order) = desk.orders.get(&key) else { return };
    let Some(terms) = desk.names.terms(order.instrument) else { return };
    let symbol = terms.symbol;
    let Some((cum, cost)) = traded(&message, terms.tick, terms.lot) else { return };
    if message.raw(tag::SYMBOL) != Some(symbol.as_bytes()) {
        return;
    }
    let kind = message.byte(tag::ORD_TYPE).ok().flatten();
    let tif = message.byte(tag::TIME_IN_FORCE).ok().flatten().and_then(tif_of);
    if let Some(order) = desk.orders.get_mut(&key) {
        (order.cum, order.cost, order.name) = (cum, cost, name);
        order.asked = Asked { kind: kind.unwrap_or(order.asked.kind), tif, user: Some(user) };
    }
    if OrderId::Client(name) != key.1 {
        desk.orders.alias(key, name);
    }
}

fn key_of(desk: &mut Desk, message: &Message<'_>) -> Option<(Key, Label)> {
    let account = message.label(tag::ACCOUNT).ok()?;
    let id = message.label(tag::ORDER_ID).ok()?;
    let name = message.label(tag::CL_ORD_ID).ok()?;
    let follower = desk.follower.clone();
    let account = desk.names.find(&account, &follower)?;
    Some(((account, desk.orders.resolve(account, &id)), name))
}

/// CumQty in lots and what it cost, ticks x lots: AvgPx has six places more than the tick, so this is exact up to a million lots.
fn traded(message: &Message<'_>, tick: Step, lot: Step) -> Option<(u64, i128)> {
    let cum = message.decimal(tag::CUM_QTY).ok()?;
    if cum.is_zero() {
        return Some((0, 0));
    }
    let cum = decimal::quantity(cum, lot).ok()?.lots();
    let average = message.decimal(tag::AVG_PX).ok()?;
    let tick = Decimal::try_new(tick.mantissa, tick.decimals).ok()?;
    let cost = average.checked_mul(Decimal::from(cum))?.checked_div(tick)?.round().to_i128()?;
    Some((cum, cost))
}

fn tif_of(byte: u8) -> Option<TimeInForce> {
    match byte {
        b'0' => Some(TimeInForce::Day),
        b'1' => Some(TimeInForce::Gtc),
        _ => None,
    }
}
