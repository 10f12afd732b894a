//! One line of the record.

use super::number::fixed;
use crate::json::{Value, scan_object};
use crate::r#where::Error;
use plimsoll_types::{Side, Step, Ts};
use std::borrow::Cow;

/// Every event there is.
pub const EVENTS: &[&str] = &[
    "accepted",
    "adl",
    "auction",
    "band",
    "busted",
    "cancelled",
    "case",
    "debt",
    "delisted",
    "deposit",
    "expired",
    "fund",
    "funding",
    "index",
    "indicative",
    "large_position",
    "leverage",
    "listed",
    "margin",
    "margin_call",
    "margin_moved",
    "mark",
    "opened",
    "permission",
    "phase",
    "profile",
    "reduction",
    "refilled",
    "rejected",
    "replaced",
    "restricted",
    "scheduled",
    "settled",
    "settlement",
    "socialised",
    "takeover",
    "terms",
    "tier",
    "trade",
    "triggered",
    "unrestricted",
    "withdrawal",
];

/// One event as its line has it.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Its number.
    pub seq: u64,
    /// When, nanoseconds.
    pub ts: Ts,
    /// What: one of [`EVENTS`].
    pub event: Cow<'a, str>,
    fields: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Record<'a> {
    /// Reads a line.
    ///
    /// Errors: no JSON object, a field given twice, no `seq`, `ts` or `event`, an event that is none of [`EVENTS`].
    pub fn read(line: &'a str) -> Result<Record<'a>, Error> {
        let mut fields: Vec<(Cow<'a, str>, Value<'a>)> = Vec::with_capacity(16);
        scan_object(line, |key, value| {
            if fields.iter().any(|(known, _)| *known == key) {
                return Err(Error::new(&key, "each field once", "it again"));
            }
            fields.push((key, value));
            Ok(())
        })?;
        let mut record = Record { seq: 0, ts: 0, event: Cow::Borrowed(""), fields };
        record.seq = record.whole("seq")?;
        record.ts = record.whole("ts")?;
        record.event = record.text("event")?;
        if EVENTS.binary_search(&record.event.as_ref()).is_err() {
            return Err(Error::new("event", "an event of the exchange", &record.event));
        }
        Ok(record)
    }

    /// A field's value; `None` where it is absent or null.
    pub fn value(&self, key: &str) -> Option<&Value<'a>> {
        let found = self.fields.iter().find(|(known, _)| known == key).map(|(_, value)| value);
        found.filter(|value| **value != Value::Null)
    }

    /// Whether a field is there and not null.
    pub fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    fn wrong(&self, key: &str, expected: &str) -> Error {
        match self.value(key) {
            Some(value) => Error::new(key, expected, &value.shown()),
            None => Error::new(key, expected, "none"),
        }
    }

    /// A field that is text.
    pub fn text(&self, key: &str) -> Result<Cow<'a, str>, Error> {
        let text = self.value(key).and_then(Value::text);
        text.ok_or_else(|| self.wrong(key, "a string"))
    }

    /// A field that is text, or is not there.
    pub fn text_or_none(&self, key: &str) -> Result<Option<Cow<'a, str>>, Error> {
        if self.has(key) { self.text(key).map(Some) } else { Ok(None) }
    }

    /// A field that is a whole number.
    pub fn whole(&self, key: &str) -> Result<u64, Error> {
        let number = match self.value(key) {
            Some(Value::Number(text)) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.wrong(key, "a whole number"))
    }

    /// A decimal in units of 10^-`decimals`.
    pub fn fixed(&self, key: &str, decimals: u32) -> Result<i128, Error> {
        let units = self.value(key).and_then(Value::text).and_then(|text| fixed(&text, decimals));
        units.ok_or_else(|| {
            self.wrong(key, &format!("a decimal in quotes with at most {decimals} places"))
        })
    }

    /// A decimal in units of 10^-`decimals`, zero where it is not there.
    pub fn fixed_or_zero(&self, key: &str, decimals: u32) -> Result<i128, Error> {
        if self.has(key) { self.fixed(key, decimals) } else { Ok(0) }
    }

    /// A decimal as a count of steps: ticks of a price, lots of a quantity; not negative, below 2^60.
    pub fn steps(&self, key: &str, step: Step) -> Result<i64, Error> {
        let units = self.value(key).and_then(Value::text);
        let units = units.and_then(|text| fixed(&text, step.decimals));
        let mantissa = i128::from(step.mantissa);
        let steps = units.filter(|units| units % mantissa == 0).map(|units| units / mantissa);
        let steps = steps.and_then(|steps| i64::try_from(steps).ok());
        let size = super::number::money_text(mantissa, step.decimals);
        steps
            .filter(|steps| (0..1 << 60).contains(steps))
            .ok_or_else(|| self.wrong(key, &format!("a multiple of {size} in quotes")))
    }

    /// A side, as orders have it.
    pub fn side(&self, key: &str) -> Result<Side, Error> {
        match self.text(key)?.as_ref() {
            "buy" => Ok(Side::Buy),
            "sell" => Ok(Side::Sell),
            _ => Err(self.wrong(key, "\"buy\" or \"sell\"")),
        }
    }

    /// A side, as positions have it.
    pub fn leg(&self, key: &str) -> Result<Side, Error> {
        match self.text(key)?.as_ref() {
            "long" => Ok(Side::Buy),
            "short" => Ok(Side::Sell),
            _ => Err(self.wrong(key, "\"long\" or \"short\"")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        Record::read(line).expect_err("no record").at("e", 1).to_string()
    }

    #[test]
    fn the_list_of_events_is_in_order() {
        assert!(EVENTS.is_sorted());
    }

    #[test]
    fn a_line_gives_its_fields() {
        let line =
            r#"{"seq":3,"ts":9,"event":"mark","symbol":"R\"B","price":"4950.5","case":null}"#;
        let record = Record::read(line).expect("a record");
        assert_eq!((record.seq, record.ts, record.event.as_ref()), (3, 9, "mark"));
        assert_eq!(record.text("symbol").expect("text"), "R\"B");
        let half = Step { mantissa: 5, decimals: 1 };
        assert_eq!(record.steps("price", half).expect("ticks"), 9_901);
        assert!(!record.has("case") && !record.has("nothing"));
        let off = record.steps("price", Step { mantissa: 1, decimals: 0 });
        assert!(off.expect_err("off the step").to_string().contains("a multiple of 1"));
    }

    #[test]
    fn what_is_no_event_is_refused_by_field() {
        assert!(refused("").contains("expected a JSON object, found the end of the line"));
        assert!(refused("[1]").contains("expected a JSON object"));
        assert!(refused(r#"{"ts":1,"event":"mark"}"#).contains("seq: expected a whole number"));
        let twice = refused(r#"{"seq":1,"ts":1,"ts":1,"event":"mark"}"#);
        assert!(twice.contains("ts: expected each field once"), "{twice}");
        let odd = refused(r#"{"seq":1,"ts":1,"event":"mrak"}"#);
        assert!(odd.contains("event: expected an event of the exchange, found mrak"), "{odd}");
        assert!(refused(r#"{"seq":-1,"ts":1,"event":"mark"}"#).contains("seq"));
    }
}
