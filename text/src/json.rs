//! JSON as this project uses it: objects read in place, and strings written.
//!
//! A line's values are borrowed from the line, so reading one allocates nothing. What is nested is passed over
//! without recursion, so no line can blow the stack; whoever expects it there reads it by [`scan_object`] or [`tree`].

pub(crate) mod node;
#[cfg(test)]
mod tests;
mod tree;

use crate::r#where::Error;
use std::borrow::Cow;

pub use tree::read_table;

/// A value as it stands in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A string without escapes: its content.
    Text(&'a str),
    /// A string with escapes: its content, still to be decoded.
    Escaped(&'a str),
    /// What begins like a number; whoever uses it checks the rest.
    Number(&'a str),
    /// True or false.
    Boolean(bool),
    /// Null.
    Null,
    /// An object or an array: its text, of which only quotes and the count of brackets have been looked at.
    Nested(&'a str),
}

impl<'a> Value<'a> {
    /// A string's content. Cost: allocates only where there are escapes.
    ///
    /// The scan has proved the escapes, so decoding cannot fail.
    #[inline]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match *self {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            Value::Escaped(text) => unescape(text).map(Cow::Owned),
            _ => None,
        }
    }

    /// The value as an error quotes it.
    pub fn shown(&self) -> String {
        match self {
            Value::Text(text) | Value::Escaped(text) => format!("\"{text}\""),
            Value::Number(text) | Value::Nested(text) => (*text).to_owned(),
            Value::Boolean(true) => "true".to_owned(),
            Value::Boolean(false) => "false".to_owned(),
            Value::Null => "null".to_owned(),
        }
    }
}

/// What a value is expected to be where nothing nested may stand.
pub const FLAT: &str = "a string, a number, true or false";

/// Hands every key and value of the object that `line` is to `each`, in order.
///
/// Errors: anything but one object and white space around it, and what `each` refuses; not what is wrong inside
/// [`Value::Nested`].
#[inline]
pub fn scan_object<'a>(
    line: &'a str,
    mut each: impl FnMut(Cow<'a, str>, Value<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut scan = Scan { line, at: 0 };
    scan.expect(b'{', "a JSON object")?;
    if !scan.take(b'}') {
        loop {
            let key = match scan.string("a field name in quotes")?.text() {
                Some(key) => key,
                None => return Err(scan.error("line", "a field name in quotes")),
            };
            scan.expect(b':', "\":\" after the field name")?;
            let value = scan.value(&key)?;
            each(key, value)?;
            if scan.take(b'}') {
                break;
            }
            scan.expect(b',', "\",\" or \"}\" after the value")?;
        }
    }
    match scan.peek() {
        None => Ok(()),
        Some(_) => Err(scan.error("line", "nothing after the object")),
    }
}

/// Hands every item of the array that `text` is to `each`, in order.
///
/// Errors: as [`scan_object`]'s.
pub fn scan_array<'a>(
    text: &'a str,
    mut each: impl FnMut(Value<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut scan = Scan { line: text, at: 0 };
    scan.expect(b'[', "an array")?;
    if !scan.take(b']') {
        loop {
            each(scan.value("item")?)?;
            if scan.take(b']') {
                break;
            }
            scan.expect(b',', "\",\" or \"]\" after the item")?;
        }
    }
    match scan.peek() {
        None => Ok(()),
        Some(_) => Err(scan.error("line", "nothing after the array")),
    }
}

struct Scan<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    /// The next byte that is no white space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.line.as_bytes();
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn expect(&mut self, byte: u8, expected: &str) -> Result<(), Error> {
        if self.take(byte) { Ok(()) } else { Err(self.error("line", expected)) }
    }

    #[cold]
    fn error(&self, field: &str, expected: &str) -> Error {
        match self.line.get(self.at..) {
            None | Some("") => Error::new(field, expected, "the end of the line"),
            Some(rest) => Error::new(field, expected, rest),
        }
    }

    #[inline]
    fn value(&mut self, field: &str) -> Result<Value<'a>, Error> {
        match self.peek() {
            Some(b'"') => self.string(FLAT).map_err(|mut error| {
                error.field = crate::r#where::quoted(field).into();
                error
            }),
            Some(b'-' | b'0'..=b'9') => Ok(self.number()),
            Some(b't') if self.word("true") => Ok(Value::Boolean(true)),
            Some(b'f') if self.word("false") => Ok(Value::Boolean(false)),
            Some(b'n') if self.word("null") => Ok(Value::Null),
            Some(b'{' | b'[') => self.nested(field),
            _ => Err(self.error(field, FLAT)),
        }
    }

    /// An object or an array up to its closing bracket; which closes which is for its reader to check.
    #[cold]
    fn nested(&mut self, field: &str) -> Result<Value<'a>, Error> {
        let bytes = self.line.as_bytes();
        let (mut depth, mut quoted) = (0u32, false);
        let mut at = self.at;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                let text = &self.line[self.at..at];
                self.at = at;
                return Ok(Value::Nested(text));
            }
        }
        Err(self.error(field, "a closing bracket"))
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.line[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    #[inline]
    fn number(&mut self) -> Value<'a> {
        let rest = &self.line[self.at..];
        let end = rest
            .bytes()
            .position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        self.at += end;
        Value::Number(&rest[..end])
    }

    /// A string; the place is at its opening quote.
    #[inline]
    fn string(&mut self, expected: &str) -> Result<Value<'a>, Error> {
        if self.peek() != Some(b'"') {
            return Err(self.error("line", expected));
        }
        let bytes = self.line.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(0..=0x1f) => {
                    return Err(self.error("line", "no control character inside a string"));
                }
                Some(_) => at += 1,
                None => return Err(self.error("line", "a closing quote")),
            }
        }
        let content = &self.line[start..at];
        if !escaped {
            self.at = at + 1;
            return Ok(Value::Text(content));
        }
        if unescape(content).is_none() {
            return Err(self.error("line", "valid escapes inside a string"));
        }
        self.at = at + 1;
        Ok(Value::Escaped(content))
    }
}

/// Decodes a string's escapes; `None` where one is wrong, half a surrogate pair among it.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => unicode(&mut chars)?,
            _ => return None,
        });
    }
    Some(out)
}

fn unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let first = hex4(chars)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    if (chars.next()?, chars.next()?) != ('\\', 'u') {
        return None;
    }
    let second = hex4(chars)?;
    if !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
}

fn hex4(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |sum, _| Some(sum * 16 + chars.next()?.to_digit(16)?))
}

/// Writes `text` as a JSON string, quotes and escapes included.
#[inline]
pub fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    if text.iter().all(|b| *b >= 0x20 && *b != b'"' && *b != b'\\') {
        out.extend_from_slice(text);
    } else {
        for byte in text {
            write_escaped(out, *byte);
        }
    }
    out.push(b'"');
}

fn write_escaped(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0..=0x1f => {
            out.extend_from_slice(b"\\u00");
            out.push(b'0' + (byte >> 4));
            out.push(b"0123456789abcdef"[usize::from(byte & 15)]);
        }
        other => out.push(other),
    }
}
