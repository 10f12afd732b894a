//! Bounds of what one user may enter, looked at before the exchange does: a typing error, a strategy that has lost its mind.
//!
//! They know no margin: the exchange's own checks come after. Source: the pre-trade controls that venues ask of their members
//! (MiFID II RTS 6 article 15: price collars, maximum order value, maximum order volume, maximum messages).

use crate::users::Limits;
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, Command, InstrumentId, Label, NewOrder, OrderKind, OrderRef, Price, Qty, Ratio,
    Reject, Side,
};

/// Whether the user's limits allow a command. Cancels and whatever is no order always pass.
///
/// Rejects, the first that applies: [`Reject::OrderQuantity`], [`Reject::OrderValue`], [`Reject::Collar`], [`Reject::OpenOrders`].
#[inline]
pub fn check(limits: &Limits, exchange: &Exchange, command: &Command) -> Result<(), Reject> {
    match command {
        Command::Order(order) if *limits != Limits::default() => {
            check_order(limits, exchange, order)
        }
        Command::Replace { account, order, price, qty, .. } if *limits != Limits::default() => {
            check_replace(limits, exchange, (*account, order), *price, *qty)
        }
        _ => Ok(()),
    }
}

fn check_order(limits: &Limits, exchange: &Exchange, order: &NewOrder) -> Result<(), Reject> {
    if order.instrument.index() >= exchange.spec().instruments.len() {
        // The exchange says what is wrong with it.
        return Ok(());
    }
    let limit = match order.kind {
        OrderKind::Limit(price) => Some(price),
        OrderKind::Market(protection) => protection,
    };
    check_terms(limits, exchange, order.instrument, order.side, limit, order.qty)?;
    match limits.open_orders {
        Some(most) if order.tif.rests() && exchange.has_open_orders(order.account, most) => {
            Err(Reject::OpenOrders)
        }
        _ => Ok(()),
    }
}

fn check_replace(
    limits: &Limits,
    exchange: &Exchange,
    (account, order): (AccountId, &OrderRef),
    price: Price,
    qty: Qty,
) -> Result<(), Reject> {
    match exchange.open_order(account, order) {
        Some(open) => check_terms(limits, exchange, open.instrument, open.side, Some(price), qty),
        None => Ok(()),
    }
}

fn check_terms(
    limits: &Limits,
    exchange: &Exchange,
    instrument: InstrumentId,
    side: Side,
    limit: Option<Price>,
    qty: Qty,
) -> Result<(), Reject> {
    if limits.order_quantity.is_some_and(|most| qty > most) {
        return Err(Reject::OrderQuantity);
    }
    let mark = exchange.mark(instrument);
    if let Some(most) = limits.order_value {
        let tick_value = exchange.spec().instruments[instrument.index()].tick_value;
        let value = i128::from(limit.unwrap_or(mark).ticks())
            .saturating_mul(i128::from(qty.lots()))
            .saturating_mul(i128::from(tick_value));
        if value > most {
            return Err(Reject::OrderValue);
        }
    }
    match (limits.collar, limit) {
        (Some(share), Some(limit)) => {
            // Only the direction that could trade too far: a bid far below the mark rests.
            let through = i128::from(limit.ticks() - mark.ticks()) * i128::from(side.sign());
            let scaled = through * i128::from(Ratio::SCALE);
            if scaled > i128::from(mark.ticks()) * i128::from(share.nano()) {
                return Err(Reject::Collar);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The command that records a guard's refusal.
pub fn refused(exchange: &Exchange, command: &Command, reason: Reject) -> Command {
    let (account, id) = match command {
        Command::Order(order) => (Some(order.account), order.id),
        Command::Replace { account, order: OrderRef::Client(id), .. } => {
            (Some(*account), Some(*id))
        }
        Command::Replace { account, .. } => (Some(*account), None),
        _ => (None, None),
    };
    let known = account.filter(|account| account.index() < exchange.account_count());
    let account: Option<Label> = known.map(|account| exchange.account_name(account));
    Command::Refused { account, id, reason }
}
