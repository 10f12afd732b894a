//! Orders and their changes, in words and decimals.

use super::fields::{Fields, Key};
use crate::r#where::Error;
use plimsoll_types::{Label, Offset, SelfMatch, Side, TimeInForce};
use rust_decimal::Decimal;

/// What an order is called in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OrderType {
    Limit,
    Market,
    Stop,
    StopLimit,
}

/// An order to enter.
#[derive(Clone, Debug)]
pub struct OrderRequest {
    pub account: Label,
    pub id: Label,
    pub symbol: Label,
    pub side: Side,
    pub offset: Option<Offset>,
    /// Whether its price is a protection price.
    pub market: bool,
    pub price: Option<Decimal>,
    pub trigger: Option<Decimal>,
    pub qty: Decimal,
    pub display: Option<Decimal>,
    pub min_qty: Option<Decimal>,
    pub tif: TimeInForce,
    pub post_only: bool,
    pub reduce_only: bool,
    pub self_match: SelfMatch,
}

impl OrderRequest {
    /// Its fields.
    pub const KEYS: &[Key] = &[
        Key::Account,
        Key::Id,
        Key::Symbol,
        Key::Side,
        Key::Price,
        Key::Qty,
        Key::Type,
        Key::Tif,
        Key::Expires,
        Key::Trigger,
        Key::Display,
        Key::MinQty,
        Key::PostOnly,
        Key::ReduceOnly,
        Key::Smp,
        Key::Offset,
    ];

    #[inline]
    pub fn read(fields: &Fields<'_>) -> Result<OrderRequest, Error> {
        let order_type = fields.word_or(
            Key::Type,
            OrderType::Limit,
            &[
                ("limit", OrderType::Limit),
                ("market", OrderType::Market),
                ("stop", OrderType::Stop),
                ("stop_limit", OrderType::StopLimit),
            ],
        )?;
        let market = matches!(order_type, OrderType::Market | OrderType::Stop);
        let self_match = fields.word_or(
            Key::Smp,
            SelfMatch::None,
            &[
                ("none", SelfMatch::None),
                ("cancel_newest", SelfMatch::CancelNewest),
                ("cancel_oldest", SelfMatch::CancelOldest),
                ("cancel_both", SelfMatch::CancelBoth),
                ("decrement", SelfMatch::Decrement),
            ],
        )?;
        Ok(OrderRequest {
            tif: time_in_force(fields)?,
            account: fields.label(Key::Account)?,
            id: fields.label(Key::Id)?,
            symbol: fields.label(Key::Symbol)?,
            side: fields.side(Key::Side)?,
            offset: offset(fields)?,
            market,
            price: match market {
                true => fields.optional_decimal(Key::Price)?,
                false => Some(fields.decimal(Key::Price)?),
            },
            trigger: trigger(order_type, fields)?,
            qty: fields.decimal(Key::Qty)?,
            display: fields.optional_decimal(Key::Display)?,
            min_qty: fields.optional_decimal(Key::MinQty)?,
            post_only: fields.flag(Key::PostOnly)?,
            reduce_only: fields.flag(Key::ReduceOnly)?,
            self_match,
        })
    }
}

/// Which lots it means; absent = it opens.
#[inline]
fn offset(fields: &Fields<'_>) -> Result<Option<Offset>, Error> {
    if !fields.has(Key::Offset) {
        return Ok(None);
    }
    let words =
        [("open", Offset::Open), ("close", Offset::Close), ("close_today", Offset::CloseToday)];
    fields.word(Key::Offset, &words).map(Some)
}

#[inline]
fn trigger(order_type: OrderType, fields: &Fields<'_>) -> Result<Option<Decimal>, Error> {
    match order_type {
        OrderType::Stop | OrderType::StopLimit => fields.decimal(Key::Trigger).map(Some),
        OrderType::Limit | OrderType::Market => {
            fields.absent(Key::Trigger, "this field only with type \"stop\" or \"stop_limit\"")?;
            Ok(None)
        }
    }
}

#[inline]
fn time_in_force(fields: &Fields<'_>) -> Result<TimeInForce, Error> {
    let words = [
        ("gtc", Some(TimeInForce::Gtc)),
        ("ioc", Some(TimeInForce::Ioc)),
        ("fok", Some(TimeInForce::Fok)),
        ("day", Some(TimeInForce::Day)),
        ("gtd", None),
    ];
    match fields.word_or(Key::Tif, Some(TimeInForce::Gtc), &words)? {
        None => fields.nanoseconds(Key::Expires).map(TimeInForce::Gtd),
        Some(tif) => {
            fields.absent(Key::Expires, "this field only with tif \"gtd\"")?;
            Ok(tif)
        }
    }
}

/// A change of an order.
#[derive(Clone, Debug)]
pub struct ReplaceRequest {
    pub account: Label,
    pub id: Label,
    pub price: Decimal,
    pub qty: Decimal,
    pub trigger: Option<Decimal>,
}

impl ReplaceRequest {
    /// Its fields.
    pub const KEYS: &[Key] = &[Key::Account, Key::Id, Key::Price, Key::Qty, Key::Trigger];

    #[inline]
    pub fn read(fields: &Fields<'_>) -> Result<ReplaceRequest, Error> {
        Ok(ReplaceRequest {
            account: fields.label(Key::Account)?,
            id: fields.label(Key::Id)?,
            price: fields.decimal(Key::Price)?,
            qty: fields.decimal(Key::Qty)?,
            trigger: fields.optional_decimal(Key::Trigger)?,
        })
    }
}
