//! Streams: who listens to what, and the messages that go out; each topic counts its own.
//!
//! A stream has a bounded queue. Who reads too slowly is cut off at once, and comes back by a new snapshot.

use super::books::{Level, Told};
use super::json::Json;
use super::sight::Sight;
use crate::batch::NewAccount;
use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, Event, EventKind, InstrumentId, Label};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Channel {
    Trades,
    Book,
    Quote,
    Marks,
    Liquidations,
    Orders,
    Risk,
}

impl Channel {
    pub const ALL: &[Channel] = &[
        Channel::Trades,
        Channel::Book,
        Channel::Quote,
        Channel::Marks,
        Channel::Liquidations,
        Channel::Orders,
        Channel::Risk,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Trades => "trades",
            Channel::Book => "book",
            Channel::Quote => "quote",
            Channel::Marks => "marks",
            Channel::Liquidations => "liquidations",
            Channel::Orders => "orders",
            Channel::Risk => "risk",
        }
    }

    /// Whether it is one instrument's.
    pub fn has_symbol(self) -> bool {
        matches!(self, Channel::Trades | Channel::Book | Channel::Quote)
    }

    /// Whether it tells of one user's accounts.
    pub fn is_private(self) -> bool {
        matches!(self, Channel::Orders | Channel::Risk)
    }
}

/// A channel, and of what.
pub(super) type Topic = (Channel, Option<InstrumentId>);

/// A public topic: how far it has counted, and who listens.
#[derive(Default)]
pub(super) struct Public {
    sequence: u64,
    listeners: Vec<u64>,
    /// The levels told, of a book or quote.
    pub told: Option<Told>,
}

/// One stream's end.
struct Stream {
    sender: mpsc::Sender<Arc<str>>,
    cut: Arc<Notify>,
    sight: Option<Sight>,
    /// How far each private channel has counted.
    private: BTreeMap<Channel, u64>,
    /// The accounts it sees, where it does not see all.
    owners: HashSet<AccountId>,
}

/// All streams.
#[derive(Default)]
pub(super) struct Topics {
    streams: BTreeMap<u64, Stream>,
    next: u64,
    public: HashMap<Topic, Public>,
    /// Streams with private channels that see all accounts.
    overseers: Vec<u64>,
    /// The others, by account.
    watchers: HashMap<AccountId, Vec<u64>>,
}

impl Topics {
    /// A new stream with a queue of `queue` messages.
    pub fn join(&mut self, queue: usize, cut: Arc<Notify>) -> (u64, mpsc::Receiver<Arc<str>>) {
        let (sender, receiver) = mpsc::channel(queue.max(1));
        let id = self.next;
        self.next += 1;
        let private = BTreeMap::new();
        let owners = HashSet::new();
        self.streams.insert(id, Stream { sender, cut, sight: None, private, owners });
        (id, receiver)
    }

    /// A stream is over.
    pub fn leave(&mut self, id: u64) {
        self.unwatch(id);
        self.streams.remove(&id);
        self.public.values_mut().for_each(|topic| topic.drop_listener(id));
    }

    /// Streams there are.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Whether anybody listens to anything that events bring.
    pub fn is_heard(&self) -> bool {
        !self.overseers.is_empty()
            || !self.watchers.is_empty()
            || self.public.values().any(|topic| !topic.listeners.is_empty())
    }

    /// A stream has proved who it is.
    pub fn know(&mut self, exchange: &Exchange, id: u64, sight: Sight) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        if let Sight::Accounts(names) = &sight {
            stream.owners.extend(names.iter().filter_map(|name| exchange.account_id(name)));
        }
        stream.sight = Some(sight);
    }

    /// Accounts that came into being may be somebody's who waited for them; isolated positions are their owners'.
    pub fn opened(&mut self, exchange: &Exchange, accounts: &[NewAccount]) {
        for new in accounts.iter().filter(|new| new.account == new.owner) {
            debug_assert_eq!(exchange.account_id(&new.name), Some(new.account));
            for (id, stream) in &mut self.streams {
                let sees = |sight: &Sight| sees_listed(sight, &new.name);
                if stream.sight.as_ref().is_some_and(sees) {
                    stream.owners.insert(new.account);
                    if !stream.private.is_empty() {
                        self.watchers.entry(new.account).or_default().push(*id);
                    }
                }
            }
        }
    }

    /// Adds a stream to a public topic, and gives the number of its last message and what has been told of it.
    pub fn subscribe(&mut self, id: u64, topic: Topic) -> (u64, &mut Option<Told>) {
        let there = self.streams.contains_key(&id);
        let public = self.public.entry(topic).or_default();
        if there && !public.listeners.contains(&id) {
            public.listeners.push(id);
        }
        (public.sequence, &mut public.told)
    }

    /// Adds a private channel to a stream that is known.
    ///
    /// Gives the number of the channel's last message.
    pub fn watch(&mut self, id: u64, channel: Channel) -> u64 {
        let Some(stream) = self.streams.get_mut(&id) else { return 0 };
        if stream.private.is_empty() {
            if matches!(stream.sight, Some(Sight::All)) {
                self.overseers.push(id);
            }
            for owner in &stream.owners {
                self.watchers.entry(*owner).or_default().push(id);
            }
        }
        *stream.private.entry(channel).or_insert(0)
    }

    /// Takes a stream off all private channels.
    fn unwatch(&mut self, id: u64) {
        self.overseers.retain(|other| *other != id);
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.private.clear();
        for owner in &stream.owners {
            if let Some(watchers) = self.watchers.get_mut(owner) {
                watchers.retain(|other| *other != id);
                if watchers.is_empty() {
                    self.watchers.remove(owner);
                }
            }
        }
    }

    /// Takes a stream off a topic.
    pub fn unsubscribe(&mut self, id: u64, topic: Topic) {
        if let Some(public) = self.public.get_mut(&topic) {
            public.drop_listener(id);
        }
        if let Some(stream) = self.streams.get_mut(&id)
            && stream.private.remove(&topic.0).is_some()
            && stream.private.is_empty()
        {
            self.unwatch(id);
        }
    }

    /// Sends a message to one stream; cuts it off if its queue is full.
    pub fn send(&mut self, id: u64, message: Arc<str>) {
        let full = match self.streams.get(&id) {
            Some(stream) => stream.sender.try_send(message).is_err(),
            None => return,
        };
        if full && let Some(stream) = self.streams.get(&id) {
            stream.cut.notify_one();
            self.leave(id);
        }
    }

    /// Tells an event to everybody whom it concerns.
    pub fn tell(&mut self, exchange: &Exchange, event: &Event) {
        let topic = match event.kind {
            EventKind::Trade { instrument, .. } => Some((Channel::Trades, Some(instrument))),
            EventKind::Mark { .. } => Some((Channel::Marks, None)),
            EventKind::Case { .. }
            | EventKind::Deleveraged { .. }
            | EventKind::TakenOver { .. } => Some((Channel::Liquidations, None)),
            _ => None,
        };
        if let Some(topic) = topic {
            self.publish(exchange, topic, "event", |json| {
                json.key("data").item();
                plimsoll_text::write_event_for(&mut json.out, exchange, event, &|_| false);
                json.out.pop();
            });
        }
        if !self.watchers.is_empty() || !self.overseers.is_empty() {
            self.tell_watchers(exchange, event);
        }
    }

    fn tell_watchers(&mut self, exchange: &Exchange, event: &Event) {
        let [a, b] = event.kind.accounts().map(|named| named.map(|id| exchange.owner(id)));
        if a.is_none() && b.is_none() {
            return;
        }
        let owners = a.into_iter().chain(b.filter(|_| a != b));
        let mut listeners = self.overseers.clone();
        for owner in owners {
            let watchers = self.watchers.get(&owner).into_iter().flatten();
            // Who has both sides of a trade hears of it once.
            let new: Vec<u64> = watchers.filter(|id| !listeners.contains(id)).copied().collect();
            listeners.extend(new);
        }
        let channel = channel_of(&event.kind);
        for id in listeners {
            let Some(stream) = self.streams.get_mut(&id) else { continue };
            let all = matches!(stream.sight, Some(Sight::All));
            let owners = &stream.owners;
            let Some(sequence) = stream.private.get_mut(&channel) else { continue };
            *sequence += 1;
            let sees = |account| all || owners.contains(&exchange.owner(account));
            let message = Json::object(|json| {
                json.key("channel").text(channel.as_str());
                json.key("type").text("event");
                json.key("sequence").whole(*sequence);
                json.key("data").item();
                plimsoll_text::write_event_for(&mut json.out, exchange, event, &sees);
                json.out.pop();
            });
            self.send(id, shared(message));
        }
    }

    /// Sends the next message of a public topic to all who listen.
    pub fn publish(
        &mut self,
        exchange: &Exchange,
        topic: Topic,
        kind: &str,
        fill: impl FnOnce(&mut Json),
    ) {
        let Some(public) = self.public.get_mut(&topic).filter(|p| !p.listeners.is_empty()) else {
            return;
        };
        public.sequence += 1;
        let sequence = public.sequence;
        let listeners = public.listeners.clone();
        let message = shared(message(exchange, topic, kind, sequence, fill));
        listeners.into_iter().for_each(|id| self.send(id, message.clone()));
    }

    /// The books and quotes that somebody listens to.
    pub fn books(&self) -> Vec<Topic> {
        let mut topics: Vec<Topic> = (self.public.iter())
            .filter(|((channel, _), public)| {
                matches!(channel, Channel::Book | Channel::Quote) && !public.listeners.is_empty()
            })
            .map(|(topic, _)| *topic)
            .collect();
        topics.sort_unstable();
        topics
    }

    /// Takes new levels of a topic, and gives those that changed.
    pub fn update(&mut self, topic: Topic, levels: Told) -> [Vec<Level>; 2] {
        match self.public.get_mut(&topic) {
            Some(public) => {
                let changed = levels.since(public.told.as_ref());
                public.told = Some(levels);
                changed
            }
            None => [Vec::new(), Vec::new()],
        }
    }
}

impl Public {
    fn drop_listener(&mut self, id: u64) {
        self.listeners.retain(|listener| *listener != id);
        if self.listeners.is_empty() {
            // The next one begins with what stands then.
            self.told = None;
        }
    }
}

/// A message of a topic.
pub(super) fn message(
    exchange: &Exchange,
    (channel, instrument): Topic,
    kind: &str,
    sequence: u64,
    fill: impl FnOnce(&mut Json),
) -> Vec<u8> {
    Json::object(|json| {
        json.key("channel").text(channel.as_str());
        if let Some(instrument) = instrument {
            let spec = &exchange.spec().instruments[instrument.index()];
            json.key("symbol").text(spec.symbol.as_str());
        }
        json.key("type").text(kind);
        json.key("sequence").whole(sequence);
        fill(json);
    })
}

/// A message that many streams may share.
pub(super) fn shared(message: Vec<u8>) -> Arc<str> {
    match String::from_utf8(message) {
        Ok(text) => text.into(),
        Err(error) => plimsoll_types::broken(format_args!("a message of bytes: {error}")),
    }
}

fn sees_listed(sight: &Sight, name: &Label) -> bool {
    matches!(sight, Sight::Accounts(_)) && sight.sees_name(name)
}

/// Which private channel tells of an event.
fn channel_of(kind: &EventKind) -> Channel {
    match kind {
        EventKind::Accepted { .. }
        | EventKind::Rejected { .. }
        | EventKind::Cancelled { .. }
        | EventKind::Replaced { .. }
        | EventKind::Triggered { .. }
        | EventKind::Refilled { .. }
        | EventKind::Trade { .. } => Channel::Orders,
        _ => Channel::Risk,
    }
}
