//! Signed requests: who sent it, that nothing of it was changed, that it is new, and that it comes once.
//!
//! What is signed: `method \n path?query \n timestamp \n nonce \n hex(SHA-256(body))`, by HMAC-SHA256 under the user's secret.

use super::reply::No;
use crate::auth;
use crate::inbound::UserId;
use crate::users::User;
use axum::http::HeaderMap;
use parking_lot::Mutex;
use plimsoll_types::Ts;
use std::collections::{HashSet, VecDeque};

/// Most nonces remembered of a user; one who sends more in a window is throttled.
const NONCES_MAX: usize = 1 << 16;

/// How far ahead of the server's clock a timestamp may lie, milliseconds.
const AHEAD_MS: u64 = 1_000;

const MS: u64 = 1_000_000;

/// What a client says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim<'a> {
    pub user: &'a str,
    /// Milliseconds since 1970, as sent.
    pub timestamp: &'a str,
    pub nonce: &'a str,
    /// Hex.
    pub signature: &'a str,
}

impl<'a> Claim<'a> {
    /// Reads the four headers.
    pub fn of(headers: &'a HeaderMap) -> Result<Claim<'a>, No> {
        let once = |name: &str| {
            let mut all = headers.get_all(name).iter();
            match (all.next(), all.next()) {
                (Some(value), None) => value.to_str().map_err(|_| No::new("unsigned")),
                _ => Err(No::new("unsigned")),
            }
        };
        Ok(Claim {
            user: once("x-plimsoll-user")?,
            timestamp: once("x-plimsoll-timestamp")?,
            nonce: once("x-plimsoll-nonce")?,
            signature: once("x-plimsoll-signature")?,
        })
    }
}

/// The signature of a request, in hex: for clients.
///
/// `target` is the path with its query, byte for byte as it is sent; `timestamp` in milliseconds since 1970.
pub fn sign(
    secret: &[u8],
    method: &str,
    target: &str,
    timestamp: &str,
    nonce: &str,
    body: &[u8],
) -> String {
    auth::to_hex(&signature(secret, method, target, timestamp, nonce, body))
}

fn signature(
    secret: &[u8],
    method: &str,
    target: &str,
    timestamp: &str,
    nonce: &str,
    body: &[u8],
) -> [u8; 32] {
    let body = auth::to_hex(&auth::sha256(body));
    let parts = [method, "\n", target, "\n", timestamp, "\n", nonce, "\n", &body];
    auth::hmac_sha256(secret, &parts.map(str::as_bytes))
}

/// Looks at signatures, and remembers nonces.
pub(super) struct Gate {
    /// Of each user.
    nonces: Vec<Mutex<Nonces>>,
    window: Ts,
    /// Requests from before the start are refused: their nonces are forgotten.
    started: Ts,
}

impl Gate {
    pub fn new(users: usize, window_ms: u64, started: Ts) -> Gate {
        let nonces = (0..users).map(|_| Mutex::default()).collect();
        Gate { nonces, window: window_ms.saturating_mul(MS), started }
    }

    /// Who signed a request that arrived at `now`.
    ///
    /// Rejects, the first that applies: `signature`, `timestamp`, `nonce`, `throttled`. Only a good signature costs memory.
    pub fn check<'u>(
        &self,
        users: &'u [User],
        now: Ts,
        claim: Claim<'_>,
        (method, target, body): (&str, &str, &[u8]),
    ) -> Result<(UserId, &'u User), No> {
        let found = auth::find_user(users, claim.user);
        // Somebody unknown is calculated for all the same, so that names cannot be guessed by the clock.
        let secret = found.map_or(&[0; 32][..], |(_, user)| &user.secret);
        let right = signature(secret, method, target, claim.timestamp, claim.nonce, body);
        let given = auth::from_hex(claim.signature).unwrap_or_default();
        let good = auth::same(&given, &right);
        let Some((id, user)) = found.filter(|_| good) else {
            return Err(No::new("signature"));
        };
        let sent = milliseconds(claim.timestamp).ok_or_else(|| No::new("timestamp"))?;
        let oldest = now.saturating_sub(self.window).max(self.started / MS * MS);
        if sent < oldest || sent > now.saturating_add(AHEAD_MS * MS) {
            return Err(No::new("timestamp"));
        }
        if !(8..=64).contains(&claim.nonce.len())
            || !claim.nonce.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(No::malformed(
                "X-Plimsoll-Nonce",
                "expected 8 to 64 visible ASCII characters",
            ));
        }
        // A request counts as new for as long as its timestamp may pass.
        let until = sent.saturating_add(self.window).saturating_add(MS).max(now);
        self.nonces[id.index() - 1].lock().admit(
            claim.nonce,
            now,
            until.saturating_add(AHEAD_MS * MS),
        )?;
        Ok((id, user))
    }
}

/// A timestamp in nanoseconds.
fn milliseconds(text: &str) -> Option<Ts> {
    let plain = (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u64>().ok().filter(|_| plain)?.checked_mul(MS)
}

/// A user's nonces of the window.
#[derive(Default)]
struct Nonces {
    used: HashSet<Box<str>>,
    /// With when each may be forgotten, about in order.
    queue: VecDeque<(Ts, Box<str>)>,
}

impl Nonces {
    fn admit(&mut self, nonce: &str, now: Ts, until: Ts) -> Result<(), No> {
        while self.queue.front().is_some_and(|(until, _)| *until < now) {
            if let Some((_, old)) = self.queue.pop_front() {
                self.used.remove(&old);
            }
        }
        if self.used.contains(nonce) {
            return Err(No::new("nonce"));
        }
        if self.queue.len() >= NONCES_MAX {
            return Err(No::new("throttled"));
        }
        self.used.insert(nonce.into());
        self.queue.push_back((until, nonce.into()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::users;
    use crate::users::Limits;

    const NOW: Ts = 1_000_000 * MS;

    fn claim<'a>(timestamp: &'a str, nonce: &'a str, signature: &'a str) -> Claim<'a> {
        Claim { user: "anna", timestamp, nonce, signature }
    }

    fn check(gate: &Gate, now: Ts, ms: u64, nonce: &str) -> Result<UserId, &'static str> {
        let users = users(Limits::default());
        let timestamp = ms.to_string();
        let signature = sign(&users[0].secret, "GET", "/v1/accounts", &timestamp, nonce, b"");
        let claim = claim(&timestamp, nonce, &signature);
        gate.check(&users, now, claim, ("GET", "/v1/accounts", b""))
            .map(|(id, _)| id)
            .map_err(|no| no.code)
    }

    #[test]
    fn a_request_is_let_through_once_and_inside_its_window() {
        let gate = Gate::new(2, 5_000, NOW - 60_000 * MS);
        assert_eq!(check(&gate, NOW, 1_000_000, "nonce-01"), Ok(UserId(1)));
        assert_eq!(check(&gate, NOW, 1_000_000, "nonce-01"), Err("nonce"));
        assert_eq!(check(&gate, NOW, 995_000, "nonce-02"), Ok(UserId(1)));
        assert_eq!(check(&gate, NOW, 994_999, "nonce-03"), Err("timestamp"));
        assert_eq!(check(&gate, NOW, 1_001_000, "nonce-04"), Ok(UserId(1)));
        assert_eq!(check(&gate, NOW, 1_001_001, "nonce-05"), Err("timestamp"));
        assert_eq!(check(&gate, NOW, 1_000_000, "short"), Err("malformed"));
    }

    #[test]
    fn a_nonce_is_kept_for_as_long_as_its_timestamp_passes() {
        let gate = Gate::new(2, 5_000, 0);
        assert_eq!(check(&gate, NOW, 1_001_000, "nonce-01"), Ok(UserId(1)));
        let last = NOW + 6_000 * MS;
        // Others push the queue on; the nonce is still known at the last moment at which it would pass.
        assert_eq!(check(&gate, last, 1_006_000, "nonce-02"), Ok(UserId(1)));
        assert_eq!(check(&gate, last, 1_001_000, "nonce-01"), Err("nonce"));
        assert_eq!(check(&gate, last + MS, 1_001_000, "nonce-01"), Err("timestamp"));
    }

    #[test]
    fn what_was_signed_before_the_start_is_refused() {
        let gate = Gate::new(2, 5_000, NOW);
        assert_eq!(check(&gate, NOW + MS, 999_999, "nonce-01"), Err("timestamp"));
        assert_eq!(check(&gate, NOW + MS, 1_000_000, "nonce-01"), Ok(UserId(1)));
    }

    #[test]
    fn nonces_are_bounded_and_never_forgotten_early() {
        let mut nonces = Nonces::default();
        for n in 0..NONCES_MAX {
            assert_eq!(nonces.admit(&format!("nonce-{n}"), 5, 10), Ok(()));
        }
        assert_eq!(nonces.admit("one-more", 10, 20).unwrap_err().code, "throttled");
        assert_eq!(nonces.admit("nonce-0", 10, 20).unwrap_err().code, "nonce");
        assert_eq!(nonces.admit("one-more", 11, 20), Ok(()));
        assert_eq!(nonces.used.len(), 1);
    }
}
