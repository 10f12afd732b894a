//! Kill switches: an account or the whole exchange frozen, its orders gone; and the way back. All of it by journaled commands.

use super::desk::{Caller, Desk};
use super::hub::Answered;
use super::json::Json;
use super::look;
use super::reply::{No, Reply};
use super::routes::Op;
use super::sight::Sight;
use crate::inbound::Once;
use plimsoll_types::{AccountId, Command, Label, Permission};
use serde_json::Value;
use std::time::Duration;

/// How often a full queue is tried again, a little later each time.
const TRIES: u32 = 50;

/// Freezes, or lets go again, whom the body names: `{"account":"A"}`, or everybody by `{}`.
pub(super) async fn carry_out(
    desk: &Desk,
    op: Op,
    caller: Caller<'_>,
    body: &[u8],
) -> Result<Reply, No> {
    let permission = if op == Op::Kill { Permission::Frozen } else { Permission::Normal };
    let freezes = match account_named(body)? {
        Some(name) => {
            let account = desk.follower.read(|exchange| look::account_of(exchange, &name))?;
            vec![Command::Permission { account, permission }]
        }
        None => desk.follower.read(|exchange| {
            let all = look::traded(exchange).map(|(instrument, _)| instrument);
            all.map(|instrument| Command::Restrict { instrument, permission }).collect()
        }),
    };
    let only = match freezes.first() {
        Some(Command::Permission { account, .. }) => Some(*account),
        _ => None,
    };
    let mut told = Told::default();
    for command in freezes {
        told.add(one(desk, caller, command).await?);
    }
    if op == Op::Kill {
        // Nothing can enter any more, so whoever has an order now is seen here.
        for account in with_orders(desk, only) {
            let command = Command::CancelAll { account, instrument: None, side: None };
            told.add(one(desk, caller, command).await?);
        }
    }
    Ok(Reply::ok(Json::object(|json| {
        json.key("commands").whole(told.commands);
        json.key("rejected").whole(told.rejected);
        json.key("number").whole(told.number);
        json.key("seq").whole(told.seq);
        json.key("durability").text(look::durability_word(desk.hub.durability()));
    })))
}

#[derive(Default)]
struct Told {
    commands: u64,
    rejected: u64,
    number: u64,
    seq: u64,
}

impl Told {
    fn add(&mut self, answered: Answered) {
        self.commands += 1;
        self.rejected += u64::from(answered.rejected.is_some());
        self.number = answered.number;
        self.seq = answered.seq;
    }
}

/// One command of several. A queue that is full just now does not stop a kill half way.
async fn one(desk: &Desk, caller: Caller<'_>, command: Command) -> Result<Answered, No> {
    let mut tries = 0;
    loop {
        let sight = Sight::Accounts([].into());
        let answer = desk.carry_out(caller.id, Once::Unmarked, command.clone(), sight).await;
        match answer {
            Err(no) if no.code == "busy" && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(u64::from(tries))).await;
            }
            other => return other,
        }
    }
}

fn with_orders(desk: &Desk, only: Option<AccountId>) -> Vec<AccountId> {
    desk.follower.read(|exchange| match only {
        Some(account) => vec![account],
        None => {
            let all = (0..exchange.account_count() as u32).map(AccountId);
            all.filter(|id| exchange.owner(*id) == *id && exchange.has_open_orders(*id, 1))
                .collect()
        }
    })
}

/// The account a body names, if it names one.
fn account_named(body: &[u8]) -> Result<Option<Label>, No> {
    let malformed = || No::malformed("line", "expected {\"account\":NAME}, or {} for everybody");
    let value: Value = serde_json::from_slice(body).map_err(|_| malformed())?;
    let fields = value.as_object().ok_or_else(malformed)?;
    if let Some(other) = fields.keys().find(|key| *key != "account") {
        return Err(No::malformed(
            &plimsoll_text::r#where::quoted(other),
            "expected no such field",
        ));
    }
    let Some(name) = fields.get("account") else { return Ok(None) };
    name.as_str().and_then(Label::new).map(Some).ok_or_else(malformed)
}
