//! Instruments that follow a calendar. Source: SEMANTICS 5.

use super::hall::{Hall, instrument};

/// Shanghai's hours: a day session that ends with a settlement, and a night session but for the eves of holidays.
const SHANGHAI: &str = r#"
[[calendar]]
name = "shanghai"
utc_offset = "+08:00"
holidays = ["2026-01-01", "2026-01-02"]
[[calendar.session]]
days = ["mon", "tue", "wed", "thu", "fri"]
steps = [
    { at = "08:55", phase = "auction" },
    { at = "08:59", phase = "no_cancel" },
    { at = "09:00", phase = "continuous" },
    { at = "15:00", phase = "closed" },
    { at = "15:00", settle = true },
]
[[calendar.session]]
days = ["mon", "tue", "wed", "thu", "fri"]
not_before_holidays = true
steps = [
    { at = "20:55", phase = "auction" },
    { at = "21:00", phase = "continuous" },
    { at = "26:30", phase = "halted" },
]
"#;

/// Nanoseconds.
const MINUTE: u64 = 60_000_000_000;

/// Nanoseconds of an hour and minute in Shanghai, counted from Monday, 29 December 2025.
fn shanghai(day: u64, hour: u64, minute: u64) -> u64 {
    // 2025-12-29T00:00+08:00.
    (1_766_937_600 + day * 86_400 + hour * 3_600 + minute * 60) * 1_000_000_000
}

#[test]
fn the_hours_are_those_of_shanghai() {
    // 2025-12-29T09:00:00+08:00 is 2025-12-29T01:00:00Z.
    assert_eq!(shanghai(0, 9, 0), 1_766_970_000_000_000_000);
}

#[test]
fn a_calendar_opens_closes_and_settles_through_nights_and_holidays() {
    let mut hall = Hall::new(&format!("{}{SHANGHAI}", instrument("RB", "calendar = \"shanghai\"")));
    let time = |ts: u64| format!("{{\"ts\":{ts},\"cmd\":\"time\"}}");
    let mut say = |ts: u64| {
        let told = hall.tell(&time(ts));
        let short = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).expect("an event");
            let nanos = event["ts"].as_u64().expect("a time") - shanghai(0, 0, 0);
            let (day, minute) = (nanos / MINUTE / 1_440, nanos / MINUTE % 1_440);
            // The phase, or that it was settled.
            let word = event["phase"].as_str().or(event["event"].as_str()).expect("a word");
            format!("{day} {:02}:{:02} {word}", minute / 60, minute % 60)
        };
        let lines = told.lines().filter(|line| line.contains("phase") || line.contains("settled"));
        lines.map(short).collect::<Vec<_>>().join(", ")
    };
    // The first command comes on Monday evening: the night's auction has begun.
    assert_eq!(say(shanghai(0, 20, 57)), "0 20:57 auction");
    assert_eq!(say(shanghai(1, 2, 30)), "0 21:00 continuous, 1 02:30 halted");
    // Tuesday, its night, and Wednesday, which has no night: Thursday and Friday are holidays.
    assert_eq!(
        say(shanghai(6, 0, 0)),
        "1 08:55 auction, 1 08:59 no_cancel, 1 09:00 continuous, 1 15:00 closed, 1 15:00 settled, \
         1 20:55 auction, 1 21:00 continuous, 2 02:30 halted, \
         2 08:55 auction, 2 08:59 no_cancel, 2 09:00 continuous, 2 15:00 closed, 2 15:00 settled"
    );
    assert_eq!(say(shanghai(7, 9, 0)), "7 08:55 auction, 7 08:59 no_cancel, 7 09:00 continuous");
}
