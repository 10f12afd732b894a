//! A login: who it is, from which event on, and what it is told first.

use super::codes::{EndReason, LoginReason};
use super::kept::Kept;
use super::layout::{Message, Text};
use super::messages::{Login, LoginAccepted, LoginRejected, VERSION};
use super::proof;
use super::session::Stage;
use super::sessions::{SecondLogin, SessionId, Sessions};
use crate::inbound::UserId;
use plimsoll_types::Ts;

/// Tried where there is no such user, so that it takes as long.
const NOBODY: &[u8] = b"a key that nobody has";

/// Takes a login: the user's session begins, or the connection ends.
pub(super) fn take(sessions: &mut Sessions, id: SessionId, now: Ts, login: &Login) {
    match check(sessions, id, login) {
        Ok(user) => {
            if let Some(other) = sessions.seats[user.index()].session {
                sessions.end(other, EndReason::TakenOver, now);
            }
            begin(sessions, id, user, login.next_event.get(), now);
        }
        Err((reason, oldest)) => sessions.reject_login(id, reason, oldest, now),
    }
}

/// Who it is, if it may. Rejects, the first that applies, with the oldest event that can be asked for where that is the matter.
fn check(
    sessions: &mut Sessions,
    id: SessionId,
    login: &Login,
) -> Result<UserId, (LoginReason, u64)> {
    if login.version.get() != VERSION || login.take_over > 1 {
        return Err((LoginReason::Version, 0));
    }
    let nonce = match sessions.sessions[id].as_ref() {
        Some(session) => session.nonce,
        None => return Err((LoginReason::Denied, 0)),
    };
    let named = login.user.label().ok().flatten().and_then(|name| sessions.roster.find(&name));
    let user = named.and_then(|user| sessions.roster.user(user));
    let good = proof::is_good(&nonce, login, user.map_or(NOBODY, |user| &user.secret));
    let may = user.is_some_and(|user| user.scopes.trade || user.scopes.read);
    let user = named.filter(|_| good && may).ok_or((LoginReason::Denied, 0))?;
    let roster = &sessions.roster;
    let (wanted, last) = (login.next_event.get(), roster.last_event);
    let most = sessions.rules.kept;
    let seat = &mut sessions.seats[user.index()];
    let kept = seat.kept.get_or_insert_with(|| Kept::new(last, most));
    if wanted > last + 1 {
        return Err((LoginReason::TooNew, kept.oldest()));
    }
    if wanted != 0 && wanted < kept.oldest() {
        return Err((LoginReason::TooOld, kept.oldest()));
    }
    let keeps_first = sessions.rules.second_login == SecondLogin::Refused || login.take_over == 0;
    if seat.session.is_some() && keeps_first {
        return Err((LoginReason::LoggedIn, 0));
    }
    Ok(user)
}

fn begin(sessions: &mut Sessions, id: SessionId, user: UserId, next_event: u64, now: Ts) {
    sessions.logins += 1;
    sessions.seats[user.index()].session = Some(id);
    let accepted = accepted(sessions, user);
    let Some(kept) = &sessions.seats[user.index()].kept else { return };
    let place = if next_event == 0 { kept.end() } else { kept.find(next_event) };
    let Some(session) = sessions.sessions[id].as_mut() else { return };
    session.stage = Stage::In(user);
    session.place = Some(place);
    session.say(accepted, now);
    for entry in sessions.roster.account_entries(user) {
        session.say(entry, now);
    }
    for entry in sessions.roster.instruments() {
        session.say(*entry, now);
    }
    sessions.list(id);
    sessions.pump(id, now);
}

fn accepted(sessions: &Sessions, user: UserId) -> LoginAccepted {
    let roster = &sessions.roster;
    let limits = roster.user(user).map(|user| user.limits).unwrap_or_default();
    let (rate, burst) = limits.rate.map_or((0, 0), |(rate, burst)| (rate.get(), burst.get()));
    let ms = |ns: Ts| u32::try_from(ns / 1_000_000).unwrap_or(u32::MAX);
    let kept = sessions.seats[user.index()].kept.as_ref();
    LoginAccepted {
        head: LoginAccepted::head(),
        session: sessions.logins.into(),
        last_sequence: roster.sequences[user.index()].into(),
        last_event: roster.last_event.into(),
        oldest_event: kept.map_or(0, Kept::oldest).into(),
        heartbeat_ms: ms(sessions.rules.heartbeat).into(),
        timeout_ms: ms(sessions.rules.timeout).into(),
        rate: rate.into(),
        burst: burst.into(),
        accounts: (roster.accounts_of(user).len() as u32).into(),
        instruments: (roster.instruments().len() as u16).into(),
        money_decimals: roster.money_decimals,
        all_accounts: u8::from(roster.reaches_all(user)),
        currency: Text::of(&roster.currency),
    }
}

/// The answer to a login that is refused.
pub(super) fn rejected(reason: LoginReason, oldest_event: u64, last_event: u64) -> LoginRejected {
    LoginRejected {
        head: LoginRejected::head(),
        reason: reason as u8,
        reserved: [0; 3],
        oldest_event: oldest_event.into(),
        last_event: last_event.into(),
    }
}
