//! A file of command lines: counts them, keeps their time from falling, and names the place of what is wrong.

use crate::commands::Line;
use crate::r#where::Error;
use plimsoll_types::{ExchangeSpec, Ts};

/// The reader's place in one file of commands.
#[derive(Clone, Debug)]
pub struct Feed {
    file: Box<str>,
    line: u64,
    now: Ts,
}

impl Feed {
    /// At the start of `file`, at a time before which no line may lie.
    pub fn new(file: &str, now: Ts) -> Feed {
        Feed { file: file.into(), line: 0, now }
    }

    /// Lines read so far.
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// Reads the next line, without its newline, for an exchange of this configuration.
    ///
    /// Errors: what is no valid command, and a time stamp before the last one, each with file, line and field.
    #[inline]
    pub fn read(&mut self, bytes: &[u8], spec: &ExchangeSpec) -> Result<Line, Error> {
        self.line += 1;
        let line = Line::read(bytes, spec).map_err(|error| error.at(&self.file, self.line))?;
        if line.ts < self.now {
            let expected = format!("a time not before {}", self.now);
            let error = Error::new("ts", expected, &line.ts.to_string());
            return Err(error.at(&self.file, self.line));
        }
        self.now = line.ts;
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read_config;

    fn spec() -> ExchangeSpec {
        let text = r#"
            exchange = { currency = "CNY", money_decimals = 2 }
            [[instrument]]
            symbol = "RB"
            kind = "future"
            tick_size = "1"
            lot_size = "1"
            multiplier = "10"
            prev_settlement = "5000"
            margin_initial = "0.1"
            margin_maintenance = "0.1"
        "#;
        read_config("E.toml", text).expect("a good configuration")
    }

    #[test]
    fn lines_are_counted_and_time_never_falls() {
        let (mut feed, spec) = (Feed::new("c.jsonl", 5), spec());
        assert!(feed.read(br#"{"ts":5,"cmd":"time"}"#, &spec).is_ok());
        assert!(feed.read(br#"{"ts":7,"cmd":"time"}"#, &spec).is_ok());
        let error =
            feed.read(br#"{"ts":6,"cmd":"time"}"#, &spec).expect_err("time falls").to_string();
        assert_eq!(error, "c.jsonl:3: ts: expected a time not before 7, found 6");
        assert_eq!(feed.lines(), 3);
    }

    #[test]
    fn an_empty_line_is_no_command() {
        let error = Feed::new("c.jsonl", 0).read(b"", &spec()).expect_err("empty").to_string();
        assert_eq!(error, "c.jsonl:1: line: expected a JSON object, found the end of the line");
    }
}
