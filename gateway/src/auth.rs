//! Who somebody is: the file of keys, secrets, and signatures that are compared without telling how far they agree.
//!
//! A keys file is TOML, readable by its owner alone, one `[[user]]` a key (docs/HTTP.md, "Keys"). There is no secret that the
//! program brings: a user without a key of its own does not exist.

use crate::inbound::UserId;
use crate::users::{Limits, Reach, Scopes, User};
use hmac::{Hmac, KeyInit, Mac};
use plimsoll_text::Error;
use plimsoll_text::config::dom::{Field, Source, Table};
use plimsoll_text::decimal;
use plimsoll_types::{Label, Qty};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::num::NonZeroU32;
use std::path::Path;
use subtle::ConstantTimeEq;

/// Fewest and most bytes of a secret.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// Most bytes of a keys file.
const FILE_MAX: u64 = 16 << 20;

/// Fewest different bytes of a secret: sixteen that were drawn have fewer than eight once in 10^8 times and less.
const DIFFERENT_MIN: usize = 8;

/// Reads a keys file from disk.
///
/// Errors: no such file, one that others than its owner may read, and all of [`read_keys`].
pub fn load_keys(path: &Path, money_decimals: u32) -> Result<Vec<User>, Error> {
    let name = path.to_string_lossy();
    let refused = |expected: &str, found: &str| Error::new("file", expected, found).in_file(&name);
    let unreadable = |error: std::io::Error| refused("a readable file", &error.to_string());
    let file = std::fs::File::open(path).map_err(unreadable)?;
    // Asked of the open file, so that nobody can put another in its place between the two.
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(refused("a readable file", "a directory or device"));
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            let found = format!("mode {mode:03o}; chmod 600 it");
            return Err(refused("a file that only its owner may read or write", &found));
        }
    }
    let mut text = String::new();
    let length = file.take(FILE_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if length as u64 > FILE_MAX {
        return Err(refused("a file of at most 16 MiB", "a longer one"));
    }
    read_keys(&name, &text, money_decimals)
}

/// Reads the text of a keys file called `file`; `money_decimals` are those of the exchange, which values of orders are given in.
///
/// Errors: the first thing wrong, with its line and field; a name or a secret given twice, a secret that is short or was
/// not drawn by chance.
pub fn read_keys(file: &str, text: &str, money_decimals: u32) -> Result<Vec<User>, Error> {
    let source = Source::new(file, text);
    let parsed = source.parse().map_err(without_secret)?;
    let root = source.root(&parsed);
    root.only(&["user"])?;
    let mut users: Vec<User> = Vec::new();
    for table in root.tables("user")? {
        let user = read_user(&table, money_decimals)?;
        if users.iter().any(|other| other.name == user.name || other.key() == user.key()) {
            return Err(table.required("name")?.error("a name no other user has"));
        }
        if users.iter().any(|other| other.secret == user.secret) {
            return Err(secret_refused(&table, "a secret no other user has"));
        }
        users.push(user);
    }
    Ok(users)
}

/// What is wrong with a text that is no TOML may stand in the line of a secret.
fn without_secret(error: Error) -> Error {
    Error { found: "something else".into(), ..error }
}

fn read_user(table: &Table<'_>, money_decimals: u32) -> Result<User, Error> {
    table.only(&["name", "secret", "accounts", "scopes", "limits", "cancel_on_disconnect"])?;
    Ok(User {
        name: table.required("name")?.label()?,
        secret: secret(table)?,
        reach: reach(table)?,
        scopes: scopes(&table.required("scopes")?)?,
        limits: match table.table("limits")? {
            Some(table) => limits(&table, money_decimals)?,
            None => Limits::default(),
        },
        cancel_on_disconnect: table
            .get("cancel_on_disconnect")
            .map_or(Ok(false), |field| field.boolean())?,
    })
}

/// An error about a secret, which it does not quote.
fn secret_refused(table: &Table<'_>, expected: &str) -> Error {
    match table.get("secret") {
        Some(field) => field.refused(expected, "something else"),
        None => table.missing("secret", expected),
    }
}

fn secret(table: &Table<'_>) -> Result<Box<[u8]>, Error> {
    const EXPECTED: &str = "32 to 128 hex digits, as `plimsoll keys add` draws them";
    let refused = || secret_refused(table, EXPECTED);
    let text = table.required("secret").map_err(|_| refused())?.text().map_err(|_| refused())?;
    let bytes = from_hex(text).ok_or_else(refused)?;
    if !SECRET_BYTES.contains(&bytes.len()) {
        return Err(refused());
    }
    if looks_made_up(&bytes) {
        return Err(secret_refused(table, "a secret drawn by chance, not one made up"));
    }
    Ok(bytes.into())
}

/// Whether bytes repeat, count, or spell something: whatever people type where a secret is asked for.
fn looks_made_up(bytes: &[u8]) -> bool {
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let different = seen.iter().filter(|seen| **seen).count();
    let mut steps = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
    let first = steps.next();
    let counts = steps.all(|step| Some(step) == first);
    different < DIFFERENT_MIN || counts || bytes.iter().all(|byte| (0x20..0x7f).contains(byte))
}

fn reach(table: &Table<'_>) -> Result<Reach, Error> {
    const EXPECTED: &str = "a list of account names, or \"all\"";
    let Some(field) = table.get("accounts") else { return Ok(Reach::Accounts(Vec::new())) };
    if let Ok(text) = field.text() {
        return if text == "all" { Ok(Reach::All) } else { Err(field.error(EXPECTED)) };
    }
    let names = field.array().map_err(|_| field.error(EXPECTED))?;
    names.iter().map(Field::label).collect::<Result<_, _>>().map(Reach::Accounts)
}

fn scopes(field: &Field<'_>) -> Result<Scopes, Error> {
    let mut scopes = Scopes::default();
    for field in field.array()? {
        let scope = match field.word(&[("read", 0), ("trade", 1), ("admin", 2)])? {
            0 => &mut scopes.read,
            1 => &mut scopes.trade,
            _ => &mut scopes.admin,
        };
        if std::mem::replace(scope, true) {
            return Err(field.error("each scope once"));
        }
    }
    Ok(scopes)
}

/// Bounds of a user, or those of everybody who has none of its own.
pub(crate) fn limits(table: &Table<'_>, money_decimals: u32) -> Result<Limits, Error> {
    table.only(&["rate", "burst", "order_quantity", "order_value", "collar", "open_orders"])?;
    let whole = |key: &str, low| table.get(key).map(|field| field.whole(low, u32::MAX)).transpose();
    let rate = whole("rate", 1)?.and_then(NonZeroU32::new);
    let burst = whole("burst", 1)?.and_then(NonZeroU32::new);
    if let (None, Some(field)) = (rate, table.get("burst")) {
        return Err(field.error("burst only with rate"));
    }
    Ok(Limits {
        // As many at once as a second brings, where nothing else is said.
        rate: rate.map(|rate| (rate, burst.unwrap_or(rate))),
        order_quantity: whole("order_quantity", 1)?.map(|lots| Qty::new(u64::from(lots))),
        order_value: table
            .get("order_value")
            .map(|field| value(&field, money_decimals))
            .transpose()?,
        collar: table.get("collar").map(|field| field.ratio()).transpose()?,
        open_orders: whole("open_orders", 0)?,
    })
}

fn value(field: &Field<'_>, money_decimals: u32) -> Result<i128, Error> {
    let money = decimal::money(field.decimal()?, money_decimals).map(|money| money.units());
    money.filter(|units| *units > 0).ok_or_else(|| {
        field.error(format!("an amount above 0 with at most {money_decimals} decimals"))
    })
}

impl User {
    /// Whether an account is the user's.
    pub fn reaches(&self, account: &Label) -> bool {
        match &self.reach {
            Reach::All => true,
            Reach::Accounts(names) => names.contains(account),
        }
    }
}

/// The user of a name and its place, as the engine numbers users.
pub fn find_user<'a>(users: &'a [User], name: &str) -> Option<(UserId, &'a User)> {
    let place = users.iter().position(|user| user.name.as_str() == name)?;
    Some((UserId(1 + place as u32), &users[place]))
}

/// The user who gives a name and, as a password, the hex digits of its secret.
///
/// Takes as long for a name that nobody has as for a wrong password.
pub fn log_in<'a>(users: &'a [User], name: &str, password: &str) -> Option<(UserId, &'a User)> {
    let found = find_user(users, name);
    let given = from_hex(password).unwrap_or_default();
    let secret = found.map_or(&[0; 32][..], |(_, user)| &user.secret);
    let same = same(&sha256(&given), &sha256(secret));
    found.filter(|_| same)
}

/// Whether two texts are equal, in a time that does not tell where they differ. Their lengths are no secret.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC-SHA256 (RFC 2104) of `parts`, one after the other.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(error) => plimsoll_types::broken(format_args!("a key of any length: {error}")),
    };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// A new secret: 32 bytes from the system's source of chance.
///
/// Errors: the system has none to give.
pub fn draw_secret() -> std::io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
    Ok(secret)
}

/// Bytes as lower-case hex digits.
pub fn to_hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes that an even number of hex digits stands for, in capitals or not.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let half = |digit: u8| char::from(digit).to_digit(16).map(|half| half as u8);
    let pair = |pair: &[u8]| Some(half(pair[0])? << 4 | half(pair[1])?);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks_exact(2).map(pair).collect()
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
