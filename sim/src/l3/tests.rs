//! Files written and read back, cut, and with every byte turned; a recording played with somebody else in the market.

use super::read::Recording;
use super::write::{About, Writer};
use super::{NAMED, Row};
use crate::flow::replayed::{Replayed, Touch};
use crate::{Ending, Outcome, Scenario, Stage, run};
use plimsoll_exchange::Exchange;
use plimsoll_text::recorded::{Action, Input};
use plimsoll_types::{Event, Label, Money, Phase, Price, Qty, Side, Ts};
use std::path::PathBuf;

const SECOND: Ts = 1_000_000_000;

const EXCHANGE: &str = "[exchange]\ncurrency = \"USD\"\nmoney_decimals = 2\n\n[[account]]\nname = \"me\"\n\
    profile = \"unlimited\"\n\n[[instrument]]\nsymbol = \"A\"\nkind = \"future\"\ntick_size = \"0.01\"\n\
    lot_size = \"1\"\nmultiplier = \"1\"\nprev_settlement = \"1\"\nmargin_initial = \"0\"\nmargin_maintenance = \"0\"\n";

fn label(text: &str) -> Label {
    Label::new(text).expect("short")
}

fn input(second: u64, action: Action, order: &str, side: Side, ticks: i64, lots: u64) -> Input {
    Input {
        order: Some(label(order)),
        side: Some(side),
        price: Price::new(ticks),
        qty: Qty::new(lots),
        ..Input::of_market(second * SECOND, label("A"), action, None)
    }
}

/// A minute in which 8 of the 10 lots of order 1 are executed, and the rest is cancelled.
fn minute() -> Vec<Input> {
    vec![
        input(0, Action::Add, "1", Side::Buy, 99, 10),
        input(0, Action::Add, "x-2", Side::Sell, 101, 5),
        input(20, Action::Execute, "1", Side::Buy, 99, 5),
        input(30, Action::Reduce, "x-2", Side::Sell, 101, 1),
        input(35, Action::Replace, "x-2", Side::Sell, 102, 6),
        input(40, Action::Execute, "1", Side::Buy, 99, 3),
        input(50, Action::Cancel, "1", Side::Buy, 99, 2),
        input(60, Action::Take, "3", Side::Buy, 102, 2),
    ]
}

/// The book of that minute after each row, by hand: bid, its lots, ask, its lots.
const TOUCHES: [(i64, u64, i64, u64); 8] = [
    (99, 10, 0, 0),
    (99, 10, 101, 5),
    (99, 5, 101, 5),
    (99, 5, 101, 4),
    (99, 5, 102, 6),
    (99, 2, 102, 6),
    (0, 0, 102, 6),
    (0, 0, 102, 4),
];

fn touch((bid, bid_depth, ask, ask_depth): (i64, u64, i64, u64)) -> Touch {
    Touch { bid: Price::new(bid), ask: Price::new(ask), bid_depth, ask_depth }
}

fn bytes() -> Vec<u8> {
    let about = About { exchange: EXCHANGE, source: "a test", symbols: &[label("A")] };
    let mut writer = Writer::new(Vec::new(), &about).expect("written");
    for (input, book) in minute().iter().zip(TOUCHES) {
        writer.push(input, Some(touch(book))).expect("written");
        if input.action == Action::Execute {
            writer.traded(&label("1"), input.qty.lots());
        }
    }
    writer.finish().expect("written")
}

/// A file of its own for each test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let name = format!("plimsoll-l3-{}-{name}.l3", std::process::id());
        Place(std::env::temp_dir().join(name))
    }

    fn holding(name: &str, bytes: &[u8]) -> Place {
        let place = Place::new(name);
        std::fs::write(&place.0, bytes).expect("written");
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn read(place: &Place) -> Result<(Recording, Vec<Row>), plimsoll_text::Error> {
    let mut recording = Recording::open(&place.0)?;
    let (mut rows, mut batch) = (Vec::new(), Vec::new());
    for at in 0..recording.batches() {
        recording.batch(at, &mut batch)?;
        rows.append(&mut batch);
    }
    Ok((recording, rows))
}

#[test]
fn what_was_written_is_read_back() {
    let (recording, rows) = read(&Place::holding("whole", &bytes())).expect("good");
    assert_eq!((recording.exchange(), recording.source()), (EXCHANGE, "a test"));
    assert_eq!(recording.names(), [label("x-2")]);
    assert_eq!((recording.rows(), recording.slots(), recording.times()), (8, 2, (0, 60 * SECOND)));
    for ((row, input), book) in rows.iter().zip(minute()).zip(TOUCHES) {
        let (slot, order) = match input.order.expect("an order").as_str() {
            "1" => (Some(0), 1),
            "x-2" => (Some(1), NAMED),
            _ => (None, 3),
        };
        let expected = Row {
            ts: input.ts,
            instrument: 0,
            action: input.action,
            slot,
            order: Some(order),
            side: input.side,
            price: input.price,
            qty: input.qty,
            phase: None,
            touch: Some(touch(book)),
        };
        assert_eq!(*row, expected);
    }
}

#[test]
fn a_slot_is_given_out_again_once_its_order_has_gone() {
    let about = About { exchange: "", source: "", symbols: &[label("A")] };
    let mut writer = Writer::new(Vec::new(), &about).expect("written");
    for n in 0..1000 {
        let order = n.to_string();
        writer.push(&input(n, Action::Add, &order, Side::Buy, 9, 2), None).expect("written");
        match n % 3 {
            0 => writer.traded(&label(&order), 2),
            1 => {
                let gone = input(n, Action::Cancel, &order, Side::Buy, 9, 2);
                writer.push(&gone, None).expect("written");
            }
            _ => {
                let gone = Input::of_market(n * SECOND, label("A"), Action::Clear, None);
                writer.push(&gone, None).expect("written");
            }
        }
    }
    let phase = Some(Phase::Closed);
    let end = Input::of_market(1000 * SECOND, label("A"), Action::Phase, phase);
    writer.push(&end, None).expect("written");
    let (recording, rows) =
        read(&Place::holding("slots", &writer.finish().expect("written"))).expect("good");
    assert_eq!(recording.slots(), 1);
    let last = rows.last().expect("rows");
    assert_eq!((last.phase, last.touch), (Some(Phase::Closed), None));
}

#[test]
fn a_file_cut_anywhere_is_refused_in_one_line() {
    let bytes = bytes();
    let place = Place::new("cut");
    for cut in 0..bytes.len() {
        std::fs::write(&place.0, &bytes[..cut]).expect("written");
        let error = read(&place).err().expect("cut").to_string();
        assert_eq!(error.lines().count(), 1, "{cut}: {error}");
        assert!(error.contains("-cut.l3: "), "{cut}: {error}");
    }
}

#[test]
fn any_byte_turned_is_refused_in_one_line_or_does_no_harm() {
    let good = bytes();
    // The same file without checksums, so that Arrow sees what has been turned.
    let mut open = good.clone();
    let at = open.windows(6).rposition(|bytes| bytes == b"crc32c").expect("the key");
    open[at] = b'q';
    for (bytes, guarded) in [(good, true), (open, false)] {
        let place = Place::new(if guarded { "guarded" } else { "open" });
        // All bytes and three ways of turning each take a minute: a few of them unless asked for all.
        let every = std::env::var_os("PLIMSOLL_L3_ALL_BYTES").map_or(37, |_| 1);
        let (mut refused, mut count) = (0, 0);
        for at in (0..3 * bytes.len()).step_by(every) {
            let (at, flip) = (at / 3, [0x01, 0x80, 0xff][at % 3]);
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            std::fs::write(&place.0, &bytes).expect("written");
            count += 1;
            if let Err(error) = read(&place) {
                refused += 1;
                assert_eq!(error.to_string().lines().count(), 1, "{at}: {error}");
            }
        }
        assert!(refused * 2 > count, "{refused} of {count}");
    }
}

/// Nobody looks on.
struct Alone;

impl Stage for Alone {
    fn events(&mut self, _: &Exchange, _: &[Event]) -> std::io::Result<()> {
        Ok(())
    }
}

/// Plays the minute on two days, with these commands of others besides.
fn play(name: &str, more: &str) -> (Outcome, Replayed) {
    let place = Place::holding(name, &bytes());
    let file = place.0.file_name().expect("a name").to_string_lossy().into_owned();
    let text = format!(
        "[simulation]\ntitle = \"x\"\nsample = \"10s\"\n[flow]\nl3 = {{ file = \"{file}\", repeat = 2 }}\n{more}{EXCHANGE}"
    );
    let beside = place.0.with_file_name("s.toml");
    let scenario = Scenario::read(&beside.to_string_lossy(), &text).expect("good");
    let outcome = run(&scenario, 1, &mut Alone).expect("runs");
    assert_eq!((&outcome.ending, outcome.imbalance), (&Ending::Complete, Money::ZERO));
    let replayed = outcome.recorded.clone().expect("a recording");
    (outcome, replayed)
}

#[test]
fn alone_in_the_market_a_recording_meets_itself_day_after_day() {
    let (outcome, replayed) = play("alone", "");
    assert_eq!(outcome.record.trades, 2 * 3);
    let expected = Replayed {
        rows: 16,
        executions: 4,
        executions_met: 4,
        execution_lots: 16,
        drift: replayed.drift,
        ..Replayed::default()
    };
    assert_eq!(replayed, expected);
    assert_eq!((replayed.drift.apart, replayed.drift.samples > 5), (0, true));
    assert_eq!(outcome.to, 86_400 * SECOND + 61 * SECOND);
}

#[test]
fn whoever_stands_before_the_named_order_is_filled_in_its_stead() {
    // A better bid of six lots takes the five of the first execution and one of the second, on the first day.
    let better = "[[at]]\nafter = \"10s\"\ncmd = \"order\"\naccount = \"me\"\nid = \"b\"\nsymbol = \"A\"\nside = \"buy\"\n\
        price = \"1\"\nqty = \"6\"\n";
    let (outcome, replayed) = play("better", better);
    let met = (replayed.executions, replayed.executions_met, replayed.lots_met_others);
    assert_eq!(met, (4, 2, 6), "{replayed:?}");
    // Order 1 keeps eight lots instead of two, which its cancel takes.
    assert_eq!((replayed.lots_missed, replayed.cancels_gone, replayed.rejected), (0, 0, 0));
    assert!(replayed.drift.apart > 0 && replayed.drift.ticks_max == 1, "{:?}", replayed.drift);
    assert!(outcome.record.trades > 6);
}

#[test]
fn what_others_took_is_not_cancelled_again() {
    // Everything that rests at 0.99 is sold into before the first execution.
    let eater = "[[at]]\nafter = \"10s\"\ncmd = \"order\"\naccount = \"me\"\nid = \"s\"\nsymbol = \"A\"\nside = \"sell\"\n\
        price = \"0.99\"\nqty = \"10\"\n";
    let (_, replayed) = play("eaten", eater);
    let met = (replayed.executions_missed(), replayed.lots_missed, replayed.cancels_gone);
    assert_eq!(met, (2, 8, 1), "{replayed:?}");
    assert!(replayed.drift.one_sided > 0);
}

#[test]
fn what_does_not_fit_the_scenario_is_named() {
    let place = Place::holding("fit", &bytes());
    let file = place.0.file_name().expect("a name").to_string_lossy().into_owned();
    let play = |flow: &str, exchange: &str| {
        let text = format!("[simulation]\ntitle = \"x\"\n[flow]\nl3 = {flow}\n{exchange}");
        let beside = place.0.with_file_name("s.toml");
        let scenario = Scenario::read(&beside.to_string_lossy(), &text)?;
        run(&scenario, 1, &mut Alone)
    };
    let whole = format!("{{ file = \"{file}\" }}");
    let coarse = EXCHANGE.replace("0.01", "0.05");
    for (flow, exchange, expected) in [
        (&whole, &coarse, "A.tick_size: expected 0.01 as in"),
        (&format!("{{ file = \"{file}\", symbol = \"B\" }}"), &EXCHANGE.into(), "(A), found B"),
        (
            &"{ file = \"none.l3\" }".into(),
            &EXCHANGE.into(),
            "none.l3: file: expected a readable file, found No such file or directory (os error 2) (recorded",
        ),
        (&format!("{{ file = \"{file}\", repeat = 0 }}"), &EXCHANGE.into(), "repeat: expected"),
        (&format!("{{ file = \"{file}\", days = 2 }}"), &EXCHANGE.into(), "days"),
    ] {
        let error = play(flow, exchange).expect_err("refused").to_string();
        assert!(error.contains(expected) && error.lines().count() == 1, "{error}");
    }
}
