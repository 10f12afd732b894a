//! Orders from structs: the words and numbers of the border given their meaning.
//!
//! What is no order at all is a [`Fault`] and leaves nothing behind. What is one, but names what does not exist or carries a number
//! outside its domain, is the exchange's to refuse: [`Command::Refused`], as from a command line.

use crate::bare::{Entry, Life};
use crate::event::handle_in;
use crate::layout::{
    Cancel, Order, PLIMSOLL_ID_BYTES, PLIMSOLL_POST_ONLY, PLIMSOLL_REDUCE_ONLY, Replace,
};
use crate::status::{Fault, Status};
use crate::words;
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    self as engine, AccountId, Command, InstrumentId, Label, NewOrder, OrderKind, OrderRef, Price,
    Qty, Reject, SelfMatch, Side, Ts,
};

#[cold]
fn bad(field: &str, expected: &str) -> Fault {
    Fault::new(Status::BadValue, format!("{field}: expected {expected}"))
}

/// A time stamp that does not run back.
#[inline]
pub(crate) fn time(ts: u64, now: Ts) -> Result<Ts, Fault> {
    if ts < now || ts > i64::MAX as u64 {
        let text = format!("ts: expected a time from {now} to 2^63 - 1, found {ts}");
        return Err(Fault::new(Status::TimeRunsBack, text));
    }
    Ok(ts)
}

/// An id field: text before a zero byte; `None` where it is empty.
#[inline]
fn id(bytes: &[u8; PLIMSOLL_ID_BYTES]) -> Result<Option<Label>, Fault> {
    if bytes[0] == 0 {
        return Ok(None);
    }
    let Some(end) = bytes.iter().position(|&byte| byte == 0) else {
        return Err(Fault::new(Status::BadText, "id: expected 39 bytes at most and a zero byte"));
    };
    let text = std::str::from_utf8(&bytes[..end])
        .map_err(|_| Fault::new(Status::NotUtf8, "id: invalid UTF-8"))?;
    Ok(Label::new(text))
}

/// An order's words, all of them good.
struct Terms {
    side: Side,
    offset: Option<engine::Offset>,
    market: bool,
    stop: bool,
    tif: engine::TimeInForce,
    post_only: bool,
    reduce_only: bool,
    self_match: SelfMatch,
}

impl Terms {
    #[inline]
    fn read(order: &Order) -> Result<Terms, Fault> {
        if order.reserved != [0; 3] || order.reserved2 != 0 {
            return Err(bad("reserved", "0"));
        }
        if order.flags & !(PLIMSOLL_POST_ONLY | PLIMSOLL_REDUCE_ONLY) != 0 {
            return Err(bad("flags", "PLIMSOLL_POST_ONLY and PLIMSOLL_REDUCE_ONLY only"));
        }
        let (market, stop) = words::order_type(order.order_type)
            .ok_or_else(|| bad("order_type", "a plimsoll_order_type"))?;
        if stop != (order.trigger != 0) {
            return Err(bad("trigger", "a price with a stop order, 0 with any other"));
        }
        let tif = words::time_in_force(order.tif, order.expires)
            .ok_or_else(|| bad("tif", "a plimsoll_time_in_force"))?;
        let dated = matches!(tif, engine::TimeInForce::Gtd(_));
        if !dated && order.expires != 0 || order.expires > i64::MAX as u64 {
            return Err(bad(
                "expires",
                "a time to 2^63 - 1 with PLIMSOLL_TIME_IN_FORCE_GTD, else 0",
            ));
        }
        Ok(Terms {
            side: words::side(order.side).ok_or_else(|| bad("side", "a plimsoll_side"))?,
            offset: words::offset(order.offset)
                .ok_or_else(|| bad("offset", "a plimsoll_offset"))?,
            market,
            stop,
            tif,
            post_only: order.flags & PLIMSOLL_POST_ONLY != 0,
            reduce_only: order.flags & PLIMSOLL_REDUCE_ONLY != 0,
            self_match: words::self_match(order.self_match)
                .ok_or_else(|| bad("self_match", "a plimsoll_self_match"))?,
        })
    }

    /// The limit of a limit order, the worst price of a market order that has one.
    #[inline]
    fn limit(&self, price: i64) -> Result<Option<Price>, Reject> {
        match price {
            0 if self.market => Ok(None),
            _ => Price::new(price).map(Some).ok_or(Reject::PriceOutOfRange),
        }
    }
}

/// A price that may be missing: 0.
#[inline]
fn optional(price: i64) -> Result<Option<Price>, Reject> {
    if price == 0 { Ok(None) } else { Price::new(price).map(Some).ok_or(Reject::PriceOutOfRange) }
}

/// The instrument of a number.
#[inline]
pub(crate) fn instrument(exchange: &Exchange, number: u32) -> Option<InstrumentId> {
    let known = (number as usize) < exchange.spec().instruments.len();
    u16::try_from(number).ok().filter(|_| known).map(InstrumentId)
}

/// The account of a number.
#[inline]
pub(crate) fn account(exchange: &Exchange, number: u32) -> Option<AccountId> {
    ((number as usize) < exchange.account_count()).then_some(AccountId(number))
}

/// A command the exchange is to refuse, as it would have refused the line.
#[cold]
fn refused(exchange: &Exchange, owner: u32, id: Option<Label>, reason: Reject) -> Command {
    let account = account(exchange, owner).map(|id| exchange.account_name(id));
    let reason = if account.is_some() { reason } else { Reject::UnknownAccount };
    Command::Refused { account, id, reason }
}

/// What a struct asks of an exchange.
#[inline]
pub(crate) fn order(exchange: &Exchange, order: &Order) -> Result<Command, Fault> {
    let terms = Terms::read(order)?;
    let id = id(&order.id)?;
    let refuse = |reason| Ok(refused(exchange, order.account, id, reason));
    let Some(account) = account(exchange, order.account) else {
        return refuse(Reject::UnknownAccount);
    };
    let Some(instrument) = instrument(exchange, order.instrument) else {
        return refuse(Reject::UnknownSymbol);
    };
    let prices = terms.limit(order.price).and_then(|limit| Ok((limit, optional(order.trigger)?)));
    let (limit, trigger) = match prices {
        Ok(prices) => prices,
        Err(reason) => return refuse(reason),
    };
    Ok(Command::Order(NewOrder {
        account,
        id,
        instrument,
        side: terms.side,
        offset: terms.offset,
        kind: match limit {
            Some(price) if !terms.market => OrderKind::Limit(price),
            limit => OrderKind::Market(limit),
        },
        trigger,
        qty: Qty::new(order.qty),
        display: Qty::new(order.display),
        min_qty: Qty::new(order.min_qty),
        tif: terms.tif,
        post_only: terms.post_only,
        reduce_only: terms.reduce_only,
        self_match: terms.self_match,
    }))
}

/// Whether a struct names its order by handle: by that or by id, one of the two.
#[inline]
fn is_by_handle(handle: u64, id: &[u8; PLIMSOLL_ID_BYTES]) -> Result<bool, Fault> {
    match (handle != 0, id[0] != 0) {
        (by_handle, by_id) if by_handle != by_id => Ok(by_handle),
        _ => Err(bad("order and id", "one of the two")),
    }
}

/// The order of a handle.
#[inline]
fn by_handle(exchange: &Exchange, number: u32, handle: u64) -> Option<OrderRef> {
    Some(OrderRef::Handle(instrument(exchange, number)?, handle_in(handle)))
}

/// As [`order`]. Each way of naming an order goes its own way: moving an id costs more than the rest.
#[inline]
pub(crate) fn cancel(exchange: &Exchange, cancel: &Cancel) -> Result<Command, Fault> {
    if cancel.reserved != 0 {
        return Err(bad("reserved", "0"));
    }
    let account = account(exchange, cancel.account);
    if is_by_handle(cancel.order, &cancel.id)? {
        return Ok(match (account, by_handle(exchange, cancel.instrument, cancel.order)) {
            (Some(account), Some(order)) => Command::Cancel { account, order },
            _ => refused(exchange, cancel.account, None, Reject::UnknownOrder),
        });
    }
    let id = id(&cancel.id)?;
    Ok(match (account, id.map(OrderRef::Client)) {
        (Some(account), Some(order)) => Command::Cancel { account, order },
        _ => refused(exchange, cancel.account, id, Reject::UnknownOrder),
    })
}

/// As [`cancel`].
#[inline]
pub(crate) fn replace(exchange: &Exchange, replace: &Replace) -> Result<Command, Fault> {
    if replace.reserved != 0 {
        return Err(bad("reserved", "0"));
    }
    let number = account(exchange, replace.account);
    if is_by_handle(replace.order, &replace.id)? {
        let order = by_handle(exchange, replace.instrument, replace.order);
        return Ok(change(exchange, replace, number.zip(order), None));
    }
    let id = id(&replace.id)?;
    Ok(change(exchange, replace, number.zip(id.map(OrderRef::Client)), id))
}

#[inline]
fn change(
    exchange: &Exchange,
    replace: &Replace,
    found: Option<(AccountId, OrderRef)>,
    id: Option<Label>,
) -> Command {
    let refuse = |reason| refused(exchange, replace.account, id, reason);
    let Some((account, order)) = found else { return refuse(Reject::UnknownOrder) };
    match (Price::new(replace.price), optional(replace.trigger)) {
        (Some(price), Ok(trigger)) => {
            let qty = Qty::new(replace.qty);
            Command::Replace { account, order, price, qty, trigger }
        }
        _ if exchange.open_order(account, &order).is_some() => refuse(Reject::PriceOutOfRange),
        _ => refuse(Reject::UnknownOrder),
    }
}

/// What a struct asks of a bare book: the order, or why the book refuses it.
#[inline]
pub(crate) fn entry(order: &Order) -> Result<Result<Entry, Reject>, Fault> {
    let terms = Terms::read(order)?;
    if order.id[0] != 0 {
        let text = "id: a bare book has no client ids; it numbers orders and gives handles";
        return Err(Fault::new(Status::Unsupported, text));
    }
    let cannot = |text| Err(Fault::new(Status::Unsupported, text));
    if terms.reduce_only {
        return cannot("flags: a bare book knows no positions that an order could reduce");
    }
    if terms.offset.is_some() {
        return cannot("offset: a bare book knows no positions with legs");
    }
    if terms.stop {
        return cannot("order_type: a bare book has no stop orders");
    }
    let life = match terms.tif {
        engine::TimeInForce::Gtc => Life::Gtc,
        engine::TimeInForce::Ioc => Life::Ioc,
        engine::TimeInForce::Fok => Life::Fok,
        _ => return cannot("tif: a bare book has no days and no timers"),
    };
    if order.instrument != 0 {
        return Ok(Err(Reject::UnknownSymbol));
    }
    Ok(terms.limit(order.price).map(|limit| Entry {
        owner: order.account,
        side: terms.side,
        limit,
        market: terms.market,
        qty: Qty::new(order.qty),
        display: Qty::new(order.display),
        min_qty: Qty::new(order.min_qty),
        life,
        post_only: terms.post_only,
        self_match: terms.self_match,
    }))
}

/// A bare book's order by handle.
#[inline]
pub(crate) fn bare_handle(
    instrument: u32,
    order: u64,
    text: &[u8; PLIMSOLL_ID_BYTES],
    reserved: u32,
) -> Result<engine::Handle, Fault> {
    if reserved != 0 {
        return Err(bad("reserved", "0"));
    }
    if text[0] != 0 {
        return Err(Fault::new(Status::Unsupported, "id: a bare book has no client ids"));
    }
    if order == 0 {
        return Err(bad("order", "a handle"));
    }
    // Another instrument's order is no order of this book's.
    Ok(handle_in(if instrument == 0 { order } else { 0 }))
}
