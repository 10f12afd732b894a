//! What operators ask for besides the market itself, and what accounts ask for besides orders.

use super::fields::{Fields, Key, Rate};
use super::resolve::Names;
use crate::config::dom::{DeValue, Field, Source};
use crate::config::schedule::Change;
use crate::decimal;
use crate::json::read_table;
use crate::r#where::Error;
use plimsoll_types::{
    Command, ExchangeSpec, ForcedReason, Label, Permission, Ratio, Reject, ScheduleTime,
};
use rust_decimal::Decimal;

/// What a line about terms, rates and accounts asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsVerb {
    Margin,
    Permission,
    Funding,
    Index,
    ForcedReduction,
    Liquidate,
    Leverage,
    MoveMargin,
    Profile,
    Schedule,
}

impl TermsVerb {
    /// The fields a command may have besides `ts` and `cmd`; those of `schedule` are a configuration's.
    #[inline]
    pub fn keys(self) -> &'static [Key] {
        use Key::{Account, Amount, Initial, Maintenance, Price, Qty, Rate, Reason, Symbol, Value};
        match self {
            TermsVerb::Margin => &[Symbol, Account, Initial, Maintenance],
            TermsVerb::Permission => &[Account, Symbol, Key::Permission],
            TermsVerb::Funding => &[Symbol, Rate],
            TermsVerb::Index => &[Symbol, Price],
            TermsVerb::ForcedReduction => &[Symbol],
            TermsVerb::Liquidate => &[Account, Symbol, Qty, Reason],
            TermsVerb::Leverage => &[Account, Symbol, Value],
            TermsVerb::MoveMargin => &[Account, Symbol, Amount],
            TermsVerb::Profile => &[Account, Key::Profile],
            TermsVerb::Schedule => &[],
        }
    }
}

/// A command about terms, rates and accounts, in words and decimals.
#[derive(Clone, Debug)]
pub enum TermsRequest {
    Margin { symbol: Label, account: Option<Label>, initial: Rate, maintenance: Rate },
    Permission { account: Label, permission: Permission },
    Restrict { symbol: Label, permission: Permission },
    Funding { symbol: Label, rate: Option<Ratio> },
    Index { symbol: Label, price: Decimal },
    ForcedReduction { symbol: Label },
    Liquidate { account: Option<Label>, symbol: Label, qty: Option<Decimal>, reason: ForcedReason },
    Leverage { account: Label, symbol: Label, value: Decimal },
    MoveMargin { account: Label, symbol: Label, amount: Decimal },
    Profile { account: Label, profile: Label },
    Schedule { symbol: Label, when: ScheduleTime, change: Box<Change> },
}

impl TermsRequest {
    /// What `line` asks for; `fields` are its own.
    pub fn read(
        verb: TermsVerb,
        fields: &Fields<'_>,
        line: &str,
        spec: &ExchangeSpec,
    ) -> Result<TermsRequest, Error> {
        let (account, symbol) = (|| fields.label(Key::Account), || fields.label(Key::Symbol));
        Ok(match verb {
            TermsVerb::Margin => TermsRequest::Margin {
                symbol: symbol()?,
                account: fields.optional_label(Key::Account)?,
                initial: fields.rate(Key::Initial)?,
                maintenance: fields.rate(Key::Maintenance)?,
            },
            TermsVerb::Permission => permission(fields)?,
            TermsVerb::Funding => TermsRequest::Funding { symbol: symbol()?, rate: rate(fields)? },
            TermsVerb::Index => {
                TermsRequest::Index { symbol: symbol()?, price: fields.decimal(Key::Price)? }
            }
            TermsVerb::ForcedReduction => TermsRequest::ForcedReduction { symbol: symbol()? },
            TermsVerb::Liquidate => liquidate(fields)?,
            TermsVerb::Leverage => TermsRequest::Leverage {
                account: account()?,
                symbol: symbol()?,
                value: fields.decimal(Key::Value)?,
            },
            TermsVerb::MoveMargin => TermsRequest::MoveMargin {
                account: account()?,
                symbol: symbol()?,
                amount: fields.decimal(Key::Amount)?,
            },
            TermsVerb::Profile => {
                TermsRequest::Profile { account: account()?, profile: fields.label(Key::Profile)? }
            }
            TermsVerb::Schedule => schedule(line, spec)?,
        })
    }

    /// The account a rejection names.
    pub fn account(&self) -> Option<Label> {
        match self {
            TermsRequest::Margin { account, .. } | TermsRequest::Liquidate { account, .. } => {
                *account
            }
            TermsRequest::Permission { account, .. }
            | TermsRequest::Leverage { account, .. }
            | TermsRequest::MoveMargin { account, .. }
            | TermsRequest::Profile { account, .. } => Some(*account),
            TermsRequest::Restrict { .. }
            | TermsRequest::Funding { .. }
            | TermsRequest::Index { .. }
            | TermsRequest::ForcedReduction { .. }
            | TermsRequest::Schedule { .. } => None,
        }
    }

    /// The command, or the first reason for which it is none.
    pub(super) fn resolve(&self, names: &Names<'_>) -> Result<Command, Reject> {
        let optional =
            |account: &Option<Label>| account.as_ref().map(|name| names.account(name)).transpose();
        Ok(match self {
            TermsRequest::Margin { symbol, account, initial, maintenance } => Command::Margin {
                account: optional(account)?,
                instrument: names.instrument(symbol)?,
                initial: names.rate(initial)?,
                maintenance: names.rate(maintenance)?,
            },
            TermsRequest::Permission { account, permission } => {
                Command::Permission { account: names.account(account)?, permission: *permission }
            }
            TermsRequest::Restrict { symbol, permission } => {
                Command::Restrict { instrument: names.instrument(symbol)?, permission: *permission }
            }
            TermsRequest::Funding { symbol, rate } => {
                Command::Funding { instrument: names.instrument(symbol)?, rate: *rate }
            }
            TermsRequest::Index { symbol, price } => {
                let instrument = names.instrument(symbol)?;
                Command::Index { instrument, price: names.price(instrument, *price)? }
            }
            TermsRequest::ForcedReduction { symbol } => {
                Command::ForcedReduction { instrument: names.instrument(symbol)? }
            }
            TermsRequest::Liquidate { account, symbol, qty, reason } => {
                let account = optional(account)?;
                let instrument = names.instrument(symbol)?;
                let lot = names.spec(instrument).lot_size;
                let qty = qty.map(|qty| decimal::quantity(qty, lot)).transpose()?;
                Command::Liquidate { account, instrument, qty, reason: *reason }
            }
            TermsRequest::Leverage { account, symbol, value } => Command::Leverage {
                account: names.account(account)?,
                instrument: names.instrument(symbol)?,
                value: decimal::ratio(*value).ok_or(Reject::Leverage)?,
            },
            TermsRequest::MoveMargin { account, symbol, amount } => Command::MoveMargin {
                account: names.account(account)?,
                instrument: names.instrument(symbol)?,
                amount: names.money(*amount).ok_or(Reject::AmountOffUnit)?,
            },
            TermsRequest::Profile { account, profile } => Command::Profile {
                account: names.account(account)?,
                profile: names.profile(profile)?,
            },
            TermsRequest::Schedule { symbol, when, change } => {
                Command::Schedule(Box::new(change.of(names.instrument(symbol)?, *when)))
            }
        })
    }
}

/// For one account, or for everybody in an instrument.
fn permission(fields: &Fields<'_>) -> Result<TermsRequest, Error> {
    let words = [Permission::Normal, Permission::CloseOnly, Permission::Frozen]
        .map(|permission| (permission.as_str(), permission));
    let permission = |fields: &Fields<'_>| fields.word(Key::Permission, &words);
    if !fields.has(Key::Symbol) {
        let account = fields.label(Key::Account)?;
        return Ok(TermsRequest::Permission { account, permission: permission(fields)? });
    }
    fields.absent(Key::Account, "an account or a symbol, not both")?;
    let symbol = fields.label(Key::Symbol)?;
    Ok(TermsRequest::Restrict { symbol, permission: permission(fields)? })
}

/// A signed rate, where there is one.
fn rate(fields: &Fields<'_>) -> Result<Option<Ratio>, Error> {
    let Some(value) = fields.optional_decimal(Key::Rate)? else { return Ok(None) };
    let size = decimal::ratio(value.abs()).filter(|size| *size <= Ratio::ONE);
    let rate = size.map(|size| {
        Ratio::from_nano(if value < Decimal::ZERO { -size.nano() } else { size.nano() })
    });
    match rate {
        Some(rate) => Ok(Some(rate)),
        None => Err(fields.refused(Key::Rate, "a share from -1 to 1 with at most 9 decimals")),
    }
}

/// Of one account, or of everybody over the limit.
fn liquidate(fields: &Fields<'_>) -> Result<TermsRequest, Error> {
    let account = fields.optional_label(Key::Account)?;
    let default = match account {
        Some(_) => ForcedReason::Other,
        None => {
            fields.absent(Key::Qty, "this field only with account")?;
            ForcedReason::ClientLimit
        }
    };
    // A lack of funds is found by the exchange, not said by anybody.
    let words: Vec<(&str, ForcedReason)> = ForcedReason::ALL
        .iter()
        .filter(|reason| **reason != ForcedReason::Funds)
        .map(|reason| (reason.as_str(), *reason))
        .collect();
    Ok(TermsRequest::Liquidate {
        account,
        symbol: fields.label(Key::Symbol)?,
        qty: fields.optional_decimal(Key::Qty)?,
        reason: fields.word_or(Key::Reason, default, &words)?,
    })
}

/// The keys of a row of a configuration, besides `ts` and `cmd`.
fn schedule(line: &str, spec: &ExchangeSpec) -> Result<TermsRequest, Error> {
    let mut table = read_table(line)?;
    for own in [Key::Ts, Key::Cmd] {
        table.remove(own.as_str());
    }
    let source = Source::line_of_json(line);
    let table = source.table(&table);
    Ok(TermsRequest::Schedule {
        symbol: table.required("symbol")?.label()?,
        when: when(&table.required("at")?)?,
        change: Box::new(Change::read(&table, spec.money_decimals, None)?),
    })
}

fn when(field: &Field<'_>) -> Result<ScheduleTime, Error> {
    let expected = "\"settlement\" or whole nanoseconds from 0 to 9223372036854775807";
    match field.value() {
        DeValue::String(text) if text == "settlement" => Ok(ScheduleTime::Settlement),
        DeValue::Integer(whole) => {
            let at = i64::from_str_radix(whole.as_str(), whole.radix()).ok();
            at.and_then(|at| u64::try_from(at).ok())
                .map(ScheduleTime::At)
                .ok_or_else(|| field.error(expected))
        }
        _ => Err(field.error(expected)),
    }
}
