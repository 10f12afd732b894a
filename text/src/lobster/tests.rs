//! LOBSTER's rows into commands, and which of the venue's executions the queue reproduces.

use super::*;
use crate::config::read_config;
use crate::recorded::{Reason, Step, ToldBy};

fn recording(messages: &str, book: Option<&str>) -> Result<Recording, Error> {
    Recording::read(("X_day_message_2.csv", messages), book.map(|text| ("book.csv", text)))
}

fn steps(messages: &str, book: Option<&str>) -> (Vec<Step>, crate::recorded::Tally) {
    let recording = recording(messages, book).expect("a good recording");
    let mut conversion = recording.convert();
    let steps = conversion.by_ref().collect();
    (steps, conversion.tally().clone())
}

/// The commands of a step, without what is the same in all of them.
fn words(step: &Step) -> Vec<String> {
    let word = |line: &[u8]| {
        let line = String::from_utf8_lossy(line).replace("\"symbol\":\"X\",", "");
        line.split_once("\"cmd\":").expect("a command").1.trim_end().to_owned()
    };
    step.commands.iter().map(|command| word(&command.line)).collect()
}

fn told_by(steps: &[Step]) -> Vec<ToldBy> {
    steps.iter().filter_map(|step| step.look.as_ref()).map(|look| look.told_by).collect()
}

#[test]
fn messages_become_commands() {
    let messages = "34200.5,1,7,100,5000100,1
34200.5,2,7,40,5000100,1
34201.25,4,7,10,5000100,1
34202,5,0,99,5000150,1
34202,3,7,50,5000100,1
";
    let (steps, tally) = steps(messages, None);
    let lines: Vec<Vec<String>> = steps.iter().map(words).collect();
    assert_eq!(
        lines,
        [
            vec![
                r#""order","account":"market","id":"7","side":"buy","price":"500.01","qty":"100"}"#
            ],
            vec![r#""replace","account":"market","id":"7","price":"500.01","qty":"60"}"#],
            vec![
                r#""order","account":"taker","id":"x1","side":"sell","price":"500.01","qty":"10","tif":"ioc"}"#
            ],
            vec![],
            vec![r#""cancel","account":"market","id":"7"}"#],
        ]
    );
    assert!(steps[2].commands[0].line.starts_with(b"{\"ts\":34201250000000,"));
    assert_eq!((tally.get("hidden_executions"), tally.get("hidden_lots")), (1, 99));
    assert!(steps.iter().all(|step| step.missed.is_empty() && step.look.is_none()));
}

#[test]
fn a_halt_changes_the_phase() {
    let messages = "1,1,7,1,100,1\n2,7,0,0,-1,-1\n3,7,0,0,0,-1\n4,1,8,1,100,-1\n5,6,-1,1,100,1\n6,7,0,0,1,-1\n";
    let (steps, tally) = steps(messages, None);
    let phase = |phase: &str| format!("\"phase\",\"phase\":\"{phase}\"}}");
    assert_eq!(words(&steps[1]), [phase("halted")]);
    assert_eq!(words(&steps[2]), [phase("auction")]);
    // The cross is told by a message of its own: the older of the two orders is no longer there.
    assert_eq!(
        words(&steps[5]),
        [r#""cancel","account":"market","id":"7"}"#.to_owned(), phase("continuous")]
    );
    assert_eq!((tally.get("halt_messages"), tally.get("cross_trades")), (3, 1));
}

#[test]
fn the_book_before_the_first_message_is_its_row_with_the_message_undone() {
    // Asks 103 x 5 and 104 x 6, bids 100 x 1 (the message's) and 99 x 2 of order 3, which a later message cancels.
    let book = "1030000,5,1000000,1,1040000,6,990000,2\n1030000,5,1000000,1,1040000,6,980000,4\n";
    let (steps, tally) = steps("1,1,7,1,1000000,1\n2,3,3,2,990000,1\n", Some(book));
    assert_eq!(
        words(&steps[0]),
        [
            r#""order","account":"market","id":"3","side":"buy","price":"99","qty":"2"}"#,
            r#""order","account":"market","id":"rest-1","side":"sell","price":"103","qty":"5"}"#,
            r#""order","account":"market","id":"rest-2","side":"sell","price":"104","qty":"6"}"#,
            r#""order","account":"market","id":"7","side":"buy","price":"100","qty":"1"}"#,
        ]
    );
    // 98 comes into sight when 99 goes: taken from the row.
    assert_eq!(
        words(&steps[1]),
        [
            r#""cancel","account":"market","id":"3"}"#,
            r#""order","account":"market","id":"rest-3","side":"buy","price":"98","qty":"4"}"#,
        ]
    );
    assert_eq!(told_by(&steps), [ToldBy::Messages, ToldBy::Sight]);
    assert_eq!(tally.get("orders_before_recording"), 3);
    assert_eq!(tally.get("orders_come_into_sight"), 1);
}

#[test]
fn what_left_out_of_sight_is_cancelled_when_its_level_comes_back() {
    // One level a side. 99 goes out of sight behind 100 and comes back without order 7.
    let messages = "1,1,7,1,990000,1\n2,1,8,1,1000000,1\n3,3,8,1,1000000,1\n";
    let book = "1030000,5,990000,1\n1030000,5,1000000,1\n1030000,5,980000,9\n";
    let (steps, tally) = steps(messages, Some(book));
    assert_eq!(
        words(&steps[2]),
        [
            r#""cancel","account":"market","id":"8"}"#,
            r#""order","account":"market","id":"rest-2","side":"buy","price":"98","qty":"9"}"#,
            r#""cancel","account":"market","id":"7"}"#,
        ]
    );
    assert_eq!(told_by(&steps), [ToldBy::Messages, ToldBy::Messages, ToldBy::Sight]);
    assert_eq!(tally.get("orders_gone_out_of_sight"), 1);
}

#[test]
fn a_row_that_contradicts_the_messages_is_counted() {
    let book = "1030000,5,990000,1\n1030000,5,990000,3\n";
    let (steps, _) = steps("1,1,7,1,990000,1\n2,1,8,1,990000,1\n", Some(book));
    assert_eq!(told_by(&steps), [ToldBy::Messages, ToldBy::Neither]);
    let look = steps[1].look.as_ref().expect("a look");
    assert_eq!(look.bids.iter().map(|(_, qty)| qty.lots()).collect::<Vec<_>>(), [3]);
}

#[test]
fn an_execution_of_an_order_nobody_entered_is_missed() {
    let (steps, _) = steps("1,1,7,1,100,1\n2,4,3,1,90,1\n", None);
    assert_eq!(steps[1].missed[0].reason, Reason::UnknownOrder);
    assert_eq!(steps[1].missed[0].place, 2);
    assert!(steps[1].commands.is_empty());
}

#[test]
fn an_execution_behind_another_order_is_missed_and_cut() {
    let (steps, _) = steps("1,1,7,5,100,1\n2,1,8,5,100,1\n3,4,8,5,100,1\n4,4,7,5,100,1\n", None);
    let miss = steps[2].missed[0];
    assert_eq!((miss.reason, miss.front), (Reason::NotAtFront, Some(name("7"))));
    assert_eq!(words(&steps[2]), [r#""cancel","account":"market","id":"8"}"#]);
    // The next one is not missed for it.
    assert!(steps[3].missed.is_empty());
}

#[test]
fn more_than_was_known_of_an_order_is_an_iceberg() {
    let (steps, _) = steps("1,1,7,5,100,1\n2,4,7,8,100,1\n", None);
    assert_eq!(steps[1].missed[0].reason, Reason::HiddenQuantity);
    assert!(words(&steps[1])[0].contains(r#""qty":"5","tif":"ioc""#));
}

#[test]
fn the_configuration_is_one_replay_takes() {
    let book = "1030000,5,990000,1\n1030000,5,990000,1\n";
    let recording = recording("1,1,7,1,990000,1\n2,5,0,1,1010050,1\n", Some(book)).expect("good");
    let spec = read_config("x.toml", &recording.config()).expect("a good configuration");
    // 99 and 103 are multiples of one dollar; the hidden execution's price is no order's. Their middle is 101.
    let instrument = &spec.instruments[0];
    assert_eq!((instrument.tick_size.mantissa, instrument.tick_size.decimals), (1, 0));
    assert_eq!(instrument.prev_settlement.ticks(), 101);
    assert_eq!(instrument.symbol.as_str(), "X");
}

#[test]
fn the_book_file_stands_beside_the_message_file() {
    assert_eq!(book_file("a/X_message_10.csv.gz").as_deref(), Some("a/X_orderbook_10.csv.gz"));
    assert_eq!(book_file("a_message_/x.csv"), None);
    assert_eq!(book_file("x.csv"), None);
}

#[test]
fn what_is_no_message_is_refused_by_line_and_column() {
    let file = "X_day_message_2.csv";
    for (row, expected) in [
        ("", "row: expected 6 columns"),
        ("1,1,7,1,100", "row: expected 6 columns"),
        ("1,1,7,1,100,1,a,b", "row: expected 6 columns"),
        ("1.0000000001,1,7,1,100,1", "time: expected seconds since midnight"),
        ("-1,1,7,1,100,1", "time: expected seconds since midnight"),
        (",1,7,1,100,1", "time: expected seconds since midnight"),
        ("1,8,7,1,100,1", "type: expected 1 to 7, found 8"),
        ("1,1,x,1,100,1", "order id: expected a whole number"),
        ("1,1,7,0,100,1", "size: expected a whole number above 0"),
        ("1,1,7,1099511627776,100,1", "size: expected a whole number above 0"),
        ("1,1,7,1,0,1", "price: expected a price x 10,000, 1 to 10^12, found 0"),
        ("1,1,7,1,1000000000001,1", "price: expected a price x 10,000"),
        ("1,1,7,1,100,2", "direction: expected 1 or -1, found 2"),
        ("1,7,0,0,5,-1", "price: expected -1, 0 or 1 for a halt"),
        ("0,1,8,1,100,1", "time: expected a time not before the last"),
    ] {
        let error = recording(&format!("1,1,7,1,100,1\n{row}\n"), None).expect_err(row).to_string();
        assert!(error.starts_with(&format!("{file}:2: {expected}")), "{row}: {error}");
    }
    let empty = recording("", None).expect_err("empty").to_string();
    assert!(empty.starts_with(&format!("{file}:1: row: expected at least one message")), "{empty}");
    let hidden = recording("1,5,0,1,100,1\n", None).expect_err("nothing visible").to_string();
    assert!(
        hidden.contains("type: expected at least one message of type 1, 2, 3 or 4"),
        "{hidden}"
    );
    let far =
        recording("1,1,7,1,1,1\n1,1,8,1,1000000000000,1\n", None).expect_err("far").to_string();
    assert!(far.starts_with(&format!("{file}: price: expected prices within")), "{far}");
}

#[test]
fn what_is_no_row_of_the_book_is_refused_by_line_and_column() {
    for (row, expected) in [
        ("1,1,1", "book.csv:1: row: expected 4 columns a level"),
        ("200,1,100,1,300,1,90", "book.csv:1: row: expected 4 columns a level"),
        ("x,1,100,1", "book.csv:1: ask price: expected a price x 10,000"),
        ("200,1,100,0", "book.csv:1: bid size: expected a whole number above 0"),
        ("200,1,100,1,200,1,90,1", "book.csv:1: ask price: expected levels from the best"),
        ("200,1,100,1\n200,1,100,1", "book.csv: row: expected 1 rows"),
        ("", "book.csv: row: expected 1 rows"),
    ] {
        let error = recording("1,1,7,1,100,1\n", Some(row)).expect_err(row).to_string();
        assert!(error.starts_with(expected), "{row}: {error}");
    }
}

#[test]
fn a_side_without_levels_is_known_to_its_end() {
    let book = "9999999999,0,990000,1\n1030000,2,990000,1\n";
    let (steps, _) = steps("1,1,7,1,990000,1\n2,1,8,2,1030000,-1\n", Some(book));
    assert_eq!(told_by(&steps), [ToldBy::Messages, ToldBy::Messages]);
    assert!(steps[0].look.as_ref().is_some_and(|look| look.asks.is_empty()));
}
