//! An agent's own resting orders, kept from what the exchange says.

use plimsoll_types::{
    AccountId, Command, Event, EventKind, Handle, InstrumentId, OrderId, OrderRef, Price, Qty, Side,
};

/// A resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnOrder {
    /// The exchange's running number.
    pub number: u64,
    /// Its place in the book.
    pub handle: Handle,
    /// Which side.
    pub side: Side,
    /// Limit.
    pub price: Price,
    /// Lots open.
    pub open: Qty,
}

/// The resting orders of one account, oldest first.
#[derive(Clone, Debug)]
pub struct OwnOrders {
    account: AccountId,
    orders: Vec<OwnOrder>,
    /// Signed lots held.
    pub position: i64,
}

impl OwnOrders {
    /// None yet.
    pub fn new(account: AccountId) -> OwnOrders {
        OwnOrders { account, orders: Vec::new(), position: 0 }
    }

    /// Whose they are.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, OwnOrder> {
        self.orders.iter()
    }

    /// The command that cancels one of them.
    pub fn cancel(&self, instrument: InstrumentId, order: &OwnOrder) -> Command {
        Command::Cancel { account: self.account, order: OrderRef::Handle(instrument, order.handle) }
    }

    /// Takes note of an event.
    pub fn heard(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Accepted {
                account,
                id: OrderId::Number(number),
                side,
                price: Some(price),
                qty,
                handle: Some(handle),
                ..
            } if *account == self.account => self.orders.push(OwnOrder {
                number: *number,
                handle: *handle,
                side: *side,
                price: *price,
                open: *qty,
            }),
            EventKind::Trade { maker, maker_id, taker, taker_id, side, qty, .. } => {
                if *maker == self.account {
                    self.position += qty.signed(side.opposite());
                    self.reduce(maker_id, *qty);
                }
                if *taker == self.account {
                    self.position += qty.signed(*side);
                    self.reduce(taker_id, *qty);
                }
            }
            EventKind::Cancelled { account, id, qty, .. } if *account == self.account => {
                self.reduce(id, *qty);
            }
            _ => {}
        }
    }

    fn reduce(&mut self, id: &OrderId, qty: Qty) {
        let OrderId::Number(number) = *id else { return };
        // The exchange counts its numbers up, so that the oldest first is the lowest first.
        let Ok(at) = self.orders.binary_search_by_key(&number, |order| order.number) else {
            return;
        };
        let order = &mut self.orders[at];
        order.open = order.open.saturating_sub(qty);
        if order.open.is_zero() {
            self.orders.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::CancelReason;

    #[test]
    fn orders_come_go_and_shrink_with_the_events() {
        let mut own = OwnOrders::new(AccountId(4));
        let mut hear = |kind| own.heard(&Event { seq: 1, ts: 0, kind });
        for number in [7, 8] {
            hear(EventKind::Accepted {
                account: AccountId(4),
                id: OrderId::Number(number),
                instrument: InstrumentId(0),
                side: Side::Buy,
                price: Price::new(100),
                qty: Qty::new(5),
                trigger: None,
                display: Qty::ZERO,
                offset: None,
                handle: Some(Handle { slot: number as u32, generation: 0 }),
            });
        }
        hear(EventKind::Trade {
            instrument: InstrumentId(0),
            price: Price::MIN,
            qty: Qty::new(3),
            maker: AccountId(4),
            maker_id: OrderId::Number(7),
            taker: AccountId(9),
            taker_id: OrderId::Number(30),
            side: Side::Sell,
            kind: plimsoll_types::TradeKind::Normal,
            maker_fee: plimsoll_types::Money::ZERO,
            taker_fee: plimsoll_types::Money::ZERO,
        });
        hear(EventKind::Cancelled {
            account: AccountId(4),
            id: OrderId::Number(8),
            instrument: InstrumentId(0),
            qty: Qty::new(5),
            reason: CancelReason::Client,
        });
        assert_eq!(own.position, 3);
        let left: Vec<_> = own.iter().map(|order| (order.number, order.open.lots())).collect();
        assert_eq!(left, [(7, 2)]);
    }
}
