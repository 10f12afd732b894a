//! The fills that Shanghai's exchange made of a recorded day, stock by stock, and ours in the same words.

use flate2::read::GzDecoder;
use plimsoll_types::{EventKind, OrderId, Side, TradeKind};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What goes in, in ../shared/data.
pub const INPUTS: &str = "sse_l3/inputs.csv.gz";

/// A fill: its kind, both orders, the taker's side, price in cents and quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    pub kind: String,
    pub buy: String,
    pub sell: String,
    pub taker: String,
    pub cents: i64,
    pub qty: u64,
}

impl Fill {
    /// A trade of ours, its orders called by `name`; `None` for any other event.
    pub fn of(event: &EventKind, name: impl Fn(&OrderId) -> String) -> Option<Fill> {
        let EventKind::Trade { price, qty, maker_id, taker_id, side, kind, .. } = event else {
            return None;
        };
        let (buy, sell) = match side {
            Side::Buy => (taker_id, maker_id),
            Side::Sell => (maker_id, taker_id),
        };
        let (kind, taker) = match (kind, side) {
            (TradeKind::Auction, _) => ("auction", "-"),
            (_, Side::Buy) => ("cont", "B"),
            (_, Side::Sell) => ("cont", "S"),
        };
        Some(Fill {
            kind: kind.to_owned(),
            buy: name(buy),
            sell: name(sell),
            taker: taker.to_owned(),
            cents: price.ticks(),
            qty: qty.lots(),
        })
    }
}

/// The text of a packed file.
pub fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    let file = File::open(path).expect("the recording is readable");
    GzDecoder::new(file).read_to_string(&mut text).expect("the recording is gzip");
    text
}

/// The exchange's fills beside the inputs: by stock, in order, each behind the number of the input that caused it.
pub fn expected(inputs: &Path) -> BTreeMap<String, Vec<(u64, Fill)>> {
    let mut fills = BTreeMap::<String, Vec<(u64, Fill)>>::new();
    for line in unpacked(&inputs.with_file_name("expected_fills.csv.gz")).lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let [symbol, after_seq, _time, kind, buy, sell, taker, cents, qty] = columns[..] else {
            panic!("9 columns: {line}");
        };
        let fill = Fill {
            kind: kind.to_owned(),
            buy: buy.to_owned(),
            sell: sell.to_owned(),
            taker: taker.to_owned(),
            cents: cents.parse().expect("a number"),
            qty: qty.parse().expect("a number"),
        };
        let after_seq = after_seq.parse().expect("a number");
        fills.entry(symbol.to_owned()).or_default().push((after_seq, fill));
    }
    assert_eq!(fills.values().map(Vec::len).sum::<usize>(), 51_303);
    fills
}
