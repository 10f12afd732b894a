//! Messages of an ITCH file, one after another: framing, lengths, and the fields that we use.

use crate::recorded::lines::name;
use crate::r#where::Error;
use plimsoll_types::{Label, Side, Ts};
use std::io::{BufRead, ErrorKind};

/// Bytes of every message before its own fields: type, stock, tracking number, time.
const HEAD: usize = 11;

/// Later times than any day has would not be nanoseconds since midnight.
const TIME_MAX: Ts = 48 * 3_600_000_000_000;

/// What a message says, as far as a displayed book is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// A stock is listed.
    Listed(Label),
    /// A stock trades (`T`), or is halted (`H`), paused (`P`) or quoted only (`Q`).
    State(u8),
    /// An order enters.
    Add { order: u64, side: Side, shares: u64, stock: Label, price: i64 },
    /// An order is executed at its price.
    Executed { order: u64, shares: u64 },
    /// An order is executed at another price, and whether that is for print: a cross is not.
    ExecutedAt { order: u64, shares: u64, price: i64, printed: bool },
    /// An order loses shares.
    Cancel { order: u64, shares: u64 },
    /// An order goes.
    Delete { order: u64 },
    /// An order goes and another one of its side enters.
    Replace { order: u64, new: u64, shares: u64, price: i64 },
    /// A hidden order was executed.
    Hidden { shares: u64 },
    /// A cross was carried out.
    Cross { shares: u64, price: i64 },
    /// A trade is broken.
    Broken,
    /// A message that does not touch the displayed book.
    Aside,
    /// A message of a type that the specification does not know.
    Unknown,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number in the file, from 1.
    pub place: u64,
    /// The stock, by its number of the day.
    pub stock: u16,
    /// Nanoseconds since midnight.
    pub ts: Ts,
    /// What it says.
    pub body: Body,
}

/// The messages of a file.
pub struct Messages<'a> {
    file: &'a str,
    reader: &'a mut dyn BufRead,
    buffer: Vec<u8>,
    /// Bytes taken.
    at: u64,
    /// Messages taken.
    count: u64,
}

impl<'a> Messages<'a> {
    /// Reads from here; `file` is its name in errors.
    pub fn new(file: &'a str, reader: &'a mut dyn BufRead) -> Messages<'a> {
        Messages { file, reader, buffer: Vec::new(), at: 0, count: 0 }
    }

    /// The file's name in errors.
    pub fn file(&self) -> &str {
        self.file
    }

    /// Messages taken so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The next message; `None` at the end.
    ///
    /// Errors: a file that is cut inside a message; a message of a known type and another length; what is no time.
    pub fn read(&mut self) -> Result<Option<Message>, Error> {
        let begin = self.at;
        let read = self.frame();
        let frame = read.map_err(|error| Error { field: at(begin, &error), ..error });
        let Some(length) = frame.map_err(|error| error.in_file(self.file))? else {
            return Ok(None);
        };
        self.count += 1;
        let message = parse(self.count, &self.buffer[..length]);
        let message = message.map_err(|error| Error { field: at(begin, &error), ..error });
        message.map(Some).map_err(|error| error.in_file(self.file))
    }

    /// Reads one message into the buffer and gives its length.
    fn frame(&mut self) -> Result<Option<usize>, Error> {
        let mut length = [0; 2];
        match self.fill(&mut length)? {
            0 => return Ok(None),
            2 => {}
            _ => return Err(Error::new("length", "two bytes", "one: the file is cut short")),
        }
        let length = usize::from(u16::from_be_bytes(length));
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(length.max(buffer.len()), 0);
        let read = self.fill(&mut buffer[..length]);
        self.buffer = buffer;
        let read = read?;
        if read < length {
            let found = format!("{read}: the file is cut short");
            return Err(Error::new("message", format!("{length} bytes"), &found));
        }
        Ok(Some(length))
    }

    /// Reads as much as there is.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.reader.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let found = match error.kind() {
                        ErrorKind::UnexpectedEof => {
                            "a compressed file that is cut short".to_owned()
                        }
                        _ => error.to_string(),
                    };
                    return Err(Error::new("file", "a readable file", &found));
                }
            }
        }
        self.at += filled as u64;
        Ok(filled)
    }
}

/// A field with the place of its message.
fn at(byte: u64, error: &Error) -> Box<str> {
    format!("byte {byte}, {}", error.field).into()
}

/// The length that a message of a type has; `None` for types the specification does not know.
fn length(kind: u8) -> Option<usize> {
    Some(match kind {
        b'S' | b'W' => 12,
        b'R' => 39,
        b'H' => 25,
        b'Y' | b'N' => 20,
        b'L' => 26,
        b'V' | b'J' | b'U' => 35,
        b'K' => 28,
        b'h' => 21,
        b'O' => 48,
        b'A' | b'C' => 36,
        b'F' | b'Q' => 40,
        b'E' => 31,
        b'X' => 23,
        b'D' | b'B' => 19,
        b'P' => 44,
        b'I' => 50,
        _ => return None,
    })
}

fn parse(place: u64, bytes: &[u8]) -> Result<Message, Error> {
    let Some(&kind) = bytes.first() else {
        return Err(Error::new("length", "at least one byte", "0"));
    };
    let wanted = length(kind);
    if wanted.is_some_and(|wanted| wanted != bytes.len()) {
        let expected = format!("{} bytes of type {}", wanted.unwrap_or(0), char::from(kind));
        return Err(Error::new("message", expected, &bytes.len().to_string()));
    }
    if wanted.is_none() {
        return Ok(Message { place, stock: 0, ts: 0, body: Body::Unknown });
    }
    let ts = number(bytes, 5, 6);
    if ts > TIME_MAX {
        return Err(Error::new("time", "nanoseconds since midnight", &ts.to_string()));
    }
    let stock = number(bytes, 1, 2) as u16;
    Ok(Message { place, stock, ts, body: body(kind, bytes)? })
}

/// The message's own fields; its length is the type's.
fn body(kind: u8, bytes: &[u8]) -> Result<Body, Error> {
    let order = || number(bytes, HEAD, 8);
    let price = |at| number(bytes, at, 4) as i64;
    Ok(match kind {
        b'R' => Body::Listed(symbol(bytes, HEAD)?),
        b'H' => match bytes[19] {
            state @ (b'T' | b'H' | b'P' | b'Q') => Body::State(state),
            other => return Err(wrong("trading state", "T, H, P or Q", other)),
        },
        b'A' | b'F' => Body::Add {
            order: order(),
            side: match bytes[19] {
                b'B' => Side::Buy,
                b'S' => Side::Sell,
                other => return Err(wrong("side", "B or S", other)),
            },
            shares: number(bytes, 20, 4),
            stock: symbol(bytes, 24)?,
            price: price(32),
        },
        b'E' => Body::Executed { order: order(), shares: number(bytes, 19, 4) },
        b'C' => Body::ExecutedAt {
            order: order(),
            shares: number(bytes, 19, 4),
            price: price(32),
            printed: bytes[31] != b'N',
        },
        b'X' => Body::Cancel { order: order(), shares: number(bytes, 19, 4) },
        b'D' => Body::Delete { order: order() },
        b'U' => Body::Replace {
            order: order(),
            new: number(bytes, 19, 8),
            shares: number(bytes, 27, 4),
            price: price(31),
        },
        b'P' => Body::Hidden { shares: number(bytes, 20, 4) },
        b'Q' => Body::Cross { shares: number(bytes, HEAD, 8), price: price(27) },
        b'B' => Body::Broken,
        _ => Body::Aside,
    })
}

fn wrong(field: &str, expected: &str, found: u8) -> Error {
    Error::new(field, expected, &char::from(found).to_string())
}

/// A number of `len` bytes, the highest first.
fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    bytes[at..at + len].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A symbol: eight bytes, blanks on its right.
fn symbol(bytes: &[u8], at: usize) -> Result<Label, Error> {
    let text = bytes[at..at + 8].trim_ascii_end();
    let plain = !text.is_empty() && text.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(text) {
        Ok(text) if plain => Ok(name(text)),
        _ => Err(Error::new("stock", "a symbol in ASCII", &String::from_utf8_lossy(text))),
    }
}
