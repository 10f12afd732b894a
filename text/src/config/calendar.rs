//! `[[calendar]]`: when instruments trade.

use super::dom::{Field, Table};
use super::time::{date, parts};
use super::unique;
use crate::r#where::Error;
use plimsoll_types::{Calendar, CalendarAction, CalendarStep, Phase, Session};
use std::collections::HashMap;

/// Most calendars: their places have 16 bits.
const CALENDARS_MAX: usize = u16::MAX as usize;

/// Seconds of two days: a session that begins in the evening may end on the next day.
const STEP_END: u32 = 2 * 86_400;

/// The days of the week, in the order of [`Session::days`].
const DAYS: [(&str, u8); 7] = [
    ("mon", 1),
    ("tue", 1 << 1),
    ("wed", 1 << 2),
    ("thu", 1 << 3),
    ("fri", 1 << 4),
    ("sat", 1 << 5),
    ("sun", 1 << 6),
];

/// Monday to Friday.
const WORKING_DAYS: u8 = 0b001_1111;

/// Every calendar, in the order of the file.
pub fn read_all(root: &Table<'_>) -> Result<Vec<Calendar>, Error> {
    let tables = root.tables("calendar")?;
    if tables.len() > CALENDARS_MAX {
        return Err(root.missing("calendar", "at most 65535 [[calendar]] sections"));
    }
    let mut names = HashMap::new();
    let mut calendars = Vec::with_capacity(tables.len());
    for table in &tables {
        let calendar = read(table)?;
        unique(&mut names, &table.required("name")?, calendar.name, "calendar")?;
        calendars.push(calendar);
    }
    Ok(calendars)
}

fn read(table: &Table<'_>) -> Result<Calendar, Error> {
    table.only(&["name", "utc_offset", "holidays", "session"])?;
    let sessions = table.tables("session")?;
    if sessions.is_empty() {
        return Err(table.missing("session", "one [[calendar.session]] or more"));
    }
    Ok(Calendar {
        name: table.required("name")?.label()?,
        utc_offset: table.get("utc_offset").map_or(Ok(0), |field| utc_offset(&field))?,
        holidays: table.get("holidays").map_or(Ok(Vec::new()), |field| holidays(&field))?,
        sessions: sessions.iter().map(session).collect::<Result<_, _>>()?,
    })
}

fn utc_offset(field: &Field<'_>) -> Result<i32, Error> {
    const EXPECTED: &str = "an offset such as \"+08:00\", \"-23:59\" to \"+23:59\"";
    let text = field.text_or(EXPECTED)?;
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(field.error(EXPECTED)),
    };
    match parts::<2>(&text[1..], ':', [2, 2]) {
        Some([hours @ 0..24, minutes @ 0..60]) => {
            Ok(sign * (hours as i32 * 3_600 + minutes as i32 * 60))
        }
        _ => Err(field.error(EXPECTED)),
    }
}

/// Days since 1970-01-01, ascending.
fn holidays(field: &Field<'_>) -> Result<Vec<i32>, Error> {
    let mut holidays = Vec::new();
    for field in field.array()? {
        const EXPECTED: &str = "a date in quotes such as \"2026-10-01\", from 1970 to 2262";
        let day = date(field.text_or(EXPECTED)?).ok_or_else(|| field.error(EXPECTED))?;
        match holidays.binary_search(&day) {
            Ok(_) => return Err(field.error("each holiday once")),
            Err(place) => holidays.insert(place, day),
        }
    }
    Ok(holidays)
}

fn session(table: &Table<'_>) -> Result<Session, Error> {
    table.only(&["days", "not_before_holidays", "steps"])?;
    Ok(Session {
        days: table.get("days").map_or(Ok(WORKING_DAYS), |field| days(&field))?,
        not_before_holidays: table
            .get("not_before_holidays")
            .map_or(Ok(false), |field| field.boolean())?,
        steps: steps(&table.required("steps")?)?,
    })
}

fn days(field: &Field<'_>) -> Result<u8, Error> {
    let mut days = 0;
    for field in field.array()? {
        let day = field.word(&DAYS)?;
        if days & day != 0 {
            return Err(field.error("each day once"));
        }
        days |= day;
    }
    if days == 0 {
        return Err(field.error("one day of the week or more"));
    }
    Ok(days)
}

fn steps(field: &Field<'_>) -> Result<Vec<CalendarStep>, Error> {
    let mut steps: Vec<CalendarStep> = Vec::new();
    for field in field.array()? {
        let table = field.table()?;
        let step = step(&table)?;
        if steps.last().is_some_and(|last| step.at < last.at) {
            return Err(table.required("at")?.error("steps in rising order of time"));
        }
        steps.push(step);
    }
    if steps.is_empty() {
        return Err(field.error("one step or more"));
    }
    Ok(steps)
}

fn step(table: &Table<'_>) -> Result<CalendarStep, Error> {
    const EXPECTED: &str = "a time such as \"09:00\" or \"26:30:00\", up to \"47:59:59\"";
    table.only(&["at", "phase", "settle"])?;
    let at = table.required("at")?;
    let time = clock(at.text_or(EXPECTED)?).ok_or_else(|| at.error(EXPECTED))?;
    let action = match (table.get("phase"), table.get("settle")) {
        (Some(field), None) => CalendarAction::Phase(phase(&field)?),
        (None, Some(field)) => match field.boolean()? {
            true => CalendarAction::Settle,
            false => return Err(field.error("true")),
        },
        (None, None) => return Err(table.missing("phase", "a phase, or settle = true")),
        (Some(_), Some(field)) => return Err(field.error("a step with phase or settle, not both")),
    };
    Ok(CalendarStep { at: time, action })
}

/// A phase by its word.
pub fn phase(field: &Field<'_>) -> Result<Phase, Error> {
    let words: Vec<_> = Phase::ALL.iter().map(|phase| (phase.as_str(), *phase)).collect();
    field.word(&words)
}

/// Seconds since midnight, below two days.
fn clock(text: &str) -> Option<u32> {
    let [hours, minutes, seconds] = match parts::<3>(text, ':', [2, 2, 2]) {
        Some(parts) => parts,
        None => {
            let [hours, minutes] = parts::<2>(text, ':', [2, 2])?;
            [hours, minutes, 0]
        }
    };
    let at = hours * 3_600 + minutes * 60 + seconds;
    (minutes < 60 && seconds < 60 && at < STEP_END).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_go_to_the_end_of_the_next_day() {
        for (text, at) in [
            ("00:00", 0),
            ("09:00", 32_400),
            ("15:15:01", 54_901),
            ("26:30", 95_400),
            ("47:59:59", 172_799),
        ] {
            assert_eq!(clock(text), Some(at), "{text}");
        }
        for text in
            ["", "9:00", "09", "09:60", "09:00:60", "48:00", "09:00:00:00", "-9:00", "09.00"]
        {
            assert_eq!(clock(text), None, "{text:?}");
        }
    }
}
