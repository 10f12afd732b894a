//! What the exchange keeps of each resting order beside its book, by slot.

use plimsoll_risk::{Aim, PositionId};
use plimsoll_types::pages;
use plimsoll_types::prefetch::prefetch;
use plimsoll_types::{Handle, Label, Money, OrderId, Price, SelfMatch, TimeInForce};
use serde::{Deserialize, Serialize};

/// No order.
pub(crate) const NIL: u32 = u32::MAX;

/// What an order waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    /// An opposite order at its limit.
    Limit,
    /// An auction: a market order.
    Market,
    /// Its trigger: a stop, outside the levels of the book.
    Stop,
}

/// What an order is called and how long it lives.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Title {
    pub(crate) id: OrderId,
    pub(crate) tif: TimeInForce,
}

impl Title {
    /// What fills a place that has never been used.
    const EMPTY: Title = Title { id: OrderId::Number(0), tif: TimeInForce::Gtc };
}

/// How an order is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Called {
    /// By the number in its record.
    Number,
    /// A case's batch, case and batch by the number in its record.
    Batch,
    /// As its title says, which stands apart.
    Title,
}

/// A resting order's record: one cache line. The titles of those that need one stand apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub(crate) struct Record {
    /// What it has frozen.
    pub(crate) frozen: Money,
    /// Lots of it that would open.
    pub(crate) opens: u64,
    /// Running number of its entry; a lost place is a new entry.
    pub(crate) arrival: u64,
    /// What it is called, where that is no title. This and `called` and `day` are for the table to set.
    pub(crate) number: u64,
    pub(crate) position: PositionId,
    /// The account's next and previous order in this instrument, by entry.
    pub(crate) next: u32,
    pub(crate) prev: u32,
    /// The price its frozen amount is counted at.
    pub(crate) frozen_at: Price,
    pub(crate) called: Called,
    /// Whether the slot is in use.
    pub(crate) live: bool,
    pub(crate) post_only: bool,
    pub(crate) reduce_only: bool,
    pub(crate) role: Role,
    /// What it means to do to its position.
    pub(crate) aim: Aim,
    pub(crate) self_match: SelfMatch,
    /// Whether its day ends it.
    pub(crate) day: bool,
}

impl Record {
    /// What fills a slot that has never been used.
    const UNUSED: Record = Record { live: false, ..Record::PLAIN };

    /// A limit order's, before anything is known of it.
    pub(crate) const PLAIN: Record = Record {
        frozen: Money::ZERO,
        opens: 0,
        arrival: 0,
        number: 0,
        position: PositionId(0),
        next: NIL,
        prev: NIL,
        frozen_at: Price::MIN,
        called: Called::Number,
        live: true,
        post_only: false,
        reduce_only: false,
        role: Role::Limit,
        aim: Aim::Net,
        self_match: SelfMatch::None,
        day: false,
    };

    /// Whether the order is a case's batch.
    #[inline]
    pub(crate) fn case(&self) -> Option<u32> {
        (self.called == Called::Batch).then_some((self.number >> 32) as u32)
    }

    /// Whether the order waits at its limit, counts both ways and is nobody's case's.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.role == Role::Limit
            && self.aim == Aim::Net
            && self.called != Called::Batch
            && !self.reduce_only
    }

    /// Whether its day ends it.
    pub(crate) fn is_day(&self) -> bool {
        self.day
    }
}

/// The records of a book, one a slot.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Records {
    slots: Vec<Record>,
    /// Of orders with a client's id or a life of their own; what stands at other orders' slots means nothing.
    titles: Vec<Title>,
}

impl Records {
    pub(crate) fn with_capacity(orders: usize) -> Records {
        Records { slots: pages::with_capacity(orders), titles: Vec::new() }
    }

    #[inline]
    pub(crate) fn put(&mut self, handle: Handle, mut record: Record, title: &Title) {
        let slot = handle.slot as usize;
        if slot >= self.slots.len() {
            self.grow(slot + 1);
        }
        (record.called, record.number) = match title.id {
            OrderId::Liquidation { case, n } => {
                // Batches rest until their case takes them out.
                (Called::Batch, u64::from(case) << 32 | u64::from(n))
            }
            OrderId::Number(number) if title.tif == TimeInForce::Gtc => (Called::Number, number),
            _ => (Called::Title, 0),
        };
        if record.called == Called::Title {
            self.entitle(slot, title);
            record.day = title.tif == TimeInForce::Day;
        }
        self.slots[slot] = record;
    }

    #[cold]
    fn grow(&mut self, slots: usize) {
        let more = slots - self.slots.len();
        pages::reserve(&mut self.slots, more);
        self.slots.resize(slots, Record::UNUSED);
    }

    #[inline(never)]
    fn entitle(&mut self, slot: usize, title: &Title) {
        if slot >= self.titles.len() {
            let more = self.slots.len() - self.titles.len();
            pages::reserve(&mut self.titles, more);
            self.titles.resize(self.slots.len(), Title::EMPTY);
        }
        self.titles[slot] = *title;
    }

    /// What the order in a slot is called and how long it lives.
    #[inline]
    pub(crate) fn title(&self, slot: u32) -> Title {
        let record = &self[slot];
        let number = record.number;
        let id = match record.called {
            Called::Number => OrderId::Number(number),
            Called::Batch => OrderId::Liquidation { case: (number >> 32) as u32, n: number as u32 },
            Called::Title => return self.titles[slot as usize],
        };
        Title { id, tif: TimeInForce::Gtc }
    }

    /// What the order in a slot is called.
    #[inline]
    pub(crate) fn id(&self, slot: u32) -> OrderId {
        self.title(slot).id
    }

    /// The client's own id, if the order came with one.
    #[inline]
    pub(crate) fn client_id(&self, slot: u32) -> Option<&Label> {
        if self.slots[slot as usize].called != Called::Title {
            return None;
        }
        match &self.titles[slot as usize].id {
            OrderId::Client(label) => Some(label),
            _ => None,
        }
    }

    /// Whether every title that a record speaks of is there. For bytes from outside.
    pub(crate) fn is_sound(&self) -> bool {
        let titled = |record: &Record| record.called == Called::Title;
        self.slots.iter().rposition(titled).is_none_or(|slot| slot < self.titles.len())
    }

    /// Whether every record in use belongs to one of so many positions. For bytes from outside.
    pub(crate) fn are_within(&self, positions: usize) -> bool {
        self.slots.iter().all(|record| !record.live || (record.position.0 as usize) < positions)
    }

    /// Asks for a record's cache line; with `AROUND`, reads it and asks for its neighbours'.
    #[inline]
    pub(crate) fn foresee<const AROUND: bool>(&self, slot: u32) {
        if !AROUND {
            return prefetch::<_, false>(&self.slots, slot as usize);
        }
        if let Some(record) = self.slots.get(slot as usize) {
            prefetch::<_, false>(&self.slots, record.prev as usize);
            prefetch::<_, false>(&self.slots, record.next as usize);
        }
    }

    /// The position of the record in a slot.
    #[inline]
    pub(crate) fn position(&self, slot: u32) -> Option<PositionId> {
        self.slots.get(slot as usize).map(|record| record.position)
    }

    /// Slots in use whose record `wanted` picks, by entry. Cost: O(slots).
    pub(crate) fn by_entry(&self, wanted: impl Fn(&Record) -> bool) -> Vec<u32> {
        let picked = |(_, record): &(usize, &Record)| record.live && wanted(record);
        let mut found: Vec<(u64, u32)> = self
            .slots
            .iter()
            .enumerate()
            .filter(picked)
            .map(|(slot, record)| (record.arrival, slot as u32))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, slot)| slot).collect()
    }

    /// Forgets the record in a slot; what it was can be read until the slot is used again.
    #[inline]
    pub(crate) fn take(&mut self, slot: u32) -> &Record {
        let record = &mut self.slots[slot as usize];
        debug_assert!(record.live, "slot {slot} has no record");
        record.live = false;
        record
    }
}

impl std::ops::Index<u32> for Records {
    type Output = Record;
    #[inline]
    fn index(&self, slot: u32) -> &Record {
        let record = &self.slots[slot as usize];
        debug_assert!(record.live, "slot {slot} has no record");
        record
    }
}

impl std::ops::IndexMut<u32> for Records {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Record {
        let record = &mut self.slots[slot as usize];
        debug_assert!(record.live, "slot {slot} has no record");
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_cache_line() {
        assert_eq!(std::mem::size_of::<Record>(), 64);
    }
}
