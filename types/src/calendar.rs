//! When an instrument trades: sessions by day of the week, with breaks, nights and holidays. Time is Unix time.

use crate::instrument::Phase;
use crate::label::Label;
use crate::units::Ts;
use serde::{Deserialize, Serialize};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// What a calendar does at a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CalendarAction {
    /// Sets the phase.
    Phase(Phase),
    /// Settles the day.
    Settle,
}

/// One step of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarStep {
    /// Seconds after midnight of the day the session begins, below two days: a night session runs past midnight.
    pub at: u32,
    /// What happens.
    pub action: CalendarAction,
}

/// Steps that belong together, on some days of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Bit 0 = Monday .. bit 6 = Sunday: the days on which it begins.
    pub days: u8,
    /// Whether it is left out on the eve of a holiday, as night sessions are.
    pub not_before_holidays: bool,
    /// In the order of the file.
    pub steps: Vec<CalendarStep>,
}

/// A trading calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Its name.
    pub name: Label,
    /// Local time less UTC, seconds. Daylight saving is not modelled.
    pub utc_offset: i32,
    /// Days without sessions, in days since 1970-01-01, ascending.
    pub holidays: Vec<i32>,
    /// Sessions.
    pub sessions: Vec<Session>,
}

/// How far ahead or back a calendar is searched for a step, days.
const SEARCH: i64 = 40;

impl Calendar {
    fn is_holiday(&self, day: i64) -> bool {
        i32::try_from(day).is_ok_and(|day| self.holidays.binary_search(&day).is_ok())
    }

    /// Steps of the sessions that begin on a day, with their time, in the order of the file.
    fn steps(&self, day: i64) -> impl Iterator<Item = (i64, CalendarAction)> {
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) as u32;
        let holiday = self.is_holiday(day);
        let eve = self.is_holiday(day + 1);
        let midnight = day * DAY - i64::from(self.utc_offset);
        self.sessions
            .iter()
            .filter(move |s| {
                s.days >> weekday & 1 == 1 && !holiday && !(s.not_before_holidays && eve)
            })
            .flat_map(move |s| {
                s.steps.iter().map(move |step| (midnight + i64::from(step.at), step.action))
            })
    }

    fn local_day(&self, ts: Ts) -> i64 {
        ((ts as i64).div_euclid(SECOND) + i64::from(self.utc_offset)).div_euclid(DAY)
    }

    /// The first moment after `ts` at which something happens, within 40 days. Cost: O(days searched x steps).
    pub fn next_after(&self, ts: Ts) -> Option<Ts> {
        let today = self.local_day(ts);
        let mut found: Option<i64> = None;
        for day in today - 2..=today + SEARCH {
            for (at, _) in self.steps(day) {
                if at.saturating_mul(SECOND) > ts as i64 && found.is_none_or(|best| at < best) {
                    found = Some(at);
                }
            }
            // A later day's steps lie at or after its midnight.
            let next_midnight = (day + 1) * DAY - i64::from(self.utc_offset);
            if found.is_some_and(|best| best < next_midnight) {
                break;
            }
        }
        found.and_then(|at| Ts::try_from(at.checked_mul(SECOND)?).ok())
    }

    /// What happens at `ts`, in the order of the sessions' days, then of the file.
    pub fn at(&self, ts: Ts) -> impl Iterator<Item = CalendarAction> {
        let today = self.local_day(ts);
        (today - 2..=today)
            .flat_map(|day| self.steps(day))
            .filter(move |(at, _)| at.checked_mul(SECOND) == i64::try_from(ts).ok())
            .map(|(_, action)| action)
    }

    /// The phase set by the latest step at or before `ts`, within 40 days back; of several at one moment the last.
    pub fn phase_at(&self, ts: Ts) -> Option<Phase> {
        let today = self.local_day(ts);
        let mut found: Option<(i64, Phase)> = None;
        for day in today - SEARCH..=today {
            for (at, action) in self.steps(day) {
                let CalendarAction::Phase(phase) = action else { continue };
                if at.saturating_mul(SECOND) <= ts as i64
                    && found.is_none_or(|(best, _)| at >= best)
                {
                    found = Some((at, phase));
                }
            }
        }
        found.map(|(_, phase)| phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u32 = 3_600;

    /// Shanghai: a day session, and a night session before trading days.
    fn shanghai() -> Calendar {
        let step = |at, phase| CalendarStep { at, action: CalendarAction::Phase(phase) };
        Calendar {
            name: Label::new("shanghai").unwrap(),
            utc_offset: 8 * 3_600,
            // Friday, 2 January 2026.
            holidays: vec![20_455],
            sessions: vec![
                Session {
                    days: 0b001_1111,
                    not_before_holidays: false,
                    steps: vec![
                        step(9 * HOUR, Phase::Continuous),
                        step(15 * HOUR, Phase::Closed),
                        CalendarStep { at: 15 * HOUR, action: CalendarAction::Settle },
                    ],
                },
                Session {
                    days: 0b001_1111,
                    not_before_holidays: true,
                    steps: vec![
                        step(21 * HOUR, Phase::Continuous),
                        step(26 * HOUR + 1_800, Phase::Halted),
                    ],
                },
            ],
        }
    }

    /// Seconds since 1970 of an hour in Shanghai, days counted from Monday, 29 December 2025.
    fn hour(day: i64, hour: i64) -> i64 {
        (20_451 + day) * DAY + (hour - 8) * 3_600
    }

    fn ns(seconds: i64) -> Ts {
        (seconds * SECOND) as Ts
    }

    #[test]
    fn a_night_session_runs_past_midnight_and_a_weekend_is_skipped() {
        let calendar = shanghai();
        assert_eq!(calendar.next_after(ns(hour(0, 22))), Some(ns(hour(1, 2) + 1_800)));
        assert_eq!(calendar.next_after(ns(hour(1, 3))), Some(ns(hour(1, 9))));
        assert_eq!(calendar.phase_at(ns(hour(1, 1))), Some(Phase::Continuous));
        assert_eq!(calendar.phase_at(ns(hour(1, 3))), Some(Phase::Halted));
    }

    #[test]
    fn a_holiday_has_no_session_and_its_eve_no_night() {
        let calendar = shanghai();
        // Thursday's close is the last step before Monday's opening.
        assert_eq!(calendar.next_after(ns(hour(3, 15))), Some(ns(hour(7, 9))));
        assert_eq!(calendar.phase_at(ns(hour(3, 23))), Some(Phase::Closed));
    }

    #[test]
    fn steps_at_one_moment_come_in_the_order_of_the_file() {
        let actions: Vec<_> = shanghai().at(ns(hour(0, 15))).collect();
        assert_eq!(actions, [CalendarAction::Phase(Phase::Closed), CalendarAction::Settle]);
        assert_eq!(shanghai().at(ns(hour(0, 14))).count(), 0);
    }
}
