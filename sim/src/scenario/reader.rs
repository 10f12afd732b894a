//! Reading a scenario's tables field by field; every complaint names file, line, field, what was expected and what was found.

use plimsoll_text::config::dom::{DeValue, Field, Table};
use plimsoll_text::{Error, decimal};
use plimsoll_types::{Label, Ratio, Ts};
use serde_json::Value;
use std::ops::Range;

/// A table whose fields are taken one by one; what is left over at the end is unknown.
#[derive(Debug)]
pub struct Section<'a> {
    table: Table<'a>,
    taken: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The section that is this table.
    pub fn new(table: Table<'a>) -> Section<'a> {
        Section { table, taken: Vec::new() }
    }

    /// A complaint about one of the section's fields, at the line where the section begins.
    pub fn complaint(&self, key: &str, expected: &str, found: &str) -> Error {
        self.table.refused(key, expected, found)
    }

    fn take<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&Field<'a>) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        self.taken.push(key);
        let Some(field) = self.table.get(key) else { return Ok(None) };
        match read(&field) {
            Some(read) => Ok(Some(read)),
            None => Err(field.refused(expected, &shown(field.value()))),
        }
    }

    /// Takes a field if it is there; `read` gives `None` for what is not `expected`.
    pub fn optional<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        self.take(key, expected, |field| read(field.value()))
    }

    /// Takes a field that must be there.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<T, Error> {
        self.optional(key, expected, read)?.ok_or_else(|| self.table.missing(key, expected))
    }

    /// Takes a whole number between two bounds.
    pub fn whole(
        &mut self,
        key: &'static str,
        default: Option<i64>,
        bounds: Range<i64>,
    ) -> Result<i64, Error> {
        let expected = format!("a whole number from {} to {}", bounds.start, bounds.end - 1);
        let read = |value: &DeValue<'_>| whole(value).filter(|n| bounds.contains(n));
        match default {
            Some(default) => Ok(self.optional(key, &expected, read)?.unwrap_or(default)),
            None => self.required(key, &expected, read),
        }
    }

    /// Takes a share between two decimals, both included.
    pub fn share(
        &mut self,
        key: &'static str,
        default: Option<&str>,
        bounds: [&str; 2],
    ) -> Result<Ratio, Error> {
        let given = self.given_share(key, bounds)?;
        let default = || default.and_then(nano).map(Ratio::from_nano);
        given.or_else(default).ok_or_else(|| self.table.missing(key, &between(bounds)))
    }

    /// Takes a share between two decimals, both included, if it is there.
    pub fn given_share(
        &mut self,
        key: &'static str,
        bounds: [&str; 2],
    ) -> Result<Option<Ratio>, Error> {
        let [low, high] = bounds.map(nano);
        self.optional(key, &between(bounds), |value| {
            let given = nano(value.as_str()?)?;
            (Some(given) >= low && Some(given) <= high).then_some(Ratio::from_nano(given))
        })
    }

    /// Takes a duration such as `"1m30s"`.
    pub fn duration(&mut self, key: &'static str, default: Option<&str>) -> Result<Ts, Error> {
        let expected = "a duration in quotes, such as \"1m30s\" or \"500ms\"";
        let read = |value: &DeValue<'_>| duration(value.as_str()?);
        match default.and_then(duration) {
            Some(default) => Ok(self.optional(key, expected, read)?.unwrap_or(default)),
            None => self.required(key, expected, read),
        }
    }

    /// Takes how often something happens: a duration of a millisecond or more, so that a run gets anywhere.
    pub fn period(&mut self, key: &'static str, default: Option<&str>) -> Result<Ts, Error> {
        let every = self.duration(key, default)?;
        if every < PERIOD_MIN {
            let found = format!("{every} ns");
            return Err(self.complaint(key, "a duration of 1ms or more", &found));
        }
        Ok(every)
    }

    /// Takes a short name.
    pub fn label(&mut self, key: &'static str) -> Result<Label, Error> {
        self.required(key, "a name of 1 to 39 bytes in quotes", |value| Label::new(value.as_str()?))
    }

    /// Takes a table inside this one.
    pub fn section(&mut self, key: &'static str) -> Result<Option<Section<'a>>, Error> {
        let table = self.take(key, "a table", |field| field.table().ok())?;
        Ok(table.map(Section::new))
    }

    /// Takes a list of tables inside this one; absent = empty.
    pub fn sections(&mut self, key: &'static str) -> Result<Vec<Section<'a>>, Error> {
        let sections = self.take(key, "a list of tables", |field| {
            let items = field.array().ok()?;
            items.iter().map(|item| item.table().ok().map(Section::new)).collect()
        })?;
        Ok(sections.unwrap_or_default())
    }

    /// Takes a field that is either text or a table.
    pub fn written(
        &mut self,
        key: &'static str,
        expected: &str,
    ) -> Result<Option<Written<'a>>, Error> {
        self.take(key, expected, |field| match field.value() {
            DeValue::String(text) => Some(Written::Text(text)),
            _ => field.table().ok().map(|table| Written::Section(Section::new(table))),
        })
    }

    /// Whether a field is there; it is not taken by that.
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// Takes a table, or each of a list of tables; absent = none.
    pub fn one_or_many(&mut self, key: &'static str) -> Result<Vec<Section<'a>>, Error> {
        match self.table.get(key).is_some_and(|field| field.is_table()) {
            true => Ok(self.section(key)?.into_iter().collect()),
            false => self.sections(key),
        }
    }

    /// Everything nobody has taken, as JSON.
    pub fn rest(&self) -> serde_json::Map<String, Value> {
        let mut rest = serde_json::Map::new();
        let mut taken: Vec<&str> = self.taken.to_vec();
        while let Some((key, field)) = self.table.other(&taken) {
            rest.insert(key.to_owned(), json(field.value()));
            taken.push(key);
        }
        rest
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<(), Error> {
        match self.table.other(&self.taken) {
            None => Ok(()),
            Some((_, field)) => Err(field.refused("a known key", "an unknown one")),
        }
    }
}

/// A field that is either text or a table.
#[derive(Debug)]
pub enum Written<'a> {
    /// Text.
    Text(&'a str),
    /// A table.
    Section(Section<'a>),
}

/// A value as JSON has it.
fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(_) => whole(value).map_or(Value::Null, Value::from),
        DeValue::Boolean(word) => Value::from(*word),
        DeValue::Float(number) => Value::from(number.as_str()),
        DeValue::Datetime(moment) => Value::from(moment.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())))
            .collect(),
    }
}

/// What is expected of a decimal with two bounds.
fn between([low, high]: [&str; 2]) -> String {
    format!("a decimal in quotes from {low} to {high}")
}

/// A value as complaints show it.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => format!("the bare number {number}"),
        DeValue::Boolean(word) => word.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// A whole number.
pub fn whole(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A decimal as billionths, exactly; also below zero.
pub fn nano(text: &str) -> Option<i64> {
    let decimal = decimal::parse(text.as_bytes()).ok()?;
    let nano = decimal::ratio(decimal.abs())?.nano();
    Some(if decimal.is_sign_negative() { -nano } else { nano })
}

/// `1h`, `6m30s`, `250ms` in nanoseconds; units in falling order are not insisted on.
pub fn duration(text: &str) -> Option<Ts> {
    let mut rest = text;
    let mut total: Ts = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: Ts = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3_600 * SECOND,
            _ => return None,
        };
        rest = &rest[letters..];
        total = total.checked_add(number.checked_mul(unit)?)?;
    }
    i64::try_from(total).ok().map(|_| total)
}

/// One second in nanoseconds.
pub const SECOND: Ts = 1_000_000_000;

/// The least time between two doings of one agent.
const PERIOD_MIN: Ts = SECOND / 1000;

/// `09:30:00` or `09:30:00.400` as nanoseconds since midnight.
pub fn clock(text: &str) -> Option<Ts> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':').map(|part| match part.len() {
        2 => part.parse::<Ts>().ok(),
        _ => None,
    });
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let in_day = parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60;
    if !in_day || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos: Ts = format!("{fraction:0<9}").parse().ok()?;
    Some(((hours * 60 + minutes) * 60 + seconds) * SECOND + nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_clocks_are_read_whole_or_not_at_all() {
        assert_eq!(duration("1m30s"), Some(90 * SECOND));
        assert_eq!(duration("500ms"), Some(SECOND / 2));
        assert_eq!(
            (duration(""), duration("5"), duration("5d"), duration("s")),
            (None, None, None, None)
        );
        assert_eq!(clock("09:30:00.400"), Some(34_200 * SECOND + 400_000_000));
        assert_eq!((clock("9:30:00"), clock("24:00:00"), clock("09:30")), (None, None, None));
    }

    #[test]
    fn shares_are_exact() {
        assert_eq!(nano("0.085"), Some(85_000_000));
        assert_eq!(nano("-1"), Some(-1_000_000_000));
        assert_eq!((nano("1e3"), nano("0.0000000001"), nano("x")), (None, None, None));
    }
}
