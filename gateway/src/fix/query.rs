//! Questions: how an order stands, which instruments there are, what an account holds, what margin it has.

use super::desk::{Desk, Reply, Stop};
use super::execution::{Exec, execution_report};
use super::message::{Message, Refusal};
use super::orders::Order;
use super::tag;
use super::time::write_date;
use super::write::{Body, Kind};
use crate::inbound::UserId;
use plimsoll_exchange::{AccountView, PositionView};
use plimsoll_text::decimal;
use plimsoll_types::{AccountId, Measure, Money, Price, Reject, Ts};

/// Instruments of one SecurityList.
const FRAGMENT: usize = 50;

/// Answers an OrderStatusRequest, or an OrderMassStatusRequest for one account.
pub fn order_status(
    desk: &mut Desk,
    user: UserId,
    message: &Message<'_>,
    now: Ts,
) -> Result<Vec<Reply>, Stop> {
    let name = message.label(tag::CL_ORD_ID)?;
    let account = match desk.account(user, message) {
        Ok(account) => account,
        Err(Stop::No(code, text)) => {
            let id = desk.own_id();
            return Ok(vec![unknown(message, &id, code, text, now)]);
        }
        Err(stop) => return Err(stop),
    };
    let id = desk.own_id();
    let key = (account, desk.orders.resolve(account, &name));
    let exec = Exec::own(id.clone(), b'I', now);
    let found = desk.orders.get(&key).and_then(|it| execution_report(&desk.names, it, &exec));
    let reject = Reject::UnknownOrder;
    Ok(vec![match found {
        Some(body) => (Kind::EXECUTION_REPORT, body),
        None => unknown(message, &id, reject.as_str(), reject.detail(), now),
    }])
}

fn unknown(message: &Message<'_>, id: &str, code: &str, text: &str, now: Ts) -> Reply {
    let mut body = Body::new();
    body.add(tag::ORDER_ID, "NONE")
        .add(tag::EXEC_ID, id)
        .add(tag::EXEC_TYPE, 'I')
        .add(tag::ORD_STATUS, 8)
        .add(tag::ORD_REJ_REASON, super::reasons::order_reject(code));
    for tag in [tag::CL_ORD_ID, tag::ACCOUNT, tag::SYMBOL, tag::SIDE] {
        body.maybe(tag, message.raw(tag).map(String::from_utf8_lossy));
    }
    body.add(tag::LEAVES_QTY, 0)
        .add(tag::CUM_QTY, 0)
        .add(tag::AVG_PX, 0)
        .time(tag::TRANSACT_TIME, now)
        .add(tag::TEXT, format_args!("{code}: {text}"));
    (Kind::EXECUTION_REPORT, body)
}

/// Answers an OrderMassStatusRequest (585 = 7: all orders): a report for each open order of the account.
pub fn mass_status(
    desk: &mut Desk,
    user: UserId,
    message: &Message<'_>,
    now: Ts,
) -> Result<Vec<Reply>, Stop> {
    const MASS_STATUS_REQ_ID: u32 = 584;
    const MASS_STATUS_REQ_TYPE: u32 = 585;
    const TOT_NUM_REPORTS: u32 = 911;
    const LAST_RPT_REQUESTED: u32 = 912;
    let request = message.label(MASS_STATUS_REQ_ID)?;
    if message.byte(MASS_STATUS_REQ_TYPE)? != Some(b'7') {
        return Err(Refusal::value(MASS_STATUS_REQ_TYPE).into());
    }
    let account = match desk.account(user, message) {
        Err(Stop::No(_, text)) => return Err(Stop::Business { reason: 0, text }),
        other => other?,
    };
    let mut orders: Vec<Order> = desk.orders.open(account).cloned().collect();
    orders.sort_by_key(|order| (order.instrument, order.key.1));
    let count = orders.len();
    let mut replies = Vec::with_capacity(count);
    for (n, order) in orders.iter().enumerate() {
        let exec = Exec::own(desk.own_id(), b'I', now);
        let Some(mut body) = execution_report(&desk.names, order, &exec) else { continue };
        body.add(MASS_STATUS_REQ_ID, request)
            .add(TOT_NUM_REPORTS, count)
            .add(LAST_RPT_REQUESTED, if n + 1 == count { 'Y' } else { 'N' });
        replies.push((Kind::EXECUTION_REPORT, body));
    }
    if replies.is_empty() {
        let mut none = unknown(message, &desk.own_id(), "unknown_order", "no open orders", now);
        none.1.add(MASS_STATUS_REQ_ID, request).add(TOT_NUM_REPORTS, 0);
        replies.push(none);
    }
    Ok(replies)
}

/// Answers a SecurityListRequest: all instruments (559 = 4), or one (559 = 0).
pub fn securities(desk: &Desk, message: &Message<'_>) -> Result<Vec<Reply>, Stop> {
    let request = message.label(tag::SECURITY_REQ_ID)?;
    let kind = message.byte(tag::SECURITY_LIST_REQUEST_TYPE)?;
    let symbol = match kind {
        None => return Err(Refusal::missing(tag::SECURITY_LIST_REQUEST_TYPE).into()),
        Some(b'0') => Some(message.label(tag::SYMBOL)?),
        Some(b'4') => None,
        Some(_) => {
            let mut body = security_head(request, 1);
            body.add(tag::LAST_FRAGMENT, 'Y');
            return Ok(vec![(Kind::SECURITY_LIST, body)]);
        }
    };
    let listed: Vec<_> =
        desk.names.listed().filter(|it| symbol.is_none_or(|symbol| symbol == it.symbol)).collect();
    if listed.is_empty() {
        return Ok(vec![(Kind::SECURITY_LIST, security_head(request, 2))]);
    }
    let fragments = listed.chunks(FRAGMENT).count();
    let replies = listed.chunks(FRAGMENT).enumerate().map(|(n, part)| {
        let mut body = security_head(request, 0);
        body.add(tag::TOT_NO_RELATED_SYM, listed.len())
            .add(tag::LAST_FRAGMENT, if n + 1 == fragments { 'Y' } else { 'N' })
            .add(tag::NO_RELATED_SYM, part.len());
        for instrument in part {
            let mut tick = Vec::new();
            decimal::write_steps(&mut tick, 1, instrument.tick);
            let tick = String::from_utf8_lossy(&tick).into_owned();
            body.add(tag::SYMBOL, instrument.symbol)
                .with(tag::CONTRACT_MULTIPLIER, |out| {
                    decimal::write_steps(out, 1, instrument.multiplier);
                })
                .add(tag::CURRENCY, &desk.names.currency)
                .with(tag::ROUND_LOT, |out| decimal::write_steps(out, 1, instrument.lot))
                .add(tag::TEXT, format_args!("tick_size={tick}"));
        }
        (Kind::SECURITY_LIST, body)
    });
    Ok(replies.collect())
}

fn security_head(request: plimsoll_types::Label, result: u8) -> Body {
    let mut body = Body::new();
    body.add(tag::SECURITY_REQ_ID, request)
        .add(tag::SECURITY_RESPONSE_ID, request)
        .add(tag::SECURITY_REQUEST_RESULT, result);
    body
}

/// An account as it stands after what the user was told of last.
fn view(desk: &Desk, account: AccountId) -> AccountView {
    desk.catch_up();
    desk.follower.read(|exchange| exchange.account(account))
}

/// Answers a RequestForPositions (724 = 0): an acknowledgement, then a report for each position.
pub fn positions(
    desk: &mut Desk,
    user: UserId,
    message: &Message<'_>,
    now: Ts,
) -> Result<Vec<Reply>, Stop> {
    let request = message.label(tag::POS_REQ_ID)?;
    let kind = message.byte(tag::POS_REQ_TYPE)?.ok_or(Refusal::missing(tag::POS_REQ_TYPE))?;
    let found = match kind {
        b'0' => desk.account(user, message),
        _ => Err(Stop::No("kind", "only 0 (positions) is known")),
    };
    let account = match found {
        Ok(account) => account,
        Err(Stop::No(code, text)) => {
            let mut body = Body::new();
            body.add(tag::POS_MAINT_RPT_ID, desk.own_id())
                .add(tag::POS_REQ_ID, request)
                .add(tag::POS_REQ_RESULT, 4)
                .add(tag::POS_REQ_STATUS, 2)
                .maybe(tag::ACCOUNT, message.raw(tag::ACCOUNT).map(String::from_utf8_lossy))
                .add(tag::ACCOUNT_TYPE, 1)
                .add(tag::TEXT, format_args!("{code}: {text}"));
            return Ok(vec![(Kind::POSITIONS_ACK, body)]);
        }
        Err(stop) => return Err(stop),
    };
    let view = view(desk, account);
    let count = view.positions.len();
    let mut ack = Body::new();
    ack.add(tag::POS_MAINT_RPT_ID, desk.own_id())
        .add(tag::POS_REQ_ID, request)
        .add(tag::TOTAL_NUM_POS_REPORTS, count)
        .add(tag::POS_REQ_RESULT, if count == 0 { 2 } else { 0 })
        .add(tag::POS_REQ_STATUS, 0)
        .add(tag::ACCOUNT, view.name)
        .add(tag::ACCOUNT_TYPE, 1);
    let mut replies = vec![(Kind::POSITIONS_ACK, ack)];
    for position in &view.positions {
        let mut body = Body::new();
        body.add(tag::POS_MAINT_RPT_ID, desk.own_id())
            .add(tag::POS_REQ_ID, request)
            .add(tag::POS_REQ_TYPE, 0)
            .add(tag::TOTAL_NUM_POS_REPORTS, count)
            .add(tag::POS_REQ_RESULT, 0)
            .add(tag::CLEARING_BUSINESS_DATE, write_date(now))
            .add(tag::ACCOUNT, view.name)
            .add(tag::ACCOUNT_TYPE, 1);
        position_fields(desk, position, &mut body);
        replies.push((Kind::POSITION_REPORT, body));
    }
    Ok(replies)
}

fn position_fields(desk: &Desk, position: &PositionView, body: &mut Body) {
    let Some(terms) = desk.names.terms(position.instrument) else { return };
    let (mark, settled) = desk.follower.read(|exchange| {
        let prev = exchange.spec().instruments[position.instrument.index()].prev_settlement;
        (exchange.mark(position.instrument), prev)
    });
    let price = |out: &mut Vec<u8>, price: Price| decimal::write_price(out, price, terms.tick);
    let side = if position.lots > 0 { tag::LONG_QTY } else { tag::SHORT_QTY };
    let decimals = desk.names.money_decimals;
    let money = |out: &mut Vec<u8>, money: Money| decimal::write_money(out, money, decimals);
    body.add(tag::SYMBOL, terms.symbol)
        .add(tag::CURRENCY, &desk.names.currency)
        .with(tag::SETTL_PRICE, |out| price(out, mark))
        .add(tag::SETTL_PRICE_TYPE, 2)
        .with(tag::PRIOR_SETTL_PRICE, |out| price(out, settled))
        .add(tag::NO_POSITIONS, 1)
        .add(tag::POS_TYPE, "TQ")
        .with(side, |out| decimal::write_steps(out, position.lots.unsigned_abs(), terms.lot))
        .add(tag::NO_POS_AMT, 1)
        .add(tag::POS_AMT_TYPE, "FMTM")
        .with(tag::POS_AMT, |out| money(out, position.unrealised));
}

/// Answers a CollateralInquiry: money, equity, what is free, and the risk degree.
pub fn collateral(
    desk: &mut Desk,
    user: UserId,
    message: &Message<'_>,
    now: Ts,
) -> Result<Vec<Reply>, Stop> {
    let request = message.optional_label(tag::COLL_INQUIRY_ID)?;
    let account = match desk.account(user, message) {
        Ok(account) => account,
        Err(Stop::No(code, text)) => {
            let mut body = Body::new();
            body.maybe(tag::COLL_INQUIRY_ID, request)
                .add(tag::COLL_INQUIRY_STATUS, 4)
                .add(tag::COLL_INQUIRY_RESULT, 4)
                .add(tag::TEXT, format_args!("{code}: {text}"));
            return Ok(vec![(Kind::COLLATERAL_ACK, body)]);
        }
        Err(stop) => return Err(stop),
    };
    let view = view(desk, account);
    let decimals = desk.names.money_decimals;
    let amount = |money: Money| move |out: &mut Vec<u8>| decimal::write_money(out, money, decimals);
    let mut body = Body::new();
    body.add(tag::COLL_RPT_ID, desk.own_id())
        .maybe(tag::COLL_INQUIRY_ID, request)
        .add(tag::COLL_STATUS, 3)
        .add(tag::ACCOUNT, view.name)
        .add(tag::ACCOUNT_TYPE, 1);
    if let Measure(Some(measure)) = view.measure {
        body.with(tag::MARGIN_RATIO, |out| {
            decimal::write_scaled(out, measure, Measure::DECIMALS);
        });
    }
    body.with(tag::MARGIN_EXCESS, amount(view.available))
        .with(tag::TOTAL_NET_VALUE, amount(view.equity))
        .with(tag::CASH_OUTSTANDING, amount(view.balance))
        .add(tag::CURRENCY, &desk.names.currency)
        .add(tag::CLEARING_BUSINESS_DATE, write_date(now));
    let mut margin = Vec::new();
    for (word, money) in [
        ("margin=", view.margin),
        (" maintenance=", view.maintenance),
        (" frozen=", view.frozen),
        (" unrealised=", view.unrealised),
    ] {
        margin.extend_from_slice(word.as_bytes());
        decimal::write_money(&mut margin, money, decimals);
    }
    let margin = String::from_utf8_lossy(&margin);
    let text = format!("tier={} permission={} {margin}", view.tier, view.permission.as_str());
    body.add(tag::TEXT, text);
    Ok(vec![(Kind::COLLATERAL_REPORT, body)])
}
