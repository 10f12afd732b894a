//! Numbers, times and tables as people read them.

use super::story;
use comfy_table::{CellAlignment, Table, presets};
use plimsoll_sim::say::grouped;
use plimsoll_text::audit::{Instrument, money_text};
use plimsoll_types::{Step, Ts};

/// From here on a time counts from 1970: 1973, in nanoseconds.
const DATED: Ts = 100_000_000_000_000_000;

const DAY_SECONDS: u64 = 86_400;

/// A time: of day where it counts from some midnight, with its date (UTC) where it counts from 1970.
pub fn time(ts: Ts) -> String {
    let (seconds, nanos) = (ts / 1_000_000_000, ts % 1_000_000_000);
    if ts < DATED {
        return format!("{}{}", clock(seconds), fraction(nanos));
    }
    let (year, month, day) = date(seconds / DAY_SECONDS);
    let clock = clock(seconds % DAY_SECONDS);
    format!("{year:04}-{month:02}-{day:02}T{clock}{}Z", fraction(nanos))
}

fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Milli-, micro- or nanoseconds, as many places as there are.
fn fraction(nanos: u64) -> String {
    match nanos {
        0 => String::new(),
        n if n.is_multiple_of(1_000_000) => format!(".{:03}", n / 1_000_000),
        n if n.is_multiple_of(1_000) => format!(".{:06}", n / 1_000),
        n => format!(".{n:09}"),
    }
}

/// Year, month and day, so many days after 1970-01-01; years begin in March, so that leap days come last.
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// A length of time in its largest unit that fits.
pub fn lasted(nanos: Ts) -> String {
    let seconds = nanos / 1_000_000_000;
    match nanos {
        0 => "at once".to_owned(),
        1..1_000_000 => format!("{} us", nanos.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{} ms", nanos / 1_000_000),
        _ if seconds < 60 => format!("{seconds}{} s", fraction(nanos % 1_000_000_000)),
        _ if seconds < DAY_SECONDS => clock(seconds),
        _ => format!("{} d {}", seconds / DAY_SECONDS, clock(seconds % DAY_SECONDS)),
    }
}

/// An amount with its thousands apart.
pub fn money(units: i128, decimals: u32) -> String {
    thousands(&money_text(units, decimals))
}

/// A decimal with its thousands apart.
pub fn thousands(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, rest) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    match rest {
        None => format!("{sign}{whole}"),
        Some(rest) => format!("{sign}{whole}.{rest}"),
    }
}

/// So many steps as a decimal.
pub fn steps(count: i128, step: Step) -> String {
    match count.checked_mul(i128::from(step.mantissa)) {
        Some(units) => money_text(units, step.decimals),
        None => "?".to_owned(),
    }
}

/// `sum / count` to so many places, half up on the absolute value; nothing over zero.
pub fn mean(sum: i128, count: i128, places: u32) -> Option<String> {
    let scaled = sum.checked_mul(10i128.pow(places))?;
    let (size, count) = (scaled.unsigned_abs(), u128::try_from(count).ok().filter(|&n| n > 0)?);
    let half_up = i128::try_from((size + count / 2) / count).ok()?;
    Some(money_text(if scaled < 0 { -half_up } else { half_up }, places))
}

/// The average price of `lots` lots that went for `sum` ticks together, to at most four more places than a tick has.
pub fn average(sum: i128, lots: i128, instrument: &Instrument) -> Option<String> {
    let tick = instrument.tick;
    let scaled = sum.checked_mul(i128::from(tick.mantissa))?.checked_mul(10_000)?;
    let (size, lots) = (scaled.unsigned_abs(), u128::try_from(lots).ok().filter(|&n| n > 0)?);
    let half_up = i128::try_from((size + lots / 2) / lots).ok()?;
    Some(money_text(half_up, tick.decimals + 4))
}

/// A table whose first `words` columns hold words, and the others numbers.
pub fn table(heads: &[&str], words: usize) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(heads);
    for (n, column) in table.column_iter_mut().enumerate() {
        let side = if n < words { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(side);
    }
    table
}

/// Steps below one another: time, event, what it is, what it says.
pub fn timeline(margin: &str, list: &[story::Step]) -> String {
    let times: Vec<String> = list.iter().map(|step| time(step.ts)).collect();
    let events: Vec<String> = list.iter().map(|step| step.seq.to_string()).collect();
    let wide = |texts: &mut dyn Iterator<Item = usize>, least| texts.max().unwrap_or(0).max(least);
    let time_wide = wide(&mut times.iter().map(String::len), 4);
    let event_wide = wide(&mut events.iter().map(String::len), 5);
    let what_wide = wide(&mut list.iter().map(|step| step.what.len()), 4);
    let mut out = format!("{margin}{:<time_wide$}  {:>event_wide$}  what\n", "time", "event");
    for ((step, time), event) in list.iter().zip(times).zip(events) {
        let (what, words) = (&step.what, &step.words);
        let line = format!(
            "{margin}{time:<time_wide$}  {event:>event_wide$}  {what:<what_wide$}  {words}"
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Adds rows to a table; amounts in the columns `padded` get as many places as the longest of their column.
pub fn fill(table: &mut Table, mut rows: Vec<Vec<String>>, padded: &[usize]) {
    for &column in padded {
        let mut amounts: Vec<&mut String> =
            rows.iter_mut().filter_map(|row| row.get_mut(column)).collect();
        pad(&mut amounts);
    }
    table.add_rows(rows);
}

/// Gives amounts as many places as the longest of them has; words are left alone.
pub fn pad(amounts: &mut [&mut String]) {
    let places = |text: &str| text.split_once('.').map_or(0, |(_, places)| places.len());
    let longest = amounts.iter().map(|text| places(text)).max().unwrap_or(0);
    for text in amounts.iter_mut().filter(|text| text.ends_with(|c: char| c.is_ascii_digit())) {
        let has = places(text);
        if longest > has {
            text.push_str(if has == 0 { "." } else { "" });
            text.extend(std::iter::repeat_n('0', longest - has));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_clocks_and_large_ones_as_dates() {
        assert_eq!(time(5_500_000_000), "00:00:05.500");
        assert_eq!(time(34_200_000_000_001), "09:30:00.000000001");
        assert_eq!(time(1_793_606_400_000_000_000), "2026-11-02T08:00:00Z");
        assert_eq!(time(1_709_164_800_000_250_000), "2024-02-29T00:00:00.000250Z");
        assert_eq!((lasted(0), lasted(1_500_000_000)), ("at once".into(), "1.500 s".into()));
        assert_eq!(lasted(90_000_000_000), "00:01:30");
    }

    #[test]
    fn a_column_has_its_points_in_one_place() {
        let mut texts = ["1,200", "-3.05", "-", "7.5"].map(str::to_owned);
        pad(&mut texts.iter_mut().collect::<Vec<_>>());
        assert_eq!(texts, ["1,200.00", "-3.05", "-", "7.50"]);
    }

    #[test]
    fn means_are_rounded_half_up_away_from_zero() {
        assert_eq!(mean(14, 10, 2).as_deref(), Some("1.4"));
        assert_eq!(mean(-2, 3, 2).as_deref(), Some("-0.67"));
        assert_eq!(mean(1, 0, 2), None);
        assert_eq!(thousands("-1234567.5"), "-1,234,567.5");
    }
}
