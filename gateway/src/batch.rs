//! What the engine hands out: the outcomes of some commands, in order, once they are as durable as the journal's policy promises.

use crate::inbound::UserId;
use plimsoll_types::{AccountId, Event, InstrumentId, InstrumentSpec, Label, Ts};

/// How sure it is that what happened outlives a loss of power. Stated with every acknowledgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Durability {
    /// There is no journal.
    #[default]
    None = 0,
    /// Written; synced at an interval, or when the system pleases. Outlives the process, not the machine.
    Written = 1,
    /// On the disk: acknowledged after fdatasync.
    Synced = 2,
}

/// Whether a command was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its events say what came of it, a `rejected` among them.
    Done,
    /// It had been carried out before; it has no events now.
    Copy,
}

/// What came of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whose it was.
    pub user: UserId,
    /// What the sender had put beside it.
    pub tag: u64,
    /// When it was received.
    pub received: Ts,
    /// When it was carried out, on the exchange's clock.
    pub ts: Ts,
    /// Its number in the journal, from 1; of a copy, that of the last command before it.
    pub number: u64,
    /// Whether it was carried out.
    pub answer: Answer,
    /// Where in the batch's events its own end; they begin where those of the outcome before it end.
    pub events_end: u32,
}

/// An account that came into being; isolated positions count as accounts and belong to their owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// Its number.
    pub account: AccountId,
    /// Whose it is: itself, or the owner of an isolated position.
    pub owner: AccountId,
    /// Its name, or its owner's.
    pub name: Label,
}

/// The outcomes of commands that the engine took from its queue together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Number of the last command in it.
    pub last: u64,
    /// What came of each.
    pub outcomes: Vec<Outcome>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The commands as the journal has them ([`crate::record`]), whole records; empty where nobody asked for them.
    pub log: Vec<u8>,
    /// Accounts that came into being.
    pub accounts: Vec<NewAccount>,
    /// Instruments that came into being.
    pub instruments: Vec<(InstrumentId, InstrumentSpec)>,
    /// How durable it is.
    pub durability: Durability,
}

impl Batch {
    /// Each outcome with its events.
    pub fn each(&self) -> impl Iterator<Item = (&Outcome, &[Event])> {
        let mut begin = 0;
        self.outcomes.iter().map(move |outcome| {
            let end = outcome.events_end as usize;
            let events = &self.events[begin..end];
            begin = end;
            (outcome, events)
        })
    }

    /// Empties it for use again; what it has allocated stays.
    pub fn clear(&mut self) {
        self.last = 0;
        self.outcomes.clear();
        self.events.clear();
        self.log.clear();
        self.accounts.clear();
        self.instruments.clear();
        self.durability = Durability::None;
    }
}
