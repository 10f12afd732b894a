//! Section 5: phases, the corridor.

use super::entry::Checked;
use super::pass::Pass;
use super::{Due, Model, NANO, instrument_id, nano, round_up, ticks};
use plimsoll_types::*;

impl Model {
    /// Command `phase`. To the present phase it says so and does nothing else.
    pub fn change_phase(&mut self, instrument: InstrumentId, to: Phase) -> Checked {
        let index = self.known_instrument(instrument)?;
        if self.books[index].phase == to {
            self.emit(EventKind::Phase { instrument, phase: to });
        } else {
            self.set_phase(index, to);
        }
        Ok(())
    }

    /// Another phase: leaving a call phase, or entering continuous trading with orders that could trade, uncrosses first.
    pub fn set_phase(&mut self, index: usize, to: Phase) {
        let from = self.books[index].phase;
        assert!(from != to);
        let waiting =
            self.books[index].crossed() || self.books[index].orders.iter().any(|o| o.market);
        let ends_call = from.is_call() && matches!(to, Phase::Continuous | Phase::Closed);
        let pass = if ends_call || to == Phase::Continuous && waiting {
            self.uncross(index)
        } else {
            Pass::new(index)
        };
        self.forget_phase_timers(index);
        if to.is_call() && !from.is_call() {
            self.books[index].said = Default::default();
        }
        self.books[index].phase = to;
        self.emit(EventKind::Phase { instrument: instrument_id(index), phase: to });
        self.end_pass(&pass);
        match to {
            Phase::Continuous => self.trigger_by_last(index),
            Phase::Closed => self.close(index),
            _ => {}
        }
    }

    /// Another phase has come: what would have changed this one does not.
    pub fn forget_phase_timers(&mut self, index: usize) {
        self.timers
            .retain(|(_, what)| *what != Due::Volatility(index) && *what != Due::LimitState(index));
        self.books[index].at_limit = None;
    }

    /// The session ends: the day is judged, day orders go, session-end calls fall due.
    fn close(&mut self, index: usize) {
        self.books[index].closed_one_sided = self.one_sided_now(index);
        self.books[index].closed_at = Some(self.now);
        self.end_day_orders(index);
        for account in 0..self.accounts.len() {
            let open_ended =
                self.accounts[account].call.is_some_and(|call| call.deadline.is_none());
            if open_ended && self.accounts[account].holds(index) {
                self.saw("session-end call falls due");
                self.call_falls_due(account);
            }
        }
    }

    /// Lowest and highest price at which an order may trade now.
    pub fn corridor(&self, index: usize) -> Option<(i128, i128)> {
        let book = &self.books[index];
        let volatility = book.spec.rules.volatility?;
        let old_enough = |at: Ts| at + volatility.window <= self.now;
        let old = book.past.iter().rev().find(|(at, _)| old_enough(*at)).map(|(_, price)| *price);
        let settled = ticks(book.prev_settlement);
        let reference = old.or(book.uncrossed_at).unwrap_or(settled);
        let share = nano(volatility.share);
        let low = round_up(reference * (NANO - share).max(0), NANO);
        Some((low, reference * (NANO + share) / NANO))
    }

    /// The corridor stopped an order: a call auction, for a time.
    pub fn stop_book(&mut self, index: usize) {
        self.forget_phase_timers(index);
        let volatility = self.books[index].spec.rules.volatility.expect("it has a corridor");
        self.books[index].said = Default::default();
        self.books[index].phase = Phase::Volatility;
        let (instrument, phase) = (instrument_id(index), Phase::Volatility);
        self.emit(EventKind::Phase { instrument, phase });
        self.timers.push((self.now + volatility.auction, Due::Volatility(index)));
        self.saw("corridor stops the book");
    }
}
