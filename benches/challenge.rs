//! The worst cases of the public matching-engine challenge as workloads: one message stream a scenario, made once from a seed.
//!
//! Source: flash1-dev/matching-engine-benchmark, docs/METHODOLOGY.md, whose flow this follows in our own words and numbers:
//! a mid price that walks; buys placed along the first half of its path and sells along the second, then shuffled into order of
//! arrival, so that an order may meet prices from anywhere on the path; distance from the mid by a power law with a hump; 15 %
//! immediate-or-cancel; 20 % of the others replaced; 95 % of them cancelled after an exponential life that grows with the square root
//! of the distance; some cancels and replaces sent again after the order has gone. The streams are not the challenge's byte
//! for byte. Floating point makes them, so they are the same on one platform; results carry their counts.

use crate::desk::{ByHandle, Desk, Message, Tif};
use crate::report::{Discard, NOBODY};
use crate::workload::Random;
use plimsoll_matching::Book;
use plimsoll_types::{Handle, Price, Side};

/// What a scenario is made of.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name in results.
    pub name: &'static str,
    /// How far from its start the mid price gets, as a share of it; it goes there on one side and no further on the other.
    pub swing: f64,
    /// Orders that rest before the first message; as one comes to stay, one of those that rest is cancelled, so the number holds.
    pub pile: usize,
    /// Microseconds between arrivals; `None` = an order arrives when the one before it has gone, as in the challenge.
    pub gap: Option<u64>,
    /// Of the random numbers; chosen for the book it leaves standing: see [`SCENARIOS`].
    pub seed: u64,
}

/// The five of the challenge, and one with lives that overlap, which the challenge does not have.
pub const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "walk", swing: 0.60, pile: 0, gap: None, seed: 7 },
    Scenario { name: "static", swing: 0.0, pile: 40_000, gap: None, seed: 7 },
    Scenario { name: "swing25", swing: 0.25, pile: 0, gap: None, seed: 92 },
    Scenario { name: "swing40", swing: 0.40, pile: 0, gap: None, seed: 137 },
    Scenario { name: "normal", swing: 0.02, pile: 0, gap: None, seed: 126 },
    Scenario { name: "crowd", swing: 0.02, pile: 0, gap: Some(1), seed: 126 },
];

/// Mid price at the start, ticks.
pub const START: i64 = 33_504;

/// The most messages of a stream: a challenge has a million orders, which is about as many.
pub const MESSAGES_MAX: usize = 2_000_000;

/// Steps of a price path.
const STEPS: usize = 1_000_000;
const LEVELS: usize = 800;
const EXPONENT: f64 = 2.2;
const HUMP_AT: f64 = 8.0;
const HUMP_HEIGHT: f64 = 5.0;
/// Median life of an order next to the mid, microseconds.
const LIFE: f64 = 431.0;

/// A scenario's messages: those that fill the book, then those that are measured.
pub struct Stream {
    /// Fill the book.
    pub setup: Vec<Message>,
    /// Are measured.
    pub messages: Vec<Message>,
    /// Orders it names: client ids are below this.
    pub orders: usize,
}

/// An empty book for a scenario: no band, for nobody knows where the price will go.
pub fn new_book(scenario: &Scenario) -> Book {
    Book::new(None, 4_096 + 2 * scenario.pile)
}

/// Makes a scenario's stream of `messages` by running it, so that every message names its order by the handle it last had.
pub fn stream(scenario: &Scenario, messages: usize) -> Stream {
    let mut random = Random::new(scenario.seed);
    let depths = Depths::new();
    let mut timeline =
        Timeline { random: &mut random, depths: &depths, events: Vec::new(), orders: 0, now: 0 };
    let drafts = timeline.drafts(scenario, messages);
    let mut standing: Vec<Draft> = drafts[..scenario.pile].to_vec();
    for (id, draft) in standing.iter_mut().enumerate() {
        draft.id = id as u32;
    }
    let mut setup: Vec<Message> = standing.iter().map(|draft| draft.message(Tif::Gtc)).collect();
    timeline.orders = scenario.pile as u32;
    for draft in &drafts[scenario.pile..] {
        timeline.live(*draft, scenario, &mut standing);
    }
    let Timeline { mut events, orders, .. } = timeline;
    events.sort_by_key(|event| event.0);
    let mut all: Vec<Message> = events.into_iter().map(|event| event.1).collect();
    all.truncate(messages);
    name_by_handle(scenario, &mut setup, &mut all, orders as usize);
    Stream { setup, messages: all, orders: orders as usize }
}

/// Gives each message the handle its order has when its turn comes.
fn name_by_handle(
    scenario: &Scenario,
    setup: &mut [Message],
    messages: &mut [Message],
    orders: usize,
) {
    let mut desk = Desk::new(new_book(scenario), ByHandle, Discard);
    let mut handles = vec![NOBODY; orders];
    for message in setup.iter_mut().chain(messages) {
        let handle: &mut Handle = &mut handles[message.id() as usize];
        message.name(*handle);
        if let Some(rests) = desk.carry_out(message) {
            *handle = rests;
        }
    }
}

/// An order before it enters.
#[derive(Clone, Copy)]
struct Draft {
    id: u32,
    side: Side,
    price: i64,
    qty: u32,
    level: usize,
}

impl Draft {
    fn message(&self, tif: Tif) -> Message {
        // 10,000 owners, as in the canonical flow.
        let owner = self.id.wrapping_mul(0x9e37_79b9) % 10_000;
        let price = Price::clamped(self.price);
        Message::Order { id: self.id, owner, side: self.side, tif, price, qty: self.qty }
    }
}

/// Messages with the microsecond they are sent at.
struct Timeline<'a> {
    random: &'a mut Random,
    depths: &'a Depths,
    events: Vec<(u64, Message)>,
    orders: u32,
    now: u64,
}

impl Timeline<'_> {
    /// Orders in order of arrival: placed along the path, then shuffled.
    fn drafts(&mut self, scenario: &Scenario, messages: usize) -> Vec<Draft> {
        // An order makes 1.997 messages on average; a few more for luck.
        let count = scenario.pile + messages * 51 / 100 + 64;
        let path = path(self.random, count, scenario.swing);
        let mut drafts: Vec<Draft> = (path.into_iter().enumerate())
            .map(|(place, mid)| {
                let side = if place < count / 2 { Side::Buy } else { Side::Sell };
                let level = self.depths.draw(self.random);
                let price = mid - side.sign() * (level as i64 + 1);
                Draft { id: 0, side, price, qty: 1 + self.random.below(100) as u32, level }
            })
            .collect();
        for last in (1..drafts.len()).rev() {
            let place = self.random.below(last as u64 + 1) as usize;
            drafts.swap(last, place);
        }
        drafts
    }

    fn send(&mut self, at: u64, message: Message) {
        self.events.push((at, message));
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    /// An order's life, from entry to the last message about it.
    fn live(&mut self, mut draft: Draft, scenario: &Scenario, standing: &mut [Draft]) {
        draft.id = self.orders;
        self.orders += 1;
        let enters = self.now;
        let mut at = enters;
        let ioc = self.chance(15);
        self.send(at, draft.message(if ioc { Tif::Ioc } else { Tif::Gtc }));
        if !ioc {
            at = self.age(draft, at, standing);
        }
        self.now = scenario.gap.map_or(at + 1, |gap| enters + gap);
    }

    /// Replaced or not, cancelled or not; gives the time of the last message.
    fn age(&mut self, draft: Draft, mut at: u64, standing: &mut [Draft]) -> u64 {
        let mut price = draft.price;
        let replaced = self.chance(20);
        let replace = |price: i64| Message::Replace {
            id: draft.id,
            handle: NOBODY,
            price: Price::clamped(price),
            qty: draft.qty + 1,
        };
        if replaced {
            at += 30 + self.random.below(70);
            // Towards the mid.
            price += if self.chance(80) { draft.side.sign() } else { 0 };
            self.send(at, replace(price));
        }
        if !self.chance(95) {
            self.stay(draft, at, standing);
            return at;
        }
        at += self.life(draft.level);
        let cancel = Message::Cancel { id: draft.id, handle: NOBODY };
        self.send(at, cancel);
        if self.chance(2) {
            at += 1 + self.random.below(20);
            self.send(at, cancel);
        }
        if replaced && self.chance(2) {
            at += 1 + self.random.below(20);
            self.send(at, replace(price));
        }
        at
    }

    /// One more order that stays: where there is a pile, another one of it goes.
    fn stay(&mut self, draft: Draft, at: u64, standing: &mut [Draft]) {
        if standing.is_empty() {
            return;
        }
        let place = self.random.below(standing.len() as u64) as usize;
        let goes = std::mem::replace(&mut standing[place], draft);
        self.send(at, Message::Cancel { id: goes.id, handle: NOBODY });
    }

    fn life(&mut self, level: usize) -> u64 {
        let mean = LIFE / std::f64::consts::LN_2 * (1.0 + level as f64).sqrt();
        (-uniform(self.random).ln() * mean) as u64
    }
}

/// A number in (0, 1].
fn uniform(random: &mut Random) -> f64 {
    ((random.draw() >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// Distances from the mid: a power law with a hump, drawn from its cumulated weights.
struct Depths(Vec<f64>);

impl Depths {
    fn new() -> Depths {
        let mut sum = 0.0;
        let weight = |level: usize| {
            let away = level as f64 - HUMP_AT;
            (level as f64 + 1.0).powf(-EXPONENT) + HUMP_HEIGHT * (-0.5 * away * away).exp()
        };
        let sums = (0..LEVELS).map(|level| {
            sum += weight(level);
            sum
        });
        Depths(sums.collect())
    }

    /// Ticks beyond the first.
    fn draw(&self, random: &mut Random) -> usize {
        let at = uniform(random) * self.0[LEVELS - 1];
        self.0.partition_point(|&sum| sum < at).min(LEVELS - 1)
    }
}

/// A mid price in ticks, one an order: a geometric random walk stretched so that it gets exactly `swing` away from its start.
///
/// Its steps do not depend on the number of orders, so that a shorter stream walks the same way.
fn path(random: &mut Random, orders: usize, swing: f64) -> Vec<i64> {
    let mut log = 0.0f64;
    let logs: Vec<f64> = (0..STEPS)
        .map(|_| {
            let (a, b) = (uniform(random), uniform(random));
            log += (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos();
            log
        })
        .collect();
    let up = logs.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let down = logs.iter().copied().fold(-f64::MIN_POSITIVE, f64::min);
    let stretch = (swing.ln_1p() / up).min((-swing).ln_1p() / down);
    let mid = |order: usize| START as f64 * (logs[order * STEPS / orders] * stretch).exp();
    (0..orders).map(|order| mid(order).round() as i64).collect()
}
