//! What a recovered journal tells the binary sessions: so that a client resumes across a restart of the server.

use crate::batch::{Answer, Batch, Durability, Outcome};
use crate::inbound::{Once, UserId};
use crate::record::Record;
use crate::users::User;
use plimsoll_types::Event;
use std::collections::{BTreeMap, VecDeque};

/// The last commands a recovery carried out, with their events; older ones are forgotten.
#[derive(Debug)]
pub struct Past {
    users: BTreeMap<u64, UserId>,
    commands: VecDeque<(Outcome, Vec<Event>)>,
    /// Events in them.
    events: usize,
    /// Events kept at most.
    most: usize,
    /// The last event before them; `None` until there is one.
    before: Option<u64>,
}

impl Past {
    /// Nothing yet. Keeps so many events, some 200 bytes each while the server starts.
    pub fn new(users: &[User], most: usize) -> Past {
        let users = users.iter().zip(1..).map(|(user, n)| (user.key(), UserId(n))).collect();
        Past { users, commands: VecDeque::new(), events: 0, most, before: None }
    }

    /// A record was carried out, and this came of it. To be told every one, in order.
    pub fn heard(&mut self, record: &Record, events: &[Event]) {
        let Some(first) = events.first() else { return };
        self.before.get_or_insert(first.seq - 1);
        let user = self.users.get(&record.user).copied().unwrap_or(UserId::SERVER);
        let tag = match record.once {
            Once::Sequence(sequence) if user != UserId::SERVER => super::tag_of(sequence),
            _ => 0,
        };
        let outcome = Outcome {
            user,
            tag,
            received: record.ts,
            ts: record.ts,
            number: record.number,
            answer: Answer::Done,
            events_end: events.len() as u32,
        };
        self.events += events.len();
        self.commands.push_back((outcome, events.to_vec()));
        while self.events > self.most
            && let Some((_, events)) = self.commands.pop_front()
        {
            self.events -= events.len();
            self.before = events.last().map(|event| event.seq);
        }
    }

    /// The last event before those that are kept; `None` where there are none.
    pub(super) fn before(&self) -> Option<u64> {
        self.before.filter(|_| !self.commands.is_empty())
    }

    /// Each command as a batch of its own. What recovery has read is on the disk.
    pub(super) fn batches(self) -> impl Iterator<Item = Batch> {
        self.commands.into_iter().map(|(outcome, events)| Batch {
            last: outcome.number,
            outcomes: vec![outcome],
            events,
            durability: Durability::Synced,
            ..Batch::default()
        })
    }
}
