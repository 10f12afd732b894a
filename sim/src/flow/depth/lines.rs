//! The lines of a capture, gz or plain, one at a time.

use super::capture::Wrong;
use super::message::{Message, read};
use crate::files::whence;
use flate2::read::MultiGzDecoder;
use plimsoll_text::Error;
use plimsoll_types::Ts;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// The longest line: a snapshot of some ten thousand levels is far shorter.
const LINE_MAX: u64 = 16 << 20;

/// A capture that is being read.
pub struct Lines {
    field: &'static str,
    name: String,
    source: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Opens a file that the scenario names in `field`.
    ///
    /// Errors: a file that is not there or cannot be opened, in one line.
    pub fn open(field: &'static str, path: &Path) -> Result<Lines, Error> {
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| {
            let mut file = BufReader::with_capacity(1 << 16, file);
            let packed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
            Ok(match packed {
                true => {
                    let unpacked = MultiGzDecoder::new(file);
                    Box::new(BufReader::with_capacity(1 << 18, unpacked)) as Box<dyn BufRead>
                }
                false => Box::new(file) as Box<dyn BufRead>,
            })
        });
        match opened {
            Ok(source) => Ok(Lines { field, name, source, line: Vec::new(), number: 0 }),
            Err(error) => {
                let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
                let found = format!("{error} at {}{}", place.display(), whence(&error));
                let expected = "a readable capture (gz or plain text)";
                Err(Error { found: found.into(), ..Error::new(field, expected, "") }.in_file(&name))
            }
        }
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next line's receive time and message; `None` at the end.
    ///
    /// Errors: a line that is none, a file cut in the middle.
    pub fn message(&mut self) -> Result<Option<(Ts, Message<'_>)>, Error> {
        self.line.clear();
        let read_line = (&mut self.source).take(LINE_MAX).read_until(b'\n', &mut self.line);
        if let Err(error) = read_line {
            let found = match error.kind() {
                ErrorKind::UnexpectedEof => format!("a file cut after line {}", self.number),
                _ => format!("{error} after line {}", self.number),
            };
            return Err(Error::new(self.field, "a whole capture", &found).in_file(&self.name));
        }
        if self.line.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let (name, number) = (self.name.as_str(), self.number);
        let wrong = |field, expected: &str, found: &str| {
            Err(Error::new(field, expected, found).at(name, number))
        };
        let Ok(line) = std::str::from_utf8(&self.line) else {
            return wrong("line", "text in UTF-8", "other bytes");
        };
        let line = line.trim_end();
        let Some((received, json)) = line.split_once(' ') else {
            return wrong("line", "a receive time, a space, a JSON message", line);
        };
        let Ok(received) = received.parse() else {
            return wrong("time", "nanoseconds since 1970", received);
        };
        match read(json) {
            Ok(message) => Ok(Some((received, message))),
            Err(error) if error.is_eof() => {
                wrong("message", "a whole JSON message", "a line cut off")
            }
            Err(error) => {
                // The parser saw one line: only its column means something here.
                let why = error.to_string();
                let why = why.split(" at line ").next().unwrap_or_default();
                let found = format!("at column {} of it: {why}", error.column());
                wrong("message", "a message of the exchange in JSON", &found)
            }
        }
    }

    /// What is wrong with the line just read, as an error.
    pub fn wrong(&self, (field, expected, found): Wrong) -> Error {
        Error::new(field, expected, &found).at(&self.name, self.number)
    }
}
