//! The record's form pinned byte by byte, read back whatever it says, and refused whatever was done to it.

use super::*;
use crate::auth::to_hex;
use plimsoll_types::{
    AccountId, Handle, InstrumentId, Label, Money, NewOrder, Offset, OrderKind, OrderRef, Price,
    ProfileId, Qty, Reject, SelfMatch, Side, TimeInForce,
};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    /// A number of any length.
    fn word(&mut self) -> u64 {
        self.next() >> self.below(64)
    }

    fn price(&mut self) -> Price {
        Price::clamped(self.word() as i64 & i64::from(u32::MAX))
    }

    fn label(&mut self) -> Label {
        let len = 1 + self.below(Label::MAX_LEN as u64);
        let text: String = (0..len).map(|_| (b'!' + self.below(90) as u8) as char).collect();
        Label::new(&text).expect("a short text")
    }

    fn maybe<T>(&mut self, what: impl FnOnce(&mut Random) -> T) -> Option<T> {
        self.chance().then(|| what(self))
    }

    fn order_ref(&mut self) -> OrderRef {
        if self.chance() {
            return OrderRef::Client(self.label());
        }
        let (slot, generation) = (self.word() as u32, self.word() as u32);
        OrderRef::Handle(InstrumentId(self.word() as u16), Handle { slot, generation })
    }

    fn order(&mut self) -> NewOrder {
        let kinds = [
            OrderKind::Limit(self.price()),
            OrderKind::Market(None),
            OrderKind::Market(Some(self.price())),
        ];
        let lives = [
            TimeInForce::Gtc,
            TimeInForce::Ioc,
            TimeInForce::Fok,
            TimeInForce::Day,
            TimeInForce::Gtd(self.word()),
        ];
        let modes = [
            SelfMatch::None,
            SelfMatch::CancelNewest,
            SelfMatch::CancelOldest,
            SelfMatch::CancelBoth,
            SelfMatch::Decrement,
        ];
        let offsets = [None, Some(Offset::Open), Some(Offset::Close), Some(Offset::CloseToday)];
        NewOrder {
            account: AccountId(self.word() as u32),
            id: self.maybe(Random::label),
            instrument: InstrumentId(self.word() as u16),
            side: if self.chance() { Side::Buy } else { Side::Sell },
            offset: offsets[self.below(4) as usize],
            kind: kinds[self.below(3) as usize],
            trigger: self.maybe(Random::price),
            qty: Qty::new(self.word()),
            display: Qty::new(self.word() * self.below(2)),
            min_qty: Qty::new(self.word() * self.below(2)),
            tif: lives[self.below(5) as usize],
            post_only: self.chance(),
            reduce_only: self.chance(),
            self_match: modes[self.below(5) as usize],
        }
    }

    fn command(&mut self) -> Command {
        let account = AccountId(self.word() as u32);
        match self.below(8) {
            0 => Command::Cancel { account, order: self.order_ref() },
            1 => Command::Replace {
                account,
                order: self.order_ref(),
                price: self.price(),
                qty: Qty::new(self.word()),
                trigger: self.maybe(Random::price),
            },
            2 => Command::OpenAccount { name: self.label(), profile: ProfileId(3) },
            3 => Command::Deposit { account, amount: Money::new(-i128::from(self.word())) },
            4 => Command::Refused {
                account: self.maybe(Random::label),
                id: self.maybe(Random::label),
                reason: Reject::Collar,
            },
            5 => Command::Time,
            _ => Command::Order(self.order()),
        }
    }

    fn record(&mut self) -> Record {
        let once = match self.below(3) {
            0 => Once::Unmarked,
            1 => Once::Sequence(self.word()),
            _ => Once::Token(self.word()),
        };
        let (number, ts, user) = (self.word(), self.word(), self.word());
        Record { number, ts, user, once, command: self.command() }
    }
}

fn written(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Record { number, ts, user, once, command } = record;
    Record::write(&mut bytes, *number, *ts, *user, *once, command);
    bytes
}

#[test]
fn an_order_is_these_bytes() {
    let price = Price::new(5001).expect("a price");
    let mut order = NewOrder::limit(AccountId(7), InstrumentId(2), Side::Sell, price, Qty::new(3));
    order.id = Label::new("a1");
    order.tif = TimeInForce::Ioc;
    let command = Command::Order(order);
    let bytes =
        written(&Record { number: 9, ts: 1000, user: 11, once: Once::Sequence(4), command });
    let expected = [
        "2e4fdafe",         // checksum
        "42000000",         // length: 66
        "0900000000000000", // number
        "e803000000000000", // time
        "0b00000000000000", // user
        "0400000000000000", // its sequence number
        "01",               // by sequence
        "01",               // an order
        "0900",             // sell, ioc
        "07000000",         // account
        "89130000",         // price
        "0300000000000000", // quantity
        "0200",             // instrument
        "0200",             // bytes of the id
        "6131",             // a1
    ];
    assert_eq!(to_hex(&bytes), expected.concat());
}

#[test]
fn a_cancel_and_a_replace_are_these_bytes() {
    let (account, handle) = (AccountId(1), Handle { slot: 5, generation: 6 });
    let order = OrderRef::Handle(InstrumentId(3), handle);
    let cancel = Command::Cancel { account, order };
    let bytes =
        written(&Record { number: 1, ts: 2, user: 0, once: Once::Unmarked, command: cancel });
    let expected = "01000000" /* account */
        .to_owned()
        + "05000000"
        + "06000000"
        + "0300"
        + "0000";
    assert_eq!(to_hex(&bytes[HEADER..]), expected);
    assert_eq!(to_hex(&bytes[..8]), "9d1a72113c000000");
    let order = OrderRef::Client(Label::new("x").expect("a short text"));
    let (price, trigger) = (Price::new(16).expect("a price"), Price::new(17));
    let replace = Command::Replace { account, order, price, qty: Qty::new(18), trigger };
    let once = Once::Token(19);
    let bytes = written(&Record { number: 2, ts: 2, user: 0, once, command: replace });
    let expected = "01000000".to_owned()
        + "00000000" + "00000000" + "0000" // no handle, but an id
        + "0100" + "10000000" + "1200000000000000"
        + "78" + "11000000";
    assert_eq!(to_hex(&bytes[HEADER..]), expected);
    assert_eq!(to_hex(&bytes[32..HEADER]), "1300000000000000".to_owned() + "02" + "03" + "0100");
}

#[test]
fn records_read_back_as_they_were_one_behind_the_other() {
    let mut random = Random(1);
    let records: Vec<Record> = (0..20_000).map(|_| random.record()).collect();
    let bytes: Vec<u8> = records.iter().flat_map(written).collect();
    let mut rest = bytes.as_slice();
    for record in &records {
        let (found, after) = Record::read(rest).expect("a record");
        assert_eq!(found, *record);
        rest = after;
    }
    assert!(rest.is_empty());
}

#[test]
fn a_record_that_lost_its_end_or_a_bit_is_none() {
    let mut random = Random(2);
    for _ in 0..100 {
        let bytes = written(&random.record());
        for len in 0..bytes.len() {
            assert_eq!(Record::read(&bytes[..len]), None);
        }
        for bit in 0..8 * bytes.len() {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::read(&other), None, "bit {bit} of {}", to_hex(&bytes));
        }
    }
}

/// A forger who knows the checksum: whatever a record says, it is refused, or it is what would have been written.
#[test]
fn whatever_a_record_says_it_has_one_form() {
    let mut random = Random(3);
    let mut readable = 0;
    for _ in 0..200_000 {
        let mut bytes = written(&random.record());
        for _ in 0..=random.below(3) {
            let place = 40 + random.below(bytes.len() as u64 - 40) as usize;
            bytes[place] = random.word() as u8;
        }
        if random.below(8) == 0 {
            bytes.truncate(HEADER + random.below(bytes.len() as u64 - HEADER as u64 + 1) as usize);
        }
        let len = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&len.to_le_bytes());
        seal(&mut bytes);
        if let Some((record, rest)) = Record::read(&bytes) {
            assert!(rest.is_empty());
            readable += 1;
            // Postcard has several forms of some numbers; the layouts of our own have not.
            if bytes[41] != OTHER {
                assert_eq!(to_hex(&written(&record)), to_hex(&bytes));
            }
        }
    }
    assert!(readable > 10_000, "the forger has changed what is read: {readable}");
}
