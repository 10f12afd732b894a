//! What is read: books, trades, accounts. All of it from the follower; the engine is never asked.

use super::books::{Told, write_levels};
use super::hub::Hub;
use super::json::Json;
use super::query::Query;
use super::reply::No;
use super::sight::Sight;
use super::topics::Channel;
use crate::batch::Durability;
use crate::users::{Reach, User};
use plimsoll_exchange::Exchange;
use plimsoll_text::decimal::{write_money, write_scaled, write_steps};
use plimsoll_types::{
    AccountId, InstrumentId, InstrumentKind, InstrumentSpec, Label, MarginRate, Ratio, Reject, Side,
};
use serde_json::Value;

/// How a durability is called.
pub(super) fn durability_word(durability: Durability) -> &'static str {
    match durability {
        Durability::None => "none",
        Durability::Written => "written",
        Durability::Synced => "synced",
    }
}

/// `GET /v1/status`.
pub(super) fn status(exchange: &Exchange, hub: &Hub, health: &str, number: u64) -> Vec<u8> {
    Json::object(|json| {
        json.key("health").text(health);
        json.key("number").whole(number);
        json.key("seq").whole(exchange.seq());
        json.key("ts").whole(exchange.now());
        json.key("durability").text(durability_word(hub.durability()));
        json.key("accounts").whole(exchange.account_count() as u64);
        json.key("open_cases").whole(exchange.open_cases() as u64);
        json.key("streams").whole(hub.topics.lock().streams() as u64);
    })
}

/// Instruments that are traded.
pub(super) fn traded(exchange: &Exchange) -> impl Iterator<Item = (InstrumentId, &InstrumentSpec)> {
    let all = exchange.spec().instruments.iter().enumerate();
    all.map(|(n, spec)| (InstrumentId(n as u16), spec))
        .filter(|(id, spec)| exchange.instrument_id(&spec.symbol) == Some(*id))
}

/// `GET /v1/instruments`.
pub(super) fn instruments(exchange: &Exchange) -> Vec<u8> {
    let decimals = exchange.spec().money_decimals;
    Json::object(|json| {
        json.key("currency").text(exchange.spec().currency.as_str());
        json.key("money_decimals").whole(u64::from(decimals));
        json.key("instruments").nested(b"[]", |json| {
            for (id, spec) in traded(exchange) {
                json.nested(b"{}", |json| instrument(json, exchange, id, spec));
            }
        });
    })
}

fn instrument(json: &mut Json, exchange: &Exchange, id: InstrumentId, spec: &InstrumentSpec) {
    let decimals = exchange.spec().money_decimals;
    let kind = match spec.kind {
        InstrumentKind::Future => "future",
        InstrumentKind::Perpetual => "perpetual",
    };
    json.key("symbol").text(spec.symbol.as_str());
    json.key("kind").text(kind);
    for (key, step) in [
        ("tick_size", spec.tick_size),
        ("lot_size", spec.lot_size),
        ("multiplier", spec.multiplier),
    ] {
        json.key(key).decimal(|out| write_steps(out, 1, step));
    }
    json.key("prev_settlement").price(spec, Some(spec.prev_settlement));
    for (key, rate) in [("margin_initial", spec.initial), ("margin_maintenance", spec.maintenance)]
    {
        json.key(key).nested(b"{}", |json| margin(json, rate, decimals));
    }
    let book = exchange.book_head(id);
    json.key("phase").text(book.phase.as_str());
    json.key("up").price(spec, book.band.map(|band| band.up));
    json.key("down").price(spec, book.band.map(|band| band.down));
    json.key("mark").price(spec, Some(book.mark));
    json.key("last").price(spec, book.last);
}

fn margin(json: &mut Json, rate: MarginRate, decimals: u32) {
    let share = i128::from(rate.share.nano());
    json.key("share").decimal(|out| write_scaled(out, share, Ratio::DECIMALS));
    json.key("per_lot").decimal(|out| write_money(out, rate.per_lot, decimals));
}

/// The instrument of a symbol.
pub(super) fn instrument_of(exchange: &Exchange, symbol: &Label) -> Result<InstrumentId, No> {
    exchange.instrument_id(symbol).ok_or_else(|| No::rejected(Reject::UnknownSymbol))
}

/// `GET /v1/books/{symbol}`.
pub(super) fn book(exchange: &Exchange, symbol: &Label, depth: usize) -> Result<Vec<u8>, No> {
    let id = instrument_of(exchange, symbol)?;
    let spec = &exchange.spec().instruments[id.index()];
    let mut levels = [Vec::new(), Vec::new()];
    for (levels, side) in levels.iter_mut().zip([Side::Buy, Side::Sell]) {
        exchange.depth(id, side, depth, &mut |price, qty| levels.push((price, qty)));
    }
    Ok(Json::object(|json| {
        json.key("symbol").text(symbol.as_str());
        json.key("seq").whole(exchange.seq());
        json.key("ts").whole(exchange.now());
        json.key("mark").price(spec, Some(exchange.mark(id)));
        write_levels(json, spec, &levels);
    }))
}

/// `GET /v1/trades/{symbol}`.
pub(super) fn trades(
    exchange: &Exchange,
    hub: &Hub,
    symbol: &Label,
    limit: usize,
) -> Result<Vec<u8>, No> {
    let id = instrument_of(exchange, symbol)?;
    let spec = &exchange.spec().instruments[id.index()];
    Ok(Json::object(|json| {
        json.key("symbol").text(symbol.as_str());
        json.key("trades").nested(b"[]", |json| {
            let window = hub.window.lock();
            window.trades(id).take(limit).for_each(|trade| trade.write(json, spec));
        });
    }))
}

/// Every mark, as items of an array.
pub(super) fn write_marks(json: &mut Json, exchange: &Exchange) {
    for (id, spec) in traded(exchange) {
        json.nested(b"{}", |json| {
            json.key("symbol").text(spec.symbol.as_str());
            json.key("price").price(spec, Some(exchange.mark(id)));
        });
    }
}

/// `GET /v1/accounts`: the headline of each.
pub(super) fn accounts(exchange: &Exchange, user: &User, query: &Query) -> Result<Vec<u8>, No> {
    let limit = query.count("limit", 100)?;
    let after = query.label("after")?;
    let mut ids: Vec<AccountId> = match &user.reach {
        Reach::Accounts(names) if !user.scopes.admin => {
            names.iter().filter_map(|name| exchange.account_id(name)).collect()
        }
        _ => {
            let after = after.as_ref().and_then(|name| exchange.account_id(name));
            let first = after.map_or(0, |id| id.0 + 1);
            let all = (first..exchange.account_count() as u32).map(AccountId);
            all.filter(|id| exchange.owner(*id) == *id).take(limit + 1).collect()
        }
    };
    ids.sort_unstable();
    ids.dedup();
    if let Some(after) = after.as_ref().and_then(|name| exchange.account_id(name)) {
        ids.retain(|id| *id > after);
    }
    let more = ids.len() > limit;
    ids.truncate(limit);
    Ok(Json::object(|json| {
        json.key("accounts").nested(b"[]", |json| {
            for id in &ids {
                json.raw(&picked(exchange, *id, HEADLINE));
            }
        });
        json.key("more").raw(if more { b"true" } else { b"false" });
    }))
}

/// The account of a name.
pub(super) fn account_of(exchange: &Exchange, name: &Label) -> Result<AccountId, No> {
    exchange.account_id(name).ok_or_else(|| No::rejected(Reject::UnknownAccount))
}

/// `GET /v1/accounts/{account}`.
pub(super) fn account(exchange: &Exchange, id: AccountId) -> Vec<u8> {
    let mut inside = Vec::new();
    plimsoll_text::write_account(&mut inside, exchange.spec(), &exchange.account(id));
    Json::object(|json| {
        json.key("account").text(exchange.account_name(id).as_str());
        json.key("seq").whole(exchange.seq());
        // Without its braces.
        json.raw(&inside[1..inside.len() - 1]);
    })
}

const HEADLINE: &[&str] = &["balance", "equity", "margin", "available", "measure", "tier"];

/// What `GET /v1/accounts/{account}/risk` tells.
pub(super) const RISK: &[&str] = &[
    "balance",
    "equity",
    "unrealised",
    "margin",
    "maintenance",
    "frozen",
    "available",
    "measure",
    "tier",
    "permission",
    "debt",
    "case",
];

/// Some fields of an account, with its name.
pub(super) fn picked(exchange: &Exchange, id: AccountId, keys: &[&str]) -> Vec<u8> {
    let whole = value_of(exchange, id);
    Json::object(|json| {
        json.key("account").text(exchange.account_name(id).as_str());
        for key in keys {
            json.key(key).raw(whole[key].to_string().as_bytes());
        }
    })
}

/// `GET /v1/accounts/{account}/risk`: with the liquidation price of each position.
pub(super) fn risk(exchange: &Exchange, id: AccountId) -> Vec<u8> {
    let whole = value_of(exchange, id);
    let mut out = picked(exchange, id, RISK);
    out.pop();
    let mut json = Json { out };
    json.key("positions").nested(b"[]", |json| {
        for held in whole["positions"].as_array().into_iter().flatten() {
            json.nested(b"{}", |json| {
                for key in ["symbol", "side", "qty", "margin", "liquidation_price"] {
                    json.key(key).raw(held[key].to_string().as_bytes());
                }
            });
        }
    });
    json.out.push(b'}');
    json.out
}

/// An open order of an account, or null.
pub(super) fn open_order(exchange: &Exchange, account: &Label, id: &Label) -> Value {
    let Some(account) = exchange.account_id(account) else { return Value::Null };
    let mut whole = value_of(exchange, account);
    let orders = whole["orders"].as_array_mut().map(std::mem::take).unwrap_or_default();
    orders.into_iter().find(|order| order["id"] == id.as_str()).unwrap_or_default()
}

fn value_of(exchange: &Exchange, id: AccountId) -> Value {
    let mut text = Vec::new();
    plimsoll_text::write_account(&mut text, exchange.spec(), &exchange.account(id));
    match serde_json::from_slice(&text) {
        Ok(value) => value,
        Err(error) => plimsoll_types::broken(format_args!("an account of our own: {error}")),
    }
}

/// `GET /v1/accounts/{account}/statement`.
pub(super) fn statement(
    exchange: &Exchange,
    hub: &Hub,
    id: AccountId,
    sight: &Sight,
    limit: usize,
) -> Vec<u8> {
    Json::object(|json| {
        json.key("account").text(exchange.account_name(id).as_str());
        json.key("events").nested(b"[]", |json| {
            hub.window.lock().statement(json, exchange, id, sight, limit);
        });
    })
}

/// The first message about a public topic: what stands.
pub(super) fn topic_now(
    json: &mut Json,
    exchange: &Exchange,
    hub: &Hub,
    channel: Channel,
    instrument: Option<InstrumentId>,
    told: Option<&Told>,
) {
    match (channel, instrument) {
        (Channel::Trades, Some(id)) => {
            let spec = &exchange.spec().instruments[id.index()];
            json.key("data").nested(b"[]", |json| {
                let window = hub.window.lock();
                let last: Vec<_> = window.trades(id).take(50).collect();
                last.into_iter().rev().for_each(|trade| trade.write(json, spec));
            });
        }
        (Channel::Book | Channel::Quote, Some(id)) => {
            let spec = &exchange.spec().instruments[id.index()];
            let told = told.cloned().unwrap_or_default();
            json.key("seq").whole(told.seq);
            match channel {
                Channel::Quote => super::books::write_quote(json, spec, &told),
                _ => write_levels(json, spec, &told.levels()),
            }
        }
        (Channel::Marks, _) => {
            json.key("data").nested(b"[]", |json| write_marks(json, exchange));
        }
        _ => json.key("data").nested(b"[]", |json| {
            for (case, state) in hub.window.lock().open_cases() {
                json.nested(b"{}", |json| {
                    json.key("case").whole(u64::from(case));
                    json.key("state").text(state);
                });
            }
        }),
    }
}
