//! Calendars.

use super::*;
use plimsoll_types::{Calendar, CalendarAction, CalendarStep, Session};

const CALENDAR: &str = r#"[[calendar]]
name = "shanghai"
utc_offset = "+08:00"
holidays = ["2026-10-02", "2026-10-01"]
[[calendar.session]]
steps = [
    { at = "08:55", phase = "auction" },
    { at = "09:00", phase = "continuous" },
    { at = "15:00", phase = "closed" },
    { at = "15:00", settle = true },
]
[[calendar.session]]
days = ["sun", "mon"]
not_before_holidays = true
steps = [{ at = "21:00", phase = "continuous" }, { at = "26:30:30", phase = "halted" }]
[[calendar]]
name = "utc"
[[calendar.session]]
steps = [{ at = "00:00", phase = "continuous" }]
"#;

/// FULL with these calendars, the second of which its instrument has.
fn with(calendars: &str) -> Result<ExchangeSpec, String> {
    let text = FULL.replacen("multiplier = \"10\"", "multiplier = \"10\"\ncalendar = \"utc\"", 1);
    read_config("E.toml", &format!("{calendars}{text}")).map_err(|error| error.to_string())
}

#[test]
fn a_calendar_is_read() {
    let spec = with(CALENDAR).expect("a good configuration");
    let step =
        |hours: u32, seconds: u32, action| CalendarStep { at: hours * 3_600 + seconds, action };
    let phase = CalendarAction::Phase;
    // 1 October 2026 is 20,727 days after 1 January 1970.
    let shanghai = Calendar {
        name: Label::new("shanghai").expect("a label"),
        utc_offset: 28_800,
        holidays: vec![20_727, 20_728],
        sessions: vec![
            Session {
                days: 0b001_1111,
                not_before_holidays: false,
                steps: vec![
                    step(8, 3_300, phase(Phase::Auction)),
                    step(9, 0, phase(Phase::Continuous)),
                    step(15, 0, phase(Phase::Closed)),
                    step(15, 0, CalendarAction::Settle),
                ],
            },
            Session {
                days: 0b100_0001,
                not_before_holidays: true,
                steps: vec![
                    step(21, 0, phase(Phase::Continuous)),
                    step(26, 1_830, phase(Phase::Halted)),
                ],
            },
        ],
    };
    assert_eq!(spec.calendars[0], shanghai);
    assert_eq!((spec.calendars[1].utc_offset, spec.calendars[1].holidays.len()), (0, 0));
    assert_eq!(spec.instruments[0].rules.calendar, Some(1));
}

#[test]
fn a_calendar_lies_west_of_greenwich_too() {
    let west = CALENDAR.replace("+08:00", "-03:30");
    assert_eq!(with(&west).expect("a good configuration").calendars[0].utc_offset, -12_600);
}

#[test]
fn a_calendar_that_means_nothing_is_refused() {
    for (from, to, expected) in [
        (
            "name = \"shanghai\"",
            "name = \"utc\"",
            "17: calendar[1].name: expected a name no other calendar has, found \"utc\"",
        ),
        ("name = \"shanghai\"\n", "", "1: calendar[0].name: expected a value, found nothing"),
        (
            "name = \"utc\"",
            "name = \"\"",
            "17: calendar[1].name: expected a name of 1 to 39 bytes, found \"\"",
        ),
        (
            "name = \"utc\"",
            "zone = \"utc\"",
            "17: calendar[1].zone: expected one of name, utc_offset, holidays, session, found zone",
        ),
        (
            "[[calendar.session]]\nsteps = [{ at = \"00:00\", phase = \"continuous\" }]",
            "",
            "16: calendar[1].session: expected one [[calendar.session]] or more, found nothing",
        ),
        ("+08:00", "08:00", "3: calendar[0].utc_offset: expected an offset such as \"+08:00\""),
        ("+08:00", "+8", "3: calendar[0].utc_offset: expected an offset such as \"+08:00\""),
        ("+08:00", "+24:00", "3: calendar[0].utc_offset: expected an offset such as \"+08:00\""),
        ("+08:00", "+08:60", "3: calendar[0].utc_offset: expected an offset such as \"+08:00\""),
        (
            "\"2026-10-02\"",
            "\"2026-10-01\"",
            "4: calendar[0].holidays[1]: expected each holiday once, found \"2026-10-01\"",
        ),
        (
            "\"2026-10-02\"",
            "\"2026-02-29\"",
            "4: calendar[0].holidays[0]: expected a date in quotes such as",
        ),
        (
            "\"2026-10-02\"",
            "2026-10-02",
            "4: calendar[0].holidays[0]: expected a date in quotes such as",
        ),
        (
            "[\"sun\", \"mon\"]",
            "[]",
            "13: calendar[0].session[1].days: expected one day of the week or more, found an array",
        ),
        (
            "\"sun\"",
            "\"mon\"",
            "13: calendar[0].session[1].days[1]: expected each day once, found \"mon\"",
        ),
        (
            "\"sun\"",
            "\"Sunday\"",
            "13: calendar[0].session[1].days[0]: expected \"mon\" or \"tue\" or \"wed\" or \"thu\" or \"fri\" or \"sat\" or \"sun\", found \"Sunday\"",
        ),
        (
            "holidays = true",
            "holidays = \"yes\"",
            "14: calendar[0].session[1].not_before_holidays: expected true or false, found \"yes\"",
        ),
        (
            "not_before_holidays",
            "eves",
            "14: calendar[0].session[1].eves: expected one of days, not_before_holidays, steps, found eves",
        ),
        (
            "steps = [{ at = \"00:00\", phase = \"continuous\" }]",
            "",
            "18: calendar[1].session[0].steps: expected a value, found nothing",
        ),
        (
            "[{ at = \"00:00\", phase = \"continuous\" }]",
            "[]",
            "19: calendar[1].session[0].steps: expected one step or more, found an array",
        ),
        (
            "\"09:00\"",
            "\"08:54:59\"",
            "8: calendar[0].session[0].steps[1].at: expected steps in rising order of time, found \"08:54:59\"",
        ),
        (
            "\"26:30:30\"",
            "\"48:00\"",
            "15: calendar[0].session[1].steps[1].at: expected a time such as",
        ),
        ("\"09:00\"", "\"9:00\"", "8: calendar[0].session[0].steps[1].at: expected a time such as"),
        (
            "settle = true",
            "settle = false",
            "10: calendar[0].session[0].steps[3].settle: expected true, found false",
        ),
        (
            "settle = true",
            "settle = true, phase = \"closed\"",
            "10: calendar[0].session[0].steps[3].settle: expected a step with phase or settle, not both, found true",
        ),
        (
            ", settle = true",
            "",
            "10: calendar[0].session[0].steps[3].phase: expected a phase, or settle = true, found nothing",
        ),
        (
            "settle = true",
            "expire = true",
            "10: calendar[0].session[0].steps[3].expire: expected one of at, phase, settle, found expire",
        ),
        (
            "phase = \"halted\"",
            "phase = \"break\"",
            "15: calendar[0].session[1].steps[1].phase: expected \"continuous\" or",
        ),
    ] {
        assert!(CALENDAR.contains(from), "{from}");
        let error = with(&CALENDAR.replacen(from, to, 1)).expect_err(to);
        assert!(error.starts_with(&format!("E.toml:{expected}")), "{to:?} gave {error}");
    }
}
