//! TOML with places: tables and fields that know their path and line, so that every error can name them.
//!
//! Serves the configuration here, the scenarios of `plimsoll-sim`, and JSON objects that say what a table would.

use crate::decimal;
use crate::r#where::Error;
use plimsoll_types::{Label, Ratio};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::DeTable;

pub use toml::de::DeValue;

/// What the text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    Toml,
    /// One object of a file of lines; its decimals may be numbers too.
    Json,
}

/// A file's text and name, for turning places into lines.
#[derive(Debug)]
pub struct Source<'a> {
    name: &'a str,
    text: &'a str,
    first: usize,
    notation: Notation,
}

impl<'a> Source<'a> {
    /// The text of the file called `name`.
    pub fn new(name: &'a str, text: &'a str) -> Source<'a> {
        Source { name, text, first: 0, notation: Notation::Toml }
    }

    /// A line that holds one JSON object; its errors are still to be told their place.
    pub(crate) fn line_of_json(line: &'a str) -> Source<'a> {
        Source { name: "", text: line, first: 0, notation: Notation::Json }
    }

    /// The same source, whose errors count the elements of arrays from `first` instead of 0.
    pub fn counting_from(self, first: usize) -> Source<'a> {
        Source { first, ..self }
    }

    /// Parses the whole text.
    ///
    /// Errors: what is no TOML, a key given twice among it.
    pub fn parse(&self) -> Result<Spanned<DeTable<'a>>, Error> {
        DeTable::parse(self.text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = self.text[..self.boundary(start)].rsplit('\n').next().unwrap_or("");
            let rest = self.text[self.boundary(start)..].lines().next().unwrap_or("");
            let whole = format!("{line}{rest}");
            let key = whole.split('=').next().unwrap_or("").trim();
            let field = if key.is_empty() { "line" } else { key };
            Error::new(field, "valid TOML", error.message()).at(self.name, self.line(start))
        })
    }

    /// The root table, once parsed.
    pub fn root<'s>(&'s self, table: &'s Spanned<DeTable<'a>>) -> Table<'s> {
        self.table(table.get_ref())
    }

    /// A table of this text as the root.
    pub(crate) fn table<'s>(&'s self, table: &'s DeTable<'a>) -> Table<'s> {
        Table { source: self, table, start: 0, path: String::new() }
    }

    fn boundary(&self, place: usize) -> usize {
        (0..=place.min(self.text.len()))
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0)
    }

    fn line(&self, place: usize) -> u64 {
        let before = &self.text.as_bytes()[..place.min(self.text.len())];
        1 + before.iter().filter(|b| **b == b'\n').count() as u64
    }

    /// The error with its file and line, as far as they are known.
    fn placed(&self, error: Error, place: usize) -> Error {
        match self.notation {
            Notation::Toml => error.at(self.name, self.line(place)),
            Notation::Json => error,
        }
    }

    fn snippet(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or("").trim()
    }
}

/// A table, its place and its path.
#[derive(Debug)]
pub struct Table<'s> {
    source: &'s Source<'s>,
    table: &'s DeTable<'s>,
    start: usize,
    path: String,
}

impl<'s> Table<'s> {
    /// Refuses keys that are not among `known`.
    pub fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.other(known) {
            None => Ok(()),
            Some((key, field)) => Err(field.refused(format!("one of {}", known.join(", ")), key)),
        }
    }

    /// The first field, in the order of the text, whose key is not among `known`.
    pub fn other(&self, known: &[&str]) -> Option<(&'s str, Field<'s>)> {
        let unknown = self.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        let key = unknown.min_by_key(|key| key.span().start)?.get_ref().as_ref();
        self.get(key).map(|field| (key, field))
    }

    /// The field called `key`, if it is there.
    pub fn get(&self, key: &str) -> Option<Field<'s>> {
        let (key, value) = self.table.get_key_value(key)?;
        Some(Field {
            source: self.source,
            value,
            start: key.span().start,
            path: self.path_of(key.get_ref()),
        })
    }

    /// The field called `key`, which must be there.
    pub fn required(&self, key: &str) -> Result<Field<'s>, Error> {
        self.get(key).ok_or_else(|| self.missing(key, "a value"))
    }

    /// The error of a key that is not there.
    pub fn missing(&self, key: &str, expected: &str) -> Error {
        self.refused(key, expected, "nothing")
    }

    /// The error that something else was expected for `key`, at the line where the table begins.
    pub fn refused(&self, key: &str, expected: &str, found: &str) -> Error {
        self.source.placed(Error::new(&self.path_of(key), expected, found), self.start)
    }

    /// The table called `key`, if it is there.
    pub fn table(&self, key: &str) -> Result<Option<Table<'s>>, Error> {
        self.get(key).map(|field| field.table()).transpose()
    }

    /// The tables of the array called `key`; none if it is not there.
    pub fn tables(&self, key: &str) -> Result<Vec<Table<'s>>, Error> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(field) => field.array()?.iter().map(Field::table).collect(),
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// A value, its place and its path.
#[derive(Debug)]
pub struct Field<'s> {
    source: &'s Source<'s>,
    value: &'s Spanned<DeValue<'s>>,
    start: usize,
    path: String,
}

impl<'s> Field<'s> {
    /// The error that something else was expected here.
    pub fn error(&self, expected: impl Into<Box<str>>) -> Error {
        let found = match (self.value.get_ref(), self.source.notation) {
            (DeValue::Table(_), Notation::Toml) => "a table",
            (DeValue::Array(_), Notation::Toml) => "an array",
            _ => self.source.snippet(&self.value.span()),
        };
        self.refused(expected, found)
    }

    /// The error that something else was expected here, with words for what was found.
    pub fn refused(&self, expected: impl Into<Box<str>>, found: &str) -> Error {
        self.source.placed(Error::new(&self.path, expected, found), self.start)
    }

    /// The value as it was parsed.
    pub fn value(&self) -> &'s DeValue<'s> {
        self.value.get_ref()
    }

    /// Text.
    pub fn text(&self) -> Result<&'s str, Error> {
        self.text_or("a string")
    }

    /// Text, `expected` where it is something else.
    pub(crate) fn text_or(&self, expected: &str) -> Result<&'s str, Error> {
        self.value.get_ref().as_str().ok_or_else(|| self.error(expected))
    }

    /// A name of 1 to 39 bytes.
    pub fn label(&self) -> Result<Label, Error> {
        const EXPECTED: &str = "a name of 1 to 39 bytes";
        Label::new(self.text_or(EXPECTED)?).ok_or_else(|| self.error(EXPECTED))
    }

    /// A decimal, written as a string; in JSON as a number too.
    pub fn decimal(&self) -> Result<Decimal, Error> {
        let text = match (self.value.get_ref(), self.source.notation) {
            (DeValue::Integer(number), Notation::Json) => number.as_str(),
            (DeValue::Float(number), Notation::Json) => number.as_str(),
            _ => self.text_or("a decimal in quotes such as \"0.08\"")?,
        };
        decimal::parse(text.as_bytes()).map_err(|error| self.error(error.expected()))
    }

    /// A share, rate or threshold.
    pub fn ratio(&self) -> Result<Ratio, Error> {
        decimal::ratio(self.decimal()?)
            .ok_or_else(|| self.error("0 to 1000000 with at most 9 decimals"))
    }

    /// A share from 0 to 1.
    pub fn share(&self) -> Result<Ratio, Error> {
        let expected = "a share from 0 to 1 with at most 9 decimals";
        decimal::ratio(self.decimal()?)
            .filter(|share| *share <= Ratio::ONE)
            .ok_or_else(|| self.error(expected))
    }

    /// True or false.
    pub fn boolean(&self) -> Result<bool, Error> {
        self.value.get_ref().as_bool().ok_or_else(|| self.error("true or false"))
    }

    /// A whole number from `low` to `high`, without quotes.
    pub fn whole(&self, low: u32, high: u32) -> Result<u32, Error> {
        let parsed = self
            .value
            .get_ref()
            .as_integer()
            .and_then(|whole| u32::from_str_radix(whole.as_str(), whole.radix()).ok())
            .filter(|whole| (low..=high).contains(whole));
        parsed.ok_or_else(|| self.error(format!("a whole number from {low} to {high}")))
    }

    /// One of a list of words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Error> {
        let expected = one_of(words);
        let text = self.text_or(&expected)?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Ok(*meaning),
            None => Err(self.error(expected)),
        }
    }

    /// A span of time in nanoseconds: a whole number and ms, s, m, h or d.
    pub fn duration(&self) -> Result<u64, Error> {
        const EXPECTED: &str =
            "a duration such as \"0s\", \"500ms\", \"1s\", \"30m\", \"2h\" or \"1d\"";
        duration_of(self.text_or(EXPECTED)?).ok_or_else(|| self.error(EXPECTED))
    }

    /// A table.
    pub fn table(&self) -> Result<Table<'s>, Error> {
        let expected = match self.source.notation {
            Notation::Toml => "a table",
            Notation::Json => "an object",
        };
        let table = self.value.get_ref().as_table().ok_or_else(|| self.error(expected))?;
        let start = self.value.span().start;
        Ok(Table { source: self.source, table, start, path: self.path.clone() })
    }

    /// Whether it is a table.
    pub fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    /// An array's elements.
    pub fn array(&self) -> Result<Vec<Field<'s>>, Error> {
        let array = self.value.get_ref().as_array().ok_or_else(|| self.error("an array"))?;
        let element = |(n, value): (usize, &'s Spanned<DeValue<'s>>)| Field {
            source: self.source,
            value,
            start: value.span().start,
            path: format!("{}[{}]", self.path, self.source.first + n),
        };
        Ok(array.iter().enumerate().map(element).collect())
    }
}

/// The words of a list as an error names them.
fn one_of<T>(words: &[(&str, T)]) -> String {
    let quoted: Vec<Cow<'_, str>> =
        words.iter().map(|(word, _)| Cow::from(format!("\"{word}\""))).collect();
    quoted.join(" or ")
}

fn duration_of(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let nanos: u64 = match unit {
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    };
    // Kept under 2^62, so that a timestamp plus a duration fits 64 bits.
    count.parse::<u64>().ok()?.checked_mul(nanos).filter(|span| *span < 1 << 62)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_numbers_with_a_unit() {
        assert_eq!(duration_of("0s"), Some(0));
        assert_eq!(duration_of("500ms"), Some(500_000_000));
        assert_eq!(duration_of("30m"), Some(1_800_000_000_000));
        assert_eq!(duration_of("1d"), Some(86_400_000_000_000));
        for text in ["", "s", "1", "1.5s", "-1s", "1 s", "1w", "99999999999999999999s", "200000d"] {
            assert_eq!(duration_of(text), None, "{text:?}");
        }
    }
}
