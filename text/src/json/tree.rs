//! An object with objects and arrays in it, as the tree that configurations are read from.

use super::{Scan, Value};
use crate::decimal::{self, DecimalError};
use crate::r#where::Error;
use std::borrow::Cow;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// How deep values may be nested; reading them is recursive.
pub(super) const TABLE_DEPTH_MAX: usize = 8;

/// Reads the object that `line` is into the form that TOML is parsed into, places counted in bytes of the line.
///
/// Errors: anything but one object of strings, decimals, booleans, arrays and objects, a key given twice among it.
pub fn read_table(line: &str) -> Result<DeTable<'_>, Error> {
    let mut scan = Scan { line, at: 0 };
    let table = scan.table("", 0)?;
    match scan.peek() {
        None => Ok(table),
        Some(_) => Err(scan.error("line", "nothing after the object")),
    }
}

/// What a value may be.
const ANY: &str = "a string, a number, true, false, an array or an object";

impl<'a> Scan<'a> {
    fn table(&mut self, path: &str, depth: usize) -> Result<DeTable<'a>, Error> {
        let place = if path.is_empty() { "line" } else { path };
        let mut table = DeTable::new();
        self.expect(b'{', "a JSON object")?;
        if self.take(b'}') {
            return Ok(table);
        }
        loop {
            self.peek();
            let start = self.at;
            let key = match self.string("a field name in quotes")?.text() {
                Some(key) => key,
                None => return Err(self.error(place, "a field name in quotes")),
            };
            let span = start..self.at;
            self.expect(b':', "\":\" after the field name")?;
            let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
            let value = self.branch(&path, depth)?;
            if table.insert(Spanned::new(span, key), value).is_some() {
                return Err(Error::new(&path, "each field once", "it again"));
            }
            if self.take(b'}') {
                return Ok(table);
            }
            self.expect(b',', "\",\" or \"}\" after the value")?;
        }
    }

    fn array(&mut self, path: &str, depth: usize) -> Result<DeArray<'a>, Error> {
        let mut array = DeArray::new();
        self.expect(b'[', "an array")?;
        if self.take(b']') {
            return Ok(array);
        }
        for n in 0usize.. {
            let value = self.branch(&format!("{path}[{n}]"), depth)?;
            array.push(value);
            if self.take(b']') {
                break;
            }
            self.expect(b',', "\",\" or \"]\" after the value")?;
        }
        Ok(array)
    }

    fn branch(&mut self, path: &str, depth: usize) -> Result<Spanned<DeValue<'a>>, Error> {
        let first = self.peek();
        let start = self.at;
        let value = match first {
            Some(b'{' | b'[') if depth == TABLE_DEPTH_MAX => {
                let expected = format!("values nested at most {TABLE_DEPTH_MAX} deep");
                return Err(self.error(path, &expected));
            }
            Some(b'{') => DeValue::Table(self.table(path, depth + 1)?),
            Some(b'[') => DeValue::Array(self.array(path, depth + 1)?),
            _ => self.leaf(path)?,
        };
        Ok(Spanned::new(start..self.at, value))
    }

    fn leaf(&mut self, path: &str) -> Result<DeValue<'a>, Error> {
        match self.value(path)? {
            Value::Text(text) => Ok(DeValue::String(Cow::Borrowed(text))),
            Value::Boolean(flag) => Ok(DeValue::Boolean(flag)),
            Value::Number(text) => number(path, text),
            value => match value.text() {
                Some(text) => Ok(DeValue::String(text)),
                None => Err(Error::new(path, ANY, &value.shown())),
            },
        }
    }
}

/// A number as it stands; TOML writes those without exponent the same way. How large it may be is for its reader to say.
fn number<'a>(path: &str, text: &'a str) -> Result<DeValue<'a>, Error> {
    if decimal::parse(text.as_bytes()) == Err(DecimalError::Malformed) {
        return Err(Error::new(path, DecimalError::Malformed.expected(), text));
    }
    DeValue::parse(text).map(Spanned::into_inner).map_err(|_| Error::new(path, ANY, text))
}
