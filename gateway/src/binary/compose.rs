//! A client's messages out of the exchange's words.

use super::codes::{self, Lifetime, OrderType};
use super::layout::{Message, Text};
use super::messages::{CancelAll, CancelOrder, EnterOrder, NO_INSTRUMENT, NO_SLOT, ReplaceOrder};
use plimsoll_types::{
    AccountId, InstrumentId, NewOrder, OrderKind, OrderRef, Price, Qty, Side, TimeInForce,
};
use zerocopy::little_endian::U32;

impl EnterOrder {
    /// The message that enters an order.
    pub fn of(sequence: u64, order: &NewOrder) -> EnterOrder {
        let (order_kind, price) = match order.kind {
            OrderKind::Limit(price) => (OrderType::Limit, Some(price)),
            OrderKind::Market(worst) => (OrderType::Market, worst),
        };
        let (tif, expires) = match order.tif {
            TimeInForce::Gtc => (Lifetime::Gtc, 0),
            TimeInForce::Ioc => (Lifetime::Ioc, 0),
            TimeInForce::Fok => (Lifetime::Fok, 0),
            TimeInForce::Day => (Lifetime::Day, 0),
            TimeInForce::Gtd(expires) => (Lifetime::Gtd, expires),
        };
        EnterOrder {
            head: EnterOrder::head(),
            sequence: sequence.into(),
            account: order.account.0.into(),
            instrument: order.instrument.0.into(),
            side: codes::of_side(order.side),
            order_kind: order_kind as u8,
            tif: tif as u8,
            offset: order.offset.map_or(0, codes::of_offset),
            self_match: codes::of_self_match(order.self_match),
            options: u8::from(order.post_only) | u8::from(order.reduce_only) << 1,
            price: ticks(price),
            trigger: ticks(order.trigger),
            qty: order.qty.lots().into(),
            display: order.display.lots().into(),
            min_qty: order.min_qty.lots().into(),
            expires: expires.into(),
            id: order.id.as_ref().map_or(Text::EMPTY, Text::of),
        }
    }
}

impl CancelOrder {
    /// The message that cancels an order.
    pub fn of(sequence: u64, account: AccountId, order: &OrderRef) -> CancelOrder {
        let (id, instrument, slot, generation) = named(order);
        CancelOrder {
            head: CancelOrder::head(),
            sequence: sequence.into(),
            account: account.0.into(),
            instrument: instrument.into(),
            handle_slot: slot.into(),
            handle_generation: generation.into(),
            id,
        }
    }
}

impl CancelAll {
    /// The message that cancels an account's orders.
    pub fn of(
        sequence: u64,
        account: AccountId,
        instrument: Option<InstrumentId>,
        side: Option<Side>,
    ) -> CancelAll {
        CancelAll {
            head: CancelAll::head(),
            sequence: sequence.into(),
            account: account.0.into(),
            instrument: instrument.map_or(NO_INSTRUMENT, |instrument| instrument.0).into(),
            side: side.map_or(0, codes::of_side),
        }
    }
}

impl ReplaceOrder {
    /// The message that changes an order.
    pub fn of(
        sequence: u64,
        account: AccountId,
        order: &OrderRef,
        (price, qty): (Price, Qty),
        trigger: Option<Price>,
    ) -> ReplaceOrder {
        let (id, instrument, slot, generation) = named(order);
        ReplaceOrder {
            head: ReplaceOrder::head(),
            sequence: sequence.into(),
            account: account.0.into(),
            instrument: instrument.into(),
            handle_slot: slot.into(),
            handle_generation: generation.into(),
            id,
            price: ticks(Some(price)),
            trigger: ticks(trigger),
            qty: qty.lots().into(),
        }
    }
}

fn ticks(price: Option<Price>) -> U32 {
    U32::new(price.map_or(0, |price| price.ticks() as u32))
}

fn named(order: &OrderRef) -> (Text, u16, u32, u32) {
    match order {
        OrderRef::Client(id) => (Text::of(id), NO_INSTRUMENT, NO_SLOT, 0),
        OrderRef::Handle(instrument, handle) => {
            (Text::EMPTY, instrument.0, handle.slot, handle.generation)
        }
    }
}
