//! Events of a case and of its account in words.

use super::words::{money, steps, thousands, time};
use plimsoll_text::Error;
use plimsoll_text::audit::{Books, Record, money_text};
use plimsoll_types::{MeasureKind, Policy, Profile, Ratio, SelectKey};
use serde_json::Value;

/// What an event is, in a word or two, and what it says.
pub fn words(
    record: &Record<'_>,
    books: &Books,
    holder: Option<usize>,
) -> Result<(String, String), Error> {
    let text = |key: &str| record.text(key);
    let amount = |key: &str| record.text(key).map(|text| thousands(&text));
    let what = record.event.replace('_', " ");
    let words = match record.event.as_ref() {
        "tier" => format!("{} -> {}: {}", text("from")?, text("to")?, measured(record, books)?),
        "margin_call" => format!("pay in {} by {}", amount("shortfall")?, deadline(record)?),
        "restricted" | "unrestricted" => permission(&text("permission")?).to_owned(),
        "case" => return case(record, books, holder),
        "cancelled" => format!("order {}, {} open", text("id")?, text("qty")?),
        "deposit" => match amount("repaid")?.as_str() {
            "0" => format!("{} paid in, balance {}", amount("amount")?, amount("balance")?),
            repaid => format!(
                "{} paid in, {repaid} of it repays debt, balance {}",
                amount("amount")?,
                amount("balance")?
            ),
        },
        "withdrawal" => format!("{} paid out, balance {}", amount("amount")?, amount("balance")?),
        "fund" => match amount("change")?.strip_prefix('-') {
            Some(paid) => format!("the insurance fund pays {paid}, {} left", amount("balance")?),
            None => format!(
                "the insurance fund gains {}, now {}",
                amount("change")?,
                amount("balance")?
            ),
        },
        "socialised" => format!("{} bears {}", text("account")?, amount("amount")?),
        "debt" => format!("{} owes the house {}", text("account")?, amount("amount")?),
        "adl" => format!(
            "{} gives {} {} at {}",
            text("account")?,
            text("qty")?,
            text("symbol")?,
            text("price")?
        ),
        "takeover" => {
            let fee = match record.has("fee") {
                true => format!(", fee {}", amount("fee")?),
                false => String::new(),
            };
            let (side, qty) = (text("side")?, text("qty")?);
            format!("the fund takes {side} {qty} {} at {}{fee}", text("symbol")?, text("price")?)
        }
        "settlement" => {
            let of = match record.has("symbol") {
                true => format!("{}: ", text("symbol")?),
                false => String::new(),
            };
            format!(
                "{of}profit {}, fees {}, balance {}",
                amount("profit")?,
                amount("fees")?,
                amount("balance")?
            )
        }
        "funding" => format!("{} for {}", amount("amount")?, text("symbol")?),
        "margin_moved" => match amount("amount")?.strip_prefix('-') {
            Some(out) => format!("{out} out of {}", text("symbol")?),
            None => format!("{} into {}", amount("amount")?, text("symbol")?),
        },
        "leverage" => format!("{} in {}", text("value")?, text("symbol")?),
        "profile" => format!("now {}", text("profile")?),
        _ => String::new(),
    };
    Ok((what, words))
}

/// The measure with the amounts it comes from, the way round its profile counts.
fn measured(record: &Record<'_>, books: &Books) -> Result<String, Error> {
    let (equity, margin) = (record.text("equity")?, record.text("margin")?);
    let (equity, margin) = (thousands(&equity), thousands(&margin));
    let Some(measure) = record.text_or_none("measure")? else {
        return Ok(format!("no measure, margin {margin}, equity {equity}"));
    };
    let account = books.find(&record.text("account")?);
    let profile = account.and_then(|account| profile(books, account));
    Ok(match profile.map(|profile| profile.measure) {
        Some(MeasureKind::MarginOverEquity) => {
            format!("{measure} = margin {margin} / equity {equity}")
        }
        Some(MeasureKind::EquityOverMargin) => {
            format!("{measure} = equity {equity} / margin {margin}")
        }
        None => format!("measure {measure}, margin {margin}, equity {equity}"),
    })
}

fn deadline(record: &Record<'_>) -> Result<String, Error> {
    match record.has("deadline") {
        true => record.whole("deadline").map(time),
        false => Ok("the end of the session".to_owned()),
    }
}

/// What an account may do, in words.
pub fn permission(word: &str) -> &'static str {
    match word {
        "close_only" => "may only close positions",
        "frozen" => "may do nothing",
        _ => "may trade freely",
    }
}

fn profile(books: &Books, account: usize) -> Option<&Profile> {
    let name = books.accounts[account].profile?;
    books.terms.spec.as_ref()?.profiles.iter().find(|profile| profile.name == name)
}

fn reason(word: &str) -> &str {
    match word {
        "funds" => "lack of funds",
        "client_limit" => "more lots than a client may hold",
        "member_limit" => "more lots than a member may hold",
        "violation" => "a violation of the rules",
        "delivery_month" => "a position that may not go into the delivery month",
        "other" => "another reason, by order",
        "halted" => "the market is halted",
        "closed" => "the market is closed",
        "auction" => "the market gathers orders for an auction",
        "limit_locked" => "the market stands at its limit against the account",
        "no_liquidity" => "nobody stands opposite inside the worst price",
        other => other,
    }
}

fn case(
    record: &Record<'_>,
    books: &Books,
    holder: Option<usize>,
) -> Result<(String, String), Error> {
    let state = record.text("state")?;
    let measure = || match record.text_or_none("measure")? {
        Some(measure) => Ok::<_, Error>(format!(", measure {measure}")),
        None => Ok(String::new()),
    };
    let what = match state.as_ref() {
        "batch" => format!("batch {}", record.whole("n")?),
        "checked" => format!("check {}", record.whole("n")?),
        "planned" => "plan".to_owned(),
        state => state.to_owned(),
    };
    let words = match state.as_ref() {
        "triggered" => {
            let why = record.text_or_none("reason")?.unwrap_or_default();
            format!("{}{}", reason(&why), holder.map_or(String::new(), |at| money_then(books, at)))
        }
        "planned" => format!("{}{}", targets(record)?, why(books, holder)),
        "batch" => {
            let symbol = record.text("symbol")?;
            let mark = books.terms.find(&symbol).and_then(|place| {
                let about = &books.terms.instruments[place];
                about.mark.map(|mark| format!("; mark {}", steps(i128::from(mark), about.tick)))
            });
            let limit = match record.text_or_none("price")? {
                Some(price) => format!("at {price} or better"),
                None => "at any price".to_owned(),
            };
            let (side, qty) = (record.text("side")?, record.text("qty")?);
            format!("{side} {qty} {symbol} {limit}{}", mark.unwrap_or_default())
        }
        "checked" => {
            let (filled, left) = (record.text("filled")?, record.text("remaining")?);
            format!("{filled} filled, {left} of the plan to go{}", measure()?)
        }
        "parked" => format!("waits: {}", reason(&record.text("reason")?)),
        "resumed" => "goes on".to_owned(),
        "restored" => "its goal is met".to_owned(),
        "waterfall" => "nothing left to close and equity below zero".to_owned(),
        "closed" => "nothing left to close, equity not below zero".to_owned(),
        _ => String::new(),
    };
    Ok((what, words))
}

/// What an account has as its case begins.
fn money_then(books: &Books, holder: usize) -> String {
    if !books.terms.known() {
        return String::new();
    }
    let (now, decimals) = (books.standing_of(holder), books.terms.decimals);
    let open = money(now.unrealised.abs(), decimals);
    let word = if now.unrealised < 0 { "less open loss" } else { "and open profit" };
    let equity = money(now.balance + now.unrealised, decimals);
    format!("; equity {equity} = balance {} {word} {open}", money(now.balance, decimals))
}

fn targets(record: &Record<'_>) -> Result<String, Error> {
    let wrong = || Error::new("targets", "a list of symbol, side and qty", "something else");
    let Some(value) = record.value("targets") else { return Err(wrong()) };
    let list: Value = serde_json::from_str(&value.shown()).map_err(|_| wrong())?;
    let each = |target: &Value| -> Option<String> {
        let text = |key: &str| target[key].as_str();
        Some(format!("{} {} {}", text("side")?, text("qty")?, text("symbol")?))
    };
    let words: Option<Vec<String>> = list.as_array().ok_or_else(wrong)?.iter().map(each).collect();
    Ok(words.ok_or_else(wrong)?.join(", "))
}

fn share(ratio: Ratio) -> String {
    money_text(i128::from(ratio.nano()), Ratio::DECIMALS)
}

/// Why these lots: the account's rules.
fn why(books: &Books, holder: Option<usize>) -> String {
    let Some(profile) = holder.and_then(|holder| profile(books, holder)) else {
        return String::new();
    };
    let rules = &profile.liquidation;
    let measure = match profile.measure {
        MeasureKind::MarginOverEquity => "margin/equity",
        MeasureKind::EquityOverMargin => "equity/margin",
    };
    let target = format!("bring {measure} to {}", share(rules.target));
    let policy = match rules.policy {
        Policy::Least => format!("the least that {target}"),
        Policy::Full => "all there is".to_owned(),
        Policy::Fraction { fraction, .. } => {
            format!("{} of each position a step, to {target}", share(fraction))
        }
        Policy::TwoStep { share: first, .. } => {
            format!("{} first, then the rest, to {target}", share(first))
        }
        Policy::Brackets { steps } => {
            format!("down {steps} maintenance bracket(s) a step, to {target}")
        }
    };
    let order = match rules.select.first() {
        None => "",
        Some(SelectKey::LargestLoss) => "; largest loss first",
        Some(SelectKey::MostLiquid) => "; most liquid first",
        Some(SelectKey::LargestMargin) => "; largest margin first",
        Some(SelectKey::LargestRiskRelease) => "; most margin released for its cost first",
        Some(SelectKey::Symbols(_)) => "; in the order of the profile's symbols",
    };
    format!(": {policy} (profile {}){order}", profile.name)
}
