//! What the follower tells: answers to those who wait for an outcome, recent trades and bookings, and what streams are fed.

use super::sight::Sight;
use super::topics::Topics;
use super::window::Window;
use crate::batch::{Answer, Batch, Durability, Outcome};
use crate::follower::Listener;
use parking_lot::Mutex;
use plimsoll_exchange::Exchange;
use plimsoll_types::{Event, EventKind, Reject, Ts};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use tokio::sync::oneshot;

/// The top byte of this protocol's tags.
const HTTP: u64 = 3 << 56;

/// Most events that an answer carries.
const EVENTS_MAX: usize = 1_000;

/// What came of a command, as it is told to who sent it.
#[derive(Debug)]
pub(super) struct Answered {
    pub number: u64,
    pub ts: Ts,
    pub answer: Answer,
    pub durability: Durability,
    /// Number of the last event of the batch it was carried out in.
    pub seq: u64,
    /// Why it was refused, where it was.
    pub rejected: Option<Reject>,
    /// Events, separated by commas: those that may be seen, the first [`EVENTS_MAX`].
    pub events: Vec<u8>,
    /// Whether there were more.
    pub more: bool,
}

/// Somebody who waits.
struct Waiting {
    sight: Sight,
    sender: oneshot::Sender<Answered>,
}

/// Shared by the listener and all requests.
#[derive(Default)]
pub(super) struct Hub {
    waiting: Mutex<HashMap<u64, Waiting>>,
    next: AtomicU64,
    pub window: Mutex<Window>,
    pub topics: Mutex<Topics>,
    /// Whether books may have changed since they were last told.
    pub moved: AtomicBool,
    durability: AtomicU8,
}

impl Hub {
    /// Nobody waits yet, and nothing has happened.
    pub fn new(durability: Durability) -> Hub {
        Hub { durability: AtomicU8::new(durability as u8), ..Hub::default() }
    }

    /// A place to wait for an outcome at, and the tag to send with the command.
    pub fn expect(self: &Arc<Hub>, sight: Sight) -> Expected {
        let (sender, answer) = oneshot::channel();
        let tag = HTTP | (self.next.fetch_add(1, Ordering::Relaxed) & ((1 << 56) - 1));
        self.waiting.lock().insert(tag, Waiting { sight, sender });
        Expected { hub: self.clone(), tag, answer }
    }

    /// How durable the last batch was; before the first, how durable it will be.
    pub fn durability(&self) -> Durability {
        match self.durability.load(Ordering::Relaxed) {
            2 => Durability::Synced,
            1 => Durability::Written,
            _ => Durability::None,
        }
    }

    fn answer(&self, exchange: &Exchange, batch: &Batch, outcome: &Outcome, events: &[Event]) {
        let Some(waiting) = self.waiting.lock().remove(&outcome.tag) else { return };
        let sight = &waiting.sight;
        let mut out = Vec::new();
        let mut told = events.iter().filter(|event| sight.tells(exchange, &event.kind));
        for event in told.by_ref().take(EVENTS_MAX) {
            if !out.is_empty() {
                out.push(b',');
            }
            sight.write(&mut out, exchange, event);
        }
        let rejected = events.iter().find_map(|event| match event.kind {
            EventKind::Rejected { reason, .. } => Some(reason),
            _ => None,
        });
        let answered = Answered {
            number: outcome.number,
            ts: outcome.ts,
            answer: outcome.answer,
            durability: batch.durability,
            seq: events.last().map_or(exchange.seq(), |event| event.seq),
            rejected,
            events: out,
            more: told.next().is_some(),
        };
        // Who has gone away meanwhile is not told.
        let _ = waiting.sender.send(answered);
    }
}

/// A place at which an outcome is waited for; given up when dropped.
pub(super) struct Expected {
    hub: Arc<Hub>,
    pub tag: u64,
    pub answer: oneshot::Receiver<Answered>,
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.hub.waiting.lock().remove(&self.tag);
    }
}

/// The hub's ear at the follower.
pub(super) struct Ear(pub Arc<Hub>);

impl Listener for Ear {
    fn heard(&mut self, exchange: &Exchange, batch: &Batch) {
        let hub = &*self.0;
        hub.durability.store(batch.durability as u8, Ordering::Relaxed);
        {
            let mut window = hub.window.lock();
            batch.events.iter().for_each(|event| window.take(exchange, event));
        }
        {
            let mut topics = hub.topics.lock();
            topics.opened(exchange, &batch.accounts);
            if topics.is_heard() {
                batch.events.iter().for_each(|event| topics.tell(exchange, event));
            }
        }
        // Streams come first, so that who has an answer finds in its stream what led to it.
        for (outcome, events) in batch.each() {
            if outcome.tag & (0xff << 56) == HTTP {
                hub.answer(exchange, batch, outcome, events);
            }
        }
        hub.moved.store(true, Ordering::Release);
    }
}
