//! Where an input is wrong: file, line, field, what was expected, what was found; always one line.

use std::fmt;

/// Longest text quoted back, in characters.
const QUOTED_MAX: usize = 60;

/// An input that cannot be read.
///
/// Prints as `<file>:<line>: <field>: expected <...>, found <...>`, in exactly one line whatever the input was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The file's name as the user gave it; empty until [`Error::at`].
    pub file: Box<str>,
    /// Line, from 1; `None` where the whole file is meant.
    pub line: Option<u64>,
    /// The field, with its path.
    pub field: Box<str>,
    /// What would have been read.
    pub expected: Box<str>,
    /// What stood there.
    pub found: Box<str>,
    /// Whether the project means to read this one day, but does not yet.
    pub unsupported: bool,
}

impl Error {
    /// An error in `field`, its place still to be told by [`Error::at`].
    pub fn new(field: &str, expected: impl Into<Box<str>>, found: &str) -> Error {
        Error {
            file: Box::default(),
            line: None,
            field: quoted(field).into(),
            expected: expected.into(),
            found: quoted(found).into(),
            unsupported: false,
        }
    }

    /// The same error, said to be about something not supported yet.
    pub fn unsupported(mut self) -> Error {
        self.unsupported = true;
        self
    }

    /// The same error, in `line` (from 1) of `file`.
    pub fn at(mut self, file: &str, line: u64) -> Error {
        self.file = file.into();
        self.line = Some(line);
        self
    }

    /// The same error, about `file` as a whole.
    pub fn in_file(mut self, file: &str) -> Error {
        self.file = file.into();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", escaped(&self.file, usize::MAX))?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}: expected {}, found {}", self.field, self.expected, self.found)?;
        if self.unsupported {
            f.write_str(" (not supported yet)")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// `text` for a one-line message: control characters escaped, cut where it is long.
pub fn quoted(text: &str) -> String {
    escaped(text, QUOTED_MAX)
}

fn escaped(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == limit {
            line.push_str("...");
            break;
        }
        // Line and paragraph separators and the marks that turn writing direction break a line for people too.
        if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_file_line_field_expected_found() {
        let error = Error::new("qty", "a decimal", "\"1e3\"").at("commands.jsonl", 7);
        assert_eq!(error.to_string(), "commands.jsonl:7: qty: expected a decimal, found \"1e3\"");
    }

    #[test]
    fn an_error_about_a_file_has_no_line() {
        let error = Error::new("file", "a readable file", "a directory").in_file("x.toml");
        assert_eq!(error.to_string(), "x.toml: file: expected a readable file, found a directory");
    }

    #[test]
    fn an_error_is_one_line_whatever_was_found() {
        let error = Error::new("a\nb", "text", "x\r\ny\u{0}\u{2028}").at("c\nd", 1);
        assert_eq!(
            error.to_string(),
            "c\\nd:1: a\\nb: expected text, found x\\r\\ny\\u{0}\\u{2028}"
        );
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(quoted(&"x".repeat(1000)), "x".repeat(60) + "...");
    }

    #[test]
    fn what_is_not_supported_yet_says_so() {
        let error = Error::new("tif", "\"gtc\"", "\"day\"").unsupported().at("c", 2);
        assert_eq!(
            error.to_string(),
            "c:2: tif: expected \"gtc\", found \"day\" (not supported yet)"
        );
    }
}
