//! One message as its fields, and what a session refuses it for.

use super::frame::SOH;
use super::tag;
use plimsoll_text::decimal;
use plimsoll_types::Label;
use rust_decimal::Decimal;

/// Why a message is refused as such, before anybody asks what it means: a `Reject`. Source: field 373.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// SessionRejectReason.
    pub reason: u8,
    /// The field at fault.
    pub tag: Option<u32>,
    /// For people.
    pub text: &'static str,
}

impl Refusal {
    /// A field that is not there.
    pub fn missing(tag: u32) -> Refusal {
        Refusal { reason: 1, tag: Some(tag), text: "a required field is missing" }
    }

    /// A value that is not among those a field may have.
    pub fn value(tag: u32) -> Refusal {
        Refusal { reason: 5, tag: Some(tag), text: "this value is not taken here" }
    }

    /// A value that is none of its field's type.
    pub fn format(tag: u32) -> Refusal {
        Refusal { reason: 6, tag: Some(tag), text: "the value is not of the field's type" }
    }
}

/// Fields that hold data, after the field that says how long: the data may hold the byte that ends fields.
const DATA: &[(u32, u32)] = &[
    (90, 91),
    (93, 89),
    (95, 96),
    (212, 213),
    (348, 349),
    (350, 351),
    (352, 353),
    (354, 355),
    (356, 357),
    (358, 359),
    (360, 361),
    (362, 363),
    (364, 365),
    (445, 446),
    (618, 619),
    (621, 622),
];

/// A message, its fields in order.
#[derive(Debug)]
pub struct Message<'a> {
    fields: Vec<(u32, &'a [u8])>,
    fault: Option<Refusal>,
}

impl<'a> Message<'a> {
    /// Takes a whole frame apart; what is wrong with a field is kept for [`Message::fault`].
    pub fn read(frame: &'a [u8]) -> Message<'a> {
        let mut message = Message { fields: Vec::with_capacity(24), fault: None };
        let mut rest = frame;
        let mut data_len = None;
        while !rest.is_empty() {
            let Some(equals) = rest.iter().position(|byte| *byte == b'=') else { break };
            let number = &rest[..equals];
            let value = &rest[equals + 1..];
            let Some(tag) = read_tag(number) else {
                // What stands here is no field; the next one may be.
                message.refuse(Refusal { reason: 0, tag: None, text: "a field's number is none" });
                let end = rest.iter().position(|byte| *byte == SOH).unwrap_or(rest.len() - 1);
                rest = &rest[end + 1..];
                continue;
            };
            let end = match data_len.take() {
                Some((data, len)) if data == tag && value.get(len) == Some(&SOH) => len,
                _ => value.iter().position(|byte| *byte == SOH).unwrap_or(value.len()),
            };
            let value = &value[..end];
            if value.is_empty() {
                let text = "a field has no value";
                message.refuse(Refusal { reason: 4, tag: Some(tag), text });
            }
            if let Some((_, data)) = DATA.iter().find(|(len, _)| *len == tag) {
                data_len = read_whole(value).map(|len| (*data, len as usize));
            }
            message.fields.push((tag, value));
            rest = rest.get(equals + 1 + end + 1..).unwrap_or_default();
        }
        message
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.fault.get_or_insert(refusal);
    }

    /// The first thing wrong with how it is built.
    pub fn fault(&self) -> Option<Refusal> {
        self.fault
    }

    /// Its type.
    pub fn kind(&self) -> &'a [u8] {
        self.raw(tag::MSG_TYPE).unwrap_or_default()
    }

    /// Whether version, length and type come first, in this order, as they must.
    pub fn begins_well(&self) -> bool {
        let first = [tag::BEGIN_STRING, tag::BODY_LENGTH, tag::MSG_TYPE];
        self.fields.len() >= 3 && self.fields.iter().zip(first).all(|(field, tag)| field.0 == tag)
    }

    /// A field's bytes, the first of its number.
    pub fn raw(&self, tag: u32) -> Option<&'a [u8]> {
        self.fields.iter().find(|field| field.0 == tag).map(|field| field.1)
    }

    /// Whether a flag is there and set.
    pub fn is_set(&self, tag: u32) -> bool {
        self.raw(tag) == Some(b"Y")
    }

    /// A whole number without sign, where it is there and is one.
    pub fn whole(&self, tag: u32) -> Option<u64> {
        self.raw(tag).and_then(read_whole)
    }

    /// All values of a field that repeats.
    pub fn all(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |field| field.0 == tag).map(|field| field.1)
    }

    /// A field that may be there once.
    pub fn optional(&self, tag: u32) -> Result<Option<&'a [u8]>, Refusal> {
        let mut values = self.all(tag);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Refusal { reason: 13, tag: Some(tag), text: "a field comes twice" }),
        }
    }

    /// A field that must be there once.
    pub fn required(&self, tag: u32) -> Result<&'a [u8], Refusal> {
        self.optional(tag)?.ok_or(Refusal::missing(tag))
    }

    /// A name of 1 to 39 bytes.
    pub fn label(&self, tag: u32) -> Result<Label, Refusal> {
        read_label(tag, self.required(tag)?)
    }

    /// A name, where it is there.
    pub fn optional_label(&self, tag: u32) -> Result<Option<Label>, Refusal> {
        self.optional(tag)?.map(|value| read_label(tag, value)).transpose()
    }

    /// A number of decimals, where it is there.
    pub fn optional_decimal(&self, tag: u32) -> Result<Option<Decimal>, Refusal> {
        let Some(value) = self.optional(tag)? else { return Ok(None) };
        decimal::parse(trim_number(value)).map(Some).map_err(|_| Refusal::format(tag))
    }

    /// A number of decimals.
    pub fn decimal(&self, tag: u32) -> Result<Decimal, Refusal> {
        self.optional_decimal(tag)?.ok_or(Refusal::missing(tag))
    }

    /// A single byte, where it is there.
    pub fn byte(&self, tag: u32) -> Result<Option<u8>, Refusal> {
        match self.optional(tag)? {
            None => Ok(None),
            Some([byte]) => Ok(Some(*byte)),
            Some(_) => Err(Refusal::value(tag)),
        }
    }
}

/// FIX allows zeros before a number (`00023.23`), the exchange's decimals do not.
fn trim_number(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b'0', rest @ ..] = value
        && rest.first().is_some_and(u8::is_ascii_digit)
    {
        value = rest;
    }
    // And a point with nothing behind it (`23.`).
    match value {
        [whole @ .., b'.'] if !whole.is_empty() => whole,
        _ => value,
    }
}

fn read_label(tag: u32, value: &[u8]) -> Result<Label, Refusal> {
    let text = std::str::from_utf8(value).map_err(|_| Refusal::format(tag))?;
    Label::new(text).ok_or(Refusal { text: "a name has 1 to 39 bytes", ..Refusal::value(tag) })
}

fn read_tag(digits: &[u8]) -> Option<u32> {
    if digits.first() == Some(&b'0') {
        return None;
    }
    read_whole(digits).and_then(|tag| u32::try_from(tag).ok())
}

/// A whole number of at most 18 digits.
pub fn read_whole(digits: &[u8]) -> Option<u64> {
    let fits = (1..=18).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    fits.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}
