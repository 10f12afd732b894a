//! Trading calendars at work: the phase an instrument begins in, then a timer for each step. Source: SEMANTICS 5.

use crate::exchange::Exchange;
use crate::timers::Alarm;
use plimsoll_types::{CalendarAction, InstrumentId, Ts};

impl Exchange {
    /// Sets the timers of an exchange that has not begun: calendars, changes of terms by row, expiries.
    pub(crate) fn set_first_timers(&mut self) {
        for row in self.spec.schedules.clone() {
            self.keep_row(&row);
        }
        for index in 0..self.markets.len() {
            self.date_expiry(InstrumentId(index as u16));
        }
        let calendars = self.spec.instruments.iter().any(|spec| spec.rules.calendar.is_some());
        if calendars || self.timers.next_due().is_some() {
            // What is due before the first command comes with it.
            self.timers.set_first(0, Alarm::Begin);
        }
    }

    /// Before the first command, at its time: every instrument takes the phase its calendar says.
    #[cold]
    pub(crate) fn begin_calendars(&mut self, now: Ts) {
        self.log.now = now;
        for index in 0..self.markets.len() {
            self.begin_calendar(InstrumentId(index as u16));
        }
    }

    /// Takes up an instrument's calendar, if it has one.
    pub(crate) fn begin_calendar(&mut self, instrument: InstrumentId) {
        let rules = &self.spec.instruments[instrument.index()].rules;
        let Some(calendar) =
            rules.calendar.and_then(|place| self.spec.calendars.get(usize::from(place)))
        else {
            return;
        };
        let now = self.log.now;
        let (phase, next) = (calendar.phase_at(now), calendar.next_after(now));
        if let Some(due) = next {
            self.timers.set_first(due, Alarm::Calendar { instrument });
        }
        if let Some(phase) = phase
            && phase != self.markets[instrument.index()].phase
        {
            self.change_phase(instrument, phase);
            self.settle();
        }
    }

    /// Takes the steps of an instrument's calendar that fall due now, each with its own settling.
    pub(crate) fn step_calendar(&mut self, instrument: InstrumentId) {
        if self.markets[instrument.index()].gone {
            return;
        }
        let rules = &self.spec.instruments[instrument.index()].rules;
        let Some(calendar) =
            rules.calendar.and_then(|place| self.spec.calendars.get(usize::from(place)))
        else {
            return;
        };
        let steps: Vec<CalendarAction> = calendar.at(self.log.now).collect();
        if let Some(due) = calendar.next_after(self.log.now) {
            self.timers.set_first(due, Alarm::Calendar { instrument });
        }
        for step in steps {
            match step {
                CalendarAction::Phase(phase) => {
                    if phase != self.markets[instrument.index()].phase {
                        self.change_phase(instrument, phase);
                    }
                }
                CalendarAction::Settle => {
                    self.settle_instruments(&[instrument], Some(instrument), None);
                }
            }
            self.settle();
        }
    }
}
