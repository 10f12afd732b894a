//! UTC time stamps, `20260102-03:04:05.678`. Source: FIX 4.4, data type UTCTimestamp; the calendar of H. Hinnant, "chrono-compatible low-level date algorithms".

use plimsoll_types::Ts;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;

/// Year, month and day of a day since 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + next, month, day)
}

/// Day since 1970 of a date from 1970 on.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A date as `20260102`.
pub fn write_date(at: Ts) -> String {
    let (year, month, day) = civil(at / SECOND / DAY);
    format!("{year:04}{month:02}{day:02}")
}

/// A time stamp to the millisecond, which is what FIX 4.4 has.
pub fn write_time(at: Ts) -> String {
    let (seconds, ms) = (at / SECOND % DAY, at % SECOND / 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{}-{hour:02}:{minute:02}:{second:02}.{ms:03}", write_date(at))
}

/// A time stamp to the second, or with up to nine places; years 1970 to 2261.
pub fn read_time(text: &[u8]) -> Option<Ts> {
    let (date, time) = text.split_at_checked(8)?;
    let [b'-', h0, h1, b':', m0, m1, b':', s0, s1, rest @ ..] = time else { return None };
    let two = |a: &u8, b: &u8| number(&[*a, *b]);
    let (hour, minute, second) = (two(h0, h1)?, two(m0, m1)?, two(s0, s1)?);
    // A leap second counts as the second after it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let ns = match rest {
        [] => 0,
        [b'.', places @ ..] if (1..=9).contains(&places.len()) => {
            number(places)? * 10u64.pow(9 - places.len() as u32)
        }
        _ => return None,
    };
    let day = read_day(date)?;
    Some((day * DAY + hour * 3_600 + minute * 60 + second) * SECOND + ns)
}

/// The end of a day given as `20260102`: its last nanosecond.
pub fn read_end_of_day(text: &[u8]) -> Option<Ts> {
    Some((read_day(text)? + 1) * DAY * SECOND - 1)
}

fn read_day(text: &[u8]) -> Option<u64> {
    if text.len() != 8 {
        return None;
    }
    let (year, month, day) = (number(&text[..4])?, number(&text[4..6])?, number(&text[6..])?);
    let exists = (1970..=2261).contains(&year) && (1..=12).contains(&month) && day >= 1;
    let since = exists.then(|| days(year, month, day))?;
    (civil(since) == (year, month, day)).then_some(since)
}

fn number(digits: &[u8]) -> Option<u64> {
    super::message::read_whole(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_back() {
        assert_eq!(write_time(0), "19700101-00:00:00.000");
        assert_eq!(write_time(1_709_210_096_789_000_000), "20240229-12:34:56.789");
        for at in [0, 1_709_210_096_789_000_000, 4_102_444_799_999_000_000] {
            assert_eq!(read_time(write_time(at).as_bytes()), Some(at));
        }
        assert_eq!(read_time(b"19700101-00:00:01"), Some(1_000_000_000));
        assert_eq!(read_time(b"19700101-00:00:00.000000007"), Some(7));
        assert_eq!(read_end_of_day(b"19700101"), Some(86_400_000_000_000 - 1));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "20240230-00:00:00",
            "20240101-24:00:00",
            "20240101-00:60:00",
            "20240101 00:00:00",
            "20240101-00:00:00.",
            "20240101-00:00:00.1234567890",
            "19691231-23:59:59",
            "22620101-00:00:00",
            "2024010x-00:00:00",
        ] {
            assert_eq!(read_time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..106_000 {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
        }
    }
}
