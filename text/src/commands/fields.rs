//! The fields of a command line: which there are, and their values by type.

use crate::decimal;
use crate::json::{FLAT, Value, scan_object};
use crate::r#where::Error;
use plimsoll_types::{Label, Side, Ts};
use rust_decimal::Decimal;

macro_rules! fields {
    ($($name:ident = $word:literal,)+) => {
        /// A field a command line may have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Key { $($name,)+ }

        impl Key {
            const ALL: &[Key] = &[$(Key::$name,)+];
            const COUNT: usize = Key::ALL.len();

            /// The field's name.
            pub fn as_str(self) -> &'static str {
                match self { $(Key::$name => $word,)+ }
            }

            #[inline]
            fn of(name: &str) -> Option<Key> {
                match name { $($word => Some(Key::$name),)+ _ => None }
            }
        }
    };
}

fields! {
    Ts = "ts",
    Cmd = "cmd",
    Account = "account",
    Id = "id",
    Symbol = "symbol",
    Side = "side",
    Price = "price",
    Qty = "qty",
    Type = "type",
    Tif = "tif",
    PostOnly = "post_only",
    ReduceOnly = "reduce_only",
    Smp = "smp",
    Profile = "profile",
    Amount = "amount",
    Phase = "phase",
    Up = "up",
    Down = "down",
    Initial = "initial",
    Maintenance = "maintenance",
    Permission = "permission",
    Expires = "expires",
    Offset = "offset",
    Display = "display",
    MinQty = "min_qty",
    Trigger = "trigger",
    Trade = "trade",
    Rate = "rate",
    Value = "value",
    Reason = "reason",
}

/// A margin rate as a line gives it.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Share of the notional.
    pub share: Decimal,
    /// Amount a lot.
    pub per_lot: Decimal,
}

/// The fields of one line, each at most once.
pub struct Fields<'a> {
    values: [Option<Value<'a>>; Key::COUNT],
    unknown: Option<Error>,
}

impl<'a> Fields<'a> {
    /// Reads the object that `line` is.
    ///
    /// Errors: no object, a field given twice. An unknown field is kept for [`Fields::only`], so that an unknown
    /// command is named first.
    #[inline]
    pub fn read(line: &'a str) -> Result<Fields<'a>, Error> {
        let mut fields = Fields { values: [None; Key::COUNT], unknown: None };
        scan_object(line, |name, value| {
            match Key::of(&name) {
                Some(key) => {
                    let slot = &mut fields.values[key as usize];
                    if slot.replace(value).is_some() {
                        return Err(Error::new(&name, "each field once", "it again"));
                    }
                }
                None if fields.unknown.is_none() => fields.unknown = Some(unknown(&name)),
                None => {}
            }
            Ok(())
        })?;
        Ok(fields)
    }

    /// Refuses fields other than `ts`, `cmd` and these.
    #[inline]
    pub fn only(&self, known: &[Key]) -> Result<(), Error> {
        if let Some(error) = &self.unknown {
            return Err(error.clone());
        }
        let allowed = known.iter().fold(0b11u64, |mask, key| mask | 1 << *key as u64);
        for (n, value) in self.values.iter().enumerate() {
            if value.is_some() && allowed & (1 << n) == 0 {
                return Err(unknown(Key::ALL.get(n).map_or("line", |key| key.as_str())));
            }
        }
        Ok(())
    }

    /// The error that something else was expected in a field that is there.
    #[cold]
    pub fn refused(&self, key: Key, expected: &str) -> Error {
        match self.values[key as usize] {
            Some(value) => wrong(key.as_str(), expected, value),
            None => Error::new(key.as_str(), expected, "nothing"),
        }
    }

    /// Refuses a field that goes with others only.
    #[inline]
    pub fn absent(&self, key: Key, expected: &str) -> Result<(), Error> {
        match self.values[key as usize] {
            None => Ok(()),
            Some(value) => Err(Error::new(key.as_str(), expected, &value.shown())),
        }
    }

    /// Whether the field is there.
    #[inline]
    pub fn has(&self, key: Key) -> bool {
        self.values[key as usize].is_some()
    }

    #[inline]
    fn required(&self, key: Key, expected: &str) -> Result<Value<'a>, Error> {
        match self.values[key as usize] {
            Some(value) => Ok(value),
            None => Err(Error::new(key.as_str(), expected, "nothing")),
        }
    }

    /// A name of 1 to 39 bytes.
    #[inline]
    pub fn label(&self, key: Key) -> Result<Label, Error> {
        const EXPECTED: &str = "a string of 1 to 39 bytes";
        let value = self.required(key, EXPECTED)?;
        match value.text().and_then(|text| Label::new(&text)) {
            Some(label) => Ok(label),
            None => Err(wrong(key.as_str(), EXPECTED, value)),
        }
    }

    /// A name, where the field is there.
    #[inline]
    pub fn optional_label(&self, key: Key) -> Result<Option<Label>, Error> {
        if self.has(key) { self.label(key).map(Some) } else { Ok(None) }
    }

    /// A decimal, as a string or as a number.
    #[inline]
    pub fn decimal(&self, key: Key) -> Result<Decimal, Error> {
        let value = self.required(key, DECIMAL)?;
        decimal_of(key.as_str(), value)
    }

    /// A decimal, where the field is there.
    #[inline]
    pub fn optional_decimal(&self, key: Key) -> Result<Option<Decimal>, Error> {
        if self.has(key) { self.decimal(key).map(Some) } else { Ok(None) }
    }

    /// One of a list of words.
    #[inline]
    pub fn word<T: Copy>(&self, key: Key, words: &[(&str, T)]) -> Result<T, Error> {
        let value = self.required(key, "a word")?;
        let text = value.text();
        if let Some(text) = &text
            && let Some((_, meaning)) = words.iter().find(|(word, _)| word == text)
        {
            return Ok(*meaning);
        }
        let quoted: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        Err(wrong(key.as_str(), &quoted.join(" or "), value))
    }

    /// One of a list of words; the first where the field is absent.
    #[inline]
    pub fn word_or<T: Copy>(&self, key: Key, default: T, words: &[(&str, T)]) -> Result<T, Error> {
        if self.has(key) { self.word(key, words) } else { Ok(default) }
    }

    /// Buy or sell.
    #[inline]
    pub fn side(&self, key: Key) -> Result<Side, Error> {
        self.word(key, &[("buy", Side::Buy), ("sell", Side::Sell)])
    }

    /// True or false; false where the field is absent.
    #[inline]
    pub fn flag(&self, key: Key) -> Result<bool, Error> {
        match self.values[key as usize] {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(flag),
            Some(other) => Err(wrong(key.as_str(), "true or false", other)),
        }
    }

    /// The time stamp.
    #[inline]
    pub fn ts(&self) -> Result<Ts, Error> {
        self.nanoseconds(Key::Ts)
    }

    /// A time: a whole number of nanoseconds, 0 to 2^63 - 1.
    #[inline]
    pub fn nanoseconds(&self, key: Key) -> Result<Ts, Error> {
        self.whole(key, "whole nanoseconds")
    }

    /// A whole number, 0 to 2^63 - 1, without quotes.
    #[inline]
    pub fn whole(&self, key: Key, what: &str) -> Result<u64, Error> {
        let number = match self.values[key as usize] {
            Some(Value::Number(text)) => plain_whole(text),
            _ => None,
        };
        number.ok_or_else(|| {
            let expected = format!("{what} from 0 to {}", i64::MAX);
            match self.values[key as usize] {
                Some(value) => wrong(key.as_str(), &expected, value),
                None => Error::new(key.as_str(), expected, "nothing"),
            }
        })
    }

    /// A margin rate: a share, or an object of `share` and `per_lot` in which either may be left out.
    pub fn rate(&self, key: Key) -> Result<Rate, Error> {
        let Some(Value::Nested(text)) = self.values[key as usize] else {
            return Ok(Rate { share: self.decimal(key)?, per_lot: Decimal::ZERO });
        };
        let mut parts = [("share", None), ("per_lot", None)];
        scan_object(text, |name, value| {
            let path = format!("{}.{name}", key.as_str());
            match parts.iter_mut().find(|(part, _)| *part == name) {
                None => Err(Error::new(&path, "share or per_lot", "an unknown field")),
                Some((_, Some(_))) => Err(Error::new(&path, "each field once", "it again")),
                Some((_, part)) => {
                    *part = Some(decimal_of(&path, value)?);
                    Ok(())
                }
            }
        })
        .map_err(|error| match &*error.field {
            "line" => Error { field: key.as_str().into(), ..error },
            _ => error,
        })?;
        let [share, per_lot] = parts.map(|(_, part)| part.unwrap_or_default());
        Ok(Rate { share, per_lot })
    }
}

/// The digits of a number that is whole and has no needless zeros before it.
#[inline]
fn plain_whole(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    let number: u64 = text.parse().ok()?;
    (plain && !leading_zero && number <= i64::MAX as u64).then_some(number)
}

const DECIMAL: &str = "a decimal";

#[inline]
fn decimal_of(name: &str, value: Value<'_>) -> Result<Decimal, Error> {
    let parsed = match value {
        Value::Number(text) | Value::Text(text) => decimal::parse(text.as_bytes()),
        Value::Escaped(_) => decimal::parse(value.text().unwrap_or_default().as_bytes()),
        _ => return Err(wrong(name, DECIMAL, value)),
    };
    parsed.map_err(|error| wrong(name, error.expected(), value))
}

#[cold]
fn unknown(name: &str) -> Error {
    Error::new(name, "a field of this command", "an unknown field")
}

#[cold]
fn wrong(name: &str, expected: &str, value: Value<'_>) -> Error {
    let expected = if let Value::Nested(_) = value { FLAT } else { expected };
    Error::new(name, expected, &value.shown())
}
