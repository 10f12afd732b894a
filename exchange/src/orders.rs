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

/// A resting order's record: what every change needs on its first cache line, its name behind it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub(crate) struct Record {
    /// What it has frozen.
    pub(crate) frozen: Money,
    /// Lots of it that would open.
    pub(crate) opens: u64,
    pub(crate) position: PositionId,
    /// The account's next and previous order in this instrument, by entry.
    pub(crate) next: u32,
    pub(crate) prev: u32,
    /// The price its frozen amount is counted at.
    pub(crate) frozen_at: Price,
    /// Running number of its entry; a lost place is a new entry.
    pub(crate) arrival: u64,
    /// Whether the slot is in use.
    pub(crate) live: bool,
    pub(crate) post_only: bool,
    pub(crate) reduce_only: bool,
    pub(crate) role: Role,
    /// What it means to do to its position.
    pub(crate) aim: Aim,
    pub(crate) self_match: SelfMatch,
    pub(crate) tif: TimeInForce,
    pub(crate) id: OrderId,
}

impl Record {
    /// What fills a slot that has never been used.
    const EMPTY: Record = Record {
        frozen: Money::ZERO,
        opens: 0,
        position: PositionId(0),
        next: NIL,
        prev: NIL,
        frozen_at: Price::MIN,
        arrival: 0,
        live: false,
        post_only: false,
        reduce_only: false,
        role: Role::Limit,
        aim: Aim::Net,
        self_match: SelfMatch::None,
        tif: TimeInForce::Gtc,
        id: OrderId::Number(0),
    };

    /// The client's own id, if the order came with one.
    pub(crate) fn client_id(&self) -> Option<&Label> {
        match &self.id {
            OrderId::Client(label) => Some(label),
            _ => None,
        }
    }

    /// Whether the order is a case's batch.
    pub(crate) fn case(&self) -> Option<u32> {
        match self.id {
            OrderId::Liquidation { case, .. } => Some(case),
            _ => None,
        }
    }
}

/// The records of a book, one a slot.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Records {
    slots: Vec<Record>,
}

impl Records {
    pub(crate) fn with_capacity(orders: usize) -> Records {
        Records { slots: pages::with_capacity(orders) }
    }

    #[inline]
    pub(crate) fn put(&mut self, handle: Handle, record: Record) {
        let slot = handle.slot as usize;
        if slot >= self.slots.len() {
            let more = slot + 1 - self.slots.len();
            pages::reserve(&mut self.slots, more);
            self.slots.resize(slot + 1, Record::EMPTY);
        }
        self.slots[slot] = record;
    }

    /// Asks for a record's cache lines; with `AROUND`, reads it and asks for its neighbours'.
    #[inline]
    pub(crate) fn foresee<const AROUND: bool>(&self, slot: u32) {
        if !AROUND {
            return prefetch::<_, true>(&self.slots, slot as usize);
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
    fn a_record_is_two_cache_lines() {
        assert_eq!(std::mem::size_of::<Record>(), 128);
    }
}
