//! A disk that fails where it is told to and forgets what was not synced; journals cut, flipped, overtaken.

use super::*;
use crate::batch::Batch;
pub(crate) use crate::house::Random;
use crate::house::{ANNA, MAKER, RB, engine, label, limit};
use crate::inbound::{Inbound, Once, UserId};
use crate::users::Limits;
use plimsoll_types::{Command, Money, NewOrder, OrderRef, Price, Qty, Side};
use std::fs;
use std::sync::Arc;

mod cuts;
mod faults;
mod faulty;

pub(crate) use faulty::{Fault, Faulty};

/// A directory of a test's own, gone with it.
pub(crate) struct Scratch(pub PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Scratch {
        let directory =
            std::env::temp_dir().join(format!("plimsoll.{}.{name}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).expect("a directory for temporary files");
        Scratch(directory)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What an engine did: its batches with their records, and its state's hash after each command, from before the first.
pub(crate) struct Story {
    pub batches: Vec<Arc<Batch>>,
    pub hashes: Vec<u128>,
}

/// Trades, cancels, replaces, deposits, copies and refusals, in batches of one to seven.
pub(crate) fn story(commands: u64, seed: u64) -> Story {
    let mut random = Random(seed);
    let mut engine = engine(Limits { order_quantity: Some(Qty::new(9)), ..Limits::default() });
    engine.keep_log();
    let mut hashes = vec![engine.exchange().state_hash()];
    let mut batches = Vec::new();
    while engine.number() < commands {
        let mut batch = Batch::default();
        for _ in 0..=random.below(7) {
            let number = engine.number();
            let once = Once::Sequence(number + random.below(2));
            let received = 1_000 * number + random.below(1_000_000);
            let (user, tag) = (UserId(1 + random.below(2) as u32), 0);
            let command = command(&mut random, number);
            engine.carry_out(&Inbound { received, user, once, tag, command }, &mut batch);
            if engine.number() > number {
                hashes.push(engine.exchange().state_hash());
            }
        }
        batches.push(Arc::new(batch));
    }
    Story { batches, hashes }
}

fn command(random: &mut Random, number: u64) -> Command {
    let account = if random.below(2) == 0 { ANNA } else { MAKER };
    let old = format!("o{}", number.saturating_sub(random.below(20)));
    let order = OrderRef::Client(label(&old));
    let ticks = 4_980 + random.below(40) as i64;
    match random.below(10) {
        0 | 1 => Command::Cancel { account, order },
        2 => {
            let price = Price::new(ticks).expect("a price");
            let qty = Qty::new(1 + random.below(5));
            Command::Replace { account, order, price, qty, trigger: None }
        }
        3 => Command::Deposit { account, amount: Money::new(100) },
        4 => Command::CancelAll { account, instrument: Some(RB), side: None },
        _ => {
            let side = if random.below(2) == 0 { Side::Buy } else { Side::Sell };
            let order = limit(account, &format!("o{number}"), side, ticks, 1 + random.below(10));
            Command::Order(NewOrder { post_only: random.below(4) == 0, ..order })
        }
    }
}

/// Small segments, synced always.
pub(crate) fn small(segment_bytes: u64) -> Options {
    Options { policy: Policy::Always, segment_bytes }
}

#[test]
fn the_header_and_a_mark_are_these_bytes() {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let header = SegmentHeader { first: 5, configuration: 6, salt: 7 };
    let expected = [
        "504c494d4a524e4c", // PLIMJRNL
        "0100000000000000", // version, nothing
        "0600000000000000", // configuration
        "0500000000000000", // first record
        "0700000000000000", // salt
        "0000000000000000",
        "0000000000000000",
        "00000000", // nothing
        "fddf271c", // checksum
    ];
    assert_eq!(hex(&header.bytes()), expected.concat());
    assert_eq!(SegmentHeader::read(&header.bytes()), Ok(header));
    let mark = segment::Mark { kind: segment::MarkKind::Seal, last: 8, at: 9, synced: 10 };
    let expected = [
        "75edf70a",         // checksum
        "2c000000",         // length: 44
        "0800000000000000", // last record
        "0900000000000000", // where it stands
        "0700000000000000", // salt
        "0a00000000000000", // synced
        "01",               // a seal
        "ff",               // a mark
        "0000",
    ];
    assert_eq!(hex(&mark.bytes(7)), expected.concat());
}
