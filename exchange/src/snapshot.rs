//! The whole state as bytes, and back; the state hash is taken over the same bytes.
//!
//! A snapshot is `PLIMSOLL`, the format version (u32, little-endian), XXH3-64 of the configuration, XXH3-128 of the payload,
//! then the payload: postcard of everything but caches. See docs/ARCHITECTURE.md.

use crate::corridor::Corridor;
use crate::day::Day;
use crate::days::Rung;
use crate::exchange::Exchange;
use crate::ids::{ClientIds, Names, Place};
use crate::index::Index;
use crate::indicative::Outcome;
use crate::limit_state::AtLimit;
use crate::log::Log;
use crate::market::Market;
use crate::orders::Records;
use crate::tape::{Print, Tape};
use crate::timers::{Alarm, Timers};
use crate::written::{Bytes, Hashed};
use plimsoll_matching::stops::Stops;
use plimsoll_matching::{Book, SavedBook};
use plimsoll_risk::{Case, Risk};
use plimsoll_types::{
    AccountId, Detector, ExchangeSpec, Handle, InstrumentId, InstrumentSpec, MarginRate, NewOrder,
    Permission, Phase, Price, ProfileId, Ratio, Schedule, Side, Ts,
};
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

const MAGIC: &[u8; 8] = b"PLIMSOLL";
const VERSION: u32 = 5;
const HEADER: usize = 8 + 4 + 8 + 16;

/// Why a snapshot could not be taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreError {
    /// Not a snapshot, cut short, or damaged.
    Damaged,
    /// A snapshot of another format version.
    Version(u32),
    /// Taken under another configuration.
    OtherConfiguration,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::Damaged => f.write_str("the snapshot is cut short or damaged"),
            RestoreError::Version(version) => {
                write!(f, "the snapshot has format version {version}, this program reads {VERSION}")
            }
            RestoreError::OtherConfiguration => {
                f.write_str("the snapshot was taken under another configuration")
            }
        }
    }
}

impl std::error::Error for RestoreError {}

/// A market's state. Lent where it is written, owned where it was read.
#[derive(Serialize, Deserialize)]
struct SavedMarket<'a> {
    book: SavedBook,
    records: Cow<'a, Records>,
    phase: Phase,
    phase_serial: u64,
    permission: Permission,
    price_limit: Option<Ratio>,
    index: Cow<'a, Index>,
    prev_settlement: Price,
    day: Cow<'a, Day>,
    rung: Rung,
    regular: [MarginRate; 2],
    at_limit: AtLimit,
    gone: bool,
    last: Option<Price>,
    traded: u128,
    waiting: Cow<'a, [Handle]>,
    waits: Cow<'a, BTreeMap<u32, NewOrder>>,
    corridor: Cow<'a, Option<Corridor>>,
    said: Outcome,
}

/// The whole state, likewise.
#[derive(Serialize, Deserialize)]
struct Saved<'a> {
    log: Log,
    tape: Vec<Print>,
    listed: Cow<'a, [InstrumentSpec]>,
    markets: Vec<SavedMarket<'a>>,
    risk: Cow<'a, Risk>,
    timers: Vec<(Ts, u64, Alarm)>,
    timer_serial: u64,
    cases: Vec<Cow<'a, Case>>,
    cases_opened: u32,
    schedules: Cow<'a, BTreeMap<u32, Schedule>>,
    schedules_made: u32,
    numbers: u64,
    arrivals: u64,
}

impl Market {
    fn saved(&self) -> SavedMarket<'_> {
        SavedMarket {
            book: self.book.save(),
            records: Cow::Borrowed(&self.records),
            phase: self.phase,
            phase_serial: self.phase_serial,
            permission: self.permission,
            price_limit: self.price_limit,
            index: Cow::Borrowed(&self.index),
            prev_settlement: self.prev_settlement,
            day: Cow::Borrowed(&self.day),
            rung: self.rung,
            regular: self.regular,
            at_limit: self.at_limit,
            gone: self.gone,
            last: self.last,
            traded: self.traded,
            waiting: Cow::Borrowed(&self.waiting),
            waits: Cow::Borrowed(&self.waits),
            corridor: Cow::Borrowed(&self.corridor),
            said: self.said,
        }
    }
}

impl Exchange {
    /// Writes the payload: the bytes of a snapshot and of the state hash.
    fn write<F: Flavor>(&self, to: F) -> F::Output {
        let saved = Saved {
            log: Log { seq: self.log.seq, now: self.log.now, events: Vec::new() },
            tape: self.tape.sorted(),
            listed: Cow::Borrowed(&self.spec.instruments[self.configured..]),
            markets: self.markets.iter().map(Market::saved).collect(),
            risk: Cow::Borrowed(&self.risk),
            timers: self.timers.sorted(),
            timer_serial: self.timers.serial(),
            cases: self.cases.values().map(Cow::Borrowed).collect(),
            cases_opened: self.cases_opened,
            schedules: Cow::Borrowed(&self.schedules),
            schedules_made: self.schedules_made,
            numbers: self.numbers,
            arrivals: self.arrivals,
        };
        match postcard::serialize_with_flavor(&saved, to) {
            Ok(output) => output,
            Err(error) => plimsoll_types::broken(format_args!("state does not serialise: {error}")),
        }
    }

    /// XXH3-128 of the whole state. Cost: O(accounts + orders); the bytes pass through a small buffer.
    pub fn state_hash(&self) -> u128 {
        self.write(Hashed::new())
    }

    /// The whole state as bytes. Cost: O(accounts + orders); no copy of the state but these bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&configuration_hash(&self.configuration()).to_le_bytes());
        bytes.extend_from_slice(&[0; 16]);
        let mut bytes = self.write(Bytes(bytes));
        let checksum = xxh3_128(&bytes[HEADER..]);
        bytes[HEADER - 16..HEADER].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Takes a snapshot up again under the configuration it was taken under.
    ///
    /// Errors: [`RestoreError`], where the bytes are no whole snapshot of this version and configuration.
    pub fn restore(spec: ExchangeSpec, bytes: &[u8]) -> Result<Exchange, RestoreError> {
        let (configuration, payload) = open(bytes)?;
        if configuration_hash(&spec) != configuration {
            return Err(RestoreError::OtherConfiguration);
        }
        let saved: Saved<'_> = postcard::from_bytes(payload).map_err(|_| RestoreError::Damaged)?;
        let sound = saved.markets.len() == spec.instruments.len() + saved.listed.len()
            && saved.markets.iter().all(|market| Book::is_sound(&market.book))
            && saved.markets.iter().all(|market| market.records.is_sound());
        let records = saved.risk.all_positions().len();
        let placed = saved.markets.iter().all(|market| market.records.are_within(records));
        if !sound || !placed || !saved.risk.is_sound(saved.markets.len()) {
            return Err(RestoreError::Damaged);
        }
        Ok(Exchange::take_up(spec, saved))
    }

    fn take_up(mut spec: ExchangeSpec, saved: Saved<'_>) -> Exchange {
        let configured = spec.instruments.len();
        spec.instruments.extend(saved.listed.into_owned());
        let mut markets: Vec<Market> = saved
            .markets
            .into_iter()
            .enumerate()
            .map(|(index, market)| Market {
                id: InstrumentId(index as u16),
                book: Book::restore(market.book),
                stops: stops_of(&market.waits, &market.records),
                records: market.records.into_owned(),
                phase: market.phase,
                close_first: false,
                phase_serial: market.phase_serial,
                permission: market.permission,
                lots_limit: u64::MAX,
                report_at: u64::MAX,
                price_limit: market.price_limit,
                index: market.index.into_owned(),
                mark_cap: None,
                prev_settlement: market.prev_settlement,
                day: market.day.into_owned(),
                rung: market.rung,
                regular: market.regular,
                at_limit: market.at_limit,
                gone: market.gone,
                last: market.last,
                traded: market.traded,
                waiting: market.waiting.into_owned(),
                waits: market.waits.into_owned(),
                corridor: market.corridor.into_owned(),
                said: market.said,
                unsaid: true,
                changed: false,
                parked: Default::default(),
                queueing: BTreeSet::new(),
            })
            .collect();
        for (market, spec) in markets.iter_mut().zip(&spec.instruments) {
            market.obey(spec);
        }
        let mut risk = saved.risk.into_owned();
        risk.after_restore(spec.detector);
        let mut names = Names::with_capacity(risk.account_count());
        for id in (0..risk.account_count() as u32).map(AccountId) {
            if risk.pocket(id).is_none() {
                names.insert(id, |id| risk.name_bytes(id));
            }
        }
        let mut ids = ClientIds::default();
        for market in &markets {
            for side in [Side::Buy, Side::Sell] {
                let at_market = market.book.market_orders(side);
                let limits = market.book.levels(side);
                let resting = limits.flat_map(|(price, _)| market.book.queue(side, Some(price)));
                let waiting = market.waits.iter().filter(|(_, order)| order.side == side);
                let waiting = waiting.map(|(&slot, _)| slot);
                for slot in resting.chain(at_market).chain(waiting) {
                    let record = &market.records[slot];
                    if let Some(id) = market.records.client_id(slot) {
                        let account = risk.position(record.position).owner();
                        ids.insert(account, id, Place { instrument: market.id, slot });
                    }
                }
            }
        }
        let called = markets.iter().filter(|market| market.phase.is_call()).count() as u32;
        let mut exchange = Exchange {
            configured,
            log: saved.log,
            tape: Tape::from_sorted(saved.tape, spec.bust_window),
            spec,
            markets,
            risk,
            ids,
            names,
            timers: Timers::from_sorted(saved.timers, saved.timer_serial),
            cases: saved.cases.into_iter().map(|case| (case.id.0, case.into_owned())).collect(),
            cases_opened: saved.cases_opened,
            schedules: saved.schedules.into_owned(),
            schedules_made: saved.schedules_made,
            agenda: BTreeSet::new(),
            asking: BTreeSet::new(),
            breaches: Default::default(),
            fund_rules: ProfileId::UNLIMITED,
            cover: None,
            numbers: saved.numbers,
            arrivals: saved.arrivals,
            triggered: VecDeque::new(),
            called,
            suspects: Vec::new(),
            changed: Vec::with_capacity(1 << 10),
            attentive: false,
            attended: 0,
            stirred: Vec::new(),
        };
        exchange.attended = exchange.log.seq;
        exchange.refresh_attention();
        for case in exchange.cases.values().cloned().collect::<Vec<_>>() {
            exchange.start_waiting(&case);
        }
        exchange
    }
}

/// The triggers of waiting orders, found again from the orders.
fn stops_of(waits: &BTreeMap<u32, NewOrder>, records: &Records) -> Stops {
    let mut stops = Stops::default();
    for (&slot, order) in waits {
        if let Some(trigger) = order.trigger {
            stops.insert(order.side, trigger, records[slot].arrival, slot);
        }
    }
    stops
}

/// A snapshot's configuration and payload, once its checksum has been seen to be right.
fn open(bytes: &[u8]) -> Result<(u64, &[u8]), RestoreError> {
    let (magic, rest) = bytes.split_at_checked(8).ok_or(RestoreError::Damaged)?;
    let (version, rest) = rest.split_first_chunk::<4>().ok_or(RestoreError::Damaged)?;
    if magic != MAGIC {
        return Err(RestoreError::Damaged);
    }
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(RestoreError::Version(version));
    }
    let (configuration, rest) = rest.split_first_chunk::<8>().ok_or(RestoreError::Damaged)?;
    let (checksum, payload) = rest.split_first_chunk::<16>().ok_or(RestoreError::Damaged)?;
    match xxh3_128(payload) == u128::from_le_bytes(*checksum) {
        true => Ok((u64::from_le_bytes(*configuration), payload)),
        false => Err(RestoreError::Damaged),
    }
}

/// Looks whether a snapshot is one of this version and whole, without taking it up. Gives the hash of its configuration.
///
/// Errors: [`RestoreError::Damaged`], [`RestoreError::Version`].
pub fn check_snapshot(bytes: &[u8]) -> Result<u64, RestoreError> {
    Ok(open(bytes)?.0)
}

/// What snapshots and journals know a configuration by: as it was loaded, without instruments listed since.
///
/// Who looks for breaches how is no part of what happens: a snapshot taken with one detector goes on with the other.
pub fn configuration_hash(spec: &ExchangeSpec) -> u64 {
    let spec = ExchangeSpec { detector: Detector::default(), ..spec.clone() };
    match postcard::to_allocvec(&spec) {
        Ok(bytes) => xxh3_64(&bytes),
        Err(error) => plimsoll_types::broken(format_args!("configuration: {error}")),
    }
}
