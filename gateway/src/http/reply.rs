//! What goes back: a status and a JSON text; every "no" in one shape with a stable code.

use super::json::Json;
use plimsoll_types::Reject;
use std::borrow::Cow;

/// An answer.
pub(super) struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    /// Seconds after which it is worth trying again.
    pub retry_after: Option<u64>,
    pub kind: &'static str,
}

impl Reply {
    /// All is well.
    pub fn ok(body: Vec<u8>) -> Reply {
        Reply::with(200, body)
    }

    /// A JSON text under a status.
    pub fn with(status: u16, body: Vec<u8>) -> Reply {
        Reply { status, body, retry_after: None, kind: "application/json" }
    }
}

/// A refusal of the edge: nothing was carried out, and nothing recorded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct No {
    pub status: u16,
    /// One of [`CODES`], or the code of a [`Reject`].
    pub code: &'static str,
    pub detail: Cow<'static, str>,
    pub field: Option<Box<str>>,
    pub retry_after: Option<u64>,
}

/// Every code of the edge itself, its status, and what is said where nothing more is known.
pub(super) const CODES: &[(&str, u16, &str)] = &[
    ("malformed", 400, "the request cannot be read"),
    (
        "unsigned",
        401,
        "this needs the four headers X-Plimsoll-User, -Timestamp, -Nonce and -Signature, each once",
    ),
    ("signature", 401, "no user signs so"),
    ("timestamp", 401, "the timestamp lies outside the window; ask /v1/time"),
    ("nonce", 401, "this nonce was used before"),
    ("scope", 403, "this key's scopes do not allow it"),
    ("account", 403, "this key does not reach that account"),
    ("loopback", 403, "administration is taken from this machine only"),
    ("not_found", 404, "there is nothing here"),
    ("method", 405, "not with this method"),
    ("slow", 408, "the request came too slowly"),
    ("too_large", 413, "the body is too large"),
    ("throttled", 429, "too many requests"),
    ("busy", 503, "the engine's queue is full; nothing was carried out"),
    ("stopping", 503, "the server is stopping"),
    (
        "timeout",
        504,
        "no outcome yet: it may be carried out later; repeat it under the same idempotency key to know",
    ),
];

impl No {
    /// A refusal by its code.
    pub fn new(code: &'static str) -> No {
        let known = CODES.iter().find(|(known, ..)| *known == code);
        let Some(&(code, status, detail)) = known else {
            plimsoll_types::broken(format_args!("a refusal without a status: {code}"))
        };
        let retry_after = matches!(code, "busy" | "throttled").then_some(1);
        No { status, code, detail: detail.into(), field: None, retry_after }
    }

    /// A request that cannot be read, for `field`.
    pub fn malformed(field: &str, detail: impl Into<Cow<'static, str>>) -> No {
        No { detail: detail.into(), field: Some(field.into()), ..No::new("malformed") }
    }

    /// Names that name nothing, and numbers off their step.
    pub fn rejected(reason: Reject) -> No {
        No {
            status: status_of(reason),
            code: reason.as_str(),
            detail: reason.detail().into(),
            field: None,
            retry_after: None,
        }
    }

    /// `{"error":{"code","detail","field"}}`, the inside of it.
    pub fn write(&self, json: &mut Json) {
        json.key("error").nested(b"{}", |json| {
            json.key("code").text(self.code);
            json.key("detail").text(&self.detail);
            match &self.field {
                Some(field) => json.key("field").text(field),
                None => json.key("field").raw(b"null"),
            }
        });
    }
}

/// What a rejection is in HTTP's terms.
pub(super) fn status_of(reason: Reject) -> u16 {
    match reason {
        Reject::UnknownAccount
        | Reject::UnknownSymbol
        | Reject::UnknownProfile
        | Reject::UnknownTrade
        | Reject::UnknownOrder => 404,
        Reject::DuplicateId | Reject::DuplicateAccount | Reject::DuplicateSymbol => 409,
        _ => 422,
    }
}

impl From<plimsoll_text::Error> for No {
    fn from(error: plimsoll_text::Error) -> No {
        No::malformed(&error.field, format!("expected {}, found {}", error.expected, error.found))
    }
}

impl From<No> for Reply {
    fn from(no: No) -> Reply {
        let retry_after = no.retry_after;
        Reply { retry_after, ..Reply::with(no.status, Json::object(|json| no.write(json))) }
    }
}
