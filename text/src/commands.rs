//! Commands in: one JSON object a line, read strictly, then given its meaning by the exchange's names.
//!
//! Two kinds of "no": a line that is no valid command is an [`Error`] and stops everything; a valid command that names
//! what does not exist, or a number off its step, becomes [`Command::Refused`] and is answered by an event.

mod fields;
mod order;
mod request;
mod resolve;
mod terms;
#[cfg(test)]
mod tests;
mod write;

pub use write::write_command;

use crate::r#where::Error;
use fields::Fields;
use plimsoll_exchange::Exchange;
use plimsoll_types::{Command, Event, ExchangeSpec, InstrumentSpec, Label, Ts};
use request::Request;

/// A line that is well-formed; what it means depends on the exchange it is brought to.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its time stamp.
    pub ts: Ts,
    request: Request,
}

impl Line {
    /// Reads one line, without its newline. An instrument to list is proved against `spec`, which everything of a
    /// configuration that cannot change comes from: places of a money unit, calendars.
    ///
    /// Cost: one pass; orders, cancels and replaces allocate nothing unless a string has escapes.
    /// Errors: whatever is no valid command, its field named; the place is for the caller to add.
    #[inline]
    pub fn read(bytes: &[u8], spec: &ExchangeSpec) -> Result<Line, Error> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let found = format!("invalid bytes after {} good ones", error.valid_up_to());
            Error::new("line", "UTF-8 text", &found)
        })?;
        let fields = Fields::read(text)?;
        let verb = fields.verb()?;
        Ok(Line { ts: fields.ts()?, request: Request::read(verb, &fields, text, spec)? })
    }

    /// The instrument it lists, if that is what it does.
    pub fn listing(&self) -> Option<&InstrumentSpec> {
        match &self.request {
            Request::List(spec) => Some(spec),
            _ => None,
        }
    }

    /// The command the line means on this exchange.
    ///
    /// Rejects, as [`Command::Refused`]: what names no account, symbol, profile or open order, and numbers off their
    /// step or range; in the order of precedence of docs/SEMANTICS.md section 2.
    #[inline]
    pub fn resolve(&self, exchange: &Exchange) -> Command {
        self.request.resolve(exchange).unwrap_or_else(|reason| {
            let (account, id) = self.request.named();
            Command::Refused { account, id, reason }
        })
    }

    /// The account and the order that the line names, where it does.
    pub fn named(&self) -> (Option<Label>, Option<Label>) {
        self.request.named()
    }

    /// Brings the line to the exchange.
    ///
    /// A replace is counted in the steps of the order it names, and a timer due before it may take that order away:
    /// so a line that seems refused is read again after the timers have run.
    #[inline]
    pub fn carry_out(&self, exchange: &mut Exchange, events: &mut Vec<Event>) {
        let mut command = self.resolve(exchange);
        if matches!(command, Command::Refused { .. }) {
            exchange.apply(self.ts, &Command::Time, events);
            command = self.resolve(exchange);
        }
        exchange.apply(self.ts, &command, events);
    }
}
