//! An ExecutionReport, field by field.

use super::desk::Reply;
use super::message::Message;
use super::names::Names;
use super::orders::{Order, Standing, name_of};
use super::reasons;
use super::tag;
use super::write::{Body, Kind};
use plimsoll_text::decimal;
use plimsoll_types::{
    Event, Label, Money, Offset, Price, Qty, Side, Step, TimeInForce, Ts, half_up_div,
};

/// What an ExecutionReport says besides how the order stands.
#[derive(Clone, Debug, Default)]
pub struct Exec {
    /// ExecID.
    pub id: String,
    /// ExecType.
    pub kind: u8,
    /// When.
    pub ts: Ts,
    /// ClOrdID, where it is not the order's.
    pub name: Option<Label>,
    /// OrigClOrdID.
    pub orig: Option<Label>,
    /// Quantity and price of a fill.
    pub last: Option<(Qty, Price)>,
    /// What was paid for it.
    pub fee: Option<Money>,
    /// 1 = it was there, 2 = it came.
    pub liquidity: Option<u8>,
    /// ExecID of a fill taken back.
    pub refers: Option<String>,
    /// ExecRestatementReason.
    pub restated: Option<u8>,
    /// OrdRejReason.
    pub reason: Option<u8>,
    /// For people.
    pub text: Option<String>,
}

impl Exec {
    /// Of an event: its number is the report's id, for good.
    pub fn new(event: &Event, kind: u8) -> Exec {
        Exec { id: event.seq.to_string(), kind, ts: event.ts, ..Exec::default() }
    }

    /// Of no event.
    pub fn own(id: String, kind: u8, ts: Ts) -> Exec {
        Exec { id, kind, ts, ..Exec::default() }
    }
}

/// An ExecutionReport; none, where the account or the instrument has no name here.
pub fn execution_report(names: &Names, order: &Order, exec: &Exec) -> Option<Body> {
    let terms = names.terms(order.instrument)?;
    let account = names.account_name(order.key.0)?;
    let price = |out: &mut Vec<u8>, price| decimal::write_price(out, price, terms.tick);
    let lots = |out: &mut Vec<u8>, lots: u64| decimal::write_steps(out, lots, terms.lot);
    let is_rejected = order.standing == Standing::Rejected;
    let mut body = Body::new();
    match is_rejected {
        true => body.add(tag::ORDER_ID, "NONE"),
        false => body.add(tag::ORDER_ID, name_of(&order.key.1)),
    };
    body.add(tag::EXEC_ID, &exec.id)
        .maybe(tag::EXEC_REF_ID, exec.refers.as_ref())
        .add(tag::EXEC_TYPE, char::from(exec.kind))
        .add(tag::ORD_STATUS, char::from(order.status()))
        .maybe(tag::ORD_REJ_REASON, exec.reason)
        .maybe(tag::EXEC_RESTATEMENT_REASON, exec.restated)
        .add(tag::CL_ORD_ID, exec.name.unwrap_or(order.name))
        .maybe(tag::ORIG_CL_ORD_ID, exec.orig)
        .add(tag::ACCOUNT, account)
        .add(tag::SYMBOL, terms.symbol)
        .add(tag::SIDE, side_of(order.side))
        .with(tag::ORDER_QTY, |out| lots(out, order.qty()))
        .add(tag::ORD_TYPE, char::from(order.asked.kind));
    if let Some(limit) = order.price {
        body.with(tag::PRICE, |out| price(out, limit));
    }
    if let Some(trigger) = order.trigger {
        body.with(tag::STOP_PX, |out| price(out, trigger));
    }
    body.maybe(tag::TIME_IN_FORCE, order.asked.tif.map(time_in_force));
    if !order.display.is_zero() {
        body.with(tag::MAX_FLOOR, |out| lots(out, order.display.lots()));
    }
    body.maybe(tag::POSITION_EFFECT, order.offset.map(position_effect));
    if let Some((last_qty, last_price)) = exec.last {
        body.with(tag::LAST_QTY, |out| lots(out, last_qty.lots()));
        body.with(tag::LAST_PX, |out| price(out, last_price));
    }
    body.with(tag::LEAVES_QTY, |out| lots(out, order.leaves))
        .with(tag::CUM_QTY, |out| lots(out, order.cum))
        .with(tag::AVG_PX, |out| write_average(out, order, terms.tick))
        .time(tag::TRANSACT_TIME, exec.ts);
    if let Some(fee) = exec.fee {
        body.with(tag::COMMISSION, |out| decimal::write_money(out, fee, names.money_decimals))
            .add(tag::COMM_TYPE, 3);
    }
    body.maybe(tag::LAST_LIQUIDITY_IND, exec.liquidity).maybe(tag::TEXT, exec.text.as_ref());
    Some(body)
}

/// The report that an order was refused before it got anywhere, from the words of the message itself.
pub fn refused_at_the_edge(
    message: &Message<'_>,
    id: &str,
    code: &str,
    text: &str,
    now: Ts,
) -> Reply {
    let mut body = Body::new();
    body.add(tag::ORDER_ID, "NONE")
        .add(tag::EXEC_ID, id)
        .add(tag::EXEC_TYPE, 8)
        .add(tag::ORD_STATUS, 8)
        .add(tag::ORD_REJ_REASON, reasons::order_reject(code));
    let echoed = [
        tag::CL_ORD_ID,
        tag::ACCOUNT,
        tag::SYMBOL,
        tag::SIDE,
        tag::ORDER_QTY,
        tag::ORD_TYPE,
        tag::PRICE,
        tag::STOP_PX,
        tag::TIME_IN_FORCE,
    ];
    for tag in echoed {
        body.maybe(tag, message.raw(tag).map(String::from_utf8_lossy));
    }
    body.add(tag::LEAVES_QTY, 0)
        .add(tag::CUM_QTY, 0)
        .add(tag::AVG_PX, 0)
        .time(tag::TRANSACT_TIME, now)
        .add(tag::TEXT, format_args!("{code}: {text}"));
    (Kind::EXECUTION_REPORT, body)
}

/// Cost over lots, to six places more than the tick has, half up.
fn write_average(out: &mut Vec<u8>, order: &Order, tick: Step) {
    const PLACES: u32 = 6;
    if order.cum == 0 {
        out.push(b'0');
        return;
    }
    let cum = i128::from(order.cum);
    let fine = order
        .cost
        .checked_mul(i128::from(tick.mantissa))
        .and_then(|cost| cost.checked_mul(10i128.pow(PLACES)));
    match fine {
        Some(fine) => {
            decimal::write_scaled(out, half_up_div(fine, cum), tick.decimals + PLACES);
        }
        // So large that six places more do not fit: to the tick.
        None => {
            let ticks = u64::try_from(half_up_div(order.cost, cum)).unwrap_or(u64::MAX);
            decimal::write_steps(out, ticks, tick);
        }
    }
}

/// OrdType of an order whose own is not known.
pub fn kind_of(price: Option<Price>, trigger: Option<Price>) -> u8 {
    match (price, trigger) {
        (Some(_), None) => b'2',
        (None, None) => b'1',
        (Some(_), Some(_)) => b'4',
        (None, Some(_)) => b'3',
    }
}

/// Side (54).
pub fn side_of(side: Side) -> u8 {
    match side {
        Side::Buy => 1,
        Side::Sell => 2,
    }
}

fn time_in_force(tif: TimeInForce) -> u8 {
    match tif {
        TimeInForce::Day => 0,
        TimeInForce::Gtc => 1,
        TimeInForce::Ioc => 3,
        TimeInForce::Fok => 4,
        TimeInForce::Gtd(_) => 6,
    }
}

fn position_effect(offset: Offset) -> char {
    match offset {
        Offset::Open => 'O',
        Offset::Close => 'C',
        Offset::CloseToday => 'T',
    }
}
