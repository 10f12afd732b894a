//! Books as streams tell them: whole at first, then what changed; who puts the changes in has the book exactly.

use super::hub::Hub;
use super::json::Json;
use super::topics::{Channel, Topic};
use crate::follower::Follower;
use plimsoll_exchange::Exchange;
use plimsoll_types::{InstrumentId, InstrumentSpec, Price, Qty, Side};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// A price and the lots there; no lots: the level is gone.
pub(super) type Level = (Price, Qty);

/// The levels of a book, or its best ones, as they were told last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    sides: [BTreeMap<Price, Qty>; 2],
    /// Number of the last event they hold.
    pub seq: u64,
}

impl Told {
    /// The book of an instrument as it stands: whole, or only its best levels. Cost: O(levels told).
    pub fn of(exchange: &Exchange, (channel, instrument): Topic) -> Told {
        let mut told = Told { seq: exchange.seq(), ..Told::default() };
        let Some(instrument) = instrument else { return told };
        let most = if channel == Channel::Quote { 1 } else { usize::MAX };
        for (levels, side) in told.sides.iter_mut().zip([Side::Buy, Side::Sell]) {
            exchange.depth(instrument, side, most, &mut |price, qty| {
                levels.insert(price, qty);
            });
        }
        told
    }

    /// What differs from `before`: bids and asks, each by rising price.
    pub fn since(&self, before: Option<&Told>) -> [Vec<Level>; 2] {
        let none = Told::default();
        let before = before.unwrap_or(&none);
        [0, 1].map(|side| {
            let (new, old) = (&self.sides[side], &before.sides[side]);
            let gone = old.keys().filter(|price| !new.contains_key(price));
            let mut changed: Vec<Level> = gone.map(|price| (*price, Qty::ZERO)).collect();
            let other = new.iter().filter(|(price, qty)| old.get(price) != Some(qty));
            changed.extend(other.map(|(price, qty)| (*price, *qty)));
            changed.sort_unstable_by_key(|(price, _)| *price);
            changed
        })
    }

    /// All levels, from the best.
    pub fn levels(&self) -> [Vec<Level>; 2] {
        let level = |(price, qty): (&Price, &Qty)| (*price, *qty);
        [self.sides[0].iter().rev().map(level).collect(), self.sides[1].iter().map(level).collect()]
    }
}

/// Bids and asks as the body of a message.
pub(super) fn write_levels(json: &mut Json, spec: &InstrumentSpec, [bids, asks]: &[Vec<Level>; 2]) {
    for (key, levels) in [("bids", bids), ("asks", asks)] {
        json.key(key).nested(b"[]", |json| {
            levels.iter().for_each(|level| json.level(spec, *level));
        });
    }
}

/// The best bid and ask as the body of a message.
pub(super) fn write_quote(json: &mut Json, spec: &InstrumentSpec, told: &Told) {
    for (key, levels) in [("bid", &told.levels()[0]), ("ask", &told.levels()[1])] {
        json.key(key);
        match levels.first() {
            Some(level) => json.level(spec, *level),
            None => json.raw(b"null"),
        }
    }
}

/// Tells the books that changed since the last time to those who listen. Does nothing while nothing happens.
///
/// Cost: O(levels) of the books somebody listens to, however many commands there were meanwhile.
pub(super) fn tell_changes(hub: &Hub, follower: &Follower) {
    if !hub.moved.swap(false, Ordering::AcqRel) {
        return;
    }
    // The follower first, then the topics: in the order in which the listener takes them.
    follower.read(|exchange| {
        let mut topics = hub.topics.lock();
        for topic in topics.books() {
            let levels = Told::of(exchange, topic);
            let told = levels.clone();
            let changed = topics.update(topic, levels);
            if changed.iter().all(Vec::is_empty) {
                continue;
            }
            let spec = spec_of(exchange, topic.1);
            topics.publish(exchange, topic, "diff", |json| {
                json.key("seq").whole(told.seq);
                match topic.0 {
                    Channel::Quote => write_quote(json, spec, &told),
                    _ => write_levels(json, spec, &changed),
                }
            });
        }
    });
}

/// The terms of a topic's instrument.
pub(super) fn spec_of(exchange: &Exchange, instrument: Option<InstrumentId>) -> &InstrumentSpec {
    match instrument.and_then(|id| exchange.spec().instruments.get(id.index())) {
        Some(spec) => spec,
        None => plimsoll_types::broken(format_args!("a book of no instrument: {instrument:?}")),
    }
}
