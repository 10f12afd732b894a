//! Which message goes where, and who may send it.

use super::desk::{Desk, Reply, Stop, Wish};
use super::market::Subscriptions;
use super::message::{Message, read_whole};
use super::write::Body;
use super::{entry, query, tag};
use crate::auth;
use crate::inbound::UserId;
use crate::users::User;
use plimsoll_types::Ts;

/// Longest interval of heartbeats, seconds.
const HEARTBEAT_MAX: u64 = 3_600;

/// Who sends a Logon, and the seconds between heartbeats; or why nobody is told anything.
pub fn prove(
    users: &[User],
    comp_id: &str,
    message: &Message<'_>,
) -> Result<(UserId, u64), &'static str> {
    const REFUSED: &str = "unknown user or wrong password";
    let text = |tag| message.raw(tag).and_then(|value| std::str::from_utf8(value).ok());
    if text(tag::BEGIN_STRING) != Some("FIX.4.4") {
        return Err("BeginString must be FIX.4.4");
    }
    if text(tag::TARGET_COMP_ID) != Some(comp_id) {
        return Err("unknown TargetCompID");
    }
    if message.fault().is_some() {
        return Err("the Logon is malformed");
    }
    let name = text(tag::SENDER_COMP_ID).ok_or(REFUSED)?;
    if text(tag::USERNAME).is_some_and(|user| user != name) {
        return Err("Username must be the SenderCompID");
    }
    let password = text(tag::PASSWORD).unwrap_or_default();
    let (user, _) = auth::log_in(users, name, password).ok_or(REFUSED)?;
    if message.raw(tag::ENCRYPT_METHOD).is_some_and(|method| method != b"0") {
        return Err("EncryptMethod must be 0");
    }
    let heartbeat = message.raw(tag::HEART_BT_INT).and_then(read_whole);
    match heartbeat {
        Some(heartbeat) if heartbeat <= HEARTBEAT_MAX => Ok((user, heartbeat)),
        _ => Err("HeartBtInt must be 0 to 3600 seconds"),
    }
}

/// What a message asks for, done or answered.
pub fn dispatch(
    desk: &mut Desk,
    market: &mut Subscriptions,
    user: UserId,
    message: &Message<'_>,
    now: Ts,
) -> Result<Vec<Reply>, Stop> {
    let scopes = desk.user(user).scopes;
    let one = |reply: Option<Reply>| reply.into_iter().collect();
    let kind = message.kind();
    let allowed = match kind {
        b"D" | b"F" | b"G" | b"q" => scopes.trade,
        b"H" | b"AF" | b"AN" | b"BB" => scopes.read || scopes.trade,
        _ => true,
    };
    if !allowed {
        return Err(Stop::Business { reason: 6, text: "this user may not do this" });
    }
    match kind {
        b"D" => entry::new_order(desk, user, message, now).map(one),
        b"F" => entry::change(desk, user, message, Wish::Cancel, now).map(one),
        b"G" => entry::change(desk, user, message, Wish::Replace, now).map(one),
        b"q" => entry::mass_cancel(desk, user, message, now).map(one),
        b"H" => query::order_status(desk, user, message, now),
        b"AF" => query::mass_status(desk, user, message, now),
        b"V" => market.request(desk, message),
        b"x" => query::securities(desk, message),
        b"AN" => query::positions(desk, user, message, now),
        b"BB" => query::collateral(desk, user, message, now),
        _ => Err(Stop::Business { reason: 3, text: "this type of message is not taken here" }),
    }
}

/// A BusinessMessageReject.
pub fn business_reject(message: &Message<'_>, reason: u8, text: &str) -> Body {
    let mut body = Body::new();
    body.add(tag::REF_SEQ_NUM, message.whole(tag::MSG_SEQ_NUM).unwrap_or_default())
        .add(tag::REF_MSG_TYPE, String::from_utf8_lossy(message.kind()));
    let names = [
        tag::CL_ORD_ID,
        tag::MD_REQ_ID,
        tag::SECURITY_REQ_ID,
        tag::POS_REQ_ID,
        tag::COLL_INQUIRY_ID,
    ];
    let name = names.iter().find_map(|tag| message.raw(*tag)).map(String::from_utf8_lossy);
    body.maybe(tag::BUSINESS_REJECT_REF_ID, name)
        .add(tag::BUSINESS_REJECT_REASON, reason)
        .add(tag::TEXT, text);
    body
}
