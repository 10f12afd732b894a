//! Market by order from Databento, record by record, into commands.

use super::*;
use crate::config::read_config;
use crate::recorded::{Purpose, Reason, Step};
use ::dbn::encode::{DbnEncoder, EncodeRecord};
use ::dbn::{InstrumentDefMsg, MboMsg, Metadata, RecordHeader, SType, Schema, flags, rtype};
use std::ffi::c_char;

/// A price of one, in billionths.
const ONE: i64 = 1_000_000_000;

const FIRST: (u16, u32) = (1, 5);
const SECOND: (u16, u32) = (1, 6);

/// A record of a book: action and side as letters, order, price in billionths, quantity; an event of its own.
fn of(
    (publisher, instrument): (u16, u32),
    what: &str,
    order: u64,
    price: i64,
    size: u32,
) -> MboMsg {
    let letter = |at: usize| what.as_bytes()[at] as c_char;
    MboMsg {
        hd: RecordHeader::new::<MboMsg>(rtype::MBO, publisher, instrument, 10),
        order_id: order,
        price,
        size,
        action: letter(0),
        side: letter(1),
        flags: flags::LAST.into(),
        ..MboMsg::default()
    }
}

fn record(what: &str, order: u64, price: i64, size: u32) -> MboMsg {
    of(FIRST, what, order, price * ONE, size)
}

/// The records as one event.
fn event(records: impl IntoIterator<Item = MboMsg>) -> Vec<MboMsg> {
    let mut records: Vec<MboMsg> = records.into_iter().collect();
    let end = records.len() - 1;
    records[..end].iter_mut().for_each(|record| record.flags = 0.into());
    records
}

fn encoder() -> DbnEncoder<Vec<u8>> {
    let metadata = Metadata::builder()
        .dataset("GLBX.MDP3".to_owned())
        .schema(Some(Schema::Mbo))
        .start(0)
        .stype_in(Some(SType::RawSymbol))
        .stype_out(SType::InstrumentId)
        .build();
    DbnEncoder::new(Vec::new(), &metadata).expect("metadata")
}

fn file(records: &[MboMsg]) -> Vec<u8> {
    let mut encoder = encoder();
    encoder.encode_records(records).expect("records");
    encoder.get_ref().clone()
}

fn recording(records: &[MboMsg]) -> Result<Recording, Error> {
    Recording::read("x.dbn", &file(records))
}

fn steps(records: &[MboMsg]) -> (Vec<Step>, Tally) {
    let recording = recording(records).expect("a good recording");
    let mut conversion = recording.convert();
    let steps = conversion.by_ref().collect();
    (steps, conversion.tally().clone())
}

/// The commands of a step, without what is the same in all of them.
fn words(step: &Step) -> Vec<String> {
    let word = |line: &[u8]| {
        let line = String::from_utf8_lossy(line).replace("\"symbol\":\"5\",", "");
        line.split_once("\"cmd\":").expect("a command").1.trim_end().to_owned()
    };
    step.commands.iter().map(|command| word(&command.line)).collect()
}

fn reasons(steps: &[Step]) -> Vec<Reason> {
    steps.iter().flat_map(|step| &step.missed).map(|miss| miss.reason).collect()
}

/// How many commands of a step are executions.
fn executions(step: &Step) -> usize {
    let is = |purpose: &Purpose| matches!(purpose, Purpose::Execution(_));
    step.commands.iter().filter(|command| is(&command.purpose)).count()
}

#[test]
fn records_become_commands() {
    let (steps, tally) = steps(
        &[
            vec![record("AB", 1, 99, 5), record("AA", 2, 101, 5)],
            vec![record("MB", 1, 99, 4), record("MB", 1, 98, 4), record("CA", 2, 101, 5)],
            vec![of(FIRST, "RN", 0, ::dbn::UNDEF_PRICE, 0)],
        ]
        .concat(),
    );
    let lines: Vec<Vec<String>> = steps.iter().map(words).collect();
    assert_eq!(
        lines,
        [
            [r#""order","account":"market","id":"1","side":"buy","price":"99","qty":"5"}"#],
            [r#""order","account":"market","id":"2","side":"sell","price":"101","qty":"5"}"#],
            [r#""replace","account":"market","id":"1","price":"99","qty":"4"}"#],
            [r#""replace","account":"market","id":"1","price":"98","qty":"4"}"#],
            [r#""cancel","account":"market","id":"2"}"#],
            [r#""cancel_all","account":"market","symbol":"5"}"#],
        ]
    );
    assert_eq!((tally.get("cuts"), tally.get("replaces"), tally.get("books_cleared")), (1, 1, 1));
}

#[test]
fn a_fill_is_the_execution_and_the_change_after_it_tells_it_again() {
    let (steps, tally) = steps(
        &[
            vec![record("AA", 1, 100, 5), record("AA", 2, 100, 5)],
            event([
                record("TB", 9, 100, 7),
                record("FA", 1, 100, 5),
                record("FA", 2, 100, 2),
                record("CA", 1, 100, 5),
                record("MA", 2, 100, 3),
            ]),
            // Venues whose changes come as cancels: three lots are left after this.
            event([record("TB", 9, 100, 1), record("FA", 2, 100, 1), record("CA", 2, 100, 1)]),
        ]
        .concat(),
    );
    assert_eq!(
        words(&steps[2]),
        [
            r#""order","account":"taker","id":"x1","side":"buy","price":"100","qty":"5","tif":"ioc"}"#,
            r#""order","account":"taker","id":"x2","side":"buy","price":"100","qty":"2","tif":"ioc"}"#,
        ]
    );
    assert_eq!(words(&steps[3]).len(), 1);
    let look = steps[3].look.as_ref().expect("a look");
    assert_eq!((look.asks[0].1.lots(), look.orders), (2, Some(1)));
    assert_eq!((tally.get("executions"), tally.get("trades")), (3, 2));
    assert!(reasons(&steps).is_empty());
}

#[test]
fn the_takers_own_fill_is_no_execution_of_its_own() {
    // Order 2 is modified into the market: it is the taker, and its rest is what the modify says.
    let (steps, tally) = steps(
        &[
            vec![record("AA", 1, 101, 1), record("AB", 2, 100, 3)],
            event([
                record("TB", 2, 101, 1),
                record("FB", 2, 101, 1),
                record("FA", 1, 101, 1),
                record("MB", 2, 101, 2),
                record("CA", 1, 101, 1),
            ]),
        ]
        .concat(),
    );
    assert_eq!((executions(&steps[2]), tally.get("fills_of_takers")), (1, 1));
    assert!(
        words(&steps[2])[1]
            .contains(r#""replace","account":"market","id":"2","price":"101","qty":"2""#)
    );
}

#[test]
fn fills_of_one_trade_go_in_the_order_of_the_queue() {
    let (steps, tally) = steps(
        &[
            vec![record("AA", 1, 100, 1), record("AA", 2, 100, 1)],
            event([record("TB", 9, 100, 2), record("FA", 2, 100, 1), record("FA", 1, 100, 1)]),
        ]
        .concat(),
    );
    assert_eq!((executions(&steps[2]), tally.get("fills_out_of_order")), (2, 1));
    assert!(reasons(&steps).is_empty());
}

#[test]
fn an_order_in_front_that_the_event_cancels_unfilled_goes_first() {
    let (steps, tally) = steps(
        &[
            vec![record("AA", 1, 100, 1), record("AA", 2, 100, 1)],
            event([
                record("TB", 9, 100, 1),
                record("FA", 2, 100, 1),
                record("CA", 2, 100, 1),
                record("CA", 1, 100, 1),
            ]),
        ]
        .concat(),
    );
    assert_eq!(words(&steps[2])[0], r#""cancel","account":"market","id":"1"}"#);
    assert_eq!((words(&steps[2]).len(), executions(&steps[2])), (2, 1));
    assert_eq!(tally.get("executions_after_self_match"), 1);
}

#[test]
fn an_order_in_front_that_stays_is_a_miss() {
    let (steps, _) = steps(
        &[
            vec![record("AA", 1, 100, 1), record("AA", 2, 100, 1)],
            event([record("TB", 9, 100, 1), record("FA", 2, 100, 1), record("CA", 2, 100, 1)]),
        ]
        .concat(),
    );
    let miss = steps[2].missed[0];
    assert_eq!((miss.reason, miss.place), (Reason::NotAtFront, 4));
    assert_eq!(miss.front.map(|front| front.to_string()).as_deref(), Some("1"));
    assert_eq!(words(&steps[2]), [r#""cancel","account":"market","id":"2"}"#]);
}

#[test]
fn an_iceberg_is_traded_in_parts_and_missed_once() {
    // 2 of 12 lots showed; the next peak shows 3.
    let (steps, tally) = steps(
        &[
            vec![record("AA", 1, 100, 2)],
            event([record("TB", 9, 100, 12), record("FA", 1, 100, 12), record("MA", 1, 100, 3)]),
        ]
        .concat(),
    );
    assert_eq!(reasons(&steps), [Reason::HiddenQuantity]);
    assert_eq!(
        words(&steps[1]),
        [
            r#""order","account":"taker","id":"x1","side":"buy","price":"100","qty":"2","tif":"ioc"}"#,
            r#""order","account":"market","id":"1","side":"sell","price":"100","qty":"10"}"#,
            r#""order","account":"taker","id":"x2","side":"buy","price":"100","qty":"10","tif":"ioc"}"#,
            r#""order","account":"market","id":"1","side":"sell","price":"100","qty":"3"}"#,
        ]
    );
    assert_eq!((tally.get("peaks_shown"), executions(&steps[1])), (2, 0));
}

#[test]
fn a_peak_that_comes_back_stands_at_the_back() {
    let (steps, _) = steps(
        &[
            vec![record("AA", 1, 100, 2), record("AA", 2, 100, 1)],
            event([record("TB", 9, 100, 1), record("FA", 1, 100, 1), record("MA", 1, 100, 2)]),
            event([record("TB", 9, 100, 1), record("FA", 2, 100, 1), record("CA", 2, 100, 1)]),
        ]
        .concat(),
    );
    assert!(reasons(&steps).is_empty());
    assert_eq!(executions(&steps[3]), 1);
}

#[test]
fn a_trade_without_a_resting_order_came_from_another_book() {
    let (steps, tally) = steps(&[record("AA", 1, 100, 2), record("TB", 9, 100, 3)]);
    assert_eq!(reasons(&steps), [Reason::NoRestingOrder]);
    assert_eq!((tally.get("executions"), tally.get("lots_not_from_this_book")), (1, 3));
    assert!(steps[1].commands.is_empty());
}

#[test]
fn orders_that_cross_without_a_trade_are_in_an_auction() {
    let (steps, tally) = steps(
        &[
            vec![record("AA", 1, 100, 2), record("AB", 2, 101, 1), record("AB", 3, 99, 1)],
            // Three lots trade; order 8 was never seen, so it is the buyer of the two that 2 did not buy.
            event([
                record("TN", 0, 100, 2),
                record("FN", 1, 100, 2),
                record("FN", 2, 100, 1),
                record("FN", 8, 100, 1),
                record("CA", 1, 100, 2),
                record("CB", 2, 101, 1),
            ]),
            vec![record("MB", 3, 98, 1)],
        ]
        .concat(),
    );
    assert_eq!(words(&steps[1])[0], r#""phase","phase":"auction"}"#);
    assert_eq!(
        words(&steps[3]),
        [
            r#""order","account":"market","id":"8","side":"buy","type":"market","qty":"1"}"#,
            r#""phase","phase":"continuous"}"#,
        ]
    );
    let Purpose::Uncross { filled, others } = &steps[3].commands[1].purpose else {
        panic!("no uncross")
    };
    assert_eq!((filled.len(), others.len()), (2, 1));
    assert_eq!(reasons(&steps), [Reason::UnknownOrder]);
    assert_eq!((tally.get("auctions"), tally.get("executions")), (1, 3));
    let look = steps[4].look.as_ref().expect("a look");
    assert_eq!((look.asks.len(), look.bids.len()), (0, 1));
}

#[test]
fn orders_that_cross_their_owners_cancel_them() {
    let (steps, tally) = steps(
        &[vec![record("AA", 1, 100, 2)], event([record("AB", 2, 101, 1), record("CA", 1, 100, 2)])]
            .concat(),
    );
    assert_eq!(words(&steps[1])[0], r#""cancel","account":"market","id":"1"}"#);
    assert_eq!((tally.get("self_match_cancels"), tally.get("phases")), (1, 0));
    assert_eq!(tally.get("cancels_of_unknown_orders"), 0);
}

#[test]
fn a_trade_of_a_taker_ends_an_auction() {
    let (steps, tally) = steps(
        &[
            vec![record("AA", 1, 100, 2), record("AA", 2, 102, 2), record("AB", 3, 101, 1)],
            event([record("TB", 9, 102, 1), record("FA", 2, 102, 1), record("MA", 2, 102, 1)]),
        ]
        .concat(),
    );
    // Of 1 and 3, which cross, the older is taken out.
    assert_eq!(words(&steps[3])[0], r#""cancel","account":"market","id":"1"}"#);
    assert_eq!(words(&steps[3])[1], r#""phase","phase":"continuous"}"#);
    assert_eq!(tally.get("cancelled_in_the_way"), 1);
    assert!(reasons(&steps).is_empty());
}

#[test]
fn unknown_orders_are_counted() {
    let (steps, tally) = steps(&[
        record("AA", 1, 100, 2),
        record("CA", 2, 100, 2),
        record("MA", 3, 101, 2),
        record("FA", 4, 100, 2),
    ]);
    assert_eq!(tally.get("cancels_of_unknown_orders"), 1);
    assert_eq!(tally.get("modifies_of_unknown_orders"), 1);
    assert_eq!(words(&steps[2]).len(), 1, "a modify of an unknown order enters it");
    assert_eq!(reasons(&steps), [Reason::UnknownOrder]);
}

#[test]
fn instruments_are_books_of_their_own() {
    // A spread at -0.25 beside an outright at 100; the same order id in both.
    let records = [
        of(FIRST, "AB", 1, 100 * ONE, 1),
        of(SECOND, "AB", 1, -ONE / 4, 1),
        of(SECOND, "AA", 2, ONE / 2, 1),
    ];
    let recording = recording(&records).expect("good");
    assert_eq!(recording.symbols().map(|s| s.to_string()).collect::<Vec<_>>(), ["5", "6"]);
    let config = recording.config();
    let spec = read_config("x.toml", &config).expect("a good configuration");
    assert_eq!(spec.instruments[1].tick_size.mantissa, 25);
    assert!(config.contains("# Recorded prices plus 1: some are zero or less."), "{config}");
    let steps: Vec<Step> = recording.convert().collect();
    let line = String::from_utf8_lossy(&steps[1].commands[0].line).into_owned();
    assert!(line.contains(r#""id":"1-6-1","symbol":"6","side":"buy","price":"0.75""#), "{line}");
    assert_eq!(steps[1].look.as_ref().map(|look| look.instrument), Some(1));
}

#[test]
fn events_of_two_instruments_are_told_apart() {
    let mut open = of(FIRST, "AB", 1, 100 * ONE, 1);
    open.flags = 0.into();
    let records = [open, of(SECOND, "AB", 1, 90 * ONE, 1), of(FIRST, "AB", 2, 100 * ONE, 1)];
    let (steps, _) = steps(&records);
    assert_eq!(steps.iter().map(|step| step.commands.len()).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn an_event_that_the_file_leaves_open_is_taken_as_ended() {
    let mut open = record("AB", 1, 100, 1);
    open.flags = 0.into();
    let (steps, tally) = steps(&[open]);
    assert_eq!((steps.len(), tally.get("events_without_end")), (1, 1));
}

#[test]
fn the_tick_is_that_of_the_definition_where_it_fits() {
    for (defined, expected) in [(ONE / 4, 25), (ONE * 3, 1)] {
        let mut encoder = encoder();
        let definition = InstrumentDefMsg {
            hd: RecordHeader::new::<InstrumentDefMsg>(rtype::INSTRUMENT_DEF, 1, 5, 0),
            min_price_increment: defined,
            ..InstrumentDefMsg::default()
        };
        encoder.encode_record(&definition).expect("a record");
        encoder
            .encode_records(&[record("AB", 1, 100, 1), record("AA", 2, 101, 1)])
            .expect("records");
        let recording = Recording::read("x.dbn", encoder.get_ref()).expect("good");
        let spec = read_config("x.toml", &recording.config()).expect("a good configuration");
        assert_eq!(spec.instruments[0].tick_size.mantissa, expected);
        assert_eq!(recording.records(), 3);
    }
}

#[test]
fn what_is_no_order_is_passed_over_and_counted() {
    let with = |flag: u8| MboMsg { flags: (flag | flags::LAST).into(), ..record("AB", 1, 100, 1) };
    let (steps, tally) = steps(&[
        with(flags::TOB),
        with(flags::MBP),
        with(flags::SNAPSHOT),
        of(FIRST, "AB", 2, ::dbn::UNDEF_PRICE, 1),
        of(FIRST, "NN", 0, ::dbn::UNDEF_PRICE, 0),
    ]);
    assert_eq!(steps.iter().map(|step| step.commands.len()).sum::<usize>(), 1);
    for (what, count) in [
        ("aggregated_records", 2),
        ("snapshot_records", 1),
        ("orders_without_price", 1),
        ("records_without_action", 1),
    ] {
        assert_eq!(tally.get(what), count, "{what}");
    }
}

#[test]
fn frames_of_zstandard_are_read_one_after_another() {
    let plain = file(&[record("AB", 1, 100, 1), record("AB", 2, 100, 1)]);
    let pack = |bytes: &[u8]| {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    };
    let skipped =
        [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &pack(&plain[..50])].concat();
    let packed = [skipped, pack(&plain[50..])].concat();
    let recording = Recording::read("x.dbn.zst", &packed).expect("good");
    assert_eq!(recording.records(), 2);
    // A cut anywhere is an error, but at the end of the first frame none inside Zstandard.
    for cut in 0..packed.len() {
        let error = Recording::read("x", &packed[..cut]).expect_err("cut").to_string();
        assert!(error.starts_with("x:") && error.lines().count() == 1, "{cut}: {error}");
    }
}

#[test]
fn a_file_that_is_none_is_refused() {
    let good = file(&[record("AB", 1, 100, 1), record("AB", 2, 100, 1)]);
    let refused = |bytes: &[u8]| Recording::read("x", bytes).expect_err("refused").to_string();
    for (bytes, expected) in [
        (&b""[..], "x: file: expected DBN, plain or in Zstandard frames, found nothing"),
        (b"symbol,price\n", "x: file: expected DBN, plain or in Zstandard frames, found symbol,p"),
        (b"DBN", "x: metadata: expected that of DBN, found the end of the file"),
        (b"DBN\x03\xff\xff\xff\xff", "x: metadata: expected at most 268435456 bytes of metadata"),
        (&good[..60], "x: metadata: expected that of DBN, found the end of the file"),
        (&good[..good.len() - 1], "x:2: record: expected an undamaged DBN record, found the end"),
        (
            &good[..good.len() - 112],
            "x: record: expected at least one MBO record of an order, found none",
        ),
    ] {
        let error = refused(bytes);
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn what_is_no_record_is_refused_by_number_and_field() {
    for (bad, expected) in [
        (record("XB", 1, 100, 1), "x.dbn:2: action: expected A, C, M, R, T, F or N, found X"),
        (record("AX", 1, 100, 1), "x.dbn:2: side: expected A, B or N, found X"),
        (record("AN", 1, 100, 1), "x.dbn:2: side: expected A or B for an order, found N"),
        (record("AB", 1, 100, 0), "x.dbn:2: size: expected a quantity above 0, found 0"),
        (of(FIRST, "AB", 1, i64::MIN, 1), "x.dbn:2: price: expected a price within"),
        (of(FIRST, "FB", 1, ::dbn::UNDEF_PRICE, 1), "x.dbn:2: price: expected a price within"),
        (record("CB", 1, 100, u32::MAX), "x.dbn:2: size: expected a quantity above 0"),
    ] {
        let error = recording(&[record("AB", 7, 100, 1), bad]).expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let far = [of(FIRST, "AB", 1, 1, 1), of(FIRST, "AB", 2, 9 * ONE, 1)];
    let error = recording(&far).expect_err("far apart").to_string();
    assert!(error.starts_with("x.dbn: price: expected prices within 1073741824 ticks"), "{error}");
}

#[test]
fn no_damage_makes_it_panic() {
    let records = [record("AB", 1, 100, 1), record("TA", 2, 100, 1), record("FB", 1, 100, 1)];
    let good = file(&records);
    for at in 0..good.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            if let Ok(recording) = Recording::read("x", &bad) {
                assert!(recording.convert().count() <= records.len());
            }
        }
    }
}
