//! Sessions written by hand, message by message, and what becomes of files that are none.

mod encoder;

use super::*;
use crate::config::read_config;
use crate::recorded::{Reason, Step};
use crate::r#where::Error;
use encoder::Encoder;
use plimsoll_types::Label;

/// A conversion of a whole file.
fn convert(bytes: &[u8], symbols: &[Label]) -> Result<(Survey, Vec<Step>, Conversion), Error> {
    let mut first = bytes;
    let survey = Survey::read(&mut Messages::new("x.itch", &mut first), symbols)?;
    let mut conversion = Conversion::new(&survey);
    let mut second = bytes;
    let mut messages = Messages::new("x.itch", &mut second);
    let mut steps = Vec::new();
    while let Some(step) = conversion.next(&mut messages)? {
        steps.push(step);
    }
    Ok((survey, steps, conversion))
}

/// The commands without their times and their common fields.
fn lines(steps: &[Step]) -> Vec<String> {
    let commands = steps.iter().flat_map(|step| &step.commands);
    commands
        .map(|command| {
            let line = String::from_utf8(command.line.clone()).expect("UTF-8");
            let (_, rest) = line.split_once("\"cmd\":").expect("a command");
            rest.trim_end().replace(",\"symbol\":\"ACME\"", "").replace('"', "")
        })
        .collect()
}

fn session() -> Encoder {
    let mut day = Encoder::default();
    day.message(b'S', &[b"O"]).listed().state(b'T');
    day.add(1, b'B', 100, 100_0000).add_of_member(2, b'B', 50, 100_0000).add(3, b'S', 70, 100_0500);
    day.executed(1, 40).executed(2, 10).cancel(1, 20).replace(3, 4, 30, 100_0200);
    day.executed_at(4, 10, b'Y', 100_0200).delete(1).executed(2, 50).delete(9).executed(9, 5);
    day
}

#[test]
fn a_session_becomes_commands_and_misses_are_told() {
    let (survey, steps, conversion) = convert(&session().bytes, &[]).expect("good");
    let expected = [
        "order,account:market,id:1,side:buy,price:100,qty:100}",
        "order,account:market,id:2,side:buy,price:100,qty:50}",
        "order,account:market,id:3,side:sell,price:100.05,qty:70}",
        "order,account:taker,id:x1,side:sell,price:100,qty:40,tif:ioc}",
        // The second in line was executed before the first: cut, not traded.
        "replace,account:market,id:2,price:100,qty:40}",
        "replace,account:market,id:1,price:100,qty:40}",
        "cancel,account:market,id:3}",
        "order,account:market,id:4,side:sell,price:100.02,qty:30}",
        "order,account:taker,id:x2,side:buy,price:100.02,qty:10,tif:ioc}",
        "cancel,account:market,id:1}",
        // More than it showed: what it showed is traded.
        "order,account:taker,id:x3,side:sell,price:100,qty:40,tif:ioc}",
    ];
    assert_eq!(lines(&steps), expected);
    let missed: Vec<(Reason, u64)> =
        steps.iter().flat_map(|step| &step.missed).map(|miss| (miss.reason, miss.place)).collect();
    let wanted =
        [(Reason::NotAtFront, 8), (Reason::HiddenQuantity, 13), (Reason::UnknownOrder, 15)];
    assert_eq!(missed, wanted);
    let tally = conversion.tally();
    let counts = ["executions", "executions_with_price", "cancels_of_unknown_orders"];
    assert_eq!(counts.map(|what| tally.get(what)), [5, 1, 1]);
    assert_eq!(tally.get("messages_beside_the_book"), 2);
    let spec = read_config("x.toml", &survey.config()).expect("a good configuration");
    // All prices are multiples of a cent; the first order stands in for the previous settlement.
    assert_eq!(spec.instruments[0].prev_settlement.ticks(), 10_000);
}

#[test]
fn a_halt_gathers_orders_and_its_cross_cuts_them() {
    let mut day = Encoder::default();
    day.add(1, b'B', 100, 100_0000).add(2, b'S', 100, 101_0000).state(b'H').state(b'Q');
    day.add(3, b'S', 30, 99_0000).cross(30, 100_0000).executed_at(1, 30, b'N', 100_0000);
    day.executed_at(3, 30, b'N', 100_0000).state(b'T').executed(1, 70);
    let (survey, steps, conversion) = convert(&day.bytes, &[]).expect("good");
    let expected = [
        "order,account:market,id:1,side:buy,price:100,qty:100}",
        "order,account:market,id:2,side:sell,price:101,qty:100}",
        "phase,phase:auction}",
        "order,account:market,id:3,side:sell,price:99,qty:30}",
        "replace,account:market,id:1,price:100,qty:70}",
        "cancel,account:market,id:3}",
        "phase,phase:continuous}",
        "order,account:taker,id:x1,side:sell,price:100,qty:70,tif:ioc}",
    ];
    assert_eq!(lines(&steps), expected);
    let reasons: Vec<Reason> =
        steps.iter().flat_map(|step| &step.missed).map(|miss| miss.reason).collect();
    assert_eq!(reasons, [Reason::Uncross; 2]);
    assert_eq!(
        (conversion.tally().get("cross_trades"), conversion.tally().get("cross_lots")),
        (1, 30)
    );
    // The cross stands in for the previous settlement.
    assert!(survey.config().contains("prev_settlement = \"100\""), "{}", survey.config());
}

#[test]
fn only_the_stocks_asked_for_are_converted() {
    let mut day = session();
    let other = Encoder::default().add(77, b'B', 5, 9_9900).bytes.clone();
    // The same message of stock 8, named OTHER.
    let mut other = other[2..].to_vec();
    other[2] = 8;
    other[24..32].copy_from_slice(b"OTHER   ");
    day.raw(&other);
    let label = |text: &str| Label::new(text).expect("short");
    let (all, ..) = convert(&day.bytes, &[]).expect("good");
    assert_eq!(all.symbols().collect::<Vec<_>>(), [label("ACME"), label("OTHER")]);
    let (one, steps, conversion) = convert(&day.bytes, &[label("OTHER")]).expect("good");
    assert_eq!(one.symbols().collect::<Vec<_>>(), [label("OTHER")]);
    assert_eq!(lines(&steps).len(), 1);
    assert_eq!(conversion.tally().get("messages_of_other_stocks"), 15);
    let error = convert(&day.bytes, &[label("NONE")]).err().expect("no such stock").to_string();
    assert_eq!(error, "x.itch: symbol: expected a stock with orders, found NONE");
}

#[test]
fn messages_of_unknown_types_are_skipped_and_counted() {
    let mut day = session();
    day.raw(b"z").raw(&[b'9'; 300]).add(50, b'B', 1, 90_0000);
    let (_, steps, conversion) = convert(&day.bytes, &[]).expect("good");
    assert_eq!(conversion.tally().get("messages_of_unknown_type"), 2);
    assert_eq!(lines(&steps).len(), 12);
}

#[test]
fn a_file_cut_at_any_byte_is_a_shorter_file_or_one_line() {
    let bytes = session().bytes;
    let mut ends = vec![0];
    while let Some(length) = bytes.get(ends[ends.len() - 1]..).and_then(|rest| rest.first_chunk()) {
        ends.push(ends[ends.len() - 1] + 2 + usize::from(u16::from_be_bytes(*length)));
    }
    for cut in 0..bytes.len() {
        let result = convert(&bytes[..cut], &[]);
        let with_orders = cut >= ends[4];
        match result {
            Ok(_) => assert!(ends.contains(&cut) && with_orders, "{cut}"),
            Err(error) => {
                let error = error.to_string();
                assert!(!ends.contains(&cut) || !with_orders, "{cut}: {error}");
                assert_eq!(error.lines().count(), 1, "{cut}");
                let cut_short = error.starts_with("x.itch: byte ") && error.contains("cut short");
                assert!(cut_short || error.contains("at least one order"), "{cut}: {error}");
            }
        }
    }
}

#[test]
fn any_byte_turned_is_read_or_refused_in_one_line() {
    let bytes = session().bytes;
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            if let Err(error) = convert(&bytes, &[]) {
                assert_eq!(error.to_string().lines().count(), 1, "{at}: {error}");
            }
        }
    }
}

#[test]
fn wrong_lengths_and_words_name_byte_and_field() {
    let mut short = Encoder::default();
    short.message(b'D', &[&[0; 7]]);
    let mut side = Encoder::default();
    side.add(1, b'X', 1, 1);
    let mut late = Encoder { ts: 200_000_000_000_000, ..Encoder::default() };
    late.delete(1);
    for (bytes, expected) in [
        (short.bytes, "x.itch: byte 0, message: expected 19 bytes of type D, found 18"),
        (side.bytes, "x.itch: byte 0, side: expected B or S, found X"),
        (late.bytes, "x.itch: byte 0, time: expected nanoseconds since midnight, found 2000000"),
        (vec![0, 0], "x.itch: byte 0, length: expected at least one byte, found 0"),
    ] {
        let error = convert(&bytes, &[]).err().expect("refused").to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
