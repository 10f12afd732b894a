//! The layouts of orders, cancels and replaces: numbers at fixed places, then what only some have.

use super::{HEADER, Head};
use plimsoll_types::{
    AccountId, Command, Handle, InstrumentId, Label, NewOrder, Offset, OrderKind, OrderRef, Price,
    Qty, SelfMatch, Side, TimeInForce,
};

pub(super) const ORDER: u8 = 1;
pub(super) const CANCEL: u8 = 2;
pub(super) const REPLACE: u8 = 3;

/// An order's flags.
const SELL: u16 = 1;
const KIND: u16 = 1;
const TIF: u16 = 3;
const POST_ONLY: u16 = 1 << 6;
const REDUCE_ONLY: u16 = 1 << 7;
const SELF_MATCH: u16 = 8;
const OFFSET: u16 = 11;
const TRIGGER: u16 = 1 << 13;
const PARTS: u16 = 1 << 14;

/// A replace's flag: it has a trigger.
const NEW_TRIGGER: u16 = 1;

/// Bytes of an order's fixed part, of a cancel's and of a replace's.
const ORDER_LEN: usize = 20;
const CANCEL_LEN: usize = 16;
const REPLACE_LEN: usize = 28;

/// The longest of them with all that may follow: id, trigger, display, least quantity, expiry.
const MOST: usize = HEADER + REPLACE_LEN + Label::MAX_LEN + 4 + 8 + 8 + 8;

/// A frame being written, on the stack: one copy to the log in the end.
struct Frame {
    bytes: [u8; MOST],
    len: usize,
}

impl Frame {
    #[inline]
    fn new() -> Frame {
        Frame { bytes: [0; MOST], len: HEADER }
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    #[inline]
    fn price(&mut self, price: Price) {
        self.put(&(price.ticks() as u32).to_le_bytes());
    }

    #[inline]
    fn finish(mut self, out: &mut Vec<u8>, head: Head) {
        self.bytes[..HEADER].copy_from_slice(&head.bytes(self.len));
        out.extend_from_slice(&self.bytes[..self.len]);
    }
}

#[inline]
pub(super) fn write_order(out: &mut Vec<u8>, mut head: Head, order: &NewOrder) {
    let (kind, price) = match order.kind {
        OrderKind::Limit(price) => (0, price.ticks()),
        OrderKind::Market(None) => (1, 0),
        OrderKind::Market(Some(price)) => (2, price.ticks()),
    };
    let (tif, expires) = match order.tif {
        TimeInForce::Gtc => (0, None),
        TimeInForce::Ioc => (1, None),
        TimeInForce::Fok => (2, None),
        TimeInForce::Day => (3, None),
        TimeInForce::Gtd(expires) => (4, Some(expires)),
    };
    let offset = match order.offset {
        None => 0,
        Some(Offset::Open) => 1,
        Some(Offset::Close) => 2,
        Some(Offset::CloseToday) => 3,
    };
    let has = |there: bool, flag: u16| if there { flag } else { 0 };
    let parts = !order.display.is_zero() || !order.min_qty.is_zero();
    head.code = ORDER;
    head.flags = has(order.side == Side::Sell, SELL)
        | kind << KIND
        | tif << TIF
        | has(order.post_only, POST_ONLY)
        | has(order.reduce_only, REDUCE_ONLY)
        | self_match_code(order.self_match) << SELF_MATCH
        | offset << OFFSET
        | has(order.trigger.is_some(), TRIGGER)
        | has(parts, PARTS);
    let mut frame = Frame::new();
    frame.put(&order.account.0.to_le_bytes());
    frame.put(&(price as u32).to_le_bytes());
    frame.put(&order.qty.lots().to_le_bytes());
    frame.put(&order.instrument.0.to_le_bytes());
    let id = order.id.as_ref().map_or(&[][..], Label::as_bytes);
    frame.put(&[id.len() as u8, 0]);
    frame.put(id);
    if let Some(trigger) = order.trigger {
        frame.price(trigger);
    }
    if parts {
        frame.put(&order.display.lots().to_le_bytes());
        frame.put(&order.min_qty.lots().to_le_bytes());
    }
    if let Some(expires) = expires {
        frame.put(&expires.to_le_bytes());
    }
    frame.finish(out, head);
}

#[inline]
pub(super) fn read_order(flags: u16, body: &[u8]) -> Option<NewOrder> {
    let (fixed, rest) = body.split_first_chunk::<ORDER_LEN>()?;
    let fixed = &mut fixed.as_slice();
    let (account, price, qty) = (u32_of(fixed)?, u32_of(fixed)?, u64_of(fixed)?);
    let (instrument, id_len) = (u16_of(fixed)?, u16_of(fixed)?);
    let rest = &mut { rest };
    let id = label(rest, id_len)?;
    let trigger = if flags & TRIGGER != 0 { Some(price_of(u32_of(rest)?)?) } else { None };
    let (display, min_qty) =
        if flags & PARTS != 0 { (u64_of(rest)?, u64_of(rest)?) } else { (0, 0) };
    let kind = match (flags >> KIND & 3, price) {
        (0, price) => OrderKind::Limit(price_of(price)?),
        (1, 0) => OrderKind::Market(None),
        (2, price) => OrderKind::Market(Some(price_of(price)?)),
        _ => return None,
    };
    let tif = match flags >> TIF & 7 {
        0 => TimeInForce::Gtc,
        1 => TimeInForce::Ioc,
        2 => TimeInForce::Fok,
        3 => TimeInForce::Day,
        4 => TimeInForce::Gtd(u64_of(rest)?),
        _ => return None,
    };
    let offset = match flags >> OFFSET & 3 {
        0 => None,
        1 => Some(Offset::Open),
        2 => Some(Offset::Close),
        _ => Some(Offset::CloseToday),
    };
    let parts_are_said_twice = flags & PARTS != 0 && display == 0 && min_qty == 0;
    if !rest.is_empty() || parts_are_said_twice || flags >> 15 != 0 {
        return None;
    }
    Some(NewOrder {
        account: AccountId(account),
        id,
        instrument: InstrumentId(instrument),
        side: if flags & SELL != 0 { Side::Sell } else { Side::Buy },
        offset,
        kind,
        trigger,
        qty: Qty::new(qty),
        display: Qty::new(display),
        min_qty: Qty::new(min_qty),
        tif,
        post_only: flags & POST_ONLY != 0,
        reduce_only: flags & REDUCE_ONLY != 0,
        self_match: self_match_of(flags >> SELF_MATCH & 7)?,
    })
}

#[inline]
pub(super) fn write_cancel(
    out: &mut Vec<u8>,
    mut head: Head,
    account: AccountId,
    order: &OrderRef,
) {
    head.code = CANCEL;
    let mut frame = Frame::new();
    put_meant(&mut frame, account, order);
    put_id(&mut frame, order);
    frame.finish(out, head);
}

#[inline]
pub(super) fn read_cancel(flags: u16, body: &[u8]) -> Option<Command> {
    let (fixed, rest) = body.split_first_chunk::<CANCEL_LEN>()?;
    let rest = &mut { rest };
    let (account, order) = meant(&mut fixed.as_slice(), rest)?;
    (rest.is_empty() && flags == 0).then_some(Command::Cancel { account, order })
}

#[inline]
pub(super) fn write_replace(
    out: &mut Vec<u8>,
    mut head: Head,
    (account, order): (AccountId, &OrderRef),
    (price, qty, trigger): (Price, Qty, Option<Price>),
) {
    head.code = REPLACE;
    head.flags = if trigger.is_some() { NEW_TRIGGER } else { 0 };
    let mut frame = Frame::new();
    put_meant(&mut frame, account, order);
    frame.price(price);
    frame.put(&qty.lots().to_le_bytes());
    put_id(&mut frame, order);
    if let Some(trigger) = trigger {
        frame.price(trigger);
    }
    frame.finish(out, head);
}

#[inline]
pub(super) fn read_replace(flags: u16, body: &[u8]) -> Option<Command> {
    let (fixed, rest) = body.split_first_chunk::<REPLACE_LEN>()?;
    let fixed = &mut fixed.as_slice();
    let rest = &mut { rest };
    let (account, order) = meant(fixed, rest)?;
    let (price, qty) = (price_of(u32_of(fixed)?)?, Qty::new(u64_of(fixed)?));
    let trigger = match flags {
        0 => None,
        NEW_TRIGGER => Some(price_of(u32_of(rest)?)?),
        _ => return None,
    };
    rest.is_empty().then_some(Command::Replace { account, order, price, qty, trigger })
}

/// Account, slot, generation, instrument, and the id's length; zeros where an id says it all.
#[inline]
fn put_meant(frame: &mut Frame, account: AccountId, order: &OrderRef) {
    let (instrument, handle, id_len) = match order {
        OrderRef::Client(id) => (0, Handle { slot: 0, generation: 0 }, id.as_bytes().len()),
        OrderRef::Handle(instrument, handle) => (instrument.0, *handle, 0),
    };
    frame.put(&account.0.to_le_bytes());
    frame.put(&handle.slot.to_le_bytes());
    frame.put(&handle.generation.to_le_bytes());
    frame.put(&instrument.to_le_bytes());
    frame.put(&(id_len as u16).to_le_bytes());
}

#[inline]
fn put_id(frame: &mut Frame, order: &OrderRef) {
    if let OrderRef::Client(id) = order {
        frame.put(id.as_bytes());
    }
}

#[inline]
fn meant(fixed: &mut &[u8], rest: &mut &[u8]) -> Option<(AccountId, OrderRef)> {
    let account = AccountId(u32_of(fixed)?);
    let (slot, generation) = (u32_of(fixed)?, u32_of(fixed)?);
    let (instrument, id_len) = (u16_of(fixed)?, u16_of(fixed)?);
    let order = match label(rest, id_len)? {
        Some(_) if (slot, generation, instrument) != (0, 0, 0) => return None,
        Some(id) => OrderRef::Client(id),
        None => OrderRef::Handle(InstrumentId(instrument), Handle { slot, generation }),
    };
    Some((account, order))
}

fn self_match_code(mode: SelfMatch) -> u16 {
    match mode {
        SelfMatch::None => 0,
        SelfMatch::CancelNewest => 1,
        SelfMatch::CancelOldest => 2,
        SelfMatch::CancelBoth => 3,
        SelfMatch::Decrement => 4,
    }
}

fn self_match_of(code: u16) -> Option<SelfMatch> {
    Some(match code {
        0 => SelfMatch::None,
        1 => SelfMatch::CancelNewest,
        2 => SelfMatch::CancelOldest,
        3 => SelfMatch::CancelBoth,
        4 => SelfMatch::Decrement,
        _ => return None,
    })
}

/// A text of so many bytes; `Some(None)` for none at all.
#[inline]
fn label(from: &mut &[u8], len: u16) -> Option<Option<Label>> {
    if len == 0 {
        return Some(None);
    }
    let (text, rest) = from.split_at_checked(usize::from(len))?;
    *from = rest;
    Label::new(std::str::from_utf8(text).ok()?).map(Some)
}

#[inline]
fn price_of(ticks: u32) -> Option<Price> {
    Price::new(i64::from(ticks))
}

#[inline]
fn u16_of(from: &mut &[u8]) -> Option<u16> {
    let (word, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u16::from_le_bytes(*word))
}

#[inline]
fn u32_of(from: &mut &[u8]) -> Option<u32> {
    let (word, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u32::from_le_bytes(*word))
}

#[inline]
fn u64_of(from: &mut &[u8]) -> Option<u64> {
    let (word, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u64::from_le_bytes(*word))
}
