//! Section 5: a market at its limit price: halted and called, counted as one-sided.

use super::{Due, Model, ticks};
use plimsoll_types::*;

impl Model {
    fn stands_at_limit(&self, index: usize, side: Side) -> bool {
        let book = &self.books[index];
        book.band.is_some() && book.best(side) == book.edge(side)
    }

    /// The side that stands at its limit price with nothing opposite.
    pub fn alone(&self, index: usize) -> Option<Side> {
        let alone = |side: &Side| {
            self.stands_at_limit(index, *side) && self.books[index].is_empty(side.opposite())
        };
        [Side::Buy, Side::Sell].into_iter().find(alone)
    }

    /// After a command, and after a moment at which timers ran.
    pub fn watch_limits(&mut self, index: usize) {
        self.books[index].alone = self.alone_since(index);
        let Some(rule) = self.books[index].spec.rules.limit_state else { return };
        let continuous = self.books[index].phase == Phase::Continuous;
        let at_limit = [Side::Buy, Side::Sell]
            .into_iter()
            .find(|side| continuous && self.stands_at_limit(index, *side));
        if at_limit == self.books[index].at_limit {
            return;
        }
        self.timers.retain(|(_, what)| *what != Due::LimitState(index));
        self.books[index].at_limit = at_limit;
        if at_limit.is_some() {
            self.timers.push((self.now + rule.after, Due::LimitState(index)));
        }
    }

    /// A timer of the limit state: stands, is halted, is called.
    pub fn limit_state_goes_on(&mut self, index: usize) {
        let rule = self.books[index].spec.rules.limit_state.expect("it has the rule");
        let (next, wait) = match self.books[index].phase {
            Phase::Continuous => (Phase::Halted, Some(rule.pause)),
            Phase::Halted => (Phase::Auction, Some(rule.auction)),
            _ => (Phase::Continuous, None),
        };
        self.saw(match next {
            Phase::Halted => "limit state halts",
            Phase::Auction => "limit state calls",
            _ => "limit state opens",
        });
        self.set_phase(index, next);
        if let Some(wait) = wait {
            self.timers.push((self.now + wait, Due::LimitState(index)));
        }
    }

    fn alone_since(&self, index: usize) -> Option<(Side, Ts)> {
        let side = self.alone(index)?;
        let before = self.books[index].alone.filter(|(before, _)| *before == side);
        Some(before.unwrap_or((side, self.now)))
    }

    /// The side on which the day is one-sided, were it to end now.
    pub fn one_sided_now(&mut self, index: usize) -> Option<Side> {
        let window = self.books[index].spec.rules.limit_ladder?.window;
        let (side, since) = self.alone_since(index)?;
        let book = &self.books[index];
        let last_is_limit = book.last.map(ticks) == book.edge(side);
        (last_is_limit && since + window <= self.now).then_some(side)
    }
}
