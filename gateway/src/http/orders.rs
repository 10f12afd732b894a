//! What changes something: orders and commands, in the contract's words, answered with what came of them.

use super::desk::{Caller, Desk, Request};
use super::hub::Answered;
use super::json::Json;
use super::look::{self, durability_word};
use super::query::Query;
use super::reply::{No, Reply, status_of};
use super::routes::{Found, Op};
use super::sight::Sight;
use crate::auth;
use crate::batch::Answer;
use crate::inbound::Once;
use axum::http::HeaderMap;
use plimsoll_text::Line;
use plimsoll_types::{Command, Label};
use serde_json::Value;

/// The header that names a request, so that it is carried out once.
const IDEMPOTENCY: &str = "idempotency-key";

/// Carries out what a request asks for and waits for what came of it.
pub(super) async fn carry_out(
    desk: &Desk,
    found: &Found,
    query: &Query,
    caller: Caller<'_>,
    request: &Request,
) -> Result<Reply, No> {
    let op = found.route.op;
    let line = line_of(op, found, query, &request.body)?;
    let (command, named) = desk.follower.read(|exchange| {
        let line = Line::read(&line, exchange.spec())?;
        let named = line.named();
        if let (Some(account), _) = named {
            caller.may(&account)?;
        }
        if op == Op::PlaceOrder && named.1.is_some_and(|id| !is_plain(&id)) {
            return Err(No::malformed("id", "expected no control characters"));
        }
        match line.resolve(exchange) {
            Command::Refused { reason, .. } => Err(No::rejected(reason)),
            command => Ok((command, named)),
        }
    })?;
    let once = once(op, &request.headers, named, &request.body)?;
    let sight = Sight::of(caller.user);
    let answered = desk.carry_out(caller.id, once, command, sight).await?;
    let order = match (op, answered.answer, named) {
        (Op::PlaceOrder, Answer::Copy, (Some(account), Some(id))) => {
            Some(desk.follower.read(|exchange| look::open_order(exchange, &account, &id)))
        }
        _ => None,
    };
    Ok(reply(op, answered, order))
}

/// Whether an id can be told over every protocol: the binary one ends it at a zero, FIX a field at a 1.
fn is_plain(id: &Label) -> bool {
    !id.as_str().chars().any(char::is_control)
}

/// The contract's line that a request means; its time is the server's, which the engine gives.
fn line_of(op: Op, found: &Found, query: &Query, body: &[u8]) -> Result<Vec<u8>, No> {
    if op == Op::CancelOrder {
        if !body.is_empty() {
            return Err(No::malformed("line", "expected no body"));
        }
        let account = query.label("account")?;
        return Ok(Json::object(|json| {
            json.key("ts").whole(0);
            json.key("cmd").text("cancel");
            json.key("account").text(account.as_ref().map_or("", Label::as_str));
            json.key("id").text(found.part.as_deref().unwrap_or(""));
        }));
    }
    let verb = match op {
        Op::PlaceOrder => Some("order"),
        Op::ReplaceOrder => Some("replace"),
        Op::CancelAll => Some("cancel_all"),
        Op::Leverage => Some("leverage"),
        Op::MoveMargin => Some("move_margin"),
        // The body says which.
        _ => None,
    };
    let inside = body.trim_ascii_start().strip_prefix(b"{");
    let inside = inside.ok_or_else(|| No::malformed("line", "expected a JSON object"))?;
    let mut json = Json::default();
    json.out.push(b'{');
    json.key("ts").whole(0);
    if let Some(verb) = verb {
        json.key("cmd").text(verb);
    }
    if op == Op::ReplaceOrder {
        json.key("id").text(found.part.as_deref().unwrap_or(""));
    }
    if inside.trim_ascii_start().first() != Some(&b'}') {
        json.out.push(b',');
    }
    json.out.extend_from_slice(inside);
    Ok(json.out)
}

/// How a copy of a request is known: by its key; an order without one, by its account, its id and all its body says.
fn once(
    op: Op,
    headers: &HeaderMap,
    (account, id): (Option<Label>, Option<Label>),
    body: &[u8],
) -> Result<Once, No> {
    let mut keys = headers.get_all(IDEMPOTENCY).iter();
    let name = match (keys.next(), keys.next(), account, id) {
        (Some(key), None, ..) => {
            let key = key.as_bytes();
            if !(1..=64).contains(&key.len()) || !key.iter().all(u8::is_ascii_graphic) {
                return Err(No::malformed(
                    "Idempotency-Key",
                    "expected 1 to 64 visible ASCII characters",
                ));
            }
            [b"http key\n", key].concat()
        }
        (Some(_), Some(_), ..) => {
            return Err(No::malformed("Idempotency-Key", "expected it once"));
        }
        (None, _, Some(account), Some(id)) if op == Op::PlaceOrder => {
            // Another order under the same id is another order: the id may be free again, or its order was refused.
            [b"http order\n", account.as_bytes(), b"\n", id.as_bytes(), b"\n", body].concat()
        }
        _ => return Ok(Once::Unmarked),
    };
    let [a, b, c, d, e, f, g, h, ..] = auth::sha256(&name);
    Ok(Once::Token(u64::from_le_bytes([a, b, c, d, e, f, g, h])))
}

/// An outcome as an answer: 201 for an order that entered, 200 for what was done, a copy among it, and what a rejection is worth.
fn reply(op: Op, answered: Answered, order: Option<Value>) -> Reply {
    let status = match answered.rejected {
        Some(reason) => status_of(reason),
        None if op == Op::PlaceOrder && answered.answer == Answer::Done => 201,
        None => 200,
    };
    let body = Json::object(|json| {
        if let Some(reason) = answered.rejected {
            No::rejected(reason).write(json);
        }
        write_outcome(json, &answered);
        if let Some(order) = order {
            json.key("order").raw(order.to_string().as_bytes());
        }
    });
    Reply::with(status, body)
}

/// The fields of an outcome.
pub(super) fn write_outcome(json: &mut Json, answered: &Answered) {
    json.key("number").whole(answered.number);
    json.key("seq").whole(answered.seq);
    json.key("ts").whole(answered.ts);
    json.key("durability").text(durability_word(answered.durability));
    json.key("copy").raw(if answered.answer == Answer::Copy { b"true" } else { b"false" });
    json.key("events").nested(b"[]", |json| json.out.extend_from_slice(&answered.events));
    if answered.more {
        json.key("more").raw(b"true");
    }
}
