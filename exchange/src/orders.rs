//! What the exchange keeps of each resting order beside its book, by slot.

use plimsoll_risk::PositionId;
use plimsoll_types::{Handle, Label, Money, OrderId, Price, SelfMatch};
use serde::{Deserialize, Serialize};

/// No order.
pub(crate) const NIL: u32 = u32::MAX;

/// A resting order's record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: OrderId,
    pub(crate) position: PositionId,
    /// What it has frozen.
    pub(crate) frozen: Money,
    /// The price its frozen amount is counted at.
    pub(crate) frozen_at: Price,
    /// Lots of it that would open.
    pub(crate) opens: u64,
    /// Running number of its entry; a lost place is a new entry.
    pub(crate) arrival: u64,
    /// The account's next and previous order in this instrument, by entry.
    pub(crate) next: u32,
    pub(crate) prev: u32,
    pub(crate) post_only: bool,
    pub(crate) reduce_only: bool,
    /// A market order that waits for an auction.
    pub(crate) market: bool,
    pub(crate) self_match: SelfMatch,
}

impl Record {
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
    slots: Vec<Option<Record>>,
}

impl Records {
    pub(crate) fn with_capacity(orders: usize) -> Records {
        Records { slots: Vec::with_capacity(orders) }
    }

    #[inline]
    pub(crate) fn put(&mut self, handle: Handle, record: Record) {
        let slot = handle.slot as usize;
        if slot >= self.slots.len() {
            self.slots.resize_with(slot + 1, || None);
        }
        self.slots[slot] = Some(record);
    }

    #[inline]
    pub(crate) fn take(&mut self, slot: u32) -> Record {
        match self.slots[slot as usize].take() {
            Some(record) => record,
            None => plimsoll_types::broken(format_args!("slot {slot} has no record")),
        }
    }
}

impl std::ops::Index<u32> for Records {
    type Output = Record;
    #[inline]
    fn index(&self, slot: u32) -> &Record {
        match &self.slots[slot as usize] {
            Some(record) => record,
            None => plimsoll_types::broken(format_args!("slot {slot} has no record")),
        }
    }
}

impl std::ops::IndexMut<u32> for Records {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Record {
        match &mut self.slots[slot as usize] {
            Some(record) => record,
            None => plimsoll_types::broken(format_args!("slot {slot} has no record")),
        }
    }
}
