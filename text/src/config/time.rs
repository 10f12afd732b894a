//! Dates and times of day, and the moments they mean.

use super::dom::{DeValue, Field};
use crate::r#where::Error;
use plimsoll_types::Ts;

const EXPECTED: &str = "a date such as \"2026-12-15\" or a time such as \"2026-12-15T15:00:00\", after 1970 began and before 2262";

/// The moment a date (its midnight) or a date and time mean where clocks are `utc_offset` seconds ahead of UTC;
/// always above zero.
pub fn moment(field: &Field<'_>, utc_offset: i32) -> Result<Ts, Error> {
    let unquoted;
    let text = match field.value() {
        DeValue::Datetime(moment) => {
            unquoted = moment.to_string();
            unquoted.as_str()
        }
        _ => field.text_or(EXPECTED)?,
    };
    moment_of(text, utc_offset).ok_or_else(|| field.error(EXPECTED))
}

fn moment_of(text: &str, utc_offset: i32) -> Option<Ts> {
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00"));
    let [hours @ 0..24, minutes @ 0..60, seconds @ 0..60] = parts::<3>(time, ':', [2, 2, 2])?
    else {
        return None;
    };
    let local = i64::from(date(day)?) * 86_400 + i64::from(hours * 3_600 + minutes * 60 + seconds);
    let nanos = (local - i64::from(utc_offset)).checked_mul(1_000_000_000)?;
    Ts::try_from(nanos).ok().filter(|ts| *ts > 0)
}

/// Days since 1970-01-01 of a date of the years in which time stamps lie.
pub fn date(text: &str) -> Option<i32> {
    let [year, month, day] = parts::<3>(text, '-', [4, 2, 2])?;
    let leap = |year: u32| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let february = if leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(month.checked_sub(1)? as usize)?;
    if !(1970..=2262).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let years: u32 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let months: u32 = lengths.iter().take(month as usize - 1).sum();
    i32::try_from(years + months + day - 1).ok()
}

/// Numbers of so many digits each, with `between` between them and nothing else.
pub fn parts<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut numbers = [0; N];
    let mut pieces = text.split(between);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let piece = pieces.next()?;
        if piece.len() != digits || !piece.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *number = piece.parse().ok()?;
    }
    pieces.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970() {
        // 56 years of 365 days and 14 leap days up to 2026; then 9 months, 273 days, up to October.
        for (text, day) in [
            ("1970-01-01", 0),
            ("1970-12-31", 364),
            ("2000-02-29", 11_016),
            ("2026-01-02", 20_455),
            ("2026-10-01", 56 * 365 + 14 + 273),
            ("2262-12-31", 107_015),
        ] {
            assert_eq!(date(text), Some(day), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-10",
            "2026-13-01",
            "2026-00-01",
            "2026-02-29",
            "2100-02-29",
            "2026-04-31",
        ] {
            assert_eq!(date(text), None, "{text:?}");
        }
        for text in
            ["2026-1-1", "2026-10-00", "1969-12-31", "2263-01-01", "2026-10-01 ", "+026-10-01"]
        {
            assert_eq!(date(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_moment_is_local_time() {
        // 2026-12-15 is 20,802 days after 1970-01-01.
        let day = 20_802 * 86_400_u64;
        let nanos = |seconds: u64| Some(seconds * 1_000_000_000);
        assert_eq!(moment_of("2026-12-15", 0), nanos(day));
        assert_eq!(moment_of("2026-12-15T15:00:30", 0), nanos(day + 54_030));
        assert_eq!(moment_of("2026-12-15", 28_800), nanos(day - 28_800));
        assert_eq!(moment_of("2026-12-15T15:00:00", -12_600), nanos(day + 54_000 + 12_600));
        for text in [
            "",
            "2026-12-15T",
            "2026-12-15 15:00:00",
            "2026-12-15T15:00",
            "2026-12-15T24:00:00",
            "2026-12-15T15:00:00Z",
            "1970-01-01",
            "2262-12-31",
            "15:00:00",
        ] {
            assert_eq!(moment_of(text, 0), None, "{text:?}");
        }
    }
}
