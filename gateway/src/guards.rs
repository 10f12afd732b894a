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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::{ANNA, MAKER, RB, engine, label, limit, send};
    use crate::inbound::Once;
    use plimsoll_types::EventKind;

    fn reason(limits: Limits, order: NewOrder) -> Option<Reject> {
        let mut engine = engine(limits);
        let batch = send(&mut engine, 1, Once::Unmarked, Command::Order(order));
        match batch.events[0].kind {
            EventKind::Rejected { reason, id, .. } => {
                assert!(id.is_some());
                Some(reason)
            }
            EventKind::Accepted { .. } => None,
            ref other => panic!("{other:?}"),
        }
    }

    fn buy(ticks: i64, lots: u64) -> NewOrder {
        limit(MAKER, "m", Side::Buy, ticks, lots)
    }

    #[test]
    fn lots_count_up_to_their_bound() {
        let limits = Limits { order_quantity: Some(Qty::new(10)), ..Limits::default() };
        assert_eq!(reason(limits, buy(5000, 10)), None);
        assert_eq!(reason(limits, buy(5000, 11)), Some(Reject::OrderQuantity));
    }

    #[test]
    fn value_is_price_times_lots_and_the_mark_for_a_market_order() {
        // 5000 x 10 CNY x 2 lots = 100,000.00.
        let limits = Limits { order_value: Some(10_000_000), ..Limits::default() };
        assert_eq!(reason(limits, buy(5000, 2)), None);
        assert_eq!(reason(limits, buy(5001, 2)), Some(Reject::OrderValue));
        let market = NewOrder { kind: OrderKind::Market(None), ..buy(5000, 3) };
        assert_eq!(reason(limits, market), Some(Reject::OrderValue));
        let huge = NewOrder { kind: OrderKind::Limit(Price::MAX), ..buy(5000, Qty::MAX.lots()) };
        assert_eq!(reason(limits, huge), Some(Reject::OrderValue));
    }

    #[test]
    fn the_collar_binds_on_the_side_that_trades() {
        // One percent of the mark at 5000.
        let limits = Limits { collar: Some(Ratio::from_nano(10_000_000)), ..Limits::default() };
        assert_eq!(reason(limits, buy(5050, 1)), None);
        assert_eq!(reason(limits, buy(5051, 1)), Some(Reject::Collar));
        assert_eq!(reason(limits, buy(4700, 1)), None);
        let sell = |ticks| limit(MAKER, "m", Side::Sell, ticks, 1);
        assert_eq!(reason(limits, sell(4950)), None);
        assert_eq!(reason(limits, sell(4949)), Some(Reject::Collar));
    }

    #[test]
    fn open_orders_are_counted_one_by_one_and_what_cannot_rest_passes() {
        let limits = Limits { open_orders: Some(2), ..Limits::default() };
        let mut engine = engine(limits);
        let mut enter = |order: NewOrder| {
            let batch = send(&mut engine, 1, Once::Unmarked, Command::Order(order));
            match batch.events[0].kind {
                EventKind::Rejected { reason, .. } => Some(reason),
                _ => None,
            }
        };
        let order = |id| limit(MAKER, id, Side::Buy, 4700, 1);
        assert_eq!([enter(order("1")), enter(order("2"))], [None, None]);
        assert_eq!(enter(order("3")), Some(Reject::OpenOrders));
        let ioc = NewOrder { tif: plimsoll_types::TimeInForce::Ioc, ..order("4") };
        assert_eq!(enter(ioc), None);
        assert_eq!(enter(limit(ANNA, "5", Side::Buy, 4700, 1)), None);
    }

    #[test]
    fn a_replace_is_held_to_the_same_bounds() {
        let limits = Limits { order_quantity: Some(Qty::new(10)), ..Limits::default() };
        let mut engine = engine(limits);
        let enter = Command::Order(limit(MAKER, "m", Side::Buy, 4700, 10));
        send(&mut engine, 1, Once::Unmarked, enter);
        let replace = |lots| Command::Replace {
            account: MAKER,
            order: OrderRef::Client(label("m")),
            price: Price::new(4700).expect("a price"),
            qty: Qty::new(lots),
            trigger: None,
        };
        let batch = send(&mut engine, 2, Once::Unmarked, replace(11));
        let EventKind::Rejected { account, reason, .. } = batch.events[0].kind else {
            panic!("{:?}", batch.events);
        };
        assert_eq!((account, reason), (Some(MAKER), Reject::OrderQuantity));
        let batch = send(&mut engine, 3, Once::Unmarked, replace(9));
        assert!(matches!(batch.events[0].kind, EventKind::Replaced { .. }));
    }

    #[test]
    fn what_names_nothing_is_the_exchanges_to_refuse() {
        let limits = Limits { open_orders: Some(0), ..Limits::default() };
        let nowhere = NewOrder { instrument: InstrumentId(9), ..buy(5000, 1) };
        assert_eq!(reason(limits, nowhere), Some(Reject::UnknownSymbol));
        let nobody = NewOrder { account: AccountId(99), ..buy(5000, 1) };
        let mut engine = engine(limits);
        let batch = send(&mut engine, 1, Once::Unmarked, Command::Order(nobody));
        assert!(matches!(batch.events[0].kind, EventKind::Rejected { .. }));
        assert_eq!(engine.exchange().mark(RB).ticks(), 5000);
    }
}
