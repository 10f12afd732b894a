//! The fields of a command line: which there are, and their values by type.

use crate::decimal;
use crate::json::{Value, scan_object};
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
    Trigger = "trigger",
}

/// The fields of one line, each at most once.
pub struct Fields<'a> {
    values: [Option<Value<'a>>; Key::COUNT],
    unknown: Option<Error>,
}

impl<'a> Fields<'a> {
    /// Reads the flat object that `line` is.
    ///
    /// Errors: no object, a field given twice, a nested value. An unknown field is kept for [`Fields::only`], so that
    /// an unknown command is named first.
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
        let allowed = known.iter().fold(0b11u32, |mask, key| mask | 1 << *key as u32);
        for (n, value) in self.values.iter().enumerate() {
            if let Some(value) = value
                && allowed & (1 << n) == 0
            {
                return Err(self.stray(n, *value));
            }
        }
        Ok(())
    }

    #[cold]
    fn stray(&self, n: usize, value: Value<'_>) -> Error {
        let keys = [Key::Expires, Key::Offset, Key::Display, Key::Trigger];
        match keys.into_iter().find(|key| *key as usize == n) {
            Some(key) => {
                Error::new(key.as_str(), "this field to be absent", &value.shown()).unsupported()
            }
            None => unknown(Key::ALL.get(n).map_or("line", |key| key.as_str())),
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
            None => Err(wrong(key, EXPECTED, value)),
        }
    }

    /// A decimal, as a string or as a number.
    #[inline]
    pub fn decimal(&self, key: Key) -> Result<Decimal, Error> {
        const EXPECTED: &str = "a decimal";
        let value = self.required(key, EXPECTED)?;
        let parsed = match value {
            Value::Number(text) | Value::Text(text) => decimal::parse(text.as_bytes()),
            Value::Escaped(_) => decimal::parse(value.text().unwrap_or_default().as_bytes()),
            _ => return Err(wrong(key, EXPECTED, value)),
        };
        parsed.map_err(|error| wrong(key, error.expected(), value))
    }

    /// A decimal, where the field is there.
    #[inline]
    pub fn optional_decimal(&self, key: Key) -> Result<Option<Decimal>, Error> {
        if self.has(key) { self.decimal(key).map(Some) } else { Ok(None) }
    }

    /// One of a list of words; `later` are words that are not supported yet.
    #[inline]
    pub fn word<T: Copy>(&self, key: Key, words: &[(&str, T)], later: &[&str]) -> Result<T, Error> {
        let value = self.required(key, "a word")?;
        let text = value.text();
        if let Some(text) = &text
            && let Some((_, meaning)) = words.iter().find(|(word, _)| word == text)
        {
            return Ok(*meaning);
        }
        let quoted: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let error = wrong(key, &quoted.join(" or "), value);
        let is_later = text.is_some_and(|text| later.contains(&text.as_ref()));
        Err(if is_later { error.unsupported() } else { error })
    }

    /// One of a list of words; the first where the field is absent.
    #[inline]
    pub fn word_or<T: Copy>(
        &self,
        key: Key,
        default: T,
        words: &[(&str, T)],
        later: &[&str],
    ) -> Result<T, Error> {
        if self.has(key) { self.word(key, words, later) } else { Ok(default) }
    }

    /// Buy or sell.
    #[inline]
    pub fn side(&self, key: Key) -> Result<Side, Error> {
        self.word(key, &[("buy", Side::Buy), ("sell", Side::Sell)], &[])
    }

    /// True or false; false where the field is absent.
    #[inline]
    pub fn flag(&self, key: Key) -> Result<bool, Error> {
        match self.values[key as usize] {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(flag),
            Some(other) => Err(wrong(key, "true or false", other)),
        }
    }

    /// The time stamp: a whole number of nanoseconds, 0 to 2^63 - 1.
    #[inline]
    pub fn ts(&self) -> Result<Ts, Error> {
        const EXPECTED: &str = "whole nanoseconds from 0 to 9223372036854775807";
        let value = self.required(Key::Ts, EXPECTED)?;
        let Value::Number(text) = value else {
            return Err(wrong(Key::Ts, EXPECTED, value));
        };
        let plain = text.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = text.len() > 1 && text.starts_with('0');
        match text.parse::<Ts>() {
            Ok(ts) if plain && !leading_zero && ts <= i64::MAX as Ts => Ok(ts),
            _ => Err(wrong(Key::Ts, EXPECTED, value)),
        }
    }
}

#[cold]
fn unknown(name: &str) -> Error {
    Error::new(name, "a field of this command", "an unknown field")
}

#[cold]
fn wrong(key: Key, expected: &str, value: Value<'_>) -> Error {
    Error::new(key.as_str(), expected, &value.shown())
}
