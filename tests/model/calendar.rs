//! Section 5: calendars. Every step of every day is listed and looked through.

use super::Model;
use plimsoll_types::*;

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400;
/// How far a calendar is looked through, days.
const REACH: i128 = 40;

/// What happens when, from a day to another, in the order of days, then of the file. Days count from 1970 where it is used;
/// times are nanoseconds.
fn steps(calendar: &Calendar, from: i128, to: i128) -> Vec<(i128, CalendarAction)> {
    let holiday = |day: i128| calendar.holidays.iter().any(|holiday| i128::from(*holiday) == day);
    let mut steps = Vec::new();
    for day in (from..=to).filter(|day| !holiday(*day)) {
        for session in &calendar.sessions {
            // The first day of 1970 was a Thursday, the fourth from Monday.
            let weekday = (day + 3).rem_euclid(7);
            let begins = session.days & (1 << weekday) != 0;
            if begins && !(session.not_before_holidays && holiday(day + 1)) {
                let midnight = day * DAY - i128::from(calendar.utc_offset);
                let at = |step: &CalendarStep| (midnight + i128::from(step.at)) * SECOND;
                steps.extend(session.steps.iter().map(|step| (at(step), step.action)));
            }
        }
    }
    steps
}

fn day_of(calendar: &Calendar, ts: Ts) -> i128 {
    (i128::from(ts) + i128::from(calendar.utc_offset) * SECOND).div_euclid(DAY * SECOND)
}

/// When something happens next.
fn next_step(calendar: &Calendar, ts: Ts) -> Option<Ts> {
    let today = day_of(calendar, ts);
    let steps = steps(calendar, today - 2, today + REACH);
    let later = steps.into_iter().map(|(at, _)| at).filter(|at| *at > i128::from(ts));
    later.min().and_then(|at| Ts::try_from(at).ok())
}

/// The phase set last.
fn phase_at(calendar: &Calendar, ts: Ts) -> Option<Phase> {
    let today = day_of(calendar, ts);
    let mut phases: Vec<(i128, Phase)> = Vec::new();
    for (at, action) in steps(calendar, today - REACH, today) {
        match action {
            CalendarAction::Phase(phase) if at <= i128::from(ts) => phases.push((at, phase)),
            _ => {}
        }
    }
    // `max_by_key` gives the last of several at one moment.
    phases.into_iter().max_by_key(|(at, _)| *at).map(|(_, phase)| phase)
}

impl Model {
    fn calendar_of(&self, index: usize) -> Option<Calendar> {
        let place = self.books[index].spec.rules.calendar?;
        Some(self.spec.calendars[usize::from(place)].clone())
    }

    /// An instrument takes the phase its calendar has now, and waits for the next step.
    pub fn open_calendar(&mut self, index: usize) {
        let Some(calendar) = self.calendar_of(index) else { return };
        if let Some(phase) = phase_at(&calendar, self.now)
            && phase != self.books[index].phase
        {
            self.saw("calendar sets the first phase");
            self.set_phase(index, phase);
        }
        self.wait_for_step(index, &calendar);
    }

    fn wait_for_step(&mut self, index: usize, calendar: &Calendar) {
        if let Some(at) = next_step(calendar, self.now) {
            self.timers.push((at, super::Due::Calendar(index)));
        }
    }

    /// What the calendar has for this moment, each step followed by a settling.
    pub fn calendar_steps(&mut self, index: usize) {
        let calendar = self.calendar_of(index).expect("it has a calendar");
        self.wait_for_step(index, &calendar);
        let today = day_of(&calendar, self.now);
        let now = i128::from(self.now);
        let steps = steps(&calendar, today - 2, today).into_iter().filter(|(at, _)| *at == now);
        for (_, action) in steps {
            match action {
                CalendarAction::Phase(phase) if phase == self.books[index].phase => {
                    self.saw("calendar finds its phase");
                }
                CalendarAction::Phase(phase) => {
                    self.saw("calendar sets a phase");
                    self.set_phase(index, phase);
                }
                CalendarAction::Settle => {
                    self.saw("calendar settles");
                    self.settle_these(&[index], None, true);
                }
            }
            self.settle();
        }
    }
}
